//! Rows of one type, erased, so that planning and loading are compiled once.

use super::{Field, Schema, Site, schema_of};
use crate::record::Record;
use model::Gid;
use std::sync::Arc;
use store::{Error, Row};

/// Rows of one type, erased.
pub trait Rows: Send {
    /// How many.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Reads one more row, from the columns that start at `at`.
    fn push(&mut self, row: &Row<'_>, at: usize) -> Result<(), Error>;
    /// The object that row `at` is, or that an inline record is known by.
    fn gid(&self, at: usize) -> Option<Gid>;
    /// Whether the field is present on the row.
    fn present(&self, at: usize, field: usize) -> bool;
    /// Writes a scalar.
    fn write(&self, at: usize, field: usize, site: &Site, out: &mut Vec<u8>);
    /// The object that a to-one field names.
    fn one(&self, at: usize, field: usize) -> Option<(&'static str, Gid)>;
    /// The objects that a to-many field names.
    fn several(&self, at: usize, field: usize) -> Vec<Gid>;
    /// The rows as their own type.
    fn any(&self) -> &dyn std::any::Any;
    /// The rows as their own type.
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any>;
}

/// Rows of one type.
pub struct RowsOf<T: Record> {
    /// The rows.
    pub rows: Vec<T>,
    pub(crate) schema: Arc<Schema<T>>,
}

impl<T: Record> RowsOf<T> {
    /// Rows to be shown.
    pub fn new(rows: Vec<T>) -> Self {
        RowsOf { rows, schema: schema_of::<T>() }
    }

    fn field(&self, at: usize) -> Option<&Field<T>> {
        self.schema.fields.get(at)
    }
}

impl<T: Record> Rows for RowsOf<T> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn push(&mut self, row: &Row<'_>, at: usize) -> Result<(), Error> {
        self.rows.push(T::from_row(row, at)?);
        Ok(())
    }

    fn gid(&self, at: usize) -> Option<Gid> {
        let row = self.rows.get(at)?;
        self.schema.gid.as_ref().map(|gid| gid(row))
    }

    fn present(&self, at: usize, field: usize) -> bool {
        match (self.rows.get(at), self.field(field)) {
            (Some(row), Some(field)) => field.when.as_ref().is_none_or(|when| when(row)),
            _ => false,
        }
    }

    fn write(&self, at: usize, field: usize, site: &Site, out: &mut Vec<u8>) {
        if let (Some(row), Some(get)) =
            (self.rows.get(at), self.field(field).and_then(|f| f.get.as_ref()))
        {
            get(row, site, out);
        }
    }

    fn one(&self, at: usize, field: usize) -> Option<(&'static str, Gid)> {
        self.rows.get(at).zip(self.field(field)?.find.as_ref()).and_then(|(row, find)| find(row))
    }

    fn several(&self, at: usize, field: usize) -> Vec<Gid> {
        let list = self.field(field).and_then(|field| field.list.as_ref());
        self.rows.get(at).zip(list).map(|(row, list)| list(row)).unwrap_or_default()
    }

    fn any(&self) -> &dyn std::any::Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
}
