//! Opening a database, handing it jobs, and closing it.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::gids::Gids;
use crate::metrics::Counters;
use crate::postgres::worker::Worker;
use crate::queue::{Job, Kind, Once, Queue, Repeatable, Reply, Sent, Ticket, Work};
use crate::snapshot::{self, Source};
use crate::sqlite::checkpoint::{self, Bell};
use crate::sqlite::reader::{self, Readers};
use crate::sqlite::writer::Writer;
use crate::sqlite::{self, Purpose};
use crate::{Dialect, Error, Metrics, Tx, migrations, postgres};

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A data directory with an SQLite database in it. Both are made if they do not exist.
    Directory(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the data is.
    pub location: Location,
    /// Connections. On SQLite they read, and one more writes; on PostgreSQL they do both, each on a thread of its own.
    pub readers: usize,
    /// Jobs that may wait for a thread, reads and writes each.
    pub queue: usize,
    /// How long a job waits for a thread before it is refused with [`Error::Overloaded`].
    pub wait: Duration,
    /// Whether a commit survives a power cut. False only for tests.
    pub durable: bool,
    /// The first gid of a new database; the usual one has sixteen digits. Set only by tests.
    pub first_gid: Option<i64>,
}

impl Config {
    /// SQLite in a directory.
    pub fn directory(path: impl Into<PathBuf>) -> Config {
        let cores = thread::available_parallelism().map_or(4, usize::from);
        Config::at(Location::Directory(path.into()), cores.clamp(4, 16))
    }

    /// PostgreSQL.
    pub fn postgres(url: impl Into<String>) -> Config {
        Config::at(Location::Postgres(url.into()), 16)
    }

    fn at(location: Location, readers: usize) -> Config {
        Config {
            location,
            readers,
            queue: 1_024,
            wait: Duration::from_secs(5),
            durable: true,
            first_gid: None,
        }
    }
}

/// An open database. Clones share it; the last one closes it and waits for the jobs in progress.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// What the callers hold.
struct Inner {
    shared: Arc<Shared>,
    bell: Option<Arc<Bell>>,
    /// The reading connections of SQLite.
    readers: Option<Arc<Readers>>,
    threads: Vec<JoinHandle<()>>,
    dialect: Dialect,
    wait: Duration,
    directory: Option<PathBuf>,
    /// How to reach PostgreSQL.
    target: Option<postgres::Target>,
    /// Ends the listening.
    stop: Arc<tokio::sync::Notify>,
}

/// What callers and threads share.
pub(crate) struct Shared {
    /// On PostgreSQL, writes too.
    pub(crate) reads: Queue,
    /// For the writer of SQLite.
    pub(crate) writes: Queue,
    pub(crate) gids: Gids,
    pub(crate) counters: Counters,
    pub(crate) closing: AtomicBool,
    /// Set by tests: the next commit of a group fails.
    pub(crate) fail_next_commit: AtomicBool,
}

/// Says that this process serves the data directory. Given back when dropped, or when the process ends.
#[derive(Debug)]
pub struct ServeLock {
    /// None on PostgreSQL, where many nodes may serve.
    _file: Option<File>,
}

impl Store {
    /// Opens the database and migrates it. Blocks; a few milliseconds if there is nothing to do.
    ///
    /// Several processes may have one database open; see [`Store::lock_for_serving`].
    pub fn open(config: Config) -> Result<Store, Error> {
        let shared = Arc::new(Shared {
            reads: Queue::new(config.queue),
            writes: Queue::new(config.queue),
            gids: Gids::new(config.first_gid),
            counters: Counters::default(),
            closing: AtomicBool::new(false),
            fail_next_commit: AtomicBool::new(false),
        });
        let mut inner = Inner {
            shared,
            bell: None,
            readers: None,
            threads: Vec::new(),
            dialect: Dialect::Postgres,
            wait: config.wait,
            directory: None,
            target: None,
            stop: Arc::default(),
        };
        // From here on, an early return drops `inner`, which ends the threads started so far.
        match &config.location {
            Location::Directory(directory) => inner.open_sqlite(directory, &config)?,
            Location::Postgres(url) => inner.open_postgres(url, &config)?,
        }
        Ok(Store { inner: Arc::new(inner) })
    }

    /// Runs a job that only reads, on one snapshot.
    ///
    /// On SQLite it runs on the calling thread if a connection is free: a runtime needs more threads than there are
    /// [`Config::readers`], or a long read keeps everything else waiting. Refused with [`Error::Overloaded`] when no thread comes free in time. Dropping the future does
    /// not stop a job that has begun. Needs a tokio runtime with a timer.
    pub async fn read<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        E: From<Error> + Send + 'static,
        T: Send + 'static,
    {
        let job = Once::new(job);
        let job = match self.inner.read_here(job) {
            Ok(answer) => return answer,
            Err(job) => job,
        };
        let (sender, answer) = oneshot::channel();
        let job = Sent { once: job, reply: Reply::Task(sender) };
        let ticket = self.inner.submit(Kind::Read, Box::new(job))?;
        self.inner.await_answer(answer, &ticket).await
    }

