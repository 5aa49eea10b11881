//! Rich text with its links filled in: addresses and names for readers, types for the store.

use super::xml::{Attributes, Token, Tokens, push_attribute, push_text};
use super::{Tag, from_plain};
use crate::Gid;

/// The text of a link whose target the reader may not see.
pub const PRIVATE_LINK: &str = "Private Link";

/// The rich text as one reader gets it: links by gid get address and text, images their address.
///
/// `links` gives the address and the text (`@Ada` for a user) of an object that the reader may see, and
/// `None` of any other. A known link becomes `<a href="…" data-asana-gid="…"
/// data-asana-accessible="true" data-asana-type="…">text</a>`; the type is there if it is stored, see
/// [`with_types`]. An unknown one keeps only its gid, says `data-asana-accessible="false"` and reads
/// `Private Link`. An image gets `src`; the text given for it is not used.
///
/// Takes what [`parse`](super::parse) made.
/// A text that is not well-formed comes back escaped, as one plain text.
///
/// Source: API reference, "Rich text", "Links"; dossier 4.2.
pub fn render(html: &str, links: &dyn Fn(Gid) -> Option<(String, String)>) -> String {
    rewrite(html, &|out, tag, gid, attributes| {
        let link = links(gid);
        if tag == Tag::A {
            out.push_str("<a");
        } else {
            out.push_str("<img");
        }
        if let Some((address, _)) = &link {
            push_attribute(out, if tag == Tag::A { "href" } else { "src" }, address);
        }
        push_attribute(out, "data-asana-gid", &gid.to_string());
        if tag == Tag::A {
            let accessible = if link.is_some() { "true" } else { "false" };
            push_attribute(out, "data-asana-accessible", accessible);
        }
        // What an object is and where it lies is part of what an outsider may not see.
        for name in ["data-asana-type", "data-asana-project", "data-asana-tag"] {
            if link.is_some()
                && let Some(value) = attributes.get(name)
            {
                push_attribute(out, name, value);
            }
        }
        for name in ["alt", "width", "height"] {
            if let Some(value) = attributes.get(name) {
                push_attribute(out, name, value);
            }
        }
        if tag == Tag::A {
            out.push('>');
            push_text(out, link.as_ref().map_or(PRIVATE_LINK, |(_, text)| text));
            out.push_str("</a>");
        } else {
            out.push_str("/>");
        }
    })
}

/// The canonical text with `data-asana-type` of its links and images set to what `types` knows.
///
/// To be called once, before storing, when the gids have been looked up. A stored type that `types`
/// does not know stays. A text that is not well-formed comes back escaped, as one plain text.
pub fn with_types(html: &str, types: &dyn Fn(Gid) -> Option<&'static str>) -> String {
    rewrite(html, &|out, tag, gid, attributes| {
        out.push('<');
        out.push_str(tag.as_str());
        let known = types(gid);
        for name in tag.kept() {
            let stored = attributes.get(name);
            let value = if *name == "data-asana-type" { known.or(stored) } else { stored };
            if let Some(value) = value {
                push_attribute(out, name, value);
            }
        }
        out.push_str("/>");
    })
}

/// Copies canonical text, but lets `write` print each link and image by gid.
fn rewrite(html: &str, write: &dyn Fn(&mut String, Tag, Gid, &Attributes<'_>)) -> String {
    let mut out = String::with_capacity(html.len() * 2);
    // The number of open elements, and of those outside the link whose content is being replaced.
    let mut depth = 0_usize;
    let mut hidden_above = None;
    for token in Tokens::new(html) {
        match token {
            Err(_) => return from_plain(html),
            Ok(Token::Text(text)) => {
                if hidden_above.is_none() {
                    push_text(&mut out, &text);
                }
            }
            Ok(Token::Open { name, attributes, empty }) => {
                let gid = attributes.get("data-asana-gid").and_then(Gid::parse);
                if hidden_above.is_none() {
                    if let (Some(tag @ (Tag::A | Tag::Img)), Some(gid)) = (Tag::read(name), gid) {
                        write(&mut out, tag, gid, &attributes);
                        hidden_above = (!empty).then_some(depth);
                    } else {
                        out.push('<');
                        out.push_str(name);
                        for (name, value) in &attributes.0 {
                            push_attribute(&mut out, name, value);
                        }
                        out.push_str(if empty { "/>" } else { ">" });
                    }
                }
                depth += usize::from(!empty);
            }
            Ok(Token::Close(name)) => {
                depth = depth.saturating_sub(1);
                match hidden_above {
                    None => {
                        out.push_str("</");
                        out.push_str(name);
                        out.push('>');
                    }
                    Some(above) if above == depth => hidden_above = None,
                    Some(_) => {}
                }
            }
        }
    }
    out
}
