//! Status updates, project statuses and project briefs.

use crate::contract::multipart;
use crate::kit::{ADA, App, BOB, CREW, on_both};
use axum::http::Method;
use serde_json::{Value, json};

fn say(app: &App, user: &str, parent: &str, kind: &str) -> crate::kit::Reply {
    app.tick(1_000);
    let fields = json!({ "parent": parent, "status_type": kind, "text": format!("We are {kind}") });
    app.as_(user).post("/status_updates", fields)
}

#[test]
fn a_status_is_shown_in_full_and_becomes_the_state_of_its_project() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "Launch" }));
        app.events();
        let reply = app.as_("ada").post(
            "/status_updates",
            json!({ "parent": { "gid": project }, "status_type": "on_track", "html_text": "<body>Going <em>well</em></body>", "liked": true }),
        );

        assert_eq!(reply.status, 201);
        let gid = reply.gid();
        assert_eq!(reply.header("location"), Some(&*format!("/api/1.0/status_updates/{gid}")));
        let ada = json!({ "gid": ADA, "resource_type": "user", "name": "Ada" });
        let now = "2026-01-01T00:00:00.000Z";
        let data = reply.data();
        let like = json!([{ "gid": data["likes"][0]["gid"], "user": ada }]);
        assert_eq!(
            data,
            json!({
                "gid": gid, "resource_type": "status_update", "title": "Status update – 2026-01-01",
                "resource_subtype": "project_status_update", "text": "Going well", "status_type": "on_track",
                "author": ada, "created_at": now, "created_by": ada,
                "hearted": true, "hearts": like, "num_hearts": 1, "liked": true, "likes": like, "num_likes": 1,
                "reaction_summary": [], "modified_at": now,
                "parent": { "gid": project, "resource_type": "project", "name": "Launch" },
            })
        );
        assert_eq!(
            app.events(),
            [
                format!("status_update {gid} added to project {project} by ada"),
                format!("project {project} changed current_status, current_status_update by ada"),
            ]
        );
        let html = app.as_("bob").get(&format!("/status_updates/{gid}?opt_fields=html_text"));
        assert_eq!(html.data()["html_text"], "<body>Going <em>well</em></body>");

        // The old form of the same.
        let old = app.as_("bob").get(&format!("/project_statuses/{gid}")).data();
        let status = json!({ "gid": gid, "resource_type": "project_status", "title": "Status update – 2026-01-01", "text": "Going well", "color": "green", "author": ada, "created_at": now, "created_by": ada, "modified_at": now });
        assert_eq!(old, status);
        let project = app.as_("bob").get(&format!("/projects/{project}")).data();
        assert_eq!(project["current_status"], status);
        let compact = json!({ "gid": gid, "resource_type": "status_update", "title": "Status update – 2026-01-01", "resource_subtype": "project_status_update" });
        assert_eq!(project["current_status_update"], compact);
        assert_eq!(project["completed"], false);
        app.as_("eve").get(&format!("/status_updates/{gid}")).error(403);
        app.as_("mallory").get(&format!("/project_statuses/{gid}")).error(404);
    });
}

#[test]
fn the_latest_status_counts_and_deleting_falls_back() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let path = format!("/projects/{project}");
        let state = || {
            let data = app.as_("ada").get(&path).data();
            (
                data["completed"].clone(),
                data["completed_by"]["gid"].clone(),
                data["current_status_update"]["gid"].clone(),
                data["current_status"]["color"].clone(),
            )
        };
        let first = say(app, "ada", &project, "at_risk").gid();
        assert_eq!(state(), (json!(false), Value::Null, json!(first), json!("yellow")));
        let second = say(app, "bob", &project, "complete").gid();
        assert_eq!(state(), (json!(true), json!(BOB), json!(second), json!("complete")));
        let done = app.as_("ada").get(&path).data()["completed_at"].clone();
        assert_eq!(
            done,
            app.as_("ada").get(&format!("/status_updates/{second}")).data()["created_at"]
        );
        let third = say(app, "ada", &project, "dropped").gid();
        assert_eq!(state(), (json!(false), Value::Null, json!(third), json!("red")));

        let list =
            |query: &str| app.as_("bob").get(&format!("/status_updates?parent={project}{query}"));
        assert_eq!(list("").gids(), [&*third, &second, &first]);
        assert_eq!(list("&created_since=2026-01-01T00:00:02Z").gids(), [&*third, &second]);
        assert_eq!(list("&limit=1").gids(), [&*third]);
        list("&created_since=soon").error(400);
        app.as_("bob").get("/status_updates").error(400);
        assert_eq!(
            app.as_("bob").get(&format!("{path}/project_statuses")).gids(),
            [&*third, &second, &first]
        );

        app.events();
        app.as_("ada").delete(&format!("/project_statuses/{third}")).data();
        let events = app.events();
        assert_eq!(
            events[0],
            format!(
                "project {project} changed completed, completed_at, completed_by, current_status, current_status_update by ada"
            )
        );
        assert_eq!(events[1], format!("status_update {third} deleted by ada"));
        assert_eq!(state(), (json!(true), json!(BOB), json!(second.clone()), json!("complete")));
        // One that is not the latest changes nothing else.
        app.as_("ada").delete(&format!("/status_updates/{first}")).data();
        assert_eq!(app.events(), [format!("status_update {first} deleted by ada")]);
        app.as_("bob").delete(&format!("/status_updates/{second}")).data();
        assert_eq!(state(), (json!(false), Value::Null, Value::Null, Value::Null));
        app.as_("ada").get(&format!("/status_updates/{first}")).error(404);
    });
}

