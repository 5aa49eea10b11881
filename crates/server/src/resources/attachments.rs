//! Attachments: files and links on tasks and projects.

use crate::files;
use crate::http::attachments::DOWNLOAD;
use crate::prelude::*;
use engine::Site;

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

/// How long a signed download address is good, in milliseconds: 2 minutes, as upstream.
const DOWNLOAD_LIFETIME: i64 = 2 * 60 * 1_000;

/// The signed address of a file's bytes, good for two minutes.
pub fn download_url(site: &Site, gid: Gid) -> String {
    let expires = site.now.plus_millis(DOWNLOAD_LIFETIME).millis();
    let signature = files::signature(&site.secret, gid, expires);
    format!("{}{DOWNLOAD}{gid}?expires={expires}&signature={signature}", site.url)
}
