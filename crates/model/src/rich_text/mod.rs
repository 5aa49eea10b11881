//! Rich text: the `html_notes`, `html_text` and `html_description` of the API, and their plain twins.
//!
//! Clients send XML with one root, `<body>`. [`parse`] checks it and brings it into a canonical form,
//! which is what is stored. Every later step ([`render()`], [`plain()`], [`with_types`]) takes that form.
//!
//! **No stored text contains the name or address of another object.** An anchor with `data-asana-gid`
//! is stored as `<a data-asana-gid="…"/>`, whatever text and `href` it came with. They are filled in
//! for each reader, who may not be allowed to see the name, and they follow when the object is renamed.
//!
//! Source: API reference, "Rich text"; dossier section 4.

mod plain;
mod render;
mod xml;

#[cfg(test)]
mod tests;

pub use plain::plain;
pub use render::{PRIVATE_LINK, render, with_types};

use crate::Gid;
use xml::{Attributes, Token, Tokens, push_attribute, push_text};

/// The longest rich text, in bytes, both as sent and in canonical form: 1 MiB.
pub const MAX_RICH_TEXT_BYTES: usize = 1 << 20;

/// The deepest nesting of elements, `<body>` included.
pub const MAX_RICH_TEXT_DEPTH: usize = 32;

/// The longest value, in bytes, of an attribute that is neither an address nor an alternative text.
const MAX_VALUE_BYTES: usize = 1024;

/// A rich text that was found valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RichText {
    /// The canonical form, to be stored: see [`parse`].
    pub html: String,
    /// Every `data-asana-gid` in it, of links and images, once each, in order of first appearance.
    pub mentions: Vec<Gid>,
}

