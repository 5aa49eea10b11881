//! What a copy of a project has of its own, field by field: by duplicating, and through a template.

use crate::duplicating::ALL;
use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, Reply, on_both};
use serde_json::{Value, json};

/// Every field of a project that does not differ in a copy by its nature.
const SAME: &str = "archived,color,icon,current_status,current_status_update,custom_field_settings.custom_field.name,custom_field_settings.is_important,default_view,due_date,due_on,notes,html_notes,public,privacy_setting,start_on,default_access_level,minimum_access_level_for_customization,minimum_access_level_for_sharing,custom_fields,completed,completed_at,completed_by,owner,team,workspace,project_brief.title,project_brief.text,project_brief.html_text,project_brief.project.name";

/// What the job makes, when it is done.
fn made(app: &App, reply: &Reply, what: &str) -> String {
    assert_eq!(reply.status, 201, "{}", reply.text());
    let gid = reply.data()[what]["gid"].as_str().unwrap().to_owned();
    app.run_jobs();
    let job = app.as_("ada").get(&format!("/jobs/{}", reply.gid())).data();
    assert_eq!(job["status"], "succeeded");
    gid
}

/// A project with everything that one has: each value differs from what a new project has.
fn full(app: &App) -> String {
    let project = app.has(
        "project",
        json!({
            "name": "Full", "team": CREW, "html_notes": "<body>What <b>for</b></body>", "color": "light-green", "icon": "rocket",
            "privacy_setting": "private", "default_view": "board", "start_on": "2026-01-05", "due_on": "2026-01-30",
            "default_access_level": "commenter", "minimum_access_level_for_customization": "admin", "minimum_access_level_for_sharing": "admin",
        }),
    );
    let fields = [
        (json!({ "name": "Text" }), json!("x")),
        (json!({ "name": "Points", "resource_subtype": "number", "precision": 1 }), json!(2.5)),
        (json!({ "name": "Day", "resource_subtype": "date" }), json!({ "date": "2026-02-28" })),
        (json!({ "name": "People", "resource_subtype": "people" }), json!([ADA, BOB])),
        (
            json!({ "name": "Kind", "resource_subtype": "enum", "enum_options": ["Red"] }),
            json!("option"),
        ),
    ];
    for (at, (field, value)) in fields.into_iter().enumerate() {
        let gid = app.has("custom_field", field);
        let setting = json!({ "custom_field": gid, "is_important": at == 1 });
        app.as_("ada").post(&format!("/projects/{project}/addCustomFieldSetting"), setting).data();
        let value = if value == "option" {
            app.as_("ada").get(&format!("/custom_fields/{gid}")).data()["enum_options"][0]["gid"]
                .clone()
        } else {
            value
        };
        let values = json!({ "custom_fields": { &*gid: value } });
        app.as_("ada").put(&format!("/projects/{project}"), values).data();
    }
    app.as_("ada")
        .post(
            &format!("/projects/{project}/project_briefs"),
            json!({ "title": "Brief", "html_text": "<body>How <em>so</em></body>" }),
        )
        .data();
    project
}

fn shown(app: &App, project: &str) -> Value {
    let mut data = app.as_("ada").get(&format!("/projects/{project}?opt_fields={SAME}")).data();
    for part in ["gid", "/project_brief/gid", "/project_brief/project"] {
        match part {
            "gid" => drop(data.as_object_mut().unwrap().remove("gid")),
            _ => {
                if let Some(value) = data.pointer_mut(part) {
                    *value = Value::Null;
                }
            }
        }
    }
    for setting in data["custom_field_settings"].as_array_mut().unwrap() {
        setting["gid"] = Value::Null;
    }
    data
}

#[test]
fn a_duplicate_has_all_fields_of_its_project() {
    on_both(|app| {
        let project = full(app);
        let wanted = shown(app, &project);
        assert_eq!(wanted["custom_fields"].as_array().unwrap().len(), 5, "{wanted}");
        assert_eq!(wanted["project_brief"]["text"], "How so");
        app.events();

        let fields = json!({ "name": "Copy", "include": ALL });
        let reply = app.as_("ada").post(&format!("/projects/{project}/duplicate"), fields);
        let copy = made(app, &reply, "new_project");

        assert_eq!(shown(app, &copy), wanted);
        let told = app.events();
        assert!(told.iter().any(|line| line.starts_with("project_brief ")), "{told:?}");
        // The copies are things of their own.
        let brief = |project: &str| {
            let path = format!("/projects/{project}?opt_fields=project_brief.project.name");
            app.as_("ada").get(&path).data()["project_brief"].clone()
        };
        assert_ne!(brief(&project)["gid"], brief(&copy)["gid"]);
        assert_eq!(brief(&copy)["project"]["name"], "Copy");
        let bare = json!({ "name": "Bare" });
        let reply = app.as_("ada").post(&format!("/projects/{project}/duplicate"), bare);
        let bare = made(app, &reply, "new_project");
        assert_eq!(brief(&bare), Value::Null, "it belongs to the notes");
        assert_eq!(shown(app, &bare)["custom_fields"], wanted["custom_fields"]);
        // Who does not see a field does not copy its values.
        let people = json!({ "members": BOB });
        app.as_("ada").post(&format!("/projects/{project}/addMembers"), people).data();
        let gid = wanted["custom_fields"][0]["gid"].as_str().unwrap();
        let closed = json!({ "privacy_setting": "private" });
        app.as_("ada").put(&format!("/custom_fields/{gid}"), closed).data();
        let path = format!("/projects/{project}/removeCustomFieldSetting");
        app.as_("ada").post(&path, json!({ "custom_field": gid })).data();
        let bobs = json!({ "name": "Bob's" });
        let reply = app.as_("bob").post(&format!("/projects/{project}/duplicate"), bobs);
        app.run_jobs();
        let copy = reply.data()["new_project"]["gid"].as_str().unwrap().parse::<i64>().unwrap();
        let count =
            "SELECT count(*) FROM custom_field_values WHERE object = ? AND custom_field = ?";
        let field = gid.parse::<i64>().unwrap();
        assert_eq!(app.sql(count, &[&copy, &field], |row| row.get::<i64>(0)), [0]);
    });
}

