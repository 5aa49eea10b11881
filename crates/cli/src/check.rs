//! `vinyasa admin check`: compares what is derived in the database with its causes, and names with what they name.

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};
use store::{Dialect, Error, Store, Tx, params};

/// Rows that one finding names; the others are counted.
const SHOWN: usize = 20;

/// A rule that must hold.
struct Rule {
    /// Its name, for scripts.
    name: &'static str,
    /// What is wrong with a row that the query finds; `{}` stands for its columns.
    says: &'static str,
    /// The rows that break it: one or two gids.
    sql: &'static str,
}

/// What was found by one rule.
#[derive(Debug)]
pub(crate) struct Finding {
    rule: &'static str,
    count: usize,
    lines: Vec<String>,
}

impl Finding {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let more = self.count.saturating_sub(self.lines.len());
        let mut text = self.lines.join("\n");
        if more > 0 {
            text.push_str(&format!("\n… and {more} more ({})", self.rule));
        }
        text
    }

    /// For scripts.
    pub(crate) fn json(&self) -> Json {
        json!({ "rule": self.rule, "count": self.count, "findings": self.lines })
    }
}

/// What `access::grants::of_project` writes, for all live projects at once.
macro_rules! wanted_grants {
    () => {
        "SELECT p.gid AS object, g.principal AS principal, max(g.level) AS level FROM projects AS p JOIN (
           SELECT m.project AS project, m.member AS principal,
             CASE m.access_level WHEN 'admin' THEN 4 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END AS level
           FROM project_memberships AS m
           UNION ALL SELECT q.gid, q.team, CASE q.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM projects AS q WHERE q.team IS NOT NULL AND q.privacy_setting <> 'private'
           UNION ALL SELECT w.gid, w.workspace, CASE w.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM projects AS w WHERE w.privacy_setting = 'public_to_workspace'
         ) AS g ON g.project = p.gid WHERE p.deleted IS NULL GROUP BY p.gid, g.principal"
    };
}

/// What `access::grants::of_portfolio` writes, for all live portfolios at once.
macro_rules! wanted_portfolio_grants {
    () => {
        "SELECT p.gid AS object, g.principal AS principal, max(g.level) AS level FROM portfolios AS p JOIN (
           SELECT m.portfolio AS portfolio, m.member AS principal,
             CASE m.access_level WHEN 'admin' THEN 4 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END AS level
           FROM portfolio_memberships AS m
           UNION ALL SELECT o.gid, o.owner, 4 FROM portfolios AS o WHERE o.owner IS NOT NULL
           UNION ALL SELECT w.gid, w.workspace, CASE w.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM portfolios AS w WHERE w.privacy_setting = 'public_to_domain'
         ) AS g ON g.portfolio = p.gid WHERE p.deleted IS NULL GROUP BY p.gid, g.principal"
    };
}

/// What `access::grants::of_goal` writes, for all live goals at once.
macro_rules! wanted_goal_grants {
    () => {
        "SELECT p.gid AS object, g.principal AS principal, max(g.level) AS level FROM goals AS p JOIN (
           SELECT m.goal AS goal, m.member AS principal,
             CASE m.access_level WHEN 'admin' THEN 4 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END AS level
           FROM goal_memberships AS m
           UNION ALL SELECT o.gid, o.owner, 4 FROM goals AS o WHERE o.owner IS NOT NULL
           UNION ALL SELECT q.gid, q.team, CASE q.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM goals AS q WHERE q.team IS NOT NULL
           UNION ALL SELECT w.gid, w.workspace, CASE w.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM goals AS w WHERE w.privacy_setting = 'public_to_workspace'
         ) AS g ON g.goal = p.gid WHERE p.deleted IS NULL GROUP BY p.gid, g.principal"
    };
}

