//! Runs what is in the queue, one rule after the other, each in a transaction of its own.
//!
//! The item is taken out of the queue in that transaction: on whatever node, whatever breaks, a run happens as a whole and once. What
//! a rule may not do undoes the whole run; that is written into the run log in a second transaction.

use super::actions::perform;
use super::check::text;
use super::conditions::View;
use super::queue::{self, Item};
use super::{Outing, calls, events, reader};
use crate::App;
use crate::audit::{Door, Origin};
use crate::auth;
use crate::prelude::*;
use crate::readers::cursor;
use crate::resources::projects::Project;
use crate::resources::rules::Rule;
use crate::resources::tasks::Task;
use engine::Site;
use engine::record::select_list;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Tx;

/// Most rules that set each other off one after the other.
pub const MAX_DEPTH: i64 = 5;

/// Most runs of one rule in a minute.
pub const MAX_RUNS: i64 = 100;

/// Attempts after which a run is given up that fails by the server's fault.
const MAX_ATTEMPTS: i64 = 5;

/// How long it waits after the first one, in milliseconds; twice as long after each further one.
const BACKOFF: i64 = 1_000;

/// How often the queue is looked at without being asked to: what other nodes put there, and what waits after a failure.
const LOOK: Duration = Duration::from_secs(1);

/// Most items that are looked up at once.
const BATCH: i64 = 50;

/// Works on the queue and makes calls, for ever. No failure ends it; it can be dropped at any time.
pub async fn work(app: Arc<App>) {
    let runs = async {
        loop {
            let found = run_some(&app).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "rules could not be run");
                false
            });
            if !found {
                let _ = tokio::time::timeout(LOOK, app.rules.queue.notified()).await;
            }
        }
    };
    let calls = async {
        loop {
            let found = calls::make_next(&app).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a call of a rule could not be made");
                false
            });
            if !found {
                let _ = tokio::time::timeout(LOOK, app.rules.calls.notified()).await;
            }
        }
    };
    tokio::join!(runs, calls);
}

/// Runs everything that events have set off, and what follows from that, to its end: for tests and tools, where no server runs.
///
/// Errors: those of the database.
pub async fn settle(app: &Arc<App>) -> Result<()> {
    loop {
        cursor::drain(app, &reader()).await?;
        let mut found = false;
        while run_some(app).await? {
            found = true;
        }
        if !found {
            return Ok(());
        }
    }
}

/// Runs what is due; false if nothing is.
///
/// Errors: those of the database.
pub async fn run_some(app: &Arc<App>) -> Result<bool> {
    let now = (app.clock)();
    let due: Vec<Gid> = app
        .store
        .read(move |tx| {
            Ok::<_, Error>(tx.query(
                "SELECT q.gid FROM rule_queue AS q WHERE q.due_at <= ? ORDER BY q.due_at, q.gid LIMIT ?",
                params![now, BATCH],
                |row| row.get(0),
            )?)
        })
        .await?;
    for gid in &due {
        run(app, *gid).await?;
    }
    Ok(!due.is_empty())
}

/// Runs one item of the queue.
async fn run(app: &Arc<App>, gid: Gid) -> Result<()> {
    let server = Arc::clone(app);
    let started = Instant::now();
    let ran = app.store.write(move |tx| attempt(&server, tx, gid, started)).await;
    app.log.committed();
    match ran {
        Ok(()) => {}
        Err(Error::Overloaded) => return Err(Error::Overloaded),
        Err(error) => {
            let server = Arc::clone(app);
            // Too many jobs of the owner: they end, and then it is the rule's turn.
            let is_ours = matches!(error, Error::Internal(_) | Error::RateLimited { .. });
            if matches!(error, Error::Internal(_)) {
                tracing::error!(item = %gid, error = ?error, "a rule failed");
            }
            let reason = error.to_string();
            app.store.write(move |tx| failed(&server, tx, gid, started, &reason, is_ours)).await?;
        }
    }
    app.rules.calls.notify_one();
    Ok(())
}

