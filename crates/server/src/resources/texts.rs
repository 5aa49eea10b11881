//! Notes, descriptions and comments: rich text and its plain twin, one row of `texts` for each object that has one.
//!
//! What is stored holds no name of another object: a mention is a reference, rendered through the eyes of the reader.

use crate::access;
use crate::prelude::*;
use crate::resources::attachments;
use crate::resources::names::{self, LINKED, Named, Reach};
use crate::search::index;
use engine::schema::Fetching;
use engine::template::Templates;
use engine::{FromJson, Site};
use model::rich_text::{self, PRIVATE_LINK};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Longest text, in bytes, the same for both forms: 1 MiB.
pub const MAX_TEXT_BYTES: usize = rich_text::MAX_RICH_TEXT_BYTES;

/// The rich text of an object that has none.
pub const NO_HTML: &str = "<body></body>";

/// Declares the pair of fields that show an object's text, for example `notes` and `html_notes`. The HTML is on request; the
/// plain text too, where `plain_on_request` is set.
pub fn fields<T: Record>(
    s: &mut Schema<T>,
    plain: &'static str,
    html: &'static str,
    plain_on_request: bool,
) {
    let on_request: &[Form] =
        if plain_on_request { &[Form::Plain, Form::Html] } else { &[Form::Html] };
    pair(s, plain, html, on_request);
}

/// Declares the pair of fields; those of `on_request` are shown only when they are asked for. Both can be written, but not in one
/// request; [`write()`] does it.
pub fn pair<T: Record>(
    s: &mut Schema<T>,
    plain: &'static str,
    html: &'static str,
    on_request: &[Form],
) {
    declare(s, plain, html, on_request, "");
}

/// [`fields`] for the rows of a table of which some people see no more than the name: the text is for those whom the rule called
/// `inside` lets see the row. Both fields are on request.
pub fn inner_fields<T: Record>(
    s: &mut Schema<T>,
    plain: &'static str,
    html: &'static str,
    inside: &str,
) {
    let condition = format!(" JOIN {} AS t ON t.gid = i.value WHERE :see({inside}, t)", T::TABLE);
    declare(s, plain, html, &[Form::Plain, Form::Html], &condition);
}

/// Declares both fields; `condition` follows the joins of the query, whose list of objects is `i`.
fn declare<T: Record>(
    s: &mut Schema<T>,
    plain: &'static str,
    html: &'static str,
    on_request: &[Form],
    condition: &str,
) {
    let texts = query(Form::Plain, condition);
    let field = s.found(plain, String::new(), move |f| rendered(f, &texts, Form::Plain));
    let field = if on_request.contains(&Form::Plain) { field.on_request() } else { field };
    field.written_apart().doc("The text without formatting.");
    let texts = query(Form::Html, condition);
    let field = s.found(html, NO_HTML.to_owned(), move |f| rendered(f, &texts, Form::Html));
    let field = if on_request.contains(&Form::Html) { field.on_request() } else { field };
    field.written_apart().doc("The text with formatting: XML with the root `body`.");
}

/// Which of the two forms of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Without markup.
    Plain,
    /// XML.
    Html,
}

/// The query for texts, for each sight.
fn query(form: Form, condition: &str) -> Templates {
    let columns = match form {
        Form::Plain => "x.plain, CASE WHEN x.mentions = 1 THEN x.html ELSE '' END",
        Form::Html => "x.html, ''",
    };
    let text = format!(
        "SELECT i.key, x.workspace, x.mentions, {columns} FROM :ids AS i JOIN texts AS x ON x.object = i.value{condition}"
    );
    Templates::new(&text, &access::see)
}

/// The texts of the fetched objects as their reader gets them, for those that have one.
pub fn shown(
    fetching: &mut Fetching<'_, '_>,
    form: Form,
) -> Result<Vec<(usize, String)>, store::Error> {
    static TEXTS: OnceLock<[Templates; 2]> = OnceLock::new();
    let [plain, html] = TEXTS.get_or_init(|| [Form::Plain, Form::Html].map(|form| query(form, "")));
    match form {
        Form::Plain => rendered(fetching, plain, form),
        Form::Html => rendered(fetching, html, form),
    }
}

