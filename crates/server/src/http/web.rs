//! The web application: what `make web` left in `web/dist`, embedded in the binary.
//!
//! Assets have their hash in their name and are kept for ever; every other path that is not part of an API is the page itself, which
//! asks each time. Nothing is compressed here: the build writes `.br` and `.gz` beside each file. A binary that was built without
//! the application shows how to build it.

use crate::error::{Error, Result};
use crate::http::request::Incoming;
use crate::http::respond::{self, Reply};
use crate::http::text;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The build. A development build of the server reads it from the disk each time.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// Files with a hash in their name.
const ASSETS: &str = "assets/";

/// Paths of APIs, of which unknown ones are not pages.
const NOT_PAGES: [&str; 6] = ["/api", "/-", "/app", "/health", "/metrics", "/mcp"];

/// Whether a path may be a page of the application.
pub fn is_page(path: &str) -> bool {
    !NOT_PAGES.iter().any(|other| {
        path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// A file of the application, or its page.
///
/// Errors: 404 for an asset that is not there, and for pages of a binary without the application.
pub fn answer(incoming: &Incoming, parts: &Parts) -> Result<Reply> {
    let path = parts.uri.path().trim_start_matches('/');
    let page = Dist::get("app/index.html");
    let Some(page) = page else {
        return if path.is_empty() {
            Ok(Reply::html(respond::first_page(&incoming.url)))
        } else {
            Err(Error::NoRoute)
        };
    };
    if path.starts_with(ASSETS) {
        let file = Dist::get(&format!("app/{path}")).filter(|_| is_plain(path));
        let file = file.ok_or(Error::NoRoute)?;
        let kept = "public, max-age=31536000, immutable";
        return Ok(reply(incoming, parts, path, file, kept, None));
    }
    if is_plain(path)
        && let Some(file) = Dist::get(&format!("app/{path}"))
    {
        return Ok(reply(incoming, parts, path, file, "no-cache", None));
    }
    let policy = policy(&page.data);
    Ok(reply(incoming, parts, "index.html", page, "no-cache", Some(policy)))
}

/// Whether a path names a file that is served as it is: not the page, not a packed copy.
fn is_plain(path: &str) -> bool {
    !path.is_empty() && path != "index.html" && !has_ending(path, "br") && !has_ending(path, "gz")
}

fn has_ending(path: &str, ending: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, found)| found == ending)
}

/// The file in the packing that the client takes.
fn reply(
    incoming: &Incoming,
    parts: &Parts,
    path: &str,
    file: EmbeddedFile,
    kept: &str,
    policy: Option<String>,
) -> Reply {
    let mut tag = String::from("\"");
    for byte in file.metadata.sha256_hash().iter().take(8) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    let mut headers: Vec<(HeaderName, String)> =
        vec![(header::CACHE_CONTROL, kept.to_owned()), (header::ETAG, tag.clone())];
    if let Some(policy) = policy {
        headers.push((header::CONTENT_SECURITY_POLICY, policy));
        headers.push((header::REFERRER_POLICY, "same-origin".to_owned()));
    }
    let is_known = incoming.if_none_match.as_deref().is_some_and(|tags| {
        tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)
    });
    if is_known {
        return Reply { status: 304, stream: Some((Body::empty(), headers)), ..Reply::default() };
    }
    headers.push((header::CONTENT_TYPE, content_type(path).to_owned()));
    let accepted = text(&parts.headers, header::ACCEPT_ENCODING).unwrap_or_default();
    let packed = [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(name, ending)| {
        let copy = takes(accepted, name).then(|| Dist::get(&format!("app/{path}.{ending}")))??;
        Some((name, copy))
    });
    let data = match packed {
        Some((name, copy)) => {
            headers.push((header::CONTENT_ENCODING, name.to_owned()));
            copy.data
        }
        None => file.data,
    };
    headers.push((header::CONTENT_LENGTH, data.len().to_string()));
    Reply {
        status: 200,
        stream: Some((Body::from(data.into_owned()), headers)),
        ..Reply::default()
    }
}

/// Whether `Accept-Encoding` names an encoding and does not refuse it.
fn takes(header: &str, name: &str) -> bool {
    header.split(',').any(|item| {
        let (found, options) = item.split_once(';').unwrap_or((item, ""));
        let is_refused = options.trim().strip_prefix("q=").is_some_and(|quality| {
            quality.trim().parse::<f32>().is_ok_and(|quality| quality <= 0.0)
        });
        found.trim().eq_ignore_ascii_case(name) && !is_refused
    })
}

/// The type by the ending; the build makes no others.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Everything comes from here, and the only inline script is the one that sets the theme.
fn policy(page: &[u8]) -> String {
    let page = String::from_utf8_lossy(page);
    let theme = page
        .split_once("<script id=\"theme\">")
        .and_then(|(_, rest)| rest.split_once("</script>"))
        .map(|(script, _)| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
    format!(
        "default-src 'self'; script-src 'self'{}; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        theme.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_what_no_api_is() {
        for path in ["/", "/login", "/1/12/project/34/list", "/apis", "/application", "/0/1/2"] {
            assert!(is_page(path), "{path}");
        }
        for path in
            ["/api", "/api/1.0/nothing", "/-/attachments/1", "/app/asana", "/health", "/mcp"]
        {
            assert!(!is_page(path), "{path}");
        }
    }

    #[test]
    fn an_encoding_is_taken_unless_it_is_refused() {
        assert!(takes("gzip, deflate, br, zstd", "br"));
        assert!(takes("BR;q=0.5", "br"));
        assert!(!takes("gzip, br;q=0", "br"));
        assert!(!takes("", "gzip"));
    }

    #[test]
    fn the_policy_knows_the_theme_script() {
        let policy = policy(b"<head><script id=\"theme\">go()</script>");
        assert!(policy.contains("script-src 'self' 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe"));
    }
}