/// Why a text is not valid rich text. `Display` is for the person who sent it; the caller puts the
/// name of the field in front.
///
/// Source of the words "XML is invalid": dossier 4.1, unconfirmed upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RichTextError {
    /// Longer than [`MAX_RICH_TEXT_BYTES`].
    #[error("XML is longer than {MAX_RICH_TEXT_BYTES} bytes")]
    TooLong,
    /// Nested deeper than [`MAX_RICH_TEXT_DEPTH`].
    #[error("XML is nested deeper than {MAX_RICH_TEXT_DEPTH} elements")]
    TooDeep,
    /// Not exactly one `<body>` element with everything inside.
    #[error("XML is invalid: it must be one <body> element")]
    NotOneBody,
    /// Not well-formed XML, or a part of XML that rich text has not.
    #[error("XML is invalid: {reason} (at byte {at})")]
    Malformed {
        /// Bytes from the start of the input.
        at: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A closing tag that does not close the innermost open element.
    #[error("XML is invalid: </{found}> stands where </{expected}> must")]
    Mismatched {
        /// The name of the innermost open element.
        expected: String,
        /// The name that was closed.
        found: String,
    },
    /// An element that is still open at the end.
    #[error("XML is invalid: <{0}> is not closed")]
    Unclosed(String),
    /// A tag that rich text has not.
    #[error("XML is invalid: unsupported tag <{0}>")]
    UnknownTag(String),
    /// An element where it may not be.
    #[error("XML is invalid: <{inner}> is not allowed inside <{outer}>")]
    Misplaced {
        /// The name of the element.
        inner: String,
        /// The name of the element around it.
        outer: String,
    },
    /// Content in `<hr>` or `<img>`.
    #[error("XML is invalid: <{0}> must be empty")]
    NotEmpty(String),
    /// An attribute that the tag has not.
    #[error("XML is invalid: unsupported attribute {attribute} in <{tag}>")]
    UnknownAttribute {
        /// The name of the element.
        tag: String,
        /// The name of the attribute.
        attribute: String,
    },
    /// An attribute with a value that it may not have.
    #[error("XML is invalid: {attribute} of <{tag}> must be {expected}")]
    InvalidAttribute {
        /// The name of the element.
        tag: String,
        /// The name of the attribute.
        attribute: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    /// A link or image that leads nowhere.
    #[error("XML is invalid: <{tag}> needs {expected}")]
    MissingAttribute {
        /// The name of the element.
        tag: String,
        /// Which attributes would do.
        expected: &'static str,
    },
}

crate::string_enum! {
    enum Tag {
        Body = "body",
        Strong = "strong",
        Em = "em",
        U = "u",
        S = "s",
        Code = "code",
        Pre = "pre",
        Ol = "ol",
        Ul = "ul",
        Li = "li",
        A = "a",
        Blockquote = "blockquote",
        H1 = "h1",
        H2 = "h2",
        Hr = "hr",
        Img = "img",
        Table = "table",
        Tr = "tr",
        Td = "td",
    }
}

impl Tag {
    /// The tag of this name. Three older names, still sent by some clients, stand for newer ones.
    fn read(name: &str) -> Option<Tag> {
        match name {
            "b" => Some(Tag::Strong),
            "i" => Some(Tag::Em),
            "tt" => Some(Tag::Code),
            _ => Tag::parse(name),
        }
    }

    /// Whether the element has no content.
    fn is_void(self) -> bool {
        matches!(self, Tag::Hr | Tag::Img)
    }

    /// Whether the element stands on lines of its own in the plain twin.
    fn is_block(self) -> bool {
        use Tag::{Blockquote, H1, H2, Hr, Li, Ol, Pre, Table, Tr, Ul};
        matches!(self, Blockquote | H1 | H2 | Hr | Li | Ol | Pre | Table | Tr | Ul)
    }

    /// Whether white space directly inside only lays out the source.
    fn ignores_space(self) -> bool {
        matches!(self, Tag::Ol | Tag::Ul | Tag::Table | Tag::Tr)
    }

    /// The attributes that are stored, in their canonical order.
    fn kept(self) -> &'static [&'static str] {
        match self {
            Tag::A => &[
                "href",
                "data-asana-gid",
                "data-asana-type",
                "data-asana-project",
                "data-asana-tag",
            ],
            Tag::Img => &["src", "data-asana-gid", "data-asana-type", "alt", "width", "height"],
            Tag::Table => &["data-cell-widths"],
            Tag::Td => &["data-cell-background-color"],
            _ => &[],
        }
    }

    /// Whether the attribute is accepted and not stored: looks, and what only answers carry.
    fn drops(self, attribute: &str) -> bool {
        match attribute {
            "style" | "class" | "target" | "rel" => true,
            "data-asana-accessible" | "data-asana-dynamic" => self == Tag::A,
            "data-src-width"
            | "data-src-height"
            | "data-thumbnail-url"
            | "data-thumbnail-width"
            | "data-thumbnail-height"
            | "data-asana-deleted" => self == Tag::Img,
            _ => false,
        }
    }
}

/// An element that is open while [`parse`] reads its content.
struct Frame<'a> {
    tag: Tag,
    /// The name as sent, which may be an older one.
    name: &'a str,
    /// For a link by address: the address, and the length of the output right after the opening tag.
    address: Option<(String, usize)>,
    /// Whether this is a link by gid, whose content is not stored.
    hides: bool,
}

