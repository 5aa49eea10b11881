//! Values of custom fields on tasks and projects.

use super::{attach, option_gids, priority, refused, task_in, used, write};
use crate::kit::{ACME, ADA, BOB, GLOBEX, MALLORY, on_both};
use serde_json::{Value, json};

#[test]
fn each_type_is_written_and_cleared_in_its_form() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let other = app.has("task", json!({ "name": "Other" }));
        let add = |fields: Value| {
            let field = app.has("custom_field", fields);
            attach(app, &project, json!({ "custom_field": field }));
            field
        };
        let text = add(json!({ "name": "text" }));
        let number = add(json!({ "name": "number", "resource_subtype": "number", "precision": 1 }));
        let one =
            add(json!({ "name": "one", "resource_subtype": "enum", "enum_options": ["A", "B"] }));
        let many = add(
            json!({ "name": "many", "resource_subtype": "multi_enum", "enum_options": ["A", "B", "C"] }),
        );
        let date = add(json!({ "name": "when", "resource_subtype": "date" }));
        let people = add(json!({ "name": "people", "resource_subtype": "people" }));
        let reference = add(
            json!({ "name": "ref", "resource_subtype": "reference", "input_restrictions": ["task", "project"] }),
        );
        let task = task_in(app, &project);
        let [a, b] = <[String; 2]>::try_from(option_gids(app, &one)).unwrap();
        let [x, y, z] = <[String; 3]>::try_from(option_gids(app, &many)).unwrap();

        for (field, sent, name, shown, display) in [
            (&text, json!("a < b"), "text_value", json!("a < b"), "a < b"),
            (&number, json!(12.25), "number_value", json!(12.25), "12.3"),
            (&number, json!("7"), "number_value", json!(7), "7.0"),
            (
                &one,
                json!(a),
                "enum_value",
                json!({ "gid": a, "resource_type": "enum_option", "name": "A", "enabled": true, "color": "none" }),
                "A",
            ),
            (
                &one,
                json!({ "gid": b }),
                "enum_value",
                json!({ "gid": b, "resource_type": "enum_option", "name": "B", "enabled": true, "color": "none" }),
                "B",
            ),
            (
                &many,
                json!([z, x]),
                "multi_enum_values",
                json!([
                    { "gid": z, "resource_type": "enum_option", "name": "C", "enabled": true, "color": "none" },
                    { "gid": x, "resource_type": "enum_option", "name": "A", "enabled": true, "color": "none" },
                ]),
                "C, A",
            ),
            (
                &many,
                json!([y]),
                "multi_enum_values",
                json!([{ "gid": y, "resource_type": "enum_option", "name": "B", "enabled": true, "color": "none" }]),
                "B",
            ),
            (
                &date,
                json!({ "date": "2024-01-31" }),
                "date_value",
                json!({ "date": "2024-01-31", "date_time": null }),
                "2024-01-31",
            ),
            (
                &date,
                json!({ "date_time": "2024-01-31T23:30:00+02:00" }),
                "date_value",
                json!({ "date": "2024-01-31", "date_time": "2024-01-31T21:30:00.000Z" }),
                "2024-01-31T21:30:00.000Z",
            ),
            (
                &people,
                json!("bob@acme.example,me"),
                "people_value",
                json!([
                    { "gid": BOB, "resource_type": "user", "name": "Bob" },
                    { "gid": ADA, "resource_type": "user", "name": "Ada" },
                ]),
                "Bob, Ada",
            ),
            (
                &people,
                json!([ADA]),
                "people_value",
                json!([{ "gid": ADA, "resource_type": "user", "name": "Ada" }]),
                "Ada",
            ),
            (
                &reference,
                json!([other, project]),
                "reference_value",
                json!([
                    { "gid": other, "resource_type": "task", "name": "Other" },
                    { "gid": project, "resource_type": "project", "name": "project" },
                ]),
                "Other, project",
            ),
        ] {
            let value = write(app, &task, field, &sent);
            assert_eq!(value[name], shown, "{value}");
            assert_eq!(value["display_value"], display, "{value}");
            assert_eq!(value["enabled"], true);
        }
        let html = app
            .as_("ada")
            .get(&format!("/tasks/{task}?opt_fields=custom_fields.html_text_value"))
            .data();
        assert_eq!(
            html["custom_fields"][0],
            json!({ "gid": text, "html_text_value": "<body>a &lt; b</body>" })
        );

        app.events();
        let list = json!([]);
        let null = Value::Null;
        for (field, sent, name, shown) in [
            (&text, json!(""), "text_value", &null),
            (&number, json!(null), "number_value", &null),
            (&one, json!(null), "enum_value", &null),
            (&many, json!([]), "multi_enum_values", &list),
            (&date, json!(null), "date_value", &null),
            (&people, json!(null), "people_value", &list),
            (&reference, json!([]), "reference_value", &list),
        ] {
            let value = write(app, &task, field, &sent);
            assert_eq!(&value[name], shown, "{value}");
            assert_eq!(value["display_value"], Value::Null, "{value}");
        }
        let stories: Vec<String> =
            app.events().into_iter().filter(|line| line.starts_with("story")).collect();
        assert_eq!(stories.len(), 7, "{stories:?}");
        // Clearing what is clear changes nothing.
        write(app, &task, &text, &null);
        write(app, &task, &many, &null);
        assert_eq!(app.events(), [""; 0]);
        let rows = app.sql("SELECT (SELECT count(*) FROM custom_field_values) + (SELECT count(*) FROM custom_field_choices)", &[], |row| row.get::<i64>(0));
        assert_eq!(rows, [0]);
    });
}

