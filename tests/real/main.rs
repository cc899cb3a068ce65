//! The program behind `.ci/real`: a writer that says what was acknowledged, and what must hold of its file afterwards.

mod histories;
mod owners;

use hydra::{Durability, Editor, ErrorKind, Map, Reader, Result, Writer};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["write", path, count, durability] => write(Path::new(path), count, durability),
        ["verify", path, count] => verify(Path::new(path), count.parse().unwrap_or(0)),
        ["hold", path] => hold(Path::new(path)),
        ["lock", path, count] => lock(Path::new(path), count.parse().unwrap_or(1000)),
        ["change", path, seconds] => change(Path::new(path), seconds.parse().unwrap_or(5)),
        ["readers", path, seconds] => readers(Path::new(path), seconds),
        ["truncated", path] => truncated(Path::new(path)),
        ["burst", path, count] => burst(Path::new(path), count),
        ["large", path] => large(Path::new(path)),
        ["forked", path] => owners::forked(Path::new(path)),
        ["histories", folder, first, count] => {
            let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("no number: {word}"));
            histories::run(Path::new(folder), number(first), number(count))
        }
        ["elsewhere", path] => owners::elsewhere(Path::new(path)),
        ["saves", path] => owners::saves(Path::new(path)),
        ["save", path] => owners::save(Path::new(path)),
        ["unlocked", path] => owners::unlocked(Path::new(path)),
        ["dropped", path] => owners::dropped(Path::new(path)),
        ["at-once", path] => owners::at_once(Path::new(path)),
        _ => panic!("unknown words: {words:?}"),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Appends the numbers that come next, and prints the count after each commit: it is acknowledged then.
fn write(path: &Path, count: &str, durability: &str) -> Result<()> {
    let durability = if durability == "durable" { Durability::Durable } else { Durability::Buffered };
    let options = Writer::options().durability(durability).block_bytes(1024);
    let mut writer = if path.exists() { options.resume(path)? } else { options.create(path)? };
    let first = Reader::open(path)?.table::<u64>().map_or(0, |table| table.len());
    let mut table = writer.table::<u64>()?;
    let count = count.parse().unwrap_or(u64::MAX);
    let mut acknowledged = std::io::stdout().lock();
    for commit in 0..count {
        for number in 0..7 {
            writer.append(table, &(first + commit * 7 + number))?;
        }
        writer.commit()?;
        writeln!(acknowledged, "{}", first + (commit + 1) * 7)?;
        if commit % 50 == 49 {
            drop(writer);
            edit(path, durability)?;
            writer = options.resume(path)?;
            table = writer.table::<u64>()?;
        }
    }
    writer.finish()
}

/// Appends so many numbers, and commits them at the end only.
fn burst(path: &Path, count: &str) -> Result<()> {
    let mut writer = if path.exists() { Writer::resume(path)? } else { Writer::create(path)? };
    let first = Reader::open(path)?.table::<u64>().map_or(0, |table| table.len());
    let table = writer.table::<u64>()?;
    let count: u64 = count.parse().unwrap_or(u64::MAX);
    (0..count).try_for_each(|number| writer.append(table, &(first + number)))?;
    writer.finish()
}

/// Changes a record to itself plus 2^32, and back: readers may see either.
fn edit(path: &Path, durability: Durability) -> Result<()> {
    let mut editor = Writer::options().durability(durability).edit(path)?;
    for lift in [1_u64 << 32, 0] {
        editor.record("u64", 3)?.set(3 + lift)?;
        editor.commit()?;
    }
    Ok(())
}

/// Every record is there from 0 on, at least as many as were acknowledged; a check finds nothing, and a writer goes on.
fn verify(path: &Path, acknowledged: u64) -> Result<()> {
    let mut findings = Vec::new();
    hydra::file::check(path, &mut |finding| findings.push(finding.to_string()), None)?;
    findings.retain(|finding| !finding.contains("commit record"));
    assert!(findings.is_empty(), "{findings:?}");
    let count = scan(&Reader::open(path)?)?;
    assert!(count >= acknowledged, "{count} records, and {acknowledged} were acknowledged");
    let mut writer = Writer::resume(path)?;
    let table = writer.table::<u64>()?;
    writer.append(table, &count)?;
    writer.commit()?;
    println!("{count} records, {acknowledged} acknowledged");
    Ok(())
}

/// All records, held against what they must be: their number.
fn scan(reader: &Reader) -> Result<u64> {
    let Ok(table) = reader.table::<u64>() else { return Ok(0) };
    let mut next = 0;
    for block in table.blocks() {
        for number in block?.as_slice() {
            assert!(
                *number == next || (next == 3 && *number == 3 + (1 << 32)),
                "{number} in place of {next}"
            );
            next += 1;
        }
    }
    assert_eq!(next, table.len());
    Ok(next)
}

/// Holds the file as its writer until it is killed.
fn hold(path: &Path) -> Result<()> {
    let _writer = Writer::resume(path)?;
    println!("held");
    std::thread::sleep(Duration::from_secs(60));
    Ok(())
}

fn another(words: &[&str]) -> Result<std::process::Child> {
    Ok(Command::new(std::env::current_exe()?).args(words).stdout(Stdio::piped()).spawn()?)
}

