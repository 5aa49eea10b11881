//! The projects and sections a task is in, and its place there.

use super::{Task, scopes, subtasks};
use crate::api::order::{self, Anchor, List, Spot};
use crate::prelude::*;
use crate::resources::custom_fields::values;
use crate::resources::projects::Project;
use crate::resources::sections::{self, Section};
use crate::resources::stories::{self, Details};

/// Most projects of one task. Source: API reference, "Tasks", `addProject`.
pub const MAX_PROJECTS: usize = 20;

/// The projects of tasks that the viewer sees, with the sections there.
pub(super) const MEMBERSHIPS: &str = "SELECT i.key, tp.project, tp.section FROM :ids AS i JOIN task_projects AS tp ON tp.task = i.value
 JOIN projects AS p ON p.gid = tp.project WHERE :see(project, p) ORDER BY i.key, tp.added_at, tp.project";

/// A project that a task is in, with the section there.
#[derive(Debug, Clone)]
pub struct TaskMembership {
    pub project: Gid,
    pub section: Gid,
}

row! { TaskMembership { project, section } }

impl Record for TaskMembership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A project that a task is in, with the section there.");
        s.one::<Project>("project", |m| Some(m.project)).doc("The project.");
        s.one::<Section>("section", |m| Some(m.section)).doc("The section of the project.");
    }
}

/// Where a task is in one project.
#[derive(Debug, Clone)]
struct Place {
    section: Gid,
    position: String,
}

/// Where a new task is to be.
pub(super) struct Homes {
    pub(super) workspace: Gid,
    pub(super) parent: Option<Gid>,
    pub(super) parent_position: Option<String>,
    projects: Vec<(Project, Option<Section>)>,
}

impl Homes {
    /// Reads it off the body: a parent, else projects and memberships, else a workspace.
    ///
    /// Errors: 400 if there is none of them; 400 for objects of different workspaces; 403 where the actor may not add tasks.
    pub(super) fn of(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        if let Some(raw) = body.reference("parent")?.flatten() {
            let (parent, _) = subtasks::parent_of(cx, &raw)?;
            let position = subtasks::top_position(cx, parent.gid)?;
            return Ok(Homes {
                workspace: parent.workspace,
                parent: Some(parent.gid),
                parent_position: Some(position),
                projects: Vec::new(),
            });
        }
        let projects = projects_of(cx, body)?;
        let named = match body.reference("workspace")?.flatten() {
            Some(_) => Some(cx.workspace_of(body, Level::See)?),
            None => None,
        };
        let workspace = match (projects.first(), named) {
            (Some((project, _)), _) => project.workspace,
            (None, Some(workspace)) => workspace,
            (None, None) => {
                return Err(bad_request("You should specify one of workspace, parent, projects"));
            }
        };
        let is_one = projects.iter().all(|(project, _)| project.workspace == workspace)
            && named.is_none_or(|named| named == workspace);
        require(is_one, "projects", "Must all be in the same workspace")?;
        Ok(Homes { workspace, parent: None, parent_position: None, projects })
    }

    /// Puts the new task into its projects, on top of its section or of the first one.
    pub(super) fn place(&self, cx: &mut Context<'_, '_>, task: &Task) -> Result<()> {
        for (project, section) in &self.projects {
            let section = match section {
                Some(section) => {
                    sections::hold(cx, section.gid)?;
                    section.gid
                }
                None => sections::first_of(cx, project.gid)?,
            };
            let position = list_of(section).place(cx, Spot::First, None)?.into_string();
            enter(cx, task, project.gid, &Place { section, position })?;
        }
        Ok(())
    }
}

