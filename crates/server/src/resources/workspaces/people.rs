//! `addUser` and `removeUser`: who comes into a workspace and what becomes of the things of those who leave.

use crate::api::call::cut;
use crate::audit::Audit;
use crate::events;
use crate::jobs::{self, Step, Work};
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::goals::Goal;
use crate::resources::portfolios::Portfolio;
use crate::resources::projects::Project;
use crate::resources::sharing::Shared as _;
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
    cx.met(workspace, &[user]);
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
    for holding in &HOLDINGS {
        leaving.hold(cx, holding)?;
        leaving.hand_over(cx, holding)?;
        leaving.leave(cx, holding)?;
    }
    leaving.hand_over_teams(cx)?;
    leaving.end_grants(cx)?;
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

/// A type that users own and are members of.
struct Holding {
    kind: &'static str,
    table: &'static str,
    membership: &'static str,
    memberships: &'static str,
    column: &'static str,
    /// The privacy of those that only members reach.
    private: &'static str,
    /// Who reaches it beside its members, `p` being the row: the owner, where owning is administering, and the people of a team.
    beside: &'static str,
}

const HOLDINGS: [Holding; 3] = [
    Holding {
        kind: Project::TYPE,
        table: Project::TABLE,
        membership: Project::MEMBERSHIP,
        memberships: Project::MEMBERSHIPS,
        column: Project::COLUMN,
        private: "private",
        beside: "",
    },
    Holding {
        kind: Portfolio::TYPE,
        table: Portfolio::TABLE,
        membership: Portfolio::MEMBERSHIP,
        memberships: Portfolio::MEMBERSHIPS,
        column: Portfolio::COLUMN,
        private: "members_only",
        beside: " UNION ALL SELECT p.owner WHERE p.owner IS NOT NULL",
    },
    Holding {
        kind: Goal::TYPE,
        table: Goal::TABLE,
        membership: Goal::MEMBERSHIP,
        memberships: Goal::MEMBERSHIPS,
        column: Goal::COLUMN,
        private: "members_only",
        beside: " UNION ALL SELECT p.owner WHERE p.owner IS NOT NULL UNION ALL SELECT p.team WHERE p.team IS NOT NULL",
    },
];

impl Holding {
    /// The condition that only the user reaches the row `p`: it is private and nobody else is in it. The parameter is the user.
    fn alone(&self) -> String {
        let Holding { memberships, column, private, beside, .. } = self;
        format!(
            "p.privacy_setting = '{private}' AND (SELECT 1 FROM (SELECT o.member AS who FROM {memberships} AS o WHERE o.{column} = p.gid{beside}) AS r WHERE r.who <> ? LIMIT 1) IS NULL"
        )
    }
}

impl Leaving {
    /// Holds what the user administers: whether there is another admin must not change meanwhile.
    fn hold(&self, cx: &mut Context<'_, '_>, holding: &Holding) -> Result<()> {
        let Holding { table, memberships, column, .. } = holding;
        cx.execute(
            &format!("UPDATE {table} SET modified_at = modified_at WHERE gid IN (SELECT m.{column} FROM {memberships} AS m WHERE m.member = ? AND m.workspace = ? AND m.access_level = 'admin')"),
            params![self.user, self.workspace],
        )?;
        Ok(())
    }

