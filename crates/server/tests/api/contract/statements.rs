//! The SQL: every text is prepared on both databases, lists cost the same whatever their length, and no plan reads a big table
//! from end to end.

use super::operations::CASES;
use super::scene::{allocation, entry, goal_of_ada, insert, scene, supports, task};
use super::{Complaints, operation, send};
use crate::kit::{App, on_both};
use engine::Template;
use engine::template::SIGHTS;
use model::Gid;
use server::access;
use store::{Dialect, Tx, params};

/// Tables that grow without bounds, which no request may read from end to end.
const BIG: [&str; 10] = [
    "tasks",
    "task_projects",
    "task_followers",
    "task_tags",
    "stories",
    "attachments",
    "events",
    "texts",
    "user_task_list_items",
    "time_tracking_entries",
];

/// The plan of a statement, a line for each step.
fn plan(app: &App, sql: &str, values: Vec<store::Value>) -> Result<Vec<String>, store::Error> {
    let explain = match app.server.store.dialect() {
        Dialect::Sqlite => format!("EXPLAIN QUERY PLAN {sql}"),
        Dialect::Postgres => format!("EXPLAIN {sql}"),
    };
    let column = match app.server.store.dialect() {
        Dialect::Sqlite => 3,
        Dialect::Postgres => 0,
    };
    app.server
        .store
        .read_blocking(move |tx| tx.query(&explain, &values, |row| row.get::<String>(column)))
}

/// Every static text with its name: the queries of the registry and the rules, for each sight.
fn texts(app: &App) -> Vec<(String, Template)> {
    let mut all = Vec::new();
    for info in app.server.registry.all() {
        for sight in SIGHTS {
            for template in info.statements(sight) {
                all.push((format!("{} {sight:?}", info.name), template.clone()));
            }
            let select = |condition: &str| {
                Template::new(
                    &format!(
                        "SELECT t.gid FROM :ids AS i JOIN {} AS t ON t.gid = i.value WHERE {condition}",
                        info.table
                    ),
                    &|_, _| String::new(),
                )
            };
            let name = |form: &str| format!("{} {form} {sight:?}", info.name);
            all.push((name("see"), select(&access::see(info.name, "t", sight))));
            let level = access::level(info.name, "t", sight);
            all.push((name("level"), select(&format!("({level}) > 0"))));
        }
    }
    all
}

#[test]
fn every_statement_runs_on_both_databases() {
    on_both(|app| {
        let mut wrong = Complaints::default();

        for (name, template) in texts(app) {
            let values = template.params(Gid::new(201), &[903, 904]);
            if let Err(error) = plan(app, template.sql(), values) {
                wrong.0.push(format!("{name}: {error}\n    {}", template.sql()));
            }
        }

        wrong.none();
    });
}

#[test]
fn no_statement_reads_a_big_table_from_end_to_end() {
    let app = App::sqlite();
    let mut wrong = Complaints::default();

    for (name, template) in texts(&app) {
        let values = template.params(Gid::new(201), &[903, 904]);
        let steps = plan(&app, template.sql(), values).unwrap_or_default();
        let sql = template.sql();
        for step in steps.iter().filter(|step| scans(sql, step)) {
            wrong.0.push(format!("{name}: {step}\n    {}", template.sql()));
        }
    }

    wrong.none();
}

/// Whether a step of SQLite's plan reads a whole big table: `SCAN alias`, with or without an index.
fn scans(sql: &str, step: &str) -> bool {
    let Some(alias) = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()) else {
        return false;
    };
    BIG.iter().any(|table| *table == alias || sql.contains(&format!(" {table} AS {alias} ")))
}

