//! The OpenAPI document, generated from the declarations: what the server does is what the document says.
//!
//! Schemas come from the registry: `Tag` is the full record, `TagCompact` a row of a list or a nested object. Operations give
//! paths, parameters and bodies. `opt_fields` may leave out anything, so nothing but the gid is required.

use crate::App;
use crate::api::operations::{Input, Operation, Output, Parameter, Plain};
use crate::api::wire::MAX_LIMIT;
use crate::http::request::SESSION_COOKIE;
use engine::schema::{FieldInfo, Kind};
use engine::{JsonType, TypeInfo};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// Stands for the public address in the cached text. No declaration contains it.
const ADDRESS: &str = "\u{1}";

/// The document without its address: the text before and after it. Made when first asked for.
#[derive(Debug, Default)]
pub struct Cached(OnceLock<(String, String)>);

/// The document for the public address `url`. Keys are in alphabetical order, so that equal declarations give equal bytes.
pub fn document(app: &App, url: &str) -> Vec<u8> {
    let (before, after) = app.reference.0.get_or_init(|| {
        let text = describe(app, ADDRESS).to_string();
        let mark = Value::from(ADDRESS).to_string();
        let mark = mark.trim_matches('"');
        let (before, after) = text.split_once(mark).unwrap_or((&text, ""));
        (before.to_owned(), after.to_owned())
    });
    let url = Value::from(url).to_string();
    [before.as_str(), url.trim_matches('"'), after].concat().into_bytes()
}

/// The document as a tree.
fn describe(app: &App, url: &str) -> Value {
    let sections: Vec<Value> = app
        .sections
        .iter()
        .map(|(name, doc)| json!({ "name": name, "description": doc }))
        .collect();
    let mut schemas = Schemas(fixed_schemas());
    for info in app.registry.all() {
        schemas.resource(info);
    }
    let mut paths = Map::new();
    for operation in app.operations.iter().filter(|operation| !operation.is_alias) {
        let item = paths.entry(operation.full_path()).or_insert_with(|| json!({}));
        put(item, &operation.method.to_lowercase(), describe_operation(operation));
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Vinyasa",
            "version": "1.0",
            "description": "Work management: projects, tasks, people. Requests carry a personal access token as bearer. Bodies are JSON with the fields in `data`, or forms with the fields as they are. Answers have the result in `data` or the reasons of a refusal in `errors`.",
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "servers": [{ "url": url }],
        "security": [{ "token": [] }, { "session": [], "csrf": [] }],
        "tags": sections,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A personal access token." },
                "session": { "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "The session of somebody who signed in with a password." },
                "csrf": { "type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "The `csrf_token` of the session. Writes with the session's cookie need it." },
            },
            "schemas": schemas.0,
            "parameters": shared_parameters(),
            "responses": error_responses(),
        },
    })
}

/// One operation.
fn describe_operation(operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(path_parameter)
        .collect();
    parameters.extend(operation.query.iter().map(query_parameter));
    let shared = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    if operation.paged {
        parameters.extend([shared("limit"), shared("offset")]);
    }
    if !matches!(operation.output, Output::Empty | Output::Plain(_) | Output::PlainList(_)) {
        parameters.push(shared("opt_fields"));
    }
    parameters.push(shared("opt_pretty"));
    if operation.writes() && !operation.is_secret {
        parameters.push(shared("idempotency_key"));
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.section],
        "parameters": parameters,
        "responses": responses(operation),
    });
    if operation.is_open {
        put(&mut described, "security", json!([]));
    }
    if let Some(body) = request_body(operation) {
        put(&mut described, "requestBody", body);
    }
    described
}

fn path_parameter(name: &str) -> Value {
    let kind = name.trim_end_matches("_gid").replace('_', " ");
    let description = if name == "user_gid" {
        "The user: a gid, an e-mail address, or `me` for who asks.".to_owned()
    } else if name.ends_with("_gid") {
        format!("The gid of the {kind}.")
    } else {
        format!("The {kind}.")
    };
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": { "type": "string" } })
}

