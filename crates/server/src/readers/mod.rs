//! Readers of the event log: everything that follows from a change without being part of it.
//!
//! A [`Reader`] is a name and a function that gets a batch of events and a transaction. How far it has come is a row of
//! `log_readers`, moved on in the same transaction as the function's effects: what it writes to the database happens once, what
//! it does outside happens at least once. One node at a time reads for a name, under a lease; if it dies, another goes on.
//!
//! [`log`] reads the log in an order in which nothing is ever added behind a reader, [`cursor`] takes one step of a reader,
//! [`run`] keeps all of them going and wakes them, [`epoch`] notices that the database is another one, [`cleaning`] removes old
//! events. To add a reader, write its function and list it in [`all`].
//!
//! What is shown live and needs no memory (the change stream) follows the log by [`run::Follower`] instead.

pub mod cleaning;
pub mod cursor;
pub mod epoch;
pub mod log;
pub mod run;

pub use log::{Change, LogEvent, Position};
pub use run::{Follower, Log, Running};

use crate::App;
use crate::api::Context;
use crate::error::Result;
use std::sync::Arc;
use store::Tx;

/// Most events that a reader gets at once. Source: architecture, "Group commit": what runs on the writer is bounded.
pub const BATCH: usize = 100;

/// What a reader does with a batch.
pub type React = Arc<dyn Fn(&mut Context<'_, '_>, &[LogEvent]) -> Result<()> + Send + Sync>;

/// Whether a reader has anything to do for a batch.
pub type Wants = fn(&mut Tx<'_>, &[LogEvent]) -> Result<bool>;

/// Something that follows from events.
#[derive(Clone)]
pub struct Reader {
    /// Its name, which is stored: it never changes.
    pub name: &'static str,
    /// Where it starts in a database that has events already: at their beginning, or with the next one.
    pub from_start: bool,
    /// Asked on a reading connection, so that batches that do not concern it never reach the writer.
    pub wants: Wants,
    /// What it does. The context acts for the server itself, which sees everything; what it emits has no actor.
    ///
    /// It may be called again with the same events after a failure, and skipped events that it did not want do not come.
    pub react: React,
    /// Called when what it did is committed.
    pub done: fn(&App),
}

impl Reader {
    /// A reader that starts with the next event and wants every batch.
    pub fn new(
        name: &'static str,
        react: impl Fn(&mut Context<'_, '_>, &[LogEvent]) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        Reader {
            name,
            from_start: false,
            wants: |_, _| Ok(true),
            react: Arc::new(react),
            done: |_| {},
        }
    }

    /// Starts with the oldest event that is kept.
    pub fn from_start(mut self) -> Self {
        self.from_start = true;
        self
    }

    /// Calls `done` when what it did is committed.
    pub fn then(mut self, done: fn(&App)) -> Self {
        self.done = done;
        self
    }

    /// Gets only batches for which `wants` holds.
    pub fn wants(mut self, wants: Wants) -> Self {
        self.wants = wants;
        self
    }
}

/// Every reader.
pub fn all() -> Vec<Reader> {
    vec![
        crate::resources::notifications::feed::reader(),
        crate::resources::webhooks::queue::reader(),
        crate::rules::reader(),
    ]
}