/// The projects that the body names in `projects` and `memberships`, each once, with the section where one is named.
fn projects_of(cx: &mut Context<'_, '_>, body: &Body) -> Result<Vec<(Project, Option<Section>)>> {
    let mut found: Vec<(Project, Option<Section>)> = Vec::new();
    let raws = body.references("projects")?;
    require(raws.len() <= MAX_PROJECTS, "projects", "A task can be in at most 20 projects")?;
    for (at, raw) in raws.iter().enumerate() {
        let project = project_to_fill(cx, &format!("projects: [{at}]"), raw)?;
        if !found.iter().any(|(known, _)| known.gid == project.gid) {
            found.push((project, None));
        }
    }
    let Some(memberships) = body.get("memberships").filter(|value| !value.is_null()) else {
        return Ok(found);
    };
    let memberships =
        memberships.as_array().ok_or_else(|| invalid("memberships", "Must be an array"))?;
    require(
        memberships.len() <= MAX_PROJECTS,
        "memberships",
        "A task can be in at most 20 projects",
    )?;
    for (at, membership) in memberships.iter().enumerate() {
        let name = |part: &str| format!("memberships: [{at}]: {part}");
        let raw = |part: &str| match membership.get(part) {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(value) => engine::body::reference(value)
                .map(Some)
                .map_err(|message| invalid(name(part), message)),
        };
        let project =
            raw("project")?.ok_or_else(|| invalid(name("project"), "Missing required field"))?;
        let project = project_to_fill(cx, &name("project"), &project)?;
        let section = match raw("section")? {
            Some(raw) => Some(section_of(cx, &name("section"), &raw, project.gid)?),
            None => None,
        };
        match found.iter_mut().find(|(known, _)| known.gid == project.gid) {
            Some((_, slot)) => *slot = section,
            None => found.push((project, section)),
        }
    }
    require(found.len() <= MAX_PROJECTS, "projects", "A task can be in at most 20 projects")?;
    Ok(found)
}

fn project_to_fill(cx: &mut Context<'_, '_>, name: &str, raw: &str) -> Result<Project> {
    let (project, level) = cx.refer::<Project>(name, raw)?;
    if level < Level::Edit {
        return Err(forbidden("You do not have access to this project."));
    }
    Ok(project)
}

fn section_of(cx: &mut Context<'_, '_>, name: &str, raw: &str, project: Gid) -> Result<Section> {
    let (section, _) = cx.refer::<Section>(name, raw)?;
    if section.container == project {
        Ok(section)
    } else {
        Err(invalid(name.to_owned(), "Must be a section of the project"))
    }
}

/// The tasks of a section, in order.
fn list_of(section: Gid) -> List {
    List { id: "task", ..List::of("task_projects", "section", section) }
}

/// Puts a new task on top of the first section of a project, without telling anybody: whoever makes it does.
pub fn place_first(cx: &mut Context<'_, '_>, task: Gid, project: Gid) -> Result<()> {
    let section = sections::first_of(cx, project)?;
    let position = list_of(section).place(cx, Spot::First, None)?;
    let now = cx.now();
    cx.later(
        "INSERT INTO task_projects (task, project, workspace, section, position, added_at) SELECT t.gid, CAST(? AS BIGINT), t.workspace, CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT) FROM tasks AS t WHERE t.gid = ?",
        params![project, section, position.as_str(), now, task].to_vec(),
    )
}

/// Puts a task into a project that it is not in.
fn enter(cx: &mut Context<'_, '_>, task: &Task, project: Gid, place: &Place) -> Result<()> {
    let now = cx.now();
    cx.later(
        "INSERT INTO task_projects (task, project, workspace, section, position, added_at) VALUES (?, ?, ?, ?, ?, ?)",
        params![task.gid, project, task.workspace, place.section, place.position, now].to_vec(),
    )?;
    values::number(cx, task, project)?;
    stories::tell(
        cx,
        task,
        "added_to_project",
        Details { project: Some(project.get()), ..Details::default() },
    )?;
    let reach = [task.gid, task.workspace, project, place.section];
    for parent in [(Project::TYPE, project), (Section::TYPE, place.section)] {
        cx.emit(Event { scopes: reach.to_vec(), ..Event::moved(task, "added", parent) });
    }
    Ok(())
}

/// Moves a task within a project.
fn shift(
    cx: &mut Context<'_, '_>,
    task: &Task,
    project: Gid,
    before: &Place,
    place: &Place,
) -> Result<()> {
    cx.later(
        "UPDATE task_projects SET section = ?, position = ? WHERE task = ? AND project = ?",
        params![place.section, place.position, task.gid, project].to_vec(),
    )?;
    if before.section == place.section {
        let scopes = vec![task.gid, project, place.section];
        let list = (Section::TYPE, place.section);
        cx.emit(Event { scopes, ..Event::moved(task, "moved", list) });
        return Ok(());
    }
    let details = Details {
        old_section: Some(before.section.get()),
        new_section: Some(place.section.get()),
        project: Some(project.get()),
        ..Details::default()
    };
    stories::tell(cx, task, "section_changed", details)?;
    let reach = vec![task.gid, task.workspace, project, before.section, place.section];
    for (action, section) in [("removed", before.section), ("added", place.section)] {
        cx.emit(Event {
            scopes: reach.clone(),
            ..Event::moved(task, action, (Section::TYPE, section))
        });
    }
    cx.emit(Event {
        scopes: reach,
        ..Event::changed(Task::TYPE, task, vec![FieldChange::changed("memberships")])
    });
    Ok(())
}