/// Checks rich text and brings it into its canonical form.
///
/// Allowed are `body` (the root, once), `strong em u s code pre ol ul li a blockquote h1 h2 hr img
/// table tr td`, and `b i tt` as older names of `strong em code`. Links go to an `http`, `https` or
/// `mailto` address or to a gid, images to an `http` or `https` address or to a gid. `style`, `class`,
/// `target`, `rel` and the attributes that only answers carry are dropped; any other attribute is
/// refused. What a reader got may be sent back as it is.
///
/// In the canonical form attributes have a fixed order, `& < >` (and `"` in attributes) are escaped
/// and no other entities are used, line ends are `\n`, and `hr`, `img` and links by gid close
/// themselves. A link by gid has neither text nor address; an empty link by address has the address as
/// its text. Parsing a canonical text again gives the same text.
///
/// # Errors
///
/// The first thing that is wrong, read from the start.
pub fn parse(input: &str) -> Result<RichText, RichTextError> {
    if input.len() > MAX_RICH_TEXT_BYTES {
        return Err(RichTextError::TooLong);
    }
    let mut html = String::with_capacity(input.len());
    let mut mentions = Vec::new();
    let mut stack: Vec<Frame<'_>> = Vec::new();
    let mut hidden = false;
    let mut tokens = Tokens::new(input);
    while let Some(token) = tokens.next() {
        match token? {
            Token::Text(text) => match stack.last() {
                Some(frame) if frame.tag.is_void() => {
                    return Err(RichTextError::NotEmpty(short(frame.name)));
                }
                Some(_) if hidden => {}
                Some(_) => push_text(&mut html, &text),
                None if text.chars().all(xml::is_space) => {}
                None => return Err(RichTextError::NotOneBody),
            },
            Token::Open { name, attributes, empty } => {
                let tag = Tag::read(name).ok_or_else(|| RichTextError::UnknownTag(short(name)))?;
                check_place(tag, name, &stack, html.is_empty())?;
                let attributes = kept_attributes(tag, name, &attributes)?;
                let gid = attributes.iter().find(|(name, _)| *name == "data-asana-gid");
                let gid = gid.and_then(|(_, value)| Gid::parse(value));
                if !hidden {
                    html.push('<');
                    html.push_str(tag.as_str());
                    for (name, value) in &attributes {
                        push_attribute(&mut html, name, value);
                    }
                    let closed = tag.is_void() || tag == Tag::A && gid.is_some();
                    html.push_str(if closed { "/>" } else { ">" });
                    mentions.extend(gid);
                }
                let address = match (tag, gid, attributes.into_iter().next()) {
                    (Tag::A, None, Some((_, href))) if !hidden => Some((href, html.len())),
                    _ => None,
                };
                let frame = Frame { tag, name, address, hides: tag == Tag::A && gid.is_some() };
                if empty {
                    close(&mut html, &frame, hidden);
                } else {
                    hidden |= frame.hides;
                    stack.push(frame);
                }
            }
            Token::Close(name) => {
                let Some(frame) = stack.pop() else {
                    let reason = "a closing tag closes nothing";
                    return Err(RichTextError::Malformed { at: tokens.offset(), reason });
                };
                if frame.name != name {
                    let (expected, found) = (frame.name.to_owned(), short(name));
                    return Err(RichTextError::Mismatched { expected, found });
                }
                // Links do not nest, so the one that hides is the only one that does.
                hidden &= !frame.hides;
                close(&mut html, &frame, hidden);
            }
        }
    }
    if let Some(frame) = stack.last() {
        return Err(RichTextError::Unclosed(frame.name.to_owned()));
    }
    if html.is_empty() {
        return Err(RichTextError::NotOneBody);
    }
    if html.len() > MAX_RICH_TEXT_BYTES {
        return Err(RichTextError::TooLong);
    }
    let mut seen = std::collections::HashSet::new();
    mentions.retain(|gid| seen.insert(*gid));
    Ok(RichText { html, mentions })
}

/// Writes the end of an element, unless it closed itself.
fn close(html: &mut String, frame: &Frame<'_>, hidden: bool) {
    if hidden || frame.hides || frame.tag.is_void() {
        return;
    }
    if let Some((address, start)) = &frame.address
        && html.len() == *start
    {
        push_text(html, address);
    }
    html.push_str("</");
    html.push_str(frame.tag.as_str());
    html.push('>');
}

