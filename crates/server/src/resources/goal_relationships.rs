//! Goal relationships: what supports a goal. Another goal is a subgoal of it; projects, tasks and portfolios are supporting work.
//!
//! API section "Goal relationships". A relationship is seen by whoever sees both its ends. Goals never support themselves, however
//! far down; this is checked while the workspace is held. Events: `goal_relationship` added, changed, deleted, and with each the
//! `metric` of the goal.

use crate::api::call::cut;
use crate::api::order::{self, List, Spot};
use crate::prelude::*;
use crate::resources::goals::{Goal, progress};
use crate::resources::portfolios::Portfolio;
use crate::resources::projects::Project;
use crate::resources::tasks::Task;
use engine::FromJson;
use engine::record::select_list;

/// A relationship as stored, one row of `goal_relationships`.
#[derive(Debug, Clone)]
pub struct GoalRelationship {
    pub gid: Gid,
    pub workspace: Gid,
    pub supported_goal: Gid,
    pub supporting_resource: Gid,
    /// A member of [`SUPPORTING`].
    pub supporting_type: String,
    pub contribution_weight: f64,
    pub position: String,
    pub created_at: Timestamp,
}

row! { GoalRelationship in "goal_relationships" {
    gid, workspace, supported_goal, supporting_resource, supporting_type, contribution_weight, position, created_at
} }

/// What can support a goal. Source: `GoalAddSupportingRelationshipRequest.supporting_resource`.
const SUPPORTING: [&str; 4] = [Goal::TYPE, Project::TYPE, Task::TYPE, Portfolio::TYPE];

/// The subtypes: a goal, and anything else.
const SUBTYPES: &[&str] = &["subgoal", "supporting_work"];

/// Most things that support one goal. Ours, since none is published: the limit of a portfolio's items.
const MAX_SUPPORTING: i64 = 1_500;

/// How much something counts, 0 to 1. Source: `GoalAddSupportingRelationshipRequest.contribution_weight`.
struct Weight(f64);

impl FromJson for Weight {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        let weight = f64::from_json(value)?;
        if (0.0..=1.0).contains(&weight) {
            Ok(Weight(weight))
        } else {
            Err("Must be between 0 and 1".to_owned())
        }
    }
}

impl Record for GoalRelationship {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Something that supports a goal, and how much it counts.");
        s.computed("resource_subtype", |r, _| r.resource_subtype())
            .compact()
            .doc("`subgoal` for a goal, `supporting_work` for anything else.");
        s.one_of("supporting_resource", &SUPPORTING, |r| Some((r.kind(), r.supporting_resource)))
            .compact()
            .doc("What supports the goal.");
        s.field("contribution_weight", |r| &r.contribution_weight)
            .write(|r, Weight(weight)| r.contribution_weight = weight)
            .compact()
            .doc("How much it counts for the goal's progress, 0 to 1; 0 does not count.");
        s.one::<Goal>("supported_goal", |r| Some(r.supported_goal))
            .doc("The goal that is supported.");
    }
}

impl Resource for GoalRelationship {
    const TYPE: &'static str = "goal_relationship";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for GoalRelationship {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn subtype(&self) -> Option<String> {
        Some(self.resource_subtype().to_owned())
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Goal::TYPE, self.supported_goal))
    }

    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        Ok(vec![self.gid, self.supported_goal, self.workspace])
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        fields: &mut Fields,
        _body: &Body,
    ) -> Result<()> {
        if before.is_some() && fields.has("contribution_weight") {
            row.tell_goal(cx)?;
        }
        Ok(())
    }
}

