//! Typeahead, and what ranks it: contacts, visits, favourites.

use crate::kit::{ACME, ADA, App, BOB, EVE, on_both};
use serde_json::json;

fn complete(app: &App, user: &str, kind: &str, query: &str) -> Vec<String> {
    let query = query.replace(' ', "%20");
    app.as_(user)
        .get(&format!("/workspaces/{ACME}/typeahead?resource_type={kind}&query={query}"))
        .gids()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn every_type_is_completed() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "Über Plan" }));
        let task = app.has("task", json!({ "name": "Call the Übermann" }));
        let tag = app.has("tag", json!({ "name": "super übel" }));
        let field = app.has("custom_field", json!({ "name": "Überhang" }));
        let team = app.has("team", json!({ "name": "Team Über" }));

        assert_eq!(complete(app, "ada", "project", "uber"), [&*project]);
        assert_eq!(complete(app, "ada", "project", "pla ÜB"), [&*project]);
        assert_eq!(complete(app, "ada", "task", "uberm"), [&*task]);
        assert_eq!(complete(app, "ada", "task", "the call"), [&*task]);
        assert_eq!(complete(app, "ada", "tag", "ub"), [&*tag]);
        assert_eq!(complete(app, "ada", "custom_field", "hang"), [&*field]);
        assert_eq!(complete(app, "ada", "team", "uber"), [&*team]);
        assert_eq!(complete(app, "ada", "user", "bo"), [BOB]);
        assert_eq!(complete(app, "ada", "actor", "bo"), [BOB]);
        assert_eq!(complete(app, "ada", "agent", ""), none());
        assert_eq!(complete(app, "ada", "project", "%25"), none());
        assert_eq!(complete(app, "ada", "task", "!!"), none());
        let row = app
            .as_("ada")
            .get(&format!("/workspaces/{ACME}/typeahead?type=project&query=uber&count=1"))
            .json();
        assert_eq!(
            row,
            json!({ "data": [{ "gid": project, "resource_type": "project", "name": "Über Plan" }] })
        );
        let of = |query: &str| app.as_("ada").get(&format!("/workspaces/{ACME}/typeahead?{query}"));
        of("query=x").error(400);
        of("resource_type=webhook").error(400);
        of("resource_type=task&count=101").error(400);
        of("resource_type=task&count=0").error(400);
    });
}

#[test]
fn names_that_begin_so_come_before_names_that_have_it_inside() {
    on_both(|app| {
        let inside = app.has("tag", json!({ "name": "amazing" }));
        let word = app.has("tag", json!({ "name": "a maze" }));
        let begins = app.has("tag", json!({ "name": "maze" }));
        assert_eq!(complete(app, "ada", "tag", "maz"), [&*begins, &*word, &*inside]);
    });
}

#[test]
fn people_one_works_with_come_first() {
    on_both(|app| {
        for name in ["anna", "andrea"] {
            let user = json!({ "user": format!("{name}@acme.example") });
            app.as_("ada").post(&format!("/workspaces/{ACME}/addUser"), user).data();
        }
        let [anna, andrea] = ["anna", "andrea"]
            .map(|name| app.as_("ada").get(&format!("/users/{name}@acme.example")).gid());
        assert_eq!(complete(app, "bob", "user", "an"), [&*andrea, &*anna]);
        app.make("bob", "task", json!({ "assignee": anna }));
        app.flush_traces();

        assert_eq!(complete(app, "bob", "user", "an"), [&*anna, &*andrea]);
        assert_eq!(complete(app, "bob", "user", "")[0], anna);
        assert_eq!(complete(app, "sam", "user", "an"), [&*andrea, &*anna], "only for bob");
    });
}

