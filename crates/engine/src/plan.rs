//! Selection and schema make a plan: for each place of the answer, which fields to write and which places lie below.

use crate::registry::Registry;
use crate::schema::{Kind, TypeInfo};
use crate::selection::Selection;
use std::sync::Arc;

/// What is shown of one kind of record at one place of the answer.
#[derive(Clone)]
pub struct Plan {
    /// The type.
    pub info: Arc<TypeInfo>,
    /// The fields, in schema order.
    pub steps: Vec<Step>,
    /// Only `gid` and `resource_type`, which need no row where the type is visible by being named.
    pub bare: bool,
}

/// One field of a plan.
#[derive(Clone)]
pub struct Step {
    /// Its position in the schema.
    pub field: usize,
    /// An earlier step whose query this one would repeat; its rows serve both.
    pub same_as: Option<usize>,
    /// The places below: none for values, one for most objects, one per type where the type varies.
    pub below: Vec<Plan>,
}

/// How much of a record is shown when nothing is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Gid and resource type.
    Bare,
    /// The compact record.
    Compact,
    /// Everything that is not on request; objects below are compact, but for fields declared as full.
    Full,
}

impl Plan {
    /// The plan for `info` where nothing is selected.
    pub fn default_for(registry: &Registry, info: &Arc<TypeInfo>, shape: Shape) -> Plan {
        let chosen = |at: usize| {
            let field = info.fields.get(at)?;
            let shown = match shape {
                Shape::Bare if info.is_resource => matches!(field.name, "gid" | "resource_type"),
                Shape::Compact if info.is_resource => field.compact,
                Shape::Bare | Shape::Compact | Shape::Full => !field.on_request,
            };
            let below = match shape {
                Shape::Bare => Shape::Bare,
                Shape::Compact | Shape::Full if field.full => Shape::Full,
                Shape::Compact | Shape::Full => Shape::Compact,
            };
            shown.then_some(below)
        };
        Plan::build(registry, info, shape == Shape::Bare && info.is_resource, |at| {
            chosen(at).map(Below::Shape)
        })
    }

    /// The plan for what `selection` names.
    pub fn selected(registry: &Registry, info: &Arc<TypeInfo>, selection: &Selection) -> Plan {
        Plan::build(registry, info, false, |at| {
            let field = info.fields.get(at)?;
            match selection.get(field.name) {
                Some(below) if below.is_empty() => Some(Below::Shape(Shape::Bare)),
                Some(below) => Some(Below::Selected(below)),
                None => (field.name == "gid").then_some(Below::Shape(Shape::Bare)),
            }
        })
    }

    /// The default plan with the objects named in `expand` in full.
    pub fn expanded(
        registry: &Registry,
        info: &Arc<TypeInfo>,
        shape: Shape,
        expand: &Selection,
    ) -> Plan {
        let mut plan = Plan::default_for(registry, info, shape);
        for step in &mut plan.steps {
            let named =
                info.fields.get(step.field).is_some_and(|field| expand.get(field.name).is_some());
            if named {
                for below in &mut step.below {
                    *below = Plan::default_for(registry, &below.info, Shape::Full);
                }
            }
        }
        plan
    }

    fn build<'s>(
        registry: &Registry,
        info: &Arc<TypeInfo>,
        bare: bool,
        choose: impl Fn(usize) -> Option<Below<'s>>,
    ) -> Plan {
        let steps = (0..info.fields.len())
            .filter_map(|at| {
                let field = info.fields.get(at).filter(|field| !field.write_only)?;
                let below = choose(at)?;
                let targets: Vec<Arc<TypeInfo>> = match &field.kind {
                    Kind::Scalar | Kind::Batch { .. } | Kind::Found { .. } => Vec::new(),
                    Kind::One(types) => {
                        types.iter().filter_map(|name| registry.get(name).cloned()).collect()
                    }
                    Kind::Many { target, .. } | Kind::Several(target) => {
                        registry.get(target).cloned().into_iter().collect()
                    }
                    Kind::Inline { info, .. } | Kind::Fetched { info, .. } => {
                        vec![Arc::clone(info)]
                    }
                };
                let below = targets
                    .iter()
                    .map(|target| match &below {
                        Below::Shape(shape) => Plan::default_for(registry, target, *shape),
                        Below::Selected(selection) => Plan::selected(registry, target, selection),
                    })
                    .collect();
                Some(Step { field: at, same_as: None, below })
            })
            .collect();
        let mut plan = Plan { info: Arc::clone(info), steps, bare };
        plan.share();
        plan
    }
}

impl Plan {
    /// Finds the steps that would repeat the query of an earlier one, as old and new names of a field do.
    fn share(&mut self) {
        let same: Vec<Option<usize>> = (0..self.steps.len())
            .map(|at| (0..at).find(|earlier| self.repeats(at, *earlier)))
            .collect();
        for (step, same_as) in self.steps.iter_mut().zip(same) {
            step.same_as = same_as;
        }
    }

    fn repeats(&self, at: usize, earlier: usize) -> bool {
        let (Some(one), Some(other)) = (self.steps.get(at), self.steps.get(earlier)) else {
            return false;
        };
        let kind =
            |step: &Step| self.info.fields.get(step.field).map(|field| (&field.kind, field.json));
        match (kind(one), kind(other)) {
            (Some((Kind::Batch { text: a, .. }, x)), Some((Kind::Batch { text: b, .. }, y))) => {
                a == b && x == y
            }
            (Some((Kind::Inline { text: a, .. }, _)), Some((Kind::Inline { text: b, .. }, _))) => {
                a == b && one.below.iter().zip(&other.below).all(|(a, b)| a.shows_what(b))
            }
            _ => false,
        }
    }

    /// Whether another plan shows the same of the same kind of record.
    fn shows_what(&self, other: &Plan) -> bool {
        self.info.name == other.info.name
            && self.bare == other.bare
            && self.steps.len() == other.steps.len()
            && self.steps.iter().zip(&other.steps).all(|(a, b)| {
                a.field == b.field
                    && a.below.len() == b.below.len()
                    && a.below.iter().zip(&b.below).all(|(a, b)| a.shows_what(b))
            })
    }
}

enum Below<'s> {
    Shape(Shape),
    Selected(&'s Selection),
}
