//! What keeps rules in bounds: depth, rate, rights, and that each happens once.

use super::{RULES, put, read, rule, rule_of, runs, tags_of, world};
use crate::kit::{App, BOB, on_both};
use serde_json::{Value, json};

#[test]
fn rules_that_set_each_other_off_are_stopped() {
    on_both(|app| {
        let world = world(app);
        let flip = |trigger: &str, action: &str| {
            rule(
                app,
                &world.project,
                json!({ "type": trigger }),
                json!([]),
                json!([{ "type": action }]),
            )
        };
        let (done, open) = (flip("completed", "reopen"), flip("reopened", "complete"));
        let task = world.task(app, json!({}));

        put(app, &task, json!({ "completed": true }));
        app.run_rules();

        let stopped = "stopped: Stopped: more than 5 rules in a row have set each other off";
        assert_eq!(runs(app, &done), ["succeeded"; 3]);
        assert_eq!(runs(app, &open), [stopped, "succeeded", "succeeded"]);
    });
}

#[test]
fn a_rule_that_runs_too_often_is_left_out_for_a_minute() {
    on_both(|app| {
        let world = world(app);
        let rule = world.tags(app, json!({ "type": "incoming_web_request" }), json!([]));
        let task = world.task(app, json!({}));
        let trigger =
            app.as_("ada").get(&format!("{RULES}/{rule}")).data()["rule_trigger"]["gid"].clone();
        let path = format!("/rule_triggers/{}/run", trigger.as_str().unwrap());
        let send = || {
            app.as_("ada").post(&path, json!({ "resource": task, "action_data": {} })).data();
        };
        let count = |outcome: &str| {
            app.sql("SELECT count(*) FROM rule_runs AS u WHERE u.outcome = ?", &[&outcome], |row| {
                row.get::<i64>(0)
            })
        };

        (0..105).for_each(|_| send());
        app.run_rules();
        assert_eq!((count("succeeded"), count("stopped")), (vec![100], vec![1]));
        app.tick(60_001);
        send();
        app.run_rules();

        assert_eq!((count("succeeded"), count("stopped")), (vec![101], vec![1]));
    });
}

/// A project that bob may edit.
fn shared(app: &App, level: &str) -> String {
    let project = app.has("project", json!({ "privacy_setting": "private" }));
    let fields = json!({ "parent": project, "member": BOB, "access_level": level });
    assert_eq!(app.as_("ada").post("/memberships", fields).status, 201);
    project
}

#[test]
fn a_rule_is_switched_off_when_its_owner_may_not_edit_the_project_any_more() {
    on_both(|app| {
        let project = shared(app, "editor");
        let trigger = json!({ "type": "completed" });
        let actions = json!([{ "type": "comment", "text": "Done" }]);
        let rule = rule_of(app, "bob", &project, trigger, json!([]), actions);
        let task = app.has("task", json!({ "projects": [project] }));
        let path = format!("/projects/{project}/removeMembers");
        app.as_("ada").post(&path, json!({ "members": BOB })).data();

        put(app, &task, json!({ "completed": true }));
        app.run_rules();

        let reason = "Switched off: the owner of the rule may no longer edit the project";
        assert_eq!(runs(app, &rule), [format!("failed: {reason}")]);
        let shown = app.as_("ada").get(&format!("{RULES}/{rule}")).data();
        assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!(reason)));
        let stories = app.as_("ada").get(&format!("/tasks/{task}/stories"));
        assert!(!stories.text().contains("comment_added"));

        // Whoever saves it is its owner from then on.
        let saved =
            app.as_("ada").put(&format!("{RULES}/{rule}"), json!({ "enabled": true })).data();
        assert_eq!(
            (&saved["disabled_reason"], &saved["owner"]["name"]),
            (&Value::Null, &json!("Ada"))
        );
    });
}

#[test]
fn a_rule_does_no_more_than_its_owner_may() {
    on_both(|app| {
        let project = shared(app, "editor");
        let hers = shared(app, "editor");
        let actions = json!([{ "type": "comment", "text": "Moving" }, { "type": "add_project", "project": hers }]);
        let trigger = json!({ "type": "completed" });
        let rule = rule_of(app, "bob", &project, trigger, json!([]), actions);
        let task = app.has("task", json!({ "projects": [project] }));
        let path = format!("/projects/{hers}/removeMembers");
        app.as_("ada").post(&path, json!({ "members": BOB })).data();

        put(app, &task, json!({ "completed": true }));
        app.run_rules();

        assert_eq!(runs(app, &rule), ["failed: Action 2 (add_project): Forbidden"]);
        assert_eq!(read(app, &task, "projects")["projects"].as_array().unwrap().len(), 1);
        let stories = app.as_("ada").get(&format!("/tasks/{task}/stories?opt_fields=text"));
        assert!(!stories.text().contains("Moving"), "all of the run is undone");
        // What he sees of his own rule is what he sees at all.
        let shown = app.as_("bob").get(&format!("{RULES}/{rule}")).data();
        assert_eq!(shown["actions"][1], json!({ "type": "add_project", "project": null }));
        let shown = app.as_("ada").get(&format!("{RULES}/{rule}")).data();
        assert_eq!(shown["actions"][1]["project"]["gid"], json!(hers));
    });
}

