//! Teams: groups of people in an organization, with projects of their own.
//!
//! API section "Teams", 7 operations. Who is in a team is in [`super::team_memberships`].
//! Events: `team` added, changed.

use crate::api::call::cut;
use crate::prelude::*;
use crate::resources::custom_fields::settings::CustomFieldSetting;
use crate::resources::team_memberships::{self, TeamMembership};
use crate::resources::{texts, users, users::User, workspace_memberships, workspaces::Workspace};
use engine::Template;
use model::{TeamVisibility, name_key};

/// A team as stored, one row of `teams`.
#[derive(Debug, Clone)]
pub struct Team {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub name_key: String,
    pub visibility: String,
    pub edit_team_name_or_description_access_level: String,
    pub edit_team_visibility_or_trash_team_access_level: String,
    pub member_invite_management_access_level: String,
    pub guest_invite_management_access_level: String,
    pub join_request_management_access_level: String,
    pub team_member_removal_access_level: String,
    pub team_content_management_access_level: String,
    pub endorsed: bool,
    pub created_at: Timestamp,
}

row! { Team in "teams" { gid, workspace, name, name_key, visibility, edit_team_name_or_description_access_level, edit_team_visibility_or_trash_team_access_level, member_invite_management_access_level, guest_invite_management_access_level, join_request_management_access_level, team_member_removal_access_level, team_content_management_access_level, endorsed, created_at } }

/// Every member of the team may.
const ALL: &str = "all_team_members";
/// Only the admins of the team and of the workspace may.
const ADMINS: &str = "only_team_admins";
/// Everybody may.
const ANYONE: &str = "no_restriction";

/// The values of most settings.
const WHO: &[&str] = &[ALL, ADMINS];
/// The values of the setting about the team's projects.
const WHO_CONTENT: &[&str] = &[ANYONE, ADMINS];

impl Record for Team {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A group of people in an organization who work on projects together.");
        s.field("name", |t| &t.name)
            .write(|t, Name(name)| t.name = name)
            .compact()
            .doc("What the team is called.");
        texts::inner_fields(s, "description", "html_description", "team inside");
        s.one::<Workspace>("organization", |t| Some(t.workspace))
            .doc("The organization the team belongs to; it never moves.");
        s.computed("permalink_url", |t, site| site.link(t.workspace, Self::TYPE, t.gid))
            .doc("Where people open the team.");
        s.field("visibility", |t| &t.visibility)
            .values(TeamVisibility::ALL)
            .write(|t, v| t.visibility = v)
            .doc("Who finds the team: its members only, everyone by its name without the description, or everyone.");
        s.field("edit_team_name_or_description_access_level", |t| {
            &t.edit_team_name_or_description_access_level
        })
        .values(WHO)
        .write(|t, v| t.edit_team_name_or_description_access_level = v)
        .doc("Who may change the name and the description.");
        s.field("edit_team_visibility_or_trash_team_access_level", |t| {
            &t.edit_team_visibility_or_trash_team_access_level
        })
        .values(WHO)
        .write(|t, v| t.edit_team_visibility_or_trash_team_access_level = v)
        .doc("Who may change the visibility.");
        s.field("member_invite_management_access_level", |t| {
            &t.member_invite_management_access_level
        })
        .values(WHO)
        .write(|t, v| t.member_invite_management_access_level = v)
        .doc("Who may add full members of the organization.");
        s.field("guest_invite_management_access_level", |t| {
            &t.guest_invite_management_access_level
        })
        .values(WHO)
        .write(|t, v| t.guest_invite_management_access_level = v)
        .doc("Who may add guests of the organization.");
        s.field("join_request_management_access_level", |t| {
            &t.join_request_management_access_level
        })
        .values(WHO)
        .write(|t, v| t.join_request_management_access_level = v)
        .doc("Who may answer those who ask to join.");
        s.field("team_member_removal_access_level", |t| &t.team_member_removal_access_level)
            .values(WHO)
            .write(|t, v| t.team_member_removal_access_level = v)
            .doc("Who may remove others.");
        s.field("team_content_management_access_level", |t| {
            &t.team_content_management_access_level
        })
        .values(WHO_CONTENT)
        .write(|t, v| t.team_content_management_access_level = v)
        .doc("Who may create and share the team's projects.");
        s.field("endorsed", |t| &t.endorsed)
            .write(|t, v| t.endorsed = v)
            .doc("Whether the admins of the organization recommend the team.");
        s.many::<CustomFieldSetting>(
            "custom_field_settings",
            Join::back("parent").order("t.position, t.gid"),
        )
        .full()
        .doc("The custom fields of the team.");
    }
}

