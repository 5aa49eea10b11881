//! Reading for long: one snapshot, on a thread and a connection of its own, so that requests keep theirs.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use tokio::sync::oneshot;

use crate::postgres::{self, Exchange, Mode};
use crate::sqlite::{self, Purpose};
use crate::{Error, Store, Tx};

/// What the names of copies begin with.
const COPY: &str = "snapshot-";

/// Where a snapshot is read.
pub(crate) enum Source {
    /// The data directory of SQLite.
    Directory(PathBuf),
    /// A PostgreSQL database.
    Postgres(Box<postgres::Target>),
}

impl Store {
    /// Runs a job that reads for minutes, on one snapshot of the database.
    ///
    /// On SQLite that is a copy of the database, made and removed here, so that the write-ahead log is not kept from shrinking for
    /// longer than the copying takes; on PostgreSQL it is one transaction on a connection that is opened for it. Dropping the
    /// future does not stop the job. [`Tx::stream`] gives large answers row by row.
    ///
    /// Errors: those of the job; no room for the copy; no connection.
    pub async fn snapshot<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        E: From<Error> + Send + 'static,
        T: Send + 'static,
    {
        let source = self.snapshot_source()?;
        let (sender, answer) = oneshot::channel();
        thread::Builder::new()
            .name("store-snapshot".to_owned())
            .spawn(move || {
                // Nobody may be left to be told.
                drop(sender.send(read(source, job)));
            })
            .map_err(|error| Error::Database(format!("cannot start a thread: {error}")))?;
        answer.await.unwrap_or_else(|_| Err(Error::Panicked.into()))
    }
}

fn read<T, E: From<Error>>(
    source: Source,
    job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    match source {
        Source::Directory(directory) => {
            let copy = Copy::make(&directory)?;
            let link = sqlite::Link::open(&copy.file, Purpose::Read, false)?;
            job(&mut Tx::sqlite(&link, None))
        }
        Source::Postgres(target) => {
            let mut link = postgres::Link::new(*target)?;
            link.connect()?;
            let mut tx = Tx::postgres(Exchange::new(&mut link, Mode::Read), None);
            let result = job(&mut tx);
            if let Some(mut exchange) = tx.into_exchange() {
                exchange.roll_back();
            }
            link.disconnect();
            result
        }
    }
}

/// A copy of the database in the data directory, removed when this is dropped.
struct Copy {
    file: PathBuf,
}

impl Copy {
    fn make(directory: &Path) -> Result<Copy, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{COPY}{}-{number}.db", std::process::id());
        let copy = Copy { file: directory.join(name) };
        // A process that was killed may have had the same number.
        drop(std::fs::remove_file(&copy.file));
        let link = sqlite::Link::open(&directory.join(sqlite::FILE), Purpose::Checkpoint, false)?;
        let to = copy.file.to_string_lossy().replace('\'', "''");
        link.script(&format!("VACUUM INTO '{to}'"))?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.file) {
            tracing::warn!(%error, file = %self.file.display(), "a copy of the database is left");
        }
    }
}

/// Removes copies that a killed process left.
pub(crate) fn remove_copies(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(COPY) {
            drop(std::fs::remove_file(entry.path()));
        }
    }
}
