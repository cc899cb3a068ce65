//! SQLite: one table, one transaction, no journal; read through its memory map, single records by row id.
#![forbid(unsafe_code)]

use super::synced;
use crate::AnyResult;
use crate::compare::{Format, Opened, Record, Sync};
use rusqlite::{Connection, Row, Statement};
use std::fs::File;
use std::path::Path;

/// Records for SQLite.
pub trait Stored: Record {
    /// The columns with their types; the first is the time.
    const COLUMNS: &'static str;
    /// The columns of a scan.
    const SCAN: &'static str;
    /// The columns of a random read.
    const LOOK: &'static str;

    /// Binds a record to the parameters of an insertion.
    fn insert(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()>;

    fn add(row: &Row<'_>, sums: &mut Self::Sums) -> rusqlite::Result<()>;

    fn look(row: &Row<'_>) -> rusqlite::Result<u64>;
}

pub struct Sqlite;

struct Open(Connection);

impl<R: Stored> Format<R> for Sqlite {
    fn name(&self) -> String {
        "SQLite".into()
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn write(&self, path: &Path, records: &Vec<R>) -> AnyResult<Sync> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "off")?;
        connection.pragma_update(None, "synchronous", "off")?;
        connection.execute(&format!("create table records (id integer primary key, {})", R::COLUMNS), ())?;
        let places = vec!["?"; R::COLUMNS.split(',').count()].join(", ");
        let transaction = connection.transaction()?;
        let mut statement = transaction.prepare(&format!("insert into records values (null, {places})"))?;
        records.iter().try_for_each(|record| record.insert(&mut statement))?;
        drop(statement);
        transaction.commit()?;
        let file = File::open(path)?;
        Ok(synced(file))
    }

    fn open(&self, path: &Path) -> AnyResult<Box<dyn Opened<R>>> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "mmap_size", 1i64 << 36)?;
        connection.pragma_update(None, "locking_mode", "exclusive")?;
        Ok(Box::new(Open(connection)))
    }
}

impl<R: Stored> Opened<R> for Open {
    fn scan(&mut self) -> AnyResult<R::Sums> {
        let mut statement = self.0.prepare(&format!("select {} from records", R::SCAN))?;
        let (mut rows, mut sums) = (statement.query(())?, R::Sums::default());
        while let Some(row) = rows.next()? {
            R::add(row, &mut sums)?;
        }
        Ok(sums)
    }

    fn one(&mut self) -> AnyResult<u64> {
        let mut statement = self.0.prepare("select time from records")?;
        let (mut rows, mut sum) = (statement.query(())?, 0u64);
        while let Some(row) = rows.next()? {
            sum = sum.wrapping_add(row.get::<_, i64>(0)? as u64);
        }
        Ok(sum)
    }

    fn reads(&self) -> Option<usize> {
        Some(10)
    }

    fn random(&mut self, places: &[u64]) -> AnyResult<u64> {
        let mut statement = self.0.prepare(&format!("select {} from records where id = ?", R::LOOK))?;
        places.iter().try_fold(0, |sum: u64, &place| {
            let look = statement.query_row([place as i64 + 1], |row| R::look(row))?;
            Ok(sum.wrapping_add(look))
        })
    }

    fn first(&mut self) -> AnyResult<u64> {
        let mut statement = self.0.prepare(&format!("select {} from records where id = ?", R::LOOK))?;
        Ok(statement.query_row([1], |row| R::look(row))?)
    }
}