#[test]
fn a_change_is_told_once_with_old_and_new_value() {
    on_both(|app| {
        let (project, field) = used(app, json!({ "resource_subtype": "number" }));
        let task = task_in(app, &project);
        write(app, &task, &field, &json!(1));
        app.events();
        app.tick(1_000);

        write(app, &task, &field, &json!(2.5));

        let events = app.events();
        assert!(
            events
                .iter()
                .any(|line| line.starts_with(&format!("task {task} changed custom_fields"))),
            "{events:?}"
        );
        let story = app.as_("ada").get(&format!("/tasks/{task}/stories?opt_fields=resource_subtype,custom_field.name,old_number_value,new_number_value")).data();
        let story = story.as_array().unwrap().last().unwrap().clone();
        assert_eq!(story["resource_subtype"], "number_custom_field_changed");
        assert_eq!(story["custom_field"]["name"], "custom_field");
        assert_eq!(
            (&story["old_number_value"], &story["new_number_value"]),
            (&json!(1), &json!(2.5))
        );
        let modified = app.as_("ada").get(&format!("/tasks/{task}?opt_fields=modified_at")).data();
        assert_eq!(modified["modified_at"], "2026-01-01T00:00:01.000Z");
        write(app, &task, &field, &json!("2.5"));
        assert_eq!(app.events(), [""; 0]);
    });
}

#[test]
fn values_that_a_field_cannot_take_are_refused() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let add = |fields: Value| {
            let field = app.has("custom_field", fields);
            attach(app, &project, json!({ "custom_field": field }));
            field
        };
        let text = add(json!({ "name": "text" }));
        let number = add(json!({ "name": "number", "resource_subtype": "number" }));
        let one =
            add(json!({ "name": "one", "resource_subtype": "enum", "enum_options": ["A", "B"] }));
        let many = add(
            json!({ "name": "many", "resource_subtype": "multi_enum", "enum_options": ["A", "B"] }),
        );
        let date = add(json!({ "name": "when", "resource_subtype": "date" }));
        let people = add(json!({ "name": "people", "resource_subtype": "people" }));
        let reference = add(
            json!({ "name": "ref", "resource_subtype": "reference", "input_restrictions": ["project"] }),
        );
        let id = add(json!({ "name": "id", "id_prefix": "ID" }));
        let elsewhere = app.has("custom_field", json!({ "name": "elsewhere" }));
        let task = task_in(app, &project);
        let [a, b] = <[String; 2]>::try_from(option_gids(app, &one)).unwrap();
        let other = option_gids(app, &many)[0].clone();
        let secret = app.make("bob", "task", json!({ "name": "secret" }));
        write(app, &task, &one, &json!(a));
        for option in [&a] {
            app.as_("ada")
                .put(&format!("/enum_options/{option}"), json!({ "enabled": false }))
                .data();
        }

        for (field, value, message) in [
            (&text, json!("x".repeat(1_025)), "Must be at most 1024 characters"),
            (&text, json!({}), "Must be a string, not: {}"),
            (&number, json!("many"), "Must be a number, not: many"),
            (&number, json!([1]), "Must be a number, not: [1]"),
            (&one, json!("7"), "Unknown object: 7"),
            (&one, json!("High"), "Unknown object: High"),
            (&one, json!(other), &format!("Unknown object: {other}")),
            (&one, json!([a]), "Not a valid GID type: array"),
            (&many, json!([other, b]), &format!("Unknown object: {b}")),
            (&date, json!({}), "Must have date or date_time"),
            (
                &date,
                json!({ "date": "31.1.2024" }),
                "Date must be in ISO-8601 (yyyy-mm-dd) format, not: 31.1.2024",
            ),
            (&people, json!([MALLORY]), &format!("Not a user in Organization: {MALLORY}")),
            (
                &people,
                json!(["nobody@acme.example"]),
                "Not a user in Organization: nobody@acme.example",
            ),
            (&reference, json!([task]), "The field does not take objects of type task"),
            (&reference, json!([secret]), &format!("Unknown object: {secret}")),
            (&id, json!("ID-7"), "The server alone gives the values of this field"),
        ] {
            let error = refused(app, &task, field, value);
            assert_eq!(error, format!("custom_fields: {field}: {message}"));
        }
        assert_eq!(
            refused(app, &task, &elsewhere, json!("x")),
            format!("Custom field with ID {elsewhere} is not on given object")
        );
        assert_eq!(
            refused(app, &task, "x", json!("x")),
            "Custom field with ID x is not on given object"
        );
        let reply = app.as_("ada").put(&format!("/tasks/{task}"), json!({ "custom_fields": "x" }));
        assert_eq!(reply.error(400), "custom_fields: Value is not a JSON object: x");
        // A disabled option stays where it is, but is not chosen anew.
        assert_eq!(write(app, &task, &one, &json!(a))["enum_value"]["enabled"], false);
        write(app, &task, &one, &json!(b));
        assert_eq!(
            refused(app, &task, &one, json!(a)),
            format!("custom_fields: {one}: The option is disabled: {a}")
        );
    });
}

