//! A minimal HTTP client on one kept connection, many of which drive a server for a while.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// Parallel clients.
pub(super) const CLIENTS: usize = 16;

/// A connection that is kept.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(super) fn new(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address).context("the server does not answer")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Connection { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and gives the body of its answer.
    ///
    /// Errors: the line breaks; the answer is no success.
    pub(super) fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.answer(request, true)
    }

    /// Sends a request and gives the body of its answer, whatever its status.
    ///
    /// Errors: the line breaks.
    pub(super) fn any_exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.answer(request, false)
    }

    fn answer(&mut self, request: &[u8], must_succeed: bool) -> Result<&[u8]> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let mut chunk = [0_u8; 16 * 1024];
        let mut end = None;
        loop {
            if let Some((head, whole)) = end
                && self.buffer.len() >= whole
            {
                let body = self.buffer.get(head..whole).unwrap_or_default();
                let status = self.buffer.get(9..12).unwrap_or_default();
                ensure!(
                    !must_succeed || status.first() == Some(&b'2'),
                    "the server answered {}: {}",
                    String::from_utf8_lossy(status),
                    String::from_utf8_lossy(body)
                );
                return Ok(body);
            }
            let read = self.stream.read(&mut chunk)?;
            ensure!(read > 0, "the server closed the connection");
            self.buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
            if end.is_none() {
                end = ends(&self.buffer)?;
            }
        }
    }
}

/// Where head and body of an answer end, once the head is there.
fn ends(buffer: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(buffer.get(..head).unwrap_or_default()).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let Some(length) = length else { bail!("an answer has no length: {text}") };
    let length: usize = length.trim().parse()?;
    Ok(Some((head + 4, head + 4 + length)))
}

/// A request as bytes.
pub(super) fn request(method: &str, path: &str, token: &str, body: Option<&str>) -> Vec<u8> {
    // A whole path is one of the extension API.
    let base = if path.starts_with("/api/") { "" } else { "/api/1.0" };
    let mut text = format!(
        "{method} {base}{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
    );
    if let Some(body) = body {
        text.push_str(&format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    } else {
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// Numbers that look random; each client has its own.
pub(super) struct Dice(u64);

impl Dice {
    /// Different for each seed.
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to below `end`.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 1).unwrap_or(0) % end.max(1)
    }
}

/// Makes the next request of a client.
pub(super) type Make = Arc<dyn Fn(&mut Dice) -> Vec<u8> + Send + Sync>;

/// Drives a server for a while; gives the number of answers and the seconds it took.
pub(super) fn drive(
    address: SocketAddr,
    make: &Make,
    time: Duration,
    seed: u64,
) -> Result<(u64, f64)> {
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (make, stop) = (Arc::clone(make), Arc::clone(&stop));
            let mut dice = Dice::new(seed * 1_000 + u64::try_from(number).unwrap_or(0) + 1);
            thread::spawn(move || -> Result<u64> {
                let mut connection = Connection::new(address)?;
                let mut answers = 0;
                while !stop.load(Ordering::Relaxed) && started.elapsed() < time {
                    let answered = connection.exchange(&make(&mut dice));
                    if answered.is_err() {
                        stop.store(true, Ordering::Relaxed);
                    }
                    answered?;
                    answers += 1;
                }
                Ok(answers)
            })
        })
        .collect();
    let mut answers = 0;
    let mut problem = None;
    for client in clients {
        match client.join() {
            Ok(Ok(number)) => answers += number,
            Ok(Err(error)) => problem = Some(error),
            Err(_) => problem = Some(anyhow::anyhow!("a client panicked")),
        }
    }
    match problem {
        Some(error) => Err(error),
        None => Ok((answers, started.elapsed().as_secs_f64())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_answer_is_found() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

        assert_eq!(ends(&whole[..20]).unwrap(), None);
        assert_eq!(ends(whole).unwrap(), Some((38, 43)));
        assert!(ends(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
