//! Time tracking entries and allocations: what the API promises.

use crate::kit::{ACME, ADA, App, BOB, EVE, MALLORY, on_both};
use insta::assert_snapshot;
use serde_json::json;

#[test]
fn time_is_entered_on_tasks_and_summed() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [project] }));
        let path = format!("/tasks/{task}/time_tracking_entries");
        app.events();

        let reply = app.as_("ada").post(&path, json!({ "duration_minutes": 30 }));

        assert_eq!(reply.status, 201);
        let entry = reply.gid();
        assert_eq!(
            reply.header("location").unwrap().split("/api/1.0").last().unwrap(),
            format!("/time_tracking_entries/{entry}")
        );
        let data = reply.data();
        assert_eq!(data["entered_on"], "2026-01-01");
        assert_eq!(data["attributable_to"]["gid"], project.as_str());
        assert_eq!(data["created_by"]["gid"], ADA);
        assert_eq!(data["task"]["gid"], task.as_str());
        assert_eq!(data["approval_status"], "DRAFT");
        assert_eq!(data["billable_status"], "notApplicable");
        assert_eq!(data["categories"], json!([]));
        assert_eq!(
            app.events(),
            [
                format!("time_tracking_entry {entry} added to task {task} by ada"),
                format!("task {task} changed actual_time_minutes by ada"),
            ]
        );

        let other = app.as_("bob").post(
            &path,
            json!({ "duration_minutes": 12, "entered_on": "2025-12-31", "billable_status": "billable", "description": "Calls" }),
        );
        assert_eq!(other.data()["description"], "Calls");
        let total =
            || app.as_("ada").get(&format!("/tasks/{task}")).data()["actual_time_minutes"].clone();
        assert_eq!(total(), json!(42));
        let rows = app.as_("ada").get(&path);
        assert_eq!(rows.column("duration_minutes"), ["12", "30"]);
        assert_snapshot!(app.as_("ada").get(&format!("{path}?limit=1")).data()[0].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" "),
            @"attributable_to categories created_by duration_minutes entered_on gid resource_type");

        app.as_("ada")
            .put(&format!("/time_tracking_entries/{entry}"), json!({ "duration_minutes": 40 }))
            .data();
        assert_eq!(total(), json!(52));
        assert_eq!(
            app.as_("ada").delete(&format!("/time_tracking_entries/{entry}")).data(),
            json!({})
        );
        assert_eq!(total(), json!(12));
        assert_eq!(
            app.as_("bob").delete(&format!("/time_tracking_entries/{}", other.gid())).status,
            200
        );
        assert_eq!(total(), json!(null));
        assert_eq!(app.as_("ada").get(&format!("/time_tracking_entries/{entry}")).status, 404);
    });
}

#[test]
fn only_who_entered_time_and_admins_change_it() {
    let app = App::sqlite();
    let project = app.has("project", json!({}));
    let task = app.has("task", json!({ "projects": [project] }));
    let path = format!("/tasks/{task}/time_tracking_entries");
    let of_ada = app.as_("ada").post(&path, json!({ "duration_minutes": 30 })).gid();
    let of_bob = app.as_("bob").post(&path, json!({ "duration_minutes": 30 })).gid();
    let change = json!({ "duration_minutes": 1 });

    assert_eq!(
        app.as_("bob").put(&format!("/time_tracking_entries/{of_ada}"), change.clone()).status,
        403
    );
    assert_eq!(app.as_("bob").delete(&format!("/time_tracking_entries/{of_ada}")).status, 403);
    assert_eq!(
        app.as_("bob").put(&format!("/time_tracking_entries/{of_bob}"), change.clone()).status,
        200
    );
    // Ada administers the project.
    assert_eq!(app.as_("ada").put(&format!("/time_tracking_entries/{of_bob}"), change).status, 200);
    assert_eq!(app.as_("mallory").get(&path).status, 404);
    assert_eq!(app.as_("eve").get(&path).status, 403);
}

#[test]
fn time_that_makes_no_sense_is_refused() {
    let app = App::sqlite();
    let (project, other) = (app.has("project", json!({})), app.has("project", json!({})));
    let task = app.has("task", json!({ "projects": [project, other] }));
    let third = app.has("project", json!({}));
    let path = format!("/tasks/{task}/time_tracking_entries");
    let post = |body| app.as_("ada").post(&path, body);

    for (body, says) in [
        (json!({}), "duration_minutes: Missing input"),
        (json!({ "duration_minutes": 0 }), "greater than 0"),
        (json!({ "duration_minutes": -5 }), "greater than 0"),
        (json!({ "duration_minutes": 1.5 }), "whole number"),
        (json!({ "duration_minutes": 9_000_000 }), "at most a year"),
        (json!({ "duration_minutes": 5, "entered_on": "today" }), "entered_on"),
        (json!({ "duration_minutes": 5, "billable_status": "free" }), "billable_status"),
        (json!({ "duration_minutes": 5, "attributable_to": third }), "not in this project"),
        (json!({ "duration_minutes": 5, "categories": ["77"] }), "categories: [0]: Unknown object"),
        (json!({ "duration_minutes": 5, "description": "x".repeat(10_001) }), "description"),
    ] {
        assert!(post(body.clone()).error(400).contains(says), "{body}");
    }
    // In two projects it is for whoever enters it to say whose time it is.
    assert_eq!(post(json!({ "duration_minutes": 5 })).data()["attributable_to"], json!(null));
    let chosen = post(json!({ "duration_minutes": 5, "attributable_to": other, "categories": [] }));
    assert_eq!(chosen.data()["attributable_to"]["gid"], other.as_str());
}

