//! Project templates and task templates.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, Reply, on_both};
use serde_json::{Value, json};

/// What an answered job makes, when it is done.
fn made(app: &App, user: &str, reply: &Reply, what: &str) -> String {
    assert_eq!(reply.status, 201, "{}", reply.text());
    let job = reply.data();
    app.run_jobs();
    let path = format!("/jobs/{}", job["gid"].as_str().unwrap());
    let done = app.as_(user).get(&path).data();
    assert_eq!(done["status"], "succeeded");
    done[what]["gid"].as_str().unwrap().to_owned()
}

/// A project with tasks, saved as a template.
fn template(app: &App, fields: Value, public: bool) -> (String, String) {
    let project = app.has("project", fields);
    let section = app.has("section", json!({ "project": project, "name": "Doing" }));
    let first = app.has(
        "task",
        json!({ "name": "plan", "projects": [project], "assignee": BOB, "start_on": "2026-01-05", "due_on": "2026-01-07", "notes": "well", "completed": true }),
    );
    let second = app.has("task", json!({ "name": "do", "memberships": [{ "project": project, "section": section }], "assignee": ADA, "due_at": "2026-01-10T12:00:00Z" }));
    app.has("task", json!({ "name": "part", "parent": first }));
    app.as_("ada")
        .post(&format!("/tasks/{second}/addDependencies"), json!({ "dependencies": [first] }))
        .data();
    let reply = app.as_("ada").post(
        &format!("/projects/{project}/saveAsTemplate"),
        json!({ "name": "Recipe", "public": public, "team": CREW }),
    );
    assert_eq!(reply.data()["resource_subtype"], "project_save_as_template");
    assert_eq!(reply.data()["new_project_template"]["name"], "Recipe");
    (made(app, "ada", &reply, "new_project_template"), project)
}