/// Whom users count as, by their memberships.
macro_rules! wanted_principals {
    () => {
        r#"SELECT wm."user" AS who, wm.workspace AS principal FROM workspace_memberships AS wm WHERE wm.is_active = 1 AND wm.role <> 'guest'
           UNION SELECT tm."user", tm.team FROM team_memberships AS tm"#
    };
}

const RULES: &[Rule] = &[
    Rule {
        name: "task_section",
        says: "task {} is in project {} with a section that is not one of its live sections",
        sql: "SELECT tp.task, tp.project FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task JOIN projects AS p ON p.gid = tp.project
              LEFT JOIN sections AS s ON s.gid = tp.section AND s.container = tp.project AND s.deleted IS NULL
              WHERE t.deleted IS NULL AND p.deleted IS NULL AND s.gid IS NULL",
    },
    Rule {
        name: "search_words",
        says: "task {} is not found by the words of its name; `vinyasa admin reindex` makes the index anew",
        sql: "SELECT t.gid FROM tasks AS t WHERE t.deleted IS NULL AND substr(t.name, 1, 1) IN ('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z')
              AND (SELECT s.value FROM settings AS s WHERE s.name = 'search_index') = 'done'
              AND (SELECT 1 FROM search_words AS w WHERE w.object = t.gid AND w.place = 0 LIMIT 1) IS NULL",
    },
    Rule {
        name: "task_project",
        says: "task {} is in project {}, and one of them does not exist or is in another workspace",
        sql: "SELECT tp.task, tp.project FROM task_projects AS tp LEFT JOIN tasks AS t ON t.gid = tp.task LEFT JOIN projects AS p ON p.gid = tp.project
              WHERE t.gid IS NULL OR p.gid IS NULL OR t.workspace <> p.workspace OR tp.workspace <> p.workspace",
    },
    Rule {
        name: "task_parent",
        says: "task {} is a subtask of {}, which does not exist or is deleted",
        sql: "SELECT t.gid, t.parent FROM tasks AS t LEFT JOIN tasks AS p ON p.gid = t.parent LEFT JOIN deletions AS d ON d.gid = p.deleted
              WHERE t.deleted IS NULL AND t.parent IS NOT NULL AND (p.gid IS NULL OR d.finished = 1)",
    },
    Rule {
        name: "task_assignee",
        says: "task {} is assigned to {}, who does not exist",
        sql: "SELECT t.gid, t.assignee FROM tasks AS t LEFT JOIN users AS u ON u.gid = t.assignee
              WHERE t.assignee IS NOT NULL AND u.gid IS NULL",
    },
    Rule {
        name: "task_completed",
        says: "task {} does not know when it was completed, or knows it though it is open",
        sql: "SELECT t.gid FROM tasks AS t WHERE (t.completed = 1 AND t.completed_at IS NULL) OR (t.completed = 0 AND t.completed_at IS NOT NULL)",
    },
    Rule {
        name: "task_dates",
        says: "task {} has a due time without a due date, or starts after it is due",
        sql: "SELECT t.gid FROM tasks AS t WHERE (t.due_at IS NOT NULL AND t.due_on IS NULL) OR t.start_on > t.due_on OR t.start_at > t.due_at",
    },
    Rule {
        name: "my_tasks",
        says: "task {} is in the list {} of My Tasks, whose owner it is not assigned to",
        sql: "SELECT i.task, i.list FROM user_task_list_items AS i LEFT JOIN user_task_lists AS l ON l.gid = i.list LEFT JOIN tasks AS t ON t.gid = i.task
              WHERE l.gid IS NULL OR t.gid IS NULL OR t.assignee IS NULL OR t.assignee <> l.owner",
    },
    Rule {
        name: "my_tasks_missing",
        says: "task {} is assigned to {} and is not in the list of My Tasks",
        sql: "SELECT t.gid, t.assignee FROM tasks AS t LEFT JOIN user_task_list_items AS i ON i.task = t.gid
              WHERE t.deleted IS NULL AND t.assignee IS NOT NULL AND i.task IS NULL",
    },
    Rule {
        name: "my_tasks_section",
        says: "task {} is in the list {} of My Tasks with a section that is not one of its live sections",
        sql: "SELECT i.task, i.list FROM user_task_list_items AS i
              LEFT JOIN sections AS s ON s.gid = i.section AND s.container = i.list AND s.deleted IS NULL WHERE s.gid IS NULL",
    },
    Rule {
        name: "section_container",
        says: "section {} belongs to {}, which does not exist",
        sql: "SELECT s.gid, s.container FROM sections AS s LEFT JOIN projects AS p ON p.gid = s.container LEFT JOIN user_task_lists AS l ON l.gid = s.container
              WHERE p.gid IS NULL AND l.gid IS NULL",
    },
    Rule {
        name: "project_sections",
        says: "project {} has no section",
        sql: "SELECT p.gid FROM projects AS p WHERE p.deleted IS NULL
              AND NOT EXISTS (SELECT 1 FROM sections AS s WHERE s.container = p.gid AND s.deleted IS NULL)",
    },
    Rule {
        name: "project_team",
        says: "project {} belongs to the team {}, which does not exist in its workspace",
        sql: "SELECT p.gid, p.team FROM projects AS p LEFT JOIN teams AS t ON t.gid = p.team AND t.workspace = p.workspace
              WHERE p.team IS NOT NULL AND t.gid IS NULL",
    },
    Rule {
        name: "story_target",
        says: "story {} belongs to {}, which does not exist",
        sql: "SELECT s.gid, s.target FROM stories AS s LEFT JOIN tasks AS t ON t.gid = s.target LEFT JOIN projects AS p ON p.gid = s.target
              WHERE t.gid IS NULL AND p.gid IS NULL",
    },
    Rule {
        name: "attachment_parent",
        says: "attachment {} belongs to {}, which does not exist",
        sql: "SELECT a.gid, a.parent FROM attachments AS a LEFT JOIN tasks AS t ON t.gid = a.parent LEFT JOIN projects AS p ON p.gid = a.parent
              LEFT JOIN project_briefs AS b ON b.gid = a.parent WHERE t.gid IS NULL AND p.gid IS NULL AND b.gid IS NULL",
    },
    Rule {
        name: "tag_target",
        says: "task {} carries the tag {}, and one of them does not exist",
        sql: "SELECT tt.task, tt.tag FROM task_tags AS tt LEFT JOIN tasks AS t ON t.gid = tt.task LEFT JOIN tags AS g ON g.gid = tt.tag
              WHERE t.gid IS NULL OR g.gid IS NULL",
    },
    Rule {
        name: "tag_order",
        says: "task {} carries the tag {} with another time of creation than its own",
        sql: "SELECT tt.task, tt.tag FROM task_tags AS tt JOIN tasks AS t ON t.gid = tt.task WHERE tt.task_created_at <> t.created_at",
    },
    Rule {
        name: "task_follower",
        says: "task {} is followed by {}, and one of them does not exist",
        sql: r#"SELECT f.task, f."user" FROM task_followers AS f LEFT JOIN tasks AS t ON t.gid = f.task LEFT JOIN users AS u ON u.gid = f."user"
              WHERE t.gid IS NULL OR u.gid IS NULL"#,
    },
    Rule {
        name: "dependency",
        says: "task {} depends on {}, and one of them does not exist",
        sql: "SELECT d.task, d.dependency FROM task_dependencies AS d LEFT JOIN tasks AS t ON t.gid = d.task LEFT JOIN tasks AS o ON o.gid = d.dependency
              WHERE t.gid IS NULL OR o.gid IS NULL",
    },
    Rule {
        name: "field_setting",
        says: "{} uses the custom field {}, and one of them does not exist",
        sql: "SELECT c.parent, c.custom_field FROM custom_field_settings AS c LEFT JOIN projects AS p ON p.gid = c.parent
              LEFT JOIN portfolios AS o ON o.gid = c.parent LEFT JOIN goals AS g ON g.gid = c.parent LEFT JOIN custom_fields AS f ON f.gid = c.custom_field
              WHERE (p.gid IS NULL AND o.gid IS NULL AND g.gid IS NULL) OR f.gid IS NULL",
    },
    Rule {
        name: "field_value",
        says: "{} has a value for the custom field {}, which does not exist",
        sql: "SELECT v.object, v.custom_field FROM custom_field_values AS v LEFT JOIN custom_fields AS f ON f.gid = v.custom_field WHERE f.gid IS NULL
              UNION SELECT c.object, c.custom_field FROM custom_field_choices AS c LEFT JOIN custom_fields AS f ON f.gid = c.custom_field WHERE f.gid IS NULL",
    },
    Rule {
        name: "enum_option",
        says: "option {} belongs to the custom field {}, which does not exist",
        sql: "SELECT o.gid, o.custom_field FROM enum_options AS o LEFT JOIN custom_fields AS f ON f.gid = o.custom_field WHERE f.gid IS NULL",
    },
    Rule {
        name: "workspace_member",
        says: "workspace membership {} names a user or a workspace that does not exist",
        sql: r#"SELECT m.gid FROM workspace_memberships AS m LEFT JOIN users AS u ON u.gid = m."user" LEFT JOIN workspaces AS w ON w.gid = m.workspace
              WHERE u.gid IS NULL OR w.gid IS NULL"#,
    },
    Rule {
        name: "team_member",
        says: "{} is in the team {} and not in its workspace",
        sql: r#"SELECT m."user", m.team FROM team_memberships AS m
              LEFT JOIN workspace_memberships AS w ON w.workspace = m.workspace AND w."user" = m."user" AND w.is_active = 1
              LEFT JOIN teams AS t ON t.gid = m.team AND t.workspace = m.workspace WHERE w.gid IS NULL OR t.gid IS NULL"#,
    },
    Rule {
        name: "project_member",
        says: "{} is a member of the project {}, and one of them does not exist",
        sql: "SELECT m.member, m.project FROM project_memberships AS m LEFT JOIN projects AS p ON p.gid = m.project
              LEFT JOIN users AS u ON u.gid = m.member LEFT JOIN teams AS t ON t.gid = m.member
              WHERE p.gid IS NULL OR (m.member_type = 'user' AND u.gid IS NULL) OR (m.member_type = 'team' AND t.gid IS NULL)",
    },
    Rule {
        name: "portfolio_member",
        says: "{} is a member of the portfolio {}, and one of them does not exist",
        sql: "SELECT m.member, m.portfolio FROM portfolio_memberships AS m LEFT JOIN portfolios AS p ON p.gid = m.portfolio
              LEFT JOIN users AS u ON u.gid = m.member LEFT JOIN teams AS t ON t.gid = m.member
              WHERE p.gid IS NULL OR (m.member_type = 'user' AND u.gid IS NULL) OR (m.member_type = 'team' AND t.gid IS NULL)",
    },
    Rule {
        name: "portfolio_item",
        says: "portfolio {} has the item {}, and one of them does not exist or is in another workspace",
        sql: "SELECT i.portfolio, i.item FROM portfolio_items AS i LEFT JOIN portfolios AS o ON o.gid = i.portfolio
              LEFT JOIN projects AS p ON p.gid = i.item LEFT JOIN portfolios AS q ON q.gid = i.item
              WHERE o.gid IS NULL OR coalesce(p.workspace, q.workspace, 0) <> o.workspace",
    },
    Rule {
        name: "status_parent",
        says: "status update {} is about {}, which does not exist",
        sql: "SELECT s.gid, s.parent FROM status_updates AS s LEFT JOIN projects AS p ON p.gid = s.parent LEFT JOIN portfolios AS o ON o.gid = s.parent
              LEFT JOIN goals AS g ON g.gid = s.parent WHERE p.gid IS NULL AND o.gid IS NULL AND g.gid IS NULL",
    },
    Rule {
        name: "brief_project",
        says: "brief {} belongs to the project {}, which does not exist",
        sql: "SELECT b.gid, b.project FROM project_briefs AS b LEFT JOIN projects AS p ON p.gid = b.project WHERE p.gid IS NULL",
    },
    Rule {
        name: "principal_missing",
        says: "{} is not counted as {}, though he is a member of it",
        sql: concat!(
            "SELECT m.who, m.principal FROM (",
            wanted_principals!(),
            r#") AS m LEFT JOIN principals AS a ON a."user" = m.who AND a.principal = m.principal WHERE a.principal IS NULL"#
        ),
    },
    Rule {
        name: "principal_self",
        says: "{} is not counted as himself",
        sql: r#"SELECT u.gid FROM users AS u LEFT JOIN principals AS a ON a."user" = u.gid AND a.principal = u.gid
              WHERE a.principal IS NULL AND EXISTS (SELECT 1 FROM workspace_memberships AS wm WHERE wm."user" = u.gid AND wm.is_active = 1)"#,
    },
    Rule {
        name: "principal_wrong",
        says: "{} is counted as {}, though he is not a member of it",
        sql: concat!(
            r#"SELECT a."user", a.principal FROM principals AS a LEFT JOIN ("#,
            wanted_principals!(),
            r#") AS m ON m.who = a."user" AND m.principal = a.principal WHERE m.who IS NULL AND a.principal <> a."user""#
        ),
    },
    Rule {
        name: "grant_missing",
        says: "on project {}, {} does not have the grant that its members and privacy give",
        sql: concat!(
            "SELECT w.object, w.principal FROM (",
            wanted_grants!(),
            ") AS w LEFT JOIN grants AS g ON g.object = w.object AND g.principal = w.principal AND g.level = w.level WHERE g.object IS NULL"
        ),
    },
    Rule {
        name: "grant_wrong",
        says: "on project {}, {} has a grant that its members and privacy do not give",
        sql: concat!(
            "SELECT g.object, g.principal FROM grants AS g JOIN projects AS o ON o.gid = g.object LEFT JOIN (",
            wanted_grants!(),
            ") AS w ON w.object = g.object AND w.principal = g.principal AND w.level = g.level WHERE w.object IS NULL"
        ),
    },
    // A goal that was somebody's alone when he left stays his, without a grant until he comes back.
    Rule {
        name: "goal_grant_missing",
        says: "on goal {}, {} does not have the grant that its members, owner, team and privacy give",
        sql: concat!(
            "SELECT w.object, w.principal FROM (",
            wanted_goal_grants!(),
            r#") AS w LEFT JOIN grants AS g ON g.object = w.object AND g.principal = w.principal AND g.level = w.level
              WHERE g.object IS NULL AND NOT EXISTS (SELECT 1 FROM goals AS o JOIN workspace_memberships AS wm ON wm.workspace = o.workspace
                WHERE o.gid = w.object AND wm."user" = w.principal AND wm.is_active = 0)"#
        ),
    },
    Rule {
        name: "goal_grant_wrong",
        says: "on goal {}, {} has a grant that its members, owner, team and privacy do not give",
        sql: concat!(
            "SELECT g.object, g.principal FROM grants AS g JOIN goals AS o ON o.gid = g.object LEFT JOIN (",
            wanted_goal_grants!(),
            ") AS w ON w.object = g.object AND w.principal = g.principal AND w.level = g.level WHERE w.object IS NULL"
        ),
    },
    Rule {
        name: "goal_support",
        says: "goal {} is supported by {}, which does not exist",
        sql: "SELECT r.supported_goal, r.supporting_resource FROM goal_relationships AS r
              LEFT JOIN goals AS g ON g.gid = r.supporting_resource LEFT JOIN projects AS p ON p.gid = r.supporting_resource
              LEFT JOIN tasks AS t ON t.gid = r.supporting_resource LEFT JOIN portfolios AS f ON f.gid = r.supporting_resource
              LEFT JOIN goals AS o ON o.gid = r.supported_goal
              WHERE o.gid IS NULL OR (g.gid IS NULL AND p.gid IS NULL AND t.gid IS NULL AND f.gid IS NULL)",
    },
    Rule {
        name: "goal_cycle",
        says: "goal {} supports itself",
        sql: "WITH RECURSIVE below(start, gid) AS (
                SELECT r.supported_goal, r.supporting_resource FROM goal_relationships AS r WHERE r.supporting_type = 'goal'
                UNION SELECT below.start, r.supporting_resource FROM below
                  JOIN goal_relationships AS r ON r.supported_goal = below.gid AND r.supporting_type = 'goal')
              SELECT below.start FROM below WHERE below.start = below.gid",
    },
    Rule {
        name: "goal_time_period",
        says: "goal {} is to be reached in {}, which is not a time period of its workspace",
        sql: "SELECT g.gid, g.time_period FROM goals AS g LEFT JOIN time_periods AS p ON p.gid = g.time_period AND p.workspace = g.workspace
              WHERE g.time_period IS NOT NULL AND p.gid IS NULL",
    },
    Rule {
        name: "time_task",
        says: "the time entry {} is on the task {}, which does not exist",
        sql: "SELECT e.gid, e.task FROM time_tracking_entries AS e LEFT JOIN tasks AS t ON t.gid = e.task WHERE t.gid IS NULL",
    },
    // As for goals: one that was somebody's alone when he left has no grant until he comes back.
    Rule {
        name: "portfolio_grant_missing",
        says: "on portfolio {}, {} does not have the grant that its members, owner and privacy give",
        sql: concat!(
            "SELECT w.object, w.principal FROM (",
            wanted_portfolio_grants!(),
            r#") AS w LEFT JOIN grants AS g ON g.object = w.object AND g.principal = w.principal AND g.level = w.level
              WHERE g.object IS NULL AND NOT EXISTS (SELECT 1 FROM portfolios AS o JOIN workspace_memberships AS wm ON wm.workspace = o.workspace
                WHERE o.gid = w.object AND wm."user" = w.principal AND wm.is_active = 0)"#
        ),
    },
    Rule {
        name: "portfolio_grant_wrong",
        says: "on portfolio {}, {} has a grant that its members, owner and privacy do not give",
        sql: concat!(
            "SELECT g.object, g.principal FROM grants AS g JOIN portfolios AS o ON o.gid = g.object LEFT JOIN (",
            wanted_portfolio_grants!(),
            ") AS w ON w.object = g.object AND w.principal = g.principal AND w.level = g.level WHERE w.object IS NULL"
        ),
    },
    Rule {
        name: "copy_job",
        says: "the copy of {} belongs to the job {}, which is done or does not exist",
        sql: "SELECT c.original, c.job FROM copies AS c LEFT JOIN jobs AS j ON j.gid = c.job WHERE j.gid IS NULL OR j.finished_at IS NOT NULL",
    },
    Rule {
        name: "template_content",
        says: "the template {} is whole, but {}, which holds what is in it, does not exist",
        sql: "SELECT t.gid, t.project FROM project_templates AS t LEFT JOIN projects AS p ON p.gid = t.project AND p.deleted = t.gid
              WHERE t.is_ready = 1 AND t.deleted IS NULL AND p.gid IS NULL
              UNION ALL SELECT k.gid, k.task FROM task_templates AS k LEFT JOIN tasks AS x ON x.gid = k.task AND x.deleted = k.gid
              WHERE k.is_ready = 1 AND k.deleted IS NULL AND x.gid IS NULL",
    },
    Rule {
        name: "task_deleted",
        says: "task {} is marked with {}, which is neither a deletion nor a template",
        sql: "SELECT t.gid, t.deleted FROM tasks AS t LEFT JOIN deletions AS d ON d.gid = t.deleted LEFT JOIN project_templates AS p ON p.gid = t.deleted
              LEFT JOIN task_templates AS k ON k.gid = t.deleted WHERE t.deleted IS NOT NULL AND d.gid IS NULL AND p.gid IS NULL AND k.gid IS NULL",
    },
    Rule {
        name: "event_scope",
        says: "scope {} leads to the event {}, which does not exist",
        sql: "SELECT s.scope, s.event FROM event_scopes AS s LEFT JOIN events AS e ON e.txid = s.txid AND e.gid = s.event WHERE e.gid IS NULL",
    },
];