impl Resource for Team {
    const TYPE: &'static str = "team";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Team {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    /// A team in the organization of the body; full members may create one.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        require(body.has("name"), "name", "Missing input")?;
        let raw = body
            .reference("organization")?
            .flatten()
            .ok_or_else(|| invalid("organization", "Missing input"))?;
        let (workspace, level) = cx.refer::<Workspace>("organization", &raw)?;
        cx.require_level(level, Level::Edit)?;
        if !workspace.is_organization {
            return Err(invalid("organization", format!("Not an organization: {}", cut(&raw))));
        }
        Ok(Team {
            gid: cx.gid()?,
            workspace: workspace.gid,
            name: String::new(),
            name_key: String::new(),
            visibility: TeamVisibility::RequestToJoin.as_str().to_owned(),
            edit_team_name_or_description_access_level: ALL.to_owned(),
            edit_team_visibility_or_trash_team_access_level: ADMINS.to_owned(),
            member_invite_management_access_level: ALL.to_owned(),
            guest_invite_management_access_level: ALL.to_owned(),
            join_request_management_access_level: ALL.to_owned(),
            team_member_removal_access_level: ADMINS.to_owned(),
            team_content_management_access_level: ANYONE.to_owned(),
            endorsed: false,
            created_at: cx.now(),
        })
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        body: &Body,
    ) -> Result<()> {
        require(!row.name.is_empty(), "name", "Must not be empty")?;
        row.name_key = name_key(&row.name);
        if row.endorsed != before.is_some_and(|team| team.endorsed) {
            cx.require_workspace_admin(row.workspace)?;
        }
        if before.is_some_and(|before| needs_admin(before, row, body)) {
            let (_, level) = cx.find::<Team>(Self::TYPE, &row.gid.to_string())?;
            cx.require_level(level, Level::Admin)?;
        }
        Ok(())
    }

    fn changed(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &Self,
        fields: &mut Fields,
        body: &Body,
    ) -> Result<()> {
        let written =
            texts::write(cx, row.gid, row.workspace, body, "description", "html_description")?;
        if written.is_some_and(|written| written.changed) {
            fields.add(FieldChange::changed("description"));
        }
        if before.is_none() {
            let me = cx.me();
            let role = cx.role(row.workspace)?;
            team_memberships::add(cx, row, me, role.as_deref() == Some("guest"), true)?;
        }
        Ok(())
    }
}

/// Whether only admins of the team may make this change.
fn needs_admin(before: &Team, after: &Team, body: &Body) -> bool {
    let names =
        before.name != after.name || body.has("description") || body.has("html_description");
    if names && before.edit_team_name_or_description_access_level == ADMINS {
        return true;
    }
    let visibility = before.visibility != after.visibility;
    if visibility && before.edit_team_visibility_or_trash_team_access_level == ADMINS {
        return true;
    }
    // Whatever else there is are the settings themselves.
    engine::changed_columns(before, after)
        .iter()
        .any(|(column, _)| column.ends_with("_access_level"))
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Teams", "Groups of people in an organization, with projects of their own.");
    api.create::<Team>("createTeam", "/teams", "Creates a team; who creates it is its admin.")
        .required_field("organization", JsonType::Gid, "The organization of the team.");
    api.read::<Team>("getTeam", "/teams/{team_gid}", "One team.");
    api.update::<Team>(
        "updateTeam",
        "/teams/{team_gid}",
        "Changes a team; its settings say who may change what.",
    );
    api.list_in::<Workspace, Team>(
        "getTeamsForWorkspace",
        "/workspaces/{workspace_gid}/teams",
        "The teams of a workspace that the actor sees, by name.",
        in_workspace,
    );
    api.list_in::<Workspace, Team>(
        "getTeamsForOrganization",
        "/organizations/{workspace_gid}/teams",
        "The teams of a workspace that the actor sees, by name.",
        in_workspace,
    )
    .alias();
    api.list_in::<User, Team>(
        "getTeamsForUser",
        "/users/{user_gid}/teams",
        "The teams of an organization that a user is a member of.",
        of_user,
    )
    .required_query("organization", "The organization of the teams.");
    api.act::<Team>(
        "addUserForTeam",
        "/teams/{team_gid}/addUser",
        "Adds a user of the organization to a team; the actor is a member or an admin.",
        Level::See,
        Output::One(TeamMembership::TYPE),
        add_user,
    )
    .required_field("user", JsonType::String, "The user: a gid, an e-mail address or `me`.");
    api.act::<Team>(
        "removeUserForTeam",
        "/teams/{team_gid}/removeUser",
        "Removes a user from a team: oneself, or others if the settings let the actor.",
        Level::See,
        Output::Empty,
        remove_user,
    )
    .required_field("user", JsonType::String, "The user: a gid, an e-mail address or `me`.");
}

