//! The inbox: who is told what, who is not, and what becomes of it.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, GLOBEX, on_both};
use serde_json::{Value, json};

const INBOX: &str = "/api/vinyasa/1/notifications?workspace=101";
const COUNTS: &str = "/api/vinyasa/1/notifications/counts?workspace=101";
const PREFERENCES: &str = "/api/vinyasa/1/notification_preferences";

const HOUR: i64 = 60 * 60 * 1_000;

fn read(app: &App) {
    app.settle();
    app.read_log("notifications");
}

/// What somebody finds in a list, oldest first: `assigned task Name by ada`.
fn lines(app: &App, user: &str, path: &str) -> Vec<String> {
    read(app);
    let rows = app.as_(user).get(path).data();
    let line = |row: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or("nobody").to_owned();
        format!(
            "{} {} {} by {}",
            text(&row["kind"]),
            text(&row["resource"]["resource_type"]),
            text(&row["resource"]["name"]),
            text(&row["actor"]["gid"]).replace(ADA, "ada").replace(BOB, "bob").replace(EVE, "eve")
        )
    };
    rows.as_array().unwrap().iter().rev().map(line).collect()
}

fn inbox(app: &App, user: &str) -> Vec<String> {
    lines(app, user, INBOX)
}

fn comment(app: &App, user: &str, task: &str, html: &str) -> String {
    let html = format!("<body>{html}</body>");
    app.make(user, "story", json!({ "task": task, "html_text": html }))
}

#[test]
fn people_are_told_what_concerns_them_and_nobody_of_his_own_doings() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "P" }));
        let task = app.has("task", json!({ "name": "T", "assignee": BOB, "projects": [project] }));
        comment(app, "ada", &task, "Hello");
        comment(app, "ada", &task, &format!("<a data-asana-gid=\"{BOB}\"/> look"));
        let path = format!("/tasks/{task}");
        app.as_("ada").put(&path, json!({ "due_on": "2026-05-01" })).data();
        app.as_("ada").put(&path, json!({ "completed": true })).data();
        app.as_("ada").put(&path, json!({ "completed": false })).data();
        let section = app.has("section", json!({ "project": project, "name": "S" }));
        let move_to = format!("/sections/{section}/addTask");
        app.as_("ada").post(&move_to, json!({ "task": task })).data();

        assert_eq!(
            inbox(app, "bob"),
            [
                "assigned task T by ada",
                "commented task T by ada",
                "mentioned task T by ada",
                "due_date_changed task T by ada",
                "completed task T by ada",
                "reopened task T by ada",
                "moved task T by ada",
            ]
        );
        assert_eq!(inbox(app, "ada"), [""; 0]);
        comment(app, "bob", &task, "Yes");
        assert_eq!(inbox(app, "ada"), ["commented task T by bob"]);
        assert_eq!(inbox(app, "bob").len(), 7);
        // The log read a second time tells nothing twice.
        app.write("UPDATE log_readers SET txid = -9223372036854775808, gid = 0", &[]);
        assert_eq!(inbox(app, "bob").len(), 7);
    });
}

#[test]
fn approvals_statuses_and_memberships_are_told() {
    on_both(|app| {
        let approval = json!({ "name": "A", "resource_subtype": "approval", "assignee": BOB });
        let approval = app.has("task", approval);
        let decided = json!({ "approval_status": "approved" });
        app.as_("bob").put(&format!("/tasks/{approval}"), decided).data();
        let project = app.has("project", json!({ "name": "P", "privacy_setting": "private" }));
        let add = format!("/projects/{project}/addMembers");
        app.as_("ada").post(&add, json!({ "members": BOB })).data();
        let add = format!("/projects/{project}/addFollowers");
        app.as_("ada").post(&add, json!({ "followers": BOB })).data();
        let status = |parent: &str, kind: &str| {
            let status = json!({ "parent": parent, "status_type": kind, "text": "Well" });
            assert_eq!(app.as_("ada").post("/status_updates", status).status, 201);
        };
        status(&project, "at_risk");
        let folio = app.has("portfolio", json!({ "name": "F" }));
        let add = format!("/portfolios/{folio}/addMembers");
        app.as_("ada").post(&add, json!({ "members": BOB })).data();
        status(&folio, "on_track");
        let goal =
            app.has("goal", json!({ "name": "G", "owner": BOB, "is_workspace_level": true }));
        status(&goal, "on_track");
        let add = format!("/teams/{CREW}/addUser");
        app.as_("ada").post(&add, json!({ "user": EVE })).data();

        let told = inbox(app, "bob");

        for line in [
            "approval_requested task A by ada",
            "added_to_project project P by ada",
            "status_update project P by ada",
            "added_to_portfolio portfolio F by ada",
            "status_update portfolio F by ada",
            "status_update goal G by ada",
        ] {
            assert_eq!(told.iter().filter(|told| *told == line).count(), 1, "{line}: {told:#?}");
        }
        assert_eq!(inbox(app, "ada"), ["approval_decided task A by bob"]);
        assert_eq!(inbox(app, "eve"), ["added_to_team team Crew by ada"]);
    });
}

