//! Files, streamed in and out.

use crate::App;
use crate::api::operations::Operation;
use crate::error::{Error, Result};
use crate::http::request::Incoming;
use crate::http::respond::Reply;
use axum::body::Body;
use axum::http::request::Parts;
use std::sync::Arc;

/// Where signed downloads live.
pub const DOWNLOAD: &str = "/-/attachments/";

/// The stable address of a file, for people who are signed in.
pub const PERMANENT: &str = "/app/asana/-/get_asset";

pub(super) async fn upload(
    _app: &Arc<App>,
    _incoming: &Incoming,
    _parts: &Parts,
    _body: Body,
    _operation: &Operation,
    _token: String,
) -> Result<Reply> {
    Err(Error::NoRoute)
}

pub(super) async fn download(
    _app: &Arc<App>,
    _incoming: &Incoming,
    _parts: &Parts,
) -> Result<Reply> {
    Err(Error::NoRoute)
}

pub(super) async fn permanent(
    _app: &Arc<App>,
    _incoming: &Incoming,
    _parts: &Parts,
) -> Result<Reply> {
    Err(Error::NoRoute)
}

pub(super) async fn sweep(_app: &Arc<App>) -> Result<()> {
    Ok(())
}
