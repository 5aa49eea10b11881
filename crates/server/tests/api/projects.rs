//! Projects: creating, changing, listing and deleting them, and who is in them.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, GLOBEX, MALLORY, on_both};
use serde_json::json;
use server::jobs;

/// A private project of ada's with bob as a commenter.
fn private_project(app: &App) -> String {
    let project =
        app.has("project", json!({ "privacy_setting": "private", "default_access_level": "commenter", "minimum_access_level_for_sharing": "admin" }));
    app.as_("ada").post(&format!("/projects/{project}/addMembers"), json!({ "members": BOB }));
    app.events();
    project
}

#[test]
fn a_created_project_is_shown_in_full() {
    on_both(|app| {
        let reply = app.as_("ada").post(
            "/projects",
            json!({ "team": CREW, "name": " Launch ", "color": "light-green", "due_on": "2026-02-01", "layout": "board" }),
        );

        assert_eq!(reply.status, 201);
        assert_eq!(reply.header("location"), Some("/api/1.0/projects/1001"));
        assert_eq!(
            app.events(),
            ["project 1001 added by ada", "section 1003 added to project 1001 by ada"]
        );
        insta::assert_snapshot!(reply.pretty());
        let sections = app.as_("ada").get("/projects/1001/sections");
        assert_eq!(sections.column("name"), ["Untitled section"]);
    });
}

#[test]
fn a_project_of_an_organization_needs_a_team() {
    on_both(|app| {
        let create = |user, fields| app.as_(user).post("/projects", fields);

        let message = create("ada", json!({ "workspace": ACME, "name": "x" })).error(400);
        assert_eq!(message, "Missing required team field");
        assert_eq!(create("ada", json!({ "name": "x" })).error(400), "workspace: Missing input");
        let message = create("ada", json!({ "workspace": "999", "name": "x" })).error(400);
        assert_eq!(message, "workspace: Unknown object: 999");
        let message = create("ada", json!({ "team": CREW, "public": true })).error(400);
        assert_eq!(message, "public: Cannot write this property");
        create("eve", json!({ "workspace": ACME, "name": "x" })).error(403);
        create("sam", json!({ "workspace": ACME, "team": CREW, "name": "x" })).data();

        let reply = create("mallory", json!({ "workspace": GLOBEX, "public": false }));
        assert_eq!(reply.data()["privacy_setting"], "private");
        let message =
            create("mallory", json!({ "workspace": GLOBEX, "privacy_setting": "private_to_team" }));
        assert_eq!(message.error(400), "privacy_setting: The project belongs to no team");
    });
}

#[test]
fn the_paths_of_team_and_workspace_say_where_a_project_goes() {
    on_both(|app| {
        let reply = app.as_("bob").post(&format!("/teams/{CREW}/projects"), json!({ "name": "a" }));
        assert_eq!(reply.data()["workspace"]["gid"], ACME);
        let reply = app
            .as_("mallory")
            .post(&format!("/workspaces/{GLOBEX}/projects"), json!({ "name": "b" }));
        assert_eq!(reply.data()["team"], json!(null));
        assert_eq!(reply.data()["members"][0]["gid"], MALLORY);
    });
}

#[test]
fn the_owner_must_be_in_the_workspace_and_becomes_an_admin() {
    on_both(|app| {
        let fields =
            json!({ "team": CREW, "owner": BOB, "followers": "203", "privacy_setting": "private" });
        let project = app.has("project", fields);

        let seen = app.as_("eve").get(&format!("/projects/{project}")).data();
        assert_eq!(seen["owner"]["gid"], BOB);
        assert_eq!(seen["members"].as_array().unwrap().len(), 3);
        let followers: Vec<&str> = seen["followers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["gid"].as_str().unwrap())
            .collect();
        assert_eq!(followers, [ADA, EVE]);
        app.as_("bob").delete(&format!("/projects/{project}")).data();

        let message =
            app.as_("ada").post("/projects", json!({ "team": CREW, "owner": MALLORY })).error(400);
        assert_eq!(message, format!("owner: Unknown object: {MALLORY}"));
    });
}

#[test]
fn a_start_needs_a_later_due_date_in_the_same_request() {
    on_both(|app| {
        let project = app.has("project", json!({ "due_on": "2026-02-01" }));
        let path = format!("/projects/{project}");
        let put = |fields| app.as_("ada").put(&path, fields);

        put(json!({ "start_on": "2026-01-01" })).error(400);
        put(json!({ "start_on": "2026-02-01", "due_on": "2026-02-01" })).error(400);
        let data = put(json!({ "start_on": "2026-01-30", "due_date": "2026-02-02" })).data();
        assert_eq!(
            (&data["start_on"], &data["due_on"]),
            (&json!("2026-01-30"), &json!("2026-02-02"))
        );
        let data = put(json!({ "due_on": null })).data();
        assert_eq!((&data["start_on"], &data["due_date"]), (&json!(null), &json!(null)));
    });
}

#[test]
fn an_update_changes_what_is_sent_and_tells_it() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        app.events();
        app.tick(1_000);

        let reply = app.as_("bob").put(
            &format!("/projects/{project}?opt_fields=name,modified_at,archived,layout"),
            json!({ "name": "Other", "archived": true, "workspace": GLOBEX, "members": [] }),
        );

        assert_eq!(
            reply.data(),
            json!({ "gid": project, "name": "Other", "archived": true, "modified_at": "2026-01-01T00:00:01.000Z" })
        );
        assert_eq!(app.events(), [format!("project {project} changed name, archived by bob")]);
        let message =
            app.as_("bob").put(&format!("/projects/{project}"), json!({ "followers": [] }));
        assert_eq!(message.error(400), "followers: Cannot write this property");
    });
}

