//! One SQL text for both databases: what the store rewrites before a statement is prepared.
//!
//! Statements use `?` for parameters, each once and in order, and `ids(?)` or `texts(?)` as a table
//! of list elements. String literals, quoted identifiers and comments are left alone.

use crate::{Dialect, Error};

/// A stretch of a statement.
enum Piece<'a> {
    /// Words and symbols that have a meaning.
    Code(&'a str),
    /// A string literal, quoted identifier or comment.
    Opaque(&'a str),
}

/// The text to prepare on `dialect`.
///
/// Fails on `$1`: SQLite numbers such parameters by their first appearance, so `SELECT $2, $1` would swap them.
pub(crate) fn statement(sql: &str, dialect: Dialect) -> Result<String, Error> {
    let mut out = String::with_capacity(sql.len() + 64);
    let mut number = 0_u32;
    for piece in pieces(sql) {
        let mut code = match piece {
            Piece::Opaque(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Code(text) => text,
        };
        if has_numbered_parameter(code) {
            return Err(Error::Database(format!("parameters are `?`, never `$1`; in: {sql}")));
        }
        while let Some((before, after)) = code.split_once('?') {
            number += 1;
            let (kept, table) = list_call(before, after);
            out.push_str(kept);
            if let (Some(list), Some(rest)) = (table, after.strip_prefix(')')) {
                out.push_str(&dialect.list_table(list, number));
                code = rest;
            } else {
                out.push_str(&dialect.parameter(number));
                code = after;
            }
        }
        out.push_str(code);
    }
    Ok(out)
}

/// The text of a migration for `dialect`; see [`Dialect::schema_text`] for the words it may use.
pub(crate) fn migration(text: &str, dialect: Dialect) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Opaque(text) => out.push_str(text),
            Piece::Code(text) => out.push_str(&replace_word(text, "bytewise", dialect.bytewise())),
        }
    }
    dialect.schema_text(out)
}

/// The element type of a list that is used as a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum List {
    /// `ids(?)`
    Ids,
    /// `texts(?)`
    Texts,
}

/// Whether the `?` between `before` and `after` stands in `ids(?)` or `texts(?)`; also the part of `before` that stays.
fn list_call<'a>(before: &'a str, after: &str) -> (&'a str, Option<List>) {
    if !after.starts_with(')') {
        return (before, None);
    }
    for (call, list) in [("ids(", List::Ids), ("texts(", List::Texts)] {
        if let Some(kept) = before.strip_suffix(call)
            && !kept.ends_with(is_word)
        {
            return (kept, Some(list));
        }
    }
    (before, None)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn has_numbered_parameter(code: &str) -> bool {
    code.split('$').skip(1).any(|after| after.starts_with(|c: char| c.is_ascii_digit()))
}

fn replace_word(code: &str, word: &str, with: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, after)) = rest.split_once(word) {
        out.push_str(before);
        let alone = !before.ends_with(is_word) && !after.starts_with(is_word);
        out.push_str(if alone { with } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Cuts a statement into code and what only looks like code.
fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = sql;
    while let Some((at, close)) = next_opening(rest) {
        let (code, opaque) = rest.split_at(at);
        out.push(Piece::Code(code));
        let inside = opaque.get(close.opening()..).unwrap_or_default();
        let length = inside
            .find(close.text())
            .map_or(opaque.len(), |end| close.opening() + end + close.text().len());
        // A doubled quote ends one piece and begins the next, which comes to the same.
        let (opaque, after) = opaque.split_at(length);
        out.push(Piece::Opaque(opaque));
        rest = after;
    }
    out.push(Piece::Code(rest));
    out
}

/// What ends a piece that is not code.
#[derive(Clone, Copy)]
enum Close {
    Quote,
    DoubleQuote,
    Line,
    Block,
}

impl Close {
    const fn text(self) -> &'static str {
        match self {
            Close::Quote => "'",
            Close::DoubleQuote => "\"",
            Close::Line => "\n",
            Close::Block => "*/",
        }
    }

    /// The length of what opened it.
    const fn opening(self) -> usize {
        match self {
            Close::Quote | Close::DoubleQuote => 1,
            Close::Line | Close::Block => 2,
        }
    }
}

