//! Task templates: what tasks of a project are made from.
//!
//! API section "Task templates", 4 operations, and one of the extension API that makes them. A template has a task of its own with
//! its subtasks, which nobody sees: the rows are marked with the template's gid in their `deleted`. Dates are kept as they were, and
//! shown and used as days after the day that the template counts from. Events: `task_template` added, deleted.

use crate::jobs::copying::{Copy, End, Include, InstantiateTask, SaveTaskAsTemplate};
use crate::jobs::{self, About};
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::jobs::Job;
use crate::resources::project_templates;
use crate::resources::projects::{Project, duplicating};
use crate::resources::tasks::{self, Task};
use crate::resources::texts;
use crate::resources::users::User;
use engine::record::select_list;
use engine::schema::Fetching;
use serde_json::json;
use std::collections::HashMap;

/// A task template as stored, one row of `task_templates`.
#[derive(Debug, Clone)]
pub struct TaskTemplate {
    pub gid: Gid,
    pub workspace: Gid,
    pub project: Gid,
    /// The task that holds what is in it.
    pub task: Gid,
    pub name: String,
    /// Whether it is whole.
    pub is_ready: bool,
    /// The day that its dates count from.
    pub from_on: Date,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
}

row! { TaskTemplate in "task_templates" { gid, workspace, project, task, name, is_ready, from_on, created_at, created_by } }

impl Record for TaskTemplate {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What tasks of a project are made from.");
        s.field("name", |t| &t.name).compact().doc("What the template is called.");
        s.one::<Project>("project", |t| Some(t.project)).doc("The project that it belongs to.");
        s.fetched_one("template", recipes).doc("What the tasks will be like.");
        s.one::<User>("created_by", |t| t.created_by).doc("Who made it.");
        s.field("created_at", |t| &t.created_at).doc("When it was made.");
    }
}

/// What a task that is made from a template will be like.
#[derive(Debug, Clone)]
pub struct Recipe {
    task: Gid,
    project: Gid,
    name: String,
    subtype: String,
    from_on: Date,
    start_on: Option<Date>,
    due_on: Option<Date>,
    due_at: Option<Timestamp>,
    html: String,
    plain: String,
    followers: Vec<Gid>,
    fields: Vec<Gid>,
    attachments: Vec<(Gid, String, String)>,
    subtasks: Vec<(String, String)>,
}

/// It comes from several queries, not from one row.
impl Stored for Recipe {
    const TABLE: &'static str = "";
    const COLUMNS: &'static [&'static str] = &[];

    fn from_row(_row: &store::Row<'_>, _at: usize) -> Result<Self, store::Error> {
        Err(store::Error::Database("a recipe is not a row".to_owned()))
    }

    fn values(&self) -> Vec<Value> {
        Vec::new()
    }
}

impl Record for Recipe {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What a task that is made from a template will be like.");
        s.field("name", |r| &r.name).compact().doc("What it will be called.");
        s.computed("task_resource_subtype", |r, _| subtype(&r.subtype))
            .compact()
            .doc("What kind of task it will be.");
        s.field("description", |r| &r.plain).doc("Its description, without formatting.");
        s.field("html_description", |r| &r.html).doc("Its description, with formatting.");
        s.several::<Project>("memberships", |r| vec![r.project])
            .doc("The projects that it will be in.");
        s.computed("relative_start_on", |r, _| r.days_to(r.start_on))
            .doc("How many days after it is made it begins; null without a start.");
        s.computed("relative_due_on", |r, _| r.days_to(r.due_on))
            .doc("How many days after it is made it is due; null without a due date.");
        s.computed("due_time", |r, _| r.due_at.map(time_of_day))
            .doc("The time of the day, UTC, at which it is due; null for the whole day.");
        for (name, doc) in [
            (
                "dependencies",
                "What it will wait for: nothing, templates do not wait for each other.",
            ),
            ("dependents", "What will wait for it: nothing, as above."),
        ] {
            s.computed(name, |_, _| Vec::<serde_json::Value>::new()).doc(doc);
        }
        s.several::<User>("followers", |r| r.followers.clone()).doc("Who will be told.");
        s.computed("attachments", |r, _| {
            r.attachments
                .iter()
                .map(|(gid, name, subtype)| {
                    json!({ "gid": gid.to_string(), "resource_type": "attachment", "name": name, "resource_subtype": subtype })
                })
                .collect::<Vec<_>>()
        })
        .doc("The files and links that it will have.");
        s.computed("subtasks", |r, _| {
            r.subtasks
                .iter()
                .map(|(name, kind)| json!({ "name": name, "task_resource_subtype": subtype(kind) }))
                .collect::<Vec<_>>()
        })
        .doc("Its subtasks, in order; theirs are made too.");
        s.several::<CustomField>("custom_fields", |r| r.fields.clone())
            .doc("The custom fields that it will have values of.");
    }
}

