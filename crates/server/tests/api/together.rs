//! Requests that run at once on PostgreSQL, where writers run side by side: no failure, and the rules that span rows hold.

use crate::kit::{ACME, ADA, App, BOB, full_path};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

/// A write of ada's.
fn write(method: &str, path: &str, headers: &[(&str, &str)], data: &Value) -> Request<Body> {
    let mut builder = Request::builder()
        .method(method)
        .uri(full_path(path))
        .header("authorization", "Bearer ada")
        .header("content-type", "application/json");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(json!({ "data": data }).to_string())).unwrap()
}

fn statuses(replies: &[crate::kit::Reply]) -> Vec<u16> {
    replies.iter().map(|reply| reply.status).collect()
}

#[test]
fn one_idempotency_key_does_its_work_once() {
    let app = App::crowded();
    let body = json!({ "workspace": ACME, "name": "once" });
    let send = || write("POST", "/tags", &[("idempotency-key", "k")], &body);

    let replies = app.at_once((0..6).map(|_| send()).collect());

    let tags = app.as_("ada").get("/tags").gids();
    assert_eq!(tags.len(), 1, "{:?}", statuses(&replies));
    for reply in replies {
        match reply.status {
            201 => assert_eq!(reply.gid(), tags[0]),
            _ => assert!(reply.error(409).contains("Idempotency-Key")),
        }
    }
    assert_eq!(app.at_once(vec![send()])[0].gid(), tags[0]);
}

#[test]
fn a_task_is_put_into_a_project_once() {
    let app = App::crowded();
    let task = app.has("task", json!({}));
    for _ in 0..4 {
        let project = app.has("project", json!({}));
        let path = format!("/tasks/{task}/addProject");

        let replies = app.at_once(
            (0..6).map(|_| write("POST", &path, &[], &json!({ "project": project }))).collect(),
        );

        assert_eq!(statuses(&replies), [200; 6]);
        assert_eq!(app.as_("ada").get(&format!("/projects/{project}/tasks")).gids(), [&*task]);
    }
}

#[test]
fn no_task_gets_into_a_section_that_goes() {
    let app = App::crowded();
    let project = app.has("project", json!({}));
    let task = app.has("task", json!({}));
    for round in 0..12 {
        let section = app.has("section", json!({ "project": project }));
        let add =
            write("POST", &format!("/sections/{section}/addTask"), &[], &json!({ "task": task }));
        let create = write(
            "POST",
            "/tasks",
            &[],
            &json!({ "name": "new", "memberships": [{ "project": project, "section": section }] }),
        );
        let delete = write("DELETE", &format!("/sections/{section}"), &[], &json!({}));
        let mut requests = vec![add, create, delete];
        requests.rotate_left(round % 3);

        let replies = app.at_once(requests);

        let statuses = statuses(&replies);
        let fine = statuses.iter().all(|status| matches!(status, 200 | 201 | 400 | 404));
        assert!(fine, "{statuses:?}");
        let lost = app.sql(
            "SELECT tp.task FROM task_projects AS tp JOIN sections AS s ON s.gid = tp.section WHERE s.deleted IS NOT NULL",
            &[],
            |row| row.get::<i64>(0),
        );
        assert_eq!(lost, [0_i64; 0], "{statuses:?}");
    }
}

#[test]
fn an_admin_of_a_project_stays() {
    let app = App::crowded();
    for _ in 0..6 {
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        let member = json!({ "parent": project, "member": BOB, "access_level": "admin" });
        app.as_("ada").post("/memberships", member).data();
        let memberships = app.as_("ada").get(&format!("/memberships?parent={project}")).gids();
        let lower = |gid: &String| {
            write("PUT", &format!("/memberships/{gid}"), &[], &json!({ "access_level": "viewer" }))
        };

        let replies = app.at_once(memberships.iter().map(lower).collect());

        let admins = app.sql(
            "SELECT m.gid FROM project_memberships AS m WHERE m.project = ? AND m.access_level = 'admin'",
            &[&project.parse::<i64>().unwrap()],
            |row| row.get::<i64>(0),
        );
        assert_eq!(admins.len(), 1, "{:?}", statuses(&replies));
    }
}

#[test]
fn whoever_is_removed_is_not_let_in_meanwhile() {
    let app = App::crowded();
    for _ in 0..6 {
        app.as_("ada").post(&format!("/workspaces/{ACME}/addUser"), json!({ "user": BOB })).data();
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        let requests = vec![
            write(
                "POST",
                &format!("/projects/{project}/addMembers"),
                &[],
                &json!({ "members": BOB }),
            ),
            write("POST", &format!("/workspaces/{ACME}/removeUser"), &[], &json!({ "user": BOB })),
        ];

        let replies = app.at_once(requests);

        let statuses = statuses(&replies);
        assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
        let members = app.as_("ada").get(&format!("/memberships?parent={project}"));
        let left: Vec<Value> = members
            .data()
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["member"]["gid"].clone())
            .collect();
        assert_eq!(left, [json!(ADA)], "{statuses:?}");
        app.as_("bob").get(&format!("/projects/{project}")).error(404);
    }
}

#[test]
fn portfolios_never_get_into_one_another() {
    let app = App::crowded();
    let item = |portfolio: &str, item: &str| {
        let path = format!("/portfolios/{portfolio}/addItem");
        write("POST", &path, &[], &json!({ "item": item }))
    };
    for _ in 0..6 {
        let [a, b, c] = [(); 3].map(|()| app.has("portfolio", json!({})));

        let replies = app.at_once(vec![item(&a, &b), item(&b, &c), item(&c, &a), item(&a, &b)]);

        // Whoever closes the circle is refused; that may be both who ask for the same.
        let all = statuses(&replies);
        assert!(
            all.contains(&400) && all.iter().all(|status| [200, 400].contains(status)),
            "{all:?}"
        );
    }
}

