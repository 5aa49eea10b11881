//! Sends what is in line for webhooks.
//!
//! A sending is two short transactions with the call between them, so that no connection waits for a target. The first claims
//! the webhook, looks whether its maker still reaches the resource, and writes the bytes down; the second writes down what became
//! of them. One delivery of a webhook is under way at a time and the next waits until it was taken, so everything comes in
//! order, and at least once: bytes that were sent by a process that died are sent again when its claim is over.

use crate::App;
use crate::api::Context;
use crate::auth;
use crate::error::Result;
use crate::outbound::{Answer, Call, Failure};
use crate::prelude::*;
use crate::resources::webhooks::{Webhook, maker, queue, remove};
use engine::record::select_list;
use hmac::{Hmac, Mac as _};
use reqwest::Method;
use sha2::Sha256;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::Dialect;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How long a target may take. Source: API reference, "Webhooks": 10 seconds.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long a target may fail until its webhook is deleted, in milliseconds. Source: the same: 24 hours.
pub const GIVE_UP: i64 = 24 * 60 * 60 * 1_000;

/// How often a quiet webhook is told that there is nothing, in milliseconds. Source: the same: 8 hours.
pub const HEARTBEAT: i64 = 8 * 60 * 60 * 1_000;

/// The first pause after a failure, in milliseconds; each further one is twice as long.
const FIRST_PAUSE: i64 = 1_000;

/// The longest pause, in milliseconds: an hour.
const MAX_PAUSE: i64 = 60 * 60 * 1_000;

/// Most events in one delivery. Ours, since none is published.
const MAX_EVENTS: usize = 100;

/// How much of an answer is kept for whoever looks why it was no success.
const MAX_CONTENT: usize = 1_000;

/// How long a claim lasts, in milliseconds: longer than [`PATIENCE`] with both transactions.
const CLAIM: i64 = 30_000;

/// Most calls at once.
const CALLS: usize = 32;

/// Most calls at once to one host.
const CALLS_PER_HOST: usize = 4;

/// Most webhooks that one look finds.
const LOOK: usize = 100;

/// How often the sender looks.
const PAUSE: Duration = Duration::from_millis(200);

/// What the sender keeps in memory.
#[derive(Default)]
pub struct Sender {
    /// Webhooks that this process is sending for.
    busy: Mutex<HashSet<Gid>>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Takes a webhook off the busy ones when its sending ends, however it ends.
struct Busy {
    app: Arc<App>,
    gid: Gid,
}

impl Busy {
    /// None if this process is sending for the webhook already.
    fn new(app: &Arc<App>, gid: Gid) -> Option<Busy> {
        let mut busy = app.webhooks.busy.lock().unwrap_or_else(PoisonError::into_inner);
        // Made only where it is wanted: dropping one takes the lock.
        busy.insert(gid).then(|| Busy { app: Arc::clone(app), gid })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.app.webhooks.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.gid);
    }
}

impl Sender {
    /// The places for calls to a host.
    fn host(&self, target: &str) -> Arc<Semaphore> {
        let host = reqwest::Url::parse(target)
            .ok()
            .and_then(|url| Some(format!("{}:{:?}", url.host_str()?, url.port())))
            .unwrap_or_default();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // Hosts that nobody calls just now are forgotten.
        if hosts.len() > 1_000 {
            hosts.retain(|_, places| Arc::strong_count(places) > 1);
        }
        Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Semaphore::new(CALLS_PER_HOST))))
    }
}

/// The lower-case hexadecimal HMAC-SHA256 of a body. Source: API reference, "Webhooks", `X-Hook-Signature`.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes())
        .expect("a key of any length will do for HMAC");
    mac.update(body);
    auth::hex(&mac.finalize().into_bytes())
}

