//! Users, workspaces, teams, memberships and user task lists.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, GLOBEX, MALLORY, SAM, on_both};
use serde_json::json;
use store::ToValue;

/// A project straight into the database: `member` is its admin and owner.
fn project(app: &App, gid: i64, privacy: &str, member: i64) {
    app.write(
        "INSERT INTO projects (gid, workspace, team, name, name_key, archived, default_view, privacy_setting, default_access_level, minimum_access_level_for_customization, minimum_access_level_for_sharing, owner, completed, created_at, created_by, modified_at) VALUES (?, 101, NULL, 'Plan', 'plan', 0, 'list', ?, 'editor', 'editor', 'admin', ?, 0, 0, ?, 0)",
        &[&gid, &privacy, &member, &member],
    );
    share(app, gid, member, "admin", 4);
}

/// Makes a user a member of a project.
fn share(app: &App, project: i64, member: i64, level: &str, number: i64) {
    app.write(
        "INSERT INTO project_memberships (gid, workspace, project, member, member_type, access_level, created_at) VALUES (?, 101, ?, ?, 'user', ?, 0)",
        &[&(project * 1_000 + member), &project, &member, &level],
    );
    app.write(
        "INSERT INTO grants (object, principal, level) VALUES (?, ?, ?)",
        &[&project, &member, &number],
    );
}

/// The rows of a one-column query of texts.
fn texts(app: &App, sql: &str, values: &[&dyn ToValue]) -> Vec<Option<i64>> {
    app.sql(sql, values, |row| row.get(0))
}

