//! Tasks: what the API promises.

use crate::kit::{ACME, ADA, App, BOB, EVE, GLOBEX, on_both};
use serde_json::{Value, json};

fn task(app: &App, fields: Value) -> String {
    app.has("task", fields)
}

fn project(app: &App) -> String {
    app.has("project", json!({ "name": "Launch" }))
}

fn sections(app: &App, project: &str) -> Vec<String> {
    app.as_("ada").get(&format!("/projects/{project}/sections")).gids()
}

fn order(app: &App, project: &str) -> Vec<String> {
    app.as_("ada").get(&format!("/projects/{project}/tasks")).column("name")
}

fn stories(app: &App, task: &str) -> Vec<String> {
    app.as_("ada").get(&format!("/tasks/{task}/stories")).column("resource_subtype")
}

#[test]
fn a_new_task_has_the_documented_defaults() {
    on_both(|app| {
        let reply =
            app.as_("ada").post("/tasks", json!({ "workspace": ACME, "name": " two\nlines " }));

        assert_eq!(reply.status, 201);
        let task = reply.data();
        assert_eq!(task["name"], "two lines");
        assert_eq!(task["resource_subtype"], "default_task");
        assert_eq!(task["assignee_status"], "inbox");
        assert_eq!(task["completed"], false);
        assert_eq!(task["notes"], "");
        assert_eq!(
            task["followers"],
            json!([{ "gid": ADA, "resource_type": "user", "name": "Ada" }])
        );
        for name in [
            "assignee",
            "completed_at",
            "completed_by",
            "due_at",
            "due_on",
            "start_at",
            "start_on",
            "parent",
            "actual_time_minutes",
            "custom_type",
        ] {
            assert_eq!(task[name], Value::Null, "{name}");
            assert!(task.get(name).is_some(), "{name}");
        }
        for name in [
            "html_notes",
            "num_subtasks",
            "dependencies",
            "dependents",
            "created_by",
            "assigned_by",
            "approval_status",
            "external",
        ] {
            assert!(task.get(name).is_none(), "{name}");
        }
        for name in ["likes", "hearts", "memberships", "projects", "tags", "custom_fields"] {
            assert_eq!(task[name], json!([]), "{name}");
        }
    });
}

#[test]
fn a_task_needs_a_home() {
    on_both(|app| {
        let message = app.as_("ada").post("/tasks", json!({ "name": "nowhere" })).error(400);
        assert_eq!(message, "You should specify one of workspace, parent, projects");
        let message = app.as_("ada").post("/tasks", json!({ "workspace": GLOBEX })).error(400);
        assert_eq!(message, format!("workspace: Unknown object: {GLOBEX}"));
        let message = app.as_("ada").post("/tasks", json!({ "projects": ["123"] })).error(400);
        assert_eq!(message, "projects: [0]: Unknown object: 123");
        let message = app
            .as_("ada")
            .post("/tasks", json!({ "memberships": [{ "section": "1" }] }))
            .error(400);
        assert_eq!(message, "memberships: [0]: project: Missing required field");
    });
}

#[test]
fn the_first_default_record_is_replaced_by_opt_fields() {
    on_both(|app| {
        let task = task(app, json!({ "assignee": "me" }));
        let reply = app.as_("ada").get(&format!(
            "/tasks/{task}?opt_fields=name,%20assignee.email,workspace,memberships,nonsense"
        ));
        assert_eq!(
            reply.data(),
            json!({
                "gid": task, "name": "task", "assignee": { "gid": ADA, "email": "ada@acme.example" },
                "workspace": { "gid": ACME, "resource_type": "workspace" }, "memberships": []
            })
        );
    });
}

