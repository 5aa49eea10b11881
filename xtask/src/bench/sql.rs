//! The same SQL without HTTP: what the server's operations run is noted in process and replayed, on SQLite by one thread, on
//! PostgreSQL by pgbench.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use model::Timestamp;
use rusqlite::{Connection, OpenFlags};
use server::api::Call;
use server::auth::Credential;
use server::http::pipeline::Job;
use server::{App, Outside, Settings};
use store::{Dialect, Statement, Store, Value, testing};

use super::process::own_cpu;
use super::seed::hash;

/// Where the server's next gids are: below what the seed uses.
const SEEDED: i64 = 1_250_000_000_000_000;

/// How far replayed gids are from those that were noted.
const REPLAYED: i64 = 50_000_000_000;

/// The statements of one request, as they were run.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    statements: Vec<Statement>,
    /// The texts as SQLite gets them.
    texts: Vec<String>,
    writes: bool,
    /// Gids from here to [`SEEDED`] were taken by the request itself.
    fresh: i64,
}

/// Ends a noting transaction without a trace.
enum Noted {
    /// The first gid that was free, and the statements.
    Statements(i64, Vec<Statement>),
    Failed(server::Error),
}

impl From<store::Error> for Noted {
    fn from(error: store::Error) -> Noted {
        Noted::Failed(error.into())
    }
}

impl From<server::Error> for Noted {
    fn from(error: server::Error) -> Noted {
        Noted::Failed(error)
    }
}

/// Runs calls in process and notes their statements; the database stays as it was.
pub(super) struct Recorder {
    app: Arc<App>,
    token: String,
}

impl Recorder {
    /// On an open database.
    pub(super) fn new(
        store: Store,
        storage: &Path,
        token: &str,
        now: Timestamp,
    ) -> Result<Recorder> {
        let storage = storage.to_string_lossy().into_owned();
        let settings = Settings { storage, ..Settings::default() };
        let outside =
            Outside { clock: Box::new(move || now), entropy: Box::new(|bytes| bytes.fill(7)) };
        Ok(Recorder { app: App::new(store, settings, outside)?, token: hash(token) })
    }

    /// The statements of a call.
    pub(super) fn note(&self, id: &str, call: &Call) -> Result<Recording> {
        let found = self.app.operations.iter().position(|operation| operation.id == id);
        let position = found.with_context(|| format!("there is no operation {id}"))?;
        let writes = self.app.operations.get(position).is_some_and(|one| one.method != "GET");
        let job = Job {
            app: Arc::clone(&self.app),
            operation: position,
            call: call.clone(),
            credential: Some(Credential::Token(self.token.clone())),
            csrf: None,
            url: "http://bench".to_owned(),
            now: (self.app.clock)(),
            request_id: "bench".to_owned(),
            idempotency: None,
            work: None,
        };
        let run = move |tx: &mut store::Tx<'_>| -> Result<(), Noted> {
            // Gids are taken in order, so those of the request are from here on.
            let fresh = if writes { tx.gid()?.get() } else { SEEDED };
            tx.record();
            job.run(tx)?;
            Err(Noted::Statements(fresh, tx.recorded()))
        };
        let ended = if writes {
            self.app.store.write_blocking(run)
        } else {
            self.app.store.read_blocking(run)
        };
        let (fresh, statements) = match ended {
            Err(Noted::Statements(fresh, statements)) => (fresh, statements),
            Err(Noted::Failed(error)) => bail!("{id} failed: {error:?}"),
            Ok(()) => bail!("{id} was not noted"),
        };
        Recording::new(statements, writes, fresh)
    }
}

impl Recording {
    fn new(statements: Vec<Statement>, writes: bool, fresh: i64) -> Result<Recording> {
        let texts = statements
            .iter()
            .map(|statement| testing::text(&statement.sql, Dialect::Sqlite))
            .collect::<Result<_, _>>()?;
        Ok(Recording { statements, texts, writes, fresh })
    }

    /// How many statements it has.
    pub(super) fn len(&self) -> usize {
        self.statements.len()
    }

