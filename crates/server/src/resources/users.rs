//! Users: people and service accounts.
//!
//! API section "Users". A user belongs to workspaces by [`super::workspace_memberships`].

use crate::prelude::*;
use crate::resources::workspaces::Workspace;

/// A user as stored, one row of `users`.
#[derive(Debug, Clone)]
pub struct User {
    pub gid: Gid,
    pub name: String,
    pub name_key: String,
    /// In lower case.
    pub email: String,
    /// An IANA name; UTC where it is not set.
    pub time_zone: Option<String>,
    pub created_at: Timestamp,
}

row! { User in "users" { gid, name, name_key, email, time_zone, created_at } }

impl Record for User {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A person or service account with access to one or more workspaces.");
        s.field("name", |u| &u.name).compact().doc("The user's name.");
        s.field("email", |u| &u.email).doc("The user's e-mail address.");
        s.computed("photo", |_, _| None::<serde_json::Value>)
            .doc("Addresses of the user's photo in several sizes, or null.");
        s.many::<Workspace>(
            "workspaces",
            Join::through("workspace_memberships", "user", "workspace")
                .filter(r#"j.is_active = 1 AND (SELECT 1 FROM workspace_memberships AS mine WHERE mine.workspace = j.workspace AND mine."user" = :me AND mine.is_active = 1) IS NOT NULL"#)
                .order("j.created_at, t.gid"),
        )
        .doc("The workspaces that both the user and the actor are in.");
    }
}

impl Resource for User {
    const TYPE: &'static str = "user";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for User {
    const EDIT: Level = Level::Admin;

    /// Users belong to no workspace; whoever is hidden is unknown.
    fn workspace(&self) -> Gid {
        Gid::new(0)
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Users", "People and service accounts.");
    api.read::<User>("getUser", "/users/{user_gid}", "One user, by gid, e-mail address or `me`.");
}
