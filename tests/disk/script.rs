//! Scripts: operations of programs on a file while the power is on, with writers and editors at all
//! durability levels, commits, kills and failing syncs. Uses only the public API.

use crate::medium::Disk;
use crate::oracle::{Content, Lens, Model, PATH};
use crate::planted::Bug;
use crate::sim::{Call, Event, Fault, Note, Sim};
use crate::space::Space;
use hydra::file::WriterOptions;
use hydra::{Durability, Editor, ErrorKind, Layout, Writer, testing};
use hydra_tests::laws::Dice;
use std::path::Path;
use std::sync::Arc;

/// The operations on a disk, with its initial state.
pub(crate) struct Trace {
    pub(crate) disk: Disk,
    pub(crate) model: Model,
    pub(crate) events: Vec<Event>,
}

/// One run of a program or several, without a power failure.
pub(crate) struct Boot<'a> {
    sim: Sim,
    model: Model,
    dice: &'a mut Dice,
    bug: Bug,
    /// The state that the next commit makes visible.
    content: Content,
    counter: u64,
    /// The system discards what it could not write.
    forgetful: bool,
    /// It has done so since the last opening.
    forgot: bool,
    /// Nothing fails at random.
    well: bool,
    /// One buffered commit whose blocks the system discards.
    brief: bool,
    /// The cost of unreferenced bytes when the session began.
    space: Space,
}

type Outcome<T = ()> = Result<T, Stop>;

/// Why a session ended early.
enum Stop {
    /// An allowed end: a sync was to fail.
    Failed,
    Violation(String),
}

/// Faults of the environment, in addition to failing syncs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hazard {
    /// The call that fails, in which way, and whether all later calls fail too.
    pub(crate) fault: Option<(usize, Fault, bool)>,
    /// Syncs have no effect and report success.
    pub(crate) lies: bool,
}

/// The options that all writers share.
pub(crate) fn options() -> WriterOptions {
    Writer::options().file_id(*b"a simulated file").block_bytes(1024)
}

