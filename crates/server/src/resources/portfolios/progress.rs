//! How a portfolio does altogether: the latest statuses of its projects and their tasks, also of those in portfolios inside it.
//!
//! An operation of the extension API: Asana shows this in its app only.

use super::Portfolio;
use crate::access;
use crate::api::operations::Input;
use crate::prelude::*;
use engine::template::Templates;
use serde_json::{Map, json};
use std::sync::OnceLock;

/// The counts, in the order of the query.
const COUNTS: &[&str] = &[
    "num_projects",
    "num_on_track",
    "num_at_risk",
    "num_off_track",
    "num_on_hold",
    "num_complete",
    "num_dropped",
    "num_without_status",
    "num_tasks",
    "num_completed_tasks",
];

/// The operation.
pub(super) fn operations(api: &mut Operations) {
    api.extension("Portfolio progress", "How the projects in a portfolio do altogether.");
    api.add(
        "GET",
        "getPortfolioProgress",
        "/portfolios/{portfolio_gid}/progress",
        "How many projects the actor sees in a portfolio and the portfolios inside it, by their latest status, and how many tasks they have.",
        Input::None,
        Output::Counts(COUNTS),
        progress,
    );
}

/// Each project counts once, each task too.
fn counts() -> &'static Templates {
    static TEXT: OnceLock<Templates> = OnceLock::new();
    TEXT.get_or_init(|| {
        Templates::new(
            "WITH RECURSIVE inside(gid) AS (
               SELECT i.value FROM :ids AS i
               UNION SELECT q.gid FROM inside JOIN portfolio_items AS pi ON pi.portfolio = inside.gid JOIN portfolios AS q ON q.gid = pi.item WHERE :see(portfolio, q)),
             work(gid) AS (
               SELECT DISTINCT p.gid FROM inside JOIN portfolio_items AS pi ON pi.portfolio = inside.gid JOIN projects AS p ON p.gid = pi.item WHERE :see(project, p)),
             state(status_type) AS (
               SELECT (SELECT s.status_type FROM status_updates AS s WHERE s.parent = work.gid AND s.deleted IS NULL ORDER BY s.created_at DESC, s.gid DESC LIMIT 1) FROM work),
             todo(completed) AS (
               SELECT t.completed FROM tasks AS t WHERE t.deleted IS NULL AND t.gid IN (SELECT tp.task FROM task_projects AS tp WHERE tp.project IN (SELECT work.gid FROM work)))
             SELECT count(*), count(CASE WHEN state.status_type = 'on_track' THEN 1 END), count(CASE WHEN state.status_type = 'at_risk' THEN 1 END),
               count(CASE WHEN state.status_type = 'off_track' THEN 1 END), count(CASE WHEN state.status_type = 'on_hold' THEN 1 END),
               count(CASE WHEN state.status_type = 'complete' THEN 1 END), count(CASE WHEN state.status_type = 'dropped' THEN 1 END),
               count(CASE WHEN state.status_type IS NULL THEN 1 END),
               (SELECT count(*) FROM todo), (SELECT count(*) FROM todo WHERE todo.completed = 1)
             FROM state",
            &access::see,
        )
    })
}

/// `getPortfolioProgress`.
fn progress(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (portfolio, _) = cx.target::<Portfolio>(call, 0)?;
    let template = counts().of(cx.actor.sight);
    let values = template.params(cx.me(), &[portfolio.gid.get()]);
    let counts = cx.first(template.sql(), &values, |row| {
        (0..COUNTS.len()).map(|at| row.get::<i64>(at)).collect::<Result<Vec<_>, _>>()
    })?;
    let shown: Map<String, serde_json::Value> = COUNTS
        .iter()
        .zip(counts.unwrap_or_default())
        .map(|(name, count)| ((*name).to_owned(), json!(count)))
        .collect();
    let data = serde_json::Value::Object(shown).to_string().into_bytes();
    Ok(Answer { data, gid: Some(portfolio.gid), ..Answer::default() })
}
