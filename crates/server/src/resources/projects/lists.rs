//! The lists of projects, and the counts of a project's tasks.

use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::tasks::Task;
use crate::resources::teams::Team;
use crate::resources::workspaces::Workspace;

/// The order of all lists of projects: oldest first.
const ORDER: &[&str] = &["t.created_at", "t.gid"];

/// Narrows a list by `archived`.
fn archived(query: Query<Project>, call: &Call) -> Result<Query<Project>> {
    Ok(match call.flag("archived")? {
        Some(flag) => query.filter("t.archived = ?", params![flag]),
        None => query,
    })
}

/// `getProjects`: in one workspace or team, or everywhere.
pub(super) fn visible(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Project>> {
    let mut query = archived(Query::scan().order(ORDER), call)?;
    let (workspace, team) = (call.param("workspace"), call.param("team"));
    if workspace.is_none() && team.is_none() && cx.options.limit.is_some() {
        return Err(bad_request("Need to specify a workspace to paginate!"));
    }
    if let Some(raw) = workspace {
        let (workspace, _) = cx.refer::<Workspace>("workspace", raw)?;
        query = query.filter("t.workspace = ?", params![workspace.gid]);
    }
    if let Some(raw) = team {
        let (team, _) = cx.refer::<Team>("team", raw)?;
        query = query.filter("t.team = ?", params![team.gid]);
    }
    query.page(cx, call)
}

/// `getProjectsForTask`: in the order in which the task was added to them.
pub(super) fn of_task(cx: &mut Context<'_, '_>, task: &Task, call: &Call) -> Result<Page<Project>> {
    Query::inside()
        .join("task_projects AS tp ON tp.project = t.gid", &[])
        .filter("tp.task = ?", params![task.gid])
        .order(&["tp.added_at", "t.gid"])
        .page(cx, call)
}

/// `getProjectsForTeam`.
pub(super) fn of_team(cx: &mut Context<'_, '_>, team: &Team, call: &Call) -> Result<Page<Project>> {
    archived(Query::scan().order(ORDER), call)?
        .filter("t.team = ?", params![team.gid])
        .page(cx, call)
}

/// `getProjectsForWorkspace`.
pub(super) fn of_workspace(
    cx: &mut Context<'_, '_>,
    workspace: &Workspace,
    call: &Call,
) -> Result<Page<Project>> {
    archived(Query::scan().order(ORDER), call)?
        .filter("t.workspace = ?", params![workspace.gid])
        .page(cx, call)
}

/// The counts of a project's tasks, in the order of the query in [`task_counts`]. Source: `TaskCountResponse`.
pub(super) const COUNTS: &[&str] = &[
    "num_tasks",
    "num_incomplete_tasks",
    "num_completed_tasks",
    "num_milestones",
    "num_incomplete_milestones",
    "num_completed_milestones",
];

/// `getTaskCountsForProject`: what `opt_fields` names, nothing otherwise. Milestones are tasks too.
pub(super) fn task_counts(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, _) = cx.target::<Project>(call, 0)?;
    let named: Vec<bool> = COUNTS
        .iter()
        .map(|name| cx.options.fields.as_ref().is_some_and(|fields| fields.get(name).is_some()))
        .collect();
    if !named.contains(&true) {
        return Ok(Answer::empty());
    }
    let counts = cx.first(
        "SELECT count(*), count(CASE WHEN t.completed = 0 THEN 1 END), count(CASE WHEN t.completed = 1 THEN 1 END),
           count(CASE WHEN t.resource_subtype = 'milestone' THEN 1 END),
           count(CASE WHEN t.resource_subtype = 'milestone' AND t.completed = 0 THEN 1 END),
           count(CASE WHEN t.resource_subtype = 'milestone' AND t.completed = 1 THEN 1 END)
         FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task WHERE tp.project = ? AND t.deleted IS NULL",
        params![project.gid],
        |row| (0..COUNTS.len()).map(|at| row.get::<i64>(at)).collect::<Result<Vec<_>, _>>(),
    )?;
    let shown: serde_json::Map<String, serde_json::Value> = COUNTS
        .iter()
        .zip(counts.unwrap_or_default())
        .zip(named)
        .filter(|(_, named)| *named)
        .map(|((name, count), _)| ((*name).to_owned(), count.into()))
        .collect();
    let data = serde_json::Value::Object(shown).to_string().into_bytes();
    Ok(Answer { data, gid: Some(project.gid), ..Answer::default() })
}
