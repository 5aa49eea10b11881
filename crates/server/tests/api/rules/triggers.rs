//! Every trigger with what sets it off and what does not, and every action with what it leaves behind.

use super::{RULES, World, put, read, rule, runs, tags_of, world};
use crate::kit::{App, BOB, on_both};
use serde_json::{Value, json};

/// Something that is done to a task, beside which there is another one.
type Deed = fn(&App, &World, &str);

/// A trigger, how the task is beforehand, what sets it off, and what does not.
struct Case {
    trigger: fn(&World) -> Value,
    before: fn() -> Value,
    deed: Deed,
    other: Deed,
}

fn rename(app: &App, _: &World, task: &str) {
    put(app, task, json!({ "name": "Other" }));
}

fn complete(app: &App, _: &World, task: &str) {
    put(app, task, json!({ "completed": true }));
}

fn reopen(app: &App, _: &World, task: &str) {
    put(app, task, json!({ "completed": false }));
}

fn move_to_second(app: &App, world: &World, task: &str) {
    let path = format!("/sections/{}/addTask", world.second);
    app.as_("ada").post(&path, json!({ "task": task })).data();
}

fn comment(app: &App, _: &World, task: &str) {
    app.has("story", json!({ "task": task, "text": "Done?" }));
}

fn approve(app: &App, _: &World, task: &str) {
    put(app, task, json!({ "approval_status": "approved" }));
}

fn reject(app: &App, _: &World, task: &str) {
    put(app, task, json!({ "approval_status": "rejected" }));
}

const CASES: &[Case] = &[
    Case {
        trigger: |world| json!({ "type": "task_moved", "section": world.second }),
        before: || json!({}),
        deed: move_to_second,
        other: rename,
    },
    Case {
        trigger: |_| json!({ "type": "task_moved" }),
        before: || json!({}),
        deed: move_to_second,
        other: complete,
    },
    Case {
        trigger: |world| json!({ "type": "task_added", "section": world.second }),
        before: || json!({}),
        deed: move_to_second,
        other: rename,
    },
    Case {
        trigger: |_| json!({ "type": "field_changed", "field": "name" }),
        before: || json!({}),
        deed: rename,
        other: complete,
    },
    Case {
        trigger: |_| json!({ "type": "field_changed", "field": "due_on" }),
        before: || json!({}),
        deed: |app, _, task| put(app, task, json!({ "due_at": "2026-02-01T10:00:00Z" })),
        other: rename,
    },
    Case {
        trigger: |_| json!({ "type": "field_changed", "field": "assignee" }),
        before: || json!({}),
        deed: |app, _, task| put(app, task, json!({ "assignee": BOB })),
        other: rename,
    },
    Case {
        trigger: |_| json!({ "type": "field_changed", "field": "notes" }),
        before: || json!({}),
        deed: |app, _, task| put(app, task, json!({ "notes": "More" })),
        other: rename,
    },
    Case {
        trigger: |_| json!({ "type": "completed" }),
        before: || json!({}),
        deed: complete,
        other: rename,
    },
    Case {
        trigger: |_| json!({ "type": "reopened" }),
        before: || json!({ "completed": true }),
        deed: reopen,
        other: rename,
    },
    Case {
        trigger: |_| json!({ "type": "comment_added" }),
        before: || json!({}),
        deed: comment,
        other: complete,
    },
    Case {
        trigger: |_| json!({ "type": "approval_changed", "approval_status": "approved" }),
        before: || json!({ "resource_subtype": "approval" }),
        deed: approve,
        other: reject,
    },
];

#[test]
fn each_trigger_is_set_off_by_what_it_names_and_by_nothing_else() {
    on_both(|app| {
        for case in CASES {
            let world = world(app);
            let [hit, missed] = [0, 1].map(|_| world.task(app, (case.before)()));
            let trigger = (case.trigger)(&world);
            let rule = world.tags(app, trigger.clone(), json!([]));

            (case.deed)(app, &world, &hit);
            (case.other)(app, &world, &missed);
            app.run_rules();

            assert_eq!(tags_of(app, &hit), 1, "{trigger}");
            assert_eq!(tags_of(app, &missed), 0, "{trigger}");
            assert_eq!(runs(app, &rule), ["succeeded"], "{trigger}");
        }
    });
}

