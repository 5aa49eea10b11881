//! Tasks: what is to be done.
//!
//! API section "Tasks". [`dates`] are the rules of due and start dates, [`homes`] the projects and sections a task is in,
//! [`lists`] the lists of tasks, [`subtasks`] parents and their order, [`dependencies`], [`followers`], [`tags`] and
//! [`external`] what their names say. Events: `task` added, changed, deleted; added to and removed from projects and sections.

pub mod dates;
pub mod dependencies;
pub mod duplicating;
pub mod external;
pub mod followers;
pub mod homes;
pub mod lists;
pub mod subtasks;
pub mod tags;

pub use followers::follow;

use crate::prelude::*;
use crate::resources::custom_fields::values;
use crate::resources::projects::{Project, deleting};
use crate::resources::sections::Section;
use crate::resources::stories::{self, Dates, Details};
use crate::resources::tags::Tag;
use crate::resources::users::User;
use crate::resources::workspace_memberships::first_stranger;
use crate::resources::workspaces::Workspace;
use crate::resources::{likes, texts, time_tracking_entries, user_task_lists};
use homes::{Homes, TaskMembership};

/// The subtypes that can be written. Types of a workspace's own (`custom`) are not built yet.
const SUBTYPES: &[&str] = &["default_task", "milestone", "approval"];

/// The states of an approval.
const APPROVAL_STATUSES: &[&str] = &["pending", "approved", "rejected", "changes_requested"];

/// Where a task stands in its assignee's list, by the old names.
const ASSIGNEE_STATUSES: &[&str] = &["today", "upcoming", "later", "new", "inbox"];

/// A task as stored, one row of `tasks`.
#[derive(Debug, Clone)]
pub struct Task {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub resource_subtype: String,
    pub approval_status: Option<String>,
    pub assignee: Option<Gid>,
    pub assignee_status: String,
    pub assigned_by: Option<Gid>,
    pub completed: bool,
    pub completed_at: Option<Timestamp>,
    pub completed_by: Option<Gid>,
    pub due_on: Option<Date>,
    pub due_at: Option<Timestamp>,
    pub start_on: Option<Date>,
    pub start_at: Option<Timestamp>,
    pub parent: Option<Gid>,
    pub parent_position: Option<String>,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Task in "tasks" {
    gid, workspace, name, resource_subtype, approval_status, assignee, assignee_status, assigned_by, completed, completed_at,
    completed_by, due_on, due_at, start_on, start_at, parent, parent_position, created_at, created_by, modified_at
} }

