//! The lists of goals.

use super::Goal;
use crate::prelude::*;
use crate::resources::portfolios::Portfolio;
use crate::resources::projects::Project;
use crate::resources::tasks::Task;
use crate::resources::teams::Team;
use crate::resources::time_periods::TimePeriod;
use crate::resources::workspaces::Workspace;

/// The order of all lists of goals: oldest first.
const ORDER: &[&str] = &["t.created_at", "t.gid"];

/// `getGoals`.
pub(super) fn visible(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Goal>> {
    let mut query = Query::scan().order(ORDER);
    let supporting = [
        ("portfolio", supporter::<Portfolio>(cx, "portfolio", call)?),
        ("project", supporter::<Project>(cx, "project", call)?),
        ("task", supporter::<Task>(cx, "task", call)?),
    ];
    for (name, gid) in supporting {
        if let Some(gid) = gid {
            query = query.join(
                &format!("goal_relationships AS by_{name} ON by_{name}.supported_goal = t.gid AND by_{name}.supporting_resource = ?"),
                params![gid],
            );
        }
    }
    if let Some(raw) = call.param("workspace") {
        let (workspace, _) = cx.refer::<Workspace>("workspace", raw)?;
        query = query.filter("t.workspace = ?", params![workspace.gid]);
    }
    if let Some(flag) = call.flag("is_workspace_level")? {
        if call.param("workspace").is_none() {
            return Err(bad_request("is_workspace_level must be used with workspace"));
        }
        query = query.filter("t.is_workspace_level = ?", params![flag]);
    }
    if let Some(raw) = call.param("team") {
        let (team, _) = cx.refer::<Team>("team", raw)?;
        query = query.filter("t.team = ?", params![team.gid]);
    }
    let periods = all(call, "time_periods");
    if !periods.is_empty() {
        let found = cx.refer_all::<TimePeriod>("time_periods", &periods)?;
        let gids: Vec<Gid> = found.iter().map(|period| period.gid).collect();
        query = query.filter("t.time_period IN (SELECT i.value FROM ids(?) AS i)", params![gids]);
    }
    query.page(cx, call)
}

/// The object that supports the goals asked for.
fn supporter<T: Object>(
    cx: &mut Context<'_, '_>,
    name: &'static str,
    call: &Call,
) -> Result<Option<Gid>> {
    match call.param(name) {
        Some(raw) => Ok(Some(cx.refer::<T>(name, raw)?.0.gid())),
        None => Ok(None),
    }
}

/// The values of a parameter that is a comma list, or is repeated. The official Python SDK writes a list as Python does: `['1', '2']`.
fn all(call: &Call, name: &str) -> Vec<String> {
    call.query
        .iter()
        .filter(|(key, _)| key == name)
        .flat_map(|(_, value)| value.split(','))
        .map(|value| value.trim_matches(|c: char| c.is_whitespace() || "[]'\"".contains(c)))
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
        .collect()
}

/// `getParentGoalsForGoal`.
pub(super) fn parents(cx: &mut Context<'_, '_>, goal: &Goal, call: &Call) -> Result<Page<Goal>> {
    Query::inside()
        .join("goal_relationships AS r ON r.supported_goal = t.gid", &[])
        .filter("r.supporting_resource = ?", params![goal.gid])
        .order(ORDER)
        .page(cx, call)
}