fn place_in(cx: &mut Context<'_, '_>, task: Gid, project: Gid) -> Result<Option<Place>> {
    cx.first(
        "SELECT tp.section, tp.position FROM task_projects AS tp WHERE tp.task = ? AND tp.project = ?",
        params![task, project],
        |row| Ok(Place { section: row.get(0)?, position: row.get(1)? }),
    )
}

/// Puts a task into a project, or to another place in it.
fn put(cx: &mut Context<'_, '_>, task: &Task, project: &Project, place: Place) -> Result<()> {
    require(project.workspace == task.workspace, "project", "Must be in the task's workspace")?;
    if let Some(before) = place_in(cx, task.gid, project.gid)? {
        return shift(cx, task, project.gid, &before, &place);
    }
    cx.lock("tasks", task.gid)?;
    // Somebody else may have put it there meanwhile.
    if let Some(before) = place_in(cx, task.gid, project.gid)? {
        return shift(cx, task, project.gid, &before, &place);
    }
    let count: Option<i64> =
        cx.cell("SELECT count(*) FROM task_projects AS tp WHERE tp.task = ?", params![task.gid])?;
    let is_full = count
        .and_then(|count| usize::try_from(count).ok())
        .is_some_and(|count| count >= MAX_PROJECTS);
    require(!is_full, "project", "A task can be in at most 20 projects")?;
    enter(cx, task, project.gid, &place)?;
    let scopes = scopes(cx, task)?;
    let change = FieldChange::added("projects", Project::TYPE, project.gid);
    cx.emit(Event { scopes, ..Event::changed(Task::TYPE, task, vec![change]) });
    Ok(())
}

/// The place in a project that a spot stands for: beside another task, or in `section`, or at the beginning or end of it all.
fn place(
    cx: &mut Context<'_, '_>,
    task: &Task,
    project: Gid,
    section: Option<Gid>,
    spot: Spot<Anchor>,
) -> Result<Place> {
    let mut home = section;
    let spot = spot.map(|anchor| {
        let (found, _) = cx.refer::<Task>(anchor.field, &anchor.raw)?;
        let there = place_in(cx, found.gid, project)?
            .ok_or_else(|| invalid(anchor.field, "Must be a task of the project"))?;
        let is_inside = section.is_none_or(|section| section == there.section);
        require(is_inside, anchor.field, "Must be a task of the section")?;
        home = Some(there.section);
        Ok(found.gid)
    })?;
    let section = match (home, spot) {
        (Some(section), _) => {
            sections::hold(cx, section)?;
            section
        }
        (None, Spot::First) => sections::first_of(cx, project)?,
        (None, _) => sections::last_of(cx, project)?,
    };
    let position = list_of(section).place(cx, spot, Some(task.gid))?;
    Ok(Place { section, position: position.into_string() })
}

/// `addProjectForTask`: puts a task into a project, or to another place in it.
///
/// Without anchor and section it goes to the end of the last section, unless it is in the project already. Source: API
/// reference, "Tasks", `addProject`.
fn add_project(cx: &mut Context<'_, '_>, task: Task, call: &Call) -> Result<Answer> {
    let body = &call.body;
    let raw =
        body.reference("project")?.flatten().ok_or_else(|| invalid("project", "Missing input"))?;
    let project = project_to_fill(cx, "project", &raw)?;
    let section = match body.reference("section")?.flatten() {
        Some(raw) => Some(section_of(cx, "section", &raw, project.gid)?.gid),
        None => None,
    };
    let spot = match order::sent(body, "insert_before", "insert_after")? {
        Some(spot) => spot,
        None if section.is_none() && place_in(cx, task.gid, project.gid)?.is_some() => {
            return Ok(Answer::empty());
        }
        None => Spot::Last,
    };
    let place = place(cx, &task, project.gid, section, spot)?;
    put(cx, &task, &project, place)?;
    Ok(Answer::empty())
}

