//! Who is told about a goal. Followers are members, so that they see it.

use super::Goal;
use crate::access::grants;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::sharing;
use crate::resources::users::User;
use crate::resources::workspace_memberships::require_in_workspace;
use engine::reader::ids_of;
use model::AccessLevelName;

/// The operations on followers, in the order of the API reference.
pub(super) fn operations(api: &mut Operations) {
    let list = "Users: an array or a comma list.";
    api.add(
        "POST",
        "addFollowers",
        "/goals/{goal_gid}/addFollowers",
        "Makes users followers of a goal, and members if they are not.",
        Input::Fields,
        Output::One(Goal::TYPE),
        add,
    )
    .required_field("followers", JsonType::Strings, list);
    api.add(
        "POST",
        "removeFollowers",
        "/goals/{goal_gid}/removeFollowers",
        "Makes users follow a goal no longer; they stay members.",
        Input::Fields,
        Output::One(Goal::TYPE),
        remove,
    )
    .required_field("followers", JsonType::Strings, list);
}

/// The members and followers of a new goal: who creates it and who owns it administer it, those whom the body names join at its
/// default level. All of them follow it, but for a service account that creates it.
pub(super) fn begin(cx: &mut Context<'_, '_>, goal: &Goal, body: &Body) -> Result<()> {
    let named: Vec<Gid> = cx
        .refer_all::<User>("followers", &body.references("followers")?)?
        .iter()
        .map(|user| user.gid)
        .collect();
    require_in_workspace(cx, goal.workspace, "followers", &named)?;
    let mut admins = vec![cx.me()];
    admins.extend(goal.owner.filter(|owner| *owner != cx.me()));
    sharing::insert(cx, goal, &admins, User::TYPE, AccessLevelName::Admin.as_str())?;
    let others: Vec<Gid> = named.into_iter().filter(|user| !admins.contains(user)).collect();
    sharing::insert(cx, goal, &others, User::TYPE, &goal.default_access_level)?;
    if cx.actor.sight == Sight::Service {
        admins.retain(|user| *user != cx.me());
    }
    admins.extend(others);
    insert(cx, goal, &admins)?;
    grants::of_goal(cx.tx, goal.gid)
}

/// Writes follower rows behind those that are there.
fn insert(cx: &mut Context<'_, '_>, goal: &Goal, users: &[Gid]) -> Result<()> {
    for user in users {
        let position = cx.sequence();
        cx.later(
            r#"INSERT INTO goal_followers (goal, "user", workspace, position) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"#,
            params![goal.gid, user, goal.workspace, position].to_vec(),
        )?;
    }
    Ok(())
}

/// The users that the body names, each in the goal's workspace.
fn sent(cx: &mut Context<'_, '_>, goal: &Goal, body: &Body) -> Result<Vec<Gid>> {
    if body.get("followers").is_none_or(serde_json::Value::is_null) {
        return Err(invalid("followers", "Missing input"));
    }
    let users = cx.refer_all::<User>("followers", &body.references("followers")?)?;
    let users: Vec<Gid> = users.iter().map(|user| user.gid).collect();
    require_in_workspace(cx, goal.workspace, "followers", &users)?;
    Ok(users)
}

/// Makes users followers, and members if they are not: at the goal's default level, never above `level`.
pub fn follow(cx: &mut Context<'_, '_>, goal: &Goal, level: Level, users: &[Gid]) -> Result<()> {
    goal.lock(cx)?;
    let following =
        cx.gids(r#"SELECT f."user" FROM goal_followers AS f WHERE f.goal = ?"#, params![goal.gid])?;
    let fresh: Vec<Gid> = users.iter().copied().filter(|user| !following.contains(user)).collect();
    if fresh.is_empty() {
        return Ok(());
    }
    sharing::add_all(cx, goal, &fresh, User::TYPE, sharing::joining_level(goal, level))?;
    insert(cx, goal, &fresh)?;
    let changes =
        fresh.iter().map(|user| FieldChange::added("followers", User::TYPE, *user)).collect();
    sharing::tell(cx, goal, changes)
}

/// `addFollowers`: everybody who sees the goal may follow it, whoever edits it may add others. Doing it twice changes nothing.
fn add(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (goal, level) = cx.target::<Goal>(call, 0)?;
    let users = sent(cx, &goal, &call.body)?;
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        cx.require_level(level, Level::Edit)?;
    }
    follow(cx, &goal, level, &users)?;
    cx.answer_gid::<Goal>(goal.gid)
}

/// `removeFollowers`: everybody may stop following, whoever edits the goal may end it for others.
fn remove(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (goal, level) = cx.target::<Goal>(call, 0)?;
    let users = sent(cx, &goal, &call.body)?;
    let me = cx.me();
    if users.iter().any(|user| *user != me) {
        cx.require_level(level, Level::Edit)?;
    }
    let gone = unfollow(cx, &goal, &users)?;
    let changes =
        gone.iter().map(|user| FieldChange::removed("followers", User::TYPE, *user)).collect();
    sharing::tell(cx, &goal, changes)?;
    cx.answer_gid::<Goal>(goal.gid)
}

/// Takes users off the followers; gives those who were.
pub(super) fn unfollow(cx: &mut Context<'_, '_>, goal: &Goal, users: &[Gid]) -> Result<Vec<Gid>> {
    cx.gids(
        r#"DELETE FROM goal_followers WHERE goal = ? AND "user" IN (SELECT i.value FROM ids(?) AS i) RETURNING "user""#,
        &[Value::Int(goal.gid.get()), ids_of(users)],
    )
}
