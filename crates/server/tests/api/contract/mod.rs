//! What holds for every operation, every type and every field: walks the declarations, so that nothing can be forgotten.
//!
//! [`operations`] has a row for each operation, [`document`] checks the OpenAPI document and that answers conform to it,
//! [`statements`] and [`plans`] look at the SQL, [`records`] compares each type with its snapshot, [`hostile`] sends what nobody should, [`matrix`] says who may do what.

mod document;
mod hostile;
mod matrix;
mod operations;
mod plans;
mod records;
pub(crate) mod scene;
mod statements;

use crate::kit::{App, Client, Reply, full_path, on_both};
use axum::http::Method;
use engine::TypeInfo;
use engine::schema::{FieldInfo, Kind};
use operations::{CASES, Case};
use scene::scene;
use serde_json::{Value, json};
use server::api::Operation;
use std::collections::{BTreeMap, BTreeSet};

/// The operation of a case, if there is one.
fn operation<'a>(app: &'a App, case: &Case) -> Option<&'a Operation> {
    app.server.operations.iter().find(|operation| operation.id == case.id)
}

/// Sends a case.
fn send(client: Client<'_>, operation: &Operation, case: &Case) -> Reply {
    let method: Method = operation.method.parse().unwrap();
    if case.body.is_empty() {
        return client.request(method, case.path, &[], "");
    }
    let data: Value = serde_json::from_str(case.body).unwrap();
    if operation.is_outside {
        return multipart(client, method, case.path, &data);
    }
    client.json(method, case.path, &json!({ "data": data }))
}

/// Sends fields as a form with parts, as uploads do.
pub(crate) fn multipart(client: Client<'_>, method: Method, path: &str, data: &Value) -> Reply {
    let mut body = String::new();
    for (name, value) in data.as_object().unwrap() {
        let value = value.as_str().unwrap();
        body.push_str(&format!(
            "--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--part--\r\n");
    client.request(method, path, &[("content-type", "multipart/form-data; boundary=part")], body)
}

/// Collects what is wrong, so that one run shows everything.
#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    fn unless(&mut self, right: bool, what: impl FnOnce() -> String) {
        if !right {
            self.0.push(what());
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "\n{}\n", self.0.join("\n"));
    }
}

#[test]
fn every_operation_has_a_case_that_matches_it() {
    let app = App::sqlite();
    let mut wrong = Complaints::default();

    for operation in &app.server.operations {
        let cases: Vec<&Case> = CASES.iter().filter(|case| case.id == operation.id).collect();
        wrong.unless(cases.len() == 1, || {
            format!("{} has {} cases in contract/operations.rs", operation.id, cases.len())
        });
        for case in cases {
            wrong.unless(names(operation, case.path), || {
                format!("{}: {} is not {}", case.id, case.path, operation.path)
            });
        }
    }

    wrong.none();
}

#[test]
fn names_of_operations_are_unique_and_so_are_their_paths() {
    let app = App::sqlite();
    let mut ids = BTreeSet::new();
    let mut paths = BTreeSet::new();
    let mut wrong = Complaints::default();

    for operation in &app.server.operations {
        wrong.unless(ids.insert(operation.id), || format!("two operations are {}", operation.id));
        let shape: Vec<&str> = operation
            .path
            .split('/')
            .map(|segment| if segment.starts_with('{') { "{}" } else { segment })
            .collect();
        wrong.unless(paths.insert((operation.base, operation.method, shape)), || {
            format!("two operations answer {} {}", operation.method, operation.path)
        });
        wrong.unless(operation.summary.ends_with('.'), || {
            format!("{} has no sentence for a summary", operation.id)
        });
        wrong
            .unless(app.server.sections.iter().any(|(name, _)| *name == operation.section), || {
                format!("{} is in no section", operation.id)
            });
        for parameter in operation.query.iter().chain(&operation.fields) {
            wrong.unless(!parameter.doc.is_empty(), || {
                format!("{}: {} has no doc", operation.id, parameter.name)
            });
        }
    }

    wrong.none();
}

#[test]
fn without_a_token_every_operation_answers_401() {
    let app = App::sqlite();
    scene(&app);
    let mut wrong = Complaints::default();

    for case in CASES {
        let Some(operation) = operation(&app, case).filter(|operation| !operation.is_open) else {
            continue;
        };
        for client in [app.anonymous(), app.as_("nobody")] {
            let reply = send(client, operation, case);
            wrong.unless(reply.status == 401, || format!("{}: {}", case.id, reply.status));
            wrong.unless(reply.header("www-authenticate") == Some("Bearer"), || {
                format!("{}: no challenge", case.id)
            });
        }
    }

    wrong.none();
}