#[test]
fn completing_a_task_sets_completed_by_and_reopening_clears_it() {
    on_both(|app| {
        let task = task(app, json!({}));
        app.events();
        app.tick(1_000);

        let done = app.as_("bob").put(&format!("/tasks/{task}"), json!({ "completed": true }));
        assert_eq!(done.status, 403, "bob reaches no project of the task");
        let done =
            app.as_("ada").put(&format!("/tasks/{task}"), json!({ "completed": true })).data();
        assert_eq!(done["completed_at"], "2026-01-01T00:00:01.000Z");
        assert_eq!(done["completed_by"]["gid"], ADA);
        assert_eq!(done["modified_at"], "2026-01-01T00:00:01.000Z");

        app.tick(1_000);
        let again =
            app.as_("ada").put(&format!("/tasks/{task}"), json!({ "completed": true })).data();
        assert_eq!(
            again["completed_at"], "2026-01-01T00:00:01.000Z",
            "writing the same does not move it"
        );
        assert_eq!(again["modified_at"], "2026-01-01T00:00:01.000Z");

        let open =
            app.as_("ada").put(&format!("/tasks/{task}"), json!({ "completed": false })).data();
        assert_eq!((&open["completed_at"], &open["completed_by"]), (&Value::Null, &Value::Null));
        assert_eq!(stories(app, &task), ["marked_complete", "marked_incomplete"]);
        let events = app.events();
        assert!(
            events.contains(&format!(
                "task {task} changed completed, completed_at, completed_by +user {ADA} by ada"
            )) || events
                .iter()
                .any(|line| line.starts_with(&format!("task {task} changed completed"))),
            "{events:?}"
        );
    });
}

#[test]
fn date_rules() {
    on_both(|app| {
        let task = task(app, json!({}));
        let path = format!("/tasks/{task}");
        let put = |fields: Value| app.as_("ada").put(&path, fields);
        let dates = |reply: Value| {
            (
                reply["start_on"].clone(),
                reply["start_at"].clone(),
                reply["due_on"].clone(),
                reply["due_at"].clone(),
            )
        };

        assert_eq!(
            put(json!({ "due_on": "2026-02-01", "due_at": "2026-02-01T10:00:00Z" })).error(400),
            "You may only provide one of due_on or due_at!"
        );
        assert_eq!(
            put(json!({ "due_on": "12/31/2020" })).error(400),
            "due_on: Date must be in ISO-8601 (yyyy-mm-dd) format, not: 12/31/2020"
        );
        assert_eq!(
            put(json!({ "start_on": "2026-01-01" })).error(400),
            "You must provide due_on or due_at when setting start_on"
        );
        assert_eq!(
            put(json!({ "start_at": "2026-01-01T10:00:00Z" })).error(400),
            "You must provide due_at when setting start_at"
        );
        assert_eq!(
            put(json!({ "start_on": "2026-02-02", "due_on": "2026-02-01" })).error(400),
            "start_on: Must not be after the due date"
        );

        let both = put(json!({ "start_on": "2026-01-30", "due_on": "2026-02-01" })).data();
        assert_eq!(
            dates(both),
            (json!("2026-01-30"), Value::Null, json!("2026-02-01"), Value::Null)
        );
        let at = put(json!({ "due_at": "2026-03-04T10:00:00+02:00" })).data();
        assert_eq!(
            dates(at),
            (
                json!("2026-01-30"),
                Value::Null,
                json!("2026-03-04"),
                json!("2026-03-04T08:00:00.000Z")
            )
        );
        let on = put(json!({ "due_on": "2026-03-05" })).data();
        assert_eq!(dates(on), (json!("2026-01-30"), Value::Null, json!("2026-03-05"), Value::Null));
        let none = put(json!({ "due_on": null })).data();
        assert_eq!(dates(none), (Value::Null, Value::Null, Value::Null, Value::Null));

        put(json!({ "resource_subtype": "milestone" })).data();
        assert_eq!(
            put(json!({ "start_on": "2026-01-30", "due_on": "2026-02-01" })).error(400),
            "start_on: A milestone has no start date"
        );
    });
}

#[test]
fn deciding_an_approval_completes_it() {
    on_both(|app| {
        let task = task(app, json!({ "resource_subtype": "approval" }));
        let put = |fields: Value| {
            let task = app.as_("ada").put(&format!("/tasks/{task}"), fields).data();
            (
                task["approval_status"].as_str().unwrap().to_owned(),
                task["completed"].as_bool().unwrap(),
            )
        };

        assert_eq!(put(json!({})), ("pending".into(), false));
        assert_eq!(
            put(json!({ "approval_status": "changes_requested" })),
            ("changes_requested".into(), true)
        );
        assert_eq!(put(json!({ "approval_status": "pending" })), ("pending".into(), false));
        assert_eq!(put(json!({ "completed": true })), ("approved".into(), true));
        assert_eq!(put(json!({ "completed": false })), ("pending".into(), false));
        let plain = self::task(app, json!({}));
        assert_eq!(
            app.as_("ada")
                .put(&format!("/tasks/{plain}"), json!({ "approval_status": "approved" }))
                .error(400),
            "approval_status: Only approvals have an approval status"
        );
    });
}

