//! What the store tells about itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the hold-time buckets, in milliseconds.
const BOUNDS: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/// Counts since the store was opened; see [`Store::metrics`](crate::Store::metrics).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// How long write transactions were held, from `BEGIN` to after `COMMIT`: how many took at most
    /// this long and longer than the bound before. The last bound is [`Duration::MAX`].
    pub hold_times: Vec<(Duration, u64)>,
    /// The sum of all hold times.
    pub hold_total: Duration,
    /// Jobs waiting for a thread now, reads and writes.
    pub queue_length: usize,
    /// Committed write transactions. On SQLite each may hold many writes.
    pub groups: u64,
    /// Writes committed in them.
    pub grouped_writes: u64,
    /// Jobs refused because the queue was full or no thread came free in time.
    pub refused: u64,
}

/// The counters behind [`Metrics`].
#[derive(Default)]
pub(crate) struct Counters {
    hold: [AtomicU64; BOUNDS.len() + 1],
    hold_micros: AtomicU64,
    groups: AtomicU64,
    writes: AtomicU64,
    refused: AtomicU64,
}

impl Counters {
    /// Notes a committed group of `writes` jobs that held the writer for `held`.
    pub(crate) fn committed(&self, writes: usize, held: Duration) {
        let place = BOUNDS
            .iter()
            .position(|bound| held <= Duration::from_millis(*bound))
            .unwrap_or(BOUNDS.len());
        if let Some(bucket) = self.hold.get(place) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(held.as_micros()).unwrap_or(u64::MAX);
        self.hold_micros.fetch_add(micros, Ordering::Relaxed);
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.writes.fetch_add(u64::try_from(writes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Notes a job that got no thread in time.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// The counts as they are now.
    pub(crate) fn snapshot(&self, queue_length: usize) -> Metrics {
        let bounds =
            BOUNDS.iter().map(|bound| Duration::from_millis(*bound)).chain([Duration::MAX]);
        Metrics {
            hold_times: bounds
                .zip(self.hold.iter().map(|bucket| bucket.load(Ordering::Relaxed)))
                .collect(),
            hold_total: Duration::from_micros(self.hold_micros.load(Ordering::Relaxed)),
            queue_length,
            groups: self.groups.load(Ordering::Relaxed),
            grouped_writes: self.writes.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}
