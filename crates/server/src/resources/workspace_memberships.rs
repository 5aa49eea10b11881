//! Workspace memberships: who is in a workspace, and in which role.
//!
//! API section "Workspace memberships", 3 operations. A membership stays when its user is removed, no longer active; it is
//! taken up again when he comes back. Inviting and removing are in [`super::workspaces`].
//! Events: `workspace_membership` added, removed.

use crate::access::grants;
use crate::prelude::*;
use crate::resources::user_task_lists::{self, OwnList};
use crate::resources::users::User;
use crate::resources::workspaces::{Workspace, is_organization};
use store::Tx;

/// One row of `workspace_memberships`.
#[derive(Debug, Clone)]
pub struct WorkspaceMembership {
    pub gid: Gid,
    pub workspace: Gid,
    pub user: Gid,
    /// A [`Role`].
    pub role: String,
    pub is_active: bool,
    pub created_at: Timestamp,
}

row! { WorkspaceMembership in "workspace_memberships" { gid, workspace, user, role, is_active, created_at } }

impl Record for WorkspaceMembership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user in a workspace, and in which role.");
        s.one::<User>("user", |m| Some(m.user)).compact().doc("The user.");
        s.one::<Workspace>("workspace", |m| Some(m.workspace)).compact().doc("The workspace.");
        s.inline_one::<OwnList>(
            "user_task_list",
            r#"SELECT i.key, l.gid, l.owner, l.workspace FROM :ids AS i JOIN workspace_memberships AS m ON m.gid = i.value JOIN user_task_lists AS l ON l.owner = m."user" AND l.workspace = m.workspace ORDER BY i.key"#,
        )
        .doc("The user's task list in the workspace.");
        s.field("is_active", |m| &m.is_active)
            .doc("Whether the user is in the workspace now; false after being removed.");
        s.computed("is_admin", |m, _| m.role == Role::Admin.name())
            .doc("Whether the user is an admin of the workspace.");
        s.computed("is_guest", |m, _| m.role == Role::Guest.name())
            .doc("Whether the user is a guest, who sees only what is shared with him.");
        s.computed("is_view_only", |_, _| false)
            .doc("Whether the user may only look; there are no such seats, so never.");
        s.computed("vacation_dates", |_, _| None::<serde_json::Value>)
            .doc("Out of use; always null.");
        s.field("created_at", |m| &m.created_at).doc("When the user joined for the first time.");
    }
}

impl Resource for WorkspaceMembership {
    const TYPE: &'static str = "workspace_membership";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for WorkspaceMembership {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        Ok(vec![self.gid, self.workspace, self.user])
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Workspace::TYPE, self.workspace))
    }
}

/// What a user is in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Manages people and settings.
    Admin,
    /// Sees what is public in the workspace.
    Member,
    /// Sees only what is shared with him.
    Guest,
    /// A program that sees everything.
    Service,
}

impl Role {
    /// The role as stored.
    pub fn name(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Member => "member",
            Role::Guest => "guest",
            Role::Service => "service",
        }
    }

    /// The role of this name.
    pub fn parse(name: &str) -> Option<Role> {
        [Role::Admin, Role::Member, Role::Guest, Role::Service]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// The membership of `user` in `workspace`, active or not.
pub fn of(tx: &mut Tx<'_>, workspace: Gid, user: Gid) -> Result<Option<WorkspaceMembership>> {
    let text = format!(
        r#"SELECT {} FROM workspace_memberships AS t WHERE t.workspace = ? AND t."user" = ?"#,
        engine::record::select_list::<WorkspaceMembership>("t")
    );
    Ok(tx.first(&text, params![workspace, user], |row| WorkspaceMembership::from_row(row, 0))?)
}

/// Puts `user` into `workspace`: the membership, what it lets him reach, his task list. `None` if he is in it already; then
/// nothing changes. This is the one place where people enter a workspace.
pub fn join(
    tx: &mut Tx<'_>,
    now: Timestamp,
    workspace: Gid,
    user: Gid,
    role: Role,
) -> Result<Option<WorkspaceMembership>> {
    let gid = tx.gid()?;
    let written = tx.execute(
        r#"INSERT INTO workspace_memberships (gid, workspace, "user", role, is_active, created_at) VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (workspace, "user") DO UPDATE SET role = excluded.role, is_active = 1 WHERE workspace_memberships.is_active = 0"#,
        params![gid, workspace, user, role.name(), now],
    )?;
    if written == 0 {
        return Ok(None);
    }
    grants::principal_of_workspace(tx, workspace, user)?;
    grants::of_member(tx, workspace, user)?;
    user_task_lists::make(tx, now, user, workspace)?;
    of(tx, workspace, user)
}

/// The first of `users` who is not active in the workspace, by his place among them, and what the workspace is called to people:
/// `Organization` or `Workspace`. The others cannot be removed from it until the transaction ends.
pub fn first_stranger(
    cx: &mut Context<'_, '_>,
    workspace: Gid,
    users: &[Gid],
) -> Result<Option<(usize, &'static str)>> {
    let inside = hold(cx, workspace, users)?;
    let Some(at) = users.iter().position(|user| !inside.contains(user)) else { return Ok(None) };
    Ok(Some((at, if is_organization(cx, workspace)? { "Organization" } else { "Workspace" })))
}

/// Those of `users` who are active in the workspace. They cannot be removed from it until the transaction ends.
pub fn hold(cx: &mut Context<'_, '_>, workspace: Gid, users: &[Gid]) -> Result<Vec<Gid>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        r#"SELECT wm."user" FROM ids(?) AS i JOIN workspace_memberships AS wm ON wm."user" = i.value AND wm.workspace = ? AND wm.is_active = 1 ORDER BY wm.gid{}"#,
        cx.tx.dialect().hold("wm")
    );
    cx.gids(&sql, params![users, workspace])
}