impl Boot<'_> {
    /// Runs a few sessions on a disk.
    pub(crate) fn run(disk: Disk, model: Model, dice: &mut Dice, bug: Bug) -> Result<Trace, String> {
        Ok(Boot::run_in(Hazard::default(), disk, model, dice, bug)?.0)
    }

    /// Does the same with faults. Also returns the number of calls, and the call that failed.
    pub(crate) fn run_in(
        hazard: Hazard,
        disk: Disk,
        model: Model,
        dice: &mut Dice,
        bug: Bug,
    ) -> Result<(Trace, usize, Option<Call>), String> {
        let (start, known) = (disk.clone(), model.clone());
        let counter = 1000 * model.lineage.len() as u64 + dice.roll() % 1000;
        let sim = Sim::over(disk);
        sim.state().fault = hazard.fault;
        sim.state().lies = hazard.lies;
        let well = hazard.fault.is_some() || hazard.lies;
        let forgetful = dice.below(2) == 0 && !well;
        let mut boot = Boot {
            sim,
            model,
            dice,
            bug,
            content: Content::default(),
            counter,
            forgetful,
            forgot: false,
            well,
            brief: false,
            space: Space::default(),
        };
        for _ in 0..1 + boot.dice.below(3) + usize::from(forgetful) {
            match boot.session() {
                Ok(()) | Err(Stop::Failed) => {}
                Err(Stop::Violation(what)) => return Err(what),
            }
            let mut state = boot.sim.state();
            (state.good_syncs, state.fault) = (None, state.fault.filter(|_| well));
        }
        let calls = boot.sim.state().calls;
        let met = boot.sim.state().met;
        if hazard.fault.is_some() {
            boot.recover()?;
        }
        let events = std::mem::take(&mut boot.sim.state().events);
        Ok((Trace { disk: start, model: known, events }, calls, met))
    }

    /// Checks the file after the fault: a writer opens the file, appends and closes it, and a check finds
    /// nothing.
    fn recover(&mut self) -> Result<(), String> {
        self.sim.state().fault = None;
        self.sim.state().room = None;
        self.well = true;
        match self.session() {
            Ok(()) => Ok(()),
            Err(Stop::Failed) => Err("a writer is refused after the fault is gone".into()),
            Err(Stop::Violation(what)) => Err(what),
        }
    }

    fn note(&mut self, note: Note) {
        self.model.note(&note);
        self.sim.note(note);
    }

    fn attempt(&mut self) {
        self.note(Note::Attempt(Arc::new(self.content.clone())));
    }

    fn lens(&self) -> Lens {
        self.bug.lens()
    }

    /// Runs one program, from opening the file to its end.
    fn session(&mut self) -> Outcome {
        self.forget();
        let disk = self.sim.state().disk.clone();
        let seen = self.model.judge_live(&disk, self.lens()).map_err(Stop::Violation)?;
        self.note(Note::Seen(seen));
        self.forgot = false;
        self.sim.state().met = None;
        self.content = (*self.model.lineage[seen]).clone();
        self.mishap();
        self.space = Space::of(&disk);
        self.brief = self.forgetful && self.dice.below(2) == 0;
        if self.brief {
            self.sim.state().good_syncs = Some(2);
        }
        let durability =
            [Durability::Durable, Durability::Buffered][if self.brief { 1 } else { self.dice.below(2) }];
        let block_bytes = [128, 192, 640, 1024][self.dice.below(4)];
        // Blocks of a few records are columns only where encodings are picked.
        let layout = [Layout::Rows, Layout::Columns][self.dice.below(2)];
        testing::force_encodings((layout == Layout::Columns).then(|| self.dice.roll()));
        let options = options().durability(durability).block_bytes(block_bytes).layout(layout);
        if !self.content.exists {
            self.create(options)?;
        }
        let records = !(self.content.numbers.is_empty() && self.content.texts.is_empty());
        match self.dice.below(3) {
            0 if records && !self.brief => self.edit(options, durability),
            _ => self.append(options, durability),
        }
    }

    /// Selects the fault of this session: a failing sync, a kill within a call, a full disk, a failing
    /// truncation.
    fn mishap(&mut self) {
        if self.well {
            return;
        }
        let (what, when) = (self.dice.below(12), self.dice.below(40));
        let mut state = self.sim.state();
        state.uncut = what == 8;
        match what {
            0..3 => state.good_syncs = Some(when % 6),
            3..6 => state.fault = Some((state.calls + 20 + when, Fault::Short, true)),
            6 => {
                let longest = state.disk.files.iter().map(|file| file.cache.len()).max();
                state.room = longest.map(|length| length + 100 * when);
            }
            7 => state.room = None,
            _ => {}
        }
    }

    /// Lets the system discard what it could not write.
    fn forget(&mut self) {
        let failed =
            self.sim.state().disk.files.iter().any(|file| file.pending.iter().any(|piece| piece.lost));
        if self.forgetful && failed && (self.brief || self.dice.below(2) == 0) {
            let seed = self.dice.roll();
            self.sim.forget(seed);
            self.model.acknowledged = self.model.floor;
            self.forgot = true;
        }
    }

    fn create(&mut self, options: WriterOptions) -> Outcome {
        self.content = Content { exists: true, ..Content::default() };
        self.attempt();
        let made = testing::create(options, &self.bug.over(&self.sim), Path::new(PATH));
        self.settle(made)?;
        self.note(Note::Acknowledged(true));
        Ok(())
    }

    fn append(&mut self, options: WriterOptions, durability: Durability) -> Outcome {
        let opened = testing::resume(options, &self.bug.over(&self.sim), Path::new(PATH));
        let mut writer = self.settle(opened)?;
        self.forget();
        for _ in 0..if self.brief { 1 } else { 1 + self.dice.below(6) } {
            let outcome = self.append_some(&mut writer, durability);
            self.then_poisoned(outcome, |number| match number {
                0 => writer.set_metadata("note", "after a failure"),
                1 => writer.table::<u64>().map(drop),
                _ => writer.commit(),
            })?;
        }
        if self.dice.below(3) > 0 && !self.brief {
            return Ok(()); // Killed: the writer is dropped.
        }
        self.attempt();
        let outcome = writer.finish();
        self.settle(outcome)?;
        self.note(Note::Acknowledged(true));
        self.sound()
    }

    fn append_some(&mut self, writer: &mut Writer, durability: Durability) -> Outcome {
        self.put_some(writer)?;
        if self.dice.below(3) > 0 || self.brief {
            self.attempt();
            let outcome = writer.commit();
            self.settle(outcome)?;
            self.note(Note::Acknowledged(durability == Durability::Durable));
        }
        Ok(())
    }

    /// After a failed write or sync, every call of a writer fails and nothing is written.
    fn then_poisoned(
        &mut self,
        outcome: Outcome,
        mut ask: impl FnMut(usize) -> hydra::Result<()>,
    ) -> Outcome {
        let failed = matches!(self.sim.state().met, Some(Call::Write | Call::Sync));
        if failed && matches!(outcome, Err(Stop::Failed)) {
            let before = self.sim.state().events.len();
            for number in 0..3 {
                match ask(number) {
                    Err(error) if error.kind() == ErrorKind::Poisoned => {}
                    other => {
                        return Err(Stop::Violation(format!("after a failure, {number} gives {other:?}")));
                    }
                }
            }
            if self.sim.state().events.len() != before {
                return Err(Stop::Violation("a poisoned writer writes".into()));
            }
        }
        outcome
    }

    /// Appends a few records, or sets a metadata pair.
    fn put_some(&mut self, writer: &mut Writer) -> Outcome {
        for _ in 0..1 + self.dice.below(if self.brief { 2 } else { 3 }) {
            self.counter += 1;
            let outcome = match self.dice.below(4) {
                0 => {
                    self.content.note = Some(self.counter.to_le_bytes().to_vec());
                    writer.set_metadata("note", self.counter.to_le_bytes())
                }
                1 => {
                    let text = self.text();
                    self.content.texts.push(text.clone());
                    writer.table::<String>().and_then(|table| writer.append(table, &text))
                }
                _ => {
                    // Sometimes so many that a killed writer leaves a long tail.
                    let most = if self.dice.below(30) == 0 { 3000 } else { 40 };
                    let numbers: Vec<u64> =
                        (0..1 + self.dice.below(most) as u64).map(|n| self.counter << 16 | n).collect();
                    self.content.numbers.extend(&numbers);
                    writer.table::<u64>().and_then(|table| writer.append_slice(table, &numbers))
                }
            };
            self.settle(outcome)?;
        }
        Ok(())
    }

    fn text(&mut self) -> String {
        self.counter += 1;
        format!("{}{}", self.counter, "é".repeat(self.dice.below(4) * self.dice.below(100)))
    }

    fn edit(&mut self, options: WriterOptions, durability: Durability) -> Outcome {
        let opened = testing::edit(options, &self.bug.over(&self.sim), Path::new(PATH));
        let mut editor = self.settle(opened)?;
        self.forget();
        for _ in 0..1 + self.dice.below(3) {
            let outcome = self.edit_some(&mut editor, durability);
            self.then_poisoned(outcome, |number| match number {
                0 => editor.record("u64", 0).map(drop),
                _ => editor.commit(),
            })?;
        }
        if self.dice.below(2) == 0 {
            return Ok(());
        }
        self.change_some(&mut editor)?;
        self.attempt();
        let outcome = editor.finish();
        self.settle(outcome)?;
        self.note(Note::Acknowledged(true));
        self.sound()
    }

    fn edit_some(&mut self, editor: &mut Editor, durability: Durability) -> Outcome {
        self.change_some(editor)?;
        self.attempt();
        let outcome = editor.commit();
        self.settle(outcome)?;
        self.note(Note::Acknowledged(durability == Durability::Durable));
        Ok(())
    }

    /// Stages a few changes.
    fn change_some(&mut self, editor: &mut Editor) -> Outcome {
        for _ in 0..1 + self.dice.below(3) {
            self.counter += 1;
            let texts = self.content.texts.len();
            let outcome = if texts > 0 && (self.dice.below(2) == 0 || self.content.numbers.is_empty()) {
                let (at, text) = (self.dice.below(texts), self.text());
                self.content.texts[at] = text.clone();
                editor.record("string", at as i64).and_then(|mut record| record.set(text))
            } else {
                let at = self.dice.below(self.content.numbers.len());
                self.content.numbers[at] = self.counter << 16;
                editor.record("u64", at as i64).and_then(|mut record| record.set(self.counter << 16))
            };
            self.settle(outcome)?;
        }
        Ok(())
    }

    /// An error is allowed if a sync failed, or if the system discarded written data.
    fn settle<T>(&mut self, outcome: hydra::Result<T>) -> Outcome<T> {
        let failing = self.sim.state().met.is_some();
        outcome.map_err(|error| match error.kind() {
            ErrorKind::Io | ErrorKind::Poisoned if failing => Stop::Failed,
            _ if self.forgot => Stop::Failed,
            _ => Stop::Violation(format!("a writer is refused: {error}")),
        })
    }

    /// After a successful close, a check finds nothing, and unreferenced bytes take no room.
    fn sound(&mut self) -> Outcome {
        let state = self.sim.state();
        let (disk, uncut) = (state.disk.clone(), state.uncut || state.met.is_some());
        drop(state);
        let checked = crate::oracle::check(&disk);
        checked.and_then(|()| self.space.bounds(&disk, uncut)).map_err(Stop::Violation)
    }
}
