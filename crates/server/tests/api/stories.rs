//! Stories: comments and the record of what happened.

use crate::kit::{ACME, BOB, CREW, on_both};
use serde_json::json;

#[test]
fn a_comment_is_shown_in_full() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        app.events();

        let reply = app.as_("ada").post(
            &format!("/tasks/{task}/stories"),
            json!({ "text": "Well <done>", "is_pinned": true }),
        );

        assert_eq!(reply.status, 201);
        let story = reply.gid();
        let data = reply.data();
        assert_eq!(data["type"], "comment");
        assert_eq!(data["resource_subtype"], "comment_added");
        assert_eq!(data["text"], "Well <done>");
        assert_eq!(data["is_pinned"], true);
        assert_eq!(data["is_editable"], true);
        assert_eq!(data["is_edited"], false);
        assert_eq!(data["created_by"]["name"], "Ada");
        assert_eq!(data["target"]["gid"], task.as_str());
        assert_eq!(data["reaction_summary"], json!([]));
        assert_eq!(data["source"], "api");
        assert!(data.get("html_text").is_none() && data.get("assignee").is_none());
        let html = app.as_("ada").get(&format!("/stories/{story}?opt_fields=html_text"));
        assert_eq!(html.data()["html_text"], "<body>Well &lt;done&gt;</body>");
        let story = format!("story {story} added to task {task} by ada");
        assert!(app.events().contains(&story), "{story}");
    });
}

#[test]
fn a_comment_takes_one_text_that_is_not_empty() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let path = format!("/tasks/{task}/stories");
        let ada = app.as_("ada");

        let both = json!({ "text": "a", "html_text": "<body>a</body>" });
        assert_eq!(
            ada.post(&path, both).error(400),
            "You may only provide one of text or html_text!"
        );
        assert_eq!(ada.post(&path, json!({})).error(400), "text: Missing input");
        assert_eq!(ada.post(&path, json!({ "text": "" })).error(400), "text: Must not be empty");
        let broken = json!({ "html_text": "<body><p>a</p></body>" });
        assert_eq!(
            ada.post(&path, broken).error(400),
            "html_text: XML is invalid: unsupported tag <p>"
        );
        let number = json!({ "text": 5 });
        assert_eq!(ada.post(&path, number).error(400), "text: Must be a string, not: 5");
    });
}

#[test]
fn only_its_author_edits_a_comment() {
    on_both(|app| {
        let project =
            app.has("project", json!({ "team": CREW, "privacy_setting": "public_to_workspace" }));
        let task = app.has("task", json!({ "projects": [project] }));
        let story = app.has("story", json!({ "task": task, "text": "one" }));
        let path = format!("/stories/{story}");
        app.events();

        assert_eq!(app.as_("bob").put(&path, json!({ "text": "two" })).status, 403);
        let same = app.as_("ada").put(&path, json!({ "text": "one" })).data();
        assert_eq!(same["is_edited"], false);
        assert!(app.events().is_empty());
        let reply = app.as_("ada").put(&path, json!({ "html_text": "<body><b>two</b></body>" }));

        assert_eq!(reply.data()["text"], "two");
        assert_eq!(reply.data()["is_edited"], true);
        assert_eq!(app.events(), [format!("story {story} changed text, is_edited by ada")]);
        let liked = app.as_("bob").put(&path, json!({ "liked": true })).data();
        assert_eq!(liked["liked"], true);
        assert_eq!(liked["num_hearts"], 1);
        assert_eq!(liked["likes"][0]["user"]["gid"], BOB);
        assert_eq!(app.events(), [format!("story {story} changed likes +user {BOB} by bob")]);
        let sticker = app.as_("ada").put(&path, json!({ "sticker_name": "nonsense" })).error(400);
        assert!(sticker.starts_with("sticker_name: Must be one of green_checkmark, "), "{sticker}");
    });
}

