//! The OpenAPI document, and that answers are as it says.

use super::Complaints;
use crate::kit::{App, Reply};
use serde_json::Value;
use server::api::Operation;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The document.
fn document(app: &App) -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| app.anonymous().get("/openapi.json").json())
}

/// Complains where an answer is not what the document says of the operation. Fields that it does not know are complaints too.
pub(super) fn conforms(app: &App, operation: &Operation, reply: &Reply, wrong: &mut Complaints) {
    if operation.is_alias {
        return;
    }
    let document = document(app);
    let method = operation.method.to_lowercase();
    let response =
        &document["paths"][operation.full_path()][&method]["responses"][reply.status.to_string()];
    wrong.unless(response.is_object(), || {
        format!("{}: the document does not know a {}", operation.id, reply.status)
    });
    let schema = &response["content"]["application/json"]["schema"];
    check(document, schema, &reply.json(), operation.id, wrong);
}

/// Checks a value against a schema.
fn check(document: &Value, schema: &Value, value: &Value, place: &str, wrong: &mut Complaints) {
    if let Some(name) = schema["$ref"].as_str() {
        let target = document.pointer(name.trim_start_matches('#')).unwrap_or(&Value::Null);
        wrong.unless(target.is_object(), || format!("{place}: {name} is not there"));
        check(document, target, value, place, wrong);
        return;
    }
    if value.is_null() {
        wrong.unless(schema["nullable"] == true || schema.get("type").is_none(), || {
            format!("{place} is null")
        });
        return;
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, part, value, place, wrong);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices.iter().any(|choice| {
            let mut found = Complaints::default();
            check(document, choice, value, place, &mut found);
            found.0.is_empty()
        });
        wrong.unless(fits, || format!("{place} is none of what it may be: {value}"));
        return;
    }
    if schema["allOf"].is_array() {
        return;
    }
    if let Some(choices) = schema["enum"].as_array() {
        wrong.unless(choices.contains(value), || format!("{place} is none of its values: {value}"));
    }
    let text = value.as_str().unwrap_or_default();
    let fits = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("date")) => model::Date::parse(text).is_some(),
        (Some("string"), Some("date-time")) => {
            model::Timestamp::parse(text).is_some() && text.len() == 24
        }
        (Some("string"), _) => value.is_string(),
        (Some("integer"), _) => value.is_i64(),
        (Some("number"), _) => value.is_number(),
        (Some("boolean"), _) => value.is_boolean(),
        (Some("array"), _) => value.is_array(),
        (Some("object"), _) => value.is_object(),
        _ => true,
    };
    wrong.unless(fits, || format!("{place} is not a {}: {value}", schema["type"]));
    for row in value.as_array().into_iter().flatten() {
        check(document, &schema["items"], row, &format!("{place}[]"), wrong);
    }
    let Some(fields) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        wrong.unless(fields.contains_key(name), || format!("{place} has no {name}"));
    }
    if schema["additionalProperties"] == true {
        return;
    }
    for (name, value) in fields {
        let below = &schema["properties"][name];
        wrong.unless(below.is_object(), || format!("{place}.{name} is not in the document"));
        check(document, below, value, &format!("{place}.{name}"), wrong);
    }
}

/// Every `$ref` of the document.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let ("$ref", Some(target)) = (name.as_str(), value.as_str()) {
                    found.insert(target.to_owned());
                }
                references(value, found);
            }
        }
        Value::Array(rows) => rows.iter().for_each(|row| references(row, found)),
        _ => {}
    }
}

#[test]
fn the_document_hangs_together() {
    let app = App::sqlite();
    let document = document(&app);
    let mut wrong = Complaints::default();
    // For validators that are not part of this repository.
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/openapi.json");
    std::fs::write(file, document.to_string()).unwrap();

    let mut targets = BTreeSet::new();
    references(document, &mut targets);
    for target in targets {
        wrong.unless(document.pointer(target.trim_start_matches('#')).is_some(), || {
            format!("{target} is not there")
        });
    }
    for operation in app.server.operations.iter().filter(|operation| !operation.is_alias) {
        let method = operation.method.to_lowercase();
        let described = &document["paths"][operation.full_path()][&method];
        wrong.unless(described["operationId"] == operation.id, || {
            format!("{} is not in the document", operation.id)
        });
        let names: Vec<(&Value, &Value)> = described["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| match one["$ref"].as_str() {
                Some(target) => document.pointer(target.trim_start_matches('#')).unwrap(),
                None => one,
            })
            .map(|one| (&one["in"], &one["name"]))
            .collect();
        let different: BTreeSet<String> = names.iter().map(|name| format!("{name:?}")).collect();
        wrong.unless(names.len() == different.len(), || {
            format!("{} declares a parameter twice: {names:?}", operation.id)
        });
    }
    for info in app.server.registry.all() {
        let name: Vec<String> = info
            .name
            .split('_')
            .map(|word| {
                let (first, rest) = word.split_at(1);
                first.to_uppercase() + rest
            })
            .collect();
        let name = name.concat();
        for field in info.fields.iter().filter(|field| !field.write_only) {
            let described = &document["components"]["schemas"][&name]["properties"][field.name];
            wrong.unless(described.is_object(), || {
                format!("{}.{} is not in the document", info.name, field.name)
            });
        }
    }

    wrong.none();
}

#[test]
fn the_document_is_the_same_each_time_but_for_the_address() {
    let app = App::sqlite();
    let at = |host: &str| {
        app.anonymous()
            .request(axum::http::Method::GET, "/openapi.json", &[("host", host)], "")
            .text()
    };

    let (first, second) = (at("one.example"), at("two.example:8080"));

    assert!(first.contains(r#"[{"url":"http://one.example"}]"#));
    assert_eq!(first.replace("one.example", "two.example:8080"), second);
    assert_eq!(first, at("one.example"));
}
