//! Organization exports: everything of a workspace as a file, for its admins and service accounts.
//!
//! API section "Organization exports", 2 operations. How the file is made is in [`crate::exports`]. Exports have no events; the
//! audit log says who asked for one.

use crate::audit::Audit;
use crate::exports::job::{self, Export, STATES};
use crate::files;
use crate::http::exports::{DOWNLOAD, FILES, RECORDS};
use crate::jobs::{self, About};
use crate::prelude::*;
use crate::resources::workspaces::Workspace;
use engine::Site;

/// How long a signed address is good, in milliseconds: about an hour. Source: API reference, `OrganizationExport.download_url`.
const DOWNLOAD_LIFETIME: i64 = 60 * 60 * 1_000;

/// An export as stored, one row of `organization_exports`.
#[derive(Debug, Clone)]
pub struct OrganizationExport {
    pub gid: Gid,
    pub workspace: Gid,
    /// One of [`STATES`].
    pub state: String,
    /// Where the records are in the storage.
    pub storage_key: String,
    /// Where the bytes of attachments are in the storage.
    pub files_key: String,
    pub size: Option<i64>,
    pub sha256: Option<String>,
    pub files_size: Option<i64>,
    pub created_at: Timestamp,
    pub created_by: Gid,
}

row! { OrganizationExport in "organization_exports" {
    gid, workspace, state, storage_key, files_key, size, sha256, files_size, created_at, created_by
} }

impl OrganizationExport {
    /// The signed address of one of its files, once they are there.
    fn url(&self, site: &Site, name: &str) -> Option<String> {
        if self.state != "finished" {
            return None;
        }
        let expires = site.now.plus_millis(DOWNLOAD_LIFETIME).millis();
        let signature = files::signature(&site.secret, Self::TYPE, self.gid, expires);
        let (url, gid) = (&site.url, self.gid);
        Some(format!("{url}{DOWNLOAD}{gid}/{name}?expires={expires}&signature={signature}"))
    }
}

impl Record for OrganizationExport {
    fn schema(s: &mut Schema<Self>) {
        s.doc("Everything of an organization as a file of gzipped JSON.");
        s.field("created_at", |e| &e.created_at).compact().doc("When it was asked for.");
        s.computed("download_url", |e, site| e.url(site, RECORDS))
            .compact()
            .doc("Where the file is once it is finished, good for an hour; read the export again for another address.");
        s.field("state", |e| &e.state)
            .values(STATES)
            .compact()
            .doc("How far it is; one that ended with an error has no file.");
        s.one::<Workspace>("organization", |e| Some(e.workspace))
            .compact()
            .doc("The organization or workspace.");
        s.computed("files_url", |e, site| e.url(site, FILES))
            .on_request()
            .doc("Where the bytes of attachments are, as a tar file; good as long as `download_url`. Ours.");
        s.field("size", |e| &e.size).on_request().doc("The size of the file in bytes. Ours.");
        s.field("sha256", |e| &e.sha256)
            .on_request()
            .doc("The SHA-256 of the file, hexadecimal. Ours.");
        s.field("files_size", |e| &e.files_size)
            .on_request()
            .doc("The size of the tar file in bytes. Ours.");
    }
}

impl Resource for OrganizationExport {
    const TYPE: &'static str = "organization_export";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for OrganizationExport {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section(
        "Organization exports",
        "Everything of an organization as a file, for its admins and service accounts.",
    );
    api.add(
        "POST",
        "createOrganizationExport",
        "/organization_exports",
        "Begins an export; `download_url` is there when `state` is `finished`.",
        crate::api::operations::Input::Fields,
        Output::One(OrganizationExport::TYPE),
        create,
    )
    .required_field("organization", JsonType::Gid, "The organization or workspace.")
    .created();
    api.read::<OrganizationExport>(
        "getOrganizationExport",
        "/organization_exports/{organization_export_gid}",
        "One export, for the admins and service accounts of its organization.",
    );
}

/// `createOrganizationExport`.
fn create(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let raw = call.body.reference("organization")?.flatten();
    let raw = raw.ok_or_else(|| invalid("organization", "Missing input"))?;
    let (workspace, _) = cx.refer::<Workspace>("organization", &raw)?;
    cx.require_workspace_admin(workspace.gid)?;
    jobs::check_room(cx)?;
    let export = OrganizationExport {
        gid: cx.gid()?,
        workspace: workspace.gid,
        state: "pending".to_owned(),
        storage_key: job::fresh_key(cx.app),
        files_key: job::fresh_key(cx.app),
        size: None,
        sha256: None,
        files_size: None,
        created_at: cx.now(),
        created_by: cx.me(),
    };
    cx.insert(&export)?;
    let (key, files_key) = (export.storage_key.clone(), export.files_key.clone());
    let work = Export::new(export.gid, workspace.gid, key, files_key);
    let about = About { gid: cx.gid()?, workspace: workspace.gid, result: export.gid, total: None };
    jobs::start(cx, about, work)?;
    cx.audit(
        Audit::new("workspace_export_started", workspace.gid).about(Workspace::TYPE, workspace.gid),
    )?;
    let mut answer = cx.answer_gid::<OrganizationExport>(export.gid)?;
    answer.created = true;
    Ok(answer)
}