#[test]
fn visited_projects_come_first_and_then_favourites() {
    on_both(|app| {
        let [a, b, c] =
            ["Plan A", "Plan B", "Plan C"].map(|name| app.has("project", json!({ "name": name })));
        assert_eq!(complete(app, "ada", "project", "plan"), [&*a, &*b, &*c]);
        app.as_("ada").post("/api/vinyasa/1/favorites", json!({ "resource": b })).data();
        assert_eq!(complete(app, "ada", "project", "plan"), [&*b, &*a, &*c]);
        app.as_("ada").post("/api/vinyasa/1/visits", json!({ "resource": c })).data();
        assert_eq!(complete(app, "ada", "project", "plan"), [&*c, &*b, &*a]);
        app.tick(1_000);
        let task = app.has("task", json!({ "projects": [a] }));
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "completed": true })).data();
        app.flush_traces();
        assert_eq!(complete(app, "ada", "project", "plan"), [&*a, &*c, &*b]);
        assert_eq!(complete(app, "ada", "project", ""), [&*a, &*c, &*b]);
        assert_eq!(complete(app, "bob", "project", "plan"), [&*a, &*b, &*c]);
    });
}

#[test]
fn favourite_project_templates_come_first() {
    on_both(|app| {
        let [a, b] = ["Plan A", "Plan B"].map(|name| {
            let project = app.has("project", json!({ "name": name }));
            let fields = json!({ "name": name, "public": true });
            let job = app.as_("ada").post(&format!("/projects/{project}/saveAsTemplate"), fields);
            app.run_jobs();
            job.data()["new_project_template"]["gid"].as_str().unwrap().to_owned()
        });
        let closed = app.has("project", json!({ "name": "Plan C" }));
        let fields = json!({ "name": "Plan C", "public": false });
        app.as_("ada").post(&format!("/projects/{closed}/saveAsTemplate"), fields).data();
        assert_eq!(complete(app, "bob", "project_template", "plan"), [&*a, &*b]);
        app.as_("bob").post("/api/vinyasa/1/favorites", json!({ "resource": b })).data();

        assert_eq!(complete(app, "bob", "project_template", "plan"), [&*b, &*a]);
        assert_eq!(complete(app, "bob", "project_template", ""), [&*b, &*a]);
        assert_eq!(complete(app, "bob", "project_template", "plan b"), [&*b]);
        assert_eq!(complete(app, "eve", "project_template", "plan"), none());
        let path = format!("/users/me/favorites?resource_type=project_template&workspace={ACME}");
        assert_eq!(
            app.as_("bob").get(&path).data(),
            json!([{ "gid": b, "resource_type": "project_template", "name": "Plan B" }])
        );
        app.as_("ada").delete(&format!("/project_templates/{b}")).data();
        assert_eq!(complete(app, "bob", "project_template", "plan"), [&*a]);
        assert_eq!(app.as_("bob").get(&path).gids(), none());
    });
}

#[test]
fn followed_tasks_come_first() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let followed = app.make("bob", "task", json!({ "name": "Fix it", "projects": [project] }));
        let other = app.has("task", json!({ "name": "Fix that", "projects": [project] }));
        assert_eq!(complete(app, "bob", "task", "fix"), [&*followed, &*other]);
        assert_eq!(complete(app, "ada", "task", "fix"), [&*other, &*followed]);
        assert_eq!(complete(app, "ada", "task", ""), [&*other]);
        app.as_("ada").post("/api/vinyasa/1/visits", json!({ "resource": followed })).data();
        assert_eq!(complete(app, "ada", "task", ""), [&*followed, &*other]);
    });
}