    /// What the user owned, or was the only admin of, gets the heir as admin, and as owner if the user was.
    fn hand_over(&self, cx: &mut Context<'_, '_>, holding: &Holding) -> Result<()> {
        let Holding { kind, table, memberships, column, .. } = holding;
        let alone = holding.alone();
        let owned = cx.gids(
            &format!("SELECT p.gid FROM {table} AS p WHERE p.workspace = ? AND p.owner = ? AND NOT ({alone})"),
            params![self.workspace, self.user, self.user],
        )?;
        let left_alone = cx.gids(
            &format!(
                "SELECT p.gid FROM {memberships} AS m JOIN {table} AS p ON p.gid = m.{column}
                 WHERE m.member = ? AND m.workspace = ? AND m.access_level = 'admin' AND NOT ({alone})
                 AND (SELECT 1 FROM {memberships} AS a WHERE a.{column} = p.gid AND a.access_level = 'admin' AND a.member <> ? LIMIT 1) IS NULL"
            ),
            params![self.user, self.workspace, self.user, self.user],
        )?;
        let now = cx.now();
        cx.execute(
            &format!("UPDATE {table} SET owner = ?, modified_at = ? WHERE gid IN (SELECT i.value FROM ids(?) AS i)"),
            params![self.heir, now, &owned],
        )?;
        for object in &owned {
            let owner = self.heir.map(|heir| (User::TYPE, heir));
            let change = FieldChange { value: owner, ..FieldChange::changed("owner") };
            cx.emit(self.event(kind, *object, "changed", vec![change]));
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
            &format!("INSERT INTO {memberships} (gid, workspace, {column}, member, member_type, access_level, created_at)
             SELECT n.value, p.workspace, p.gid, CAST(? AS BIGINT), 'user', 'admin', CAST(? AS BIGINT)
             FROM ids(?) AS i JOIN ids(?) AS n ON n.key = i.key JOIN {table} AS p ON p.gid = i.value WHERE 1 = 1
             ON CONFLICT ({column}, member) DO UPDATE SET access_level = 'admin'"),
            params![heir, now, &adopted, &gids],
        )?;
        cx.execute(
            &format!("INSERT INTO grants (object, principal, level) SELECT p.gid, CAST(? AS BIGINT), 4 FROM ids(?) AS i JOIN {table} AS p ON p.gid = i.value WHERE p.deleted IS NULL
             ON CONFLICT (object, principal) DO UPDATE SET level = 4"),
            params![heir, &adopted],
        )?;
        let joined = cx.query(
            &format!("SELECT m.gid, m.{column} FROM ids(?) AS i JOIN {memberships} AS m ON m.gid = i.value"),
            params![&gids],
            |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?)),
        )?;
        for (membership, object) in joined {
            self.tell_member(cx, holding, "added", membership, object, heir);
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

    /// Ends the user's memberships, except in what is his alone.
    fn leave(&self, cx: &mut Context<'_, '_>, holding: &Holding) -> Result<()> {
        let Holding { table, memberships, column, .. } = holding;
        let alone = holding.alone();
        let left = cx.query(
            &format!(
                "SELECT m.gid, m.{column} FROM {memberships} AS m JOIN {table} AS p ON p.gid = m.{column} WHERE m.member = ? AND m.workspace = ? AND NOT ({alone})"
            ),
            params![self.user, self.workspace, self.user],
            |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?)),
        )?;
        let gids: Vec<Gid> = left.iter().map(|(membership, _)| *membership).collect();
        cx.execute(
            &format!("DELETE FROM {memberships} WHERE gid IN (SELECT i.value FROM ids(?) AS i)"),
            params![&gids],
        )?;
        for (membership, object) in left {
            self.tell_member(cx, holding, "removed", membership, object, self.user);
        }
        Ok(())
    }

    /// Ends all that memberships and owning let the user reach.
    fn end_grants(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        cx.execute(
            "DELETE FROM custom_field_memberships WHERE member = ? AND workspace = ?",
            params![self.user, self.workspace],
        )?;
        for table in [Project::TABLE, Portfolio::TABLE, Goal::TABLE, CustomField::TABLE] {
            cx.execute(
                &format!("DELETE FROM grants WHERE principal = ? AND object IN (SELECT t.gid FROM {table} AS t WHERE t.workspace = ?)"),
                params![self.user, self.workspace],
            )?;
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

    /// The user follows nothing here any more, has no templates and favourites here, and the membership is over.
    fn forget(&self, cx: &mut Context<'_, '_>) -> Result<()> {
        cx.later(
            "UPDATE project_templates SET owner = ? WHERE owner = ? AND workspace = ?",
            params![self.heir, self.user, self.workspace].to_vec(),
        )?;
        for table in [
            "task_followers",
            "project_followers",
            "tag_followers",
            "goal_followers",
            "favorites",
            "visits",
            "contacts",
        ] {
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

    /// Records that somebody is a member of something, or is no more.
    fn tell_member(
        &self,
        cx: &mut Context<'_, '_>,
        holding: &Holding,
        action: &'static str,
        membership: Gid,
        object: Gid,
        user: Gid,
    ) {
        let mut event = self.event(holding.membership, membership, action, Vec::new());
        event.parent = Some((holding.kind, object));
        event.scopes.push(object);
        cx.emit(event);
        let change = FieldChange { field: "members", action, value: Some((User::TYPE, user)) };
        cx.emit(self.event(holding.kind, object, "changed", vec![change]));
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
        let most = cx.app.jobs.pace.of(BATCH);
        // Those in the trash too, so that they do not come back to somebody who is not there.
        let tasks: Vec<(Gid, bool)> = cx.query(
            "SELECT t.gid, CASE WHEN t.deleted IS NULL THEN 1 ELSE 0 END FROM tasks AS t WHERE t.assignee = ? AND t.workspace = ? ORDER BY t.created_at, t.gid LIMIT ?",
            params![self.user, self.workspace, most],
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
        let is_done = i64::try_from(all.len()).unwrap_or(i64::MAX) < most;
        Ok(Step { rows: all.len(), is_done })
    }
}
