//! Emptying the trash: what was deleted thirty days ago is removed for good, a few rows at a time.
//!
//! A deletion marks rows with its gid (see [`crate::api::Context::trash`]). Here the rows of old deletions go, with everything
//! that hangs on them. The bytes of their attachments go first: the rows are marked deleted, and the sweep of
//! [`crate::http::attachments`] removes both.

use crate::App;
use crate::error::{Error, Result};
use model::{Gid, Timestamp};
use store::{Tx, Value, params};

/// How long deleted things stay in the trash, in milliseconds: 30 days. Source: API reference, "Delete a task".
const KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Most things that are removed in one transaction. Source: architecture, "Group commit".
const BATCH: i64 = 200;

/// Tables whose rows can be in the trash, children before parents.
const TABLES: [&str; 14] = [
    "stories",
    "status_updates",
    "project_briefs",
    "time_tracking_entries",
    "tasks",
    "sections",
    "tags",
    "custom_fields",
    "allocations",
    "task_templates",
    "project_templates",
    "projects",
    "portfolios",
    "goals",
];

/// What hangs on a removed row of a table: other tables, with the columns that name it. Each has an index.
fn hanging(table: &str) -> &'static [(&'static str, &'static str)] {
    match table {
        "tasks" => &[
            ("notifications", "resource"),
            ("texts", "object"),
            ("likes", "object"),
            ("externals", "object"),
            ("custom_field_values", "object"),
            ("custom_field_choices", "object"),
            ("task_projects", "task"),
            ("task_tags", "task"),
            ("task_followers", "task"),
            ("task_dependencies", "task"),
            ("task_dependencies", "dependency"),
            ("user_task_list_items", "task"),
            ("search_words", "object"),
            ("time_tracking_entries", "task"),
            ("goal_relationships", "supporting_resource"),
        ],
        "projects" => &[
            ("notifications", "resource"),
            ("texts", "object"),
            ("grants", "object"),
            ("custom_field_values", "object"),
            ("custom_field_choices", "object"),
            ("custom_field_settings", "parent"),
            ("task_projects", "project"),
            ("project_memberships", "project"),
            ("project_followers", "project"),
            ("search_words", "object"),
            ("template_uses", "project"),
            ("portfolio_items", "item"),
            ("allocations", "parent"),
            ("goal_relationships", "supporting_resource"),
            ("rules", "project"),
        ],
        "goals" => &[
            ("notifications", "resource"),
            ("texts", "object"),
            ("search_words", "object"),
            ("likes", "object"),
            ("grants", "object"),
            ("goal_memberships", "goal"),
            ("goal_followers", "goal"),
            ("goal_metrics", "goal"),
            ("goal_relationships", "supported_goal"),
            ("goal_relationships", "supporting_resource"),
        ],
        "project_templates" => &[
            ("texts", "object"),
            ("search_words", "object"),
            ("template_roles", "template"),
            ("template_uses", "template"),
        ],
        "portfolios" => &[
            ("notifications", "resource"),
            ("grants", "object"),
            ("custom_field_values", "object"),
            ("custom_field_choices", "object"),
            ("custom_field_settings", "parent"),
            ("portfolio_items", "portfolio"),
            ("portfolio_items", "item"),
            ("portfolio_memberships", "portfolio"),
            ("goal_relationships", "supporting_resource"),
        ],
        "stories" | "status_updates" => {
            &[("texts", "object"), ("likes", "object"), ("search_words", "object")]
        }
        "project_briefs" => &[("texts", "object"), ("search_words", "object")],
        "tags" => &[("task_tags", "tag"), ("tag_followers", "tag")],
        "custom_fields" => &[
            ("custom_field_settings", "custom_field"),
            ("custom_field_memberships", "custom_field"),
            ("enum_options", "custom_field"),
            ("grants", "object"),
        ],
        _ => &[],
    }
}

/// Removes what has been in the trash for thirty days.
///
/// Errors: those of the database; what was removed stays removed, and the next call goes on.
pub async fn empty(app: &App) -> Result<()> {
    let before = Timestamp::from_millis((app.clock)().millis() - KEPT_FOR);
    while app.store.write(move |tx| batch(tx, before)).await? {}
    Ok(())
}

/// Removes some of the things of the oldest deletion; true while there is more to do.
fn batch(tx: &mut Tx<'_>, before: Timestamp) -> Result<bool> {
    let oldest = tx.first(
        "SELECT d.gid FROM deletions AS d WHERE d.deleted_at < ? AND d.finished = 1 ORDER BY d.deleted_at, d.gid LIMIT 1",
        params![before],
        |row| row.get::<Gid>(0),
    )?;
    let Some(deletion) = oldest else { return Ok(false) };
    for table in TABLES {
        let gids: Vec<i64> = tx.query(
            &format!("SELECT t.gid FROM {table} AS t WHERE t.deleted = ? LIMIT ?"),
            params![deletion, BATCH],
            |row| row.get(0),
        )?;
        if !gids.is_empty() {
            remove(tx, table, deletion, gids)?;
            return Ok(true);
        }
    }
    tx.execute("DELETE FROM deletions WHERE gid = ?", params![deletion])?;
    Ok::<bool, Error>(true)
}

/// Removes rows and what hangs on them. Stories, statuses, briefs and attachments are marked to go with the same deletion, after
/// what they belong to.
fn remove(tx: &mut Tx<'_>, table: &str, deletion: Gid, gids: Vec<i64>) -> Result<()> {
    let ids = Value::Ids(gids);
    if table == "projects" {
        // The task templates of a project go with it, and what is in them: each has its own mark.
        tx.later(
            "INSERT INTO deletions (gid, workspace, resource_type, resource, deleted_at, finished) SELECT tt.gid, tt.workspace, 'task_template', tt.gid, 0, 1 FROM ids(?) AS i JOIN task_templates AS tt ON tt.project = i.value WHERE 1 = 1 ON CONFLICT DO NOTHING",
            vec![ids.clone()],
        )?;
        tx.later(
            "UPDATE task_templates SET deleted = gid WHERE deleted IS NULL AND project IN (SELECT i.value FROM ids(?) AS i)",
            vec![ids.clone()],
        )?;
    }
    for (other, column) in hanging(table) {
        tx.later(
            &format!("DELETE FROM {other} WHERE {column} IN (SELECT i.value FROM ids(?) AS i)"),
            vec![ids.clone()],
        )?;
    }
    for (other, column) in [
        ("stories", "target"),
        ("status_updates", "parent"),
        ("project_briefs", "project"),
        ("attachments", "parent"),
    ] {
        tx.later(
            &format!("UPDATE {other} SET deleted = ? WHERE deleted IS NULL AND {column} IN (SELECT i.value FROM ids(?) AS i)"),
            vec![Value::Int(deletion.get()), ids.clone()],
        )?;
    }
    tx.later(
        &format!("DELETE FROM {table} WHERE gid IN (SELECT i.value FROM ids(?) AS i)"),
        vec![ids],
    )?;
    Ok(())
}