/// `getTeamsForWorkspace`: by name, without regard to case.
fn in_workspace(
    cx: &mut Context<'_, '_>,
    workspace: &Workspace,
    call: &Call,
) -> Result<Page<Team>> {
    Query::inside()
        .filter("t.workspace = ?", params![workspace.gid])
        .order(&["t.name_key", "t.gid"])
        .page(cx, call)
}

/// `getTeamsForUser`: by name; of others only where the actor sees who is in the team.
fn of_user(cx: &mut Context<'_, '_>, user: &User, call: &Call) -> Result<Page<Team>> {
    let (workspace, _) = cx.refer::<Workspace>("organization", call.required("organization")?)?;
    let mut query = Query::inside()
        .join(r#"team_memberships AS m ON m.team = t.gid AND m."user" = ?"#, params![user.gid])
        .filter("t.workspace = ?", params![workspace.gid])
        .order(&["t.name_key", "t.gid"]);
    if user.gid != cx.me() {
        let level = crate::access::level(Team::TYPE, "t", cx.actor.sight);
        let shows = Template::new(&format!("{level} >= 2"), &|_, _| String::new());
        query = query.filter(shows.sql(), &shows.params(cx.me(), &[]));
    }
    query.page(cx, call)
}

/// The team, if the actor sees who is in it: to others, a team that one asks to join shows its name only.
///
/// Errors: 403 if he does not.
pub fn with_members(found: (Team, Level)) -> Result<Team> {
    let (team, level) = found;
    if level < Level::Comment {
        return Err(forbidden("You do not have access to this team."));
    }
    Ok(team)
}

/// The user that the body of `addUser` and `removeUser` names, if there is one.
fn user_of(cx: &mut Context<'_, '_>, body: &Body) -> Result<(String, Option<Gid>)> {
    let raw = body.reference("user")?.flatten().ok_or_else(|| invalid("user", "Missing input"))?;
    let user = cx.identify(User::TYPE, "user", &raw)?;
    Ok((raw, user))
}

/// `addUserForTeam`. Adding who is in it already changes nothing.
fn add_user(cx: &mut Context<'_, '_>, team: Team, call: &Call) -> Result<Answer> {
    let (raw, user) = user_of(cx, &call.body)?;
    let unknown = || invalid("user", format!("Not a user in Organization: {}", cut(&raw)));
    let user = user.ok_or_else(unknown)?;
    if !cx.is_visible(User::TYPE, user)? {
        return Err(unknown());
    }
    let membership = workspace_memberships::of(cx.tx, team.workspace, user)?
        .filter(|membership| membership.is_active)
        .ok_or_else(unknown)?;
    let is_guest = membership.role == "guest";
    let (_, level) = cx.find::<Team>(Team::TYPE, &team.gid.to_string())?;
    let setting = if is_guest {
        &team.guest_invite_management_access_level
    } else {
        &team.member_invite_management_access_level
    };
    let joins_public_team =
        user == cx.me() && level >= Level::Comment && team.visibility == "public";
    if !joins_public_team {
        cx.require_level(level, if setting == ADMINS { Level::Admin } else { Level::Edit })?;
    }
    let membership = team_memberships::add(cx, &team, user, is_guest, false)?;
    cx.answer_gid::<TeamMembership>(membership)
}

/// `removeUserForTeam`. Removing who is not in it changes nothing.
fn remove_user(cx: &mut Context<'_, '_>, team: Team, call: &Call) -> Result<Answer> {
    let (raw, user) = user_of(cx, &call.body)?;
    let user = user.ok_or_else(|| users::unknown("user", &raw))?;
    if user != cx.me() {
        let (_, level) = cx.find::<Team>(Team::TYPE, &team.gid.to_string())?;
        let only_admins = team.team_member_removal_access_level == ADMINS;
        cx.require_level(level, if only_admins { Level::Admin } else { Level::Edit })?;
    }
    team_memberships::remove(cx, &team, user)?;
    Ok(Answer::empty())
}
