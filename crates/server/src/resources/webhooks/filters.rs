//! Which events a webhook is told.

use crate::error::{Error, Result, invalid};
use crate::events::told::Told;
use crate::resources::webhooks::Webhook;
use engine::schema::{Fetching, RowsOf};
use engine::{Record, Schema, row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most filters of a webhook. Ours, since none is published: each is looked at for each event.
const MAX_FILTERS: usize = 100;

/// The types whose webhooks need filters, because so much happens in them. Source: API reference, "Webhooks", filters.
const BROAD: &[&str] = &["workspace", "team", "portfolio"];

/// What these can be told of. Source: the same.
const ALLOWED: &[(&str, &[&str])] = &[
    ("project", &["added", "removed", "deleted", "undeleted", "changed"]),
    ("team_membership", &["added", "removed"]),
    ("workspace_membership", &["added", "removed"]),
];

/// Everything that happens.
const ACTIONS: &[&str] = &["added", "changed", "removed", "deleted", "undeleted"];

/// An event passes if each part that is given is right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    resource_type: Option<String>,
    resource_subtype: Option<String>,
    action: Option<String>,
    fields: Option<Vec<String>>,
}

impl Filter {
    fn passes(&self, told: &Told) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        is(&self.resource_type, Some(&told.resource.kind))
            && is(&self.resource_subtype, told.resource.subtype.as_deref())
            && is(&self.action, Some(told.action))
            && self.fields.as_ref().is_none_or(|fields| {
                told.change.as_ref().is_some_and(|change| fields.contains(&change.field))
            })
    }
}

/// Whether an event is told: all are where there are no filters, else those that one lets through.
pub fn pass(filters: &[Filter], told: &Told) -> bool {
    filters.is_empty() || filters.iter().any(|filter| filter.passes(told))
}

/// Reads the filters that a client sent for a webhook on something of type `kind`.
///
/// Errors: 400 that names what is wrong.
pub fn parse(value: &Value, kind: &str) -> Result<Vec<Filter>> {
    let Some(list) = value.as_array() else {
        return Err(invalid("filters", "Must be a list of objects"));
    };
    if list.len() > MAX_FILTERS {
        return Err(invalid("filters", format!("Must be at most {MAX_FILTERS} filters")));
    }
    let mut filters = Vec::with_capacity(list.len());
    for (at, one) in list.iter().enumerate() {
        let wrong = |text: String| invalid(format!("filters: [{at}]"), text);
        let Some(object) = one.as_object() else {
            return Err(wrong("Must be an object".to_owned()));
        };
        let text = |name: &str| match object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.contains('\0') => Ok(Some(text.clone())),
            Some(_) => Err(wrong(format!("{name}: Must be a string"))),
        };
        let fields = match object.get("fields") {
            None | Some(Value::Null) => None,
            Some(Value::Array(names)) => {
                let names: Option<Vec<String>> = names
                    .iter()
                    .map(|name| name.as_str().filter(|name| !name.contains('\0')))
                    .map(|name| name.map(str::to_owned))
                    .collect();
                Some(names.ok_or_else(|| wrong("fields: Must be strings".to_owned()))?)
            }
            Some(_) => return Err(wrong("fields: Must be a list".to_owned())),
        };
        let filter = Filter {
            resource_type: text("resource_type")?,
            resource_subtype: text("resource_subtype")?,
            action: text("action")?,
            fields: fields.filter(|fields| !fields.is_empty()),
        };
        if filter == Filter::default() {
            return Err(wrong("Must say something".to_owned()));
        }
        let action = filter.action.as_deref();
        if action.is_some_and(|action| !ACTIONS.contains(&action)) {
            return Err(wrong(format!("action: Must be one of {}", ACTIONS.join(", "))));
        }
        if filter.fields.is_some() && action != Some("changed") {
            return Err(wrong("fields: Only with the action changed".to_owned()));
        }
        filters.push(filter);
    }
    if BROAD.contains(&kind) && (filters.is_empty() || !filters.iter().all(is_allowed)) {
        return Err(Error::Named {
            code: "invalid_filters_for_larger_scoped_webhooks",
            message: "Webhooks for larger scoped resources must have at least one filter and all filters must be in our whitelist.",
        });
    }
    Ok(filters)
}

/// Whether a filter is on the white list for large resources; there are no single fields there.
fn is_allowed(filter: &Filter) -> bool {
    let kind = filter.resource_type.as_deref();
    let action = filter.action.as_deref();
    filter.fields.is_none()
        && ALLOWED.iter().any(|(allowed, actions)| {
            kind == Some(*allowed) && action.is_none_or(|action| actions.contains(&action))
        })
}

/// Filters as they are stored.
pub fn stored(filters: &[Filter]) -> String {
    serde_json::to_string(filters).unwrap_or_else(|_| "[]".to_owned())
}

/// Stored filters. What cannot be read lets nothing through.
pub fn read(text: &str) -> Vec<Filter> {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%error, text, "the filters of a webhook cannot be read");
        vec![Filter { action: Some("nothing".to_owned()), ..Filter::default() }]
    })
}

/// A filter as it is shown.
#[derive(Clone, Debug)]
pub struct FilterRow {
    resource_type: Option<String>,
    resource_subtype: Option<String>,
    action: Option<String>,
    /// A JSON list, empty for none.
    fields: String,
}

row! { FilterRow { resource_type, resource_subtype, action, fields } }

impl Record for FilterRow {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What an event must be to be told.");
        s.field("resource_type", |f| &f.resource_type).doc("The type of the resource.");
        s.field("resource_subtype", |f| &f.resource_subtype).doc("Its subtype.");
        s.field("action", |f| &f.action).doc("What happened to it.");
        s.computed("fields", |f, _| serde_json::from_str::<Vec<String>>(&f.fields).ok())
            .doc("Which fields changed.");
    }
}

/// The filters of webhooks.
#[expect(clippy::unnecessary_wraps, reason = "the engine lets loaders fail")]
pub(super) fn shown(
    fetching: &mut Fetching<'_, '_>,
) -> Result<Vec<(usize, FilterRow)>, store::Error> {
    let Some(webhooks) = fetching.parents.any().downcast_ref::<RowsOf<Webhook>>() else {
        return Ok(Vec::new());
    };
    let all = webhooks.rows.iter().enumerate();
    Ok(all
        .flat_map(|(at, webhook)| {
            webhook.filter_list().into_iter().map(move |filter| {
                let row = FilterRow {
                    resource_type: filter.resource_type,
                    resource_subtype: filter.resource_subtype,
                    action: filter.action,
                    fields: filter
                        .fields
                        .and_then(|fields| serde_json::to_string(&fields).ok())
                        .unwrap_or_default(),
                };
                (at, row)
            })
        })
        .collect())
}