#[test]
fn levels_decide_what_may_be_changed() {
    on_both(|app| {
        let project = private_project(app);
        let path = format!("/projects/{project}");
        let as_bob = |fields| app.as_("bob").put(&path, fields);

        as_bob(json!({ "name": "x" })).error(403);
        let membership = app.as_("ada").get(&format!("/memberships?parent={project}&member={BOB}"));
        let membership = format!("/memberships/{}", membership.gids().concat());
        app.as_("ada").put(&membership, json!({ "access_level": "editor" })).data();
        as_bob(json!({ "name": "x", "archived": true })).data();
        as_bob(json!({ "privacy_setting": "public_to_workspace" })).error(403);
        as_bob(json!({ "minimum_access_level_for_sharing": "editor" })).error(403);
        app.as_("bob").delete(&path).error(403);
        assert_eq!(app.as_("sam").get(&path).status, 200);
        assert_eq!(app.as_("eve").get(&path).error(403), "Forbidden");
        assert_eq!(app.as_("mallory").get(&path).status, 404);
    });
}

#[test]
fn privacy_decides_who_sees_a_project() {
    on_both(|app| {
        app.write("DELETE FROM principals WHERE \"user\" = 202 AND principal = 301", &[]);
        let project = app.has("project", json!({ "privacy_setting": "private_to_team" }));
        let path = format!("/projects/{project}");

        app.as_("bob").get(&path).error(403);
        app.as_("ada").put(&path, json!({ "privacy_setting": "public_to_workspace" })).data();
        app.as_("bob").get(&path).data();
        app.as_("eve").get(&path).error(403);
        app.as_("ada").put(&path, json!({ "privacy_setting": "private" })).data();
        app.as_("bob").get(&path).error(403);
    });
}

#[test]
fn lists_hold_the_projects_that_the_actor_sees() {
    on_both(|app| {
        let public = app.has("project", json!({}));
        let private = app.has("project", json!({ "privacy_setting": "private", "archived": true }));
        let shared =
            app.has("project", json!({ "privacy_setting": "private", "followers": [EVE] }));

        let gids = |user, path: &str| app.as_(user).get(path).gids();
        let all = format!("/projects?workspace={ACME}");
        assert_eq!(gids("ada", &all), [&*public, &private, &shared]);
        assert_eq!(gids("bob", &all), [&*public]);
        assert_eq!(gids("eve", &all), [&*shared]);
        assert_eq!(gids("sam", "/projects").len(), 3);
        assert_eq!(gids("ada", &format!("/projects?team={CREW}&archived=true")), [&*private]);
        assert_eq!(
            gids("ada", &format!("/teams/{CREW}/projects?archived=false")),
            [&*public, &shared]
        );
        let page = app.as_("ada").get(&format!("/workspaces/{ACME}/projects?limit=2"));
        assert_eq!(page.gids(), [&*public, &private]);
        let offset = page.json()["next_page"]["offset"].as_str().unwrap().to_owned();
        let path = format!("/workspaces/{ACME}/projects?limit=2&offset={offset}");
        assert_eq!(gids("ada", &path), [&*shared]);
        let message = app.as_("ada").get("/projects?limit=2").error(400);
        assert_eq!(message, "Need to specify a workspace to paginate!");
    });
}

#[test]
fn the_projects_of_a_task_come_in_the_order_of_adding() {
    on_both(|app| {
        let first = app.has("project", json!({}));
        let second = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [second] }));
        app.tick(1);
        app.as_("ada")
            .post(&format!("/tasks/{task}/addProject"), json!({ "project": first }))
            .data();

        let reply = app.as_("ada").get(&format!("/tasks/{task}/projects"));

        assert_eq!(reply.gids(), [second, first]);
    });
}

