//! Keeps the derived tables `principals` and `grants`.

use crate::error::Result;
use model::Gid;
use store::{Tx, params};

/// Says whom a user counts as in a workspace: the workspace itself if he is an active full member.
pub fn principal_of_workspace(tx: &mut Tx<'_>, workspace: Gid, user: Gid) -> Result<()> {
    tx.execute(
        r#"DELETE FROM principals WHERE "user" = ? AND principal = ?"#,
        params![user, workspace],
    )?;
    tx.execute(
        r#"INSERT INTO principals ("user", principal) SELECT wm."user", wm.workspace FROM workspace_memberships AS wm WHERE wm.workspace = ? AND wm."user" = ? AND wm.is_active = 1 AND wm.role <> 'guest' ON CONFLICT DO NOTHING"#,
        params![workspace, user],
    )?;
    tx.execute(
        r#"INSERT INTO principals ("user", principal) VALUES (?, ?) ON CONFLICT DO NOTHING"#,
        params![user, user],
    )?;
    Ok(())
}

/// Says whom a user counts as through a team: the team if he is a member of it.
pub fn principal_of_team(tx: &mut Tx<'_>, team: Gid, user: Gid) -> Result<()> {
    tx.execute(
        r#"DELETE FROM principals WHERE "user" = ? AND principal = ?"#,
        params![user, team],
    )?;
    tx.execute(
        r#"INSERT INTO principals ("user", principal) SELECT tm."user", tm.team FROM team_memberships AS tm WHERE tm.team = ? AND tm."user" = ? ON CONFLICT DO NOTHING"#,
        params![team, user],
    )?;
    Ok(())
}

/// Writes a project's grants anew: its members at their level; its team, unless it is private, and all full members, where it is
/// public, at its default level, which is never Admin for them. A project in the trash grants nothing.
pub fn of_project(tx: &mut Tx<'_>, project: Gid) -> Result<()> {
    tx.execute("DELETE FROM grants WHERE object = ?", params![project])?;
    tx.execute(
        "INSERT INTO grants (object, principal, level)
         SELECT p.gid, g.principal, max(g.level) FROM projects AS p JOIN (
           SELECT m.project AS project, m.member AS principal,
             CASE m.access_level WHEN 'admin' THEN 4 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END AS level
           FROM project_memberships AS m WHERE m.project = ?
           UNION ALL SELECT q.gid, q.team, CASE q.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM projects AS q WHERE q.gid = ? AND q.team IS NOT NULL AND q.privacy_setting <> 'private'
           UNION ALL SELECT w.gid, w.workspace, CASE w.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM projects AS w WHERE w.gid = ? AND w.privacy_setting = 'public_to_workspace'
         ) AS g ON g.project = p.gid WHERE p.gid = ? AND p.deleted IS NULL GROUP BY p.gid, g.principal",
        params![project, project, project, project],
    )?;
    Ok(())
}

/// Writes a portfolio's grants anew: its members at their level, its owner as admin, and all full members, where it is public, at
/// its default level, which is never Admin for them. A portfolio in the trash grants nothing.
pub fn of_portfolio(tx: &mut Tx<'_>, portfolio: Gid) -> Result<()> {
    tx.execute("DELETE FROM grants WHERE object = ?", params![portfolio])?;
    tx.execute(
        "INSERT INTO grants (object, principal, level)
         SELECT p.gid, g.principal, max(g.level) FROM portfolios AS p JOIN (
           SELECT m.portfolio AS portfolio, m.member AS principal,
             CASE m.access_level WHEN 'admin' THEN 4 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END AS level
           FROM portfolio_memberships AS m WHERE m.portfolio = ?
           UNION ALL SELECT o.gid, o.owner, 4 FROM portfolios AS o WHERE o.gid = ? AND o.owner IS NOT NULL
           UNION ALL SELECT w.gid, w.workspace, CASE w.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM portfolios AS w WHERE w.gid = ? AND w.privacy_setting = 'public_to_domain'
         ) AS g ON g.portfolio = p.gid WHERE p.gid = ? AND p.deleted IS NULL GROUP BY p.gid, g.principal",
        params![portfolio, portfolio, portfolio, portfolio],
    )?;
    Ok(())
}

