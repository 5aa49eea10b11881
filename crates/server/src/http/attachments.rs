//! Files, streamed in and out.
//!
//! An upload is two short transactions with the stream between them, so that no connection waits for a slow client: the first
//! checks the parent and inserts a row that nobody sees, the second makes it visible. What is cut off half-way is swept.

use crate::App;
use crate::api::call::Call;
use crate::api::context::Context;
use crate::api::operations::{Answer, Base, Operation};
use crate::auth::{self, Credential};
use crate::error::{Error, Result, bad_request, forbidden, invalid};
use crate::files::{self, WrittenFile};
use crate::http::pipeline::{self, Work};
use crate::http::request::{self, Incoming, Sent};
use crate::http::respond::Reply;
use crate::http::text;
use crate::resources::attachments::{self, Attachment, Upload};
use crate::resources::tasks::Task;
use axum::body::Body;
use axum::http::header;
use axum::http::request::Parts;
use engine::Resource as _;
use engine::Site;
use futures_util::StreamExt as _;
use model::Gid;
use multer::{Field, Multipart};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::params;

/// Where signed downloads live.
pub const DOWNLOAD: &str = "/-/attachments/";

/// The stable address of a file, for people who are signed in.
pub const PERMANENT: &str = "/app/asana/-/get_asset";

/// Largest file, in bytes. Source: API reference, "Upload an attachment": 100 MB.
pub const MAX_FILE: u64 = 100 * 1024 * 1024;

/// Largest field beside the file.
const MAX_FIELD: usize = 64 * 1024;

/// Most parts of a form.
const MAX_PARTS: usize = 100;

/// How long an upload may take, in milliseconds: an hour. What is pending for longer is swept.
const MAX_PENDING: i64 = 60 * 60 * 1_000;

/// Most files that one sweep removes.
const SWEEP: i64 = 100;

/// Answers an upload: a form with a file, or a link as form or JSON.
pub(super) async fn upload(
    app: &Arc<App>,
    incoming: &Incoming,
    parts: &Parts,
    body: Body,
    (operation, segments): (&Operation, Vec<String>),
    credential: Option<Credential>,
) -> Result<Reply> {
    let path = Base::split(parts.uri.path()).map_or("", |(_, path)| path);
    let kind = text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(kind) else {
        if kind.to_ascii_lowercase().starts_with("multipart/") {
            return Err(bad_request("The boundary of the multipart body is missing"));
        }
        let sent = Sent::read(parts, body).await?;
        let mut call = request::call(operation, path, segments, parts, sent)?;
        parent_of_path(&mut call);
        let link: Work = Box::new(link);
        return pipeline::run_with(app, incoming, operation, call, credential, link).await;
    };
    let of_path = segments.first().cloned();
    let mut form = Form { fields: Vec::new(), parent: of_path, upload: None };
    let who =
        Who { app, incoming, operation, credential: credential.clone(), path: segments.clone() };
    let call = match form.read(&who, boundary, body).await {
        Ok(()) => request::call(operation, path, segments, parts, Sent::Form(form.fields)),
        Err(error) => Err(error),
    };
    let Some((key, upload)) = form.upload else {
        let mut call = call?;
        parent_of_path(&mut call);
        let link: Work = Box::new(link);
        return pipeline::run_with(app, incoming, operation, call, credential, link).await;
    };
    let result = match (call, upload.file.clone()) {
        (Ok(mut call), Some(file)) => {
            parent_of_path(&mut call);
            // The file is part of what an `Idempotency-Key` stands for.
            call.query.push(("sha256".to_owned(), file.sha256.clone()));
            let done = Upload {
                gid: upload.gid,
                file_name: upload.file_name,
                content_type: upload.content_type,
                file,
            };
            let finish: Work = Box::new(move |cx, call| {
                check_path(cx, call)?;
                attachments::finish(cx, &call.body, &done)
            });
            pipeline::run_with(app, incoming, operation, call, credential, finish).await
        }
        (Err(error), _) => Err(error),
        (Ok(_), None) => Err(bad_request("The file could not be read")),
    };
    if result.is_err() {
        give_up(app, upload.gid, &key).await;
    }
    result
}

/// The alias names the parent in its path.
fn parent_of_path(call: &mut Call) {
    if let Some(parent) = call.path.first() {
        let parent = serde_json::json!(parent);
        call.body.set("parent", parent);
    }
}

/// Attaches a link.
fn link(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    check_path(cx, call)?;
    attachments::link(cx, &call.body)
}

/// The task that the alias names in its path must be there, as that of any path.
fn check_path(cx: &mut Context<'_, '_>, call: &Call) -> Result<()> {
    if let Some(task) = call.path.first() {
        cx.find::<Task>(Task::TYPE, task)?;
    }
    Ok(())
}

