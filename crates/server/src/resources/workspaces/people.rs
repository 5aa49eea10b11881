//! `addUser` and `removeUser`: who comes into a workspace and what becomes of the things of those who leave.

use crate::api::call::cut;
use crate::audit::Audit;
use crate::events;
use crate::jobs::{self, Step, Work};
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::team_memberships::{self, TeamMembership};
use crate::resources::users::{self, User};
use crate::resources::workspace_memberships::{self, Role, WorkspaceMembership};
use crate::resources::workspaces::Workspace;
use engine::record::select_list;
use serde::{Deserialize, Serialize};

/// `addUserForWorkspace`: invites by e-mail address whoever is not known. Who is in already stays as he is.
pub(super) fn add(cx: &mut Context<'_, '_>, workspace: Workspace, call: &Call) -> Result<Answer> {
    let raw = sent(&call.body)?;
    let user = if raw.contains('@') { invited(cx, &raw)? } else { known(cx, workspace.gid, &raw)? };
    let role = role_for(&workspace, &user.email);
    let_in(cx, workspace.gid, user.gid, role)?;
    cx.select("resource_type,name,email,photo");
    cx.answer_gid::<User>(user.gid)
}

/// Puts a user into a workspace, and tells of it; who is in already stays as he is.
pub fn let_in(cx: &mut Context<'_, '_>, workspace: Gid, user: Gid, role: Role) -> Result<()> {
    let now = cx.now();
    let was_here = workspace_memberships::of(cx.tx, workspace, user)?.is_some();
    let Some(row) = workspace_memberships::join(cx.tx, now, workspace, user, role)? else {
        return Ok(());
    };
    let scopes = row.scopes(cx)?;
    cx.emit(Event { scopes, ..Event::added(WorkspaceMembership::TYPE, &row) });
    let event_type = if was_here { "user_reprovisioned" } else { "user_invited" };
    let entry = Audit::new(event_type, workspace).about(User::TYPE, user);
    cx.audit(entry.change(None, Some(role.name())))
}

/// The user that the body names.
fn sent(body: &Body) -> Result<String> {
    body.reference("user")?.flatten().ok_or_else(|| invalid("user", "Missing input"))
}

/// Whoever has the e-mail address; a new user, named after it, if nobody has.
fn invited(cx: &mut Context<'_, '_>, raw: &str) -> Result<User> {
    let address = users::address(raw)
        .ok_or_else(|| invalid("user", format!("Not a valid email address: {}", cut(raw))))?;
    let (name, _) = address.split_once('@').unwrap_or((&address, ""));
    let now = cx.now();
    users::ensure(cx.tx, now, name, &address)?;
    users::by_email(cx.tx, &address)?.ok_or_else(|| users::unknown("user", raw))
}

/// The user of this gid, if the actor sees him or he was in the workspace before.
fn known(cx: &mut Context<'_, '_>, workspace: Gid, raw: &str) -> Result<User> {
    let gid = cx.identify(User::TYPE, "user", raw)?.ok_or_else(|| users::unknown("user", raw))?;
    let was_here = workspace_memberships::of(cx.tx, workspace, gid)?.is_some();
    if !was_here && !cx.is_visible(User::TYPE, gid)? {
        return Err(users::unknown("user", raw));
    }
    let text = format!("SELECT {} FROM users AS t WHERE t.gid = ?", select_list::<User>("t"));
    cx.first(&text, params![gid], |row| User::from_row(row, 0))?
        .ok_or_else(|| users::unknown("user", raw))
}

/// A guest, where the organization has e-mail domains and the address is in none of them; else a member.
///
/// Source: dossier 3.5.
pub fn role_for(workspace: &Workspace, email: &str) -> Role {
    let (_, domain) = email.rsplit_once('@').unwrap_or_default();
    let mut domains = workspace.domains().peekable();
    if !workspace.is_organization || domains.peek().is_none() || domains.any(|own| own == domain) {
        Role::Member
    } else {
        Role::Guest
    }
}