/// Another process holds the file: a second writer is refused, each time; also by the first one after a kill.
fn lock(path: &Path, count: usize) -> Result<()> {
    Writer::create(path)?.finish()?;
    let name = path.to_str().unwrap_or_default();
    let (mut refused, rounds) = (0, 20);
    for _ in 0..rounds {
        let mut holder = another(&["hold", name])?;
        let mut line = [0; 5];
        std::io::Read::read_exact(holder.stdout.as_mut().expect("a pipe"), &mut line)?;
        for attempt in 0..count / rounds {
            let error = match attempt % 2 {
                0 => Writer::resume(path).map(drop),
                _ => Editor::open(path).map(drop),
            };
            assert_eq!(error.map_err(|error| error.kind()), Err(ErrorKind::Locked));
            Reader::open(path)?;
            refused += 1;
        }
        holder.kill()?;
        holder.wait()?;
        Writer::resume(path)?;
    }
    println!("{refused} times refused, {rounds} times free after a kill");
    Ok(())
}

/// Appends and edits for a while.
fn change(path: &Path, seconds: u64) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        write_quietly(path)?;
        edit(path, Durability::Durable)?;
    }
    Ok(())
}

fn write_quietly(path: &Path) -> Result<()> {
    let mut writer = Writer::options().durability(Durability::Buffered).block_bytes(4096).resume(path)?;
    let mut next = Reader::open(path)?.table::<u64>().map_or(0, |table| table.len());
    let table = writer.table::<u64>()?;
    for _ in 0..20 {
        writer.append_slice(table, &(next..next + 1000).collect::<Vec<u64>>())?;
        writer.commit()?;
        next += 1000;
    }
    writer.finish()
}

/// Maps and reads the file over and over while another process changes it; one map stays from the beginning.
fn readers(path: &Path, seconds: &str) -> Result<()> {
    Writer::create(path)?.finish()?;
    write_quietly(path)?;
    let mut other = another(&["change", path.to_str().unwrap_or_default(), seconds])?;
    let first = map(path)?;
    let (mut scans, mut last) = (0, 0);
    while other.try_wait()?.is_none() {
        let reader = if scans % 2 == 0 { map(path)? } else { Reader::open(path)? };
        assert!(!reader.report().is_damaged(), "{}", reader.report());
        let count = scan(&reader)?;
        assert!(count >= last, "{count} records after {last}");
        last = count;
        assert_eq!(scan(&first)?, 20_000);
        scans += 1;
    }
    assert!(other.wait()?.success() && last > 20_000);
    println!("{scans} scans of up to {last} records");
    Ok(())
}

#[allow(unsafe_code)]
fn map(path: &Path) -> Result<Reader> {
    // SAFETY: only Hydra's own writers change the file, and nobody truncates it.
    Reader::map(unsafe { Map::open(path) }?)
}

/// A foreign program shortens the file under a reader that is open: errors, and no crash.
fn truncated(path: &Path) -> Result<()> {
    Writer::create(path)?.finish()?;
    write_quietly(path)?;
    let reader = Reader::open(path)?;
    let table = reader.table::<u64>()?;
    let file = std::fs::OpenOptions::new().write(true).open(path)?;
    let mut errors = 0;
    for length in [100_000, 8192, 600, 0] {
        file.set_len(length)?;
        errors += table.blocks().filter(Result::is_err).count();
    }
    assert!(errors > 100 && Reader::open(path).is_err() && Writer::resume(path).is_err());
    println!("{errors} blocks gave errors");
    Ok(())
}

/// Makes a file so long, and loses one of its commit records, which both hold the same state.
fn lengthen(path: &Path, length: u64) -> Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.seek(SeekFrom::Start(512))?;
    Ok(file.write_all(&[0; 128])?)
}

/// A sparse file of 6 GiB: a record on each side of 2^32, in blocks that end before, at and behind it by a line.
fn large(path: &Path) -> Result<()> {
    for beyond in [-64_i64, 0, 64] {
        let _ = std::fs::remove_file(path);
        Writer::create(path)?.finish()?;
        let edge = (1_u64 << 32).wrapping_add_signed(beyond);
        // A lost commit record: what it may have named is covered, to the end of the file.
        for (length, number) in [(edge, 0), (6 << 30, 1)] {
            lengthen(path, length)?;
            let mut writer = Writer::resume(path)?;
            let table = writer.table::<u64>()?;
            writer.append(table, &number)?;
            writer.finish()?;
        }
        let reader = Reader::open(path)?;
        let at: Vec<u64> = reader.blocks().map(|block| Ok(block?.0)).collect::<Result<_>>()?;
        assert!(at.contains(&edge) && at.iter().any(|at| *at >= 6 << 30), "{at:?}");
        assert_eq!((scan(&reader)?, scan(&map(path)?)?), (2, 2));
        let summary = hydra::file::check(path, &mut |finding| panic!("{finding}"), None)?;
        assert!(summary.is_sound());
    }
    println!("blocks at 2^32 - 64, 2^32, 2^32 + 64, and beyond 6 GiB");
    Ok(())
}
