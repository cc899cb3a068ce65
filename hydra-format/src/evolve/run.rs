//! Transcoding: writes the records of a verified payload as another type, by a plan, into one aligned buffer.

use super::plan::{EvolveStep, Op, Plan};
use super::widen::widen;
use crate::layout::rows::{At, Fault, Measure, Sink, part, put};
use crate::memory::{AlignedBuf, Ranges};
use crate::reflect::{MAX_NESTING, encode::Pass};
use crate::schema::round_up;
use crate::{Error, ErrorKind, Result};

/// The maximum size of a payload in bytes.
pub(super) const MAX_BYTES: u64 = 256 << 20;
/// A payload may grow by this factor plus one record of the largest type, so that a hostile schema cannot
/// demand more memory.
pub(super) const GROWTH: u64 = 1024;
pub(super) const ONE_RECORD: u64 = 16 << 20;
/// The bytes of records that pass the flat steps together.
const GROUP: usize = 8 << 10;

/// A transcoded payload.
pub(crate) struct Transcoded {
    pub(crate) buffer: AlignedBuf,
    pub(crate) ranges: Ranges,
    /// Records without a counterpart, in order; their bytes have no meaning.
    pub(crate) bad: Vec<Fault>,
}

/// The transcoded sizes of records.
struct Sizes {
    /// The upper limit.
    limit: u64,
    ranges: Ranges,
    bad: Vec<Fault>,
}

/// Returns the maximum transcoded size of a payload (FORMAT.md, section 16.2).
fn most_bytes(input: u64) -> u64 {
    (input * GROWTH + ONE_RECORD).min(MAX_BYTES)
}

impl Plan {
    /// Computes the transcoded size of `count` records, and finds those without a counterpart.
    fn sizes(&self, records: At<'_>, count: usize) -> Result<Sizes> {
        let root = self.node(0);
        let (heap, text) = records.regions();
        let limit = most_bytes((count * root.from_size as usize + heap.len() + text.all().len()) as u64);
        let record_bytes = count as u64 * u64::from(root.to_size);
        within(limit, record_bytes)?;
        let (heap_bytes, text_bytes, bad) = match (self.keeps_regions, root.measured) {
            (true, _) => (heap.len(), text.all().len(), Vec::new()),
            (false, true) => self.measure(records, count, limit)?,
            (false, false) => (0, 0, Vec::new()),
        };
        let heap_start = round_up(record_bytes, 64) as usize;
        let heap = heap_start..heap_start + heap_bytes;
        let text_start = round_up(heap.end as u64, 64) as usize;
        let ranges =
            Ranges { records: 0..record_bytes as usize, heap, text: text_start..text_start + text_bytes };
        within(limit, ranges.text.end as u64)?;
        Ok(Sizes { limit, ranges, bad })
    }