/// Sends for as long as the server runs.
pub async fn run(app: Arc<App>) {
    let places = Arc::new(Semaphore::new(CALLS));
    let mut calls = JoinSet::new();
    loop {
        while calls.try_join_next().is_some() {}
        match due(&app).await {
            Ok(found) => {
                for (gid, target) in found {
                    let Some(busy) = Busy::new(&app, gid) else { continue };
                    let (app, places) = (Arc::clone(&app), Arc::clone(&places));
                    calls.spawn(async move {
                        let _busy = busy;
                        let host = app.webhooks.host(&target);
                        let (Ok(_of_host), Ok(_place)) =
                            (host.acquire().await, places.acquire().await)
                        else {
                            return;
                        };
                        if let Err(error) = send(&app, gid).await {
                            tracing::error!(webhook = gid.get(), ?error, "a webhook was not sent");
                        }
                    });
                }
            }
            Err(error) => tracing::warn!(?error, "the webhooks that are due cannot be read"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends everything that is due now, one after the other: for tests.
///
/// Errors: those of the database.
pub async fn send_due(app: &Arc<App>) -> Result<usize> {
    let mut sent = 0;
    loop {
        let found = due(app).await?;
        if found.is_empty() {
            return Ok(sent);
        }
        for (gid, _) in found {
            sent += usize::from(send(app, gid).await?);
        }
    }
}

/// Webhooks that have something to send, longest waiting first, with their targets.
async fn due(app: &Arc<App>) -> Result<Vec<(Gid, String)>> {
    let now = (app.clock)().millis();
    let free = free(app.store.dialect());
    let node = app.log.node.clone();
    app.store
        .read(move |tx| {
            Ok(tx.query(
                &format!("SELECT w.gid, w.target FROM webhooks AS w WHERE w.due_at <= ? AND w.state <> 'pending' AND {free} ORDER BY w.due_at LIMIT {LOOK}"),
                params![now, node, now],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?)
        })
        .await
}

/// The condition that nobody has claimed a webhook, with the node and the time as parameters. On SQLite there is one process:
/// what another one claimed, it claimed before it died.
fn free(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "(holder <> ? OR leased_until <= ?)",
        Dialect::Postgres => "(CAST(? AS TEXT) = '' OR leased_until <= ?)",
    }
}

/// A delivery on its way.
#[derive(Clone, Debug)]
struct Parcel {
    gid: Gid,
    webhook: Gid,
    target: String,
    secret: String,
    body: String,
}

/// Sends one delivery of a webhook; false if there was nothing to send.
async fn send(app: &Arc<App>, webhook: Gid) -> Result<bool> {
    let shared = Arc::clone(app);
    let packed = app
        .store
        .write(move |tx| {
            let mut cx = Context::of_server(tx, &shared, format!("webhook-{webhook}"));
            pack(&mut cx, webhook)
        })
        .await?;
    let Some(parcel) = packed else { return Ok(false) };
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("X-Hook-Signature", signature(&parcel.secret, parcel.body.as_bytes())),
    ];
    let call = Call {
        method: Method::POST,
        url: &parcel.target,
        headers: &headers,
        body: parcel.body.clone().into_bytes(),
        time: PATIENCE,
        bytes: MAX_CONTENT,
    };
    let answer = app.outbound.send(call).await;
    let shared = Arc::clone(app);
    app.store
        .write(move |tx| {
            let mut cx = Context::of_server(tx, &shared, format!("webhook-{webhook}"));
            note(&mut cx, &parcel, &answer)
        })
        .await?;
    Ok(true)
}

/// What a webhook's row says to the sender.
struct Waiting {
    secret: String,
    heartbeat_at: i64,
    webhook: Webhook,
}

/// Claims a webhook and packs what it is to be told next.
fn pack(cx: &mut Context<'_, '_>, gid: Gid) -> Result<Option<Parcel>> {
    let now = cx.now().millis();
    let node = cx.app.log.node.clone();
    let free = free(cx.tx.dialect());
    let claimed = cx.execute(
        &format!("UPDATE webhooks SET holder = ?, leased_until = ? WHERE gid = ? AND due_at <= ? AND state <> 'pending' AND {free}"),
        params![node, now + CLAIM, gid, now, node, now],
    )?;
    if claimed == 0 {
        return Ok(None);
    }
    let found = cx.first(
        &format!(
            "SELECT w.secret, w.heartbeat_at, {} FROM webhooks AS w WHERE w.gid = ?",
            select_list::<Webhook>("w")
        ),
        params![gid],
        |row| {
            Ok(Waiting {
                secret: row.get(0)?,
                heartbeat_at: row.get(1)?,
                webhook: Webhook::from_row(row, 2)?,
            })
        },
    )?;
    let Some(waiting) = found else { return Ok(None) };
    let mut ending = waiting.webhook.state == "ending";
    if !ending && !is_within_reach(cx, &waiting.webhook)? {
        end(cx, &waiting.webhook)?;
        ending = true;
    }
    let parcel = |gid, body| Parcel {
        gid,
        webhook: waiting.webhook.gid,
        target: waiting.webhook.target.clone(),
        secret: waiting.secret.clone(),
        body,
    };
    let pending = cx.first(
        "SELECT d.gid, d.body FROM webhook_deliveries AS d WHERE d.webhook = ? AND d.state = 'pending' ORDER BY d.gid LIMIT 1",
        params![gid],
        |row| Ok((row.get::<Gid>(0)?, row.get::<String>(1)?)),
    )?;
    if let Some((delivery, body)) = pending {
        return Ok(Some(parcel(delivery, body)));
    }
    let (count, body) = gather(cx, gid)?;
    if count == 0 && ending {
        remove(cx, gid)?;
        return Ok(None);
    }
    if count == 0 && waiting.heartbeat_at > now {
        rest(cx, gid)?;
        return Ok(None);
    }
    let delivery = cx.gid()?;
    cx.later(
        "INSERT INTO webhook_deliveries (gid, workspace, webhook, created_at, num_events, body, state, attempts) VALUES (?, ?, ?, ?, ?, ?, 'pending', 0)",
        params![delivery, waiting.webhook.workspace, gid, now, count, body].to_vec(),
    )?;
    Ok(Some(parcel(delivery, body)))
}

/// Whether the webhook's maker still sees what it watches.
fn is_within_reach(cx: &mut Context<'_, '_>, webhook: &Webhook) -> Result<bool> {
    let Some(actor) = maker(cx, webhook.created_by, webhook.workspace)? else { return Ok(false) };
    let own = std::mem::replace(&mut cx.actor, actor);
    let seen = cx.is_visible(&webhook.resource_type, webhook.resource);
    cx.actor = own;
    seen
}

/// The maker has lost the resource: what was in line is not told, only that it is gone.
fn end(cx: &mut Context<'_, '_>, webhook: &Webhook) -> Result<()> {
    for sql in [
        "DELETE FROM webhook_events WHERE webhook = ?",
        "DELETE FROM webhook_deliveries WHERE webhook = ? AND state = 'pending'",
        "UPDATE webhooks SET state = 'ending' WHERE gid = ?",
    ] {
        cx.later(sql, params![webhook.gid].to_vec())?;
    }
    let body = queue::farewell(webhook, cx.now());
    cx.later(
        "INSERT INTO webhook_events (webhook, txid, gid, part, workspace, body) VALUES (?, ?, 0, 0, ?, ?)",
        params![webhook.gid, i64::MAX, webhook.workspace, body].to_vec(),
    )
}

/// Takes what is in line and makes a body of it; the number of events with it.
fn gather(cx: &mut Context<'_, '_>, webhook: Gid) -> Result<(i64, String)> {
    let lines = cx.query(
        &format!("SELECT q.txid, q.gid, q.part, q.body FROM webhook_events AS q WHERE q.webhook = ? ORDER BY q.txid, q.gid, q.part LIMIT {MAX_EVENTS}"),
        params![webhook],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?, row.get::<String>(3)?)),
    )?;
    let mut body = String::from("{\"events\":[");
    for (at, (.., line)) in lines.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        body.push_str(line);
    }
    body.push_str("]}");
    if let Some((txid, gid, part, _)) = lines.last() {
        cx.later(
            "DELETE FROM webhook_events WHERE webhook = ? AND (txid, gid, part) <= (?, ?, ?)",
            params![webhook, txid, gid, part].to_vec(),
        )?;
    }
    Ok((i64::try_from(lines.len()).unwrap_or(i64::MAX), body))
}

