//! What a client sent: the fields of a request, from JSON, a form or the query string.

use model::{Date, Gid, Timestamp};
use serde_json::{Map, Value};

/// Why a value was refused: the part of the request and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, as in the body.
    pub field: String,
    /// The rest of the message.
    pub message: String,
}

impl Problem {
    /// A problem with `field`.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Problem { field: field.into(), message: message.into() }
    }
}

/// A value that can be read from a request. `Err` is the message for the client, without the field's name.
pub trait FromJson: Sized {
    /// Reads `value`.
    fn from_json(value: &Value) -> Result<Self, String>;
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().take(100).collect()
}

impl FromJson for String {
    fn from_json(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) if text.contains('\0') => {
                Err("Must not contain NUL characters".to_owned())
            }
            Value::String(text) => Ok(text.clone()),
            other => Err(format!("Must be a string, not: {}", shown(other))),
        }
    }
}

/// Longest name, in characters. Ours, since none is published: the limit of text fields.
pub const MAX_NAME: usize = 1_024;

/// A name as it is stored: one line, trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(pub String);

impl FromJson for Name {
    fn from_json(value: &Value) -> Result<Self, String> {
        let name = model::single_line(&String::from_json(value)?);
        if name.chars().count() > MAX_NAME {
            return Err(format!("Must be at most {MAX_NAME} characters"));
        }
        Ok(Name(name))
    }
}

impl FromJson for bool {
    fn from_json(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bool(flag) => Ok(*flag),
            Value::String(text) => {
                flag(text).ok_or_else(|| format!("Must be a boolean, not: {}", shown(value)))
            }
            other => Err(format!("Must be a boolean, not: {}", shown(other))),
        }
    }
}

/// Reads a boolean as clients write it in queries and forms: `true`, `False`, `1`, `0`.
pub fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

impl FromJson for f64 {
    fn from_json(value: &Value) -> Result<Self, String> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number
            .filter(|n: &f64| n.is_finite())
            .ok_or_else(|| format!("Must be a number, not: {}", shown(value)))
    }
}

impl FromJson for i64 {
    fn from_json(value: &Value) -> Result<Self, String> {
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| format!("Must be a whole number, not: {}", shown(value)))
    }
}

impl FromJson for Date {
    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_str().and_then(Date::parse).ok_or_else(|| {
            format!("Date must be in ISO-8601 (yyyy-mm-dd) format, not: {}", shown(value))
        })
    }
}

impl FromJson for Timestamp {
    fn from_json(value: &Value) -> Result<Self, String> {
        value
            .as_str()
            .and_then(Timestamp::parse)
            .ok_or_else(|| format!("Date-time must be in ISO-8601 format, not: {}", shown(value)))
    }
}

impl FromJson for Gid {
    fn from_json(value: &Value) -> Result<Self, String> {
        let text = reference(value)?;
        Gid::parse(&text).ok_or_else(|| format!("Not a recognized ID: {text}"))
    }
}

/// Nothing, for `null` and, where `T` has no empty text of its own, for the empty text of a form.
impl<T: FromJson + Emptiable> FromJson for Option<T> {
    fn from_json(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() && T::EMPTY_IS_NULL => Ok(None),
            other => T::from_json(other).map(Some),
        }
    }
}

/// Whether the empty text stands for null.
pub trait Emptiable {
    /// See the trait.
    const EMPTY_IS_NULL: bool = true;
}
impl Emptiable for String {
    const EMPTY_IS_NULL: bool = false;
}
impl Emptiable for bool {}
impl Emptiable for f64 {}
impl Emptiable for i64 {}
impl Emptiable for Date {}
impl Emptiable for Timestamp {}
impl Emptiable for Gid {}

/// A list of texts: an array, or the comma list that forms and old clients send.
impl FromJson for Vec<String> {
    fn from_json(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => items.iter().map(reference).collect(),
            Value::String(text) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(named).collect()
            }
            Value::Number(_) => Ok(vec![reference(value)?]),
            other => Err(format!("Must be an array, not: {}", shown(other))),
        }
    }
}

/// The text of a reference to an object: a gid, `me`, an e-mail address, `external:…`. A number is taken where old clients
/// send one; beyond 2⁵³ it is refused, since it has lost digits on the way.
pub fn reference(value: &Value) -> Result<String, String> {
    let kind = match value {
        Value::String(text) => return named(text),
        Value::Number(number) => match number.as_u64() {
            Some(whole) if whole <= (1 << 53) => return Ok(whole.to_string()),
            _ => "number",
        },
        Value::Object(object) => match object.get("gid") {
            Some(Value::String(text)) => return named(text),
            _ => "object",
        },
        Value::Array(_) => "array",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
    };
    Err(format!("Not a valid GID type: {kind}"))
}

