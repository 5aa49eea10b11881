//! The asynchronous shell: listens, parses, limits, hands the work to a thread that owns a connection, and writes the answer.
//!
//! [`routes`] finds the operation, [`request`] parses what came, [`pipeline`] runs it, [`respond`] writes what goes,
//! [`attachments`] streams files, [`exports`] those of exports, [`web`] serves the web application, [`limits`] counts requests,
//! [`peer`] tells who calls, [`webhooks`] shakes hands, [`metrics`] tells how it goes.

pub mod attachments;
pub mod batch;
pub mod calendar;
pub mod exports;
pub mod limits;
pub mod metrics;
pub mod peer;
pub mod pipeline;
pub mod request;
pub mod respond;
pub mod routes;
pub mod web;
pub mod webhooks;

use crate::App;
use crate::api::operations::Base;
use crate::auth::Credential;
use crate::error::{Error, Result, forbidden};
use crate::jobs;
use crate::readers::Running;
use crate::resources::webhooks::sender;
use crate::stream::{self, Hub};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use request::{Incoming, Sent};
use respond::{Reply, Style};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Dialect;

/// Jobs that one node works on at a time.
const WORKERS: usize = 2;

/// How long a batch of a job may take to end when the server stops.
const LAST_BATCH: Duration = Duration::from_secs(5);

/// The whole server as an axum router.
pub fn router(app: Arc<App>) -> Router {
    Router::new().fallback(answer).with_state(app)
}

/// Serves until `stop` resolves, then gives running requests ten seconds.
///
/// Errors: those of the listener.
pub async fn serve(
    app: Arc<App>,
    listener: tokio::net::TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (drain, drained) = tokio::sync::oneshot::channel::<()>();
    let flusher = tokio::spawn(keep_house(Arc::clone(&app)));
    let rules = tokio::spawn(crate::rules::work(Arc::clone(&app)));
    let (stop_jobs, stopped) = tokio::sync::watch::channel(());
    let workers = tokio::spawn(work(Arc::clone(&app), stopped));
    let readers = Running::start(&app);
    let sender = tokio::spawn(sender::run(Arc::clone(&app)));
    let mail = tokio::spawn(crate::mail::outbox::run(Arc::clone(&app)));
    let hub = tokio::spawn(Hub::run(Arc::clone(&app)));
    let closing = Arc::clone(&app);
    let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        stop.await;
        // Connections that go on for ever would hold up the end.
        closing.stream.close();
        let _ = drain.send(());
    });
    let result = tokio::select! {
        result = async { server.await } => result,
        () = async {
            let _ = drained.await;
            tokio::time::sleep(Duration::from_secs(10)).await;
        } => Ok(()),
    };
    flusher.abort();
    rules.abort();
    sender.abort();
    mail.abort();
    drop(stop_jobs);
    if tokio::time::timeout(LAST_BATCH, workers).await.is_err() {
        tracing::warn!("a job did not stop in time; it goes on after the next start");
    }
    hub.abort();
    readers.stop().await;
    if let Err(error) = app.flush_used_tokens().await {
        tracing::warn!(%error, "the last use of tokens was not written down");
    }
    if let Err(error) = app.flush_traces().await {
        tracing::warn!(%error, "whom people work with was not written down");
    }
    result
}

