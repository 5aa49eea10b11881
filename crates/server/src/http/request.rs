//! What came: headers, query, body, options. Every byte a client can send ends here or in a clear 4xx.

use crate::App;
use crate::api::call::{Call, Client, Options, cut};
use crate::api::operations::Operation;
use crate::auth::{self, Credential};
use crate::error::{Error, Result, bad_request, invalid};
use crate::http::{peer, text};
use axum::body::Body as HttpBody;
use axum::http::header;
use axum::http::request::Parts;
use engine::{Body, Selection};
use model::Timestamp;
use serde_json::{Map, Value};

/// Largest body that is not an upload.
pub const MAX_BODY: usize = 1024 * 1024;

/// Deepest nesting of a JSON body.
pub const MAX_JSON_DEPTH: usize = 32;

/// The cookie of the web application.
pub const SESSION_COOKIE: &str = "vinyasa_session";

/// What writes with that cookie must send.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Longest `User-Agent` that is kept, in characters.
const MAX_USER_AGENT: usize = 300;

/// Most values in a body.
pub const MAX_FIELDS: usize = 10_000;

/// What is known of a request before its body is read.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The address that links start with.
    pub url: String,
    /// The hash of the bearer token, else of the session's cookie.
    pub credential: Option<Credential>,
    /// `X-CSRF-Token`.
    pub csrf: Option<String>,
    /// `Origin`, if it is not one of this server.
    pub foreign_origin: Option<String>,
    /// Who calls, as the network tells.
    pub client: Client,
    /// The time of the request.
    pub now: Timestamp,
    /// Names the request in logs, events and the answer.
    pub request_id: String,
    /// `Idempotency-Key`, as it came.
    pub idempotency_key: Option<String>,
    /// Whether the client takes gzip.
    pub gzip: bool,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
}

impl Incoming {
    /// Reads the headers.
    pub fn new(app: &App, parts: &Parts) -> Self {
        let mut bytes = [0_u8; 8];
        (app.entropy)(&mut bytes);
        let request_id = auth::hex(&bytes);
        let url = app.settings.public_url.clone().unwrap_or_else(|| {
            let host = text(&parts.headers, header::HOST)
                .filter(|host| is_host(host))
                .unwrap_or("localhost");
            format!("http://{host}")
        });
        let credential = match text(&parts.headers, header::AUTHORIZATION) {
            Some(header) => bearer(header).map(|token| Credential::Token(auth::hash(token))),
            None => session_cookie(parts).map(|secret| Credential::Session(auth::hash(secret))),
        };
        let client = Client {
            address: peer::address(parts, &app.settings.trusted_proxies),
            user_agent: text(&parts.headers, header::USER_AGENT)
                .map(|agent| agent.chars().take(MAX_USER_AGENT).collect())
                .unwrap_or_default(),
        };
        let idempotency_key = parts
            .headers
            .get("idempotency-key")
            .filter(|key| !key.is_empty())
            .map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
        Incoming {
            foreign_origin: foreign_origin(parts, &url),
            url,
            credential,
            csrf: parts
                .headers
                .get(CSRF_HEADER)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            client,
            now: (app.clock)(),
            request_id,
            idempotency_key,
            gzip: text(&parts.headers, header::ACCEPT_ENCODING).is_some_and(takes_gzip),
            if_none_match: text(&parts.headers, header::IF_NONE_MATCH).map(str::to_owned),
        }
    }
}

/// The secret in the cookie of a session.
fn session_cookie(parts: &Parts) -> Option<&str> {
    parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == SESSION_COOKIE && !value.is_empty())
        .map(|(_, value)| value)
}

/// The `Origin` of the page that calls, if it is neither the public address nor the host that was asked.
fn foreign_origin(parts: &Parts, url: &str) -> Option<String> {
    let origin = text(&parts.headers, header::ORIGIN)?;
    let is_host = |host: &str| origin.split_once("://").is_some_and(|(_, rest)| rest == host);
    let own = origin == url || text(&parts.headers, header::HOST).is_some_and(is_host);
    (!own).then(|| origin.to_owned())
}

/// Whether a `Host` header is safe to build addresses with.
fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 255
        && host.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']' | b'_')
        })
}

/// The token of `Authorization: Bearer …`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer")
        && !token.is_empty()
        && !token.contains(char::is_whitespace))
    .then_some(token)
}

