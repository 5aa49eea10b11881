//! How large batches are: as large as this machine does in a time that nobody notices.
//!
//! While a batch runs on SQLite no request can write. How long a row takes differs between machines by more than a factor of ten, and
//! from moment to moment with what else they do, so no number of rows is right. A batch that took too long halves the next ones; quick
//! ones let them grow, slowly.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

/// The parts in which the size of a batch is counted.
const WHOLE: i64 = 64;

/// The size of the first batch: nobody knows yet how fast the machine is.
const FIRST: i64 = WHOLE / 4;

/// A batch that took longer was too large. It is half of what a batch may take, so that one that is twice as dear is not late.
/// Source: architecture, "Group commit".
const SLOW: Duration = Duration::from_millis(10);

/// A batch that took less could have been larger.
const QUICK: Duration = Duration::from_millis(5);

/// The part of its largest size that a batch has now.
#[derive(Debug)]
pub struct Pace {
    part: AtomicI64,
    /// Whether the batch that runs asked; of others, whose size is their own, nothing is learned.
    is_asked: AtomicBool,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { part: AtomicI64::new(FIRST), is_asked: AtomicBool::new(false) }
    }
}

impl Pace {
    /// How many rows a batch takes that takes at most `most`; at least one.
    pub fn of(&self, most: i64) -> i64 {
        self.is_asked.store(true, Ordering::Relaxed);
        (most * self.part.load(Ordering::Relaxed) / WHOLE).max(1)
    }

    /// Learns from a batch. Two workers may learn at once; what one of them says is lost then, which the next batch says again.
    pub fn took(&self, time: Duration) {
        if !self.is_asked.swap(false, Ordering::Relaxed) {
            return;
        }
        let now = self.part.load(Ordering::Relaxed);
        let next = if time > SLOW {
            now / 2
        } else if time < QUICK {
            now + 1
        } else {
            now
        };
        self.part.store(next.clamp(1, WHOLE), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_shrink_at_once_and_grow_slowly() {
        let pace = Pace::default();
        assert_eq!((pace.of(200), pace.of(50), pace.of(1)), (50, 12, 1));

        for _ in 0..100 {
            pace.of(1);
            pace.took(Duration::from_millis(1));
        }
        assert_eq!(pace.of(200), 200);
        pace.took(Duration::from_millis(7));
        pace.took(Duration::from_secs(1));
        assert_eq!(pace.of(200), 200);
        pace.took(Duration::from_millis(11));
        assert_eq!(pace.of(200), 100);
        pace.took(Duration::from_millis(1));
        assert_eq!(pace.of(200), 103);
        for _ in 0..100 {
            pace.of(1);
            pace.took(Duration::from_secs(1));
        }
        assert_eq!((pace.of(200), pace.of(50)), (3, 1));
    }

    /// On a machine where a row takes so long, at most one batch in a thousand is late, whatever its largest size is.
    #[test]
    fn hardly_a_batch_is_late_on_a_slow_machine() {
        for micros in [20, 100, 300, 1_000] {
            for most in [50_u32, 200] {
                let pace = Pace::default();
                let times = (0..5_000).map(|_| {
                    let rows = u32::try_from(pace.of(i64::from(most))).unwrap_or(u32::MAX);
                    let time = Duration::from_micros(micros) * rows;
                    pace.took(time);
                    time
                });
                let late = times.filter(|time| *time > Duration::from_millis(20)).count();
                assert!(late <= 5, "{micros} us, {most} rows: {late} of 5000");
            }
        }
    }
}
