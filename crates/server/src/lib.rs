//! The Vinyasa server as a library: an asynchronous HTTP shell around a synchronous core.
//!
//! [`http`] listens and parses, [`api`] runs one operation as one plain function on one connection, [`access`] decides who sees
//! what, [`resources`] says what each thing is, [`events`] records what happens, [`readers`] do what follows from it, [`jobs`] do
//! what is too large for one request, [`rules`] what teams let happen by themselves, [`exports`] carry a workspace to another server.
//! Start reading at [`api`].

pub mod access;
pub mod admin;
pub mod api;
pub mod audit;
pub mod auth;
pub mod demo;
pub mod error;
pub mod events;
pub mod exports;
pub mod files;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod mail;
pub mod outbound;
pub mod prelude;
pub mod readers;
pub mod resources;
pub mod rules;
pub mod search;
pub mod stream;
pub mod trash;

pub use error::{Error, Result};

use api::Operations;
use api::operations::Operation;
use auth::Origin;
use engine::Registry;
use http::limits::RateLimits;
use http::routes::Routes;
use identity::passwords::Passwords;
use model::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use store::{Store, params};

/// Tells the time.
pub type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// Fills with unpredictable bytes.
pub type Entropy = Box<dyn Fn(&mut [u8]) + Send + Sync>;

/// Where the server gets its time and its random numbers; tests freeze them.
pub struct Outside {
    /// The time.
    pub clock: Clock,
    /// Fills with unpredictable bytes.
    pub entropy: Entropy,
}

/// What an operator chooses.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The public address; the `Host` header counts where it is not set.
    pub public_url: Option<String>,
    /// Where attachments are stored: a directory or `s3://bucket/prefix`.
    pub storage: String,
    /// How to reach a bucket.
    pub storage_options: files::StorageOptions,
    /// Requests a minute for one token or session; 0 is no limit.
    pub requests_per_minute: u32,
    /// Whether addresses of this machine and its network may be called.
    pub allow_private_network: bool,
    /// Proxies whose word about the address of who calls is taken.
    pub trusted_proxies: http::peer::Networks,
    /// What a password costs to check; the default is meant for real use.
    pub password_cost: identity::passwords::Cost,
    /// The mail server, `smtp(s)://user:password@host:port`; none sends no mail.
    pub smtp_url: Option<String>,
    /// Who sends the mail.
    pub mail_from: Option<String>,
    /// The domain of addresses to reply to.
    pub mail_reply_domain: Option<String>,
    /// Whether answers say in `X-Vinyasa-Statements` how many statements they took.
    pub debug_headers: bool,
}

/// What is the same for all requests.
pub struct App {
    /// The database.
    pub store: Store,
    /// Every kind of resource.
    pub registry: Registry,
    /// The rules of access as queries.
    pub access: access::Prepared,
    /// What to show, by what was asked for.
    pub(crate) plans: api::plans::Plans,
    /// Every operation.
    pub operations: Vec<Operation>,
    /// The sections of the reference.
    pub sections: Vec<(&'static str, &'static str)>,
    /// The key that seals cursors and signs addresses.
    pub secret: Arc<[u8]>,
    /// The time.
    pub clock: Clock,
    /// Fills with unpredictable bytes.
    pub entropy: Entropy,
    /// What the operator chose.
    pub settings: Settings,
    /// The files.
    pub files: files::Files,
    /// Calls to addresses that people give.
    pub outbound: outbound::Outbound,
    /// How mail goes out, if it does.
    pub mail: Option<mail::Mailer>,
    /// What goes on behind the requests.
    pub jobs: jobs::Jobs,
    /// What rules have to do.
    pub rules: rules::Rules,
    /// What follows from events.
    pub readers: Vec<readers::Reader>,
    /// Webhooks that are being sent.
    pub webhooks: resources::webhooks::sender::Sender,
    /// What is counted for `/metrics`.
    pub metrics: http::metrics::Metrics,
    /// Wakes those who read the event log.
    pub log: readers::Log,
    /// Who watches what happens.
    pub stream: stream::Hub,
    pub(crate) reference: api::openapi::Cached,
    pub(crate) routes: Routes,
    pub(crate) limits: RateLimits,
    pub(crate) open_limits: RateLimits,
    pub(crate) passwords: Passwords,
    pub(crate) used_tokens: Mutex<HashMap<Origin, Timestamp>>,
    pub(crate) known_tokens: Mutex<HashSet<String>>,
    pub(crate) traces: Mutex<search::traces::Traces>,
}