    fn is_fresh(&self, gid: i64) -> bool {
        (self.fresh..SEEDED).contains(&gid)
    }

    /// The parameters with gids that nobody has yet.
    fn renewed(&self, value: &Value, by: i64) -> Value {
        let new = |gid: i64| if self.is_fresh(gid) { gid + by } else { gid };
        match value {
            Value::Int(gid) => Value::Int(new(*gid)),
            Value::Ids(gids) => Value::Ids(gids.iter().map(|gid| new(*gid)).collect()),
            other => other.clone(),
        }
    }
}

/// What a loop did.
pub(super) struct Looped {
    /// Runs a second.
    pub(super) rate: f64,
    /// CPU seconds of a run; none where it is not measured.
    pub(super) cpu: Option<f64>,
}

/// One thread that replays recordings on SQLite, each run a transaction with the settings of the server.
pub(super) struct Bare {
    connection: Connection,
    turn: i64,
}

impl Bare {
    /// On the database of a data directory.
    pub(super) fn open(directory: &Path) -> Result<Bare> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(directory.join("vinyasa.db"), flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(2_000);
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA wal_autocheckpoint = 0;
             PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;",
        )?;
        Ok(Bare { connection, turn: 0 })
    }

    /// Replays the recordings in turn for a while.
    pub(super) fn run(&mut self, recordings: &[Recording], time: Duration) -> Result<Looped> {
        let (started, cpu) = (Instant::now(), own_cpu()?);
        let mut runs: u32 = 0;
        for recording in recordings.iter().cycle() {
            self.replay(recording)?;
            runs += 1;
            if started.elapsed() >= time {
                break;
            }
        }
        ensure!(runs > 0, "there is nothing to replay");
        Ok(Looped {
            rate: f64::from(runs) / started.elapsed().as_secs_f64(),
            cpu: Some((own_cpu()? - cpu) / f64::from(runs)),
        })
    }

    fn replay(&mut self, recording: &Recording) -> Result<()> {
        self.turn += 1;
        let by = REPLAYED + self.turn * 10_000;
        let begin = if recording.writes { "BEGIN IMMEDIATE" } else { "BEGIN" };
        self.connection.prepare_cached(begin)?.execute([])?;
        for (statement, text) in recording.statements.iter().zip(&recording.texts) {
            let mut prepared = self.connection.prepare_cached(text)?;
            for (place, value) in statement.params.iter().enumerate() {
                if recording.writes {
                    prepared.raw_bind_parameter(place + 1, recording.renewed(value, by))?;
                } else {
                    prepared.raw_bind_parameter(place + 1, value)?;
                }
            }
            let columns = prepared.column_count();
            let mut rows = prepared.raw_query();
            while let Some(row) = rows.next()? {
                for column in 0..columns {
                    std::hint::black_box(row.get_ref(column)?);
                }
            }
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

/// Writes the scripts of recordings for pgbench and gives their arguments.
pub(super) fn scripts(
    directory: &Path,
    name: &str,
    recordings: &[Recording],
) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    for (number, recording) in recordings.iter().enumerate() {
        let path = directory.join(format!("{name}-{number}.sql"));
        std::fs::write(&path, script(recording)?)?;
        arguments.push(format!("--file={}", path.display()));
    }
    Ok(arguments)
}

/// Seconds in which pgbench prepares its statements and the caches fill; they do not count.
const WARM: u64 = 2;

/// Runs pgbench with as many clients as the server gets, for whole seconds after it is warm.
pub(super) fn pgbench(url: &str, scripts: &[String], seconds: u64, round: usize) -> Result<Looped> {
    let output = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--progress=1"])
        .arg(format!("--client={}", super::http::CLIENTS))
        .arg(format!("--time={}", WARM + seconds.max(1)))
        .args(["--define=n=0".to_owned(), format!("--define=round={round}")])
        .args(scripts)
        .arg(url)
        .output()
        .context("pgbench is not installed")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let warm = usize::try_from(WARM).unwrap_or(0);
    let rates: Vec<f64> = text.lines().filter_map(progress).skip(warm).collect();
    ensure!(output.status.success() && !rates.is_empty(), "pgbench failed: {text}");
    let count = f64::from(u32::try_from(rates.len()).unwrap_or(1));
    Ok(Looped { rate: rates.iter().sum::<f64>() / count, cpu: None })
}

/// The rate in a line like `progress: 1.0 s, 1711.0 tps, lat 9.3 ms stddev 2.1, 0 failed`.
fn progress(line: &str) -> Option<f64> {
    let (_, rest) = line.strip_prefix("progress: ")?.split_once(" s, ")?;
    rest.split_once(" tps")?.0.parse().ok()
}

/// A recording as a script: one pipeline, gids of its own for each run.
fn script(recording: &Recording) -> Result<String> {
    let mut variables: BTreeMap<i64, String> = BTreeMap::new();
    let mut body = String::new();
    for statement in &recording.statements {
        let text = testing::text(&statement.sql, Dialect::Postgres)?;
        let mut rest = text.as_str();
        // Parameters stand in order, each once.
        for (place, value) in statement.params.iter().enumerate() {
            let mark = format!("${}", place + 1);
            let Some((before, after)) = rest.split_once(&mark) else {
                bail!("{mark} is missing in {text}");
            };
            body.push_str(before);
            body.push_str(&literal(value, recording, &mut variables));
            rest = after;
        }
        writeln!(body, "{rest};")?;
    }
    let begin = if recording.writes {
        "BEGIN;"
    } else {
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    };
    let mut head = String::from("\\set n :n + 1\n");
    for (number, name) in variables.values().enumerate() {
        writeln!(
            head,
            "\\set {name} {SEEDED} + :client_id * 100000000000 + :round * 1000000000 + :n * 100 + {number}"
        )?;
    }
    Ok(format!("{head}\\startpipeline\n{begin}\n{body}COMMIT;\n\\endpipeline\n"))
}

/// A parameter as text; fresh gids are variables.
fn literal(value: &Value, recording: &Recording, variables: &mut BTreeMap<i64, String>) -> String {
    let mut gid = |gid: i64| {
        if !recording.is_fresh(gid) {
            return gid.to_string();
        }
        let next = format!("g{}", variables.len());
        format!(":{}", variables.entry(gid).or_insert(next))
    };
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => gid(*number),
        Value::Real(number) => format!("CAST({number} AS double precision)"),
        Value::Text(text) => quoted(text),
        Value::Ids(gids) => {
            let gids: Vec<String> = gids.iter().map(|one| gid(*one)).collect();
            format!("CAST(ARRAY[{}] AS bigint[])", gids.join(","))
        }
        Value::Texts(texts) => {
            let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            format!("CAST(ARRAY[{}] AS text[])", texts.join(","))
        }
    }
}

