//! Sections: the parts of a project or of a user task list, in order.

use crate::prelude::*;

/// One row of `sections`.
#[derive(Debug, Clone)]
pub struct Section {
    pub gid: Gid,
    pub workspace: Gid,
    pub container: Gid,
    pub name: String,
    pub position: String,
    pub created_at: Timestamp,
}

row! { Section in "sections" { gid, workspace, container, name, position, created_at } }

impl Record for Section {
    fn schema(s: &mut Schema<Self>) {
        s.field("name", |t| &t.name).compact().doc("The name.");
    }
}

impl Resource for Section {
    const TYPE: &'static str = "section";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Section {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}

/// The first section of a project.
pub fn first_of(_cx: &mut Context<'_, '_>, _container: Gid) -> Result<Gid> {
    Ok(Gid::new(0))
}

/// The last section of a project.
pub fn last_of(_cx: &mut Context<'_, '_>, _container: Gid) -> Result<Gid> {
    Ok(Gid::new(0))
}
