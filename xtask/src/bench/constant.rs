//! The HTTP stack alone: a server that answers from memory what the real one answered, in a process of its own.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, header};

/// The bodies by the name of what is measured.
type Bodies = Arc<HashMap<String, Bytes>>;

/// Serves the files `NAME=PATH` until it is ended; prints its address.
pub(super) fn serve(files: &[String]) -> Result<()> {
    let mut bodies = HashMap::new();
    for file in files {
        let (name, path) = file.split_once('=').context("NAME=PATH")?;
        bodies.insert(name.to_owned(), Bytes::from(std::fs::read(PathBuf::from(path))?));
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "ready at http://{}", listener.local_addr()?)?;
        out.flush()?;
        drop(out);
        let router = Router::new().fallback(answer).with_state(Arc::new(bodies));
        axum::serve(listener, router).await.context("the constant server ended")
    })
}

async fn answer(State(bodies): State<Bodies>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let name = match parts.method.as_str() {
        "POST" => "create",
        "PUT" => "update",
        _ if parts.uri.path().ends_with("/items") => "items",
        _ if parts.uri.path().ends_with("/goals") => "goals",
        _ if parts.uri.query().is_some() => "list",
        _ => "get",
    };
    // As the real one: read to the end.
    let _ = to_bytes(body, 1 << 20).await;
    let body = bodies.get(name).cloned().unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    let json = header::HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
