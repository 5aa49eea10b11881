//! Administration from the command line: workspaces, people and tokens, without anybody acting.
//!
//! Plain functions over a transaction; they check what they are given and know nothing of arguments, files or output.

use crate::audit::{self, Audit, Doer};
use crate::auth;
use crate::error::{Result, invalid, require};
use crate::resources::time_periods;
use crate::resources::users::{self, User};
use crate::resources::workspace_memberships::{self, Role};
use crate::resources::workspaces::Workspace;
use engine::record::insert_text;
use engine::{Resource as _, Stored};
use model::{Gid, Timestamp, single_line};
use store::{Tx, params};

/// Makes a workspace, an organization if so asked, with its time periods, and gives its gid. Nobody is in it yet.
///
/// Errors: 400 for an empty name, a malformed domain, domains of a workspace that is no organization.
pub fn create_workspace(
    tx: &mut Tx<'_>,
    now: Timestamp,
    name: &str,
    is_organization: bool,
    email_domains: &[String],
) -> Result<Gid> {
    let name = single_line(name);
    require(!name.is_empty(), "name", "Must not be empty")?;
    require(
        is_organization || email_domains.is_empty(),
        "email_domains",
        "Only an organization has e-mail domains",
    )?;
    let mut domains: Vec<String> = Vec::new();
    for domain in email_domains {
        let domain = domain.trim().trim_start_matches('@').to_lowercase();
        require(
            users::address(&format!("someone@{domain}")).is_some() && !domain.contains(','),
            "email_domains",
            "Must be domains, such as example.com",
        )?;
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    let row = Workspace {
        gid: tx.gid()?,
        name,
        is_organization,
        email_domains: domains.join(","),
        created_at: now,
    };
    tx.execute(&insert_text::<Workspace>(), &row.values())?;
    time_periods::make(tx, now, row.gid)?;
    Ok(row.gid)
}

/// Makes a person or service account a member of a workspace, as `admin`, `member`, `guest` or `service`, and gives the user.
/// Whoever has the e-mail address already joins the workspace under the name he has; in it already, he gets the role.
///
/// Errors: 400 for an unknown workspace, an unknown role, a malformed address, an empty name.
pub fn create_user(
    tx: &mut Tx<'_>,
    now: Timestamp,
    name: &str,
    email: &str,
    workspace: Gid,
    role: &str,
) -> Result<Gid> {
    let role = Role::parse(role)
        .ok_or_else(|| invalid("role", "Must be one of admin, member, guest, service"))?;
    let address =
        users::address(email).ok_or_else(|| invalid("email", "Not a valid e-mail address"))?;
    let exists: Option<Gid> =
        tx.first("SELECT w.gid FROM workspaces AS w WHERE w.gid = ?", params![workspace], |row| {
            row.get(0)
        })?;
    require(exists.is_some(), "workspace", "Unknown object")?;
    let name = single_line(name);
    require(!name.is_empty(), "name", "Must not be empty")?;
    let (user, _) = users::ensure(tx, now, &name, &address)?;
    let before = workspace_memberships::of(tx, workspace, user)?;
    let joined = workspace_memberships::join(tx, now, workspace, user, role)?.is_some();
    workspace_memberships::set_role(tx, workspace, user, role)?;
    let (event_type, old) = match &before {
        None => ("user_invited", None),
        Some(_) if joined => ("user_reprovisioned", None),
        Some(before) => ("user_workspace_admin_role_changed", Some(before.role.as_str())),
    };
    if old != Some(role.name()) {
        let entry = Audit::new(event_type, workspace).about(User::TYPE, user);
        audit::write(tx, now, &Doer::server(), &entry.change(old, Some(role.name())))?;
    }
    Ok(user)
}

/// The user with this e-mail address.
///
/// Errors: 400 if there is none.
pub fn user_by_email(tx: &mut Tx<'_>, email: &str) -> Result<User> {
    users::by_email(tx, email)?.ok_or_else(|| invalid("user", "No user has this e-mail address"))
}

/// Stores a token of a user under its hash and gives its gid; `doer` is who made it, for the audit log. The text is shown to whoever made it and is kept nowhere.
///
/// Errors: 400 for an unknown user.
pub fn create_token(
    tx: &mut Tx<'_>,
    now: Timestamp,
    user: Gid,
    name: &str,
    token_text: &str,
    doer: &Doer,
) -> Result<Gid> {
    let exists: Option<Gid> =
        tx.first("SELECT u.gid FROM users AS u WHERE u.gid = ?", params![user], |row| row.get(0))?;
    require(exists.is_some(), "user", "Unknown object")?;
    let gid = tx.gid()?;
    tx.execute(
        r#"INSERT INTO tokens (gid, "user", name, hash, created_at) VALUES (?, ?, ?, ?, ?)"#,
        params![gid, user, single_line(name), auth::hash(token_text), now],
    )?;
    audit::write_everywhere(tx, now, doer, "user_personal_access_token_authorized", user)?;
    Ok(gid)
}
