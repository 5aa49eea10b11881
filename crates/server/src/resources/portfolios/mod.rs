//! Portfolios: projects and portfolios that are looked at together.

use crate::prelude::*;
use crate::resources::{users::User, workspaces::Workspace};

/// A portfolio as stored, one row of `portfolios`.
#[derive(Debug, Clone)]
pub struct Portfolio {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub name_key: String,
    pub archived: bool,
    pub color: Option<String>,
    pub owner: Option<Gid>,
    pub start_on: Option<Date>,
    pub due_on: Option<Date>,
    pub privacy_setting: String,
    pub default_access_level: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub modified_at: Timestamp,
}

row! { Portfolio in "portfolios" { gid, workspace, name, name_key, archived, color, owner, start_on, due_on, privacy_setting, default_access_level, created_at, created_by, modified_at } }

impl Record for Portfolio {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Projects and portfolios that are looked at together.");
        s.field("name", |p| &p.name).compact().doc("What the portfolio is called.");
        s.one::<User>("owner", |p| p.owner).doc("Who is responsible for it.");
        s.one::<Workspace>("workspace", |p| Some(p.workspace))
            .doc("The workspace the portfolio belongs to.");
    }
}

impl Resource for Portfolio {
    const TYPE: &'static str = "portfolio";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Portfolio {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}
