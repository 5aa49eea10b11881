//! Reading and writing the small part of XML that rich text may use.
//!
//! There are elements, attributes, text, the five named entities and numeric ones. Comments, CDATA,
//! processing instructions and document types are refused, so there is nothing to expand and nothing
//! to fetch. Positions in errors are bytes from the start of the input.
//!
//! Source: XML 1.0 (fifth edition), sections 2.2 (characters), 2.11 (line ends), 3.1 (tags).

use super::RichTextError;

/// The most attributes of one tag. Without a limit, looking for repeated ones would take quadratic time.
const MAX_ATTRIBUTES: usize = 32;

/// One piece of the input.
pub(super) enum Token<'a> {
    /// `<name …>`, or `<name …/>` if `empty`.
    Open { name: &'a str, attributes: Attributes<'a>, empty: bool },
    /// `</name>`.
    Close(&'a str),
    /// Text with its entities decoded, not empty.
    Text(String),
}

/// The attributes of one tag in the order written, values decoded.
pub(super) struct Attributes<'a>(pub(super) Vec<(&'a str, String)>);

impl Attributes<'_> {
    /// The value of the attribute, if it is there.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }
}

/// Cuts the input into tokens. Does not check that tags match.
pub(super) struct Tokens<'a> {
    length: usize,
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(input: &'a str) -> Tokens<'a> {
        Tokens { length: input.len(), rest: input }
    }

    /// The number of bytes read so far.
    pub(super) fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    fn error<T>(&self, reason: &'static str) -> Result<T, RichTextError> {
        Err(RichTextError::Malformed { at: self.offset(), reason })
    }

    fn take(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take_until(&mut self, end: impl Fn(char) -> bool) -> &'a str {
        let (taken, rest) = self.rest.split_at(self.rest.find(end).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn skip_space(&mut self) -> bool {
        !self.take_until(|c| !is_space(c)).is_empty()
    }

    fn name(&mut self) -> Result<&'a str, RichTextError> {
        let name = self.take_until(|c| is_space(c) || "<>/=\"'&".contains(c));
        if name.is_empty() { self.error("a name is missing in a tag") } else { Ok(name) }
    }

    fn token(&mut self) -> Result<Token<'a>, RichTextError> {
        if !self.rest.starts_with('<') {
            return self.text();
        }
        for (start, reason) in [
            ("<!--", "comments are not allowed"),
            ("<![CDATA[", "CDATA sections are not allowed"),
            ("<!", "document types are not allowed"),
            ("<?", "processing instructions are not allowed"),
        ] {
            if self.rest.starts_with(start) {
                return self.error(reason);
            }
        }
        if self.take("</") {
            let name = self.name()?;
            self.skip_space();
            return if self.take(">") {
                Ok(Token::Close(name))
            } else {
                self.error("a closing tag does not end in \">\"")
            };
        }
        self.take("<");
        let name = self.name()?;
        let mut attributes = Attributes(Vec::new());
        loop {
            let spaced = self.skip_space();
            if self.take(">") {
                return Ok(Token::Open { name, attributes, empty: false });
            }
            if self.take("/>") {
                return Ok(Token::Open { name, attributes, empty: true });
            }
            if !spaced {
                return self.error("a tag does not end in \">\"");
            }
            let attribute = self.name()?;
            if attributes.0.len() >= MAX_ATTRIBUTES {
                return self.error("a tag has too many attributes");
            }
            if attributes.get(attribute).is_some() {
                return self.error("an attribute is repeated");
            }
            attributes.0.push((attribute, self.value()?));
        }
    }

    fn value(&mut self) -> Result<String, RichTextError> {
        self.skip_space();
        if !self.take("=") {
            return self.error("an attribute has no value");
        }
        self.skip_space();
        let Some(quote @ ('"' | '\'')) = self.rest.chars().next() else {
            return self.error("an attribute value is not quoted");
        };
        self.take(quote.encode_utf8(&mut [0; 4]));
        let start = self.offset();
        let raw = self.take_until(|c| c == quote || c == '<');
        if !self.take(quote.encode_utf8(&mut [0; 4])) {
            return self.error("an attribute value is not closed");
        }
        // Line ends and tabs in attributes are spaces, as XML 3.3.3 has it.
        Ok(decode(raw, start)?.replace(['\n', '\t'], " "))
    }

    fn text(&mut self) -> Result<Token<'a>, RichTextError> {
        let start = self.offset();
        let raw = self.take_until(|c| c == '<');
        if let Some(at) = raw.find("]]>") {
            let reason = "\"]]>\" must be written as \"]]&gt;\"";
            return Err(RichTextError::Malformed { at: start + at, reason });
        }
        decode(raw, start).map(Token::Text)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, RichTextError>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.rest.is_empty()).then(|| self.token())
    }
}

/// Decodes entities and line ends. `start` is where `raw` stands in the input.
fn decode(raw: &str, start: usize) -> Result<String, RichTextError> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let error =
            |reason| Err(RichTextError::Malformed { at: start + raw.len() - rest.len(), reason });
        if !is_legal(c) {
            return error("a control character is not allowed");
        }
        let Some(reference) = rest.strip_prefix('&') else {
            (_, rest) = rest.split_at(c.len_utf8());
            if c == '\r' {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
            }
            text.push(if c == '\r' { '\n' } else { c });
            continue;
        };
        let Some((name, tail)) = reference.split_once(';') else {
            return error("\"&\" must be written as \"&amp;\"");
        };
        match entity(name) {
            Some(c) if is_legal(c) => text.push(if c == '\r' { '\n' } else { c }),
            _ => {
                return error("unknown entity; only amp, lt, gt, quot, apos and numbers are known");
            }
        }
        rest = tail;
    }
    Ok(text)
}

/// The character that `&name;` stands for.
fn entity(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
    // The number parser alone would accept a sign.
    let plain = digits.chars().all(|c| c.is_digit(radix));
    plain.then(|| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32))?
}

pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Whether the character may stand in XML.
fn is_legal(c: char) -> bool {
    is_space(c) || c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Appends text with `&`, `<` and `>` escaped. Characters that XML cannot hold are left out.
pub(super) fn push_text(out: &mut String, text: &str) {
    for c in text.chars().filter(|c| is_legal(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
}

/// Appends ` name="value"`, escaped as text is, and quotation marks too.
pub(super) fn push_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    for (index, part) in value.split('"').enumerate() {
        if index > 0 {
            out.push_str("&quot;");
        }
        push_text(out, part);
    }
    out.push('"');
}