impl Recipe {
    fn days_to(&self, day: Option<Date>) -> Option<i64> {
        day.map(|day| day.days() - self.from_on.days())
    }
}

/// The word for a kind of task in recipes. Source: API reference, "Task templates", `task_resource_subtype`.
fn subtype(of: &str) -> &'static str {
    match of {
        "milestone" => "milestone_task",
        "approval" => "approval_task",
        _ => "default_task",
    }
}

/// `13:15:00.000Z`.
fn time_of_day(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('T').map_or_else(String::new, |(_, time)| time.to_owned())
}

/// What is in templates, by the tasks that hold it.
fn recipes(fetching: &mut Fetching<'_, '_>) -> Result<Vec<(usize, Recipe)>, store::Error> {
    let ids = Value::Ids(fetching.ids.to_vec());
    let rows = fetching.tx.query(
        "SELECT i.key, t.gid, tt.project, t.name, t.resource_subtype, tt.from_on, t.start_on, t.due_on, t.due_at, x.html, x.plain
         FROM ids(?) AS i JOIN task_templates AS tt ON tt.gid = i.value JOIN tasks AS t ON t.gid = tt.task LEFT JOIN texts AS x ON x.object = t.gid ORDER BY i.key",
        std::slice::from_ref(&ids),
        |row| {
            let recipe = Recipe {
                task: row.get(1)?,
                project: row.get(2)?,
                name: row.get(3)?,
                subtype: row.get(4)?,
                from_on: row.get(5)?,
                start_on: row.get(6)?,
                due_on: row.get(7)?,
                due_at: row.get(8)?,
                html: row.get::<Option<String>>(9)?.unwrap_or_else(|| texts::NO_HTML.to_owned()),
                plain: row.get::<Option<String>>(10)?.unwrap_or_default(),
                followers: Vec::new(),
                fields: Vec::new(),
                attachments: Vec::new(),
                subtasks: Vec::new(),
            };
            Ok((usize::try_from(row.get::<i64>(0)?).unwrap_or_default(), recipe))
        },
    )?;
    let tasks: Vec<i64> = rows.iter().map(|(_, recipe)| recipe.task.get()).collect();
    let mut found = rows;
    let at: HashMap<Gid, usize> =
        found.iter().enumerate().map(|(at, (_, recipe))| (recipe.task, at)).collect();
    let ids = [Value::Ids(tasks)];
    let mut each = |task: Gid, add: &mut dyn FnMut(&mut Recipe)| {
        if let Some((_, recipe)) = at.get(&task).and_then(|at| found.get_mut(*at)) {
            add(recipe);
        }
    };
    for (task, user) in fetching.tx.query(
        r#"SELECT f.task, f."user" FROM ids(?) AS i JOIN task_followers AS f ON f.task = i.value ORDER BY i.key, f.position"#,
        &ids,
        |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?)),
    )? {
        each(task, &mut |recipe| recipe.followers.push(user));
    }
    for (task, field) in fetching.tx.query(
        "SELECT v.object, v.custom_field FROM ids(?) AS i JOIN custom_field_values AS v ON v.object = i.value
         UNION SELECT c.object, c.custom_field FROM ids(?) AS k JOIN custom_field_choices AS c ON c.object = k.value",
        &[ids.clone(), ids.clone()].concat(),
        |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?)),
    )? {
        each(task, &mut |recipe| recipe.fields.push(field));
    }
    for (task, attachment) in fetching.tx.query(
        "SELECT a.parent, a.gid, a.name, a.resource_subtype FROM ids(?) AS i JOIN attachments AS a ON a.parent = i.value WHERE a.deleted IS NULL ORDER BY i.key, a.gid",
        &ids,
        |row| Ok((row.get::<Gid>(0)?, (row.get::<Gid>(1)?, row.get::<String>(2)?, row.get::<String>(3)?))),
    )? {
        each(task, &mut |recipe| recipe.attachments.push(attachment.clone()));
    }
    for (task, subtask) in fetching.tx.query(
        "SELECT t.parent, t.name, t.resource_subtype FROM ids(?) AS i JOIN tasks AS t ON t.parent = i.value ORDER BY i.key, t.parent_position, t.gid",
        &ids,
        |row| Ok((row.get::<Gid>(0)?, (row.get::<String>(1)?, row.get::<String>(2)?))),
    )? {
        each(task, &mut |recipe| recipe.subtasks.push(subtask.clone()));
    }
    Ok(found)
}

