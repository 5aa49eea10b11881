//! Memberships: users and teams in something that is shared, each at a level.
//!
//! API section "Memberships". What can be shared so far is a project; its rows are those of [`super::project_memberships`], and
//! how they come and go is in [`super::projects::members`].

use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::project_memberships::ProjectMembership;
use crate::resources::projects::{Project, members};
use crate::resources::teams::Team;
use crate::resources::users::User;
use crate::resources::workspace_memberships;
use engine::FromJson;
use model::AccessLevelName;

/// One row of `project_memberships`, in the form that all kinds of memberships share.
#[derive(Debug, Clone)]
pub struct Membership {
    pub gid: Gid,
    pub workspace: Gid,
    pub project: Gid,
    pub member: Gid,
    /// `user` or `team`.
    pub member_type: String,
    pub access_level: String,
    pub created_at: Timestamp,
}

row! { Membership in "project_memberships" { gid, workspace, project, member, member_type, access_level, created_at } }

impl Record for Membership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user or team in a project.");
        s.computed("resource_subtype", |_, _| ProjectMembership::TYPE)
            .compact()
            .doc("What kind of membership it is.");
        s.one_of("parent", &["project"], |m| Some((Project::TYPE, m.project)))
            .compact()
            .doc("What the member is in.");
        s.one_of("member", &["user", "team"], |m| {
            let kind = if m.member_type == Team::TYPE { Team::TYPE } else { User::TYPE };
            Some((kind, m.member))
        })
        .compact()
        .doc("The user or team.");
        s.field("access_level", |m| &m.access_level)
            .values(AccessLevelName::ALL)
            .write(|m, v| m.access_level = v)
            .compact()
            .doc("What the member may do.");
    }
}

