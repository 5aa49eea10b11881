//! One operation as one plain function on one connection, and the envelope of its answer.

use crate::App;
use crate::api::call::Call;
use crate::api::context::{Actor, Context};
use crate::api::operations::{Answer, Base, Cookie, Operation};
use crate::audit::{self, Doer, Door, Origin};
use crate::auth::{self, Credential};
use crate::error::{Error, Result, bad_request, forbidden};
use crate::http::request::{Incoming, SESSION_COOKIE};
use crate::http::respond::Reply;
use crate::identity::passwords::{Ask, Proof};
use engine::Site;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};
use store::{Tx, params};

/// Largest answer that is kept for an `Idempotency-Key`.
const MAX_KEPT: usize = 64 * 1024;

/// How long it is kept, in milliseconds: a day.
const KEPT_FOR: i64 = 24 * 60 * 60 * 1_000;

/// How long browsers keep the cookie, in seconds: 400 days, the most they allow.
const MAX_COOKIE_LIFE: i64 = 400 * 24 * 60 * 60;

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
    /// Who asks; `None` for an operation that is open to everybody.
    pub credential: Option<Credential>,
    /// `X-CSRF-Token`.
    pub csrf: Option<String>,
    /// Public address, time.
    pub url: String,
    /// The time.
    pub now: model::Timestamp,
    /// Names the request.
    pub request_id: String,
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
    mut call: Call,
    credential: Option<Credential>,
) -> Result<Reply> {
    if operation.prepare.is_some() {
        call.proof = Some(prove(app, incoming, operation, &call, credential.clone()).await?);
    }
    if operation.afterwards.is_none() {
        return start(app, incoming, operation, call, credential, None, true).await;
    }
    let (same, who) = (call.clone(), credential.clone());
    let reply = start(app, incoming, operation, call, credential, None, true).await?;
    tokio::spawn(follow(Arc::clone(app), incoming.clone(), position(app, operation), same, who));
    Ok(reply)
}

/// Does what follows when an operation was answered.
async fn follow(
    app: Arc<App>,
    incoming: Incoming,
    position: usize,
    call: Call,
    credential: Option<Credential>,
) {
    let Some(operation) = app.operations.get(position) else { return };
    let work: Work = Box::new(move |cx, call| {
        let operation = cx.app.operations.get(position);
        if let Some(afterwards) = operation.and_then(|operation| operation.afterwards.as_ref()) {
            afterwards(cx, call)?;
        }
        Ok(Answer::empty())
    });
    if let Err(error) = run_once(&app, &incoming, operation, call, credential, work).await {
        tracing::warn!(%error, operation = operation.id, "what follows the answer was not done");
    }
}

/// Runs `work` in the place of an operation and gives its reply.
///
/// Errors: those of the work.
pub async fn run_with(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: Call,
    credential: Option<Credential>,
    work: Work,
) -> Result<Reply> {
    start(app, incoming, operation, call, credential, Some(work), true).await
}

/// Runs `work` as a first step of an operation: an `Idempotency-Key` is not for it.
///
/// Errors: those of the work.
pub async fn run_once(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: Call,
    credential: Option<Credential>,
    work: Work,
) -> Result<Reply> {
    start(app, incoming, operation, call, credential, Some(work), false).await
}