/// `removeProjectForTask`: takes a task out of a project; doing it twice changes nothing.
fn remove_project(cx: &mut Context<'_, '_>, task: Task, call: &Call) -> Result<Answer> {
    let raw = call
        .body
        .reference("project")?
        .flatten()
        .ok_or_else(|| invalid("project", "Missing input"))?;
    let project = project_to_fill(cx, "project", &raw)?;
    let Some(place) = place_in(cx, task.gid, project.gid)? else { return Ok(Answer::empty()) };
    let reach = scopes(cx, &task)?;
    cx.execute(
        "DELETE FROM task_projects WHERE task = ? AND project = ?",
        params![task.gid, project.gid],
    )?;
    stories::tell(
        cx,
        &task,
        "removed_from_project",
        Details { project: Some(project.gid.get()), ..Details::default() },
    )?;
    for parent in [(Project::TYPE, project.gid), (Section::TYPE, place.section)] {
        cx.emit(Event { scopes: reach.clone(), ..Event::moved(&task, "removed", parent) });
    }
    let change = FieldChange::removed("projects", Project::TYPE, project.gid);
    cx.emit(Event { scopes: reach, ..Event::changed(Task::TYPE, &task, vec![change]) });
    Ok(Answer::empty())
}

/// `addTaskForSection`: puts a task into a section, on top or beside another task.
fn add_to_section(cx: &mut Context<'_, '_>, section: Section, call: &Call) -> Result<Answer> {
    let body = &call.body;
    let raw = body.reference("task")?.flatten().ok_or_else(|| invalid("task", "Missing input"))?;
    let (task, level) = cx.refer::<Task>("task", &raw)?;
    let spot = order::sent(body, "insert_before", "insert_after")?.unwrap_or(Spot::First);
    let owner: Option<Gid> = cx.cell(
        "SELECT l.owner FROM user_task_lists AS l WHERE l.gid = ?",
        params![section.container],
    )?;
    if owner.is_some() {
        return move_to_list_section(cx, &task, &section).map(|()| Answer::empty());
    }
    cx.require_level(level, Level::Edit)?;
    let project = project_to_fill(cx, "section", &section.container.to_string())?;
    let place = place(cx, &task, project.gid, Some(section.gid), spot)?;
    put(cx, &task, &project, place)?;
    Ok(Answer::empty())
}

/// Moves a task within its assignee's own list, to the section that was sent as `assignee_section`.
pub(super) fn move_in_own_list(cx: &mut Context<'_, '_>, task: &Task, body: &Body) -> Result<()> {
    let Some(raw) = body.reference("assignee_section")?.flatten() else { return Ok(()) };
    let (section, level) = cx.refer::<Section>("assignee_section", &raw)?;
    let is_own = level == Level::Admin && task.assignee == Some(cx.me());
    require(is_own, "assignee_section", "Must be a section of the assignee's own list")?;
    move_to_list_section(cx, task, &section)
}

fn move_to_list_section(cx: &mut Context<'_, '_>, task: &Task, section: &Section) -> Result<()> {
    sections::hold(cx, section.gid)?;
    let list = List { id: "task", ..List::of("user_task_list_items", "section", section.gid) };
    let position = list.place(cx, Spot::First, Some(task.gid))?;
    let moved = cx.execute(
        "UPDATE user_task_list_items SET section = ?, position = ? WHERE task = ? AND list = ?",
        params![section.gid, position.as_str(), task.gid, section.container],
    )?;
    require(moved > 0, "section", "Must be a section of the project or list that the task is in")?;
    // The order of a list concerns its owner alone.
    let scopes = vec![section.container];
    cx.emit(Event { scopes, ..Event::moved(task, "moved", (Section::TYPE, section.gid)) });
    Ok(())
}

pub(super) fn operations(api: &mut Operations) {
    api.act::<Task>(
        "addProjectForTask",
        "/tasks/{task_gid}/addProject",
        "Puts a task into a project, or to another place in it.",
        Level::Edit,
        Output::Empty,
        add_project,
    )
    .required_field("project", JsonType::Gid, "The project.")
    .field("section", JsonType::Gid, "A section of the project.")
    .field(
        "insert_before",
        JsonType::Gid,
        "A task of the project to come before, or null for the end.",
    )
    .field(
        "insert_after",
        JsonType::Gid,
        "A task of the project to come after, or null for the beginning.",
    );
    api.act::<Task>(
        "removeProjectForTask",
        "/tasks/{task_gid}/removeProject",
        "Takes a task out of a project.",
        Level::Edit,
        Output::Empty,
        remove_project,
    )
    .required_field("project", JsonType::Gid, "The project.");
    api.act::<Section>(
        "addTaskForSection",
        "/sections/{section_gid}/addTask",
        "Puts a task into a section, on top or beside another task.",
        Level::Edit,
        Output::Empty,
        add_to_section,
    )
    .required_field("task", JsonType::Gid, "The task.")
    .field("insert_before", JsonType::Gid, "A task of the section to come before.")
    .field("insert_after", JsonType::Gid, "A task of the section to come after.");
}
