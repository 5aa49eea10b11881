//! One object of each type, put into the world by SQL so that the contract does not depend on what it tests.

use crate::kit::App;
use server::access::grants;
use store::{Tx, Value, params};

/// Midnight of the first of January 2026.
const NOW: i64 = 1_767_225_600_000;

/// A private project of ada's in Acme (901) with a section (902), a task (903) with a subtask (904), a comment (905), a tag
/// (906), an enum field (907) with options (908, 917) and its setting (909), an attachment of the task (910), ada's
/// membership (911); a second one (913) with a section (914), a task (915); a tag on nothing (916). The section 919
/// of the first project is empty; bob is an editor of the second one (921). Ada's goal 930, for members only, follows from its
/// subgoal 931 and is in the time period 941, a part of 940; the project supports it too (932, 933). On the task is an entry of
/// time (942), for the project an allocation (943). A job of ada's (961) that nobody takes up; a public project template (962)
/// with its project (963), and a task template of the first project (964) with its task (965). A session (970) and a second token
/// (972) of hers, and an invitation (971).
/// A webhook of hers on the first project (950) with a delivery (951).
/// An export (967).
/// A rule of the project (952) that waits for requests (953), with a run (954).
pub(crate) fn scene(app: &App) {
    app.transaction(build);
    app.transaction(portfolios);
    app.transaction(rules);
}

fn rules(tx: &mut Tx<'_>) -> server::Result<()> {
    insert(
        tx,
        "rules",
        "gid, workspace, project, name, enabled, match_mode, trigger_gid, trigger_type, trigger_spec, conditions, actions, owner, armed_at, created_at, created_by, modified_at",
        params![
            952,
            101,
            901,
            "Plan at once",
            1,
            "all",
            953,
            "incoming_web_request",
            r#"{"type":"incoming_web_request"}"#,
            "[]",
            r#"[{"type":"add_tag","tag":"916"}]"#,
            201,
            NOW,
            NOW,
            201,
            NOW
        ],
    )?;
    insert(
        tx,
        "rule_runs",
        "gid, workspace, rule, source, task, outcome, depth, started_at, duration_ms",
        params![954, 101, 952, "request 1", 903, "succeeded", 1, NOW, 3],
    )
}

/// A private portfolio of ada's (941) with her membership (942) and bob's as an editor (943), the project 901 as its item and
/// the enum field in use (944); another one (948) with nothing in it. A status of the project (945) and of the portfolio (946),
/// and the project's brief (947).
fn portfolios(tx: &mut Tx<'_>) -> server::Result<()> {
    for (portfolio, name) in [(941, "Plans"), (948, "More Plans")] {
        insert(
            tx,
            "portfolios",
            "gid, workspace, name, name_key, archived, owner, privacy_setting, default_access_level, created_at, created_by, modified_at",
            params![
                portfolio,
                101,
                name,
                name.to_lowercase(),
                0,
                201,
                "members_only",
                "editor",
                NOW,
                201,
                NOW
            ],
        )?;
    }
    for (membership, member, level) in [(942, 201, "admin"), (943, 202, "editor")] {
        insert(
            tx,
            "portfolio_memberships",
            "gid, workspace, portfolio, member, member_type, access_level, created_at",
            params![membership, 101, 941, member, "user", level, NOW],
        )?;
    }
    for portfolio in [941, 948] {
        grants::of_portfolio(tx, model::Gid::new(portfolio))?;
    }
    insert(
        tx,
        "portfolio_items",
        "portfolio, item, item_type, workspace, position",
        params![941, 901, "project", 101, "a0"],
    )?;
    insert(
        tx,
        "custom_field_settings",
        "gid, workspace, parent, custom_field, is_important, position",
        params![944, 101, 941, 907, 0, "a0"],
    )?;
    for (status, parent, kind) in [(945, 901, "project"), (946, 941, "portfolio")] {
        insert(
            tx,
            "status_updates",
            "gid, workspace, parent, parent_type, title, status_type, author, created_at, modified_at",
            params![status, 101, parent, kind, "Plan in January", "on_track", 201, NOW, NOW],
        )?;
    }
    insert(
        tx,
        "project_briefs",
        "gid, workspace, project, title, created_at, created_by, modified_at",
        params![947, 101, 901, "The Plan", NOW, 201, NOW],
    )
}