/// Gives the webhook back until there is something to do for it.
fn rest(cx: &mut Context<'_, '_>, gid: Gid) -> Result<()> {
    let now = cx.now().millis();
    // What is in line is looked at when the row is held: whoever puts something there sets the time after that.
    cx.lock("webhooks", gid)?;
    let more = cx.first(
        "SELECT 1 FROM webhooks AS w WHERE w.gid = ? AND (w.state = 'ending' OR (SELECT 1 FROM webhook_events AS q WHERE q.webhook = w.gid LIMIT 1) IS NOT NULL OR (SELECT 1 FROM webhook_deliveries AS d WHERE d.webhook = w.gid AND d.state = 'pending' LIMIT 1) IS NOT NULL)",
        params![gid],
        |_| Ok(()),
    )?;
    let due = if more.is_some() { now.to_string() } else { "heartbeat_at".to_owned() };
    cx.later(
        &format!("UPDATE webhooks SET leased_until = 0, due_at = {due} WHERE gid = ?"),
        params![gid].to_vec(),
    )
}

/// Whether the target took it. Source: API reference, "Webhooks": 200 or 204.
fn is_success(answer: &Result<Answer, Failure>) -> bool {
    matches!(answer, Ok(answer) if matches!(answer.status, 200 | 204))
}

