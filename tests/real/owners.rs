//! Who owns a lock and a name, as far as it takes a process to show it.

use hydra::{Editor, ErrorKind, Reader, Result, Writer};
use std::path::Path;

/// Runs this in a child of this process: true if it came to its end.
#[allow(unsafe_code)]
fn in_child(run: impl FnOnce()) -> bool {
    // SAFETY: this program has one thread, so the child finds no lock taken and no value half changed.
    match unsafe { libc::fork() } {
        0 => {
            run();
            std::process::exit(0)
        }
        -1 => panic!("no child: {}", std::io::Error::last_os_error()),
        child => {
            let mut status = 0;
            // SAFETY: the pointer is to a number that is written, and waiting takes nothing else.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            status == 0
        }
    }
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
    std::fs::create_dir("other")?;
    std::env::set_current_dir("other")?;
    for number in 0..2 {
        writer.append(table, &number)?;
        writer.commit()?;
        std::fs::write(path, "another file")?;
    }
    assert_eq!(writer.path(), path);
    std::fs::remove_file(Path::new("..").join(path))?;
    writer.append(table, &2)?;
    assert_eq!(writer.commit().map_err(|error| error.kind()), Err(ErrorKind::Replaced));
    Ok(())
}

/// Saves until it is killed.
pub(crate) fn saves(path: &Path) -> Result<()> {
    for number in 0.. {
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
