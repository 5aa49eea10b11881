//! Rules: what sets them off, what they look at, what they do, and what keeps them in bounds.

mod bounds;
mod conditions;
mod saving;
mod time;
mod triggers;

use crate::kit::{ADA, App};
use serde_json::{Value, json};

/// The operations on rules.
const RULES: &str = "/api/vinyasa/1/rules";

/// A project with the sections First and Second.
struct World {
    project: String,
    first: String,
    second: String,
    tag: String,
}

fn world(app: &App) -> World {
    let project = app.has("project", json!({}));
    let first = app.as_("ada").get(&format!("/projects/{project}/sections")).gids().concat();
    let second = app.has("section", json!({ "project": project, "name": "Second" }));
    let tag = app.has("tag", json!({ "name": "seen" }));
    World { project, first, second, tag }
}

impl World {
    /// A task of ada's in the first section.
    fn task(&self, app: &App, mut fields: Value) -> String {
        let home = json!([{ "project": self.project, "section": self.first }]);
        fields.as_object_mut().unwrap().insert("memberships".to_owned(), home);
        app.has("task", fields)
    }

    /// A rule of ada's that puts the tag on the task.
    fn tags(&self, app: &App, trigger: Value, conditions: Value) -> String {
        rule(
            app,
            &self.project,
            trigger,
            conditions,
            json!([{ "type": "add_tag", "tag": self.tag }]),
        )
    }
}

/// A rule of ada's. What happened before it is none of its business, so time passes.
fn rule(app: &App, project: &str, trigger: Value, conditions: Value, actions: Value) -> String {
    rule_of(app, "ada", project, trigger, conditions, actions)
}

fn rule_of(
    app: &App,
    user: &str,
    project: &str,
    trigger: Value,
    conditions: Value,
    actions: Value,
) -> String {
    app.tick(1_000);
    let fields = json!({ "project": project, "name": "rule", "trigger": trigger, "conditions": conditions, "actions": actions });
    let reply = app.as_(user).post(RULES, fields);
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.gid()
}

/// What became of the runs of a rule, the newest first: the outcome, and the reason if there is one.
fn runs(app: &App, rule: &str) -> Vec<String> {
    let reply = app.as_("ada").get(&format!("{RULES}/{rule}/runs?limit=100"));
    let data = reply.data();
    let runs = data.as_array().unwrap().iter();
    runs.map(|run| {
        let outcome = run["outcome"].as_str().unwrap();
        run["reason"]
            .as_str()
            .map_or_else(|| outcome.to_owned(), |reason| format!("{outcome}: {reason}"))
    })
    .collect()
}

fn tags_of(app: &App, task: &str) -> usize {
    app.as_("ada").get(&format!("/tasks/{task}/tags")).gids().len()
}

fn read(app: &App, task: &str, fields: &str) -> Value {
    app.as_("ada").get(&format!("/tasks/{task}?opt_fields={fields}")).data()
}

fn put(app: &App, task: &str, fields: Value) {
    app.as_("ada").put(&format!("/tasks/{task}"), fields).data();
}

/// Ada herself, as rules name her.
fn ada() -> Value {
    json!(ADA)
}