/// What is done once a minute.
async fn keep_house(app: Arc<App>) {
    if let Err(error) = crate::search::index::fill(&app).await {
        tracing::warn!(%error, "the index of words could not be made for what was there before");
    }
    let mut minute = tokio::time::interval(Duration::from_mins(1));
    loop {
        minute.tick().await;
        if let Err(error) = app.flush_used_tokens().await {
            tracing::warn!(%error, "the last use of tokens was not written down");
        }
        if let Err(error) = app.flush_traces().await {
            tracing::warn!(%error, "whom people work with was not written down");
        }
        if let Err(error) = jobs::forget_old(&app).await {
            tracing::warn!(%error, "jobs that were done long ago were not removed");
        }
        if let Err(error) = crate::trash::empty(&app).await {
            tracing::warn!(%error, "the trash was not emptied");
        }
        if let Err(error) = crate::resources::webhooks::sweep(&app).await {
            tracing::warn!(%error, "old deliveries of webhooks were not removed");
        }
        if let Err(error) = crate::resources::notifications::due::tell(&app).await {
            tracing::warn!(%error, "nobody was told of what is due soon");
        }
        if let Err(error) = crate::mail::outbox::begin_digests(&app).await {
            tracing::warn!(%error, "digests were not made");
        }
        if let Err(error) = crate::resources::time_periods::extend(&app).await {
            tracing::warn!(%error, "time periods were not made");
        }
        if let Err(error) = crate::rules::tick(&app).await {
            tracing::warn!(%error, "rules that the clock sets off were not looked at");
        }
        if let Err(error) = crate::readers::cleaning::clean(&app).await {
            tracing::warn!(%error, "old events were not removed");
        }
        if let Err(error) = crate::audit::expire(&app).await {
            tracing::warn!(%error, "old entries of the audit log were not removed");
        }
        if let Err(error) = crate::identity::sweep(&app).await {
            tracing::warn!(%error, "what had expired was not swept");
        }
        if let Err(error) = crate::exports::sweep(&app).await {
            tracing::warn!(%error, "old exports were not removed");
        }
        if let Err(error) = attachments::sweep(&app).await {
            tracing::warn!(%error, "unfinished uploads were not swept");
        }
    }
}

/// Works on jobs until the sender of `stop` is dropped.
async fn work(app: Arc<App>, stop: tokio::sync::watch::Receiver<()>) {
    if app.store.dialect() == Dialect::Sqlite
        && let Err(error) = jobs::take_over(&app).await
    {
        tracing::warn!(%error, "jobs that a former process left wait until their leases end");
    }
    let workers = (0..WORKERS).map(|_| {
        let mut stop = stop.clone();
        let stopped = async move {
            let _ = stop.changed().await;
        };
        jobs::work(Arc::clone(&app), stopped)
    });
    futures_util::future::join_all(workers).await;
}

/// Answers one request.
async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let incoming = Incoming::new(&app, &parts);
    let style = Style::of(&app, &parts, &incoming);
    let path = parts.uri.path().to_owned();
    let method = parts.method.clone();
    let result = match socket(&app, &incoming, &parts).await {
        Some(Ok(response)) => {
            let id = incoming.request_id.as_str();
            tracing::info!(id, %method, path, operation = "openStream", status = 101, "request");
            return response;
        }
        Some(Err(error)) => Err(error),
        None => route(&app, &incoming, &parts, body).await,
    };
    let (reply, error) = match result {
        Ok(reply) => (reply, None),
        Err(error) => (Reply::error(&error, &incoming.request_id), Some(error)),
    };
    let status = reply.status;
    let (operation, statements, actor) = (reply.operation, reply.statements, reply.actor);
    let response = reply.into_response(&style);
    app.metrics.served(operation, status, started.elapsed());
    let micros = started.elapsed().as_micros();
    let id = incoming.request_id.as_str();
    match error {
        Some(Error::Internal(error)) => {
            tracing::error!(id, %method, path, operation, status, micros, error = format!("{error:#}"), "request failed");
        }
        _ => {
            tracing::info!(id, %method, path, operation, status, micros, statements, actor = actor.map(model::Gid::get), "request");
        }
    }
    response
}

/// The answer to a request for a WebSocket, if it is one.
async fn socket(
    app: &Arc<App>,
    incoming: &Incoming,
    parts: &axum::http::request::Parts,
) -> Option<Result<Response>> {
    if !stream::http::wants_socket(parts) {
        return None;
    }
    let (base, path) = Base::split(parts.uri.path())?;
    let (operation, _) = app.routes.find(&app.operations, base, parts.method.as_str(), path)?;
    if !stream::is_stream(operation) {
        return None;
    }
    Some(stream::http::open_socket(app, incoming, parts).await)
}

