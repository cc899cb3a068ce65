//! Scripts of writers, editors, recovery and compaction in memory, each against a model: what is committed is there, and
//! nothing else. Bytes say what happens.

use crate::memory::{File, Memory};
use crate::types::{Level, Log};
use hydra::file::RecoverOptions;
use hydra::{Durability, Editor, Hydra, Layout, Reader, TableId, Value, Writer, testing};
use std::path::Path;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    numbers: Vec<u64>,
    logs: Vec<Log>,
    note: Option<Vec<u8>>,
}

/// Who has the file open.
enum Hand {
    Nobody,
    Writer(Box<Writer>, TableId<u64>, TableId<Log>),
    Editor(Box<Editor>),
}

struct Stage<'a> {
    script: &'a [u8],
    disk: Memory,
    file: File,
    hand: Hand,
    now: Model,
    committed: Model,
    reader: Reader,
}

const PATH: &str = "file";

/// The records of a table, if there is one.
fn all<T: Hydra>(reader: &Reader) -> Vec<T> {
    let Ok(table) = reader.table::<T>() else { return Vec::new() };
    let blocks = table.blocks().map(|block| block.expect("a sound block"));
    blocks.flat_map(|block| block.decode().collect::<Vec<_>>()).map(|row| row.expect("a value")).collect()
}

impl Model {
    fn read(reader: &Reader) -> Model {
        assert!(!reader.report().is_damaged(), "{}", reader.report());
        let note = reader.metadata().expect("metadata").get("note").cloned();
        Model { numbers: all(reader), logs: all(reader), note }
    }
}

/// Does what the bytes say.
pub fn script_is_kept(script: &[u8]) {
    let disk = Memory::default();
    let options = || Writer::options().file_id([7; 16]);
    let writer = testing::create(options(), &disk, Path::new(PATH)).expect("a new file");
    let file = disk.file(PATH).expect("the new file");
    let reader = testing::open(file.boxed(), Path::new(PATH)).expect("a file without records");
    drop(writer);
    let (now, committed) = Default::default();
    let mut stage = Stage { script, disk, file, hand: Hand::Nobody, now, committed, reader };
    for _ in 0..200 {
        let Some(word) = stage.next() else { break };
        stage.step(word);
    }
    stage.release();
    stage.confirm();
}

