//! How far readers have come, who reads for them, and one step.

use crate::App;
use crate::api::Context;
use crate::error::{Error, Result};
use crate::readers::log::{self, Position};
use crate::readers::{BATCH, LogEvent, Reader};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{Dialect, Tx, params};

/// How long a node reads for a reader without saying that it still does, in milliseconds.
const LEASE: i64 = 10_000;

/// Where SQLite is, there is one node, and it holds the lock of the data directory.
const FOR_EVER: i64 = 1_000_000_000_000_000;

/// Steps that fail so often in a row get one event at a time.
const FAILURES_ALONE: u32 = 3;

/// An event that failed so often is passed over, so that one event cannot stop everything for ever.
const FAILURES_SKIPPED: u32 = 12;

/// Unwanted events after which the cursor is written down all the same.
const UNWANTED: usize = 1_000;

/// Makes the rows of readers that have none yet.
///
/// Errors: those of the database.
pub async fn establish(app: &Arc<App>) -> Result<()> {
    let readers = app.readers.clone();
    app.store
        .write(move |tx| {
            let now = log::now(tx)?;
            for reader in &readers {
                let at = if reader.from_start { Position::START } else { now };
                let clock = tx.dialect().now_millis();
                tx.later(
                    &format!("INSERT INTO log_readers (name, txid, gid, holder, leased_until, updated_at) VALUES (?, ?, ?, '', 0, {clock}) ON CONFLICT (name) DO NOTHING"),
                    params![reader.name, at.txid, at.gid].to_vec(),
                )?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// Takes the readers that nobody reads for and keeps those that this node has; gives their names.
///
/// Errors: those of the database.
pub async fn lease(app: &Arc<App>) -> Result<Vec<String>> {
    let node = app.log.node.clone();
    app.store
        .write(move |tx| {
            let clock = tx.dialect().now_millis();
            let (lease, taken) = match tx.dialect() {
                Dialect::Sqlite => (FOR_EVER, ""),
                Dialect::Postgres => (LEASE, " AND leased_until < "),
            };
            let free = if taken.is_empty() { String::new() } else { format!("{taken}{clock}") };
            Ok(tx.query(
                &format!("UPDATE log_readers SET holder = ?, leased_until = {clock} + {lease} WHERE holder = ? OR (holder <> ?{free}) RETURNING name"),
                params![node, node, node],
                |row| row.get(0),
            )?)
        })
        .await
}

/// Lets other nodes read at once.
///
/// Errors: those of the database; then they read when the lease is over.
pub async fn release(app: &Arc<App>) -> Result<()> {
    let node = app.log.node.clone();
    app.store
        .write(move |tx| {
            tx.execute(
                "UPDATE log_readers SET holder = '', leased_until = 0 WHERE holder = ?",
                params![node],
            )
            .map(drop)
            .map_err(Error::from)
        })
        .await
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// There was something; there may be more.
    On,
    /// There is nothing more at the moment.
    Idle,
    /// Another node reads.
    Lost,
}

/// A reader at work on this node.
pub struct Worker {
    reader: Reader,
    /// Whether it must hold the lease; tests do without.
    leased: bool,
    /// Where it is, `None` until the row was read. Ahead of the row by events that it did not want.
    at: Option<Position>,
    unwanted: usize,
    failures: u32,
}

impl Worker {
    /// A worker that knows nothing yet.
    pub fn new(reader: Reader, leased: bool) -> Self {
        Worker { reader, leased, at: None, unwanted: 0, failures: 0 }
    }

    /// Steps that failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Forgets where it is: another node may have read meanwhile.
    pub fn forget(&mut self) {
        self.at = None;
        self.unwanted = 0;
    }

    /// Gives one batch to the reader.
    ///
    /// Errors: those of the database and of the reader; nothing has happened then, and the next step tries again.
    pub async fn step(&mut self, app: &Arc<App>) -> Result<Stepped> {
        let limit = if self.failures >= FAILURES_ALONE { 1 } else { BATCH };
        let (at, wanted, last, count) = self.peek(app, limit).await?;
        let Some(last) = last else { return Ok(Stepped::Idle) };
        if !wanted {
            self.at = Some(last);
            self.unwanted += count;
            if self.unwanted < UNWANTED {
                return Ok(Stepped::On);
            }
        }
        let reader = self.reader.clone();
        let (shared, leased) = (Arc::clone(app), self.leased);
        let skipping = self.failures >= FAILURES_SKIPPED;
        let refused = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&refused);
        let moved = app
            .store
            .write(move |tx| {
                noted.store(false, Ordering::Relaxed);
                let Some(held) = hold(tx, &shared, &reader, leased)? else { return Ok(None) };
                let from = held.max(at);
                let mut to = from.max(last);
                if wanted {
                    let events = log::read(tx, from, limit)?;
                    to = events.last().map_or(from, |event| event.position);
                    if skipping {
                        tracing::error!(reader = reader.name, ?events, "an event is passed over");
                    } else {
                        let done = react(tx, &shared, &reader, &events);
                        noted.store(done.is_err(), Ordering::Relaxed);
                        done?;
                    }
                }
                tx.execute(
                    "UPDATE log_readers SET txid = ?, gid = ? WHERE name = ?",
                    params![to.txid, to.gid, reader.name],
                )?;
                Ok(Some(to))
            })
            .await;
        match moved {
            Ok(Some(to)) => {
                (self.at, self.unwanted, self.failures) = (Some(to), 0, 0);
                (self.reader.done)(app);
                Ok(Stepped::On)
            }
            Ok(None) => {
                self.forget();
                Ok(Stepped::Lost)
            }
            Err(error) => {
                // A database that is away says nothing about the events.
                if refused.load(Ordering::Relaxed) {
                    self.failures += 1;
                }
                Err(error)
            }
        }
    }

    /// Where it is; whether it wants what comes, up to which event, and how many these are.
    async fn peek(
        &self,
        app: &Arc<App>,
        limit: usize,
    ) -> Result<(Position, bool, Option<Position>, usize)> {
        let (name, wants, at) = (self.reader.name, self.reader.wants, self.at);
        app.store
            .read(move |tx| {
                let at = match at {
                    Some(at) => at,
                    None => stored(tx, name)?.unwrap_or(Position::START),
                };
                let events = log::read(tx, at, limit)?;
                let wanted = !events.is_empty() && wants(tx, &events)?;
                Ok((at, wanted, events.last().map(|event| event.position), events.len()))
            })
            .await
    }
}

/// How far a reader has come, by its row.
fn stored(tx: &mut Tx<'_>, name: &str) -> Result<Option<Position>> {
    Ok(tx.first(
        "SELECT r.txid, r.gid FROM log_readers AS r WHERE r.name = ?",
        params![name],
        |row| Ok(Position { txid: row.get(0)?, gid: row.get(1)? }),
    )?)
}

/// Holds the reader's row until the end of the transaction and says how far it has come; `None` if another node reads.
fn hold(tx: &mut Tx<'_>, app: &App, reader: &Reader, leased: bool) -> Result<Option<Position>> {
    let clock = tx.dialect().now_millis();
    let held = if leased { " AND holder = ?" } else { "" };
    let mut values = params![reader.name].to_vec();
    if leased {
        values.push(store::Value::Text(app.log.node.clone()));
    }
    Ok(tx.first(
        &format!(
            "UPDATE log_readers SET updated_at = {clock} WHERE name = ?{held} RETURNING txid, gid"
        ),
        &values,
        |row| Ok(Position { txid: row.get(0)?, gid: row.get(1)? }),
    )?)
}

/// Calls the reader and writes down what it told of.
fn react(tx: &mut Tx<'_>, app: &App, reader: &Reader, events: &[LogEvent]) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    let id = format!("{}-{}", reader.name, last.position.gid);
    let mut cx = Context::of_server(tx, app, id);
    (reader.react)(&mut cx, events)?;
    cx.write_events()
}

/// Runs a reader until it has seen everything that was committed, without a lease: for tests and commands, where nothing else
/// reads. Waits for older transactions of the same server that still run, be they of other databases.
///
/// Errors: those of the database and of the reader.
pub async fn drain(app: &Arc<App>, reader: &Reader) -> Result<()> {
    let name = reader.name;
    app.store
        .write(move |tx| {
            // Whoever drains wants to see what happened before he asked for the first time.
            let at = Position::START;
            let clock = tx.dialect().now_millis();
            tx.execute(
                &format!("INSERT INTO log_readers (name, txid, gid, holder, leased_until, updated_at) VALUES (?, ?, ?, '', 0, {clock}) ON CONFLICT (name) DO NOTHING"),
                params![name, at.txid, at.gid],
            )
            .map(drop)
            .map_err(Error::from)
        })
        .await?;
    let mut worker = Worker::new(reader.clone(), false);
    loop {
        let (readable, last) = app.store.read(log::ends).await?;
        while worker.step(app).await? == Stepped::On {}
        // Everything that was there before these steps could be read in them.
        if readable == last {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

/// Every reader with how far behind it is, in milliseconds: the age of the oldest event that it has not read.
///
/// Errors: those of the database.
pub fn lags(tx: &mut Tx<'_>, readers: &[Reader], now: i64) -> Result<Vec<(&'static str, i64)>> {
    let mut lags = Vec::with_capacity(readers.len());
    for reader in readers {
        let Some(at) = stored(tx, reader.name)? else { continue };
        let waiting = log::next_time(tx, at)?;
        lags.push((reader.name, waiting.map_or(0, |time| (now - time.millis()).max(0))));
    }
    Ok(lags)
}
