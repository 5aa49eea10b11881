//! Workspace memberships: who is in a workspace, and in which role.

use crate::prelude::*;

/// One row of `workspace_memberships`.
#[derive(Debug, Clone)]
pub struct WorkspaceMembership {
    pub gid: Gid,
    pub workspace: Gid,
    pub user: Gid,
    pub role: String,
    pub is_active: bool,
    pub created_at: Timestamp,
}

row! { WorkspaceMembership in "workspace_memberships" { gid, workspace, user, role, is_active, created_at } }

impl Record for WorkspaceMembership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user in a workspace.");
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
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}
