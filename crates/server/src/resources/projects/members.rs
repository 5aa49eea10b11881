//! Who is in a project, at which level, and who follows it.
//!
//! Members are users and teams. Followers are members who are told of new tasks. What is granted follows from the members, so
//! every change ends by writing the project's grants anew.

use crate::access::grants;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::project_memberships::ProjectMembership;
use crate::resources::projects::Project;
use crate::resources::users::User;
use crate::resources::workspace_memberships::require_in_workspace;
use engine::reader::ids_of;
use engine::record::select_list;
use model::AccessLevelName;

/// The operations on members and followers, in the order of the API reference.
pub(super) fn operations(api: &mut Operations) {
    let list = "Users: an array or a comma list.";
    api.add(
        "POST",
        "addMembersForProject",
        "/projects/{project_gid}/addMembers",
        "Makes users members of a project, at the project's default level.",
        Input::Fields,
        Output::One(Project::TYPE),
        add_members,
    )
    .required_field("members", JsonType::Objects, list);
    api.add(
        "POST",
        "removeMembersForProject",
        "/projects/{project_gid}/removeMembers",
        "Takes users out of a project; they follow it no longer.",
        Input::Fields,
        Output::One(Project::TYPE),
        remove_members,
    )
    .required_field("members", JsonType::Objects, list);
    api.add(
        "POST",
        "addFollowersForProject",
        "/projects/{project_gid}/addFollowers",
        "Makes users followers of a project, and members if they are not.",
        Input::Fields,
        Output::One(Project::TYPE),
        add_followers,
    )
    .required_field("followers", JsonType::Objects, list);
    api.add(
        "POST",
        "removeFollowersForProject",
        "/projects/{project_gid}/removeFollowers",
        "Makes users follow a project no longer; they stay members.",
        Input::Fields,
        Output::One(Project::TYPE),
        remove_followers,
    )
    .required_field("followers", JsonType::Objects, list);
}

/// Adds a user or team at a level; whoever is a member already stays as he is. Records the change for the event.
pub fn add(
    cx: &mut Context<'_, '_>,
    project: &Project,
    member: Gid,
    member_type: &'static str,
    access_level: &str,
) -> Result<()> {
    add_all(cx, project, &[member], member_type, access_level)
}

/// Adds users or teams at a level, as [`add`].
pub fn add_all(
    cx: &mut Context<'_, '_>,
    project: &Project,
    members: &[Gid],
    member_type: &'static str,
    access_level: &str,
) -> Result<()> {
    project.lock(cx)?;
    let known = memberships(cx, project, members)?;
    let fresh: Vec<Gid> = members
        .iter()
        .copied()
        .filter(|member| known.iter().all(|row| row.member != *member))
        .collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let rows = insert(cx, project, &fresh, member_type, access_level)?;
    if member_type == User::TYPE {
        cx.met(project.workspace, &fresh);
    }
    let scopes = project.scopes(cx)?;
    for row in &rows {
        let mut event = Event::added(ProjectMembership::TYPE, row);
        event.scopes.extend_from_slice(&scopes);
        cx.emit(event);
    }
    let changes =
        fresh.iter().map(|member| FieldChange::added("members", member_type, *member)).collect();
    tell(cx, project, changes)?;
    grants::of_project(cx.tx, project.gid)
}

/// The members and followers of a new project: who creates it and who owns it administer it, `followers` join at its default
/// level.
pub(super) fn begin(cx: &mut Context<'_, '_>, project: &Project, followers: &[Gid]) -> Result<()> {
    require_in_workspace(cx, project.workspace, "followers", followers)?;
    let me = cx.me();
    let mut admins = vec![me];
    admins.extend(project.owner.filter(|owner| *owner != me));
    insert(cx, project, &admins, User::TYPE, AccessLevelName::Admin.as_str())?;
    let others: Vec<Gid> =
        followers.iter().copied().filter(|user| !admins.contains(user)).collect();
    let level = project.default_access_level.clone();
    insert(cx, project, &others, User::TYPE, &level)?;
    let mut following = vec![me];
    following.extend(followers.iter().copied().filter(|user| *user != me));
    insert_followers(cx, project, &following, None)?;
    grants::of_project(cx.tx, project.gid)
}