/// Writes down why a run came to nothing; one that failed by the server's fault is tried again some times.
fn failed(
    app: &App,
    tx: &mut Tx<'_>,
    gid: Gid,
    started: Instant,
    reason: &str,
    is_ours: bool,
) -> Result<()> {
    let now = (app.clock)();
    let attempts = tx.first(
        "UPDATE rule_queue SET attempts = attempts + 1 WHERE gid = ? RETURNING attempts",
        params![gid],
        |row| row.get::<i64>(0),
    )?;
    let Some(attempts) = attempts else { return Ok(()) };
    if is_ours && attempts < MAX_ATTEMPTS {
        let wait = BACKOFF << attempts.clamp(0, 10);
        tx.execute(
            "UPDATE rule_queue SET due_at = ? WHERE gid = ?",
            params![now.plus_millis(wait), gid],
        )?;
        return Ok(());
    }
    if let Some(item) = queue::take(tx, gid)? {
        let run = tx.gid()?;
        log(tx, &item, run, now, started, "failed", Some(reason))?;
    }
    Ok(())
}

/// A line of the run log.
fn log(
    tx: &mut Tx<'_>,
    item: &Item,
    run: Gid,
    now: Timestamp,
    started: Instant,
    outcome: &str,
    reason: Option<&str>,
) -> Result<()> {
    let took = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
    Ok(tx.later(
        "INSERT INTO rule_runs (gid, workspace, rule, source, task, outcome, reason, depth, started_at, duration_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![run, item.workspace, item.rule, item.source, item.task, outcome, reason, item.depth, now, took].to_vec(),
    )?)
}

/// A rule as it is.
fn rule(tx: &mut Tx<'_>, gid: Gid) -> Result<Option<Rule>> {
    let sql = format!(
        "SELECT {} FROM rules AS t JOIN projects AS p ON p.gid = t.project WHERE t.gid = ? AND t.enabled = 1 AND p.deleted IS NULL",
        select_list::<Rule>("t")
    );
    Ok(tx.first(&sql, params![gid], |row| Rule::from_row(row, 0))?)
}

/// Why a rule is stopped, if it is.
fn stopped(tx: &mut Tx<'_>, item: &Item, now: Timestamp) -> Result<Option<String>> {
    if item.depth > MAX_DEPTH {
        return Ok(Some(format!(
            "Stopped: more than {MAX_DEPTH} rules in a row have set each other off"
        )));
    }
    let minute = now.millis() - 60_000;
    let count = |tx: &mut Tx<'_>, outcome: &str| {
        tx.first(
            &format!("SELECT count(*) FROM (SELECT 1 AS present FROM rule_runs AS u WHERE u.rule = ? AND u.started_at > ? AND u.outcome {outcome} 'stopped' LIMIT {MAX_RUNS}) AS recent"),
            params![item.rule, minute],
            |row| row.get::<i64>(0),
        )
    };
    if count(tx, "<>")?.unwrap_or(0) < MAX_RUNS {
        return Ok(None);
    }
    // One line says it for all of the minute.
    let told = count(tx, "=")?.unwrap_or(0) > 0;
    Ok(Some(if told {
        String::new()
    } else {
        format!(
            "Stopped: more than {MAX_RUNS} runs in a minute; what comes in this minute is left out"
        )
    }))
}

