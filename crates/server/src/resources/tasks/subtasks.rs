//! Parents and subtasks.

use super::{Task, touch};
use crate::api::order::{self, List, Spot};
use crate::prelude::*;
use crate::resources::stories::{self, Details};

/// Most levels of subtasks below a task. Source: product guide, "Subtasks".
pub const MAX_DEPTH: usize = 5;

/// The ancestors of a task, nearest first.
pub(super) fn ancestors(cx: &mut Context<'_, '_>, task: Gid) -> Result<Vec<Gid>> {
    cx.gids(
        "WITH RECURSIVE up(gid, depth) AS (
           SELECT t.parent, 1 FROM tasks AS t WHERE t.gid = ? AND t.parent IS NOT NULL
           UNION ALL SELECT t.parent, up.depth + 1 FROM tasks AS t JOIN up ON t.gid = up.gid WHERE t.parent IS NOT NULL)
         SELECT up.gid FROM up ORDER BY up.depth",
        params![task],
    )
}

/// How many levels of subtasks hang below a task.
fn height(cx: &mut Context<'_, '_>, task: Gid) -> Result<usize> {
    let height: Option<i64> = cx.cell(
        "WITH RECURSIVE below(gid, depth) AS (
           SELECT t.gid, 1 FROM tasks AS t WHERE t.parent = ? AND t.deleted IS NULL
           UNION ALL SELECT t.gid, below.depth + 1 FROM tasks AS t JOIN below ON t.parent = below.gid WHERE t.deleted IS NULL)
         SELECT coalesce(max(below.depth), 0) FROM below",
        params![task],
    )?;
    Ok(height.and_then(|height| usize::try_from(height).ok()).unwrap_or(0))
}

/// The parent that a body names, with the right to add subtasks to it, and its ancestors. None of them is moved or deleted
/// until the transaction ends.
///
/// Errors: 400 for one that is unknown, or so deep that it can have no subtask.
pub(super) fn parent_of(cx: &mut Context<'_, '_>, raw: &str) -> Result<(Task, Vec<Gid>)> {
    let (parent, level) = cx.refer::<Task>("parent", raw)?;
    cx.require_level(level, Level::Edit)?;
    let above = hold_line(cx, parent.gid)?;
    require(above.len() < MAX_DEPTH, "parent", "Subtasks can be nested at most 5 levels deep")?;
    Ok((parent, above))
}

/// The ancestors of a task, nearest first. Where writers run side by side, task and ancestors are held, and looked at again until
/// those that are held are those that there are.
fn hold_line(cx: &mut Context<'_, '_>, task: Gid) -> Result<Vec<Gid>> {
    let dialect = cx.tx.dialect();
    let hold = format!(
        "SELECT t.gid FROM tasks AS t WHERE t.gid IN (SELECT i.value FROM ids(?) AS i) AND t.deleted IS NULL ORDER BY t.gid{}",
        dialect.hold("t")
    );
    let mut above = ancestors(cx, task)?;
    if !dialect.has_parallel_writers() {
        return Ok(above);
    }
    // Each turn is one move that came in between, and each move takes the workspace for itself.
    for _ in 0..MAX_DEPTH {
        let line: Vec<Gid> = std::iter::once(task).chain(above.iter().copied()).collect();
        let held = cx.gids(&hold, params![line])?;
        if !held.contains(&task) {
            return Err(invalid("parent", format!("Unknown object: {task}")));
        }
        let now = ancestors(cx, task)?;
        if now == above {
            return Ok(above);
        }
        above = now;
    }
    Err(crate::Error::Overloaded)
}

/// The subtasks of a task, in order.
fn list_of(parent: Gid) -> List {
    List { position: "parent_position", ..List::of("tasks", "parent", parent) }
}

/// The position on top of a parent's subtasks.
pub(super) fn top_position(cx: &mut Context<'_, '_>, parent: Gid) -> Result<String> {
    Ok(list_of(parent).place(cx, Spot::First, None)?.into_string())
}

