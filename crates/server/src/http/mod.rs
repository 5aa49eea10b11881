//! The asynchronous shell: listens, parses, limits, hands the work to a thread that owns a connection, and writes the answer.
//!
//! [`routes`] finds the operation, [`request`] parses what came, [`pipeline`] runs it, [`respond`] writes what goes,
//! [`attachments`] streams files, [`limits`] counts requests, `webhooks` shakes hands.

pub mod attachments;
pub mod limits;
pub mod pipeline;
pub mod request;
pub mod respond;
pub mod routes;
mod webhooks;

use crate::App;
use crate::api::operations::Base;
use crate::error::{Error, Result};
use crate::readers::Running;
use crate::resources::webhooks::sender;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use request::{Incoming, Sent};
use respond::{Reply, Style};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    let readers = Running::start(&app);
    let sender = tokio::spawn(sender::run(Arc::clone(&app)));
    let server =
        axum::serve(listener, router(Arc::clone(&app))).with_graceful_shutdown(async move {
            stop.await;
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
    sender.abort();
    readers.stop().await;
    if let Err(error) = app.flush_used_tokens().await {
        tracing::warn!(%error, "the last use of tokens was not written down");
    }
    result
}

/// What is done once a minute.
async fn keep_house(app: Arc<App>) {
    let mut minute = tokio::time::interval(Duration::from_mins(1));
    loop {
        minute.tick().await;
        if let Err(error) = app.flush_used_tokens().await {
            tracing::warn!(%error, "the last use of tokens was not written down");
        }
        if let Err(error) = finish_deletions(&app).await {
            tracing::warn!(%error, "unfinished deletions were not gone on with");
        }
        if let Err(error) = crate::trash::empty(&app).await {
            tracing::warn!(%error, "the trash was not emptied");
        }
        if let Err(error) = crate::resources::webhooks::sweep(&app).await {
            tracing::warn!(%error, "old deliveries of webhooks were not removed");
        }
        if let Err(error) = crate::readers::cleaning::clean(&app).await {
            tracing::warn!(%error, "old events were not removed");
        }
        if let Err(error) = attachments::sweep(&app).await {
            tracing::warn!(%error, "unfinished uploads were not swept");
        }
    }
}

/// Goes on with deletions of more rows than one request marks, each batch in a transaction of its own.
async fn finish_deletions(app: &App) -> Result<()> {
    while app.store.write(crate::resources::projects::deleting::finish_deletions).await? {}
    Ok(())
}

/// Answers one request.
async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let incoming = Incoming::new(&app, &parts);
    let style = Style::of(&app, &parts, &incoming);
    let path = parts.uri.path().to_owned();
    let method = parts.method.clone();
    let result = route(&app, &incoming, &parts, body).await;
    let (reply, error) = match result {
        Ok(reply) => (reply, None),
        Err(error) => (Reply::error(&error, &incoming.request_id), Some(error)),
    };
    let status = reply.status;
    let (operation, statements, actor) = (reply.operation, reply.statements, reply.actor);
    let response = reply.into_response(&style);
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
        let token = incoming.token.clone().ok_or(Error::Unauthorized)?;
        app.limits.admit(&token, incoming.now)?;
        if operation.is_outside {
            let asked = (operation, segments);
            return attachments::upload(app, incoming, parts, body, asked, token).await;
        }
        let sent = Sent::read(parts, body).await?;
        let call = request::call(operation, path, segments, parts, sent)?;
        if operation.is_shell {
            return webhooks::create(app, incoming, operation, call, token).await;
        }
        return pipeline::run(app, incoming, operation, call, token).await;
    }
    match (parts.method.as_str(), path) {
        ("GET" | "HEAD", "/health") => match app.store.ping().await {
            Ok(()) => Ok(Reply::json(200, br#"{"status":"ok"}"#.to_vec())),
            Err(_) => Err(Error::Overloaded),
        },
        ("GET" | "HEAD", "/") => Ok(Reply::html(respond::first_page(&incoming.url))),
        ("GET" | "HEAD", path) if path.starts_with(attachments::DOWNLOAD) => {
            attachments::download(app, incoming, parts).await
        }
        ("GET", attachments::PERMANENT) => attachments::permanent(app, incoming, parts).await,
        _ => Err(Error::NoRoute),
    }
}

/// A header as text.
pub(crate) fn text(headers: &axum::http::HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The status as axum has it.
pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
