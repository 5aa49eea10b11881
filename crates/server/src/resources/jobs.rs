//! Jobs as their creators see them: what became of a request whose work goes on behind it.
//!
//! API section "Jobs", 1 operation, and one of the extension API. How jobs run is in [`crate::jobs`]. Jobs have no events.

use crate::jobs;
use crate::prelude::*;
use crate::resources::project_templates::ProjectTemplate;
use crate::resources::projects::Project;
use crate::resources::tasks::Task;
use serde_json::json;

/// A job as stored, one row of `jobs`.
#[derive(Debug, Clone)]
pub struct Job {
    pub gid: Gid,
    pub workspace: Gid,
    /// The name of a [`jobs::Kind`].
    pub kind: String,
    /// A [`jobs::Status`].
    pub status: String,
    /// What the kind of job remembers between its batches, as JSON.
    pub state: String,
    /// The type of the object that it makes.
    pub result_type: Option<String>,
    pub result: Option<Gid>,
    pub rows_done: i64,
    pub rows_total: Option<i64>,
    /// Batches that failed since the last one that did not.
    pub attempts: i64,
    /// When any node may take it up.
    pub due_at: Timestamp,
    /// The number of who works on it now.
    pub lease: Option<i64>,
    pub is_cancelled: bool,
    /// Why the last batch failed.
    pub error: Option<String>,
    pub request_id: String,
    pub created_at: Timestamp,
    pub created_by: Gid,
    pub finished_at: Option<Timestamp>,
}

row! { Job in "jobs" {
    gid, workspace, kind, status, state, result_type, result, rows_done, rows_total, attempts, due_at, lease, is_cancelled, error,
    request_id, created_at, created_by, finished_at
} }

impl Job {
    /// What it makes, if that is a `kind`.
    fn result_of(&self, kind: &str) -> Option<Gid> {
        self.result.filter(|_| self.result_type.as_deref() == Some(kind))
    }
}

impl Record for Job {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Work that goes on after the request that asked for it was answered.");
        s.field("resource_subtype", |j| &j.kind).compact().doc("What kind of work it is.");
        s.field("status", |j| &j.status)
            .values(jobs::Status::ALL)
            .compact()
            .doc("How far it is; a job that failed leaves nothing behind.");
        s.one::<Project>("new_project", |j| j.result_of(Project::TYPE))
            .compact()
            .doc("The project that it makes, from the beginning on; null for other kinds.");
        s.one::<Task>("new_task", |j| j.result_of(Task::TYPE))
            .compact()
            .doc("The task that it makes, from the beginning on; null for other kinds.");
        s.one::<ProjectTemplate>("new_project_template", |j| j.result_of(ProjectTemplate::TYPE))
            .compact()
            .doc(
                "The project template that it makes, from the beginning on; null for other kinds.",
            );
        for name in ["new_portfolio", "new_graph_export", "new_resource_export"] {
            s.computed(name, |_, _| None::<serde_json::Value>)
                .compact()
                .doc("What other kinds of jobs would make; always null.");
        }
        s.computed("progress", |j, _| json!({ "done": j.rows_done, "total": j.rows_total }))
            .on_request()
            .doc("How many rows are done, and of how many, where that is known. Ours.");
    }
}

impl Resource for Job {
    const TYPE: &'static str = "job";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Job {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn subtype(&self) -> Option<String> {
        Some(self.kind.clone())
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Jobs", "Work that goes on after the request that asked for it was answered.");
    api.read::<Job>("getJob", "/jobs/{job_gid}", "One job, for whoever asked for it.");
    api.extension("Jobs, more", "What clients can do to their jobs beside looking at them.");
    api.act::<Job>(
        "cancelJob",
        "/jobs/{job_gid}/cancel",
        "Ends a job of one's own before it is done: it fails, and what it made so far goes to the trash. A job that is done stays as it is.",
        Level::Admin,
        Output::One(Job::TYPE),
        |cx, job, _| {
            jobs::cancel(cx, job.gid)?;
            cx.answer_gid::<Job>(job.gid)
        },
    );
}
