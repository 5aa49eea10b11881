//! One object of each type, put into the world by SQL so that the contract does not depend on what it tests.

use crate::kit::App;
use server::access::grants;
use store::{Tx, Value, params};

/// Midnight of the first of January 2026.
const NOW: i64 = 1_767_225_600_000;

/// A private project of ada's in Acme (901) with a section (902), a task (903) with a subtask (904), a comment (905), a tag
/// (906), an enum field (907) with options (908, 917) and its setting (909), an attachment of the task (910), ada's
/// membership (911); a second one (913) with a section (914), a task (915); a tag on nothing (916). The section 919
/// of the first project is empty; bob is an editor of the second one (921). A session (930) and a second token (932) of ada's, and
/// an invitation (931). A job of ada's (961) that nobody takes up.
pub(crate) fn scene(app: &App) {
    app.transaction(build);
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
    insert(tx, "task_tags", "task, tag, workspace, position", params![903, 906, 101, "a0"])?;
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
    insert(
        tx,
        "sessions",
        r#"gid, "user", hash, user_agent, created_at, last_used_at, expires_at"#,
        params![930, 201, "0".repeat(64), "Browser", NOW, NOW, NOW + 1_000_000_000],
    )?;
    insert(
        tx,
        "tokens",
        r#"gid, "user", name, hash, created_at"#,
        params![932, 201, "script", "0".repeat(64), NOW],
    )?;
    insert(
        tx,
        "invitations",
        "gid, workspace, email, role, teams, projects, hash, invited_by, created_at, expires_at",
        params![
            931,
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
