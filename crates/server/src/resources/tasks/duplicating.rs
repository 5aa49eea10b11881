//! `duplicateTask`.

use super::Task;
use crate::jobs::copying::{Copy, DuplicateTask, End, Include};
use crate::jobs::{self, About};
use crate::prelude::*;
use crate::resources::jobs::Job;
use crate::resources::projects::duplicating::included;

/// What `include` may name. Source: API reference, "Duplicate a task".
const INCLUDE: &[&str] = &[
    "assignee",
    "attachments",
    "dates",
    "dependencies",
    "followers",
    "notes",
    "parent",
    "projects",
    "subtasks",
    "tags",
];

/// The operation, which belongs to the section of tasks.
pub(super) fn operations(api: &mut Operations) {
    api.act::<Task>(
        "duplicateTask",
        "/tasks/{task_gid}/duplicate",
        "Makes a task like another one: its name and custom fields, and what `include` names. The job goes on after the answer.",
        Level::See,
        Output::One(Job::TYPE),
        duplicate,
    )
    .created()
    .field("name", JsonType::String, "What the new task is called; as the old one without it.")
    .field("include", JsonType::Strings, "What is copied beside that: a comma list.");
}

/// `duplicateTask`.
fn duplicate(cx: &mut Context<'_, '_>, task: Task, call: &Call) -> Result<Answer> {
    let words = included(&call.body, INCLUDE)?;
    let has = |word: &str| words.iter().any(|known| known == word);
    let include = Include {
        assignee: has("assignee"),
        attachments: has("attachments"),
        dates: has("dates"),
        dependencies: has("dependencies"),
        followers: has("followers"),
        notes: has("notes"),
        parent: has("parent"),
        projects: has("projects"),
        subtasks: has("subtasks"),
        tags: has("tags"),
        ..Include::default()
    };
    jobs::check_room(cx)?;
    let made = cx.gid()?;
    let mut work = Copy::of_task(task.workspace, End::live(task.gid), End::live(made), include);
    work.name = call.body.read::<Name>("name")?.map(|Name(name)| name);
    begin(cx, task.workspace, made, work, DuplicateTask)
}

/// Starts the job that makes the task `made`, and answers with it.
pub fn begin<W: jobs::Work>(
    cx: &mut Context<'_, '_>,
    workspace: Gid,
    made: Gid,
    work: Copy,
    kind: impl FnOnce(Copy) -> W,
) -> Result<Answer> {
    let about = About { gid: cx.gid()?, workspace, result: made, total: None };
    jobs::start(cx, about, kind(work))?;
    let answer = cx.answer_gid::<Job>(about.gid)?;
    Ok(Answer { created: true, ..answer })
}
