//! Calendar feeds: what a calendar program gets, and when it gets nothing any more.

use crate::kit::{ACME, App, BOB, EVE, Reply, on_both};
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

/// Makes a feed and gives its gid and path.
fn make(app: &App, user: &str, resource: &str) -> (String, String) {
    let reply =
        app.as_(user).post("/api/vinyasa/1/calendar_feeds", json!({ "resource": resource }));
    assert_eq!(reply.status, 201, "{}", reply.text());
    let url = reply.data()["url"].as_str().unwrap().to_owned();
    (reply.gid(), url.strip_prefix("http://localhost").unwrap().to_owned())
}

fn read(app: &App, path: &str, tag: Option<&str>) -> Reply {
    let mut request = Request::builder().uri(path);
    if let Some(tag) = tag {
        request = request.header("if-none-match", tag);
    }
    app.anonymous().send(request.body(Body::empty()).unwrap())
}

/// The lines of the entries, unfolded, without what is the same for all.
fn entries(app: &App, path: &str) -> Vec<Vec<String>> {
    let reply = read(app, path, None);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("text/calendar; charset=utf-8"));
    let text = reply.text().replace("\r\n ", "");
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    let mut all: Vec<Vec<String>> = text
        .split("BEGIN:VEVENT\r\n")
        .skip(1)
        .map(|event| {
            let event = event.split("END:VEVENT").next().unwrap();
            let shown = ["UID", "SUMMARY", "DTSTART", "DTEND", "STATUS"];
            let lines = event.lines().filter(|line| shown.iter().any(|key| line.starts_with(key)));
            let mut lines: Vec<String> = lines.map(str::to_owned).collect();
            lines.sort();
            lines
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_feed_shows_what_is_due() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "Über; plan" }));
        let in_project = |fields: serde_json::Value| {
            let mut fields = fields;
            fields.as_object_mut().unwrap().insert("projects".into(), json!([project]));
            app.has("task", fields)
        };
        let day = in_project(json!({ "name": "A, b; c", "due_on": "2026-02-03" }));
        let span =
            in_project(json!({ "name": "Span", "start_on": "2026-02-01", "due_on": "2026-02-03" }));
        let timed = in_project(json!({ "name": "Timed", "due_at": "2026-02-03T10:00:00+02:00" }));
        let done = in_project(json!({ "name": "Done", "due_on": "2026-02-03" }));
        app.as_("ada").put(&format!("/tasks/{done}"), json!({ "completed": true })).data();
        in_project(json!({ "name": "No date" }));
        let (_, path) = make(app, "ada", &project);

        let all = entries(app, &path);

        let uid = |gid: &str| format!("UID:{gid}@vinyasa");
        assert_eq!(
            all,
            [
                vec![
                    "DTEND:20260203T080000Z".to_owned(),
                    "DTSTART:20260203T073000Z".to_owned(),
                    "STATUS:CONFIRMED".to_owned(),
                    "SUMMARY:Timed".to_owned(),
                    uid(&timed)
                ],
                vec![
                    "DTEND;VALUE=DATE:20260204".to_owned(),
                    "DTSTART;VALUE=DATE:20260201".to_owned(),
                    "STATUS:CONFIRMED".to_owned(),
                    "SUMMARY:Span".to_owned(),
                    uid(&span)
                ],
                vec![
                    "DTEND;VALUE=DATE:20260204".to_owned(),
                    "DTSTART;VALUE=DATE:20260203".to_owned(),
                    "STATUS:CONFIRMED".to_owned(),
                    "SUMMARY:A\\, b\\; c".to_owned(),
                    uid(&day)
                ],
            ]
        );
        app.as_("bob").post(&format!("/tasks/{day}/addFollowers"), json!({ "followers": "me" }));
        let (_, mine) = make(app, "bob", "602");
        assert_eq!(entries(app, &mine), [[""; 0]; 0]);
        app.as_("ada").put(&format!("/tasks/{day}"), json!({ "assignee": BOB })).data();
        assert_eq!(entries(app, &mine).len(), 1);
    });
}

