//! Stories: comments and the record of what happened to a task.
//!
//! API section "Stories", 5 operations. Events: `story` added, changed, deleted; the parent is the task.
//! [`details`] is what a system story knows, [`fields`] shows it, [`wording`] makes sentences of it.

mod details;
mod fields;
mod wording;

pub use details::{Dates, Details};

use crate::access;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::tasks::{self, Task};
use crate::resources::{likes, texts};
use engine::Template;
use engine::schema::{Mode, schema_of};
use std::collections::{HashMap, HashSet};

/// The subtype of comments.
const COMMENT: &str = "comment_added";

/// A story as stored, one row of `stories`. The text of a comment is in `texts`.
#[derive(Debug, Clone)]
pub struct Story {
    pub gid: Gid,
    pub workspace: Gid,
    /// The task.
    pub target: Gid,
    pub resource_subtype: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub is_pinned: bool,
    pub is_edited: bool,
    pub sticker_name: Option<String>,
    pub source: String,
    pub details: Details,
}

row! { Story in "stories" { gid, workspace, target, resource_subtype, created_at, created_by, is_pinned, is_edited, sticker_name, source, details } }

impl Story {
    /// A story on a task, told by the actor now.
    fn new(
        cx: &mut Context<'_, '_>,
        task: &Task,
        subtype: &'static str,
        details: Details,
    ) -> Result<Self> {
        Ok(Story {
            gid: cx.gid()?,
            workspace: task.workspace,
            target: task.gid,
            resource_subtype: subtype.to_owned(),
            created_at: cx.now(),
            created_by: cx.author(),
            is_pinned: false,
            is_edited: false,
            sticker_name: None,
            source: "api".to_owned(),
            details,
        })
    }

    fn is_comment(&self) -> bool {
        self.resource_subtype == COMMENT
    }

    fn can_be_pinned(&self) -> bool {
        self.is_comment() || self.resource_subtype == "attachment_added"
    }

    /// The object without which the story says nothing, with its type; who may not see it does not see the story.
    fn subject(&self) -> Option<(&'static str, i64)> {
        let d = &self.details;
        let task = d.task.or(d.dependency).or(d.duplicate_of).or(d.duplicated_from);
        None.or_else(|| d.project.map(|gid| ("project", gid)))
            .or_else(|| d.custom_field.map(|gid| ("custom_field", gid)))
            .or_else(|| task.map(|gid| ("task", gid)))
    }
}

impl Record for Story {
    fn schema(s: &mut Schema<Self>) {
        fields::declare(s);
    }
}

impl Resource for Story {
    const TYPE: &'static str = "story";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Story {
    const DELETE: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn subtype(&self) -> Option<String> {
        Some(self.resource_subtype.clone())
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Task::TYPE, self.target))
    }

    fn scopes(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        let task = cx.as_system(|cx| cx.rows_seen::<Task>(&[self.target]))?;
        let mut scopes = match task.into_iter().next().flatten() {
            Some(task) => tasks::scopes(cx, &task)?,
            None => vec![self.target, self.workspace],
        };
        scopes.push(self.gid);
        Ok(scopes)
    }
}

/// Records a system story on a task, told by the actor now, with its event. What a rule does is told by nobody.
pub fn tell(
    cx: &mut Context<'_, '_>,
    task: &Task,
    subtype: &'static str,
    details: Details,
) -> Result<()> {
    let story = Story::new(cx, task, subtype, details)?;
    put(cx, task, &story)
}

/// Inserts a story with its event.
fn put(cx: &mut Context<'_, '_>, task: &Task, story: &Story) -> Result<()> {
    cx.insert(story)?;
    let mut event = Event::added(Story::TYPE, story);
    event.scopes.extend(tasks::scopes(cx, task)?);
    cx.emit(event);
    Ok(())
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Stories", "Comments, and the record of what happened to a task.");
    api.add(
        "GET",
        "getStory",
        "/stories/{story_gid}",
        "One story.",
        Input::None,
        Output::One(Story::TYPE),
        |cx, call| {
            let (story, _) = cx.target::<Story>(call, 0)?;
            match without_hidden(cx, vec![story])?.pop() {
                Some(story) => cx.answer(story),
                None => Err(hidden()),
            }
        },
    );
    api.add(
        "PUT",
        "updateStory",
        "/stories/{story_gid}",
        "Changes a story: the text of a comment, by its author; the pin; the sticker; the actor's like.",
        Input::Update(Story::TYPE),
        Output::One(Story::TYPE),
        update,
    );
    api.add(
        "DELETE",
        "deleteStory",
        "/stories/{story_gid}",
        "Deletes a comment; its author and admins of the task may do that.",
        Input::None,
        Output::Empty,
        delete,
    );
    api.list_in::<Task, Story>(
        "getStoriesForTask",
        "/tasks/{task_gid}/stories",
        "The stories of a task that the actor sees, the oldest first.",
        of_task,
    );
    api.add(
        "POST",
        "createStoryForTask",
        "/tasks/{task_gid}/stories",
        "Comments on a task. Author and mentioned people become followers.",
        Input::Create(Story::TYPE),
        Output::One(Story::TYPE),
        comment,
    )
    .created();
}

/// `getStoriesForTask`. Stories about something hidden are left out, so that a page may be short.
fn of_task(cx: &mut Context<'_, '_>, task: &Task, call: &Call) -> Result<Page<Story>> {
    let page = Query::<Story>::given()
        .filter("t.target = ?", params![task.gid])
        .order(&["t.created_at", "t.gid"])
        .page(cx, call)?;
    Ok(Page { rows: without_hidden(cx, page.rows)?, next: page.next })
}