#[test]
fn nothing_hidden_is_completed_before_and_after_revocation() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private", "name": "Secret" }));
        let task = app.has("task", json!({ "projects": [project], "name": "Secret task" }));
        let team = app.has("team", json!({ "name": "Secret team", "visibility": "secret" }));
        let see = |user: &str| {
            [("project", &project), ("task", &task)]
                .map(|(kind, gid)| complete(app, user, kind, "secr").contains(gid))
        };
        for (user, gid) in [("bob", BOB), ("eve", EVE)] {
            assert_eq!(see(user), [false; 2]);
            let members = json!({ "members": gid });
            app.as_("ada").post(&format!("/projects/{project}/addMembers"), members.clone()).data();
            assert_eq!(see(user), [true; 2]);
            app.as_(user).post("/api/vinyasa/1/visits", json!({ "resource": task })).data();
            app.as_(user).post("/api/vinyasa/1/favorites", json!({ "resource": project })).data();
            app.as_("ada").post(&format!("/projects/{project}/removeMembers"), members).data();
            assert_eq!(see(user), [false; 2]);
            for list in ["visits", "favorites"] {
                let path = format!("/api/vinyasa/1/{list}?workspace={ACME}");
                assert_eq!(app.as_(user).get(&path).data(), json!([]), "{user} {list}");
            }
            assert_eq!(complete(app, user, "project", ""), none());
            assert_eq!(complete(app, user, "team", "secret"), none());
        }
        assert_eq!(complete(app, "eve", "user", "ad"), none());
        assert_eq!(complete(app, "ada", "team", "secret"), [&*team]);
        assert_eq!(complete(app, "ada", "user", "mall"), none(), "she is of another workspace");
    });
}

#[test]
fn visits_are_listed_the_latest_first() {
    on_both(|app| {
        let [a, b] = ["A", "B"].map(|name| app.has("project", json!({ "name": name })));
        let task = app.has("task", json!({ "name": "T" }));
        for gid in [&a, &task, &b, &a] {
            app.as_("ada").post("/api/vinyasa/1/visits", json!({ "resource": gid })).data();
            app.tick(1_000);
        }
        let list = |more: &str| {
            let path = format!("/api/vinyasa/1/visits?workspace={ACME}{more}");
            let data = app.as_("ada").get(&path).data();
            let rows = data.as_array().unwrap().iter();
            rows.map(|row| row["resource"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(list(""), ["A", "B", "T"]);
        assert_eq!(list("&resource_type=project&limit=1"), ["A"]);
        app.as_("ada").delete(&format!("/projects/{a}")).data();
        assert_eq!(list(""), ["B", "T"]);
        app.as_("ada").post("/api/vinyasa/1/visits", json!({})).error(400);
        app.as_("ada").post("/api/vinyasa/1/visits", json!({ "resource": "1" })).error(400);
        let user = json!({ "resource": BOB, "workspace": ACME });
        app.as_("ada").post("/api/vinyasa/1/visits", user).data();
        assert_eq!(list("")[0], "Bob");
    });
}

#[test]
fn favourites_have_an_order_and_the_original_reads_them() {
    on_both(|app| {
        let [a, b, c] = ["A", "B", "C"].map(|name| app.has("project", json!({ "name": name })));
        let add = |gid: &str, more: serde_json::Value| {
            let mut body = json!({ "resource": gid });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            app.as_("ada").post("/api/vinyasa/1/favorites", body)
        };
        let original = || {
            let path = format!("/users/me/favorites?resource_type=project&workspace={ACME}");
            app.as_("ada").get(&path).gids()
        };
        let row = add(&a, json!({})).data();
        assert_eq!(row["resource"], json!({ "gid": a, "resource_type": "project", "name": "A" }));
        add(&b, json!({})).data();
        add(&c, json!({ "insert_before": a })).data();
        assert_eq!(original(), [&*c, &*a, &*b]);
        add(&a, json!({})).data();
        assert_eq!(original(), [&*c, &*a, &*b], "what is there stays where it is");
        add(&c, json!({ "insert_after": b })).data();
        add(&b, json!({ "insert_after": null })).data();
        assert_eq!(original(), [&*b, &*a, &*c]);
        app.as_("ada").delete(&format!("/api/vinyasa/1/favorites/{a}")).data();
        app.as_("ada").delete(&format!("/api/vinyasa/1/favorites?resource={a}")).data();
        assert_eq!(original(), [&*b, &*c]);
        let all = app.as_("ada").get(&format!("/api/vinyasa/1/favorites?workspace={ACME}")).data();
        assert_eq!(all[1]["resource"]["name"], "C");
        add(&a, json!({ "insert_before": ADA })).error(400);
        add("1", json!({})).error(400);
        app.as_("eve").post("/api/vinyasa/1/favorites", json!({ "resource": a })).error(400);
    });
}