#[test]
fn a_portfolio_shows_its_projects_and_their_milestones() {
    on_both(|app| {
        let folio =
            app.as_("ada").post("/portfolios", json!({ "workspace": ACME, "name": "Works" })).gid();
        let project = app.has("project", json!({ "name": "Dam", "due_on": "2026-05-01" }));
        let add = format!("/portfolios/{folio}/addItem");
        app.as_("ada").post(&add, json!({ "item": project })).data();
        let milestone = json!({ "name": "Poured", "resource_subtype": "milestone", "due_on": "2026-04-01", "projects": [project] });
        let milestone = app.has("task", milestone);
        app.has("task", json!({ "name": "Dig", "due_on": "2026-04-02", "projects": [project] }));
        let (_, path) = make(app, "ada", &folio);

        let all = entries(app, &path);

        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all[0].contains(&format!("UID:{milestone}@vinyasa")), "{all:?}");
        assert!(all[1].contains(&"SUMMARY:Dam".to_owned()), "{all:?}");
        let search = format!("/workspaces/{ACME}/tasks/search?portfolios.any={folio}");
        assert_eq!(app.as_("ada").get(&search).gids().len(), 2);
        app.as_("ada")
            .put(&format!("/projects/{project}"), json!({ "privacy_setting": "private" }))
            .data();
        assert_eq!(app.as_("bob").get(&search).gids().len(), 0);
    });
}

#[test]
fn what_is_gone_is_told_as_cancelled_for_a_month() {
    on_both(|app| {
        let task =
            app.has("task", json!({ "assignee": "me", "name": "Secret", "due_on": "2026-02-03" }));
        let (_, path) = make(app, "ada", "601");
        assert_eq!(entries(app, &path).len(), 1);
        app.tick(60_000);
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "assignee": null })).data();

        let gone = entries(app, &path);

        assert!(gone[0].contains(&"STATUS:CANCELLED".to_owned()), "{gone:?}");
        assert!(gone[0].contains(&format!("UID:{task}@vinyasa")));
        assert!(!read(app, &path, None).text().contains("Secret"));
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "assignee": "me" })).data();
        assert!(entries(app, &path)[0].contains(&"STATUS:CONFIRMED".to_owned()));
        app.as_("ada").delete(&format!("/tasks/{task}")).data();
        assert!(entries(app, &path)[0].contains(&"STATUS:CANCELLED".to_owned()));
        app.tick(31 * 24 * 3_600_000);
        assert_eq!(entries(app, &path), [[""; 0]; 0]);
    });
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    on_both(|app| {
        let task = app.has("task", json!({ "assignee": "me", "due_on": "2026-02-03" }));
        let (_, path) = make(app, "ada", "601");
        let tag = read(app, &path, None).header("etag").unwrap().to_owned();

        let again = read(app, &path, Some(&tag));

        assert_eq!((again.status, again.body.len()), (304, 0));
        app.tick(1_000);
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "Other" })).data();
        assert_eq!(read(app, &path, Some(&tag)).status, 200);
    });
}

#[test]
fn a_feed_shows_only_what_its_owner_sees_when_it_is_read() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        app.has("task", json!({ "projects": [project], "name": "Hush", "due_on": "2026-02-03" }));
        let feeds = "/api/vinyasa/1/calendar_feeds";
        app.as_("bob").post(feeds, json!({ "resource": project })).error(400);
        app.as_("bob").post(feeds, json!({ "resource": "601" })).error(400);
        let members = json!({ "members": [BOB, EVE] });
        app.as_("ada").post(&format!("/projects/{project}/addMembers"), members.clone()).data();
        let [bob, eve] = ["bob", "eve"].map(|user| make(app, user, &project).1);
        assert_eq!(entries(app, &bob).len(), 1);
        assert_eq!(entries(app, &eve).len(), 1);

        app.as_("ada").post(&format!("/projects/{project}/removeMembers"), members).data();

        for path in [&bob, &eve] {
            let reply = read(app, path, None);
            assert!(!reply.text().contains("Hush"));
            assert!(reply.text().contains("STATUS:CANCELLED"));
        }
        app.as_("ada")
            .post(&format!("/workspaces/{ACME}/removeUser"), json!({ "user": BOB }))
            .data();
        assert_eq!(read(app, &bob, None).status, 404);
    });
}

#[test]
fn a_feed_is_listed_without_its_address_and_can_be_revoked() {
    on_both(|app| {
        let (gid, path) = make(app, "ada", "601");
        let list = |user: &str| {
            app.as_(user).get(&format!("/api/vinyasa/1/calendar_feeds?workspace={ACME}")).data()
        };
        assert_eq!(list("ada")[0]["gid"], *gid);
        assert_eq!(list("ada")[0]["resource"]["name"], "My tasks");
        assert!(list("ada")[0]["url"].is_null());
        assert_eq!(list("bob"), json!([]));
        app.as_("bob").delete(&format!("/api/vinyasa/1/calendar_feeds/{gid}")).error(404);
        app.as_("ada").delete(&format!("/api/vinyasa/1/calendar_feeds/{gid}")).data();
        assert_eq!(read(app, &path, None).status, 404);
        assert_eq!(read(app, "/-/calendar/x.ics", None).status, 404);
        assert_eq!(list("ada"), json!([]));
    });
}
