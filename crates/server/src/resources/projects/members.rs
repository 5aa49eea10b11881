//! Who is in a project, at which level, and who follows it.
//!
//! Members are users and teams, as in everything that is shared: see [`sharing`]. Followers are members who are told of new tasks.

use crate::access::grants;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::project_memberships::ProjectMembership;
use crate::resources::projects::Project;
use crate::resources::sharing::{self, Shared};
use crate::resources::users::User;
use crate::resources::workspace_memberships::require_in_workspace;
use engine::reader::ids_of;
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
        sharing::add_members::<Project>,
    )
    .required_field("members", JsonType::Objects, list);
    api.add(
        "POST",
        "removeMembersForProject",
        "/projects/{project_gid}/removeMembers",
        "Takes users out of a project; they follow it no longer.",
        Input::Fields,
        Output::One(Project::TYPE),
        sharing::remove_members::<Project>,
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

/// The members and followers of a new project: who creates it and who owns it administer it, `followers` join at its default
/// level.
pub(super) fn begin(cx: &mut Context<'_, '_>, project: &Project, followers: &[Gid]) -> Result<()> {
    require_in_workspace(cx, project.workspace, "followers", followers)?;
    let me = cx.me();
    let mut admins = vec![me];
    admins.extend(project.owner.filter(|owner| *owner != me));
    sharing::insert(cx, project, &admins, User::TYPE, AccessLevelName::Admin.as_str())?;
    let others: Vec<Gid> =
        followers.iter().copied().filter(|user| !admins.contains(user)).collect();
    let level = project.default_access_level.clone();
    sharing::insert(cx, project, &others, User::TYPE, &level)?;
    let mut following = vec![me];
    following.extend(followers.iter().copied().filter(|user| *user != me));
    insert_followers(cx, project, &following, None)?;
    grants::of_project(cx.tx, project.gid)
}

impl Shared for Project {
    const MEMBERSHIP: &'static str = ProjectMembership::TYPE;
    const MEMBERSHIPS: &'static str = "project_memberships";
    const COLUMN: &'static str = "project";
    const LEVELS: &'static [&'static str] = AccessLevelName::ALL;

    fn default_level(&self) -> &str {
        &self.default_access_level
    }

    fn may_share(&self, level: Level) -> bool {
        level >= Level::from_name(&self.minimum_access_level_for_sharing)
    }

    fn grant(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        grants::of_project(cx.tx, self.gid)
    }

    /// Who leaves follows the project no longer, and what he reached as a follower of its tasks through the project ends.
    fn left(&self, cx: &mut Context<'_, '_>, members: &[Gid]) -> Result<Vec<FieldChange>> {
        let unfollowed = unfollow(cx, self, members)?;
        // The people of a team that leaves, unless they are members by themselves.
        let left = cx.gids(
            r#"SELECT u.gid FROM ids(?) AS i JOIN users AS u ON u.gid = i.value
               UNION SELECT tm."user" FROM ids(?) AS k JOIN team_memberships AS tm ON tm.team = k.value
                 WHERE (SELECT 1 FROM project_memberships AS m WHERE m.project = ? AND m.member = tm."user") IS NULL"#,
            &[ids_of(members), ids_of(members), Value::Int(self.gid.get())],
        )?;
        cx.later(
            r#"UPDATE task_followers SET grants = 0 WHERE grants = 1 AND "user" IN (SELECT i.value FROM ids(?) AS i)
                 AND task IN (SELECT tp.task FROM task_projects AS tp WHERE tp.project = ?)"#,
            vec![ids_of(&left), Value::Int(self.gid.get())],
        )?;
        Ok(unfollowed
            .into_iter()
            .map(|user| FieldChange::removed("followers", User::TYPE, user))
            .collect())
    }
}

/// Makes members followers; those who follow already stay where they are. Records the change for the event.
pub fn follow(cx: &mut Context<'_, '_>, project: &Project, users: &[Gid]) -> Result<()> {
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
    insert_followers(cx, project, &fresh, last)?;
    let changes =
        fresh.iter().map(|user| FieldChange::added("followers", User::TYPE, *user)).collect();
    sharing::tell(cx, project, changes)
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

/// `addFollowersForProject`: followers are members, so who is none becomes one.
fn add_followers(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, level) = cx.target::<Project>(call, 0)?;
    let users = sharing::people(cx, "followers", &call.body)?;
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        cx.require_level(level, Level::Edit)?;
    }
    sharing::join(cx, &project, level, "followers", &users)?;
    follow(cx, &project, &users)?;
    cx.answer_gid::<Project>(project.gid)
}

/// `removeFollowersForProject`.
fn remove_followers(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (project, level) = cx.target::<Project>(call, 0)?;
    let users = sharing::people(cx, "followers", &call.body)?;
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        cx.require_level(level, Level::Edit)?;
    }
    let gone = unfollow(cx, &project, &users)?;
    let changes =
        gone.iter().map(|user| FieldChange::removed("followers", User::TYPE, *user)).collect();
    sharing::tell(cx, &project, changes)?;
    cx.answer_gid::<Project>(project.gid)
}