/// Checks that an element may stand where it does. `first` tells that nothing came before it.
fn check_place(
    tag: Tag,
    name: &str,
    stack: &[Frame<'_>],
    first: bool,
) -> Result<(), RichTextError> {
    let Some(outer) = stack.last() else {
        return if tag == Tag::Body && first { Ok(()) } else { Err(RichTextError::NotOneBody) };
    };
    if stack.len() >= MAX_RICH_TEXT_DEPTH {
        return Err(RichTextError::TooDeep);
    }
    if outer.tag.is_void() {
        return Err(RichTextError::NotEmpty(short(outer.name)));
    }
    let link_in_link = tag == Tag::A && stack.iter().any(|frame| frame.tag == Tag::A);
    if tag == Tag::Body || link_in_link {
        let outer = if link_in_link { "a" } else { outer.name };
        return Err(RichTextError::Misplaced { inner: short(name), outer: short(outer) });
    }
    Ok(())
}

/// Checks the attributes of a tag and returns those to store, in canonical order and form.
fn kept_attributes(
    tag: Tag,
    name: &str,
    attributes: &Attributes<'_>,
) -> Result<Vec<(&'static str, String)>, RichTextError> {
    for (attribute, _) in &attributes.0 {
        if !tag.kept().contains(attribute) && !tag.drops(attribute) {
            let (tag, attribute) = (short(name), short(attribute));
            return Err(RichTextError::UnknownAttribute { tag, attribute });
        }
    }
    let has_gid = attributes.get("data-asana-gid").is_some();
    let mut kept = Vec::new();
    for &attribute in tag.kept() {
        let Some(value) = attributes.get(attribute) else { continue };
        // The address of a known object is filled in for each reader, and what belongs to a gid means
        // nothing without one.
        let is_address = attribute == "href" || attribute == "src";
        if has_gid && is_address || !has_gid && attribute.starts_with("data-asana-") {
            continue;
        }
        let value = canonical_value(attribute, value).map_err(|expected| {
            RichTextError::InvalidAttribute { tag: short(name), attribute, expected }
        })?;
        kept.push((attribute, value));
    }
    let leads_somewhere = has_gid || kept.iter().any(|(name, _)| matches!(*name, "href" | "src"));
    match tag {
        Tag::A | Tag::Img if !leads_somewhere => Err(RichTextError::MissingAttribute {
            tag: short(name),
            expected: if tag == Tag::A {
                "href or data-asana-gid"
            } else {
                "src or data-asana-gid"
            },
        }),
        _ => Ok(kept),
    }
}

/// Brings the value of an attribute into its canonical form, or tells what it must be.
fn canonical_value(attribute: &str, value: &str) -> Result<String, &'static str> {
    let value = value.trim();
    let starts = |scheme: &str| {
        value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let is_web = starts("http://") || starts("https://");
    let (valid, expected) = match attribute {
        "data-asana-gid" | "data-asana-project" | "data-asana-tag" => {
            return Gid::parse(value).map(|gid| gid.to_string()).ok_or("a gid, which is digits");
        }
        "href" => (is_web || starts("mailto:"), "an http, https or mailto address"),
        "src" => (is_web, "an http or https address"),
        "data-asana-type" => (
            (1..=64).contains(&value.len())
                && value.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            "a type such as user or task",
        ),
        "width" | "height" => (
            (1..=5).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit()),
            "a number of pixels",
        ),
        "alt" => (true, "a text"),
        _ => (value.len() <= MAX_VALUE_BYTES, "at most 1024 bytes long"),
    };
    if valid { Ok(value.to_owned()) } else { Err(expected) }
}

/// At most the first 40 characters, for messages.
fn short(name: &str) -> String {
    name.chars().take(40).collect()
}

/// The rich text of a plain one: escaped, in a `<body>`. Addresses in it do not become links.
///
/// Line ends become `\n`; control characters that XML cannot hold are left out.
pub fn from_plain(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 13);
    html.push_str("<body>");
    push_text(&mut html, &text.replace("\r\n", "\n").replace('\r', "\n"));
    html.push_str("</body>");
    html
}
