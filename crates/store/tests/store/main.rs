//! The store, on SQLite and on PostgreSQL: what its callers rely on.

#![expect(clippy::unwrap_used, reason = "the functions that tests share are tests too")]

mod group_commit;
mod jobs;
mod opening;
mod postgres;
mod tls;
mod two_processes;
mod values;

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use model::Gid;
use store::testing::{TempDir, postgres_config, sqlite_dir};
use store::{Config, Dialect, Error, Store, Tx, Value, params};

/// A migrated database for one test, with the table `t (id, name, position)`.
struct World {
    config: Config,
    _directory: Option<TempDir>,
}

impl World {
    fn sqlite() -> World {
        let directory = sqlite_dir();
        World { config: directory.config(), _directory: Some(directory) }.with_table()
    }

    fn postgres() -> World {
        let url = store::testing::postgres().fresh_database();
        World { config: postgres_config(&url), _directory: None }.with_table()
    }

    fn with_table(self) -> World {
        self.open()
            .write_blocking(|tx| {
                tx.execute(
                    "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, position DOUBLE PRECISION)",
                    &[],
                )?;
                tx.execute("CREATE UNIQUE INDEX t_name_unique ON t (name)", &[])
            })
            .unwrap();
        self
    }

    fn open(&self) -> Store {
        Store::open(self.config.clone()).unwrap()
    }
}

/// Runs a test on both databases.
fn on_both(test: impl Fn(&World)) {
    test(&World::sqlite());
    test(&World::postgres());
}

fn insert(tx: &mut Tx<'_>, id: i64, name: &str) -> Result<(), Error> {
    tx.execute("INSERT INTO t (id, name) VALUES (?, ?)", params![id, name]).map(drop)
}

fn gid(tx: &mut Tx<'_>) -> Result<Gid, Error> {
    tx.gid()
}

fn ids(store: &Store) -> Vec<i64> {
    store.read_blocking(all_ids).unwrap()
}

fn all_ids(tx: &mut Tx<'_>) -> Result<Vec<i64>, Error> {
    tx.query("SELECT id FROM t ORDER BY id", &[], |row| row.get(0))
}

/// Keeps SQLite's writer busy until the returned guard is dropped, so that what is queued meanwhile forms one group.
fn hold_writer(store: &Store) -> impl Sized + use<> {
    let (release, wait) = channel::<()>();
    let (running, started) = channel();
    let store = store.clone();
    let wait = std::sync::Mutex::new(wait);
    thread::spawn(move || {
        store.write_blocking(move |_| {
            running.send(()).unwrap();
            _ = wait.lock().unwrap().recv();
            // Not a member of the group that follows.
            thread::park_timeout(Duration::from_millis(15));
            Ok::<_, Error>(())
        })
    });
    started.recv().unwrap();
    release
}

type Outcome<T> = Receiver<Result<T, Error>>;

/// Starts a write on a thread and returns when it is queued behind `before` others.
fn queue_write<T: Send + 'static>(
    store: &Store,
    before: usize,
    job: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> Outcome<T> {
    let (sender, outcome) = channel();
    let writing = store.clone();
    thread::spawn(move || sender.send(writing.write_blocking(job)));
    eventually(|| store.metrics().queue_length > before);
    outcome
}

/// Waits until `condition` holds.
fn eventually(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(20), "it never came true");
        thread::park_timeout(Duration::from_millis(1));
    }
}
