//! What somebody must not learn: names, and that something exists, beyond what he reaches.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, GLOBEX, MALLORY, SAM, on_both};
use serde_json::{Value, json};

fn remove(app: &App, user: &str) {
    app.as_("ada").post(&format!("/workspaces/{ACME}/removeUser"), json!({ "user": user })).data();
}

/// Lets ada into Globex too, so that she knows mallory.
fn introduce(app: &App) {
    let path = format!("/workspaces/{GLOBEX}/addUser");
    app.as_("mallory").post(&path, json!({ "user": "ada@acme.example" })).data();
}

#[test]
fn a_guest_has_no_task_list_but_his_own() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        let members = json!({ "members": [BOB, EVE] });
        app.as_("ada").post(&format!("/projects/{project}/addMembers"), members).data();
        let of = |user: &str| format!("/users/{user}/user_task_list?workspace={ACME}");

        assert_eq!(app.as_("eve").get(&of("me")).gid(), "603");
        assert_eq!(app.as_("eve").get("/user_task_lists/603/tasks").gids(), [""; 0]);
        for path in [&*of(BOB), "/user_task_lists/602", "/user_task_lists/602/tasks"] {
            assert_eq!(app.as_("eve").get(path).error(403), "Forbidden", "{path}");
        }
        app.as_("eve").get("/tasks?user_task_list=602").error(403);
        app.as_("eve").get("/sections/811").error(403);
        assert_eq!(app.as_("bob").get(&of(EVE)).gid(), "603", "full members see whose it is");
    });
}

#[test]
fn whoever_left_reaches_nothing_that_was_his() {
    on_both(|app| {
        let tag = app.make("bob", "tag", json!({}));
        let field = app.make("bob", "custom_field", json!({}));
        let paths = [
            format!("/tags/{tag}"),
            format!("/custom_fields/{field}"),
            "/user_task_lists/602".to_owned(),
            "/sections/811".to_owned(),
        ];
        for path in &paths {
            app.as_("bob").get(path).data();
        }

        remove(app, BOB);

        for path in &paths {
            app.as_("bob").get(path).error(404);
            app.as_("bob").put(path, json!({ "name": "mine" })).error(404);
        }
        assert_eq!(app.as_("bob").get("/tags").gids(), [""; 0]);
        app.as_("bob").get("/projects/602/sections").error(404);
    });
}

#[test]
fn a_service_account_is_one_only_where_it_was_made() {
    on_both(|app| {
        let private =
            json!({ "workspace": GLOBEX, "name": "Secret", "privacy_setting": "private" });
        let project = app.as_("mallory").post("/projects", private).gid();
        let task = app.make("mallory", "task", json!({ "projects": [project] }));
        let own = app.make("bob", "task", json!({}));
        let path = format!("/workspaces/{GLOBEX}/addUser");
        app.as_("mallory").post(&path, json!({ "user": "sam@acme.example" })).data();

        app.as_("sam").get(&format!("/projects/{project}")).error(403);
        app.as_("sam").get(&format!("/tasks/{task}")).error(403);
        assert_eq!(app.as_("sam").get(&format!("/projects?workspace={GLOBEX}")).gids(), [""; 0]);
        app.as_("sam").get(&format!("/tasks/{own}")).data();
        let members = json!({ "members": SAM });
        app.as_("mallory").post(&format!("/projects/{project}/addMembers"), members).data();
        app.as_("sam").get(&format!("/tasks/{task}")).data();
    });
}