/// Who uploads.
struct Who<'a> {
    app: &'a Arc<App>,
    incoming: &'a Incoming,
    operation: &'a Operation,
    credential: Option<Credential>,
    path: Vec<String>,
}

/// What has been read of a form.
struct Form {
    fields: Vec<(String, String)>,
    parent: Option<String>,
    upload: Option<(String, Coming)>,
}

/// A file that is coming or has come.
struct Coming {
    gid: Gid,
    file_name: Option<String>,
    content_type: Option<String>,
    file: Option<WrittenFile>,
}

impl Form {
    /// Reads the parts, in whatever order they come.
    ///
    /// Errors: 400 for a broken form, 413 for a file that is too large; those of [`attachments::begin`].
    async fn read(&mut self, who: &Who<'_>, boundary: String, body: Body) -> Result<()> {
        let mut form = Multipart::new(body.into_data_stream(), boundary);
        let mut count = 0;
        while let Some(field) = form.next_field().await.map_err(broken)? {
            count += 1;
            if count > MAX_PARTS {
                return Err(bad_request("The form has too many parts"));
            }
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                if self.upload.is_some() {
                    return Err(bad_request("You may only upload one file in a request"));
                }
                self.read_file(who, field).await?;
                continue;
            }
            let value = read_text(field).await?;
            if name == "parent" && self.parent.is_none() {
                self.parent = Some(value.clone());
            }
            self.fields.push((name, value));
        }
        Ok(())
    }

    /// Streams the file to the storage.
    async fn read_file(&mut self, who: &Who<'_>, mut field: Field<'_>) -> Result<()> {
        let mut bytes = [0_u8; 16];
        (who.app.entropy)(&mut bytes);
        let key = auth::hex(&bytes);
        let gid = begin(who, self.parent.clone(), key.clone()).await?;
        let file_name = file_name(&field);
        let content_type = content_type(&field, file_name.as_deref());
        let coming = Coming { gid, file_name, content_type, file: None };
        let (key, coming) = self.upload.insert((key, coming));
        let mut writer = who.app.files.create(key);
        loop {
            let chunk = match field.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    writer.abort().await;
                    return Err(broken(error));
                }
            };
            let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            if writer.size().saturating_add(length) > MAX_FILE {
                writer.abort().await;
                return Err(Error::TooLarge("The file is larger than 100 MB".into()));
            }
            if let Err(error) = writer.write(&chunk).await {
                writer.abort().await;
                return Err(error);
            }
        }
        coming.file = Some(writer.finish().await?);
        Ok(())
    }
}

/// Checks token and parent and makes the place for a file.
async fn begin(who: &Who<'_>, parent: Option<String>, key: String) -> Result<Gid> {
    let made = Arc::new(AtomicI64::new(0));
    let gid = Arc::clone(&made);
    let work: Work = Box::new(move |cx, call| {
        check_path(cx, call)?;
        let row = attachments::begin(cx, parent.as_deref(), &key)?;
        gid.store(row.get(), Ordering::Release);
        Ok(Answer::empty())
    });
    let credential = who.credential.clone();
    let call = Call { path: who.path.clone(), ..Call::default() };
    let (app, operation) = (who.app, who.operation);
    pipeline::run_once(app, who.incoming, operation, call, credential, work).await?;
    Ok(Gid::new(made.load(Ordering::Acquire)))
}

fn broken(_: multer::Error) -> Error {
    bad_request("The multipart body is malformed or was cut off")
}

/// A field that is not a file.
async fn read_text(mut field: Field<'_>) -> Result<String> {
    let name = field.name().unwrap_or_default().to_owned();
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > MAX_FIELD {
            return Err(invalid(name, "Is too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or_else(|| invalid(name, "Must be UTF-8"))
}

/// The name that the file came with; the one that says its encoding counts most.
fn file_name(field: &Field<'_>) -> Option<String> {
    let disposition = field.headers().get(header::CONTENT_DISPOSITION)?;
    let disposition = String::from_utf8_lossy(disposition.as_bytes()).into_owned();
    let encoded = disposition.split(';').find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        let value = name.trim().eq_ignore_ascii_case("filename*").then_some(value)?;
        value.trim().trim_matches('"').splitn(3, '\'').nth(2).map(str::to_owned)
    });
    encoded.or_else(|| field.file_name().map(str::to_owned))
}

/// The type of the file as it was sent, or as its name tells.
fn content_type(field: &Field<'_>, name: Option<&str>) -> Option<String> {
    let sent = field.content_type().map(|kind| kind.essence_str().to_ascii_lowercase());
    match sent.as_deref() {
        None | Some("application/octet-stream") => {}
        Some(_) => return sent,
    }
    let (_, ending) = name?.rsplit_once('.')?;
    let kind = match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "txt" | "log" | "md" => "text/plain",
        "csv" => "text/csv",
        _ => return sent,
    };
    Some(kind.to_owned())
}