/// A text literal without a colon, which pgbench would take for a variable.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a");
    format!("E'{}'", text.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(sql: &str, params: Vec<Value>) -> Recording {
        let statements = vec![Statement { sql: sql.to_owned(), params }];
        Recording::new(statements, true, 1_200_000_000_000_500).unwrap()
    }

    #[test]
    fn a_script_has_literals_and_gids_of_its_own() {
        let noted = recording(
            "INSERT INTO t (a, b, c) SELECT ?, ?, i.value FROM ids(?) AS i",
            vec![
                Value::Int(1_200_000_000_000_501),
                Value::Text("it's 5:30".to_owned()),
                Value::Ids(vec![7, 1_200_000_000_000_501]),
            ],
        );

        let text = script(&noted).unwrap();

        assert!(text.contains(r"SELECT :g0, E'it''s 5\x3a30', i.value"), "{text}");
        assert!(text.contains("CAST(ARRAY[7,:g0] AS bigint[])"), "{text}");
        assert!(text.contains("\\startpipeline\nBEGIN;\nINSERT"), "{text}");
    }

    #[test]
    fn replayed_gids_are_new_and_others_stay() {
        let noted = recording("", Vec::new());

        let renewed = noted.renewed(&Value::Ids(vec![7, 1_200_000_000_000_501]), 10);

        assert_eq!(renewed, Value::Ids(vec![7, 1_200_000_000_000_511]));
    }
}