/// [`shown`] for a query of one's own.
fn rendered(
    fetching: &mut Fetching<'_, '_>,
    texts: &Templates,
    form: Form,
) -> Result<Vec<(usize, String)>, store::Error> {
    let template = texts.of(fetching.viewer.sight);
    let params = template.params(fetching.viewer.gid, fetching.ids);
    let rows = fetching.tx.query(template.sql(), &params, |row| {
        let key = usize::try_from(row.get::<i64>(0)?).unwrap_or(usize::MAX);
        let (workspace, mentions): (Gid, bool) = (row.get(1)?, row.get(2)?);
        let (text, source): (String, String) = (row.get(3)?, row.get(4)?);
        Ok((key, workspace, mentions, if source.is_empty() { text } else { source }))
    })?;
    let mut wanted = Wanted::default();
    for (_, _, _, html) in rows.iter().filter(|(_, _, mentions, _)| *mentions) {
        wanted.collect(html);
    }
    let known = names::of(fetching.tx, fetching.viewer, Reach::Nested, &wanted.by_kind())?;
    let site = fetching.site;
    let texts = rows.into_iter().map(|(key, workspace, mentions, text)| {
        let text = match form {
            _ if !mentions => text,
            Form::Plain => {
                rich_text::plain(&text, &|gid| Some(plain_link(site, &known, workspace, gid)))
            }
            Form::Html => rich_text::render(&text, &|gid| html_link(site, &known, workspace, gid)),
        };
        (key, text)
    });
    Ok(texts.collect())
}

/// What a link reads in the plain form: `@Name` for people, the address of anything else.
fn plain_link(site: &Site, known: &HashMap<Gid, Named>, workspace: Gid, gid: Gid) -> String {
    match known.get(&gid) {
        Some(user) if user.kind == "user" => format!("@{}", user.name),
        Some(object) => object.link(site, gid, workspace),
        None => PRIVATE_LINK.to_owned(),
    }
}

/// The address and the text of a link; of a file the address of its bytes, for images.
fn html_link(
    site: &Site,
    known: &HashMap<Gid, Named>,
    workspace: Gid,
    gid: Gid,
) -> Option<(String, String)> {
    let object = known.get(&gid)?;
    Some(match object.kind {
        "user" => (object.link(site, gid, workspace), format!("@{}", object.name)),
        "attachment" => (attachments::download_url(site, gid), object.name.clone()),
        _ => (object.link(site, gid, workspace), object.name.clone()),
    })
}

/// The objects that texts refer to.
#[derive(Default)]
struct Wanted(HashMap<&'static str, Vec<i64>>);

impl Wanted {
    /// Adds the objects that a canonical text refers to. An object whose type is not stored may be of any.
    fn collect(&mut self, html: &str) {
        for part in html.split("data-asana-gid=\"").skip(1) {
            let Some((gid, rest)) = part.split_once('"') else { continue };
            let Some(gid) = Gid::parse(gid) else { continue };
            let kind = rest
                .strip_prefix(" data-asana-type=\"")
                .and_then(|rest| rest.split_once('"'))
                .and_then(|(kind, _)| LINKED.into_iter().find(|known| *known == kind));
            match kind {
                Some(kind) => self.0.entry(kind).or_default().push(gid.get()),
                None => {
                    for kind in LINKED {
                        self.0.entry(kind).or_default().push(gid.get());
                    }
                }
            }
        }
    }

    fn by_kind(self) -> Vec<(&'static str, Vec<i64>)> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_unstable();
        all
    }
}

/// What a write of a text did.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// Whether the text is another one now.
    pub changed: bool,
    /// Whether there was none before.
    pub was_empty: bool,
    /// Whether there is none now.
    pub is_empty: bool,
    /// The objects that it mentions.
    pub mentions: Vec<Gid>,
    /// The members of the workspace that it mentions and did not mention before; they are to follow.
    pub new_users: Vec<Gid>,
}

