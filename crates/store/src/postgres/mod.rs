//! PostgreSQL: a pool of threads, each with its own connection and the runtime that drives it.
//!
//! [`Link`] is a connection that comes back when it breaks. [`Exchange`] is a transaction on it:
//! it sends what can be sent together in one go. [`worker`] runs the jobs. [`values`] holds the
//! encoding of parameters and columns.

mod exchange;
pub(crate) mod notices;
mod tls;
mod values;
pub(crate) mod worker;

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::future::maybe_done;
use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Connection, NoTls, Socket, Statement};

use crate::dialect::postgres::{self as dialect, Remedy};
use crate::{Dialect, Error, Value, sql, sqlite};

pub(crate) use exchange::{Exchange, Mode};
pub(crate) use values::column;

/// Prepared statements kept per connection. When there are more, all are forgotten.
const STATEMENTS: usize = 2_000;

/// How long connecting may take, unless the URL says otherwise.
const CONNECT: Duration = Duration::from_secs(5);

/// A node that died in the middle of a write must not stop the others for ever.
const LIMITS: &str = "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s';";

/// Where to connect, and how.
#[derive(Clone)]
pub(crate) struct Target {
    config: tokio_postgres::Config,
    durable: bool,
    tls: Option<tls::Connector>,
}

impl Target {
    /// Reads a `postgres://` URL. Without `sslmode=require` or more there is no TLS, whatever the server offers.
    pub(crate) fn parse(url: &str, durable: bool) -> Result<Target, Error> {
        let (url, tls) = tls::split(url)?;
        let mut config: tokio_postgres::Config = url.parse().map_err(|error| {
            Error::Database(format!("the database URL is wrong: {}", dialect::whole(&error)))
        })?;
        config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("vinyasa");
        }
        Ok(Target { config, durable, tls })
    }

    /// Connects; a task of its own drives the connection.
    async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await?;
            tokio::spawn(drive(connection));
            return Ok(client);
        }
        let (client, connection) = self.config.connect(NoTls).await?;
        tokio::spawn(drive(connection));
        Ok(client)
    }
}

/// Drives a connection to its end.
async fn drive<T: TlsStream + Unpin>(connection: Connection<Socket, T>) {
    if let Err(error) = connection.await {
        tracing::warn!(error = dialect::whole(&error), "lost a PostgreSQL connection");
    }
}

/// What a statement answered.
pub(crate) struct Answer {
    pub(crate) rows: Vec<tokio_postgres::Row>,
    pub(crate) changed: u64,
}

/// A connection, made when it is first needed and again when it breaks.
pub(crate) struct Link {
    runtime: Runtime,
    target: Target,
    session: Option<Session>,
}

struct Session {
    client: Client,
    /// By the original text.
    statements: HashMap<String, Statement>,
}

impl Link {
    pub(crate) fn new(target: Target) -> Result<Link, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Database(format!("no runtime: {error}")))?;
        Ok(Link { runtime, target, session: None })
    }

    /// Connects, if there is no connection.
    pub(crate) fn connect(&mut self) -> Result<(), Error> {
        if self.session.is_none() {
            self.session = Some(self.runtime.block_on(Session::open(&self.target))?);
        }
        Ok(())
    }

    /// Drops the connection; the server rolls back what was open.
    pub(crate) fn disconnect(&mut self) {
        if self.session.take().is_some() {
            // Lets the connection's task see that nobody needs it and say goodbye.
            self.runtime.block_on(tokio::task::yield_now());
        }
    }

    /// Sends all statements in one go and waits for all answers; gives the first error.
    pub(crate) fn send(
        &mut self,
        requests: &[(&str, &[Value])],
    ) -> Result<Vec<Answer>, (Error, Remedy)> {
        self.connect().map_err(|error| (error, Remedy::None))?;
        let Some(session) = &mut self.session else {
            return Err((Error::Overloaded, Remedy::None));
        };
        let answers = self.runtime.block_on(session.send(requests));
        match &answers {
            Err((_, Remedy::Reconnect)) => self.disconnect(),
            Err((_, Remedy::Prepare)) => session.statements.clear(),
            _ => {}
        }
        answers
    }

    /// Runs several statements without parameters, as they are.
    pub(crate) fn script(&mut self, sql: &str) -> Result<(), Error> {
        self.connect()?;
        let Some(session) = &self.session else { return Err(Error::Overloaded) };
        let done = self.runtime.block_on(session.client.batch_execute(sql));
        done.map_err(|error| dialect::error(&error, sql).0)
    }

    /// The only value of a query for a number.
    pub(crate) fn number(&mut self, sql: &str) -> Result<i64, Error> {
        let answers = self.send(&[(sql, &[])]).map_err(|(error, _)| error)?;
        let row = answers.first().and_then(|answer| answer.rows.first());
        let row = row.ok_or_else(|| Error::Database(format!("no row; in: {sql}")))?;
        crate::Row::postgres(row).get(0)
    }

    /// Waits before the next attempt.
    pub(crate) fn pause(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }
}