    /// Returns an error if one of the validated records has no counterpart, or they would become too large.
    pub(crate) fn check(&self, records: At<'_>, count: usize) -> Result<()> {
        let bad = self.sizes(records, count)?.bad;
        bad.into_iter().next().map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// Transcodes `count` records; `records` has the regions of a validated payload.
    pub(crate) fn transcode(&self, records: At<'_>, count: usize) -> Result<Transcoded> {
        let root = self.node(0);
        let (from_size, to_size) = self.sizes_of(0);
        let Sizes { limit, ranges, bad } = self.sizes(records, count)?;
        let mut buffer = AlignedBuf::zeroed(ranges.text.end);
        let (before, text_out) = buffer.split_at_mut(ranges.text.start);
        let (out, heap_out) = before.split_at_mut(ranges.heap.start);
        let out = part(out, 0, ranges.records.len());
        let heap_out = part(heap_out, 0, ranges.heap.len());
        let mut sink = if self.keeps_regions {
            let (heap, text) = records.regions();
            put(heap_out, heap);
            put(text_out, text.all().as_bytes());
            Sink::new(&mut [], 0, &mut [], 0)
        } else {
            Sink::new(heap_out, 0, text_out, 0)
        };
        let mut runner = Runner { plan: self, pass: Pass::Write(&mut sink), limit, depth: 0 };
        // Run each step over as many records as fit the first-level cache.
        let group = GROUP.checked_div(from_size.max(to_size)).unwrap_or_default().max(1);
        for start in (0..count).step_by(group) {
            let count = group.min(count - start);
            let from = records.part(start * from_size, count * from_size);
            let target = part(out, start * to_size, count * to_size);
            runner.flat(0, Lane { from, from_stride: from_size, to_stride: to_size, count }, target);
        }
        let mut skipped = bad.iter().filter_map(|fault| fault.record).peekable();
        for index in if root.deep.is_empty() { 0..0 } else { 0..count } {
            if skipped.next_if_eq(&(index as u64)).is_none() {
                runner.deep(0, element(records, index, from_size), slot(out, index, to_size))?;
            }
        }
        sink.finish()?;
        Ok(Transcoded { buffer, ranges, bad })
    }

    /// Returns the sizes in bytes of a source value and its target.
    fn sizes_of(&self, node: u32) -> (usize, usize) {
        let node = self.node(node);
        (node.from_size as usize, node.to_size as usize)
    }

    /// Measures heap and text, and finds the records that cannot be written.
    fn measure(&self, records: At<'_>, count: usize, limit: u64) -> Result<(usize, usize, Vec<Fault>)> {
        let size = self.node(0).from_size as usize;
        let (mut heap, mut text, mut bad) = (0, 0, Vec::new());
        for index in 0..count {
            let mut measure = Measure::from(heap, text);
            let mut runner = Runner { plan: self, pass: Pass::Measure(&mut measure), limit, depth: 0 };
            let outcome = runner.deep(0, element(records, index, size), &mut []);
            match outcome.and_then(|()| measure.finish()) {
                Ok((heap_end, text_end)) => {
                    within(limit, (heap_end + text_end) as u64)?;
                    (heap, text) = (heap_end, text_end);
                }
                Err(error) if error.kind() == ErrorKind::TooLarge => return Err(error),
                Err(error) => bad.push(Fault {
                    kind: error.kind(),
                    offset: (index * size) as u64,
                    record: Some(index as u64),
                    path: error.path_text().unwrap_or_default().to_string(),
                    expected: error.expected_text().unwrap_or_default().to_string(),
                    found: error.found_text().unwrap_or_default().to_string(),
                }),
            }
        }
        Ok((heap, text, bad))
    }
}

/// Returns the value at `index` in a run.
fn element(values: At<'_>, index: usize, size: usize) -> At<'_> {
    values.part(index * size, size)
}

/// Returns the bytes from an offset on.
fn after(value: At<'_>, offset: u32) -> At<'_> {
    value.with(value.bytes().get(offset as usize..).unwrap_or_default())
}

fn slot(values: &mut [u8], index: usize, size: usize) -> &mut [u8] {
    part(values, index * size, size)
}

fn within(limit: u64, bytes: u64) -> Result<()> {
    if bytes <= limit { Ok(()) } else { Err(too_large(limit)) }
}

#[cold]
fn too_large(limit: u64) -> Error {
    Error::new(ErrorKind::TooLarge)
        .what("a block would become too large as the program's type")
        .expected(format!("at most {limit} bytes for a block of its size"))
        .help("give the fields that were added smaller defaults, or make them Option")
}

/// A run of source values, and the strides on both sides.
#[derive(Clone, Copy)]
pub(super) struct Lane<'a> {
    pub(super) from: At<'a>,
    pub(super) from_stride: usize,
    pub(super) to_stride: usize,
    pub(super) count: usize,
}

impl Lane<'_> {
    /// Reads `N` bytes of every value and writes the result of `make`.
    #[inline]
    pub(super) fn each<const N: usize, const M: usize>(
        &self,
        (from, to): (u32, u32),
        target: &mut [u8],
        make: impl Fn([u8; N]) -> [u8; M],
    ) {
        let from = self.from.bytes().get(from as usize..).unwrap_or_default();
        let to = target.get_mut(to as usize..).unwrap_or_default();
        let sources = from.chunks(self.from_stride.max(1));
        for (source, target) in sources.zip(to.chunks_mut(self.to_stride.max(1))).take(self.count) {
            if let (Some(source), Some(target)) = (source.first_chunk(), target.first_chunk_mut()) {
                *target = make(*source);
            }
        }
    }

    fn copy(&self, step: &EvolveStep, bytes: u32, target: &mut [u8]) {
        let places = (step.from, step.to);
        let count = bytes as usize;
        if self.count > 1 && count == self.from_stride && count == self.to_stride {
            return put(target, self.from.part(0, self.count * count).bytes());
        }
        macro_rules! sizes {
            ($($size:literal)*) => {
                match bytes {
                    $($size => return self.each::<$size, $size>(places, target, |it| it),)*
                    _ => {}
                }
            };
        }
        sizes!(1 2 4 8 12 16 20 24 28 32 36 40 44 48 52 56 60 64);
        for index in 0..self.count {
            let source = element(self.from, index, self.from_stride).part(step.from as usize, count);
            put(part(slot(target, index, self.to_stride), step.to as usize, count), source.bytes());
        }
    }
}

/// The state of one of the two passes over the values.
struct Runner<'a, 'p, 's> {
    plan: &'a Plan,
    pass: Pass<'p, 's>,
    limit: u64,
    /// The level of nesting.
    depth: usize,
}