impl GoalRelationship {
    fn kind(&self) -> &'static str {
        SUPPORTING.into_iter().find(|kind| *kind == self.supporting_type).unwrap_or(Task::TYPE)
    }

    fn resource_subtype(&self) -> &'static str {
        if self.supporting_type == Goal::TYPE { "subgoal" } else { "supporting_work" }
    }

    /// Records that the metric of the supported goal changed.
    fn tell_goal(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        let goals = cx.as_system(|cx| cx.rows_seen::<Goal>(&[self.supported_goal]))?;
        match goals.into_iter().next().flatten() {
            Some(goal) => progress::tell(cx, &goal),
            None => Ok(()),
        }
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section(
        "Goal relationships",
        "What supports a goal: other goals, projects, tasks, portfolios.",
    );
    api.read::<GoalRelationship>(
        "getGoalRelationship",
        "/goal_relationships/{goal_relationship_gid}",
        "One goal relationship.",
    );
    api.update::<GoalRelationship>(
        "updateGoalRelationship",
        "/goal_relationships/{goal_relationship_gid}",
        "Changes how much something counts for the goal that it supports.",
    );
    api.list::<GoalRelationship>(
        "getGoalRelationships",
        "/goal_relationships",
        "What supports a goal, in order, as far as the actor sees it.",
        listed,
    )
    .required_query("supported_goal", "The goal that is supported.")
    .query("resource_subtype", "Only `subgoal` or only `supporting_work`.");
    let weight = "How much it counts for the goal's progress, 0 to 1; 0 does not count.";
    api.act::<Goal>(
        "addSupportingRelationship",
        "/goals/{goal_gid}/addSupportingRelationship",
        "Lets something support a goal. What supports it already gets the weight and the place that are sent.",
        Level::Edit,
        Output::One(GoalRelationship::TYPE),
        add,
    )
    .required_field("supporting_resource", JsonType::Gid, "A goal, project, task or portfolio.")
    .field("insert_before", JsonType::Gid, "The subgoal before which a subgoal is put.")
    .field("insert_after", JsonType::Gid, "The subgoal after which a subgoal is put.")
    .field("contribution_weight", JsonType::Number, weight);
    api.act::<Goal>(
        "removeSupportingRelationship",
        "/goals/{goal_gid}/removeSupportingRelationship",
        "Lets something support a goal no longer. Doing it twice changes nothing.",
        Level::Edit,
        Output::Empty,
        remove,
    )
    .required_field("supporting_resource", JsonType::Gid, "What supports the goal.");
}

/// `getGoalRelationships`.
fn listed(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<GoalRelationship>> {
    let (goal, _) = cx.refer::<Goal>("supported_goal", call.required("supported_goal")?)?;
    let mut query = Query::inside()
        .filter("t.supported_goal = ?", params![goal.gid])
        .order(&["t.position", "t.gid"]);
    match call.param("resource_subtype") {
        None => {}
        Some("subgoal") => query = query.filter("t.supporting_type = 'goal'", &[]),
        Some("supporting_work") => query = query.filter("t.supporting_type <> 'goal'", &[]),
        Some(_) => {
            let message = format!("Must be one of {}", SUBTYPES.join(", "));
            return Err(invalid("resource_subtype", message));
        }
    }
    query.page(cx, call)
}

/// What is to support a goal of `workspace`: its type and gid.
fn supporter(cx: &mut Context<'_, '_>, workspace: Gid, body: &Body) -> Result<(&'static str, Gid)> {
    const FIELD: &str = "supporting_resource";
    let raw = body.reference(FIELD)?.flatten().ok_or_else(|| invalid(FIELD, "Missing input"))?;
    let unknown = || invalid(FIELD, format!("Unknown object: {}", cut(&raw)));
    let gid = cx.identify("", FIELD, &raw)?.ok_or_else(unknown)?;
    let found = cx.first(
        "SELECT 0, g.workspace FROM goals AS g WHERE g.gid = ? UNION ALL SELECT 1, p.workspace FROM projects AS p WHERE p.gid = ?
         UNION ALL SELECT 2, k.workspace FROM tasks AS k WHERE k.gid = ? UNION ALL SELECT 3, f.workspace FROM portfolios AS f WHERE f.gid = ?",
        params![gid, gid, gid, gid],
        |row| Ok((row.get::<i64>(0)?, row.get::<Gid>(1)?)),
    )?;
    let (at, home) = found.ok_or_else(unknown)?;
    let kind = usize::try_from(at).ok().and_then(|at| SUPPORTING.get(at)).ok_or_else(unknown)?;
    if !cx.is_visible(kind, gid)? {
        return Err(unknown());
    }
    require(home == workspace, FIELD, "Must be in the workspace of the goal")?;
    Ok((kind, gid))
}

/// The row of a goal and what supports it.
fn of(cx: &mut Context<'_, '_>, goal: &Goal, resource: Gid) -> Result<Option<GoalRelationship>> {
    let sql = format!(
        "SELECT {} FROM goal_relationships AS t WHERE t.supported_goal = ? AND t.supporting_resource = ?",
        select_list::<GoalRelationship>("t")
    );
    cx.first(&sql, params![goal.gid, resource], |row| GoalRelationship::from_row(row, 0))
}

/// Refuses a subgoal that is the goal itself, or that the goal supports; the workspace is held.
fn require_no_cycle(cx: &mut Context<'_, '_>, goal: &Goal, subgoal: Gid) -> Result<()> {
    let above: Option<i64> = cx.cell(
        "WITH RECURSIVE below(gid) AS (
           SELECT CAST(? AS BIGINT)
           UNION SELECT r.supporting_resource FROM below JOIN goal_relationships AS r ON r.supported_goal = below.gid AND r.supporting_type = 'goal')
         SELECT 1 FROM below WHERE below.gid = ?",
        params![subgoal, goal.gid],
    )?;
    require(above.is_none(), "supporting_resource", "A goal cannot support itself")
}

