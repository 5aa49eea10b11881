//! User task lists: the tasks assigned to one user in one workspace (My Tasks).

use crate::prelude::*;

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
        s.doc("The tasks assigned to a user.");
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

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}

/// The list of `user` in `workspace`, made with its four sections if there is none yet.
pub fn ensure(_cx: &mut Context<'_, '_>, _user: Gid, _workspace: Gid) -> Result<Gid> {
    Ok(Gid::new(0))
}

/// Puts a task on top of the first section of its assignee's list and takes it off the list of the one before.
pub fn assign(
    _cx: &mut Context<'_, '_>,
    _task: Gid,
    _workspace: Gid,
    _assignee: Option<Gid>,
) -> Result<()> {
    Ok(())
}