#[test]
fn an_assignee_follows_and_gets_the_task_into_his_list() {
    on_both(|app| {
        let task = task(app, json!({}));
        let path = format!("/tasks/{task}");

        let assigned = app.as_("ada").put(&path, json!({ "assignee": "bob@acme.example" })).data();
        assert_eq!(assigned["assignee"]["gid"], BOB);
        assert!(assigned["followers"].as_array().unwrap().iter().any(|user| user["gid"] == BOB));
        let list = app.as_("bob").get(&format!("/users/me/user_task_list?workspace={ACME}")).gid();
        assert_eq!(
            app.as_("bob").get(&format!("/user_task_lists/{list}/tasks")).gids(),
            std::slice::from_ref(&task)
        );
        assert_eq!(
            app.as_("bob").get(&path).data()["assignee_section"]["name"],
            "Recently assigned"
        );
        assert_eq!(app.as_("ada").get(&path).data()["assignee_section"], Value::Null);
        let second = app.as_("bob").get(&format!("/projects/{list}/sections")).gids().remove(1);
        app.as_("bob").put(&path, json!({ "assignee_section": second })).data();
        assert_eq!(
            app.as_("bob").get(&format!("/sections/{second}/tasks")).gids(),
            std::slice::from_ref(&task)
        );

        let unassigned = app.as_("ada").put(&path, json!({ "assignee": null })).data();
        assert_eq!(unassigned["assignee"], Value::Null);
        assert_eq!(
            app.as_("ada").get(&format!("/user_task_lists/{list}/tasks")).gids(),
            Vec::<String>::new()
        );
        assert_eq!(stories(app, &task), ["assigned", "unassigned"]);
        assert!(
            app.as_("ada")
                .put(&path, json!({ "assignee": "205" }))
                .error(400)
                .starts_with("assignee: ")
        );
    });
}

#[test]
fn create_only_fields_cannot_be_written_later() {
    on_both(|app| {
        let task = task(app, json!({}));
        for name in ["projects", "tags", "followers", "memberships"] {
            let message =
                app.as_("ada").put(&format!("/tasks/{task}"), json!({ name: [] })).error(400);
            assert_eq!(message, format!("{name}: Cannot write this property"));
        }
        app.as_("ada")
            .put(
                &format!("/tasks/{task}"),
                json!({ "workspace": GLOBEX, "unknown": 1, "created_at": "x" }),
            )
            .data();
    });
}

#[test]
fn new_tasks_come_on_top_and_anchors_move_them() {
    on_both(|app| {
        let project = project(app);
        let a = task(app, json!({ "name": "a", "projects": [project] }));
        let b = task(app, json!({ "name": "b", "projects": [project] }));
        let c = task(app, json!({ "name": "c", "projects": project }));
        assert_eq!(order(app, &project), ["c", "b", "a"]);

        let add = |task: &str, fields: Value| {
            let mut fields = fields;
            fields["project"] = json!(project);
            app.as_("ada").post(&format!("/tasks/{task}/addProject"), fields)
        };
        assert_eq!(add(&c, json!({ "insert_after": a })).json(), json!({ "data": {} }));
        assert_eq!(order(app, &project), ["b", "a", "c"]);
        add(&c, json!({ "insert_before": b })).data();
        assert_eq!(order(app, &project), ["c", "b", "a"]);
        add(&c, json!({ "insert_before": null })).data();
        assert_eq!(order(app, &project), ["b", "a", "c"]);
        add(&c, json!({ "insert_after": null })).data();
        assert_eq!(order(app, &project), ["c", "b", "a"]);
        add(&c, json!({})).data();
        assert_eq!(order(app, &project), ["c", "b", "a"], "being there already, it stays");
        add(&c, json!({ "insert_before": a, "insert_after": b })).error(400);
    });
}