fn build(tx: &mut Tx<'_>) -> server::Result<()> {
    for (project, section, work, membership, name) in
        [(901, 902, 903, 911, "Plan"), (913, 914, 915, 918, "Other")]
    {
        insert(
            tx,
            "projects",
            "gid, workspace, team, name, name_key, archived, default_view, privacy_setting, default_access_level, minimum_access_level_for_customization, minimum_access_level_for_sharing, owner, completed, created_at, created_by, modified_at",
            params![
                project,
                101,
                301,
                name,
                name.to_lowercase(),
                0,
                "list",
                "private",
                "editor",
                "editor",
                "admin",
                201,
                0,
                NOW,
                201,
                NOW
            ],
        )?;
        insert(
            tx,
            "project_memberships",
            "gid, workspace, project, member, member_type, access_level, created_at",
            params![membership, 101, project, 201, "user", "admin", NOW],
        )?;
        insert(
            tx,
            "sections",
            "gid, workspace, container, name, position, created_at",
            params![section, 101, project, "Untitled section", "a0", NOW],
        )?;
        task(tx, work, None, 201)?;
        insert(
            tx,
            "task_projects",
            "task, project, workspace, section, position, added_at",
            params![work, project, 101, section, "a0", NOW],
        )?;
        grants::of_project(tx, model::Gid::new(project))?;
    }
    insert(
        tx,
        "project_memberships",
        "gid, workspace, project, member, member_type, access_level, created_at",
        params![921, 101, 913, 202, "user", "editor", NOW],
    )?;
    grants::of_project(tx, model::Gid::new(913))?;
    insert(
        tx,
        "sections",
        "gid, workspace, container, name, position, created_at",
        params![919, 101, 901, "Empty", "a1", NOW],
    )?;
    task(tx, 904, Some(903), 201)?;
    insert(
        tx,
        "stories",
        "gid, workspace, target, resource_subtype, created_at, created_by, is_pinned, is_edited, source, details",
        params![905, 101, 903, "comment_added", NOW, 201, 0, 0, "web", "{}"],
    )?;
    insert(
        tx,
        "texts",
        "object, workspace, html, plain, mentions",
        params![905, 101, "<body>Done?</body>", "Done?", 0],
    )?;
    for (tag, name) in [(906, "urgent"), (916, "later")] {
        insert(
            tx,
            "tags",
            "gid, workspace, name, name_key, notes, created_at, created_by",
            params![tag, 101, name, name, "", NOW, 201],
        )?;
    }
    insert(
        tx,
        "task_tags",
        "task, tag, workspace, position, task_created_at",
        params![903, 906, 101, "a0", NOW],
    )?;
    insert(
        tx,
        "task_followers",
        r#"task, "user", workspace, grants, position"#,
        params![903, 201, 101, 1, "a0"],
    )?;
    insert(
        tx,
        "custom_fields",
        "gid, workspace, name, name_key, resource_subtype, description, last_id, has_notifications_enabled, privacy_setting, default_access_level, created_at, created_by",
        params![
            907,
            101,
            "Priority",
            "priority",
            "enum",
            "",
            0,
            0,
            "public_with_guests",
            "editor",
            NOW,
            201
        ],
    )?;
    for (option, name, position) in [(908, "High", "a0"), (917, "Low", "a1")] {
        insert(
            tx,
            "enum_options",
            "gid, workspace, custom_field, name, name_key, enabled, color, position",
            params![option, 101, 907, name, name.to_lowercase(), 1, "none", position],
        )?;
    }
    insert(
        tx,
        "custom_field_settings",
        "gid, workspace, parent, custom_field, is_important, position",
        params![909, 101, 901, 907, 0, "a0"],
    )?;
    goals(tx)?;
    time(tx)?;
    webhook(tx)?;
    insert(
        tx,
        "calendar_feeds",
        r#"gid, workspace, "user", resource_type, object, hash, created_at"#,
        params![931, 101, 201, "project", 901, "none", NOW],
    )?;
    insert(
        tx,
        "notifications",
        r#"gid, workspace, "user", kind, cause, part, resource, resource_type, actor, story, created_at, day, is_read, is_archived, is_bookmarked, in_app, mail"#,
        params![
            991,
            101,
            201,
            "commented",
            905,
            0,
            903,
            "task",
            202,
            905,
            NOW,
            "2026-01-01",
            0,
            0,
            0,
            1,
            ""
        ],
    )?;
    insert(
        tx,
        "sessions",
        r#"gid, "user", hash, user_agent, created_at, last_used_at, expires_at"#,
        params![970, 201, "0".repeat(64), "Browser", NOW, NOW, NOW + 1_000_000_000],
    )?;
    insert(
        tx,
        "tokens",
        r#"gid, "user", name, hash, created_at"#,
        params![972, 201, "script", "0".repeat(64), NOW],
    )?;
    insert(
        tx,
        "invitations",
        "gid, workspace, email, role, teams, projects, hash, invited_by, created_at, expires_at",
        params![
            971,
            101,
            "zoe@acme.example",
            "member",
            "[301]",
            "[901]",
            "0".repeat(64),
            201,
            NOW,
            NOW + 1_000_000_000
        ],
    )?;
    insert(
        tx,
        "attachments",
        "gid, workspace, parent, name, resource_subtype, host, url, state, created_at, created_by",
        params![
            910,
            101,
            903,
            "plan.html",
            "external",
            "external",
            "https://example.com/plan.html",
            "stored",
            NOW,
            201
        ],
    )?;
    insert(
        tx,
        "organization_exports",
        "gid, workspace, state, storage_key, files_key, size, sha256, files_size, created_at, created_by",
        params![967, 101, "finished", "e1", "e2", 10, "0".repeat(64), 1_024, NOW, 201],
    )?;
    insert(
        tx,
        "jobs",
        "gid, workspace, kind, status, state, result_type, result, rows_done, attempts, due_at, is_cancelled, request_id, created_at, created_by",
        params![
            961,
            101,
            "duplicate_project",
            "not_started",
            "{}",
            "project",
            901,
            0,
            0,
            i64::MAX,
            0,
            "",
            NOW,
            201
        ],
    )?;
    insert(
        tx,
        "projects",
        "gid, workspace, team, name, name_key, archived, default_view, privacy_setting, default_access_level, minimum_access_level_for_customization, minimum_access_level_for_sharing, owner, completed, created_at, created_by, modified_at, deleted",
        params![
            963, 101, 301, "Inside", "inside", 0, "list", "private", "editor", "editor", "admin",
            201, 0, NOW, 201, NOW, 962
        ],
    )?;
    insert(
        tx,
        "project_templates",
        "gid, workspace, team, project, name, name_key, is_public, is_ready, owner, start_on, created_at",
        params![962, 101, 301, 963, "Plan template", "plan template", 1, 1, 201, "2026-01-05", NOW],
    )?;
    insert(
        tx,
        "template_roles",
        r#"gid, workspace, template, "user""#,
        params![966, 101, 962, 201],
    )?;
    task(tx, 965, None, 201)?;
    tx.execute("UPDATE tasks SET deleted = 964 WHERE gid = 965", &[])?;
    insert(
        tx,
        "task_templates",
        "gid, workspace, project, task, name, is_ready, from_on, created_at, created_by",
        params![964, 101, 901, 965, "Plan task", 1, "2026-01-01", NOW, 201],
    )
}

