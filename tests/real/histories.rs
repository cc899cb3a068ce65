//! Random histories of one file on the real system: programs of three generations append, edit, compact and reopen it, fork, meet
//! full disks, and others move, replace and cut the file under them. A model knows what was acknowledged.

use crate::owners::in_child;
use hydra::file::{BlockKind, OutputOptions};
use hydra::{Durability, Editor, ErrorKind, Hydra, Reader, Result, Writer};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

mod first {
    #[derive(hydra::Hydra)]
    pub(super) struct Row {
        pub(super) number: u64,
        pub(super) text: String,
    }
}

mod second {
    #[derive(hydra::Hydra)]
    #[hydra(version = 1)]
    pub(super) struct Row {
        pub(super) number: u64,
        pub(super) text: String,
        #[hydra(default = 7)]
        pub(super) weight: u32,
    }
}

/// The newest type, which reads the others.
#[derive(Hydra, Clone, PartialEq, Debug)]
#[hydra(version = 2)]
struct Row {
    #[hydra(default = 7)]
    weight: u32,
    #[hydra(alias = "text")]
    label: String,
    number: u64,
}

/// Everything that the file says.
#[derive(Clone, Default, PartialEq)]
struct State {
    rows: Vec<Row>,
    numbers: Vec<u64>,
}

impl State {
    fn read(path: &Path) -> Result<State> {
        let reader = Reader::open(path)?;
        let has = |name: &str| reader.tables().iter().any(|table| table.name() == name);
        let mut state = State::default();
        if has("rows") {
            let table = reader.table_named::<Row>("rows")?;
            state.rows = (0..table.len()).map(|at| table.get(at)?.decode()).collect::<Result<_>>()?;
        }
        if has("numbers") {
            let table = reader.table_named::<u64>("numbers")?;
            state.numbers = (0..table.len()).map(|at| table.get(at)?.decode()).collect::<Result<_>>()?;
        }
        Ok(state)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows: Vec<u64> = self.rows.iter().map(|row| row.number).collect();
        write!(f, "rows {rows:?}, numbers {:?}", self.numbers)
    }
}

fn kind<T>(outcome: Result<T>) -> std::result::Result<(), ErrorKind> {
    outcome.map(drop).map_err(|error| error.kind())
}

/// The longest text of a record.
const LONG: usize = 60_000;
/// What a commit, a close or an edit adds at most besides its records: copies of schemas, a directory, a block that was replaced.
const OVERHEAD: u64 = 20_000;

/// Lets no file of this process grow beyond a length while it lives: a write there fails, as on a full disk.
struct Full;

#[allow(unsafe_code)]
fn limit_files(length: libc::rlim_t) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls take a pointer to a value of this frame; ignoring a signal installs no handler.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit), 0);
        limit.rlim_cur = length.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
}

impl Full {
    fn at(length: u64) -> Full {
        limit_files(length);
        Full
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        limit_files(libc::RLIM_INFINITY);
    }
}

struct History {
    path: PathBuf,
    seed: u64,
    random: u64,
    /// What the path must show: none if there is no file.
    acknowledged: Option<State>,
    /// The same, with what the open writer has not committed.
    pending: State,
    writer: Option<Writer>,
    /// The open writer has written something. One that has not leaves the file as it is, and a tail in it.
    touched: bool,
    /// The most that the file may be long when it is closed.
    most: u64,
    next: u64,
    log: Vec<String>,
}

impl Drop for History {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _full = Full::at(u64::MAX);
            eprintln!("seed {}, after these steps: {}", self.seed, self.log.join("; "));
        }
    }
}

