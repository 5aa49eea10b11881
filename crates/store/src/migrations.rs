//! The schema's history: numbered files, applied once each and in order, forward only.
//!
//! To add one, put `NNNN_name.sql` (or a pair `NNNN_name.sqlite.sql`, `NNNN_name.postgres.sql`) into
//! `migrations/`, list it in [`ALL`], and add its hash to `migrations/HASHES` when it is released.
//! Text columns that must sort byte by byte are `TEXT bytewise`.
//! On SQLite `BIGINT PRIMARY KEY` becomes the rowid, and a table whose last line is `PRIMARY KEY (…)` has no rowid.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::{Dialect, Error, postgres, sql, sqlite};

/// A step of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub version: i64,
    /// What it is about, as in the file name.
    pub name: &'static str,
    /// The text for SQLite.
    pub sqlite: &'static str,
    /// The text for PostgreSQL; usually the same.
    pub postgres: &'static str,
}

/// One file for both databases, or one for each.
macro_rules! migration {
    ($version:literal, $name:literal) => {
        migration!($version, $name, concat!($name, ".sql"), concat!($name, ".sql"))
    };
    ($version:literal, $name:literal, pair) => {
        migration!($version, $name, concat!($name, ".sqlite.sql"), concat!($name, ".postgres.sql"))
    };
    ($version:literal, $name:literal, $sqlite:expr, $postgres:expr) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/", $sqlite)),
            postgres: include_str!(concat!("../migrations/", $postgres)),
        }
    };
}

/// Every migration, in order.
pub const ALL: &[Migration] = &[
    migration!(1, "0001_core"),
    migration!(2, "0002_events", pair),
    migration!(3, "0003_goals"),
    migration!(4, "0004_portfolios"),
    migration!(5, "0005_statuses"),
    migration!(6, "0006_jobs"),
    migration!(7, "0007_templates"),
    migration!(8, "0008_time_tracking"),
    migration!(9, "0009_exports"),
    migration!(10, "0010_webhooks"),
    migration!(11, "0011_search"),
    migration!(12, "0012_identity"),
    migration!(13, "0013_rules"),
    migration!(14, "0014_notifications"),
    migration!(15, "0015_audit_log", pair),
    migration!(16, "0016_calendar_feeds"),
    migration!(17, "0017_tasks_with_a_tag"),
];

/// The store's own tables, which must be there before the first migration.
const BOOKKEEPING: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
       version BIGINT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, applied_at BIGINT NOT NULL);
     CREATE TABLE IF NOT EXISTS gid_blocks (name TEXT PRIMARY KEY, next BIGINT NOT NULL);";

const HIGHEST: &str = "SELECT coalesce(max(version), 0) FROM schema_migrations";

impl Migration {
    /// The file's text for a database, before rewriting.
    pub const fn text(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }

    /// The statements that apply it and note it as applied.
    fn script(&self, dialect: Dialect) -> String {
        let Migration { version, name, .. } = self;
        let hash = hash(self.text(dialect));
        let now = dialect.now_millis();
        let text = sql::migration(self.text(dialect), dialect);
        format!(
            "{text}\n;INSERT INTO schema_migrations (version, name, hash, applied_at) \
             VALUES ({version}, '{name}', '{hash}', {now});"
        )
    }

    fn explain(&self, error: Error) -> Error {
        match error {
            Error::Database(text) => Error::Database(format!("migration {}: {text}", self.name)),
            other => other,
        }
    }
}

/// The SHA-256 of a file's text, in hexadecimal.
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut out, byte| {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
        out
    })
}

/// The version this program knows.
fn known() -> i64 {
    ALL.last().map_or(0, |last| last.version)
}

fn refuse_newer(found: i64) -> Result<(), Error> {
    let known = known();
    if found > known { Err(Error::NewerSchema { found, known }) } else { Ok(()) }
}

/// Brings an SQLite database up to date. Waits for another process that does the same.
pub(crate) fn run_sqlite(link: &sqlite::Link) -> Result<(), Error> {
    let begin =
        || link.control("BEGIN IMMEDIATE").map_err(|error| link.error(&error, "BEGIN IMMEDIATE"));
    let commit = || link.control("COMMIT").map_err(|error| link.error(&error, "COMMIT"));
    begin()?;
    let made = link.script(BOOKKEEPING).and_then(|()| commit());
    if made.is_err() {
        link.abandon();
        return made;
    }
    for migration in ALL {
        begin()?;
        let step = || -> Result<(), Error> {
            let found: i64 = link.row(HIGHEST, [], |row| row.get(0))?;
            refuse_newer(found)?;
            if found < migration.version {
                link.script(&migration.script(Dialect::Sqlite))
                    .map_err(|error| migration.explain(error))?;
                tracing::info!(migration = migration.name, "migrated");
            }
            commit()
        };
        let applied = step();
        if applied.is_err() {
            link.abandon();
            return applied;
        }
    }
    Ok(())
}

/// Brings a PostgreSQL database up to date. Nodes that start together wait for each other.
pub(crate) fn run_postgres(link: &mut postgres::Link) -> Result<(), Error> {
    // Any number will do that nobody else in the database uses.
    const LOCK: &str =
        "BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(8469716589);";
    link.script(&format!("{LOCK} {BOOKKEEPING} COMMIT;"))?;
    for migration in ALL {
        link.script(LOCK)?;
        let mut step = || -> Result<(), Error> {
            let found = link.number(HIGHEST)?;
            refuse_newer(found)?;
            if found < migration.version {
                link.script(&migration.script(Dialect::Postgres))
                    .map_err(|error| migration.explain(error))?;
                tracing::info!(migration = migration.name, "migrated");
            }
            link.script("COMMIT")
        };
        let applied = step();
        if applied.is_err() {
            link.disconnect();
            return applied;
        }
    }
    Ok(())
}