async fn start(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: Call,
    credential: Option<Credential>,
    work: Option<Work>,
    keyed: bool,
) -> Result<Reply> {
    let position = position(app, operation);
    let idempotency = match &incoming.idempotency_key {
        Some(key) if operation.writes() && keyed && !operation.is_secret => {
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
        credential,
        csrf: incoming.csrf.clone(),
        url: incoming.url.clone(),
        now: incoming.now,
        request_id: incoming.request_id.clone(),
        idempotency,
        work,
    };
    if operation.writes() {
        if let Some(credential) = &job.credential {
            require_known(app, credential, incoming.now).await?;
        }
        let trial: Arc<Mutex<Option<Reply>>> = Arc::default();
        let slot = Arc::clone(&trial);
        let reply = app
            .store
            .write(move |tx| {
                let reply = job.run(tx)?;
                if !reply.is_trial {
                    return Ok(reply);
                }
                // An error is what undoes a transaction.
                if let Ok(mut slot) = slot.lock() {
                    *slot = Some(reply);
                }
                Err(Error::Internal(anyhow::anyhow!("this was a trial")))
            })
            .await;
        if let Some(reply) = trial.lock().ok().and_then(|mut trial| trial.take()) {
            return Ok(reply);
        }
        app.log.committed();
        let reply = reply?;
        if reply.begins_jobs {
            app.jobs.ring();
            app.rules.ring();
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
async fn require_known(
    app: &Arc<App>,
    credential: &Credential,
    now: model::Timestamp,
) -> Result<()> {
    if app.known_tokens.lock().is_ok_and(|known| known.contains(credential.hash())) {
        return Ok(());
    }
    let asked = credential.clone();
    let found = app.store.read(move |tx| auth::actor(tx, &asked, now)).await?;
    found.ok_or(Error::Unauthorized)?;
    if let Ok(mut known) = app.known_tokens.lock() {
        if known.len() >= MAX_KNOWN_TOKENS {
            known.clear();
        }
        known.insert(credential.hash().to_owned());
    }
    Ok(())
}

/// Lets an operation say which passwords it is about, works on them away from the database, and gives what came of it.
///
/// Errors: those of the operation's own preparation, whose writes stay only if it succeeds.
async fn prove(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: &Call,
    credential: Option<Credential>,
) -> Result<Proof> {
    let asked = Arc::new(Mutex::new(Ask::default()));
    let slot = Arc::clone(&asked);
    let position = position(app, operation);
    let work: Work = Box::new(move |cx, call| {
        let operation = cx.app.operations.get(position);
        let prepare = operation.and_then(|operation| operation.prepare.as_ref());
        let ask = prepare.map(|prepare| prepare(cx, call)).transpose()?;
        if let (Some(ask), Ok(mut slot)) = (ask, slot.lock()) {
            *slot = ask;
        }
        Ok(Answer::empty())
    });
    run_once(app, incoming, operation, call.clone(), credential, work).await?;
    let ask = asked.lock().map(|mut ask| std::mem::take(&mut *ask)).unwrap_or_default();
    let mut salt = [0_u8; 16];
    (app.entropy)(&mut salt);
    let (checks, proof) = (ask.check.is_some(), app.passwords.work(ask, salt).await?);
    if checks && !proof.right {
        tokio::spawn(note_failure(Arc::clone(app), incoming.clone(), proof.user));
    }
    Ok(proof)
}

/// Writes down that somebody did not know a password. Nobody waits for it, since there is more to write where the user exists.
async fn note_failure(app: Arc<App>, incoming: Incoming, user: Option<model::Gid>) {
    let Some(user) = user else { return };
    let origin = Origin { door: Door::Web, ..Origin::of(None, &incoming.client) };
    let (doer, now) = (Doer { origin, ..Doer::default() }, incoming.now);
    let written = app
        .store
        .write(move |tx| audit::write_everywhere(tx, now, &doer, "user_login_failed", user))
        .await;
    if let Err(error) = written {
        tracing::warn!(%error, "a failed attempt to sign in was not written down");
    }
}

/// The place of an operation.
fn position(app: &App, operation: &Operation) -> usize {
    app.operations.iter().position(|other| std::ptr::eq(other, operation)).unwrap_or_default()
}

impl Job {
    /// Who asks. A session's cookie comes with every request of its browser, whoever made it send the request: only a page of
    /// this server knows the token that writes need beside it.
    ///
    /// Errors: 401 for a credential that nobody has; 403 for a write with a cookie alone.
    fn actor(&self, tx: &mut Tx<'_>, operation: &Operation) -> Result<Actor> {
        let Some(credential) = &self.credential else {
            return if operation.is_open { Ok(Actor::nobody()) } else { Err(Error::Unauthorized) };
        };
        let actor = auth::actor(tx, credential, self.now)?.ok_or(Error::Unauthorized)?;
        if let (Credential::Session(hash), true) = (credential, operation.writes()) {
            let right = auth::csrf_token(&self.app.secret, hash);
            if !self.csrf.as_deref().is_some_and(|sent| auth::same(sent, &right)) {
                return Err(forbidden(
                    "X-CSRF-Token: Missing or wrong; writes with a session's cookie need it",
                ));
            }
        }
        Ok(actor)
    }

    /// The request from its first query to its answer, in one transaction.
    ///
    /// Errors: 401 for a token that nobody has; those of the operation.
    pub fn run(&self, tx: &mut Tx<'_>) -> Result<Reply> {
        let Some(operation) = self.app.operations.get(self.operation) else {
            return Err(Error::NoRoute);
        };
        let actor = self.actor(tx, operation)?;
        if let (Some(origin), Ok(mut used)) = (actor.token, self.app.used_tokens.lock()) {
            used.insert(origin, self.now);
        }
        let site = Site {
            url: self.url.clone(),
            now: self.now,
            secret: Arc::clone(&self.app.secret),
            viewer: actor.user,
        };
        let user = actor.user;
        let mut cx = Context::new(tx, &self.app, actor, site, self.request_id.clone(), &self.call);
        cx.origin = Origin::of(cx.actor.token, &self.call.client);
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
            cx.keep_traces();
        }
        let mut reply = envelope(operation, &self.call, answer, &self.url);
        if let Some((key, hash)) = &self.idempotency {
            keep_answer(&mut cx, key, hash, &reply)?;
        }
        reply.operation = operation.id;
        reply.actor = Some(cx.me()).filter(|user| user.get() != 0);
        reply.statements = cx.tx.statements();
        reply.begins_jobs = cx.begins_jobs;
        reply.is_trial = cx.is_trial;
        Ok(reply)
    }
}

/// The cookie as browsers are told. It lives as long as they allow: when a session ends is for the server to say.
fn set_cookie(cookie: &Cookie, url: &str) -> Option<String> {
    let (secret, life) = match cookie {
        Cookie::Keep => return None,
        Cookie::Set(secret) => (secret.as_str(), MAX_COOKIE_LIFE),
        Cookie::Clear => ("", 0),
    };
    let secure = if url.starts_with("https://") { "; Secure" } else { "" };
    Some(format!(
        "{SESSION_COOKIE}={secret}; Max-Age={life}; Path=/; HttpOnly; SameSite=Lax{secure}"
    ))
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
    for (name, json) in &answer.beside {
        body.extend_from_slice(format!(",\"{name}\":{json}").as_bytes());
    }
    body.push(b'}');
    let cookie = set_cookie(&answer.cookie, url);
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
    Reply { location, cookie, ..Reply::json(if created { 201 } else { 200 }, body) }
}

/// The path segment of a type: `tasks` for `task`.
fn collection(kind: &str) -> String {
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
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