impl History {
    fn below(&mut self, limit: usize) -> usize {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % limit
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn note(&mut self, what: &str) {
        self.log.push(what.into());
    }

    fn length(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// The writer, which is opened or made where there is none.
    fn open(&mut self) -> Result<Writer> {
        if let Some(writer) = self.writer.take() {
            return Ok(writer);
        }
        let durability = if self.one_in(2) { Durability::Durable } else { Durability::Buffered };
        let options = Writer::options().durability(durability).block_bytes(1024);
        self.touched = self.acknowledged.is_none();
        if self.acknowledged.is_some() {
            return options.resume(&self.path);
        }
        let writer = options.create(&self.path)?;
        (self.acknowledged, self.most) = (Some(State::default()), 8192 + OVERHEAD);
        self.pending = State::default();
        Ok(writer)
    }

    /// Appends a few records of some generation.
    fn append(&mut self, writer: &mut Writer) -> Result<()> {
        self.touched = true;
        let generation = self.below(4);
        for _ in 0..=self.below(6) {
            self.next += 1;
            let number = self.next;
            let length = if self.one_in(12) { self.below(LONG) } else { self.below(40) };
            let label = "né".repeat(length / 3);
            let bytes = label.len() as u64;
            let mut weight = 7;
            match generation {
                0 => {
                    let table = writer.table_named::<first::Row>("rows")?;
                    writer.append(table, &first::Row { number, text: label.clone() })?;
                }
                1 => {
                    weight = number as u32;
                    let table = writer.table_named::<second::Row>("rows")?;
                    writer.append(table, &second::Row { number, text: label.clone(), weight })?;
                }
                2 => {
                    weight = number as u32;
                    let table = writer.table_named::<Row>("rows")?;
                    writer.append(table, &Row { weight, label: label.clone(), number })?;
                }
                _ => {
                    let table = writer.table_named::<u64>("numbers")?;
                    writer.append(table, &number)?;
                    self.pending.numbers.push(number);
                    continue;
                }
            }
            self.most += bytes + 200;
            self.pending.rows.push(Row { weight, label, number });
        }
        Ok(())
    }

    /// What was appended is acknowledged.
    fn acknowledge(&mut self) {
        self.most += OVERHEAD;
        self.acknowledged = Some(self.pending.clone());
    }

    /// What was appended was not acknowledged: it may be there, whole, or not.
    fn doubt(&mut self, path: &Path) -> Result<()> {
        let shown = State::read(path)?;
        let allowed = [self.acknowledged.as_ref(), Some(&self.pending)];
        assert!(allowed.contains(&Some(&shown)), "{shown:?} is none of {allowed:?}");
        self.most += OVERHEAD;
        (self.acknowledged, self.pending) = (Some(shown.clone()), shown);
        Ok(())
    }

    fn commit(&mut self, writer: &mut Writer) -> Result<()> {
        writer.commit()?;
        self.acknowledge();
        Ok(())
    }

    /// Finishes, after which nothing is behind what is committed.
    fn finish(&mut self, writer: Writer) -> Result<()> {
        let length = self.length();
        writer.finish()?;
        if self.touched {
            self.acknowledge();
            return self.closed();
        }
        assert_eq!(self.length(), length);
        Ok(())
    }

    fn closed(&self) -> Result<()> {
        let reader = Reader::open(&self.path)?;
        assert_eq!(reader.file_bytes(), reader.commit().committed_bytes, "a tail is left");
        for block in reader.blocks() {
            assert_ne!(
                block?.1.block_kind(),
                Some(BlockKind::Pad),
                "something was covered, and no commit was lost"
            );
        }
        assert!(reader.file_bytes() <= self.most, "{} bytes, at most {}", reader.file_bytes(), self.most);
        Ok(())
    }

    /// What must hold after each step.
    fn judge(&self) -> Result<()> {
        let folder = self.path.parent().unwrap_or(&self.path);
        let names: Vec<_> =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
        let Some(acknowledged) = &self.acknowledged else {
            assert!(names.is_empty(), "{names:?}");
            return Ok(());
        };
        assert_eq!(names, [self.path.file_name().unwrap_or_default()]);
        assert_eq!(State::read(&self.path)?, *acknowledged);
        hydra::file::check(&self.path, &mut |finding| panic!("{finding}"), None)?;
        let expected = if self.writer.is_some() { Err(ErrorKind::Locked) } else { Ok(()) };
        assert_eq!(kind(Writer::resume(&self.path)), expected);
        assert_eq!(kind(Editor::open(&self.path)), expected);
        Ok(())
    }

    fn step(&mut self) -> Result<&'static str> {
        let what = match self.below(12) {
            0..3 => "append",
            3 => "finish",
            4 => "drop",
            5 => "edit",
            6 => "compact",
            7 => "fork",
            8 | 9 => "replace",
            10 => "full",
            _ if self.one_in(12) => "save",
            _ => "output",
        };
        self.note(what);
        match what {
            "append" => {
                let mut writer = self.open()?;
                self.append(&mut writer)?;
                if self.one_in(2) {
                    self.note("commit");
                    self.commit(&mut writer)?;
                }
                self.writer = Some(writer);
            }
            "finish" => {
                let writer = self.open()?;
                self.finish(writer)?;
            }
            "drop" => {
                let mut writer = self.open()?;
                self.append(&mut writer)?;
                drop(writer);
                self.give_up();
            }
            "edit" => self.edit()?,
            "compact" => self.compact()?,
            "fork" => self.fork()?,
            "replace" => self.replace()?,
            "full" => self.full()?,
            "save" => self.save()?,
            _ => self.output()?,
        }
        self.judge()?;
        Ok(what)
    }

    /// A writer is gone with what it had not committed.
    fn give_up(&mut self) {
        self.pending = self.acknowledged.clone().unwrap_or_default();
    }

    fn close(&mut self) -> Result<()> {
        let writer = self.open()?;
        self.finish(writer)
    }

    /// Changes records; the editor commits, is forked, or its file is moved away before that.
    fn edit(&mut self) -> Result<()> {
        self.close()?;
        let count = self.pending.rows.len();
        let mut editor = Editor::open(&self.path)?;
        if count == 0 {
            return editor.finish();
        }
        for _ in 0..=self.below(3) {
            let at = self.below(count);
            self.next += 1;
            editor.record("rows", at as i64)?.field("number")?.set(self.next)?;
            self.pending.rows[at].number = self.next;
            self.most += OVERHEAD + LONG as u64;
        }
        let mut editor = Some(editor);
        let moved = self.beside("moved");
        match self.below(4) {
            0 => {
                self.note("a child has the editor");
                let commits = self.one_in(2);
                assert!(in_child(|| {
                    let mut editor = editor.take().expect("an editor");
                    let outcome = if commits { editor.commit() } else { editor.finish() };
                    assert_eq!(kind(outcome), Err(ErrorKind::Locked));
                }));
            }
            1 => {
                self.note("moved away");
                fs::rename(&self.path, &moved)?;
            }
            _ => {}
        }
        let mut editor = editor.take().expect("the parent's");
        assert!(moved.exists() || kind(Editor::open(&self.path)) == Err(ErrorKind::Locked));
        let finishes = self.one_in(2);
        let outcome = if finishes { editor.finish() } else { editor.commit() };
        if moved.exists() {
            assert_eq!(kind(outcome), Err(ErrorKind::Replaced));
            fs::rename(&moved, &self.path)?;
            return self.doubt(&self.path.clone());
        }
        outcome?;
        self.acknowledge();
        if finishes { self.closed() } else { Ok(()) }
    }

    /// Compacts the closed file, on a full disk first.
    fn compact(&mut self) -> Result<()> {
        self.close()?;
        let small = self.beside("small");
        let committed = Reader::open(&self.path)?.commit().committed_bytes as usize;
        let full = Full::at(self.below(committed) as u64);
        match hydra::file::compact(&self.path, &small, Default::default(), None) {
            Ok(_) => fs::remove_file(&small)?,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Io),
        }
        drop(full);
        self.judge()?;
        hydra::file::compact(&self.path, &small, Default::default(), None)?;
        fs::rename(small, &self.path)?;
        self.closed()
    }

