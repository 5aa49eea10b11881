//! Goals: what a company, a team or a person wants to reach.

use crate::prelude::*;
use crate::resources::{teams::Team, users::User, workspaces::Workspace};

/// A goal as stored, one row of `goals`.
#[derive(Debug, Clone)]
pub struct Goal {
    pub gid: Gid,
    pub workspace: Gid,
    pub team: Option<Gid>,
    pub is_workspace_level: bool,
    pub name: String,
    pub name_key: String,
    pub owner: Option<Gid>,
    pub time_period: Option<Gid>,
    pub start_on: Option<Date>,
    pub due_on: Option<Date>,
    pub status: Option<String>,
    pub privacy_setting: String,
    pub default_access_level: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Goal in "goals" { gid, workspace, team, is_workspace_level, name, name_key, owner, time_period, start_on, due_on, status, privacy_setting, default_access_level, created_at, created_by, modified_at } }

impl Record for Goal {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What a company, a team or a person wants to reach.");
        s.field("name", |g| &g.name).compact().doc("What the goal is called.");
        s.one::<User>("owner", |g| g.owner).compact().doc("Who is responsible for it.");
        s.one::<Team>("team", |g| g.team).doc("The team whose goal it is.");
        s.one::<Workspace>("workspace", |g| Some(g.workspace))
            .doc("The workspace the goal belongs to.");
    }
}

impl Resource for Goal {
    const TYPE: &'static str = "goal";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Goal {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}
