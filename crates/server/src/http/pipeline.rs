//! One operation as one plain function on one connection, and the envelope of its answer.

use crate::App;
use crate::api::call::Call;
use crate::api::context::Context;
use crate::api::operations::{Answer, Base, Operation};
use crate::audit::Origin;
use crate::auth;
use crate::error::{Error, Result, bad_request};
use crate::http::request::Incoming;
use crate::http::respond::Reply;
use engine::Site;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{Tx, params};

/// Largest answer that is kept for an `Idempotency-Key`.
const MAX_KEPT: usize = 64 * 1024;

/// How long it is kept, in milliseconds: a day.
const KEPT_FOR: i64 = 24 * 60 * 60 * 1_000;

/// Longest `Idempotency-Key`.
const MAX_KEY: usize = 255;

/// Most hashes of tokens that are remembered as met before.
const MAX_KNOWN_TOKENS: usize = 10_000;

/// A request that can be run, and run again where the database asks for it.
pub struct Job {
    /// What is the same for all requests.
    pub app: Arc<App>,
    /// The position of the operation.
    pub operation: usize,
    /// The request.
    pub call: Call,
    /// The hash of the token.
    pub token: String,
    /// Public address, time.
    pub url: String,
    /// The time.
    pub now: model::Timestamp,
    /// Names the request.
    pub request_id: String,
    /// Where it came from.
    pub origin: Origin,
    /// `Idempotency-Key` and the hash of the request.
    pub idempotency: Option<(String, String)>,
    /// What is to be done, if it is not what the operation declares.
    pub work: Option<Work>,
}

/// What the HTTP shell lets run in a transaction of its own making.
pub type Work = Box<dyn Fn(&mut Context<'_, '_>, &Call) -> Result<Answer> + Send + Sync>;

/// Runs an operation and gives its reply.
///
/// Errors: those of the operation.
pub async fn run(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: Call,
    token: String,
) -> Result<Reply> {
    start(app, incoming, operation, call, token, None, true).await
}

/// Runs `work` in the place of an operation and gives its reply.
///
/// Errors: those of the work.
pub async fn run_with(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: Call,
    token: String,
    work: Work,
) -> Result<Reply> {
    start(app, incoming, operation, call, token, Some(work), true).await
}

/// Runs `work` as a first step of an operation: an `Idempotency-Key` is not for it.
///
/// Errors: those of the work.
pub async fn run_once(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: Call,
    token: String,
    work: Work,
) -> Result<Reply> {
    start(app, incoming, operation, call, token, Some(work), false).await
}

async fn start(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: Call,
    token: String,
    work: Option<Work>,
    keyed: bool,
) -> Result<Reply> {
    let position =
        app.operations.iter().position(|other| std::ptr::eq(other, operation)).unwrap_or_default();
    let idempotency = match &incoming.idempotency_key {
        Some(key) if operation.writes() && keyed => {
            if key.len() > MAX_KEY || !key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                return Err(bad_request("The Idempotency-Key must be 1 to 255 ASCII characters"));
            }
            let request =
                serde_json::json!([operation.id, call.address, call.query, call.body.fields()])
                    .to_string();
            Some((key.clone(), auth::hex(&Sha256::digest(request.as_bytes()))))
        }
        _ => None,
    };
    let job = Job {
        app: Arc::clone(app),
        operation: position,
        call,
        token,
        url: incoming.url.clone(),
        now: incoming.now,
        request_id: incoming.request_id.clone(),
        origin: incoming.origin.clone(),
        idempotency,
        work,
    };
    if operation.writes() {
        require_known(app, &job.token).await?;
        let reply = app.store.write(move |tx| job.run(tx)).await;
        app.log.committed();
        let reply = reply?;
        if reply.begins_jobs {
            app.jobs.ring();
        }
        Ok(reply)
    } else {
        app.store.read(move |tx| job.run(tx)).await
    }
}

/// Keeps tokens that nobody has away from the writer, of which SQLite has one: a token that was not met before is looked up on a
/// reading connection first. The writer checks every token again.
///
/// Errors: 401 for a token that nobody has.
async fn require_known(app: &Arc<App>, token: &str) -> Result<()> {
    if app.known_tokens.lock().is_ok_and(|known| known.contains(token)) {
        return Ok(());
    }
    let hash = token.to_owned();
    app.store.read(move |tx| auth::actor(tx, &hash)).await?.ok_or(Error::Unauthorized)?;
    if let Ok(mut known) = app.known_tokens.lock() {
        if known.len() >= MAX_KNOWN_TOKENS {
            known.clear();
        }
        known.insert(token.to_owned());
    }
    Ok(())
}

