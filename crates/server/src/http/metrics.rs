//! What the server tells about itself, in the text form of Prometheus. Source: architecture, "Starting it".
//!
//! No name and no gid is in it, so it needs no token; whoever runs the server keeps the path from strangers if he likes.

use crate::App;
use crate::error::Result;
use crate::readers::cursor;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The type of the text.
pub(super) const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The upper ends of the buckets of requests, in milliseconds.
const BOUNDS: [u64; 10] = [1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000];

/// Requests of one operation with one status.
#[derive(Clone, Copy, Debug, Default)]
struct Served {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    micros: u64,
}

/// What is counted in memory.
#[derive(Default)]
pub struct Metrics {
    served: Mutex<BTreeMap<(&'static str, u16), Served>>,
}

impl Metrics {
    /// Notes an answered request.
    pub(crate) fn served(&self, operation: &'static str, status: u16, time: Duration) {
        let mut all = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let served = all.entry((operation, status)).or_default();
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        for (bucket, bound) in served.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(micros <= bound * 1_000);
        }
        served.count += 1;
        served.micros += micros;
    }
}

/// A text being written.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

/// Everything as text.
///
/// Errors: those of the database.
pub(super) async fn text(app: &Arc<App>) -> Result<Vec<u8>> {
    let mut text = Text::default();
    requests(app, &mut text);
    store(app, &mut text);
    let shared = Arc::clone(app);
    let (lags, counts) = app
        .store
        .read(move |tx| {
            let now = (shared.clock)().millis();
            let lags = cursor::lags(tx, &shared.readers, now)?;
            let counts = WAITING.map(|(name, help, sql)| (name, help, sql));
            let mut found = Vec::new();
            for (name, help, sql) in counts {
                let rows =
                    tx.query(sql, &[], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)))?;
                found.push((name, help, rows));
            }
            Ok::<_, crate::Error>((lags, found))
        })
        .await?;
    let name = "vinyasa_reader_lag_seconds";
    text.family(name, "gauge", "Age of the oldest event that a reader of the log has not seen.");
    for (reader, millis) in lags {
        let seconds = Duration::from_millis(millis.unsigned_abs()).as_secs_f64();
        text.line(name, &format!("reader=\"{reader}\""), seconds);
    }
    for (name, help, rows) in counts {
        text.family(name, "gauge", help);
        for (label, count) in rows {
            text.line(name, &label, count);
        }
    }
    Ok(text.0.into_bytes())
}

/// What waits in the database: name, help, and a query for labels and counts.
const WAITING: [(&str, &str, &str); 2] = [
    (
        "vinyasa_jobs",
        "Jobs that are not finished, by status.",
        "SELECT 'status=\"' || j.status || '\"', count(*) FROM jobs AS j WHERE j.status IN ('not_started', 'in_progress') GROUP BY j.status",
    ),
    (
        "vinyasa_webhook_deliveries_pending",
        "Deliveries of webhooks that the target has not taken.",
        "SELECT '', count(*) FROM webhook_deliveries AS d WHERE d.state = 'pending'",
    ),
];

fn requests(app: &App, text: &mut Text) {
    let name = "vinyasa_request_seconds";
    text.family(name, "histogram", "Requests by operation and status.");
    let all = app.metrics.served.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for ((operation, status), served) in all {
        let labels = format!("operation=\"{operation}\",status=\"{status}\"");
        for (count, bound) in served.buckets.iter().zip(BOUNDS) {
            let bound = Duration::from_millis(bound).as_secs_f64();
            text.line(&format!("{name}_bucket"), &format!("{labels},le=\"{bound}\""), count);
        }
        text.line(&format!("{name}_bucket"), &format!("{labels},le=\"+Inf\""), served.count);
        let sum = Duration::from_micros(served.micros).as_secs_f64();
        text.line(&format!("{name}_sum"), &labels, sum);
        text.line(&format!("{name}_count"), &labels, served.count);
    }
}

fn store(app: &App, text: &mut Text) {
    let metrics = app.store.metrics();
    let name = "vinyasa_write_hold_seconds";
    text.family(name, "histogram", "How long write transactions were held; groups on SQLite.");
    let mut sum = 0;
    for (bound, count) in &metrics.hold_times {
        sum += count;
        let le = if *bound == Duration::MAX {
            "+Inf".to_owned()
        } else {
            bound.as_secs_f64().to_string()
        };
        text.line(&format!("{name}_bucket"), &format!("le=\"{le}\""), sum);
    }
    text.line(&format!("{name}_sum"), "", metrics.hold_total.as_secs_f64());
    text.line(&format!("{name}_count"), "", sum);
    for (name, kind, help, value) in [
        ("vinyasa_writes_total", "counter", "Committed writes.", metrics.grouped_writes),
        ("vinyasa_write_groups_total", "counter", "Committed write transactions.", metrics.groups),
        (
            "vinyasa_refused_total",
            "counter",
            "Requests refused for lack of a thread.",
            metrics.refused,
        ),
        (
            "vinyasa_queue_length",
            "gauge",
            "Requests that wait for a database thread.",
            u64::try_from(metrics.queue_length).unwrap_or(u64::MAX),
        ),
    ] {
        text.family(name, kind, help);
        text.line(name, "", value);
    }
}