/// What is live and was made within a day tells of it in the event log; older events may be gone.
const TOLD: &str = "SELECT t.gid FROM tasks AS t WHERE t.deleted IS NULL AND t.created_at > ?
    AND EXISTS (SELECT 1 FROM events AS n WHERE n.at > ?)
    AND NOT EXISTS (SELECT 1 FROM event_scopes AS s JOIN events AS e ON e.txid = s.txid AND e.gid = s.event
                    WHERE s.scope = t.gid AND e.resource = t.gid AND e.action = 'added')";

/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Runs every check on one snapshot; what it gives is empty if all is well.
///
/// Errors: those of the database.
pub(crate) fn run(store: &Store, now: i64) -> Result<Vec<Finding>> {
    store.read_blocking(move |tx| findings(tx, now)).context("the check could not be finished")
}

fn findings(tx: &mut Tx<'_>, now: i64) -> Result<Vec<Finding>, Error> {
    let mut all = Vec::new();
    all.extend(integrity(tx)?);
    for rule in RULES {
        all.extend(broken(tx, rule, &[])?);
    }
    let told =
        Rule { name: "event_missing", says: "nothing tells that task {} was made", sql: TOLD };
    all.extend(broken(tx, &told, params![now - DAY, now - DAY])?);
    Ok(all)
}