#[test]
fn values_come_with_a_new_task_and_as_texts() {
    on_both(|app| {
        let (project, field) = used(app, json!({ "resource_subtype": "date" }));

        let new = app.as_("ada").post("/tasks", json!({ "projects": [project], "custom_fields": { &*field: { "date": "2024-02-29" } } })).data();
        assert_eq!(new["custom_fields"][0]["display_value"], "2024-02-29");
        let task = new["gid"].as_str().unwrap();
        // A form has texts only.
        assert_eq!(write(app, task, &field, &json!("2024-03-01"))["display_value"], "2024-03-01");
        let time = write(app, task, &field, &json!("2024-03-01T08:00:00Z"));
        assert_eq!(time["date_value"]["date_time"], "2024-03-01T08:00:00.000Z");
    });
}

#[test]
fn a_task_has_the_fields_of_its_projects_each_once_and_a_subtask_those_of_its_parent() {
    on_both(|app| {
        let (first, shared) = used(app, json!({ "name": "shared" }));
        let (second, own) = used(app, json!({ "name": "own" }));
        attach(app, &second, json!({ "custom_field": shared }));
        let task = app.has("task", json!({ "projects": [first, second] }));
        let child = app.has("task", json!({ "parent": task }));
        let grandchild = app.has("task", json!({ "parent": child }));
        let names = |task: &str| {
            app.as_("ada").get(&format!("/tasks/{task}?opt_fields=custom_fields.name")).data()["custom_fields"].clone()
        };

        let both = json!([{ "gid": shared, "name": "shared" }, { "gid": own, "name": "own" }]);
        assert_eq!(names(&task), both);
        assert_eq!(names(&child), both);
        assert_eq!(names(&grandchild), json!([]));
        assert_eq!(write(app, &child, &own, &json!("x"))["text_value"], "x");
        refused(app, &grandchild, &own, json!("x"));
        // Off the project the value is hidden; back on it, it is there again.
        write(app, &task, &own, &json!("kept"));
        app.as_("ada")
            .post(
                &format!("/projects/{second}/removeCustomFieldSetting"),
                json!({ "custom_field": own }),
            )
            .data();
        assert_eq!(names(&task), json!([{ "gid": shared, "name": "shared" }]));
        attach(app, &second, json!({ "custom_field": own }));
        let back = app
            .as_("ada")
            .get(&format!("/tasks/{task}?opt_fields=custom_fields.text_value"))
            .data();
        assert_eq!(back["custom_fields"][1], json!({ "gid": own, "text_value": "kept" }));
    });
}

#[test]
fn hidden_fields_and_references_are_left_out() {
    on_both(|app| {
        let (project, field) = used(
            app,
            json!({ "name": "ref", "resource_subtype": "reference", "input_restrictions": ["task"] }),
        );
        let private =
            app.has("custom_field", json!({ "name": "private", "privacy_setting": "private" }));
        let hidden =
            app.has("project", json!({ "privacy_setting": "private", "custom_fields": {} }));
        attach(app, &hidden, json!({ "custom_field": private }));
        let task = app.has("task", json!({ "projects": [project, hidden] }));
        let mine = app.has("task", json!({ "name": "mine alone" }));
        write(app, &task, &field, &json!([mine]));
        write(app, &task, &private, &json!("x"));

        let seen = app.as_("bob").get(&format!("/tasks/{task}")).data()["custom_fields"].clone();
        assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
        assert_eq!(
            (&seen[0]["reference_value"], &seen[0]["display_value"]),
            (&json!([]), &Value::Null)
        );
        let body = json!({ "custom_fields": { &*private: "y" } });
        app.as_("bob").put(&format!("/tasks/{task}"), body).error(400);
        app.as_("bob").get(&format!("/custom_fields/{private}")).error(403);
    });
}