#[test]
fn a_status_says_what_its_parent_allows() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        let refused = |fields: Value| app.as_("ada").post("/status_updates", fields).error(400);

        assert_eq!(
            refused(json!({ "status_type": "on_track", "text": "x" })),
            "parent: Missing input"
        );
        assert_eq!(
            refused(json!({ "parent": project, "text": "x" })),
            "status_type: Missing input"
        );
        assert_eq!(
            refused(json!({ "parent": project, "status_type": "on_track" })),
            "text: Missing input"
        );
        refused(
            json!({ "parent": project, "status_type": "on_track", "text": "x", "html_text": "<body>x</body>" }),
        );
        refused(
            json!({ "parent": project, "status_type": "on_track", "html_text": "<body><p>x</p></body>" }),
        );
        assert_eq!(
            refused(json!({ "parent": project, "status_type": "missed", "text": "x" })),
            "status_type: Must be one of on_track, at_risk, off_track, on_hold, complete, dropped, not: missed"
        );
        refused(json!({ "parent": project, "status_type": "fine", "text": "x" }));
        assert_eq!(
            refused(json!({ "parent": CREW, "status_type": "on_track", "text": "x" })),
            format!("parent: Unknown object: {CREW}")
        );
        let old = |fields: Value| {
            app.as_("ada").post(&format!("/projects/{project}/project_statuses"), fields)
        };
        old(json!({ "text": "x" })).error(400);
        old(json!({ "color": "pink", "text": "x" })).error(400);
        let reply = old(json!({ "color": "blue", "text": "Waiting", "title": "Paused" }));
        assert_eq!(reply.status, 201);
        assert_eq!(
            reply.header("location"),
            Some(&*format!("/api/1.0/project_statuses/{}", reply.gid()))
        );
        let data = app.as_("ada").get(&format!("/status_updates/{}", reply.gid())).data();
        assert_eq!((&data["status_type"], &data["title"]), (&json!("on_hold"), &json!("Paused")));

        // Commenters read, editors speak, and authors take back what they said.
        say(app, "bob", &project, "on_track").error(403);
        let add = json!({ "parent": project, "member": BOB, "access_level": "commenter" });
        let membership = app.as_("ada").post("/memberships", add).gid();
        say(app, "bob", &project, "on_track").error(403);
        app.as_("bob").delete(&format!("/status_updates/{}", reply.gid())).error(403);
        app.as_("ada")
            .put(&format!("/memberships/{membership}"), json!({ "access_level": "editor" }))
            .data();
        let said = say(app, "bob", &project, "on_track").gid();
        let followers =
            app.as_("ada").get(&format!("/projects/{project}")).data()["followers"].clone();
        assert_eq!(followers[1]["gid"], BOB);
        app.as_("ada")
            .put(&format!("/memberships/{membership}"), json!({ "access_level": "viewer" }))
            .data();
        app.as_("bob").delete(&format!("/status_updates/{said}")).data();
    });
}

