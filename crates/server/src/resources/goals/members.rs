//! Who shares a goal, and at which level. What is granted follows from the members, so every change ends by writing the goal's
//! grants anew. The owner administers the goal whatever the membership says.

use super::Goal;
use super::followers::{tell, unfollow};
use crate::access::grants;
use crate::prelude::*;
use crate::resources::teams::Team;
use crate::resources::users::User;
use engine::reader::ids_of;

/// Makes a user or team a member of a goal, or gives a member this level, and gives the membership. Records the change for the
/// event.
///
/// Errors: 400 if no admin would be left.
pub fn add_member(
    cx: &mut Context<'_, '_>,
    goal: &Goal,
    member: Gid,
    access_level: &str,
) -> Result<Gid> {
    goal.lock(cx)?;
    if let Some((membership, level)) = membership(cx, goal, member)? {
        if level != access_level {
            require_admin_left(cx, goal, member)?;
            cx.later(
                "UPDATE goal_memberships SET access_level = ? WHERE gid = ?",
                params![access_level, membership].to_vec(),
            )?;
            tell(cx, goal, vec![FieldChange::changed("members")])?;
            grants::of_goal(cx.tx, goal.gid)?;
        }
        return Ok(membership);
    }
    let team: Option<Gid> =
        cx.cell("SELECT t.gid FROM teams AS t WHERE t.gid = ?", params![member])?;
    let kind = if team.is_some() { Team::TYPE } else { User::TYPE };
    let gids = insert(cx, goal, &[member], kind, access_level)?;
    tell(cx, goal, vec![FieldChange::added("members", kind, member)])?;
    grants::of_goal(cx.tx, goal.gid)?;
    gids.first().copied().ok_or_else(|| {
        Error::Internal(anyhow::anyhow!("a membership of goal {} was not written", goal.gid))
    })
}

/// Takes a user or team out of a goal; a user follows it no longer. Who is no member stays none.
///
/// Errors: 400 if no admin would be left.
pub fn remove_member(cx: &mut Context<'_, '_>, goal: &Goal, member: Gid) -> Result<()> {
    goal.lock(cx)?;
    let kind: Option<String> = cx.cell(
        "SELECT m.member_type FROM goal_memberships AS m WHERE m.goal = ? AND m.member = ?",
        params![goal.gid, member],
    )?;
    let Some(kind) = kind else { return Ok(()) };
    require_admin_left(cx, goal, member)?;
    cx.later(
        "DELETE FROM goal_memberships WHERE goal = ? AND member = ?",
        params![goal.gid, member].to_vec(),
    )?;
    let kind = if kind == Team::TYPE { Team::TYPE } else { User::TYPE };
    let mut changes = vec![FieldChange::removed("members", kind, member)];
    for user in unfollow(cx, goal, &[member])? {
        changes.push(FieldChange::removed("followers", User::TYPE, user));
    }
    tell(cx, goal, changes)?;
    grants::of_goal(cx.tx, goal.gid)
}

/// Lets users in who are not members yet; the goal is locked.
pub(super) fn join(
    cx: &mut Context<'_, '_>,
    goal: &Goal,
    users: &[Gid],
    access_level: &str,
) -> Result<()> {
    let known = cx.gids(
        "SELECT m.member FROM ids(?) AS i JOIN goal_memberships AS m ON m.member = i.value WHERE m.goal = ?",
        &[ids_of(users), Value::Int(goal.gid.get())],
    )?;
    let fresh: Vec<Gid> = users.iter().copied().filter(|user| !known.contains(user)).collect();
    if fresh.is_empty() {
        return Ok(());
    }
    insert(cx, goal, &fresh, User::TYPE, access_level)?;
    let changes =
        fresh.iter().map(|user| FieldChange::added("members", User::TYPE, *user)).collect();
    tell(cx, goal, changes)?;
    grants::of_goal(cx.tx, goal.gid)
}

/// Writes membership rows; gives their gids.
pub(super) fn insert(
    cx: &mut Context<'_, '_>,
    goal: &Goal,
    members: &[Gid],
    member_type: &str,
    access_level: &str,
) -> Result<Vec<Gid>> {
    let now = cx.now();
    let mut gids = Vec::with_capacity(members.len());
    for member in members {
        let gid = cx.gid()?;
        cx.later(
            "INSERT INTO goal_memberships (gid, workspace, goal, member, member_type, access_level, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![gid, goal.workspace, goal.gid, member, member_type, access_level, now].to_vec(),
        )?;
        gids.push(gid);
    }
    Ok(gids)
}