impl Record for Task {
    fn schema(s: &mut Schema<Self>) {
        s.doc("The basic object that actions are done on: something that somebody is to do.");
        s.field("name", |t| &t.name)
            .write(|t, Name(name)| t.name = name)
            .compact()
            .doc("What is to be done, one line.");
        s.field("resource_subtype", |t| &t.resource_subtype)
            .values(SUBTYPES)
            .write(|t, v| t.resource_subtype = v)
            .compact()
            .doc("What kind of task it is.");
        s.one::<User>("created_by", |t| t.created_by).on_request().doc("Who created the task.");
        s.field("approval_status", |t| &t.approval_status)
            .values(APPROVAL_STATUSES)
            .write(|t, v| t.approval_status = v)
            .when(|t| t.resource_subtype == "approval")
            .doc("How the approval stands; deciding it completes the task.");
        s.field("assignee_status", |t| &t.assignee_status)
            .values(ASSIGNEE_STATUSES)
            .write(|t, v| t.assignee_status = v)
            .doc("Where the task stands in its assignee's list, by the old names.");
        s.one::<User>("assigned_by", |t| t.assigned_by).on_request().doc("Who assigned the task.");
        s.field("completed", |t| &t.completed)
            .write(|t, v| t.completed = v)
            .doc("Whether the task is done.");
        s.field("completed_at", |t| &t.completed_at).doc("When the task was completed.");
        s.one::<User>("completed_by", |t| t.completed_by).doc("Who completed the task.");
        s.field("created_at", |t| &t.created_at).doc("When the task was created.");
        s.many::<Task>("dependencies", Join::through("task_dependencies", "task", "dependency"))
            .on_request()
            .doc("The tasks that this one waits for.");
        s.many::<Task>("dependents", Join::through("task_dependencies", "dependency", "task"))
            .on_request()
            .doc("The tasks that wait for this one.");
        s.field("due_at", |t| &t.due_at)
            .write(|t, v| t.due_at = v)
            .doc("When the task is due, to the minute; null if it is due on a day or not at all.");
        s.field("due_on", |t| &t.due_on)
            .write(|t, v| t.due_on = v)
            .doc("The day on which the task is due.");
        s.inline_one::<external::External>("external", external::QUERY)
            .omit_empty()
            .doc("The identifier and data that the asking user's application gave to the task.");
        likes::hearted(s);
        s.computed("is_rendered_as_separator", |_, _| false)
            .on_request()
            .doc("Whether the task is shown as a separator of subtasks.");
        likes::liked(s);
        s.inline::<TaskMembership>("memberships", homes::MEMBERSHIPS)
            .refused()
            .doc("The projects that the task is in, each with the section it is in there.");
        s.field("modified_at", |t| &t.modified_at)
            .doc("When the task, or a story on it, last changed.");
        s.batch(
            "num_subtasks",
            "SELECT i.key, count(*) FROM :ids AS i JOIN tasks AS t ON t.parent = i.value WHERE t.deleted IS NULL GROUP BY i.key",
            0_i64,
            |row, _| row.get(1),
        )
        .on_request()
        .doc("How many subtasks the task has, not counting theirs.");
        s.field("start_at", |t| &t.start_at)
            .write(|t, v| t.start_at = v)
            .doc("When work on the task begins, to the minute.");
        s.field("start_on", |t| &t.start_on)
            .write(|t, v| t.start_on = v)
            .doc("The day on which work on the task begins.");
        s.batch("actual_time_minutes", time_tracking_entries::MINUTES, None::<f64>, |row, _| {
            row.get(1)
        })
        .doc("The time entered on the task, in minutes; null for none.");
        s.one::<User>("assignee", |t| t.assignee)
            .write(|t, v| t.assignee = v)
            .doc("Who is to do the task, or null.");
        s.one_by::<Section>(
            "assignee_section",
            Join::through("user_task_list_items", "task", "section")
                .filter("(SELECT l.owner FROM user_task_lists AS l WHERE l.gid = j.list) = :me")
                .order("t.gid"),
        )
        .doc("The section of the assignee's own list that holds the task; shown to the assignee only.");
        s.fetched("custom_fields", values::of_tasks)
            .doc("The custom fields of the task's projects with their values on it.");
        s.computed("custom_type", |_, _| None::<serde_json::Value>)
            .doc("The workspace's own type of the task, or null.");
        s.computed("custom_type_status_option", |_, _| None::<serde_json::Value>)
            .doc("The state within that type, or null.");
        s.many::<User>("followers", Join::through("task_followers", "task", "user"))
            .refused()
            .doc("Who is told about changes, longest follower first.");
        s.one::<Task>("parent", |t| t.parent)
            .doc("The task that this one is a subtask of, or null.");
        s.many::<Project>(
            "projects",
            Join::through("task_projects", "task", "project").order("j.added_at, t.gid"),
        )
        .refused()
        .doc("The projects that the task is in.");
        s.many::<Tag>("tags", Join::through("task_tags", "task", "tag"))
            .refused()
            .doc("The tags on the task.");
        s.one::<Workspace>("workspace", |t| Some(t.workspace))
            .doc("The workspace the task belongs to; it never moves.");
        s.computed("permalink_url", |t, site| site.link(t.workspace, "task", t.gid))
            .doc("Where people open the task.");
        texts::fields(s, "notes", "html_notes", false);
    }
}

impl Resource for Task {
    const TYPE: &'static str = "task";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Task {
    fn dates(&self) -> Dates {
        Dates {
            due_on: self.due_on.map(|day| day.to_string()),
            due_at: self.due_at.map(Timestamp::millis),
            start_on: self.start_on.map(|day| day.to_string()),
        }
    }