/// The type under which bytes go out: nothing that a browser would run.
fn safe_type(kind: Option<&str>) -> &'static str {
    match kind.unwrap_or_default() {
        "image/png" => "image/png",
        "image/jpeg" => "image/jpeg",
        "image/gif" => "image/gif",
        "image/webp" => "image/webp",
        "application/pdf" => "application/pdf",
        "text/plain" => "text/plain; charset=utf-8",
        "text/csv" => "text/csv; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Leaves nothing of an upload that failed. What cannot be removed now is swept later.
async fn give_up(app: &Arc<App>, gid: Gid, key: &str) {
    if app.files.remove(key).await.is_ok() {
        let removed = app.store.write(move |tx| {
            tx.execute(
                "DELETE FROM attachments WHERE gid = ? AND state = 'pending'",
                params![gid],
            )?;
            Ok::<(), Error>(())
        });
        if let Err(error) = removed.await {
            tracing::warn!(%error, %gid, "a failed upload is left to the sweep");
        }
    }
}

/// A parameter of the query.
fn parameter(parts: &Parts, name: &str) -> Option<String> {
    parts.uri.query()?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| request::percent_decode(value)).flatten()
    })
}

/// Answers a signed address with the bytes.
pub(super) async fn download(app: &Arc<App>, incoming: &Incoming, parts: &Parts) -> Result<Reply> {
    let gid = parts.uri.path().strip_prefix(DOWNLOAD).and_then(Gid::parse).ok_or_else(expired)?;
    check_signature(app, incoming, parts, Attachment::TYPE, gid)?;
    let found = app
        .store
        .read(move |tx| {
            Ok::<_, Error>(tx.first(
                "SELECT a.name, a.storage_key, a.size, a.content_type FROM attachments AS a WHERE a.gid = ? AND a.state = 'stored' AND a.deleted IS NULL AND a.storage_key IS NOT NULL",
                params![gid],
                |row| {
                    Ok(Stored {
                        name: row.get(0)?,
                        key: row.get(1)?,
                        size: row.get(2)?,
                        kind: safe_type(row.get::<Option<String>>(3)?.as_deref()),
                    })
                },
            )?)
        })
        .await?;
    let unknown = || Error::NotFound { name: "attachment".into(), gid: gid.to_string() };
    bytes(app, parts, found.ok_or_else(unknown)?).await
}

fn expired() -> Error {
    forbidden("The link has expired or its signature is wrong")
}

/// Refuses unless the address is signed for `gid` and still good.
pub(super) fn check_signature(
    app: &App,
    incoming: &Incoming,
    parts: &Parts,
    of: &str,
    gid: Gid,
) -> Result<()> {
    let expires: i64 =
        parameter(parts, "expires").and_then(|text| text.parse().ok()).ok_or_else(expired)?;
    let signature = parameter(parts, "signature").unwrap_or_default();
    if incoming.now.millis() > expires
        || !files::is_signed(&app.secret, of, gid, expires, &signature)
    {
        return Err(expired());
    }
    Ok(())
}

/// A file in the storage.
pub(super) struct Stored {
    /// The name under which it is saved.
    pub(super) name: String,
    pub(super) key: String,
    pub(super) size: i64,
    pub(super) kind: &'static str,
}

/// Answers with the bytes of a file, or the part that is asked for.
pub(super) async fn bytes(app: &App, parts: &Parts, file: Stored) -> Result<Reply> {
    let size = u64::try_from(file.size).unwrap_or_default();
    let range = text(&parts.headers, header::RANGE).and_then(|text| parse_range(text, size));
    let mut headers = vec![
        (header::CONTENT_TYPE, file.kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&file.name)),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, "private, max-age=120".to_owned()),
    ];
    let length = match &range {
        Some(range) => {
            let last = range.end.saturating_sub(1);
            headers.push((header::CONTENT_RANGE, format!("bytes {}-{last}/{size}", range.start)));
            range.end - range.start
        }
        None => size,
    };
    headers.push((header::CONTENT_LENGTH, length.to_string()));
    let status = if range.is_some() { 206 } else { 200 };
    let body = if size == 0 || parts.method == "HEAD" {
        Body::empty()
    } else {
        Body::from_stream(app.files.read(&file.key, range).await?.fuse())
    };
    Ok(Reply { status, stream: Some((body, headers)), ..Reply::default() })
}