    /// A child has a copy of the writer; the parent goes on, and only it.
    fn fork(&mut self) -> Result<()> {
        let mut writer = self.open()?;
        self.append(&mut writer)?;
        let deed = ["drops", "appends and commits", "finishes", "exits", "stays"][self.below(5)];
        self.note(deed);
        let path = self.path.clone();
        if deed == "stays" {
            return self.outlived(writer);
        }
        let mut writer = Some(writer);
        assert!(in_child(|| {
            let refused = |outcome| assert_eq!(kind::<()>(outcome), Err(ErrorKind::Locked));
            match deed {
                "drops" => drop(writer.take()),
                "appends and commits" => {
                    let writer = writer.as_mut().expect("a writer");
                    let append = |writer: &mut Writer| {
                        let table = writer.table_named::<u64>("numbers")?;
                        (0..500).try_for_each(|number| writer.append(table, &number))
                    };
                    refused(append(writer).and_then(|()| writer.commit()));
                }
                "finishes" => refused(writer.take().expect("a writer").finish()),
                _ => return,
            }
            assert_eq!(kind(Writer::resume(&path)), Err(ErrorKind::Locked));
        }));
        self.writer = writer;
        self.judge()?;
        let mut writer = self.open()?;
        self.append(&mut writer)?;
        self.commit(&mut writer)?;
        self.writer = Some(writer);
        Ok(())
    }