/// Refuses users who are not in the workspace.
///
/// Errors: 400 `field: Not a user in Workspace: …`.
pub fn require_in_workspace(
    cx: &mut Context<'_, '_>,
    workspace: Gid,
    field: &'static str,
    users: &[Gid],
) -> Result<()> {
    match first_stranger(cx, workspace, users)? {
        None => Ok(()),
        Some((at, kind)) => {
            let user = users.get(at).map(Gid::to_string).unwrap_or_default();
            Err(invalid(field, format!("Not a user in {kind}: {user}")))
        }
    }
}

/// Gives an active member another role.
pub fn set_role(tx: &mut Tx<'_>, workspace: Gid, user: Gid, role: Role) -> Result<()> {
    tx.execute(
        r#"UPDATE workspace_memberships SET role = ? WHERE workspace = ? AND "user" = ? AND is_active = 1"#,
        params![role.name(), workspace, user],
    )?;
    grants::principal_of_workspace(tx, workspace, user)
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Workspace memberships", "Who is in a workspace, and in which role.");
    api.read::<WorkspaceMembership>(
        "getWorkspaceMembership",
        "/workspace_memberships/{workspace_membership_gid}",
        "One workspace membership.",
    );
    api.list_in::<User, WorkspaceMembership>(
        "getWorkspaceMembershipsForUser",
        "/users/{user_gid}/workspace_memberships",
        "The memberships of a user in the workspaces that the actor is in too.",
        of_user,
    );
    api.list_in::<Workspace, WorkspaceMembership>(
        "getWorkspaceMembershipsForWorkspace",
        "/workspaces/{workspace_gid}/workspace_memberships",
        "The memberships in a workspace, of one user if it is given.",
        of_workspace,
    )
    .query("user", "Only the membership of this user: a gid, an e-mail address or `me`.");
}

/// `getWorkspaceMembershipsForUser`: only in workspaces that the actor is in himself.
fn of_user(
    cx: &mut Context<'_, '_>,
    user: &User,
    call: &Call,
) -> Result<Page<WorkspaceMembership>> {
    let me = cx.me();
    Query::inside()
        .filter(r#"t."user" = ?"#, params![user.gid])
        .filter(
            r#"(SELECT 1 FROM workspace_memberships AS mine WHERE mine.workspace = t.workspace AND mine."user" = ? AND mine.is_active = 1) IS NOT NULL"#,
            params![me],
        )
        .page(cx, call)
}

/// `getWorkspaceMembershipsForWorkspace`: by user.
fn of_workspace(
    cx: &mut Context<'_, '_>,
    workspace: &Workspace,
    call: &Call,
) -> Result<Page<WorkspaceMembership>> {
    let mut query =
        Query::inside().filter("t.workspace = ?", params![workspace.gid]).order(&[r#"t."user""#]);
    if let Some(raw) = call.param("user") {
        let (user, _) = cx.refer::<User>("user", raw)?;
        query = query.filter(r#"t."user" = ?"#, params![user.gid]);
    }
    query.page(cx, call)
}
