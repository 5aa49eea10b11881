//! Finding things: the index of words, the search for tasks, the search across all types, and typeahead.
//!
//! [`words`] cuts a text into words, [`index`] keeps them with every write, [`tasks`] and [`filters`] are the search for tasks,
//! [`everywhere`] looks through all types, [`typeahead`] completes names, [`traces`] remembers what makes one thing likelier
//! than another for one person.

pub mod everywhere;
mod filters;
pub mod index;
pub mod tasks;
pub mod traces;
pub mod typeahead;
pub mod words;

use store::Value;

/// Most candidates that are looked at one by one; a condition that more things meet than this is not searched from.
const CANDIDATES: i64 = 8_000;

/// A text as the pattern of a `LIKE … ESCAPE '\'` that finds it anywhere.
fn anywhere(text: &str) -> String {
    format!("%{}%", escaped(text))
}

/// A text without the special meaning that `LIKE` gives to some characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A piece of SQL with the values of its parameters.
#[derive(Clone, Debug, Default)]
struct Part {
    sql: String,
    values: Vec<Value>,
}

impl Part {
    fn new(sql: impl Into<String>, values: &[Value]) -> Self {
        Part { sql: sql.into(), values: values.to_vec() }
    }

    /// Adds a piece behind this one.
    fn push(&mut self, part: &Part) {
        self.sql.push_str(&part.sql);
        self.values.extend_from_slice(&part.values);
    }

    /// Adds text behind this one.
    fn text(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }
}

/// The condition that a word beginning with `term` stands in one of `places` of the row `alias`.
fn has_word(alias: &str, places: &str, term: &str) -> Part {
    let (from, to) = words::range(term);
    Part::new(
        format!(
            "(SELECT 1 FROM search_words AS w WHERE w.object = {alias}.gid AND w.place IN ({places}) AND w.word >= ? AND w.word < ? LIMIT 1) IS NOT NULL"
        ),
        &[Value::Text(from), Value::Text(to)],
    )
}

/// The objects in a workspace that have a word beginning with `term` in one of `places`, as `gid`.
fn with_word(workspace: model::Gid, places: &str, term: &str) -> Part {
    let (from, to) = words::range(term);
    Part::new(
        format!(
            "SELECT w.object AS gid FROM search_words AS w WHERE w.workspace = ? AND w.place IN ({places}) AND w.word >= ? AND w.word < ?"
        ),
        &[Value::Int(workspace.get()), Value::Text(from), Value::Text(to)],
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_mean_what_they_say() {
        assert_eq!(super::anywhere(r"50%_a\b"), r"%50\%\_a\\b%");
    }
}
