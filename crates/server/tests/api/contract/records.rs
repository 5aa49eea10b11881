//! Each type whole: the default record and the record with every field, as they go over the wire, against a file.
//!
//! The files are `contract/snapshots/TYPE.json`. A new type needs an object in the scene, its path in [`objects`](super::objects), and
//! a file, which this makes:
//!
//! ```text
//! UPDATE_SNAPSHOTS=1 cargo test --workspace --test api records
//! ```
//!
//! The same command refreshes all files after a change that was meant; look at the difference before you commit it.

use super::scene::scene;
use super::{Complaints, objects};
use crate::kit::{App, on_both};
use serde_json::Value;
use server::api::Operation;
use server::api::operations::Output;
use std::path::PathBuf;

/// Types that no operation reads by themselves, and where they are shown whole.
const INSIDE: &[(&str, &str)] = &[("enum_option", "custom_field")];

/// Types that belong to whoever asks and are no objects of the scene; the tests of their operations show them.
const OWN: &[&str] = &["session", "token", "preferences", "invitation"];

const REFRESH: &str =
    "run `UPDATE_SNAPSHOTS=1 cargo test --workspace --test api records` and look at what it writes";

fn file_of(kind: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/contract/snapshots");
    PathBuf::from(folder).join(format!("{kind}.json"))
}

/// The record at `path`, or the last one of the list there, with the fields in the order of the wire.
fn record(app: &App, path: &str) -> String {
    let reply = app.as_("ada").get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    let text = reply.pretty();
    let is_list = reply.data().as_array().is_some_and(|rows| !rows.is_empty());
    let (open, close) = if is_list { ("\n    {\n", "\n    }") } else { ("\"data\": {\n", "\n  }") };
    let found = if is_list { text.rfind(open) } else { text.find(open) };
    let from = found.unwrap() + open.len();
    let whole = &text[from..];
    let whole = &whole[..whole.find(close).unwrap()];
    let indent = if is_list { 6 } else { 4 };
    let lines: Vec<String> =
        whole.lines().map(|line| format!("    {}", line.get(indent..).unwrap_or(line))).collect();
    format!("{{\n{}\n  }}", lines.join("\n"))
}

#[test]
fn each_type_is_shown_as_its_snapshot_says() {
    let is_refresh = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    on_both(|app| {
        scene(app);
        let mut wrong = Complaints::default();
        let paths = objects();

        for info in app.server.registry.all() {
            let kind = info.name;
            if INSIDE.iter().any(|(inner, outer)| *inner == kind && paths.contains_key(outer)) {
                continue;
            }
            if OWN.contains(&kind) {
                continue;
            }
            let answers = |operation: &Operation| matches!(operation.output, Output::One(name) | Output::List(name) | Output::FullList(name) if name == kind);
            if !app.server.operations.iter().any(answers) {
                continue;
            }
            let Some(path) = paths.get(kind) else {
                wrong.0.push(format!(
                    "{kind}: put one into the scene and its path into `objects` (contract/mod.rs), then {REFRESH}"
                ));
                continue;
            };
            let shown = info.fields.iter().filter(|field| !field.write_only);
            let all: Vec<&str> = shown.map(|field| field.name).collect();
            let separator = if path.contains('?') { '&' } else { '?' };
            let every = format!("{path}{separator}opt_fields={}", all.join(","));
            let found = format!(
                "{{\n  \"default\": {},\n  \"every field\": {}\n}}\n",
                record(app, path),
                record(app, &every)
            );
            let parsed: Result<Value, _> = serde_json::from_str(&found);
            assert!(parsed.is_ok(), "{kind}: {found}");
            let file = file_of(kind);
            if is_refresh {
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(&file, &found).unwrap();
                continue;
            }
            match std::fs::read_to_string(&file) {
                Err(_) => wrong.0.push(format!("{kind} has no snapshot: {REFRESH}")),
                Ok(expected) if expected == found => {}
                Ok(expected) => {
                    let lines = expected.lines().zip(found.lines());
                    let first = lines.enumerate().find(|(_, (old, new))| old != new);
                    wrong.0.push(match first {
                        Some((at, (old, new))) => format!(
                            "{kind}: line {} is\n    {new}\nand was\n    {old}\nIf that is meant, {REFRESH}\n{found}",
                            at + 1
                        ),
                        None => format!("{kind}: one is longer. If that is meant, {REFRESH}\n{found}"),
                    });
                }
            }
        }
        let known: Vec<PathBuf> = paths.keys().map(|kind| file_of(kind)).collect();
        for entry in std::fs::read_dir(file_of("x").parent().unwrap()).into_iter().flatten() {
            let file = entry.unwrap().path();
            wrong
                .unless(known.contains(&file), || format!("{} belongs to no type", file.display()));
        }

        wrong.none();
    });
}
