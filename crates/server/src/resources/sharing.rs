//! What users and teams share: who is in it, and at which level. The same for projects, portfolios, goals and custom fields.
//!
//! What is granted follows from the members, so every change ends by writing the grants of the shared object anew.

use crate::prelude::*;
use crate::resources::memberships::Membership;
use crate::resources::teams::Team;
use crate::resources::users::User;
use crate::resources::workspace_memberships::require_in_workspace;
use engine::reader::ids_of;

/// Something that users and teams share.
pub trait Shared: Object {
    /// The `resource_type` of its memberships.
    const MEMBERSHIP: &'static str;
    /// Their table.
    const MEMBERSHIPS: &'static str;
    /// The column of that table that names the shared object.
    const COLUMN: &'static str;
    /// The levels that a member can have, the highest first.
    const LEVELS: &'static [&'static str];
    /// Whether somebody among the members must always be an admin.
    const KEEPS_ADMIN: bool = true;

    /// The level of those who join.
    fn default_level(&self) -> &str;

    /// Whether somebody with `level` may share it and manage its members.
    fn may_share(&self, level: Level) -> bool {
        level >= Level::Edit
    }

    /// Its owner, where owning is administering.
    fn administering_owner(&self) -> Option<Gid> {
        None
    }

    /// Writes its grants anew.
    ///
    /// Errors: those of the database.
    fn grant(&self, cx: &mut Context<'_, '_>) -> Result<()>;

    /// What ends beside the memberships when `members` leave; gives the changed lists.
    ///
    /// Errors: those of the database.
    fn left(&self, _cx: &mut Context<'_, '_>, _members: &[Gid]) -> Result<Vec<FieldChange>> {
        Ok(Vec::new())
    }
}

/// Adds a user or team at a level; whoever is a member already stays as he is. Records the change for the event.
pub fn add<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    member: Gid,
    member_type: &'static str,
    access_level: &str,
) -> Result<()> {
    add_all(cx, shared, &[member], member_type, access_level)
}

/// Adds users or teams at a level, as [`add`].
pub fn add_all<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    members: &[Gid],
    member_type: &'static str,
    access_level: &str,
) -> Result<()> {
    cx.lock(T::TABLE, shared.gid())?;
    let known = memberships(cx, shared, members)?;
    let fresh: Vec<Gid> = members
        .iter()
        .copied()
        .filter(|member| known.iter().all(|row| row.member != *member))
        .collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let rows = insert(cx, shared, &fresh, member_type, access_level)?;
    if member_type == User::TYPE {
        cx.met(shared.workspace(), &fresh);
    }
    let scopes = shared.scopes(cx)?;
    for row in &rows {
        let mut event = Event::added(T::MEMBERSHIP, row);
        event.scopes.extend_from_slice(&scopes);
        cx.emit(event);
    }
    let changes =
        fresh.iter().map(|member| FieldChange::added("members", member_type, *member)).collect();
    tell(cx, shared, changes)?;
    shared.grant(cx)
}

/// Gives a member another level.
///
/// Errors: 400 if he is the last admin and would be none.
pub fn set_level<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    row: &Membership,
    access_level: &str,
) -> Result<()> {
    cx.lock(T::TABLE, shared.gid())?;
    // As it is now that nobody else changes it.
    let Some(row) = &memberships(cx, shared, &[row.member])?.pop() else {
        return Err(bad_request(format!("The member has left the {}", T::TYPE)));
    };
    if row.access_level == access_level {
        return Ok(());
    }
    require_admin_left(cx, shared, std::slice::from_ref(row))?;
    cx.later(
        &format!("UPDATE {} SET access_level = ? WHERE gid = ?", T::MEMBERSHIPS),
        params![access_level, row.gid].to_vec(),
    )?;
    let mut event = Event::changed(T::MEMBERSHIP, row, vec![FieldChange::changed("access_level")]);
    event.scopes.extend(shared.scopes(cx)?);
    cx.emit(event);
    shared.grant(cx)
}