    fn is_approval(&self) -> bool {
        self.resource_subtype == "approval"
    }
}

impl Object for Task {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn subtype(&self) -> Option<String> {
        Some(self.resource_subtype.clone())
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        self.parent.map(|parent| (Task::TYPE, parent))
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        dates::settle(before, row, body, cx.zone())?;
        settle_approval(before, row, body)?;
        if row.completed != before.is_some_and(|task| task.completed) {
            row.completed_at = row.completed.then(|| cx.now());
            row.completed_by = row.completed.then(|| cx.me());
        }
        if row.assignee != before.and_then(|task| task.assignee) {
            if let Some(assignee) = row.assignee {
                require_member(cx, assignee, row.workspace, body)?;
            }
            row.assigned_by = row.assignee.map(|_| cx.me());
        }
        if let (Some(before), true) = (before, body.has("parent")) {
            subtasks::settle_parent(cx, before, row, body)?;
        }
        if before.is_some_and(|before| !engine::changed_columns(before, row).is_empty()) {
            row.modified_at = cx.now();
        }
        Ok(())
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        fields: &mut Fields,
        body: &Body,
    ) -> Result<()> {
        let mut touched = false;
        if let Some(text) = texts::write(cx, row.gid, row.workspace, body, "notes", "html_notes")? {
            if text.changed && before.is_some() {
                stories::tell(cx, row, "notes_changed", Details::default())?;
                fields.add(FieldChange::changed("notes"));
                touched = true;
            }
            // Nobody else: whoever was mentioned before may have stopped following since, and strangers stay outside.
            follow(cx, row, &text.new_users, true)?;
        }
        if let Some(sent) = body.get("custom_fields")
            && values::write_on_task(cx, row, sent)?
        {
            fields.add(FieldChange::changed("custom_fields"));
            touched = true;
        }
        if let Some(liked) = body.read::<bool>("liked")?
            && likes::write(cx, row.gid, row.workspace, liked)?
        {
            let me = cx.me();
            fields.add(if liked {
                FieldChange::added("likes", "user", me)
            } else {
                FieldChange::removed("likes", "user", me)
            });
        }
        if body.has("external") {
            external::write(cx, row, body)?;
        }
        let assignee_before = before.and_then(|task| task.assignee);
        if row.assignee != assignee_before {
            user_task_lists::assign(cx, row.gid, row.workspace, row.assignee)?;
            match (row.assignee, assignee_before) {
                (Some(assignee), _) => {
                    stories::tell(
                        cx,
                        row,
                        "assigned",
                        Details { assignee: Some(assignee.get()), ..Details::default() },
                    )?;
                    follow(cx, row, &[assignee], true)?;
                }
                (None, Some(assignee)) => {
                    stories::tell(
                        cx,
                        row,
                        "unassigned",
                        Details { assignee: Some(assignee.get()), ..Details::default() },
                    )?;
                }
                (None, None) => {}
            }
        }
        if body.has("assignee_section") {
            homes::move_in_own_list(cx, row, body)?;
        }
        if let Some(before) = before {
            tell_changes(cx, before, row, fields)?;
            if touched && row.modified_at == before.modified_at {
                touch(cx, row.gid)?;
            }
        }
        Ok(())
    }

    fn scopes(&self, cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        scopes(cx, self)
    }

    /// The task and its subtasks go to the trash together.
    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        deleting::delete_task(cx, row)
    }
}

/// An approval that is decided is complete, and the other way round. Source: API reference, "Tasks", `approval_status`.
fn settle_approval(before: Option<&Task>, row: &mut Task, body: &Body) -> Result<()> {
    if !row.is_approval() {
        let asked = body.get("approval_status").is_some_and(|value| !value.is_null());
        require(!asked, "approval_status", "Only approvals have an approval status")?;
        row.approval_status = None;
        return Ok(());
    }
    if body.get("approval_status").is_some_and(|value| !value.is_null()) {
        row.completed = row.approval_status.as_deref() != Some("pending");
        return Ok(());
    }
    let was_completed = before.is_some_and(|task| task.completed);
    row.approval_status = if row.completed != was_completed || row.approval_status.is_none() {
        Some(if row.completed { "approved" } else { "pending" }.to_owned())
    } else {
        before.and_then(|task| task.approval_status.clone()).or_else(|| row.approval_status.clone())
    };
    Ok(())
}

