//! Goals and goal relationships: what the API promises.

mod progress;

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, GLOBEX, MALLORY, on_both};
use serde_json::{Value, json};

/// The current value of a goal's metric.
fn current(app: &App, goal: &str) -> f64 {
    let reply =
        app.as_("ada").get(&format!("/goals/{goal}?opt_fields=metric.current_number_value"));
    reply.data()["metric"]["current_number_value"].as_f64().unwrap()
}

/// A goal that measures something.
fn measuring(app: &App, metric: Value) -> String {
    let goal = app.has("goal", json!({}));
    app.as_("ada").post(&format!("/goals/{goal}/setMetric"), metric).data();
    goal
}

/// A goal whose progress comes from `source`, as a part of one.
fn derived(app: &App, source: &str, is_custom_weight: bool) -> String {
    let metric = json!({
        "unit": "percentage", "progress_source": source, "is_custom_weight": is_custom_weight,
    });
    measuring(app, metric)
}

/// Lets something support a goal; gives the relationship.
fn support(app: &App, goal: &str, resource: &str, weight: f64) -> String {
    let body = json!({ "supporting_resource": resource, "contribution_weight": weight });
    app.as_("ada").post(&format!("/goals/{goal}/addSupportingRelationship"), body).gid()
}

fn complete(app: &App, task: &str) {
    app.as_("ada").put(&format!("/tasks/{task}"), json!({ "completed": true })).data();
}

#[test]
fn a_goal_is_created_read_and_changed() {
    on_both(|app| {
        app.make_time_periods();
        let periods = app
            .as_("ada")
            .get(&format!("/time_periods?workspace={ACME}&start_on=2026-01-01&end_on=2026-01-01"));
        let year = periods.gids()[0].clone();
        app.events();
        let reply = app.as_("ada").post(
            "/goals",
            json!({
                "workspace": ACME, "name": "Grow by a third", "html_notes": "<body>With <em>care</em></body>", "is_workspace_level": true,
                "due_on": "2026-12-31", "start_on": "2026-01-01", "owner": "me", "time_period": year, "followers": [BOB], "liked": true,
            }),
        );

        assert_eq!(reply.status, 201);
        let goal = reply.gid();
        let data = reply.data();
        let mut fields: Vec<&String> = data.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(
            fields,
            [
                "current_status_update",
                "custom_field_settings",
                "custom_fields",
                "default_access_level",
                "due_on",
                "followers",
                "gid",
                "html_notes",
                "is_workspace_level",
                "liked",
                "likes",
                "metric",
                "name",
                "notes",
                "num_likes",
                "owner",
                "privacy_setting",
                "resource_type",
                "start_on",
                "status",
                "team",
                "time_period",
                "workspace"
            ]
        );
        assert_eq!(data["notes"], "With care");
        assert_eq!(data["html_notes"], "<body>With <em>care</em></body>");
        assert_eq!(data["time_period"]["display_name"], "FY26");
        assert_eq!(data["owner"], json!({ "gid": ADA, "resource_type": "user", "name": "Ada" }));
        assert_eq!(
            (&data["metric"], &data["status"], &data["num_likes"]),
            (&json!(null), &json!(null), &json!(1))
        );
        assert_eq!(
            (&data["privacy_setting"], &data["default_access_level"]),
            (&json!("public_to_workspace"), &json!("commenter"))
        );
        let followers: Vec<&Value> =
            data["followers"].as_array().unwrap().iter().map(|user| &user["gid"]).collect();
        assert_eq!(followers, [ADA, BOB]);
        assert_eq!(app.events(), [format!("goal {goal} added by ada")]);

        let path = format!("/goals/{goal}");
        assert_eq!(app.as_("ada").get(&path).data(), data);
        let changed = app.as_("ada").put(&path, json!({ "name": "Grow", "due_on": "2026-11-30" }));
        assert_eq!(
            (&changed.data()["name"], &changed.data()["start_on"]),
            (&json!("Grow"), &json!("2026-01-01"))
        );
        assert_eq!(app.events(), [format!("goal {goal} changed name, due_on by ada")]);
        assert_eq!(
            app.as_("ada").put(&path, json!({ "due_on": null })).data()["start_on"],
            json!(null)
        );
        assert_eq!(
            app.as_("ada").put(&path, json!({ "notes": "Slowly" })).data()["html_notes"],
            "<body>Slowly</body>"
        );
        app.events();
        assert_eq!(app.as_("ada").delete(&path).data(), json!({}));
        assert_eq!(app.events(), [format!("goal {goal} deleted by ada")]);
        assert_eq!(app.as_("ada").get(&path).status, 404);
        assert_eq!(
            app.as_("ada").get(&format!("/goals?workspace={ACME}")).gids(),
            Vec::<String>::new()
        );
    });
}