impl Job {
    /// The request from its first query to its answer, in one transaction.
    ///
    /// Errors: 401 for a token that nobody has; those of the operation.
    pub fn run(&self, tx: &mut Tx<'_>) -> Result<Reply> {
        let Some(operation) = self.app.operations.get(self.operation) else {
            return Err(Error::NoRoute);
        };
        let actor = auth::actor(tx, &self.token)?.ok_or(Error::Unauthorized)?;
        if let (Some(token), Ok(mut used)) = (actor.token, self.app.used_tokens.lock()) {
            used.insert(token, self.now);
        }
        let site = Site {
            url: self.url.clone(),
            now: self.now,
            secret: Arc::clone(&self.app.secret),
            viewer: actor.user,
        };
        let user = actor.user;
        let mut cx = Context::new(tx, &self.app, actor, site, self.request_id.clone(), &self.call);
        cx.origin = self.origin.clone();
        if let Some((key, hash)) = &self.idempotency
            && let Some(kept) = kept_answer(&mut cx, key, hash)?
        {
            return Ok(Reply { operation: operation.id, actor: Some(user), ..kept });
        }
        let answer = match &self.work {
            Some(work) => work(&mut cx, &self.call)?,
            None => (operation.run)(&mut cx, &self.call)?,
        };
        if operation.writes() {
            cx.write_events()?;
        }
        let mut reply = envelope(operation, &self.call, answer, &self.url);
        if let Some((key, hash)) = &self.idempotency {
            keep_answer(&mut cx, key, hash, &reply)?;
        }
        reply.operation = operation.id;
        reply.actor = Some(user);
        reply.statements = cx.tx.statements();
        reply.begins_jobs = cx.begins_jobs;
        Ok(reply)
    }
}

/// `{"data":…}` with `next_page` where pages were asked for.
pub fn envelope(operation: &Operation, call: &Call, answer: Answer, url: &str) -> Reply {
    let mut body = Vec::with_capacity(answer.data.len() + 64);
    body.extend_from_slice(b"{\"data\":");
    body.extend_from_slice(&answer.data);
    if answer.paged {
        body.extend_from_slice(b",\"next_page\":");
        match &answer.next {
            Some(offset) => {
                body.extend_from_slice(next_page(operation.base, call, offset, url).as_bytes());
            }
            None => body.extend_from_slice(b"null"),
        }
    }
    body.push(b'}');
    let created = answer.created || operation.creates;
    let location = match (created, answer.gid) {
        (true, Some(gid)) => {
            let first = match operation.output {
                crate::api::operations::Output::One(kind) => collection(kind),
                _ => String::new(),
            };
            Some(format!("{}/{first}/{gid}", operation.base.path()))
        }
        _ => None,
    };
    Reply { location, ..Reply::json(if created { 201 } else { 200 }, body) }
}

/// The path segment of a type: `tasks` for `task`.
fn collection(kind: &str) -> String {
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{kind}s"),
    }
}

/// The `next_page` of an answer: cursor, path and address keep the caller's other parameters.
fn next_page(base: Base, call: &Call, offset: &str, url: &str) -> String {
    let mut path = call.address.clone();
    let mut separator = '?';
    let mut push = |name: &str, value: &str| {
        path.push(separator);
        separator = '&';
        path.push_str(&super::request::percent_encode(name));
        path.push('=');
        path.push_str(&super::request::percent_encode(value));
    };
    for (name, value) in &call.query {
        push(name, value);
    }
    for (name, value) in &call.options.echo {
        push(name, value);
    }
    if let Some(limit) = call.options.limit {
        push("limit", &limit.to_string());
    }
    push("offset", offset);
    serde_json::json!({ "offset": offset, "path": path, "uri": format!("{url}{}{path}", base.path()) }).to_string()
}

/// The answer kept for a key.
///
/// Errors: 422 if the key came with another request.
fn kept_answer(cx: &mut Context<'_, '_>, key: &str, hash: &str) -> Result<Option<Reply>> {
    let me = cx.me();
    let oldest = cx.now().millis() - KEPT_FOR;
    let kept = cx.first(
        r#"SELECT k.request_hash, k.status, k.location, k.answer FROM idempotency_keys AS k WHERE k."user" = ? AND k.key = ? AND k.created_at > ?"#,
        params![me, key, oldest],
        |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<Option<String>>(2)?, row.get::<String>(3)?)),
    )?;
    let Some((before, status, location, answer)) = kept else { return Ok(None) };
    if before != hash {
        return Err(Error::Unprocessable(
            "This Idempotency-Key was used with another request".into(),
        ));
    }
    let status = u16::try_from(status).unwrap_or(200);
    Ok(Some(Reply { location, ..Reply::json(status, answer.into_bytes()) }))
}

/// Keeps a successful answer for a key, in the transaction of the write.
///
/// Errors: 409 if the same key did its work in another transaction meanwhile; then this one is undone.
fn keep_answer(cx: &mut Context<'_, '_>, key: &str, hash: &str, reply: &Reply) -> Result<()> {
    if reply.body.len() > MAX_KEPT {
        return Ok(());
    }
    let (me, now) = (cx.me(), cx.now());
    let answer = String::from_utf8_lossy(&reply.body).into_owned();
    cx.execute(
        "DELETE FROM idempotency_keys WHERE created_at <= ?",
        params![now.millis() - KEPT_FOR],
    )?;
    let kept = cx.execute(
        r#"INSERT INTO idempotency_keys ("user", key, request_hash, status, location, answer, created_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"#,
        params![me, key, hash, i64::from(reply.status), reply.location, answer, now],
    )?;
    if kept == 0 {
        return Err(Error::Conflict(
            "Another request with this Idempotency-Key ran at the same time; send it again to get its answer".into(),
        ));
    }
    Ok(())
}
