//! What rules are still to do.

use crate::prelude::*;
use crate::resources::rules::Rule;
use serde_json::{Map, Value as Json};
use store::Tx;

/// A rule that is to run.
#[derive(Clone, Debug)]
pub struct Item {
    /// The workspace.
    pub workspace: Gid,
    /// The rule.
    pub rule: Gid,
    /// What set it off; once for each rule.
    pub source: String,
    /// The task that it is about.
    pub task: Option<Gid>,
    /// Who set it off.
    pub actor: Option<Gid>,
    /// When it was set off.
    pub at: Timestamp,
    /// How many rules stand behind it, itself counted.
    pub depth: i64,
    /// The `action_data` of a request.
    pub data: Map<String, Json>,
    /// How often it failed.
    pub attempts: i64,
}

impl Item {
    /// A rule that nobody set off, and that no other rule stands behind.
    pub fn new(rule: &Rule, source: String, task: Option<Gid>) -> Self {
        Item {
            workspace: rule.workspace,
            rule: rule.gid,
            source,
            task,
            actor: None,
            at: Timestamp::from_millis(0),
            depth: 1,
            data: Map::new(),
            attempts: 0,
        }
    }
}

/// Puts it into the queue, unless it is there or was done.
///
/// Errors: those of the database.
pub fn put(tx: &mut Tx<'_>, now: Timestamp, item: &Item) -> Result<()> {
    let gid = tx.gid()?;
    let data = Json::Object(item.data.clone()).to_string();
    Ok(tx.later(
        "INSERT INTO rule_queue (gid, workspace, rule, source, task, actor, at, depth, data, attempts, due_at)
         SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), 0, CAST(? AS BIGINT)
         WHERE NOT EXISTS (SELECT 1 FROM rule_runs AS u WHERE u.rule = ? AND u.source = ?)
         ON CONFLICT (rule, source) DO NOTHING",
        params![
            gid, item.workspace, item.rule, item.source, item.task, item.actor, item.at, item.depth, data, now, item.rule, item.source
        ]
        .to_vec(),
    )?)
}

/// Takes one out of the queue; `None` if another node did.
///
/// Errors: those of the database.
pub fn take(tx: &mut Tx<'_>, gid: Gid) -> Result<Option<Item>> {
    Ok(tx.first(
        "DELETE FROM rule_queue WHERE gid = ? RETURNING workspace, rule, source, task, actor, at, depth, data, attempts",
        params![gid],
        |row| {
            let data: String = row.get(7)?;
            Ok(Item {
                workspace: row.get(0)?,
                rule: row.get(1)?,
                source: row.get(2)?,
                task: row.get(3)?,
                actor: row.get(4)?,
                at: row.get(5)?,
                depth: row.get(6)?,
                data: serde_json::from_str(&data).unwrap_or_default(),
                attempts: row.get(8)?,
            })
        },
    )?)
}