#[test]
fn guests_and_strangers_are_refused_and_change_nothing() {
    on_both(|app| {
        scene(app);
        let mut wrong = Complaints::default();

        for case in CASES {
            let Some(operation) = operation(app, case) else { continue };
            for (user, expected) in [("eve", case.eve), ("mallory", case.mallory)] {
                let reply = send(app.as_(user), operation, case);
                wrong.unless(reply.status == expected, || {
                    format!(
                        "{}: {user} got {}, not {expected}: {}",
                        case.id,
                        reply.status,
                        reply.text()
                    )
                });
                let secret = reply.text().contains("Plan") || reply.text().contains("Task 90");
                wrong.unless(!secret, || format!("{}: {user} read {}", case.id, reply.text()));
                let events = app.events();
                wrong.unless(events.is_empty() || reply.status < 300, || {
                    format!("{}: {user} did {events:?}", case.id)
                });
            }
        }

        wrong.none();
    });
}

#[test]
fn who_owns_everything_may_do_everything() {
    let reader = App::sqlite();
    scene(&reader);
    let mut wrong = Complaints::default();

    for case in CASES {
        let Some(operation) = operation(&reader, case) else { continue };
        let fresh;
        let app = if operation.writes() {
            fresh = App::sqlite();
            scene(&fresh);
            &fresh
        } else {
            &reader
        };
        let reply = send(app.as_("ada"), operation, case);
        wrong.unless(reply.status == case.ada, || {
            format!("{}: {}, not {}: {}", case.id, reply.status, case.ada, reply.text())
        });
        if reply.status < 300 {
            document::conforms(app, operation, &reply, &mut wrong);
        }
    }

    wrong.none();
}

#[test]
fn who_owns_everything_may_read_everything_on_postgresql() {
    let app = App::postgres();
    scene(&app);
    let mut wrong = Complaints::default();

    for case in CASES {
        let Some(operation) = operation(&app, case).filter(|o| !o.writes()) else { continue };
        let reply = send(app.as_("ada"), operation, case);
        wrong.unless(reply.status == case.ada, || {
            format!("{}: {}, not {}: {}", case.id, reply.status, case.ada, reply.text())
        });
    }

    wrong.none();
}

/// Every type with its name, inline records too.
fn types(app: &App) -> Vec<(String, &TypeInfo)> {
    fn inside<'a>(name: &str, info: &'a TypeInfo, all: &mut Vec<(String, &'a TypeInfo)>) {
        all.push((name.to_owned(), info));
        for field in &info.fields {
            if let Kind::Inline { info, .. } | Kind::Fetched { info, .. } = &field.kind {
                inside(&format!("{name}.{}", field.name), info, all);
            }
        }
    }
    let mut all = Vec::new();
    for info in app.server.registry.all() {
        inside(info.name, info, &mut all);
    }
    all
}

/// The types of the objects below a field.
fn targets(field: &FieldInfo) -> Vec<&'static str> {
    match &field.kind {
        Kind::One(types) => types.clone(),
        Kind::Many { target, .. } | Kind::Several(target) => vec![target],
        _ => Vec::new(),
    }
}

#[test]
fn every_field_is_documented_and_leads_somewhere() {
    let app = App::sqlite();
    let mut wrong = Complaints::default();

    for (name, info) in types(&app) {
        wrong.unless(!info.doc.is_empty() || !info.is_resource, || format!("{name} has no doc"));
        let mut shown = BTreeSet::new();
        for field in &info.fields {
            let place = format!("{name}.{}", field.name);
            wrong.unless(field.write_only || shown.insert(field.name), || {
                format!("{place} is declared twice")
            });
            wrong.unless(!field.doc.is_empty() || field.write_only, || {
                format!("{place} has no doc")
            });
            wrong.unless(!field.compact || !field.on_request, || {
                format!("{place} is both compact and on request")
            });
            for target in targets(field).into_iter().chain(field.refers) {
                wrong.unless(app.server.registry.get(target).is_some(), || {
                    format!("{place} leads to {target}, which is nothing")
                });
            }
        }
    }
    for operation in &app.server.operations {
        use server::api::operations::{Input, Output};
        let output = match operation.output {
            Output::One(kind) | Output::List(kind) | Output::FullList(kind) => Some(kind),
            Output::Counts(_)
            | Output::Events
            | Output::Plain(_)
            | Output::PlainList(_)
            | Output::Empty => None,
        };
        let input = match operation.input {
            Input::Create(kind) | Input::Update(kind) => Some(kind),
            _ => None,
        };
        for kind in output.into_iter().chain(input) {
            wrong.unless(app.server.registry.get(kind).is_some(), || {
                format!("{}: {kind} is not registered", operation.id)
            });
        }
    }

    wrong.none();
}