#[test]
fn time_is_set_aside_for_projects() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let body = json!({
            "parent": project, "assignee": "bob@acme.example", "start_date": "2026-02-02", "end_date": "2026-02-06",
            "effort": { "type": "hours", "value": 12.5 },
        });
        app.events();

        let reply = app.as_("ada").post("/allocations", body);

        let gid = reply.gid();
        assert_eq!(reply.status, 201);
        let data = reply.data();
        assert_eq!(data["effort"], json!({ "type": "hours", "value": 12.5 }));
        assert_eq!(data["assignee"]["gid"], BOB);
        assert_eq!(data["created_by"]["gid"], ADA);
        assert_eq!(data["parent"]["gid"], project.as_str());
        assert_eq!(data["resource_subtype"], "project_allocation");
        assert_eq!(app.events(), [format!("allocation {gid} added to project {project} by ada")]);

        let changed = app.as_("ada").put(
            &format!("/allocations/{gid}?opt_fields=effort.value,end_date"),
            json!({ "end_date": "2026-02-20", "effort": { "type": "percent", "value": 50 } }),
        );
        assert_eq!(
            changed.data(),
            json!({ "gid": gid, "end_date": "2026-02-20", "effort": { "value": 50 } })
        );
        assert_eq!(app.events(), [format!("allocation {gid} changed end_date, effort by ada")]);
        let cleared = app.as_("ada").put(&format!("/allocations/{gid}"), json!({ "effort": null }));
        assert_eq!(cleared.data()["effort"], json!(null));

        for (query, found) in [
            (format!("parent={project}"), 1),
            (format!("assignee={BOB}"), 1),
            (format!("assignee={ADA}&workspace={ACME}"), 0),
            (format!("workspace={ACME}&limit=1"), 1),
        ] {
            let list = app.as_("bob").get(&format!("/allocations?{query}"));
            assert_eq!(list.data().as_array().unwrap().len(), found, "{query}");
        }
        assert_eq!(app.as_("ada").delete(&format!("/allocations/{gid}")).data(), json!({}));
        assert_eq!(app.as_("ada").get(&format!("/allocations/{gid}")).status, 404);
    });
}

#[test]
fn allocations_that_make_no_sense_are_refused() {
    let app = App::sqlite();
    let project = app.has("project", json!({ "privacy_setting": "private" }));
    let good = json!({
        "parent": project, "assignee": ADA, "start_date": "2026-02-02", "end_date": "2026-02-06",
    });
    let with = |name: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };

    for (body, says) in [
        (with("parent", json!(null)), "parent: Missing input"),
        (with("assignee", json!(null)), "assignee: Missing input"),
        (with("start_date", json!(null)), "start_date: Missing input"),
        (with("end_date", json!("2026-02-01")), "Must not be before start_date"),
        (with("assignee", json!(MALLORY)), "Unknown object"),
        (with("effort", json!({ "type": "days", "value": 1 })), "hours, percent"),
        (with("effort", json!({ "type": "hours", "value": -1 })), "between 0 and"),
        (with("effort", json!("much")), "effort"),
    ] {
        let error = app.as_("ada").post("/allocations", body.clone()).error(400);
        assert!(error.contains(says), "{body}: {error}");
    }
    assert!(app.as_("ada").get("/allocations").error(400).contains("parent, assignee, workspace"));
    let gid = app.as_("ada").post("/allocations", good.clone()).gid();
    assert_eq!(app.as_("bob").post("/allocations", good).status, 403);
    assert_eq!(app.as_("bob").get(&format!("/allocations/{gid}")).status, 403);
    assert_eq!(
        app.as_("bob").get(&format!("/allocations?assignee={ADA}")).gids(),
        Vec::<String>::new()
    );
    app.as_("ada")
        .post(
            "/memberships",
            json!({ "parent": project, "member": EVE, "access_level": "commenter" }),
        )
        .data();
    assert_eq!(app.as_("eve").get(&format!("/allocations/{gid}")).status, 200);
    assert_eq!(
        app.as_("eve").put(&format!("/allocations/{gid}"), json!({ "effort": null })).status,
        403
    );
}
