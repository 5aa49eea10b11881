//! SQLite: one connection per thread, many readers, one writer.
//!
//! [`Link`] is a connection that runs statements. [`writer`] holds the group commit, [`reader`] the
//! snapshots, [`checkpoint`] moves the write-ahead log into the database off the commit path.

pub(crate) mod checkpoint;
pub(crate) mod reader;
pub(crate) mod writer;

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, Params};

use crate::tx::{Each, Failure};
use crate::{Column, Dialect, Error, Row, Value, dialect, sql};

/// The database's file in the data directory.
pub(crate) const FILE: &str = "vinyasa.db";

/// Prepared statements kept per connection.
const STATEMENTS: usize = 2_000;

/// How much of the database file readers map into memory, which saves a system call and a copy for each page that they do not
/// have yet. It is the most that SQLite maps; what lies behind is read.
const MAPPED_BYTES: u64 = 0x7fff_0000;

/// How long a connection waits for another process that holds a lock.
const BUSY: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
    Checkpoint,
}

/// A connection.
pub(crate) struct Link {
    connection: Connection,
    /// Rewritten statements, by their original text.
    texts: RefCell<HashMap<String, String, RandomState>>,
}

impl Link {
    /// Opens the database file, creating it if the link is for writing.
    pub(crate) fn open(file: &Path, purpose: Purpose, durable: bool) -> Result<Link, Error> {
        let opened = Link::connect(file, purpose, durable);
        opened.map_err(|error| Error::Database(format!("cannot open {}: {error}", file.display())))
    }

    fn connect(file: &Path, purpose: Purpose, durable: bool) -> rusqlite::Result<Link> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if purpose == Purpose::Write {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        if purpose == Purpose::Write {
            use_wal(&connection)?;
        }
        connection.execute_batch(&format!(
            "PRAGMA synchronous = {};
             PRAGMA foreign_keys = OFF;
             PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = {};
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = {};
             PRAGMA mmap_size = {};
             PRAGMA query_only = {};",
            if durable { "FULL" } else { "OFF" },
            checkpoint::KEEP_BYTES,
            match purpose {
                Purpose::Read => -16_384,
                Purpose::Write => -32_768,
                Purpose::Checkpoint => -256,
            },
            if purpose == Purpose::Read { MAPPED_BYTES } else { 0 },
            if purpose == Purpose::Read { "ON" } else { "OFF" },
        ))?;
        Ok(Link { connection, texts: RefCell::default() })
    }

    /// Runs `BEGIN`, `COMMIT` and the like.
    pub(crate) fn control(&self, sql: &str) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(())
    }

    /// Ends the transaction without a trace, if there is one.
    pub(crate) fn abandon(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.control("ROLLBACK")
        {
            tracing::error!(%error, "SQLite refused to roll back");
        }
    }

    /// Whether no transaction is open.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Runs several statements without parameters, as they are.
    pub(crate) fn script(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(|error| self.error(&error, sql))
    }

    /// The first row of a query, with rusqlite's own types; for bookkeeping.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        each: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        self.try_row(sql, params, each).map_err(|error| self.error(&error, sql))
    }

    /// As [`Link::row`], with the error as it is.
    pub(crate) fn try_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        each: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let value = each(row)?;
        while rows.next()?.is_some() {}
        Ok(value)
    }

    /// What an error means; see [`dialect::sqlite::error`].
    pub(crate) fn error(&self, error: &rusqlite::Error, sql: &str) -> Error {
        dialect::sqlite::error(error, sql, &self.connection)
    }

    /// Runs a statement and gives the number of rows it changed.
    pub(crate) fn run(
        &self,
        sql: &str,
        params: &[Value],
        each: &mut Each<'_>,
    ) -> Result<u64, Failure> {
        let fail = |error: &rusqlite::Error| Failure::Statement(self.error(error, sql));
        let mut statement = self.prepare(sql).map_err(Failure::Statement)?;
        if statement.parameter_count() != params.len() {
            return Err(Failure::Statement(wrong_count(
                statement.parameter_count(),
                params.len(),
                sql,
            )));
        }
        for (i, value) in params.iter().enumerate() {
            statement.raw_bind_parameter(i + 1, value).map_err(|error| fail(&error))?;
        }
        let writes = !statement.readonly();
        let mut refused = None;
        let mut wanted = true;
        let mut rows = statement.raw_query();
        // A statement that writes is always run to its end, wanted or not.
        while wanted || writes {
            let Some(row) = rows.next().map_err(|error| fail(&error))? else { break };
            if wanted {
                match each(&Row::sqlite(row)) {
                    Ok(ControlFlow::Continue(())) => {}
                    Ok(ControlFlow::Break(())) => wanted = false,
                    Err(error) => {
                        refused = Some(error);
                        wanted = false;
                    }
                }
            }
        }
        drop(rows);
        match refused {
            Some(error) => Err(Failure::Row(error)),
            None if writes => Ok(self.connection.changes()),
            None => Ok(0),
        }
    }

    /// The statement, prepared. SQLite takes most texts as they are: only lists are written in another way.
    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, Error> {
        let prepare = |text: &str| {
            self.connection.prepare_cached(text).map_err(|error| self.error(&error, sql))
        };
        if !sql.contains("s(?)") && !cfg!(debug_assertions) {
            return prepare(sql);
        }
        let mut texts = self.texts.borrow_mut();
        if let Some(text) = texts.get(sql) {
            return prepare(text);
        }
        let text = sql::statement(sql, Dialect::Sqlite)?;
        let statement = prepare(&text);
        if texts.len() >= STATEMENTS {
            texts.clear();
        }
        texts.insert(sql.to_owned(), text);
        statement
    }
}

/// Turns the write-ahead log on. It is stored in the file, so on an existing database this does nothing.
///
/// While two processes make the same database, SQLite refuses one of them at once, without regard to
/// the busy timeout; hence the loop.
fn use_wal(connection: &Connection) -> rusqlite::Result<()> {
    let started = Instant::now();
    loop {
        match connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())) {
            Err(error) if dialect::sqlite::is_busy(&error) && started.elapsed() < BUSY => {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

/// The error for a statement with too few or too many parameters.
pub(crate) fn wrong_count(wanted: usize, given: usize, sql: &str) -> Error {
    Error::Database(format!("{wanted} parameters wanted, {given} given; in: {sql}"))
}

/// The value at place `i`; an error tells what is there instead.
pub(crate) fn column<'a>(row: &'a rusqlite::Row<'a>, i: usize) -> Result<Column<'a>, String> {
    match row.get_ref(i).map_err(|error| error.to_string())? {
        ValueRef::Null => Ok(Column::Null),
        ValueRef::Integer(number) => Ok(Column::Int(number)),
        ValueRef::Real(number) => Ok(Column::Real(number)),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Column::Text(text)),
            Err(_) => Err("text that is not UTF-8".to_owned()),
        },
        ValueRef::Blob(_) => Err("a blob".to_owned()),
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let list = match self {
            Value::Null => return Ok(ToSqlOutput::Borrowed(ValueRef::Null)),
            Value::Int(number) => return Ok(ToSqlOutput::Borrowed(ValueRef::Integer(*number))),
            Value::Real(number) => return Ok(ToSqlOutput::Borrowed(ValueRef::Real(*number))),
            Value::Text(text) => return Ok(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))),
            // `json_each` turns them into rows.
            Value::Ids(ids) => serde_json::to_string(ids),
            Value::Texts(texts) => serde_json::to_string(texts),
        };
        match list {
            Ok(text) => Ok(ToSqlOutput::Owned(Owned::Text(text))),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
        }
    }
}