/// Writes a goal's grants anew: its members at their level, its owner as admin; its team, and all full members, where it is public,
/// at its default level, which is never Admin for them. A goal in the trash grants nothing.
pub fn of_goal(tx: &mut Tx<'_>, goal: Gid) -> Result<()> {
    tx.execute("DELETE FROM grants WHERE object = ?", params![goal])?;
    tx.execute(
        "INSERT INTO grants (object, principal, level)
         SELECT p.gid, g.principal, max(g.level) FROM goals AS p JOIN (
           SELECT m.goal AS goal, m.member AS principal,
             CASE m.access_level WHEN 'admin' THEN 4 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END AS level
           FROM goal_memberships AS m WHERE m.goal = ?
           UNION ALL SELECT o.gid, o.owner, 4 FROM goals AS o WHERE o.gid = ? AND o.owner IS NOT NULL
           UNION ALL SELECT q.gid, q.team, CASE q.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM goals AS q WHERE q.gid = ? AND q.team IS NOT NULL
           UNION ALL SELECT w.gid, w.workspace, CASE w.default_access_level WHEN 'admin' THEN 3 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
           FROM goals AS w WHERE w.gid = ? AND w.privacy_setting = 'public_to_workspace'
         ) AS g ON g.goal = p.gid WHERE p.gid = ? AND p.deleted IS NULL GROUP BY p.gid, g.principal",
        params![goal, goal, goal, goal, goal],
    )?;
    Ok(())
}

/// Writes a custom field's grants anew: its members at their level. Everybody else reaches it by its rule.
pub fn of_custom_field(tx: &mut Tx<'_>, field: Gid) -> Result<()> {
    tx.execute("DELETE FROM grants WHERE object = ?", params![field])?;
    tx.execute(
        "INSERT INTO grants (object, principal, level)
         SELECT f.gid, m.member, CASE m.access_level WHEN 'admin' THEN 4 WHEN 'editor' THEN 3 ELSE 1 END
         FROM custom_field_memberships AS m JOIN custom_fields AS f ON f.gid = m.custom_field WHERE m.custom_field = ? AND f.deleted IS NULL",
        params![field],
    )?;
    Ok(())
}

/// Writes the grants that a user's own memberships in a workspace give him, and that he owns portfolios and goals; for one who
/// comes back and finds what was his alone.
pub fn of_member(tx: &mut Tx<'_>, workspace: Gid, user: Gid) -> Result<()> {
    for (memberships, column, table) in [
        ("project_memberships", "project", "projects"),
        ("portfolio_memberships", "portfolio", "portfolios"),
        ("goal_memberships", "goal", "goals"),
    ] {
        tx.execute(
            &format!(
                "INSERT INTO grants (object, principal, level)
                 SELECT m.{column}, m.member, CASE m.access_level WHEN 'admin' THEN 4 WHEN 'editor' THEN 3 WHEN 'commenter' THEN 2 ELSE 1 END
                 FROM {memberships} AS m JOIN {table} AS p ON p.gid = m.{column} WHERE m.member = ? AND m.workspace = ? AND p.deleted IS NULL
                 ON CONFLICT (object, principal) DO UPDATE SET level = excluded.level"
            ),
            params![user, workspace],
        )?;
    }
    for table in ["portfolios", "goals"] {
        tx.execute(
            &format!(
                "INSERT INTO grants (object, principal, level)
                 SELECT p.gid, p.owner, 4 FROM {table} AS p WHERE p.owner = ? AND p.workspace = ? AND p.deleted IS NULL
                 ON CONFLICT (object, principal) DO UPDATE SET level = excluded.level"
            ),
            params![user, workspace],
        )?;
    }
    Ok(())
}
