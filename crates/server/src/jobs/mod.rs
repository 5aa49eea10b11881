//! Jobs: work that is too large for one request, done in batches behind it.
//!
//! A kind of job is a struct that implements [`Work`]: its fields are what it remembers between batches, as JSON in the row of the
//! job. One batch is one write transaction of bounded size, with the creator of the job as its actor; what the batch did and what
//! the job remembers are committed together, so a job that was killed goes on where it was. [`start`] begins a job that a client
//! asked for, [`go_on`] one that finishes what a request began. [`runner`] takes jobs up and works on them.
//!
//! The kinds are in [`kinds`]; each is written down with the thing that it works on.

pub mod copying;
mod pace;
mod runner;

pub use pace::Pace;
pub use runner::{Claim, Next, batch, claim, forget_old, release, run_due, take_over, work};

use crate::App;
use crate::error::{Error, Result};
use crate::exports;
use crate::prelude::*;
use crate::resources::jobs::Job;
use crate::resources::{custom_fields, projects, workspaces};
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// Most jobs of one user that are not done yet. Source: API reference, "Rate limits", "Duplication, instantiation, and export jobs".
const MAX_RUNNING: i64 = 5;

/// After what time a client that has too many jobs may try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How far a job is. Source: API reference, "Jobs", `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody has taken it up yet.
    NotStarted,
    /// Batches of it are done.
    InProgress,
    /// All of it is done.
    Succeeded,
    /// It was given up or cancelled.
    Failed,
}

impl Status {
    /// Every name.
    pub const ALL: &'static [&'static str] = &["not_started", "in_progress", "succeeded", "failed"];

    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Status::NotStarted => "not_started",
            Status::InProgress => "in_progress",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
        }
    }
}

/// What a batch did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// How many rows it worked on, for the progress.
    pub rows: usize,
    /// Whether nothing is left to do.
    pub is_done: bool,
}

impl Step {
    /// There is more to do.
    pub const fn more(rows: usize) -> Self {
        Step { rows, is_done: false }
    }

    /// That was all.
    pub const fn done(rows: usize) -> Self {
        Step { rows, is_done: true }
    }
}

/// What is done beside the database; it gives what the job remembers then.
pub type Alone<T> = BoxFuture<'static, Result<T>>;

/// A kind of job, with what it remembers between batches.
///
/// A batch works on at most 200 rows, or on as many of these as [`Pace::of`] says, in a number of statements that does not depend on
/// them, so that it holds the writer of SQLite for less than 20 ms. Source: architecture, "Group commit".
pub trait Work: Sized + Serialize + DeserializeOwned + Send + 'static {
    /// Its name, which clients read as `resource_subtype`.
    const KIND: &'static str;
    /// The type of the object that it makes, for a job that clients ask for. Such jobs are visible to who asked.
    const MAKES: Option<&'static str> = None;

    /// Does one batch. `job` is the job's gid; 0 for the batch that [`go_on`] does within a request.
    ///
    /// Errors: an internal one is tried again some times; any other ends the job. What the batch did is undone.
    fn batch(&mut self, cx: &mut Context<'_, '_>, job: Gid) -> Result<Step>;

    /// What is done before the next batch, beside the database: it reads for long, or writes files. It gives what the job remembers
    /// then. It is not cut short while it lasts but by the end of the process, after which it begins anew.
    fn alone(&self, _app: &Arc<App>) -> Option<Alone<Self>> {
        None
    }

    /// Cleans up after a job that failed or was cancelled.
    fn give_up(&mut self, _cx: &mut Context<'_, '_>, _job: Gid) -> Result<()> {
        Ok(())
    }
}

/// What a job does beside the database before its next batch, if anything.
type BeginAlone = fn(&Arc<App>, &Job) -> Result<Option<Alone<String>>>;

/// A kind of job, for the runner.
pub struct Kind {
    name: &'static str,
    batch: fn(&mut Context<'_, '_>, &Job) -> Result<(Step, String)>,
    alone: BeginAlone,
    give_up: fn(&mut Context<'_, '_>, &Job) -> Result<()>,
}

impl Kind {
    /// The kind that `W` is.
    fn of<W: Work>() -> Self {
        Kind {
            name: W::KIND,
            batch: |cx, job| {
                let mut work: W = serde_json::from_str(&job.state)?;
                let step = work.batch(cx, job.gid)?;
                Ok((step, serde_json::to_string(&work)?))
            },
            alone: |app, job| {
                let Some(work) = serde_json::from_str::<W>(&job.state)?.alone(app) else {
                    return Ok(None);
                };
                Ok(Some(Box::pin(async move { Ok(serde_json::to_string(&work.await?)?) })))
            },
            give_up: |cx, job| serde_json::from_str::<W>(&job.state)?.give_up(cx, job.gid),
        }
    }
}

