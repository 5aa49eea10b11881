//! Users: people and service accounts.
//!
//! API section "Users". A user belongs to workspaces by [`super::workspace_memberships`].

use crate::prelude::*;
use crate::resources::workspaces::Workspace;
use engine::record::{Stored, insert_text, select_list};
use model::name_key;
use store::Tx;

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

/// Longest e-mail address.
///
/// Source: RFC 5321, 4.5.3.1.3.
const MAX_ADDRESS: usize = 254;

/// The e-mail address as it is stored, in lower case; `None` if the text is none.
pub fn address(text: &str) -> Option<String> {
    let address = text.trim().to_lowercase();
    let (local, domain) = address.split_once('@')?;
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"@,;<>()[]\\\"".contains(c);
    let valid = address.len() <= MAX_ADDRESS
        && !local.is_empty()
        && !domain.is_empty()
        && local.chars().all(is_plain)
        && domain.chars().all(is_plain)
        && domain.split('.').all(|label| !label.is_empty());
    valid.then_some(address)
}

/// The user with this e-mail address.
pub fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<User>> {
    let text = format!("SELECT {} FROM users AS t WHERE t.email = ?", select_list::<User>("t"));
    Ok(tx.first(&text, params![email.trim().to_lowercase()], |row| User::from_row(row, 0))?)
}

/// The user with this e-mail address, made under `name` if there is none; says whether he is new. The address is checked
/// before, by [`address`].
pub fn ensure(tx: &mut Tx<'_>, now: Timestamp, name: &str, email: &str) -> Result<(Gid, bool)> {
    if let Some(user) = by_email(tx, email)? {
        return Ok((user.gid, false));
    }
    let user = User {
        gid: tx.gid()?,
        name: name.to_owned(),
        name_key: name_key(name),
        email: email.to_owned(),
        time_zone: None,
        created_at: now,
    };
    let text = format!("{} ON CONFLICT DO NOTHING", insert_text::<User>());
    if tx.execute(&text, &user.values())? == 0 {
        // Somebody else made him at the same time.
        let found = by_email(tx, email)?.ok_or_else(|| {
            crate::Error::Internal(anyhow::anyhow!("the user that was in the way is gone"))
        })?;
        return Ok((found.gid, false));
    }
    Ok((user.gid, true))
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Users", "People and service accounts.");
    api.read::<User>("getUser", "/users/{user_gid}", "One user, by gid, e-mail address or `me`.");
}
