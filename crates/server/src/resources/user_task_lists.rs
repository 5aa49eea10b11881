//! User task lists: the tasks assigned to one user in one workspace (My Tasks).
//!
//! API section "User task lists", 2 operations. A list is made when its owner joins the workspace and stays when he leaves;
//! its sections are rows of `sections` whose container is the list. The tasks in it are read in [`super::tasks`].

use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::{users::User, workspaces::Workspace};
use engine::Site;
use store::Tx;

/// What every list is called.
const NAME: &str = "My Tasks";

/// The sections of a new list, in order; tasks arrive in the first.
///
/// Source: dossier 3.4.
const SECTIONS: [&str; 4] = ["Recently assigned", "Do today", "Do next week", "Do later"];

/// One row of `user_task_lists`.
#[derive(Debug, Clone)]
pub struct UserTaskList {
    pub gid: Gid,
    pub workspace: Gid,
    pub owner: Gid,
}

row! { UserTaskList in "user_task_lists" { gid, workspace, owner } }

impl Record for UserTaskList {
    fn schema(s: &mut Schema<Self>) {
        s.doc("The tasks assigned to one user in one workspace, in sections of the user's own.");
        s.computed("name", name).compact().doc("What the list is called.");
        s.one::<User>("owner", |l| Some(l.owner)).compact().doc("The user whose tasks these are.");
        s.one::<Workspace>("workspace", |l| Some(l.workspace))
            .compact()
            .doc("The workspace of the tasks.");
    }
}

impl Resource for UserTaskList {
    const TYPE: &'static str = "user_task_list";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for UserTaskList {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The name of any list.
fn name<T>(_: &T, _: &Site) -> &'static str {
    NAME
}

/// A list inside a workspace membership, shown in full there.
#[derive(Debug, Clone)]
pub struct OwnList {
    pub gid: Gid,
    pub owner: Gid,
    pub workspace: Gid,
}

row! { OwnList { gid, owner, workspace } }

