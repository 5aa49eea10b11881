//! Webhooks: handshake, filters, deliveries, failures, ends.

use crate::kit::{ACME, ADA, App, BOB, CREW, Reply, on_both};
use crate::receiver::{Arrived, Receiver};
use serde_json::{Value, json};
use server::resources::webhooks::sender::{GIVE_UP, HEARTBEAT, signature};

/// A webhook of a user, with its secret; the first heartbeat is out.
fn hook(
    app: &App,
    user: &str,
    resource: &str,
    receiver: &Receiver,
    filters: &Value,
) -> (String, String) {
    let target = receiver.url("/hook");
    let body = json!({ "resource": resource, "target": target, "filters": filters });
    let reply = app.as_(user).post("/webhooks", body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    let secret = reply.json()["X-Hook-Secret"].as_str().unwrap().to_owned();
    assert_eq!(app.send_webhooks(), 1, "the first heartbeat");
    receiver.taken();
    (reply.gid(), secret)
}

/// Lets what happened be put in line and sent; how many deliveries were tried.
fn deliver(app: &App) -> usize {
    app.read_log("webhooks");
    app.tick(1_000);
    app.send_webhooks()
}

/// What came, a line for each event.
fn lines(arrived: &[Arrived]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let taken = arrived.iter().filter(|one| one.status == 200);
    taken
        .flat_map(Arrived::events)
        .map(|event| {
            let resource = &event["resource"];
            let mut line = format!(
                "{} {} {}",
                text(&resource["resource_type"]),
                text(&resource["gid"]),
                text(&event["action"])
            );
            if event["change"].is_object() {
                line.push_str(&format!(" {}", text(&event["change"]["field"])));
            }
            line
        })
        .collect()
}

fn shown(app: &App, hook: &str) -> Reply {
    app.as_("ada").get(&format!("/webhooks/{hook}"))
}

#[test]
fn a_handshake_makes_a_webhook_and_gives_its_secret() {
    on_both(|app| {
        let receiver = Receiver::new();
        let project = app.has("project", json!({ "name": "Cats" }));

        let body = json!({ "resource": project, "target": receiver.url("/hook"), "filters": [{ "resource_type": "task", "action": "changed", "fields": ["name"] }] });
        let reply = app.as_("ada").post("/webhooks", body.clone());

        let handshake = receiver.taken().remove(0);
        let secret = handshake.header("x-hook-secret").unwrap();
        assert_eq!((secret.len(), handshake.body.as_slice()), (64, b"{}".as_slice()));
        let gid = reply.gid();
        assert_eq!(
            reply.json(),
            json!({
                "data": {
                    "gid": gid,
                    "resource_type": "webhook",
                    "active": true,
                    "resource": { "gid": project, "resource_type": "project", "name": "Cats" },
                    "target": receiver.url("/hook"),
                    "created_at": "2026-01-01T00:00:00.000Z",
                    "last_failure_at": null,
                    "last_failure_content": null,
                    "last_success_at": null,
                    "delivery_retry_count": 0,
                    "next_attempt_after": null,
                    "failure_deletion_timestamp": null,
                    "filters": [{ "resource_type": "task", "resource_subtype": null, "action": "changed", "fields": ["name"] }],
                },
                "X-Hook-Secret": secret,
            })
        );
        assert_eq!(reply.header("location"), Some(format!("/api/1.0/webhooks/{gid}").as_str()));
        let again = app.as_("ada").post("/webhooks", body);
        assert!(again.error(403).starts_with("Duplicated webhook."));
        assert_eq!(
            app.as_("ada").get(&format!("/webhooks?workspace={ACME}")).gids(),
            std::slice::from_ref(&gid)
        );
        let path = format!(
            "/webhooks?workspace={ACME}&resource={project}&limit=5&opt_fields=filters.action,target"
        );
        assert_eq!(app.as_("ada").get(&path).gids(), std::slice::from_ref(&gid));
        app.as_("ada").get("/webhooks").error(400);
        assert_eq!(app.as_("bob").get(&format!("/webhooks?workspace={ACME}")).gids(), [""; 0]);
        app.as_("bob").get(&format!("/webhooks/{gid}")).error(403);
        app.as_("bob").delete(&format!("/webhooks/{gid}")).error(403);
        app.as_("ada").delete(&format!("/webhooks/{gid}")).data();
        shown(app, &gid).error(404);
    });
}

#[test]
fn a_target_that_does_not_agree_gets_no_webhook() {
    on_both(|app| {
        let receiver = Receiver::new();
        let task = app.has("task", json!({}));
        let create = |target: &str| {
            app.as_("ada").post("/webhooks", json!({ "resource": task, "target": target }))
        };

        receiver.answer(&[401]);
        assert_eq!(
            create(&receiver.url("/")).error(400),
            "The remote server which is intended to receive the webhook responded with an incorrect status code: 401"
        );
        receiver.keep_silent();
        create(&receiver.url("/")).error(400);
        create("http://127.0.0.1:1/").error(400);
        create("http://169.254.169.254/").error(403);
        create("ftp://example.com/").error(400);
        create("").error(400);
        app.as_("ada").post("/webhooks", json!({ "target": receiver.url("/") })).error(400);
        app.as_("ada").post("/webhooks", json!({ "resource": task })).error(400);
        app.as_("mallory")
            .post("/webhooks", json!({ "resource": task, "target": receiver.url("/") }))
            .error(400);

        let left = app.sql("SELECT count(*) FROM webhooks AS w", &[], |row| row.get::<i64>(0));
        assert_eq!(left, [0]);
    });
}

#[test]
fn events_are_gathered_signed_and_sent_without_names() {
    on_both(|app| {
        let receiver = Receiver::new();
        let project = app.has("project", json!({ "name": "Cats" }));
        let task = app.has("task", json!({ "name": "before", "projects": [project] }));
        let (gid, secret) = hook(app, "ada", &project, &receiver, &json!([]));
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "assignee": BOB })).data();
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "über \"/\"" })).data();

        assert_eq!(deliver(app), 1, "both in one delivery");

        let arrived = receiver.taken();
        let [only] = arrived.as_slice() else { panic!("{arrived:?}") };
        assert_eq!(only.header("content-type"), Some("application/json"));
        assert_eq!(only.header("x-hook-signature"), Some(signature(&secret, &only.body).as_str()));
        let text = String::from_utf8(only.body.clone()).unwrap();
        let first = format!(
            r#"{{"user":{{"gid":"{ADA}","resource_type":"user"}},"created_at":"2026-01-01T00:00:00.000Z","action":"changed","resource":{{"gid":"{task}","resource_type":"task","resource_subtype":"default_task"}},"parent":null,"change":{{"field":"assignee","action":"changed","new_value":{{"gid":"{BOB}","resource_type":"user"}}}}}}"#
        );
        assert!(text.contains(&first), "{text}");
        assert!(text.starts_with(r#"{"events":[{"user":"#) && text.ends_with("}]}"), "{text}");
        for name in ["ber", "Cats", "before", "Ada"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
        let data = shown(app, &gid).data();
        assert_eq!(data["last_success_at"], "2026-01-01T00:00:01.000Z");

        let log = app.as_("ada").get(&format!("/api/vinyasa/1/webhooks/{gid}/deliveries"));
        assert_eq!(log.column("status"), ["delivered", "delivered"]);
        let delivery = log.data()[0]["gid"].as_str().unwrap().to_owned();
        let replayed = app
            .as_("ada")
            .post(&format!("/api/vinyasa/1/webhook_deliveries/{delivery}/replay"), json!({}));
        assert_eq!(replayed.status, 201);
        assert_eq!(replayed.data()["replay_of"]["gid"], delivery);
        assert_eq!(app.send_webhooks(), 1);
        assert_eq!(receiver.taken().remove(0).body, only.body);
    });
}

