//! Takes up jobs and works on them, a batch at a time.
//!
//! Whoever takes a job up puts a number of his own into its row, his lease, and says until when he has it. Each batch looks whether
//! the lease is still his and extends it. A node that stops in the middle loses it by time, and another one goes on.

use super::{Alone, Kind, Status, Step};
use crate::App;
use crate::api::call::Call;
use crate::api::context::Context;
use crate::auth;
use crate::error::{Error, Result};
use crate::resources::jobs::Job;
use crate::rules;
use engine::record::select_list;
use engine::{Site, Stored};
use model::{Gid, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Tx, params};

/// How long a job is a node's after its last batch, in milliseconds. A batch takes less than a hundredth of that.
const LEASE: i64 = 30_000;

/// How often the lease of a job is extended that works beside the database.
const BEAT: Duration = Duration::from_secs(5);

/// Failures in a row after which a job is given up.
const MAX_ATTEMPTS: i64 = 5;

/// How long a job waits after its first failure, in milliseconds; twice as long after each further one.
const BACKOFF: i64 = 1_000;

/// How long one job is worked on before others have their turn.
const TURN: Duration = Duration::from_secs(1);

/// How often a worker looks for jobs that nobody rang for: those of other nodes, and those that wait after a failure.
const LOOK: Duration = Duration::from_secs(5);

/// How long jobs that are done are kept, in milliseconds: 30 days, as other traces of what happened.
const KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Most rows that are forgotten in one transaction. Source: architecture, "Group commit".
const FORGET: i64 = 200;

/// A job that was taken up.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The job.
    pub job: Gid,
    lease: i64,
}

/// What is to be done after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next batch.
    Batch,
    /// Nothing: the job is done, waits after a failure, or is somebody else's now.
    Nothing,
}

