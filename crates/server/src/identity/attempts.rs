//! Who tries how often: counted in the database before anything is checked, so that neither a refusal nor many requests at once
//! are free. Known and unknown addresses are counted alike.

use crate::auth;
use crate::error::{Error, Result};
use model::Timestamp;
use std::time::Duration;
use store::{Tx, params};

/// How long attempts count, in milliseconds: a quarter of an hour.
pub const WINDOW: i64 = 15 * 60 * 1_000;

/// Attempts for one e-mail address within it. Ours: NIST SP 800-63B, 3.2.2, allows a hundred in a row.
pub const MAX_PER_EMAIL: i64 = 10;

/// Attempts from one network address within it.
pub const MAX_PER_ADDRESS: i64 = 100;

/// Letters for a new password that one e-mail address gets within it.
pub const MAX_LETTERS: i64 = 3;

/// Counts an attempt to sign in as `email`.
///
/// Errors: 429 with the time after which it makes sense to try again.
pub fn sign_in(tx: &mut Tx<'_>, now: Timestamp, email: &str, address: Option<&str>) -> Result<()> {
    if let Some(address) = address {
        count(tx, now, &format!("address {address}"), MAX_PER_ADDRESS)?;
    }
    count(tx, now, &key(email), MAX_PER_EMAIL)
}

/// Forgets the attempts for an e-mail address, since whoever signed in knows the password.
pub fn forget(tx: &mut Tx<'_>, email: &str) -> Result<()> {
    tx.later("DELETE FROM attempts WHERE key = ?", params![auth::hash(&key(email))].to_vec())?;
    Ok(())
}

/// Counts a letter to an e-mail address, and says whether it may be sent.
pub fn letter(tx: &mut Tx<'_>, now: Timestamp, email: &str) -> Result<bool> {
    match count(tx, now, &format!("letter {email}"), MAX_LETTERS) {
        Ok(()) => Ok(true),
        Err(Error::RateLimited { .. }) => Ok(false),
        Err(other) => Err(other),
    }
}

fn key(email: &str) -> String {
    format!("sign-in {email}")
}

fn count(tx: &mut Tx<'_>, now: Timestamp, key: &str, most: i64) -> Result<()> {
    let start = now.minus_millis(WINDOW);
    let found = tx.query(
        "INSERT INTO attempts (key, since, count) VALUES (?, ?, 1)
         ON CONFLICT (key) DO UPDATE SET count = CASE WHEN attempts.since <= ? THEN 1 ELSE attempts.count + 1 END,
           since = CASE WHEN attempts.since <= ? THEN excluded.since ELSE attempts.since END
         RETURNING count, since",
        params![auth::hash(key), now, start, start],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    match found.first() {
        Some((count, since)) if *count > most => {
            let left = u64::try_from(since + WINDOW - now.millis()).unwrap_or(1);
            Err(Error::RateLimited { retry_after: Duration::from_millis(left) })
        }
        _ => Ok(()),
    }
}
