//! Putting tags on tasks and taking them off.

use super::{Task, scopes};
use crate::prelude::*;
use crate::resources::stories::{self, Details};
use crate::resources::tags::Tag;

/// Puts `tag` on `task` for whoever `cx` acts for. Doing it twice changes nothing.
///
/// Errors: 400 if the tag is in another workspace.
pub fn put(cx: &mut Context<'_, '_>, task: &Task, tag: &Tag) -> Result<()> {
    require(tag.workspace == task.workspace, "tag", "Must be in the task's workspace")?;
    let position = cx.sequence();
    let added = cx.execute(
        "INSERT INTO task_tags (task, tag, workspace, position, task_created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        params![task.gid, tag.gid, task.workspace, position, task.created_at],
    )?;
    if added == 0 {
        return Ok(());
    }
    stories::tell(
        cx,
        task,
        "added_to_tag",
        Details { tag: Some(tag.gid.get()), ..Details::default() },
    )?;
    changed(cx, task, FieldChange::added("tags", Tag::TYPE, tag.gid), tag.gid)
}

/// Takes `tag` off `task`. Doing it twice changes nothing.
pub fn take(cx: &mut Context<'_, '_>, task: &Task, tag: &Tag) -> Result<()> {
    let removed =
        cx.execute("DELETE FROM task_tags WHERE task = ? AND tag = ?", params![task.gid, tag.gid])?;
    if removed == 0 {
        return Ok(());
    }
    stories::tell(
        cx,
        task,
        "removed_from_tag",
        Details { tag: Some(tag.gid.get()), ..Details::default() },
    )?;
    changed(cx, task, FieldChange::removed("tags", Tag::TYPE, tag.gid), tag.gid)
}

fn changed(cx: &mut Context<'_, '_>, task: &Task, change: FieldChange, tag: Gid) -> Result<()> {
    super::touch(cx, task.gid)?;
    let mut scopes = scopes(cx, task)?;
    scopes.push(tag);
    cx.emit(Event { scopes, ..Event::changed(Task::TYPE, task, vec![change]) });
    Ok(())
}

/// The tags of a new task.
pub(super) fn begin(cx: &mut Context<'_, '_>, task: &Task, body: &Body) -> Result<()> {
    let tags = cx.refer_all::<Tag>("tags", &body.references("tags")?)?;
    for tag in &tags {
        put(cx, task, tag)?;
    }
    Ok(())
}

fn named(cx: &mut Context<'_, '_>, call: &Call) -> Result<Tag> {
    let raw =
        call.body.reference("tag")?.flatten().ok_or_else(|| invalid("tag", "Missing input"))?;
    cx.refer::<Tag>("tag", &raw).map(|(tag, _)| tag)
}

/// `addTagForTask`.
fn add(cx: &mut Context<'_, '_>, task: Task, call: &Call) -> Result<Answer> {
    let tag = named(cx, call)?;
    put(cx, &task, &tag)?;
    Ok(Answer::empty())
}

/// `removeTagForTask`.
fn remove(cx: &mut Context<'_, '_>, task: Task, call: &Call) -> Result<Answer> {
    let tag = named(cx, call)?;
    take(cx, &task, &tag)?;
    Ok(Answer::empty())
}

/// `getTagsForTask`: in the order in which they were put on the task.
fn on_task(cx: &mut Context<'_, '_>, task: &Task, call: &Call) -> Result<Page<Tag>> {
    // Tags are visible where something visible names them.
    Query::given()
        .join("task_tags AS j ON j.tag = t.gid", &[])
        .filter("j.task = ?", params![task.gid])
        .order(&["j.position", "t.gid"])
        .page(cx, call)
}

pub(super) fn operations(api: &mut Operations) {
    api.list_in::<Task, Tag>(
        "getTagsForTask",
        "/tasks/{task_gid}/tags",
        "The tags on a task.",
        on_task,
    );
    api.act::<Task>(
        "addTagForTask",
        "/tasks/{task_gid}/addTag",
        "Puts a tag on a task.",
        Level::Edit,
        Output::Empty,
        add,
    )
    .required_field("tag", JsonType::Gid, "The tag; it must be in the task's workspace.");
    api.act::<Task>(
        "removeTagForTask",
        "/tasks/{task_gid}/removeTag",
        "Takes a tag off a task.",
        Level::Edit,
        Output::Empty,
        remove,
    )
    .required_field("tag", JsonType::Gid, "The tag.");
}
