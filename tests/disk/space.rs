//! The cost of unreferenced bytes: an old tail is overwritten and truncated, and only a commit that was given
//! up is covered permanently.

use crate::medium::Disk;
use crate::oracle::PATH;
use crate::script::options;
use crate::sim::{Fault, Image, Sim};
use hydra::file::{BlockKind, State};
use hydra::{ErrorKind, Reader, Result, testing};
use std::path::Path;

/// The state of a file when a program opened it to write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Space {
    file: u64,
    covered: u64,
    /// A commit or its record was lost, so the blocks that it may have named are covered.
    lost: bool,
}

fn open(disk: &Disk) -> Option<Reader> {
    let image = Image(disk.named(Path::new(PATH))?.cache.clone());
    testing::open(Box::new(image), Path::new(PATH)).ok()
}

/// Bytes of PAD blocks.
fn covered(reader: &Reader) -> u64 {
    let pads = reader.blocks().flatten().filter(|(_, header)| header.block_kind() == Some(BlockKind::Pad));
    pads.map(|(_, header)| header.bytes()).sum()
}

impl Space {
    pub(crate) fn of(disk: &Disk) -> Space {
        let reader = open(disk);
        reader.map_or(Space::default(), |reader| Space {
            file: reader.file_bytes(),
            covered: covered(&reader),
            lost: matches!(reader.report().state(), State::LastCommitLost { .. }),
        })
    }

    /// Checks a file that was closed since: no bytes follow the committed ones (unless the file could not be
    /// truncated: then it has not grown), and nothing was covered without a reason.
    pub(crate) fn bounds(&self, disk: &Disk, uncut: bool) -> Result<(), String> {
        let Some(reader) = open(disk) else { return Err("a closed file does not open".into()) };
        let (length, committed) = (reader.file_bytes(), reader.commit().committed_bytes);
        let most = if uncut { committed.max(self.file) } else { committed };
        if length > most {
            return Err(format!("{committed} bytes are committed, and the file has {length}"));
        }
        let now = covered(&reader);
        let allowed = if self.lost { self.covered.max(self.file) } else { self.covered };
        if now > allowed {
            Err(format!("{now} bytes are covered, {} were before", self.covered))
        } else {
            Ok(())
        }
    }
}

fn append(sim: &Sim, numbers: &[u64]) -> Result<()> {
    let mut writer = testing::resume(options(), sim, Path::new(PATH))?;
    let table = writer.table::<u64>()?;
    writer.append_slice(table, numbers)?;
    writer.finish()
}

#[test]
fn a_full_disk_has_room_again_where_a_commit_failed() -> Result<()> {
    let sim = Sim::default();
    testing::create(options(), &sim, Path::new(PATH))?.finish()?;
    append(&sim, &[1])?;
    let length = || sim.state().disk.files[0].cache.len();
    let full = length() + 20_000;
    sim.state().room = Some(full);
    for _ in 0..10 {
        assert_eq!(append(&sim, &vec![7; 5000]).unwrap_err().kind(), ErrorKind::Io);
        assert!(length() > full - 600 && length() <= full);
    }
    append(&sim, &[2])?;
    assert!(length() < full - 15_000, "{} of {full}", length());
    assert_eq!(Space::of(&sim.state().disk).covered, 0);
    Ok(())
}

#[test]
fn killed_writers_leave_no_more_than_one_tail() -> Result<()> {
    for killed in 0..60 {
        let sim = Sim::default();
        testing::create(options(), &sim, Path::new(PATH))?.finish()?;
        append(&sim, &[1])?;
        let length = || sim.state().disk.files[0].cache.len();
        let before = length();
        for round in 0..10 {
            let mut state = sim.state();
            state.fault = Some((state.calls + killed, Fault::Short, true));
            drop(state);
            let _ = append(&sim, &vec![round; 1000]);
            sim.state().fault = None;
        }
        assert!(killed < 50 || length() > before, "{killed}");
        let (now, committed) =
            (length(), open(&sim.state().disk).map_or(0, |reader| reader.commit().record_count));
        assert!(
            now < before + (committed as usize + 1000) * 11,
            "{killed}: {now} bytes for {committed} records"
        );
        append(&sim, &[2])?;
        Space::default().bounds(&sim.state().disk, false).unwrap_or_else(|what| panic!("{killed}: {what}"));
    }
    Ok(())
}