#[test]
fn comments_are_deleted_and_system_stories_are_not() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let story = app.has("story", json!({ "task": task, "text": "one" }));
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "other" })).data();
        let list = format!("/tasks/{task}/stories");
        let rows = app.as_("ada").get(&list);
        let system = rows
            .data()
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["resource_subtype"] == "name_changed")
            .unwrap()
            .clone();
        assert_eq!(system["text"], "changed the name to \"other\"");
        let system = system["gid"].as_str().unwrap().to_owned();
        app.events();

        assert_eq!(app.as_("ada").delete(&format!("/stories/{system}")).status, 403);
        assert_eq!(app.as_("ada").delete(&format!("/stories/{story}")).data(), json!({}));

        assert_eq!(app.events(), [format!("story {story} deleted by ada")]);
        assert_eq!(
            app.as_("ada").get(&format!("/stories/{story}")).error(404),
            format!("story: Unknown object: {story}")
        );
        assert!(!app.as_("ada").get(&list).gids().contains(&story));
    });
}

#[test]
fn strangers_see_no_stories() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let story = app.has("story", json!({ "task": task, "text": "one" }));
        for user in ["bob", "eve"] {
            assert_eq!(app.as_(user).get(&format!("/stories/{story}")).status, 403);
            let comment = json!({ "text": "me too" });
            assert_eq!(app.as_(user).post(&format!("/tasks/{task}/stories"), comment).status, 403);
        }
        assert_eq!(app.as_("mallory").get(&format!("/stories/{story}")).status, 404);
    });
}

#[test]
fn a_story_about_a_hidden_project_is_left_out() {
    on_both(|app| {
        let open =
            app.has("project", json!({ "name": "Open", "privacy_setting": "public_to_workspace" }));
        let secret = app.has("project", json!({ "name": "Secret", "privacy_setting": "private" }));
        let task = app.has("task", json!({ "projects": [open] }));
        let add =
            app.as_("ada").post(&format!("/tasks/{task}/addProject"), json!({ "project": secret }));
        add.data();

        let list = format!("/tasks/{task}/stories?opt_fields=text,project");
        let told = |user: &str| app.as_(user).get(&list).column("text");

        assert!(told("ada").contains(&"added to Secret".to_owned()), "{:?}", told("ada"));
        assert!(!told("bob").iter().any(|text| text.contains("private")), "{:?}", told("bob"));
        assert!(!app.as_("bob").get(&list).text().contains(&secret));
        let gid = app
            .as_("ada")
            .get(&list)
            .data()
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["text"] == "added to Secret")
            .unwrap()["gid"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(app.as_("bob").get(&format!("/stories/{gid}")).status, 403);
    });
}

#[test]
fn authors_and_mentioned_people_follow() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "public_to_workspace" }));
        let task = app.has("task", json!({ "projects": [project] }));
        app.tick(1_000);
        let text = format!("<body>Look, <a data-asana-gid=\"{BOB}\"/></body>");

        let reply =
            app.as_("sam").post(&format!("/tasks/{task}/stories"), json!({ "html_text": text }));

        assert_eq!(reply.data()["text"], "Look, @Bob");
        let task =
            app.as_("ada").get(&format!("/tasks/{task}?opt_fields=followers.name,modified_at"));
        let followers = task.data()["followers"].to_string();
        assert!(followers.contains("Sam") && followers.contains("Bob"), "{followers}");
        assert_eq!(task.data()["modified_at"], "2026-01-01T00:00:01.000Z");
    });
}

#[test]
fn pages_and_statements_do_not_grow_with_the_stories() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let list = format!("/tasks/{task}/stories");
        let comments = |count: usize| {
            for _ in 0..count {
                app.as_("ada").post(&list, json!({ "text": "more" })).data();
            }
        };
        comments(2);
        let few = app.as_("ada").get(&format!("{list}?limit=100&opt_fields=text,likes,assignee"));
        comments(10);
        let many = app.as_("ada").get(&format!("{list}?limit=100&opt_fields=text,likes,assignee"));
        assert_eq!(few.statements(), many.statements());
        assert_eq!(many.gids().len(), few.gids().len() + 10);
        let first = app.as_("ada").get(&format!("{list}?limit=5"));
        let offset = first.json()["next_page"]["offset"].as_str().unwrap().to_owned();
        let second = app.as_("ada").get(&format!("{list}?limit=5&offset={offset}"));
        assert_eq!([first.gids(), second.gids()].concat(), many.gids()[..10]);
        let _ = ACME;
    });
}