#[test]
fn filters_let_through_what_one_of_them_names() {
    on_both(|app| {
        let receiver = Receiver::new();
        let project = app.has("project", json!({}));
        let filters = json!([
            { "resource_type": "task", "action": "changed", "fields": ["name"] },
            { "resource_type": "story", "resource_subtype": "comment_added" },
        ]);
        let (gid, _) = hook(app, "ada", &project, &receiver, &filters);
        let task = app.has("task", json!({ "projects": [project] }));
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "x", "notes": "y" })).data();
        let story = app.has("story", json!({ "task": task, "text": "z" }));
        deliver(app);
        assert_eq!(
            lines(&receiver.taken()),
            [format!("task {task} changed name"), format!("story {story} added")]
        );

        let reply = app
            .as_("ada")
            .put(&format!("/webhooks/{gid}"), json!({ "filters": [{ "action": "deleted" }] }));
        assert_eq!(reply.data()["filters"][0]["action"], "deleted");
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "other" })).data();
        app.as_("ada").delete(&format!("/tasks/{task}")).data();
        deliver(app);
        assert_eq!(lines(&receiver.taken()), [format!("task {task} deleted")]);
        for wrong in [
            json!("x"),
            json!([1]),
            json!([{}]),
            json!([{ "action": "exploded" }]),
            json!([{ "action": "added", "fields": ["name"] }]),
            json!([{ "resource_type": 5 }]),
        ] {
            app.as_("ada").put(&format!("/webhooks/{gid}"), json!({ "filters": wrong })).error(400);
        }
    });
}