impl Session {
    async fn open(target: &Target) -> Result<Session, Error> {
        let client = target.connect().await.map_err(|error| {
            let text = dialect::whole(&error);
            tracing::error!(error = text, "cannot connect to PostgreSQL");
            // A wrong password, database name or certificate stays wrong; everything else may pass.
            let wrong =
                error.code().is_some_and(|code| ["28", "3D"].contains(&prefix(code.code())))
                    || error.to_string().starts_with("error performing TLS handshake");
            if wrong { Error::Database(text) } else { Error::Overloaded }
        })?;
        let commit = if target.durable { "" } else { "SET synchronous_commit = off;" };
        // Generic plans are made once per statement; compiling them to machine code never pays off here.
        let settings =
            format!("SET plan_cache_mode = force_generic_plan; SET jit = off; {LIMITS} {commit}");
        client.batch_execute(&settings).await.map_err(|error| dialect::error(&error, "SET").0)?;
        Ok(Session { client, statements: HashMap::new() })
    }

    async fn send(
        &mut self,
        requests: &[(&str, &[Value])],
    ) -> Result<Vec<Answer>, (Error, Remedy)> {
        self.prepare(requests).await?;
        let mut sent = Vec::with_capacity(requests.len());
        for (sql, params) in requests {
            let statement = self.statements.get(*sql).expect("all were prepared just now");
            let wanted = statement.params().len();
            if wanted != params.len() {
                return Err((sqlite::wrong_count(wanted, params.len(), sql), Remedy::None));
            }
            sent.push(answer(&self.client, statement, params));
        }
        let answers = in_order(sent).await;
        let named = answers.into_iter().zip(requests);
        named
            .map(|(answer, (sql, _))| answer.map_err(|error| dialect::error(&error, sql)))
            .collect()
    }

    /// Prepares the statements that this connection does not know yet, in one go.
    async fn prepare(&mut self, requests: &[(&str, &[Value])]) -> Result<(), (Error, Remedy)> {
        let mut new: Vec<(&str, String)> = Vec::new();
        for (sql, _) in requests {
            if !self.statements.contains_key(*sql) && !new.iter().any(|(known, _)| known == sql) {
                let text = sql::statement(sql, Dialect::Postgres)
                    .map_err(|error| (error, Remedy::None))?;
                new.push((sql, text));
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        if self.statements.len() + new.len() > STATEMENTS {
            self.statements.clear();
            return Box::pin(self.prepare(requests)).await;
        }
        let prepared =
            in_order(new.iter().map(|(_, text)| self.client.prepare(text)).collect()).await;
        for ((sql, _), statement) in new.iter().zip(prepared) {
            let statement = statement.map_err(|error| dialect::error(&error, sql))?;
            self.statements.insert((*sql).to_owned(), statement);
        }
        Ok(())
    }
}

fn prefix(code: &str) -> &str {
    code.get(..2).unwrap_or(code)
}

async fn answer(
    client: &Client,
    statement: &Statement,
    params: &[Value],
) -> Result<Answer, tokio_postgres::Error> {
    let mut stream = pin!(client.query_raw(statement, params).await?);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(row);
    }
    Ok(Answer { rows, changed: stream.rows_affected().unwrap_or(0) })
}

/// Waits for all futures, polling them in their order, so that what they send goes out in that order.
async fn in_order<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> =
        futures.into_iter().map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|context| {
        let mut ready = true;
        for future in &mut futures {
            ready &= future.as_mut().poll(context).is_ready();
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    futures
        .iter_mut()
        .map(|future| future.as_mut().take_output().expect("it was polled to its end"))
        .collect()
}
