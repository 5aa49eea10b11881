//! Removing old events, a few at a time.

use crate::App;
use crate::error::{Error, Result};
use crate::readers::log::Position;
use store::{Tx, params};

/// How long events are kept, in milliseconds: 30 days. Source: architecture, "The event log and its readers"; the API promises a day.
pub const KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1_000;

/// The row of `log_readers` that says up to where events were removed.
const CLEANED: &str = "-cleaned";

/// The oldest events; at most two hundred, as jobs give way to requests. The number is in the text for PostgreSQL's planner.
const OLDEST: &str =
    "SELECT e.txid, e.gid FROM events AS e WHERE e.at < ? ORDER BY e.at, e.txid, e.gid LIMIT 200";

/// Removes events older than thirty days.
///
/// Errors: those of the database; what was removed stays removed, and the next call goes on.
pub async fn clean(app: &App) -> Result<()> {
    let before = (app.clock)().millis() - KEPT_FOR;
    while app.store.read(move |tx| any(tx, before)).await?
        && app.store.write(move |tx| batch(tx, before)).await?
    {}
    Ok(())
}

fn any(tx: &mut Tx<'_>, before: i64) -> Result<bool> {
    let found = tx.first(OLDEST, params![before], |_| Ok(()))?;
    Ok::<_, Error>(found.is_some())
}

/// Removes some; true if there may be more.
fn batch(tx: &mut Tx<'_>, before: i64) -> Result<bool> {
    let gone = tx.query(OLDEST, params![before], |row| {
        Ok(Position { txid: row.get(0)?, gid: row.get(1)? })
    })?;
    let Some(last) = gone.iter().max() else { return Ok(false) };
    tx.execute(
        &format!("DELETE FROM event_scopes WHERE (txid, event) IN ({OLDEST})"),
        params![before],
    )?;
    tx.execute(&format!("DELETE FROM events WHERE (txid, gid) IN ({OLDEST})"), params![before])?;
    tx.execute(
        "INSERT INTO log_readers (name, txid, gid, holder, leased_until, updated_at) VALUES (?, ?, ?, '', 0, 0) ON CONFLICT (name) DO UPDATE SET txid = excluded.txid, gid = excluded.gid WHERE (log_readers.txid, log_readers.gid) < (excluded.txid, excluded.gid)",
        params![CLEANED, last.txid, last.gid],
    )?;
    Ok(true)
}

/// Behind which place the log is whole.
///
/// Errors: those of the database.
pub fn cleaned(tx: &mut Tx<'_>) -> Result<Position> {
    let found = tx.first(
        "SELECT r.txid, r.gid FROM log_readers AS r WHERE r.name = ?",
        params![CLEANED],
        |row| Ok(Position { txid: row.get(0)?, gid: row.get(1)? }),
    )?;
    Ok(found.unwrap_or(Position::START))
}
