//! Project memberships: users and teams in a project, each at a level.

use crate::prelude::*;

/// One row of `project_memberships`.
#[derive(Debug, Clone)]
pub struct ProjectMembership {
    pub gid: Gid,
    pub workspace: Gid,
    pub project: Gid,
    pub member: Gid,
    /// `user` or `team`.
    pub member_type: String,
    pub access_level: String,
    pub created_at: Timestamp,
}

row! { ProjectMembership in "project_memberships" { gid, workspace, project, member, member_type, access_level, created_at } }

impl Record for ProjectMembership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user or team in a project.");
    }
}

impl Resource for ProjectMembership {
    const TYPE: &'static str = "project_membership";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for ProjectMembership {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}