/// What the target answered, or why it did not.
fn content(answer: &Result<Answer, Failure>) -> (Option<i64>, String) {
    match answer {
        Ok(answer) => {
            let text = String::from_utf8_lossy(&answer.body).replace('\0', "");
            (Some(i64::from(answer.status)), text)
        }
        Err(failure) => (None, failure.to_string()),
    }
}

/// Writes down what became of a delivery.
fn note(cx: &mut Context<'_, '_>, parcel: &Parcel, answer: &Result<Answer, Failure>) -> Result<()> {
    let now = cx.now().millis();
    let (status, content) = content(answer);
    let done = is_success(answer);
    cx.later(
        "UPDATE webhook_deliveries SET attempts = attempts + 1, last_attempt_at = ?, response_status = ?, response_content = ?, state = ?, delivered_at = ? WHERE gid = ?",
        params![now, status, content, if done { "delivered" } else { "pending" }, done.then_some(now), parcel.gid].to_vec(),
    )?;
    let webhook = parcel.webhook;
    if done {
        cx.later(
            "UPDATE webhooks SET last_success_at = ?, delivery_retry_count = 0, next_attempt_after = NULL, failing_since = NULL, heartbeat_at = ? WHERE gid = ?",
            params![now, now + HEARTBEAT, webhook].to_vec(),
        )?;
        return rest(cx, webhook);
    }
    let found = cx.first(
        "SELECT w.delivery_retry_count, w.failing_since FROM webhooks AS w WHERE w.gid = ?",
        params![webhook],
        |row| Ok((row.get::<i64>(0)?, row.get::<Option<i64>>(1)?)),
    )?;
    let Some((retries, since)) = found else { return Ok(()) };
    let since = since.unwrap_or(now);
    if now - since >= GIVE_UP {
        tracing::warn!(webhook = webhook.get(), "a webhook failed for a day and is deleted");
        return remove(cx, webhook);
    }
    let next = now + pause(retries);
    let content =
        if content.is_empty() { format!("status {}", status.unwrap_or(0)) } else { content };
    cx.later(
        "UPDATE webhooks SET last_failure_at = ?, last_failure_content = ?, delivery_retry_count = delivery_retry_count + 1, next_attempt_after = ?, failing_since = ?, due_at = ?, leased_until = 0 WHERE gid = ?",
        params![now, content, next, since, next, webhook].to_vec(),
    )
}

/// The pause after so many failures.
fn pause(retries: i64) -> i64 {
    let doubled =
        u32::try_from(retries.clamp(0, 30)).map_or(MAX_PAUSE, |times| FIRST_PAUSE << times);
    doubled.min(MAX_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses: Vec<i64> = [0, 1, 2, 11, 12, 40].into_iter().map(pause).collect();

        assert_eq!(pauses, [1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
    }

    #[test]
    fn signatures_are_those_of_everybody() {
        // `printf '{"events":[]}' | openssl dgst -sha256 -hmac secret`
        assert_eq!(
            signature("secret", b"{\"events\":[]}"),
            "a642b59553c93e227ec0f2f38910fbf71231a2197c00899833c00478cec86f34"
        );
    }
}