#[test]
fn a_project_from_a_template_has_all_fields_of_the_first_one() {
    on_both(|app| {
        let project = full(app);
        let wanted = shown(app, &project);
        let fields = json!({ "name": "Recipe", "public": true });
        let reply = app.as_("ada").post(&format!("/projects/{project}/saveAsTemplate"), fields);
        let template = made(app, &reply, "new_project_template");
        app.as_("ada").delete(&format!("/projects/{project}")).data();

        let dates =
            json!([{ "gid": "1", "value": "2026-01-05" }, { "gid": "2", "value": "2026-01-30" }]);
        let reply = app.as_("ada").post(
            &format!("/project_templates/{template}/instantiateProject"),
            json!({ "name": "Cake", "requested_dates": dates }),
        );
        let copy = made(app, &reply, "new_project");

        assert_eq!(shown(app, &copy), wanted);
        // Nothing of it is left when the template is gone.
        app.as_("ada").delete(&format!("/project_templates/{template}")).data();
        app.tick(31 * 24 * 60 * 60 * 1_000);
        app.empty_trash();
        let count = |table: &str| {
            app.sql(&format!("SELECT count(*) FROM {table}"), &[], |row| row.get::<i64>(0))
        };
        assert_eq!(count("project_briefs"), [1]);
        assert_eq!(count("custom_field_values"), [3]);
    });
}

#[test]
fn allocations_and_task_templates_are_copied_where_they_are_included() {
    on_both(|app| {
        let project =
            app.has("project", json!({ "start_on": "2026-01-05", "due_on": "2026-01-30" }));
        let task = app.has("task", json!({ "name": "Bake", "projects": [project], "notes": "hot", "due_on": "2026-01-07" }));
        app.has("task", json!({ "name": "mix", "parent": task }));
        for (user, effort) in [
            (BOB, json!({ "type": "hours", "value": 7.5 })),
            (ADA, Value::Null),
            (EVE, Value::Null),
        ] {
            let fields = json!({ "parent": project, "assignee": user, "start_date": "2026-01-06", "end_date": "2026-01-09", "effort": effort });
            app.as_("ada").post("/allocations", fields).data();
        }
        let template = json!({ "name": "Baking", "project": project });
        app.as_("ada")
            .post(&format!("/api/vinyasa/1/tasks/{task}/saveAsTemplate"), template)
            .data();
        app.run_jobs();
        app.as_("ada")
            .post(&format!("/workspaces/{ACME}/removeUser"), json!({ "user": EVE }))
            .data();
        let allocations = |project: &str| {
            let path = format!(
                "/allocations?parent={project}&opt_fields=assignee.name,start_date,end_date,effort,parent.name"
            );
            let mut rows = app.as_("ada").get(&path).data();
            for row in rows.as_array_mut().unwrap() {
                row.as_object_mut().unwrap().remove("gid");
            }
            rows
        };
        let recipes = |project: &str| {
            let path = format!(
                "/task_templates?project={project}&opt_fields=name,project.name,template.name,template.description,template.subtasks,template.relative_due_on,template.memberships.name"
            );
            app.as_("ada").get(&path).data()
        };

        let fields = json!({ "name": "Copy", "include": "allocations,task_templates,task_dates", "schedule_dates": { "should_skip_weekends": false, "start_on": "2026-02-07" } });
        let reply = app.as_("ada").post(&format!("/projects/{project}/duplicate"), fields);
        let copy = made(app, &reply, "new_project");

        let moved = |name: &str, effort: Value| json!({ "assignee": { "gid": if name == "Bob" { BOB } else { ADA }, "name": name }, "start_date": "2026-02-06", "end_date": "2026-02-09", "effort": effort, "parent": { "gid": copy, "name": "Copy" } });
        assert_eq!(
            allocations(&copy),
            json!([
                moved("Bob", json!({ "type": "hours", "value": 7.5 })),
                moved("Ada", Value::Null)
            ])
        );
        let (wanted, found) = (recipes(&project), recipes(&copy));
        assert_eq!(found.as_array().unwrap().len(), 1);
        assert_ne!(wanted[0]["gid"], found[0]["gid"]);
        assert_eq!(found[0]["project"]["name"], "Copy");
        assert_eq!(found[0]["template"]["memberships"][0]["name"], "Copy");
        for field in ["name", "description", "subtasks", "relative_due_on"] {
            assert_eq!(wanted[0]["template"][field], found[0]["template"][field], "{field}");
        }
        assert_eq!(found[0]["template"]["subtasks"][0]["name"], "mix");
        // It can be used.
        let path = format!("/task_templates/{}/instantiateTask", found[0]["gid"].as_str().unwrap());
        let reply = app.as_("ada").post(&path, json!({}));
        let task = made(app, &reply, "new_task");
        assert_eq!(
            app.as_("ada").get(&format!("/tasks/{task}?opt_fields=projects.name")).data()["projects"]
                [0]["name"],
            "Copy"
        );

        let bare = json!({ "name": "Bare" });
        let reply = app.as_("ada").post(&format!("/projects/{project}/duplicate"), bare);
        let bare = made(app, &reply, "new_project");
        assert_eq!((allocations(&bare), recipes(&bare)), (json!([]), json!([])));
    });
}