#[test]
fn a_project_gets_one_brief() {
    let app = App::crowded();
    for _ in 0..4 {
        let project = app.has("project", json!({}));
        let path = format!("/projects/{project}/project_briefs");

        let replies = app.at_once(
            (0..4).map(|_| write("POST", &path, &[], &json!({ "text": "Why" }))).collect(),
        );

        let mut all = statuses(&replies);
        all.sort_unstable();
        assert_eq!(all, [201, 400, 400, 400]);
    }
}

#[test]
fn subtasks_stay_five_levels_deep_while_a_parent_is_moved() {
    let app = App::crowded();
    for round in 0..8 {
        let mut line = vec![app.has("task", json!({}))];
        for _ in 0..3 {
            line.push(app.has("task", json!({ "parent": line[line.len() - 1] })));
        }
        let top = app.has("task", json!({}));
        let below = app.has("task", json!({ "parent": top }));
        // At most one of them fits: the last of the line would be on the fifth level.
        let mut requests = vec![
            write(
                "POST",
                &format!("/tasks/{}/setParent", line[0]),
                &[],
                &json!({ "parent": below }),
            ),
            write("POST", &format!("/tasks/{}/subtasks", line[3]), &[], &json!({ "name": "deep" })),
        ];
        requests.rotate_left(round % 2);

        let replies = app.at_once(requests);

        let mut statuses = statuses(&replies);
        statuses.sort_unstable();
        assert!(matches!(statuses[..], [200 | 201, 400]), "{statuses:?}");
    }
}

#[test]
fn no_subtask_is_left_of_a_task_that_goes() {
    let app = App::crowded();
    for round in 0..8 {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [project] }));
        let child = app.has("task", json!({ "parent": task }));
        let gone =
            if round % 4 < 2 { format!("/tasks/{task}") } else { format!("/projects/{project}") };
        let mut requests = vec![
            write("DELETE", &gone, &[], &json!({})),
            write("POST", &format!("/tasks/{child}/subtasks"), &[], &json!({ "name": "late" })),
        ];
        requests.rotate_left(round % 2);

        let replies = app.at_once(requests);

        let statuses = statuses(&replies);
        assert!(statuses.iter().all(|s| matches!(s, 200 | 201 | 400 | 403 | 404)), "{statuses:?}");
        let left = app.sql(
            "SELECT t.gid FROM tasks AS t JOIN tasks AS p ON p.gid = t.parent WHERE t.deleted IS NULL AND p.deleted IS NOT NULL",
            &[],
            |row| row.get::<i64>(0),
        );
        assert_eq!(left, [0_i64; 0], "{statuses:?}");
    }
}

#[test]
fn no_task_is_left_in_a_project_that_goes() {
    let app = App::crowded();
    for round in 0..8 {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({}));
        let mut requests = vec![
            write("DELETE", &format!("/projects/{project}"), &[], &json!({})),
            write(
                "POST",
                &format!("/tasks/{task}/addProject"),
                &[],
                &json!({ "project": project }),
            ),
            write("POST", "/tasks", &[], &json!({ "name": "new", "projects": [project] })),
            write("POST", &format!("/projects/{project}/sections"), &[], &json!({ "name": "new" })),
        ];
        requests.rotate_left(round % 4);

        let replies = app.at_once(requests);

        let statuses = statuses(&replies);
        assert!(statuses.iter().all(|s| matches!(s, 200 | 201 | 400 | 403 | 404)), "{statuses:?}");
        let left = app.sql(
            "SELECT t.gid FROM task_projects AS tp JOIN projects AS p ON p.gid = tp.project JOIN tasks AS t ON t.gid = tp.task WHERE p.deleted IS NOT NULL AND t.deleted IS NULL
             UNION ALL SELECT s.gid FROM sections AS s JOIN projects AS p ON p.gid = s.container WHERE p.deleted IS NOT NULL AND s.deleted IS NULL",
            &[],
            |row| row.get::<i64>(0),
        );
        assert_eq!(left, [0_i64; 0], "{statuses:?}");
    }
}

#[test]
fn whoever_is_removed_while_he_comments_does_not_follow() {
    let app = App::crowded();
    for round in 0..8 {
        app.as_("ada").post(&format!("/workspaces/{ACME}/addUser"), json!({ "user": BOB })).data();
        let project =
            app.has("project", json!({ "privacy_setting": "private", "team": crate::kit::CREW }));
        let member = json!({ "parent": project, "member": BOB, "access_level": "editor" });
        app.as_("ada").post("/memberships", member).data();
        let task = app.has("task", json!({ "projects": [project] }));
        let mut comment =
            write("POST", &format!("/tasks/{task}/stories"), &[], &json!({ "text": "Still here" }));
        comment.headers_mut().insert("authorization", "Bearer bob".parse().unwrap());
        let mut requests = vec![
            comment,
            write("POST", &format!("/workspaces/{ACME}/removeUser"), &[], &json!({ "user": BOB })),
        ];
        requests.rotate_left(round % 2);

        let replies = app.at_once(requests);

        let statuses = statuses(&replies);
        assert!(statuses.iter().all(|s| matches!(s, 200 | 201 | 403 | 404)), "{statuses:?}");
        let left =
            app.sql(r#"SELECT f.task FROM task_followers AS f WHERE f."user" = 202"#, &[], |row| {
                row.get::<i64>(0)
            });
        assert_eq!(left, [0_i64; 0], "{statuses:?}");
    }
}