/// Makes a new owner a member, if he is none: at the level of whoever made him the owner.
pub(super) fn admit_owner(
    cx: &mut Context<'_, '_>,
    project: &Project,
    owner: Gid,
    level: Level,
) -> Result<()> {
    if !memberships(cx, project, &[owner])?.is_empty() {
        return Ok(());
    }
    require_sharing(project, level)?;
    add(cx, project, owner, User::TYPE, name_of(level))
}

/// Gives a member another level.
///
/// Errors: 400 if he is the last admin and would be none.
pub fn set_level(
    cx: &mut Context<'_, '_>,
    project: &Project,
    row: &ProjectMembership,
    access_level: &str,
) -> Result<()> {
    project.lock(cx)?;
    // As it is now that nobody else changes it.
    let Some(row) = &memberships(cx, project, &[row.member])?.pop() else {
        return Err(bad_request("The member has left the project"));
    };
    if row.access_level == access_level {
        return Ok(());
    }
    require_admin_left(cx, project, std::slice::from_ref(row))?;
    let after = ProjectMembership { access_level: access_level.to_owned(), ..row.clone() };
    cx.update(row, &after)?;
    let mut event =
        Event::changed(ProjectMembership::TYPE, &after, vec![FieldChange::changed("access_level")]);
    event.scopes.extend(project.scopes(cx)?);
    cx.emit(event);
    grants::of_project(cx.tx, project.gid)
}

/// Takes users and teams out of a project. What they reached as followers of its tasks through the project ends.
///
/// Errors: 400 if no admin would be left.
pub fn remove(cx: &mut Context<'_, '_>, project: &Project, members: &[Gid]) -> Result<()> {
    project.lock(cx)?;
    let rows = memberships(cx, project, members)?;
    if rows.is_empty() {
        return Ok(());
    }
    require_admin_left(cx, project, &rows)?;
    let gone: Vec<Gid> = rows.iter().map(|row| row.member).collect();
    let mut changes = Vec::new();
    let scopes = project.scopes(cx)?;
    for row in &rows {
        let kind = row.kind();
        changes.push(FieldChange::removed("members", kind, row.member));
        let mut event = Event::deleted(ProjectMembership::TYPE, row);
        event.scopes.extend_from_slice(&scopes);
        cx.emit(event);
    }
    cx.later(
        "DELETE FROM project_memberships WHERE project = ? AND member IN (SELECT i.value FROM ids(?) AS i)",
        vec![Value::Int(project.gid.get()), ids_of(&gone)],
    )?;
    for user in unfollow(cx, project, &gone)? {
        changes.push(FieldChange::removed("followers", User::TYPE, user));
    }
    // The people of a team that leaves, unless they are members by themselves.
    let left = cx.gids(
        r#"SELECT u.gid FROM ids(?) AS i JOIN users AS u ON u.gid = i.value
           UNION SELECT tm."user" FROM ids(?) AS k JOIN team_memberships AS tm ON tm.team = k.value
             WHERE (SELECT 1 FROM project_memberships AS m WHERE m.project = ? AND m.member = tm."user") IS NULL"#,
        &[ids_of(&gone), ids_of(&gone), Value::Int(project.gid.get())],
    )?;
    cx.later(
        r#"UPDATE task_followers SET grants = 0 WHERE grants = 1 AND "user" IN (SELECT i.value FROM ids(?) AS i)
             AND task IN (SELECT tp.task FROM task_projects AS tp WHERE tp.project = ?)"#,
        vec![ids_of(&left), Value::Int(project.gid.get())],
    )?;
    tell(cx, project, changes)?;
    grants::of_project(cx.tx, project.gid)
}