/// The part of a file that a `Range` header asks for; `None` for what makes no sense, which then gets the whole file.
fn parse_range(header: &str, size: u64) -> Option<Range<u64>> {
    let (from, to) = header.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = (from.trim(), to.trim());
    let range = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(from), Ok(to)) => from..to.saturating_add(1).min(size),
        (Ok(from), Err(_)) if to.is_empty() => from..size,
        (Err(_), Ok(count)) if from.is_empty() => size.saturating_sub(count)..size,
        _ => return None,
    };
    (range.start < range.end).then_some(range)
}

/// `Content-Disposition` with a name that every browser reads (RFC 6266, RFC 5987).
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    let encoded = request::percent_encode(name).replace(',', "%2C");
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Leads from the stable address to one that is good now.
pub(super) async fn permanent(app: &Arc<App>, incoming: &Incoming, parts: &Parts) -> Result<Reply> {
    let credential = incoming.credential.clone().ok_or(Error::Unauthorized)?;
    let raw = parameter(parts, "asset_id").ok_or_else(|| invalid("asset_id", "Missing input"))?;
    let (url, now, request_id) = (incoming.url.clone(), incoming.now, incoming.request_id.clone());
    let server = Arc::clone(app);
    app.store
        .read(move |tx| {
            let actor = auth::actor(tx, &credential, now)?.ok_or(Error::Unauthorized)?;
            let (secret, viewer) = (Arc::clone(&server.secret), actor.user);
            let site = Site { url: url.clone(), now, secret, viewer };
            let call = Call::default();
            let mut cx = Context::new(tx, &server, actor, site, request_id.clone(), &call);
            let (found, _) = cx.find::<Attachment>("asset_id", &raw)?;
            let address = match found.url {
                Some(url) => url,
                None => attachments::download_url(&cx.site, found.gid),
            };
            Ok(Reply::redirect(address))
        })
        .await
}

/// Removes what is left of uploads that never ended, and the bytes of deleted attachments.
pub async fn sweep(app: &Arc<App>) -> Result<()> {
    let oldest = (app.clock)().minus_millis(MAX_PENDING);
    let gone: Vec<(Gid, Option<String>)> = app
        .store
        .read(move |tx| {
            Ok::<_, Error>(tx.query(
                // Copies share their bytes, which go with the last of them. What the trash removed has no deletion any more.
                "SELECT a.gid, a.storage_key FROM attachments AS a WHERE a.state = 'pending' AND a.created_at < ?
                 UNION ALL SELECT a.gid, CASE WHEN (SELECT 1 FROM attachments AS o WHERE o.storage_key = a.storage_key AND o.gid <> a.gid AND (o.deleted IS NULL OR o.gid > a.gid) LIMIT 1) IS NULL THEN a.storage_key END
                   FROM attachments AS a LEFT JOIN deletions AS d ON d.gid = a.deleted WHERE a.deleted IS NOT NULL AND (d.gid IS NULL OR d.resource = a.gid) LIMIT ?",
                params![oldest, SWEEP],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?)
        })
        .await?;
    let mut removed = Vec::with_capacity(gone.len());
    for (gid, key) in gone {
        if let Some(key) = key {
            app.files.remove(&key).await?;
        }
        removed.push(gid);
    }
    if !removed.is_empty() {
        app.store
            .write(move |tx| {
                tx.execute(
                    "DELETE FROM attachments WHERE gid IN (SELECT i.value FROM ids(?) AS i)",
                    params![removed],
                )?;
                Ok::<(), Error>(())
            })
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        assert_eq!(parse_range("bytes=0-3", 10), Some(0..4));
        assert_eq!(parse_range("bytes=4-", 10), Some(4..10));
        assert_eq!(parse_range("bytes=-3", 10), Some(7..10));
        assert_eq!(parse_range("bytes=5-99", 10), Some(5..10));
        for nonsense in ["bytes=10-", "bytes=5-4", "bytes=-0", "bytes=a-b", "0-3", "bytes=0-1,3-4"]
        {
            assert_eq!(parse_range(nonsense, 10), None, "{nonsense}");
        }
    }

    #[test]
    fn names_survive_the_header() {
        assert_eq!(
            disposition("über \"1\", 2.pdf"),
            "attachment; filename=\"_ber _1_, 2.pdf\"; filename*=UTF-8''%C3%BCber%20%221%22%2C%202.pdf"
        );
    }

    #[test]
    fn nothing_goes_out_that_a_browser_runs() {
        assert_eq!(safe_type(Some("text/html")), "application/octet-stream");
        assert_eq!(safe_type(Some("image/svg+xml")), "application/octet-stream");
        assert_eq!(safe_type(Some("image/png")), "image/png");
        assert_eq!(safe_type(None), "application/octet-stream");
    }
}
