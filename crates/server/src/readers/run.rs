//! Keeps the readers going: who is woken, when, and by what.
//!
//! After a commit of this process [`Log::committed`] wakes the pulse, which looks at the end of the log and wakes the readers if
//! it moved. On PostgreSQL other nodes commit, too: the pulse looks four times a second, and sooner when a node sends its
//! `NOTIFY`, of which each node sends at most one every thirty milliseconds. (One in each transaction halved the throughput.)

use crate::App;
use crate::error::Result;
use crate::readers::cursor::{self, Stepped, Worker};
use crate::readers::log::{self, LogEvent, Position};
use crate::readers::{BATCH, Reader};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use store::{Dialect, params};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The channel of the hints.
const CHANNEL: &str = "vinyasa_log";

/// Least time between two pulses; commits in between wake together.
const PULSE: Duration = Duration::from_millis(10);

/// Least time between two hints of one node.
const HINT: Duration = Duration::from_millis(30);

/// How often the end of the log is looked at without any word: where one process writes, only what an admin command or a
/// request whose client has gone left without a word.
const LOOK_ALONE: Duration = Duration::from_secs(1);

/// The same where other nodes write.
const LOOK_MANY: Duration = Duration::from_millis(250);

/// The same while a transaction runs that is older than events which are there.
const LOOK_HELD: Duration = Duration::from_millis(20);

/// How often leases are renewed and free ones taken; a third of what they last.
const RENEW: Duration = Duration::from_secs(3);

/// Longest pause of a reader whose function fails.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// What the log needs in memory.
pub struct Log {
    /// Counts commits of this process.
    commits: watch::Sender<u64>,
    /// The end of the log, as far as it can be read.
    end: watch::Sender<Position>,
    /// The readers that this node reads for.
    held: watch::Sender<HashSet<String>>,
    /// Names this process in leases.
    pub node: String,
    /// Names the database; see [`super::epoch`].
    pub epoch: u32,
}

impl Log {
    /// Nothing has happened yet.
    pub fn new(node: String, epoch: u32) -> Self {
        Log {
            commits: watch::Sender::new(0),
            end: watch::Sender::new(Position::START),
            held: watch::Sender::new(HashSet::new()),
            node,
            epoch,
        }
    }