#[test]
fn sections_hold_tasks_in_order_and_moving_between_them_tells_a_story() {
    on_both(|app| {
        let project = project(app);
        let first = sections(app, &project).remove(0);
        let second = app.has("section", json!({ "project": project, "name": "Doing" }));
        let a = task(
            app,
            json!({ "name": "a", "memberships": [{ "project": project, "section": second }] }),
        );
        let b = task(app, json!({ "name": "b", "projects": [project] }));
        assert_eq!(order(app, &project), ["b", "a"]);

        app.events();
        app.as_("ada")
            .post(&format!("/sections/{first}/addTask"), json!({ "task": a, "insert_after": b }))
            .data();
        assert_eq!(order(app, &project), ["b", "a"]);
        assert_eq!(
            app.as_("ada").get(&format!("/sections/{first}/tasks")).column("name"),
            ["b", "a"]
        );
        assert_eq!(stories(app, &a), ["added_to_project", "section_changed"]);
        let events = app.events();
        assert!(
            events.contains(&format!("task {a} removed from section {second} by ada")),
            "{events:?}"
        );
        assert!(
            events.contains(&format!("task {a} added to section {first} by ada")),
            "{events:?}"
        );
        let message = app
            .as_("ada")
            .post(&format!("/sections/{second}/addTask"), json!({ "task": a, "insert_after": b }))
            .error(400);
        assert_eq!(message, "insert_after: Must be a task of the section");
    });
}

#[test]
fn a_task_is_in_at_most_twenty_projects() {
    on_both(|app| {
        let projects: Vec<String> = (0..21).map(|_| project(app)).collect();
        let message = app.as_("ada").post("/tasks", json!({ "projects": projects })).error(400);
        assert_eq!(message, "projects: A task can be in at most 20 projects");
        let task = task(app, json!({ "projects": projects[..20] }));
        let message = app
            .as_("ada")
            .post(&format!("/tasks/{task}/addProject"), json!({ "project": projects[20] }))
            .error(400);
        assert_eq!(message, "project: A task can be in at most 20 projects");
        app.as_("ada")
            .post(&format!("/tasks/{task}/removeProject"), json!({ "project": projects[0] }))
            .data();
        app.as_("ada")
            .post(&format!("/tasks/{task}/removeProject"), json!({ "project": projects[0] }))
            .data();
        app.as_("ada")
            .post(&format!("/tasks/{task}/addProject"), json!({ "project": projects[20] }))
            .data();
        assert_eq!(app.as_("ada").get(&format!("/tasks/{task}/projects")).gids(), projects[1..]);
    });
}

#[test]
fn subtasks_nest_five_deep_and_never_in_a_circle() {
    on_both(|app| {
        let mut chain = vec![task(app, json!({}))];
        for depth in 1..=5 {
            let parent = chain.last().unwrap();
            chain.push(
                app.as_("ada")
                    .post(
                        &format!("/tasks/{parent}/subtasks"),
                        json!({ "name": format!("{depth}") }),
                    )
                    .gid(),
            );
        }
        let message =
            app.as_("ada").post(&format!("/tasks/{}/subtasks", chain[5]), json!({})).error(400);
        assert_eq!(message, "parent: Subtasks can be nested at most 5 levels deep");
        let message = app
            .as_("ada")
            .post(&format!("/tasks/{}/setParent", chain[0]), json!({ "parent": chain[3] }))
            .error(400);
        assert_eq!(
            message,
            "parent: A task cannot be its own parent or that of one of its parents"
        );
        let other = task(app, json!({}));
        let message = app
            .as_("ada")
            .post(&format!("/tasks/{}/setParent", chain[0]), json!({ "parent": other }))
            .error(400);
        assert_eq!(message, "parent: Subtasks can be nested at most 5 levels deep");
        let alone = app
            .as_("ada")
            .post(&format!("/tasks/{}/setParent", chain[1]), json!({ "parent": null }))
            .data();
        assert_eq!(alone["parent"], Value::Null);
        assert_eq!(
            app.as_("ada").get(&format!("/tasks/{}?opt_fields=num_subtasks", chain[0])).data()["num_subtasks"],
            0
        );
    });
}

#[test]
fn subtasks_keep_their_order() {
    on_both(|app| {
        let parent = task(app, json!({}));
        let sub = |name: &str| app.has("task", json!({ "parent": parent, "name": name }));
        let (a, b, c) = (sub("a"), sub("b"), sub("c"));
        let names = || app.as_("ada").get(&format!("/tasks/{parent}/subtasks")).column("name");
        assert_eq!(names(), ["c", "b", "a"]);
        let put = |task: &str, fields: Value| {
            let mut fields = fields;
            fields["parent"] = json!(parent);
            app.as_("ada").post(&format!("/tasks/{task}/setParent"), fields).data();
        };
        put(&c, json!({ "insert_after": a }));
        assert_eq!(names(), ["b", "a", "c"]);
        put(&a, json!({ "insert_before": b }));
        assert_eq!(names(), ["a", "b", "c"]);
        put(&a, json!({ "insert_before": null }));
        assert_eq!(names(), ["b", "c", "a"]);
        put(&c, json!({ "insert_after": null }));
        assert_eq!(names(), ["c", "b", "a"]);
    });
}