/// Every kind of job.
fn kinds() -> Vec<Kind> {
    vec![
        Kind::of::<copying::DuplicateProject>(),
        Kind::of::<copying::DuplicateTask>(),
        Kind::of::<copying::InstantiateProject>(),
        Kind::of::<copying::InstantiateTask>(),
        Kind::of::<copying::SaveProjectAsTemplate>(),
        Kind::of::<copying::SaveTaskAsTemplate>(),
        Kind::of::<custom_fields::ids::NumberTasks>(),
        Kind::of::<exports::job::Export>(),
        Kind::of::<projects::deleting::FinishDeletion>(),
        Kind::of::<workspaces::people::Unassign>(),
    ]
}

/// What the server keeps about jobs beside their rows.
pub struct Jobs {
    kinds: Vec<Kind>,
    bell: Notify,
    /// How large batches are.
    pub pace: Pace,
    /// One job at a time works beside the database, so that the others have a worker.
    alone: Semaphore,
}

impl Default for Jobs {
    fn default() -> Self {
        let (pace, alone) = (Pace::default(), Semaphore::new(1));
        Jobs { kinds: kinds(), bell: Notify::new(), pace, alone }
    }
}

impl Jobs {
    /// Wakes a worker; called after a transaction that began a job was committed.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    fn kind(&self, name: &str) -> Result<&Kind> {
        self.kinds
            .iter()
            .find(|kind| kind.name == name)
            .ok_or_else(|| Error::Internal(anyhow::anyhow!("there are no jobs of the kind {name}")))
    }
}

/// What a job is about, for [`start`].
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The gid that the job is to have.
    pub gid: Gid,
    /// Its workspace.
    pub workspace: Gid,
    /// The object that it makes.
    pub result: Gid,
    /// How many rows it is about, if that is known.
    pub total: Option<i64>,
}

/// Begins a job with its first batch, for whoever asked for it. [`check_room`] says whether he may have another one.
pub fn start<W: Work>(cx: &mut Context<'_, '_>, about: About, mut work: W) -> Result<()> {
    let step = work.batch(cx, about.gid)?;
    if !step.is_done || W::MAKES.is_some() {
        insert(cx, &about, step, &work)?;
    }
    Ok(())
}

/// Refuses whoever has [`MAX_RUNNING`] jobs that are not done.
///
/// Errors: 429.
pub fn check_room(cx: &mut Context<'_, '_>) -> Result<()> {
    let me = cx.me();
    // Two requests at once may pass together; the limit is there to keep the queue short, not to be exact.
    let running: Option<i64> = cx.cell(
        "SELECT count(*) FROM jobs AS j WHERE j.created_by = ? AND j.finished_at IS NULL AND j.result_type IS NOT NULL",
        params![me],
    )?;
    if running.unwrap_or(0) >= MAX_RUNNING {
        return Err(Error::RateLimited { retry_after: RETRY_AFTER });
    }
    Ok(())
}

/// Does the first batch of `work` now and leaves what remains, if anything, to a job that nobody looks at.
pub fn go_on<W: Work>(cx: &mut Context<'_, '_>, workspace: Gid, mut work: W) -> Result<()> {
    let none = Gid::new(0);
    let step = work.batch(cx, none)?;
    if !step.is_done {
        let about = About { gid: cx.gid()?, workspace, result: none, total: None };
        insert(cx, &about, step, &work)?;
    }
    Ok(())
}

fn insert<W: Work>(cx: &mut Context<'_, '_>, about: &About, step: Step, work: &W) -> Result<()> {
    let job = Job {
        gid: about.gid,
        workspace: about.workspace,
        kind: W::KIND.to_owned(),
        status: Status::NotStarted.name().to_owned(),
        state: serde_json::to_string(work)?,
        result_type: W::MAKES.map(str::to_owned),
        result: W::MAKES.map(|_| about.result),
        rows_done: i64::try_from(step.rows).unwrap_or(i64::MAX),
        rows_total: about.total,
        attempts: 0,
        due_at: cx.now(),
        lease: None,
        is_cancelled: false,
        error: None,
        request_id: cx.request_id.clone(),
        created_at: cx.now(),
        created_by: cx.me(),
        finished_at: None,
    };
    cx.insert(&job)?;
    cx.begins_jobs = true;
    Ok(())
}

/// Lets a job end before its next batch. A job that is done stays as it is.
pub fn cancel(cx: &mut Context<'_, '_>, job: Gid) -> Result<()> {
    let now = cx.now();
    let cancelled = cx.execute(
        "UPDATE jobs SET is_cancelled = 1, due_at = ? WHERE gid = ? AND finished_at IS NULL",
        params![now, job],
    )?;
    cx.begins_jobs |= cancelled > 0;
    Ok(())
}

/// Runs every job that is due to its end, one after the other: for tests and tools, where no server runs.
///
/// Errors: those of the database.
pub async fn run_all(app: &Arc<App>) -> Result<()> {
    while run_due(app).await? {}
    Ok(())
}
