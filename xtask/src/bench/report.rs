//! What was measured, as tables for `benches/README.md`, with the gates.

use std::fmt;

use server::resources::webhooks::queue::GATHER;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shot {
    /// Answers a second.
    pub(super) rate: f64,
    /// CPU seconds of an answer; none where it is not measured.
    pub(super) cpu: Option<f64>,
}

/// One operation: the rounds of the server and of the ceilings.
#[derive(Debug)]
pub(super) struct Row {
    name: &'static str,
    key: &'static str,
    statements: usize,
    pub(super) server: Vec<Shot>,
    pub(super) constant: Vec<Shot>,
    /// The same SQL without HTTP.
    pub(super) same: Vec<Shot>,
}

/// The same request by a member and by a guest.
#[derive(Debug)]
pub(super) struct Sights {
    pub(super) name: &'static str,
    pub(super) by_member: Vec<Shot>,
    pub(super) by_guest: Vec<Shot>,
}

/// Polling for events.
#[derive(Debug)]
pub(super) struct Poll {
    pub(super) name: &'static str,
    pub(super) shots: Vec<Shot>,
}

/// All of one database.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) kind: &'static str,
    pub(super) tasks: i64,
    pub(super) rows: Vec<Row>,
    pub(super) guests: Vec<Sights>,
    pub(super) polls: Vec<Poll>,
    pub(super) delays: super::events::Delays,
    pub(super) idle: f64,
    pub(super) loaded: f64,
    pub(super) ready: f64,
    pub(super) seeded: f64,
}

/// What a measure is held against: what must be held, what is aimed at.
struct Gate {
    kind: &'static str,
    key: &'static str,
    hold: f64,
    aim: f64,
}

/// Requests a second against those of the same SQL. Source: the issue of the core.
const RATES: [Gate; 6] = [
    Gate { kind: "sqlite", key: "get", hold: 0.30, aim: 0.45 },
    Gate { kind: "sqlite", key: "list", hold: 0.60, aim: 0.85 },
    Gate { kind: "sqlite", key: "create", hold: 1.0, aim: 1.8 },
    Gate { kind: "postgres", key: "get", hold: 0.25, aim: 0.40 },
    Gate { kind: "postgres", key: "list", hold: 0.50, aim: 0.75 },
    Gate { kind: "postgres", key: "create", hold: 0.30, aim: 0.50 },
];

/// CPU of get one against the bare loop plus a constant answer, at most.
const CPU: Gate = Gate { kind: "sqlite", key: "get", hold: 2.5, aim: 1.9 };

/// CPU of a guest against that of a member, at most.
const GUEST: f64 = 3.0;

/// Anonymous memory in MB, idle and loaded, at most.
const MEMORY: (f64, f64) = (80.0, 150.0);

/// Milliseconds from the answer to a write to a webhook's target, at most; the API promises a minute.
const DELIVERY: f64 = 2_000.0;

/// Seconds to the line that says it is ready, at most.
const READY: f64 = 1.0;

impl Row {
    /// Nothing measured yet.
    pub(super) fn new(name: &'static str, key: &'static str, statements: usize) -> Row {
        Row { name, key, statements, server: Vec::new(), constant: Vec::new(), same: Vec::new() }
    }

    /// The server's CPU against that of the same SQL plus a constant answer.
    fn cpu_ratio(&self) -> Option<f64> {
        Some(cpu(&self.server)? / (cpu(&self.same)? + cpu(&self.constant)?))
    }

