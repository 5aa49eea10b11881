//! The processes that are measured: how they are started, what they use, how they end.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};

/// Ticks of `/proc/PID/stat` in a second; the same on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// A server that runs.
pub(super) struct Process {
    child: Child,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// From its start to the line that says it is ready, in seconds.
    pub(super) ready: f64,
}

impl Process {
    /// Starts a program that prints a line with its address when it is ready. What it logs goes into a file.
    pub(super) fn start(command: &mut Command, log: &Path) -> Result<Process> {
        let log = std::fs::File::create(log).context("the log cannot be written")?;
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let output = child.stdout.take().context("its output was asked for")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let ready = started.elapsed().as_secs_f64();
        let address = line.trim().rsplit("http://").next().and_then(|text| text.parse().ok());
        let process = address.map(|address| Process { child, address, ready });
        process.with_context(|| format!("{command:?} did not become ready; it said: {line:?}"))
    }

    /// CPU seconds that it has used so far, in user and in system mode.
    pub(super) fn cpu(&self) -> Result<f64> {
        let path = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(path).context("the process has ended")?;
        // The name in brackets may hold blanks; what follows does not.
        let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: f64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|part| part.parse::<f64>().ok())
            .sum();
        Ok(ticks / TICKS)
    }

    /// Anonymous memory in MB.
    pub(super) fn anonymous(&self) -> Result<f64> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).context("the process has ended")?;
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        Ok(kilobytes.context("there is no RssAnon")? / 1_024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGTERM, so that it ends as it does in production.
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        if !asked.is_ok_and(|status| status.success()) {
            drop(self.child.kill());
        }
        drop(self.child.wait());
    }
}

/// CPU seconds of this thread so far.
pub(super) fn own_cpu() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: f64 = text.split_whitespace().next().unwrap_or("").parse()?;
    Ok(nanos / 1e9)
}