impl Resource for TaskTemplate {
    const TYPE: &'static str = "task_template";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for TaskTemplate {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Project::TYPE, self.project))
    }

    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        Ok(vec![self.gid, self.project, self.workspace])
    }

    fn delete(cx: &mut Context<'_, '_>, row: &Self) -> Result<()> {
        cx.trash(Self::TYPE, Self::TABLE, row.gid, row.workspace)?;
        project_templates::throw_away(cx, Self::TYPE, row.gid, row.workspace)
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Task templates", "What tasks of a project are made from.");
    api.list::<TaskTemplate>(
        "getTaskTemplates",
        "/task_templates",
        "The task templates of a project, oldest first.",
        |cx, call| {
            let (project, _) = cx.refer::<Project>("project", call.required("project")?)?;
            Query::inside()
                .filter("t.project = ?", params![project.gid])
                .order(&["t.created_at", "t.gid"])
                .page(cx, call)
        },
    )
    .required_query("project", "The project whose templates are listed.");
    api.read::<TaskTemplate>(
        "getTaskTemplate",
        "/task_templates/{task_template_gid}",
        "One task template.",
    );
    api.delete::<TaskTemplate>(
        "deleteTaskTemplate",
        "/task_templates/{task_template_gid}",
        "Deletes a task template; tasks that were made from it stay.",
    );
    api.act::<TaskTemplate>(
        "instantiateTask",
        "/task_templates/{task_template_gid}/instantiateTask",
        "Makes a task of the template's project from a task template. The job goes on after the answer.",
        Level::Edit,
        Output::One(Job::TYPE),
        instantiate,
    )
    .created()
    .field("name", JsonType::String, "What the new task is called; as the template says without it.");
}

/// The operation of the extension API.
pub fn extension_operations(api: &mut Operations) {
    api.extension("Task templates, more", "How task templates are made.");
    api.act::<Task>(
        "saveTaskAsTemplate",
        "/tasks/{task_gid}/saveAsTemplate",
        "Makes a task template of a project from a task with its subtasks. Where there are very many it takes a while until it can be used.",
        Level::See,
        Output::One(TaskTemplate::TYPE),
        save,
    )
    .created()
    .field("name", JsonType::String, "What the template is called; as the task without it.")
    .required_field("project", JsonType::Gid, "The project that the template belongs to.");
}

