//! Several requests in one.

use crate::kit::{ACME, App, Reply, on_both};
use axum::http::Method;
use serde_json::{Value, json};
use server::Settings;

fn run(app: &App, user: &str, actions: Value) -> Reply {
    app.as_(user).post("/batch", json!({ "actions": actions }))
}

#[test]
fn each_action_is_answered_as_if_it_had_come_alone() {
    on_both(|app| {
        let task = app.has("task", json!({ "name": "One" }));
        let path = format!("/tasks/{task}");
        let actions = json!([
            { "relative_path": path, "method": "get", "options": { "fields": ["name"] } },
            { "relative_path": "/tasks", "method": "POST", "data": { "name": "Two", "workspace": ACME }, "options": { "fields": "name" } },
            { "relative_path": path, "method": "put", "data": { "name": "Three" }, "options": { "fields": ["name"] } },
            { "relative_path": "/tasks", "method": "get", "data": { "assignee": "me", "workspace": ACME }, "options": { "limit": 1 } },
            { "relative_path": "/tasks/1", "method": "get" },
            { "relative_path": "/nothing", "method": "get" },
            { "relative_path": format!("{path}?opt_fields=completed"), "method": "GET" },
            { "relative_path": path, "method": "delete" },
        ]);

        let reply = run(app, "ada", actions);

        let data = reply.data();
        let status: Vec<i64> = data
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["status_code"].as_i64().unwrap())
            .collect();
        assert_eq!(status, [200, 201, 200, 200, 404, 404, 200, 200]);
        assert_eq!(
            data[0],
            json!({ "status_code": 200, "headers": {}, "body": { "data": { "gid": task, "name": "One" } } })
        );
        let made = data[1]["body"]["data"]["gid"].as_str().unwrap();
        assert_eq!(data[1]["headers"], json!({ "location": format!("/tasks/{made}") }));
        assert_eq!(data[2]["body"]["data"]["name"], "Three");
        assert_eq!(data[3]["body"], json!({ "data": [], "next_page": null }));
        assert_eq!(data[4]["body"]["errors"][0]["message"], "task: Unknown object: 1");
        assert_eq!(data[6]["body"]["data"], json!({ "gid": task, "completed": false }));
        assert_eq!(data[7]["body"], json!({ "data": {} }));
        assert_eq!(app.as_("ada").get(&format!("/tasks/{made}")).data()["name"], "Two");
        app.as_("ada").get(&path).error(404);
    });
}

#[test]
fn every_action_has_the_rights_of_its_user_only() {
    on_both(|app| {
        let task = app.has("task", json!({ "name": "Secret" }));
        let path = format!("/tasks/{task}");

        let reply = run(
            app,
            "eve",
            json!([
                { "relative_path": path, "method": "get" },
                { "relative_path": path, "method": "put", "data": { "name": "x" } },
                { "relative_path": "/users/me", "method": "get" },
            ]),
        );

        assert!(!reply.text().contains("Secret"));
        let data = reply.data();
        assert_eq!([&data[0]["status_code"], &data[1]["status_code"]], [403, 403]);
        assert_eq!(data[2]["body"]["data"]["name"], "Eve");
    });
}

#[test]
fn what_cannot_be_an_action_is_refused_alone() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let inner = json!([{ "relative_path": "/users/me", "method": "get" }]);
        let actions = json!([
            { "relative_path": "/batch", "method": "post", "data": { "actions": inner } },
            { "relative_path": "/attachments", "method": "post", "data": { "parent": task } },
            { "relative_path": "/users/me", "method": "patch" },
            { "relative_path": "users/me", "method": "get" },
            { "relative_path": "/users/me" },
            { "method": "get" },
            7,
            { "relative_path": "/users/me", "method": "get", "data": [] },
            { "relative_path": "/users/me", "method": "get" },
        ]);

        let data = run(app, "ada", actions).data();

        let status: Vec<i64> = data
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["status_code"].as_i64().unwrap())
            .collect();
        assert_eq!(status, [400, 400, 400, 400, 400, 400, 400, 400, 200]);
    });
}

#[test]
fn a_batch_has_one_to_ten_actions() {
    on_both(|app| {
        let one = json!({ "relative_path": "/users/me", "method": "get" });
        run(app, "ada", json!([])).error(400);
        run(app, "ada", Value::from(vec![one.clone(); 11])).error(400);
        run(app, "ada", json!({})).error(400);
        app.as_("ada").post("/batch", json!({})).error(400);
        run(app, "ada", Value::from(vec![one; 10])).data();
    });
}

#[test]
fn a_batch_that_is_sent_again_gives_the_same_answers() {
    on_both(|app| {
        let body = json!({ "data": { "actions": [
            { "relative_path": "/tasks", "method": "post", "data": { "name": "a", "workspace": ACME } },
            { "relative_path": "/tasks", "method": "post", "data": { "name": "a", "workspace": ACME } },
        ] } });
        let send = || {
            let headers = [("content-type", "application/json"), ("idempotency-key", "k1")];
            app.as_("ada").request(Method::POST, "/batch", &headers, body.to_string()).data()
        };

        let first = send();

        assert_ne!(first[0]["body"]["data"]["gid"], first[1]["body"]["data"]["gid"]);
        assert_eq!(send(), first);
    });
}

#[test]
fn each_action_counts_as_a_request() {
    let app = App::with(Settings { requests_per_minute: 5, ..Settings::default() });
    let one = json!({ "relative_path": "/users/me", "method": "get" });
    run(&app, "ada", Value::from(vec![one.clone(); 4])).data();
    run(&app, "ada", Value::from(vec![one.clone(); 2])).error(429);
    run(&app, "bob", Value::from(vec![one; 6])).error(429);
}