/// Refuses an assignee who is not in the workspace.
fn require_member(cx: &mut Context<'_, '_>, user: Gid, workspace: Gid, body: &Body) -> Result<()> {
    let Some((_, kind)) = first_stranger(cx, workspace, &[user])? else { return Ok(()) };
    let raw = body.reference("assignee")?.flatten().unwrap_or_default();
    Err(invalid("assignee", format!("Not a user in {kind}: {}", crate::api::call::cut(&raw))))
}

/// The system stories of a changed task.
fn tell_changes(
    cx: &mut Context<'_, '_>,
    before: &Task,
    row: &Task,
    fields: &Fields,
) -> Result<()> {
    if fields.has("name") {
        let details = Details {
            old_name: Some(before.name.clone()),
            new_name: Some(row.name.clone()),
            ..Details::default()
        };
        stories::tell(cx, row, "name_changed", details)?;
    }
    if fields.has("resource_subtype") {
        let details = Details {
            old_resource_subtype: Some(before.resource_subtype.clone()),
            new_resource_subtype: Some(row.resource_subtype.clone()),
            ..Details::default()
        };
        stories::tell(cx, row, "resource_subtype_changed", details)?;
    }
    let due_changed = fields.has_any(&["due_on", "due_at"]);
    if due_changed || fields.has_any(&["start_on", "start_at"]) {
        let details = Details {
            old_dates: Some(before.dates()),
            new_dates: Some(row.dates()),
            ..Details::default()
        };
        let subtype = if due_changed { "due_date_changed" } else { "start_date_changed" };
        stories::tell(cx, row, subtype, details)?;
    }
    if row.is_approval() && before.is_approval() && fields.has("approval_status") {
        let subtype = match row.approval_status.as_deref() {
            Some("approved") => "approved",
            Some("rejected") => "rejected",
            Some("changes_requested") => "changes_requested",
            _ => "approval_status_changed",
        };
        let details = Details {
            old_approval_status: before.approval_status.clone(),
            new_approval_status: row.approval_status.clone(),
            ..Details::default()
        };
        stories::tell(cx, row, subtype, details)?;
    } else if fields.has("completed") {
        let subtype = if row.completed { "marked_complete" } else { "marked_incomplete" };
        if row.completed {
            let projects = cx.gids(
                "SELECT tp.project FROM task_projects AS tp WHERE tp.task = ?",
                params![row.gid],
            )?;
            cx.finished_in(row.workspace, &projects);
        }
        stories::tell(cx, row, subtype, Details::default())?;
    }
    if fields.has("parent") {
        subtasks::tell_parents(cx, before, row)?;
    }
    Ok(())
}

/// Moves `modified_at` on to now and records nothing else; comments and attachments call it.
pub fn touch(cx: &mut Context<'_, '_>, task: Gid) -> Result<()> {
    let now = cx.now();
    cx.later("UPDATE tasks SET modified_at = ? WHERE gid = ?", params![now, task].to_vec())
}

/// Whom events about a task reach: itself, its projects, its ancestors, its assignee's list, the workspace.
pub fn scopes(cx: &mut Context<'_, '_>, task: &Task) -> Result<Vec<Gid>> {
    let mut scopes = vec![task.gid, task.workspace];
    scopes.extend(cx.gids(
        "SELECT tp.project FROM task_projects AS tp WHERE tp.task = ?
         UNION SELECT tp.section FROM task_projects AS tp WHERE tp.task = ?
         UNION SELECT ul.list FROM user_task_list_items AS ul WHERE ul.task = ?",
        params![task.gid, task.gid, task.gid],
    )?);
    if task.parent.is_some() {
        // Who watches a project hears of the subtasks of its tasks. Source: API reference, "Events".
        let above = subtasks::ancestors(cx, task.gid)?;
        scopes.extend(cx.gids(
            "SELECT tp.project FROM ids(?) AS i JOIN task_projects AS tp ON tp.task = i.value",
            params![above.as_slice()],
        )?);
        scopes.extend(above);
    }
    Ok(scopes)
}

