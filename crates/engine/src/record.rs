//! Rows as Rust structs.

use crate::schema::Schema;
use store::{Error, Row, Value};

/// A struct that maps to columns of the same names; implemented by [`row!`](crate::row).
pub trait Stored: Sized + Clone + Send + Sync + 'static {
    /// The table, empty for records that come from a query of their own.
    const TABLE: &'static str;
    /// The columns, in the order of the struct's fields.
    const COLUMNS: &'static [&'static str];

    /// Reads the struct from the columns that start at `at`.
    fn from_row(row: &Row<'_>, at: usize) -> Result<Self, Error>;

    /// The values of the columns, in their order.
    fn values(&self) -> Vec<Value>;
}

/// Something the API can show: a resource, or an object inside one (a membership, a like).
pub trait Record: Stored {
    /// Declares the fields, in the order in which they are written.
    fn schema(s: &mut Schema<Self>);
}

/// Maps a struct to columns of the same names. A misspelt or forgotten one does not compile.
///
/// `row! { Tag in "tags" { gid, workspace, name } }` for a table; `row! { Like { gid, user } }` for a record that a query makes.
#[macro_export]
macro_rules! row {
    ($name:ident { $($column:ident),* $(,)? }) => { $crate::row! { $name in "" { $($column),* } } };
    ($name:ident in $table:literal { $($column:ident),* $(,)? }) => {
        impl $crate::record::Stored for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];

            fn from_row(row: &store::Row<'_>, at: usize) -> Result<Self, store::Error> {
                let mut at = at;
                $(let $column = row.get(at)?; at += 1;)*
                let _ = at;
                Ok($name { $($column),* })
            }

            fn values(&self) -> Vec<store::Value> {
                vec![$(store::ToValue::to_value(&self.$column)),*]
            }
        }
    };
}

/// `t.gid, t.name, …`, each quoted, for a `SELECT` of the record under the alias `t`.
pub fn select_list<T: Stored>(alias: &str) -> String {
    T::COLUMNS.iter().map(|column| format!("{alias}.\"{column}\"")).collect::<Vec<_>>().join(", ")
}

/// `INSERT INTO table (columns) VALUES (?, …)`.
pub fn insert_text<T: Stored>() -> String {
    let columns: Vec<String> = T::COLUMNS.iter().map(|column| format!("\"{column}\"")).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    format!("INSERT INTO {} ({}) VALUES ({marks})", T::TABLE, columns.join(", "))
}

/// The columns whose values differ, with the new values.
pub fn changed_columns<T: Stored>(before: &T, after: &T) -> Vec<(&'static str, Value)> {
    T::COLUMNS
        .iter()
        .zip(before.values().into_iter().zip(after.values()))
        .filter(|(_, (old, new))| old != new)
        .map(|(column, (_, new))| (*column, new))
        .collect()
}

/// `UPDATE table SET a = ?, b = ? WHERE gid = ?` for the given columns.
pub fn update_text<T: Stored>(columns: &[(&'static str, Value)]) -> String {
    let sets: Vec<String> = columns.iter().map(|(column, _)| format!("\"{column}\" = ?")).collect();
    format!("UPDATE {} SET {} WHERE gid = ?", T::TABLE, sets.join(", "))
}