#[test]
fn nobody_is_told_of_what_he_does_not_see() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "P", "privacy_setting": "private" }));
        let members = json!({ "members": [BOB, EVE] });
        let change = |verb: &str, who: &Value| {
            app.as_("ada").post(&format!("/projects/{project}/{verb}Members"), who.clone()).data();
        };
        change("add", &members);
        let task = app.has("task", json!({ "name": "T", "projects": [project] }));
        let follow = json!({ "followers": "me" });
        app.as_("bob").post(&format!("/tasks/{task}/addFollowers"), follow).data();
        comment(app, "ada", &task, "One");
        let gid = {
            assert!(inbox(app, "bob").contains(&"commented task T by ada".to_owned()));
            app.as_("bob").get(INBOX).gids()[0].clone()
        };
        let path = format!("/api/vinyasa/1/notifications/{gid}");
        app.as_("bob").get(&path).data();
        app.as_("ada").get(&path).error(403);
        app.as_("mallory").get(&path).error(404);
        // A task moved to where a follower cannot look: he is told of the task alone.
        let secret = app.has("project", json!({ "name": "Secret", "privacy_setting": "private" }));
        let add = json!({ "project": secret });
        app.as_("ada").post(&format!("/tasks/{task}/addProject"), add).data();
        assert!(!inbox(app, "bob").iter().any(|line| line.starts_with("moved")));
        app.write("UPDATE task_followers SET grants = 0", &[]);

        change("remove", &members);
        comment(app, "ada", &task, "Two");

        assert_eq!(inbox(app, "bob"), [""; 0]);
        app.as_("bob").get(&path).error(403);
        app.as_("bob").put(&path, json!({ "is_read": true })).error(403);
        assert_eq!(app.as_("bob").get(COUNTS).data()["unread"], 0);
        change("add", &json!({ "members": BOB }));
        let again = inbox(app, "bob");
        let comments = again.iter().filter(|line| line.starts_with("commented")).count();
        assert_eq!(comments, 1, "what happened meanwhile was not for him: {again:?}");
        // Strangers have no inbox here.
        app.as_("mallory").get(INBOX).error(400);
        assert_eq!(lines(app, "mallory", &INBOX.replace(ACME, GLOBEX)), [""; 0]);
    });
}

