//! Team memberships: who is in a team.
//!
//! API section "Team memberships", 4 operations. Adding and removing are in [`super::teams`].
//! Events: `team_membership` added, removed.

use crate::access::grants;
use crate::audit::Audit;
use crate::prelude::*;
use crate::resources::teams::{self, Team};
use crate::resources::{users::User, workspaces::Workspace};

/// One row of `team_memberships`.
#[derive(Debug, Clone)]
pub struct TeamMembership {
    pub gid: Gid,
    pub workspace: Gid,
    pub team: Gid,
    pub user: Gid,
    /// Whether the user is a guest of the organization.
    pub is_guest: bool,
    pub is_limited_access: bool,
    pub is_admin: bool,
    pub created_at: Timestamp,
}

row! { TeamMembership in "team_memberships" { gid, workspace, team, user, is_guest, is_limited_access, is_admin, created_at } }

impl Record for TeamMembership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user in a team.");
        s.one::<User>("user", |m| Some(m.user)).compact().doc("The user.");
        s.one::<Team>("team", |m| Some(m.team)).compact().doc("The team.");
        s.field("is_guest", |m| &m.is_guest)
            .compact()
            .doc("Whether the user is a guest of the organization.");
        s.field("is_limited_access", |m| &m.is_limited_access)
            .compact()
            .doc("Whether the user reaches only what is shared with him in the team.");
        s.field("is_admin", |m| &m.is_admin)
            .compact()
            .doc("Whether the user is an admin of the team.");
    }
}

impl Resource for TeamMembership {
    const TYPE: &'static str = "team_membership";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for TeamMembership {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        Ok(vec![self.gid, self.workspace, self.team, self.user])
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Team::TYPE, self.team))
    }
}

/// Puts a user into a team and gives the membership; the one there is, if he is in it already.
pub fn add(
    cx: &mut Context<'_, '_>,
    team: &Team,
    user: Gid,
    is_guest: bool,
    is_admin: bool,
) -> Result<Gid> {
    let row = TeamMembership {
        gid: cx.gid()?,
        workspace: team.workspace,
        team: team.gid,
        user,
        is_guest,
        is_limited_access: false,
        is_admin,
        created_at: cx.now(),
    };
    let text =
        format!("{} ON CONFLICT DO NOTHING", engine::record::insert_text::<TeamMembership>());
    if cx.execute(&text, &row.values())? == 0 {
        let there: Option<Gid> = cx.cell(
            r#"SELECT tm.gid FROM team_memberships AS tm WHERE tm.team = ? AND tm."user" = ?"#,
            params![team.gid, user],
        )?;
        return there.ok_or_else(|| {
            Error::Internal(anyhow::anyhow!("the membership that was in the way is gone"))
        });
    }
    grants::principal_of_team(cx.tx, team.gid, user)?;
    cx.met(team.workspace, &[user]);
    let scopes = row.scopes(cx)?;
    cx.emit(Event { scopes, ..Event::added(TeamMembership::TYPE, &row) });
    let entry = Audit::new("team_member_added", row.workspace);
    cx.audit(entry.about(Team::TYPE, row.team).member(row.user))?;
    Ok(row.gid)
}

/// Takes a user out of a team, if he is in it.
pub fn remove(cx: &mut Context<'_, '_>, team: &Team, user: Gid) -> Result<()> {
    let membership = Query::<TeamMembership>::given()
        .filter("t.team = ?", params![team.gid])
        .filter(r#"t."user" = ?"#, params![user])
        .fetch(cx, None, 1)?
        .pop();
    let Some((membership, _)) = membership else { return Ok(()) };
    cx.execute("DELETE FROM team_memberships WHERE gid = ?", params![membership.gid])?;
    grants::principal_of_team(cx.tx, team.gid, user)?;
    removed(cx, &membership)
}

/// Records that a membership ended.
pub fn removed(cx: &mut Context<'_, '_>, membership: &TeamMembership) -> Result<()> {
    let scopes = membership.scopes(cx)?;
    let event = Event::moved(membership, "removed", (Team::TYPE, membership.team));
    cx.emit(Event { scopes, ..event });
    let entry = Audit::new("team_member_removed", membership.workspace);
    cx.audit(entry.about(Team::TYPE, membership.team).member(membership.user))
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Team memberships", "Who is in a team.");
    api.read::<TeamMembership>(
        "getTeamMembership",
        "/team_memberships/{team_membership_gid}",
        "One team membership.",
    );
    api.list::<TeamMembership>(
        "getTeamMemberships",
        "/team_memberships",
        "The memberships of a team, or those of a user in a workspace.",
        list,
    )
    .query("team", "The team.")
    .query("user", "The user: a gid, an e-mail address or `me`; together with `workspace`.")
    .query("workspace", "The workspace; together with `user`.");
    api.list::<TeamMembership>(
        "getTeamMembershipsForTeam",
        "/teams/{team_gid}/team_memberships",
        "The memberships of a team.",
        of_team,
    );
    api.list_in::<User, TeamMembership>(
        "getTeamMembershipsForUser",
        "/users/{user_gid}/team_memberships",
        "The memberships of a user in the teams of a workspace.",
        of_user,
    )
    .required_query("workspace", "The workspace of the teams.");
}

/// `getTeamMemberships`.
fn list(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<TeamMembership>> {
    let user = match call.param("user") {
        Some(raw) => Some(cx.refer::<User>("user", raw)?.0),
        None => None,
    };
    if let Some(raw) = call.param("team") {
        let found = cx.refer::<Team>("team", raw)?;
        let team = teams::with_members(found)?;
        return in_team(&team, user.as_ref()).page(cx, call);
    }
    let (Some(user), Some(raw)) = (user, call.param("workspace")) else {
        return Err(bad_request("You should specify either team, or user and workspace"));
    };
    let (workspace, _) = cx.refer::<Workspace>("workspace", raw)?;
    in_workspace(&user, &workspace).page(cx, call)
}

/// `getTeamMembershipsForTeam`.
fn of_team(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<TeamMembership>> {
    let team = teams::with_members(cx.target::<Team>(call, 0)?)?;
    in_team(&team, None).page(cx, call)
}

/// `getTeamMembershipsForUser`.
fn of_user(cx: &mut Context<'_, '_>, user: &User, call: &Call) -> Result<Page<TeamMembership>> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    in_workspace(user, &workspace).page(cx, call)
}

/// The memberships of a team, by user; those of one user if he is given.
fn in_team(team: &Team, user: Option<&User>) -> Query<TeamMembership> {
    Query::inside()
        .filter("t.team = ?", params![team.gid])
        .filter_if(r#"t."user" = ?"#, user.map(|user| Value::Int(user.gid.get())))
        .order(&[r#"t."user""#])
}

/// The memberships of a user in a workspace.
fn in_workspace(user: &User, workspace: &Workspace) -> Query<TeamMembership> {
    Query::inside()
        .filter(r#"t."user" = ?"#, params![user.gid])
        .filter("t.workspace = ?", params![workspace.gid])
}
