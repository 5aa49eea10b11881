//! A request, parsed, for one operation.

use crate::error::{Error, Result, bad_request, invalid};
use crate::identity::passwords::Proof;
use engine::{Body, Selection};
use model::{Gid, Timestamp};

/// What the client wants of the answer.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `opt_fields`.
    pub fields: Option<Selection>,
    /// `opt_expand`.
    pub expand: Option<Selection>,
    /// `opt_pretty`.
    pub pretty: bool,
    /// `limit`, 1 to 100.
    pub limit: Option<usize>,
    /// The options as sent in the query, for `next_page`.
    pub echo: Vec<(String, String)>,
    /// `offset`, a sealed cursor.
    pub offset: Option<String>,
}

/// A request, parsed, for one operation.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The values of the path parameters, in order.
    pub path: Vec<String>,
    /// The query, decoded, without options and paging.
    pub query: Vec<(String, String)>,
    /// The fields sent.
    pub body: Body,
    /// What the client wants of the answer.
    pub options: Options,
    /// The path below the base, for `next_page`.
    pub address: String,
    /// Who called, as the network tells.
    pub client: Client,
    /// What came of the passwords that the operation asked about.
    pub proof: Option<Proof>,
}

/// Who called, as the network tells; nothing to rely on.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The network address, if the request came over a network.
    pub address: Option<std::net::IpAddr>,
    /// The `User-Agent`, cut to a bearable length.
    pub user_agent: String,
}

impl Call {
    /// The path parameter at `at`.
    pub fn segment(&self, at: usize) -> &str {
        self.path.get(at).map_or("", String::as_str)
    }

    /// The query parameter `name`, if it was sent and is not empty. The last one counts where it was repeated.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    /// A query parameter that must be there.
    ///
    /// Errors: `name: Missing input`.
    pub fn required(&self, name: &'static str) -> Result<&str> {
        self.param(name).ok_or_else(|| invalid(name, "Missing input"))
    }

    /// A boolean of the query.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>> {
        self.param(name)
            .map(|text| {
                engine::body::flag(text)
                    .ok_or_else(|| invalid(name, format!("Must be a boolean, not: {}", cut(text))))
            })
            .transpose()
    }

    /// A point in time of the query; `now` is understood.
    pub fn time(&self, name: &'static str, now: Timestamp) -> Result<Option<Timestamp>> {
        self.param(name)
            .map(|text| {
                if text == "now" {
                    return Ok(now);
                }
                Timestamp::parse(text).ok_or_else(|| {
                    invalid(
                        name,
                        format!("Date-time must be in ISO-8601 format, not: {}", cut(text)),
                    )
                })
            })
            .transpose()
    }

    /// What came of the passwords that the operation asked about.
    pub fn proof(&self) -> Result<&Proof> {
        self.proof
            .as_ref()
            .ok_or_else(|| Error::Internal(anyhow::anyhow!("no password was worked on")))
    }

    /// Refuses unless exactly the named parameters make sense together; a small helper for messages.
    pub fn exactly_one(&self, names: &[&str], message: &'static str) -> Result<()> {
        let sent = names.iter().filter(|name| self.param(name).is_some()).count();
        if sent == 1 { Ok(()) } else { Err(bad_request(message)) }
    }
}

/// At most a hundred characters, for messages.
pub fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}

/// A gid as clients write it.
///
/// Errors: `name: Not a recognized ID: text`.
pub fn gid(name: &'static str, text: &str) -> Result<Gid> {
    Gid::parse(text).ok_or_else(|| invalid(name, format!("Not a recognized ID: {}", cut(text))))
}
