//! How far goals got, computed when they are read.
//!
//! Three queries find what a list of goals depends on, however many goals and however deep: the goals below with their metrics, what
//! supports these, and how much of that is complete. The rest is arithmetic: each goal is the weighted mean of what supports it,
//! from the leaves up. A goal counts in its parent with 0 to 1, whatever it measures; one that measures nothing counts as 1 when it
//! is achieved. Everything that supports a goal and is not in the trash counts, whoever looks.

use super::Goal;
use super::metrics::{GoalMetric, ProgressSource};
use crate::prelude::*;
use engine::record::select_list;
use engine::schema::Fetching;
use std::collections::{HashMap, HashSet};
use store::Tx;

/// Something that supports a goal and counts.
struct Support {
    goal: i64,
    resource: i64,
    kind: String,
    weight: f64,
}

/// A goal on the way to its progress.
struct Node {
    metric: Option<GoalMetric>,
    achieved: bool,
    supports: Vec<Support>,
}

/// What is complete of the tasks of a project or portfolio, or of a single task.
#[derive(Clone, Copy, Default)]
struct Complete {
    tasks: (i64, i64),
    milestones: (i64, i64),
}

/// The metrics of the fetched goals, with their current values.
pub(super) fn measured(
    fetching: &mut Fetching<'_, '_>,
) -> Result<Vec<(usize, GoalMetric)>, store::Error> {
    let mut nodes = nodes(fetching.tx, fetching.ids)?;
    let is_derived = |node: &Node| node.metric.as_ref().is_some_and(|m| m.source().is_derived());
    if nodes.values().any(is_derived) {
        supports(fetching.tx, &mut nodes)?;
        let complete = completed(fetching.tx, &nodes)?;
        let done = fold(&nodes, &complete);
        for (gid, node) in &mut nodes {
            if let (Some(metric), Some(done)) = (&mut node.metric, done.get(gid))
                && metric.source().is_derived()
            {
                metric.current_value = metric.at(*done);
            }
        }
    }
    let metrics = fetching.ids.iter().enumerate().filter_map(|(key, gid)| {
        let metric = nodes.get(gid)?.metric.clone()?;
        Some((key, metric))
    });
    Ok(metrics.collect())
}

/// The goals `ids` and, as far as their progress depends on them, the goals below.
fn nodes(tx: &mut Tx<'_>, ids: &[i64]) -> Result<HashMap<i64, Node>, store::Error> {
    let sql = format!(
        "WITH RECURSIVE below(gid) AS (
           SELECT i.value FROM ids(?) AS i
           UNION SELECT s.gid FROM below JOIN goal_metrics AS m ON m.goal = below.gid AND m.progress_source = 'subgoal_progress'
             JOIN goal_relationships AS r ON r.supported_goal = below.gid AND r.supporting_type = 'goal' AND r.contribution_weight > 0
             JOIN goals AS s ON s.gid = r.supporting_resource AND s.deleted IS NULL)
         SELECT g.gid, coalesce(g.status, ''), t.gid, {} FROM below JOIN goals AS g ON g.gid = below.gid LEFT JOIN goal_metrics AS t ON t.goal = g.gid",
        select_list::<GoalMetric>("t")
    );
    let rows = tx.query(&sql, &[Value::Ids(ids.to_vec())], |row| {
        let metric = match row.get::<Option<i64>>(2)? {
            Some(_) => Some(GoalMetric::from_row(row, 3)?),
            None => None,
        };
        let achieved = row.get::<String>(1)? == "achieved";
        Ok((row.get::<i64>(0)?, Node { metric, achieved, supports: Vec::new() }))
    })?;
    Ok(rows.into_iter().collect())
}

