//! The writing thread of SQLite: group commit.
//!
//! Jobs that are waiting run in one transaction, each in a savepoint, and are answered after its
//! `COMMIT`. A job that fails is rolled back alone. Some errors (a full disk, `OR ROLLBACK`) end the
//! whole transaction behind SQLite's back; then the members that had already run are run again, one
//! by one. The writer is never interrupted: that too would end the group.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::gids::{self, Gids};
use crate::queue::{self, Job, Ran};
use crate::sqlite::Link;
use crate::sqlite::checkpoint::Bell;
use crate::store::Shared;
use crate::{Error, Tx};

/// A group takes no more members than this.
const MEMBERS: usize = 64;

/// A group takes no new member after this long.
const TIME: Duration = Duration::from_millis(10);

/// What became of a member.
enum Member {
    /// Its changes are in the open transaction.
    Kept,
    /// It was rolled back alone; the error is the store's, if it is not the job's own.
    RolledBack(Option<Error>),
    /// It took this many gids and had too few; rolled back alone.
    NeedsGids(u32),
    /// It ended the whole transaction.
    Destroyed(Option<Error>),
}

/// The writing thread's belongings.
pub(crate) struct Writer {
    pub(crate) link: Link,
    pub(crate) shared: Arc<Shared>,
    pub(crate) bell: Arc<Bell>,
}

impl Writer {
    /// Writes until the queue is closed and empty.
    pub(crate) fn work(&self) {
        while self.shared.writes.wait() {
            self.bell.stand_still();
            if let Err(error) = self.begin() {
                self.cannot_begin(&error);
                continue;
            }
            self.group();
            self.bell.ring_if_full();
        }
    }

    /// Sees to it that gids are at hand, then opens a transaction that may write.
    ///
    /// Readers of the event log rely on gids that grow from commit to commit. So the gids at hand are dropped if another process
    /// (an admin command) took later ones: what it committed with them would otherwise be followed by smaller ones.
    fn begin(&self) -> rusqlite::Result<()> {
        loop {
            if self.shared.gids.is_low() {
                self.take_block(gids::BLOCK)?;
            }
            self.link.control("BEGIN IMMEDIATE")?;
            let last = self.link.try_row(gids::LAST_BLOCK, [], |row| row.get(0))?;
            if self.shared.gids.are_latest(last) {
                return Ok(());
            }
            self.link.control("ROLLBACK")?;
            self.shared.gids.forget();
        }
    }

    /// A transaction of its own.
    fn take_block(&self, size: i64) -> rusqlite::Result<()> {
        let gids: &Gids = &self.shared.gids;
        let params = rusqlite::params_from_iter(gids.block_params(size));
        let end: i64 = self.link.try_row(gids::TAKE_BLOCK, params, |row| row.get(0))?;
        if !gids.are_latest(end - size) {
            gids.forget();
        }
        gids.add(end, size);
        Ok(())
    }

    /// Another process holds the lock: the jobs stay queued, and their callers withdraw them when they
    /// have waited long enough. Any other trouble is the answer of the next job.
    fn cannot_begin(&self, error: &rusqlite::Error) {
        self.link.abandon();
        if crate::dialect::sqlite::is_busy(error) && !self.shared.closing.load(Ordering::Acquire) {
            tracing::warn!("another process keeps the database locked");
            return;
        }
        tracing::error!(%error, "SQLite cannot begin a write");
        if let Some((_, job)) = self.shared.writes.try_take() {
            job.answer(Some(self.link.error(error, "BEGIN IMMEDIATE")));
        }
    }

