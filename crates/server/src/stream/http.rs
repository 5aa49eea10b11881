//! How a stream is opened.

use super::Topic;
use super::connection::{self, MAX_TOPICS, Since, Wire};
use super::frames::Who;
use crate::App;
use crate::api::call::{Call, cut};
use crate::auth::{self, Credential};
use crate::error::{Error, Result, forbidden, invalid};
use crate::http::request::Incoming;
use crate::http::respond::Reply;
use crate::http::text;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use axum::response::Response;
use model::Gid;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Largest message of a client.
const MAX_MESSAGE: usize = 4 * 1_024;

/// What a WebSocket reads at once. Clients say little.
const READ_BUFFER: usize = 1_024;

/// What a WebSocket keeps before it writes: nothing, since frames are whole.
const WRITE_BUFFER: usize = 0;

/// What may wait in a WebSocket before the client counts as slow.
const MAX_WRITE_BUFFER: usize = 4 * 1_024 * 1_024;

/// Frames that wait for the body of server-sent events.
const EVENTS_IN_LINE: usize = 16;

/// Whether a request wants a WebSocket.
pub fn wants_socket(parts: &Parts) -> bool {
    text(&parts.headers, header::UPGRADE).is_some_and(|to| to.eq_ignore_ascii_case("websocket"))
}

/// Who asks.
///
/// Errors: 401; 403 for a page of another site that uses a session's cookie.
async fn who(app: &Arc<App>, incoming: &Incoming, credential: Credential) -> Result<(Who, Gid)> {
    if let (Credential::Session(_), Some(_)) = (&credential, &incoming.foreign_origin) {
        return Err(forbidden("Origin: Not a page of this server"));
    }
    let (asked, now) = (credential.clone(), incoming.now);
    let actor = app.store.read(move |tx| auth::actor(tx, &asked, now)).await?;
    let user = actor.ok_or(Error::Unauthorized)?.user;
    Ok((Who { credential, url: incoming.url.clone() }, user))
}

/// Answers a request for a WebSocket.
///
/// Errors: those of [`who`]; 400 for a request that cannot be upgraded.
pub async fn open_socket(app: &Arc<App>, incoming: &Incoming, parts: &Parts) -> Result<Response> {
    let credential = incoming.credential.clone().ok_or(Error::Unauthorized)?;
    app.limits.admit(credential.hash(), incoming.now)?;
    let (who, user) = who(app, incoming, credential).await?;
    let mut parts = parts.clone();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| invalid("Upgrade", "The request cannot become a WebSocket"))?;
    let app = Arc::clone(app);
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| async move {
            let wire = Wire::Socket(Box::new(socket));
            connection::serve(app, who, user, wire, Vec::new()).await;
        }))
}

/// The topics of the query.
///
/// Errors: 400 for none, too many, or one that is none.
fn topics(call: &Call) -> Result<Vec<Topic>> {
    let text = call.required("topics")?;
    let topics: Vec<Topic> = text
        .split(',')
        .map(|part| {
            Topic::parse(part.trim())
                .ok_or_else(|| invalid("topics", format!("There is no such topic: {}", cut(part))))
        })
        .collect::<Result<_>>()?;
    if topics.len() > MAX_TOPICS {
        return Err(invalid("topics", format!("Must be at most {MAX_TOPICS}")));
    }
    Ok(topics)
}

/// Answers with server-sent events.
///
/// Errors: those of [`who`]; 400 for topics or a place that make no sense.
pub async fn open_events(
    app: &Arc<App>,
    incoming: &Incoming,
    parts: &Parts,
    call: &Call,
    credential: Credential,
) -> Result<Reply> {
    let (who, user) = who(app, incoming, credential).await?;
    let topics = topics(call)?;
    let whole = |name: &'static str, text: Option<&str>| {
        text.map(|text| text.parse::<i64>().map_err(|_| invalid(name, "Must be a whole number")))
            .transpose()
    };
    // A browser that lost the connection says by itself where it was.
    let last = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let seq = whole("since", last.or_else(|| call.param("since")))?;
    let epoch = whole("epoch", call.param("epoch"))?;
    let since = Since { seq, epoch: epoch.map(|epoch| u32::try_from(epoch).unwrap_or(0)) };
    let (sender, receiver) = mpsc::channel(EVENTS_IN_LINE);
    let first = topics.into_iter().map(|topic| (topic, since)).collect();
    let wire = Wire::Events(sender);
    tokio::spawn(connection::serve(Arc::clone(app), who, user, wire, first));
    let frames = futures_util::stream::unfold(receiver, |mut receiver| async move {
        let frame = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(frame), receiver))
    });
    let headers = vec![
        (header::CONTENT_TYPE, "text/event-stream".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        // Proxies that buffer are asked not to.
        (HeaderName::from_static("x-accel-buffering"), "no".to_owned()),
    ];
    Ok(Reply {
        status: 200,
        stream: Some((Body::from_stream(frames), headers)),
        operation: "openStream",
        actor: Some(user),
        ..Reply::default()
    })
}
