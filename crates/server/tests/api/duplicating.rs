//! Duplicating projects and tasks.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, on_both};
use serde_json::{Value, json};
use server::jobs::{self, Next};
use std::time::Duration;

/// Everything that a copy of a project can include.
pub(crate) const ALL: &str = "allocations,forms,members,notes,permissions,task_assignee,task_attachments,task_dates,task_dependencies,task_followers,task_notes,task_projects,task_subtasks,task_tags,task_templates,task_type_default";

/// The project that an answered job makes, when it is done.
fn made(app: &App, reply: &crate::kit::Reply, what: &str) -> String {
    assert_eq!(reply.status, 201, "{}", reply.text());
    let job = reply.data();
    let gid = job[what]["gid"].as_str().unwrap().to_owned();
    app.run_jobs();
    let path = format!("/jobs/{}", job["gid"].as_str().unwrap());
    assert_eq!(app.as_("ada").get(&path).data()["status"], "succeeded");
    gid
}

/// A project with `count` tasks in three sections, as many subtasks below each other, and one of everything on some of them.
fn large(app: &App, count: i64) -> String {
    let project = app.has(
        "project",
        json!({ "name": "Large", "notes": "What it is about", "color": "light-green", "privacy_setting": "private" }),
    );
    app.as_("ada")
        .post(&format!("/projects/{project}/addMembers"), json!({ "members": BOB }))
        .data();
    for name in ["Doing", "Done"] {
        app.has("section", json!({ "project": project, "name": name }));
    }
    let sections = app.as_("ada").get(&format!("/projects/{project}/sections")).gids();
    let section = |at: usize| sections[at].parse::<i64>().unwrap();
    let number = app.has(
        "custom_field",
        json!({ "name": "Points", "resource_subtype": "number", "precision": 0 }),
    );
    let choice = app.has(
        "custom_field",
        json!({ "name": "Kind", "resource_subtype": "enum", "enum_options": [{ "name": "Red" }] }),
    );
    for field in [&number, &choice] {
        app.as_("ada")
            .post(
                &format!("/projects/{project}/addCustomFieldSetting"),
                json!({ "custom_field": field }),
            )
            .data();
    }
    let option: i64 =
        app.as_("ada").get(&format!("/custom_fields/{choice}")).data()["enum_options"][0]["gid"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
    let tag: i64 = app.has("tag", json!({})).parse().unwrap();
    let gid = |text: &str| text.parse::<i64>().unwrap();
    let (first, below) = (100_000, 200_000);
    let ids = |from: i64, count: i64| store::Value::Ids((from..from + count).collect());
    let tasks = r#"INSERT INTO tasks (gid, workspace, name, resource_subtype, approval_status, assignee, assignee_status, assigned_by, completed, completed_at, completed_by, due_on, due_at, start_on, parent, parent_position, created_at, created_by, modified_at)
      SELECT i.value, 101, 'task ' || CAST(i.value AS TEXT), CASE WHEN i.value % 10 = 1 THEN 'approval' WHEN i.value % 10 = 2 THEN 'milestone' ELSE 'default_task' END, CASE WHEN i.value % 10 = 1 THEN 'pending' END,
        CASE WHEN i.value % 3 = 0 THEN 202 END, 'inbox', CASE WHEN i.value % 3 = 0 THEN 201 END, 0, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT),
        CASE WHEN i.value % 2 = 0 THEN '2026-02-1' || CAST(i.value % 9 AS TEXT) END, CASE WHEN i.value % 16 = 0 THEN 1771000000000 END, CASE WHEN i.value % 20 = 4 THEN '2026-02-0' || CAST(1 + i.value % 9 AS TEXT) END,"#;
    app.write(
        &format!("{tasks} CAST(NULL AS BIGINT), CAST(NULL AS TEXT), 5, 201, 5 FROM ids(?) AS i"),
        &[&ids(first, count)],
    );
    // Each tenth task has a subtask, which has one, and so on: five levels.
    app.write(
        &format!("{tasks} CASE WHEN i.value < {below} + {count} / 10 THEN {first} + (i.value - {below}) * 10 ELSE i.value - {count} / 10 END, 'a' || CAST(i.value AS TEXT), 5, 201, 5 FROM ids(?) AS i"),
        &[&ids(below, count / 2)],
    );
    for at in 0..3 {
        app.write(
            &format!("INSERT INTO task_projects (task, project, workspace, section, position, added_at) SELECT i.value, CAST(? AS BIGINT), 101, CAST(? AS BIGINT), 'a' || CAST(i.value AS TEXT), 5 FROM ids(?) AS i WHERE i.value % 3 = {at}"),
            &[&gid(&project), &section(usize::try_from(at).unwrap()), &ids(first, count)],
        );
    }
    // One subtask is in the project by itself.
    app.write("INSERT INTO task_projects (task, project, workspace, section, position, added_at) VALUES (200003, ?, 101, ?, 'b', 5)", &[&gid(&project), &section(0)]);
    for all in [ids(first, count), ids(below, count / 2)] {
        let all: &dyn store::ToValue = &all;
        app.write("INSERT INTO texts (object, workspace, html, plain, mentions) SELECT i.value, 101, '<body><b>note</b> ' || CAST(i.value AS TEXT) || '</body>', 'note ' || CAST(i.value AS TEXT), 0 FROM ids(?) AS i", &[all]);
        app.write(r#"INSERT INTO task_followers (task, "user", workspace, grants, position) SELECT i.value, 202, 101, i.value % 2, 'a' FROM ids(?) AS i WHERE i.value % 5 = 0"#, &[all]);
        app.write("INSERT INTO task_tags (task, tag, workspace, position, task_created_at) SELECT i.value, CAST(? AS BIGINT), 101, 'a', t.created_at FROM ids(?) AS i JOIN tasks AS t ON t.gid = i.value WHERE i.value % 4 = 0", &[&tag, all]);
        app.write("INSERT INTO custom_field_values (object, custom_field, workspace, number_value) SELECT i.value, CAST(? AS BIGINT), 101, i.value % 7 FROM ids(?) AS i", &[&gid(&number), all]);
        app.write("INSERT INTO custom_field_choices (object, custom_field, choice, workspace, position) SELECT i.value, CAST(? AS BIGINT), CAST(? AS BIGINT), 101, 'a' FROM ids(?) AS i WHERE i.value % 6 = 0", &[&gid(&choice), &option, all]);
        app.write("INSERT INTO attachments (gid, workspace, parent, name, resource_subtype, host, storage_key, size, state, created_at) SELECT i.value + 1000000, 101, i.value, 'file ' || CAST(i.value AS TEXT), 'asana', 'asana', 'key' || CAST(i.value AS TEXT), 5, 'stored', 5 FROM ids(?) AS i WHERE i.value % 10 = 3", &[all]);
        app.write("INSERT INTO task_dependencies (task, dependency, workspace, position) SELECT i.value, i.value - 1, 101, 'a' FROM ids(?) AS i WHERE i.value % 2 = 1", &[all]);
    }
    project
}

/// The tasks of a project and theirs below, for a query.
fn tree(project: &str) -> String {
    format!(
        "WITH RECURSIVE tree(gid) AS (SELECT tp.task FROM task_projects AS tp WHERE tp.project = {project} UNION SELECT t.gid FROM tree JOIN tasks AS t ON t.parent = tree.gid)"
    )
}

/// All that is in a project, by the names of the tasks: what two projects must have in common to be equal.
fn content(app: &App, project: &str) -> Vec<String> {
    let aspects = [
        "'row ' || t.name || ' ' || t.resource_subtype || ' ' || coalesce(t.approval_status, '-') || ' ' || coalesce(CAST(t.assignee AS TEXT), '-') || ' ' || coalesce(CAST(t.assigned_by AS TEXT), '-') || ' ' || CAST(t.completed AS TEXT) || ' ' || coalesce(t.due_on, '-') || ' ' || coalesce(CAST(t.due_at AS TEXT), '-') || ' ' || coalesce(t.start_on, '-') || ' ' || coalesce(t.parent_position, '-') FROM tree JOIN tasks AS t ON t.gid = tree.gid",
        "'parent ' || t.name || ' ' || p.name FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN tasks AS p ON p.gid = t.parent",
        "'home ' || t.name || ' ' || s.name || ' ' || tp.position FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN task_projects AS tp ON tp.task = t.gid JOIN sections AS s ON s.gid = tp.section AND s.container = tp.project",
        "'text ' || t.name || ' ' || x.html || x.plain FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN texts AS x ON x.object = t.gid",
        r#"'follower ' || t.name || ' ' || CAST(f."user" AS TEXT) FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN task_followers AS f ON f.task = t.gid WHERE f."user" <> 201 AND t.name NOT LIKE 'x%' AND (t.assignee IS NULL OR f."user" <> t.assignee)"#,
        "'tag ' || t.name || ' ' || CAST(j.tag AS TEXT) FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN task_tags AS j ON j.task = t.gid",
        "'value ' || t.name || ' ' || CAST(v.custom_field AS TEXT) || ' ' || CAST(v.number_value AS TEXT) FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN custom_field_values AS v ON v.object = t.gid",
        "'choice ' || t.name || ' ' || CAST(v.custom_field AS TEXT) || ' ' || CAST(v.choice AS TEXT) FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN custom_field_choices AS v ON v.object = t.gid",
        "'file ' || t.name || ' ' || a.name || ' ' || a.storage_key || ' ' || a.state FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN attachments AS a ON a.parent = t.gid",
        "'waits ' || t.name || ' ' || d.name FROM tree JOIN tasks AS t ON t.gid = tree.gid JOIN task_dependencies AS j ON j.task = t.gid JOIN tasks AS d ON d.gid = j.dependency JOIN tree AS other ON other.gid = d.gid",
    ];
    let mut all: Vec<String> = aspects
        .iter()
        .flat_map(|aspect| {
            app.sql(&format!("{} SELECT {aspect}", tree(project)), &[], |row| row.get::<String>(0))
        })
        .collect();
    all.extend(app.sql(
        "SELECT 'section ' || s.name || ' ' || s.position FROM sections AS s WHERE s.container = ? AND s.deleted IS NULL",
        &[&project.parse::<i64>().unwrap()],
        |row| row.get::<String>(0),
    ));
    all.sort();
    all
}

fn duplicate(app: &App, project: &str, fields: Value) -> String {
    let reply = app.as_("ada").post(&format!("/projects/{project}/duplicate"), fields);
    made(app, &reply, "new_project")
}

/// Compares a project of so many tasks with its copy.
fn a_copy_is_equal(app: &App, count: i64) {
    let project = large(app, count);
    app.events();
    let reply = app
        .as_("ada")
        .post(&format!("/projects/{project}/duplicate"), json!({ "name": "Copy", "include": ALL }));
    let job = reply.data();
    assert_eq!(job["resource_subtype"], "duplicate_project");
    assert_eq!(job["new_project"]["name"], "Copy", "it is there from the beginning on");
    let before = app.server.store.metrics();

    let copy = made(app, &reply, "new_project");

    let (wanted, found) = (content(app, &project), content(app, &copy));
    assert!(wanted.len() > usize::try_from(count).unwrap() * 6, "{}", wanted.len());
    for (one, other) in wanted.iter().zip(&found) {
        assert_eq!(one, other);
    }
    assert_eq!(wanted.len(), found.len());
    let show = |gid: &str| {
        let fields = "color,notes,privacy_setting,default_access_level,default_view,team,owner,members,followers,archived,due_on";
        let mut data = app.as_("ada").get(&format!("/projects/{gid}?opt_fields={fields}")).data();
        data.as_object_mut().unwrap().remove("gid");
        data
    };
    assert_eq!(show(&project), show(&copy));
    let fields = |gid: &str| {
        app.as_("ada")
            .get(&format!(
                "/projects/{gid}/custom_field_settings?opt_fields=custom_field.name,is_important"
            ))
            .column("custom_field")
    };
    assert_eq!(fields(&project), fields(&copy));
    let told = app.events();
    let tasks = told
        .iter()
        .filter(|line| {
            line.starts_with("task ") && line.ends_with(&format!("added to project {copy} by ada"))
        })
        .count();
    assert_eq!(i64::try_from(tasks).unwrap(), count + 1);
    assert_eq!(app.sql("SELECT count(*) FROM copies", &[], |row| row.get::<i64>(0)), [0]);
    // Loosely, since tests run without optimization and share the machine.
    let after = app.server.store.metrics();
    let slow: u64 = after
        .hold_times
        .iter()
        .zip(&before.hold_times)
        .filter(|((bound, _), _)| *bound > Duration::from_millis(500))
        .map(|((_, after), (_, before))| after - before)
        .sum();
    assert_eq!(slow, 0, "{:?}", after.hold_times);
}

/// How many tasks a large project has: `VINYASA_TEST_TASKS`, or a thousand.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says it")]
fn size() -> i64 {
    let set = std::env::var("VINYASA_TEST_TASKS").ok();
    set.map_or(1_000, |text| text.parse().expect("VINYASA_TEST_TASKS is a number"))
}

#[test]
fn a_copy_of_a_large_project_is_equal() {
    on_both(|app| a_copy_is_equal(app, size()));
}

#[test]
fn a_copy_that_was_killed_in_the_middle_is_gone_on_with() {
    on_both(|app| {
        let project = large(app, 300);
        for batches in [1, 4, 9, 14] {
            let reply = app.as_("ada").post(
                &format!("/projects/{project}/duplicate"),
                json!({ "name": "Copy", "include": ALL }),
            );
            let claim = app.block_on(jobs::claim(&app.server)).unwrap().unwrap();
            for _ in 0..batches {
                assert_eq!(app.block_on(jobs::batch(&app.server, claim)).unwrap(), Next::Batch);
            }
            // Nobody runs it now, and nobody says so.
            app.run_jobs();
            let job = format!("/jobs/{}", reply.gid());
            assert_eq!(app.as_("ada").get(&job).data()["status"], "in_progress");
            app.tick(30_001);

            let copy = made(app, &reply, "new_project");

            assert_eq!(content(app, &project), content(app, &copy));
        }
    });
}

#[test]
fn what_is_not_included_is_left_out() {
    on_both(|app| {
        let project = large(app, 20);

        let copy = duplicate(app, &project, json!({ "name": "Bare" }));

        let fields = "name,assignee,due_on,notes,num_subtasks,tags,followers,dependencies,memberships.section.name,parent";
        let tasks =
            app.as_("ada").get(&format!("/projects/{copy}/tasks?opt_fields={fields}")).data();
        assert_eq!(
            tasks.as_array().unwrap().len(),
            21,
            "and the subtask that is in the project by itself"
        );
        for task in tasks.as_array().unwrap() {
            assert_eq!(task["followers"], json!([{ "gid": ADA, "resource_type": "user" }]));
            for (name, empty) in [
                ("assignee", json!(null)),
                ("due_on", json!(null)),
                ("notes", json!("")),
                ("num_subtasks", json!(0)),
                ("tags", json!([])),
                ("dependencies", json!([])),
                ("parent", json!(null)),
            ] {
                assert_eq!(task[name], empty, "{name}");
            }
        }
        let shown = app
            .as_("ada")
            .get(&format!("/projects/{copy}?opt_fields=notes,members,privacy_setting,team"))
            .data();
        assert_eq!(shown["notes"], "");
        assert_eq!(shown["members"].as_array().unwrap().len(), 1);
        assert_eq!(shown["privacy_setting"], "private", "nobody sees more than before");
        assert_eq!(shown["team"]["gid"], CREW);
    });
}

#[test]
fn dates_are_scheduled_from_the_first_or_to_the_last_day() {
    on_both(|app| {
        let project =
            app.has("project", json!({ "due_on": "2026-01-30", "start_on": "2026-01-05" }));
        for (name, start, due) in [
            ("a", Some("2026-01-05"), "2026-01-07"),
            ("b", None, "2026-01-09"),
            ("c", Some("2026-01-08"), "2026-01-13"),
        ] {
            app.has(
                "task",
                json!({ "projects": [project], "name": name, "due_on": due, "start_on": start }),
            );
        }
        app.has(
            "task",
            json!({ "projects": [project], "name": "d", "due_at": "2026-01-06T10:00:00Z" }),
        );
        let dates = |schedule: Value| {
            let copy = duplicate(
                app,
                &project,
                json!({ "name": "Copy", "include": "task_dates", "schedule_dates": schedule }),
            );
            let tasks = app
                .as_("ada")
                .get(&format!("/projects/{copy}/tasks?opt_fields=name,start_on,due_on,due_at"))
                .data();
            let mut rows: Vec<String> = tasks
                .as_array()
                .unwrap()
                .iter()
                .map(|task| {
                    let text = |name: &str| task[name].as_str().unwrap_or("-").to_owned();
                    format!(
                        "{} {} {} {}",
                        text("name"),
                        text("start_on"),
                        text("due_on"),
                        text("due_at")
                    )
                })
                .collect();
            let shown =
                app.as_("ada").get(&format!("/projects/{copy}?opt_fields=start_on,due_on")).data();
            rows.sort();
            rows.push(format!(
                "{} {}",
                shown["start_on"].as_str().unwrap_or("-"),
                shown["due_on"].as_str().unwrap_or("-")
            ));
            rows
        };

        assert_eq!(
            dates(json!({ "should_skip_weekends": false, "start_on": "2026-02-01" })),
            [
                "a 2026-02-01 2026-02-03 -",
                "b - 2026-02-05 -",
                "c 2026-02-04 2026-02-09 -",
                "d - 2026-02-02 2026-02-02T10:00:00.000Z",
                "2026-02-01 2026-02-26"
            ]
        );
        assert_eq!(
            dates(json!({ "should_skip_weekends": true, "due_on": "2026-02-13" })),
            [
                "a 2026-02-05 2026-02-09 -",
                "b - 2026-02-09 -",
                "c 2026-02-09 2026-02-13 -",
                "d - 2026-02-06 2026-02-06T10:00:00.000Z",
                "2026-02-05 2026-03-02"
            ]
        );
        let refused = |fields: Value| {
            app.as_("ada").post(&format!("/projects/{project}/duplicate"), fields).error(400)
        };
        for (fields, message) in [
            (json!({}), "name: Missing input"),
            (json!({ "name": "x", "include": "task_dates,tasks" }), "include: Must be some of"),
            (
                json!({ "name": "x", "schedule_dates": { "should_skip_weekends": true, "due_on": "2026-02-01" } }),
                "schedule_dates: Needs task_dates in include",
            ),
            (
                json!({ "name": "x", "include": ["task_dates"], "schedule_dates": { "due_on": "2026-02-01" } }),
                "schedule_dates: should_skip_weekends: Missing input",
            ),
            (
                json!({ "name": "x", "include": "task_dates", "schedule_dates": { "should_skip_weekends": true } }),
                "schedule_dates: Must have exactly one of",
            ),
        ] {
            let found = refused(fields);
            assert!(found.starts_with(message), "{found}");
        }
    });
}

#[test]
fn a_task_is_copied_with_what_is_included() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let other = app.has("task", json!({ "name": "before" }));
        let task = app.has(
            "task",
            json!({ "name": "Bake", "projects": [project], "assignee": BOB, "due_on": "2026-02-01", "notes": "hot", "followers": [EVE], "completed": true }),
        );
        let child = app.has("task", json!({ "name": "mix", "parent": task }));
        app.has("task", json!({ "name": "stir", "parent": child }));
        app.as_("ada")
            .post(&format!("/tasks/{task}/addDependencies"), json!({ "dependencies": [other] }))
            .data();
        let fields = "name,assignee.name,due_on,notes,completed,num_subtasks,projects.name,parent,dependencies.name,followers.name";
        let copy = |fields_sent: Value| {
            let reply = app.as_("ada").post(&format!("/tasks/{task}/duplicate"), fields_sent);
            assert_eq!(reply.data()["resource_subtype"], "duplicate_task");
            made(app, &reply, "new_task")
        };
        let show = |gid: &str| {
            let mut data = app.as_("ada").get(&format!("/tasks/{gid}?opt_fields={fields}")).data();
            data.as_object_mut().unwrap().remove("gid");
            data
        };

        let bare = copy(json!({}));
        assert_eq!(
            show(&bare),
            json!({ "name": "Bake", "assignee": null, "due_on": null, "notes": "", "completed": false, "num_subtasks": 0, "projects": [], "parent": null, "dependencies": [], "followers": [{ "gid": ADA, "name": "Ada" }] })
        );
        let whole = copy(
            json!({ "name": "Bake again", "include": "notes,assignee,subtasks,attachments,tags,followers,projects,dates,dependencies,parent" }),
        );
        let shown = show(&whole);
        assert_eq!(shown["name"], "Bake again");
        assert_eq!(shown["assignee"]["name"], "Bob");
        assert_eq!(
            (&shown["due_on"], &shown["notes"], &shown["completed"]),
            (&json!("2026-02-01"), &json!("hot"), &json!(false))
        );
        assert_eq!(shown["projects"][0]["name"], "project");
        assert_eq!(shown["dependencies"][0]["name"], "before");
        assert_eq!(shown["followers"].as_array().unwrap().len(), 3);
        let subtasks = app
            .as_("ada")
            .get(&format!("/tasks/{whole}/subtasks?opt_fields=name,num_subtasks"))
            .data();
        assert_eq!(
            (&subtasks[0]["name"], &subtasks[0]["num_subtasks"]),
            (&json!("mix"), &json!(1))
        );
        let stories = app.as_("ada").get(&format!("/tasks/{whole}/stories")).column("text");
        assert_eq!(stories, ["duplicated task from Bake"]);
        for (word, found) in
            [("again", vec![whole.clone()]), ("hot", vec![whole.clone(), task.clone()])]
        {
            let mut gids =
                app.as_("ada").get(&format!("/workspaces/{ACME}/tasks/search?text={word}")).gids();
            gids.sort_by(|one, other| other.cmp(one));
            assert_eq!(gids, found, "{word}");
        }
        let mine = app.as_("bob").get("/user_task_lists/602/tasks").column("name");
        assert_eq!(mine, ["Bake again", "Bake"]);
    });
}

