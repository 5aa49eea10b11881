//! What nobody should send: always a clear 4xx, never a failure of the server, and nothing changes.

use super::operations::CASES;
use super::scene::scene;
use super::{Complaints, operation};
use crate::kit::{App, Reply, full_path, on_both};
use axum::http::Method;
use engine::JsonType;
use engine::schema::Kind;
use serde_json::{Value, json};
use server::api::operations::Input;

/// Texts that go wrong where somebody forgot that they are data.
const TEXTS: [&str; 16] = [
    "'",
    "\"",
    "'; DROP TABLE tasks; --",
    "1 OR 1=1",
    "%",
    "_%\\",
    "${7*7}{{7*7}}",
    "../../etc/passwd",
    "-1",
    "0",
    "9223372036854775808",
    "99999999999999999999999999",
    "1e308",
    "\u{202e}\u{1f4a9}",
    "null",
    "?",
];

/// Complains of anything but an answer that blames the sender; successes are fine where `lenient`.
fn blames_sender(reply: &Reply, lenient: bool, place: &str, wrong: &mut Complaints) {
    let fine = (400..500).contains(&reply.status) || lenient && reply.status < 300;
    wrong.unless(fine, || format!("{place}: {} {}", reply.status, reply.text()));
    if (400..500).contains(&reply.status) {
        let message = reply.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
        wrong.unless(!message.is_empty() && message.len() < 2_000, || {
            format!("{place}: no good message: {message}")
        });
        for leak in ["SELECT", "sqlite", "postgres", "panicked", ".rs:"] {
            wrong.unless(!message.contains(leak), || format!("{place}: tells of us: {message}"));
        }
    }
}