#[test]
fn a_mention_lets_no_stranger_in() {
    on_both(|app| {
        introduce(app);
        let task = app.has("task", json!({}));
        let html =
            format!("<body><a data-asana-gid=\"{MALLORY}\"/> <a data-asana-gid=\"{BOB}\"/></body>");
        let path = format!("/tasks/{task}");

        app.as_("ada").put(&path, json!({ "html_notes": html })).data();

        let seen = app.as_("ada").get(&path).data();
        let followers: Vec<&Value> =
            seen["followers"].as_array().unwrap().iter().map(|user| &user["gid"]).collect();
        assert_eq!(followers, [ADA, BOB]);
        app.as_("mallory").get(&path).error(404);
        app.as_("bob").get(&path).data();
        // Whoever stopped following is not made to follow again by the next change of the text.
        app.as_("bob")
            .post(&format!("{path}/removeFollowers"), json!({ "followers": "me" }))
            .data();
        let html = html.replace("</body>", "!</body>");
        let seen = app.as_("ada").put(&path, json!({ "html_notes": html })).data();
        assert_eq!(seen["followers"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_tag_has_followers_of_its_workspace_only() {
    on_both(|app| {
        introduce(app);
        let tag = json!({ "workspace": ACME, "name": "x", "followers": [MALLORY] });
        let message = app.as_("ada").post("/tags", tag).error(400);
        assert_eq!(message, format!("followers: Not a user in Organization: {MALLORY}"));
    });
}

#[test]
fn a_guest_cannot_try_out_addresses() {
    on_both(|app| {
        app.as_("ada").post(&format!("/teams/{CREW}/addUser"), json!({ "user": EVE })).data();
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        let member = json!({ "parent": project, "member": EVE, "access_level": "editor" });
        app.as_("ada").post("/memberships", member).data();
        let field = app.has("custom_field", json!({ "resource_subtype": "people" }));
        let path = format!("/projects/{project}/addCustomFieldSetting");
        app.as_("ada").post(&path, json!({ "custom_field": field })).data();
        let task = app.has("task", json!({ "projects": [project], "name": "x" }));
        app.as_("ada")
            .put(&format!("/tasks/{task}"), json!({ "custom_fields": { &*field: [BOB] } }))
            .data();
        let people = |users: Value| {
            let data = json!({ "custom_fields": { &*field: users } });
            app.as_("eve").put(&format!("/tasks/{task}"), data)
        };

        for address in ["sam@acme.example", "nobody@acme.example"] {
            let unknown = format!("Not a user in Organization: {address}");
            let add = json!({ "user": address });
            let message = app.as_("eve").post(&format!("/teams/{CREW}/addUser"), add).error(400);
            assert_eq!(message, format!("user: {unknown}"));
            assert!(people(json!([address])).error(400).ends_with(&unknown));
        }
        // Who stands there already may stay, and is named.
        let data = people(json!([BOB, ADA])).data();
        assert_eq!(data["custom_fields"][0]["display_value"], "Bob, Ada");
    });
}

#[test]
fn an_editor_of_a_field_does_not_share_it() {
    on_both(|app| {
        let field = app.has("custom_field", json!({ "name": "Cost" }));
        let path = format!("/custom_fields/{field}");

        app.as_("bob").put(&path, json!({ "description": "In euros" })).data();
        app.as_("bob").put(&path, json!({ "default_access_level": "admin" })).error(403);
        app.as_("bob").put(&path, json!({ "privacy_setting": "private" })).error(403);
        app.as_("ada").put(&path, json!({ "default_access_level": "admin" })).data();
        app.as_("bob").put(&path, json!({ "privacy_setting": "public" })).data();
    });
}

#[test]
fn whoever_may_comment_may_like() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        let task = app.has("task", json!({ "projects": [project] }));
        let story = app.has("story", json!({ "task": task, "text": "Hello" }));
        let add = |level: &str| {
            let member = json!({ "parent": project, "member": EVE, "access_level": level });
            app.as_("ada").post("/memberships", member).data();
        };
        let (task, story) = (format!("/tasks/{task}"), format!("/stories/{story}"));

        add("viewer");
        app.as_("eve").put(&task, json!({ "liked": true })).error(403);
        app.as_("eve").put(&story, json!({ "liked": true })).error(403);
        add("commenter");
        assert_eq!(app.as_("eve").put(&task, json!({ "liked": true })).data()["num_likes"], 1);
        assert_eq!(app.as_("eve").put(&story, json!({ "liked": true })).data()["num_likes"], 1);
        app.as_("eve").put(&task, json!({ "liked": true, "name": "x" })).error(403);
    });
}

#[test]
fn a_team_that_one_asks_to_join_shows_strangers_its_name_alone() {
    on_both(|app| {
        let hidden = json!({ "visibility": "request_to_join", "description": "Secret plans" });
        let team = app.has("team", hidden);
        let path = format!("/teams/{team}?opt_fields=name,description,html_description");

        let by_ada = app.as_("ada").get(&path).data();
        let by_sam = app.as_("sam").get(&path).data();
        let by_bob = app.as_("bob").get(&path).data();
        app.as_("ada").put(&format!("/teams/{team}"), json!({ "visibility": "public" })).data();
        let public = app.as_("bob").get(&path).data();

        assert_eq!(by_ada["description"], "Secret plans");
        assert_eq!(by_sam["description"], "Secret plans");
        assert_eq!(
            by_bob,
            json!({ "gid": team, "name": "team", "description": "", "html_description": "<body></body>" })
        );
        assert_eq!(public["description"], "Secret plans");
    });
}