    /// The server's rate against that of the same SQL.
    fn rate_ratio(&self) -> Option<f64> {
        Some(rate(&self.server)? / rate(&self.same)?)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn rate(shots: &[Shot]) -> Option<f64> {
    median(shots.iter().map(|shot| shot.rate).collect())
}

fn cpu(shots: &[Shot]) -> Option<f64> {
    median(shots.iter().filter_map(|shot| shot.cpu).collect())
}

/// A number or a dash.
fn shown(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// Microseconds.
fn micros(shots: &[Shot]) -> String {
    shown(cpu(shots).map(|seconds| seconds * 1e6), 0)
}

fn at_least(value: f64, hold: f64, aim: f64) -> &'static str {
    match value {
        value if value >= aim => "reached",
        value if value >= hold => "held",
        _ => "MISSED",
    }
}

fn at_most(value: f64, hold: f64, aim: f64) -> &'static str {
    match value {
        value if value <= aim => "reached",
        value if value <= hold => "held",
        _ => "MISSED",
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.kind == "sqlite" { "SQLite" } else { "PostgreSQL" };
        let same = if self.kind == "sqlite" { "one thread" } else { "pgbench" };
        writeln!(f, "## {name}, {} tasks\n", self.tasks)?;
        writeln!(
            f,
            "| operation | statements | requests/s | CPU µs | constant answer/s | CPU µs | same SQL/s ({same}) | CPU µs |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            let (server, constant, bare) = (&row.server, &row.constant, &row.same);
            writeln!(
                f,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                row.name,
                row.statements,
                shown(rate(server), 0),
                micros(server),
                shown(rate(constant), 0),
                micros(constant),
                shown(rate(bare), 0),
                micros(bare),
            )?;
        }
        writeln!(f, "\n| gate | measured | hold | aim | |")?;
        writeln!(f, "|---|---|---|---|---|")?;
        for row in &self.rows {
            if let Some(ratio) = row.cpu_ratio() {
                let gated = self.kind == CPU.kind && row.key == CPU.key;
                let (hold, aim, result) = if gated {
                    let result = at_most(ratio, CPU.hold, CPU.aim);
                    (format!("≤ {}", CPU.hold), format!("≤ {}", CPU.aim), result)
                } else {
                    (String::new(), String::new(), "")
                };
                writeln!(
                    f,
                    "| CPU, {}: of the same SQL plus a constant answer | {ratio:.2}× | {hold} | {aim} | {result} |",
                    row.name
                )?;
            }
            if let Some(ratio) = row.rate_ratio() {
                let gate = RATES.iter().find(|gate| gate.kind == self.kind && gate.key == row.key);
                let (hold, aim, result) = match gate {
                    Some(gate) => {
                        let result = at_least(ratio, gate.hold, gate.aim);
                        (format!("≥ {}", gate.hold), format!("≥ {}", gate.aim), result)
                    }
                    None => (String::new(), String::new(), ""),
                };
                writeln!(
                    f,
                    "| requests/s, {}: of the same SQL | {ratio:.2} | {hold} | {aim} | {result} |",
                    row.name
                )?;
            }
        }
        for guest in &self.guests {
            let ratio = cpu(&guest.by_guest).zip(cpu(&guest.by_member)).map(|(a, b)| a / b);
            let result = ratio.map_or("", |ratio| at_most(ratio, GUEST, GUEST));
            writeln!(
                f,
                "| CPU, guest against member: {} ({} µs against {}) | {}× | ≤ {GUEST} | | {result} |",
                guest.name,
                micros(&guest.by_guest),
                micros(&guest.by_member),
                shown(ratio, 2),
            )?;
        }
        // An answer without work is the ceiling of a poll; a delivery waits for others on purpose.
        let nothing = self.rows.first().and_then(|row| cpu(&row.constant));
        for poll in &self.polls {
            writeln!(
                f,
                "| {}: {} requests/s, {} µs of CPU; a constant answer {} µs | | | | |",
                poll.name,
                shown(rate(&poll.shots), 0),
                micros(&poll.shots),
                shown(nothing.map(|seconds| seconds * 1e6), 0),
            )?;
        }
        let delays = &self.delays.0;
        writeln!(
            f,
            "| webhook, from the answer to a write to the target: longest {} ms, of which {GATHER} ms wait for others | {} ms | ≤ {DELIVERY} ms | | {} |",
            shown(delays.iter().copied().reduce(f64::max), 0),
            shown(median(delays.clone()), 0),
            median(delays.clone()).map_or("", |value| at_most(value, DELIVERY, DELIVERY)),
        )?;
        for (name, value, unit, most) in [
            ("anonymous memory, idle", self.idle, "MB", MEMORY.0),
            ("anonymous memory, loaded", self.loaded, "MB", MEMORY.1),
            ("time to ready", self.ready, "s", READY),
        ] {
            let result = at_most(value, most, most);
            writeln!(f, "| {name} | {value:.2} {unit} | ≤ {most} {unit} | | {result} |")?;
        }
        writeln!(f, "\nThe database was written in {:.0} s.", self.seeded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shots(cpu: f64, rates: &[f64]) -> Vec<Shot> {
        rates.iter().map(|rate| Shot { rate: *rate, cpu: Some(cpu) }).collect()
    }

    #[test]
    fn gates_are_held_missed_or_reached_by_medians() {
        let mut row = Row::new("get one", "get", 12);
        row.server = shots(2e-4, &[900.0, 5_000.0, 4_000.0]);
        row.constant = shots(4e-5, &[20_000.0]);
        row.same = shots(6e-5, &[10_000.0]);
        let report = Report {
            kind: "sqlite",
            tasks: 1_000,
            rows: vec![row],
            guests: vec![Sights {
                name: "open",
                by_member: shots(1e-4, &[1.0]),
                by_guest: shots(4e-4, &[1.0]),
            }],
            polls: vec![Poll { name: "poll", shots: shots(1e-4, &[7_000.0]) }],
            delays: crate::bench::events::Delays(vec![900.0, 1_000.0, 1_100.0]),
            idle: 20.0,
            loaded: 200.0,
            ready: 0.1,
            seeded: 1.0,
        };

        let text = report.to_string();

        assert!(text.contains("| get one | 12 | 4000 | 200 | 20000 | 40 | 10000 | 60 |"), "{text}");
        assert!(text.contains("| 2.00× | ≤ 2.5 | ≤ 1.9 | held |"), "{text}");
        assert!(text.contains("| 0.40 | ≥ 0.3 | ≥ 0.45 | held |"), "{text}");
        assert!(text.contains("| poll: 7000 requests/s, 100 µs of CPU; a constant answer 40 µs |"));
        assert!(text.contains("| 1000 ms | ≤ 2000 ms | | reached |"), "{text}");
        assert!(text.contains("| 4.00× | ≤ 3 | | MISSED |"), "{text}");
        assert!(text.contains("| anonymous memory, loaded | 200.00 MB | ≤ 150 MB | | MISSED |"));
    }
}