/// The membership of `member` and its level.
fn membership(cx: &mut Context<'_, '_>, goal: &Goal, member: Gid) -> Result<Option<(Gid, String)>> {
    cx.first(
        "SELECT m.gid, m.access_level FROM goal_memberships AS m WHERE m.goal = ? AND m.member = ?",
        params![goal.gid, member],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Refuses if nobody but `member` administers the goal.
fn require_admin_left(cx: &mut Context<'_, '_>, goal: &Goal, member: Gid) -> Result<()> {
    if goal.owner.is_some_and(|owner| owner != member) {
        return Ok(());
    }
    let was_admin = membership(cx, goal, member)?.is_some_and(|(_, level)| level == "admin");
    let other: Option<Gid> = cx.cell(
        "SELECT m.member FROM goal_memberships AS m WHERE m.goal = ? AND m.access_level = 'admin' AND m.member <> ? LIMIT 1",
        params![goal.gid, member],
    )?;
    if other.is_some() || !was_admin {
        Ok(())
    } else {
        Err(bad_request("A goal must keep at least one admin"))
    }
}

/// Goals that only the user reaches: without a team and another member. `g` is the goal, the parameter the user.
const ALONE: &str = "g.privacy_setting = 'members_only' AND g.team IS NULL AND (SELECT 1 FROM goal_memberships AS o WHERE o.goal = g.gid AND o.member <> ? LIMIT 1) IS NULL";

/// A user leaves a workspace: what he owned, or was the only admin of, becomes the heir's; his memberships end. Goals that are his
/// alone stay as they are, out of reach until he comes back.
pub fn leave(cx: &mut Context<'_, '_>, workspace: Gid, user: Gid, heir: Option<Gid>) -> Result<()> {
    let now = cx.now();
    let adopted = cx.gids(
        &format!(
            "SELECT g.gid FROM goals AS g WHERE g.workspace = ? AND g.owner = ? AND NOT ({ALONE})
             UNION SELECT g.gid FROM goal_memberships AS m JOIN goals AS g ON g.gid = m.goal
             WHERE m.member = ? AND m.workspace = ? AND m.access_level = 'admin' AND NOT ({ALONE})
             AND (SELECT 1 FROM goal_memberships AS a WHERE a.goal = g.gid AND a.access_level = 'admin' AND a.member <> ? LIMIT 1) IS NULL"
        ),
        params![workspace, user, user, user, workspace, user, user],
    )?;
    let handed = cx.gids(
        "UPDATE goals SET owner = ?, modified_at = ? WHERE owner = ? AND gid IN (SELECT i.value FROM ids(?) AS i) RETURNING gid",
        params![heir, now, user, &adopted],
    )?;
    for goal in handed {
        let change = FieldChange {
            value: heir.map(|heir| (User::TYPE, heir)),
            ..FieldChange::changed("owner")
        };
        cx.emit(Event {
            kind: Goal::TYPE,
            subtype: None,
            resource: goal,
            workspace,
            action: "changed",
            parent: None,
            changes: vec![change],
            scopes: vec![goal, workspace],
        });
    }
    if let Some(heir) = heir {
        let mut gids = Vec::with_capacity(adopted.len());
        for _ in &adopted {
            gids.push(cx.gid()?);
        }
        cx.execute(
            "INSERT INTO goal_memberships (gid, workspace, goal, member, member_type, access_level, created_at)
             SELECT n.value, g.workspace, g.gid, CAST(? AS BIGINT), 'user', 'admin', CAST(? AS BIGINT)
             FROM ids(?) AS i JOIN ids(?) AS n ON n.key = i.key JOIN goals AS g ON g.gid = i.value WHERE 1 = 1
             ON CONFLICT (goal, member) DO UPDATE SET access_level = 'admin'",
            params![heir, now, &adopted, &gids],
        )?;
        cx.execute(
            "INSERT INTO grants (object, principal, level) SELECT g.gid, CAST(? AS BIGINT), 4 FROM ids(?) AS i JOIN goals AS g ON g.gid = i.value WHERE g.deleted IS NULL
             ON CONFLICT (object, principal) DO UPDATE SET level = 4",
            params![heir, &adopted],
        )?;
    }
    cx.execute(
        &format!(
            "DELETE FROM goal_memberships WHERE member = ? AND workspace = ? AND goal NOT IN (SELECT g.gid FROM goal_memberships AS m JOIN goals AS g ON g.gid = m.goal WHERE m.member = ? AND {ALONE})"
        ),
        params![user, workspace, user, user],
    )?;
    cx.execute(
        "DELETE FROM grants WHERE principal = ? AND object IN (SELECT g.gid FROM goals AS g WHERE g.workspace = ?)",
        params![user, workspace],
    )?;
    Ok(())
}
