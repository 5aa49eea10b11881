//! Memberships: users and teams in something that is shared, each at a level.
//!
//! API section "Memberships": one form for the members of projects, portfolios, goals and custom fields, over a view of their
//! tables. How they come and go is in [`super::sharing`].

use crate::access::grants;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::goals::Goal;
use crate::resources::portfolios::Portfolio;
use crate::resources::project_memberships::ProjectMembership;
use crate::resources::projects::Project;
use crate::resources::sharing::{self, Shared};
use crate::resources::teams::Team;
use crate::resources::users::User;
use engine::FromJson;

/// One membership, of whatever kind.
#[derive(Debug, Clone)]
pub struct Membership {
    pub gid: Gid,
    pub workspace: Gid,
    pub parent: Gid,
    pub parent_type: String,
    pub member: Gid,
    /// `user` or `team`.
    pub member_type: String,
    pub access_level: String,
    pub created_at: Timestamp,
}

row! { Membership in "memberships" { gid, workspace, parent, parent_type, member, member_type, access_level, created_at } }

impl Membership {
    /// The type of the member.
    pub fn kind(&self) -> &'static str {
        if self.member_type == Team::TYPE { Team::TYPE } else { User::TYPE }
    }

    /// The level of the member.
    pub fn level(&self) -> Level {
        Level::from_name(&self.access_level)
    }

    fn is_in_goal(&self) -> bool {
        self.parent_type == Goal::TYPE
    }
}

/// Every level that some kind of membership has.
const LEVELS: &[&str] = &["admin", "editor", "commenter", "viewer", "user"];

/// The types that have members.
const PARENTS: &[&str] = &[Project::TYPE, Portfolio::TYPE, Goal::TYPE, CustomField::TYPE];

impl Record for Membership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user or team in something that is shared.");
        s.computed("resource_subtype", |m, _| kind_of(m).subtype)
            .compact()
            .doc("What kind of membership it is.");
        s.one_of("parent", PARENTS, |m| Some((kind_of(m).parent, m.parent)))
            .compact()
            .doc("What the member is in.");
        s.one_of("member", &[User::TYPE, Team::TYPE], |m| Some((m.kind(), m.member)))
            .compact()
            .doc("The user or team.");
        s.field("access_level", |m| &m.access_level)
            .values(LEVELS)
            .write(|m, v| m.access_level = v)
            .compact()
            .doc("What the member may do.");
        s.computed("role", |m, _| m.access_level.clone())
            .when(Membership::is_in_goal)
            .doc("The old name of `access_level`; goals only.");
        s.one::<Goal>("goal", |m| Some(m.parent))
            .when(Membership::is_in_goal)
            .doc("The old name of `parent`; goals only.");
        s.one::<User>("user", |m| (m.kind() == User::TYPE).then_some(m.member))
            .when(Membership::is_in_goal)
            .doc("The member, if it is a user; goals only.");
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

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((kind_of(self).parent, self.parent))
    }
}

impl Shared for CustomField {
    const MEMBERSHIP: &'static str = "custom_field_membership";
    const MEMBERSHIPS: &'static str = "custom_field_memberships";
    const COLUMN: &'static str = "custom_field";
    const LEVELS: &'static [&'static str] = &["admin", "editor", "user"];
    /// Whoever made the field administers it without being a member.
    const KEEPS_ADMIN: bool = false;

    fn default_level(&self) -> &str {
        &self.default_access_level
    }

    fn may_share(&self, level: Level) -> bool {
        level >= Level::Admin
    }

    fn grant(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        grants::of_custom_field(cx.tx, self.gid)
    }
}

/// What is done to the members of one type.
struct Kind {
    parent: &'static str,
    subtype: &'static str,
    find: fn(&mut Context<'_, '_>, &str) -> Result<Gid>,
    create: fn(&mut Context<'_, '_>, &str, &Body) -> Result<Answer>,
    update: fn(&mut Context<'_, '_>, &Membership, &Body) -> Result<Answer>,
    delete: fn(&mut Context<'_, '_>, &Membership) -> Result<Answer>,
}

const fn kind<T: Shared>() -> Kind {
    Kind {
        parent: T::TYPE,
        subtype: T::MEMBERSHIP,
        find: |cx, raw| Ok(cx.refer::<T>("parent", raw)?.0.gid()),
        create: create_in::<T>,
        update: update_in::<T>,
        delete: delete_in::<T>,
    }
}

/// Projects, what most memberships are in. An unknown parent is told of as an unknown project.
const OF_PROJECTS: Kind = kind::<Project>();

/// The other kinds.
const KINDS: &[Kind] = &[kind::<Portfolio>(), kind::<Goal>(), kind::<CustomField>()];

/// The kind whose members are in objects of this type.
fn kind_named(parent: &str) -> &'static Kind {
    KINDS.iter().find(|kind| kind.parent == parent).unwrap_or(&OF_PROJECTS)
}

fn kind_of(membership: &Membership) -> &'static Kind {
    kind_named(&membership.parent_type)
}

