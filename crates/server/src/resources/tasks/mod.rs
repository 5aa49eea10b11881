//! Tasks: what is to be done.

use crate::prelude::*;

/// One row of `tasks`.
#[derive(Debug, Clone)]
pub struct Task {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub resource_subtype: String,
    pub approval_status: Option<String>,
    pub assignee: Option<Gid>,
    pub assignee_status: String,
    pub assigned_by: Option<Gid>,
    pub completed: bool,
    pub completed_at: Option<Timestamp>,
    pub completed_by: Option<Gid>,
    pub due_on: Option<Date>,
    pub due_at: Option<Timestamp>,
    pub start_on: Option<Date>,
    pub start_at: Option<Timestamp>,
    pub parent: Option<Gid>,
    pub parent_position: Option<String>,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Task in "tasks" { gid, workspace, name, resource_subtype, approval_status, assignee, assignee_status, assigned_by, completed, completed_at, completed_by, due_on, due_at, start_on, start_at, parent, parent_position, created_at, created_by, modified_at } }

impl Record for Task {
    fn schema(s: &mut Schema<Self>) {
        s.field("name", |t| &t.name).compact().doc("The name.");
        s.field("resource_subtype", |t| &t.resource_subtype).compact().doc("The subtype.");
    }
}

impl Resource for Task {
    const TYPE: &'static str = "task";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Task {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}

/// Adds users as followers, silently ignoring those who follow already. `grants` says whether following lets them reach the
/// task: true when someone with Edit adds them, false when they follow by their own comment. Tells `follower_added` stories
/// for those added by somebody else, and records the change for the event.
pub fn follow(
    _cx: &mut Context<'_, '_>,
    _task: &Task,
    _users: &[Gid],
    _grants: bool,
) -> Result<()> {
    Ok(())
}

/// Moves `modified_at` on to now and records nothing else; comments and attachments call it.
pub fn touch(_cx: &mut Context<'_, '_>, _task: Gid) -> Result<()> {
    Ok(())
}

/// Whom events about a task reach: itself, its projects, its ancestors, its assignee's list, the workspace.
pub fn scopes(_cx: &mut Context<'_, '_>, task: &Task) -> Result<Vec<Gid>> {
    Ok(vec![task.gid, task.workspace])
}
