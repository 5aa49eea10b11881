//! Team memberships: who is in a team.

use crate::prelude::*;

/// One row of `team_memberships`.
#[derive(Debug, Clone)]
pub struct TeamMembership {
    pub gid: Gid,
    pub workspace: Gid,
    pub team: Gid,
    pub user: Gid,
    pub is_guest: bool,
    pub is_limited_access: bool,
    pub is_admin: bool,
    pub created_at: Timestamp,
}

row! { TeamMembership in "team_memberships" { gid, workspace, team, user, is_guest, is_limited_access, is_admin, created_at } }

impl Record for TeamMembership {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A user in a team.");
    }
}

impl Resource for TeamMembership {
    const TYPE: &'static str = "team_membership";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for TeamMembership {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}
