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