#[test]
fn new_tasks_set_rules_off_wherever_they_come_from() {
    on_both(|app| {
        let world = world(app);
        let old = world.task(app, json!({}));
        let rule = world.tags(app, json!({ "type": "task_added" }), json!([]));

        let new = world.task(app, json!({}));
        let stray = app.has("task", json!({}));
        let path = format!("/tasks/{stray}/addProject");
        app.as_("ada").post(&path, json!({ "project": world.project })).data();
        let subtask = app.has("task", json!({ "parent": new }));
        app.run_rules();

        assert_eq!(runs(app, &rule).len(), 2);
        let tagged = [&old, &new, &stray, &subtask].map(|task| tags_of(app, task));
        assert_eq!(tagged, [0, 1, 1, 0]);
    });
}

#[test]
fn a_custom_field_sets_off_only_the_rules_that_name_it() {
    on_both(|app| {
        let world = world(app);
        let [size, other] = ["Size", "Other"].map(|name| {
            let field =
                app.has("custom_field", json!({ "name": name, "resource_subtype": "number" }));
            let path = format!("/projects/{}/addCustomFieldSetting", world.project);
            app.as_("ada").post(&path, json!({ "custom_field": field })).data();
            field
        });
        let task = world.task(app, json!({}));
        let trigger =
            json!({ "type": "field_changed", "field": "custom_field", "custom_field": size });
        let rule = world.tags(app, trigger, json!([]));

        put(app, &task, json!({ "custom_fields": { &other: 1 } }));
        app.run_rules();
        assert_eq!(runs(app, &rule), [""; 0]);
        put(app, &task, json!({ "custom_fields": { &size: 1 } }));
        app.run_rules();

        assert_eq!(runs(app, &rule), ["succeeded"]);
    });
}

#[test]
fn a_task_is_unblocked_when_the_last_one_it_waits_for_is_done() {
    on_both(|app| {
        let world = world(app);
        let waiting = world.task(app, json!({}));
        let [one, two] = [0, 1].map(|_| app.has("task", json!({})));
        let path = format!("/tasks/{waiting}/addDependencies");
        app.as_("ada").post(&path, json!({ "dependencies": [one, two] })).data();
        let rule = world.tags(app, json!({ "type": "unblocked" }), json!([]));

        put(app, &one, json!({ "completed": true }));
        app.run_rules();
        assert_eq!(runs(app, &rule), [""; 0]);
        let path = format!("/tasks/{waiting}/removeDependencies");
        app.as_("ada").post(&path, json!({ "dependencies": [two] })).data();
        app.run_rules();
        assert_eq!(runs(app, &rule), ["succeeded"]);

        let third = app.has("task", json!({}));
        let path = format!("/tasks/{waiting}/addDependencies");
        app.as_("ada").post(&path, json!({ "dependencies": [third] })).data();
        put(app, &third, json!({ "completed": true }));
        app.run_rules();
        assert_eq!(runs(app, &rule).len(), 2);
    });
}

