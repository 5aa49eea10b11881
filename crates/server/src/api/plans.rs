//! Plans by what was asked for, so that a client's usual selections are planned once.

use crate::api::call::Options;
use engine::plan::Shape;
use engine::{Plan, Registry, Selection, TypeInfo};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};

/// Most plans that are kept; when there are more, all but the new one are forgotten.
const MAX_PLANS: usize = 1_000;

/// What a plan was made for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Wish {
    kind: &'static str,
    shape: Shape,
    fields: Option<Selection>,
    expand: Option<Selection>,
}

/// The plans made so far.
#[derive(Default)]
pub(crate) struct Plans(RwLock<HashMap<Wish, Arc<Plan>>>);

impl Plans {
    /// What to show of `info`.
    pub(crate) fn of(
        &self,
        registry: &Registry,
        info: &Arc<TypeInfo>,
        shape: Shape,
        options: &Options,
    ) -> Arc<Plan> {
        let wish = Wish {
            kind: info.name,
            shape,
            fields: options.fields.clone(),
            expand: options.expand.clone(),
        };
        if let Some(plan) = self.0.read().ok().and_then(|plans| plans.get(&wish).cloned()) {
            return plan;
        }
        let plan = Arc::new(match (&wish.fields, &wish.expand) {
            (Some(fields), _) => Plan::selected(registry, info, fields),
            (None, Some(expand)) => Plan::expanded(registry, info, shape, expand),
            (None, None) => Plan::default_for(registry, info, shape),
        });
        if let Ok(mut plans) = self.0.write() {
            if plans.len() >= MAX_PLANS {
                plans.clear();
            }
            plans.insert(wish, Arc::clone(&plan));
        }
        plan
    }
}
