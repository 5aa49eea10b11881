//! The one client for calls that the server makes to addresses that people give it: webhooks, rules, files elsewhere.
//!
//! It looks a name up, refuses addresses that are not of the public internet, and connects to the very addresses it looked at,
//! so that a name which resolves differently the second time gains nothing. It follows no redirect, and bounds time and size.

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve as ReqwestResolve, Resolving};
use reqwest::{Client, Method, Url};
use std::error::Error as StdError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Longest address of a target, in characters. Ours, since none is published.
pub const MAX_URL: usize = 2_048;

/// How long idle connections are kept for the next call.
const IDLE: Duration = Duration::from_secs(30);

/// Finds the addresses of a name.
pub trait Resolver: Send + Sync {
    /// Its addresses, in the order in which they are tried.
    fn resolve(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The address makes no sense.
    #[error("{0}")]
    Address(String),
    /// The address is one that the server does not call.
    #[error("The server does not call {0}")]
    Refused(String),
    /// No answer in time.
    #[error("No answer in time")]
    Timeout,
    /// No connection, or it broke.
    #[error("{0}")]
    Connection(String),
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// `GET` or `POST`.
    pub method: Method,
    /// The address.
    pub url: &'a str,
    /// The headers.
    pub headers: &'a [(&'static str, String)],
    /// The body.
    pub body: Vec<u8>,
    /// How long everything may take.
    pub time: Duration,
    /// How much of the answer's body is read.
    pub bytes: usize,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body, or its beginning.
    pub body: Vec<u8>,
    /// Whether there was more of it.
    pub is_cut: bool,
}

/// The client.
pub struct Outbound {
    guard: Arc<Guard>,
    client: OnceLock<Result<Client, String>>,
}

/// Decides which addresses are called.
struct Guard {
    resolver: Box<dyn Resolver>,
    allow_private: bool,
}

/// What the guard says through the layers of the client.
#[derive(Debug, thiserror::Error)]
#[error("The server does not call {0}")]
struct Refusal(String);

impl Outbound {
    /// A client. `allow_private` opens private and loopback addresses, for development.
    pub fn new(allow_private: bool, resolver: Box<dyn Resolver>) -> Self {
        Outbound { guard: Arc::new(Guard { resolver, allow_private }), client: OnceLock::new() }
    }

    /// Reads an address without calling it.
    ///
    /// Errors: [`Failure::Address`]; [`Failure::Refused`] for the number of a host that is not called.
    pub fn check(&self, url: &str) -> Result<Url, Failure> {
        let wrong = |text: &str| Failure::Address(text.to_owned());
        if url.chars().count() > MAX_URL {
            return Err(wrong("The address is too long"));
        }
        let parsed = Url::parse(url)
            .map_err(|_| wrong("Must be an address, like https://example.com/hook"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong("Must begin with https:// or http://"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(wrong("Must not contain a name or password"));
        }
        let host = parsed.host_str().ok_or_else(|| wrong("Must name a host"))?;
        // The parser has turned decimal, octal and shortened numbers into the usual form.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            self.guard.admit(address, host).map_err(|refusal| Failure::Refused(refusal.0))?;
        } else if is_local_name(host) && !self.guard.allow_private {
            return Err(Failure::Refused(host.to_owned()));
        }
        Ok(parsed)
    }

    /// Makes a call.
    ///
    /// Errors: see [`Failure`]. Any status is an answer.
    pub async fn send(&self, call: Call<'_>) -> Result<Answer, Failure> {
        let url = self.check(call.url)?;
        let time = call.time;
        match tokio::time::timeout(time, self.exchange(url, call)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::Timeout),
        }
    }

