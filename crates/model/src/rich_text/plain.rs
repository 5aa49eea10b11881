//! The plain twin of a rich text.

use super::Tag;
use super::xml::{self, Token, Tokens};
use crate::Gid;

/// The plain twin of a rich text: its text without markup, entities decoded.
///
/// Headings, quotations, preformatted text, list items, table rows and rules begin and end lines;
/// items have no bullets and cells are separated by tabs. Images print nothing. A link prints its text;
/// one without text prints `names(gid)` (the whole replacement, so `@Ada` for a user), else its address,
/// else nothing. Line breaks and spaces of the text are kept, so `plain(&from_plain(t), …)` is `t`.
///
/// Takes what [`parse`](super::parse) or [`render`](fn@super::render) made.
/// Of a text that is not well-formed, the part before the fault.
///
/// Source: dossier 4.3; the exact layout upstream is not specified.
pub fn plain(html: &str, names: &dyn Fn(Gid) -> Option<String>) -> String {
    let mut writer = PlainWriter { text: String::with_capacity(html.len()), line_ended: false };
    let mut stack: Vec<PlainFrame> = Vec::new();
    for token in Tokens::new(html).map_while(Result::ok) {
        match token {
            Token::Text(text) => {
                let layout = stack.last().is_some_and(|frame| frame.ignores_space);
                if !(layout && text.chars().all(xml::is_space)) {
                    writer.push(&text);
                }
            }
            Token::Open { name, attributes, empty } => {
                let tag = Tag::read(name);
                if tag == Some(Tag::Td)
                    && let Some(row) = stack.last_mut()
                {
                    writer.begin_cell(row.cells == 0);
                    row.cells += 1;
                }
                let mut frame = PlainFrame::default();
                if let Some(tag) = tag {
                    frame.is_block = tag.is_block();
                    frame.ignores_space = tag.ignores_space();
                }
                if frame.is_block {
                    writer.begin_line();
                }
                if tag == Some(Tag::A) {
                    let gid = attributes.get("data-asana-gid").and_then(Gid::parse);
                    let text = gid.and_then(names);
                    let text = text.or_else(|| attributes.get("href").map(str::to_owned));
                    frame.link = text.map(|text| (text, writer.text.len()));
                }
                if empty {
                    writer.end(frame);
                } else {
                    stack.push(frame);
                }
            }
            Token::Close(_) => {
                if let Some(frame) = stack.pop() {
                    writer.end(frame);
                }
            }
        }
    }
    writer.text
}

/// An element that is open while [`plain`] reads its content.
#[derive(Default)]
struct PlainFrame {
    is_block: bool,
    ignores_space: bool,
    /// Cells seen so far, if this is a table row.
    cells: usize,
    /// For a link: what it prints if it has no text, and the length of the output before it.
    link: Option<(String, usize)>,
}

struct PlainWriter {
    text: String,
    /// Whether a block has ended, so that whatever comes next begins a line.
    line_ended: bool,
}

impl PlainWriter {
    fn push(&mut self, text: &str) {
        if self.line_ended && !text.starts_with('\n') {
            self.text.push('\n');
        }
        self.line_ended = false;
        self.text.push_str(text);
    }

    fn begin_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.line_ended = true;
        }
    }

    /// The first cell begins its row, though it may be empty; the others follow on the same line.
    fn begin_cell(&mut self, first: bool) {
        if first {
            self.push("");
        } else {
            self.line_ended = false;
            self.text.push('\t');
        }
    }

    fn end(&mut self, frame: PlainFrame) {
        if let Some((text, start)) = frame.link
            && self.text.len() == start
            && !text.is_empty()
        {
            self.push(&text);
        }
        if frame.is_block {
            self.line_ended = !self.text.is_empty();
        }
    }
}