#[test]
fn dependencies_have_no_circles_and_a_limit() {
    on_both(|app| {
        let tasks: Vec<String> = (0..32).map(|_| task(app, json!({}))).collect();
        let add = |task: &str, others: &[String]| {
            app.as_("ada")
                .post(&format!("/tasks/{task}/addDependencies"), json!({ "dependencies": others }))
        };
        assert_eq!(
            add(&tasks[0], &tasks[0..1]).error(400),
            "dependencies: [0]: A task cannot depend on itself"
        );
        assert_eq!(add(&tasks[0], &tasks[1..2]).json(), json!({ "data": {} }));
        add(&tasks[0], &tasks[1..2]).data();
        add(&tasks[1], &tasks[2..3]).data();
        assert_eq!(
            add(&tasks[2], &tasks[0..1]).error(400),
            "dependencies: [0]: This would make a circle of dependencies"
        );
        assert_eq!(
            app.as_("ada").get(&format!("/tasks/{}/dependencies", tasks[0])).gids(),
            tasks[1..2]
        );
        assert_eq!(
            app.as_("ada").get(&format!("/tasks/{}/dependents", tasks[1])).gids(),
            tasks[0..1]
        );
        add(&tasks[0], &tasks[2..31]).data();
        assert_eq!(
            add(&tasks[0], &tasks[31..]).error(400),
            "dependencies: [0]: A task can have at most 30 dependencies and dependents"
        );
        app.as_("ada")
            .post(
                &format!("/tasks/{}/removeDependents", tasks[1]),
                json!({ "dependents": [tasks[0]] }),
            )
            .data();
        assert_eq!(
            app.as_("ada").get(&format!("/tasks/{}/dependents", tasks[1])).gids(),
            Vec::<String>::new()
        );
        assert_eq!(
            stories(app, &tasks[1]),
            ["dependent_added", "dependency_added", "dependent_removed"]
        );
    });
}

#[test]
fn followers_added_by_an_editor_reach_the_task_and_lose_it_again() {
    on_both(|app| {
        let task = task(app, json!({}));
        let path = format!("/tasks/{task}");
        assert_eq!(app.as_("eve").get(&path).error(403), "Forbidden");
        let followers = app
            .as_("ada")
            .post(&format!("{path}/addFollowers"), json!({ "followers": EVE }))
            .data();
        assert!(followers["followers"].as_array().unwrap().iter().any(|user| user["gid"] == EVE));
        app.as_("eve").put(&path, json!({ "name": "hers" })).data();
        app.as_("ada")
            .post(&format!("{path}/removeFollowers"), json!({ "followers": [EVE] }))
            .data();
        assert_eq!(app.as_("eve").get(&path).status, 403);
        assert_eq!(
            app.as_("mallory").get(&path).error(404),
            format!("task: Unknown object: {task}")
        );
        let message = app
            .as_("ada")
            .post(&format!("{path}/addFollowers"), json!({ "followers": ["205"] }))
            .error(400);
        assert_eq!(message, "followers: [0]: Unknown object: 205");
    });
}

#[test]
fn tags_go_on_and_off() {
    on_both(|app| {
        let tag = app.has("tag", json!({ "name": "urgent" }));
        let task = task(app, json!({ "tags": [tag] }));
        app.events();
        app.as_("ada").post(&format!("/tasks/{task}/addTag"), json!({ "tag": tag })).data();
        assert_eq!(app.events(), Vec::<String>::new(), "it is there already");
        assert_eq!(
            app.as_("ada").get(&format!("/tags/{tag}/tasks")).gids(),
            std::slice::from_ref(&task)
        );
        assert_eq!(
            app.as_("ada").get(&format!("/tasks?tag={tag}")).gids(),
            std::slice::from_ref(&task)
        );
        app.as_("ada").post(&format!("/tasks/{task}/removeTag"), json!({ "tag": tag })).data();
        assert_eq!(app.as_("ada").get(&format!("/tasks/{task}/tags")).gids(), Vec::<String>::new());
        let foreign = app.make("mallory", "tag", json!({ "workspace": GLOBEX }));
        app.as_("ada").post(&format!("/tasks/{task}/addTag"), json!({ "tag": foreign })).error(400);
    });
}