/// `addSupportingRelationship`.
fn add(cx: &mut Context<'_, '_>, goal: Goal, call: &Call) -> Result<Answer> {
    let (kind, resource) = supporter(cx, goal.workspace, &call.body)?;
    let weight = call.body.read::<Weight>("contribution_weight")?.map(|weight| weight.0);
    let spot = order::sent(&call.body, "insert_before", "insert_after")?;
    if kind != Goal::TYPE
        && let Some(anchor) = spot.as_ref().and_then(Spot::anchor)
    {
        return Err(invalid(anchor.field, "Only subgoals have an order"));
    }
    cx.lock("workspaces", goal.workspace)?;
    if kind == Goal::TYPE {
        require_no_cycle(cx, &goal, resource)?;
    }
    // Subgoals are named by the goal, not by the relationship.
    let list = List {
        id: "supporting_resource",
        ..List::of("goal_relationships", "supported_goal", goal.gid)
    };
    let spot = spot.map(|spot| spot.map(|anchor| list.find(cx, &anchor))).transpose()?;
    if let Some(anchor) = spot.as_ref().and_then(Spot::anchor) {
        require(*anchor != resource, "supporting_resource", "Cannot be put next to itself")?;
    }
    let before = of(cx, &goal, resource)?;
    let position = match (&before, spot) {
        (Some(row), None) => row.position.clone(),
        (_, spot) => {
            let moving = before.as_ref().map(|row| row.supporting_resource);
            list.place(cx, spot.unwrap_or(Spot::Last), moving)?.into_string()
        }
    };
    let row = if let Some(before) = before {
        let contribution_weight = weight.unwrap_or(before.contribution_weight);
        let after = GoalRelationship { contribution_weight, position, ..before.clone() };
        cx.save(&before, &after, &call.body)?;
        after
    } else {
        require_room(cx, &goal)?;
        let row = GoalRelationship {
            gid: cx.gid()?,
            workspace: goal.workspace,
            supported_goal: goal.gid,
            supporting_resource: resource,
            supporting_type: kind.to_owned(),
            contribution_weight: weight.unwrap_or(0.0),
            position,
            created_at: cx.now(),
        };
        cx.insert(&row)?;
        let scopes = row.scopes(cx)?;
        cx.emit(Event { scopes, ..Event::added(GoalRelationship::TYPE, &row) });
        progress::tell(cx, &goal)?;
        row
    };
    cx.answer_gid::<GoalRelationship>(row.gid)
}

/// Refuses more than a goal can hold.
fn require_room(cx: &mut Context<'_, '_>, goal: &Goal) -> Result<()> {
    let count: Option<i64> = cx.cell(
        "SELECT count(*) FROM goal_relationships AS r WHERE r.supported_goal = ?",
        params![goal.gid],
    )?;
    if count.unwrap_or_default() < MAX_SUPPORTING {
        Ok(())
    } else {
        Err(bad_request(format!("At most {MAX_SUPPORTING} things can support a goal")))
    }
}

/// `removeSupportingRelationship`. What supports the goal may be hidden from the actor, or be in the trash.
fn remove(cx: &mut Context<'_, '_>, goal: Goal, call: &Call) -> Result<Answer> {
    const FIELD: &str = "supporting_resource";
    let raw =
        call.body.reference(FIELD)?.flatten().ok_or_else(|| invalid(FIELD, "Missing input"))?;
    let Some(resource) = cx.identify("", FIELD, &raw)? else {
        return Err(invalid(FIELD, format!("Unknown object: {}", cut(&raw))));
    };
    if let Some(row) = of(cx, &goal, resource)? {
        let scopes = row.scopes(cx)?;
        cx.emit(Event { scopes, ..Event::deleted(GoalRelationship::TYPE, &row) });
        progress::tell(cx, &goal)?;
        cx.later("DELETE FROM goal_relationships WHERE gid = ?", params![row.gid].to_vec())?;
    }
    Ok(Answer::empty())
}