    /// The parent finishes and opens the file again while a child still has its copy, which is then dropped.
    fn outlived(&mut self, writer: Writer) -> Result<()> {
        let (mut hears, says) = std::io::pipe()?;
        let (mut writer, mut says) = (Some(writer), Some(says));
        let child = crate::owners::child(|| {
            drop(says.take());
            assert_eq!(hears.read(&mut [0]).ok(), Some(0), "the parent closes the other end");
            drop(writer.take());
        });
        self.finish(writer.take().expect("the parent's"))?;
        let mut writer = self.open()?;
        self.append(&mut writer)?;
        drop(says.take());
        assert!(child.succeeds());
        self.writer = Some(writer);
        self.judge()
    }

    /// Another program takes the path, or cuts the file, while a writer has it open.
    fn replace(&mut self) -> Result<()> {
        let mut writer = self.open()?;
        if self.one_in(2) {
            self.append(&mut writer)?;
        }
        let deed = ["removed", "moved", "copied over", "made anew", "cut", "there and back"][self.below(6)];
        self.note(deed);
        let path = self.path.clone();
        let (moved, new) = (self.beside("moved"), self.beside("new"));
        let (mut length, others) = (None, self.next);
        match deed {
            "removed" => fs::remove_file(&path)?,
            "moved" => fs::rename(&path, &moved)?,
            "copied over" => {
                fs::copy(&path, &new)?;
                fs::rename(&new, &path)?;
            }
            "made anew" => {
                fs::remove_file(&path)?;
                let mut other = Writer::create(&path)?;
                let table = other.table_named::<u64>("numbers")?;
                other.append(table, &others)?;
                other.finish()?;
            }
            "cut" => {
                let committed = Reader::open(&path)?.commit().committed_bytes as usize;
                let to = if self.one_in(2) { 0 } else { self.below(committed) as u64 };
                OpenOptions::new().write(true).open(&path)?.set_len(to)?;
                length = Some(to);
            }
            _ => {
                fs::rename(&path, &moved)?;
                fs::rename(&moved, &path)?;
            }
        }
        let expected = match deed {
            "there and back" => Ok(()),
            "cut" => Err(ErrorKind::CutShort),
            _ => Err(ErrorKind::Replaced),
        };
        let mut outcome = self.append(&mut writer);
        if outcome.is_ok() && self.one_in(2) {
            outcome = writer.commit();
            if outcome.is_err() {
                assert_eq!(kind(writer.table_named::<u64>("numbers")), Err(ErrorKind::Poisoned));
                assert_eq!(kind(writer.commit()), Err(ErrorKind::Poisoned));
            }
        } else if outcome.is_ok() {
            outcome = writer.finish();
        }
        assert_eq!(kind(outcome), expected, "{deed}");
        match deed {
            "removed" => self.acknowledged = None,
            "moved" => {
                assert!(!path.exists());
                self.doubt(&moved)?;
                fs::rename(&moved, &path)?;
            }
            "made anew" => {
                let numbers = vec![others];
                self.acknowledged = Some(State { rows: vec![], numbers });
                self.most = 8192 + 2 * OVERHEAD;
            }
            "cut" => {
                assert_eq!(Some(self.length()), length, "what was cut was written to");
                fs::remove_file(&path)?;
                self.acknowledged = None;
            }
            "copied over" => {}
            _ => self.acknowledge(),
        }
        self.give_up();
        Ok(())
    }