fn query_parameter(parameter: &Parameter) -> Value {
    let mut described = json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.doc,
        "schema": scalar(parameter.json),
    });
    if parameter.required {
        put(&mut described, "required", json!(true));
    }
    if matches!(parameter.json, JsonType::Strings | JsonType::Objects) {
        put(&mut described, "style", json!("form"));
        put(&mut described, "explode", json!(false));
    }
    described
}

/// The body of a request: JSON with the fields in `data`, or a form with the fields themselves.
fn request_body(operation: &Operation) -> Option<Value> {
    let base = match &operation.input {
        Input::Create(name) => Some(reference(&format!("{}Create", type_name(name)))),
        Input::Update(name) => Some(reference(&format!("{}Update", type_name(name)))),
        Input::Fields => None,
        Input::None => return None,
    };
    let fields: Map<String, Value> = operation
        .fields
        .iter()
        .map(|field| {
            // Lists of objects are sent as lists of gids, or as what the documentation tells.
            let schema = match field.json {
                JsonType::Object | JsonType::Objects => json!({}),
                plain => scalar(plain),
            };
            (field.name.to_owned(), described(schema, field.doc))
        })
        .collect();
    let required: Vec<&str> =
        operation.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let mut extra = json!({ "type": "object", "properties": fields });
    if !required.is_empty() {
        put(&mut extra, "required", json!(required));
    }
    let schema = match base {
        Some(base) if fields.is_empty() => base,
        Some(base) => json!({ "allOf": [base, extra] }),
        None => extra,
    };
    let is_required = !required.is_empty() || operation.is_outside;
    let mut content = json!({});
    if operation.is_outside {
        let mut form = schema.clone();
        if let Some(file) = form.pointer_mut("/properties/file") {
            put(file, "format", json!("binary"));
        }
        put(&mut content, "multipart/form-data", json!({ "schema": form }));
    }
    put(
        &mut content,
        "application/json",
        json!({ "schema": { "type": "object", "required": ["data"], "properties": { "data": schema.clone() } } }),
    );
    put(&mut content, "application/x-www-form-urlencoded", json!({ "schema": schema }));
    Some(json!({ "required": is_required, "content": content }))
}

/// The answers: the one on success, and the errors that this operation can give.
fn responses(operation: &Operation) -> Value {
    let (data, about) = match operation.output {
        Output::One(name) => (reference(&type_name(name)), "The object."),
        Output::List(name) => {
            (list_of(reference(&format!("{}Compact", type_name(name)))), "The objects.")
        }
        Output::FullList(name) => (list_of(reference(&type_name(name))), "The objects, in full."),
        Output::Counts(names) => {
            let counts: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), scalar(JsonType::Integer))).collect();
            (json!({ "type": "object", "properties": counts }), "The counts.")
        }
        Output::Events => (list_of(event()), "The events."),
        Output::Plain(fields) => (plain(fields), "The object."),
        Output::PlainList(fields) => (list_of(plain(fields)), "The objects."),
        Output::Empty => (reference("Empty"), "Done."),
    };
    let mut body =
        json!({ "type": "object", "required": ["data"], "properties": { "data": data } });
    if let (Output::Events, Some(properties)) = (operation.output, body.get_mut("properties")) {
        let sync = described(json!({ "type": "string" }), "The token to ask with next time.");
        put(properties, "sync", sync);
        let more = json!({ "type": "boolean" });
        put(properties, "has_more", described(more, "Whether to ask again at once."));
    }
    if operation.paged {
        let next_page = reference("NextPage");
        if let Some(properties) = body.get_mut("properties") {
            put(properties, "next_page", next_page);
        }
    }
    let mut success = json!({
        "description": about,
        "content": { "application/json": { "schema": body } },
    });
    let mut codes: Vec<(&str, &str)> = vec![
        ("400", "BadRequest"),
        ("401", "Unauthorized"),
        ("403", "Forbidden"),
        ("404", "NotFound"),
    ];
    if operation.output == Output::Events {
        codes.push(("412", "OutOfSync"));
    }
    if operation.writes() {
        codes.extend([
            ("409", "Conflict"),
            ("413", "TooLarge"),
            ("415", "UnsupportedMedia"),
            ("422", "Unprocessable"),
        ]);
    }
    codes.extend([("429", "TooManyRequests"), ("500", "ServerError"), ("503", "Overloaded")]);
    let mut all: Map<String, Value> = codes
        .into_iter()
        .map(|(code, name)| {
            (code.to_owned(), json!({ "$ref": format!("#/components/responses/{name}") }))
        })
        .collect();
    if operation.creates {
        put(
            &mut success,
            "headers",
            json!({ "Location": { "description": "Where the new object is.", "schema": { "type": "string" } } }),
        );
        all.insert("201".to_owned(), success);
    } else {
        all.insert("200".to_owned(), success);
    }
    Value::Object(all)
}