/// Those of some stories that he would see, were their subject not hidden from the actor.
pub fn about_hidden(cx: &mut Context<'_, '_>, stories: &[Gid]) -> Result<Vec<Gid>> {
    if stories.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Story> = cx.rows_seen::<Story>(stories)?.into_iter().flatten().collect();
    let all: Vec<Gid> = rows.iter().map(|story| story.gid).collect();
    let shown: HashSet<Gid> =
        without_hidden(cx, rows)?.into_iter().map(|story| story.gid).collect();
    Ok(all.into_iter().filter(|story| !shown.contains(story)).collect())
}

/// Leaves out the stories whose subject exists but is hidden from the actor.
fn without_hidden(cx: &mut Context<'_, '_>, stories: Vec<Story>) -> Result<Vec<Story>> {
    let mut wanted: HashMap<&'static str, Vec<i64>> = HashMap::new();
    for (kind, gid) in stories.iter().filter_map(Story::subject) {
        wanted.entry(kind).or_default().push(gid);
    }
    if wanted.is_empty() {
        return Ok(stories);
    }
    let mut texts = Vec::new();
    let mut values = Vec::new();
    for kind in ["project", "custom_field", "task"] {
        let Some(gids) = wanted.get(kind) else { continue };
        let table = cx.info(kind)?.table;
        let see = access::see(kind, "t", cx.actor.sight);
        let text = format!(
            "SELECT t.gid FROM :ids AS i JOIN {table} AS t ON t.gid = i.value WHERE t.deleted IS NULL AND NOT ({see})"
        );
        let template = Template::new(&text, &|_, _| String::new());
        values.extend(template.params(cx.me(), gids));
        texts.push(template.sql().to_owned());
    }
    let hidden: HashSet<Gid> = cx.gids(&texts.join(" UNION ALL "), &values)?.into_iter().collect();
    let is_hidden =
        |story: &Story| story.subject().is_some_and(|(_, gid)| hidden.contains(&Gid::new(gid)));
    Ok(stories.into_iter().filter(|story| !is_hidden(story)).collect())
}

/// `createStoryForTask`.
fn comment(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (task, level) = cx.target::<Task>(call, 0)?;
    cx.require_level(level, Level::Comment)?;
    let mut story = Story::new(cx, &task, COMMENT, Details::default())?;
    schema_of::<Story>().apply(&mut story, &call.body, Mode::Create, &HashMap::new())?;
    put(cx, &task, &story)?;
    let written = texts::write(cx, story.gid, task.workspace, &call.body, "text", "html_text")?
        .ok_or_else(|| invalid("text", "Missing input"))?;
    require(!written.is_empty, "text", "Must not be empty")?;
    if !cx.automated {
        let me = cx.me();
        tasks::follow(cx, &task, &[me], false)?;
    }
    tasks::follow(cx, &task, &written.new_users, level >= Level::Edit)?;
    tasks::touch(cx, task.gid)?;
    cx.answer_gid::<Story>(story.gid)
}

/// `updateStory`.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (before, _) = cx.target::<Story>(call, 0)?;
    let body = &call.body;
    if without_hidden(cx, vec![before.clone()])?.is_empty() {
        return Err(hidden());
    }
    let sends_text = body.has("text") || body.has("html_text");
    if sends_text && !(before.is_comment() && before.created_by == Some(cx.me())) {
        return Err(forbidden("Only the author of a comment may change its text"));
    }
    if ["text", "html_text", "is_pinned", "sticker_name", "liked"].iter().any(|name| body.has(name))
    {
        let level = level_on_task(cx, &before)?;
        cx.require_level(level, Level::Comment)?;
    }
    if body.has("is_pinned") {
        require(
            before.can_be_pinned(),
            "is_pinned",
            "Only comments and attachments can be pinned",
        )?;
    }
    let mut after = before.clone();
    schema_of::<Story>().apply(&mut after, body, Mode::Update, &HashMap::new())?;
    let mut changes = Vec::new();
    let written = texts::write(cx, before.gid, before.workspace, body, "text", "html_text")?
        .unwrap_or_default();
    require(!(sends_text && written.is_empty), "text", "Must not be empty")?;
    if written.changed {
        after.is_edited = true;
        changes.push(FieldChange::changed("text"));
    }
    for (column, value) in cx.update(&before, &after)? {
        changes.push(FieldChange::column::<Story>(column, &value));
    }
    if let Some(liked) = body.read::<bool>("liked")?
        && likes::write(cx, before.gid, before.workspace, liked)?
    {
        let me = cx.me();
        changes.push(if liked {
            FieldChange::added("likes", "user", me)
        } else {
            FieldChange::removed("likes", "user", me)
        });
    }
    if !written.new_users.is_empty() {
        let raw = before.target.to_string();
        let (task, level) = cx.find::<Task>(Task::TYPE, &raw)?;
        tasks::follow(cx, &task, &written.new_users, level >= Level::Edit)?;
    }
    if !changes.is_empty() {
        let mut event = Event::changed(Story::TYPE, &after, changes);
        event.scopes = after.scopes(cx)?;
        cx.emit(event);
    }
    cx.answer_gid::<Story>(after.gid)
}

/// The actor's level on the task; an author administers his comment, but may have become a mere viewer of the task.
fn level_on_task(cx: &mut Context<'_, '_>, story: &Story) -> Result<Level> {
    let raw = story.target.to_string();
    Ok(cx.find::<Task>(Task::TYPE, &raw)?.1)
}

/// `deleteStory`.
fn delete(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (story, level) = cx.target::<Story>(call, 0)?;
    if !story.is_comment() {
        return Err(forbidden("Only comments can be deleted"));
    }
    cx.require_level(level, Level::Admin)?;
    let answer = cx.delete_answer::<Story>(call)?;
    tasks::touch(cx, story.target)?;
    Ok(answer)
}