/// `removeUserForWorkspace`: what the user owned becomes the actor's; what was the user's alone stays so.
pub(super) fn remove(
    cx: &mut Context<'_, '_>,
    workspace: Workspace,
    call: &Call,
) -> Result<Answer> {
    let raw = sent(&call.body)?;
    let unknown = || users::unknown("user", &raw);
    let user = cx.identify(User::TYPE, "user", &raw)?.ok_or_else(unknown)?;
    // Two admins may not remove each other at the same time.
    cx.lock("workspaces", workspace.gid)?;
    cx.require_workspace_admin(workspace.gid)?;
    let membership = workspace_memberships::of(cx.tx, workspace.gid, user)?.ok_or_else(unknown)?;
    if !membership.is_active {
        return Ok(Answer::empty());
    }
    // Nobody gives the user anything meanwhile; see [`workspace_memberships::first_stranger`].
    cx.lock("workspace_memberships", membership.gid)?;
    if membership.role == Role::Admin.name() {
        let others: Option<i64> = cx.cell(
            r#"SELECT count(*) FROM workspace_memberships AS wm WHERE wm.workspace = ? AND wm.role = 'admin' AND wm.is_active = 1 AND wm."user" <> ?"#,
            params![workspace.gid, user],
        )?;
        if others.unwrap_or_default() == 0 {
            return Err(bad_request("The last admin of a workspace cannot be removed"));
        }
    }
    let leaving =
        Leaving { workspace: workspace.gid, user, heir: Some(cx.me()).filter(|me| *me != user) };
    leaving.hold_projects(cx)?;
    leaving.hand_over_projects(cx)?;
    leaving.hand_over_teams(cx)?;
    leaving.leave_projects(cx)?;
    leaving.leave_teams(cx)?;
    leaving.forget(cx)?;
    let tasks = Unassign { workspace: workspace.gid.get(), user: user.get() };
    jobs::go_on(cx, workspace.gid, tasks)?;
    let scopes = membership.scopes(cx)?;
    let event = Event::moved(&membership, "removed", (Workspace::TYPE, workspace.gid));
    cx.emit(Event { scopes, ..event });
    let entry = Audit::new("user_deprovisioned", workspace.gid).about(User::TYPE, user);
    cx.audit(entry.change(Some(&membership.role), None))?;
    Ok(Answer::empty())
}

/// A user on the way out of a workspace.
struct Leaving {
    workspace: Gid,
    user: Gid,
    /// Who takes over; nobody if the user removes himself.
    heir: Option<Gid>,
}

/// Projects that only the user reaches: private ones without another member. `p` is the project, the parameter the user.
const ALONE: &str = "p.privacy_setting = 'private' AND (SELECT 1 FROM project_memberships AS o WHERE o.project = p.gid AND o.member <> ? LIMIT 1) IS NULL";

impl Leaving {
    /// Holds the projects that the user administers: whether there is another admin must not change meanwhile.
    fn hold_projects(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        cx.execute(
            "UPDATE projects SET modified_at = modified_at WHERE gid IN (SELECT m.project FROM project_memberships AS m WHERE m.member = ? AND m.workspace = ? AND m.access_level = 'admin')",
            params![self.user, self.workspace],
        )?;
        Ok(())
    }

