//! The reading threads of SQLite: one snapshot per job.

use std::time::Duration;

use crate::queue::{self, Job, Queue, Ran, Taken};
use crate::sqlite::Link;
use crate::{Error, Tx};

/// After this long without work a reader gives its page cache back.
const IDLE: Duration = Duration::from_secs(20);

/// Reads until the queue is closed.
pub(crate) fn work(link: &Link, queue: &Queue) {
    let mut cached = false;
    loop {
        match queue.take(cached.then_some(IDLE)) {
            Taken::Work(_, job) => {
                read(link, job);
                cached = true;
            }
            Taken::Idle => {
                if let Err(error) = link.control("PRAGMA shrink_memory") {
                    tracing::warn!(%error, "cannot give the page cache back");
                }
                cached = false;
            }
            Taken::Closed => return,
        }
    }
}

fn read(link: &Link, mut job: Box<dyn Job>) {
    if let Err(error) = link.control("BEGIN") {
        let error = link.error(&error, "BEGIN");
        return job.answer(Some(error));
    }
    let mut tx = Tx::sqlite(link, None);
    let failure = match queue::run(&mut *job, &mut tx) {
        Ran::Well => None,
        Ran::Badly(failure) => failure,
    };
    // What was read stays true whatever `COMMIT` says, so the caller need not wait for it.
    job.answer(failure);
    if let Err(error) = link.control("COMMIT") {
        tracing::warn!(%error, "a reading transaction did not end well");
        link.abandon();
    }
}

/// Reads with one connection for a caller that has no threads; used while opening.
pub(crate) fn check(link: &Link) -> Result<(), Error> {
    link.row("SELECT 1", [], |_| Ok(()))
}
