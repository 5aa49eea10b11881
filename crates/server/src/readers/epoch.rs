//! Which database this is: tokens that clients keep are good for one only.
//!
//! A database that was restored knows less than its clients do, and on another server of PostgreSQL transactions are numbered
//! anew. Both are noticed at the start: then the epoch is a new one, so that sync tokens are refused, and what is in the log is
//! numbered to come before everything new.

use crate::error::{Error, Result};
use store::{Store, Tx, params};

/// The name of the setting: the epoch in hexadecimal digits, a blank, what the database said about itself.
const SETTING: &str = "epoch";

/// The epoch of the database; a new one if it is another database than at the last start.
///
/// Errors: those of the database.
pub fn establish(store: &Store, fresh: u32) -> Result<u32> {
    // A database that does not say what it is has to be believed.
    let said = store.read_blocking(|tx| {
        let query = tx.dialect().incarnation();
        tx.first(query, &[], |row| row.get::<String>(0))
    });
    let incarnation = match said {
        Ok(text) => text.unwrap_or_default(),
        Err::<_, store::Error>(error) => {
            tracing::info!(%error, "the database does not say whether it was restored");
            String::new()
        }
    };
    store.write_blocking(move |tx| {
        let new = format!("{fresh:08x} {incarnation}");
        let made = tx.execute(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
            params![SETTING, new],
        )?;
        if made == 1 {
            return Ok(fresh);
        }
        // Nodes that start together wait for each other here.
        tx.execute("UPDATE settings SET value = value WHERE name = ?", params![SETTING])?;
        let known: String = tx
            .first("SELECT s.value FROM settings AS s WHERE s.name = ?", params![SETTING], |row| {
                row.get(0)
            })?
            .unwrap_or_default();
        let (epoch, before) = known.split_once(' ').unwrap_or((&known, ""));
        if before == incarnation && !is_ahead(tx)? {
            return u32::from_str_radix(epoch, 16).map_err(|error| Error::Internal(error.into()));
        }
        tracing::warn!("the database was restored or moved: clients that keep in step begin anew");
        renew(tx, fresh, &incarnation)?;
        Ok(fresh)
    })
}

/// Whether the log has transactions that this server has not begun yet.
fn is_ahead(tx: &mut Tx<'_>) -> Result<bool> {
    // In this order: other nodes commit between the two.
    let last: Option<i64> =
        tx.first("SELECT e.txid FROM events AS e ORDER BY e.txid DESC LIMIT 1", &[], |row| {
            row.get(0)
        })?;
    let query = tx.dialect().next_transaction();
    let next: i64 = tx.first(query, &[], |row| row.get(0))?.unwrap_or(i64::MAX);
    Ok(last.is_some_and(|last| last >= next))
}

/// Begins a new epoch: numbers what is in the log below everything that is to come, and readers stay where they are.
fn renew(tx: &mut Tx<'_>, epoch: u32, incarnation: &str) -> Result<()> {
    tx.execute(
        "UPDATE settings SET value = ? WHERE name = ?",
        params![format!("{epoch:08x} {incarnation}"), SETTING],
    )?;
    let last: Option<i64> =
        tx.first("SELECT e.txid FROM events AS e ORDER BY e.txid DESC LIMIT 1", &[], |row| {
            row.get(0)
        })?;
    if let Some(last) = last.filter(|last| *last > 0) {
        for table in ["events", "event_scopes", "log_readers"] {
            // Readers that have not begun stay at the smallest number of all.
            let all = "txid > -4611686018427387904";
            tx.execute(
                &format!("UPDATE {table} SET txid = txid - CAST(? AS BIGINT) WHERE {all}"),
                params![last + 1],
            )?;
        }
    }
    Ok(())
}

/// Begins a new epoch at the next start: called when a backup is restored.
///
/// Errors: those of the database.
pub fn forget(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute("UPDATE settings SET value = '00000000 restored' WHERE name = ?", params![SETTING])?;
    Ok(())
}
