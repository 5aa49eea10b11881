//! `GET /events`: what happened since a token, as whoever asks may see it.

use crate::kit::{ACME, ADA, App, BOB, Client, Reply, on_both};
use serde_json::{Value, json};

/// The first token of a stream.
fn token(client: Client<'_>, resource: &str) -> String {
    let reply = client.get(&format!("/events?resource={resource}"));
    assert!(reply.error(412).starts_with("Sync token invalid or too old."));
    reply.json()["sync"].as_str().unwrap().to_owned()
}

/// One poll, when everything that was written can be read.
fn poll(app: &App, user: &str, resource: &str, sync: &str) -> Reply {
    app.settle();
    app.as_(user).get(&format!("/events?resource={resource}&sync={sync}"))
}

/// What a poll tells, a line for each event.
fn lines(reply: &Reply) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
    let data = reply.data();
    let line = |event: &Value| {
        let mut line = format!(
            "{} {} {}",
            text(&event["resource"]["resource_type"]),
            text(&event["resource"]["gid"]),
            text(&event["action"])
        );
        if let Some(parent) = event["parent"].as_object() {
            line.push_str(&format!(
                " in {} {}",
                text(&parent["resource_type"]),
                text(&parent["gid"])
            ));
        }
        if event["change"].is_object() {
            line.push_str(&format!(" {}", text(&event["change"]["field"])));
        }
        line
    };
    data.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_poll_without_a_token_gives_one_and_later_changes_come_once() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "Cats" }));
        let sync = token(app.as_("ada"), &project);
        assert_eq!(sync.len(), 36);
        let task = app.has("task", json!({ "name": "Buy catnip", "projects": [project] }));

        let reply = poll(app, "ada", &project, &sync);

        let body = reply.json();
        assert_eq!(body["has_more"], false);
        let added = |parent: &str| {
            let events = body["data"].as_array().unwrap().iter();
            events.clone().find(|event| event["parent"]["resource_type"] == parent).unwrap().clone()
        };
        let section = added("section")["parent"]["gid"].clone();
        let section = section.as_str().unwrap();
        assert_eq!(
            added("project"),
            json!({
                "user": { "gid": ADA, "resource_type": "user", "name": "Ada" },
                "resource": { "gid": task, "resource_type": "task", "resource_subtype": "default_task", "name": "Buy catnip" },
                "type": "task",
                "action": "added",
                "parent": { "gid": project, "resource_type": "project", "name": "Cats" },
                "created_at": "2026-01-01T00:00:00.000Z",
            }),
            "{}",
            reply.pretty()
        );
        assert!(lines(&reply).contains(&format!("task {task} added in section {section}")));
        let next = body["sync"].as_str().unwrap();
        assert_eq!(lines(&poll(app, "ada", &project, next)), [""; 0]);
        assert_eq!(
            poll(app, "ada", &project, &sync).text(),
            reply.text(),
            "the same token, the same page"
        );
    });
}

#[test]
fn a_project_hears_of_its_tasks_their_subtasks_and_the_comments_on_both() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [project] }));
        let subtask = app.has("task", json!({ "parent": task }));
        let sync = token(app.as_("ada"), &project);

        let one = app.has("story", json!({ "task": task, "text": "one" }));
        let two = app.has("story", json!({ "task": subtask, "text": "two" }));
        app.as_("ada").put(&format!("/tasks/{subtask}"), json!({ "name": "deep" })).data();

        let told = lines(&poll(app, "ada", &project, &sync));
        for line in [
            format!("story {one} added in task {task}"),
            format!("story {two} added in task {subtask}"),
            format!("task {subtask} changed name"),
        ] {
            assert!(told.contains(&line), "{line} in {told:#?}");
        }
    });
}

#[test]
fn a_change_names_its_field_and_the_object_that_was_set() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let sync = token(app.as_("ada"), &task);
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "assignee": BOB })).data();

        app.settle();
        let path = format!(
            "/events?resource={task}&sync={sync}&opt_fields=action,change.field,change.new_value,resource,user.name"
        );
        let data = app.as_("ada").get(&path).data();

        let assigned =
            data.as_array().unwrap().iter().find(|event| event["change"]["field"] == "assignee");
        assert_eq!(
            assigned,
            Some(&json!({
                "user": { "gid": ADA, "name": "Ada" },
                "resource": { "gid": task, "resource_type": "task" },
                "action": "changed",
                "change": { "field": "assignee", "new_value": { "gid": BOB, "resource_type": "user" } },
            }))
        );
    });
}

