//! How many requests a token may make in a minute, and a network address that says nothing of who it is.

use crate::error::{Error, Result};
use model::Timestamp;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

const MINUTE: i64 = 60_000;

/// Requests a minute that one network address may make to operations that are open to everybody. Ours: an office behind one
/// address signs in within it, a list of passwords does not get far.
pub const OPEN_PER_MINUTE: u32 = 60;

/// Most tokens whose windows are remembered; beyond it expired windows are dropped.
const MAX_WINDOWS: usize = 10_000;

/// Requests of the current minute, by token. Off when the limit is 0.
pub struct RateLimits {
    per_minute: u32,
    windows: Mutex<HashMap<String, (i64, u32)>>,
}

impl RateLimits {
    /// A limit for each token; 0 is none.
    pub fn new(per_minute: u32) -> Self {
        RateLimits { per_minute, windows: Mutex::new(HashMap::new()) }
    }

    /// Counts a request, refused ones too.
    ///
    /// Errors: 429 with the time to the next window. Source: API reference, "Rate limits".
    pub fn admit(&self, token: &str, now: Timestamp) -> Result<()> {
        self.admit_many(token, now, 1)
    }

    /// Counts several requests at once.
    ///
    /// Errors: 429 if not all of them are within the limit.
    pub fn admit_many(&self, token: &str, now: Timestamp, requests: usize) -> Result<()> {
        if self.per_minute == 0 || requests == 0 {
            return Ok(());
        }
        let Ok(mut windows) = self.windows.lock() else { return Ok(()) };
        let start = now.millis() - now.millis().rem_euclid(MINUTE);
        if windows.len() >= MAX_WINDOWS {
            windows.retain(|_, (window, _)| *window == start);
        }
        let (window, count) = windows.entry(token.to_owned()).or_insert((start, 0));
        if *window != start {
            (*window, *count) = (start, 0);
        }
        *count = count.saturating_add(u32::try_from(requests).unwrap_or(u32::MAX));
        if *count > self.per_minute {
            let left = u64::try_from(start + MINUTE - now.millis()).unwrap_or(1);
            return Err(Error::RateLimited { retry_after: Duration::from_millis(left) });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_its_own_minute() {
        let limits = RateLimits::new(2);
        let at = |millis| Timestamp::from_millis(millis);

        assert!(limits.admit("a", at(0)).is_ok());
        assert!(limits.admit("a", at(1)).is_ok());
        assert!(
            matches!(limits.admit("a", at(15_000)), Err(Error::RateLimited { retry_after }) if retry_after.as_secs() == 45)
        );
        assert!(limits.admit("b", at(15_000)).is_ok());
        assert!(limits.admit("a", at(60_000)).is_ok());
    }
}