/// Takes users and teams out.
///
/// Errors: 400 if no admin would be left.
pub fn remove<T: Shared>(cx: &mut Context<'_, '_>, shared: &T, members: &[Gid]) -> Result<()> {
    cx.lock(T::TABLE, shared.gid())?;
    let rows = memberships(cx, shared, members)?;
    if rows.is_empty() {
        return Ok(());
    }
    require_admin_left(cx, shared, &rows)?;
    let gone: Vec<Gid> = rows.iter().map(|row| row.member).collect();
    let mut changes = Vec::new();
    let scopes = shared.scopes(cx)?;
    for row in &rows {
        changes.push(FieldChange::removed("members", row.kind(), row.member));
        let mut event = Event::deleted(T::MEMBERSHIP, row);
        event.scopes.extend_from_slice(&scopes);
        cx.emit(event);
    }
    cx.later(
        &format!(
            "DELETE FROM {} WHERE {} = ? AND member IN (SELECT i.value FROM ids(?) AS i)",
            T::MEMBERSHIPS,
            T::COLUMN
        ),
        vec![Value::Int(shared.gid().get()), ids_of(&gone)],
    )?;
    changes.extend(shared.left(cx, &gone)?);
    tell(cx, shared, changes)?;
    shared.grant(cx)
}

/// The memberships of these members, in the order of joining.
pub fn memberships<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    members: &[Gid],
) -> Result<Vec<Membership>> {
    let sql = format!(
        "SELECT t.gid, t.workspace, t.{column}, '{kind}', t.member, t.member_type, t.access_level, t.created_at FROM ids(?) AS i JOIN {table} AS t ON t.member = i.value WHERE t.{column} = ? ORDER BY t.created_at, t.gid",
        column = T::COLUMN,
        kind = T::TYPE,
        table = T::MEMBERSHIPS,
    );
    cx.query(&sql, &[ids_of(members), Value::Int(shared.gid().get())], |row| {
        Membership::from_row(row, 0)
    })
}

/// Writes membership rows; the grants and the events are the caller's.
pub fn insert<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    members: &[Gid],
    member_type: &str,
    access_level: &str,
) -> Result<Vec<Membership>> {
    let sql = format!(
        "INSERT INTO {} (gid, workspace, {}, member, member_type, access_level, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        T::MEMBERSHIPS,
        T::COLUMN
    );
    let mut rows = Vec::with_capacity(members.len());
    for member in members {
        let row = Membership {
            gid: cx.gid()?,
            workspace: shared.workspace(),
            parent: shared.gid(),
            parent_type: T::TYPE.to_owned(),
            member: *member,
            member_type: member_type.to_owned(),
            access_level: access_level.to_owned(),
            created_at: cx.now(),
        };
        cx.later(
            &sql,
            params![
                row.gid,
                row.workspace,
                row.parent,
                row.member,
                row.member_type,
                row.access_level,
                row.created_at
            ]
            .to_vec(),
        )?;
        rows.push(row);
    }
    Ok(rows)
}

/// Refuses with a 403 whoever may not share the object.
pub fn require_sharing<T: Shared>(shared: &T, level: Level) -> Result<()> {
    if shared.may_share(level) {
        Ok(())
    } else {
        Err(forbidden(format!("You do not have the right to share this {}", T::TYPE)))
    }
}

/// Refuses to give a level above the actor's own.
pub fn require_giving<T: Shared>(shared: &T, level: Level, given: &str) -> Result<()> {
    require_sharing(shared, level)?;
    if Level::from_name(given) > level {
        return Err(forbidden("You do not have the right to give this access level"));
    }
    Ok(())
}

/// Refuses to change or remove members who are above the actor's level, unless it is himself.
pub fn require_over<T: Shared>(
    cx: &Context<'_, '_>,
    shared: &T,
    rows: &[Membership],
    level: Level,
) -> Result<()> {
    let me = cx.me();
    if rows.iter().any(|row| row.member != me) {
        require_sharing(shared, level)?;
    }
    if rows.iter().any(|row| row.member != me && row.level() > level) {
        return Err(forbidden("You do not have the right to change this member"));
    }
    Ok(())
}

/// The level at which somebody joins whom an actor with `level` lets in: the default of the object, never above the actor's own.
pub fn joining_level<T: Shared>(shared: &T, level: Level) -> &'static str {
    name_of::<T>(Level::from_name(shared.default_level()).min(level))
}

/// The highest level of the object's members that is not above `level`.
pub fn name_of<T: Shared>(level: Level) -> &'static str {
    let lowest = T::LEVELS.last().copied().unwrap_or_default();
    T::LEVELS.iter().copied().find(|name| Level::from_name(name) <= level).unwrap_or(lowest)
}