/// `createTask`: a task in the workspace, the projects or under the parent that the body names.
///
/// Errors: 400 if it names none; 400 for objects that are unknown or of different workspaces; 403 where the actor may not add
/// tasks.
pub fn create(cx: &mut Context<'_, '_>, body: &Body) -> Result<Task> {
    let homes = Homes::of(cx, body)?;
    let draft = Task {
        gid: cx.gid()?,
        workspace: homes.workspace,
        name: String::new(),
        resource_subtype: "default_task".to_owned(),
        approval_status: None,
        assignee: None,
        assignee_status: "inbox".to_owned(),
        assigned_by: None,
        completed: false,
        completed_at: None,
        completed_by: None,
        due_on: None,
        due_at: None,
        start_on: None,
        start_at: None,
        parent: homes.parent,
        parent_position: homes.parent_position.clone(),
        created_at: cx.now(),
        created_by: Some(cx.me()),
        modified_at: cx.now(),
    };
    cx.create_from(draft, body, |cx, task| {
        followers::begin(cx, task, body)?;
        homes.place(cx, task)?;
        tags::begin(cx, task, body)
    })
}

/// `updateTask`: liking takes what commenting takes.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (before, level) = cx.target::<Task>(call, 0)?;
    let only_likes = call.body.has("liked") && call.body.fields().len() == 1;
    cx.require_level(level, if only_likes { Level::Comment } else { Level::Edit })?;
    let after = cx.change(before, &call.body)?;
    cx.answer_gid::<Task>(after.gid)
}

fn create_answer(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let task = create(cx, &call.body)?;
    let answer = cx.answer_gid::<Task>(task.gid)?;
    Ok(Answer { created: true, ..answer })
}

/// Creates in what the path names, written into the body as `field`.
fn create_in<P: Object>(
    cx: &mut Context<'_, '_>,
    call: &Call,
    field: &str,
    as_list: bool,
) -> Result<Answer> {
    let (parent, _) = cx.target::<P>(call, 0)?;
    let gid = serde_json::Value::from(parent.gid().to_string());
    let mut call = call.clone();
    call.body.set(field, if as_list { serde_json::Value::Array(vec![gid]) } else { gid });
    create_answer(cx, &call)
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    use crate::api::operations::Input;
    api.section("Tasks", "What is to be done, and by whom.");
    lists::operations(api);
    let task = Output::One(Task::TYPE);
    api.add(
        "POST",
        "createTask",
        "/tasks",
        "Creates a task.",
        Input::Create(Task::TYPE),
        task,
        create_answer,
    )
    .created();
    api.read::<Task>("getTask", "/tasks/{task_gid}", "One task.");
    api.add(
        "PUT",
        "updateTask",
        "/tasks/{task_gid}",
        "Changes a task; only what is sent changes. Whoever may comment may like it.",
        Input::Update(Task::TYPE),
        task,
        update,
    );
    api.delete::<Task>(
        "deleteTask",
        "/tasks/{task_gid}",
        "Puts a task and its subtasks into the trash.",
    );
    api.add(
        "POST",
        "createTaskInWorkspace",
        "/workspaces/{workspace_gid}/tasks",
        "Creates a task.",
        Input::Create(Task::TYPE),
        task,
        |cx, call| create_in::<Workspace>(cx, call, "workspace", false),
    )
    .created()
    .alias();
    api.add(
        "POST",
        "createTaskInProject",
        "/projects/{project_gid}/tasks",
        "Creates a task.",
        Input::Create(Task::TYPE),
        task,
        |cx, call| create_in::<Project>(cx, call, "projects", true),
    )
    .created()
    .alias();
    crate::search::tasks::operations(api);
    subtasks::operations(api);
    dependencies::operations(api);
    homes::operations(api);
    tags::operations(api);
    followers::operations(api);
    duplicating::operations(api);
}
