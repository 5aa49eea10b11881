//! Calls of addresses that rules ask for. They are written down with the run and made after its commit, some times over.

use super::Outing;
use crate::App;
use crate::outbound;
use crate::prelude::*;
use crate::resources::rules::Rule;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// How long a call may take. Source: architecture, "Outbound HTTP".
const TIME: Duration = Duration::from_secs(10);

/// How much of an answer is read; it is of no interest.
const BYTES: usize = 1_024;

/// Attempts after which a call is given up.
const MAX_ATTEMPTS: i64 = 5;

/// How long a call waits after its first failure, in milliseconds; four times as long after each further one.
const BACKOFF: i64 = 15_000;

/// How long a node has a call that it makes, in milliseconds; then another one makes it.
const LEASE: i64 = 60_000;

/// Writes a call down.
///
/// Errors: 400 for an address that the server does not call.
pub fn ask(cx: &mut Context<'_, '_>, rule: &Rule, outing: &Outing, url: &str) -> Result<()> {
    cx.app.outbound.check(url).map_err(|failure| invalid("url", failure.to_string()))?;
    let body = json!({
        "rule": { "gid": rule.gid.to_string(), "resource_type": Rule::TYPE },
        "run": outing.run.to_string(),
        "trigger": rule.trigger_type,
        "project": { "gid": rule.project.to_string(), "resource_type": "project" },
        "task": outing.task.map(|task| json!({ "gid": task.to_string(), "resource_type": "task" })),
        "triggered_at": outing.at.to_string(),
        "action_data": outing.data,
    });
    let (gid, now) = (cx.gid()?, cx.now());
    cx.later(
        "INSERT INTO rule_calls (gid, workspace, run, url, body, attempts, due_at) VALUES (?, ?, ?, ?, ?, 0, ?)",
        params![gid, rule.workspace, outing.run, url, body.to_string(), now].to_vec(),
    )
}

/// A call that this node makes.
struct Due {
    gid: Gid,
    run: Gid,
    url: String,
    body: String,
    attempts: i64,
}

/// Makes the call that has been due longest; false if none is.
///
/// Errors: those of the database; the call is then made again later.
pub async fn make_next(app: &Arc<App>) -> Result<bool> {
    const DUE: &str =
        "SELECT c.gid FROM rule_calls AS c WHERE c.due_at <= ? ORDER BY c.due_at, c.gid LIMIT 1";
    let now = (app.clock)();
    let found: Option<Gid> = app
        .store
        .read(move |tx| Ok::<_, Error>(tx.first(DUE, params![now], |row| row.get(0))?))
        .await?;
    let Some(gid) = found else { return Ok(false) };
    let taken = app
        .store
        .write(move |tx| {
            Ok::<_, Error>(tx.first(
                "UPDATE rule_calls SET due_at = ?, attempts = attempts + 1 WHERE gid = ? AND due_at <= ? RETURNING gid, run, url, body, attempts",
                params![now.plus_millis(LEASE), gid, now],
                |row| {
                    Ok(Due {
                        gid: row.get(0)?,
                        run: row.get(1)?,
                        url: row.get(2)?,
                        body: row.get(3)?,
                        attempts: row.get(4)?,
                    })
                },
            )?)
        })
        .await?;
    let Some(due) = taken else { return Ok(true) };
    let sent = app
        .outbound
        .send(outbound::Call {
            method: reqwest::Method::POST,
            url: &due.url,
            headers: &[("content-type", "application/json".to_owned())],
            body: due.body.clone().into_bytes(),
            time: TIME,
            bytes: BYTES,
        })
        .await;
    // What the other side says stays there: a run log is no way to look into a network.
    let failure = match sent {
        Ok(answer) if (200..300).contains(&answer.status) => None,
        Ok(answer) => Some(format!("The address answered {}", answer.status)),
        Err(outbound::Failure::Timeout) => Some("No answer in time".to_owned()),
        Err(outbound::Failure::Refused(_)) => {
            Some("The server does not call this address".to_owned())
        }
        Err(_) => Some("The address could not be reached".to_owned()),
    };
    settle(app, due, failure).await.map(|()| true)
}

/// Writes down what came of a call.
async fn settle(app: &Arc<App>, due: Due, failure: Option<String>) -> Result<()> {
    let now = (app.clock)();
    app.store
        .write(move |tx| {
            let Some(reason) = failure.clone().filter(|_| due.attempts < MAX_ATTEMPTS) else {
                tx.later("DELETE FROM rule_calls WHERE gid = ?", params![due.gid].to_vec())?;
                if let Some(reason) = &failure {
                    tx.later(
                        "UPDATE rule_runs SET outcome = 'failed', reason = ? WHERE gid = ?",
                        params![format!("call_webhook: {reason}"), due.run].to_vec(),
                    )?;
                }
                return Ok(());
            };
            tracing::info!(call = %due.gid, reason, "a call of a rule failed and is made again");
            let exponent = u32::try_from(due.attempts - 1).unwrap_or(0);
            let wait = BACKOFF * 4_i64.pow(exponent.min(5));
            tx.later(
                "UPDATE rule_calls SET due_at = ? WHERE gid = ?",
                params![now.plus_millis(wait), due.gid].to_vec(),
            )?;
            Ok::<(), Error>(())
        })
        .await
}
