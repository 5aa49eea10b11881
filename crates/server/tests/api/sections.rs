//! Sections of projects and of task lists.

use crate::kit::{App, GLOBEX, on_both};
use serde_json::{Value, json};

/// The list of ada's tasks, and its first section.
const LIST: &str = "601";
const FIRST: &str = "801";

fn names(app: &App, user: &str, container: &str) -> Vec<String> {
    app.as_(user).get(&format!("/projects/{container}/sections")).column("name")
}

#[test]
fn a_section_is_made_where_it_is_wanted() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let path = format!("/projects/{project}/sections");
        let last = app.has("section", json!({ "project": project, "name": " To\ndo " }));
        app.events();
        let reply = app.as_("bob").post(&path, json!({ "name": "Doing", "insert_before": last }));

        assert_eq!(reply.status, 201);
        let gid = reply.gid();
        assert_eq!(reply.header("location"), Some(&*format!("/api/1.0/sections/{gid}")));
        assert_eq!(app.events(), [format!("section {gid} added to project {project} by bob")]);
        let shown = json!({ "gid": project, "resource_type": "project", "name": "project" });
        assert_eq!(
            app.as_("bob").get(&format!("/sections/{gid}")).data(),
            json!({ "gid": gid, "resource_type": "section", "name": "Doing", "created_at": "2026-01-01T00:00:00.000Z", "project": shown, "projects": [shown] })
        );
        app.as_("ada").post(&path, json!({ "name": "Then", "insert_after": gid })).data();
        assert_eq!(names(app, "ada", &project), ["Untitled section", "Doing", "Then", "To do"]);

        let refused = |fields: Value| app.as_("ada").post(&path, fields).error(400);
        assert_eq!(refused(json!({})), "name: Missing input");
        assert_eq!(refused(json!({ "name": " " })), "name: Must not be empty");
        assert_eq!(
            refused(json!({ "name": "x", "insert_after": FIRST })),
            "insert_after: Must be a section of this project"
        );
        refused(json!({ "name": "x", "insert_after": gid, "insert_before": gid }));
        app.as_("eve").post(&path, json!({ "name": "x" })).error(403);
    });
}

#[test]
fn a_section_is_renamed_but_not_emptied() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let section = app.has("section", json!({ "project": project }));
        app.events();
        let path = format!("/sections/{section}");

        let data = app.as_("bob").put(&path, json!({ "name": "Done", "project": GLOBEX })).data();

        assert_eq!((&data["name"], &data["project"]["gid"]), (&json!("Done"), &json!(project)));
        assert_eq!(app.events(), [format!("section {section} changed name by bob")]);
        let message = app.as_("bob").put(&path, json!({ "name": "" })).error(400);
        assert_eq!(message, "name: Must not be empty");
    });
}

#[test]
fn sections_move_within_their_project() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let a = app.has("section", json!({ "project": project, "name": "a" }));
        let b = app.has("section", json!({ "project": project, "name": "b" }));
        let c = app.has("section", json!({ "project": project, "name": "c" }));
        let insert = |fields: Value| {
            app.as_("ada").post(&format!("/projects/{project}/sections/insert"), fields)
        };

        assert_eq!(insert(json!({ "section": c, "before_section": a })).data(), json!({}));
        assert_eq!(names(app, "ada", &project), ["Untitled section", "c", "a", "b"]);
        insert(json!({ "section": c, "after_section": b })).data();
        insert(json!({ "section": b, "after_section": b })).data();
        assert_eq!(names(app, "ada", &project), ["Untitled section", "a", "b", "c"]);

        // Neighbours that have come to stand at one place are told apart at the next move.
        app.write(
            "UPDATE sections SET position = 'a5' WHERE container = ?",
            &[&project.parse::<i64>().unwrap()],
        );
        insert(json!({ "section": c, "before_section": b })).data();
        assert_eq!(names(app, "ada", &project), ["Untitled section", "a", "c", "b"]);

        let other = app.has("project", json!({}));
        let foreign = app.has("section", json!({ "project": other }));
        insert(json!({ "section": foreign, "before_section": a })).error(400);
        insert(json!({ "section": a })).error(400);
        insert(json!({ "section": a, "before_section": b, "after_section": c })).error(400);
        assert_eq!(insert(json!({ "before_section": b })).error(400), "section: Missing input");
    });
}

#[test]
fn only_an_empty_section_that_is_not_the_last_is_deleted() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let first = app.as_("ada").get(&format!("/projects/{project}/sections")).gids().concat();
        let section = app.has("section", json!({ "project": project }));
        let task = app.has("task", json!({ "projects": [project], "memberships": [{ "project": project, "section": section }] }));
        app.events();
        let delete = |section: &str| app.as_("bob").delete(&format!("/sections/{section}"));

        assert_eq!(delete(&section).error(400), "Only an empty section can be deleted");
        app.as_("ada").delete(&format!("/tasks/{task}")).data();
        app.events();
        assert_eq!(delete(&section).data(), json!({}));
        assert_eq!(app.events(), [format!("section {section} deleted by bob")]);
        assert_eq!(delete(&section).status, 404);
        assert_eq!(delete(&first).error(400), "The last section cannot be deleted");
    });
}

#[test]
fn a_task_list_stands_in_for_a_project_for_its_owner() {
    on_both(|app| {
        assert_eq!(names(app, "ada", LIST).len(), 4);
        let section = app.has("section", json!({ "project": LIST, "name": "Some day" }));
        assert_eq!(names(app, "ada", LIST).last().unwrap(), "Some day");
        assert_eq!(
            app.events(),
            [format!("section {section} added to user_task_list {LIST} by ada")]
        );
        let data = app.as_("ada").get(&format!("/sections/{section}")).data();
        assert_eq!((&data["project"], &data["projects"]), (&json!(null), &json!([])));
        app.as_("bob").get(&format!("/projects/{LIST}/sections")).error(403);
        app.as_("bob").get(&format!("/sections/{section}")).error(403);
        app.as_("mallory").get(&format!("/projects/{LIST}/sections")).error(404);
        app.as_("ada").get("/projects/999/sections").error(404);
    });
}