/// Puts what counts for the derived goals among `nodes` into them.
fn supports(tx: &mut Tx<'_>, nodes: &mut HashMap<i64, Node>) -> Result<(), store::Error> {
    let ids: Vec<i64> = nodes.keys().copied().collect();
    let rows = tx.query(
        "SELECT r.supported_goal, r.supporting_resource, r.supporting_type, r.contribution_weight
         FROM ids(?) AS i JOIN goal_relationships AS r ON r.supported_goal = i.value WHERE r.contribution_weight > 0",
        &[Value::Ids(ids)],
        |row| {
            Ok(Support {
                goal: row.get(0)?,
                resource: row.get(1)?,
                kind: row.get(2)?,
                weight: row.get(3)?,
            })
        },
    )?;
    for support in rows {
        let Some(node) = nodes.get_mut(&support.goal) else { continue };
        if node.metric.as_ref().is_some_and(|metric| metric.source().takes(&support.kind)) {
            node.supports.push(support);
        }
    }
    Ok(())
}

/// What is complete of the projects, portfolios and tasks that support `nodes`; those in the trash are left out.
fn completed(
    tx: &mut Tx<'_>,
    nodes: &HashMap<i64, Node>,
) -> Result<HashMap<i64, Complete>, store::Error> {
    let of = |wanted: &str| -> Value {
        let all = nodes.values().flat_map(|node| &node.supports);
        let ids: HashSet<i64> =
            all.filter(|s| s.kind == wanted).map(|support| support.resource).collect();
        Value::Ids(ids.into_iter().collect())
    };
    let rows = tx.query(COMPLETED, &[of("portfolio"), of("project"), of("task")], |row| {
        let complete =
            Complete { tasks: (row.get(1)?, row.get(2)?), milestones: (row.get(3)?, row.get(4)?) };
        Ok((row.get::<i64>(0)?, complete))
    })?;
    Ok(rows.into_iter().collect())
}

/// For each portfolio, each project, then each task: tasks, completed ones, milestones, completed ones. As in the counts of a
/// project, its tasks are those that are in it themselves, without their subtasks. Those of a portfolio are the tasks of its projects
/// and of the portfolios inside it, each once.
const COMPLETED: &str = "WITH RECURSIVE inside(portfolio, gid) AS (
   SELECT f.gid, f.gid FROM ids(?) AS i JOIN portfolios AS f ON f.gid = i.value AND f.deleted IS NULL
   UNION SELECT inside.portfolio, q.gid FROM inside JOIN portfolio_items AS pi ON pi.portfolio = inside.gid JOIN portfolios AS q ON q.gid = pi.item AND q.deleted IS NULL),
 work(portfolio, task) AS (
   SELECT DISTINCT inside.portfolio, tp.task FROM inside JOIN portfolio_items AS pi ON pi.portfolio = inside.gid
   JOIN projects AS p ON p.gid = pi.item AND p.deleted IS NULL JOIN task_projects AS tp ON tp.project = p.gid)
 SELECT inside.portfolio, count(t.gid), count(CASE WHEN t.completed = 1 THEN 1 END),
   count(CASE WHEN t.resource_subtype = 'milestone' THEN 1 END), count(CASE WHEN t.resource_subtype = 'milestone' AND t.completed = 1 THEN 1 END)
 FROM inside LEFT JOIN work ON work.portfolio = inside.portfolio LEFT JOIN tasks AS t ON t.gid = work.task AND t.deleted IS NULL
 WHERE inside.gid = inside.portfolio GROUP BY inside.portfolio
 UNION ALL SELECT p.gid, count(t.gid), count(CASE WHEN t.completed = 1 THEN 1 END),
   count(CASE WHEN t.resource_subtype = 'milestone' THEN 1 END), count(CASE WHEN t.resource_subtype = 'milestone' AND t.completed = 1 THEN 1 END)
 FROM ids(?) AS i JOIN projects AS p ON p.gid = i.value AND p.deleted IS NULL
 LEFT JOIN task_projects AS tp ON tp.project = p.gid LEFT JOIN tasks AS t ON t.gid = tp.task AND t.deleted IS NULL GROUP BY p.gid
 UNION ALL SELECT t.gid, 1, t.completed, 0, 0 FROM ids(?) AS i JOIN tasks AS t ON t.gid = i.value AND t.deleted IS NULL";