fn goals(tx: &mut Tx<'_>) -> server::Result<()> {
    for (gid, parent, period, start, end) in [
        (940, None, "FY", "2026-01-01", "2026-12-31"),
        (941, Some(940), "H1", "2026-01-01", "2026-06-30"),
    ] {
        insert(
            tx,
            "time_periods",
            "gid, workspace, parent, period, start_on, end_on, display_name",
            params![gid, 101, parent, period, start, end, format!("{period} FY26")],
        )?;
    }
    for (goal, membership, source) in [(930, 944, "subgoal_progress"), (931, 945, "manual")] {
        goal_of_ada(tx, goal, membership, source)?;
        grants::of_goal(tx, model::Gid::new(goal))?;
    }
    for (gid, resource, kind, position) in [(932, 931, "goal", "a0"), (933, 901, "project", "a1")] {
        supports(tx, gid, 930, resource, kind, position)?;
    }
    insert(
        tx,
        "goal_followers",
        r#"goal, "user", workspace, position"#,
        params![930, 201, 101, "a0"],
    )?;
    insert(
        tx,
        "texts",
        "object, workspace, html, plain, mentions",
        params![930, 101, "<body>Plan more</body>", "Plan more", 0],
    )
}

/// A goal of ada's for members only, which measures something.
pub(crate) fn goal_of_ada(
    tx: &mut Tx<'_>,
    gid: i64,
    membership: i64,
    source: &str,
) -> server::Result<()> {
    insert(
        tx,
        "goals",
        "gid, workspace, is_workspace_level, name, name_key, owner, time_period, privacy_setting, default_access_level, created_at, created_by, modified_at",
        params![
            gid,
            101,
            1,
            format!("Plan {gid}"),
            format!("plan {gid}"),
            201,
            941,
            "members_only",
            "commenter",
            NOW,
            201,
            NOW
        ],
    )?;
    insert(
        tx,
        "goal_memberships",
        "gid, workspace, goal, member, member_type, access_level, created_at",
        params![membership, 101, gid, 201, "user", "admin", NOW],
    )?;
    insert(
        tx,
        "goal_metrics",
        "gid, goal, workspace, progress_source, is_custom_weight, unit, precision, initial_value, target_value, current_value, created_by, created_at",
        params![gid + 1_000_000, gid, 101, source, 0, "none", 0, 0.0, 10.0, 5.0, 201, NOW],
    )
}