/// An event.
fn event() -> Value {
    let text = |doc: &str| described(json!({ "type": "string" }), doc);
    let named = |doc: &str| {
        let properties = json!({
            "gid": { "type": "string" },
            "resource_type": { "type": "string" },
            "resource_subtype": { "type": "string" },
            "name": { "type": "string", "nullable": true },
        });
        nullable(described(json!({ "type": "object", "properties": properties }), doc))
    };
    let change = json!({
        "type": "object",
        "description": "What changed; only with the action `changed`.",
        "properties": {
            "field": text("The field."),
            "action": text("`changed`, `added` or `removed`."),
            "new_value": named("The object that was set."),
            "added_value": named("The object that was added."),
            "removed_value": named("The object that was removed."),
        },
    });
    json!({
        "type": "object",
        "properties": {
            "user": named("Who did it; null for the server itself."),
            "resource": named("What it is about."),
            "type": text("The type of the resource."),
            "action": text("`added`, `changed`, `removed`, `deleted` or `undeleted`."),
            "parent": named("What it was added to or removed from."),
            "created_at": { "type": "string", "format": "date-time", "description": "When." },
            "change": change,
        },
    })
}

/// An object that is no resource.
fn plain(fields: &[Plain]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, kind, doc)| ((*name).to_owned(), nullable(described(scalar(*kind), doc))))
        .collect();
    json!({ "type": "object", "properties": properties })
}

/// The schemas by name.
struct Schemas(Map<String, Value>);

impl Schemas {
    /// Adds what describes a resource: in full, compact, and what can be written.
    fn resource(&mut self, info: &TypeInfo) {
        let name = type_name(info.name);
        let full = self.record(info, &name, |_| true);
        let compact = self.record(info, &name, |field| field.compact);
        self.0.insert(name.clone(), full);
        self.0.insert(format!("{name}Compact"), compact);
        for (suffix, mode) in [("Create", 0), ("Update", 1)] {
            let fields: Map<String, Value> = info
                .fields
                .iter()
                .filter(|field| if mode == 0 { field.writable.0 } else { field.writable.1 })
                .map(|field| (field.name.to_owned(), written(field)))
                .collect();
            let schema = json!({
                "type": "object",
                "description": if mode == 0 { format!("What can be given to a new {}.", info.name.replace('_', " ")) } else { format!("What can be changed of a {}.", info.name.replace('_', " ")) },
                "properties": fields,
            });
            self.0.insert(format!("{name}{suffix}"), schema);
        }
    }