fn attempt(app: &Arc<App>, tx: &mut Tx<'_>, gid: Gid, started: Instant) -> Result<()> {
    let Some(item) = queue::take(tx, gid)? else { return Ok(()) };
    let done = tx.first(
        "SELECT 1 FROM rule_runs AS u WHERE u.rule = ? AND u.source = ?",
        params![item.rule, item.source],
        |_| Ok(()),
    )?;
    let Some(rule) = rule(tx, item.rule)?.filter(|_| done.is_none()) else { return Ok(()) };
    let now = (app.clock)();
    if let Some(reason) = stopped(tx, &item, now)? {
        if !reason.is_empty() {
            tracing::warn!(rule = %rule.gid, source = item.source, reason, "a rule was stopped");
            let run = tx.gid()?;
            log(tx, &item, run, now, started, "stopped", Some(&reason))?;
        }
        return Ok(());
    }
    let run = tx.gid()?;
    let actor = auth::actor_of(tx, rule.owner)?;
    let site = Site {
        url: app.settings.public_url.clone().unwrap_or_default(),
        now,
        secret: Arc::clone(&app.secret),
        viewer: actor.user,
    };
    let name = events::request(run, item.depth);
    let mut cx = Context::new(tx, app, actor, site, name, &Call::default());
    cx.automated = true;
    cx.origin = Origin { door: Door::Server, ..Origin::default() };
    let (outcome, reason) = act(&mut cx, &rule, &item, run)?;
    cx.write_events()?;
    if cx.begins_jobs {
        // A worker that looks too early looks again.
        app.jobs.ring();
    }
    log(cx.tx, &item, run, now, started, outcome, reason.as_deref())
}

