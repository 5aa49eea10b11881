//! For tests only: throw-away databases, already migrated. The server never calls anything here.
//!
//! [`sqlite_dir`] gives a data directory. [`postgres`] starts one PostgreSQL cluster for the whole test
//! process, when first asked; it is stopped and deleted when the process ends, however it ends. If
//! PostgreSQL is not installed the tests that need it fail; they are never skipped.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use crate::sqlite::Purpose;
use crate::{Config, Error, Store, migrations, postgres as pg, sqlite};

/// A directory that is deleted when this is dropped.
#[derive(Debug)]
pub struct TempDir {
    path: PathBuf,
}

impl TempDir {
    /// A new empty directory.
    pub fn new() -> TempDir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("vinyasa-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Left over from a killed process that had the same number.
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).expect("the temporary directory can be written");
        TempDir { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A test configuration for SQLite in this directory: two readers, not durable, gids from 1001.
    pub fn config(&self) -> Config {
        for_tests(Config { readers: 2, ..Config::directory(&self.path) })
    }
}

impl Default for TempDir {
    fn default() -> TempDir {
        TempDir::new()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.path));
    }
}

/// A test configuration for a PostgreSQL database: four threads, not durable, gids from 1001.
pub fn postgres_config(url: &str) -> Config {
    for_tests(Config { readers: 4, ..Config::postgres(url) })
}

fn for_tests(config: Config) -> Config {
    Config { durable: false, first_gid: Some(1_001), wait: Duration::from_secs(30), ..config }
}

/// A data directory with a migrated, empty SQLite database.
pub fn sqlite_dir() -> TempDir {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let directory = TempDir::new();
        let file = directory.path().join(sqlite::FILE);
        let link = sqlite::Link::open(&file, Purpose::Write, false).expect("SQLite opens a file");
        migrations::run_sqlite(&link).expect("the migrations run on SQLite");
        // The last connection moves the log into the file when it is closed.
        drop(link);
        std::fs::read(&file).expect("the database was just made")
    });
    let directory = TempDir::new();
    std::fs::write(directory.path().join(sqlite::FILE), template).expect("the directory is new");
    directory
}

/// A statement as the database gets it: for replaying what [`Tx::record`](crate::Tx::record) noted.
pub fn text(statement: &str, dialect: crate::Dialect) -> Result<String, Error> {
    crate::sql::statement(statement, dialect)
}

/// The next commit of SQLite's writer fails, as on a broken disk.
pub fn fail_next_commit(store: &Store) {
    store.fail_next_commit();
}

/// A running PostgreSQL server.
#[derive(Debug)]
pub struct Cluster {
    port: u16,
    root: PathBuf,
    next: Mutex<u32>,
    /// Its standard input is a pipe; when this process ends, the pipe closes and the server is stopped.
    _watchdog: Child,
}

const TEMPLATE: &str = "vinyasa_template";

/// Runs as an unprivileged user, because PostgreSQL refuses to run as root.
const WATCHDOG: &str = r#"
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
PATH="$bin:$PATH"
dir=$(mktemp -d /tmp/vinyasa-postgres.XXXXXX) || exit 1
trap '' HUP INT TERM
trap 'pg_ctl -D "$dir/data" -m immediate stop >/dev/null 2>&1; rm -rf "$dir"' EXIT
umask 077
# A root, and a certificate for the name localhost.
new="req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
cd "$dir" && printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' >ext &&
{ openssl $new -x509 -subj /CN=root -keyout root.key -out root.crt &&
openssl $new -subj /CN=localhost -keyout server.key -out server.csr &&
openssl x509 -req -in server.csr -CA root.crt -CAkey root.key -CAcreateserial -days 2 -extfile ext -out server.crt &&
chmod 755 . && chmod 644 root.crt; } >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
initdb -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >>"$dir/log" 2>&1 &&
cat >>"$dir/data/postgresql.conf" <<END &&
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = '$dir'
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 200
shared_buffers = 64MB
autovacuum = off
deadlock_timeout = 100ms
ssl = on
ssl_cert_file = '$dir/server.crt'
ssl_key_file = '$dir/server.key'
END
pg_ctl -D "$dir/data" -w -t 120 -l "$dir/server.log" start </dev/null >>"$dir/log" 2>&1 ||
{ cat "$dir"/*log >&2; exit 1; }
echo "ready $dir"
cat >/dev/null
"#;

/// The cluster of this test process, started when first asked for.
pub fn postgres() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

impl Cluster {
    fn start() -> Cluster {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port is free")
            .port();
        let user = Command::new("id").arg("-u").output().expect("`id` is installed");
        // A session of its own, so that Ctrl-C in a terminal does not reach it before us.
        let mut command = Command::new("setsid");
        if user.stdout.trim_ascii() == b"0" {
            command.args(["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        let mut watchdog = command
            .args(["sh", "-c", WATCHDOG, "watchdog", &port.to_string()])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`setsid` is installed");
        let mut line = String::new();
        let output = watchdog.stdout.take().expect("it was asked for");
        BufReader::new(output).read_line(&mut line).expect("a pipe can be read");
        let directory = line.trim_end().strip_prefix("ready ");
        let directory = directory.expect("PostgreSQL and OpenSSL must be installed; see above");
        let root = PathBuf::from(directory).join("root.crt");
        let cluster = Cluster { port, root, next: Mutex::default(), _watchdog: watchdog };
        cluster.make_template();
        cluster
    }

    fn make_template(&self) {
        self.script(&format!("CREATE DATABASE {TEMPLATE}"));
        let url = self.url(TEMPLATE);
        apart(move || {
            let mut link = pg::Link::new(pg::Target::parse(&url, false)?)?;
            migrations::run_postgres(&mut link)?;
            link.disconnect();
            Ok(())
        })
        .expect("the migrations run on PostgreSQL");
    }

    /// The URL of a database of this cluster.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// The certificate that signed that of the server, which is made for the name `localhost`.
    pub fn root_certificate(&self) -> &std::path::Path {
        &self.root
    }

    /// The URL of a new, migrated, empty database. It lives as long as the cluster.
    pub fn fresh_database(&self) -> String {
        self.database(TEMPLATE)
    }

    fn database(&self, template: &str) -> String {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next += 1;
        let name = format!("test_{next}");
        self.script(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        self.url(&name)
    }

    /// The URL of a new database without any table.
    pub fn empty_database(&self) -> String {
        self.database("template0")
    }

    /// Runs a statement in the maintenance database; again if somebody is still leaving the template.
    fn script(&self, sql: &str) {
        let url = self.url("postgres");
        let sql = sql.to_owned();
        apart(move || {
            let mut link = pg::Link::new(pg::Target::parse(&url, false)?)?;
            let mut done = link.script(&sql);
            for _ in 0..200 {
                match &done {
                    Err(Error::Database(text)) if text.contains("55006") => {
                        link.pause(Duration::from_millis(20));
                        done = link.script(&sql);
                    }
                    _ => break,
                }
            }
            link.disconnect();
            done
        })
        .expect("PostgreSQL makes a database");
    }
}

/// Runs on a thread of its own: the caller may be inside a runtime, where ours cannot block.
fn apart(work: impl FnOnce() -> Result<(), Error> + Send + 'static) -> Result<(), Error> {
    thread::spawn(work).join().map_err(|_| Error::Panicked)?
}