/// The memberships of these members, in the order of joining.
pub fn memberships(
    cx: &mut Context<'_, '_>,
    project: &Project,
    members: &[Gid],
) -> Result<Vec<ProjectMembership>> {
    let sql = format!(
        "SELECT {} FROM ids(?) AS i JOIN project_memberships AS t ON t.member = i.value WHERE t.project = ? ORDER BY t.created_at, t.gid",
        select_list::<ProjectMembership>("t")
    );
    cx.query(&sql, &[ids_of(members), Value::Int(project.gid.get())], |row| {
        <ProjectMembership as engine::Stored>::from_row(row, 0)
    })
}

/// Refuses with a 403 whoever may not share the project.
pub fn require_sharing(project: &Project, level: Level) -> Result<()> {
    if project.may_share(level) {
        Ok(())
    } else {
        Err(forbidden("You do not have the right to share this project"))
    }
}

/// The level at which somebody joins whom an actor with `level` lets in: the project's default, never above the actor's own.
pub fn joining_level(project: &Project, level: Level) -> &'static str {
    name_of(Level::from_name(&project.default_access_level).min(level))
}

/// The name of a level in the API.
fn name_of(level: Level) -> &'static str {
    match level {
        Level::Admin => "admin",
        Level::Edit => "editor",
        Level::Comment => "commenter",
        Level::See | Level::None => "viewer",
    }
}

/// Writes membership rows.
fn insert(
    cx: &mut Context<'_, '_>,
    project: &Project,
    members: &[Gid],
    member_type: &str,
    access_level: &str,
) -> Result<Vec<ProjectMembership>> {
    let mut rows = Vec::with_capacity(members.len());
    for member in members {
        let row = ProjectMembership {
            gid: cx.gid()?,
            workspace: project.workspace,
            project: project.gid,
            member: *member,
            member_type: member_type.to_owned(),
            access_level: access_level.to_owned(),
            created_at: cx.now(),
        };
        cx.insert(&row)?;
        rows.push(row);
    }
    Ok(rows)
}

/// Writes follower rows behind `last`.
fn insert_followers(
    cx: &mut Context<'_, '_>,
    project: &Project,
    users: &[Gid],
    last: Option<String>,
) -> Result<()> {
    let mut last = last;
    for user in users {
        let position = cx.position(last.as_deref(), None)?.into_string();
        cx.later(
            r#"INSERT INTO project_followers (project, "user", workspace, position) VALUES (?, ?, ?, ?)"#,
            params![project.gid, user, project.workspace, position].to_vec(),
        )?;
        last = Some(position);
    }
    Ok(())
}

/// Takes users off the followers; gives those who were.
fn unfollow(cx: &mut Context<'_, '_>, project: &Project, users: &[Gid]) -> Result<Vec<Gid>> {
    cx.gids(
        r#"DELETE FROM project_followers WHERE project = ? AND "user" IN (SELECT i.value FROM ids(?) AS i) RETURNING "user""#,
        &[Value::Int(project.gid.get()), ids_of(users)],
    )
}

/// Records changed lists for the project's event.
fn tell(cx: &mut Context<'_, '_>, project: &Project, changes: Vec<FieldChange>) -> Result<()> {
    if !changes.is_empty() {
        let mut event = Event::changed(Project::TYPE, project, changes);
        event.scopes = project.scopes(cx)?;
        cx.emit(event);
    }
    Ok(())
}

/// Refuses to let the last admin go: `rows` are those who leave or are to be something else.
fn require_admin_left(
    cx: &mut Context<'_, '_>,
    project: &Project,
    rows: &[ProjectMembership],
) -> Result<()> {
    if rows.iter().all(|row| row.level() < Level::Admin) {
        return Ok(());
    }
    let gone: Vec<Gid> = rows.iter().map(|row| row.member).collect();
    let other: Option<Gid> = cx.cell(
        "SELECT m.gid FROM project_memberships AS m WHERE m.project = ? AND m.access_level = 'admin' AND m.member NOT IN (SELECT i.value FROM ids(?) AS i) LIMIT 1",
        &[Value::Int(project.gid.get()), ids_of(&gone)],
    )?;
    match other {
        Some(_) => Ok(()),
        None => Err(bad_request("A project must keep at least one admin")),
    }
}

