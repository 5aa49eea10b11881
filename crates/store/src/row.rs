//! A row of an answer, over either database.

use crate::{Column, Error, FromColumn, postgres, sqlite};

/// One row, borrowed while the query runs. Columns are read by their place, from 0.
pub struct Row<'a> {
    source: Source<'a>,
}

enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl<'a> Row<'a> {
    pub(crate) fn sqlite(row: &'a rusqlite::Row<'a>) -> Row<'a> {
        Row { source: Source::Sqlite(row) }
    }

    pub(crate) fn postgres(row: &'a tokio_postgres::Row) -> Row<'a> {
        Row { source: Source::Postgres(row) }
    }
}

impl Row<'_> {
    /// The value at place `i`, as the database gave it.
    ///
    /// Fails with [`Error::Corrupt`] if there is no such column or its type is not one we store.
    pub fn column(&self, i: usize) -> Result<Column<'_>, Error> {
        let found = match self.source {
            Source::Sqlite(row) => sqlite::column(row, i),
            Source::Postgres(row) => postgres::column(row, i),
        };
        found.map_err(|found| Error::Corrupt { column: self.name(i), wanted: "a value", found })
    }

    /// The value at place `i` as a `T`; [`Error::Corrupt`] if it is something else.
    pub fn get<T: FromColumn>(&self, i: usize) -> Result<T, Error> {
        let column = self.column(i)?;
        T::from_column(column).ok_or_else(|| Error::Corrupt {
            column: self.name(i),
            wanted: std::any::type_name::<T>(),
            found: format!("{column:?}").chars().take(80).collect(),
        })
    }

    /// The name of the column at place `i` in the answer.
    fn name(&self, i: usize) -> String {
        let name = match self.source {
            Source::Sqlite(row) => row.as_ref().column_name(i).ok().map(str::to_owned),
            Source::Postgres(row) => row.columns().get(i).map(|column| column.name().to_owned()),
        };
        name.unwrap_or_else(|| i.to_string())
    }
}
