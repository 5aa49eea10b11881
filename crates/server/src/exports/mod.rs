//! Everything of a workspace as a file, and back.
//!
//! [`tables`] declares what belongs to a workspace and what is left out; whoever adds a table adds a line there. [`document`] writes
//! the file and [`records`] reads it, [`archive`] holds the bytes of attachments, [`job`] makes both behind a request, and
//! [`restore`] puts them into an empty database. The format is told in `docs/export.md`.

pub mod archive;
pub mod document;
pub mod job;
pub mod records;
pub mod restore;
pub mod tables;

use crate::App;
use crate::error::{Error, Result};
use store::params;

/// What the file calls itself.
pub const FORMAT: &str = "vinyasa-workspace";

/// The version of the format.
pub const VERSION: i64 = 1;

/// How long an export is kept, in milliseconds: a week. Ours; upstream says nothing.
pub const KEPT_FOR: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Most exports that one sweep removes.
const SWEEP: i64 = 20;

/// The version of the tables, which a restored file must have.
pub fn schema_version() -> i64 {
    store::migrations::ALL.last().map_or(0, |last| last.version)
}

/// Removes exports that are old, with their files.
///
/// Errors: those of database and storage; what was removed stays removed.
pub async fn sweep(app: &App) -> Result<()> {
    let oldest = (app.clock)().minus_millis(KEPT_FOR);
    let old: Vec<(i64, String, String)> = app
        .store
        .read(move |tx| {
            Ok::<_, Error>(tx.query(
                "SELECT e.gid, e.storage_key, e.files_key FROM organization_exports AS e WHERE e.created_at < ? AND e.state IN ('finished', 'error') LIMIT ?",
                params![oldest, SWEEP],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?)
        })
        .await?;
    let mut gone = Vec::with_capacity(old.len());
    for (gid, key, files_key) in old {
        app.files.remove(&key).await?;
        app.files.remove(&files_key).await?;
        gone.push(gid);
    }
    if !gone.is_empty() {
        app.store
            .write(move |tx| {
                tx.execute(
                    "DELETE FROM organization_exports WHERE gid IN (SELECT i.value FROM ids(?) AS i)",
                    params![gone],
                )?;
                Ok::<(), Error>(())
            })
            .await?;
    }
    Ok(())
}