#[test]
fn large_resources_need_filters_of_the_white_list() {
    on_both(|app| {
        let receiver = Receiver::new();
        for resource in [ACME, CREW] {
            let create = |filters: Value| {
                app.as_("ada").post("/webhooks", json!({ "resource": resource, "target": receiver.url("/"), "filters": filters }))
            };
            for filters in [
                json!([]),
                json!([{ "resource_type": "task", "action": "added" }]),
                json!([{ "resource_type": "project", "action": "changed", "fields": ["name"] }]),
                json!([{ "action": "added" }]),
                json!([{ "resource_type": "team_membership", "action": "changed" }]),
            ] {
                let reply = create(filters);
                assert!(reply.error(400).starts_with("Webhooks for larger scoped resources"));
                assert_eq!(
                    reply.json()["errors"][0]["error"],
                    "invalid_filters_for_larger_scoped_webhooks"
                );
            }
            assert_eq!(
                create(json!([{ "resource_type": "project", "action": "added" }])).status,
                201
            );
        }
        app.as_("eve").post("/webhooks", json!({ "resource": ACME, "target": receiver.url("/"), "filters": [{ "resource_type": "project", "action": "added" }] })).error(403);
        app.send_webhooks();
        receiver.taken();
        let project = app.has("project", json!({}));
        app.has("task", json!({ "projects": [project] }));
        deliver(app);
        let told = lines(&receiver.taken());
        assert!(
            !told.is_empty() && told.iter().all(|line| *line == format!("project {project} added")),
            "{told:?}"
        );
    });
}

#[test]
fn failures_are_tried_again_in_order_and_told() {
    on_both(|app| {
        let receiver = Receiver::new();
        let task = app.has("task", json!({}));
        let filters = json!([{ "action": "changed", "resource_type": "task" }]);
        let (gid, secret) = hook(app, "ada", &task, &receiver, &filters);
        receiver.answer(&[500, 302]);
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "one" })).data();
        deliver(app);
        let data = shown(app, &gid).data();
        assert_eq!(data["delivery_retry_count"], 1);
        assert_eq!(data["last_failure_content"], "well");
        assert_eq!(data["last_failure_at"], "2026-01-01T00:00:01.000Z");
        assert_eq!(data["next_attempt_after"], "2026-01-01T00:00:02.000Z");
        assert_eq!(data["failure_deletion_timestamp"], "2026-01-02T00:00:01.000Z");

        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "notes": "two" })).data();
        assert_eq!(deliver(app), 1, "the same again");
        assert_eq!(deliver(app), 0, "pauses grow");
        assert_eq!(deliver(app), 2);

        let arrived = receiver.taken();
        assert_eq!(arrived.iter().map(|one| one.status).collect::<Vec<_>>(), [500, 302, 200, 200]);
        assert_eq!(arrived[0].body, arrived[2].body);
        assert_eq!(
            lines(&arrived),
            [format!("task {task} changed name"), format!("task {task} changed notes")]
        );
        for one in &arrived {
            assert_eq!(
                one.header("x-hook-signature"),
                Some(signature(&secret, &one.body).as_str())
            );
        }
        let data = shown(app, &gid).data();
        assert_eq!(
            (&data["delivery_retry_count"], &data["next_attempt_after"]),
            (&json!(0), &Value::Null)
        );
    });
}