#[test]
fn get_tasks_takes_exactly_one_filter() {
    on_both(|app| {
        let project = project(app);
        let get = |query: &str| app.as_("ada").get(&format!("/tasks{query}"));
        assert_eq!(
            get("").error(400),
            "You should specify one of workspace, project, tag, section, user_task_list"
        );
        let other = "Must specify exactly one of project, tag, section, user task list, or assignee + workspace";
        assert_eq!(get(&format!("?workspace={ACME}")).error(400), other);
        assert_eq!(get(&format!("?project={project}&assignee=me")).error(400), other);
        assert_eq!(get("?assignee=me").error(400), "workspace: Missing input");
        assert_eq!(get("?project=abc").error(400), "project: Not a recognized ID: abc");

        let open = task(app, json!({ "projects": [project], "assignee": "me" }));
        let done = task(app, json!({ "projects": [project], "completed": true }));
        assert_eq!(
            get(&format!("?assignee=me&workspace={ACME}")).gids(),
            std::slice::from_ref(&open)
        );
        assert_eq!(
            get(&format!("?assignee.any=null&workspace={ACME}")).gids(),
            std::slice::from_ref(&done)
        );
        assert_eq!(
            get(&format!("?project={project}&completed_since=now")).gids(),
            std::slice::from_ref(&open)
        );
        assert_eq!(
            get(&format!("?project={project}&completed_since=2025-01-01T00:00:00Z")).gids().len(),
            2
        );
        assert_eq!(
            get(&format!("?project={project}&modified_since=2040-01-01T00:00:00Z")).gids().len(),
            0
        );
        assert_eq!(
            get(&format!("?project={project}&modified_since=yesterday")).error(400),
            "modified_since: Date-time must be in ISO-8601 format, not: yesterday"
        );
    });
}

#[test]
fn pages_follow_sections_and_survive_what_happens_between_them() {
    on_both(|app| {
        let project = project(app);
        let other = app.has("section", json!({ "project": project, "name": "Later" }));
        let mut want = Vec::new();
        for n in 0..5 {
            want.push(task(app, json!({ "name": format!("a{n}"), "projects": [project] })));
            want.push(task(app, json!({ "name": format!("b{n}"), "memberships": [{ "project": project, "section": other }] })));
        }
        let all = app.as_("ada").get(&format!("/projects/{project}/tasks")).gids();
        let mut found = Vec::new();
        let mut path = format!("/projects/{project}/tasks?limit=3&opt_fields=name");
        loop {
            let reply = app.as_("ada").get(&path);
            found.extend(reply.gids());
            assert!(reply.statements() <= 5, "{}", reply.statements());
            let next = reply.json()["next_page"].clone();
            if next.is_null() {
                break;
            }
            assert!(next["path"].as_str().unwrap().contains("opt_fields=name"));
            assert!(
                next["uri"].as_str().unwrap().starts_with("http://localhost/api/1.0/projects/")
            );
            next["path"].as_str().unwrap().clone_into(&mut path);
            task(app, json!({ "name": "meanwhile", "projects": [project] }));
        }
        assert_eq!(found, all);
        let cursor = app.as_("ada").get(&format!("/projects/{project}/tasks?limit=3")).json()["next_page"]["offset"].as_str().unwrap().to_owned();
        let foreign =
            app.as_("bob").get(&format!("/projects/{project}/tasks?limit=3&offset={cursor}"));
        assert_eq!(foreign.error(400), "offset: Your pagination token is invalid.");
    });
}

#[test]
fn deleting_a_task_takes_its_subtasks_along() {
    on_both(|app| {
        let parent = task(app, json!({}));
        let sub = task(app, json!({ "parent": parent }));
        let below = task(app, json!({ "parent": sub }));
        app.events();
        assert_eq!(
            app.as_("ada").delete(&format!("/tasks/{parent}")).json(),
            json!({ "data": {} })
        );
        assert_eq!(app.events(), [format!("task {parent} deleted by ada")]);
        for gid in [parent, sub, below] {
            assert_eq!(
                app.as_("ada").get(&format!("/tasks/{gid}")).error(404),
                format!("task: Unknown object: {gid}")
            );
        }
    });
}