/// Lets something support a goal.
pub(crate) fn supports(
    tx: &mut Tx<'_>,
    gid: i64,
    goal: i64,
    resource: i64,
    kind: &str,
    position: &str,
) -> server::Result<()> {
    insert(
        tx,
        "goal_relationships",
        "gid, workspace, supported_goal, supporting_resource, supporting_type, contribution_weight, position, created_at",
        params![gid, 101, goal, resource, kind, 1.0, position, NOW],
    )
}

fn time(tx: &mut Tx<'_>) -> server::Result<()> {
    entry(tx, 942)?;
    allocation(tx, 943)
}

/// An hour of ada's on the task 903.
pub(crate) fn entry(tx: &mut Tx<'_>, gid: i64) -> server::Result<()> {
    insert(
        tx,
        "time_tracking_entries",
        "gid, workspace, task, duration_minutes, entered_on, attributable_to, billable_status, approval_status, description, created_at, created_by",
        params![gid, 101, 903, 60, "2026-01-01", 901, "billable", "DRAFT", "Plan", NOW, 201],
    )
}

/// Half of ada's time for the project 901.
pub(crate) fn allocation(tx: &mut Tx<'_>, gid: i64) -> server::Result<()> {
    insert(
        tx,
        "allocations",
        "gid, workspace, parent, assignee, start_date, end_date, effort_type, effort_value, created_at, created_by",
        params![gid, 101, 901, 201, "2026-01-01", "2026-01-31", "percent", 50.0, NOW, 201],
    )
}

/// A task of `creator` without home and assignee.
pub(crate) fn task(
    tx: &mut Tx<'_>,
    gid: i64,
    parent: Option<i64>,
    creator: i64,
) -> server::Result<()> {
    insert(
        tx,
        "tasks",
        "gid, workspace, name, resource_subtype, assignee_status, completed, parent, parent_position, created_at, created_by, modified_at",
        params![
            gid,
            101,
            format!("Task {gid}"),
            "default_task",
            "inbox",
            0,
            parent,
            parent.map(|_| "a0".to_owned()),
            NOW,
            creator,
            NOW
        ],
    )
}

/// Adds a row.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    table: &str,
    columns: &str,
    values: &[Value],
) -> server::Result<()> {
    let marks = vec!["?"; values.len()].join(", ");
    Ok(tx.later(&format!("INSERT INTO {table} ({columns}) VALUES ({marks})"), values.to_vec())?)
}

fn webhook(tx: &mut Tx<'_>) -> server::Result<()> {
    insert(
        tx,
        "webhooks",
        "gid, workspace, resource, resource_type, target, target_hash, secret, filters, state, created_at, created_by, start_txid, start_gid, delivery_retry_count, heartbeat_at, due_at, holder, leased_until",
        params![
            950,
            101,
            901,
            "project",
            "https://example.com/hook",
            "",
            "",
            r#"[{"resource_type":"task","resource_subtype":null,"action":"changed","fields":["name"]}]"#,
            "live",
            NOW,
            201,
            0,
            0,
            0,
            NOW,
            NOW,
            "",
            0
        ],
    )?;
    insert(
        tx,
        "webhook_deliveries",
        "gid, workspace, webhook, created_at, num_events, body, state, attempts",
        params![951, 101, 950, NOW, 0, r#"{"events":[]}"#, "delivered", 1],
    )
}