/// The rows that break a rule.
fn broken(tx: &mut Tx<'_>, rule: &Rule, params: &[store::Value]) -> Result<Option<Finding>, Error> {
    let mut count = 0;
    let mut lines = Vec::new();
    let columns = rule.says.matches("{}").count();
    tx.query(rule.sql, params, |row| {
        count += 1;
        if lines.len() < SHOWN {
            let mut line = rule.says.to_owned();
            for place in 0..columns {
                let gid: Option<i64> = row.get(place)?;
                line = line.replacen("{}", &gid.unwrap_or_default().to_string(), 1);
            }
            lines.push(line);
        }
        Ok(())
    })?;
    Ok((count > 0).then_some(Finding { rule: rule.name, count, lines }))
}

/// Whether the database can read all that it stores.
fn integrity(tx: &mut Tx<'_>) -> Result<Option<Finding>, Error> {
    let lines: Vec<String> = match tx.dialect() {
        Dialect::Sqlite => tx
            .query("PRAGMA integrity_check", &[], |row| row.get::<String>(0))?
            .into_iter()
            .filter(|line| line != "ok")
            .collect(),
        Dialect::Postgres => {
            // Reading every row finds a page that fails its checksum; the error then names it.
            let tables = tx.query(
                "SELECT CAST(c.relname AS TEXT) FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = current_schema())",
                &[],
                |row| row.get::<String>(0),
            )?;
            for table in tables {
                tx.execute(
                    &format!("SELECT count(*), max(length(CAST(t AS TEXT))) FROM {table} AS t"),
                    &[],
                )?;
            }
            Vec::new()
        }
    };
    let count = lines.len();
    Ok((count > 0).then_some(Finding { rule: "integrity", count, lines }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Config;
    use store::testing::{postgres, postgres_config, sqlite_dir};

    fn rules(store: &Store) -> Vec<&'static str> {
        run(store, DAY * 20_000).unwrap().iter().map(|finding| finding.rule).collect()
    }

    /// What is wrong is found, on both databases, and nothing else.
    #[test]
    fn what_is_wrong_is_found() {
        let directory = sqlite_dir();
        let configs: [Config; 2] =
            [directory.config(), postgres_config(&postgres().fresh_database())];
        for config in configs {
            let store = Store::open(config).unwrap();
            assert!(rules(&store).is_empty());

            let bad = [
                (
                    "INSERT INTO stories (gid, workspace, target, resource_subtype, created_at, is_pinned, is_edited, source, details) VALUES (1, 1, 2, 'comment_added', 0, 0, 0, 'api', '{}')",
                    "story_target",
                ),
                (
                    "INSERT INTO workspaces (gid, name, is_organization, email_domains, created_at) VALUES (1, 'Acme', 0, '', 0)",
                    "",
                ),
                (
                    "INSERT INTO users (gid, name, name_key, email, created_at) VALUES (3, 'Ada', 'ada', 'ada@acme.example', 0)",
                    "",
                ),
                (
                    r#"INSERT INTO workspace_memberships (gid, workspace, "user", role, is_active, created_at) VALUES (4, 1, 3, 'member', 1, 0)"#,
                    "principal_missing",
                ),
                (r#"INSERT INTO principals ("user", principal) VALUES (3, 99)"#, "principal_wrong"),
                (
                    "INSERT INTO projects (gid, workspace, name, name_key, archived, default_view, privacy_setting, default_access_level, minimum_access_level_for_customization, minimum_access_level_for_sharing, completed, created_at, modified_at) VALUES (5, 1, 'P', 'p', 0, 'list', 'public_to_workspace', 'editor', 'editor', 'editor', 0, 0, 0)",
                    "grant_missing",
                ),
                ("INSERT INTO grants (object, principal, level) VALUES (5, 3, 4)", "grant_wrong"),
                (
                    "INSERT INTO tasks (gid, workspace, name, resource_subtype, assignee, assignee_status, completed, parent, created_at, modified_at) VALUES (6, 1, 'T', 'default_task', 3, 'inbox', 1, 77, 0, 0)",
                    "task_parent",
                ),
                (
                    "INSERT INTO task_projects (task, project, workspace, section, position, added_at) VALUES (6, 5, 1, 78, 'a0', 0)",
                    "task_section",
                ),
                ("INSERT INTO event_scopes (scope, event) VALUES (6, 79)", "event_scope"),
            ];
            for (sql, rule) in bad {
                store.write_blocking(move |tx| tx.execute(sql, &[])).unwrap();
                let found = rules(&store);
                assert!(rule.is_empty() || found.contains(&rule), "{rule} is not in {found:?}");
            }
            let found = rules(&store);
            for rule in ["task_completed", "my_tasks_missing", "principal_self", "project_sections"]
            {
                assert!(found.contains(&rule), "{rule} is not in {found:?}");
            }
        }
    }

    #[test]
    fn a_finding_names_the_rows() {
        let directory = sqlite_dir();
        let store = Store::open(directory.config()).unwrap();
        for gid in 1..=30 {
            store
                .write_blocking(move |tx| {
                    tx.execute(
                        "INSERT INTO stories (gid, workspace, target, resource_subtype, created_at, is_pinned, is_edited, source, details) VALUES (?, 1, 2, 'comment_added', 0, 0, 0, 'api', '{}')",
                        params![gid],
                    )
                })
                .unwrap();
        }

        let findings = run(&store, 0).unwrap();

        assert_eq!(findings.len(), 1);
        assert!(findings[0].text().starts_with("story 1 belongs to 2, which does not exist\n"));
        assert!(findings[0].text().ends_with("\n… and 10 more (story_target)"));
        assert_eq!(findings[0].json()["count"], 30);
    }
}
