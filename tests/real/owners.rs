//! Who owns a lock and a name, as far as it takes a process to show it.

use hydra::{Editor, ErrorKind, Reader, Result, Writer};
use std::path::Path;
use std::time::{Duration, Instant};

/// A child of this process.
pub(crate) struct Child(libc::pid_t);

impl Child {
    /// Waits for it: true if it came to its end.
    #[allow(unsafe_code)]
    pub(crate) fn succeeds(self) -> bool {
        let mut status = 0;
        // SAFETY: the pointer is to a number that is written, and waiting takes nothing else.
        assert_eq!(unsafe { libc::waitpid(self.0, &raw mut status, 0) }, self.0);
        status == 0
    }
}

/// Runs this in a child of this process, beside the parent.
#[allow(unsafe_code)]
pub(crate) fn child(run: impl FnOnce()) -> Child {
    // SAFETY: this program has one thread, so the child finds no lock taken and no value half changed.
    match unsafe { libc::fork() } {
        0 => {
            run();
            std::process::exit(0)
        }
        -1 => panic!("no child: {}", std::io::Error::last_os_error()),
        child => Child(child),
    }
}

/// Runs this in a child of this process: true if it came to its end.
pub(crate) fn in_child(run: impl FnOnce()) -> bool {
    child(run).succeeds()
}

/// A child drops the writer, or writes with it: the lock stays with the parent, and nothing of the child's is in the file.
pub(crate) fn forked(path: &Path) -> Result<()> {
    let mut writer = Writer::create(path)?;
    let table = writer.table::<u64>()?;
    writer.append(table, &0)?;
    let mut writer = Some(writer);
    assert!(in_child(|| drop(writer.take())));
    assert_eq!(Writer::resume(path).map(drop).map_err(|error| error.kind()), Err(ErrorKind::Locked));
    let refused = |outcome: Result<()>| {
        let error = outcome.expect_err("a child wrote");
        assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    };
    assert!(in_child(|| refused(writer.as_mut().expect("a writer").commit())));
    assert!(in_child(|| refused(writer.take().expect("a writer").finish())));
    let mut writer = writer.take().expect("the parent's");
    writer.commit()?;
    assert_eq!(Writer::resume(path).map(drop).map_err(|error| error.kind()), Err(ErrorKind::Locked));
    writer.append(table, &1)?;
    writer.finish()?;

    let mut editor = Editor::open(path)?;
    editor.record("u64", 1)?.set(2_u64)?;
    let mut editor = Some(editor);
    assert!(in_child(|| refused(editor.take().expect("an editor").finish())));
    assert_eq!(Editor::open(path).map(drop).map_err(|error| error.kind()), Err(ErrorKind::Locked));
    editor.take().expect("the parent's").finish()?;
    let table = Reader::open(path)?.table::<u64>()?;
    assert_eq!((table.get(0)?.decode()?, table.get(1)?.decode()?, table.len()), (0, 2, 2));
    println!("a child drops, commits and finishes");
    Ok(())
}

/// Goes to another directory, in which a file has the same name.
pub(crate) fn elsewhere(path: &Path) -> Result<()> {
    let mut writer = Writer::create(path)?;
    let table = writer.table::<u64>()?;
    let mut reader = Reader::open(path)?;
    std::fs::create_dir("other")?;
    std::env::set_current_dir("other")?;
    for number in 0..2 {
        writer.append(table, &number)?;
        writer.commit()?;
        std::fs::write(path, "another file")?;
    }
    assert_eq!(writer.path(), path);
    assert!(reader.refresh()? && !reader.refresh()?);
    std::fs::remove_file(Path::new("..").join(path))?;
    writer.append(table, &2)?;
    assert_eq!(writer.commit().map_err(|error| error.kind()), Err(ErrorKind::Replaced));
    assert!(reader.refresh()?, "it goes on with the file that it has open");
    assert_eq!(reader.refresh().map_err(|error| error.kind()), Err(ErrorKind::Replaced));
    Ok(())
}

/// Saves until it is killed.
pub(crate) fn saves(path: &Path) -> Result<()> {
    for number in 0_u64.. {
        hydra::save(path, &vec![number; 100_000])?;
    }
    Ok(())
}

/// Makes a file or replaces it, then appends to it.
pub(crate) fn save(path: &Path) -> Result<()> {
    hydra::save(path, &1_u64)?;
    let mut writer = Writer::resume(path)?;
    let table = writer.table::<u64>()?;
    writer.append(table, &2)?;
    writer.finish()
}

/// Where the system has no locks: an error that says so, and the option that goes on.
pub(crate) fn unlocked(path: &Path) -> Result<()> {
    let kind = |outcome: Result<()>| outcome.map_err(|error| error.kind());
    assert_eq!(kind(Writer::create(path).map(drop)), Err(ErrorKind::NoLock));
    let options = Writer::options().without_lock();
    options.create(path)?.finish()?;
    assert_eq!(kind(Writer::resume(path).map(drop)), Err(ErrorKind::NoLock));
    assert_eq!(kind(Editor::open(path).map(drop)), Err(ErrorKind::NoLock));
    assert_eq!(kind(hydra::save(path, &1_u64)), Err(ErrorKind::NoLock));
    options.save(path, &1_u64)?;
    let mut writer = options.resume(path)?;
    let table = writer.table::<u64>()?;
    writer.append(table, &2)?;
    writer.finish()?;
    let mut editor = options.edit(path)?;
    editor.record("u64", 0)?.set(3_u64)?;
    editor.finish()?;
    assert_eq!(Reader::open(path)?.table::<u64>()?.get(0)?.decode()?, 3);
    // A name that is free is no writer's.
    hydra::save(path.with_extension("new"), &1_u64)
}

/// Gives up the rights to the directory of an open file: whether the path still names it cannot be known, and is no error.
#[allow(unsafe_code)]
pub(crate) fn dropped(path: &Path) -> Result<()> {
    let mut writer = Writer::create(path)?;
    let table = writer.table::<u64>()?;
    // SAFETY: it takes a number, and this program has one thread.
    assert_eq!(unsafe { libc::setuid(65534) }, 0);
    assert!(std::fs::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied));
    writer.append(table, &1)?;
    writer.finish()
}

/// Saves of four processes at once, which wait for one another, while this one reads.
pub(crate) fn at_once(path: &Path) -> Result<()> {
    let name = path.to_str().unwrap_or_default();
    let mut others =
        (0..4).map(|_| crate::another(&["saves", name])).collect::<Result<Vec<std::process::Child>>>()?;
    let (start, mut reads) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(3) {
        match hydra::load::<Vec<u64>>(path) {
            Ok(numbers) => {
                assert!(numbers.iter().all(|number| *number == numbers[0]));
                reads += 1;
            }
            Err(error) => assert_eq!((error.kind(), reads), (ErrorKind::NotFound, 0)),
        }
    }
    for other in &mut others {
        assert!(other.try_wait()?.is_none(), "a save failed");
        other.kill()?;
        other.wait()?;
    }
    hydra::save(path, &vec![0_u64])?;
    let left = std::fs::read_dir(path.parent().unwrap_or(path))?.count();
    assert_eq!(left, 1, "files were left behind");
    println!("{reads} reads");
    Ok(())
}