impl<'a> Runner<'a, '_, '_> {
    /// Processes a run of values.
    fn run(&mut self, node: u32, from: At<'a>, target: &mut [u8], count: usize) -> Result<()> {
        let (from_stride, to_stride) = self.plan.sizes_of(node);
        self.flat(node, Lane { from, from_stride, to_stride, count }, target);
        if self.plan.node(node).deep.is_empty() {
            return Ok(());
        }
        let depth = self.depth;
        if depth >= MAX_NESTING {
            return Err(Error::new(ErrorKind::TooDeep).expected(format!("at most {MAX_NESTING} levels")));
        }
        self.depth = depth + 1;
        for index in 0..count {
            let outcome = self.deep(node, element(from, index, from_stride), slot(target, index, to_stride));
            outcome.map_err(|error| if count > 1 { error.under(&format!("[{index}]")) } else { error })?;
            self.bounded()?;
        }
        self.depth = depth;
        Ok(())
    }

    fn flat(&mut self, node: u32, lane: Lane<'_>, target: &mut [u8]) {
        if matches!(self.pass, Pass::Measure(_)) {
            return;
        }
        for step in self.plan.steps(&self.plan.node(node).flat) {
            match step.op {
                Op::Copy(bytes) => lane.copy(step, bytes, target),
                Op::Widen(from, to) => widen(&lane, (step.from, step.to), (from, to), target),
                Op::Put(index) => {
                    let bytes = self.plan.puts.get(index as usize).map(Vec::as_slice).unwrap_or_default();
                    for index in 0..lane.count {
                        put(part(slot(target, index, lane.to_stride), step.to as usize, bytes.len()), bytes);
                    }
                }
                _ => {}
            }
        }
    }

    fn deep(&mut self, node: u32, from: At<'a>, target: &mut [u8]) -> Result<()> {
        let node = self.plan.node(node);
        if matches!(self.pass, Pass::Measure(_)) && !node.measured {
            return Ok(());
        }
        let plan = self.plan;
        plan.steps(&node.deep).iter().try_for_each(|step| {
            self.step(step, from, target).map_err(|error| error.under(&plan.path(step.label)))
        })
    }