#[test]
fn a_user_is_shown_in_full() {
    on_both(|app| {
        insta::assert_snapshot!(app.as_("bob").get("/users/ada@ACME.example").pretty(), @r#"
        {
          "data": {
            "gid": "201",
            "resource_type": "user",
            "name": "Ada",
            "email": "ada@acme.example",
            "photo": null,
            "workspaces": [
              {
                "gid": "101",
                "resource_type": "workspace",
                "name": "Acme"
              }
            ],
            "custom_fields": []
          }
        }
        "#);
    });
}

#[test]
fn me_address_and_gid_are_one_user() {
    on_both(|app| {
        for name in ["me", "bob@acme.example", BOB] {
            assert_eq!(app.as_("bob").get(&format!("/users/{name}")).gid(), BOB);
        }
        let unknown = app.as_("bob").get("/users/nobody@acme.example").error(404);
        assert_eq!(unknown, "user: Unknown object: nobody@acme.example");
        let malformed = app.as_("bob").get("/users/bob").error(400);
        assert_eq!(malformed, "user: Not a recognized ID: bob");
        app.as_("bob").get(&format!("/users/{MALLORY}")).error(404);
    });
}

#[test]
fn a_guest_sees_whom_he_shares_something_with() {
    on_both(|app| {
        let users = format!("/workspaces/{ACME}/users");
        assert_eq!(app.as_("eve").get(&users).gids(), [EVE]);
        app.as_("eve").get(&format!("/users/{BOB}")).error(404);

        project(app, 901, "private", 202);
        share(app, 901, 203, "editor", 3);

        assert_eq!(app.as_("eve").get(&users).gids(), [BOB, EVE]);
        assert_eq!(
            app.as_("eve").get(&format!("/users/{BOB}")).data()["email"],
            "bob@acme.example"
        );
        assert_eq!(app.as_("eve").get("/users").gids(), [BOB, EVE]);
        assert_eq!(app.as_("eve").get(&format!("/users?workspace={ACME}")).gids(), [BOB, EVE]);
    });
}

#[test]
fn the_address_of_who_is_only_named_is_hidden() {
    on_both(|app| {
        app.write("UPDATE workspaces SET email_domains = '' WHERE gid = ?", &[&101_i64]);
        let task = app.make("bob", "task", json!({ "assignee": EVE }));
        let path = format!("/tasks/{task}?opt_fields=assigned_by.name,assigned_by.email");

        let seen = app.as_("eve").get(&path).data();

        assert_eq!(seen["assigned_by"]["name"], "Bob");
        assert_eq!(seen["assigned_by"]["email"], json!(null));
        assert_eq!(
            app.as_("ada").get(&format!("/users/{EVE}")).data()["email"],
            "eve@guest.example"
        );
    });
}

#[test]
fn users_are_listed_by_workspace_team_and_name() {
    on_both(|app| {
        let ada = app.as_("ada");
        assert_eq!(ada.get("/users").gids(), [ADA, BOB, EVE, SAM]);
        assert_eq!(ada.get(&format!("/users?team={CREW}")).gids(), [ADA, BOB]);
        assert_eq!(
            ada.get("/users?limit=2").error(400),
            "Need to specify a workspace to paginate!"
        );
        app.write("UPDATE users SET name_key = 'zed' WHERE gid = ?", &[&201_i64]);
        assert_eq!(ada.get(&format!("/teams/{CREW}/users")).gids(), [BOB, ADA]);
        assert!(ada.get(&format!("/teams/{CREW}/users")).json().get("next_page").is_none());

        let first = ada.get(&format!("/workspaces/{ACME}/users?limit=3"));
        assert_eq!(first.gids(), [BOB, EVE, SAM]);
        let path = first.json()["next_page"]["path"].as_str().unwrap().to_owned();
        let second = ada.get(&path);
        assert_eq!(second.gids(), [ADA]);
        assert_eq!(second.json()["next_page"], json!(null));
        app.as_("mallory").get(&format!("/workspaces/{ACME}/users")).error(404);
        app.as_("mallory").get(&format!("/teams/{CREW}/users")).error(404);
    });
}

#[test]
fn favorites_are_the_actors_own_in_his_order() {
    on_both(|app| {
        let (first, second) = (app.has("tag", json!({})), app.has("tag", json!({})));
        let gone = app.has("tag", json!({}));
        for (tag, position) in [(&first, "a2"), (&second, "a1"), (&gone, "a0")] {
            let tag: i64 = tag.parse().unwrap();
            app.write(
                r#"INSERT INTO favorites ("user", workspace, resource_type, object, position) VALUES (201, 101, 'tag', ?, ?)"#,
                &[&tag, &position],
            );
        }
        app.as_("ada").delete(&format!("/tags/{gone}")).data();
        let path = format!("/users/me/favorites?resource_type=tag&workspace={ACME}");

        let reply = app.as_("ada").get(&path);

        assert_eq!(
            reply.data(),
            json!([
                { "gid": second, "resource_type": "tag", "name": "tag" },
                { "gid": first, "resource_type": "tag", "name": "tag" }
            ])
        );
        assert_eq!(app.as_("ada").get(&format!("{path}&limit=1")).gids(), [second.as_str()]);
        assert_eq!(app.as_("bob").get(&path).gids(), Vec::<String>::new());
        for kind in ["portfolio", "project", "task", "user", "project_template"] {
            let path = format!("/users/me/favorites?resource_type={kind}&workspace={ACME}");
            assert_eq!(app.as_("ada").get(&path).gids(), Vec::<String>::new());
        }
        let others = format!("/users/{BOB}/favorites?resource_type=tag&workspace={ACME}");
        app.as_("ada").get(&others).error(403);
        let missing = app.as_("ada").get("/users/me/favorites?resource_type=tag").error(400);
        assert_eq!(missing, "workspace: Missing input");
        let wrong = format!("/users/me/favorites?resource_type=goal&workspace={ACME}");
        app.as_("ada").get(&wrong).error(400);
    });
}

#[test]
fn only_admins_rename_a_workspace() {
    on_both(|app| {
        let path = format!("/workspaces/{ACME}");
        app.as_("bob").put(&path, json!({ "name": "Bob's" })).error(403);

        let reply =
            app.as_("ada").put(&path, json!({ "name": " New\nAcme ", "is_organization": false }));

        assert_eq!(reply.data()["name"], "New Acme");
        assert_eq!(reply.data()["is_organization"], true);
        assert_eq!(app.events(), ["workspace 101 changed name by ada"]);
        app.as_("ada").get(&format!("/workspaces/{GLOBEX}")).error(404);
    });
}

#[test]
fn an_unknown_address_is_invited() {
    on_both(|app| {
        let add = format!("/workspaces/{ACME}/addUser");

        let reply = app.as_("bob").post(&add, json!({ "user": "Zoe@Acme.example" }));

        assert_eq!(reply.status, 200);
        let zoe = reply.gid();
        assert_eq!(
            reply.data(),
            json!({ "gid": zoe, "resource_type": "user", "name": "zoe", "email": "zoe@acme.example", "photo": null })
        );
        let events = app.events();
        assert_eq!(events.len(), 1);
        assert!(events[0].starts_with("workspace_membership "), "{events:?}");
        assert!(events[0].ends_with(" added to workspace 101 by bob"), "{events:?}");
        // Once more: nothing changes.
        assert_eq!(app.as_("ada").post(&add, json!({ "user": "zoe@acme.example" })).gid(), zoe);
        assert_eq!(app.events(), Vec::<String>::new());
        let memberships = format!("/workspaces/{ACME}/workspace_memberships?user={zoe}");
        let membership = app.as_("ada").get(&memberships).gids().remove(0);
        let membership = app.as_("ada").get(&format!("/workspace_memberships/{membership}")).data();
        assert_eq!(membership["is_guest"], false);
        assert_eq!(membership["user_task_list"]["name"], "My Tasks");
        let list = membership["user_task_list"]["gid"].as_str().unwrap();
        let sections = app.sql(
            "SELECT s.name FROM sections AS s WHERE s.container = ? ORDER BY s.position",
            &[&list.parse::<i64>().unwrap()],
            |row| row.get::<String>(0),
        );
        assert_eq!(sections, ["Recently assigned", "Do today", "Do next week", "Do later"]);
    });
}

#[test]
fn who_is_outside_the_domains_becomes_a_guest() {
    on_both(|app| {
        let add = format!("/workspaces/{ACME}/addUser");

        let zoe = app.as_("ada").post(&add, json!({ "user": "zoe@else.example" })).gid();
        let mallory = app.as_("ada").post(&add, json!({ "user": "mallory@globex.example" })).gid();

        assert_eq!(mallory, MALLORY);
        for user in [zoe.as_str(), MALLORY] {
            let path = format!(
                "/workspaces/{ACME}/workspace_memberships?user={user}&opt_fields=is_guest,is_active,is_admin"
            );
            let rows = app.as_("ada").get(&path).data();
            assert_eq!(rows[0]["is_guest"], true);
            assert_eq!(rows[0]["is_active"], true);
            assert_eq!(rows[0]["is_admin"], false);
        }
        // In a plain workspace there are no domains.
        let add = format!("/workspaces/{GLOBEX}/addUser");
        app.as_("mallory").post(&add, json!({ "user": "eve@guest.example" })).data();
        let path = format!("/users/{EVE}/workspace_memberships?opt_fields=is_guest,workspace.name");
        let rows = app.as_("mallory").get(&path).data();
        assert_eq!(rows.as_array().unwrap().len(), 1, "a guest sees no memberships of others");
        assert_eq!(app.as_("ada").get(&path).data().as_array().unwrap().len(), 1);
        assert_eq!(rows[0]["is_guest"], false);
    });
}

#[test]
fn inviting_is_refused_to_guests_and_for_nonsense() {
    on_both(|app| {
        let add = format!("/workspaces/{ACME}/addUser");
        app.as_("eve").post(&add, json!({ "user": "x@acme.example" })).error(403);
        app.as_("mallory").post(&add, json!({ "user": "x@acme.example" })).error(404);
        let ada = app.as_("ada");
        assert_eq!(ada.post(&add, json!({})).error(400), "user: Missing input");
        ada.post(&add, json!({ "user": "@" })).error(400);
        ada.post(&add, json!({ "user": "a b@acme.example" })).error(400);
        // A stranger cannot be reached by guessing gids.
        let unknown = ada.post(&add, json!({ "user": MALLORY })).error(400);
        assert_eq!(unknown, format!("user: Unknown object: {MALLORY}"));
        ada.post(&add, json!({ "user": ACME })).error(400);
        assert_eq!(app.events(), Vec::<String>::new());
    });
}

#[test]
fn removing_hands_over_what_the_user_owned() {
    on_both(|app| {
        project(app, 901, "public_to_workspace", 202);
        project(app, 902, "private", 202);
        project(app, 903, "private", 202);
        share(app, 903, 203, "editor", 3);
        let task = app.has("task", json!({ "assignee": BOB }));
        let done = app.has("task", json!({ "assignee": BOB, "completed": true }));
        let team = app.make("bob", "team", json!({ "visibility": "secret" }));
        app.events();
        let remove = format!("/workspaces/{ACME}/removeUser");

        let reply = app.as_("ada").post(&remove, json!({ "user": "bob@acme.example" }));

        assert_eq!(reply.text(), r#"{"data":{}}"#);
        app.as_("bob").get(&format!("/workspaces/{ACME}")).error(404);
        app.as_("bob").get(&format!("/tasks/{task}")).error(404);
        app.as_("bob").get("/projects/902/tasks").error(404);
        let owners = texts(app, "SELECT p.owner FROM projects AS p ORDER BY p.gid", &[]);
        assert_eq!(owners, [Some(201), Some(202), Some(201)]);
        let reached = texts(
            app,
            "SELECT g.object FROM grants AS g WHERE g.principal = 201 AND g.level = 4 ORDER BY g.object",
            &[],
        );
        assert_eq!(reached, [Some(901), Some(903)]);
        for task in [&task, &done] {
            assert_eq!(
                app.as_("ada").get(&format!("/tasks/{task}")).data()["assignee"],
                json!(null)
            );
        }
        assert_eq!(texts(app, "SELECT i.task FROM user_task_list_items AS i", &[]), []);
        let admins = app.as_("ada").get(&format!("/teams/{team}/team_memberships")).data();
        assert_eq!(admins[0]["user"]["gid"], ADA);
        assert_eq!(admins[0]["is_admin"], true);
        assert_eq!(admins.as_array().unwrap().len(), 1);
        assert_eq!(
            app.as_("ada").get(&format!("/workspaces/{ACME}/users")).gids(),
            [ADA, EVE, SAM]
        );
        let membership = app.as_("ada").get("/workspace_memberships/402").data();
        assert_eq!(membership["is_active"], false);
        let events = app.events();
        for event in [
            "project 901 changed owner by ada".to_owned(),
            format!("task {task} changed assignee by ada"),
            "project_membership 903202 removed from project 903 by ada".to_owned(),
            format!("team_membership 702 removed from team {CREW} by ada"),
            "workspace_membership 402 removed from workspace 101 by ada".to_owned(),
        ] {
            assert!(
                events.iter().any(|line| line.starts_with(event.trim_end_matches(" by ada"))
                    && line.ends_with("by ada")),
                "{event} is not in {events:#?}"
            );
        }
        // Once more: nothing changes.
        app.as_("ada").post(&remove, json!({ "user": BOB })).data();
        assert_eq!(app.events(), Vec::<String>::new());

        // He comes back and finds what was his alone, and nothing else.
        app.as_("ada").post(&format!("/workspaces/{ACME}/addUser"), json!({ "user": BOB })).data();
        assert_eq!(
            app.as_("bob").get(&format!("/users/{BOB}/teams?organization={ACME}")).gids(),
            Vec::<String>::new()
        );
        let reached = texts(
            app,
            "SELECT g.object FROM grants AS g WHERE g.principal = 202 ORDER BY g.object",
            &[],
        );
        assert_eq!(reached, [Some(902)]);
    });
}

#[test]
fn removing_takes_the_same_number_of_statements_for_many_tasks() {
    on_both(|app| {
        let count = |tasks: usize, name: &str| {
            let add = format!("/workspaces/{ACME}/addUser");
            let user = app.as_("ada").post(&add, json!({ "user": name })).gid();
            for _ in 0..tasks {
                app.has("task", json!({ "assignee": user }));
            }
            app.as_("ada")
                .post(&format!("/workspaces/{ACME}/removeUser"), json!({ "user": user }))
                .statements()
        };
        assert_eq!(count(1, "one@acme.example"), count(7, "seven@acme.example"));
    });
}

#[test]
fn the_last_admin_stays_and_only_admins_remove() {
    on_both(|app| {
        let remove = format!("/workspaces/{ACME}/removeUser");
        app.as_("bob").post(&remove, json!({ "user": EVE })).error(403);
        app.as_("ada").post(&remove, json!({ "user": "me" })).error(400);
        app.as_("sam").post(&remove, json!({ "user": ADA })).error(400);
        app.as_("ada").post(&remove, json!({ "user": MALLORY })).error(400);
        app.write("UPDATE workspace_memberships SET role = 'admin' WHERE gid = ?", &[&402_i64]);
        app.as_("ada").post(&remove, json!({ "user": "me" })).data();
        app.as_("ada").get(&format!("/workspaces/{ACME}")).error(404);
    });
}

#[test]
fn a_team_is_created_with_its_creator_as_admin() {
    on_both(|app| {
        let reply = app.as_("bob").post("/teams", json!({ "name": "Ops", "organization": ACME }));

        assert_eq!(reply.status, 201);
        insta::assert_snapshot!(reply.pretty(), @r#"
        {
          "data": {
            "gid": "1001",
            "resource_type": "team",
            "name": "Ops",
            "organization": {
              "gid": "101",
              "resource_type": "workspace",
              "name": "Acme"
            },
            "permalink_url": "http://localhost/1/101/team/1001",
            "visibility": "request_to_join",
            "edit_team_name_or_description_access_level": "all_team_members",
            "edit_team_visibility_or_trash_team_access_level": "only_team_admins",
            "member_invite_management_access_level": "all_team_members",
            "guest_invite_management_access_level": "all_team_members",
            "join_request_management_access_level": "all_team_members",
            "team_member_removal_access_level": "only_team_admins",
            "team_content_management_access_level": "no_restriction",
            "endorsed": false,
            "custom_field_settings": []
          }
        }
        "#);
        let team = reply.gid();
        let rows = app.as_("bob").get(&format!("/teams/{team}/team_memberships")).data();
        assert_eq!(rows[0]["user"]["gid"], BOB);
        assert_eq!(rows[0]["is_admin"], true);
        let membership = rows[0]["gid"].as_str().unwrap();
        assert_eq!(
            app.events(),
            [
                format!("team {team} added by bob"),
                format!("team_membership {membership} added to team {team} by bob")
            ]
        );
    });
}

#[test]
fn a_team_needs_a_name_and_an_organization() {
    on_both(|app| {
        let post = |user: &'static str, data| app.as_(user).post("/teams", data);
        assert_eq!(post("ada", json!({ "organization": ACME })).error(400), "name: Missing input");
        assert_eq!(post("ada", json!({ "name": "A" })).error(400), "organization: Missing input");
        post("ada", json!({ "name": " ", "organization": ACME })).error(400);
        post("ada", json!({ "name": "A", "organization": ACME, "visibility": "hidden" }))
            .error(400);
        post("eve", json!({ "name": "A", "organization": ACME })).error(403);
        post("mallory", json!({ "name": "A", "organization": ACME })).error(400);
        post("mallory", json!({ "name": "A", "organization": GLOBEX })).error(400);
        post("bob", json!({ "name": "A", "organization": ACME, "endorsed": true })).error(403);
    });
}

#[test]
fn a_teams_settings_say_who_may_change_it() {
    on_both(|app| {
        let path = format!("/teams/{CREW}");
        let bob = app.as_("bob");
        assert_eq!(bob.put(&path, json!({ "name": "Crew 2" })).data()["name"], "Crew 2");
        bob.put(&path, json!({ "visibility": "secret" })).error(403);
        bob.put(&path, json!({ "team_member_removal_access_level": "all_team_members" }))
            .error(403);
        app.as_("ada")
            .put(&path, json!({ "edit_team_name_or_description_access_level": "only_team_admins", "visibility": "request_to_join" }))
            .data();
        bob.put(&path, json!({ "name": "Crew 3" })).error(403);
        app.as_("sam").put(&path, json!({ "endorsed": true, "name": "Crew 4" })).data();
        let zoe = app
            .as_("ada")
            .post(&format!("/workspaces/{ACME}/addUser"), json!({ "user": "zoe@acme.example" }))
            .gid();
        token(app, &zoe, "zoe");
        assert_eq!(app.as_("zoe").get(&path).data()["name"], "Crew 4");
        app.as_("zoe").put(&path, json!({ "name": "Zoe's" })).error(403);
        assert_eq!(
            app.as_("zoe").get(&format!("{path}/users")).error(403),
            "You do not have access to this team."
        );
        app.as_("zoe").get(&format!("{path}/team_memberships")).error(403);
    });
}

#[test]
fn a_teams_description_is_shown_on_request() {
    on_both(|app| {
        let html = "<body>Keeps <strong>things</strong> going</body>";
        let team = app.has("team", json!({ "html_description": html }));
        let path = format!("/teams/{team}?opt_fields=description,html_description");
        assert_eq!(
            app.as_("ada").get(&path).data(),
            json!({ "gid": team, "description": "Keeps things going", "html_description": html })
        );
        app.events();

        app.as_("ada").put(&format!("/teams/{team}"), json!({ "description": "" })).data();

        assert_eq!(app.events(), [format!("team {team} changed description by ada")]);
        assert_eq!(app.as_("ada").get(&path).data()["description"], "");
    });
}

/// Gives a user a token.
fn token(app: &App, user: &str, text: &'static str) {
    let user: i64 = user.parse().unwrap();
    app.write(
        r#"INSERT INTO tokens (gid, "user", name, hash, created_at) VALUES (?, ?, 'test', ?, 0)"#,
        &[&(user + 500_000), &user, &server::auth::hash(text)],
    );
}

#[test]
fn teams_are_listed_as_far_as_they_are_seen() {
    on_both(|app| {
        let secret = app.has("team", json!({ "name": "Alpha", "visibility": "secret" }));
        let asked = app.has("team", json!({ "name": "beta" }));
        for path in [format!("/workspaces/{ACME}/teams"), format!("/organizations/{ACME}/teams")] {
            assert_eq!(app.as_("ada").get(&path).gids(), [secret.as_str(), &asked, CREW]);
            assert_eq!(app.as_("bob").get(&path).gids(), [asked.as_str(), CREW]);
            assert_eq!(app.as_("eve").get(&path).gids(), Vec::<String>::new());
            assert_eq!(app.as_("sam").get(&path).gids().len(), 3);
        }
        app.as_("bob").get(&format!("/teams/{secret}")).error(403);
        app.as_("mallory").get(&format!("/teams/{secret}")).error(404);
        let of_ada = format!("/users/{ADA}/teams?organization={ACME}");
        assert_eq!(app.as_("ada").get(&of_ada).gids(), [secret.as_str(), &asked, CREW]);
        assert_eq!(app.as_("bob").get(&of_ada).gids(), [CREW]);
        let missing = app.as_("ada").get("/users/me/teams").error(400);
        assert_eq!(missing, "organization: Missing input");
    });
}

#[test]
fn members_add_others_and_anyone_joins_a_public_team() {
    on_both(|app| {
        let zoe = app
            .as_("ada")
            .post(&format!("/workspaces/{ACME}/addUser"), json!({ "user": "zoe@acme.example" }))
            .gid();
        token(app, &zoe, "zoe");
        app.events();
        let add = format!("/teams/{CREW}/addUser");
        app.as_("zoe").post(&add, json!({ "user": EVE })).error(403);

        let reply = app.as_("zoe").post(&add, json!({ "user": "me" }));

        assert_eq!(reply.status, 200);
        let membership = reply.gid();
        assert_eq!(
            reply.data(),
            json!({
                "gid": membership, "resource_type": "team_membership",
                "user": { "gid": zoe, "resource_type": "user", "name": "zoe" },
                "team": { "gid": CREW, "resource_type": "team", "name": "Crew" },
                "is_guest": false, "is_limited_access": false, "is_admin": false
            })
        );
        assert_eq!(
            app.events(),
            [format!("team_membership {membership} added to team {CREW} by nobody")]
        );
        assert_eq!(app.as_("bob").post(&add, json!({ "user": zoe })).gid(), membership);
        assert_eq!(app.events(), Vec::<String>::new());
        let guest = app.as_("bob").post(&add, json!({ "user": "eve@guest.example" }));
        assert_eq!(guest.data()["is_guest"], true);
        assert_eq!(app.as_("eve").get(&format!("/teams/{CREW}")).gid(), CREW);
        assert_eq!(
            app.as_("bob").post(&add, json!({ "user": MALLORY })).error(400),
            format!("user: Not a user in Organization: {MALLORY}")
        );
        let closed = app.has("team", json!({}));
        app.as_("bob")
            .post(&format!("/teams/{closed}/addUser"), json!({ "user": "me" }))
            .error(403);
        app.as_("ada")
            .put(
                &format!("/teams/{CREW}"),
                json!({ "member_invite_management_access_level": "only_team_admins" }),
            )
            .data();
        app.as_("bob").post(&add, json!({ "user": SAM })).error(403);
        app.as_("ada").post(&add, json!({ "user": SAM })).data();
    });
}

#[test]
fn members_leave_and_admins_remove() {
    on_both(|app| {
        let remove = format!("/teams/{CREW}/removeUser");
        app.as_("bob").post(&remove, json!({ "user": ADA })).error(403);

        assert_eq!(app.as_("bob").post(&remove, json!({ "user": "me" })).text(), r#"{"data":{}}"#);

        assert_eq!(app.events(), [format!("team_membership 702 removed from team {CREW} by bob")]);
        app.as_("bob").post(&remove, json!({ "user": "me" })).data();
        assert_eq!(app.events(), Vec::<String>::new());
        assert_eq!(
            texts(app, "SELECT p.principal FROM principals AS p WHERE p.principal = 301", &[]),
            [Some(301)]
        );
        app.as_("sam").post(&remove, json!({ "user": ADA })).data();
        assert_eq!(
            app.as_("bob").get(&format!("/teams/{CREW}/users")).gids(),
            Vec::<String>::new()
        );
    });
}

#[test]
fn team_memberships_are_found_by_team_and_by_user() {
    on_both(|app| {
        let bob = app.as_("bob");
        assert_eq!(bob.get(&format!("/team_memberships?team={CREW}")).gids(), ["701", "702"]);
        assert_eq!(bob.get(&format!("/team_memberships?team={CREW}&user=me")).gids(), ["702"]);
        assert_eq!(
            bob.get(&format!("/team_memberships?user={ADA}&workspace={ACME}")).gids(),
            ["701"]
        );
        bob.get("/team_memberships").error(400);
        bob.get("/team_memberships?user=me").error(400);
        assert_eq!(
            bob.get(&format!("/users/me/team_memberships?workspace={ACME}")).gids(),
            ["702"]
        );
        assert_eq!(bob.get("/users/me/team_memberships").error(400), "workspace: Missing input");
        assert_eq!(bob.get(&format!("/teams/{CREW}/team_memberships?limit=1")).gids(), ["701"]);
        assert_eq!(bob.get("/team_memberships/701").data()["is_admin"], true);
        app.as_("eve").get("/team_memberships/701").error(403);
        app.as_("mallory").get("/team_memberships/701").error(404);
    });
}

#[test]
fn a_workspace_membership_shows_role_and_task_list() {
    on_both(|app| {
        insta::assert_snapshot!(app.as_("bob").get("/workspace_memberships/401").pretty(), @r#"
        {
          "data": {
            "gid": "401",
            "resource_type": "workspace_membership",
            "user": {
              "gid": "201",
              "resource_type": "user",
              "name": "Ada"
            },
            "workspace": {
              "gid": "101",
              "resource_type": "workspace",
              "name": "Acme"
            },
            "user_task_list": {
              "gid": "601",
              "resource_type": "user_task_list",
              "name": "My Tasks",
              "owner": {
                "gid": "201",
                "resource_type": "user",
                "name": "Ada"
              },
              "workspace": {
                "gid": "101",
                "resource_type": "workspace",
                "name": "Acme"
              }
            },
            "is_active": true,
            "is_admin": true,
            "is_guest": false,
            "is_view_only": false,
            "vacation_dates": null,
            "created_at": "2026-01-01T00:00:00.000Z"
          }
        }
        "#);
        let rows = app.as_("bob").get(&format!("/workspaces/{ACME}/workspace_memberships"));
        assert_eq!(rows.gids(), ["401", "402", "403", "404"]);
        assert_eq!(
            app.as_("eve").get(&format!("/workspaces/{ACME}/workspace_memberships")).gids(),
            ["403"]
        );
        app.as_("eve").get("/workspace_memberships/401").error(403);
        app.as_("mallory").get("/workspace_memberships/401").error(404);
    });
}

#[test]
fn a_task_list_is_found_by_its_owner_and_workspace() {
    on_both(|app| {
        let path = format!("/users/me/user_task_list?workspace={ACME}");
        let reply = app.as_("bob").get(&path);
        assert_eq!(
            reply.data(),
            json!({
                "gid": "602", "resource_type": "user_task_list", "name": "My Tasks",
                "owner": { "gid": BOB, "resource_type": "user", "name": "Bob" },
                "workspace": { "gid": ACME, "resource_type": "workspace", "name": "Acme" }
            })
        );
        assert_eq!(app.as_("ada").get("/user_task_lists/602").gid(), "602");
        app.as_("mallory").get("/user_task_lists/602").error(404);
        assert_eq!(
            app.as_("bob").get("/users/me/user_task_list").error(400),
            "workspace: Missing input"
        );
        app.as_("mallory").get(&format!("/users/me/user_task_list?workspace={ACME}")).error(400);
        app.write("UPDATE workspace_memberships SET is_active = 0 WHERE gid = ?", &[&402_i64]);
        app.as_("ada").get(&format!("/users/{BOB}/user_task_list?workspace={ACME}")).error(404);
    });
}

#[test]
fn an_assigned_task_is_on_top_of_the_first_section() {
    on_both(|app| {
        let items = || {
            app.sql(
                "SELECT i.task, i.section FROM user_task_list_items AS i ORDER BY i.list, i.section, i.position",
                &[],
                |row| Ok((row.get::<i64>(0)?.to_string(), row.get::<i64>(1)?)),
            )
        };
        let first = app.has("task", json!({ "assignee": BOB }));
        let second = app.has("task", json!({ "assignee": BOB }));
        assert_eq!(items(), [(second.clone(), 811), (first.clone(), 811)]);

        app.as_("ada").put(&format!("/tasks/{second}"), json!({ "assignee": ADA })).data();
        app.as_("ada").put(&format!("/tasks/{first}"), json!({ "completed": true })).data();
        assert_eq!(items(), [(second.clone(), 801), (first.clone(), 811)]);

        app.as_("ada").put(&format!("/tasks/{second}"), json!({ "assignee": null })).data();
        assert_eq!(items(), [(first, 811)]);
    });
}

#[test]
fn the_command_lines_functions_make_workspaces_and_people() {
    on_both(|app| {
        let now = (app.server.clock)();
        let store = &app.server.store;
        let (workspace, user, token) = store
            .write_blocking(move |tx| {
                let workspace = server::admin::create_workspace(
                    tx,
                    now,
                    " Initech ",
                    true,
                    &["Initech.example".to_owned()],
                )?;
                let user = server::admin::create_user(
                    tx,
                    now,
                    "Pete",
                    "Pete@Initech.example",
                    workspace,
                    "admin",
                )?;
                let again = server::admin::create_user(
                    tx,
                    now,
                    "Ada",
                    "ada@acme.example",
                    workspace,
                    "member",
                )?;
                assert_eq!(again.to_string(), ADA);
                let token = server::admin::create_token(
                    tx,
                    now,
                    user,
                    "mine",
                    "pete",
                    &server::audit::Doer::server(),
                )?;
                Ok::<_, server::Error>((workspace, user, token))
            })
            .unwrap();
        assert!(token.get() > user.get());
        let me = app.as_("pete").get("/users/me").data();
        assert_eq!(me["name"], "Pete");
        assert_eq!(me["workspaces"][0]["gid"], workspace.to_string());
        assert_eq!(
            app.as_("pete").get(&format!("/workspaces/{workspace}/users")).gids(),
            [ADA.to_owned(), user.to_string()]
        );
        let wrong = |role: &'static str, email: &'static str, gid: i64| {
            store.write_blocking(move |tx| {
                server::admin::create_user(tx, now, "X", email, model::Gid::new(gid), role)
            })
        };
        assert_eq!(wrong("boss", "x@x.example", 101).unwrap_err().status(), 400);
        assert_eq!(wrong("admin", "x", 101).unwrap_err().status(), 400);
        assert_eq!(wrong("admin", "x@x.example", 999).unwrap_err().status(), 400);
    });
}
