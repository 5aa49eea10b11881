//! What is known of a kind of record without its Rust type.

use super::{FieldInfo, Kind, Rows};
use crate::template::{Sight, Template, Templates};
use std::collections::HashMap;
use std::sync::OnceLock;

/// One kind of record, erased.
pub struct TypeInfo {
    /// The `resource_type`, or the name of an inline record.
    pub name: &'static str,
    /// What it is, for the reference.
    pub doc: &'static str,
    /// The table.
    pub table: &'static str,
    /// `t."gid", …` for the alias `t`.
    pub select: String,
    /// Whether it has a gid and a `resource_type`.
    pub is_resource: bool,
    /// The fields, in the order in which they are written.
    pub fields: Vec<FieldInfo>,
    pub(super) by_name: HashMap<&'static str, usize>,
    pub(super) empty: Box<dyn Fn() -> Box<dyn Rows> + Send + Sync>,
    /// Loads rows by gid, as seen from a visible object; first column the key.
    pub by_ids: OnceLock<Templates>,
}

impl Kind {
    /// Whether a field found by a query is one object, not a list.
    pub fn is_single(&self) -> bool {
        match self {
            Kind::Many { single, .. }
            | Kind::Inline { single, .. }
            | Kind::Fetched { single, .. } => *single,
            Kind::One(_) => true,
            Kind::Scalar | Kind::Several(_) | Kind::Found { .. } | Kind::Batch { .. } => false,
        }
    }
}

impl TypeInfo {
    /// The position of the field called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&FieldInfo> {
        self.position(name).and_then(|at| self.fields.get(at))
    }

    /// A container for rows of this type.
    pub fn empty(&self) -> Box<dyn Rows> {
        (self.empty)()
    }

    /// Compiles the queries. `nested` gives the condition for a row reached from something visible.
    pub(crate) fn compile(
        &self,
        table_of: &dyn Fn(&str) -> (&'static str, String),
        see: &dyn Fn(&str, &str, Sight) -> String,
    ) {
        if self.is_resource {
            let text = format!(
                "SELECT i.key, {} FROM :ids AS i JOIN {} AS t ON t.gid = i.value WHERE :see({}, t)",
                self.select, self.table, self.name
            );
            let _ = self.by_ids.set(Templates::new(&text, see));
        }
        for field in &self.fields {
            match &field.kind {
                Kind::Many { target, query, join, .. } => {
                    let (table, select) = table_of(target);
                    let text = format!(
                        "SELECT i.key, {select} FROM :ids AS i {} WHERE :see({target}, t){} ORDER BY i.key, {}",
                        join.text.replace("{table}", table),
                        join.filter,
                        join.order
                    );
                    let _ = query.set(Templates::new(&text, see));
                }
                Kind::Inline { info, query, text, .. } => {
                    let _ = query.set(Templates::new(text, see));
                    info.compile(table_of, see);
                }
                Kind::Fetched { info, .. } => info.compile(table_of, see),
                Kind::Batch { query, text, .. } => {
                    let _ = query.set(Templates::new(text, see));
                }
                Kind::Scalar | Kind::One(_) | Kind::Several(_) | Kind::Found { .. } => {}
            }
        }
    }

    /// All SQL texts of this type for `sight`, for the test that prepares them on both databases.
    pub fn statements(&self, sight: Sight) -> Vec<&Template> {
        let mut all: Vec<&Template> = self.by_ids.get().map(|t| t.of(sight)).into_iter().collect();
        for field in &self.fields {
            match &field.kind {
                Kind::Many { query, .. } | Kind::Batch { query, .. } => {
                    all.extend(query.get().map(|t| t.of(sight)));
                }
                Kind::Inline { query, info, .. } => {
                    all.extend(query.get().map(|t| t.of(sight)));
                    all.extend(info.statements(sight));
                }
                Kind::Fetched { info, .. } => all.extend(info.statements(sight)),
                Kind::Scalar | Kind::One(_) | Kind::Several(_) | Kind::Found { .. } => {}
            }
        }
        all
    }
}
