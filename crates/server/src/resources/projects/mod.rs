//! Projects: ordered collections of tasks, in sections.

use crate::prelude::*;

/// One row of `projects`.
#[derive(Debug, Clone)]
pub struct Project {
    pub gid: Gid,
    pub workspace: Gid,
    pub team: Option<Gid>,
    pub name: String,
    pub name_key: String,
    pub archived: bool,
    pub color: Option<String>,
    pub icon: Option<String>,
    pub default_view: String,
    pub privacy_setting: String,
    pub default_access_level: String,
    pub minimum_access_level_for_customization: String,
    pub minimum_access_level_for_sharing: String,
    pub due_on: Option<Date>,
    pub start_on: Option<Date>,
    pub owner: Option<Gid>,
    pub completed: bool,
    pub completed_at: Option<Timestamp>,
    pub completed_by: Option<Gid>,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Project in "projects" { gid, workspace, team, name, name_key, archived, color, icon, default_view, privacy_setting, default_access_level, minimum_access_level_for_customization, minimum_access_level_for_sharing, due_on, start_on, owner, completed, completed_at, completed_by, created_at, created_by, modified_at } }

impl Record for Project {
    fn schema(s: &mut Schema<Self>) {
        s.field("name", |t| &t.name).compact().doc("The name.");
    }
}

impl Resource for Project {
    const TYPE: &'static str = "project";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Project {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}