fn takes_gzip(header: &str) -> bool {
    header.split(',').any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        name.trim().eq_ignore_ascii_case("gzip")
            && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

/// A body, read and parsed.
pub enum Sent {
    /// Nothing.
    Nothing,
    /// `{"data":…,"options":…}`.
    Json(Map<String, Value>),
    /// Fields of a form.
    Form(Vec<(String, String)>),
}

impl Sent {
    /// Reads the body.
    ///
    /// Errors: 413 over 1 MB; 400 for malformed or too deeply nested JSON, a body that is not an object, text that is not UTF-8.
    pub async fn read(parts: &Parts, body: HttpBody) -> Result<Self> {
        // GET and DELETE may carry a body, which is ignored.
        if matches!(parts.method.as_str(), "GET" | "DELETE" | "HEAD") {
            return Ok(Sent::Nothing);
        }
        let declared = text(&parts.headers, header::CONTENT_LENGTH)
            .and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > MAX_BODY) {
            return Err(too_large());
        }
        let bytes = match axum::body::to_bytes(body, MAX_BODY).await {
            Ok(bytes) => bytes,
            Err(error) if is_length_limit(&error) => return Err(too_large()),
            Err(_) => return Err(bad_request("The request body could not be read")),
        };
        if bytes.is_empty() {
            return Ok(Sent::Nothing);
        }
        let kind =
            text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("multipart/") {
            return Err(Error::UnsupportedMedia(
                "This operation takes JSON or a form, not multipart".into(),
            ));
        }
        if kind.starts_with("application/x-www-form-urlencoded") {
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| bad_request("The request body must be UTF-8"))?;
            return Ok(Sent::Form(pairs(text)?));
        }
        // JSON is also what a body without a type is taken for when it looks like an object.
        if !kind.starts_with("application/json") && bytes.first() != Some(&b'{') {
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| bad_request("The request body must be UTF-8"))?;
            return Ok(Sent::Form(pairs(text)?));
        }
        check_shape(&bytes)?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Sent::Json(object)),
            Ok(_) => Err(bad_request("The request body must be a JSON object")),
            Err(_) => Err(bad_request("Could not parse request data, invalid JSON")),
        }
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.to_string().contains("length limit") {
            return true;
        }
        source = error.source();
    }
    false
}

fn too_large() -> Error {
    Error::TooLarge("The request body is larger than 1 MB".into())
}

/// Refuses JSON that is nested too deeply or holds too many values, before it is parsed.
fn check_shape(bytes: &[u8]) -> Result<()> {
    let (mut depth, mut values, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_JSON_DEPTH {
            return Err(bad_request("The request body is nested too deeply"));
        }
        if values > MAX_FIELDS {
            return Err(bad_request("The request body has too many fields"));
        }
    }
    Ok(())
}

/// The pairs of a query or form, decoded.
///
/// Errors: 400 for a broken escape or text that is not UTF-8; 400 for more than a thousand pairs.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for item in text.split('&').filter(|item| !item.is_empty()) {
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        let decode = |text: &str| {
            percent_decode(&text.replace('+', " "))
                .ok_or_else(|| bad_request("The query or form is not properly encoded"))
        };
        found.push((decode(name)?, decode(value)?));
        if found.len() > 1_000 {
            return Err(bad_request("The query or form has too many fields"));
        }
    }
    Ok(found)
}

/// Undoes percent-encoding; `None` for a broken escape, a NUL or text that is not UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// Percent-encodes everything but unreserved characters and commas.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b',') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&auth::hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

/// Puts the request together for an operation.
///
/// Errors: 400 for options, paging or a body that make no sense.
pub fn call(
    operation: &Operation,
    path: &str,
    segments: Vec<String>,
    parts: &Parts,
    sent: Sent,
) -> Result<Call> {
    let query = pairs(parts.uri.query().unwrap_or_default())?;
    call_of(operation, path, segments, query, sent)
}

/// [`call`] with the query as pairs.
///
/// Errors: 400 for options, paging or a body that make no sense.
pub fn call_of(
    operation: &Operation,
    path: &str,
    segments: Vec<String>,
    pairs: Vec<(String, String)>,
    sent: Sent,
) -> Result<Call> {
    let mut options = Options::default();
    let mut data = Map::new();
    let mut query: Vec<(String, String)> = Vec::new();
    match sent {
        Sent::Nothing => {}
        Sent::Json(object) => {
            for (name, value) in object {
                match (name.as_str(), value) {
                    ("data", Value::Object(fields)) => data = fields,
                    ("data" | "options", Value::Null) => {}
                    ("data", _) => return Err(invalid("data", "Must be an object")),
                    ("options", Value::Object(object)) => {
                        body_options(&object, &mut options, operation.max_limit)?;
                    }
                    ("options", _) => return Err(invalid("options", "Must be an object")),
                    (other, _) => {
                        return Err(bad_request(format!(
                            "Unrecognized request field {} . The only allowed keys at the top level are: data, options. Is it possible you did not wrap object properties in a data object?",
                            cut(other)
                        )));
                    }
                }
            }
        }
        Sent::Form(fields) => {
            for (name, value) in fields {
                if name.starts_with("opt_") {
                    option(&name, &value, &mut options)?;
                } else {
                    put_form_field(&mut data, &name, value);
                }
            }
        }
    }
    for (name, value) in pairs {
        if name.starts_with("opt_") {
            option(&name, &value, &mut options)?;
            options.echo.push((name, value));
        } else if name == "limit" && operation.method == "GET" {
            options.limit = Some(limit(&value, operation.max_limit)?);
        } else if name == "offset" && operation.method == "GET" {
            options.offset = Some(value).filter(|offset| !offset.is_empty());
        } else if operation.writes() {
            // Fields in the query of a write are data; the body wins.
            if !data.contains_key(&name) {
                put_form_field(&mut data, &name, value);
            }
        } else {
            query.push((name, value));
        }
    }
    if let Some(name) = data.iter().find_map(|(name, value)| holds_nul(value).then_some(name)) {
        return Err(invalid(cut(name), "Must not contain NUL characters"));
    }
    Ok(Call {
        path: segments,
        query,
        body: Body::new(data),
        options,
        address: path.to_owned(),
        ..Call::default()
    })
}

