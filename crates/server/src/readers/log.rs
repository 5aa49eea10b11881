//! The event log as readers see it.
//!
//! Events are read in the order of (transaction, gid), and on PostgreSQL only those of transactions below the oldest one that
//! still runs. A transaction gets its number before it commits, so without that bound a reader could pass one that commits late
//! and never see its events. On SQLite one writer takes gids in order.

use crate::error::{Error, Result};
use model::{Gid, Timestamp};
use serde::Deserialize;
use store::{Row, Tx, Value, params};

/// A place in the log: behind the event with these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of the transaction.
    pub txid: i64,
    /// The gid of the event.
    pub gid: i64,
}

impl Position {
    /// Before all events.
    pub const START: Position = Position { txid: i64::MIN, gid: 0 };
}

/// One changed field of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field, as in the API.
    pub field: String,
    /// `changed`, or `added` and `removed` for lists.
    pub action: String,
    /// The object that was added, removed or set, with its type.
    pub value: Option<(String, Gid)>,
}

/// Something that happened to a resource in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Where it is in the log.
    pub position: Position,
    /// The workspace.
    pub workspace: Gid,
    /// When.
    pub at: Timestamp,
    /// Who did it; `None` for the server itself and for rules.
    pub actor: Option<Gid>,
    /// The request.
    pub request_id: String,
    /// The type of the resource.
    pub kind: String,
    /// Its subtype.
    pub subtype: Option<String>,
    /// The resource.
    pub resource: Gid,
    /// `added`, `changed`, `removed`, `deleted`, `undeleted`.
    pub action: String,
    /// The object it was added to or removed from, with its type.
    pub parent: Option<(String, Gid)>,
    /// What changed.
    pub changes: Vec<Change>,
    /// Whom it reaches: itself, its containers before and after, its parents, the workspace. Empty where it was not asked for.
    pub scopes: Vec<Gid>,
}

/// The columns of `events AS e` that [`event_of`] takes.
pub const COLUMNS: &str = "e.txid, e.gid, e.workspace, e.at, e.actor, e.request_id, e.resource_type, e.resource_subtype, e.resource, e.action, e.parent_type, e.parent, e.changes";

/// A change as it is stored.
#[derive(Deserialize)]
struct Stored {
    field: String,
    action: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    gid: Option<String>,
}

/// An event without its scopes, from [`COLUMNS`].
///
/// Errors: a list of changes that cannot be read.
pub fn event_of(row: &Row<'_>) -> Result<LogEvent, store::Error> {
    let text: String = row.get(12)?;
    let stored: Vec<Stored> = serde_json::from_str(&text).map_err(|error| {
        store::Error::Database(format!("events: the changes of an event cannot be read: {error}"))
    })?;
    let changes = stored.into_iter().map(|change| Change {
        value: change.kind.zip(change.gid.as_deref().and_then(Gid::parse)),
        field: change.field,
        action: change.action,
    });
    Ok(LogEvent {
        position: Position { txid: row.get(0)?, gid: row.get(1)? },
        workspace: row.get(2)?,
        at: row.get(3)?,
        actor: row.get(4)?,
        request_id: row.get(5)?,
        kind: row.get(6)?,
        subtype: row.get(7)?,
        resource: row.get(8)?,
        action: row.get(9)?,
        parent: row.get::<Option<String>>(10)?.zip(row.get::<Option<Gid>>(11)?),
        changes: changes.collect(),
        scopes: Vec::new(),
    })
}

/// At most `limit` events behind `after`, with their scopes.
///
/// Errors: those of the database.
pub fn read(tx: &mut Tx<'_>, after: Position, limit: usize) -> Result<Vec<LogEvent>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let horizon = tx.dialect().log_horizon();
    let mut events = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM events AS e WHERE (e.txid, e.gid) > (?, ?) AND e.txid < {horizon} ORDER BY e.txid, e.gid LIMIT ?"
        ),
        params![after.txid, after.gid, limit],
        event_of,
    )?;
    add_scopes(tx, &mut events)?;
    Ok(events)
}

/// Loads the scopes of events that are next to each other in the log.
fn add_scopes(tx: &mut Tx<'_>, events: &mut [LogEvent]) -> Result<()> {
    let (Some(first), Some(last)) =
        (events.first().map(|event| event.position), events.last().map(|event| event.position))
    else {
        return Ok(());
    };
    let scopes = tx.query(
        "SELECT s.event, s.scope FROM event_scopes AS s WHERE (s.txid, s.event) >= (?, ?) AND (s.txid, s.event) <= (?, ?) ORDER BY s.txid, s.event, s.scope",
        params![first.txid, first.gid, last.txid, last.gid],
        |row| Ok((row.get::<i64>(0)?, row.get::<Gid>(1)?)),
    )?;
    let mut scopes = scopes.into_iter().peekable();
    for event in events {
        while let Some((_, scope)) = scopes.next_if(|(gid, _)| *gid == event.position.gid) {
            event.scopes.push(scope);
        }
    }
    Ok(())
}

/// The last event that can be read, and the last one there is, which is later while an older transaction runs.
///
/// Errors: those of the database.
pub fn ends(tx: &mut Tx<'_>) -> Result<(Position, Position)> {
    let horizon = tx.dialect().log_horizon();
    let mut last = |condition: &str| {
        let sql = format!(
            "SELECT e.txid, e.gid FROM events AS e{condition} ORDER BY e.txid DESC, e.gid DESC LIMIT 1"
        );
        let found =
            tx.first(&sql, &[], |row| Ok(Position { txid: row.get(0)?, gid: row.get(1)? }))?;
        Ok::<_, Error>(found.unwrap_or(Position::START))
    };
    Ok((last(&format!(" WHERE e.txid < {horizon}"))?, last("")?))
}

/// Where a follower that asks now begins: everything that is committed later comes behind it.
///
/// Errors: those of the database.
pub fn now(tx: &mut Tx<'_>) -> Result<Position> {
    Ok(ends(tx)?.0)
}

/// The time of the first event behind `after`, `None` if there is none: for the lag of readers.
///
/// Errors: those of the database.
pub fn next_time(tx: &mut Tx<'_>, after: Position) -> Result<Option<Timestamp>> {
    Ok(tx.first(
        "SELECT e.at FROM events AS e WHERE (e.txid, e.gid) > (?, ?) ORDER BY e.txid, e.gid LIMIT 1",
        &[Value::Int(after.txid), Value::Int(after.gid)],
        |row| row.get(0),
    )?)
}
