//! What can be saved, who may, and what is shown to whom.

use super::{RULES, rule, world};
use crate::kit::{BOB, EVE, MALLORY, on_both};
use serde_json::{Value, json};

#[test]
fn a_rule_is_shown_with_the_names_of_what_it_is_about() {
    on_both(|app| {
        let world = world(app);
        let fields = json!({
            "project": world.project, "name": "Sort", "enabled": false, "match": "any",
            "trigger": { "type": "task_added", "section": world.first },
            "conditions": [
                { "field": "assignee", "operator": "is", "value": BOB },
                { "field": "due_on", "operator": "within", "value": 3 },
            ],
            "actions": [{ "type": "move_to_section", "section": { "gid": world.second } }],
        });

        let made = app.as_("ada").post(RULES, fields).data();

        assert_eq!(
            made["trigger"],
            json!({ "type": "task_added", "section": { "gid": world.first, "resource_type": "section", "name": "Untitled section" } })
        );
        assert_eq!(
            made["conditions"][0]["value"],
            json!([{ "gid": BOB, "resource_type": "user", "name": "Bob" }])
        );
        assert_eq!(made["conditions"][1]["value"], json!({ "days": 3 }));
        assert_eq!(made["actions"][0]["section"]["name"], "Second");
        assert_eq!((&made["enabled"], &made["match"]), (&json!(false), &json!("any")));
        assert_eq!(made["rule_trigger"]["resource_type"], "rule_trigger");
        assert_eq!(made["owner"]["name"], "Ada");
        // What is shown can be sent back.
        let gid = made["gid"].as_str().unwrap();
        let parts = json!({ "trigger": made["trigger"], "conditions": made["conditions"], "actions": made["actions"] });
        let again = app.as_("bob").put(&format!("{RULES}/{gid}"), parts).data();
        assert_eq!(
            (&again["conditions"], &again["actions"]),
            (&made["conditions"], &made["actions"])
        );
        assert_eq!(again["owner"]["name"], "Bob");
        let list = app.as_("ada").get(&format!("{RULES}?project={}", world.project));
        assert_eq!(list.data()[0]["actions"], made["actions"]);
        assert_eq!(app.as_("ada").delete(&format!("{RULES}/{gid}")).status, 200);
        assert_eq!(app.as_("ada").get(&format!("{RULES}/{gid}")).status, 404);
    });
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    on_both(|app| {
        let world = world(app);
        let stranger =
            app.has("section", json!({ "project": app.has("project", json!({})), "name": "Far" }));
        let private = app.make("ada", "project", json!({ "privacy_setting": "private" }));
        let tag = |fields: Value| {
            let mut all = json!({
                "project": world.project, "name": "rule", "trigger": { "type": "completed" },
                "actions": [{ "type": "add_tag", "tag": world.tag }],
            });
            all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            all
        };
        let one = |part: &str, value: Value| tag(json!({ part: value }));
        let action = |value: Value| one("actions", json!([value]));
        let condition = |value: Value| one("conditions", json!([value]));
        for (fields, message) in [
            (one("name", json!("")), "name: Must not be empty"),
            (one("trigger", json!({})), "trigger: type: Missing input"),
            (one("trigger", json!("completed")), "trigger: Must be an object"),
            (
                one("trigger", json!({ "type": "completed", "section": "1" })),
                "trigger: section: completed takes no such parameter",
            ),
            (
                one("trigger", json!({ "type": "task_added", "section": stranger })),
                "trigger: section: Must be a section of the rule's project",
            ),
            (
                one("trigger", json!({ "type": "due_approaching" })),
                "trigger: Must have days or hours",
            ),
            (
                one("trigger", json!({ "type": "due_approaching", "days": 1, "hours": 1 })),
                "trigger: Must have days or hours",
            ),
            (
                one("trigger", json!({ "type": "field_changed", "field": "custom_field" })),
                "trigger: custom_field: Missing input",
            ),
            (
                one("trigger", json!({ "type": "schedule", "every": "day", "at": "9" })),
                "trigger: at: Must be a time like 09:30",
            ),
            (
                one("trigger", json!({ "type": "schedule", "every": "week", "at": "09:00" })),
                "trigger: weekdays: Missing input",
            ),
            (
                one("trigger", json!({ "type": "schedule", "every": "day", "at": "09:00" })),
                "actions: [0]: add_tag needs a task, and a schedule has none",
            ),
            (one("actions", json!([])), "actions: Must not be empty"),
            (one("match", json!("some")), "match: "),
            (action(json!({ "type": "add_tag" })), "actions: [0]: tag: Missing input"),
            (
                action(json!({ "type": "add_tag", "tag": "999" })),
                "actions: [0]: tag: Unknown object: 999",
            ),
            (
                action(json!({ "type": "assign", "assignee": MALLORY })),
                "actions: [0]: assignee: Unknown object: 205",
            ),
            (
                action(json!({ "type": "comment" })),
                "actions: [0]: text: Must have one of text and html_text",
            ),
            (
                action(json!({ "type": "comment", "html_text": "<b>" })),
                "actions: [0]: html_text: XML is invalid",
            ),
            (
                action(json!({ "type": "call_webhook", "url": "http://169.254.169.254/" })),
                "actions: [0]: url: The server does not call 169.254.169.254",
            ),
            (
                action(json!({ "type": "call_webhook", "url": "ftp://example.com/" })),
                "actions: [0]: url: Must begin with https://",
            ),
            (
                action(json!({ "type": "set_field", "field": "due_on", "value": "soon" })),
                "actions: [0]: value: Date must be",
            ),
            (
                action(json!({ "type": "set_custom_field", "custom_field": "999", "value": 1 })),
                "actions: [0]: custom_field: Not a field of the rule's project: 999",
            ),
            (
                condition(json!({ "field": "colour", "operator": "is", "value": 1 })),
                "conditions: [0]: field: Must be one of name, notes",
            ),
            (
                condition(json!({ "field": "name", "operator": "before", "value": "x" })),
                "conditions: [0]: operator: Must be one of is, is_not, contains",
            ),
            (
                condition(json!({ "field": "name", "operator": "is" })),
                "conditions: [0]: value: Missing input",
            ),
            (
                condition(json!({ "field": "name", "operator": "is_set", "value": "x" })),
                "conditions: [0]: value: is_set takes no value",
            ),
        ] {
            let told = app.as_("ada").post(RULES, fields.clone()).error(400);
            assert!(told.starts_with(message), "{fields}: {told}");
        }
        // What bob does not see he cannot name; it is as if it were not there.
        let fields = action(json!({ "type": "add_project", "project": private }));
        let told = app.as_("bob").post(RULES, fields).error(400);
        assert_eq!(told, format!("actions: [0]: project: Unknown object: {private}"));
        let nothing = format!("{RULES}?project={}", world.project);
        assert_eq!(app.as_("ada").get(&nothing).data(), json!([]));
    });
}