impl Resource for Membership {
    const TYPE: &'static str = "membership";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Membership {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

impl Membership {
    /// The same row in the form of its own kind.
    fn in_project(&self) -> ProjectMembership {
        ProjectMembership {
            gid: self.gid,
            workspace: self.workspace,
            project: self.project,
            member: self.member,
            member_type: self.member_type.clone(),
            access_level: self.access_level.clone(),
            created_at: self.created_at,
        }
    }
}

/// A level as clients send it.
struct AccessLevel(&'static str);

impl FromJson for AccessLevel {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        value
            .as_str()
            .and_then(AccessLevelName::parse)
            .map(|level| AccessLevel(level.as_str()))
            .ok_or_else(|| format!("Must be one of {}", AccessLevelName::ALL.join(", ")))
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    let role = "The old name of `access_level`.";
    api.section("Memberships", "Who is in something that is shared, and what he may do there.");
    api.list::<Membership>(
        "getMemberships",
        "/memberships",
        "The memberships of a project, or those of a user or team in projects that the actor sees.",
        listed,
    )
    .query("parent", "What the members are in.")
    .query("member", "Only the memberships of this user or team.")
    .query("resource_subtype", "`project_membership`; needed where there is no `parent`.");
    api.add(
        "POST",
        "createMembership",
        "/memberships",
        "Adds a user or team; whoever is a member already gets the level that is sent.",
        Input::Create(Membership::TYPE),
        Output::One(Membership::TYPE),
        create,
    )
    .created()
    .required_field("parent", JsonType::Gid, "What the member is to be in: a project.")
    .required_field("member", JsonType::Gid, "The user or team.")
    .field("role", JsonType::String, role);
    api.read::<Membership>("getMembership", "/memberships/{membership_gid}", "One membership.");
    api.add(
        "PUT",
        "updateMembership",
        "/memberships/{membership_gid}",
        "Gives a member another level.",
        Input::Update(Membership::TYPE),
        Output::One(Membership::TYPE),
        update,
    )
    .field("role", JsonType::String, role);
    api.add(
        "DELETE",
        "deleteMembership",
        "/memberships/{membership_gid}",
        "Takes a member out.",
        Input::None,
        Output::Empty,
        delete,
    );
}

/// `getMemberships`: longest member first.
fn listed(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Membership>> {
    let subtype = call.param("resource_subtype");
    require(
        subtype.is_none_or(|subtype| subtype == ProjectMembership::TYPE),
        "resource_subtype",
        "Must be project_membership",
    )?;
    let (parent, member) = (call.param("parent"), call.param("member"));
    if parent.is_none() && (member.is_none() || subtype.is_none()) {
        return Err(bad_request("You should specify parent, or member and resource_subtype"));
    }
    let mut query = Query::inside().order(&["t.created_at", "t.gid"]);
    if let Some(raw) = parent {
        let (project, _) = cx.refer::<Project>("parent", raw)?;
        query = query.filter("t.project = ?", params![project.gid]);
    }
    if let Some(raw) = member {
        let (member, _, _) = member_of(cx, raw)?;
        query = query.filter("t.member = ?", params![member]);
    }
    query.page(cx, call)
}

/// The user or team that `raw` names, with its type and, for a team, its workspace.
fn member_of(cx: &mut Context<'_, '_>, raw: &str) -> Result<(Gid, &'static str, Option<Gid>)> {
    if let Some(gid) = cx.identify(User::TYPE, "member", raw)?
        && cx.is_visible(User::TYPE, gid)?
    {
        return Ok((gid, User::TYPE, None));
    }
    let (team, _) = cx.refer::<Team>("member", raw)?;
    Ok((team.gid, Team::TYPE, Some(team.workspace)))
}

/// The level that the body sends, under its new or its old name.
fn sent_level(body: &Body) -> Result<Option<&'static str>> {
    for name in ["access_level", "role"] {
        if body.get(name).is_some_and(|value| !value.is_null()) {
            return Ok(body.read::<AccessLevel>(name)?.map(|level| level.0));
        }
    }
    Ok(None)
}

/// Refuses to give a level above the actor's own.
fn require_giving(project: &Project, level: Level, given: &str) -> Result<()> {
    members::require_sharing(project, level)?;
    if Level::from_name(given) > level {
        return Err(forbidden("You do not have the right to give this access level"));
    }
    Ok(())
}

/// `createMembership`.
fn create(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let needed = |name: &'static str| -> Result<String> {
        call.body.reference(name)?.flatten().ok_or_else(|| invalid(name, "Missing input"))
    };
    let (parent, member) = (needed("parent")?, needed("member")?);
    let (project, level) = cx.refer::<Project>("parent", &parent)?;
    let (member, kind, workspace) = member_of(cx, &member)?;
    match workspace {
        Some(workspace) => require(
            workspace == project.workspace,
            "member",
            "Must be in the workspace of the project",
        )?,
        None => {
            workspace_memberships::require_in_workspace(
                cx,
                project.workspace,
                "member",
                &[member],
            )?;
        }
    }
    let sent = sent_level(&call.body)?;
    match (members::memberships(cx, &project, &[member])?.first(), sent) {
        (Some(row), Some(given)) => {
            require_giving(&project, level, given)?;
            members::require_over(cx, &project, std::slice::from_ref(row), level)?;
            members::set_level(cx, &project, row, given)?;
        }
        (Some(_), None) => {}
        (None, sent) => {
            let given = sent.unwrap_or_else(|| members::joining_level(&project, level));
            require_giving(&project, level, given)?;
            members::add(cx, &project, member, kind, given)?;
        }
    }
    let row = members::memberships(cx, &project, &[member])?
        .into_iter()
        .next()
        .ok_or_else(|| Error::Internal(anyhow::anyhow!("a membership was not written")))?;
    cx.answer_gid::<Membership>(row.gid)
}

/// The membership of the path, its project, and the actor's level there.
fn target(cx: &mut Context<'_, '_>, call: &Call) -> Result<(ProjectMembership, Project, Level)> {
    let (membership, _) = cx.target::<Membership>(call, 0)?;
    let (project, level) = cx.find::<Project>("project", &membership.project.to_string())?;
    Ok((membership.in_project(), project, level))
}

/// `updateMembership`.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (row, project, level) = target(cx, call)?;
    if let Some(given) = sent_level(&call.body)? {
        require_giving(&project, level, given)?;
        members::require_over(cx, &project, std::slice::from_ref(&row), level)?;
        members::set_level(cx, &project, &row, given)?;
    }
    cx.answer_gid::<Membership>(row.gid)
}

/// `deleteMembership`: everybody may leave.
fn delete(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (row, project, level) = target(cx, call)?;
    members::require_over(cx, &project, std::slice::from_ref(&row), level)?;
    members::remove(cx, &project, &[row.member])?;
    Ok(Answer::empty())
}