    /// Something was committed: called after each write, so that readers hear of it at once.
    pub fn committed(&self) {
        self.commits.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Follows the log without a memory of its own, on every node: for what is shown live.
pub struct Follower {
    at: Position,
    end: watch::Receiver<Position>,
}

impl Follower {
    /// Follows from `at`; from now on without one.
    ///
    /// Errors: those of the database.
    pub async fn new(app: &Arc<App>, at: Option<Position>) -> Result<Self> {
        let end = app.log.end.subscribe();
        let at = match at {
            Some(at) => at,
            None => app.store.read(log::now).await?,
        };
        Ok(Follower { at, end })
    }

    /// Where it is.
    pub fn position(&self) -> Position {
        self.at
    }

    /// The next events, at most [`BATCH`], as soon as there are any. Dropping the future loses nothing.
    ///
    /// Errors: those of the database; the next call tries again.
    pub async fn next(&mut self, app: &Arc<App>) -> Result<Vec<LogEvent>> {
        loop {
            self.end.mark_unchanged();
            let events = self.ready(app).await?;
            if !events.is_empty() {
                return Ok(events);
            }
            if self.end.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// What is there now, at most [`BATCH`] events.
    ///
    /// Errors: as above.
    pub async fn ready(&mut self, app: &Arc<App>) -> Result<Vec<LogEvent>> {
        let at = self.at;
        let events = app.store.read(move |tx| log::read(tx, at, BATCH)).await?;
        if let Some(last) = events.last() {
            self.at = last.position;
        }
        Ok(events)
    }
}

/// The readers of this node at work. Dropping it ends them.
pub struct Running {
    app: Arc<App>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Starts the readers.
    pub fn start(app: &Arc<App>) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(pulse(Arc::clone(app)));
        tasks.spawn(leases(Arc::clone(app)));
        for reader in &app.readers {
            tasks.spawn(read(Arc::clone(app), reader.clone()));
        }
        Running { app: Arc::clone(app), tasks }
    }

    /// Ends them and lets other nodes read at once.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Err(error) = cursor::release(&self.app).await {
            tracing::warn!(%error, "the leases of readers were not given back");
        }
    }
}

/// Watches the end of the log and tells everybody when it moves.
async fn pulse(app: Arc<App>) {
    let many = app.store.dialect() == Dialect::Postgres;
    let mut hints = app.store.listen(CHANNEL).unwrap_or_else(|error| {
        tracing::warn!(%error, "no hints from other nodes");
        None
    });
    let mut commits = app.log.commits.subscribe();
    let mut hinted = tokio::time::Instant::now();
    let mut owed = false;
    let mut pause = Duration::ZERO;
    loop {
        let own = tokio::select! {
            changed = commits.changed() => changed.is_ok(),
            () = heard(&mut hints) => false,
            () = tokio::time::sleep(pause) => false,
        };
        owed |= own && many;
        if owed && hinted.elapsed() >= HINT {
            (owed, hinted) = (false, tokio::time::Instant::now());
            hint(&app);
        }
        let held = match app.store.read(log::ends).await {
            Ok((readable, last)) => {
                app.log.end.send_if_modified(|end| std::mem::replace(end, readable) != readable);
                readable != last
            }
            Err(error) => {
                tracing::warn!(%error, "the end of the event log cannot be read");
                false
            }
        };
        pause = match (held, owed, many) {
            (true, _, _) => LOOK_HELD,
            (_, true, _) => HINT,
            (_, _, true) => LOOK_MANY,
            _ => LOOK_ALONE,
        };
        tokio::time::sleep(PULSE).await;
    }
}

/// Resolves at the next hint; never without a channel.
async fn heard(hints: &mut Option<tokio::sync::mpsc::Receiver<()>>) {
    if let Some(receiver) = hints {
        if receiver.recv().await.is_some() {
            return;
        }
        *hints = None;
    }
    std::future::pending::<()>().await;
}

/// Tells the other nodes, without waiting for it.
fn hint(app: &Arc<App>) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let sent =
            app.store.write(|tx| tx.execute("SELECT pg_notify(?, '')", params![CHANNEL]).map(drop));
        if let Err::<(), store::Error>(error) = sent.await {
            tracing::debug!(%error, "other nodes were not told");
        }
    });
}

/// Takes and keeps leases.
async fn leases(app: Arc<App>) {
    let mut turn = tokio::time::interval(RENEW);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut established = false;
    loop {
        turn.tick().await;
        if !established {
            established = match cursor::establish(&app).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::warn!(%error, "the readers of the event log cannot start yet");
                    continue;
                }
            };
        }
        match cursor::lease(&app).await {
            Ok(names) => {
                let names: HashSet<String> = names.into_iter().collect();
                app.log.held.send_if_modified(|held| {
                    let changed = *held != names;
                    *held = names;
                    changed
                });
                // One process holds everything until it ends.
                if app.store.dialect() == Dialect::Sqlite {
                    return;
                }
            }
            Err(error) => tracing::warn!(%error, "the leases of readers were not renewed"),
        }
    }
}

/// Runs one reader for as long as this node holds it.
async fn read(app: Arc<App>, reader: Reader) {
    let name = reader.name;
    let mut end = app.log.end.subscribe();
    let mut held = app.log.held.subscribe();
    let mut worker = Worker::new(reader, true);
    loop {
        if held.wait_for(|held| held.contains(name)).await.is_err() {
            return;
        }
        end.mark_unchanged();
        match worker.step(&app).await {
            Ok(Stepped::On) => {}
            Ok(Stepped::Idle) => {
                tokio::select! {
                    changed = end.changed() => {
                        if changed.is_err() {
                            return;
                        }
                    }
                    changed = held.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        worker.forget();
                    }
                }
            }
            Ok(Stepped::Lost) => {
                app.log.held.send_modify(|held| {
                    held.remove(name);
                });
            }
            Err(error) => {
                let pause = Duration::from_millis(100 << worker.failures().min(9)).min(MAX_PAUSE);
                tracing::error!(reader = name, failures = worker.failures(), error = ?error, "a reader of the event log failed");
                tokio::time::sleep(pause).await;
            }
        }
    }
}