/// Writes the text that the body sends for `object` under one of the two names; `None` if it sends neither.
///
/// Errors: 400 for both at once, a value that is not a text, invalid rich text, a link to something the actor does not see.
pub fn write(
    cx: &mut Context<'_, '_>,
    object: Gid,
    workspace: Gid,
    body: &Body,
    plain: &'static str,
    html: &'static str,
) -> Result<Option<Written>> {
    let text = match (body.get(plain), body.get(html)) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(bad_request(format!("You may only provide one of {plain} or {html}!")));
        }
        (Some(_), None) => {
            let text = body.read::<Option<String>>(plain)?.flatten().unwrap_or_default();
            from_plain(plain, &text)?
        }
        (None, Some(serde_json::Value::Null)) => from_plain(html, "")?,
        (None, Some(value)) => {
            let text = String::from_json(value).map_err(|message| invalid(html, message))?;
            rich_text::parse(&text).map_err(|error| invalid(html, error.to_string()))?
        }
    };
    put(cx, object, workspace, html, text).map(Some)
}

/// The rich text of a plain one.
fn from_plain(field: &'static str, text: &str) -> Result<rich_text::RichText> {
    let html = rich_text::from_plain(text);
    if html.len() > MAX_TEXT_BYTES {
        return Err(invalid(field, format!("Must not be longer than {MAX_TEXT_BYTES} bytes")));
    }
    Ok(rich_text::RichText { html, mentions: Vec::new() })
}

/// Stores a text, if it is another one.
fn put(
    cx: &mut Context<'_, '_>,
    object: Gid,
    workspace: Gid,
    field: &'static str,
    text: rich_text::RichText,
) -> Result<Written> {
    let before: String = cx
        .cell("SELECT x.html FROM texts AS x WHERE x.object = ?", params![object])?
        .unwrap_or_else(|| NO_HTML.to_owned());
    let mut html = text.html;
    let mut new_users = Vec::new();
    if !text.mentions.is_empty() {
        let mut old = Wanted::default();
        old.collect(&before);
        let old: Vec<i64> = old.0.into_values().flatten().collect();
        let gids: Vec<i64> = text.mentions.iter().map(|gid| gid.get()).collect();
        let wanted = LINKED.map(|kind| (kind, gids.clone()));
        let viewer = cx.viewer();
        let known = names::of(cx.tx, viewer, Reach::Own, &wanted)?;
        // What the text held before may stay, though this writer does not see it.
        if let Some(gid) =
            text.mentions.iter().find(|gid| !known.contains_key(*gid) && !old.contains(&gid.get()))
        {
            return Err(invalid(field, format!("XML is invalid: Unknown object: {gid}")));
        }
        html = rich_text::with_types(&html, &|gid| known.get(&gid).map(|object| object.kind));
        let users: Vec<Gid> = text
            .mentions
            .iter()
            .filter(|gid| known.get(*gid).is_some_and(|object| object.kind == "user"))
            .filter(|gid| !old.contains(&gid.get()))
            .copied()
            .collect();
        new_users = members(cx, workspace, &users)?;
    }
    let written = Written {
        changed: html != before,
        was_empty: before == NO_HTML,
        is_empty: html == NO_HTML,
        mentions: text.mentions,
        new_users,
    };
    if !written.changed {
        return Ok(written);
    }
    let plain = rich_text::plain(&html, &|_| None);
    let old = rich_text::plain(&before, &|_| None);
    index::text(cx, workspace, object, field, (&old, &plain))?;
    if written.is_empty {
        cx.later("DELETE FROM texts WHERE object = ?", params![object].to_vec())?;
        return Ok(written);
    }
    let mentions = !written.mentions.is_empty();
    cx.later(
        "INSERT INTO texts (object, workspace, html, plain, mentions) VALUES (?, ?, ?, ?, ?) ON CONFLICT (object) DO UPDATE SET html = excluded.html, plain = excluded.plain, mentions = excluded.mentions",
        params![object, workspace, html, plain, mentions].to_vec(),
    )?;
    Ok(written)
}

/// Those of `users` who are active in the workspace, in their order.
fn members(cx: &mut Context<'_, '_>, workspace: Gid, users: &[Gid]) -> Result<Vec<Gid>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    cx.gids(
        r#"SELECT wm."user" FROM ids(?) AS i JOIN workspace_memberships AS wm ON wm."user" = i.value AND wm.workspace = ? AND wm.is_active = 1 ORDER BY i.key"#,
        params![users, workspace],
    )
}