    /// A record with the fields that `shown` picks.
    fn record(&mut self, info: &TypeInfo, name: &str, shown: impl Fn(&FieldInfo) -> bool) -> Value {
        let mut properties = Map::new();
        for field in info.fields.iter().filter(|field| !field.write_only && shown(field)) {
            let mut schema = self.read(field, name);
            let is_writable = info
                .fields
                .iter()
                .any(|other| other.name == field.name && other.writable != (false, false));
            if !is_writable {
                put(&mut schema, "readOnly", json!(true));
            }
            properties.insert(field.name.to_owned(), schema);
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if !info.doc.is_empty() {
            put(&mut schema, "description", json!(info.doc));
        }
        if info.is_resource {
            put(&mut schema, "required", json!(["gid"]));
        }
        schema
    }

    /// A field as answers show it.
    fn read(&mut self, field: &FieldInfo, owner: &str) -> Value {
        let shown =
            |kind: &str| if field.full { reference(&type_name(kind)) } else { compact(kind) };
        let single = |one: Value| if field.kind.is_single() { one } else { list_of(one) };
        let schema = match &field.kind {
            Kind::Scalar | Kind::Batch { .. } | Kind::Found { .. } => {
                let mut schema = scalar(field.json);
                if !field.values.is_empty() {
                    put(&mut schema, "enum", choices(field));
                }
                schema
            }
            Kind::One(types) => match types.as_slice() {
                [one] => shown(one),
                several => {
                    json!({ "anyOf": several.iter().map(|one| shown(one)).collect::<Vec<_>>() })
                }
            },
            Kind::Many { target, .. } => single(shown(target)),
            Kind::Several(target) => list_of(shown(target)),
            Kind::Inline { info, .. } | Kind::Fetched { info, .. } => {
                let name = self.inline(info, owner);
                single(reference(&name))
            }
        };
        let mut doc = field.doc.to_owned();
        if field.conditional || field.omit_empty {
            doc.push_str(" Left out where it does not apply.");
        }
        if field.on_request {
            doc.push_str(" Shown only when `opt_fields` asks for it.");
        }
        let schema = described(schema, &doc);
        if field.nullable { nullable(schema) } else { schema }
    }

    /// Adds the schema of an inline record and gives its name: that of its type, behind its owner's if the name is taken.
    fn inline(&mut self, info: &TypeInfo, owner: &str) -> String {
        let short = type_name(info.name);
        let schema = self.record(info, &short, |_| true);
        let name = match self.0.get(&short) {
            Some(other) if *other != schema => format!("{owner}{short}"),
            _ => short,
        };
        self.0.insert(name.clone(), schema);
        name
    }
}

/// A field as requests give it: objects by their gid.
fn written(field: &FieldInfo) -> Value {
    let schema = match &field.kind {
        Kind::One(_) => json!({ "type": "string" }),
        Kind::Many { .. } | Kind::Several(_) => {
            json!({ "type": "array", "items": { "type": "string" } })
        }
        // Its shape is told by its documentation.
        _ if field.write_only || matches!(field.json, JsonType::Object | JsonType::Objects) => {
            json!({})
        }
        _ if field.refers.is_some() => json!({ "type": "string" }),
        _ => scalar(field.json),
    };
    let mut schema = described(schema, field.doc);
    if !field.values.is_empty() {
        put(&mut schema, "enum", choices(field));
    }
    // OpenAPI 3.0 knows `nullable` beside a type only; a schema without one takes null anyway.
    if field.nullable && schema.get("type").is_some() {
        put(&mut schema, "nullable", json!(true));
    }
    schema
}

/// The allowed values, with null where the field may be empty.
fn choices(field: &FieldInfo) -> Value {
    let mut values: Vec<Value> = field.values.iter().map(|value| json!(value)).collect();
    if field.nullable {
        values.push(Value::Null);
    }
    Value::from(values)
}

/// The schema of a value that is not an object of its own.
fn scalar(kind: JsonType) -> Value {
    match kind {
        JsonType::String => json!({ "type": "string" }),
        JsonType::Gid => json!({ "type": "string", "example": "1200000000000001" }),
        JsonType::DateTime => json!({ "type": "string", "format": "date-time" }),
        JsonType::Date => json!({ "type": "string", "format": "date" }),
        JsonType::Integer => json!({ "type": "integer", "format": "int64" }),
        JsonType::Number => json!({ "type": "number", "format": "double" }),
        JsonType::Boolean => json!({ "type": "boolean" }),
        JsonType::Strings => json!({ "type": "array", "items": { "type": "string" } }),
        JsonType::Object => json!({ "type": "object", "additionalProperties": true }),
        JsonType::Objects => {
            json!({ "type": "array", "items": { "type": "object", "additionalProperties": true } })
        }
    }
}

/// Adds a description. What stands beside a `$ref` is ignored, so that is wrapped.
fn described(schema: Value, doc: &str) -> Value {
    let mut schema =
        if schema.get("$ref").is_some() { json!({ "allOf": [schema] }) } else { schema };
    if !doc.is_empty() {
        put(&mut schema, "description", json!(doc));
    }
    schema
}

/// Allows null. OpenAPI 3.0 knows `nullable` beside a type only.
fn nullable(mut schema: Value) -> Value {
    if schema.get("type").is_none() {
        put(&mut schema, "type", json!("object"));
    }
    put(&mut schema, "nullable", json!(true));
    schema
}

/// Sets a key of an object.
fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

fn list_of(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn compact(kind: &str) -> Value {
    reference(&format!("{}Compact", type_name(kind)))
}

/// `CustomField` for `custom_field`.
fn type_name(kind: &str) -> String {
    kind.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect::<String>()
            })
        })
        .collect()
}