/// The tasks of a project with their dates.
fn rows(app: &App, project: &str) -> Vec<String> {
    let fields = "name,start_on,due_on,due_at,assignee.name,notes,memberships.section.name,dependencies.name,num_subtasks,completed";
    let tasks =
        app.as_("ada").get(&format!("/projects/{project}/tasks?opt_fields={fields}")).data();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let row = |task: &Value| {
        format!(
            "{} {} {} {} {} [{}] {} {} {}",
            text(&task["name"]),
            text(&task["start_on"]),
            text(&task["due_on"]),
            text(&task["due_at"]),
            text(&task["assignee"]["name"]),
            text(&task["notes"]),
            text(&task["memberships"][0]["section"]["name"]),
            text(&task["dependencies"][0]["name"]),
            task["num_subtasks"]
        )
    };
    tasks.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_project_is_saved_as_a_template_and_made_from_it() {
    on_both(|app| {
        let (template, project) =
            template(app, json!({ "notes": "About", "color": "light-green" }), true);

        let roles = {
            let shown = app.as_("bob").get(&format!("/project_templates/{template}")).data();
            let roles = shown["requested_roles"].clone();
            assert_eq!(
                shown,
                json!({
                    "gid": template, "resource_type": "project_template", "name": "Recipe", "description": "About",
                    "html_description": "<body>About</body>", "public": true,
                    "owner": { "gid": ADA, "resource_type": "user", "name": "Ada" },
                    "team": { "gid": CREW, "resource_type": "team", "name": "Crew" },
                    "requested_dates": [{ "gid": "1", "name": "Start Date", "description": "The day on which the project begins." }],
                    "color": "light-green",
                    "requested_roles": [
                        { "gid": roles[0]["gid"], "resource_type": "template_role", "name": "Ada" },
                        { "gid": roles[1]["gid"], "resource_type": "template_role", "name": "Bob" },
                    ],
                })
            );
            roles
        };
        // What happens to the project is nothing to the template.
        app.as_("ada").delete(&format!("/projects/{project}")).data();
        let reply = app.as_("bob").post(
            &format!("/project_templates/{template}/instantiateProject"),
            json!({
                "name": "Cake", "is_strict": true, "requested_dates": [{ "gid": "1", "value": "2026-03-02" }],
                "requested_roles": [{ "gid": roles[1]["gid"], "value": "ada@acme.example" }], "privacy_setting": "private_to_team",
            }),
        );
        let made = made(app, "bob", &reply, "new_project");

        assert_eq!(
            rows(app, &made),
            [
                "plan 2026-03-02 2026-03-04 - Ada [well] Untitled section - 1",
                "do - 2026-03-07 2026-03-07T12:00:00.000Z Ada [] Doing plan 0",
            ]
        );
        let shown = app.as_("bob").get(&format!("/projects/{made}?opt_fields=name,notes,color,team.name,privacy_setting,owner.name,members.name,created_from_template.name")).data();
        assert_eq!(
            shown,
            json!({
                "gid": made, "name": "Cake", "notes": "About", "color": "light-green", "team": { "gid": CREW, "name": "Crew" },
                "privacy_setting": "private_to_team", "owner": { "gid": BOB, "name": "Bob" }, "members": [{ "gid": BOB, "name": "Bob" }],
                "created_from_template": { "gid": template, "name": "Recipe" },
            })
        );
        let subtasks =
            app.as_("ada").get(&format!("/projects/{made}/tasks?limit=1")).gids().concat();
        assert_eq!(
            app.as_("ada").get(&format!("/tasks/{subtasks}/subtasks")).column("name"),
            ["part"]
        );
    });
}

#[test]
fn what_is_in_a_template_is_seen_nowhere_else() {
    on_both(|app| {
        app.events();
        let (template, _) = template(app, json!({}), true);
        let inner = app
            .sql("SELECT project FROM project_templates", &[], |row| row.get::<i64>(0))
            .pop()
            .unwrap();
        let task = app
            .sql("SELECT gid FROM tasks WHERE deleted IS NOT NULL LIMIT 1", &[], |row| {
                row.get::<i64>(0)
            })
            .pop()
            .unwrap();
        let told = app.events();
        assert!(
            told.iter().any(|line| line.starts_with(&format!("project_template {template} added")))
        );
        for gid in [inner, task] {
            assert!(told.iter().all(|line| !line.contains(&gid.to_string())), "{gid}: {told:?}");
        }

        for user in ["ada", "sam"] {
            app.as_(user).get(&format!("/projects/{inner}")).error(404);
            app.as_(user).get(&format!("/projects/{inner}/tasks")).error(404);
            app.as_(user).get(&format!("/tasks/{task}")).error(404);
            assert_eq!(
                app.as_(user).get(&format!("/workspaces/{ACME}/projects")).column("name"),
                ["project"]
            );
        }
        let mine =
            app.as_("bob").get(&format!("/tasks?assignee=me&workspace={ACME}")).column("name");
        assert_eq!(mine, ["plan"]);
        assert_eq!(app.as_("bob").get("/user_task_lists/602/tasks").column("name"), ["plan"]);
        let used =
            app.sql("SELECT count(*) FROM user_task_list_items", &[], |row| row.get::<i64>(0));
        assert_eq!(used, [2]);
    });
}

#[test]
fn templates_are_their_teams_where_they_are_public() {
    on_both(|app| {
        let (open, _) = template(app, json!({}), true);
        let (closed, _) = template(app, json!({}), false);
        let lists = |user: &str| {
            [
                app.as_(user).get(&format!("/project_templates?workspace={ACME}")).gids(),
                app.as_(user).get("/project_templates").gids(),
            ]
        };
        let both = [open.clone(), closed.clone()].to_vec();
        assert_eq!(lists("ada"), [both.clone(), both.clone()]);
        assert_eq!(lists("bob"), [vec![open.clone()], vec![open.clone()]]);
        assert_eq!(lists("eve"), [vec![], Vec::<String>::new()]);
        assert_eq!(app.as_("ada").get(&format!("/teams/{CREW}/project_templates")).gids(), both);
        assert_eq!(
            app.as_("ada").get(&format!("/project_templates?team={CREW}&limit=1")).gids(),
            std::slice::from_ref(&open)
        );

        app.as_("bob").get(&format!("/project_templates/{closed}")).error(403);
        app.as_("bob").delete(&format!("/project_templates/{open}")).error(403);
        app.as_("eve")
            .post(&format!("/project_templates/{open}/instantiateProject"), json!({ "name": "x" }))
            .error(403);
        app.as_("ada").delete(&format!("/project_templates/{open}")).data();
        app.as_("bob").get(&format!("/project_templates/{open}")).error(404);
        // After thirty days nothing is left of it.
        app.as_("ada").delete(&format!("/project_templates/{closed}")).data();
        app.tick(31 * 24 * 60 * 60 * 1_000);
        app.empty_trash();
        for table in ["tasks", "projects", "sections"] {
            let left = app.sql(
                &format!("SELECT count(*) FROM {table} WHERE deleted IS NOT NULL"),
                &[],
                |row| row.get::<i64>(0),
            );
            assert_eq!(left, [0], "{table}");
        }
        for table in ["project_templates", "template_roles", "deletions"] {
            assert_eq!(
                app.sql(&format!("SELECT count(*) FROM {table}"), &[], |row| row.get::<i64>(0)),
                [0],
                "{table}"
            );
        }
    });
}

#[test]
fn the_dates_of_a_template_are_asked_for() {
    on_both(|app| {
        let (both, _) =
            template(app, json!({ "start_on": "2026-01-01", "due_on": "2026-01-31" }), true);
        let (due, _) = template(app, json!({ "due_on": "2026-01-31" }), true);
        let plain = app.has("project", json!({}));
        let reply = app.as_("ada").post(
            &format!("/projects/{plain}/saveAsTemplate"),
            json!({ "name": "Plain", "public": false }),
        );
        let none = made(app, "ada", &reply, "new_project_template");
        let asked = |gid: &str| {
            let shown = app
                .as_("ada")
                .get(&format!("/project_templates/{gid}?opt_fields=requested_dates.name"))
                .data();
            shown["requested_dates"]
                .as_array()
                .unwrap()
                .iter()
                .map(|date| date["name"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(asked(&both), ["Start Date", "Due Date"]);
        assert_eq!(asked(&due), ["Due Date"]);
        assert_eq!(asked(&none), Vec::<String>::new());

        let post = |gid: &str, fields: Value| {
            let mut sent = json!({ "name": "New" });
            sent.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            app.as_("ada").post(&format!("/project_templates/{gid}/instantiateProject"), sent)
        };
        let dates = |gid: &str, fields: Value| {
            let made = made(app, "ada", &post(gid, fields), "new_project");
            let shown =
                app.as_("ada").get(&format!("/projects/{made}?opt_fields=start_on,due_on")).data();
            let first =
                rows(app, &made).first().map(|row| row[..26].to_owned()).unwrap_or_default();
            format!(
                "{} {} {first}",
                shown["start_on"].as_str().unwrap_or("-"),
                shown["due_on"].as_str().unwrap_or("-")
            )
        };
        let (start, end) = (
            json!({ "gid": "1", "value": "2026-05-01" }),
            json!({ "gid": "2", "value": "2026-05-21" }),
        );
        assert_eq!(
            dates(&both, json!({ "is_strict": true, "requested_dates": [start, end] })),
            "2026-05-01 2026-05-21 plan 2026-05-05 2026-05-07"
        );
        assert_eq!(
            dates(&both, json!({ "requested_dates": [end] })),
            "2026-04-21 2026-05-21 plan 2026-04-25 2026-04-27"
        );
        assert_eq!(dates(&both, json!({})), "2026-01-01 2026-01-31 plan 2026-01-05 2026-01-07");
        assert_eq!(
            dates(&due, json!({ "requested_dates": [end] })),
            "- 2026-05-21 plan 2026-04-25 2026-04-27"
        );
        assert_eq!(dates(&none, json!({ "is_strict": true })), "- - ");

        assert_eq!(
            post(&both, json!({ "is_strict": true, "requested_dates": [start] })).status,
            422
        );
        for (fields, message) in [
            (
                json!({ "requested_dates": [{ "gid": "3", "value": "2026-01-01" }] }),
                "requested_dates: [0]: gid: Not a date of this template",
            ),
            (
                json!({ "requested_dates": [{ "gid": "1", "value": "soon" }] }),
                "requested_dates: [0]: value: Not a valid date: soon",
            ),
            (
                json!({ "requested_roles": [{ "gid": "3", "value": "me" }] }),
                "requested_roles: [0]: gid: Not a role of this template",
            ),
            (json!({ "name": "" }), "name: Must not be empty"),
            (
                json!({ "privacy_setting": "open" }),
                "privacy_setting: Must be one of public_to_workspace, private_to_team, private",
            ),
        ] {
            assert_eq!(post(&both, fields).error(400), message);
        }
        app.as_("ada")
            .post(&format!("/projects/{plain}/saveAsTemplate"), json!({ "name": "x" }))
            .error(400);
        app.as_("eve")
            .post(
                &format!("/projects/{plain}/saveAsTemplate"),
                json!({ "name": "x", "public": true }),
            )
            .error(403);
    });
}

#[test]
fn a_task_template_makes_tasks_with_dates_from_today() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let task = app.has(
            "task",
            json!({ "name": "Report a bug", "projects": [project], "assignee": BOB, "start_on": "2026-01-02", "due_on": "2026-01-04", "notes": "How to repeat it", "followers": [EVE] }),
        );
        let child = app.has("task", json!({ "name": "look at the log", "parent": task }));
        app.has("task", json!({ "name": "find it", "parent": child }));
        let reply = app.as_("ada").post(
            &format!("/api/vinyasa/1/tasks/{task}/saveAsTemplate"),
            json!({ "name": "Bug", "project": project }),
        );
        assert_eq!(reply.status, 201, "{}", reply.text());
        let template = reply.gid();
        app.run_jobs();

        let shown = app.as_("ada").get(&format!("/task_templates/{template}")).data();
        assert_eq!(
            shown,
            json!({
                "gid": template, "resource_type": "task_template", "name": "Bug",
                "project": { "gid": project, "resource_type": "project", "name": "project" },
                "template": {
                    "name": "Report a bug", "task_resource_subtype": "default_task", "description": "How to repeat it",
                    "html_description": "<body>How to repeat it</body>",
                    "memberships": [{ "gid": project, "resource_type": "project", "name": "project" }],
                    "relative_start_on": 1, "relative_due_on": 3, "due_time": null, "dependencies": [], "dependents": [],
                    "followers": [
                        { "gid": ADA, "resource_type": "user", "name": "Ada" },
                        { "gid": BOB, "resource_type": "user", "name": "Bob" },
                        { "gid": EVE, "resource_type": "user", "name": "Eve" },
                    ],
                    "attachments": [],
                    "subtasks": [{ "name": "look at the log", "task_resource_subtype": "default_task" }],
                    "custom_fields": [],
                },
                "created_by": { "gid": ADA, "resource_type": "user", "name": "Ada" }, "created_at": "2026-01-01T00:00:00.000Z",
            })
        );
        assert_eq!(
            app.as_("ada").get(&format!("/task_templates?project={project}")).gids(),
            std::slice::from_ref(&template)
        );
        app.tick(10 * 24 * 60 * 60 * 1_000);
        let reply = app.as_("ada").post(
            &format!("/task_templates/{template}/instantiateTask"),
            json!({ "name": "It crashes" }),
        );
        assert_eq!(reply.data()["new_task"]["name"], "It crashes");
        let copy = made(app, "ada", &reply, "new_task");

        let shown = app.as_("ada").get(&format!("/tasks/{copy}?opt_fields=name,start_on,due_on,assignee.name,projects,notes,num_subtasks")).data();
        assert_eq!(
            shown,
            json!({
                "gid": copy, "name": "It crashes", "start_on": "2026-01-12", "due_on": "2026-01-14", "assignee": { "gid": BOB, "name": "Bob" },
                "projects": [{ "gid": project, "resource_type": "project" }], "notes": "How to repeat it", "num_subtasks": 1,
            })
        );
        assert_eq!(
            app.as_("ada").get(&format!("/projects/{project}/tasks")).column("name"),
            ["It crashes", "Report a bug"]
        );
        app.as_("ada").delete(&format!("/task_templates/{template}")).data();
        app.as_("ada").get(&format!("/task_templates/{template}")).error(404);
        app.as_("ada")
            .post(&format!("/api/vinyasa/1/tasks/{task}/saveAsTemplate"), json!({}))
            .error(400);
    });
}

#[test]
fn the_trash_takes_the_task_templates_of_a_project_with_it() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [project] }));
        app.as_("ada")
            .post(
                &format!("/api/vinyasa/1/tasks/{task}/saveAsTemplate"),
                json!({ "project": project }),
            )
            .data();
        app.run_jobs();

        app.as_("ada").delete(&format!("/projects/{project}")).data();
        app.tick(31 * 24 * 60 * 60 * 1_000);
        app.empty_trash();

        for table in ["tasks", "task_templates", "projects", "deletions"] {
            assert_eq!(
                app.sql(&format!("SELECT count(*) FROM {table}"), &[], |row| row.get::<i64>(0)),
                [0],
                "{table}"
            );
        }
    });
}