#[test]
fn notifications_are_read_archived_bookmarked_and_grouped() {
    on_both(|app| {
        let task = app.has("task", json!({ "name": "T", "assignee": BOB }));
        comment(app, "ada", &task, &format!("<a data-asana-gid=\"{BOB}\"/>"));
        app.tick(24 * HOUR);
        comment(app, "ada", &task, "Later");
        assert_eq!(inbox(app, "bob").len(), 3);
        let rows = app.as_("bob").get(INBOX).data();
        let groups: Vec<&str> =
            rows.as_array().unwrap().iter().map(|row| row["group"].as_str().unwrap()).collect();
        let group = |day: &str| format!("{task}-{day}");
        assert_eq!(groups, [group("2026-01-02"), group("2026-01-01"), group("2026-01-01")]);
        let of_group = format!("{INBOX}&group={}", groups[1]);
        assert_eq!(app.as_("bob").get(&of_group).gids().len(), 2);
        let gids = app.as_("bob").get(INBOX).gids();
        let page = app.as_("bob").get(&format!("{INBOX}&limit=2"));
        assert_eq!(page.gids(), gids[..2]);
        let offset = page.json()["next_page"]["offset"].as_str().unwrap().to_owned();
        let next = app.as_("bob").get(&format!("{INBOX}&limit=2&offset={offset}"));
        assert_eq!(next.gids(), gids[2..]);
        let unread = || app.as_("bob").get(COUNTS).data()["unread"].as_i64().unwrap();
        assert_eq!(unread(), 3);

        let one = |at: usize| format!("/api/vinyasa/1/notifications/{}", gids[at]);
        let mark = app.as_("bob").put(&one(0), json!({ "is_read": true })).data();
        assert_eq!((&mark["is_read"], unread()), (&json!(true), 2));
        app.as_("bob").put(&one(2), json!({ "is_bookmarked": true })).data();
        app.as_("bob").put(&one(1), json!({ "is_archived": true })).data();
        let tab = |tab: &str| app.as_("bob").get(&format!("{INBOX}&tab={tab}")).gids();
        assert_eq!(tab("activity"), [gids[0].clone(), gids[2].clone()]);
        assert_eq!(tab("bookmarks"), [gids[2].clone()]);
        assert_eq!(tab("archive"), [gids[1].clone()]);
        assert_eq!(tab("mentioned"), [""; 0]);
        app.as_("bob").put(&one(1), json!({ "is_archived": false })).data();
        assert_eq!(tab("mentioned"), [gids[1].clone()]);
        let kind = app.as_("bob").get(&format!("{INBOX}&type=assigned")).gids();
        assert_eq!(kind, [gids[2].clone()]);
        app.as_("bob").get(&format!("{INBOX}&type=nothing")).error(400);
        app.as_("bob").get(&format!("{INBOX}&tab=nothing")).error(400);

        let mark_read = "/api/vinyasa/1/notifications/mark_read";
        let changed = |user: &str, body: Value| app.as_(user).post(mark_read, body).data();
        assert_eq!(changed("ada", json!({ "gids": [gids[1]] }))["changed"], 0);
        assert_eq!(changed("bob", json!({ "gids": [gids[1]] }))["changed"], 1);
        assert_eq!(changed("bob", json!({ "all": true, "workspace": ACME }))["changed"], 1);
        assert_eq!(unread(), 0);
        let archive = "/api/vinyasa/1/notifications/archive_all";
        app.as_("bob").post(archive, json!({ "workspace": ACME })).data();
        assert_eq!(tab("activity"), [""; 0]);
        assert_eq!(tab("archive").len(), 3);
        assert_eq!(tab("bookmarks"), [gids[2].clone()]);
    });
}

#[test]
fn preferences_say_what_comes() {
    on_both(|app| {
        let defaults = app.as_("bob").get(PREFERENCES).data();
        assert_eq!(defaults["digest"], "instant");
        assert_eq!(defaults["kinds"]["assigned"], json!({ "in_app": true, "email": true }));
        assert_eq!(defaults["kinds"]["completed"], json!({ "in_app": true, "email": false }));

        let chosen = json!({ "digest": "none", "kinds": { "commented": { "in_app": false } } });
        let after = app.as_("bob").put(PREFERENCES, chosen).data();

        assert_eq!(after["kinds"]["commented"], json!({ "in_app": false, "email": true }));
        assert_eq!(app.as_("bob").get(PREFERENCES).data(), after);
        for wrong in [
            json!({ "digest": "hourly" }),
            json!({ "kinds": { "nothing": {} } }),
            json!({ "kinds": { "assigned": { "sms": true } } }),
            json!({ "kinds": [] }),
        ] {
            app.as_("bob").put(PREFERENCES, wrong).error(400);
        }
        let task = app.has("task", json!({ "name": "T", "assignee": BOB }));
        comment(app, "ada", &task, "Hello");
        assert_eq!(inbox(app, "bob"), ["assigned task T by ada"]);
        assert_eq!(app.as_("bob").get(COUNTS).data()["unread"], 1);
    });
}

#[test]
fn what_is_due_soon_is_told_once() {
    on_both(|app| {
        // Midnight UTC is 19:00 of the day before in New York.
        let zone = json!({ "time_zone": "America/New_York" });
        app.as_("bob").put("/api/vinyasa/1/preferences", zone).data();
        let task = |name: &str, due: &str| {
            app.has("task", json!({ "name": name, "assignee": BOB, "due_on": due }))
        };
        let moved = task("Today", "2026-01-01");
        task("Tomorrow", "2026-01-02");
        task("Past", "2025-12-30");
        let done = task("Done", "2026-01-01");
        app.as_("bob").put(&format!("/tasks/{done}"), json!({ "completed": true })).data();
        let due = || {
            app.tell_what_is_due();
            app.tell_what_is_due();
            let told = inbox(app, "bob");
            told.into_iter().filter(|line| line.starts_with("due_soon")).collect::<Vec<_>>()
        };

        assert_eq!(due(), ["due_soon task Today by nobody"]);
        app.tick(5 * HOUR);
        let both = ["due_soon task Today by nobody", "due_soon task Tomorrow by nobody"];
        assert_eq!(due(), both);
        app.as_("bob").put(&format!("/tasks/{moved}"), json!({ "due_on": "2026-01-02" })).data();
        assert_eq!(due().len(), 3, "another day is told of again");
    });
}