#[test]
fn task_counts_are_what_is_asked_for() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        app.has("task", json!({ "projects": [project], "completed": true }));
        app.has("task", json!({ "projects": [project], "resource_subtype": "milestone" }));
        let path = format!("/projects/{project}/task_counts");

        assert_eq!(app.as_("bob").get(&path).data(), json!({}));
        let named = "?opt_fields=num_tasks,num_incomplete_tasks,num_completed_tasks,num_milestones,num_incomplete_milestones,num_completed_milestones";
        assert_eq!(
            app.as_("bob").get(&format!("{path}{named}")).data(),
            json!({ "num_tasks": 2, "num_incomplete_tasks": 1, "num_completed_tasks": 1, "num_milestones": 1, "num_incomplete_milestones": 1, "num_completed_milestones": 0 })
        );
        let reply = app.as_("bob").get(&format!("{path}?opt_fields=num_tasks"));
        assert_eq!(reply.data(), json!({ "num_tasks": 2 }));
    });
}

#[test]
fn deleting_a_project_takes_the_tasks_that_live_nowhere_else() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let other = app.has("project", json!({}));
        let task = app.has("task", json!({ "projects": [project] }));
        let child = app.has("task", json!({ "parent": task }));
        let shared = app.has("task", json!({ "projects": [project, other] }));
        let section = app.as_("ada").get(&format!("/projects/{project}/sections")).gids().concat();
        app.events();

        assert_eq!(app.as_("ada").delete(&format!("/projects/{project}")).data(), json!({}));

        for path in [
            format!("/projects/{project}"),
            format!("/tasks/{task}"),
            format!("/tasks/{child}"),
            format!("/sections/{section}"),
        ] {
            assert_eq!(app.as_("ada").get(&path).status, 404, "{path}");
        }
        let seen = app.as_("ada").get(&format!("/tasks/{shared}")).data();
        assert_eq!(seen["projects"].as_array().unwrap().len(), 1);
        assert_eq!(app.events(), [format!("project {project} deleted by ada")]);
        let unfinished = app
            .sql("SELECT count(*) FROM deletions WHERE finished = 0", &[], |row| row.get::<i64>(0));
        assert_eq!(unfinished, [0]);
    });
}

#[test]
fn a_large_deletion_is_finished_in_the_background() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let section = app.as_("ada").get(&format!("/projects/{project}/sections")).gids().concat();
        let (project_gid, section): (i64, i64) =
            (project.parse().unwrap(), section.parse().unwrap());
        for first in [100_000_i64, 200_000] {
            let numbers: Vec<i64> = (first..first + 450).collect();
            app.write("INSERT INTO tasks (gid, workspace, name, resource_subtype, assignee_status, completed, created_at, modified_at) SELECT i.value, 101, 't', 'default_task', 'inbox', 0, 0, 0 FROM ids(?) AS i", &[&store::Value::Ids(numbers.clone())]);
            app.write("INSERT INTO task_projects (task, project, workspace, section, position, added_at) SELECT i.value, CAST(? AS BIGINT), 101, CAST(? AS BIGINT), 'a0', 0 FROM ids(?) AS i", &[&project_gid, &section, &store::Value::Ids(numbers)]);
        }
        let live = || {
            app.sql("SELECT count(*) FROM tasks WHERE deleted IS NULL", &[], |row| {
                row.get::<i64>(0)
            })
        };

        app.as_("ada").delete(&format!("/projects/{project}")).data();
        assert_eq!(live(), [400]);
        let claim = app.block_on(jobs::claim(&app.server)).unwrap().unwrap();
        assert_eq!(app.block_on(jobs::batch(&app.server, claim)).unwrap(), jobs::Next::Batch);
        assert!(live() < vec![400], "some of them went");
        while app.block_on(jobs::batch(&app.server, claim)).unwrap() == jobs::Next::Batch {}
        assert_eq!(live(), [0]);
        let marks = app.sql("SELECT count(*) FROM tasks AS t JOIN deletions AS d ON d.gid = t.deleted WHERE d.finished = 1", &[], |row| row.get::<i64>(0));
        assert_eq!(marks, [900]);
    });
}

