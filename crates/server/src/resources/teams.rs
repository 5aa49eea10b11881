//! Teams: groups of people in an organization, with projects of their own.

use crate::prelude::*;

/// One row of `teams`.
#[derive(Debug, Clone)]
pub struct Team {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub name_key: String,
    pub visibility: String,
    pub edit_team_name_or_description_access_level: String,
    pub edit_team_visibility_or_trash_team_access_level: String,
    pub member_invite_management_access_level: String,
    pub guest_invite_management_access_level: String,
    pub join_request_management_access_level: String,
    pub team_member_removal_access_level: String,
    pub team_content_management_access_level: String,
    pub endorsed: bool,
    pub created_at: Timestamp,
}

row! { Team in "teams" { gid, workspace, name, name_key, visibility, edit_team_name_or_description_access_level, edit_team_visibility_or_trash_team_access_level, member_invite_management_access_level, guest_invite_management_access_level, join_request_management_access_level, team_member_removal_access_level, team_content_management_access_level, endorsed, created_at } }

impl Record for Team {
    fn schema(s: &mut Schema<Self>) {
        s.field("name", |t| &t.name).compact().doc("The name.");
    }
}

impl Resource for Team {
    const TYPE: &'static str = "team";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Team {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}
