//! Tasks that wait for others.

use super::{Task, scopes, touch};
use crate::prelude::*;
use crate::resources::stories::{self, Details};

/// Most dependencies and dependents of one task together. Source: API reference, "Tasks", `addDependencies`.
pub const MAX_LINKS: i64 = 30;

/// Which end of the link the path's task is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It waits for the tasks of the body.
    Dependencies,
    /// The tasks of the body wait for it.
    Dependents,
}

impl End {
    fn field(self) -> &'static str {
        match self {
            End::Dependencies => "dependencies",
            End::Dependents => "dependents",
        }
    }

    /// The pair (task that waits, task it waits for).
    fn pair(self, task: Gid, other: Gid) -> (Gid, Gid) {
        match self {
            End::Dependencies => (task, other),
            End::Dependents => (other, task),
        }
    }
}

/// Links tasks. Links that exist already change nothing.
///
/// Errors: 400 for a task that would wait for itself, directly or through others, or would have more than [`MAX_LINKS`] links.
fn add(cx: &mut Context<'_, '_>, task: Task, call: &Call, end: End) -> Result<Answer> {
    let others = named(cx, call, end)?;
    // A cycle spans tasks, so links of one workspace are made one request at a time.
    cx.lock("workspaces", task.workspace)?;
    for (at, other) in others.iter().enumerate() {
        let refuse = |message: &'static str| invalid(format!("{}: [{at}]", end.field()), message);
        if other.gid == task.gid {
            return Err(refuse("A task cannot depend on itself"));
        }
        if other.workspace != task.workspace {
            return Err(refuse("Must be in the task's workspace"));
        }
        let (waiting, awaited) = end.pair(task.gid, other.gid);
        let cycle: Option<i64> = cx.cell(
            "WITH RECURSIVE chain(gid) AS (
               SELECT d.dependency FROM task_dependencies AS d WHERE d.task = ?
               UNION SELECT d.dependency FROM task_dependencies AS d JOIN chain ON d.task = chain.gid)
             SELECT 1 FROM chain WHERE chain.gid = ? LIMIT 1",
            params![awaited, waiting],
        )?;
        if cycle.is_some() {
            return Err(refuse("This would make a circle of dependencies"));
        }
        let position = cx.sequence();
        let added = cx.execute(
            "INSERT INTO task_dependencies (task, dependency, workspace, position) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            params![waiting, awaited, task.workspace, position],
        )?;
        if added == 0 {
            continue;
        }
        for one in [waiting, awaited] {
            let links: Option<i64> = cx.cell(
                "SELECT count(*) FROM task_dependencies AS d WHERE d.task = ? OR d.dependency = ?",
                params![one, one],
            )?;
            if links.unwrap_or(0) > MAX_LINKS {
                return Err(refuse("A task can have at most 30 dependencies and dependents"));
            }
        }
        tell(cx, &task, other, end, "added")?;
    }
    Ok(Answer::empty())
}

/// Unlinks tasks. Links that do not exist change nothing.
fn remove(cx: &mut Context<'_, '_>, task: Task, call: &Call, end: End) -> Result<Answer> {
    for other in named(cx, call, end)? {
        let (waiting, awaited) = end.pair(task.gid, other.gid);
        let removed = cx.execute(
            "DELETE FROM task_dependencies WHERE task = ? AND dependency = ?",
            params![waiting, awaited],
        )?;
        if removed > 0 {
            tell(cx, &task, &other, end, "removed")?;
        }
    }
    Ok(Answer::empty())
}

fn named(cx: &mut Context<'_, '_>, call: &Call, end: End) -> Result<Vec<Task>> {
    require(call.body.has(end.field()), end.field(), "Missing input")?;
    let raws = call.body.references(end.field())?;
    require(
        raws.len() <= 30,
        end.field(),
        "A task can have at most 30 dependencies and dependents",
    )?;
    cx.refer_all::<Task>(end.field(), &raws)
}

/// The stories and events of a link at both of its ends.
fn tell(
    cx: &mut Context<'_, '_>,
    task: &Task,
    other: &Task,
    end: End,
    action: &'static str,
) -> Result<()> {
    let (waiting, awaited) = if end == End::Dependencies { (task, other) } else { (other, task) };
    let is_added = action == "added";
    let ends = [
        (
            waiting,
            awaited,
            if is_added { "dependency_added" } else { "dependency_removed" },
            "dependencies",
        ),
        (
            awaited,
            waiting,
            if is_added { "dependent_added" } else { "dependent_removed" },
            "dependents",
        ),
    ];
    for (about, far, subtype, field) in ends {
        stories::tell(
            cx,
            about,
            subtype,
            Details { dependency: Some(far.gid.get()), ..Details::default() },
        )?;
        touch(cx, about.gid)?;
        let scopes = scopes(cx, about)?;
        let change = FieldChange { field, action, value: Some((Task::TYPE, far.gid)) };
        cx.emit(Event { scopes, ..Event::changed(Task::TYPE, about, vec![change]) });
    }
    Ok(())
}

/// `getDependenciesForTask`: in the order of adding.
fn dependencies(cx: &mut Context<'_, '_>, task: &Task, call: &Call) -> Result<Page<Task>> {
    Query::inside()
        .join("task_dependencies AS j ON j.dependency = t.gid", &[])
        .filter("j.task = ?", params![task.gid])
        .order(&["j.position", "t.gid"])
        .page(cx, call)
}

/// `getDependentsForTask`: in the order of adding.
fn dependents(cx: &mut Context<'_, '_>, task: &Task, call: &Call) -> Result<Page<Task>> {
    Query::inside()
        .join("task_dependencies AS j ON j.task = t.gid", &[])
        .filter("j.dependency = ?", params![task.gid])
        .order(&["j.position", "t.gid"])
        .page(cx, call)
}

pub(super) fn operations(api: &mut Operations) {
    api.list_in::<Task, Task>(
        "getDependenciesForTask",
        "/tasks/{task_gid}/dependencies",
        "The tasks that a task waits for.",
        dependencies,
    );
    api.act::<Task>(
        "addDependenciesForTask",
        "/tasks/{task_gid}/addDependencies",
        "Makes a task wait for others.",
        Level::Edit,
        Output::Empty,
        |cx, task, call| add(cx, task, call, End::Dependencies),
    )
    .required_field("dependencies", JsonType::Strings, "The tasks to wait for.");
    api.act::<Task>(
        "removeDependenciesForTask",
        "/tasks/{task_gid}/removeDependencies",
        "Ends waiting for tasks.",
        Level::Edit,
        Output::Empty,
        |cx, task, call| remove(cx, task, call, End::Dependencies),
    )
    .required_field("dependencies", JsonType::Strings, "The tasks no longer waited for.");
    api.list_in::<Task, Task>(
        "getDependentsForTask",
        "/tasks/{task_gid}/dependents",
        "The tasks that wait for a task.",
        dependents,
    );
    api.act::<Task>(
        "addDependentsForTask",
        "/tasks/{task_gid}/addDependents",
        "Makes others wait for a task.",
        Level::Edit,
        Output::Empty,
        |cx, task, call| add(cx, task, call, End::Dependents),
    )
    .required_field("dependents", JsonType::Strings, "The tasks that are to wait.");
    api.act::<Task>(
        "removeDependentsForTask",
        "/tasks/{task_gid}/removeDependents",
        "Ends the waiting of others.",
        Level::Edit,
        Output::Empty,
        |cx, task, call| remove(cx, task, call, End::Dependents),
    )
    .required_field("dependents", JsonType::Strings, "The tasks that no longer wait.");
}