impl Record for OwnList {
    fn schema(s: &mut Schema<Self>) {
        s.doc("The task list of a member.");
        s.identity(Some(UserTaskList::TYPE), |l| l.gid);
        s.computed("name", name).compact().doc("What the list is called.");
        s.one::<User>("owner", |l| Some(l.owner)).compact().doc("The user whose tasks these are.");
        s.one::<Workspace>("workspace", |l| Some(l.workspace))
            .compact()
            .doc("The workspace of the tasks.");
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section(
        "User task lists",
        "The tasks assigned to a user: one list for each user and workspace.",
    );
    api.read::<UserTaskList>(
        "getUserTaskList",
        "/user_task_lists/{user_task_list_gid}",
        "One user task list.",
    );
    api.add(
        "GET",
        "getUserTaskListForUser",
        "/users/{user_gid}/user_task_list",
        "The task list of a user in a workspace.",
        Input::None,
        Output::One(UserTaskList::TYPE),
        of_user,
    )
    .required_query("workspace", "The workspace of the list.");
}

/// `getUserTaskListForUser`.
fn of_user(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (user, _) = cx.target::<User>(call, 0)?;
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let list = cx.query(
        r#"SELECT l.gid FROM user_task_lists AS l JOIN workspace_memberships AS wm ON wm.workspace = l.workspace AND wm."user" = l.owner WHERE l.owner = ? AND l.workspace = ? AND wm.is_active = 1"#,
        params![user.gid, workspace.gid],
        |row| row.get::<Gid>(0),
    )?;
    match list.first() {
        Some(list) => {
            let (list, _) = cx.find::<UserTaskList>(UserTaskList::TYPE, &list.to_string())?;
            cx.answer(list)
        }
        None => Err(not_found("user_task_list", user.gid)),
    }
}

/// The list of `user` in `workspace`, made with its four sections if there is none yet.
pub fn ensure(cx: &mut Context<'_, '_>, user: Gid, workspace: Gid) -> Result<Gid> {
    let now = cx.now();
    make(cx.tx, now, user, workspace)
}

/// [`ensure`] for callers without a context. Of two that run at once, one makes the list and the other finds it.
pub fn make(tx: &mut Tx<'_>, now: Timestamp, user: Gid, workspace: Gid) -> Result<Gid> {
    if let Some(list) = find(tx, user, workspace)? {
        return Ok(list);
    }
    let list = tx.gid()?;
    let made = tx.execute(
        "INSERT INTO user_task_lists (gid, workspace, owner) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        params![list, workspace, user],
    )?;
    if made == 0 {
        return find(tx, user, workspace)?.ok_or_else(|| {
            crate::Error::Internal(anyhow::anyhow!("the list that was in the way is gone"))
        });
    }
    let mut last: Option<Position> = None;
    for name in SECTIONS {
        // Nobody else can append to a list that is not committed yet, so the random end may be fixed.
        let position = Position::between(last.as_ref().map(Position::as_str), None, [0, 0])
            .expect("a key that was just made has a next one");
        let section = tx.gid()?;
        tx.later(
            "INSERT INTO sections (gid, workspace, container, name, position, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            params![section, workspace, list, name, position.as_str(), now].to_vec(),
        )?;
        last = Some(position);
    }
    Ok(list)
}

fn find(tx: &mut Tx<'_>, user: Gid, workspace: Gid) -> Result<Option<Gid>> {
    Ok(tx.first(
        "SELECT l.gid FROM user_task_lists AS l WHERE l.owner = ? AND l.workspace = ?",
        params![user, workspace],
        |row| row.get(0),
    )?)
}

/// Puts a task on top of the first section of its assignee's list and takes it off the list of the one before.
pub fn assign(
    cx: &mut Context<'_, '_>,
    task: Gid,
    workspace: Gid,
    assignee: Option<Gid>,
) -> Result<()> {
    let Some(assignee) = assignee else {
        return cx.later("DELETE FROM user_task_list_items WHERE task = ?", params![task].to_vec());
    };
    assign_all(cx, workspace, &[(task, assignee)])
}

/// Puts tasks on top of the first sections of their assignees' lists; they are in no list of another one.
///
/// Some statements for each assignee, so for at most as many as one batch has tasks.
pub fn assign_all(cx: &mut Context<'_, '_>, workspace: Gid, assigned: &[(Gid, Gid)]) -> Result<()> {
    let mut assignees: Vec<Gid> = assigned.iter().map(|(_, assignee)| *assignee).collect();
    assignees.sort_unstable();
    assignees.dedup();
    for assignee in assignees {
        let tasks: Vec<Gid> =
            assigned.iter().filter(|(_, to)| *to == assignee).map(|(task, _)| *task).collect();
        let (list, section, position) = top_of(cx, assignee, workspace)?;
        // Tasks of one batch have the same position; their gids tell them apart.
        cx.later(
            "INSERT INTO user_task_list_items (task, list, workspace, section, position)
             SELECT i.value, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT) FROM ids(?) AS i WHERE 1 = 1
             ON CONFLICT (task) DO UPDATE SET list = excluded.list, workspace = excluded.workspace, section = excluded.section, position = excluded.position",
            params![list, workspace, section, position.as_str(), &tasks].to_vec(),
        )?;
    }
    Ok(())
}

/// The list of a user, its first section, and the position on top of that.
fn top_of(cx: &mut Context<'_, '_>, assignee: Gid, workspace: Gid) -> Result<(Gid, Gid, Position)> {
    let list = ensure(cx, assignee, workspace)?;
    let sql = format!(
        "SELECT s.gid, (SELECT u.position FROM user_task_list_items AS u WHERE u.section = s.gid ORDER BY u.position, u.task LIMIT 1) FROM sections AS s WHERE s.container = ? AND s.deleted IS NULL ORDER BY s.position, s.gid LIMIT 1{}",
        cx.tx.dialect().hold("s")
    );
    let first = |cx: &mut Context<'_, '_>| {
        cx.first(&sql, params![list], |row| Ok((row.get::<Gid>(0)?, row.get::<Option<String>>(1)?)))
    };
    // Where the section was deleted while this waited for it, the second query finds another one.
    let found = match first(cx)? {
        Some(found) => Some(found),
        None => first(cx)?,
    };
    let (section, top) = match found {
        Some(found) => found,
        None => (first_section(cx, list, workspace)?, None),
    };
    let position = cx.position(None, top.as_deref())?;
    Ok((list, section, position))
}

/// A section for a list whose owner deleted them all.
fn first_section(cx: &mut Context<'_, '_>, list: Gid, workspace: Gid) -> Result<Gid> {
    let section = cx.gid()?;
    let position = cx.position(None, None)?;
    let (now, [name, ..]) = (cx.now(), SECTIONS);
    cx.later(
        "INSERT INTO sections (gid, workspace, container, name, position, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        params![section, workspace, list, name, position.as_str(), now].to_vec(),
    )?;
    Ok(section)
}
