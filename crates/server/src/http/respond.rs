//! What goes: status, headers, body.

use crate::App;
use crate::error::Error;
use crate::http::request::Incoming;
use crate::http::status;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::Gid;
use std::io::Write;

/// Bodies below this size are not worth compressing.
const MIN_GZIP: usize = 1_024;

/// A finished answer.
#[derive(Debug, Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Its type.
    pub content_type: &'static str,
    /// Where a created object is.
    pub location: Option<String>,
    /// Seconds after which to retry.
    pub retry_after: Option<u64>,
    /// The value of `Set-Cookie`.
    pub cookie: Option<String>,
    /// Whether it is an error that asks for a token.
    pub challenge: bool,
    /// A body that is streamed instead, with its headers.
    pub stream: Option<(Body, Vec<(HeaderName, String)>)>,
    /// The operation, for the log.
    pub operation: &'static str,
    /// Statements run, for the log.
    pub statements: u32,
    /// Who acted, for the log.
    pub actor: Option<Gid>,
    /// Names the request.
    pub request_id: String,
    /// Whether it began jobs.
    pub begins_jobs: bool,
    /// Whether what was done is to be undone: see [`crate::api::Context`].
    pub is_trial: bool,
}

/// How this client wants the answer.
pub struct Style {
    gzip: bool,
    pretty: bool,
    etag: bool,
    head: bool,
    debug: bool,
    if_none_match: Option<String>,
    request_id: String,
}

impl Style {
    /// Reads it off the request.
    pub fn of(app: &App, parts: &Parts, incoming: &Incoming) -> Self {
        let pretty = parts.uri.query().is_some_and(|query| {
            query.split('&').any(|item| {
                item == "opt_pretty"
                    || item
                        .strip_prefix("opt_pretty=")
                        .is_some_and(|value| !matches!(value, "false" | "0"))
            })
        });
        Style {
            gzip: incoming.gzip,
            pretty,
            etag: parts.method == "GET" || parts.method == "HEAD",
            head: parts.method == "HEAD",
            debug: app.settings.debug_headers,
            if_none_match: incoming.if_none_match.clone(),
            request_id: incoming.request_id.clone(),
        }
    }
}

const JSON: &str = "application/json; charset=UTF-8";

impl Reply {
    /// JSON.
    pub fn json(status: u16, body: Vec<u8>) -> Self {
        Reply { status, body, content_type: JSON, ..Reply::default() }
    }

    /// A page.
    pub fn html(body: String) -> Self {
        Reply {
            status: 200,
            body: body.into_bytes(),
            content_type: "text/html; charset=UTF-8",
            ..Reply::default()
        }
    }

    /// The answer to a CORS preflight.
    pub fn preflight() -> Self {
        Reply { status: 204, ..Reply::default() }
    }

    /// Another address.
    pub fn redirect(location: String) -> Self {
        Reply { status: 303, location: Some(location), ..Reply::default() }
    }

    /// An error in Asana's form.
    pub fn error(error: &Error, request_id: &str) -> Self {
        let retry_after = match error {
            Error::RateLimited { retry_after } => Some(retry_after.as_secs().max(1)),
            Error::Overloaded => Some(1),
            _ => None,
        };
        Reply {
            retry_after,
            challenge: matches!(error, Error::Unauthorized),
            ..Reply::json(error.status(), error.body(request_id))
        }
    }