/// Fills every container of the scene up to `rows` of each kind. Called with growing numbers.
fn grow(app: &App, from: i64, rows: i64) {
    app.transaction(move |tx: &mut Tx<'_>| {
        const NOW: i64 = 1_767_225_600_000;
        for n in from..rows {
            let at = format!("b{n:04}");
            let base = 100_000 + n * 20;
            let [project, section, work, sub, story, tag, field, file, user, team] =
                [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|kind| base + kind);
            insert(tx, "users", "gid, name, name_key, email, created_at", params![user, format!("U{n}"), format!("u{n}"), format!("u{n}@acme.example"), NOW])?;
            insert(tx, "workspace_memberships", r#"gid, workspace, "user", role, is_active, created_at"#, params![base + 10, 101, user, "member", 1, NOW])?;
            for principal in [user, 101, 301] {
                insert(tx, "principals", r#""user", principal"#, params![user, principal])?;
            }
            insert(tx, "team_memberships", r#"gid, workspace, team, "user", is_guest, is_limited_access, is_admin, created_at"#, params![base + 11, 101, 301, user, 0, 0, 0, NOW])?;
            insert(tx, "teams", "gid, workspace, name, name_key, visibility, edit_team_name_or_description_access_level, edit_team_visibility_or_trash_team_access_level, member_invite_management_access_level, guest_invite_management_access_level, join_request_management_access_level, team_member_removal_access_level, team_content_management_access_level, endorsed, created_at", params![team, 101, format!("T{n}"), format!("t{n}"), "public", "all_team_members", "only_team_admins", "all_team_members", "all_team_members", "all_team_members", "only_team_admins", "no_restriction", 0, NOW])?;
            insert(tx, "team_memberships", r#"gid, workspace, team, "user", is_guest, is_limited_access, is_admin, created_at"#, params![base + 12, 101, team, 201, 0, 0, 0, NOW])?;
            insert(tx, "projects", "gid, workspace, team, name, name_key, archived, default_view, privacy_setting, default_access_level, minimum_access_level_for_customization, minimum_access_level_for_sharing, owner, completed, created_at, created_by, modified_at", params![project, 101, 301, format!("P{n}"), format!("p{n}"), 0, "list", "private", "editor", "editor", "admin", 201, 0, NOW, 201, NOW])?;
            insert(tx, "project_memberships", "gid, workspace, project, member, member_type, access_level, created_at", params![base + 13, 101, project, 201, "user", "admin", NOW])?;
            insert(tx, "project_memberships", "gid, workspace, project, member, member_type, access_level, created_at", params![base + 14, 101, 901, user, "user", "editor", NOW])?;
            insert(tx, "grants", "object, principal, level", params![project, 201, 4])?;
            insert(tx, "sections", "gid, workspace, container, name, position, created_at", params![section, 101, 901, format!("S{n}"), at, NOW])?;
            task(tx, work, None, 201)?;
            insert(tx, "task_projects", "task, project, workspace, section, position, added_at", params![work, 901, 101, 902, at, NOW])?;
            insert(tx, "task_projects", "task, project, workspace, section, position, added_at", params![903, project, 101, 902, at, NOW])?;
            insert(tx, "task_tags", "task, tag, workspace, position, task_created_at", params![work, 906, 101, at, NOW])?;
            insert(tx, "task_followers", r#"task, "user", workspace, grants, position"#, params![903, user, 101, 1, at])?;
            insert(tx, "task_dependencies", "task, dependency, workspace, position", params![903, work, 101, at])?;
            insert(tx, "user_task_list_items", "task, list, workspace, section, position", params![work, 601, 101, 801, at])?;
            tx.execute("UPDATE tasks SET assignee = 201 WHERE gid = ?", params![work])?;
            task(tx, sub, Some(903), 201)?;
            insert(tx, "task_dependencies", "task, dependency, workspace, position", params![sub, 903, 101, at])?;
            insert(tx, "stories", "gid, workspace, target, resource_subtype, created_at, created_by, is_pinned, is_edited, source, details", params![story, 101, 903, "comment_added", NOW, user, 0, 0, "web", "{}"])?;
            insert(tx, "texts", "object, workspace, html, plain, mentions", params![story, 101, "<body>Hm</body>", "Hm", 0])?;
            insert(tx, "tags", "gid, workspace, name, name_key, notes, created_at, created_by", params![tag, 101, format!("G{n}"), format!("g{n}"), "", NOW, 201])?;
            insert(tx, "task_tags", "task, tag, workspace, position, task_created_at", params![903, tag, 101, at, NOW])?;
            insert(tx, "custom_fields", "gid, workspace, name, name_key, resource_subtype, description, last_id, has_notifications_enabled, privacy_setting, default_access_level, created_at, created_by", params![field, 101, format!("F{n}"), format!("f{n}"), "text", "", 0, 0, "public_with_guests", "editor", NOW, 201])?;
            insert(tx, "custom_field_settings", "gid, workspace, parent, custom_field, is_important, position", params![base + 15, 101, 901, field, 0, at])?;
            insert(tx, "attachments", "gid, workspace, parent, name, resource_subtype, host, url, state, created_at, created_by", params![file, 101, 903, "f", "external", "external", "https://example.com/", "stored", NOW, 201])?;
            let [portfolio, status, text] = [16, 17, 18].map(|kind| 2_000_000 + base + kind);
            insert(tx, "portfolios", "gid, workspace, name, name_key, archived, owner, privacy_setting, default_access_level, created_at, created_by, modified_at", params![portfolio, 101, format!("O{n}"), format!("o{n}"), 0, 201, "members_only", "editor", NOW, 201, NOW])?;
            insert(tx, "grants", "object, principal, level", params![portfolio, 201, 4])?;
            insert(tx, "portfolio_memberships", "gid, workspace, portfolio, member, member_type, access_level, created_at", params![2_000_000 + base + 19, 101, 941, user, "user", "viewer", NOW])?;
            for (item, kind) in [(project, "project"), (portfolio, "portfolio")] {
                insert(tx, "portfolio_items", "portfolio, item, item_type, workspace, position", params![941, item, kind, 101, at])?;
            }
            insert(tx, "custom_field_settings", "gid, workspace, parent, custom_field, is_important, position", params![1_000_000 + base, 101, 941, field, 0, at])?;
            for (gid, parent, kind) in [(status, 901, "project"), (text, portfolio, "portfolio")] {
                insert(tx, "status_updates", "gid, workspace, parent, parent_type, title, status_type, author, created_at, modified_at", params![gid, 101, parent, kind, "S", "at_risk", user, NOW, NOW])?;
            }
            goal_of_ada(tx, base + 16, base + 16, "manual")?;
            insert(tx, "grants", "object, principal, level", params![base + 16, 201, 4])?;
            supports(tx, base + 16, 930, base + 16, "goal", &at)?;
            supports(tx, base + 17, base + 16, 931, "goal", &at)?;
            insert(tx, "time_periods", "gid, workspace, period, start_on, end_on, display_name", params![base + 16, 101, "FY", format!("{}-01-01", 2100 + n), format!("{}-12-31", 2100 + n), "FY"])?;
            insert(tx, "goal_followers", r#"goal, "user", workspace, position"#, params![930, user, 101, at])?;
            entry(tx, base + 18)?;
            allocation(tx, base + 19)?;
            insert(tx, "favorites", r#""user", workspace, resource_type, object, position"#, params![201, 101, "project", project, at])?;
        }
        Ok(())
    });
}

#[test]
fn lists_cost_the_same_whatever_their_length() {
    on_both(|app| {
        scene(app);
        let mut wrong = Complaints::default();
        let count = || -> Vec<(&'static str, u32, usize)> {
            CASES
                .iter()
                .filter(|case| case.ada == 200)
                .filter_map(|case| Some((case, operation(app, case).filter(|o| !o.writes())?)))
                .map(|(case, operation)| {
                    let reply = send(app.as_("ada"), operation, case);
                    let rows = reply.data().as_array().map_or(1, Vec::len);
                    (case.id, reply.statements(), rows)
                })
                .collect()
        };

        grow(app, 0, 1);
        let one = count();
        grow(app, 1, 10);
        let ten = count();
        grow(app, 10, 90);
        let many = count();

        for ((one, ten), many) in one.iter().zip(&ten).zip(&many) {
            wrong.unless(one.1 == ten.1 && ten.1 == many.1, || {
                format!(
                    "{}: {} statements for {} rows, {} for {}, {} for {}",
                    one.0, one.1, one.2, ten.1, ten.2, many.1, many.2
                )
            });
            wrong.unless(many.1 <= 28, || format!("{}: {} statements", many.0, many.1));
        }
        // That the lists did grow.
        for id in [
            "getTasksForProject",
            "getSubtasksForTask",
            "getTagsForTask",
            "getStoriesForTask",
            "getProjects",
            "getPortfolios",
            "getItemsForPortfolio",
            "getStatusesForObject",
            "getPortfolioMembershipsForPortfolio",
            "getGoals",
            "getGoalRelationships",
            "getParentGoalsForGoal",
            "getTimePeriods",
            "getTimeTrackingEntriesForTask",
            "getAllocations",
        ] {
            let rows = many.iter().find(|row| row.0 == id).map_or(100, |row| row.2);
            wrong.unless(rows >= 90, || format!("{id} lists only {rows} rows"));
        }

        wrong.none();
    });
}
