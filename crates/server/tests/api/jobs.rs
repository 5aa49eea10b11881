//! Jobs: how they are taken up, gone on with, given up and looked at.

use crate::kit::{ACME, App, BOB, on_both};
use serde_json::{Value, json};
use server::jobs::{self, Next};

/// `count` tasks of bob's in `project`, made behind the server's back; the gids begin at `first`.
fn tasks(app: &App, project: &str, first: i64, count: i64) {
    let section: i64 = app
        .as_("ada")
        .get(&format!("/projects/{project}/sections"))
        .gids()
        .concat()
        .parse()
        .unwrap();
    let project: i64 = project.parse().unwrap();
    let gids = store::Value::Ids((first..first + count).collect());
    app.write("INSERT INTO tasks (gid, workspace, name, resource_subtype, assignee, assignee_status, completed, created_at, modified_at) SELECT i.value, 101, 't', 'default_task', 202, 'inbox', 0, 0, 0 FROM ids(?) AS i", &[&gids]);
    app.write("INSERT INTO task_projects (task, project, workspace, section, position, added_at) SELECT i.value, CAST(? AS BIGINT), 101, CAST(? AS BIGINT), 'a0', 0 FROM ids(?) AS i", &[&project, &section, &gids]);
}

fn count(app: &App, sql: &str) -> i64 {
    app.sql(sql, &[], |row| row.get::<i64>(0)).pop().unwrap()
}

/// A job of ada's behind the server's back.
fn job(app: &App, gid: i64, kind: &str, state: &Value) {
    app.write(
        "INSERT INTO jobs (gid, workspace, kind, status, state, result_type, result, rows_done, attempts, due_at, is_cancelled, request_id, created_at, created_by) VALUES (?, 101, ?, 'not_started', ?, 'task', NULL, 0, 0, 0, 0, '', 0, 201)",
        &[&gid, &kind, &state.to_string()],
    );
}

#[test]
fn what_a_removed_user_had_is_unassigned_in_the_background() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        tasks(app, &project, 100_000, 450);
        let assigned = || count(app, "SELECT count(*) FROM tasks WHERE assignee = 202");

        let path = format!("/workspaces/{ACME}/removeUser");
        assert_eq!(app.as_("ada").post(&path, json!({ "user": BOB })).status, 200);
        assert!((1..450).contains(&assigned()), "the first of them go at once");
        app.run_jobs();

        assert_eq!(assigned(), 0);
        assert_eq!(
            count(
                app,
                "SELECT count(*) FROM events WHERE resource_type = 'task' AND action = 'changed' AND actor = 201"
            ),
            450
        );
        let told = format!(
            "SELECT count(*) FROM event_scopes WHERE scope = {project} AND event IN (SELECT e.gid FROM events AS e WHERE e.resource_type = 'task')"
        );
        assert_eq!(count(app, &told), 450);
        assert_eq!(
            count(app, "SELECT count(*) FROM jobs WHERE status = 'succeeded' AND rows_done = 450"),
            1
        );
    });
}

#[test]
fn id_fields_number_the_tasks_of_a_large_project_without_gaps() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        tasks(app, &project, 100_000, 450);
        let field =
            app.has("custom_field", json!({ "resource_subtype": "text", "id_prefix": "BIG" }));

        let path = format!("/projects/{project}/addCustomFieldSetting");
        assert_eq!(app.as_("ada").post(&path, json!({ "custom_field": field })).status, 200);
        app.run_jobs();

        let numbers = "SELECT count(DISTINCT number_value) FROM custom_field_values WHERE number_value BETWEEN 1 AND 450";
        assert_eq!(count(app, numbers), 450);
        let next = app.has("task", json!({ "projects": [project] }));
        let found = app.as_("ada").get(&format!("/workspaces/{ACME}/tasks/custom_id/BIG-451"));
        assert_eq!(found.gid(), next);
    });
}

#[test]
fn a_job_whose_worker_is_gone_is_gone_on_with_by_another_one() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        tasks(app, &project, 100_000, 700);
        let path = format!("/workspaces/{ACME}/removeUser");
        app.as_("ada").post(&path, json!({ "user": BOB })).data();
        let assigned = || count(app, "SELECT count(*) FROM tasks WHERE assignee = 202");
        let claim = || app.block_on(jobs::claim(&app.server)).unwrap();
        let batch = |claim| app.block_on(jobs::batch(&app.server, claim)).unwrap();

        let gone = claim().unwrap();
        assert_eq!(batch(gone), Next::Batch);
        let left = assigned();
        assert!(claim().is_none(), "it is leased");
        app.tick(30_001);
        let taken = claim().unwrap();

        assert_eq!(batch(gone), Next::Nothing, "who lost the lease does nothing");
        assert_eq!(assigned(), left);
        while batch(taken) == Next::Batch {}
        assert_eq!(assigned(), 0);
        assert!(claim().is_none());
    });
}

#[test]
fn a_job_that_keeps_failing_is_given_up_and_harms_no_other() {
    on_both(|app| {
        job(app, 5_001, "no_such_kind", &json!({}));
        job(app, 5_002, "unassign", &json!({ "workspace": 101, "user": 205 }));
        let status = |gid: i64| {
            app.as_("ada").get(&format!("/jobs/{gid}")).data()["status"]
                .as_str()
                .unwrap()
                .to_owned()
        };

        app.run_jobs();
        assert_eq!((status(5_001).as_str(), status(5_002).as_str()), ("in_progress", "succeeded"));
        for wait in [2_000, 4_000, 8_000, 16_000] {
            app.tick(wait - 1);
            assert!(app.block_on(jobs::claim(&app.server)).unwrap().is_none(), "it waits longer");
            app.tick(1);
            app.run_jobs();
        }

        assert_eq!(status(5_001), "failed");
        assert_eq!(
            app.sql("SELECT error FROM jobs WHERE gid = 5001", &[], |row| row.get::<String>(0)),
            ["there are no jobs of the kind no_such_kind"]
        );
    });
}

#[test]
fn a_job_is_shown_to_its_creator_only_and_he_can_cancel_it() {
    on_both(|app| {
        job(app, 5_001, "unassign", &json!({ "workspace": 101, "user": 205 }));

        let shown = app.as_("ada").get("/jobs/5001?opt_fields=status,resource_subtype,progress");
        assert_eq!(
            shown.data(),
            json!({ "gid": "5001", "status": "not_started", "resource_subtype": "unassign", "progress": { "done": 0, "total": null } })
        );
        for (user, status) in [("bob", 403), ("sam", 403), ("mallory", 404)] {
            app.as_(user).get("/jobs/5001").error(status);
            app.as_(user).post("/api/vinyasa/1/jobs/5001/cancel", json!({})).error(status);
        }

        app.as_("ada").post("/api/vinyasa/1/jobs/5001/cancel", json!({})).data();
        app.run_jobs();
        assert_eq!(app.as_("ada").get("/jobs/5001").data()["status"], "failed");
        app.tick(31 * 24 * 60 * 60 * 1_000);
        app.block_on(jobs::forget_old(&app.server)).unwrap();
        app.as_("ada").get("/jobs/5001").error(404);
    });
}

#[test]
fn jobs_that_finish_a_request_are_shown_to_nobody() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        tasks(app, &project, 100_000, 700);

        app.as_("ada").delete(&format!("/projects/{project}")).data();

        let job = count(app, "SELECT gid FROM jobs");
        app.as_("ada").get(&format!("/jobs/{job}")).error(404);
    });
}