#[test]
fn an_id_field_numbers_tasks_and_finds_them() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let old = task_in(app, &project);
        let field = app.has("custom_field", json!({ "name": "Ticket", "id_prefix": "TK" }));
        attach(app, &project, json!({ "custom_field": field }));
        let new = task_in(app, &project);
        let find =
            |id: &str| app.as_("ada").get(&format!("/workspaces/{ACME}/tasks/custom_id/{id}"));

        assert_eq!(find("TK-1").gid(), old);
        assert_eq!(find("TK-2").gid(), new);
        let shown = find("TK-2").data()["custom_fields"][0].clone();
        assert_eq!(shown["display_value"], "TK-2");
        assert_eq!(shown["text_value"], "TK-2");
        for unknown in ["TK-3", "TK-02x", "XX-1", "TK", "-", "TK--1", "TK-99999999999999999999"] {
            assert_eq!(find(unknown).error(404), format!("task: Unknown object: {unknown}"));
        }
        // Another project that uses the field keeps the number that a task has.
        let second = app.has("project", json!({}));
        attach(app, &second, json!({ "custom_field": field }));
        app.as_("ada")
            .post(&format!("/tasks/{new}/addProject"), json!({ "project": second }))
            .data();
        assert_eq!(find("TK-2").gid(), new);
        let third = task_in(app, &second);
        assert_eq!(find("TK-3").gid(), third);
        app.as_("eve").get(&format!("/workspaces/{ACME}/tasks/custom_id/TK-1")).error(403);
        app.as_("mallory").get(&format!("/workspaces/{ACME}/tasks/custom_id/TK-1")).error(404);
        app.as_("mallory").get(&format!("/workspaces/{GLOBEX}/tasks/custom_id/TK-1")).error(404);
    });
}

#[test]
fn a_project_shows_the_fields_that_it_has_values_of() {
    on_both(|app| {
        let (project, field) = used(app, priority());
        let high = option_gids(app, &field)[0].clone();
        let path = format!("/projects/{project}");
        assert_eq!(app.as_("ada").get(&path).data()["custom_fields"], json!([]));

        let shown = app.as_("ada").put(&path, json!({ "custom_fields": { &*field: high } })).data();

        assert_eq!(shown["custom_fields"][0]["display_value"], "High");
        let error = app.as_("ada").put(&path, json!({ "custom_fields": { "7": "x" } })).error(400);
        assert_eq!(error, "Custom field with ID 7 is not on given object");
    });
}

#[test]
fn values_of_many_tasks_take_as_many_statements_as_those_of_one() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let fields: Vec<String> = [
            json!({ "name": "text" }),
            json!({ "name": "one", "resource_subtype": "enum", "enum_options": ["A", "B"] }),
            json!({ "name": "people", "resource_subtype": "people" }),
            json!({ "name": "ref", "resource_subtype": "reference", "input_restrictions": ["project"] }),
        ]
        .into_iter()
        .map(|fields| {
            let field = app.has("custom_field", fields);
            attach(app, &project, json!({ "custom_field": field }));
            field
        })
        .collect();
        let option = option_gids(app, &fields[1])[0].clone();
        let count = |tasks: usize| {
            for _ in 0..tasks {
                app.has("task", json!({ "projects": [project], "custom_fields": { &*fields[0]: "x", &*fields[1]: option, &*fields[2]: [ADA], &*fields[3]: [project] } }));
            }
            let reply = app
                .as_("bob")
                .get(&format!("/projects/{project}/tasks?limit=100&opt_fields=custom_fields"));
            (reply.gids().len(), reply.statements())
        };

        let (one, few) = count(1);
        let (ten, many) = count(9);

        assert_eq!((one, ten), (1, 10));
        assert_eq!(few, many);
        assert!(many <= 12, "{many}");
    });
}

#[test]
fn the_longest_text_is_kept_whatever_its_letters() {
    on_both(|app| {
        let (project, field) = used(app, json!({}));
        let task = task_in(app, &project);
        // Letters of four bytes that do not repeat, so that no database can make them shorter.
        let text: String = (0..1_024_u32)
            .filter_map(|n| char::from_u32(0x2_0000 + n.wrapping_mul(7_919) % 40_000))
            .collect();

        assert_eq!(write(app, &task, &field, &json!(text))["text_value"], json!(text));
    });
}
