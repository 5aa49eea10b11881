//! Conditions on every field, each with tasks that meet it and tasks that do not.

use super::{RULES, ada, put, rule, runs, tags_of, world};
use crate::kit::{BOB, on_both};
use serde_json::{Value, json};

#[test]
fn conditions_look_at_every_field() {
    on_both(|app| {
        let world = world(app);
        let field = |kind: &str| {
            let mut fields = json!({ "name": kind, "resource_subtype": kind });
            if kind == "reference" {
                fields["input_restrictions"] = json!(["task"]);
            }
            let field = app.has("custom_field", fields);
            let path = format!("/projects/{}/addCustomFieldSetting", world.project);
            app.as_("ada").post(&path, json!({ "custom_field": field })).data();
            field
        };
        let kinds = ["text", "number", "date", "people", "reference"];
        let [text, number, date, people, reference] = kinds.map(field);
        let [choice, choices] = ["enum", "multi_enum"].map(field);
        let option = |field: &str, name: &str| {
            app.has("enum_option", json!({ "custom_field": field, "name": name }))
        };
        let (high, low) = (option(&choice, "High"), option(&choice, "Low"));
        let (red, blue) = (option(&choices, "Red"), option(&choices, "Blue"));
        let target = app.has("task", json!({ "name": "Target" }));
        let full = world.task(
            app,
            json!({
                "name": "Write the Report", "notes": "for Friday", "assignee": BOB, "due_on": "2026-01-03",
                "start_on": "2026-01-02", "tags": [world.tag], "followers": [BOB],
                "custom_fields": {
                    &text: "Alpha", &number: 5, &date: { "date": "2026-01-10" }, &people: [BOB],
                    &reference: [target], &choice: high, &choices: [red],
                },
            }),
        );
        let bare = world.task(app, json!({ "name": "Other", "completed": true }));

        let custom = |field: &str, operator: &str, value: Value| json!({ "field": "custom_field", "custom_field": field, "operator": operator, "value": value });
        let plain = |field: &str, operator: &str, value: Value| json!({ "field": field, "operator": operator, "value": value });
        // Each holds for the full task and not for the bare one.
        let conditions = [
            plain("name", "contains", json!("report")),
            plain("name", "is", json!("write the report")),
            plain("name", "is_not", json!("Other")),
            plain("name", "not_contains", json!("other")),
            plain("notes", "contains", json!("Friday")),
            plain("notes", "is_set", Value::Null),
            plain("assignee", "is", json!(BOB)),
            plain("assignee", "is_set", Value::Null),
            plain("completed", "is", json!(false)),
            plain("completed", "is_not", json!(true)),
            plain("completed_at", "is_not_set", Value::Null),
            plain("due_on", "before", json!("2026-01-04")),
            plain("due_on", "after", json!({ "days": 1 })),
            plain("due_on", "within", json!({ "days": 2 })),
            plain("due_on", "is", json!({ "days": 2 })),
            plain("due_on", "is_set", Value::Null),
            plain("start_on", "is", json!("2026-01-02")),
            plain("tag", "contains", json!(world.tag)),
            plain("tag", "is_set", Value::Null),
            plain("follower", "contains", json!([BOB])),
            custom(&text, "is", json!("alpha")),
            custom(&text, "contains", json!("PH")),
            custom(&number, "greater_than", json!(4.5)),
            custom(&number, "less_than", json!(6)),
            custom(&number, "is", json!(5)),
            custom(&number, "is_set", Value::Null),
            custom(&date, "after", json!("2026-01-09")),
            custom(&date, "within", json!(9)),
            custom(&people, "contains", json!(BOB)),
            custom(&reference, "contains", json!(target)),
            custom(&reference, "is_set", Value::Null),
            custom(&choice, "is", json!(high)),
            custom(&choice, "is", json!([low, high])),
            custom(&choices, "contains", json!([red])),
        ];
        let rule = world.tags(app, json!({ "type": "comment_added" }), json!([]));
        let check = |condition: &Value, task: &str| {
            app.as_("ada")
                .put(&format!("{RULES}/{rule}"), json!({ "conditions": [condition] }))
                .data();
            let path = format!("{RULES}/{rule}/test");
            app.as_("ada").post(&path, json!({ "task": task })).data()["would_run"] == true
        };
        for condition in &conditions {
            assert!(check(condition, &full), "holds: {condition}");
            assert!(!check(condition, &bare), "does not hold: {condition}");
        }
        // Each holds for both.
        for condition in [
            plain("section", "contains", json!(world.first)),
            plain("section", "not_contains", json!(world.second)),
            plain("project", "is", json!(world.project)),
            plain("created_by", "is", ada()),
            plain("actor", "is", json!("me")),
            plain("actor", "is_not", json!(BOB)),
            plain("created_at", "is", json!({ "days": 0 })),
            plain("resource_subtype", "is", json!(["milestone", "default_task"])),
            plain("approval_status", "is_not_set", Value::Null),
            plain("parent", "is_not_set", Value::Null),
            custom(&choices, "not_contains", json!(blue)),
            custom(&number, "is_not", json!(6)),
        ] {
            assert!(check(&condition, &full), "holds: {condition}");
            assert!(check(&condition, &bare), "holds: {condition}");
        }
    });
}

#[test]
fn all_or_any_of_the_conditions_have_to_hold() {
    on_both(|app| {
        let world = world(app);
        let conditions = json!([
            { "field": "name", "operator": "contains", "value": "x" },
            { "field": "completed", "operator": "is", "value": true },
        ]);
        let all = world.tags(
            app,
            json!({ "type": "field_changed", "field": "notes" }),
            conditions.clone(),
        );
        let any = rule(
            app,
            &world.project,
            json!({ "type": "field_changed", "field": "notes" }),
            conditions,
            json!([{ "type": "comment", "text": "Hello" }]),
        );
        app.as_("ada").put(&format!("{RULES}/{any}"), json!({ "match": "any" })).data();
        let tasks = [("a", false), ("x", false), ("x", true)].map(|(name, completed)| {
            world.task(app, json!({ "name": name, "completed": completed }))
        });

        for task in &tasks {
            put(app, task, json!({ "notes": "changed" }));
            app.run_rules();
        }

        assert_eq!(tasks.map(|task| tags_of(app, &task)), [0, 0, 1]);
        let told = [
            "succeeded",
            "skipped: Condition 2 does not hold",
            "skipped: Condition 1 does not hold",
        ];
        assert_eq!(runs(app, &all), told);
        assert_eq!(runs(app, &any), ["succeeded", "succeeded", "skipped: No condition holds"]);
    });
}