/// For each type the path of its object in the scene.
fn objects() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("allocation", "/allocations/943"),
        ("attachment", "/attachments/910"),
        ("custom_field", "/custom_fields/907"),
        ("custom_field_setting", "/projects/901/custom_field_settings"),
        ("goal", "/goals/930"),
        ("goal_relationship", "/goal_relationships/932"),
        ("job", "/jobs/961"),
        ("membership", "/memberships/911"),
        ("notification", "/api/vinyasa/1/notifications/991"),
        ("organization_export", "/organization_exports/967"),
        ("portfolio", "/portfolios/941"),
        ("portfolio_membership", "/portfolio_memberships/942"),
        ("project", "/projects/901"),
        ("project_template", "/project_templates/962"),
        ("project_brief", "/project_briefs/947"),
        ("project_membership", "/project_memberships/911"),
        ("project_status", "/project_statuses/945"),
        ("section", "/sections/902"),
        ("status_update", "/status_updates/946"),
        ("story", "/stories/905"),
        ("tag", "/tags/906"),
        ("task", "/tasks/903"),
        ("task_template", "/task_templates/964"),
        ("team", "/teams/301"),
        ("team_membership", "/team_memberships/701"),
        ("time_period", "/time_periods/941"),
        ("time_tracking_entry", "/time_tracking_entries/942"),
        ("user", "/users/201"),
        ("user_task_list", "/user_task_lists/601"),
        ("webhook", "/webhooks/950"),
        ("rule", "/api/vinyasa/1/rules/952"),
        ("rule_run", "/api/vinyasa/1/rules/952/runs"),
        ("webhook_delivery", "/api/vinyasa/1/webhook_deliveries/951"),
        ("workspace", "/workspaces/101"),
        ("workspace_membership", "/workspace_memberships/401"),
    ])
}

/// Whether an operation reads `path`.
fn is_readable(app: &App, path: &str) -> bool {
    app.server
        .operations
        .iter()
        .any(|operation| operation.method == "GET" && names(operation, path))
}

/// Whether `path`, which may have a query, is a path of the operation.
pub(super) fn names(operation: &Operation, path: &str) -> bool {
    let path = full_path(path.split('?').next().unwrap());
    let declared = operation.full_path();
    declared.split('/').count() == path.split('/').count()
        && declared
            .split('/')
            .zip(path.split('/'))
            .all(|(declared, given)| declared.starts_with('{') || declared == given)
}

#[test]
fn each_field_can_be_selected_alone() {
    on_both(|app| {
        scene(app);
        let mut wrong = Complaints::default();

        for (kind, path) in objects() {
            if !is_readable(app, path) {
                continue;
            }
            let info = app.server.registry.get(kind).unwrap();
            for field in info.fields.iter().filter(|field| !field.write_only) {
                let mut selections = vec![field.name.to_owned()];
                selections.extend(
                    targets(field)
                        .iter()
                        .filter_map(|target| app.server.registry.get(target))
                        .flat_map(|target| target.fields.iter())
                        .filter(|inner| !inner.write_only)
                        .map(|inner| format!("{}.{}", field.name, inner.name)),
                );
                for selection in selections {
                    let reply = app.as_("ada").get(&format!("{path}?opt_fields={selection}"));
                    wrong.unless(reply.status == 200, || {
                        format!("{kind} {selection}: {} {}", reply.status, reply.text())
                    });
                    let mut data = reply.json()["data"].take();
                    if let Some(rows) = data.as_array_mut() {
                        data = rows.pop().unwrap_or_default();
                    }
                    let shown: Vec<&str> = data
                        .as_object()
                        .into_iter()
                        .flat_map(|o| o.keys().map(String::as_str))
                        .collect();
                    let allowed = shown.iter().all(|name| *name == "gid" || *name == field.name);
                    let there =
                        shown.contains(&field.name) || field.conditional || field.omit_empty;
                    wrong.unless(allowed && there, || format!("{kind} {selection}: {shown:?}"));
                }
            }
        }

        wrong.none();
    });
}
