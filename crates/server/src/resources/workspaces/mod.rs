//! Workspaces and organizations: the highest level, to which everything else belongs.
//!
//! API section "Workspaces", 5 operations. Who is in a workspace is in [`super::workspace_memberships`]; `people` is how one
//! gets in and out. Events: `workspace` changed.

pub mod people;

use crate::prelude::*;
use crate::resources::users::User;

/// A workspace as stored, one row of `workspaces`.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub gid: Gid,
    pub name: String,
    pub is_organization: bool,
    /// A comma list.
    pub email_domains: String,
    pub created_at: Timestamp,
}

row! { Workspace in "workspaces" { gid, name, is_organization, email_domains, created_at } }

impl Record for Workspace {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A workspace is the highest level of organization; an organization is a workspace with teams and e-mail domains.");
        s.field("name", |w| &w.name)
            .write(|w, Name(name)| w.name = name)
            .compact()
            .doc("What the workspace is called.");
        s.computed("email_domains", |w, _| w.domains().map(str::to_owned).collect::<Vec<_>>())
            .doc("The e-mail domains of the organization; people with other addresses are guests.");
        s.field("is_organization", |w| &w.is_organization)
            .doc("Whether the workspace is an organization.");
    }
}

impl Workspace {
    /// The e-mail domains of the organization.
    fn domains(&self) -> impl Iterator<Item = &str> {
        self.email_domains.split(',').filter(|domain| !domain.is_empty())
    }
}

impl Resource for Workspace {
    const TYPE: &'static str = "workspace";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Workspace {
    const EDIT: Level = Level::Admin;

    fn workspace(&self) -> Gid {
        self.gid
    }

    fn prepare(
        _cx: &mut Context<'_, '_>,
        _before: Option<&Self>,
        row: &mut Self,
        _body: &Body,
    ) -> Result<()> {
        require(!row.name.is_empty(), "name", "Must not be empty")
    }
}

/// Whether a workspace is an organization.
pub fn is_organization(cx: &mut Context<'_, '_>, workspace: Gid) -> Result<bool> {
    let sql = "SELECT w.is_organization FROM workspaces AS w WHERE w.gid = ?";
    Ok(cx.cell::<bool>(sql, params![workspace])?.unwrap_or(false))
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section(
        "Workspaces",
        "The highest level of organization: everything belongs to one workspace.",
    );
    api.list::<Workspace>(
        "getWorkspaces",
        "/workspaces",
        "The workspaces the actor is in, oldest first.",
        mine,
    );
    api.read::<Workspace>("getWorkspace", "/workspaces/{workspace_gid}", "One workspace.");
    api.update::<Workspace>(
        "updateWorkspace",
        "/workspaces/{workspace_gid}",
        "Renames a workspace; its admins may.",
    );
    api.act::<Workspace>(
        "addUserForWorkspace",
        "/workspaces/{workspace_gid}/addUser",
        "Adds a user to a workspace and invites who is not known; full members may.",
        Level::Edit,
        Output::One(User::TYPE),
        people::add,
    )
    .required_field("user", JsonType::String, "The user: a gid or an e-mail address.");
    api.act::<Workspace>(
        "removeUserForWorkspace",
        "/workspaces/{workspace_gid}/removeUser",
        "Removes a user from a workspace; what the user owned becomes the actor's; its admins may.",
        Level::Admin,
        Output::Empty,
        people::remove,
    )
    .required_field("user", JsonType::String, "The user: a gid, an e-mail address or `me`.");
}

/// `getWorkspaces`: those the actor is in, oldest first.
fn mine(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<Workspace>> {
    Query::inside().order(&["t.created_at", "t.gid"]).page(cx, call)
}