    /// Projects that the user owned, or was the only admin of, get the heir as admin, and as owner if the user was.
    fn hand_over_projects(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        let owned = cx.gids(
            &format!("SELECT p.gid FROM projects AS p WHERE p.workspace = ? AND p.owner = ? AND NOT ({ALONE})"),
            params![self.workspace, self.user, self.user],
        )?;
        let left_alone = cx.gids(
            &format!(
                "SELECT p.gid FROM project_memberships AS m JOIN projects AS p ON p.gid = m.project
                 WHERE m.member = ? AND m.workspace = ? AND m.access_level = 'admin' AND NOT ({ALONE})
                 AND (SELECT 1 FROM project_memberships AS a WHERE a.project = p.gid AND a.access_level = 'admin' AND a.member <> ? LIMIT 1) IS NULL"
            ),
            params![self.user, self.workspace, self.user, self.user],
        )?;
        let now = cx.now();
        cx.execute(
            "UPDATE projects SET owner = ?, modified_at = ? WHERE gid IN (SELECT i.value FROM ids(?) AS i)",
            params![self.heir, now, &owned],
        )?;
        for project in &owned {
            let owner = self.heir.map(|heir| (User::TYPE, heir));
            let change = FieldChange { value: owner, ..FieldChange::changed("owner") };
            cx.emit(self.event(Project::TYPE, *project, "changed", vec![change]));
        }
        let Some(heir) = self.heir else { return Ok(()) };
        let mut adopted = owned;
        adopted.extend(left_alone);
        adopted.sort_unstable();
        adopted.dedup();
        let mut gids = Vec::with_capacity(adopted.len());
        for _ in &adopted {
            gids.push(cx.gid()?);
        }
        cx.execute(
            "INSERT INTO project_memberships (gid, workspace, project, member, member_type, access_level, created_at)
             SELECT n.value, p.workspace, p.gid, CAST(? AS BIGINT), 'user', 'admin', CAST(? AS BIGINT)
             FROM ids(?) AS i JOIN ids(?) AS n ON n.key = i.key JOIN projects AS p ON p.gid = i.value WHERE 1 = 1
             ON CONFLICT (project, member) DO UPDATE SET access_level = 'admin'",
            params![heir, now, &adopted, &gids],
        )?;
        cx.execute(
            "INSERT INTO grants (object, principal, level) SELECT i.value, CAST(? AS BIGINT), 4 FROM ids(?) AS i WHERE 1 = 1
             ON CONFLICT (object, principal) DO UPDATE SET level = 4",
            params![heir, &adopted],
        )?;
        let joined = cx.query(
            "SELECT m.gid, m.project FROM ids(?) AS i JOIN project_memberships AS m ON m.gid = i.value",
            params![&gids],
            |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?)),
        )?;
        for (membership, project) in joined {
            self.tell_member(cx, "added", membership, project, heir);
        }
        Ok(())
    }

    /// Teams whose only admin the user was get the heir as admin.
    fn hand_over_teams(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        let Some(heir) = self.heir else { return Ok(()) };
        let teams = cx.gids(
            r#"SELECT m.team FROM team_memberships AS m WHERE m."user" = ? AND m.workspace = ? AND m.is_admin = 1
             AND (SELECT 1 FROM team_memberships AS a WHERE a.team = m.team AND a.is_admin = 1 AND a."user" <> ? LIMIT 1) IS NULL"#,
            params![self.user, self.workspace, self.user],
        )?;
        let mut gids = Vec::with_capacity(teams.len());
        for _ in &teams {
            gids.push(cx.gid()?);
        }
        let now = cx.now();
        cx.execute(
            r#"INSERT INTO team_memberships (gid, workspace, team, "user", is_guest, is_limited_access, is_admin, created_at)
             SELECT n.value, t.workspace, t.gid, CAST(? AS BIGINT), 0, 0, 1, CAST(? AS BIGINT)
             FROM ids(?) AS i JOIN ids(?) AS n ON n.key = i.key JOIN teams AS t ON t.gid = i.value WHERE 1 = 1
             ON CONFLICT (team, "user") DO UPDATE SET is_admin = 1"#,
            params![heir, now, &teams, &gids],
        )?;
        cx.execute(
            r#"INSERT INTO principals ("user", principal) SELECT CAST(? AS BIGINT), i.value FROM ids(?) AS i WHERE 1 = 1 ON CONFLICT DO NOTHING"#,
            params![heir, &teams],
        )?;
        for joined in self.team_memberships(cx, heir)? {
            if gids.contains(&joined.gid) {
                let scopes = joined.scopes(cx)?;
                cx.emit(Event { scopes, ..Event::added(TeamMembership::TYPE, &joined) });
            }
        }
        Ok(())
    }

    /// Ends the user's memberships in projects, except in those that are his alone, and all that they let him reach.
    fn leave_projects(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        let left = cx.query(
            &format!(
                "SELECT m.gid, m.project FROM project_memberships AS m JOIN projects AS p ON p.gid = m.project WHERE m.member = ? AND m.workspace = ? AND NOT ({ALONE})"
            ),
            params![self.user, self.workspace, self.user],
            |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?)),
        )?;
        let gids: Vec<Gid> = left.iter().map(|(membership, _)| *membership).collect();
        cx.execute(
            "DELETE FROM project_memberships WHERE gid IN (SELECT i.value FROM ids(?) AS i)",
            params![&gids],
        )?;
        cx.execute(
            "DELETE FROM grants WHERE principal = ? AND object IN (SELECT p.gid FROM projects AS p WHERE p.workspace = ? UNION ALL SELECT c.gid FROM custom_fields AS c WHERE c.workspace = ?)",
            params![self.user, self.workspace, self.workspace],
        )?;
        for (membership, project) in left {
            self.tell_member(cx, "removed", membership, project, self.user);
        }
        Ok(())
    }

    /// Ends the user's memberships in teams, and that he counts as a full member.
    fn leave_teams(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        for membership in self.team_memberships(cx, self.user)? {
            team_memberships::removed(cx, &membership)?;
        }
        cx.execute(
            r#"DELETE FROM principals WHERE "user" = ? AND (principal = ? OR principal IN (SELECT t.gid FROM teams AS t WHERE t.workspace = ?))"#,
            params![self.user, self.workspace, self.workspace],
        )?;
        cx.execute(
            r#"DELETE FROM team_memberships WHERE "user" = ? AND workspace = ?"#,
            params![self.user, self.workspace],
        )?;
        Ok(())
    }

    fn team_memberships(&self, cx: &mut Context<'_, '_>, user: Gid) -> Result<Vec<TeamMembership>> {
        let text = format!(
            r#"SELECT {} FROM team_memberships AS t WHERE t."user" = ? AND t.workspace = ? ORDER BY t.gid"#,
            select_list::<TeamMembership>("t")
        );
        cx.query(&text, params![user, self.workspace], |row| TeamMembership::from_row(row, 0))
    }

    /// The user follows nothing here any more, has no favourites here, and the membership is over.
    fn forget(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        for table in ["task_followers", "project_followers", "tag_followers", "favorites"] {
            cx.execute(
                &format!(r#"DELETE FROM {table} WHERE "user" = ? AND workspace = ?"#),
                params![self.user, self.workspace],
            )?;
        }
        cx.execute(
            r#"UPDATE workspace_memberships SET is_active = 0 WHERE workspace = ? AND "user" = ?"#,
            params![self.workspace, self.user],
        )?;
        Ok(())
    }

    /// Records that somebody is a member of a project, or is no more.
    fn tell_member(
        &self,
        cx: &mut Context<'_, '_>,
        action: &'static str,
        membership: Gid,
        project: Gid,
        user: Gid,
    ) {
        let mut event = self.event("project_membership", membership, action, Vec::new());
        event.parent = Some((Project::TYPE, project));
        event.scopes.push(project);
        cx.emit(event);
        let change = FieldChange { field: "members", action, value: Some((User::TYPE, user)) };
        cx.emit(self.event(Project::TYPE, project, "changed", vec![change]));
    }

    fn event(
        &self,
        kind: &'static str,
        resource: Gid,
        action: &'static str,
        changes: Vec<FieldChange>,
    ) -> Event {
        Event {
            kind,
            subtype: None,
            resource,
            workspace: self.workspace,
            action,
            parent: None,
            changes,
            scopes: vec![resource, self.workspace],
        }
    }
}

