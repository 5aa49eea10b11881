//! Reading from SQLite: connections that are lent, and one snapshot per job.
//!
//! Whoever wants to read borrows a connection and reads on the thread he is on: then no thread is woken for his job and none by
//! its answer, which cost more than most jobs do. When all connections are lent his job waits in the queue, and a thread of the
//! store runs it when one comes back.

use std::ops::Deref;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::queue::{self, Queue, Ran};
use crate::sqlite::Link;
use crate::{Error, Tx};

/// The connections for reading.
pub(crate) struct Readers {
    state: Mutex<State>,
    back: Condvar,
}

#[derive(Default)]
struct State {
    /// Those that are not lent; the one that came back last is lent first, so that a quiet server keeps one warm cache.
    free: Vec<Free>,
    /// Threads that wait for one.
    waiting: usize,
}

/// A connection that is not lent.
struct Free {
    link: Link,
    cache: Cache,
}

/// When a connection was last lent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cache {
    /// Since [`Readers::rest`] last looked.
    Hot,
    /// Before that.
    Warm,
    /// Its page cache was given back.
    Empty,
}

/// A connection that is lent; it goes back when this is dropped.
pub(crate) struct Lent<'r> {
    readers: &'r Readers,
    link: Option<Link>,
}

impl Readers {
    /// Lends these connections.
    pub(crate) fn new(links: Vec<Link>) -> Readers {
        let free = links.into_iter().map(|link| Free { link, cache: Cache::Empty }).collect();
        Readers { state: Mutex::new(State { free, waiting: 0 }), back: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection, if one is free and no thread waits for it.
    pub(crate) fn lend(&self) -> Option<Lent<'_>> {
        let mut state = self.state();
        if state.waiting > 0 {
            return None;
        }
        let link = state.free.pop()?.link;
        Some(Lent { readers: self, link: Some(link) })
    }

    /// A connection, when one is free.
    fn wait(&self) -> Lent<'_> {
        let mut state = self.state();
        loop {
            if let Some(free) = state.free.pop() {
                return Lent { readers: self, link: Some(free.link) };
            }
            state.waiting += 1;
            state = self.back.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    /// Gives back the page caches of connections that were not lent since the call before the last. Called every few seconds.
    pub(crate) fn rest(&self) {
        let mut state = self.state();
        for free in &mut state.free {
            match free.cache {
                Cache::Hot => free.cache = Cache::Warm,
                Cache::Warm => {
                    if let Err(error) = free.link.control("PRAGMA shrink_memory") {
                        tracing::warn!(%error, "cannot give the page cache back");
                    }
                    free.cache = Cache::Empty;
                }
                Cache::Empty => {}
            }
        }
    }

    /// Runs the jobs of the queue until it is closed.
    pub(crate) fn work(&self, queue: &Queue) {
        while queue.wait() {
            // A job stays in the queue, where its caller may withdraw it, until a connection is there.
            let link = self.wait();
            if let Some((_, mut job)) = queue.try_take() {
                let failure = read(&link, |tx| job.run(tx));
                drop(link);
                job.answer(failure);
            }
        }
    }
}

impl Deref for Lent<'_> {
    type Target = Link;

    fn deref(&self) -> &Link {
        self.link.as_ref().expect("it is there until this is dropped")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(link) = self.link.take() else { return };
        let mut state = self.readers.state();
        state.free.push(Free { link, cache: Cache::Hot });
        let is_wanted = state.waiting > 0;
        drop(state);
        if is_wanted {
            self.readers.back.notify_one();
        }
    }
}

/// Runs a job on one snapshot. Gives the error that is to be its answer, if it is not the job's own.
pub(crate) fn read(link: &Link, job: impl FnOnce(&mut Tx<'_>) -> bool) -> Option<Error> {
    if let Err(error) = link.control("BEGIN") {
        return Some(link.error(&error, "BEGIN"));
    }
    let ran = queue::run(job, &mut Tx::sqlite(link, None));
    if let Err(error) = link.control("COMMIT") {
        // What was read stays true whatever `COMMIT` says.
        tracing::warn!(%error, "a reading transaction did not end well");
        link.abandon();
    }
    match ran {
        Ran::Well => None,
        Ran::Badly(failure) => failure,
    }
}

/// Whether a connection that was just opened can read.
pub(crate) fn check(link: &Link) -> Result<(), Error> {
    link.row("SELECT 1", [], |_| Ok(()))
}
