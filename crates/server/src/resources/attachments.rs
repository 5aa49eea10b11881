//! Attachments: files and links on tasks and projects.

use crate::prelude::*;

/// One row of `attachments`.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub gid: Gid,
    pub workspace: Gid,
    pub parent: Gid,
    pub name: String,
    pub resource_subtype: String,
    pub host: String,
    pub url: Option<String>,
    pub storage_key: Option<String>,
    pub size: Option<i64>,
    pub content_type: Option<String>,
    pub sha256: Option<String>,
    pub state: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
}

row! { Attachment in "attachments" { gid, workspace, parent, name, resource_subtype, host, url, storage_key, size, content_type, sha256, state, created_at, created_by } }

impl Record for Attachment {
    fn schema(s: &mut Schema<Self>) {
        s.field("name", |t| &t.name).compact().doc("The name.");
    }
}

impl Resource for Attachment {
    const TYPE: &'static str = "attachment";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Attachment {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}