/// Refuses to change or remove members who are above the actor's level, unless it is himself.
pub fn require_over(
    cx: &Context<'_, '_>,
    project: &Project,
    rows: &[ProjectMembership],
    level: Level,
) -> Result<()> {
    let me = cx.me();
    if rows.iter().any(|row| row.member != me) {
        require_sharing(project, level)?;
    }
    if rows.iter().any(|row| row.member != me && row.level() > level) {
        return Err(forbidden("You do not have the right to change this member"));
    }
    Ok(())
}

/// The users that the body sends as `name`, which must be there.
fn people(cx: &mut Context<'_, '_>, name: &'static str, body: &Body) -> Result<Vec<Gid>> {
    if body.get(name).is_none_or(serde_json::Value::is_null) {
        return Err(invalid(name, "Missing input"));
    }
    let users = cx.refer_all::<User>(name, &body.references(name)?)?;
    Ok(users.iter().map(|user| user.gid).collect())
}

/// `addMembersForProject`.
fn add_members(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, level) = cx.target::<Project>(call, 0)?;
    let users = people(cx, "members", &call.body)?;
    join(cx, &project, level, "members", &users)?;
    cx.answer_gid::<Project>(project.gid)
}

/// Lets users in who are not members yet. Whoever sees the project may join it himself; others are let in by who may share it.
fn join(
    cx: &mut Context<'_, '_>,
    project: &Project,
    level: Level,
    field: &'static str,
    users: &[Gid],
) -> Result<()> {
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        let known = memberships(cx, project, users)?;
        let stranger = |user: &&Gid| **user != me && known.iter().all(|row| row.member != **user);
        if users.iter().any(|user| stranger(&user)) {
            require_sharing(project, level)?;
        }
    }
    require_in_workspace(cx, project.workspace, field, users)?;
    add_all(cx, project, users, User::TYPE, joining_level(project, level))
}

/// `removeMembersForProject`: everybody may leave.
fn remove_members(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, level) = cx.target::<Project>(call, 0)?;
    let users = people(cx, "members", &call.body)?;
    let rows = memberships(cx, &project, &users)?;
    require_over(cx, &project, &rows, level)?;
    remove(cx, &project, &users)?;
    cx.answer_gid::<Project>(project.gid)
}

/// `addFollowersForProject`: followers are members, so who is none becomes one.
fn add_followers(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, level) = cx.target::<Project>(call, 0)?;
    let users = people(cx, "followers", &call.body)?;
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        cx.require_level(level, Level::Edit)?;
    }
    join(cx, &project, level, "followers", &users)?;
    project.lock(cx)?;
    let following = cx.query(
        r#"SELECT f."user", f.position FROM project_followers AS f WHERE f.project = ? ORDER BY f.position, f."user""#,
        params![project.gid],
        |row| Ok((row.get::<Gid>(0)?, row.get::<String>(1)?)),
    )?;
    let fresh: Vec<Gid> = users
        .iter()
        .copied()
        .filter(|user| following.iter().all(|(other, _)| other != user))
        .collect();
    let last = following.last().map(|(_, position)| position.clone());
    insert_followers(cx, &project, &fresh, last)?;
    let changes =
        fresh.iter().map(|user| FieldChange::added("followers", User::TYPE, *user)).collect();
    tell(cx, &project, changes)?;
    cx.answer_gid::<Project>(project.gid)
}

/// `removeFollowersForProject`.
fn remove_followers(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, level) = cx.target::<Project>(call, 0)?;
    let users = people(cx, "followers", &call.body)?;
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        cx.require_level(level, Level::Edit)?;
    }
    let gone = unfollow(cx, &project, &users)?;
    let changes =
        gone.iter().map(|user| FieldChange::removed("followers", User::TYPE, *user)).collect();
    tell(cx, &project, changes)?;
    cx.answer_gid::<Project>(project.gid)
}