#[test]
fn viewers_see_rules_and_guests_do_not() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        for (member, level) in [(BOB, "viewer"), (EVE, "editor")] {
            let fields = json!({ "parent": project, "member": member, "access_level": level });
            assert_eq!(app.as_("ada").post("/memberships", fields).status, 201);
        }
        let actions = json!([{ "type": "call_webhook", "url": "https://example.com/secret" }]);
        let rule = rule(app, &project, json!({ "type": "completed" }), json!([]), actions);
        let path = format!("{RULES}/{rule}");

        let shown = app.as_("bob").get(&path).data();
        assert_eq!(shown["actions"], json!([{ "type": "call_webhook", "url": null }]));
        assert_eq!(
            app.as_("ada").get(&path).data()["actions"][0]["url"],
            "https://example.com/secret"
        );
        assert_eq!(app.as_("bob").put(&path, json!({ "enabled": false })).status, 403);
        assert_eq!(app.as_("bob").post(&format!("{path}/test"), json!({})).status, 403);
        assert_eq!(app.as_("bob").delete(&path).status, 403);
        assert_eq!(app.as_("bob").get(&format!("{path}/runs")).data(), json!([]));

        assert_eq!(app.as_("eve").get(&path).status, 403);
        let list = format!("{RULES}?project={project}");
        assert_eq!(app.as_("eve").get(&list).data(), json!([]));
        let fields = json!({ "project": project, "name": "hers", "trigger": { "type": "completed" }, "actions": [{ "type": "complete" }] });
        assert_eq!(app.as_("eve").post(RULES, fields.clone()).status, 403);
        assert_eq!(app.as_("bob").post(RULES, fields.clone()).status, 403);
        assert_eq!(app.as_("mallory").post(RULES, fields).status, 400);
        assert_eq!(app.as_("mallory").get(&path).status, 404);
    });
}

#[test]
fn a_private_field_is_hidden_with_its_value() {
    on_both(|app| {
        let world = world(app);
        let path = format!("{RULES}?project={}", world.project);
        let field =
            app.has("custom_field", json!({ "name": "Salary", "resource_subtype": "number" }));
        let setting = format!("/projects/{}/addCustomFieldSetting", world.project);
        app.as_("ada").post(&setting, json!({ "custom_field": field })).data();
        let actions = json!([{ "type": "set_custom_field", "custom_field": field, "value": 4711 }]);
        rule(app, &world.project, json!({ "type": "completed" }), json!([]), actions);
        assert!(app.as_("bob").get(&path).text().contains("4711"));

        // It is in use nowhere any more, and private.
        let setting = format!("/projects/{}/removeCustomFieldSetting", world.project);
        app.as_("ada").post(&setting, json!({ "custom_field": field })).data();
        app.write("UPDATE custom_fields SET privacy_setting = 'private'", &[]);

        let shown = app.as_("bob").get(&path);
        assert_eq!(
            shown.data()[0]["actions"],
            json!([{ "type": "set_custom_field", "custom_field": null, "value": null }])
        );
        assert!(!shown.text().contains("4711"));
    });
}
