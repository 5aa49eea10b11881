//! From method and path to the operation.

use crate::api::operations::{Base, Operation};
use std::collections::HashMap;

/// Paths by API, method, first segment and number of segments; few candidates are left to compare.
pub struct Routes {
    by_start: HashMap<(Base, &'static str, &'static str, usize), Vec<usize>>,
}

impl Routes {
    /// Indexes the operations.
    pub fn new(operations: &[Operation]) -> Self {
        let mut by_start: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, operation) in operations.iter().enumerate() {
            let mut segments = operation.path.split('/').skip(1);
            let first = segments.next().unwrap_or_default();
            by_start
                .entry((operation.base, operation.method, first, segments.count()))
                .or_default()
                .push(at);
        }
        Routes { by_start }
    }

    /// The operation and the values of its path parameters. A fixed segment wins over a parameter.
    pub fn find<'o>(
        &self,
        operations: &'o [Operation],
        base: Base,
        method: &str,
        path: &str,
    ) -> Option<(&'o Operation, Vec<String>)> {
        let mut segments = path.split('/').skip(1);
        let first = segments.next()?;
        let rest: Vec<&str> = segments.collect();
        let method = ["GET", "POST", "PUT", "DELETE"].into_iter().find(|known| *known == method)?;
        let candidates = self
            .by_start
            .iter()
            .find(|((b, m, f, n), _)| {
                *b == base && *m == method && *f == first && *n == rest.len()
            })?
            .1;
        candidates
            .iter()
            .filter_map(|at| operations.get(*at))
            .filter_map(|operation| {
                let values = matches(operation.path, &rest)?;
                Some((operation, values))
            })
            .min_by_key(|(_, values)| values.len())
    }
}

/// The values of the parameters if `rest`, the path behind its first segment, fits.
fn matches(path: &str, rest: &[&str]) -> Option<Vec<String>> {
    let mut values = Vec::new();
    for (expected, found) in path.split('/').skip(2).zip(rest) {
        if expected.starts_with('{') {
            let value = super::request::percent_decode(found)?;
            if value.is_empty() {
                return None;
            }
            values.push(value);
        } else if expected != *found {
            return None;
        }
    }
    Some(values)
}