impl Stage<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.script.split_first()?;
        self.script = rest;
        Some(*first)
    }

    fn number(&mut self) -> u64 {
        let (width, mut bytes) = (usize::from(self.next().unwrap_or(0)) % 9, [0; 8]);
        bytes[..width].fill_with(|| self.next().unwrap_or(0));
        u64::from_le_bytes(bytes)
    }

    fn text(&mut self) -> String {
        let count = usize::from(self.next().unwrap_or(0)).min(self.script.len());
        let (text, rest) = self.script.split_at(count % 40);
        self.script = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn log(&mut self) -> Log {
        let word = self.next().unwrap_or(0);
        Log {
            time: self.number(),
            level: [Level::Info, Level::Warn, Level::Error][usize::from(word) % 3],
            target: self.text(),
            text: self.text().repeat(usize::from(word % 5)),
            user: (word & 8 != 0).then(|| self.number()),
            tags: (0..word >> 5).map(|_| self.text()).collect(),
        }
    }

    /// Nobody holds the file any more; what was not committed is gone.
    fn release(&mut self) {
        self.hand = Hand::Nobody;
        self.now = self.committed.clone();
    }

    fn options(word: u8) -> hydra::file::WriterOptions {
        let durability = if word & 64 == 0 { Durability::Buffered } else { Durability::Durable };
        let layout = if word & 32 == 0 { Layout::Rows } else { Layout::Columns };
        Writer::options().durability(durability).block_bytes(128 << (word >> 7 << 2)).layout(layout)
    }

    fn step(&mut self, word: u8) {
        let path = Path::new(PATH);
        // Blocks of a few records are columns only where encodings are picked.
        testing::force_encodings((word & 16 != 0).then_some(self.script.len() as u64));
        match (word % 16, std::mem::replace(&mut self.hand, Hand::Nobody)) {
            (0, _) => self.release(),
            (1, _) => {
                self.release();
                let mut writer = testing::resume(Self::options(word), &self.disk, path).expect("a writer");
                let (numbers, logs) = (writer.table().expect("numbers"), writer.table().expect("logs"));
                self.hand = Hand::Writer(Box::new(writer), numbers, logs);
            }
            (2, _) => {
                self.release();
                let editor = testing::edit(Self::options(word), &self.disk, path).expect("an editor");
                self.hand = Hand::Editor(Box::new(editor));
            }
            (3, _) => self.rewrite(word),
            (_, Hand::Writer(writer, numbers, logs)) => self.write(word, writer, (numbers, logs)),
            (_, Hand::Editor(editor)) => self.edit(word, editor),
            _ => self.confirm(),
        }
    }

    fn write(&mut self, word: u8, mut writer: Box<Writer>, tables: (TableId<u64>, TableId<Log>)) {
        match word % 16 {
            4..7 => {
                let number = self.number();
                writer.append(tables.0, &number).expect("an append");
                self.now.numbers.push(number);
            }
            7..9 => {
                let log = self.log();
                writer.append(tables.1, &log).expect("an append");
                self.now.logs.push(log);
            }
            9 => {
                let more: Vec<u64> = (0..u64::from(self.next().unwrap_or(0))).collect();
                writer.append_slice(tables.0, &more).expect("an append");
                self.now.numbers.extend(more);
            }
            10 => {
                let note = self.text().into_bytes();
                writer.set_metadata("note", &note).expect("metadata");
                self.now.note = Some(note);
            }
            11 => {
                writer.finish().expect("an end");
                self.committed = self.now.clone();
                return self.confirm();
            }
            _ => {
                writer.commit().expect("a commit");
                self.committed = self.now.clone();
                self.confirm();
            }
        }
        self.hand = Hand::Writer(writer, tables.0, tables.1);
    }

    fn edit(&mut self, word: u8, mut editor: Box<Editor>) {
        let at = usize::from(self.next().unwrap_or(0));
        match word % 16 {
            4..8 if !self.now.numbers.is_empty() => {
                let (at, number) = (at % self.now.numbers.len(), self.number());
                self.now.numbers[at] = number;
                editor.record("u64", at as i64).and_then(|mut row| row.set(number)).expect("an edit");
            }
            8..10 if !self.now.logs.is_empty() => {
                let (at, log) = (at % self.now.logs.len(), self.log());
                let row = editor.record("Log", at as i64);
                row.and_then(|mut row| row.set_value(Value::of(&log))).expect("an edit");
                self.now.logs[at] = log;
            }
            10 => {
                editor.discard();
                self.now = self.committed.clone();
            }
            11 => {
                editor.finish().expect("an end");
                self.committed = self.now.clone();
                return self.confirm();
            }
            12.. => {
                editor.commit().expect("a commit");
                self.committed = self.now.clone();
                self.confirm();
            }
            _ => {}
        }
        self.hand = Hand::Editor(editor);
    }

    /// The file is compacted or recovered into another one, which takes its place.
    fn rewrite(&mut self, word: u8) {
        self.release();
        let (disk, new) = (Memory::default(), Path::new(PATH));
        if word & 16 == 0 {
            let layout = [None, None, Some(Layout::Rows), Some(Layout::Columns)][usize::from(word >> 6)];
            testing::force_encodings((word & 32 != 0).then_some(self.script.len() as u64));
            testing::compact_as(self.file.boxed(), &disk, new, layout).expect("a sound file is compacted");
        } else {
            let saved = testing::recover(self.file.boxed(), &disk, new, RecoverOptions::default());
            assert!(saved.expect("a sound file is recovered").is_complete());
        }
        self.confirm();
        self.file = disk.file(PATH).expect("the new file");
        self.reader = testing::open(self.file.boxed(), new).expect("the new file opens");
        self.disk = disk;
    }

    /// The file is sound and holds what is committed, for those who open it and for those who had it open.
    fn confirm(&mut self) {
        let reader = testing::open(self.file.boxed(), Path::new(PATH)).expect("the file opens");
        assert_eq!(Model::read(&reader), self.committed);
        self.reader.refresh().expect("the file goes on");
        assert_eq!(Model::read(&self.reader), self.committed, "refreshed");
        let mut found = |finding| panic!("a check finds {finding}");
        testing::check(&self.file, &mut found).expect("a check");
    }
}