/// Most tasks that are taken from a user in one transaction. Source: architecture, "Group commit".
const BATCH: i64 = 200;

/// The tasks of a user who was removed become nobody's.
#[derive(Debug, Serialize, Deserialize)]
pub struct Unassign {
    workspace: i64,
    user: i64,
}

impl Work for Unassign {
    const KIND: &'static str = "unassign";

    fn batch(&mut self, cx: &mut Context<'_, '_>, _job: Gid) -> Result<Step> {
        // Who came back meanwhile keeps what he has.
        let is_back: Option<i64> = cx.cell(
            r#"SELECT 1 FROM workspace_memberships AS wm WHERE wm.workspace = ? AND wm."user" = ? AND wm.is_active = 1"#,
            params![self.workspace, self.user],
        )?;
        if is_back.is_some() {
            return Ok(Step::done(0));
        }
        // Those in the trash too, so that they do not come back to somebody who is not there.
        let tasks: Vec<(Gid, bool)> = cx.query(
            "SELECT t.gid, CASE WHEN t.deleted IS NULL THEN 1 ELSE 0 END FROM tasks AS t WHERE t.assignee = ? AND t.workspace = ? ORDER BY t.created_at, t.gid LIMIT ?",
            params![self.user, self.workspace, BATCH],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let live: Vec<Gid> = tasks.iter().filter_map(|(gid, live)| live.then_some(*gid)).collect();
        events::tell_tasks(cx, &live, events::About::Changed("assignee"))?;
        let all: Vec<Gid> = tasks.iter().map(|(gid, _)| *gid).collect();
        let now = cx.now();
        cx.later(
            "UPDATE tasks SET assignee = NULL, assigned_by = NULL, modified_at = ? WHERE gid IN (SELECT i.value FROM ids(?) AS i)",
            params![now, &all].to_vec(),
        )?;
        cx.later(
            "DELETE FROM user_task_list_items WHERE task IN (SELECT i.value FROM ids(?) AS i)",
            params![&all].to_vec(),
        )?;
        let is_done = i64::try_from(all.len()).unwrap_or(i64::MAX) < BATCH;
        Ok(Step { rows: all.len(), is_done })
    }
}