    async fn exchange(&self, url: Url, call: Call<'_>) -> Result<Answer, Failure> {
        let client = self.client()?;
        let mut request = client.request(call.method, url).body(call.body);
        for (name, value) in call.headers {
            request = request.header(*name, value);
        }
        let mut response = request.send().await.map_err(|error| failure(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        let mut is_cut = false;
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            let room = call.bytes - body.len();
            if chunk.len() > room {
                body.extend_from_slice(chunk.get(..room).unwrap_or_default());
                is_cut = true;
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body, is_cut })
    }

    fn client(&self) -> Result<&Client, Failure> {
        let made = self.client.get_or_init(|| {
            Client::builder()
                .dns_resolver(Arc::clone(&self.guard))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .pool_idle_timeout(IDLE)
                .pool_max_idle_per_host(2)
                .user_agent(concat!("Vinyasa/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| chain(&error))
        });
        made.as_ref().map_err(|error| Failure::Connection(error.clone()))
    }
}

impl Guard {
    fn admit(&self, address: IpAddr, host: &str) -> Result<(), Refusal> {
        match reach(address) {
            Reach::Public => Ok(()),
            Reach::Private if self.allow_private => Ok(()),
            _ => Err(Refusal(host.to_owned())),
        }
    }
}

impl ReqwestResolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let found = self.resolver.resolve(host.clone());
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = found.await?;
            let guard = |address| match reach(address) {
                Reach::Public => true,
                Reach::Private => allow_private,
                Reach::Never => false,
            };
            // A name with one address that is not called is not trusted with its others.
            if found.is_empty() || !found.iter().copied().all(guard) {
                return Err(Refusal(host).into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

/// Names that stand for this machine or its network, whatever they resolve to.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost"
        || [".localhost", ".local", ".internal"].iter().any(|end| host.ends_with(end))
}

/// Whom an address reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Anybody.
    Public,
    /// This machine or its network.
    Private,
    /// Nobody who should be called: metadata services, multicast, reserved ranges.
    Never,
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

/// Source: the IANA registry of special-purpose IPv4 addresses; metadata addresses of Azure and Alibaba.
fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    let is_metadata = matches!(address.octets(), [168, 63, 129, 16] | [100, 100, 100, 200]);
    if is_metadata {
        return Reach::Never;
    }
    match (a, b, c) {
        (10 | 127, ..) | (192, 168, _) | (172, 16..=31, _) | (100, 64..=127, _) => Reach::Private,
        (0 | 224..=255, ..)
        | (169, 254, _)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113) => Reach::Never,
        _ => Reach::Public,
    }
}

/// Source: the IANA registry of special-purpose IPv6 addresses. Addresses that carry an IPv4 address are what that one is.
fn reach_v6(address: Ipv6Addr) -> Reach {
    let [first, second, third, .., seventh, eighth] = address.segments();
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        reach_v4(Ipv4Addr::new(a, b, c, d))
    };
    // Nobody uses the forms of NAT64 and 6to4 to reach his own network in good faith.
    let carried = |high: u16, low: u16| match inner(high, low) {
        Reach::Public => Reach::Public,
        _ => Reach::Never,
    };
    if address == Ipv6Addr::LOCALHOST {
        return Reach::Private;
    }
    if let Some(mapped) = address.to_ipv4_mapped() {
        return reach_v4(mapped);
    }
    match (first, second) {
        (0x64, 0xff9b) if address.segments().get(2..6) == Some(&[0; 4]) => carried(seventh, eighth),
        (0x2002, _) => carried(second, third),
        // The metadata service of AWS; documentation, Teredo, benchmarks and the like.
        (0xfd00, 0x0ec2) | (0x2001, 0..=0x01ff | 0x0db8) | (0x3fff, 0..=0x0fff) => Reach::Never,
        (0xfc00..=0xfdff, _) => Reach::Private,
        (0x2000..=0x3fff, _) => Reach::Public,
        _ => Reach::Never,
    }
}

/// What went wrong, by what the client says of it.
fn failure(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<Refusal>() {
            return Failure::Refused(refusal.0.clone());
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        return Failure::Timeout;
    }
    Failure::Connection(chain(error))
}

/// The innermost cause of an error: the layers above it repeat the address.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers with one list of addresses after the other, the last one again and again.
    struct Script(Vec<Vec<IpAddr>>, AtomicUsize);

    impl Resolver for Arc<Script> {
        fn resolve(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
            let at = self.1.fetch_add(1, Ordering::Relaxed).min(self.0.len() - 1);
            let found = self.0[at].clone();
            Box::pin(async move { Ok(found) })
        }
    }

    fn scripted(allow_private: bool, answers: &[&[&str]]) -> (Outbound, Arc<Script>) {
        let list = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let script = Arc::new(Script(answers.iter().map(list).collect(), AtomicUsize::new(0)));
        (Outbound::new(allow_private, Box::new(Arc::clone(&script))), script)
    }

