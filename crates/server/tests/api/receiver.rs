//! A target of webhooks on loopback: it notes what it gets and answers as it is told.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// The headers, in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// What was answered.
    pub(crate) status: u16,
}

impl Arrived {
    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The events.
    pub(crate) fn events(&self) -> Vec<Value> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["events"].as_array().unwrap().clone()
    }
}

#[derive(Default)]
struct State {
    arrived: Vec<Arrived>,
    /// Statuses for the next requests; 200 when there are no more.
    script: Vec<u16>,
    /// Whether the secret is not sent back.
    silent: bool,
}

/// The target.
pub(crate) struct Receiver {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// One that takes everything.
    pub(crate) fn new() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Receiver { port, state }
    }

    /// The address, with a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Answers the next requests with these statuses.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.state.lock().unwrap().script = statuses.iter().rev().copied().collect();
    }

    /// Keeps secrets to itself.
    pub(crate) fn keep_silent(&self) {
        self.state.lock().unwrap().silent = true;
    }

    /// What came since the last call.
    pub(crate) fn taken(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.state.lock().unwrap().arrived)
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.trim().split_once(": ") {
                headers.push((name.to_lowercase(), value.to_owned()));
            }
        }
        let find = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, v)| v.clone());
        let length = find("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let mut state = state.lock().unwrap();
        let status = state.script.pop().unwrap_or(200);
        let secret = find("x-hook-secret").filter(|_| !state.silent);
        state.arrived.push(Arrived { headers, body, status });
        drop(state);
        let echo = secret.map(|secret| format!("X-Hook-Secret: {secret}\r\n")).unwrap_or_default();
        let answer = format!("HTTP/1.1 {status} Whatever\r\n{echo}Content-Length: 4\r\n\r\nwell");
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
