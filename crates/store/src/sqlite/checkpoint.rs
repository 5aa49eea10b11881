//! Checkpoints: moving the write-ahead log into the database file, off the commit path.
//!
//! The writer only looks at the size of the log after a commit and rings. A passive checkpoint waits
//! for nobody; when it has moved everything, the next commit starts the log anew. Under writes
//! without a pause that never happens, so a log that has grown large gets a moment in which the
//! writer stands still between two groups.

use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sqlite::Link;
use crate::sqlite::reader::Readers;

/// The log is cut to this size when it starts anew, so that its size tells how much is in it.
pub(crate) const KEEP_BYTES: u64 = 4 << 20;

/// From this size on a checkpoint is run.
const RUN_BYTES: u64 = 16 << 20;

/// From this size on the writer stands still for it.
const STOP_BYTES: u64 = 128 << 20;

/// The pause between two checkpoints, when readers keep the log from starting anew.
const PAUSE: Duration = Duration::from_millis(250);

/// A reading connection that is not used for this long, or up to twice as long, gives its page cache back.
const REST: Duration = Duration::from_secs(10);

/// How long the writer stands still at most.
const STILL: Duration = Duration::from_millis(200);

/// Between the writer and the checkpointing thread.
pub(crate) struct Bell {
    state: Mutex<State>,
    changed: Condvar,
    log: PathBuf,
}

#[derive(Default)]
struct State {
    rung: bool,
    stop_writer: bool,
    closed: bool,
}

impl Bell {
    pub(crate) fn new(file: &Path) -> Bell {
        let mut log = file.as_os_str().to_owned();
        log.push("-wal");
        Bell { state: Mutex::default(), changed: Condvar::new(), log: PathBuf::from(log) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The size of the log. Costs a microsecond.
    fn log_bytes(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// The writer, after a commit.
    pub(crate) fn ring_if_full(&self) {
        if self.log_bytes() >= RUN_BYTES {
            self.state().rung = true;
            self.changed.notify_all();
        }
    }

    /// The writer, between two groups: stands still while a checkpoint needs it.
    pub(crate) fn stand_still(&self) {
        let state = self.state();
        if state.stop_writer {
            let waited = self.changed.wait_timeout_while(state, STILL, |state| state.stop_writer);
            drop(waited);
        }
    }

    /// Ends the checkpointing thread.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn set_stop_writer(&self, stop: bool) {
        self.state().stop_writer = stop;
        self.changed.notify_all();
    }
}

/// Runs checkpoints when the bell rings, until it is closed; lets connections rest in between.
pub(crate) fn work(link: &Link, bell: &Bell, readers: &Readers) {
    loop {
        let waited = bell.changed.wait_timeout_while(bell.state(), REST, |s| !s.rung && !s.closed);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return;
        }
        if !state.rung {
            drop(state);
            readers.rest();
            continue;
        }
        state.rung = false;
        drop(state);
        checkpoint(link, "PRAGMA wal_checkpoint(PASSIVE)");
        if bell.log_bytes() >= STOP_BYTES {
            bell.set_stop_writer(true);
            checkpoint(link, "PRAGMA wal_checkpoint(TRUNCATE)");
            bell.set_stop_writer(false);
        }
        let waited = bell.changed.wait_timeout_while(bell.state(), PAUSE, |state| !state.closed);
        drop(waited);
    }
}

fn checkpoint(link: &Link, sql: &str) {
    if let Err(error) = link.control(sql) {
        tracing::warn!(%error, sql, "a checkpoint failed and will be tried again");
    }
}