/// Longest text of a reference, in bytes: `external:` and the longest external gid fit in.
const MAX_REFERENCE: usize = 5_000;

/// A reference that came as a text.
fn named(text: &str) -> Result<String, String> {
    if text.len() <= MAX_REFERENCE && !text.contains('\0') {
        Ok(text.trim().to_owned())
    } else {
        Err("Not a recognized ID".to_owned())
    }
}

/// The fields of a request.
#[derive(Clone, Debug, Default)]
pub struct Body {
    data: Map<String, Value>,
}

impl Body {
    /// A body of these fields.
    pub fn new(data: Map<String, Value>) -> Self {
        Body { data }
    }

    /// The fields.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.data
    }

    /// The value sent for `name`, null included.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.data.get(name)
    }

    /// Whether `name` was sent, null included.
    pub fn has(&self, name: &str) -> bool {
        self.data.contains_key(name)
    }

    /// Sets a field, as an operation does for what its path says.
    pub fn set(&mut self, name: &str, value: Value) {
        self.data.insert(name.to_owned(), value);
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.data.remove(name)
    }

    /// The value of `name` as `T`; `None` if it was not sent.
    ///
    /// Errors: a [`Problem`] naming the field.
    pub fn read<T: FromJson>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.data
            .get(name)
            .map(|value| T::from_json(value).map_err(|message| Problem::new(name, message)))
            .transpose()
    }

    /// The reference sent as `name`: `None` if absent, `Some(None)` if null.
    pub fn reference(&self, name: &str) -> Result<Option<Option<String>>, Problem> {
        match self.data.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => reference(value)
                .map(|text| Some(Some(text)))
                .map_err(|message| Problem::new(name, message)),
        }
    }

    /// The references sent as `name`, in order; an array or a comma list. Empty if absent or null.
    pub fn references(&self, name: &str) -> Result<Vec<String>, Problem> {
        match self.data.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(at, item)| {
                    reference(item)
                        .map_err(|message| Problem::new(format!("{name}: [{at}]"), message))
                })
                .collect(),
            Some(value) => Vec::from_json(value).map_err(|message| Problem::new(name, message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn absent_null_and_value_are_three_things() {
        let body = Body::new(
            json!({"assignee": null, "due_on": "2026-01-02"}).as_object().unwrap().clone(),
        );

        assert_eq!(body.read::<Option<Date>>("start_on").unwrap(), None);
        assert_eq!(body.reference("assignee").unwrap(), Some(None));
        assert_eq!(body.read::<Option<Date>>("due_on").unwrap(), Some(Date::parse("2026-01-02")));
    }

    #[test]
    fn references_come_as_text_small_number_array_or_comma_list() {
        let body = Body::new(
            json!({"a": ["1", 2], "b": "3, 4", "c": 9_007_199_254_740_993_u64, "d": [{}]})
                .as_object()
                .unwrap()
                .clone(),
        );

        assert_eq!(body.references("a").unwrap(), ["1", "2"]);
        assert_eq!(body.references("b").unwrap(), ["3", "4"]);
        assert_eq!(body.reference("c").unwrap_err().message, "Not a valid GID type: number");
        assert_eq!(body.references("d").unwrap_err().field, "d: [0]");
    }

    #[test]
    fn a_name_is_one_line_of_limited_length() {
        assert_eq!(Name::from_json(&json!(" a\nb ")), Ok(Name("a b".to_owned())));
        assert!(Name::from_json(&json!("é".repeat(1_024))).is_ok());
        assert!(Name::from_json(&json!("é".repeat(1_025))).is_err());
    }

    #[test]
    fn no_reference_holds_a_nul_or_is_very_long() {
        let long = "9".repeat(5_001);
        for value in [json!("a@b\0"), json!({"gid": "a@b\0"}), json!(long), json!({"gid": long})] {
            assert_eq!(reference(&value).unwrap_err(), "Not a recognized ID");
            assert!(Vec::<String>::from_json(&json!([value])).is_err());
        }
        assert!(Vec::<String>::from_json(&json!("1, a@b\0")).is_err());
        assert!(Vec::<String>::from_json(&json!(format!("1,{long}"))).is_err());
    }
}
