//! `vinyasa serve`: opens the database, listens, serves, and stops cleanly.

use std::io::IsTerminal as _;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ArgMatches;
use model::Timestamp;
use server::files::StorageOptions;
use server::http::peer::Networks;
use server::identity::links;
use server::{App, Outside, Settings, demo, http};
use store::{Config, Location, Store};
use tracing_subscriber::EnvFilter;

use crate::print;
use crate::settings::Effectives;

/// Connections to SQLite that read.
const READERS: usize = 3;

/// Connections to PostgreSQL.
const CONNECTIONS: usize = 16;

/// How long what is left after draining may take to end.
const GRACE: Duration = Duration::from_secs(1);

/// Runs the server until it is told to stop.
///
/// Errors: what keeps it from starting, in words for the operator.
pub(crate) fn run(matches: &ArgMatches) -> Result<()> {
    let settings = Effectives::of_serve(matches)?;
    log(&settings)?;
    let location = settings.location();
    let store = open(&location)?;
    let _lock = store.lock_for_serving().with_context(|| match &location {
        Location::Directory(path) => format!("the data directory {} is in use", path.display()),
        Location::Postgres(_) => "the database is in use".to_owned(),
    })?;
    let listener = listen(settings.text("listen"))?;
    let local = listener.local_addr().context("the listener has no address")?;
    let public = settings.optional("public-url").map(|url| url.trim_end_matches('/').to_owned());
    let url = public.clone().unwrap_or_else(|| format!("http://{local}"));
    let app = App::new(
        store,
        Settings {
            public_url: public,
            storage: settings.storage(),
            storage_options: storage_options(),
            requests_per_minute: settings.number("rate-limit")?,
            allow_private_network: settings.is_on("allow-private-network"),
            trusted_proxies: trusted_proxies(&settings)?,
            smtp_url: settings.optional("smtp-url").map(str::to_owned),
            mail_from: settings.optional("mail-from").map(str::to_owned),
            mail_reply_domain: settings.optional("mail-reply-domain").map(str::to_owned),
            ..Settings::default()
        },
        outside(),
    )
    .context("the server cannot start")?;
    let threads = settings.number("threads")?.clamp(1, 64);
    let threads = usize::try_from(threads).unwrap_or(2);
    let threads = match location {
        // They read, too; one is always left for the network.
        Location::Directory(_) => threads.max(READERS + 1),
        Location::Postgres(_) => threads,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(16)
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    let result = runtime.block_on(async {
        let made = if settings.is_on("demo") { demo::fill(&app).await? } else { None };
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let stop = stop()?;
        let mut lines = format!("Vinyasa is ready at {url}\n");
        let setup = app.store.write(|tx| links::make_setup(tx, now(), &entropy)).await?;
        if let Some(secret) = setup {
            let link = links::setup_url(&url, &secret);
            lines.push_str(&format!("Nobody is here yet. Make the first administrator at this address, which works once:\n\n    {link}\n\n"));
        }
        if let Some(made) = made {
            lines.push_str(&demo_lines(&made, &url));
        } else if settings.is_on("demo") {
            tracing::info!(
                "the database has a workspace already, so no demo was made; `vinyasa admin token create` gives a token"
            );
        }
        print(&lines)?;
        http::serve(Arc::clone(&app), listener, stop).await.context("the server stopped")
    });
    runtime.shutdown_timeout(GRACE);
    tracing::info!("stopped");
    result
}

/// The proxies that are believed.
fn trusted_proxies(settings: &Effectives) -> Result<Networks> {
    let text = settings.text("trusted-proxies");
    Networks::parse(text).with_context(|| {
        format!("trusted-proxies: `{text}` is not a list of addresses or networks, like 10.0.0.0/8")
    })
}

/// The store, with pools that fit a small machine.
fn open(location: &Location) -> Result<Store> {
    let config = match location {
        Location::Directory(path) => Config { readers: READERS, ..Config::directory(path.clone()) },
        Location::Postgres(url) => Config { readers: CONNECTIONS, ..Config::postgres(url.clone()) },
    };
    Store::open(config).context("the database cannot be opened")
}

/// Takes the address.
fn listen(address: &str) -> Result<TcpListener> {
    let addresses: Vec<SocketAddr> = address
        .to_socket_addrs()
        .with_context(|| {
            format!("`{address}` is not an address to listen on, like 127.0.0.1:8080")
        })?
        .collect();
    let listener = match TcpListener::bind(addresses.as_slice()) {
        Ok(listener) => listener,
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("{address} is in use; stop what listens there, or choose another with --listen")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot listen on {address}")),
    };
    listener.set_nonblocking(true).context("the listener cannot be used")?;
    Ok(listener)
}

/// How to sign in to the demo.
fn demo_lines(made: &demo::Made, url: &str) -> String {
    format!(
        "This is the made-up organization {}: {} people, {} projects, {} tasks.\n\
         You act as {} <{}> with this token, which is shown only now:\n\n    {}\n\n\
         To sign in at {url}/login, everybody there has the password {}\n\n\
         Try it:\n\n    curl -H 'Authorization: Bearer {}' {url}/api/1.0/users/me\n\n\
         Another token, for anybody there: vinyasa admin token create --user EMAIL\n",
        made.workspace,
        made.people,
        made.projects,
        made.tasks,
        made.name,
        made.email,
        made.token,
        made.password,
        made.token
    )
}

/// Logs to standard error.
///
/// Errors: a filter that makes no sense.
pub(crate) fn log(settings: &Effectives) -> Result<()> {
    let filter = settings.text("log");
    let filter = EnvFilter::try_new(filter).with_context(|| format!("log: `{filter}`"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    Ok(())
}

/// The machine's clock and random numbers.
pub(crate) fn outside() -> Outside {
    Outside { clock: Box::new(now), entropy: Box::new(entropy) }
}

/// The time of the machine.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the server gets its time"
)]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Random bytes of the operating system.
pub(crate) fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random numbers");
}

/// Resolves when the process is told to stop, by SIGTERM or Ctrl-C; a second Ctrl-C ends it at once.
fn stop() -> Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping; running requests have ten seconds");
        tokio::spawn(async move {
            interrupt.recv().await;
            std::process::exit(130);
        });
    })
}

/// How to reach a bucket: the variables of the environment that other programs take, too (`AWS_ACCESS_KEY_ID` and so on).
pub(crate) fn storage_options() -> StorageOptions {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        name.starts_with("AWS_").then_some((name, value))
    });
    StorageOptions(variables.collect())
}