    /// As an HTTP response.
    pub fn into_response(self, style: &Style) -> Response {
        let mut builder = Response::builder()
            .status(status(self.status))
            .header("X-Asana-Api-Version", "1.0")
            .header("X-Request-Id", style.request_id.as_str())
            .header("X-Content-Type-Options", "nosniff")
            .header("Access-Control-Allow-Origin", "*")
            .header(
                "Access-Control-Expose-Headers",
                "Asana-Change, Retry-After, Location, ETag, X-Request-Id",
            )
            .header("Vary", "Accept-Encoding");
        if style.debug {
            builder = builder.header("X-Vinyasa-Statements", self.statements);
        }
        if let Some(location) =
            self.location.as_deref().and_then(|location| HeaderValue::from_str(location).ok())
        {
            builder = builder.header(header::LOCATION, location);
        }
        if let Some(seconds) = self.retry_after {
            builder = builder.header(header::RETRY_AFTER, seconds);
        }
        if let Some(cookie) =
            self.cookie.as_deref().and_then(|cookie| HeaderValue::from_str(cookie).ok())
        {
            builder = builder.header(header::SET_COOKIE, cookie);
        }
        if self.challenge {
            builder = builder.header(header::WWW_AUTHENTICATE, "Bearer");
        }
        if self.status == 204 {
            builder = builder
                .header("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS")
                .header("Access-Control-Allow-Headers", "Authorization, Content-Type, Asana-Enable, Asana-Disable, X-Asana-Client-Lib, Idempotency-Key, If-None-Match")
                .header("Access-Control-Max-Age", "86400");
            return finish(builder, Body::empty());
        }
        if let Some((body, headers)) = self.stream {
            for (name, value) in headers {
                builder = builder.header(name, value);
            }
            return finish(builder, if style.head { Body::empty() } else { body });
        }
        builder = builder.header(header::CACHE_CONTROL, "private, no-cache, no-store");
        if self.content_type.starts_with("text/html") {
            builder = builder.header(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            );
        }
        let mut body = self.body;
        if style.pretty && self.content_type == JSON {
            body = pretty(&body);
        }
        if style.etag && self.status == 200 {
            let tag = format!("\"{:016x}\"", twox_hash::XxHash3_64::oneshot(&body));
            let known = style.if_none_match.as_deref().is_some_and(|tags| {
                tags.split(',').any(|known| {
                    known.trim().trim_start_matches("W/") == tag || known.trim() == "*"
                })
            });
            builder = builder.header(header::ETAG, &tag);
            if known {
                return finish(builder.status(304), Body::empty());
            }
        }
        builder = builder.header(header::CONTENT_TYPE, self.content_type);
        if style.gzip && body.len() >= MIN_GZIP {
            let mut encoder =
                GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
            if encoder.write_all(&body).is_ok()
                && let Ok(packed) = encoder.finish()
            {
                body = packed;
                builder = builder.header(header::CONTENT_ENCODING, "gzip");
            }
        }
        if style.head {
            builder = builder.header(header::CONTENT_LENGTH, body.len());
            return finish(builder, Body::empty());
        }
        finish(builder, Body::from(body))
    }
}

fn finish(builder: axum::http::response::Builder, body: Body) -> Response {
    builder.body(body).unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(500);
        response
    })
}

/// JSON with two spaces of indentation, in the order in which it was written.
pub fn pretty(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth * 2));
    };
    let mut bytes = json.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_string {
            out.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => {
                in_string = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                if bytes.peek().is_some_and(|next| matches!(next, b'}' | b']')) {
                    continue;
                }
                depth += 1;
                line(&mut out, depth);
            }
            b'}' | b']' => {
                if !matches!(out.last(), Some(b'{' | b'[')) {
                    depth = depth.saturating_sub(1);
                    line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
    out.push(b'\n');
    out
}

/// What `/` shows: what runs here and how to use it.
pub fn first_page(url: &str) -> String {
    include_str!("first_page.html").replace("{{url}}", url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_json_says_the_same() {
        let json = r#"{"a":[],"b":{},"c":[1,{"d":"x,{\"y"}],"e":null}"#;
        let shown = pretty(json.as_bytes());

        let same: serde_json::Value = serde_json::from_slice(&shown).unwrap();
        assert_eq!(same, serde_json::from_str::<serde_json::Value>(json).unwrap());
        assert!(String::from_utf8(shown).unwrap().starts_with("{\n  \"a\": [],\n"));
    }
}
