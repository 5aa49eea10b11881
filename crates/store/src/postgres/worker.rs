//! The threads of PostgreSQL: each takes jobs, reads and writes alike, and runs them on its connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dialect::postgres::Remedy;
use crate::gids;
use crate::postgres::{Exchange, Link, Mode};
use crate::queue::{self, Job, Kind, Ran};
use crate::store::Shared;
use crate::{Error, Tx};

/// How often a write is run when others are in its way.
const ATTEMPTS: u32 = 5;

/// One thread's belongings.
pub(crate) struct Worker {
    pub(crate) link: Link,
    pub(crate) shared: Arc<Shared>,
    /// Differs between the threads, so that two that collided do not wait equally long.
    pub(crate) number: u64,
}

/// Why a run of a write did not commit.
struct Undone {
    failure: Option<Error>,
    remedy: Remedy,
    /// Set if it had too few gids: how many it took.
    needs_gids: Option<u32>,
}

impl Worker {
    /// Works until the queue is closed and empty.
    pub(crate) fn work(&mut self) {
        while let Some((kind, job)) = self.shared.reads.take() {
            match kind {
                Kind::Read => self.read(job),
                Kind::Write => self.write(job),
            }
        }
        self.link.disconnect();
    }

    fn read(&mut self, mut job: Box<dyn Job>) {
        if let Err(error) = self.link.connect() {
            return job.answer(Some(error));
        }
        let mut tx = Tx::postgres(Exchange::new(&mut self.link, Mode::Read), None);
        let ran = queue::run(|tx| job.run(tx), &mut tx);
        job.answer(match ran {
            Ran::Well => None,
            Ran::Badly(failure) => failure,
        });
        // Nothing was changed, so the caller need not wait for the end.
        if let Some(mut exchange) = tx.into_exchange() {
            exchange.roll_back();
        }
    }

    fn write(&mut self, mut job: Box<dyn Job>) {
        let mut conflicts = 0;
        let mut reconnected = false;
        loop {
            if self.shared.gids.is_low()
                && let Err(error) = self.take_block(gids::BLOCK)
            {
                return job.answer(Some(error));
            }
            let undone = match self.attempt(&mut *job) {
                Ok(()) => return job.answer(None),
                Err(undone) => undone,
            };
            if let Some(drawn) = undone.needs_gids {
                let size = gids::larger_block(drawn);
                if size > gids::MOST {
                    return job.answer(Some(Error::GidsExhausted));
                }
                if let Err(error) = self.take_block(size) {
                    return job.answer(Some(error));
                }
                continue;
            }
            match undone.remedy {
                Remedy::Rerun => {
                    conflicts += 1;
                    if conflicts >= ATTEMPTS {
                        return job.answer(Some(Error::Conflict));
                    }
                    tracing::debug!(conflicts, "running a write again after a conflict");
                    let millis = u64::from(conflicts) * (1 + self.number % 7);
                    self.link.pause(Duration::from_millis(millis));
                }
                Remedy::Reconnect | Remedy::Prepare if !reconnected => reconnected = true,
                _ => return job.answer(undone.failure),
            }
        }
    }

    /// Runs the job once, in one transaction.
    fn attempt(&mut self, job: &mut dyn Job) -> Result<(), Undone> {
        let undone = |failure, remedy| Undone { failure, remedy, needs_gids: None };
        self.link.connect().map_err(|error| undone(Some(error), Remedy::None))?;
        let started = Instant::now();
        let gids = &self.shared.gids;
        let mut tx = Tx::postgres(Exchange::new(&mut self.link, Mode::Write), Some(gids));
        let ran = queue::run(|tx| job.run(tx), &mut tx);
        let needs_gids = (tx.failure() == Some(Error::GidsExhausted)).then(|| tx.drawn());
        let Some(mut exchange) = tx.into_exchange() else {
            return Err(undone(Some(Error::Overloaded), Remedy::None));
        };
        let failure = match ran {
            Ran::Well => match exchange.commit() {
                Ok(()) => {
                    self.shared.counters.committed(1, started.elapsed());
                    return Ok(());
                }
                Err(error) => Some(error),
            },
            Ran::Badly(failure) => failure,
        };
        let remedy =
            if failure == Some(Error::Panicked) { Remedy::None } else { exchange.remedy() };
        exchange.roll_back();
        Err(Undone { failure, remedy, needs_gids })
    }

    /// A transaction of its own.
    fn take_block(&mut self, size: i64) -> Result<(), Error> {
        let gids = &self.shared.gids;
        let mut exchange = Exchange::new(&mut self.link, Mode::Write);
        let taken = exchange
            .send(&[(gids::TAKE_BLOCK, &gids.block_params(size))])
            .and_then(|answers| {
                let row = answers.first().and_then(|answer| answer.rows.first());
                let row = row.ok_or_else(|| Error::Database("no block of gids".to_owned()))?;
                crate::Row::postgres(row).get(0)
            })
            .and_then(|end: i64| exchange.commit().map(|()| end));
        match taken {
            Ok(end) => {
                gids.add(end, size);
                Ok(())
            }
            Err(error) => {
                exchange.roll_back();
                Err(error)
            }
        }
    }
}