#[test]
fn goals_that_make_no_sense_are_refused() {
    let app = App::sqlite();
    let with = |fields: Value| {
        let mut body = json!({ "workspace": ACME, "name": "Goal" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        app.as_("ada").post("/goals", body)
    };
    for (fields, says) in [
        (json!({ "name": " " }), "name: Must not be empty"),
        (json!({ "workspace": null }), "workspace: Missing input"),
        (json!({ "workspace": GLOBEX }), "workspace: Unknown object"),
        (json!({ "start_on": "2026-01-01" }), "due_on"),
        (json!({ "start_on": "2026-02-01", "due_on": "2026-01-01" }), "start_on"),
        (json!({ "team": CREW, "is_workspace_level": true }), "at once"),
        (json!({ "owner": MALLORY }), "owner: Unknown object"),
        (json!({ "time_period": "77" }), "time_period: Unknown object"),
        (json!({ "followers": ["77"] }), "followers: [0]: Unknown object"),
        (json!({ "privacy_setting": "private" }), "privacy_setting"),
        (json!({ "notes": "a", "html_notes": "<body/>" }), "only provide one"),
    ] {
        let error = with(fields.clone()).error(400);
        assert!(error.contains(says), "{fields}: {error}");
    }
    assert!(app.as_("eve").post("/goals", json!({ "workspace": ACME, "name": "x" })).status == 403);
    let goal = app.has("goal", json!({}));
    assert!(
        app.as_("ada")
            .put(&format!("/goals/{goal}"), json!({ "status": "green" }))
            .error(400)
            .contains("metric")
    );
}

#[test]
fn a_goal_is_of_the_workspace_or_a_team_or_a_person() {
    let app = App::sqlite();
    let goal = app.has("goal", json!({ "team": CREW }));
    let path = format!("/goals/{goal}?opt_fields=is_workspace_level,team.name");
    let home = |data: Value| (data["is_workspace_level"].clone(), data["team"]["name"].clone());
    assert_eq!(home(app.as_("ada").get(&path).data()), (json!(false), json!("Crew")));

    assert_eq!(
        home(app.as_("ada").put(&path, json!({ "is_workspace_level": true })).data()),
        (json!(true), json!(null))
    );
    assert_eq!(
        home(app.as_("ada").put(&path, json!({ "team": CREW })).data()),
        (json!(false), json!("Crew"))
    );
    assert_eq!(
        home(app.as_("ada").put(&path, json!({ "team": null })).data()),
        (json!(false), json!(null))
    );
    // Only a team's people give it goals.
    let closed = app.has("team", json!({}));
    assert_eq!(app.as_("bob").post("/goals", json!({ "name": "x", "team": closed })).status, 403);
}

#[test]
fn metrics_are_set_replaced_and_read() {
    on_both(|app| {
        let goal = app.has("goal", json!({}));
        let path = format!("/goals/{goal}");
        let set = |body: Value| app.as_("ada").post(&format!("{path}/setMetric"), body);
        let current =
            |body: Value| app.as_("ada").post(&format!("{path}/setMetricCurrentValue"), body);
        assert!(current(json!({ "current_number_value": 1 })).error(400).contains("no metric"));
        app.events();

        let metric = set(json!({ "precision": 2, "unit": "currency", "currency_code": "EUR", "initial_number_value": 5.2, "target_number_value": 10.2, "current_number_value": 8.12 }))
            .data()["metric"].clone();

        assert_eq!(app.events(), [format!("goal {goal} changed metric by ada")]);
        let gid = metric["gid"].clone();
        assert_eq!(
            metric,
            json!({
                "gid": gid, "resource_type": "goal_metric", "resource_subtype": "number", "precision": 2, "unit": "currency",
                "currency_code": "EUR", "initial_number_value": 5.2, "target_number_value": 10.2, "current_number_value": 8.12,
                "current_display_value": "€8.12", "progress_source": "manual", "is_custom_weight": false,
            })
        );
        assert_eq!(
            current(json!({ "current_number_value": "9.5" })).data()["metric"]["current_number_value"],
            9.5
        );
        assert_eq!(app.events(), [format!("goal {goal} changed metric by ada")]);
        current(json!({ "current_number_value": 9.5 })).data();
        assert_eq!(app.events(), Vec::<String>::new());
        assert!(current(json!({})).error(400).contains("current_number_value: Missing input"));

        for (body, says) in [
            (json!({ "precision": 7 }), "between 0 and 6"),
            (json!({ "unit": "apples" }), "none, currency, percentage"),
            (json!({ "unit": "currency" }), "currency_code: Missing input"),
            (json!({ "unit": "currency", "currency_code": "EURO" }), "ISO 4217"),
            (json!({ "initial_number_value": 3, "target_number_value": 3 }), "Must not be equal"),
            (
                json!({ "initial_number_value": -1e308, "target_number_value": 1.7e308 }),
                "target_number_value",
            ),
            (json!({ "progress_source": "luck" }), "progress_source"),
        ] {
            assert!(set(body.clone()).error(400).contains(says), "{body}");
        }
        // A percentage: 0.251 shows with one digit as 25.1 %.
        let percent =
            set(json!({ "unit": "percentage", "precision": 1, "current_number_value": 0.251 }))
                .data();
        assert_eq!(percent["metric"]["current_display_value"], "25.1%");
        assert_eq!(percent["metric"]["target_number_value"], 1);
        assert_ne!(percent["metric"]["gid"], gid);
        set(json!({ "progress_source": "task_completion" })).data();
        assert!(current(json!({ "current_number_value": 1 })).error(400).contains("follows from"));

        // Status can be written now, and is one of the known ones.
        assert_eq!(
            app.as_("ada").put(&path, json!({ "status": "yellow" })).data()["status"],
            "yellow"
        );
        assert!(
            app.as_("ada")
                .put(&path, json!({ "status": "blue" }))
                .error(400)
                .contains("green, yellow, red")
        );
        assert_eq!(
            app.as_("ada").put(&path, json!({ "status": "achieved" })).data()["status"],
            "achieved"
        );
        assert_eq!(
            app.as_("ada").put(&path, json!({ "status": null })).data()["status"],
            json!(null)
        );
    });
}

#[test]
fn only_who_made_an_external_metric_writes_it() {
    let app = App::sqlite();
    let goal = app.has("goal", json!({ "default_access_level": "editor" }));
    let set = format!("/goals/{goal}/setMetric?opt_fields=metric.can_manage");
    let shown = app.as_("bob").post(&set, json!({ "progress_source": "external" }));
    assert_eq!(shown.data()["metric"]["can_manage"], true);
    let write = format!("/goals/{goal}/setMetricCurrentValue");
    let value = json!({ "current_number_value": 3 });

    assert_eq!(app.as_("ada").post(&write, value.clone()).status, 403);
    assert_eq!(app.as_("bob").post(&write, value).data()["metric"]["current_number_value"], 3);
    let seen = app.as_("ada").get(&format!("/goals/{goal}?opt_fields=metric"));
    assert_eq!(seen.status, 200);
    let seen = app.as_("ada").get(&format!("/goals/{goal}"));
    assert_eq!(seen.data()["metric"]["can_manage"], false);
}

#[test]
fn relationships_are_added_ordered_weighted_and_removed() {
    on_both(|app| {
        let goal = derived(app, "subgoal_progress", false);
        let above = derived(app, "subgoal_progress", false);
        support(app, &above, &goal, 1.0);
        let [a, b, c] = [0, 1, 2].map(|_| app.has("goal", json!({})));
        let project = app.has("project", json!({}));
        app.events();

        let path = format!("/goals/{goal}/addSupportingRelationship");
        let add = |body: Value| app.as_("ada").post(&path, body);
        let reply = add(json!({ "supporting_resource": a }));
        let relationship = reply.gid();

        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.data(),
            json!({
                "gid": relationship, "resource_type": "goal_relationship", "resource_subtype": "subgoal",
                "supporting_resource": reply.data()["supporting_resource"], "contribution_weight": 0,
                "supported_goal": reply.data()["supported_goal"],
            })
        );
        assert_eq!(reply.data()["supporting_resource"]["gid"], a.as_str());
        assert_eq!(
            app.events(),
            [
                format!("goal_relationship {relationship} added to goal {goal} by ada"),
                format!("goal {goal} changed metric by ada"),
                format!("goal {above} changed metric by ada"),
            ]
        );
        add(json!({ "supporting_resource": b, "insert_before": a })).data();
        add(json!({ "supporting_resource": project, "contribution_weight": 0.5 })).data();
        add(json!({ "supporting_resource": c, "insert_after": b })).data();
        let list = |query: &str| -> Vec<String> {
            let reply = app.as_("bob").get(&format!(
                "/goal_relationships?supported_goal={goal}{query}&opt_fields=supporting_resource"
            ));
            reply
                .data()
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["supporting_resource"]["gid"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(list("&resource_subtype=subgoal"), [b.clone(), c.clone(), a.clone()]);
        assert_eq!(list("&resource_subtype=supporting_work"), std::slice::from_ref(&project));
        assert_eq!(list("").len(), 4);
        // Again: the same relationship, at another place and weight.
        app.events();
        let again =
            add(json!({ "supporting_resource": a, "insert_before": b, "contribution_weight": 1 }));
        assert_eq!(
            (again.gid(), again.data()["contribution_weight"].clone()),
            (relationship.clone(), json!(1))
        );
        assert_eq!(list("&resource_subtype=subgoal"), [a.clone(), b.clone(), c.clone()]);
        assert_eq!(app.events().len(), 3);
        let one = format!("/goal_relationships/{relationship}");
        assert_eq!(
            app.as_("ada").put(&one, json!({ "contribution_weight": 0.25 })).data()["contribution_weight"],
            0.25
        );
        assert_eq!(
            app.events(),
            [
                format!("goal {goal} changed metric by ada"),
                format!("goal {above} changed metric by ada"),
                format!("goal_relationship {relationship} changed contribution_weight by ada"),
            ]
        );

        for (body, says) in [
            (json!({}), "supporting_resource: Missing input"),
            (json!({ "supporting_resource": "77" }), "Unknown object"),
            (json!({ "supporting_resource": BOB }), "Unknown object"),
            (json!({ "supporting_resource": goal }), "cannot support itself"),
            (json!({ "supporting_resource": above }), "cannot support itself"),
            (json!({ "supporting_resource": a, "contribution_weight": 1.1 }), "between 0 and 1"),
            (
                json!({ "supporting_resource": a, "insert_before": b, "insert_after": c }),
                "only provide one",
            ),
            (json!({ "supporting_resource": a, "insert_before": a }), "next to itself"),
            (json!({ "supporting_resource": a, "insert_before": above }), "Unknown object"),
            (json!({ "supporting_resource": project, "insert_before": a }), "Only subgoals"),
        ] {
            let error = add(body.clone()).error(400);
            assert!(error.contains(says), "{body}: {error}");
        }
        assert!(app.as_("ada").get("/goal_relationships").error(400).contains("supported_goal"));

        let remove = format!("/goals/{goal}/removeSupportingRelationship");
        for _ in 0..2 {
            assert_eq!(
                app.as_("ada").post(&remove, json!({ "supporting_resource": a })).data(),
                json!({})
            );
        }
        assert_eq!(app.as_("ada").get(&one).status, 404);
        let parents = |goal: &str| app.as_("ada").get(&format!("/goals/{goal}/parentGoals")).gids();
        assert_eq!(parents(&goal), [above]);
        assert_eq!((parents(&b), parents(&a)), (vec![goal], vec![]));
    });
}

#[test]
fn goals_that_would_support_each_other_at_once_do_not() {
    let app = App::crowded();
    let goals = [0, 1, 2].map(|_| app.has("goal", json!({})));
    let request = |from: usize, to: usize| {
        let body = json!({ "data": { "supporting_resource": goals[to] } }).to_string();
        axum::http::Request::builder()
            .method("POST")
            .uri(format!("/api/1.0/goals/{}/addSupportingRelationship", goals[from]))
            .header("authorization", "Bearer ada")
            .header("content-type", "application/json")
            .body(axum::body::Body::from(body))
            .unwrap()
    };

    let replies = app.at_once(vec![request(0, 1), request(1, 2), request(2, 0)]);

    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 400]);
}

#[test]
fn a_relationship_is_seen_with_both_its_ends() {
    let app = App::sqlite();
    let goal = app.has("goal", json!({ "default_access_level": "editor" }));
    let hidden = app.has("goal", json!({ "privacy_setting": "members_only" }));
    let project = app.has("project", json!({ "privacy_setting": "private" }));
    let relationship = support(&app, &goal, &hidden, 1.0);
    support(&app, &goal, &project, 1.0);
    let list = format!("/goal_relationships?supported_goal={goal}");

    assert_eq!(app.as_("ada").get(&list).gids().len(), 2);
    assert_eq!(app.as_("bob").get(&list).gids(), Vec::<String>::new());
    assert_eq!(app.as_("bob").get(&format!("/goal_relationships/{relationship}")).status, 403);
    // He cannot link what he does not see, but whoever edits the goal may take anything off it.
    let body = json!({ "supporting_resource": project });
    assert!(
        app.as_("bob")
            .post(&format!("/goals/{goal}/addSupportingRelationship"), body.clone())
            .error(400)
            .contains("Unknown object")
    );
    assert_eq!(
        app.as_("bob").post(&format!("/goals/{goal}/removeSupportingRelationship"), body).status,
        200
    );
    assert_eq!(app.as_("ada").get(&list).gids(), [relationship]);
}

#[test]
fn goals_are_found_by_all_their_filters() {
    on_both(|app| {
        app.make_time_periods();
        let periods = app
            .as_("ada")
            .get(&format!("/time_periods?workspace={ACME}&start_on=2026-01-01&end_on=2026-01-01"))
            .gids();
        let year =
            app.has("goal", json!({ "is_workspace_level": true, "time_period": periods[0] }));
        let half = app.has("goal", json!({ "team": CREW, "time_period": periods[1] }));
        let own = app.has("goal", json!({ "privacy_setting": "members_only" }));
        let (project, task) = (app.has("project", json!({})), app.has("task", json!({})));
        support(app, &year, &project, 0.0);
        support(app, &half, &project, 1.0);
        support(app, &half, &task, 1.0);
        let found = |user: &str, query: &str| app.as_(user).get(&format!("/goals?{query}")).gids();

        assert_eq!(
            found("ada", &format!("workspace={ACME}")),
            [year.clone(), half.clone(), own.clone()]
        );
        assert_eq!(found("bob", &format!("workspace={ACME}")), [year.clone(), half.clone()]);
        assert_eq!(found("eve", &format!("workspace={ACME}")), Vec::<String>::new());
        assert_eq!(
            found("ada", &format!("workspace={ACME}&is_workspace_level=true")),
            std::slice::from_ref(&year)
        );
        assert_eq!(
            found("ada", &format!("workspace={ACME}&is_workspace_level=false")),
            [half.clone(), own]
        );
        assert_eq!(found("ada", &format!("team={CREW}")), std::slice::from_ref(&half));
        assert_eq!(found("ada", &format!("project={project}")), [year.clone(), half.clone()]);
        assert_eq!(
            found("ada", &format!("project={project}&task={task}")),
            std::slice::from_ref(&half)
        );
        assert_eq!(
            found("ada", &format!("time_periods={},{}", periods[0], periods[1])),
            [year.clone(), half.clone()]
        );
        assert_eq!(
            found("ada", &format!("time_periods={}&time_periods={}", periods[2], periods[1])),
            std::slice::from_ref(&half)
        );
        // As the official Python SDK writes a list.
        assert_eq!(
            found(
                "ada",
                &format!("time_periods=%5B%27{}%27%2C+%27{}%27%5D", periods[2], periods[1])
            ),
            std::slice::from_ref(&half)
        );
        let first = app.as_("ada").get(&format!("/goals?workspace={ACME}&limit=2"));
        assert_eq!(first.gids(), [year, half]);
        assert!(first.json()["next_page"]["offset"].is_string());
        assert!(
            app.as_("ada").get("/goals?is_workspace_level=true").error(400).contains("workspace")
        );
        assert!(
            app.as_("ada")
                .get("/goals?portfolio=77")
                .error(400)
                .contains("portfolio: Unknown object")
        );
    });
}

#[test]
fn followers_come_and_go() {
    on_both(|app| {
        let goal = app.has("goal", json!({ "privacy_setting": "members_only" }));
        let path = format!("/goals/{goal}");
        app.events();
        assert_eq!(app.as_("bob").get(&path).status, 403);

        let reply = app.as_("ada").post(
            &format!("{path}/addFollowers?opt_fields=followers"),
            json!({ "followers": format!("{BOB}, {EVE}") }),
        );

        assert_eq!(reply.data()["followers"].as_array().unwrap().len(), 3);
        let events = app.events();
        assert!(
            events[0].starts_with("goal_membership ") && events[1].starts_with("goal_membership ")
        );
        assert_eq!(
            events[2..],
            [format!(
                "goal {goal} changed members +user {BOB}, members +user {EVE}, followers +user {BOB}, followers +user {EVE} by ada"
            )]
        );
        // Followers are members, at the default level.
        assert_eq!(app.as_("eve").get(&path).status, 200);
        assert_eq!(app.as_("eve").put(&path, json!({ "liked": true })).data()["liked"], true);
        assert_eq!(app.as_("eve").put(&path, json!({ "name": "Mine" })).status, 403);
        app.events();
        app.as_("ada").post(&format!("{path}/addFollowers"), json!({ "followers": [BOB] })).data();
        assert_eq!(app.events(), Vec::<String>::new());
        assert_eq!(
            app.as_("bob")
                .post(&format!("{path}/removeFollowers"), json!({ "followers": [EVE] }))
                .status,
            403
        );
        let left =
            app.as_("bob").post(&format!("{path}/removeFollowers"), json!({ "followers": ["me"] }));
        assert_eq!(left.data()["followers"].as_array().unwrap().len(), 2);
        assert_eq!(app.events(), [format!("goal {goal} changed followers -user {BOB} by bob")]);
        assert!(
            app.as_("ada")
                .post(&format!("{path}/addFollowers"), json!({}))
                .error(400)
                .contains("followers: Missing input")
        );
        assert!(
            app.as_("ada")
                .post(&format!("{path}/addFollowers"), json!({ "followers": [MALLORY] }))
                .error(400)
                .contains("Unknown object")
        );
    });
}

#[test]
fn owners_and_admins_decide_who_shares_a_goal() {
    on_both(|app| {
        let goal = app.has("goal", json!({ "default_access_level": "editor" }));
        let path = format!("/goals/{goal}");
        assert_eq!(app.as_("bob").put(&path, json!({ "name": "Renamed" })).status, 200);
        for body in [
            json!({ "owner": BOB }),
            json!({ "privacy_setting": "members_only" }),
            json!({ "default_access_level": "viewer" }),
            json!({ "team": CREW }),
            json!({ "is_workspace_level": true }),
        ] {
            assert_eq!(app.as_("bob").put(&path, body.clone()).status, 403, "{body}");
        }
        assert_eq!(app.as_("bob").delete(&path).status, 403);
        app.as_("ada").put(&path, json!({ "privacy_setting": "members_only" })).data();
        assert_eq!(app.as_("bob").get(&path).status, 403);
        // A team's goal is its people's.
        app.as_("ada").put(&path, json!({ "team": CREW })).data();
        assert_eq!(app.as_("bob").put(&path, json!({ "name": "Ours" })).status, 200);
        app.as_("ada").put(&path, json!({ "team": null, "owner": BOB })).data();
        assert_eq!(app.as_("bob").delete(&path).status, 200);
    });
}

#[test]
fn whoever_leaves_hands_over_what_he_owned() {
    on_both(|app| {
        let owned = app.make("bob", "goal", json!({}));
        let alone = app.make("bob", "goal", json!({ "privacy_setting": "members_only" }));
        let joined = app.has("goal", json!({ "followers": [BOB] }));
        app.events();

        assert_eq!(
            app.as_("ada")
                .post(&format!("/workspaces/{ACME}/removeUser"), json!({ "user": BOB }))
                .status,
            200
        );

        let goal = app.as_("ada").get(&format!("/goals/{owned}")).data();
        assert_eq!(
            (&goal["owner"]["gid"], goal["followers"].as_array().unwrap().len()),
            (&json!(ADA), 0)
        );
        assert_eq!(
            app.as_("ada")
                .put(&format!("/goals/{owned}"), json!({ "privacy_setting": "members_only" }))
                .status,
            200
        );
        assert_eq!(app.as_("ada").get(&format!("/goals/{alone}")).status, 403);
        assert_eq!(
            app.as_("ada").get(&format!("/goals/{joined}")).data()["followers"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        let told = app.events();
        assert!(
            told.iter().any(|line| line.starts_with(&format!("goal {owned} changed owner"))),
            "{told:?}"
        );
        let left =
            app.sql("SELECT m.goal FROM goal_memberships AS m WHERE m.member = 202", &[], |row| {
                row.get::<i64>(0)
            });
        assert_eq!(left, [alone.parse::<i64>().unwrap()]);
        assert_eq!(
            app.sql("SELECT g.object FROM grants AS g WHERE g.principal = 202", &[], |row| row
                .get::<i64>(0)),
            Vec::<i64>::new()
        );
    });
}

#[test]
fn the_trash_takes_everything_with_a_goal() {
    on_both(|app| {
        let goal = measuring(app, json!({}));
        let below = app.has("goal", json!({}));
        support(app, &goal, &below, 1.0);
        app.as_("ada")
            .put(&format!("/goals/{goal}"), json!({ "notes": "x", "liked": true }))
            .data();
        app.as_("ada").delete(&format!("/goals/{goal}")).data();
        app.tick(31 * 24 * 60 * 60 * 1_000);

        app.empty_trash();

        for (table, column) in [
            ("goals", "gid"),
            ("goal_metrics", "goal"),
            ("goal_memberships", "goal"),
            ("goal_followers", "goal"),
            ("goal_relationships", "supported_goal"),
            ("texts", "object"),
            ("likes", "object"),
            ("grants", "object"),
        ] {
            let sql = format!("SELECT count(*) FROM {table} AS t WHERE t.{column} = {goal}");
            assert_eq!(app.sql(&sql, &[], |row| row.get::<i64>(0)), [0], "{table}");
        }
        assert_eq!(app.as_("ada").get(&format!("/goals/{below}")).status, 200);
    });
}