/// Lets users in who are not members yet. Whoever sees the object may join it himself; others are let in by who may share it.
pub fn join<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    level: Level,
    field: &'static str,
    users: &[Gid],
) -> Result<()> {
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        let known = memberships(cx, shared, users)?;
        let stranger = |user: &&Gid| **user != me && known.iter().all(|row| row.member != **user);
        if users.iter().any(|user| stranger(&user)) {
            require_sharing(shared, level)?;
        }
    }
    require_in_workspace(cx, shared.workspace(), field, users)?;
    add_all(cx, shared, users, User::TYPE, joining_level(shared, level))
}

/// Makes a new owner a member, if he is none: at the level of whoever made him the owner.
pub fn admit_owner<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    owner: Gid,
    level: Level,
) -> Result<()> {
    if !memberships(cx, shared, &[owner])?.is_empty() {
        return Ok(());
    }
    require_sharing(shared, level)?;
    add(cx, shared, owner, User::TYPE, name_of::<T>(level))
}

/// The users that the body sends as `name`, which must be there.
pub fn people(cx: &mut Context<'_, '_>, name: &'static str, body: &Body) -> Result<Vec<Gid>> {
    if body.get(name).is_none_or(serde_json::Value::is_null) {
        return Err(invalid(name, "Missing input"));
    }
    let users = cx.refer_all::<User>(name, &body.references(name)?)?;
    Ok(users.iter().map(|user| user.gid).collect())
}

/// `addMembers…`: answers with the shared object.
pub fn add_members<T: Shared>(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (shared, level) = cx.target::<T>(call, 0)?;
    let users = people(cx, "members", &call.body)?;
    join(cx, &shared, level, "members", &users)?;
    cx.answer_gid::<T>(shared.gid())
}

/// `removeMembers…`: everybody may leave. Answers with the shared object.
pub fn remove_members<T: Shared>(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (shared, level) = cx.target::<T>(call, 0)?;
    let users = people(cx, "members", &call.body)?;
    let rows = memberships(cx, &shared, &users)?;
    require_over(cx, &shared, &rows, level)?;
    remove(cx, &shared, &users)?;
    cx.answer_gid::<T>(shared.gid())
}

/// Records changed lists for the object's event.
pub fn tell<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    changes: Vec<FieldChange>,
) -> Result<()> {
    if !changes.is_empty() {
        let mut event = Event::changed(T::TYPE, shared, changes);
        event.scopes = shared.scopes(cx)?;
        cx.emit(event);
    }
    Ok(())
}

/// The user or team that `raw` names, with its type; it must belong to the workspace.
///
/// Errors: 400 for one that the actor does not see, or who is not in the workspace.
pub fn member_of(
    cx: &mut Context<'_, '_>,
    raw: &str,
    workspace: Gid,
) -> Result<(Gid, &'static str)> {
    let (member, kind, home) = named(cx, raw)?;
    match home {
        Some(home) => require(home == workspace, "member", "Must be in the same workspace")?,
        None => require_in_workspace(cx, workspace, "member", &[member])?,
    }
    Ok((member, kind))
}

/// The user or team that `raw` names, with its type and, for a team, its workspace.
pub fn named(cx: &mut Context<'_, '_>, raw: &str) -> Result<(Gid, &'static str, Option<Gid>)> {
    if let Some(gid) = cx.identify(User::TYPE, "member", raw)?
        && cx.is_visible(User::TYPE, gid)?
    {
        return Ok((gid, User::TYPE, None));
    }
    let (team, _) = cx.refer::<Team>("member", raw)?;
    Ok((team.gid, Team::TYPE, Some(team.workspace)))
}

/// Refuses to let the last admin go: `rows` are those who leave or change their level.
fn require_admin_left<T: Shared>(
    cx: &mut Context<'_, '_>,
    shared: &T,
    rows: &[Membership],
) -> Result<()> {
    if !T::KEEPS_ADMIN || rows.iter().all(|row| row.level() < Level::Admin) {
        return Ok(());
    }
    let gone: Vec<Gid> = rows.iter().map(|row| row.member).collect();
    if shared.administering_owner().is_some_and(|owner| !gone.contains(&owner)) {
        return Ok(());
    }
    let sql = format!(
        "SELECT m.gid FROM {} AS m WHERE m.{} = ? AND m.access_level = 'admin' AND m.member NOT IN (SELECT i.value FROM ids(?) AS i) LIMIT 1",
        T::MEMBERSHIPS,
        T::COLUMN
    );
    let other: Option<Gid> = cx.cell(&sql, &[Value::Int(shared.gid().get()), ids_of(&gone)])?;
    match other {
        Some(_) => Ok(()),
        None => Err(bad_request(format!("A {} must keep at least one admin", T::TYPE))),
    }
}