#[test]
fn only_what_the_creator_sees_and_may_is_copied() {
    on_both(|app| {
        let open = app.has("project", json!({ "privacy_setting": "private" }));
        app.as_("ada")
            .post(&format!("/projects/{open}/addMembers"), json!({ "members": BOB }))
            .data();
        let closed = app.has("project", json!({ "privacy_setting": "private" }));
        let secret = app.has("task", json!({ "name": "secret", "projects": [closed] }));
        let task = app.has("task", json!({ "name": "Both", "projects": [open, closed] }));
        app.as_("ada")
            .post(&format!("/tasks/{task}/addDependencies"), json!({ "dependencies": [secret] }))
            .data();

        app.as_("bob")
            .post(&format!("/projects/{closed}/duplicate"), json!({ "name": "Copy" }))
            .error(403);
        app.as_("bob").post(&format!("/tasks/{secret}/duplicate"), json!({})).error(403);
        let reply = app.as_("bob").post(
            &format!("/tasks/{task}/duplicate"),
            json!({ "include": "projects,dependencies" }),
        );
        let copy = reply.data()["new_task"]["gid"].as_str().unwrap().to_owned();
        app.run_jobs();

        let shown =
            app.as_("ada").get(&format!("/tasks/{copy}?opt_fields=projects,dependencies")).data();
        assert_eq!(shown["projects"], json!([{ "gid": open, "resource_type": "project" }]));
        assert_eq!(shown["dependencies"], json!([]));
    });
}