#[test]
fn pages_have_a_hundred_events_and_lose_none() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let mut sync = token(app.as_("ada"), &project);
        let mut expected = Vec::new();
        for number in 0..60 {
            let task =
                app.has("task", json!({ "name": number.to_string(), "projects": [project] }));
            expected.push(format!("task {task} added in project {project}"));
        }

        let mut told = Vec::new();
        loop {
            let reply = poll(app, "ada", &project, &sync);
            let page = lines(&reply);
            assert!(page.len() <= 100);
            told.extend(page);
            reply.json()["sync"].as_str().unwrap().clone_into(&mut sync);
            if reply.json()["has_more"] == false {
                break;
            }
        }

        let added: Vec<&String> = told.iter().filter(|line| expected.contains(line)).collect();
        assert_eq!(added, expected.iter().collect::<Vec<_>>());
        assert!(told.len() > 100, "{}", told.len());
    });
}

#[test]
fn repeated_changes_of_a_field_are_told_once() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let sync = token(app.as_("ada"), &task);
        for name in ["a", "ab", "abc"] {
            app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": name })).data();
        }

        let told = lines(&poll(app, "ada", &task, &sync));

        let renamed = told.iter().filter(|line| line.ends_with("changed name"));
        assert_eq!(renamed.count(), 1, "{told:#?}");
    });
}

#[test]
fn what_is_gone_is_told_by_its_gid() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({ "name": "secret plan", "projects": [project] }));
        let sync = token(app.as_("ada"), &project);
        app.as_("ada").delete(&format!("/tasks/{task}")).data();

        let reply = poll(app, "ada", &project, &sync);

        let data = reply.data();
        assert_eq!(data[0]["action"], "deleted");
        assert_eq!(data[0]["parent"], Value::Null);
        assert_eq!(
            data[0]["resource"],
            json!({ "gid": task, "resource_type": "task", "resource_subtype": "default_task", "name": null })
        );
    });
}

#[test]
fn nobody_hears_of_what_he_may_not_see() {
    on_both(|app| {
        let shared = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [shared] }));
        let hidden = app.has("project", json!({ "privacy_setting": "private" }));
        let list = "602";
        let sync = token(app.as_("bob"), &task);
        let of_list = token(app.as_("bob"), list);
        app.as_("ada")
            .post(&format!("/tasks/{task}/addProject"), json!({ "project": hidden }))
            .data();
        let private = app.has("task", json!({ "assignee": ADA, "projects": [hidden] }));
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "seen" })).data();

        let told = lines(&poll(app, "bob", &task, &sync));

        assert!(told.contains(&format!("task {task} changed name")), "{told:#?}");
        assert!(!told.iter().any(|line| line.contains(&hidden)), "{told:#?}");
        let told = lines(&poll(app, "bob", list, &of_list));
        assert!(!told.iter().any(|line| line.contains(&private)), "{told:#?}");
        app.as_("bob").get(&format!("/events?resource={hidden}")).error(403);
        app.as_("mallory").get(&format!("/events?resource={task}")).error(400);
        app.as_("eve").get(&format!("/events?resource={task}&sync={sync}")).error(403);
        app.as_("bob").get(&format!("/events?resource={ACME}")).error(403);
        app.as_("sam").get(&format!("/events?resource={ACME}")).error(412);
    });
}

#[test]
fn a_token_ends_with_the_right_to_see_and_with_the_log() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        app.as_("ada")
            .post(&format!("/projects/{project}/addMembers"), json!({ "members": [BOB] }))
            .data();
        let sync = token(app.as_("bob"), &project);
        let task = app.has("task", json!({ "projects": [project] }));
        app.as_("ada")
            .post(&format!("/projects/{project}/removeMembers"), json!({ "members": [BOB] }))
            .data();
        poll(app, "bob", &project, &sync).error(403);

        let sync = token(app.as_("ada"), &task);
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "old" })).data();
        app.tick(server::readers::cleaning::KEPT_FOR + 1);
        app.block_on(server::readers::cleaning::clean(&app.server)).unwrap();
        poll(app, "ada", &task, &sync).error(412);
    });
}

#[test]
fn old_paths_and_the_workspace_answer_too() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [project] }));
        for path in [
            format!("/tasks/{task}"),
            format!("/projects/{project}"),
            format!("/workspaces/{ACME}"),
        ] {
            let reply = app.as_("ada").get(&format!("{path}/events"));
            assert_eq!(reply.status, 412, "{path}");
            let sync = reply.json()["sync"].as_str().unwrap().to_owned();
            app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": path })).data();
            app.settle();
            let reply = app.as_("ada").get(&format!("{path}/events?sync={sync}"));
            assert!(
                lines(&reply).contains(&format!("task {task} changed name")),
                "{}",
                reply.text()
            );
        }
        app.as_("ada").get("/events").error(400);
        assert_eq!(
            app.as_("ada").get("/events?resource=906").error(400),
            "resource: Unknown object: 906"
        );
    });
}