#[test]
fn heartbeats_come_every_eight_hours_and_a_day_of_failures_is_the_end() {
    on_both(|app| {
        let receiver = Receiver::new();
        let task = app.has("task", json!({}));
        let (gid, secret) = hook(app, "ada", &task, &receiver, &json!([]));
        app.tick(HEARTBEAT - 1);
        assert_eq!(app.send_webhooks(), 0);
        app.tick(1);
        assert_eq!(app.send_webhooks(), 1);
        let beat = receiver.taken().remove(0);
        assert_eq!(beat.body, br#"{"events":[]}"#);
        assert_eq!(beat.header("x-hook-signature"), Some(signature(&secret, &beat.body).as_str()));

        receiver.answer(&[410; 100]);
        app.tick(HEARTBEAT);
        assert_eq!(app.send_webhooks(), 1);
        app.tick(GIVE_UP - 1);
        assert_eq!(app.send_webhooks(), 1);
        shown(app, &gid).data();
        app.tick(3_600_000);
        app.send_webhooks();
        shown(app, &gid).error(404);
        let left =
            app.sql("SELECT count(*) FROM webhook_deliveries AS d", &[], |row| row.get::<i64>(0));
        assert_eq!(left, [0]);
    });
}

#[test]
fn a_webhook_ends_with_its_resource() {
    on_both(|app| {
        let receiver = Receiver::new();
        let task = app.has("task", json!({}));
        let (gid, _) = hook(app, "ada", &task, &receiver, &json!([{ "action": "changed" }]));
        app.as_("ada").delete(&format!("/tasks/{task}")).data();

        deliver(app);

        assert_eq!(lines(&receiver.taken()), [format!("task {task} deleted")]);
        shown(app, &gid).error(404);
        let left = app.sql("SELECT count(*) FROM webhooks AS w", &[], |row| row.get::<i64>(0));
        assert_eq!(left, [0]);
    });
}

#[test]
fn whoever_loses_the_resource_is_told_nothing_more() {
    on_both(|app| {
        let receiver = Receiver::new();
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        app.as_("ada")
            .post(&format!("/projects/{project}/addMembers"), json!({ "members": [BOB] }))
            .data();
        let hidden = app.has("project", json!({ "privacy_setting": "private" }));
        hook(app, "bob", &project, &receiver, &json!([]));
        // Before: nothing that he does not see.
        let task = app.has("task", json!({ "projects": [project] }));
        deliver(app);
        receiver.taken();
        app.as_("ada")
            .post(&format!("/tasks/{task}/addProject"), json!({ "project": hidden }))
            .data();
        deliver(app);
        let text: Vec<String> = receiver
            .taken()
            .iter()
            .map(|one| String::from_utf8_lossy(&one.body).into_owned())
            .collect();
        assert!(!text.iter().any(|text| text.contains(&hidden)), "{text:?}");

        // In line when he loses the project, and after.
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "secret" })).data();
        app.read_log("webhooks");
        app.as_("ada")
            .post(&format!("/projects/{project}/removeMembers"), json!({ "members": [BOB] }))
            .data();
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "more" })).data();
        deliver(app);
        deliver(app);

        assert_eq!(lines(&receiver.taken()), [format!("project {project} deleted")]);
        assert_eq!(app.as_("bob").get(&format!("/webhooks?workspace={ACME}")).gids(), [""; 0]);
    });
}

#[test]
fn a_request_that_is_sent_again_gets_the_same_webhook() {
    on_both(|app| {
        let receiver = Receiver::new();
        let task = app.has("task", json!({}));
        let body = json!({ "data": { "resource": task, "target": receiver.url("/") } }).to_string();
        let send = || {
            let headers = [("content-type", "application/json"), ("idempotency-key", "one")];
            app.as_("ada").request(axum::http::Method::POST, "/webhooks", &headers, body.clone())
        };

        let (first, second) = (send(), send());

        assert_eq!(first.status, 201);
        assert_eq!((second.status, second.text()), (201, first.text()));
        assert_eq!(receiver.taken().len(), 1);
    });
}
