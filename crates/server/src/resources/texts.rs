//! Notes, descriptions and comments: rich text and its plain twin, one row of `texts` for each object that has one.
//!
//! What is stored holds no name of another object: a mention is a reference, rendered through the eyes of the reader.

use crate::prelude::*;

/// Declares the pair of fields that show an object's text, for example `notes` and `html_notes`. The HTML is on request; the
/// plain text too, where `plain_on_request` is set. Both can be written, but not in one request; [`write`] does it.
pub fn fields<T: Record>(
    _s: &mut Schema<T>,
    _plain: &'static str,
    _html: &'static str,
    _plain_on_request: bool,
) {
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
}

/// Writes the text that the body sends for `object` under one of the two names; `None` if it sends neither.
///
/// Errors: 400 for both at once, a value that is not a text, invalid rich text.
pub fn write(
    _cx: &mut Context<'_, '_>,
    _object: Gid,
    _workspace: Gid,
    _body: &Body,
    _plain: &'static str,
    _html: &'static str,
) -> Result<Option<Written>> {
    Ok(None)
}