/// Writes a new parent, or none, into `row`, at the place among its siblings that the body names.
///
/// Errors: 400 for a parent in another workspace, one that would make a circle or be too deep, or anchors that make no sense.
pub(super) fn settle_parent(
    cx: &mut Context<'_, '_>,
    before: &Task,
    row: &mut Task,
    body: &Body,
) -> Result<()> {
    let Some(raw) = body.reference("parent")?.flatten() else {
        row.parent = None;
        row.parent_position = None;
        return Ok(());
    };
    // A circle spans tasks, so parents of one workspace change one request at a time.
    cx.lock("workspaces", before.workspace)?;
    let (parent, above) = parent_of(cx, &raw)?;
    require(parent.workspace == before.workspace, "parent", "Must be in the task's workspace")?;
    // Nobody puts anything below it meanwhile.
    cx.lock("tasks", before.gid)?;
    let is_circle = parent.gid == before.gid || above.contains(&before.gid);
    require(!is_circle, "parent", "A task cannot be its own parent or that of one of its parents")?;
    let depth = above.len() + 1 + height(cx, before.gid)?;
    require(depth <= MAX_DEPTH, "parent", "Subtasks can be nested at most 5 levels deep")?;
    row.parent = Some(parent.gid);
    row.parent_position = Some(place(cx, before, &parent, body)?);
    Ok(())
}

/// The position that `insert_before` or `insert_after` asks for; without them the present one, or on top.
fn place(cx: &mut Context<'_, '_>, task: &Task, parent: &Task, body: &Body) -> Result<String> {
    let spot = match (order::sent(body, "insert_before", "insert_after")?, &task.parent_position) {
        (Some(spot), _) => spot.map(|anchor| {
            let (found, _) = cx.refer::<Task>(anchor.field, &anchor.raw)?;
            let is_sibling = found.parent == Some(parent.gid);
            require(is_sibling, anchor.field, "Must be a subtask of the parent")?;
            Ok(found.gid)
        })?,
        (None, Some(position)) if task.parent == Some(parent.gid) => return Ok(position.clone()),
        (None, _) => Spot::First,
    };
    Ok(list_of(parent.gid).place(cx, spot, Some(task.gid))?.into_string())
}

/// The stories of the parents before and after.
pub(super) fn tell_parents(cx: &mut Context<'_, '_>, before: &Task, row: &Task) -> Result<()> {
    for (parent, subtype) in [(before.parent, "removed_from_task"), (row.parent, "added_to_task")] {
        let Some(parent) = parent else { continue };
        if let Some(parent) = cx.rows_seen::<Task>(&[parent])?.into_iter().next().flatten() {
            stories::tell(
                cx,
                &parent,
                subtype,
                Details { task: Some(row.gid.get()), ..Details::default() },
            )?;
            touch(cx, parent.gid)?;
        }
    }
    Ok(())
}

/// `setParentForTask`: gives a task another parent or, with null, makes it a task of its own.
fn set_parent(cx: &mut Context<'_, '_>, task: Task, call: &Call) -> Result<Answer> {
    require(call.body.has("parent"), "parent", "Missing input")?;
    // Only the parent and its anchors count here, whatever else is sent.
    let mut body = Body::default();
    for name in ["parent", "insert_before", "insert_after"] {
        if let Some(value) = call.body.get(name) {
            body.set(name, value.clone());
        }
    }
    let task = cx.change(task, &body)?;
    cx.answer_gid::<Task>(task.gid)
}

/// `getSubtasksForTask`: in their order.
fn subtasks(cx: &mut Context<'_, '_>, task: &Task, call: &Call) -> Result<Page<Task>> {
    // Whoever sees a task sees its subtasks.
    Query::given()
        .filter("t.parent = ?", params![task.gid])
        .order(&["t.parent_position", "t.gid"])
        .page(cx, call)
}

pub(super) fn operations(api: &mut Operations) {
    api.list_in::<Task, Task>(
        "getSubtasksForTask",
        "/tasks/{task_gid}/subtasks",
        "The subtasks of a task, in order.",
        subtasks,
    );
    api.add(
        "POST",
        "createSubtaskForTask",
        "/tasks/{task_gid}/subtasks",
        "Creates a subtask, on top of the list.",
        crate::api::operations::Input::Create(Task::TYPE),
        Output::One(Task::TYPE),
        |cx, call| super::create_in::<Task>(cx, call, "parent", false),
    )
    .created();
    api.act::<Task>(
        "setParentForTask",
        "/tasks/{task_gid}/setParent",
        "Gives a task another parent, or none.",
        Level::Edit,
        Output::One(Task::TYPE),
        set_parent,
    )
    .required_field("parent", JsonType::Gid, "The new parent, or null for none.")
    .field(
        "insert_before",
        JsonType::Gid,
        "A subtask of the parent to come before, or null for the end.",
    )
    .field(
        "insert_after",
        JsonType::Gid,
        "A subtask of the parent to come after, or null for the beginning.",
    );
}