    /// Writes until the disk is full; a smaller commit has room then, and everything after the disk has more.
    fn full(&mut self) -> Result<()> {
        let mut writer = self.open()?;
        let room = self.below(150_000) as u64;
        let limit = self.length() + room;
        let _full = Full::at(limit);
        let mut outcome = Ok(());
        while outcome.is_ok() {
            outcome = self.append(&mut writer);
            if outcome.is_ok() && self.one_in(8) {
                outcome = self.commit(&mut writer);
            }
        }
        assert_eq!(kind(outcome), Err(ErrorKind::Io));
        assert_eq!(kind(writer.commit()), Err(ErrorKind::Poisoned));
        drop(writer);
        self.doubt(&self.path.clone())?;
        self.judge()?;
        if limit > Reader::open(&self.path)?.commit().committed_bytes + 2 * OVERHEAD {
            self.note("and goes on");
            let mut writer = self.open()?;
            let table = writer.table_named::<u64>("numbers")?;
            writer.append(table, &self.next)?;
            self.pending.numbers.push(self.next);
            self.touched = true;
            self.finish(writer)?;
        }
        Ok(())
    }

    /// A save over a file that a writer has open.
    fn save(&mut self) -> Result<()> {
        let mut writer = self.open()?;
        self.append(&mut writer)?;
        assert_eq!(kind(hydra::save(&self.path, &1_u8)), Err(ErrorKind::Locked));
        self.finish(writer)
    }

    /// A child drops its copy of a file that is not published; the parent publishes it.
    fn output(&mut self) -> Result<()> {
        let path = self.beside("output");
        let mut output = OutputOptions::default().begin(&path)?;
        std::io::Write::write_all(&mut output, b"one")?;
        let mut output = Some(output);
        assert!(in_child(|| drop(output.take())));
        output.take().expect("the parent's").publish()?;
        assert_eq!(fs::read(&path)?, b"one");
        Ok(fs::remove_file(&path)?)
    }
}

/// So many histories, each of a seed, in a folder that is made for them. Prints how often each kind of step was taken.
pub(crate) fn run(folder: &Path, first: u64, count: u64) -> Result<()> {
    let mut steps = BTreeMap::new();
    for seed in first..first + count {
        fs::create_dir(folder)?;
        let mut history = History {
            path: folder.join("day.hydra"),
            seed,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            acknowledged: None,
            pending: State::default(),
            writer: None,
            touched: false,
            most: 0,
            next: 0,
            log: Vec::new(),
        };
        for _ in 0..40 {
            let step = history.step().unwrap_or_else(|error| panic!("{error}"));
            *steps.entry(step).or_insert(0) += 1;
        }
        history.note("the end");
        let end = history.close().and_then(|()| history.judge());
        end.unwrap_or_else(|error| panic!("{error}"));
        fs::remove_dir_all(folder)?;
    }
    println!("{count} histories: {steps:?}");
    assert!(count < 50 || steps.len() == 10, "nothing is left untried");
    Ok(())
}