#[test]
fn a_copy_whose_original_is_hidden_meanwhile_fails_and_leaves_nothing() {
    on_both(|app| {
        let project = large(app, 100);
        let reply = app
            .as_("bob")
            .post(&format!("/projects/{project}/duplicate"), json!({ "name": "Copy" }));
        let copy = reply.data()["new_project"]["gid"].as_str().unwrap().to_owned();
        app.as_("bob").get(&format!("/projects/{copy}")).data();
        app.as_("ada")
            .post(&format!("/projects/{project}/removeMembers"), json!({ "members": BOB }))
            .data();

        app.run_jobs();

        assert_eq!(
            app.as_("bob").get(&format!("/jobs/{}", reply.gid())).data()["status"],
            "failed"
        );
        app.as_("bob").get(&format!("/projects/{copy}")).error(404);
        assert_eq!(
            app.sql(
                "SELECT count(*) FROM tasks WHERE created_by = 202 AND deleted IS NULL",
                &[],
                |row| row.get::<i64>(0)
            ),
            [0]
        );
    });
}

#[test]
fn a_cancelled_copy_goes_to_the_trash_and_nobody_has_more_than_five_jobs() {
    on_both(|app| {
        let project = large(app, 100);
        let begin = || {
            app.as_("ada")
                .post(&format!("/projects/{project}/duplicate"), json!({ "name": "Copy" }))
        };
        let started: Vec<_> = (0..5).map(|_| begin()).collect();
        assert_eq!(begin().status, 429);
        assert_eq!(
            app.as_("bob")
                .post(&format!("/projects/{project}/duplicate"), json!({ "name": "Copy" }))
                .status,
            201
        );

        let claim = app.block_on(jobs::claim(&app.server)).unwrap().unwrap();
        for _ in 0..3 {
            app.block_on(jobs::batch(&app.server, claim)).unwrap();
        }
        for reply in &started {
            app.as_("ada")
                .post(&format!("/api/vinyasa/1/jobs/{}/cancel", reply.gid()), json!({}))
                .data();
        }
        app.run_jobs();

        let projects = app.as_("ada").get(&format!("/workspaces/{ACME}/projects")).column("name");
        assert_eq!(projects, ["Large"]);
        assert_eq!(app.sql("SELECT count(*) FROM tasks WHERE gid > 1000 AND gid < 100000 AND deleted IS NULL AND created_by = 201", &[], |row| row.get::<i64>(0)), [0]);
        assert_eq!(begin().status, 201);
    });
}