    fn call(url: &str) -> Call<'_> {
        Call {
            method: Method::POST,
            url,
            headers: &[],
            body: b"{}".to_vec(),
            time: Duration::from_secs(2),
            bytes: 1_000,
        }
    }

    fn send(outbound: &Outbound, url: &str) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(outbound.send(call(url)))
    }

    /// A server on loopback that answers every connection with `answer`, again and again if `endless`.
    fn serve(answer: &'static str, endless: bool) -> (u16, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&served);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                let mut buffer = [0; 4_096];
                let _ = stream.read(&mut buffer);
                let _ = stream.write_all(answer.as_bytes());
                while endless && stream.write_all(&[b'x'; 4_096]).is_ok() {}
            }
        });
        (port, served)
    }

    const HOSTILE: &[&str] = &[
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://0.0.0.0/",
        "http://0/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://192.0.0.1/",
        "http://198.18.0.1/",
        "http://203.0.113.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[64:ff9b:1::1]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[2002:c0a8:1::1]/",
        "http://[2001::1]/",
        "http://[2001:db8::1]/",
        "http://[fc00::1]/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://[100::1]/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://a.localhost/",
        "http://metadata.google.internal/",
        "http://printer.local/",
        "http://①②⑦.⓪.⓪.①/",
    ];

    #[test]
    fn hosts_that_are_not_of_the_internet_are_refused() {
        let (outbound, script) = scripted(false, &[&["93.184.215.14"]]);

        for url in HOSTILE {
            let refused = outbound.check(url);
            assert!(matches!(refused, Err(Failure::Refused(_))), "{url}: {refused:?}");
            assert!(matches!(send(&outbound, url), Err(Failure::Refused(_))), "{url}");
        }
        for url in [
            "https://93.184.215.14/",
            "https://[2606:4700::1]/",
            "https://example.com:8443/hook?a=b",
        ] {
            assert!(outbound.check(url).is_ok(), "{url}");
        }
        assert_eq!(script.1.load(Ordering::Relaxed), 0, "nothing of it was looked up");
    }

    #[test]
    fn names_are_refused_by_what_they_resolve_to() {
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "::1",
            "::ffff:192.168.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "fd12::1",
            "fe80::1",
        ] {
            let (outbound, _) = scripted(false, &[&[address]]);
            let sent = send(&outbound, "http://hook.example/");
            assert_eq!(sent.err(), Some(Failure::Refused("hook.example".to_owned())), "{address}");
            // One bad address among good ones is enough.
            let (outbound, _) = scripted(false, &[&["93.184.215.14", address]]);
            assert!(matches!(send(&outbound, "http://hook.example/"), Err(Failure::Refused(_))));
        }
    }

    #[test]
    fn a_private_network_that_is_allowed_still_hides_metadata() {
        let (outbound, _) = scripted(true, &[&["169.254.169.254"]]);

        for url in [
            "http://127.0.0.1/",
            "http://10.0.0.1/",
            "http://[::1]/",
            "http://[fd12::1]/",
            "http://localhost/",
        ] {
            assert!(outbound.check(url).is_ok(), "{url}");
        }
        for url in [
            "http://169.254.169.254/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://0.0.0.0/",
            "http://224.0.0.1/",
        ] {
            assert!(matches!(outbound.check(url), Err(Failure::Refused(_))), "{url}");
        }
        assert!(matches!(send(&outbound, "http://hook.example/"), Err(Failure::Refused(_))));
    }

    #[test]
    fn addresses_that_make_no_sense_are_told() {
        let (outbound, _) = scripted(true, &[&["127.0.0.1"]]);
        for url in [
            "",
            "hook",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:70/",
            "https://user:secret@example.com/",
            "http://",
        ] {
            assert!(matches!(outbound.check(url), Err(Failure::Address(_))), "{url}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL));
        assert!(matches!(outbound.check(&long), Err(Failure::Address(_))));
    }

    #[test]
    fn the_address_that_was_checked_is_the_one_that_is_called() {
        let (port, served) =
            serve("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", false);
        // The first look-up is harmless here (loopback is allowed), the second is not.
        let (outbound, script) = scripted(true, &[&["127.0.0.1"], &["169.254.169.254"]]);
        let url = format!("http://hook.example:{port}/");

        let first = send(&outbound, &url).unwrap();
        assert_eq!((first.status, first.body.as_slice()), (200, b"ok".as_slice()));
        assert_eq!(script.1.load(Ordering::Relaxed), 1, "looked up once for one connection");

        let outbound = Outbound::new(true, Box::new(Arc::clone(&script)));
        assert!(matches!(send(&outbound, &url), Err(Failure::Refused(_))));
        assert_eq!(served.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn redirects_are_answers() {
        let (port, served) = serve(
            "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            false,
        );
        let (outbound, _) = scripted(true, &[&["127.0.0.1"]]);

        let answer = send(&outbound, &format!("http://127.0.0.1:{port}/")).unwrap();

        assert_eq!(answer.status, 302);
        assert_eq!(served.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn endless_bodies_are_cut_and_silence_ends() {
        let (port, _) = serve("HTTP/1.1 200 OK\r\n\r\n", true);
        let (outbound, _) = scripted(true, &[&["127.0.0.1"]]);

        let answer = send(&outbound, &format!("http://127.0.0.1:{port}/")).unwrap();
        assert!(answer.is_cut);
        assert_eq!(answer.body.len(), 1_000);

        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let slow = Call { time: Duration::from_millis(100), ..call(&url) };
        let sent = runtime.block_on(outbound.send(slow));
        assert_eq!(sent.err(), Some(Failure::Timeout));
    }
}