/// Whether the owner of a rule may still let it run.
fn may_run(cx: &mut Context<'_, '_>, rule: &Rule) -> Result<bool> {
    match cx.find::<Rule>(Rule::TYPE, &rule.gid.to_string()) {
        Ok((_, level)) => Ok(level >= Level::Edit),
        Err(Error::Forbidden(_) | Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Does what a rule says, and says what became of it.
fn act(
    cx: &mut Context<'_, '_>,
    rule: &Rule,
    item: &Item,
    run: Gid,
) -> Result<(&'static str, Option<String>)> {
    const LOST: &str = "Switched off: the owner of the rule may no longer edit the project";
    if !may_run(cx, rule)? {
        tracing::warn!(rule = %rule.gid, owner = %rule.owner, "a rule was switched off: its owner may not edit the project");
        let now = cx.now();
        cx.later(
            "UPDATE rules SET enabled = 0, next_at = NULL, disabled_reason = ?, modified_at = ? WHERE gid = ?",
            params![LOST, now, rule.gid].to_vec(),
        )?;
        return Ok(("failed", Some(LOST.to_owned())));
    }
    let task = match item.task {
        Some(task) => {
            let row = cx.rows_seen::<Task>(&[task])?.into_iter().next().flatten();
            if row.is_none() {
                let reason = "The task is gone, or the owner of the rule does not see it";
                return Ok(("skipped", Some(reason.to_owned())));
            }
            row
        }
        None => None,
    };
    if let Some(number) = unmet(cx, rule, task.as_ref(), item.actor)?.first() {
        return Ok(("skipped", Some(why_not(rule, *number))));
    }
    let outing = Outing {
        run,
        task: item.task,
        at: item.at,
        data: (rule.trigger_type == "incoming_web_request").then(|| item.data.clone()),
    };
    for (number, action) in rule.parts(&rule.actions).iter().enumerate() {
        perform(cx, rule, &outing, action).map_err(|error| blamed(error, number, action))?;
    }
    Ok(("succeeded", None))
}

/// An error that says which action it came from, unless it is the server's fault.
fn blamed(error: Error, number: usize, action: &Map<String, Json>) -> Error {
    match error {
        Error::Internal(_) | Error::Overloaded | Error::RateLimited { .. } => error,
        other => bad_request(format!("Action {} ({}): {other}", number + 1, text(action, "type"))),
    }
}

/// Why a rule does not act, the first of whose conditions that do not hold is this.
fn why_not(rule: &Rule, number: usize) -> String {
    if rule.is_all() {
        format!("Condition {} does not hold", number + 1)
    } else {
        "No condition holds".to_owned()
    }
}

/// The conditions because of which a rule does not act; none if it does. Without a task none holds.
fn unmet(
    cx: &mut Context<'_, '_>,
    rule: &Rule,
    task: Option<&Task>,
    actor: Option<Gid>,
) -> Result<Vec<usize>> {
    let conditions = rule.parts(&rule.conditions);
    let count = conditions.len();
    let mut view = task.map(|task| View::new(task, actor));
    let mut unmet = Vec::new();
    for (number, condition) in conditions.into_iter().enumerate() {
        let holds = match &mut view {
            Some(view) => view.holds(cx, &condition)?,
            None => false,
        };
        if !holds {
            unmet.push(number);
        }
    }
    let acts = if rule.is_all() { unmet.is_empty() } else { unmet.len() < count || count == 0 };
    Ok(if acts { Vec::new() } else { unmet })
}

/// What a rule would do to a task if the actor were its owner. Nothing of it stays: the transaction is undone.
///
/// Errors: those of the database.
pub fn trial(cx: &mut Context<'_, '_>, rule: &Rule, task: Option<&Task>) -> Result<Json> {
    let me = cx.me();
    cx.is_trial = true;
    let unmet = unmet(cx, rule, task, Some(me))?;
    cx.automated = true;
    let mut conditions = Vec::new();
    let mut view = task.map(|task| View::new(task, Some(me)));
    for condition in rule.parts(&rule.conditions) {
        let holds = match &mut view {
            Some(view) => view.holds(cx, &condition)?,
            None => false,
        };
        conditions.push(json!({
            "field": text(&condition, "field"),
            "operator": text(&condition, "operator"),
            "holds": holds,
        }));
    }
    let mut reason = unmet.first().map(|number| why_not(rule, *number));
    let outing = Outing {
        run: cx.gid()?,
        task: task.map(|task| task.gid),
        at: cx.now(),
        data: (rule.trigger_type == "incoming_web_request").then(Map::new),
    };
    let mut actions = Vec::new();
    for (number, action) in rule.parts(&rule.actions).iter().enumerate() {
        let kind = text(action, "type");
        if reason.is_some() {
            actions.push(
                json!({ "type": kind, "outcome": "not_reached", "reason": null, "changes": [] }),
            );
            continue;
        }
        let before = cx.events.len();
        match perform(cx, rule, &outing, action).map_err(|error| blamed(error, number, action)) {
            Ok(()) => {
                let changes: Vec<Json> =
                    cx.events.get(before..).unwrap_or_default().iter().filter_map(change).collect();
                actions.push(json!({ "type": kind, "outcome": "would_run", "reason": null, "changes": changes }));
            }
            Err(error @ (Error::Internal(_) | Error::Overloaded)) => return Err(error),
            Err(error) => {
                let message = error.to_string();
                actions.push(json!({ "type": kind, "outcome": "would_fail", "reason": message, "changes": [] }));
                reason = Some(message);
            }
        }
    }
    // What the actions put off is done before it is undone.
    let _: Option<i64> = cx.cell("SELECT 1", &[])?;
    cx.events.clear();
    Ok(json!({
        "would_run": reason.is_none(),
        "reason": reason,
        "conditions": conditions,
        "actions": actions,
    }))
}

/// An event as the answer of a trial tells it; system stories only repeat what is told.
fn change(event: &Event) -> Option<Json> {
    if event.kind == "story" && event.subtype.as_deref() != Some("comment_added") {
        return None;
    }
    let fields: Vec<&str> = event.changes.iter().map(|change| change.field).collect();
    let parent =
        event.parent.map(|(kind, gid)| json!({ "gid": gid.to_string(), "resource_type": kind }));
    Some(json!({
        "resource": { "gid": event.resource.to_string(), "resource_type": event.kind },
        "action": event.action,
        "fields": fields,
        "parent": parent,
    }))
}

/// The project that a rule works in, for who saves it.
///
/// Errors: 400 for one that is unknown or hidden; 403 where the actor may not edit it, or is a guest.
pub fn project(cx: &mut Context<'_, '_>, raw: &str) -> Result<Project> {
    let (project, level) = cx.refer::<Project>("project", raw)?;
    cx.require_level(level, Level::Edit)?;
    match cx.role(project.workspace)?.as_deref() {
        Some("guest") => Err(forbidden("Guests have no rules")),
        _ => Ok(project),
    }
}
