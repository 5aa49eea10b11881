//! The files of exports, at signed addresses.

use crate::App;
use crate::error::{Error, Result, forbidden};
use crate::http::attachments::{self, Stored};
use crate::http::request::Incoming;
use crate::http::respond::Reply;
use crate::resources::organization_exports::OrganizationExport;
use axum::http::request::Parts;
use engine::Resource as _;
use model::Gid;
use std::sync::Arc;
use store::params;

/// Where the files of exports are: `{gid}/export.json.gz` and `{gid}/files.tar` below it.
pub const DOWNLOAD: &str = "/-/organization_exports/";

/// The name of the file with the records.
pub const RECORDS: &str = "export.json.gz";

/// The name of the file with the bytes of attachments.
pub const FILES: &str = "files.tar";

/// Answers a signed address with the bytes.
pub(super) async fn download(app: &Arc<App>, incoming: &Incoming, parts: &Parts) -> Result<Reply> {
    let unknown = || forbidden("There is no such file");
    let path = parts.uri.path().strip_prefix(DOWNLOAD).and_then(|rest| rest.split_once('/'));
    let (gid, name) = path.ok_or_else(unknown)?;
    let gid = Gid::parse(gid).ok_or_else(unknown)?;
    let (columns, kind) = match name {
        RECORDS => ("e.storage_key, e.size", "application/gzip"),
        FILES => ("e.files_key, e.files_size", "application/x-tar"),
        _ => return Err(unknown()),
    };
    attachments::check_signature(app, incoming, parts, OrganizationExport::TYPE, gid)?;
    let sql = format!(
        "SELECT {columns} FROM organization_exports AS e WHERE e.gid = ? AND e.state = 'finished'"
    );
    let name = name.to_owned();
    let found = app
        .store
        .read(move |tx| {
            Ok::<_, Error>(tx.first(&sql, params![gid], |row| {
                Ok(Stored { name: name.clone(), key: row.get(0)?, size: row.get(1)?, kind })
            })?)
        })
        .await?;
    let gone = || Error::NotFound { name: OrganizationExport::TYPE.into(), gid: gid.to_string() };
    attachments::bytes(app, parts, found.ok_or_else(gone)?).await
}