    fn group(&self) {
        let started = Instant::now();
        let mut kept: Vec<Box<dyn Job>> = Vec::new();
        let mut rolled_back: Vec<(Box<dyn Job>, Option<Error>)> = Vec::new();
        let mut again: Vec<Box<dyn Job>> = Vec::new();
        let mut destroyed = false;
        while kept.len() + rolled_back.len() < MEMBERS && started.elapsed() < TIME {
            let Some((_, mut job)) = self.shared.writes.try_take() else { break };
            match self.member(&mut *job) {
                Member::Kept => kept.push(job),
                Member::RolledBack(failure) => rolled_back.push((job, failure)),
                Member::NeedsGids(_) => again.push(job),
                Member::Destroyed(failure) => {
                    tracing::warn!(?failure, members = kept.len(), "a write ended its whole group");
                    rolled_back.push((job, failure));
                    destroyed = true;
                    break;
                }
            }
        }
        if destroyed {
            // In their order, before those that wait for gids.
            kept.append(&mut again);
            again = kept;
        } else {
            self.commit(kept, started);
        }
        for (job, failure) in rolled_back {
            job.answer(failure);
        }
        for job in again {
            self.single(job);
        }
    }

    /// Ends the transaction and answers those whose changes are in it.
    fn commit(&self, kept: Vec<Box<dyn Job>>, started: Instant) {
        let refused = self.shared.fail_next_commit.swap(false, Ordering::AcqRel);
        let committed = if refused {
            Err("refused for a test".to_owned())
        } else {
            self.link.control("COMMIT").map_err(|error| error.to_string())
        };
        let failure = match committed {
            Ok(()) => {
                self.shared.counters.committed(kept.len(), started.elapsed());
                None
            }
            Err(error) => {
                tracing::error!(error, members = kept.len(), "SQLite refused to commit");
                self.link.abandon();
                Some(Error::Overloaded)
            }
        };
        for job in kept {
            job.answer(failure.clone());
        }
    }

    /// Runs a job in a transaction of its own, with as many gids as it turns out to need.
    fn single(&self, mut job: Box<dyn Job>) {
        loop {
            let started = Instant::now();
            if let Err(error) = self.begin() {
                self.link.abandon();
                return job.answer(Some(self.link.error(&error, "BEGIN IMMEDIATE")));
            }
            match self.member(&mut *job) {
                Member::Kept => return self.commit(vec![job], started),
                Member::RolledBack(failure) | Member::Destroyed(failure) => {
                    self.link.abandon();
                    return job.answer(failure);
                }
                Member::NeedsGids(drawn) => {
                    self.link.abandon();
                    let size = gids::larger_block(drawn);
                    if size > gids::MOST {
                        return job.answer(Some(Error::GidsExhausted));
                    }
                    if let Err(error) = self.take_block(size) {
                        return job.answer(Some(self.link.error(&error, gids::TAKE_BLOCK)));
                    }
                }
            }
        }
    }

    /// Runs a job in a savepoint of the open transaction.
    fn member(&self, job: &mut dyn Job) -> Member {
        if let Err(error) = self.link.control("SAVEPOINT member") {
            return self.destroy(Some(self.link.error(&error, "SAVEPOINT")));
        }
        let mut tx = Tx::sqlite(&self.link, Some(&self.shared.gids));
        let ran = queue::run(|tx| job.run(tx), &mut tx);
        let needs_gids = tx.failure() == Some(Error::GidsExhausted);
        if self.link.is_autocommit() {
            return match ran {
                Ran::Well => Member::Destroyed(Some(Error::Database(
                    "the job ended the transaction itself".to_owned(),
                ))),
                Ran::Badly(failure) => Member::Destroyed(failure),
            };
        }
        if let Ran::Well = ran {
            return match self.link.control("RELEASE member") {
                Ok(()) => Member::Kept,
                Err(error) => self.destroy(Some(self.link.error(&error, "RELEASE"))),
            };
        }
        let undone = self
            .link
            .control("ROLLBACK TO member")
            .and_then(|()| self.link.control("RELEASE member"));
        match (undone, ran) {
            (Err(error), _) => self.destroy(Some(self.link.error(&error, "ROLLBACK TO"))),
            (Ok(()), _) if needs_gids => Member::NeedsGids(tx.drawn()),
            (Ok(()), Ran::Badly(failure)) => Member::RolledBack(failure),
            (Ok(()), Ran::Well) => Member::RolledBack(None),
        }
    }

    /// Ends the whole transaction, because a savepoint could not be ended alone.
    fn destroy(&self, failure: Option<Error>) -> Member {
        self.link.abandon();
        Member::Destroyed(failure)
    }
}
