//! The audit log: what is written, who reads it, and how it is asked again and again.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, GLOBEX, on_both};
use serde_json::{Value, json};
use server::audit::{self, Audit, Doer};

fn path(query: &str) -> String {
    format!("/workspaces/{ACME}/audit_log_events{query}")
}

/// The entries, once the database tells them: PostgreSQL does when no older transaction runs any more.
fn entries(app: &App, query: &str, expected: usize) -> Vec<Value> {
    app.settle();
    let data = app.as_("sam").get(&path(query)).data();
    let found = data.as_array().unwrap();
    assert_eq!(found.len(), expected, "{found:?}");
    found.to_owned()
}

#[test]
fn what_changes_rights_and_what_is_deleted_is_written_down() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private", "name": "Plan" }));
        let members = json!({ "members": BOB });
        app.as_("ada").post(&format!("/projects/{project}/addMembers"), members.clone()).data();
        app.as_("ada").post(&format!("/projects/{project}/removeMembers"), members).data();
        app.as_("ada")
            .put(
                &format!("/projects/{project}"),
                json!({ "privacy_setting": "public_to_workspace" }),
            )
            .data();
        app.as_("ada").post(&format!("/teams/{CREW}/addUser"), json!({ "user": EVE })).data();
        let task = app.has("task", json!({ "name": "Secret" }));
        let story = app.has("story", json!({ "task": task, "text": "Hm" }));
        app.as_("ada").delete(&format!("/stories/{story}")).data();
        app.as_("bob").delete(&format!("/tasks/{task}")).error(403);
        app.as_("ada").delete(&format!("/tasks/{task}")).data();
        app.as_("ada")
            .post(&format!("/workspaces/{ACME}/addUser"), json!({ "user": "new@acme.example" }))
            .data();
        app.as_("ada")
            .post(&format!("/workspaces/{ACME}/removeUser"), json!({ "user": BOB }))
            .data();

        let found = entries(app, "", 9);

        let types: Vec<&str> =
            found.iter().map(|entry| entry["event_type"].as_str().unwrap()).collect();
        assert_eq!(
            types,
            [
                "project_member_added",
                "project_member_removed",
                "project_privacy_settings_changed",
                "team_member_added",
                "comment_deleted",
                "task_deleted",
                "user_invited",
                "team_member_removed",
                "user_deprovisioned"
            ]
        );
        let changed = &found[2];
        assert_eq!(changed["event_category"], "access_control");
        assert_eq!(
            changed["actor"],
            json!({ "gid": ADA, "name": "Ada", "email": "ada@acme.example", "actor_type": "user" })
        );
        assert_eq!(
            changed["resource"],
            json!({ "gid": project, "name": "Plan", "resource_type": "project" })
        );
        assert_eq!(
            changed["details"],
            json!({ "old_value": "private", "new_value": "public_to_workspace" })
        );
        assert_eq!(
            changed["context"],
            json!({ "context_type": "api", "api_authentication_method": "personal_access_token" })
        );
        assert_eq!(found[0]["details"]["member"]["name"], "Bob");
        assert_eq!(found[5]["resource"]["name"], "Secret");
        assert_eq!(found[5]["event_category"], "deletion");
    });
}

#[test]
fn a_refused_or_undone_change_is_not_written_down() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        app.as_("mallory").delete(&format!("/projects/{project}")).error(404);
        let count = app.sql("SELECT count(*) FROM audit_events AS e", &[], |row| row.get::<i64>(0));
        assert_eq!(count, [0]);
    });
}

#[test]
fn only_admins_and_service_accounts_read_it() {
    on_both(|app| {
        app.as_("ada").get(&path("")).data();
        app.as_("sam").get(&path("")).data();
        app.as_("bob").get(&path("")).error(403);
        app.as_("eve").get(&path("")).error(403);
        app.as_("mallory").get(&path("")).error(404);
        app.as_("ada").get(&format!("/workspaces/{GLOBEX}/audit_log_events")).error(404);
    });
}

#[test]
fn the_cursor_finds_what_comes_later() {
    on_both(|app| {
        assert_eq!(app.as_("sam").get(&path("")).json(), json!({ "data": [], "next_page": null }));
        for _ in 0..3 {
            let tag = app.has("task", json!({}));
            app.as_("ada").delete(&format!("/tasks/{tag}")).data();
            app.tick(1_000);
        }
        entries(app, "", 3);

        let first = app.as_("sam").get(&path("?limit=2")).json();
        assert_eq!(first["data"].as_array().unwrap().len(), 2);
        let page = |offset: &Value| {
            app.as_("sam")
                .get(&path(&format!("?limit=2&offset={}", offset.as_str().unwrap())))
                .json()
        };
        let second = page(&first["next_page"]["offset"]);
        assert_eq!(second["data"].as_array().unwrap().len(), 1);
        let third = page(&second["next_page"]["offset"]);
        assert_eq!(third["data"], json!([]));
        let offset = third["next_page"]["offset"].clone();
        let task = app.has("task", json!({}));
        app.as_("ada").delete(&format!("/tasks/{task}")).data();
        entries(app, "", 4);
        let fourth = page(&offset);
        assert_eq!(fourth["data"][0]["resource"]["gid"], task);

        app.as_("sam").get(&path("?limit=1000")).data();
        app.as_("sam").get(&path("?limit=1001")).error(400);
        app.as_("sam").get(&path("?offset=x")).error(400);
    });
}

#[test]
fn it_is_filtered() {
    on_both(|app| {
        let mine = app.has("task", json!({}));
        app.as_("ada").delete(&format!("/tasks/{mine}")).data();
        app.tick(60_000);
        let his = app.make("bob", "task", json!({}));
        app.as_("bob").delete(&format!("/tasks/{his}")).data();
        let (server, origin) = (Doer::server(), Doer::default());
        app.transaction(move |tx| {
            let entry = Audit::new("user_login_failed", model::Gid::new(101));
            audit::write(tx, model::Timestamp::from_millis(1_767_225_660_000), &origin, &entry)?;
            audit::write(tx, model::Timestamp::from_millis(0), &server, &entry)?;
            Ok(())
        });
        entries(app, "", 3);

        let of = |query: &str| app.as_("ada").get(&path(query)).data().as_array().unwrap().len();
        assert_eq!(of(&format!("?actor_gid={BOB}")), 1);
        assert_eq!(of(&format!("?resource_gid={mine}")), 1);
        assert_eq!(of("?event_type=task_deleted"), 2);
        assert_eq!(of("?actor_type=anonymous"), 1);
        assert_eq!(of("?start_at=2026-01-01T00:00:30Z"), 2);
        assert_eq!(of("?end_at=2026-01-01T00:00:30Z"), 1);
        assert_eq!(of("?event_type=team_created"), 0);
        app.as_("ada").get(&path("?actor_gid=x")).error(400);
        app.as_("ada").get(&path("?start_at=x")).error(400);
    });
}
