//! `POST /batch`: up to ten requests in one, each as if it had come by itself.
//!
//! Each action is routed, parsed, run in a transaction of its own and answered as the same request would be, errors too. They
//! run one after the other in their order: the original promises no order, and this is one of those it allows.

use crate::App;
use crate::api::operations::{Base, Input, Operation, Operations, Output, Plain};
use crate::auth::{self, Credential};
use crate::error::{Error, Result, bad_request, invalid};
use crate::http::pipeline;
use crate::http::request::{self, Incoming, Sent};
use crate::http::respond::Reply;
use axum::http::request::Parts;
use engine::JsonType;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Most actions. Source: dossier 3.15.
pub const MAX_ACTIONS: usize = 10;

/// Longest path of an action. Source: dossier 6, "URL length".
const MAX_PATH: usize = 8_192;

/// What each action is answered with.
const RESULT: &[Plain] = &[
    ("status_code", JsonType::Integer, "The HTTP status of the action."),
    ("headers", JsonType::Object, "Headers of this result alone: where a created object is."),
    ("body", JsonType::Object, "The body of the answer."),
];

/// The path of the operation.
const PATH: &str = "/batch";

/// The operation; its work is [`run`].
pub fn operations(api: &mut Operations) {
    api.section("Batch API", "Several requests in one.");
    api.add(
        "POST",
        "createBatchRequest",
        PATH,
        "Runs up to ten requests, each as if it had come alone, and gives their answers in their order.",
        Input::Fields,
        Output::PlainList(RESULT),
        |_, _| Err(bad_request("A batch cannot be run like this")),
    )
    .unpaged()
    .required_field(
        "actions",
        JsonType::Objects,
        "The requests: `relative_path` below the API's base, `method`, `data` with the fields or the query, `options` with `limit`, `offset` and `fields`.",
    );
}

/// Whether this is the operation.
pub(super) fn is_batch(operation: &Operation) -> bool {
    operation.path == PATH && operation.base == Base::Asana
}

/// Whether an operation may not be an action: uploads and what else the shell does, exports, another batch.
///
/// Source: dossier 3.15.
fn is_refused(operation: &Operation) -> bool {
    operation.is_outside
        || operation.is_open
        || operation.is_secret
        || is_batch(operation)
        || operation.path.starts_with("/organization_exports")
}

/// Runs the actions.
///
/// Errors: 400 for none or too many; 401; 429 if not all of them are within the limit.
pub(super) async fn run(
    app: &Arc<App>,
    incoming: &Incoming,
    parts: &Parts,
    sent: Sent,
    operation: &Operation,
    credential: Option<Credential>,
) -> Result<Reply> {
    let credential = credential.ok_or(Error::Unauthorized)?;
    let (asked, now) = (credential.clone(), incoming.now);
    let actor =
        app.store.read(move |tx| auth::actor(tx, &asked, now)).await?.ok_or(Error::Unauthorized)?;
    let call = request::call(operation, PATH, Vec::new(), parts, sent)?;
    let actions = match call.body.get("actions") {
        Some(Value::Array(actions)) => actions.clone(),
        Some(_) => return Err(invalid("actions", "Must be an array")),
        None => return Err(invalid("actions", "Missing input")),
    };
    if actions.is_empty() || actions.len() > MAX_ACTIONS {
        return Err(invalid("actions", format!("Must be 1 to {MAX_ACTIONS} actions")));
    }
    // The batch itself was counted as one.
    app.limits.admit_many(credential.hash(), incoming.now, actions.len() - 1)?;
    let mut results = Vec::with_capacity(actions.len());
    let mut statements = 0;
    for (at, action) in actions.iter().enumerate() {
        let reply = match act(app, incoming, &credential, action, at).await {
            Ok(reply) => reply,
            Err(error) => {
                if let Error::Internal(error) = &error {
                    let id = incoming.request_id.as_str();
                    tracing::error!(
                        id,
                        action = at,
                        error = format!("{error:#}"),
                        "an action of a batch failed"
                    );
                }
                Reply::error(&error, &incoming.request_id)
            }
        };
        statements += reply.statements;
        results.push(result(reply)?);
    }
    let body = json!({ "data": results }).to_string().into_bytes();
    Ok(Reply {
        operation: operation.id,
        actor: Some(actor.user),
        statements,
        ..Reply::json(200, body)
    })
}

/// A reply as one of the results.
fn result(reply: Reply) -> Result<Value> {
    let body: Value = serde_json::from_slice(&reply.body)?;
    let mut headers = Map::new();
    if let Some(location) = reply.location {
        let below = location.strip_prefix(Base::Asana.path()).unwrap_or(&location);
        headers.insert("location".to_owned(), below.into());
    }
    Ok(json!({ "status_code": reply.status, "headers": headers, "body": body }))
}

/// Runs one action.
async fn act(
    app: &Arc<App>,
    incoming: &Incoming,
    credential: &Credential,
    action: &Value,
    at: usize,
) -> Result<Reply> {
    let Some(action) = action.as_object() else {
        return Err(invalid(format!("actions: [{at}]"), "Must be an object"));
    };
    let text = |name: &str| match action.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(invalid(format!("actions: [{at}]: {name}"), "Must be a string")),
        None => Err(invalid(format!("actions: [{at}]: {name}"), "Missing required field")),
    };
    let object = |name: &str| match action.get(name) {
        Some(Value::Object(fields)) => Ok(fields.clone()),
        Some(Value::Null) | None => Ok(Map::new()),
        Some(_) => Err(invalid(format!("actions: [{at}]: {name}"), "Must be an object")),
    };
    let (path, method) = (text("relative_path")?, text("method")?.to_ascii_uppercase());
    if !matches!(method.as_str(), "GET" | "POST" | "PUT" | "DELETE") {
        let message = "Must be one of get, post, put, delete";
        return Err(invalid(format!("actions: [{at}]: method"), message));
    }
    if !path.starts_with('/') || path.len() > MAX_PATH {
        let message = "Must begin with / and be relative to the API's base";
        return Err(invalid(format!("actions: [{at}]: relative_path"), message));
    }
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // A whole path names the extension API.
    let (base, path) = Base::split(path).unwrap_or((Base::Asana, path.trim_end_matches('/')));
    let (operation, segments) =
        app.routes.find(&app.operations, base, &method, path).ok_or(Error::NoRoute)?;
    if is_refused(operation) {
        return Err(bad_request("This operation cannot be an action of a batch"));
    }
    let (mut data, options) = (object("data")?, object("options")?);
    let mut query = request::pairs(query)?;
    let mut body = Map::new();
    if operation.writes() {
        body.insert("data".to_owned(), Value::Object(data));
    } else {
        // What a GET carries is its query.
        query.extend(
            std::mem::take(&mut data).into_iter().map(|(name, value)| (name, plain(&value))),
        );
    }
    body.insert("options".to_owned(), Value::Object(options));
    let mut call = request::call_of(operation, path, segments, query, Sent::Json(body))?;
    call.client = incoming.client.clone();
    let alone = Incoming {
        // Each action has a key of its own, so that a batch that is sent again gives the answers it gave.
        idempotency_key: incoming
            .idempotency_key
            .as_ref()
            .map(|key| format!("batch {} {at}", auth::hash(key))),
        if_none_match: None,
        ..incoming.clone()
    };
    pipeline::run(app, &alone, operation, call, Some(credential.clone())).await
}

/// A value as it stands in a query.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