    fn step(&mut self, step: &EvolveStep, value: At<'a>, target: &mut [u8]) -> Result<()> {
        let plan = self.plan;
        let from = after(value, step.from);
        let target = target.get_mut(step.to as usize..).unwrap_or_default();
        match step.op {
            Op::Text => self.pass.text(target, from.str()),
            Op::List { node, align } => return self.list(node, align, from, target),
            Op::Run { node, count } => return self.run(node, from, target, count as usize),
            Op::Option { node, from: skip, to } if from.byte() == 1 => {
                put(target, &[1]);
                let target = target.get_mut(to as usize..).unwrap_or_default();
                return self.run(node, after(from, skip), target, 1);
            }
            Op::Option { .. } => {}
            Op::OrElse { node, from: skip, .. } if from.byte() == 1 => {
                return self.run(node, after(from, skip), target, 1);
            }
            Op::OrElse { image, .. } | Op::Default(image) => {
                if let Some(image) = plan.images.get(image as usize) {
                    let at = At::new(&image.record, &image.heap, &image.text);
                    return self.run(image.node, at, target, 1);
                }
            }
            Op::Enum(choice) => return self.choice(choice, from, target),
            Op::Name(names) => return self.name(names, from, target),
            Op::Copy(_) | Op::Widen(..) | Op::Put(_) => {}
        }
        Ok(())
    }

    /// Returns an error once more room is needed than the limit.
    fn bounded(&self) -> Result<()> {
        if let Pass::Measure(measure) = &self.pass { within(self.limit, measure.bytes()) } else { Ok(()) }
    }

    fn list(&mut self, node: u32, align: u32, from: At<'a>, slot: &mut [u8]) -> Result<()> {
        let (from_size, to_size) = self.plan.sizes_of(node);
        let run = from.referenced(from_size);
        let target = self.pass.array(slot, align as usize, to_size, run.count());
        if run.count() == 0 {
            return Ok(());
        }
        self.bounded()?;
        let of = self.plan.node(node);
        let strings = matches!(self.plan.steps(&of.deep), [EvolveStep { from: 0, to: 0, op: Op::Text, .. }]);
        if of.copied {
            put(target, run.bytes());
        } else if self.pass.enter() {
            if strings && (from_size, to_size) == (8, 8) {
                let mut slots = target.chunks_exact_mut(8);
                for string in run.bytes().chunks_exact(8) {
                    self.pass.text(slots.next().unwrap_or_default(), from.with(string).str());
                }
            } else {
                self.run(node, run.at, target, run.count())?;
            }
            self.pass.leave();
        }
        Ok(())
    }

    fn choice(&mut self, choice: u32, from: At<'a>, target: &mut [u8]) -> Result<()> {
        let Some(choice) = self.plan.choices.get(choice as usize) else { return Ok(()) };
        match choice.variants.get(&from.uint(choice.from_bytes as usize)) {
            Some((_, Some((tag, node)))) => {
                put(target, tag.to_le_bytes().get(..choice.to_bytes as usize).unwrap_or_default());
                node.map_or(Ok(()), |node| self.run(node, from, target, 1))
            }
            Some((name, None)) => Err(unknown(&choice.target, name)),
            None => Err(unknown(&choice.target, "a tag that names no variant")),
        }
    }

    fn name(&mut self, names: u32, from: At<'a>, target: &mut [u8]) -> Result<()> {
        let Some(names) = self.plan.names.get(names as usize) else { return Ok(()) };
        let tag = names.tags.get(from.str()).copied().or(names.other);
        let tag = tag.ok_or_else(|| unknown(&names.target, &format!("{:?}", from.str())))?;
        put(target, tag.to_le_bytes().get(..names.to_bytes as usize).unwrap_or_default());
        Ok(())
    }
}

#[cold]
fn unknown(target: &str, found: &str) -> Error {
    Error::new(ErrorKind::UnknownVariant).expected(format!("a variant of {target}")).found(found)
}
