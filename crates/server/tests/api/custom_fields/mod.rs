//! Custom fields: definitions, options, where they are used, values.

mod values;

use crate::kit::{ACME, ADA, App, GLOBEX, on_both};
use serde_json::{Value, json};

/// A project with a field of this kind, its gid, and the field's.
fn used(app: &App, field: Value) -> (String, String) {
    let project = app.has("project", json!({}));
    let field = app.has("custom_field", field);
    attach(app, &project, json!({ "custom_field": field }));
    (project, field)
}

fn attach(app: &App, project: &str, body: Value) -> Value {
    app.as_("ada").post(&format!("/projects/{project}/addCustomFieldSetting"), body).data()
}

fn task_in(app: &App, project: &str) -> String {
    app.has("task", json!({ "projects": [project] }))
}

/// Writes one value and gives the field as the task shows it then.
fn write(app: &App, task: &str, field: &str, value: &Value) -> Value {
    let body = json!({ "custom_fields": { field: value } });
    let task = app.as_("ada").put(&format!("/tasks/{task}"), body).data();
    task["custom_fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["gid"] == field)
        .unwrap_or_else(|| panic!("{field} is not in {task}"))
        .clone()
}

fn refused(app: &App, task: &str, field: &str, value: Value) -> String {
    let body = json!({ "custom_fields": { field: value } });
    app.as_("ada").put(&format!("/tasks/{task}"), body).error(400)
}

fn options(app: &App, field: &str) -> Vec<String> {
    let field = app.as_("ada").get(&format!("/custom_fields/{field}")).data();
    let options = field["enum_options"].as_array().unwrap().clone();
    options.iter().map(|option| option["name"].as_str().unwrap().to_owned()).collect()
}

fn option_gids(app: &App, field: &str) -> Vec<String> {
    let field = app.as_("ada").get(&format!("/custom_fields/{field}")).data();
    let options = field["enum_options"].as_array().unwrap().clone();
    options.iter().map(|option| option["gid"].as_str().unwrap().to_owned()).collect()
}

fn create(app: &App, mut fields: Value) -> crate::kit::Reply {
    fields["workspace"] = json!(ACME);
    app.as_("ada").post("/custom_fields", fields)
}

fn priority() -> Value {
    json!({ "name": "Priority", "resource_subtype": "enum",
        "enum_options": [{ "name": "High", "color": "red" }, { "name": "Low" }] })
}

#[test]
fn a_definition_is_shown_in_full_without_a_value() {
    on_both(|app| {
        let reply = create(app, priority());

        assert_eq!(reply.status, 201);
        assert_eq!(reply.header("location"), Some("/api/1.0/custom_fields/1001"));
        assert_eq!(app.events(), ["custom_field 1001 added by ada"]);
        insta::assert_snapshot!(reply.pretty(), @r#"
        {
          "data": {
            "gid": "1001",
            "resource_type": "custom_field",
            "name": "Priority",
            "type": "enum",
            "enum_options": [
              {
                "gid": "1002",
                "resource_type": "enum_option",
                "name": "High",
                "enabled": true,
                "color": "red"
              },
              {
                "gid": "1003",
                "resource_type": "enum_option",
                "name": "Low",
                "enabled": true,
                "color": "none"
              }
            ],
            "representation_type": "enum",
            "id_prefix": null,
            "is_formula_field": false,
            "is_global_to_workspace": true,
            "has_notifications_enabled": false,
            "asana_created_field": null,
            "is_value_read_only": false,
            "created_by": {
              "gid": "201",
              "resource_type": "user",
              "name": "Ada"
            },
            "privacy_setting": "public_with_guests",
            "default_access_level": "editor",
            "resource_subtype": "enum"
          }
        }
        "#);
    });
}

#[test]
fn a_number_field_says_how_it_is_shown_and_a_description_is_on_request() {
    on_both(|app| {
        let field = create(
            app,
            json!({ "name": "Cost", "type": "number", "precision": 2, "format": "currency", "currency_code": "eur", "description": "What it costs" }),
        )
        .data();

        assert_eq!(field["resource_subtype"], "number");
        assert_eq!(field["precision"], 2);
        assert_eq!(field["format"], "currency");
        assert_eq!(field["currency_code"], "EUR");
        assert_eq!(field["custom_label"], Value::Null);
        assert!(field.get("enum_options").is_none());
        assert!(field.get("description").is_none());
        let path =
            format!("/custom_fields/{}?opt_fields=description", field["gid"].as_str().unwrap());
        assert_eq!(app.as_("ada").get(&path).data()["description"], "What it costs");
    });
}

#[test]
fn a_definition_that_breaks_a_rule_is_refused() {
    on_both(|app| {
        create(app, json!({ "name": "Taken", "resource_subtype": "text" })).data();
        for (fields, message) in [
            (json!({ "name": "A" }), "resource_subtype: Missing input"),
            (
                json!({ "name": "A", "resource_subtype": "blob" }),
                "resource_subtype: Must be one of text, enum, multi_enum, number, date, people, reference, not: blob",
            ),
            (json!({ "resource_subtype": "text" }), "name: Must not be empty"),
            (
                json!({ "name": "tAKEN", "resource_subtype": "text" }),
                "name: A custom field with this name already exists in the workspace",
            ),
            (
                json!({ "name": "Due  date", "resource_subtype": "date" }),
                "name: Must not be the name of a property that every task has",
            ),
            (
                json!({ "name": "A", "resource_subtype": "number", "precision": 7 }),
                "precision: Must be a whole number from 0 to 6",
            ),
            (
                json!({ "name": "A", "resource_subtype": "number", "format": "currency" }),
                "currency_code: Missing input",
            ),
            (
                json!({ "name": "A", "resource_subtype": "number", "format": "currency", "currency_code": "XYZ" }),
                "currency_code: Must be a currency code of ISO 4217",
            ),
            (
                json!({ "name": "A", "resource_subtype": "number", "format": "custom" }),
                "custom_label: Missing input",
            ),
            (
                json!({ "name": "A", "resource_subtype": "reference" }),
                "input_restrictions: Must not be empty",
            ),
            (
                json!({ "name": "A", "resource_subtype": "reference", "input_restrictions": ["user"] }),
                "input_restrictions: Must be a list of task, project, portfolio, goal",
            ),
            (
                json!({ "name": "A", "resource_subtype": "number", "id_prefix": "X" }),
                "id_prefix: Only text fields can have a prefix",
            ),
            (
                json!({ "name": "A", "resource_subtype": "text", "id_prefix": "x1" }),
                "id_prefix: Must be 1 to 20 uppercase letters",
            ),
            (
                json!({ "name": "A", "resource_subtype": "text", "enum_options": [{ "name": "x" }] }),
                "enum_options: Only enum and multi_enum fields have options",
            ),
            (
                json!({ "name": "A", "resource_subtype": "enum", "enum_options": [{ "name": "x" }, { "name": "X" }] }),
                "enum_options: [1]: name: The field already has an option with this name",
            ),
            (
                json!({ "name": "A", "resource_subtype": "enum", "enum_options": [{ "name": "x", "color": "mauve" }] }),
                "enum_options: [0]: color: Must be one of none, red, orange, yellow-orange, yellow, yellow-green, green, blue-green, aqua, blue, indigo, purple, magenta, hot-pink, pink, cool-gray, not: mauve",
            ),
            (
                json!({ "name": "A", "resource_subtype": "enum", "enum_options": [{ "name": "x", "enabled": false }] }),
                "enum_options: At least one option must be enabled",
            ),
        ] {
            assert_eq!(create(app, fields).error(400), message);
        }
        let reply = app
            .as_("ada")
            .post("/custom_fields", json!({ "name": "A", "resource_subtype": "text" }));
        assert_eq!(reply.error(400), "workspace: Missing input");
        create(app, json!({ "name": "A", "resource_subtype": "text", "owned_by_app": true }))
            .error(403);
        let guest = json!({ "workspace": ACME, "name": "A", "resource_subtype": "text" });
        app.as_("eve").post("/custom_fields", guest).error(403);
        // Nothing of what was refused is left.
        assert_eq!(
            app.as_("ada").get(&format!("/workspaces/{ACME}/custom_fields")).column("name"),
            ["Taken"]
        );
    });
}

#[test]
fn changes_keep_type_prefix_and_workspace() {
    on_both(|app| {
        let field = app.has("custom_field", json!({ "name": "Ticket", "id_prefix": "TK" }));
        app.events();

        let changed = app
            .as_("bob")
            .put(
                &format!("/custom_fields/{field}"),
                json!({ "workspace": GLOBEX, "name": "Ticket number", "resource_subtype": "number", "id_prefix": "NO", "has_notifications_enabled": true }),
            )
            .data();

        assert_eq!(changed["name"], "Ticket number");
        assert_eq!(changed["resource_subtype"], "text");
        assert_eq!(changed["id_prefix"], "TK");
        assert_eq!(changed["representation_type"], "custom_id");
        assert_eq!(changed["is_value_read_only"], true);
        assert_eq!(changed["has_notifications_enabled"], true);
        assert_eq!(
            app.events(),
            [format!("custom_field {field} changed name, has_notifications_enabled by bob")]
        );
        app.as_("bob").delete(&format!("/custom_fields/{field}")).error(403);
        app.as_("mallory").get(&format!("/custom_fields/{field}")).error(404);
        app.as_("eve").get(&format!("/custom_fields/{field}")).error(403);
    });
}

#[test]
fn a_deleted_field_disappears_everywhere() {
    on_both(|app| {
        let (project, field) = used(app, json!({ "name": "Size" }));
        let task = task_in(app, &project);
        write(app, &task, &field, &json!("XL"));

        assert_eq!(app.as_("ada").delete(&format!("/custom_fields/{field}")).data(), json!({}));

        app.as_("ada").get(&format!("/custom_fields/{field}")).error(404);
        let settings = app.as_("ada").get(&format!("/projects/{project}/custom_field_settings"));
        assert_eq!(settings.gids(), [""; 0]);
        assert_eq!(
            app.as_("ada").get(&format!("/tasks/{task}")).data()["custom_fields"],
            json!([])
        );
        // The name is free again.
        app.has("custom_field", json!({ "name": "size" }));
    });
}

#[test]
fn fields_of_a_workspace_are_listed_in_full_oldest_first() {
    on_both(|app| {
        let first = app.has("custom_field", priority());
        app.tick(1);
        let second = app.has("custom_field", json!({ "name": "A" }));

        let path = format!("/workspaces/{ACME}/custom_fields");
        let list = app.as_("bob").get(&path);
        assert_eq!(list.gids(), [first.clone(), second]);
        assert_eq!(list.data()[0]["enum_options"][0]["color"], "red");
        assert_eq!(list.data()[0]["created_by"]["name"], "Ada");
        let page = app.as_("bob").get(&format!("{path}?limit=1"));
        assert_eq!(page.gids(), [first]);
        assert!(page.json()["next_page"]["offset"].is_string());
        app.as_("mallory").get(&path).error(404);
    });
}

#[test]
fn options_are_added_moved_and_changed_but_one_stays_enabled() {
    on_both(|app| {
        let field = app.has("custom_field", priority());
        let [high, low] = <[String; 2]>::try_from(option_gids(app, &field)).unwrap();
        app.events();
        let path = format!("/custom_fields/{field}/enum_options");

        let reply = app
            .as_("bob")
            .post(&path, json!({ "name": " Medium ", "color": "yellow", "insert_before": low }));
        assert_eq!(reply.status, 201);
        let medium = reply.gid();
        assert_eq!(
            reply.data(),
            json!({ "gid": medium, "resource_type": "enum_option", "name": "Medium", "enabled": true, "color": "yellow" })
        );
        assert_eq!(
            reply.header("location"),
            Some(format!("/api/1.0/enum_options/{medium}").as_str())
        );
        assert_eq!(options(app, &field), ["High", "Medium", "Low"]);
        assert_eq!(
            app.events(),
            [format!("enum_option {medium} added to custom_field {field} by bob")]
        );
        app.as_("ada").post(&path, json!({ "name": "Top", "insert_after": null })).data();
        assert_eq!(options(app, &field), ["Top", "High", "Medium", "Low"]);
        assert_eq!(
            app.as_("ada").post(&path, json!({ "name": "MEDIUM" })).error(400),
            "name: The field already has an option with this name"
        );

        app.events();
        let insert = format!("{path}/insert");
        let moved =
            app.as_("ada").post(&insert, json!({ "enum_option": high, "after_enum_option": low }));
        assert_eq!((moved.status, moved.gid()), (200, high.clone()));
        assert_eq!(options(app, &field), ["Top", "Medium", "Low", "High"]);
        assert_eq!(app.events(), [format!("custom_field {field} changed enum_options by ada")]);
        app.as_("ada")
            .post(&insert, json!({ "enum_option": high, "before_enum_option": medium }))
            .data();
        assert_eq!(options(app, &field), ["Top", "High", "Medium", "Low"]);
        app.as_("ada")
            .post(&insert, json!({ "enum_option": high, "before_enum_option": high }))
            .data();
        for body in [
            json!({ "enum_option": high }),
            json!({ "enum_option": high, "before_enum_option": low, "after_enum_option": medium }),
            json!({ "enum_option": field, "before_enum_option": low }),
            json!({ "enum_option": high, "before_enum_option": "7" }),
            json!({ "before_enum_option": low }),
        ] {
            app.as_("ada").post(&insert, body).error(400);
        }
        assert_eq!(options(app, &field), ["Top", "High", "Medium", "Low"]);

        app.events();
        let changed = app.as_("ada").put(
            &format!("/enum_options/{low}"),
            json!({ "name": "Lowest", "color": "blue", "enabled": false }),
        );
        assert_eq!(
            changed.data(),
            json!({ "gid": low, "resource_type": "enum_option", "name": "Lowest", "enabled": false, "color": "blue" })
        );
        assert_eq!(
            app.events(),
            [format!("enum_option {low} changed name, enabled, color by ada")]
        );
        let all = option_gids(app, &field);
        for option in &all[1..] {
            app.as_("ada")
                .put(&format!("/enum_options/{option}"), json!({ "enabled": false }))
                .data();
        }
        assert_eq!(
            app.as_("ada")
                .put(&format!("/enum_options/{}", all[0]), json!({ "enabled": false }))
                .error(400),
            "enabled: At least one option must stay enabled"
        );
        app.as_("eve").put(&format!("/enum_options/{low}"), json!({ "name": "x" })).error(403);
        app.as_("mallory").put(&format!("/enum_options/{low}"), json!({ "name": "x" })).error(404);
        let text = app.has("custom_field", json!({ "name": "Text" }));
        app.as_("ada")
            .post(&format!("/custom_fields/{text}/enum_options"), json!({ "name": "x" }))
            .error(400);
    });
}

#[test]
fn a_field_has_at_most_500_options() {
    on_both(|app| {
        let all: Vec<Value> = (0..500).map(|n| json!({ "name": format!("o{n}") })).collect();
        let field =
            app.has("custom_field", json!({ "resource_subtype": "enum", "enum_options": all }));

        let reply = app
            .as_("ada")
            .post(&format!("/custom_fields/{field}/enum_options"), json!({ "name": "x" }));

        assert_eq!(reply.error(400), "enum_options: A field can have at most 500 options");
        assert_eq!(options(app, &field).len(), 500);
    });
}

#[test]
fn settings_are_added_ordered_and_removed() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let [a, b, c] =
            ["a", "b", "c"].map(|name| app.has("custom_field", json!({ "name": name })));
        app.events();
        let settings = || {
            app.as_("ada").get(&format!(
                "/projects/{project}/custom_field_settings?opt_fields=custom_field.name"
            ))
        };
        let names = || {
            let data = settings().data();
            let list = data.as_array().unwrap().clone();
            list.iter()
                .map(|row| row["custom_field"]["name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };

        let first = attach(app, &project, json!({ "custom_field": a, "is_important": true }));
        assert_eq!(first["resource_type"], "custom_field_setting");
        assert_eq!(first["is_important"], true);
        assert_eq!(first["project"]["name"], "project");
        assert_eq!(first["parent"], first["project"]);
        assert_eq!(first["custom_field"]["privacy_setting"], "public_with_guests");
        let first = first["gid"].as_str().unwrap().to_owned();
        assert_eq!(
            app.events(),
            [format!(
                "project {project} changed custom_field_settings +custom_field_setting {first} by ada"
            )]
        );
        let second =
            attach(app, &project, json!({ "custom_field": b, "insert_before": first }))["gid"]
                .clone();
        attach(app, &project, json!({ "custom_field": c, "insert_after": null }));
        assert_eq!(names(), ["c", "b", "a"]);
        // What is there moves and changes.
        let again = attach(
            app,
            &project,
            json!({ "custom_field": b, "insert_after": first, "is_important": true }),
        );
        assert_eq!((&again["gid"], &again["is_important"]), (&second, &json!(true)));
        assert_eq!(names(), ["c", "a", "b"]);
        let defined = attach(
            app,
            &project,
            json!({ "custom_field": { "name": "d", "resource_subtype": "enum", "enum_options": [{ "name": "x" }] } }),
        );
        assert_eq!(defined["custom_field"]["is_global_to_workspace"], true);
        assert_eq!(names(), ["c", "a", "b", "d"]);

        let path = format!("/projects/{project}/addCustomFieldSetting");
        for (body, message) in [
            (json!({}), "custom_field: Missing input"),
            (json!({ "custom_field": "7" }), "custom_field: Unknown object: 7"),
            (
                json!({ "custom_field": a, "insert_before": "7" }),
                "insert_before: Unknown object: 7",
            ),
            (
                json!({ "custom_field": a, "insert_before": first, "insert_after": second }),
                "You may only provide one of insert_before or insert_after!",
            ),
            (
                json!({ "custom_field": { "name": "d", "resource_subtype": "text" } }),
                "name: A custom field with this name already exists in the workspace",
            ),
        ] {
            let reply = app.as_("ada").post(&path, body);
            assert!(reply.error(400).ends_with(message), "{}", reply.text());
        }

        app.events();
        let remove = format!("/projects/{project}/removeCustomFieldSetting");
        for _ in 0..2 {
            assert_eq!(
                app.as_("ada").post(&remove, json!({ "custom_field": a })).data(),
                json!({})
            );
        }
        assert_eq!(names(), ["c", "b", "d"]);
        assert_eq!(
            app.events(),
            [format!(
                "project {project} changed custom_field_settings -custom_field_setting {first} by ada"
            )]
        );
        let list =
            app.as_("ada").get(&format!("/users/{ADA}/user_task_list?workspace={ACME}")).gid();
        assert_eq!(
            app.as_("ada").get(&format!("/projects/{list}/custom_field_settings")).data(),
            json!([])
        );
        app.as_("ada").get("/projects/7/custom_field_settings").error(404);
        app.as_("mallory").post(&path, json!({ "custom_field": b })).error(404);
        let foreign =
            app.make("mallory", "custom_field", json!({ "workspace": GLOBEX, "name": "f" }));
        app.as_("ada").post(&path, json!({ "custom_field": foreign })).error(400);
    });
}

#[test]
fn only_admins_choose_the_fields_where_the_project_says_so() {
    on_both(|app| {
        let project =
            app.has("project", json!({ "minimum_access_level_for_customization": "admin" }));
        let field = app.has("custom_field", json!({}));
        let path = format!("/projects/{project}/addCustomFieldSetting");

        app.as_("bob").post(&path, json!({ "custom_field": field })).error(403);
        app.as_("ada").post(&path, json!({ "custom_field": field })).data();
        app.as_("bob")
            .post(
                &format!("/projects/{project}/removeCustomFieldSetting"),
                json!({ "custom_field": field }),
            )
            .error(403);
    });
}
