//! Where the two databases differ: one named function each. There is no `if postgres` elsewhere.
//!
//! [`sqlite`] and [`postgres`] hold the texts; the methods of [`Dialect`] choose.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use crate::sql::List;

/// The database that a store speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Embedded SQLite.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

impl Dialect {
    /// The name used in file names of migrations and in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Sqlite => "sqlite",
            Dialect::Postgres => "postgres",
        }
    }

    /// Written after a column type so that text is compared byte by byte, as the default is on SQLite.
    pub const fn bytewise(self) -> &'static str {
        match self {
            Dialect::Sqlite => sqlite::BYTEWISE,
            Dialect::Postgres => postgres::BYTEWISE,
        }
    }

    /// An expression for the database's own clock in milliseconds; for bookkeeping only, never for what users see.
    pub const fn now_millis(self) -> &'static str {
        match self {
            Dialect::Sqlite => sqlite::NOW_MILLIS,
            Dialect::Postgres => postgres::NOW_MILLIS,
        }
    }

    /// Whether writers run side by side, so that rules that span rows need [`Dialect::hold`] and [`Tx::lock`](crate::Tx::lock).
    pub const fn has_parallel_writers(self) -> bool {
        match self {
            Dialect::Sqlite => false,
            Dialect::Postgres => true,
        }
    }

    /// Written at the end of a query to keep the rows of `alias` from being locked by [`Tx::lock`](crate::Tx::lock), and so from
    /// what that announces, until the end of the transaction. Many may hold a row at once. SQLite has one writer.
    pub fn hold(self, alias: &str) -> String {
        match self {
            Dialect::Sqlite => String::new(),
            Dialect::Postgres => postgres::hold(alias),
        }
    }

    /// An expression for the first transaction id that the event log cannot be read at yet: events of transactions below it are
    /// all there, or never will be.
    pub const fn log_horizon(self) -> &'static str {
        match self {
            Dialect::Sqlite => sqlite::LOG_HORIZON,
            Dialect::Postgres => postgres::LOG_HORIZON,
        }
    }

    /// A query for a text that names the database as it runs now: it is another one after the data went to another server, or
    /// back to an earlier state by way of a backup of the server.
    pub const fn incarnation(self) -> &'static str {
        match self {
            Dialect::Sqlite => sqlite::INCARNATION,
            Dialect::Postgres => postgres::INCARNATION,
        }
    }

    /// A query for the id of the next transaction, which is above those of all events.
    pub const fn next_transaction(self) -> &'static str {
        match self {
            Dialect::Sqlite => sqlite::NEXT_TRANSACTION,
            Dialect::Postgres => postgres::NEXT_TRANSACTION,
        }
    }

    /// The parameter with this number, from 1.
    pub(crate) fn parameter(self, number: u32) -> String {
        match self {
            Dialect::Sqlite => "?".to_owned(),
            Dialect::Postgres => postgres::parameter(number),
        }
    }

    /// A table over the list given as this parameter, with the columns `value` and `key`.
    pub(crate) fn list_table(self, list: List, number: u32) -> String {
        match self {
            Dialect::Sqlite => sqlite::LIST_TABLE.to_owned(),
            Dialect::Postgres => postgres::list_table(list, number),
        }
    }

    /// Turns the table definitions of a migration into those that suit the database.
    pub(crate) fn schema_text(self, text: String) -> String {
        match self {
            Dialect::Sqlite => sqlite::schema_text(&text),
            Dialect::Postgres => text,
        }
    }
}