/// The kind of the parent that `raw` names.
fn kind_sent(cx: &mut Context<'_, '_>, raw: &str) -> Result<&'static Kind> {
    let kind = match cx.identify("", "parent", raw)? {
        Some(gid) => cx.kind_of(gid, PARENTS)?,
        None => None,
    };
    Ok(kind_named(kind.unwrap_or(Project::TYPE)))
}

/// A level as clients send it, one of those that members of `T` can have.
fn sent_level<T: Shared>(body: &Body) -> Result<Option<&'static str>> {
    for name in ["access_level", "role"] {
        if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
            let sent = String::from_json(value).map_err(|message| invalid(name, message))?;
            let level = T::LEVELS.iter().copied().find(|level| *level == sent);
            return level
                .map(Some)
                .ok_or_else(|| invalid(name, format!("Must be one of {}", T::LEVELS.join(", "))));
        }
    }
    Ok(None)
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    let role = "The old name of `access_level`.";
    api.section("Memberships", "Who is in something that is shared, and what he may do there.");
    api.list::<Membership>(
        "getMemberships",
        "/memberships",
        "The memberships of a project, portfolio, goal or custom field, or those of a user or team in projects that the actor sees.",
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
    .required_field(
        "parent",
        JsonType::Gid,
        "What the member is to be in: a project, portfolio, goal or custom field.",
    )
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
        |cx, call| {
            let (row, _) = cx.target::<Membership>(call, 0)?;
            (kind_of(&row).update)(cx, &row, &call.body)
        },
    )
    .field("role", JsonType::String, role);
    api.add(
        "DELETE",
        "deleteMembership",
        "/memberships/{membership_gid}",
        "Takes a member out.",
        Input::None,
        Output::Empty,
        |cx, call| {
            let (row, _) = cx.target::<Membership>(call, 0)?;
            (kind_of(&row).delete)(cx, &row)
        },
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
    let mut query = Query::inside().order(&["t.created_at", "t.gid"]);
    match parent {
        Some(raw) => {
            let parent = (kind_sent(cx, raw)?.find)(cx, raw)?;
            query = query.filter("t.parent = ?", params![parent]);
        }
        None if member.is_none() || subtype.is_none() => {
            return Err(bad_request("You should specify parent, or member and resource_subtype"));
        }
        None => {}
    }
    if subtype.is_some() {
        query = query.filter("t.parent_type = ?", params![Project::TYPE]);
    }
    if let Some(raw) = member {
        let (member, _, _) = sharing::named(cx, raw)?;
        query = query.filter("t.member = ?", params![member]);
    }
    query.page(cx, call)
}

/// `createMembership`.
fn create(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let parent = needed(&call.body, "parent")?;
    (kind_sent(cx, &parent)?.create)(cx, &parent, &call.body)
}

/// A reference that must be sent.
fn needed(body: &Body, name: &'static str) -> Result<String> {
    body.reference(name)?.flatten().ok_or_else(|| invalid(name, "Missing input"))
}

fn create_in<T: Shared>(cx: &mut Context<'_, '_>, parent: &str, body: &Body) -> Result<Answer> {
    let raw = needed(body, "member")?;
    let (parent, level) = cx.refer::<T>("parent", parent)?;
    let (member, kind) = sharing::member_of(cx, &raw, parent.workspace())?;
    let sent = sent_level::<T>(body)?;
    match (sharing::memberships(cx, &parent, &[member])?.first(), sent) {
        (Some(row), Some(given)) => {
            sharing::require_giving(&parent, level, given)?;
            sharing::require_over(cx, &parent, std::slice::from_ref(row), level)?;
            sharing::set_level(cx, &parent, row, given)?;
        }
        (Some(_), None) => {}
        (None, sent) => {
            let given = sent.unwrap_or_else(|| sharing::joining_level(&parent, level));
            sharing::require_giving(&parent, level, given)?;
            sharing::add(cx, &parent, member, kind, given)?;
        }
    }
    let row = sharing::memberships(cx, &parent, &[member])?
        .into_iter()
        .next()
        .ok_or_else(|| Error::Internal(anyhow::anyhow!("a membership was not written")))?;
    cx.answer_gid::<Membership>(row.gid)
}

fn update_in<T: Shared>(cx: &mut Context<'_, '_>, row: &Membership, body: &Body) -> Result<Answer> {
    let (parent, level) = cx.find::<T>(T::TYPE, &row.parent.to_string())?;
    if let Some(given) = sent_level::<T>(body)? {
        sharing::require_giving(&parent, level, given)?;
        sharing::require_over(cx, &parent, std::slice::from_ref(row), level)?;
        sharing::set_level(cx, &parent, row, given)?;
    }
    cx.answer_gid::<Membership>(row.gid)
}

/// Everybody may leave.
fn delete_in<T: Shared>(cx: &mut Context<'_, '_>, row: &Membership) -> Result<Answer> {
    let (parent, level) = cx.find::<T>(T::TYPE, &row.parent.to_string())?;
    sharing::require_over(cx, &parent, std::slice::from_ref(row), level)?;
    sharing::remove(cx, &parent, &[row.member])?;
    Ok(Answer::empty())
}
