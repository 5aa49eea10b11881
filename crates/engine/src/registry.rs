//! The list of resources.

use crate::record::Record;
use crate::schema::{TypeInfo, resource_info};
use crate::template::Sight;
use model::Gid;
use std::collections::HashMap;
use std::sync::Arc;

/// Something with a gid of its own that the API shows.
pub trait Resource: Record {
    /// The `resource_type`.
    const TYPE: &'static str;

    /// The gid of the row.
    fn gid(&self) -> Gid;
}

/// Every kind of resource, by its `resource_type`.
#[derive(Default)]
pub struct Registry {
    types: HashMap<&'static str, Arc<TypeInfo>>,
    order: Vec<&'static str>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Registry::default()
    }

    /// Adds a resource.
    #[must_use]
    pub fn add<R: Resource>(mut self) -> Self {
        self.types.insert(R::TYPE, Arc::new(resource_info::<R>()));
        self.order.push(R::TYPE);
        self
    }

    /// Compiles all queries. `see(type, alias, sight)` is the condition that a row reached from something visible is visible.
    #[must_use]
    pub fn compiled(self, see: &dyn Fn(&str, &str, Sight) -> String) -> Self {
        let table_of = |name: &str| {
            self.types
                .get(name)
                .map_or(("", String::new()), |info| (info.table, info.select.clone()))
        };
        for info in self.types.values() {
            info.compile(&table_of, see);
        }
        self
    }

    /// The resource called `name`.
    pub fn get(&self, name: &str) -> Option<&Arc<TypeInfo>> {
        self.types.get(name)
    }

    /// All resources, in the order of their adding.
    pub fn all(&self) -> impl Iterator<Item = &Arc<TypeInfo>> {
        self.order.iter().filter_map(|name| self.types.get(name))
    }
}