#[test]
fn portfolios_and_goals_have_states_too() {
    on_both(|app| {
        let portfolio = app.has("portfolio", json!({}));
        let status = say(app, "ada", &portfolio, "off_track");
        assert_eq!(status.data()["resource_subtype"], "portfolio_status_update");
        let path = format!("/portfolios/{portfolio}");
        assert_eq!(app.as_("ada").get(&path).data()["current_status_update"]["gid"], *status.gid());
        app.as_("ada").get(&format!("/project_statuses/{}", status.gid())).error(404);

        app.write(
            "INSERT INTO goals (gid, workspace, is_workspace_level, name, name_key, owner, privacy_setting, default_access_level, created_at, created_by, modified_at) VALUES (501, 101, 0, 'Grow', 'grow', 201, 'members_only', 'commenter', 0, 201, 0)",
            &[],
        );
        app.transaction(|tx| server::access::grants::of_goal(tx, model::Gid::new(501)));
        let stored = || {
            app.sql("SELECT g.status FROM goals AS g WHERE g.gid = 501", &[], |row| {
                row.get::<Option<String>>(0)
            })
        };
        say(app, "ada", "501", "complete").error(400);
        for (kind, status) in [
            ("on_track", "green"),
            ("at_risk", "yellow"),
            ("off_track", "red"),
            ("missed", "missed"),
        ] {
            say(app, "ada", "501", kind).data();
            assert_eq!(stored(), [Some(status.to_owned())]);
        }
        let all = app.as_("ada").get("/status_updates?parent=501").gids();
        app.as_("ada").delete(&format!("/status_updates/{}", all[0])).data();
        assert_eq!(stored(), [Some("red".to_owned())]);
        for gid in &all[1..] {
            app.as_("ada").delete(&format!("/status_updates/{gid}")).data();
        }
        assert_eq!(stored(), [None]);
    });
}

#[test]
fn a_project_has_one_brief() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let path = format!("/projects/{project}");
        let create = |fields: Value| app.as_("ada").post(&format!("{path}/project_briefs"), fields);
        app.events();
        let table = "<body><h1>Why</h1><table><tr><td>a</td><td>b</td></tr></table></body>";
        let reply = create(json!({ "title": "Brief", "html_text": table }));

        assert_eq!(reply.status, 201);
        let gid = reply.gid();
        let data = reply.data();
        assert_eq!(
            data,
            json!({ "gid": gid, "resource_type": "project_brief", "title": "Brief", "html_text": table, "permalink_url": data["permalink_url"], "project": { "gid": project, "resource_type": "project", "name": "project" } })
        );
        assert_eq!(
            app.events(),
            [
                format!("project_brief {gid} added to project {project} by ada"),
                format!("project {project} changed project_brief by ada"),
            ]
        );
        assert_eq!(
            create(json!({ "text": "Another" })).error(400),
            "The project has a brief already"
        );
        create(json!({ "html_text": "<body><script/></body>" })).error(400);
        let brief = format!("/project_briefs/{gid}");
        assert_eq!(app.as_("ada").get(&path).data().get("project_brief"), None);
        let named = app.as_("ada").get(&format!("{path}?opt_fields=project_brief.title")).data();
        assert_eq!(named["project_brief"]["title"], "Brief");
        let text = app
            .as_("bob")
            .put(&format!("{brief}?opt_fields=text,title"), json!({ "text": "Because" }))
            .data();
        assert_eq!((&text["text"], &text["title"]), (&json!("Because"), &json!("Brief")));
        app.as_("eve").get(&brief).error(403);
        app.as_("mallory").delete(&brief).error(404);

        // A file on it can be shown in its text.
        let link = json!({ "parent": gid, "resource_subtype": "external", "name": "plan", "url": "https://example.com/" });
        app.events();
        let file = multipart(app.as_("ada"), Method::POST, "/attachments", &link).gid();
        assert_eq!(
            app.events(),
            [format!("attachment {file} added to project_brief {gid} by ada")]
        );
        assert_eq!(
            app.as_("bob").get(&format!("/attachments?parent={gid}")).gids(),
            std::slice::from_ref(&file)
        );
        assert_eq!(
            app.as_("bob").get(&format!("/attachments/{file}")).data()["parent"]["resource_type"],
            "project_brief"
        );
        multipart(app.as_("eve"), Method::POST, "/attachments", &link).error(403);
        let image = format!("<body>See <img data-asana-gid=\"{file}\"/></body>");
        let html =
            app.as_("ada").put(&brief, json!({ "html_text": image })).data()["html_text"].clone();
        assert!(html.as_str().unwrap().contains(&format!("data-asana-gid=\"{file}\"")), "{html}");

        app.as_("bob").delete(&brief).data();
        app.as_("ada").get(&brief).error(404);
        app.as_("ada").get(&format!("/attachments/{file}")).error(403);
        assert_eq!(create(json!({ "text": "Another" })).data()["title"], "");
        app.tick(31 * 24 * 60 * 60 * 1_000);
        app.empty_trash();
        let rows = app.sql("SELECT count(*) FROM project_briefs", &[], |row| row.get::<i64>(0));
        assert_eq!(rows, [1]);
    });
}
