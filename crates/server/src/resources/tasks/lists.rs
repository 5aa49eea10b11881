//! Lists of tasks.
//!
//! The tasks of a project or of a user's list come section by section. Such a list is read as "the rest of this section" and
//! "the following sections", each with its own limit, so that a late page costs what the first one does.

use super::Task;
use crate::api::query::key_of;
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::sections::Section;
use crate::resources::tags::Tag;
use crate::resources::user_task_lists::UserTaskList;
use crate::resources::users::User;
use crate::resources::workspaces::Workspace;
use crate::{access, api};
use engine::Template;
use engine::record::select_list;

/// The filters that several lists take.
#[derive(Debug, Clone, Copy, Default)]
struct Since {
    completed: Option<Timestamp>,
    modified: Option<Timestamp>,
}

impl Since {
    fn of(cx: &Context<'_, '_>, call: &Call) -> Result<Self> {
        let now = cx.now();
        Ok(Since {
            completed: call.time("completed_since", now)?,
            modified: call.time("modified_since", now)?,
        })
    }

    /// The conditions as text behind `AND`, with their parameters.
    fn conditions(self) -> (String, Vec<Value>) {
        let (mut text, mut values) = (String::new(), Vec::new());
        if let Some(at) = self.completed {
            text.push_str(" AND (t.completed = 0 OR t.completed_at > ?)");
            values.push(Value::Int(at.millis()));
        }
        if let Some(at) = self.modified {
            text.push_str(" AND t.modified_at >= ?");
            values.push(Value::Int(at.millis()));
        }
        (text, values)
    }

    fn narrow(self, mut query: Query<Task>) -> Query<Task> {
        let (text, values) = self.conditions();
        if let Some(text) = text.strip_prefix(" AND ") {
            query = query.filter(text, &values);
        }
        query
    }
}

/// A list that is ordered by sections.
struct BySections {
    /// The table that says which task is in which section.
    table: &'static str,
    /// The project or user task list.
    container: Gid,
    /// Whether each task must be checked: the lists of others show only what the actor sees.
    checked: bool,
    since: Since,
}

