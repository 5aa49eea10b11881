//! What follows from changes: polling for events, and how long a change takes to a webhook's target.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::http::{Connection, request};
use super::process::Process;
use super::seed::World;

/// Changes whose way to the target is measured.
const CHANGES: usize = 20;

/// How long a change took to the target, in milliseconds, each counted from the answer to the write.
#[derive(Debug, Default)]
pub(super) struct Delays(pub(super) Vec<f64>);

/// A first sync token for a resource.
pub(super) fn token(server: &Process, token: &str, resource: i64) -> Result<String> {
    let mut connection = Connection::new(server.address)?;
    let path = format!("/events?resource={resource}");
    let answer = connection.any_exchange(&request("GET", &path, token, None))?;
    let answer: Value = serde_json::from_slice(answer)?;
    Ok(answer.get("sync").and_then(Value::as_str).context("a first poll gives a token")?.to_owned())
}

/// Makes some changes to a task, one after the other.
pub(super) fn change(server: &Process, world: &World, task: i64, times: usize) -> Result<()> {
    let mut connection = Connection::new(server.address)?;
    for number in 0..times {
        // Fields in turn, since the same change again is told once.
        let body = match number % 2 {
            0 => json!({ "data": { "name": format!("Change {number}") } }),
            _ => json!({ "data": { "completed": number % 4 == 1 } }),
        };
        let path = format!("/tasks/{task}");
        connection.exchange(&request("PUT", &path, &world.member, Some(&body.to_string())))?;
    }
    Ok(())
}

/// Makes a webhook on a task, then changes it again and again, waiting for each change to arrive.
pub(super) fn delays(server: &Process, world: &World) -> Result<Delays> {
    let task = World::task(0, 1);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let target = format!("http://{}/hook", listener.local_addr()?);
    let (sender, arrivals) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            thread::spawn(move || receive(stream, &sender));
        }
    });
    let filters = json!([{ "resource_type": "task", "action": "changed", "fields": ["name"] }]);
    let hook =
        json!({ "data": { "resource": task.to_string(), "target": target, "filters": filters } });
    let mut connection = Connection::new(server.address)?;
    connection.exchange(&request("POST", "/webhooks", &world.member, Some(&hook.to_string())))?;
    let mut delays = Delays::default();
    for number in 0..CHANGES {
        let body = json!({ "data": { "name": format!("On its way {number}") } }).to_string();
        let path = format!("/tasks/{task}");
        connection.exchange(&request("PUT", &path, &world.member, Some(&body)))?;
        let answered = Instant::now();
        let arrived = wait(&arrivals)?;
        delays.0.push(arrived.saturating_duration_since(answered).as_secs_f64() * 1_000.0);
    }
    Ok(delays)
}

/// When the next delivery with an event arrived.
fn wait(arrivals: &Receiver<(Instant, bool)>) -> Result<Instant> {
    loop {
        let (at, has_events) = arrivals
            .recv_timeout(Duration::from_secs(30))
            .context("a change did not come to the target within thirty seconds")?;
        if has_events {
            return Ok(at);
        }
    }
}

/// Takes requests on one connection, and sends secrets back.
fn receive(mut stream: TcpStream, sender: &Sender<(Instant, bool)>) -> Result<()> {
    let mut buffer = Vec::new();
    let mut chunk = [0_u8; 16 * 1024];
    loop {
        let read = stream.read(&mut chunk)?;
        ensure!(read > 0, "the server closed the connection");
        buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(buffer.get(..head).unwrap_or_default()).into_owned();
        let find = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let length: usize = find("content-length").unwrap_or_default().parse().unwrap_or(0);
        let Some(body) = buffer.get(head + 4..head + 4 + length) else { continue };
        let has_events = body.windows(8).any(|some| some == b"\"action\"");
        let _ = sender.send((Instant::now(), has_events));
        let secret = find("x-hook-secret").map(|secret| format!("X-Hook-Secret: {secret}\r\n"));
        let answer =
            format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", secret.unwrap_or_default());
        stream.write_all(answer.as_bytes())?;
        buffer.clear();
    }
}