/// The part that is done of each goal, 0 to 1; those below first. A goal does not count towards itself, should it ever be above itself.
fn fold(nodes: &HashMap<i64, Node>, complete: &HashMap<i64, Complete>) -> HashMap<i64, f64> {
    let mut done: HashMap<i64, f64> = HashMap::with_capacity(nodes.len());
    let mut begun: HashSet<i64> = HashSet::with_capacity(nodes.len());
    for start in nodes.keys() {
        let mut stack = vec![*start];
        while let Some(gid) = stack.last().copied() {
            let node = nodes.get(&gid).filter(|_| !done.contains_key(&gid));
            let Some(node) = node else {
                stack.pop();
                continue;
            };
            if begun.insert(gid) {
                let below = node.supports.iter().filter(|support| support.kind == Goal::TYPE);
                stack.extend(below.map(|s| s.resource).filter(|below| !begun.contains(below)));
                continue;
            }
            stack.pop();
            done.insert(gid, node.done(&done, complete).clamp(0.0, 1.0));
        }
    }
    done
}

impl Node {
    /// The part that is done, from that of what supports the goal. What is in the trash, or has gone, does not count.
    fn done(&self, goals: &HashMap<i64, f64>, complete: &HashMap<i64, Complete>) -> f64 {
        let Some(metric) = &self.metric else { return f64::from(u8::from(self.achieved)) };
        let source = metric.source();
        if !source.is_derived() {
            return metric.done();
        }
        let (mut sum, mut weights) = (0.0, 0.0);
        for support in &self.supports {
            let part = match source {
                ProgressSource::SubgoalProgress => goals.get(&support.resource).copied(),
                ProgressSource::ProjectMilestoneCompletion => {
                    complete.get(&support.resource).map(|complete| share(complete.milestones))
                }
                _ => complete.get(&support.resource).map(|complete| share(complete.tasks)),
            };
            let weight = if metric.is_custom_weight { support.weight } else { 1.0 };
            if let Some(part) = part {
                sum += weight * part;
                weights += weight;
            }
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
    }
}

/// The completed part of so many; nothing of nothing.
fn share((all, completed): (i64, i64)) -> f64 {
    let number = |count: i64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if all == 0 { 0.0 } else { number(completed) / number(all) }
}

/// Most goals above one that are told when it changes; the others show it when they are read. Ours: it bounds the write.
const MOST_TOLD: i64 = 100;

/// Records that the metric of a goal changed, and with it those above.
pub fn tell(cx: &mut Context<'_, '_>, goal: &Goal) -> Result<()> {
    let scopes = goal.scopes(cx)?;
    let changes = vec![FieldChange::changed("metric")];
    cx.emit(Event { scopes, ..Event::changed(Goal::TYPE, goal, changes) });
    tell_above(cx, goal.gid, goal.workspace)
}

/// Records that the metrics of the goals above one changed, as far as they follow from it.
pub fn tell_above(cx: &mut Context<'_, '_>, goal: Gid, workspace: Gid) -> Result<()> {
    let above = cx.gids(
        "WITH RECURSIVE above(gid) AS (
           SELECT r.supported_goal FROM goal_relationships AS r JOIN goal_metrics AS m ON m.goal = r.supported_goal AND m.progress_source = 'subgoal_progress'
             WHERE r.supporting_resource = ? AND r.contribution_weight > 0
           UNION SELECT r.supported_goal FROM above JOIN goal_relationships AS r ON r.supporting_resource = above.gid AND r.contribution_weight > 0
             JOIN goal_metrics AS m ON m.goal = r.supported_goal AND m.progress_source = 'subgoal_progress')
         SELECT above.gid FROM above WHERE (SELECT 1 FROM goals AS g WHERE g.gid = above.gid AND g.deleted IS NULL) IS NOT NULL AND above.gid <> ? ORDER BY above.gid LIMIT ?",
        params![goal, goal, MOST_TOLD],
    )?;
    for parent in above {
        cx.emit(Event {
            kind: Goal::TYPE,
            subtype: None,
            resource: parent,
            workspace,
            action: "changed",
            parent: None,
            changes: vec![FieldChange::changed("metric")],
            scopes: vec![parent, workspace],
        });
    }
    Ok(())
}