/// Works on jobs until `stop` resolves; the batch that runs then is finished. No failure ends it.
pub async fn work(app: Arc<App>, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        let turn = turn(&app);
        // A turn is over soon, so it is not cut short: what it holds is given back.
        let found = match turn.await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "jobs could not be worked on");
                false
            }
        };
        let wait = if found { Duration::ZERO } else { LOOK };
        tokio::select! {
            biased;
            () = &mut stop => return,
            () = app.jobs.bell.notified(), if !found => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Works on one job for a while; false if none is due.
async fn turn(app: &Arc<App>) -> Result<bool> {
    let Some(claim) = claim(app).await? else { return Ok(false) };
    // Others may wait for a worker.
    app.jobs.ring();
    let started = Instant::now();
    loop {
        let begun = Instant::now();
        match batch(app, claim).await {
            Ok(Next::Batch) => {}
            Ok(Next::Nothing) => return Ok(true),
            Err(error) => {
                release(app, claim).await?;
                return Err(error);
            }
        }
        if started.elapsed() > TURN {
            release(app, claim).await?;
            return Ok(true);
        }
        // At most half of the writer's time: requests come first.
        tokio::time::sleep(begun.elapsed().min(Duration::from_millis(20))).await;
    }
}

/// Works on the job that has been due longest until it ends; false if none is due.
///
/// Errors: those of the database.
pub async fn run_due(app: &Arc<App>) -> Result<bool> {
    let Some(claim) = claim(app).await? else { return Ok(false) };
    while batch(app, claim).await? == Next::Batch {}
    Ok(true)
}

/// Takes up the job that has been due longest.
///
/// Errors: those of the database.
pub async fn claim(app: &Arc<App>) -> Result<Option<Claim>> {
    const DUE: &str = "SELECT j.gid FROM jobs AS j WHERE j.finished_at IS NULL AND j.due_at <= ? ORDER BY j.due_at, j.gid LIMIT 1";
    let now = (app.clock)();
    // Looking is for readers; the writer is asked only when there is something.
    let due: Option<Gid> = app
        .store
        .read(move |tx| Ok::<_, Error>(tx.first(DUE, params![now], |row| row.get(0))?))
        .await?;
    let Some(job) = due else { return Ok(None) };
    let mut number = [0_u8; 8];
    (app.entropy)(&mut number);
    let lease = i64::from_le_bytes(number);
    let taken = app
        .store
        .write(move |tx| {
            Ok::<_, Error>(tx.execute(
                "UPDATE jobs SET lease = ?, due_at = ?, status = ? WHERE gid = ? AND finished_at IS NULL AND due_at <= ?",
                params![lease, now.plus_millis(LEASE), Status::InProgress.name(), job, now],
            )?)
        })
        .await?;
    Ok((taken > 0).then_some(Claim { job, lease }))
}

/// Does the next batch of a job.
///
/// Errors: those of the database that have nothing to do with the job.
pub async fn batch(app: &Arc<App>, claim: Claim) -> Result<Next> {
    let server = Arc::clone(app);
    let mut result = app.store.write(move |tx| in_transaction(&server, tx, claim)).await;
    if let Ok(Did::Alone(work)) = result {
        result = alone(app, claim, work).await.map(Did::Next);
    }
    match result {
        Ok(Did::Next(next)) => Ok(next),
        Ok(Did::Alone(_)) => Ok(Next::Batch),
        Err(Error::Overloaded) => Err(Error::Overloaded),
        Err(error) => {
            let job = claim.job;
            let reason = match &error {
                Error::Internal(cause) => format!("{cause:#}"),
                other => other.to_string(),
            };
            tracing::error!(%job, error = reason, "a batch of a job failed");
            let is_final = !matches!(error, Error::Internal(_));
            failed(app, claim, reason, is_final).await?;
            Ok(Next::Nothing)
        }
    }
}

/// The job, if it is still the claim's; its row is held.
fn held(tx: &mut Tx<'_>, claim: Claim) -> Result<Option<Job>> {
    tx.lock("jobs", claim.job)?;
    let sql = format!(
        "SELECT {} FROM jobs AS t WHERE t.gid = ? AND t.lease = ? AND t.finished_at IS NULL",
        select_list::<Job>("t")
    );
    Ok(tx.first(&sql, params![claim.job, claim.lease], |row| Job::from_row(row, 0))?)
}

/// What a batch came to.
enum Did {
    /// It is done.
    Next(Next),
    /// There is work to do without a transaction.
    Alone(Alone<String>),
}

/// Does work beside the database and writes down what the job remembers then. The lease is extended meanwhile; the work is dropped
/// when the job is cancelled, or somebody else's.
async fn alone(app: &Arc<App>, claim: Claim, work: Alone<String>) -> Result<Next> {
    let Ok(_permit) = app.jobs.alone.try_acquire() else {
        put_off(app, claim, LOOK).await?;
        return Ok(Next::Nothing);
    };
    let lost = async {
        loop {
            tokio::time::sleep(BEAT).await;
            if !extend(app, claim).await? {
                return Ok::<(), Error>(());
            }
        }
    };
    let state = tokio::select! {
        state = work => state?,
        lost = lost => {
            lost?;
            // The next batch sees what has become of the job.
            return Ok(Next::Batch);
        }
    };
    let now = (app.clock)();
    app.store
        .write(move |tx| {
            let Some(job) = held(tx, claim)? else { return Ok(Next::Nothing) };
            tx.execute(
                "UPDATE jobs SET state = ?, attempts = 0, error = NULL, due_at = ? WHERE gid = ?",
                params![state, now.plus_millis(LEASE), job.gid],
            )?;
            Ok(Next::Batch)
        })
        .await
}

/// Keeps a job for longer; false if it was cancelled or is not the claim's any more.
async fn extend(app: &Arc<App>, claim: Claim) -> Result<bool> {
    let until = (app.clock)().plus_millis(LEASE);
    app.store
        .write(move |tx| {
            let kept = tx.execute(
                "UPDATE jobs SET due_at = ? WHERE gid = ? AND lease = ? AND finished_at IS NULL AND is_cancelled = 0",
                params![until, claim.job, claim.lease],
            )?;
            Ok(kept > 0)
        })
        .await
}

fn in_transaction(app: &Arc<App>, tx: &mut Tx<'_>, claim: Claim) -> Result<Did> {
    let started = Instant::now();
    let Some(job) = held(tx, claim)? else { return Ok(Did::Next(Next::Nothing)) };
    let kind = app.jobs.kind(&job.kind)?;
    if job.is_cancelled {
        give_up(app, tx, &job, kind, "It was cancelled")?;
        return Ok(Did::Next(Next::Nothing));
    }
    if let Some(work) = (kind.alone)(app, &job)? {
        let until = (app.clock)().plus_millis(LEASE);
        tx.execute("UPDATE jobs SET due_at = ? WHERE gid = ?", params![until, job.gid])?;
        return Ok(Did::Alone(work));
    }
    let (Step { rows, is_done }, state) = as_creator(app, tx, &job, |cx| (kind.batch)(cx, &job))?;
    let now = (app.clock)();
    let status = if is_done { Status::Succeeded } else { Status::InProgress };
    tx.execute(
        "UPDATE jobs SET state = ?, status = ?, rows_done = rows_done + ?, attempts = 0, error = NULL, due_at = ?, finished_at = ? WHERE gid = ?",
        params![
            state,
            status.name(),
            i64::try_from(rows).unwrap_or(i64::MAX),
            now.plus_millis(LEASE),
            is_done.then_some(now),
            job.gid
        ],
    )?;
    app.jobs.pace.took(started.elapsed());
    Ok(Did::Next(if is_done { Next::Nothing } else { Next::Batch }))
}

/// Runs `work` for who asked for the job, and writes what happened to the event log.
fn as_creator<T>(
    app: &Arc<App>,
    tx: &mut Tx<'_>,
    job: &Job,
    work: impl FnOnce(&mut Context<'_, '_>) -> Result<T>,
) -> Result<T> {
    let actor = auth::actor_of(tx, job.created_by)?;
    let site = Site {
        url: app.settings.public_url.clone().unwrap_or_default(),
        now: (app.clock)(),
        secret: Arc::clone(&app.secret),
        viewer: actor.user,
    };
    let mut cx = Context::new(tx, app, actor, site, job.request_id.clone(), &Call::default());
    // What a rule began goes on as the rule's.
    cx.automated = rules::events::is_request(&job.request_id);
    let result = work(&mut cx)?;
    cx.write_events()?;
    if cx.begins_jobs {
        // Before the commit, so perhaps too early; a worker that finds nothing looks again before long.
        app.jobs.ring();
    }
    Ok(result)
}

/// Writes down that a batch failed: the job waits, or is given up.
async fn failed(app: &Arc<App>, claim: Claim, reason: String, is_final: bool) -> Result<()> {
    let server = Arc::clone(app);
    let cleaned = {
        let (server, reason) = (Arc::clone(&server), reason.clone());
        app.store.write(move |tx| {
            let Some(job) = held(tx, claim)? else { return Ok::<(), Error>(()) };
            let attempts = job.attempts + 1;
            if !is_final && attempts < MAX_ATTEMPTS {
                let wait = BACKOFF << attempts.clamp(1, 10);
                tx.execute(
                    "UPDATE jobs SET attempts = ?, error = ?, lease = NULL, due_at = ? WHERE gid = ?",
                    params![attempts, reason, (server.clock)().plus_millis(wait), job.gid],
                )?;
                return Ok(());
            }
            let kind = server.jobs.kind(&job.kind)?;
            give_up(&server, tx, &job, kind, &reason)
        })
    };
    let Err(error) = cleaned.await else { return Ok(()) };
    tracing::error!(job = %claim.job, %error, "what a job left could not be cleaned up");
    app.store
        .write(move |tx| match held(tx, claim)? {
            Some(job) => end(&server, tx, &job, &reason),
            None => Ok(()),
        })
        .await
}

/// Cleans up after a job and ends it.
fn give_up(app: &Arc<App>, tx: &mut Tx<'_>, job: &Job, kind: &Kind, reason: &str) -> Result<()> {
    tracing::warn!(job = %job.gid, kind = kind.name, reason, "a job was given up");
    as_creator(app, tx, job, |cx| (kind.give_up)(cx, job))?;
    end(app, tx, job, reason)
}

/// Ends a job that failed.
fn end(app: &Arc<App>, tx: &mut Tx<'_>, job: &Job, reason: &str) -> Result<()> {
    tx.execute(
        "UPDATE jobs SET status = ?, error = ?, finished_at = ? WHERE gid = ?",
        params![Status::Failed.name(), reason, (app.clock)(), job.gid],
    )?;
    Ok(())
}

/// Gives a job back, for the next worker.
///
/// Errors: those of the database; then it is free when the lease ends.
pub async fn release(app: &Arc<App>, claim: Claim) -> Result<()> {
    put_off(app, claim, Duration::ZERO).await
}

/// Gives a job back, for whoever takes it up after a while.
async fn put_off(app: &Arc<App>, claim: Claim, wait: Duration) -> Result<()> {
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let due = (app.clock)().plus_millis(wait);
    app.store
        .write(move |tx| {
            tx.execute(
                "UPDATE jobs SET lease = NULL, due_at = ? WHERE gid = ? AND lease = ? AND finished_at IS NULL",
                params![due, claim.job, claim.lease],
            )?;
            Ok(())
        })
        .await
}

/// Frees the jobs that a process held which is gone: called when a server starts that is the only one on its database.
///
/// Errors: those of the database.
pub async fn take_over(app: &Arc<App>) -> Result<()> {
    let now = (app.clock)();
    app.store
        .write(move |tx| {
            tx.execute(
                "UPDATE jobs SET lease = NULL, due_at = ? WHERE lease IS NOT NULL AND finished_at IS NULL",
                params![now],
            )?;
            Ok(())
        })
        .await
}

/// Removes the rows of jobs that were done thirty days ago.
///
/// Errors: those of the database; what was removed stays removed.
pub async fn forget_old(app: &App) -> Result<()> {
    let before = Timestamp::from_millis((app.clock)().millis() - KEPT_FOR);
    let forget = move |tx: &mut Tx<'_>| {
        Ok::<_, Error>(tx.execute(
            "DELETE FROM jobs WHERE gid IN (SELECT j.gid FROM jobs AS j WHERE j.finished_at < ? LIMIT ?)",
            params![before, FORGET],
        )?)
    };
    while app.store.write(forget).await? > 0 {}
    Ok(())
}
