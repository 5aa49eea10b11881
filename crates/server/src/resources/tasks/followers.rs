//! Who is told about a task.

use super::{Task, scopes, touch};
use crate::prelude::*;
use crate::resources::stories::{self, Details};
use crate::resources::users::User;
use crate::resources::workspace_memberships::{self, first_stranger};

/// Adds users as followers, silently ignoring those who follow already. `grants` says whether following lets them reach the
/// task: true when someone with Edit adds them, false when they follow by their own comment. Tells `follower_added` stories
/// for those added by somebody else, and records the change for the event.
pub fn follow(cx: &mut Context<'_, '_>, task: &Task, users: &[Gid], grants: bool) -> Result<()> {
    if users.is_empty() {
        return Ok(());
    }
    let ids = engine::reader::ids_of(users);
    let known = cx.query(
        r#"SELECT f."user", f.grants FROM ids(?) AS i JOIN task_followers AS f ON f.task = ? AND f."user" = i.value"#,
        &[ids, Value::Int(task.gid.get())],
        |row| Ok((row.get::<Gid>(0)?, row.get::<bool>(1)?)),
    )?;
    cx.met(task.workspace, users);
    let me = cx.me();
    // Where writers run side by side, somebody may have been removed since he was looked at.
    let inside = if cx.tx.dialect().has_parallel_writers() {
        let new: Vec<Gid> = users
            .iter()
            .copied()
            .filter(|user| known.iter().all(|(known, _)| known != user))
            .collect();
        Some(workspace_memberships::hold(cx, task.workspace, &new)?)
    } else {
        None
    };
    for user in users {
        match known.iter().find(|(known, _)| known == user) {
            Some((_, true)) => continue,
            Some((_, false)) => {
                if grants {
                    cx.later(
                        r#"UPDATE task_followers SET grants = 1 WHERE task = ? AND "user" = ?"#,
                        params![task.gid, user].to_vec(),
                    )?;
                }
                continue;
            }
            None if inside.as_ref().is_some_and(|inside| !inside.contains(user)) => continue,
            None => {}
        }
        insert(cx, task, *user, grants)?;
        cx.emit(Event::changed(
            Task::TYPE,
            task,
            vec![FieldChange::added("followers", "user", *user)],
        ));
        if *user != me && Some(*user) != task.assignee {
            stories::tell(
                cx,
                task,
                "follower_added",
                Details { follower: Some(user.get()), ..Details::default() },
            )?;
        }
    }
    Ok(())
}

fn insert(cx: &mut Context<'_, '_>, task: &Task, user: Gid, grants: bool) -> Result<()> {
    let position = cx.sequence();
    cx.later(
        r#"INSERT INTO task_followers (task, "user", workspace, grants, position) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"#,
        params![task.gid, user, task.workspace, grants, position].to_vec(),
    )
}

/// The first followers of a new task: its creator (people only, not who owns a rule that made it), its assignee, those that the body names.
pub(super) fn begin(cx: &mut Context<'_, '_>, task: &Task, body: &Body) -> Result<()> {
    let mut users: Vec<Gid> = Vec::new();
    if cx.actor.sight != Sight::Service && !cx.automated {
        users.push(cx.me());
    }
    users.extend(task.assignee);
    users.extend(named(cx, task, body)?);
    cx.met(task.workspace, &users);
    let mut seen = Vec::new();
    for user in users {
        if !seen.contains(&user) {
            seen.push(user);
            insert(cx, task, user, true)?;
        }
    }
    Ok(())
}

/// The users that the body's `followers` names, each of the task's workspace.
fn named(cx: &mut Context<'_, '_>, task: &Task, body: &Body) -> Result<Vec<Gid>> {
    let raws = body.references("followers")?;
    if raws.is_empty() {
        return Ok(Vec::new());
    }
    let users: Vec<Gid> =
        cx.refer_all::<User>("followers", &raws)?.iter().map(|user| user.gid).collect();
    match first_stranger(cx, task.workspace, &users)? {
        Some((at, _)) => {
            Err(invalid(format!("followers: [{at}]"), "Not a user in the task's workspace"))
        }
        None => Ok(users),
    }
}

/// `addFollowersForTask`: whoever may comment can follow or add others; those added by someone with Edit reach the task.
fn add(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (task, level) = cx.target::<Task>(call, 0)?;
    let users = required(cx, &task, &call.body)?;
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        cx.require_level(level, Level::Comment)?;
    }
    follow(cx, &task, &users, level >= Level::Edit)?;
    let scopes = scopes(cx, &task)?;
    cx.scope(task.gid, &scopes);
    cx.answer_gid::<Task>(task.gid)
}

/// `removeFollowerForTask`: doing it twice changes nothing.
fn remove(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (task, level) = cx.target::<Task>(call, 0)?;
    let users = required(cx, &task, &call.body)?;
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        cx.require_level(level, Level::Edit)?;
    }
    let removed = cx.gids(
        r#"DELETE FROM task_followers WHERE task = ? AND "user" IN (SELECT i.value FROM ids(?) AS i) RETURNING "user""#,
        &[Value::Int(task.gid.get()), engine::reader::ids_of(&users)],
    )?;
    if !removed.is_empty() {
        let changes =
            removed.iter().map(|user| FieldChange::removed("followers", "user", *user)).collect();
        let scopes = scopes(cx, &task)?;
        cx.emit(Event { scopes, ..Event::changed(Task::TYPE, &task, changes) });
        touch(cx, task.gid)?;
    }
    cx.answer_gid::<Task>(task.gid)
}

fn required(cx: &mut Context<'_, '_>, task: &Task, body: &Body) -> Result<Vec<Gid>> {
    require(body.has("followers"), "followers", "Missing input")?;
    named(cx, task, body)
}

pub(super) fn operations(api: &mut Operations) {
    use crate::api::operations::Input;
    let task = Output::One(Task::TYPE);
    api.add(
        "POST",
        "addFollowersForTask",
        "/tasks/{task_gid}/addFollowers",
        "Adds followers to a task.",
        Input::Fields,
        task,
        add,
    )
    .required_field(
        "followers",
        JsonType::Strings,
        "The users: gids, e-mail addresses or `me`.",
    );
    api.add(
        "POST",
        "removeFollowerForTask",
        "/tasks/{task_gid}/removeFollowers",
        "Takes followers off a task.",
        Input::Fields,
        task,
        remove,
    )
    .required_field(
        "followers",
        JsonType::Strings,
        "The users: gids, e-mail addresses or `me`.",
    );
}
