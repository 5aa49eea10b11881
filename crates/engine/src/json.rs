//! JSON written straight into bytes, and the types that OpenAPI calls them by.

use model::{Date, Gid, Timestamp};

/// The type of a value on the wire, as OpenAPI names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    /// Any text.
    String,
    /// A gid: text of digits.
    Gid,
    /// A point in time, `2012-02-22T02:06:58.147Z`.
    DateTime,
    /// A day, `2012-02-22`.
    Date,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of texts.
    Strings,
    /// An object whose shape the documentation of the field gives.
    Object,
    /// A list of such objects.
    Objects,
}

/// A value that can be written as JSON.
pub trait ToJson {
    /// The type on the wire.
    const TYPE: JsonType;
    /// Whether it may be `null`.
    const NULLABLE: bool = false;
    /// Appends the value to `out`.
    fn write_json(&self, out: &mut Vec<u8>);
}

/// Appends `text` as a JSON string.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x08 => b"\\b",
            0x0c => b"\\f",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(bytes.get(start..at).unwrap_or_default());
        if escape.is_empty() {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            out.extend_from_slice(escape);
        }
        start = at + 1;
    }
    out.extend_from_slice(bytes.get(start..).unwrap_or_default());
    out.push(b'"');
}

/// Appends a whole number.
pub fn write_integer(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        if let (Some(slot), Ok(digit)) = (digits.get_mut(at), u8::try_from(rest % 10)) {
            *slot = b'0' + digit;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

/// Appends a gid as the text of digits that the API shows.
pub fn write_gid(gid: Gid, out: &mut Vec<u8>) {
    out.push(b'"');
    write_integer(gid.get(), out);
    out.push(b'"');
}

/// Appends `{"gid":…,"resource_type":…}`, the form of an object that was named without sub-fields.
pub fn write_reference(gid: Gid, resource_type: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"gid\":");
    write_gid(gid, out);
    out.extend_from_slice(b",\"resource_type\":\"");
    out.extend_from_slice(resource_type.as_bytes());
    out.extend_from_slice(b"\"}");
}

impl ToJson for String {
    const TYPE: JsonType = JsonType::String;
    fn write_json(&self, out: &mut Vec<u8>) {
        write_string(self, out);
    }
}

impl ToJson for &'static str {
    const TYPE: JsonType = JsonType::String;
    fn write_json(&self, out: &mut Vec<u8>) {
        write_string(self, out);
    }
}

impl ToJson for bool {
    const TYPE: JsonType = JsonType::Boolean;
    fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl ToJson for i64 {
    const TYPE: JsonType = JsonType::Integer;
    fn write_json(&self, out: &mut Vec<u8>) {
        write_integer(*self, out);
    }
}

impl ToJson for f64 {
    const TYPE: JsonType = JsonType::Number;
    fn write_json(&self, out: &mut Vec<u8>) {
        model::write_number(*self, out);
    }
}

impl ToJson for Gid {
    const TYPE: JsonType = JsonType::Gid;
    fn write_json(&self, out: &mut Vec<u8>) {
        write_gid(*self, out);
    }
}

impl ToJson for Timestamp {
    const TYPE: JsonType = JsonType::DateTime;
    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        self.write_to(out);
        out.push(b'"');
    }
}

impl ToJson for Date {
    const TYPE: JsonType = JsonType::Date;
    fn write_json(&self, out: &mut Vec<u8>) {
        write_string(&self.to_string(), out);
    }
}

impl ToJson for Vec<String> {
    const TYPE: JsonType = JsonType::Strings;
    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, text) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_string(text, out);
        }
        out.push(b']');
    }
}

/// Any JSON value, for fields whose shape is described in their documentation.
impl ToJson for serde_json::Value {
    const TYPE: JsonType = JsonType::Object;
    fn write_json(&self, out: &mut Vec<u8>) {
        match serde_json::to_writer(&mut *out, self) {
            Ok(()) => {}
            Err(_) => out.extend_from_slice(b"null"),
        }
    }
}

impl ToJson for Vec<serde_json::Value> {
    const TYPE: JsonType = JsonType::Objects;
    fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, value) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            value.write_json(out);
        }
        out.push(b']');
    }
}

impl<T: ToJson> ToJson for Option<T> {
    const TYPE: JsonType = T::TYPE;
    const NULLABLE: bool = true;
    fn write_json(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write_json(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &impl ToJson) -> String {
        let mut out = Vec::new();
        value.write_json(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_read_back_as_they_were() {
        for sample in
            ["", "plain", "quote \" slash \\ / ü 漢 ✅", "\u{0}\u{1}\u{1f}\u{8}\u{c}\n\r\t\u{7f}"]
        {
            let json = text(&sample.to_owned());
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), sample);
        }
    }

    #[test]
    fn whole_numbers_print_their_digits() {
        for sample in [0, 7, -7, 10, i64::MAX, i64::MIN] {
            assert_eq!(text(&sample), sample.to_string());
        }
    }
}
