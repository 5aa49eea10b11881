//! What can go wrong in the store, told apart by what the caller can do about it.

/// Why a statement, a transaction or the opening of a store failed.
///
/// It is `Clone` because a transaction that failed once repeats its first error for every later statement.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A unique or check constraint refused the write. Both databases report the same name: that of
    /// the index or constraint, for a primary key `<table>_pkey`.
    #[error("the constraint {name} refused the write")]
    Constraint {
        /// The index or constraint.
        name: String,
    },
    /// The database has more work than it can do in the time allowed, is locked by another process,
    /// or cannot be reached. Asking again later may succeed; HTTP answers 503.
    #[error("the database is overloaded or not reachable")]
    Overloaded,
    /// A stored value does not fit the type it is read as, or there is no such column in the answer.
    #[error("column {column} cannot be read as {wanted}: it holds {found}")]
    Corrupt {
        /// The name of the column in the answer, or its number if there is none.
        column: String,
        /// What was asked for.
        wanted: &'static str,
        /// What was there, shortened.
        found: String,
    },
    /// The transaction used up its gids. The store takes a larger block and runs the job again;
    /// callers pass it on and never see it answered.
    #[error("the transaction needs more gids than were set aside")]
    GidsExhausted,
    /// PostgreSQL refused the transaction five times because of others running at the same time.
    #[error("the transaction conflicted with others too often")]
    Conflict,
    /// The database was migrated by a newer version of the program.
    #[error(
        "the database has schema version {found}, but this program knows only up to {known}; \
         start a newer version of vinyasa"
    )]
    NewerSchema {
        /// The highest migration in the database.
        found: i64,
        /// The highest migration of this program.
        known: i64,
    },
    /// Another `vinyasa serve` runs on the same data directory.
    #[error("another vinyasa server is already running on this data directory")]
    Locked,
    /// The database refused for another reason, or cannot be opened. The text is for the log.
    #[error("database: {0}")]
    Database(String),
    /// The job panicked. Its transaction was rolled back; other jobs are not affected.
    #[error("the database job panicked")]
    Panicked,
}