#[test]
fn copies_of_a_file_share_its_bytes_until_the_last_one_goes() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [project] }));
        let body = "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nbytes\r\n--part--\r\n";
        let upload = app.as_("ada").request(
            axum::http::Method::POST,
            &format!("/tasks/{task}/attachments"),
            &[("content-type", "multipart/form-data; boundary=part")],
            body,
        );
        let original = upload.gid();
        let copy =
            duplicate(app, &project, json!({ "name": "Copy", "include": "task_attachments" }));
        let copied = app.as_("ada").get(&format!("/projects/{copy}/tasks")).gids().concat();
        let attachment =
            app.as_("ada").get(&format!("/attachments?parent={copied}")).gids().concat();
        let sweep = || app.block_on(server::http::attachments::sweep(&app.server)).unwrap();
        let read = |gid: &str| {
            let url = app.as_("ada").get(&format!("/attachments/{gid}")).data()["download_url"]
                .as_str()
                .unwrap()
                .to_owned();
            let path = url.split_once("//").unwrap().1.split_once('/').unwrap().1.to_owned();
            app.anonymous().send(
                axum::http::Request::get(format!("/{path}"))
                    .body(axum::body::Body::empty())
                    .unwrap(),
            )
        };
        assert_ne!(original, attachment);

        app.as_("ada").delete(&format!("/attachments/{original}")).data();
        sweep();
        assert_eq!(read(&attachment).body, b"bytes");
        app.as_("ada").delete(&format!("/attachments/{attachment}")).data();
        sweep();
        assert_eq!(app.sql("SELECT count(*) FROM attachments", &[], |row| row.get::<i64>(0)), [0]);
    });
}