#[test]
fn the_trash_is_emptied_after_thirty_days() {
    on_both(|app| {
        let project = project(app);
        let kept = task(app, json!({ "name": "kept", "projects": [project] }));
        let parent = task(app, json!({ "projects": [project], "notes": "gone", "liked": true }));
        let sub = task(app, json!({ "parent": parent }));
        app.has("story", json!({ "task": sub, "text": "gone too" }));
        app.as_("ada").delete(&format!("/tasks/{parent}")).data();
        let left = |gid: &str| {
            let gid: i64 = gid.parse().unwrap();
            app.sql(
                "SELECT count(*) FROM (SELECT gid FROM tasks WHERE gid = ? UNION ALL SELECT gid FROM stories WHERE target = ? UNION ALL SELECT object FROM texts WHERE object = ? UNION ALL SELECT task FROM task_projects WHERE task = ?) AS x",
                &[&gid, &gid, &gid, &gid],
                |row| row.get::<i64>(0),
            )[0]
        };

        app.tick(29 * 24 * 60 * 60 * 1_000);
        app.empty_trash();
        assert!(left(&parent) >= 4 && left(&sub) >= 2);

        app.tick(2 * 24 * 60 * 60 * 1_000);
        app.empty_trash();
        assert_eq!((left(&parent), left(&sub)), (0, 0));
        assert!(left(&kept) > 0);
        assert_eq!(
            app.sql("SELECT gid FROM deletions", &[], |row| row.get::<i64>(0)),
            Vec::<i64>::new()
        );
    });
}

#[test]
fn external_ids_are_the_clients_own() {
    on_both(|app| {
        let task = task(app, json!({ "external": { "gid": "crm/7", "data": "x" } }));
        let read = app.as_("ada").get("/tasks/external:crm%2F7").data();
        assert_eq!(read["external"], json!({ "gid": "crm/7", "data": "x" }));
        app.as_("ada")
            .post(&format!("/tasks/{task}/addFollowers"), json!({ "followers": [BOB] }))
            .data();
        assert!(app.as_("bob").get(&format!("/tasks/{task}")).data().get("external").is_none());
        assert_eq!(app.as_("bob").get("/tasks/external:crm%2F7").status, 404);
        let message = app
            .as_("ada")
            .post("/tasks", json!({ "workspace": ACME, "external": { "gid": "crm/7" } }))
            .error(409);
        assert_eq!(message, "Another object has this external gid already");
        let long = "x".repeat(1_024);
        app.as_("ada")
            .put(&format!("/tasks/{task}"), json!({ "external": { "gid": long } }))
            .data();
        assert_eq!(app.as_("ada").get(&format!("/tasks/external:{long}")).gid(), task);
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "external": null })).data();
        assert_eq!(app.as_("ada").get("/tasks/external:crm%2F7").status, 404);
    });
}

#[test]
fn hidden_projects_are_left_out_of_a_visible_task() {
    on_both(|app| {
        let public = project(app);
        let private = app.has("project", json!({ "name": "Secret", "privacy_setting": "private" }));
        let task = task(app, json!({ "projects": [public, private] }));
        let seen = app
            .as_("bob")
            .get(&format!("/tasks/{task}?opt_fields=projects.name,memberships.project.name"))
            .data();
        assert_eq!(seen["projects"], json!([{ "gid": public, "name": "Launch" }]));
        assert_eq!(seen["memberships"].as_array().unwrap().len(), 1);
        let stories = app
            .as_("bob")
            .get(&format!("/tasks/{task}/stories?opt_fields=text,project.name"))
            .text();
        assert!(!stories.contains("Secret"), "{stories}");
    });
}

#[test]
fn likes_are_counted_once_per_user() {
    on_both(|app| {
        let task = task(app, json!({ "projects": [project(app)] }));
        let path = format!("/tasks/{task}");
        app.as_("ada").put(&path, json!({ "liked": true })).data();
        app.as_("ada").put(&path, json!({ "liked": true })).data();
        let seen = app.as_("bob").get(&path).data();
        assert_eq!(
            (
                seen["num_likes"].clone(),
                seen["liked"].clone(),
                seen["likes"][0]["user"]["gid"].clone()
            ),
            (json!(1), json!(false), json!(ADA))
        );
        let mine = app.as_("ada").put(&path, json!({ "liked": false })).data();
        assert_eq!((mine["num_likes"].clone(), mine["hearts"].clone()), (json!(0), json!([])));
    });
}