/// Whether a text anywhere in a value holds a NUL, which no database column takes.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value))
        }
        _ => false,
    }
}

/// Writes a form field: `a`, `a[0]` and `a[]` for lists, `a[b]` for maps.
fn put_form_field(data: &mut Map<String, Value>, name: &str, value: String) {
    let Some((outer, rest)) = name.split_once('[') else {
        data.insert(name.to_owned(), Value::String(value));
        return;
    };
    let inner = rest.strip_suffix(']').unwrap_or(rest);
    if inner.is_empty() || inner.bytes().all(|byte| byte.is_ascii_digit()) && inner.len() < 5 {
        match data.entry(outer.to_owned()).or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(items) => items.push(Value::String(value)),
            other => *other = Value::Array(vec![Value::String(value)]),
        }
    } else {
        match data.entry(outer.to_owned()).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(fields) => {
                fields.insert(inner.to_owned(), Value::String(value));
            }
            other => {
                *other = Value::Object(Map::from_iter([(inner.to_owned(), Value::String(value))]));
            }
        }
    }
}

/// An option of the query or a form, `opt_…`.
fn option(name: &str, value: &str, options: &mut Options) -> Result<()> {
    match name {
        "opt_fields" => options.fields = selection("opt_fields", value)?,
        "opt_expand" => options.expand = selection("opt_expand", value)?,
        "opt_pretty" => options.pretty = !matches!(value, "false" | "False" | "0"),
        // Others are old or name the client: accepted, without effect.
        _ => {}
    }
    Ok(())
}

/// The options of a JSON body.
fn body_options(
    object: &Map<String, Value>,
    options: &mut Options,
    max_limit: usize,
) -> Result<()> {
    let list = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        _ => String::new(),
    };
    for (name, value) in object {
        match name.as_str() {
            "fields" | "opt_fields" => options.fields = selection("options", &list(value))?,
            "expand" | "opt_expand" => options.expand = selection("options", &list(value))?,
            "pretty" | "opt_pretty" => options.pretty = value.as_bool().unwrap_or(false),
            "limit" => options.limit = Some(limit(&value.to_string(), max_limit)?),
            "offset" => options.offset = value.as_str().map(str::to_owned),
            _ => {}
        }
    }
    Ok(())
}

fn selection(name: &'static str, text: &str) -> Result<Option<Selection>> {
    let selection = Selection::parse(text).map_err(|error| invalid(name, error.to_string()))?;
    Ok(Some(selection).filter(|selection| !selection.is_empty()))
}

fn limit(text: &str, max: usize) -> Result<usize> {
    text.parse()
        .ok()
        .filter(|limit| (1..=max).contains(limit))
        .ok_or_else(|| invalid("limit", format!("Must be between 1 and {max}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_nest_by_brackets() {
        let mut data = Map::new();
        for (name, value) in
            pairs("name=a+b&tags[0]=1&tags[1]=2&custom_fields[1234567]=x%20y").unwrap()
        {
            put_form_field(&mut data, &name, value);
        }
        assert_eq!(
            Value::Object(data),
            serde_json::json!({"name": "a b", "tags": ["1", "2"], "custom_fields": {"1234567": "x y"}})
        );
    }

    #[test]
    fn broken_escapes_are_refused() {
        assert!(pairs("a=%zz").is_err());
        assert!(pairs("a=%00").is_err());
        assert!(pairs("a=%ff").is_err());
    }

    #[test]
    fn deep_and_wide_json_is_refused_before_parsing() {
        assert!(check_shape("[".repeat(33).as_bytes()).is_err());
        assert!(check_shape("[".repeat(32).as_bytes()).is_ok());
        assert!(check_shape(",".repeat(10_001).as_bytes()).is_err());
        assert!(check_shape(format!("\"{}\"", "[,\\\"".repeat(20_000)).as_bytes()).is_ok());
    }
}