/// The first place where something other than code begins.
fn next_opening(sql: &str) -> Option<(usize, Close)> {
    [("'", Close::Quote), ("\"", Close::DoubleQuote), ("--", Close::Line), ("/*", Close::Block)]
        .into_iter()
        .filter_map(|(opening, close)| Some((sql.find(opening)?, close)))
        .min_by_key(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_postgres(sql: &str) -> String {
        statement(sql, Dialect::Postgres).unwrap()
    }

    fn on_sqlite(sql: &str) -> String {
        statement(sql, Dialect::Sqlite).unwrap()
    }

    #[test]
    fn parameters_are_numbered_on_postgres_only() {
        let sql = "SELECT a FROM t WHERE b = ? AND c IN (?, ?)";
        assert_eq!(on_postgres(sql), "SELECT a FROM t WHERE b = $1 AND c IN ($2, $3)");
        assert_eq!(on_sqlite(sql), sql);
    }

    #[test]
    fn literals_identifiers_and_comments_are_left_alone() {
        let sql =
            "SELECT 'a?''?', \"x?\" /* ? 'b */ FROM t -- it's ?\nWHERE a = ? AND b = 'ids(?)'";
        assert_eq!(on_postgres(sql), sql.replace("a = ?", "a = $1"));
        assert_eq!(on_sqlite(sql), sql);
    }

    #[test]
    fn lists_become_tables() {
        let sql =
            "SELECT i.value FROM ids(?) AS i JOIN texts(?) AS t ON t.key = i.key WHERE i.value > ?";
        assert_eq!(
            on_sqlite(sql),
            "SELECT i.value FROM json_each(?) AS i JOIN json_each(?) AS t ON t.key = i.key WHERE i.value > ?"
        );
        assert_eq!(
            on_postgres(sql),
            "SELECT i.value FROM (SELECT v AS value, n - 1 AS key FROM unnest(CAST($1 AS bigint[])) \
             WITH ORDINALITY AS u(v, n)) AS i JOIN (SELECT v AS value, n - 1 AS key FROM \
             unnest(CAST($2 AS text[])) WITH ORDINALITY AS u(v, n)) AS t ON t.key = i.key WHERE i.value > $3"
        );
    }

    #[test]
    fn a_longer_word_is_not_a_list() {
        assert_eq!(on_postgres("SELECT kids(?)"), "SELECT kids($1)");
    }

    #[test]
    fn numbered_parameters_are_refused() {
        assert!(statement("SELECT $1", Dialect::Sqlite).is_err());
        assert!(statement("SELECT $2, $1", Dialect::Postgres).is_err());
        assert!(statement("SELECT '$1'", Dialect::Postgres).is_ok());
    }

    #[test]
    fn migrations_sort_bytes_on_both() {
        let text = "-- not bytewise\nCREATE TABLE t (a TEXT bytewise NOT NULL);";
        assert_eq!(
            migration(text, Dialect::Postgres),
            "-- not bytewise\nCREATE TABLE t (a TEXT COLLATE \"C\" NOT NULL);"
        );
        assert!(migration(text, Dialect::Sqlite).contains("a TEXT  NOT NULL"));
    }

    #[test]
    fn keys_of_migrations_become_the_rowid_on_sqlite() {
        let text = "CREATE TABLE t (\n  gid BIGINT PRIMARY KEY\n);\nCREATE TABLE u (\n  a BIGINT,\n  PRIMARY KEY (a)\n);\n";
        let sqlite = migration(text, Dialect::Sqlite);
        assert!(sqlite.contains("gid INTEGER PRIMARY KEY\n);"));
        assert!(sqlite.contains("PRIMARY KEY (a)\n) WITHOUT ROWID;"));
        assert_eq!(migration(text, Dialect::Postgres), text);
    }
}