    /// Runs a job that writes, in one transaction, which is committed if it answers `Ok`.
    ///
    /// The job may be run more than once, each time on an unchanged database; only the last answer
    /// counts. Refused and cancelled as in [`Store::read`].
    pub async fn write<T, E>(
        &self,
        job: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        E: From<Error> + Send + 'static,
        T: Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let job = Repeatable { job, result: None, reply: Reply::Task(sender) };
        let ticket = self.inner.submit(Kind::Write, Box::new(job))?;
        self.inner.await_answer(answer, &ticket).await
    }

    /// [`Store::read`] for callers without a runtime: commands and tests. Blocks the thread.
    pub fn read_blocking<T, E>(
        &self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        E: From<Error> + Send + 'static,
        T: Send + 'static,
    {
        let job = match self.inner.read_here(Once::new(job)) {
            Ok(answer) => return answer,
            Err(job) => job,
        };
        let (sender, answer) = mpsc::sync_channel(1);
        let job = Sent { once: job, reply: Reply::Thread(sender) };
        let ticket = self.inner.submit(Kind::Read, Box::new(job))?;
        self.inner.block_for_answer(&answer, &ticket)
    }

    /// [`Store::write`] for callers without a runtime: commands and tests. Blocks the thread.
    pub fn write_blocking<T, E>(
        &self,
        job: impl FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        E: From<Error> + Send + 'static,
        T: Send + 'static,
    {
        let (sender, answer) = mpsc::sync_channel(1);
        let job = Repeatable { job, result: None, reply: Reply::Thread(sender) };
        let ticket = self.inner.submit(Kind::Write, Box::new(job))?;
        self.inner.block_for_answer(&answer, &ticket)
    }

    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read(|tx| tx.execute("SELECT 1", &[]).map(drop)).await
    }

    /// What the store did so far.
    pub fn metrics(&self) -> Metrics {
        let shared = &self.inner.shared;
        shared.counters.snapshot(shared.reads.len() + shared.writes.len())
    }

    /// Hears `NOTIFY` on `channel`, which may come from any node: at least one word for one or more notifications. `None` on SQLite,
    /// where there is one process. The words are a hint: they may be lost, and some come for nothing.
    ///
    /// The listening ends when the receiver is dropped and with the store.
    ///
    /// Errors: no thread to listen on.
    pub fn listen(
        &self,
        channel: &'static str,
    ) -> Result<Option<tokio::sync::mpsc::Receiver<()>>, Error> {
        let Some(target) = self.inner.target.clone() else { return Ok(None) };
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        let stop = Arc::clone(&self.inner.stop);
        thread::Builder::new()
            .name("store-notices".to_owned())
            .spawn(move || {
                if let Err(error) = postgres::notices::work(&target, channel, &sender, &stop) {
                    tracing::error!(%error, "cannot listen on PostgreSQL");
                }
            })
            .map_err(|error| Error::Database(format!("cannot start a thread: {error}")))?;
        Ok(Some(receiver))
    }

    /// Claims the data directory for `vinyasa serve`; [`Error::Locked`] if another one has it.
    ///
    /// Admin commands do not ask for it: they work while the server runs. On PostgreSQL any number
    /// of nodes may serve.
    pub fn lock_for_serving(&self) -> Result<ServeLock, Error> {
        let Some(directory) = &self.inner.directory else {
            return Ok(ServeLock { _file: None });
        };
        let path = directory.join("vinyasa.lock");
        let failed = |error: std::io::Error| {
            Error::Database(format!("cannot lock {}: {error}", path.display()))
        };
        let file =
            File::options().create(true).write(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // Whoever made them is gone.
                snapshot::remove_copies(directory);
                Ok(ServeLock { _file: Some(file) })
            }
            Err(TryLockError::WouldBlock) => Err(Error::Locked),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Where [`Store::snapshot`] reads.
    pub(crate) fn snapshot_source(&self) -> Result<Source, Error> {
        match (&self.inner.directory, &self.inner.target) {
            (Some(directory), _) => Ok(Source::Directory(directory.clone())),
            (None, Some(target)) => Ok(Source::Postgres(Box::new(target.clone()))),
            (None, None) => Err(Error::Database("the database is nowhere".to_owned())),
        }
    }

    /// Makes the next commit of SQLite's writer fail; see [`testing`](crate::testing).
    pub(crate) fn fail_next_commit(&self) {
        self.inner.shared.fail_next_commit.store(true, Ordering::Release);
    }
}

impl Inner {
    fn open_sqlite(&mut self, directory: &std::path::Path, config: &Config) -> Result<(), Error> {
        std::fs::create_dir_all(directory).map_err(|error| {
            Error::Database(format!("cannot make {}: {error}", directory.display()))
        })?;
        self.dialect = Dialect::Sqlite;
        self.directory = Some(directory.to_owned());
        let file = directory.join(sqlite::FILE);
        let link = sqlite::Link::open(&file, Purpose::Write, config.durable)?;
        migrations::run_sqlite(&link)?;

        let mut links = Vec::new();
        for _ in 0..config.readers.max(1) {
            let link = sqlite::Link::open(&file, Purpose::Read, config.durable)?;
            reader::check(&link)?;
            links.push(link);
        }
        let count = links.len();
        let readers = Arc::new(Readers::new(links));
        self.readers = Some(Arc::clone(&readers));
        for _ in 0..count {
            let (readers, shared) = (Arc::clone(&readers), Arc::clone(&self.shared));
            self.spawn("reader", move || readers.work(&shared.reads))?;
        }
        let bell = Arc::new(Bell::new(&file));
        self.bell = Some(Arc::clone(&bell));
        let checkpoints = sqlite::Link::open(&file, Purpose::Checkpoint, config.durable)?;
        let rings = Arc::clone(&bell);
        self.spawn("checkpoint", move || checkpoint::work(&checkpoints, &rings, &readers))?;
        let writer = Writer { link, shared: Arc::clone(&self.shared), bell };
        self.spawn("writer", move || writer.work())
    }

    fn open_postgres(&mut self, url: &str, config: &Config) -> Result<(), Error> {
        self.dialect = Dialect::Postgres;
        let target = postgres::Target::parse(url, config.durable)?;
        self.target = Some(target.clone());
        let migrating = target.clone();
        // On a thread of its own, since the caller may be inside a runtime.
        let migrated = thread::spawn(move || {
            let mut link = postgres::Link::new(migrating)?;
            let migrated = migrations::run_postgres(&mut link);
            link.disconnect();
            migrated
        });
        migrated.join().map_err(|_| Error::Panicked)??;
        for number in 0..config.readers.max(1) {
            let number = u64::try_from(number).unwrap_or(0);
            let link = postgres::Link::new(target.clone())?;
            let mut worker = Worker { link, shared: Arc::clone(&self.shared), number };
            self.spawn("postgres", move || worker.work())?;
        }
        Ok(())
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let thread = thread::Builder::new()
            .name(format!("store-{name}"))
            .spawn(work)
            .map_err(|error| Error::Database(format!("cannot start a thread: {error}")))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Runs a job that reads on this thread; gives it back if no connection is free.
    fn read_here<F, T, E>(&self, mut job: Once<F, T, E>) -> Result<Result<T, E>, Once<F, T, E>>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E>,
        E: From<Error>,
    {
        let Some(link) = self.readers.as_ref().and_then(|readers| readers.lend()) else {
            return Err(job);
        };
        let failure = reader::read(&link, |tx| job.run(tx));
        Ok(job.answer(failure))
    }

    /// Queues a job. The ticket serves to withdraw it.
    fn submit(&self, kind: Kind, job: Box<dyn Job>) -> Result<Ticket, Error> {
        let queue = match (self.dialect, kind) {
            (Dialect::Sqlite, Kind::Write) => &self.shared.writes,
            _ => &self.shared.reads,
        };
        let ticket = Ticket::default();
        let pushed = queue.push(Work { kind, ticket: ticket.clone(), job });
        if pushed == Err(Error::Overloaded) {
            self.shared.counters.refused();
        }
        pushed.map(|()| ticket)
    }

    async fn await_answer<T, E: From<Error>>(
        &self,
        mut answer: oneshot::Receiver<Result<T, E>>,
        ticket: &Ticket,
    ) -> Result<T, E> {
        let answered = match tokio::time::timeout(self.wait, &mut answer).await {
            Ok(answered) => answered,
            Err(_) if ticket.claim() => return Err(self.refuse().into()),
            Err(_) => answer.await,
        };
        answered.unwrap_or_else(|_| Err(gone().into()))
    }

    fn block_for_answer<T, E: From<Error>>(
        &self,
        answer: &mpsc::Receiver<Result<T, E>>,
        ticket: &Ticket,
    ) -> Result<T, E> {
        match answer.recv_timeout(self.wait) {
            Ok(answer) => answer,
            Err(mpsc::RecvTimeoutError::Timeout) if ticket.claim() => Err(self.refuse().into()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                answer.recv().unwrap_or_else(|_| Err(gone().into()))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(gone().into()),
        }
    }

    fn refuse(&self) -> Error {
        self.shared.counters.refused();
        Error::Overloaded
    }
}

/// The thread ended without an answer.
fn gone() -> Error {
    Error::Database("the database thread has ended".to_owned())
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        self.stop.notify_waiters();
        self.shared.reads.close();
        self.shared.writes.close();
        if let Some(bell) = &self.bell {
            bell.close();
        }
        let me = thread::current().id();
        for thread in self.threads.drain(..) {
            // A job may hold the last clone of the store; its thread cannot wait for itself.
            if thread.thread().id() != me && thread.join().is_err() {
                tracing::error!("a database thread panicked");
            }
        }
    }
}