impl App {
    /// Puts the server together on an open database.
    ///
    /// Errors: those of the database; a storage that cannot be opened.
    pub fn new(store: Store, settings: Settings, outside: Outside) -> Result<Arc<App>> {
        let secret = secret(&store, &outside)?;
        let mut operations = Operations::new();
        resources::operations(&mut operations);
        let sections = std::mem::take(&mut operations.sections);
        let operations = operations.into_list();
        let routes = Routes::new(&operations);
        let registry = resources::registry();
        let files = files::Files::open(&settings.storage, &settings.storage_options)?;
        let limits = RateLimits::new(settings.requests_per_minute);
        let log = log(&store, &outside)?;
        let outbound = outbound::Outbound::new(
            settings.allow_private_network,
            Box::new(outbound::SystemResolver),
        );
        let mail = mail::Mailer::new(&settings)?;
        let passwords = Passwords::new(settings.password_cost)?;
        Ok(Arc::new(App {
            store,
            access: access::Prepared::new(&registry),
            plans: api::plans::Plans::default(),
            registry,
            operations,
            sections,
            secret,
            clock: outside.clock,
            entropy: outside.entropy,
            settings,
            files,
            outbound,
            mail,
            jobs: jobs::Jobs::default(),
            rules: rules::Rules::default(),
            readers: readers::all(),
            webhooks: resources::webhooks::sender::Sender::default(),
            metrics: http::metrics::Metrics::default(),
            log,
            stream: stream::Hub::default(),
            reference: api::openapi::Cached::default(),
            routes,
            limits,
            open_limits: RateLimits::new(http::limits::OPEN_PER_MINUTE),
            passwords,
            used_tokens: Mutex::new(HashMap::new()),
            known_tokens: Mutex::new(HashSet::new()),
            traces: Mutex::default(),
        }))
    }

    /// Writes down when tokens and sessions were last used; called once a minute and at the end, so that reads stay reads.
    ///
    /// Errors: those of the database; the times are then kept for the next call.
    pub async fn flush_used_tokens(&self) -> Result<()> {
        let used: Vec<(Origin, Timestamp)> =
            self.used_tokens.lock().map(|mut used| used.drain().collect()).unwrap_or_default();
        if used.is_empty() {
            return Ok(());
        }
        self.store
            .write(move |tx| {
                for (pass, at) in &used {
                    match pass {
                        Origin::Token(token) => tx.later(
                            "UPDATE tokens SET last_used_at = ? WHERE gid = ?",
                            params![at, token].to_vec(),
                        )?,
                        Origin::Session(session) => tx.later(
                            "UPDATE sessions SET last_used_at = ?, expires_at = ? WHERE gid = ?",
                            params![at, at.millis() + auth::SESSION_LIFE, session].to_vec(),
                        )?,
                    }
                }
                Ok::<(), Error>(())
            })
            .await
    }
}

/// The event log: which database it is in, and which process this is.
fn log(store: &Store, outside: &Outside) -> Result<readers::Log> {
    let (mut epoch, mut node) = ([0_u8; 4], [0_u8; 8]);
    (outside.entropy)(&mut epoch);
    (outside.entropy)(&mut node);
    let epoch = readers::epoch::establish(store, u32::from_be_bytes(epoch))?;
    Ok(readers::Log::new(auth::hex(&node), epoch))
}

/// The server's key: made at the first start, kept in the database so that all nodes share it.
fn secret(store: &Store, outside: &Outside) -> Result<Arc<[u8]>> {
    let mut fresh = [0_u8; 32];
    (outside.entropy)(&mut fresh);
    let fresh = auth::hex(&fresh);
    let text = store.write_blocking(move |tx| {
        tx.execute(
            "INSERT INTO settings (name, value) VALUES ('secret', ?) ON CONFLICT DO NOTHING",
            params![fresh],
        )?;
        let found: Option<String> =
            tx.first("SELECT s.value FROM settings AS s WHERE s.name = 'secret'", &[], |row| {
                row.get(0)
            })?;
        Ok::<_, Error>(found.unwrap_or_default())
    })?;
    Ok(text.into_bytes().into())
}
