//! SQLite's side of the differences.

use rusqlite::ffi;

use crate::Error;

/// SQLite compares text byte by byte unless told otherwise.
pub(super) const BYTEWISE: &str = "";

pub(super) const NOW_MILLIS: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/// One writer, which takes gids in order: nothing is held back.
pub(super) const LOG_HORIZON: &str = "9223372036854775807";

/// A copied file says nothing about itself.
pub(super) const INCARNATION: &str = "SELECT 'sqlite'";

/// Events have no transaction ids here but 0, and negative ones from before a restore.
pub(super) const NEXT_TRANSACTION: &str = "SELECT 1";

/// `json_each` has the columns `key` and `value`, and gives them in order.
pub(super) const LIST_TABLE: &str = "json_each(?)";

/// Makes the row itself the key.
///
/// `BIGINT PRIMARY KEY` would be an index beside the table; `INTEGER PRIMARY KEY` is the table's own
/// tree. A table whose last clause is a line `PRIMARY KEY (…)` becomes `WITHOUT ROWID`, for the same reason.
pub(super) fn schema_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut keyed = false;
    for line in text.lines() {
        if keyed && line.trim_end() == ");" {
            out.push_str(") WITHOUT ROWID;");
        } else {
            out.push_str(&line.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY"));
        }
        out.push('\n');
        keyed = line.trim_start().starts_with("PRIMARY KEY (");
    }
    out
}

/// What a failure of SQLite means for the caller. `sql` is the statement, for the log.
pub(crate) fn error(
    error: &rusqlite::Error,
    sql: &str,
    connection: &rusqlite::Connection,
) -> Error {
    if let rusqlite::Error::SqliteFailure(failure, Some(message)) = error {
        if let Some(name) = constraint(failure.extended_code, message, connection) {
            return Error::Constraint { name };
        }
        if is_busy(error) {
            tracing::warn!(message, "SQLite is busy");
            return Error::Overloaded;
        }
    }
    let sql: String = sql.chars().take(300).collect();
    Error::Database(format!("{error}; in: {sql}"))
}

/// Whether another process holds a lock that we need.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

/// The name that PostgreSQL would report for a violated constraint; `None` for other errors.
///
/// SQLite names the columns of a unique index, not the index, so the schema is asked for it.
fn constraint(code: i32, message: &str, connection: &rusqlite::Connection) -> Option<String> {
    let what = message.split_once("constraint failed: ").map_or(message, |(_, what)| what);
    match code {
        ffi::SQLITE_CONSTRAINT_CHECK => Some(what.to_owned()),
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            let table = what.split('.').next().unwrap_or(what);
            Some(format!("{table}_pkey"))
        }
        ffi::SQLITE_CONSTRAINT_UNIQUE => {
            if let Some(index) = what.strip_prefix("index '") {
                return Some(index.trim_end_matches('\'').to_owned());
            }
            let columns: Vec<&str> =
                what.split(", ").filter_map(|column| Some(column.split_once('.')?.1)).collect();
            let table = what.split('.').next().unwrap_or(what);
            Some(
                unique_index(table, &columns, connection)
                    .unwrap_or_else(|| format!("{table}_{}_key", columns.join("_"))),
            )
        }
        _ => None,
    }
}

/// The unique index of `table` over exactly `columns`; indexes that were created by name only.
fn unique_index(
    table: &str,
    columns: &[&str],
    connection: &rusqlite::Connection,
) -> Option<String> {
    let mut statement = connection
        .prepare_cached(
            "SELECT l.name, group_concat(i.name, ', ' ORDER BY i.seqno) \
             FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i \
             WHERE l.\"unique\" AND l.origin = 'c' GROUP BY l.name ORDER BY l.name",
        )
        .ok()?;
    let wanted = columns.join(", ");
    let found = statement
        .query_map([table], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .ok()?;
    found.flatten().find(|(_, over)| *over == wanted).map(|(name, _)| name)
}