#[test]
fn what_broke_between_the_run_and_the_cursor_happens_once() {
    on_both(|app| {
        let world = world(app);
        let actions = json!([{ "type": "comment", "text": "Once" }]);
        let rule = rule(app, &world.project, json!({ "type": "completed" }), json!([]), actions);
        let task = world.task(app, json!({}));
        put(app, &task, json!({ "completed": true }));
        app.run_rules();

        // The cursor is where it was before, as if it had never been written.
        app.settle();
        app.write("DELETE FROM log_readers WHERE name = 'rules'", &[]);
        app.run_rules();

        assert_eq!(runs(app, &rule), ["succeeded"]);
        let comments = "SELECT count(*) FROM texts AS x WHERE x.plain = 'Once'";
        assert_eq!(app.sql(comments, &[], |row| row.get::<i64>(0)), [1]);
    });
}

#[test]
fn a_trial_says_what_would_happen_and_writes_nothing() {
    on_both(|app| {
        let world = world(app);
        let task = world.task(app, json!({}));
        let actions = json!([
            { "type": "complete" },
            { "type": "move_to_section", "section": world.second },
            { "type": "comment", "text": "Done" },
            { "type": "set_date", "field": "start_on", "relative_to": "due_on", "days": 1 },
            { "type": "add_tag", "tag": world.tag },
        ]);
        let conditions = json!([{ "field": "completed", "operator": "is", "value": false }]);
        let rule = rule(app, &world.project, json!({ "type": "completed" }), conditions, actions);
        let tables = [
            "tasks",
            "stories",
            "texts",
            "events",
            "event_scopes",
            "task_tags",
            "rule_runs",
            "rule_queue",
            "rule_calls",
            "task_projects",
        ];
        let rows = || {
            tables.map(|table| {
                app.sql(&format!("SELECT count(*) FROM {table}"), &[], |row| row.get::<i64>(0))
            })
        };
        let before = rows();

        let said =
            app.as_("bob").post(&format!("{RULES}/{rule}/test"), json!({ "task": task })).data();

        assert_eq!(rows(), before);
        assert_eq!(read(app, &task, "completed")["completed"], false);
        assert_eq!(said["would_run"], false);
        assert_eq!(said["reason"], "Action 4 (set_date): The task has no due date");
        assert_eq!(
            said["conditions"],
            json!([{ "field": "completed", "operator": "is", "holds": true }])
        );
        let outcomes: Vec<&str> = said["actions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["outcome"].as_str().unwrap())
            .collect();
        assert_eq!(outcomes, ["would_run", "would_run", "would_run", "would_fail", "not_reached"]);
        assert_eq!(
            said["actions"][0]["changes"][0]["resource"],
            json!({ "gid": task, "resource_type": "task" })
        );
        assert!(
            said["actions"][0]["changes"][0]["fields"]
                .as_array()
                .unwrap()
                .contains(&json!("completed"))
        );
    });
}

#[test]
fn a_failing_action_undoes_the_run_and_is_told() {
    on_both(|app| {
        let world = world(app);
        let actions = json!([
            { "type": "add_tag", "tag": world.tag },
            { "type": "set_field", "field": "approval_status", "value": "approved" },
        ]);
        let rule = rule(app, &world.project, json!({ "type": "completed" }), json!([]), actions);
        let task = world.task(app, json!({}));

        put(app, &task, json!({ "completed": true }));
        app.run_rules();

        let told =
            "failed: Action 2 (set_field): approval_status: Only approvals have an approval status";
        assert_eq!(runs(app, &rule), [told]);
        assert_eq!(tags_of(app, &task), 0);
    });
}

#[test]
fn calls_are_written_with_the_run_and_made_some_times() {
    on_both(|app| {
        let world = world(app);
        let actions = json!([{ "type": "call_webhook", "url": "http://nowhere.invalid/hook" }]);
        let rule = rule(app, &world.project, json!({ "type": "completed" }), json!([]), actions);
        let task = world.task(app, json!({}));
        put(app, &task, json!({ "completed": true }));
        app.run_rules();
        let calls = || app.sql("SELECT count(*) FROM rule_calls", &[], |row| row.get::<i64>(0));
        assert_eq!(calls(), [1]);
        assert_eq!(runs(app, &rule), ["succeeded"]);

        for _ in 0..5 {
            assert!(app.block_on(server::rules::calls::make_next(&app.server)).unwrap());
            assert!(
                !app.block_on(server::rules::calls::make_next(&app.server)).unwrap(),
                "it waits"
            );
            app.tick(3_600_000);
        }

        assert_eq!(calls(), [0]);
        assert_eq!(runs(app, &rule), ["failed: call_webhook: The address could not be reached"]);
    });
}
