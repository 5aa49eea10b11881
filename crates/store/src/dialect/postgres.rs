//! PostgreSQL's side of the differences.

use tokio_postgres::error::SqlState;

use crate::Error;
use crate::sql::List;

pub(super) const BYTEWISE: &str = "COLLATE \"C\"";

pub(super) const NOW_MILLIS: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";

/// The oldest transaction that runs; with `events.txid` it keeps readers from passing one that commits late.
pub(super) const LOG_HORIZON: &str =
    "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)";

pub(super) const INCARNATION: &str = "SELECT concat((SELECT c.system_identifier FROM pg_control_system() AS c), '/', (SELECT k.timeline_id FROM pg_control_checkpoint() AS k), '/', (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))";

pub(super) const NEXT_TRANSACTION: &str =
    "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)";

pub(super) fn parameter(number: u32) -> String {
    format!("${number}")
}

/// `unnest` keeps the order of the list, `WITH ORDINALITY` numbers it.
pub(super) fn list_table(list: List, number: u32) -> String {
    let element = match list {
        List::Ids => "bigint",
        List::Texts => "text",
    };
    format!(
        "(SELECT v AS value, n - 1 AS key FROM unnest(CAST(${number} AS {element}[])) WITH ORDINALITY AS u(v, n))"
    )
}

/// What a failure of PostgreSQL asks for, besides being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Nothing: it would fail again.
    None,
    /// Run the job again: another transaction was in the way.
    Rerun,
    /// Prepare the statements anew and run the job again: the schema changed under them.
    Prepare,
    /// Connect again.
    Reconnect,
}

/// What the failure means for the caller, and what helps. `sql` is the statement, for the log.
pub(crate) fn error(error: &tokio_postgres::Error, sql: &str) -> (Error, Remedy) {
    let short: String = sql.chars().take(300).collect();
    let Some(refusal) = error.as_db_error() else {
        let lost = error.is_closed()
            || std::error::Error::source(error)
                .and_then(|source| source.downcast_ref::<std::io::Error>())
                .is_some();
        let text = Error::Database(format!("{}; in: {short}", whole(error)));
        return (text, if lost { Remedy::Reconnect } else { Remedy::None });
    };
    let code = refusal.code();
    let named = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::CHECK_VIOLATION,
        SqlState::FOREIGN_KEY_VIOLATION,
        SqlState::EXCLUSION_VIOLATION,
    ];
    if named.contains(code)
        && let Some(name) = refusal.constraint()
    {
        return (Error::Constraint { name: name.to_owned() }, Remedy::None);
    }
    if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code) {
        return (Error::Conflict, Remedy::Rerun);
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        tracing::warn!(sql = short, "a statement waited too long for a lock");
        return (Error::Overloaded, Remedy::None);
    }
    let text = Error::Database(format!("{refusal} ({}); in: {short}", code.code()));
    if *code == SqlState::FEATURE_NOT_SUPPORTED && refusal.message().contains("cached plan") {
        return (text, Remedy::Prepare);
    }
    if code.code().starts_with("57P") || code.code().starts_with("08") {
        return (text, Remedy::Reconnect);
    }
    (text, Remedy::None)
}

/// The message of an error with those of its causes.
pub(crate) fn whole(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// The statement that holds rows of `table` until the end of the transaction, in the order of their gids.
pub(crate) fn lock_rows(table: &str) -> String {
    format!(
        "SELECT t.gid FROM {table} AS t WHERE t.gid = ANY (CAST(? AS bigint[])) ORDER BY t.gid FOR UPDATE"
    )
}

/// The statements that open a cursor over a query, give its next rows, and close it.
pub(crate) fn cursor(number: u32, sql: &str) -> [String; 3] {
    [
        format!("DECLARE stream_{number} NO SCROLL CURSOR FOR {sql}"),
        format!("FETCH 500 FROM stream_{number}"),
        format!("CLOSE stream_{number}"),
    ]
}

/// See [`Dialect::hold`](super::Dialect::hold): what a foreign key takes on the row it names.
pub(super) fn hold(alias: &str) -> String {
    format!(" FOR KEY SHARE OF {alias}")
}