/// `saveTaskAsTemplate`.
fn save(cx: &mut Context<'_, '_>, task: Task, call: &Call) -> Result<Answer> {
    let raw = call.body.reference("project")?.flatten();
    let raw = raw.ok_or_else(|| invalid("project", "Missing input"))?;
    let (project, level) = cx.refer::<Project>("project", &raw)?;
    cx.require_level(level, Level::Edit)?;
    require(project.workspace == task.workspace, "project", "Must be in the task's workspace")?;
    let name = match call.body.has("name") {
        true => duplicating::name_of(&call.body)?,
        false => task.name.clone(),
    };
    let template = TaskTemplate {
        gid: cx.gid()?,
        workspace: task.workspace,
        project: project.gid,
        task: cx.gid()?,
        name,
        is_ready: false,
        from_on: task.created_at.date_in(cx.zone()),
        created_at: cx.now(),
        created_by: Some(cx.me()),
    };
    let from = End::live(task.gid);
    begin(cx, &template, Copy::of_task(task.workspace, from, inside(&template), Include::INSIDE))?;
    cx.answer_gid::<TaskTemplate>(template.gid)
}

/// Copies the next task template of a project, by gid, to another one; what is in it comes by a job of its own, and the dates count
/// from the same day. Gives the template that was copied; `None` when there are no more.
pub fn copy_next(cx: &mut Context<'_, '_>, from: Gid, to: Gid, after: i64) -> Result<Option<Gid>> {
    let original = cx.first(
        &format!(
            "SELECT {} FROM task_templates AS t WHERE t.project = ? AND t.deleted IS NULL AND t.is_ready = 1 AND t.gid > ? ORDER BY t.gid LIMIT 1",
            select_list::<TaskTemplate>("t")
        ),
        params![from, after],
        |row| TaskTemplate::from_row(row, 0),
    )?;
    let Some(original) = original else { return Ok(None) };
    let template = TaskTemplate {
        gid: cx.gid()?,
        project: to,
        task: cx.gid()?,
        is_ready: false,
        created_at: cx.now(),
        created_by: Some(cx.me()),
        ..original.clone()
    };
    let from = End::inside(original.gid, original.task);
    begin(
        cx,
        &template,
        Copy::of_task(template.workspace, from, inside(&template), Include::INSIDE),
    )?;
    Ok(Some(original.gid))
}

/// The place of what is in a template.
fn inside(template: &TaskTemplate) -> End {
    End::inside(template.gid, template.task)
}

/// Makes the row of a template and begins to fill it.
fn begin(cx: &mut Context<'_, '_>, template: &TaskTemplate, work: Copy) -> Result<()> {
    cx.insert(template)?;
    let scopes = template.scopes(cx)?;
    cx.emit(Event { scopes, ..Event::added(TaskTemplate::TYPE, template) });
    let workspace = template.workspace;
    let about = About { gid: cx.gid()?, workspace, result: template.gid, total: None };
    jobs::start(cx, about, SaveTaskAsTemplate(work))
}

/// A template is whole and can be used.
pub fn finish(cx: &mut Context<'_, '_>, template: Gid) -> Result<()> {
    cx.later("UPDATE task_templates SET is_ready = 1 WHERE gid = ?", params![template].to_vec())
}

/// Removes a template that did not become whole.
pub fn discard(cx: &mut Context<'_, '_>, template: Gid) -> Result<()> {
    cx.discard::<TaskTemplate>(template)
}

/// `instantiateTask`: into the first section of the project, its dates counted from today.
fn instantiate(cx: &mut Context<'_, '_>, template: TaskTemplate, call: &Call) -> Result<Answer> {
    require(template.is_ready, "task_template", "It is still being made; try again later")?;
    jobs::check_room(cx)?;
    let made = cx.gid()?;
    let (from, to) = (End::inside(template.gid, template.task), End::live(made));
    let mut work = Copy::of_task(template.workspace, from, to, Include::INSIDE);
    work.name = call.body.read::<Name>("name")?.map(|Name(name)| name);
    work.shift.days = cx.now().date_in(cx.zone()).days() - template.from_on.days();
    work.home = Some(template.project.get());
    tasks::duplicating::begin(cx, template.workspace, made, work, InstantiateTask)
}