impl BySections {
    fn page(&self, cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Task>> {
        Page::of(cx, call, |cx, key, take| self.behind(cx, key, take))
    }

    /// At most `take` rows behind a key.
    fn behind(
        &self,
        cx: &mut Context<'_, '_>,
        key: Option<&[Value]>,
        take: usize,
    ) -> Result<Vec<(Task, Vec<Value>)>> {
        match key {
            Some([section_position, section, position, task]) => {
                let here = [section.clone(), position.clone(), task.clone()];
                let mut rows =
                    self.fetch(cx, "s.gid = ? AND (tp.position, tp.task) > (?, ?)", &here, take)?;
                if rows.len() < take {
                    let left = take - rows.len();
                    let behind = [
                        Value::Int(self.container.get()),
                        section_position.clone(),
                        section.clone(),
                    ];
                    rows.extend(self.fetch(
                        cx,
                        "s.container = ? AND (s.position, s.gid) > (?, ?)",
                        &behind,
                        left,
                    )?);
                }
                Ok(rows)
            }
            _ => self.fetch(cx, "s.container = ?", &[Value::Int(self.container.get())], take),
        }
    }

    fn fetch(
        &self,
        cx: &mut Context<'_, '_>,
        which: &str,
        values: &[Value],
        take: usize,
    ) -> Result<Vec<(Task, Vec<Value>)>> {
        let app = cx.app;
        let given;
        let see = if self.checked {
            &app.access.of(Task::TYPE, cx.actor.sight).see
        } else {
            given = Template::new(&access::live(Task::TYPE), &|_, _| String::new());
            &given
        };
        let (since, since_values) = self.since.conditions();
        let mut params = values.to_vec();
        params.extend(see.params(cx.me(), &[]));
        params.extend(since_values);
        params.push(Value::Int(i64::try_from(take).unwrap_or(i64::MAX)));
        let sql = format!(
            "SELECT {}, s.position, s.gid, tp.position, tp.task FROM sections AS s JOIN {} AS tp ON tp.section = s.gid JOIN tasks AS t ON t.gid = tp.task
             WHERE {which} AND s.deleted IS NULL AND {}{since} ORDER BY s.position, s.gid, tp.position, tp.task LIMIT ?",
            select_list::<Task>("t"),
            self.table,
            see.sql(),
        );
        let width = Task::COLUMNS.len();
        cx.query(&sql, &params, |row| Ok((Task::from_row(row, 0)?, key_of(row, width, 4)?)))
    }
}

/// The tasks of a project: whoever sees it sees them all.
fn of_project(cx: &mut Context<'_, '_>, project: &Project, call: &Call) -> Result<Page<Task>> {
    let since = Since::of(cx, call)?;
    BySections { table: "task_projects", container: project.gid, checked: false, since }
        .page(cx, call)
}

/// At most `take` tasks of a project that the actor sees, behind a key, each with its own: position and gid of its section, its
/// position there, its gid.
pub fn in_project(
    cx: &mut Context<'_, '_>,
    project: Gid,
    key: Option<&[Value]>,
    take: usize,
) -> Result<Vec<(Task, Vec<Value>)>> {
    let since = Since::default();
    BySections { table: "task_projects", container: project, checked: false, since }
        .behind(cx, key, take)
}

/// The tasks of a section, in order; those of a section of a user's list are in the table of lists.
fn of_section(cx: &mut Context<'_, '_>, section: &Section, call: &Call) -> Result<Page<Task>> {
    let since = Since::of(cx, call)?;
    let is_project: Option<i64> =
        cx.cell("SELECT 1 FROM projects AS p WHERE p.gid = ?", params![section.container])?;
    let join = if is_project.is_some() {
        "task_projects AS tp ON tp.task = t.gid"
    } else {
        "user_task_list_items AS tp ON tp.task = t.gid"
    };
    since
        .narrow(Query::given())
        .join(join, &[])
        .filter("tp.section = ?", params![section.gid])
        .order(&["tp.position", "tp.task"])
        .page(cx, call)
}

/// The tasks with a tag, oldest first.
fn of_tag(cx: &mut Context<'_, '_>, tag: &Tag, call: &Call) -> Result<Page<Task>> {
    let since = Since::of(cx, call)?;
    since
        .narrow(Query::scan())
        .join("task_tags AS j ON j.task = t.gid", &[])
        .filter("j.tag = ?", params![tag.gid])
        .order(&["j.task_created_at", "j.task"])
        .page(cx, call)
}

/// The tasks of a user's list; of another user's list those that the actor sees.
fn of_list(cx: &mut Context<'_, '_>, list: &UserTaskList, call: &Call) -> Result<Page<Task>> {
    let since = Since::of(cx, call)?;
    let checked = list.owner != cx.me();
    BySections { table: "user_task_list_items", container: list.gid, checked, since }.page(cx, call)
}

/// The tasks of an assignee in a workspace, or those without one, oldest first.
fn of_assignee(cx: &mut Context<'_, '_>, assignee: &str, call: &Call) -> Result<Page<Task>> {
    let since = Since::of(cx, call)?;
    let raw = call.param("workspace").ok_or_else(|| invalid("workspace", "Missing input"))?;
    let (workspace, _) = cx.refer::<Workspace>("workspace", raw)?;
    let query = if assignee == "null" {
        Query::scan().filter("t.assignee IS NULL", &[])
    } else {
        let (user, _) = cx.refer::<User>("assignee", assignee)?;
        // One's own tasks are visible by being assigned.
        let query = if user.gid == cx.me() { Query::given() } else { Query::inside() };
        query.filter("t.assignee = ?", params![user.gid])
    };
    since
        .narrow(query)
        .filter("t.workspace = ?", params![workspace.gid])
        .order(&["t.created_at", "t.gid"])
        .page(cx, call)
}

/// `getTasks`: the tasks of exactly one project, section, tag, user task list, or assignee in a workspace.
fn tasks(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Task>> {
    let assignee = call.param("assignee").or_else(|| call.param("assignee.any"));
    let homes: Vec<(&str, &str)> = ["project", "section", "tag", "user_task_list"]
        .into_iter()
        .filter_map(|name| Some((name, call.param(name)?)))
        .collect();
    match (homes.as_slice(), assignee) {
        ([("project", raw)], None) => {
            let (project, _) = cx.refer::<Project>("project", raw)?;
            of_project(cx, &project, call)
        }
        ([("section", raw)], None) => {
            let (section, _) = cx.refer::<Section>("section", raw)?;
            of_section(cx, &section, call)
        }
        ([("tag", raw)], None) => {
            let (tag, _) = cx.refer::<Tag>("tag", raw)?;
            of_tag(cx, &tag, call)
        }
        ([("user_task_list", raw)], None) => {
            let (list, _) = cx.refer::<UserTaskList>("user_task_list", raw)?;
            of_list(cx, &list, call)
        }
        ([], Some(assignee)) => of_assignee(cx, assignee, call),
        ([], None) if call.param("workspace").is_none() => Err(bad_request(
            "You should specify one of workspace, project, tag, section, user_task_list",
        )),
        _ => Err(bad_request(
            "Must specify exactly one of project, tag, section, user task list, or assignee + workspace",
        )),
    }
}

pub(super) fn operations(api: &mut api::Operations) {
    const COMPLETED: &str = "Only tasks that are incomplete or were completed after this time; `now` for incomplete ones.";
    const MODIFIED: &str = "Only tasks that changed at or after this time.";
    for (path, is_alias) in [("/tasks", false), ("/workspaces/{workspace_gid}/tasks", true)] {
        let declared = api
            .list::<Task>(
                if is_alias { "getTasksOfWorkspace" } else { "getTasks" },
                path,
                "The tasks of a project, section, tag, user task list, or assignee.",
                if is_alias { tasks_of_workspace } else { tasks },
            )
            .query(
                "assignee",
                "The tasks of this user, in `workspace`; `null` for those of nobody.",
            )
            .query("project", "The tasks of this project.")
            .query("section", "The tasks of this section.")
            .query("tag", "The tasks with this tag.")
            .query("user_task_list", "The tasks of this user task list.")
            .query("workspace", "The workspace that `assignee` is looked up in.")
            .query("completed_since", COMPLETED)
            .query("modified_since", MODIFIED);
        if is_alias {
            let _ = declared.alias();
        }
    }
    api.list_in::<Project, Task>(
        "getTasksForProject",
        "/projects/{project_gid}/tasks",
        "The tasks of a project, section by section.",
        of_project,
    )
    .query("completed_since", COMPLETED);
    api.list_in::<Section, Task>(
        "getTasksForSection",
        "/sections/{section_gid}/tasks",
        "The tasks of a section, in order.",
        of_section,
    )
    .query("completed_since", COMPLETED);
    api.list_in::<Tag, Task>(
        "getTasksForTag",
        "/tags/{tag_gid}/tasks",
        "The tasks with a tag, oldest first.",
        of_tag,
    );
    api.list_in::<UserTaskList, Task>(
        "getTasksForUserTaskList",
        "/user_task_lists/{user_task_list_gid}/tasks",
        "The tasks of a user's list, section by section.",
        of_list,
    )
    .query("completed_since", COMPLETED);
}

/// The old path of `getTasks` with a workspace.
fn tasks_of_workspace(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Task>> {
    let (workspace, _) = cx.target::<Workspace>(call, 0)?;
    let mut call = call.clone();
    call.query.push(("workspace".to_owned(), workspace.gid.to_string()));
    tasks(cx, &call)
}