#[test]
fn malformed_bodies_are_refused() {
    on_both(|app| {
        scene(app);
        let mut wrong = Complaints::default();
        let deep = |n: usize| format!("{{\"data\":{}{}}}", "[".repeat(n), "]".repeat(n));
        let bodies: Vec<(&str, Vec<u8>)> = vec![
            ("not JSON", b"{".to_vec()),
            ("not an object", b"[]".to_vec()),
            ("a text", b"\"data\"".to_vec()),
            ("data is a text", br#"{"data":"x"}"#.to_vec()),
            ("data is a list", br#"{"data":[]}"#.to_vec()),
            ("no data", br#"{"name":"x"}"#.to_vec()),
            ("bad options", br#"{"data":{},"options":"x"}"#.to_vec()),
            ("bad limit", br#"{"data":{},"options":{"limit":"x"}}"#.to_vec()),
            ("too deep", deep(64).into_bytes()),
            ("far too deep", deep(100_000).into_bytes()),
            (
                "too many values",
                format!("{{\"data\":{{\"x\":[{}0]}}}}", "0,".repeat(20_000)).into_bytes(),
            ),
            ("not UTF-8", b"{\"data\":{\"name\":\"\xff\"}}".to_vec()),
            ("half a surrogate", br#"{"data":{"name":"\ud800"}}"#.to_vec()),
            ("a NUL", br#"{"data":{"name":"a\u0000b"}}"#.to_vec()),
            ("two documents", br#"{"data":{}}{}"#.to_vec()),
        ];

        for (what, body) in &bodies {
            for (method, path) in [(Method::PUT, "/tags/906"), (Method::PUT, "/tasks/903")] {
                let headers = [("content-type", "application/json")];
                let reply = app.as_("ada").request(method, path, &headers, body.clone());
                blames_sender(&reply, false, &format!("{path} {what}"), &mut wrong);
            }
        }
        let big = vec![b' '; 1024 * 1024 + 1];
        let json = [("content-type", "application/json")];
        let reply = app.as_("ada").request(Method::PUT, "/tags/906", &json, big);
        wrong.unless(reply.status == 413, || format!("too large: {}", reply.status));
        for form in ["name=%zz", "name=%ff", "name=%00"] {
            let reply = app.as_("ada").form(Method::PUT, "/tags/906", form);
            blames_sender(&reply, false, form, &mut wrong);
        }
        let kind = [("content-type", "multipart/form-data; boundary=x")];
        let reply = app.as_("ada").request(Method::PUT, "/tags/906", &kind, "--x--");
        wrong.unless(reply.status == 415, || format!("multipart: {}", reply.status));
        wrong.unless(app.events().is_empty(), || "something changed".to_owned());

        wrong.none();
    });
}

/// Values that are wrong for a type on the wire.
fn wrong_values(kind: JsonType) -> Vec<Value> {
    let mut all = vec![json!({ "a": { "b": [] } }), json!([[[]]]), json!([{ "gid": {} }])];
    match kind {
        JsonType::String => all.extend([json!(7), json!(true)]),
        JsonType::Gid => all.extend([json!("'"), json!(true), json!(1.5)]),
        JsonType::DateTime | JsonType::Date => {
            all.extend([json!("soon"), json!(7), json!("2026-02-30"), json!("99999-01-01")]);
        }
        JsonType::Integer => all.extend([json!("x"), json!(1e300), json!(true)]),
        JsonType::Number => all.extend([json!("x"), json!("nan"), json!(true)]),
        JsonType::Boolean => all.extend([json!("x"), json!(7)]),
        JsonType::Strings => all.extend([json!(7), json!([7])]),
        JsonType::Object | JsonType::Objects => all.extend([json!(true), json!(1.5)]),
    }
    all
}

#[test]
fn values_of_the_wrong_type_are_refused_by_name() {
    on_both(|app| {
        scene(app);
        let mut wrong = Complaints::default();

        for case in CASES {
            let Some(operation) = operation(app, case) else { continue };
            let (kind, creates) = match operation.input {
                Input::Create(kind) => (kind, true),
                Input::Update(kind) => (kind, false),
                _ => continue,
            };
            let info = app.server.registry.get(kind).unwrap();
            for field in &info.fields {
                let writable = if creates { field.writable.0 } else { field.writable.1 };
                // What the path names is not read from the body.
                let in_path = operation.path.contains(&format!("{{{}_gid}}", field.name));
                if !writable || creates && in_path {
                    continue;
                }
                // Lists and records may not apply to the object at hand, and are then not looked at.
                let is_plain = matches!(field.kind, Kind::Scalar | Kind::One(_))
                    && !field.write_only
                    && field.json != JsonType::Strings;
                let mut values = wrong_values(field.json);
                if matches!(field.kind, Kind::One(_)) {
                    values.extend([json!("'"), json!("99999999999999999999"), json!("")]);
                }
                if !field.values.is_empty() {
                    values.push(json!("no such value"));
                }
                for value in values {
                    let mut data: Value = serde_json::from_str(case.body).unwrap();
                    data[field.name] = value.clone();
                    let method: Method = operation.method.parse().unwrap();
                    let reply = app.as_("ada").json(method, case.path, &json!({ "data": data }));
                    let place = format!("{} {}={value}", case.id, field.name);
                    let lenient = !is_plain || value == json!("");
                    blames_sender(&reply, lenient, &place, &mut wrong);
                    if reply.status == 400 && is_plain {
                        let message = reply.error(400);
                        wrong.unless(message.contains(field.name), || {
                            format!("{place}: does not name the field: {message}")
                        });
                    }
                }
            }
        }

        wrong.none();
    });
}

#[test]
fn hostile_texts_are_only_texts() {
    on_both(|app| {
        scene(app);
        let mut wrong = Complaints::default();
        let encode = server::http::request::percent_encode;

        for case in CASES {
            let Some(operation) = operation(app, case) else { continue };
            let method: Method = operation.method.parse().unwrap();
            for text in TEXTS {
                // In place of each path parameter.
                for (at, segment) in operation.full_path().split('/').enumerate() {
                    if !segment.starts_with('{') {
                        continue;
                    }
                    let path = full_path(case.path.split('?').next().unwrap());
                    let path: Vec<String> = path
                        .split('/')
                        .enumerate()
                        .map(|(n, part)| if n == at { encode(text) } else { part.to_owned() })
                        .collect();
                    let body = if case.body.is_empty() {
                        String::new()
                    } else {
                        format!(r#"{{"data":{}}}"#, case.body)
                    };
                    let headers = [("content-type", "application/json")];
                    let reply =
                        app.as_("ada").request(method.clone(), &path.join("/"), &headers, body);
                    blames_sender(
                        &reply,
                        false,
                        &format!("{} {}", case.id, path.join("/")),
                        &mut wrong,
                    );
                }
                if operation.writes() {
                    continue;
                }
                // In each query parameter, the options too.
                let options = ["opt_fields", "opt_expand", "limit", "offset", "unknown"];
                for name in operation.query.iter().map(|query| query.name).chain(options) {
                    let join = if case.path.contains('?') { '&' } else { '?' };
                    let path = format!("{}{join}{}={}", case.path, encode(name), encode(text));
                    let reply = app.as_("ada").get(&path);
                    blames_sender(&reply, true, &format!("{} {path}", case.id), &mut wrong);
                }
            }
            if operation.writes() {
                // In each field of the body.
                let data: Value =
                    serde_json::from_str(if case.body.is_empty() { "{}" } else { case.body })
                        .unwrap();
                for name in data.as_object().unwrap().keys() {
                    for text in TEXTS {
                        if matches!(name.as_str(), "name" | "text" | "html_text")
                            || operation.is_outside
                        {
                            continue;
                        }
                        let mut data = data.clone();
                        data[name] = json!(text);
                        let reply = app.as_("ada").json(
                            method.clone(),
                            case.path,
                            &json!({ "data": data }),
                        );
                        blames_sender(
                            &reply,
                            true,
                            &format!("{} {name}={text}", case.id),
                            &mut wrong,
                        );
                    }
                }
            }
        }

        wrong.none();
    });
}

#[test]
fn names_are_stored_as_they_are() {
    on_both(|app| {
        scene(app);

        for text in TEXTS {
            let reply = app.as_("ada").put("/tags/906", json!({ "name": text }));

            assert_eq!(reply.data()["name"], text);
            assert_eq!(app.as_("ada").get("/tags/906").data()["name"], text);
        }
    });
}

#[test]
fn cursors_that_were_not_given_are_refused() {
    on_both(|app| {
        scene(app);
        let mut wrong = Complaints::default();
        app.has("tag", json!({ "name": "third" }));
        let page = app.as_("ada").get("/workspaces/101/tags?limit=1").json();
        let offset = page["next_page"]["offset"].as_str().unwrap().to_owned();

        for (user, path) in [
            ("ada", "/workspaces/101/tags?limit=1"),
            ("bob", "/workspaces/101/tags?limit=1"),
            ("ada", "/tags?limit=1"),
            ("ada", "/tags?workspace=101&limit=1"),
        ] {
            let own = (user, path) == ("ada", "/workspaces/101/tags?limit=1");
            let reply = app.as_(user).get(&format!("{path}&offset={offset}"));
            let expected = if own { 200 } else { 400 };
            wrong.unless(reply.status == expected, || format!("{user} {path}: {}", reply.text()));
        }
        let forged: String = offset.chars().rev().collect();
        for forged in
            [forged.as_str(), "x", "AAAA", "eyJhIjoxfQ", &offset[1..], &format!("{offset}A")]
        {
            let path = format!("/workspaces/101/tags?limit=1&offset={forged}");
            let reply = app.as_("ada").get(&path);
            wrong.unless(reply.status == 400, || format!("{forged}: {}", reply.text()));
        }
        for limit in ["0", "101", "-1", "1.5", "x", "99999999999999999999"] {
            let reply = app.as_("ada").get(&format!("/tags?limit={limit}"));
            wrong.unless(reply.status == 400, || format!("limit={limit}: {}", reply.text()));
        }

        wrong.none();
    });
}

#[test]
fn selections_that_explode_are_refused() {
    let app = App::sqlite();
    scene(&app);
    let deep = vec!["parent"; 20].join(".");
    let wide = "(a|b|c|d|e|f|g|h).".repeat(6);

    for fields in [deep, wide.clone() + "a", wide] {
        let path =
            format!("/tasks/903?opt_fields={}", server::http::request::percent_encode(&fields));
        assert_eq!(app.as_("ada").get(&path).status, 400, "{fields}");
    }
}