/// Finds who answers.
async fn route(
    app: &Arc<App>,
    incoming: &Incoming,
    parts: &axum::http::request::Parts,
    body: axum::body::Body,
) -> Result<Reply> {
    let path = parts.uri.path();
    if parts.method == Method::OPTIONS {
        return Ok(Reply::preflight());
    }
    if let Some((base, path)) = Base::split(path) {
        if path == "/openapi.json" && parts.method == Method::GET {
            return Ok(Reply::json(200, crate::api::openapi::document(app, &incoming.url)));
        }
        let (operation, segments) = app
            .routes
            .find(&app.operations, base, parts.method.as_str(), path)
            .ok_or(Error::NoRoute)?;
        let credential = admit(app, incoming, operation)?;
        if operation.is_outside {
            let asked = (operation, segments);
            return attachments::upload(app, incoming, parts, body, asked, credential).await;
        }
        let sent = Sent::read(parts, body).await?;
        if stream::is_stream(operation) {
            let credential = credential.ok_or(Error::Unauthorized)?;
            let call = request::call(operation, path, segments, parts, Sent::Nothing)?;
            return stream::http::open_events(app, incoming, parts, &call, credential).await;
        }
        if batch::is_batch(operation) {
            return batch::run(app, incoming, parts, sent, operation, credential).await;
        }
        let mut call = request::call(operation, path, segments, parts, sent)?;
        call.client = incoming.client.clone();
        if operation.is_shell {
            return webhooks::create(app, incoming, operation, call, credential).await;
        }
        return pipeline::run(app, incoming, operation, call, credential).await;
    }
    match (parts.method.as_str(), path) {
        ("GET" | "HEAD", "/health") => match app.store.ping().await {
            Ok(()) => Ok(Reply::json(200, br#"{"status":"ok"}"#.to_vec())),
            Err(_) => Err(Error::Overloaded),
        },
        ("GET" | "HEAD", "/metrics") => {
            Ok(Reply { content_type: metrics::TYPE, ..Reply::json(200, metrics::text(app).await?) })
        }
        ("GET" | "HEAD", path) if path.starts_with(attachments::DOWNLOAD) => {
            attachments::download(app, incoming, parts).await
        }
        ("GET" | "HEAD", path) if path.starts_with(exports::DOWNLOAD) => {
            exports::download(app, incoming, parts).await
        }
        ("GET" | "HEAD", path) if path.starts_with(crate::resources::calendar_feeds::PATH) => {
            calendar::serve(app, incoming, path).await
        }
        ("GET", attachments::PERMANENT) => attachments::permanent(app, incoming, parts).await,
        ("GET" | "HEAD", path) if web::is_page(path) => web::answer(incoming, parts),
        _ => Err(Error::NoRoute),
    }
}

/// Who asks for an operation, within his limits; `None` where it is open to everybody.
///
/// Errors: 401 if nobody is named and somebody must be; 429; 403 for a page of another site that writes without saying who it is,
/// since it would sign somebody in as it likes.
fn admit(
    app: &App,
    incoming: &Incoming,
    operation: &crate::api::Operation,
) -> Result<Option<Credential>> {
    if !operation.is_open {
        let credential = incoming.credential.clone().ok_or(Error::Unauthorized)?;
        app.limits.admit(credential.hash(), incoming.now)?;
        return Ok(Some(credential));
    }
    if let Some(address) = incoming.client.address {
        app.open_limits.admit(&address.to_string(), incoming.now)?;
    }
    if operation.writes() && incoming.foreign_origin.is_some() {
        return Err(forbidden("Origin: Not a page of this server"));
    }
    Ok(None)
}

/// A header as text.
pub(crate) fn text(headers: &axum::http::HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The status as axum has it.
pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