/// The schemas that belong to no resource.
fn fixed_schemas() -> Map<String, Value> {
    let schemas = json!({
        "Empty": { "type": "object", "description": "An object without fields." },
        "NextPage": {
            "type": "object",
            "nullable": true,
            "description": "Where the list goes on; null on its last page. Given when the request had a `limit`.",
            "properties": {
                "offset": { "type": "string", "description": "What to send as `offset`." },
                "path": { "type": "string", "description": "Path and query of the next page, below the base path." },
                "uri": { "type": "string", "description": "The address of the next page." },
            },
        },
        "Errors": {
            "type": "object",
            "required": ["errors"],
            "properties": {
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["message"],
                        "properties": {
                            "message": { "type": "string", "description": "What is wrong, naming the part of the request." },
                            "help": { "type": "string", "description": "Where to read more." },
                            "phrase": { "type": "string", "description": "Names a failure of the server in its log." },
                        },
                    },
                },
            },
        },
    });
    match schemas {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The parameters that many operations share.
fn shared_parameters() -> Value {
    json!({
        "limit": { "name": "limit", "in": "query", "description": "How many objects a page holds.", "schema": { "type": "integer", "minimum": 1, "maximum": MAX_LIMIT } },
        "offset": { "name": "offset", "in": "query", "description": "The place to go on from, as a page before gave it in `next_page`. Not to be made up.", "schema": { "type": "string" } },
        "opt_fields": { "name": "opt_fields", "in": "query", "description": "The fields to show instead of the usual ones, with dots into nested objects: `name,assignee.name`.", "style": "form", "explode": false, "schema": { "type": "array", "items": { "type": "string" } } },
        "opt_pretty": { "name": "opt_pretty", "in": "query", "description": "Shows the answer with line breaks and indentation.", "schema": { "type": "boolean" } },
        "idempotency_key": { "name": "Idempotency-Key", "in": "header", "description": "Makes repeating the request harmless for a day: the first answer is given again.", "schema": { "type": "string", "maxLength": 255 } },
    })
}

/// The errors.
fn error_responses() -> Value {
    let wait = json!({ "Retry-After": { "description": "The seconds to wait.", "schema": { "type": "integer" } } });
    let mut all = Map::new();
    for (name, description) in [
        ("BadRequest", "The request is wrong; the message names the part."),
        (
            "Unauthorized",
            "There is no token or session, or it is unknown, revoked or has expired; or the password is wrong.",
        ),
        ("Forbidden", "The object is hidden from who asks, or may not be changed by him."),
        ("NotFound", "There is no such object or path."),
        (
            "Conflict",
            "Another object has this external id already, or a request with the same idempotency key ran at the same time.",
        ),
        (
            "OutOfSync",
            "The sync token is missing, too old, or of another resource; `sync` is a fresh one.",
        ),
        ("TooLarge", "The body is too large."),
        ("UnsupportedMedia", "The body is of a kind that is not understood here."),
        ("Unprocessable", "The idempotency key was used for another request."),
        ("TooManyRequests", "Too many requests in one minute."),
        ("ServerError", "The server failed."),
        ("Overloaded", "The server is too busy; try again."),
    ] {
        let mut response = json!({
            "description": description,
            "content": { "application/json": { "schema": reference("Errors") } },
        });
        if matches!(name, "TooManyRequests" | "Overloaded") {
            put(&mut response, "headers", wait.clone());
        }
        all.insert(name.to_owned(), response);
    }
    Value::Object(all)
}