#[test]
fn members_and_followers_come_and_go() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let post = |user, verb: &str, fields| {
            app.as_(user)
                .post(&format!("/projects/{project}/{verb}?opt_fields=members,followers"), fields)
        };
        let gids = |data: &serde_json::Value, name: &str| -> Vec<String> {
            let list = data[name].as_array().unwrap();
            list.iter().map(|one| one["gid"].as_str().unwrap().to_owned()).collect()
        };
        app.events();

        let data = post("ada", "addMembers", json!({ "members": "bob@acme.example,203" })).data();
        assert_eq!(gids(&data, "members"), [ADA, BOB, EVE]);
        assert_eq!(gids(&data, "followers"), [ADA]);
        assert_eq!(
            app.events(),
            [
                format!("project_membership 1006 added to project {project} by ada"),
                format!("project_membership 1007 added to project {project} by ada"),
                format!(
                    "project {project} changed members +user {BOB}, members +user {EVE} by ada"
                ),
            ]
        );
        post("ada", "addMembers", json!({ "members": [BOB] })).data();
        assert_eq!(app.events(), [""; 0]);

        let data = post("bob", "addFollowers", json!({ "followers": ["me", EVE] })).data();
        assert_eq!(gids(&data, "followers"), [ADA, BOB, EVE]);
        let data = post("bob", "removeFollowers", json!({ "followers": "me" })).data();
        assert_eq!(gids(&data, "followers"), [ADA, EVE]);
        let data = post("ada", "removeMembers", json!({ "members": [EVE] })).data();
        assert_eq!(gids(&data, "members"), [ADA, BOB]);
        assert_eq!(gids(&data, "followers"), [ADA]);
        app.as_("eve").get(&format!("/projects/{project}")).error(403);

        let message = post("ada", "removeMembers", json!({ "members": "me" })).error(400);
        assert_eq!(message, "A project must keep at least one admin");
        assert_eq!(post("ada", "addMembers", json!({})).error(400), "members: Missing input");
        let message = post("ada", "addMembers", json!({ "members": [MALLORY] })).error(400);
        assert_eq!(message, format!("members: [0]: Unknown object: {MALLORY}"));
        post("bob", "removeMembers", json!({ "members": [ADA] })).error(403);
    });
}

#[test]
fn who_leaves_a_project_loses_what_following_its_tasks_granted() {
    on_both(|app| {
        let project =
            app.has("project", json!({ "privacy_setting": "private", "followers": [EVE] }));
        let task = app.has("task", json!({ "projects": [project], "followers": [EVE] }));
        app.as_("eve").get(&format!("/tasks/{task}")).data();

        app.as_("eve")
            .post(&format!("/projects/{project}/removeMembers"), json!({ "members": ["me"] }))
            .data();

        app.as_("eve").get(&format!("/tasks/{task}")).error(403);
    });
}

#[test]
fn a_list_takes_the_same_number_of_queries_for_few_and_many() {
    on_both(|app| {
        let path = format!(
            "/projects?workspace={ACME}&opt_fields=name,owner.name,members.name,followers.name,team.name,custom_field_settings.custom_field.name,workspace.name"
        );
        app.has("project", json!({}));
        let one = app.as_("ada").get(&path).statements();
        for _ in 0..5 {
            app.has("project", json!({ "followers": [BOB] }));
        }
        assert_eq!(app.as_("ada").get(&path).statements(), one);
    });
}

#[test]
fn notes_are_one_text_in_two_forms() {
    on_both(|app| {
        let project =
            app.has("project", json!({ "html_notes": "<body>a <strong>b</strong></body>" }));
        app.events();
        app.tick(1_000);
        let path = format!("/projects/{project}?opt_fields=notes,html_notes,modified_at");

        let data = app.as_("bob").get(&path).data();
        assert_eq!(
            (&data["notes"], &data["html_notes"]),
            (&json!("a b"), &json!("<body>a <strong>b</strong></body>"))
        );
        let data = app.as_("bob").put(&path, json!({ "notes": "c" })).data();
        assert_eq!(
            (&data["html_notes"], &data["modified_at"]),
            (&json!("<body>c</body>"), &json!("2026-01-01T00:00:01.000Z"))
        );
        assert_eq!(app.events(), [format!("project {project} changed notes by bob")]);
    });
}

#[test]
fn a_project_moves_to_a_team_of_whoever_moves_it() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private_to_team" }));
        let team = app.make("ada", "team", json!({ "name": "Other" }));
        let path = format!("/projects/{project}");

        let message = app.as_("bob").put(&path, json!({ "team": team })).error(403);
        assert_eq!(message, "You do not have access to this team.");
        assert_eq!(
            app.as_("ada").put(&path, json!({ "team": null })).error(400),
            "Missing required team field"
        );
        app.as_("ada").put(&path, json!({ "team": team })).data();
        app.as_("bob").get(&path).error(403);
    });
}