#[test]
fn each_action_is_what_a_person_could_have_done() {
    on_both(|app| {
        let world = world(app);
        let other = app.has("project", json!({ "name": "Other" }));
        let field = |name: &str, kind: &str| {
            let field = app.has("custom_field", json!({ "name": name, "resource_subtype": kind }));
            let path = format!("/projects/{}/addCustomFieldSetting", world.project);
            app.as_("ada").post(&path, json!({ "custom_field": field })).data();
            field
        };
        let (number, day, people) =
            (field("n", "number"), field("d", "date"), field("p", "people"));
        let choice = field("c", "enum");
        let option = app.has("enum_option", json!({ "custom_field": choice, "name": "High" }));
        let actions = json!([
            { "type": "set_field", "field": "name", "value": "Renamed" },
            { "type": "set_field", "field": "html_notes", "value": "<body><strong>Read</strong></body>" },
            { "type": "set_custom_field", "custom_field": number, "value": 7 },
            { "type": "set_custom_field", "custom_field": choice, "value": option },
            { "type": "set_custom_field", "custom_field": people, "value": [BOB] },
            { "type": "set_date", "field": "custom_field", "custom_field": day, "relative_to": "today", "days": 1 },
            { "type": "assign", "assignee": BOB },
            { "type": "set_date", "field": "due_on", "relative_to": "trigger", "days": 3 },
            { "type": "set_date", "field": "start_on", "relative_to": "due_on", "days": -2 },
            { "type": "move_to_section", "section": world.second },
            { "type": "add_project", "project": other },
            { "type": "add_tag", "tag": world.tag },
            { "type": "add_followers", "followers": [BOB] },
            { "type": "comment", "html_text": "<body>Look, <em>here</em></body>" },
            { "type": "create_subtask", "name": "Check", "due_in_days": 1 },
            { "type": "create_task", "name": "Next", "section": world.first, "assignee": BOB, "notes": "More" },
            { "type": "post_status", "status_type": "at_risk", "title": "Late", "text": "Sorry" },
            { "type": "complete" },
        ]);
        let task = world.task(app, json!({ "completed": true }));
        let rule = rule(app, &world.project, json!({ "type": "reopened" }), json!([]), actions);
        put(app, &task, json!({ "completed": false }));
        app.settle();
        app.events();

        app.run_rules();

        assert_eq!(runs(app, &rule), ["succeeded"]);
        let fields = "name,notes,completed,assignee.name,due_on,start_on,memberships.section.name,tags.name,num_subtasks,custom_fields.display_value,followers.name";
        let after = read(app, &task, fields);
        assert_eq!(after["name"], "Renamed");
        assert_eq!(after["notes"], "Read");
        assert_eq!(after["completed"], true);
        assert_eq!(after["assignee"]["name"], "Bob");
        assert_eq!(
            (&after["due_on"], &after["start_on"]),
            (&json!("2026-01-04"), &json!("2026-01-02"))
        );
        assert_eq!(after["memberships"][0]["section"]["name"], "Second");
        assert_eq!(after["memberships"].as_array().unwrap().len(), 2);
        assert_eq!(after["tags"][0]["name"], "seen");
        assert_eq!(after["num_subtasks"], 1);
        let values: Vec<&Value> = after["custom_fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["display_value"])
            .collect();
        assert_eq!(values, ["7", "2026-01-02", "Bob", "High"]);
        let stories =
            app.as_("ada").get(&format!("/tasks/{task}/stories?opt_fields=text,created_by,type"));
        let last = stories.data();
        let comment =
            last.as_array().unwrap().iter().find(|story| story["text"] == "Look, here").unwrap();
        assert_eq!(comment["created_by"], Value::Null);
        let status = app.as_("ada").get(&format!("/status_updates?parent={}", world.project));
        assert_eq!(status.column("title"), ["Late"]);
        let tasks = app.as_("ada").get(&format!("/sections/{}/tasks", world.first));
        assert_eq!(tasks.column("name"), ["Next"]);
        let told = app.events();
        assert!(told.iter().all(|line| line.ends_with("by nobody")), "{told:?}");
        assert!(told.len() > 20, "{told:?}");
    });
}

#[test]
fn a_template_is_made_a_task_of_by_a_job_that_belongs_to_the_rule() {
    on_both(|app| {
        let world = world(app);
        let pattern = app.has("task", json!({ "name": "Pattern" }));
        let path = format!("/api/vinyasa/1/tasks/{pattern}/saveAsTemplate");
        let fields = json!({ "project": world.project, "name": "Routine" });
        let template = app.as_("ada").post(&path, fields).gid();
        app.run_jobs();
        let task = world.task(app, json!({}));
        let actions =
            json!([{ "type": "create_from_template", "task_template": template, "name": "Made" }]);
        let rule = rule(app, &world.project, json!({ "type": "completed" }), json!([]), actions);
        let shown = app.as_("ada").get(&format!("{RULES}/{rule}")).data();
        assert_eq!(shown["actions"][0]["task_template"]["name"], "Routine");

        put(app, &task, json!({ "completed": true }));
        app.events();
        app.run_rules();
        app.run_jobs();

        let tasks = app.as_("ada").get(&format!("/projects/{}/tasks", world.project));
        assert!(tasks.column("name").contains(&"Made".to_owned()), "{}", tasks.text());
        let told = app.events();
        assert!(
            !told.is_empty() && told.iter().all(|line| line.ends_with("by nobody")),
            "{told:?}"
        );
    });
}

#[test]
fn what_was_added_can_be_taken_away_again() {
    on_both(|app| {
        let world = world(app);
        let other = app.has("project", json!({}));
        let task = world.task(
            app,
            json!({ "tags": [world.tag], "followers": [BOB], "assignee": BOB, "completed": true }),
        );
        let path = format!("/tasks/{task}/addProject");
        app.as_("ada").post(&path, json!({ "project": other })).data();
        let actions = json!([
            { "type": "remove_tag", "tag": world.tag },
            { "type": "remove_project", "project": other },
            { "type": "assign", "assignee": null },
            { "type": "remove_followers", "followers": [BOB] },
            { "type": "reopen" },
        ]);
        rule(
            app,
            &world.project,
            json!({ "type": "field_changed", "field": "name" }),
            json!([]),
            actions,
        );

        put(app, &task, json!({ "name": "Other" }));
        app.run_rules();

        let after = read(app, &task, "tags,projects,assignee,followers.name,completed");
        assert_eq!(after["tags"], json!([]));
        assert_eq!(after["projects"].as_array().unwrap().len(), 1);
        assert_eq!(after["assignee"], Value::Null);
        assert_eq!(after["completed"], false);
        assert_eq!(after["followers"][0]["name"], "Ada");
    });
}

#[test]
fn a_web_request_brings_texts_along() {
    on_both(|app| {
        let world = world(app);
        let task = world.task(app, json!({}));
        let actions = json!([
            { "type": "set_field", "field": "name", "value": "From {{who}}{{nobody}}" },
            { "type": "comment", "html_text": "<body>{{what}}</body>" },
        ]);
        let rule = rule(
            app,
            &world.project,
            json!({ "type": "incoming_web_request" }),
            json!([]),
            actions,
        );
        let trigger =
            app.as_("ada").get(&format!("{RULES}/{rule}")).data()["rule_trigger"]["gid"].clone();
        let path = format!("/rule_triggers/{}/run", trigger.as_str().unwrap());
        let data = json!({ "who": "Zoe", "what": "<script>&" });

        let reply = app.as_("bob").post(&path, json!({ "resource": task, "action_data": data }));
        assert_eq!(
            reply.data(),
            json!({ "message": "Successfully saved the payload and ran the rule" })
        );
        app.run_rules();

        assert_eq!(runs(app, &rule), ["succeeded"]);
        assert_eq!(read(app, &task, "name")["name"], "From Zoe");
        let stories = app.as_("ada").get(&format!("/tasks/{task}/stories?opt_fields=text"));
        assert!(stories.column("text").contains(&"<script>&".to_owned()), "{}", stories.text());

        let refused = |body: Value| app.as_("ada").post(&path, body).error(400);
        assert_eq!(refused(json!({ "resource": task })), "action_data: Missing input");
        assert_eq!(refused(json!({ "action_data": {} })), "resource: Missing input");
        assert_eq!(
            refused(json!({ "resource": task, "action_data": { "n": 1 } })),
            "action_data: n: Must be a string"
        );
        let stray = app.has("task", json!({}));
        assert_eq!(
            refused(json!({ "resource": stray, "action_data": {} })),
            "resource: Must be a task of the rule's project"
        );
        app.as_("ada").put(&format!("{RULES}/{rule}"), json!({ "enabled": false })).data();
        assert_eq!(
            refused(json!({ "resource": task, "action_data": {} })),
            "rule_trigger: The rule is switched off"
        );
    });
}
