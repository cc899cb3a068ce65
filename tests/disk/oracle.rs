//! The oracle: exactly one commit is visible, not one before the last that was acknowledged as durable, and
//! never one that was given up. Reads files only through the library's reader and check.

use crate::medium::Disk;
use crate::sim::{Image, Note};
use hydra::testing::{self, Source};
use hydra::{ErrorKind, Reader};
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

/// The name of the file.
pub(crate) const PATH: &str = "/simulated/day.hydra";

/// The whole content of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Content {
    /// False if there is no file.
    pub(crate) exists: bool,
    pub(crate) numbers: Vec<u64>,
    pub(crate) texts: Vec<String>,
    pub(crate) note: Option<Vec<u8>>,
}

/// The state of the oracle.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// The states that are or may become visible, in the order of their commits, without those that were
    /// given up.
    pub(crate) lineage: Vec<Arc<Content>>,
    /// No power failure may revert beyond this state.
    pub(crate) floor: usize,
    /// No end of a process may revert beyond this state.
    pub(crate) acknowledged: usize,
}

impl Model {
    /// The initial state, without a file.
    pub(crate) fn new() -> Model {
        Model { lineage: vec![Arc::default()], floor: 0, acknowledged: 0 }
    }

    pub(crate) fn note(&mut self, note: &Note) {
        match note {
            Note::Attempt(content) => self.lineage.push(content.clone()),
            Note::Acknowledged(durable) => {
                self.acknowledged = self.lineage.len() - 1;
                if *durable {
                    self.floor = self.acknowledged;
                }
            }
            Note::Seen(position) => {
                self.lineage.truncate(position + 1);
                self.acknowledged = self.acknowledged.min(*position);
            }
        }
    }

    /// Updates the oracle when the power has returned and this state is visible.
    pub(crate) fn after_power_cut(&self, seen: usize) -> Model {
        let lineage = self.lineage[..=seen].to_vec();
        Model { lineage, floor: seen, acknowledged: seen }
    }

    /// Returns which state is visible; `not_before` is the first that is allowed.
    fn find(&self, content: &Content, not_before: usize) -> Result<usize, String> {
        let later = self.lineage.iter().enumerate().rev();
        let found = later.clone().find(|(_, known)| ***known == *content);
        match found {
            Some((position, _)) if position >= not_before => Ok(position),
            Some((position, _)) => Err(format!("state {position} is visible, {not_before} was acknowledged")),
            None => Err(format!("what is visible is no state of the {}: {content:?}", self.lineage.len())),
        }
    }

    /// Returns the newest state with this content.
    pub(crate) fn position(&self, content: &Content) -> Result<usize, String> {
        self.find(content, 0)
    }

    /// Checks the contents of a disk after a power failure. Returns the position of the visible state.
    pub(crate) fn judge(&self, disk: &Disk, lens: Lens) -> Result<usize, String> {
        self.judge_from(disk, lens, self.floor)
    }

    /// Checks what programs see while the power is on.
    pub(crate) fn judge_live(&self, disk: &Disk, lens: Lens) -> Result<usize, String> {
        self.judge_from(disk, lens, self.acknowledged)
    }

    fn judge_from(&self, disk: &Disk, lens: Lens, not_before: usize) -> Result<usize, String> {
        let content = match disk.named(Path::new(PATH)) {
            None => Content::default(),
            Some(medium) => content(lens(Box::new(Image(medium.cache.clone()))))?,
        };
        self.find(&content, not_before)
    }
}

/// How the library reads a file: unchanged, or through a planted bug.
pub(crate) type Lens = fn(Box<dyn Source>) -> Box<dyn Source>;

/// Reads everything. An error is a violation: a file that opens has no damage.
pub(crate) fn content(source: Box<dyn Source>) -> Result<Content, String> {
    let reader = testing::open(source, Path::new(PATH));
    content_of(&reader.map_err(|error| format!("it does not open: {error}"))?)
}

/// Returns everything that a reader shows.
pub(crate) fn content_of(reader: &Reader) -> Result<Content, String> {
    let say = |error: hydra::Error| format!("a committed state does not read: {error}");
    if reader.report().is_damaged() {
        return Err(format!("an accepted state is {}: {:?}", reader.report(), reader.report().details()));
    }
    let mut content = Content { exists: true, ..Content::default() };
    read(reader, &mut content).map_err(say)?;
    Ok(content)
}

fn read(reader: &Reader, content: &mut Content) -> hydra::Result<()> {
    for info in reader.tables() {
        if info.name() == "u64" {
            for block in reader.table::<u64>()?.blocks() {
                content.numbers.extend_from_slice(block?.as_slice());
            }
        } else {
            for block in reader.table::<String>()?.blocks() {
                content.texts.extend(block?.iter().map(str::to_string));
            }
        }
    }
    content.note = reader.metadata()?.get("note").cloned();
    Ok(())
}

/// Checks that the only finding in an accepted file is the lost commit.
pub(crate) fn check(disk: &Disk) -> Result<(), String> {
    let Some(medium) = disk.named(Path::new(PATH)) else { return Ok(()) };
    let image = Image(medium.cache.clone());
    let opened =
        testing::open(Box::new(image.clone()), Path::new(PATH)).map_err(|error| error.to_string())?;
    let committed = opened.commit().committed_bytes;
    let mut findings = Vec::new();
    let summary = testing::check(&image, &mut |finding| {
        let lost =
            finding.kind() == ErrorKind::NoCommit || finding.offset().is_some_and(|at| at >= committed);
        if !lost {
            findings.push(finding.to_string());
        }
    });
    summary.map_err(|error| error.to_string())?;
    if findings.is_empty() { Ok(()) } else { Err(format!("the check finds {findings:?}")) }
}

/// Returns a hash of the contents of a disk, which is the file under the name.
pub(crate) fn hash(disk: &Disk) -> u64 {
    let mut hasher = Words(0x243f_6a88_85a3_08d3);
    if let Some(medium) = disk.named(Path::new(PATH)) {
        medium.cache.hash(&mut hasher);
    }
    hasher.finish()
}

/// A fast hash of 64 bits.
struct Words(u64);

impl Hasher for Words {
    fn finish(&self) -> u64 {
        (self.0 ^ self.0 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut full = [0; 8];
            full[..word.len()].copy_from_slice(word);
            let mixed = (self.0 ^ u64::from_le_bytes(full)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.0 = mixed.rotate_left(29) ^ mixed >> 32;
        }
    }
}
