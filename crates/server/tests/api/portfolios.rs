//! Portfolios: their fields, items, members and custom fields.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, GLOBEX, MALLORY, SAM, on_both};
use serde_json::{Value, json};

fn put_in(app: &App, portfolio: &str, fields: Value) -> crate::kit::Reply {
    app.as_("ada").post(&format!("/portfolios/{portfolio}/addItem"), fields)
}

fn items(app: &App, user: &str, portfolio: &str) -> Vec<String> {
    app.as_(user).get(&format!("/portfolios/{portfolio}/items")).gids()
}

#[test]
fn a_new_portfolio_is_shown_in_full() {
    on_both(|app| {
        let reply = app.as_("ada").post(
            "/portfolios",
            json!({ "workspace": ACME, "name": "Launches", "color": "light-green" }),
        );

        assert_eq!(reply.status, 201);
        let gid = reply.gid();
        assert_eq!(reply.header("location"), Some(&*format!("/api/1.0/portfolios/{gid}")));
        let ada = json!({ "gid": ADA, "resource_type": "user", "name": "Ada" });
        let link = format!("/1/{ACME}/portfolio/{gid}");
        let data = reply.data();
        assert!(data["permalink_url"].as_str().unwrap().ends_with(&link));
        assert_eq!(
            data,
            json!({
                "gid": gid, "resource_type": "portfolio", "name": "Launches", "color": "light-green",
                "start_on": null, "due_on": null, "default_access_level": "editor",
                "created_at": "2026-01-01T00:00:00.000Z", "created_by": ada,
                "custom_field_settings": [], "current_status_update": null, "custom_fields": [],
                "members": [ada], "owner": ada,
                "workspace": { "gid": ACME, "resource_type": "workspace", "name": "Acme" },
                "permalink_url": data["permalink_url"], "public": false,
                "privacy_setting": "members_only", "project_templates": [],
            })
        );
        assert_eq!(app.events(), [format!("portfolio {gid} added by ada")]);
        let path = format!("/portfolios/{gid}");
        assert_eq!(
            app.as_("ada").get(&format!("{path}?opt_fields=archived")).data()["archived"],
            false
        );
        app.as_("bob").get(&path).error(403);
        app.as_("eve").get(&path).error(403);
        app.as_("mallory").get(&path).error(404);
        app.as_("eve").post("/portfolios", json!({ "workspace": ACME, "name": "x" })).error(403);
    });
}

#[test]
fn a_portfolio_changes_and_goes_into_the_trash() {
    on_both(|app| {
        let gid = app.has("portfolio", json!({ "public": true }));
        let path = format!("/portfolios/{gid}");
        let put = |fields: Value| app.as_("ada").put(&path, fields);
        let project = app.has("project", json!({}));
        put_in(app, &gid, json!({ "item": project })).data();

        assert_eq!(
            put(json!({ "start_on": "2026-01-02" })).error(400),
            "You must provide due_on when setting start_on"
        );
        put(json!({ "start_on": "2026-01-02", "due_on": "2026-01-02" })).error(400);
        let data =
            put(json!({ "start_on": "2026-01-02", "due_on": "2026-02-01", "archived": true }))
                .data();
        assert_eq!(
            (&data["start_on"], &data["due_on"]),
            (&json!("2026-01-02"), &json!("2026-02-01"))
        );
        assert_eq!(put(json!({ "due_on": null })).data()["start_on"], Value::Null);
        put(json!({ "color": "beige" })).error(400);
        put(json!({ "default_access_level": "commenter" })).error(400);
        put(json!({ "owner": MALLORY })).error(400);

        // A public one is edited by everybody, but not owned by whom he likes, nor deleted.
        assert_eq!(app.as_("bob").put(&path, json!({ "name": "Bob's" })).data()["name"], "Bob's");
        app.as_("bob").put(&path, json!({ "owner": BOB })).error(403);
        app.as_("bob").delete(&path).error(403);
        assert_eq!(
            put(json!({ "owner": BOB, "privacy_setting": "members_only" })).data()["owner"]["gid"],
            BOB
        );
        app.as_("bob").delete(&path).data();
        app.as_("ada").get(&path).error(404);
        assert_eq!(app.as_("ada").get(&format!("/projects/{project}")).status, 200);
        app.tick(31 * 24 * 60 * 60 * 1_000);
        app.empty_trash();
        for table in ["portfolios", "portfolio_items", "portfolio_memberships"] {
            let rows =
                app.sql(&format!("SELECT count(*) FROM {table}"), &[], |row| row.get::<i64>(0));
            assert_eq!(rows, [0], "{table}");
        }
    });
}

#[test]
fn people_list_what_they_own_and_service_accounts_everything() {
    on_both(|app| {
        let first = app.has("portfolio", json!({}));
        let second = app.make("bob", "portfolio", json!({ "public": true }));
        let list = |user, query: &str| app.as_(user).get(&format!("/portfolios{query}"));
        let here = format!("?workspace={ACME}");

        assert_eq!(list("ada", "").error(400), "workspace: Missing input");
        assert_eq!(list("ada", &here).gids(), [&*first]);
        assert_eq!(list("ada", &format!("{here}&owner=me")).gids(), [&*first]);
        list("ada", &format!("{here}&owner={BOB}")).error(403);
        assert_eq!(list("sam", &here).gids(), [first.clone(), second.clone()]);
        assert_eq!(list("sam", &format!("{here}&owner={BOB}")).gids(), [second]);
        assert_eq!(list("sam", &format!("{here}&owner={SAM}")).gids(), Vec::<String>::new());
        list("ada", &format!("?workspace={GLOBEX}")).error(400);
        let page = list("sam", &format!("{here}&limit=1")).json();
        let offset = page["next_page"]["offset"].as_str().unwrap().to_owned();
        assert_eq!(list("sam", &format!("{here}&limit=1&offset={offset}")).gids().len(), 1);
    });
}

#[test]
fn items_are_projects_and_portfolios_in_an_order() {
    on_both(|app| {
        let top = app.has("portfolio", json!({}));
        let inner = app.has("portfolio", json!({ "name": "Inner" }));
        let [a, b, c] = ["a", "b", "c"].map(|name| app.has("project", json!({ "name": name })));
        for item in [&a, &b, &inner] {
            assert_eq!(put_in(app, &top, json!({ "item": item })).data(), json!({}));
        }
        app.events();
        put_in(app, &top, json!({ "item": c, "insert_before": b })).data();
        assert_eq!(
            app.events(),
            [
                format!("project {c} added to portfolio {top} by ada"),
                format!("portfolio {top} changed items +project {c} by ada")
            ]
        );

        assert_eq!(items(app, "ada", &top), [&*a, &c, &b, &inner]);
        put_in(app, &top, json!({ "item": inner, "insert_after": null })).data();
        put_in(app, &top, json!({ "item": a })).data();
        assert_eq!(items(app, "ada", &top), [&*inner, &a, &c, &b]);
        let both = json!({ "item": c, "insert_before": a, "insert_after": b });
        put_in(app, &top, both).error(400);
        put_in(app, &top, json!({ "item": c, "insert_before": top })).error(400);
        put_in(app, &top, json!({})).error(400);
        put_in(app, &top, json!({ "item": CREW })).error(400);

        let rows = app
            .as_("ada")
            .get(&format!("/portfolios/{top}/items?opt_fields=name,completed,owner.name"))
            .data();
        assert_eq!(
            rows[0],
            json!({ "gid": inner, "name": "Inner", "owner": { "gid": ADA, "name": "Ada" } })
        );
        assert_eq!(rows[1]["completed"], false);
        let compact = app.as_("ada").get(&format!("/portfolios/{top}/items?limit=2"));
        assert_eq!(
            compact.data()[0],
            json!({ "gid": inner, "resource_type": "portfolio", "name": "Inner" })
        );
        let offset = compact.json()["next_page"]["offset"].as_str().unwrap().to_owned();
        let rest = app.as_("ada").get(&format!("/portfolios/{top}/items?limit=2&offset={offset}"));
        assert_eq!(rest.gids(), [&*c, &b]);
        assert_eq!(rest.json()["next_page"], Value::Null);

        // No circles, at whatever depth.
        let deep = app.has("portfolio", json!({}));
        put_in(app, &inner, json!({ "item": deep })).data();
        for item in [&top, &inner, &deep] {
            let message = put_in(app, &deep, json!({ "item": item })).error(400);
            assert_eq!(message, "item: A portfolio cannot be inside itself");
        }

        let out = |item: &str| {
            app.as_("ada").post(&format!("/portfolios/{top}/removeItem"), json!({ "item": item }))
        };
        app.events();
        assert_eq!(out(&c).data(), json!({}));
        assert_eq!(
            app.events(),
            [
                format!("project {c} removed from portfolio {top} by ada"),
                format!("portfolio {top} changed items -project {c} by ada")
            ]
        );
        out(&c).data();
        assert_eq!(items(app, "ada", &top), [&*inner, &a, &b]);
        app.as_("ada").delete(&format!("/projects/{a}")).data();
        assert_eq!(items(app, "ada", &top), [&*inner, &b]);
    });
}

#[test]
fn an_item_is_seen_by_those_who_see_it_anyway() {
    on_both(|app| {
        let top = app.has("portfolio", json!({ "public": true }));
        let open = app.has("project", json!({}));
        let shut = app.has("project", json!({ "privacy_setting": "private" }));
        let inner = app.has("portfolio", json!({}));
        for item in [&shut, &open, &inner] {
            put_in(app, &top, json!({ "item": item })).data();
        }

        assert_eq!(items(app, "ada", &top).len(), 3);
        assert_eq!(items(app, "bob", &top), [&*open]);
        let page = app.as_("bob").get(&format!("/portfolios/{top}/items?limit=1"));
        assert_eq!(page.json()["next_page"], Value::Null);
        app.as_("bob").get(&format!("/projects/{shut}")).error(403);
        app.as_("bob")
            .post(&format!("/portfolios/{top}/removeItem"), json!({ "item": shut }))
            .error(403);

        let progress =
            |user| app.as_(user).get(&format!("/api/vinyasa/1/portfolios/{top}/progress")).data();
        let task = app.has("task", json!({ "projects": [open] }));
        app.has("task", json!({ "projects": [open, shut] }));
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "completed": true })).data();
        let status = json!({ "parent": open, "status_type": "at_risk", "text": "Late" });
        app.as_("ada").post("/status_updates", status).data();
        put_in(app, &inner, json!({ "item": open })).data();
        let data = progress("ada");
        assert_eq!(
            (&data["num_projects"], &data["num_at_risk"], &data["num_without_status"]),
            (&json!(2), &json!(1), &json!(1))
        );
        assert_eq!((&data["num_tasks"], &data["num_completed_tasks"]), (&json!(2), &json!(1)));
        assert_eq!(progress("bob")["num_projects"], 1);
    });
}

#[test]
fn a_portfolio_holds_at_most_1500_items() {
    on_both(|app| {
        let top = app.has("portfolio", json!({}));
        let project = app.has("project", json!({}));
        let gid: i64 = top.parse().unwrap();
        app.transaction(move |tx| {
            let ids: Vec<i64> = (1..=1_500).map(|n| 5_000_000 + n).collect();
            tx.execute(
                "INSERT INTO portfolio_items (portfolio, item, item_type, workspace, position) SELECT CAST(? AS BIGINT), i.value, 'project', 101, 'a0' FROM ids(?) AS i",
                &[store::Value::Int(gid), store::Value::Ids(ids)],
            )?;
            Ok(())
        });

        let message = put_in(app, &top, json!({ "item": project })).error(400);
        assert_eq!(message, "item: A portfolio can have at most 1500 items");
    });
}

#[test]
fn members_come_and_go_at_their_levels() {
    on_both(|app| {
        let gid = app.has("portfolio", json!({ "default_access_level": "viewer" }));
        let path = format!("/portfolios/{gid}");
        let members = |user, action: &str, users: Value| {
            app.as_(user).post(&format!("{path}/{action}"), json!({ "members": users }))
        };
        let names = |data: &Value| -> Vec<String> {
            data["members"]
                .as_array()
                .unwrap()
                .iter()
                .map(|m| m["name"].as_str().unwrap().to_owned())
                .collect()
        };

        assert_eq!(
            names(&members("ada", "addMembers", json!(format!("{BOB},{EVE}"))).data()),
            ["Ada", "Bob", "Eve"]
        );
        members("ada", "addMembers", json!([MALLORY])).error(400);
        members("bob", "addMembers", json!([SAM])).error(403);
        app.as_("bob").put(&path, json!({ "name": "x" })).error(403);
        assert_eq!(app.as_("eve").get(&path).data()["name"], "portfolio");
        let list = format!("{path}/portfolio_memberships");
        assert_eq!(app.as_("eve").get(&list).column("access_level"), ["admin", "viewer", "viewer"]);
        let bob = app.as_("ada").get(&format!("{list}?user={BOB}"));
        assert_eq!(
            bob.data()[0]["user"],
            json!({ "gid": BOB, "resource_type": "user", "name": "Bob" })
        );
        assert_eq!(
            app.as_("bob").get(&format!("/portfolio_memberships?workspace={ACME}&user=me")).gids(),
            bob.gids()
        );
        assert_eq!(
            app.as_("bob").get(&format!("/portfolio_memberships?portfolio={gid}")).gids().len(),
            3
        );
        app.as_("bob").get("/portfolio_memberships").error(400);
        let one = app
            .as_("bob")
            .get(&format!("/portfolio_memberships/{}?opt_fields=portfolio.name", bob.gids()[0]));
        assert_eq!(one.data()["portfolio"]["name"], "portfolio");

        // The same memberships in the form of all of them.
        let shared = format!("/memberships/{}", bob.gids()[0]);
        let data = app.as_("bob").get(&shared).data();
        assert_eq!(data["resource_subtype"], "portfolio_membership");
        assert_eq!(
            data["parent"],
            json!({ "gid": gid, "resource_type": "portfolio", "name": "portfolio" })
        );
        app.as_("ada").put(&shared, json!({ "access_level": "commenter" })).error(400);
        app.as_("ada").put(&shared, json!({ "access_level": "editor" })).data();
        app.as_("bob").put(&path, json!({ "name": "Bob was here" })).data();
        assert_eq!(
            app.as_("bob").get(&format!("/memberships?parent={gid}&member={BOB}")).gids(),
            bob.gids()
        );
        let team = app.as_("ada").post("/memberships", json!({ "parent": gid, "member": CREW }));
        assert_eq!(
            (team.status, team.data()["member"]["resource_type"].clone()),
            (201, json!("team"))
        );
        let message = members("ada", "removeMembers", json!("me")).error(400);
        assert_eq!(message, "A portfolio must keep at least one admin");
        members("eve", "removeMembers", json!("me")).data();
        app.as_("eve").get(&path).error(403);
        app.as_("ada").delete(&shared).data();
        app.as_("ada").delete(&format!("/memberships/{}", team.gid())).data();
        app.as_("bob").get(&path).error(403);
    });
}

#[test]
fn goals_and_custom_fields_have_members_too() {
    on_both(|app| {
        app.write(
            "INSERT INTO goals (gid, workspace, is_workspace_level, name, name_key, owner, privacy_setting, default_access_level, created_at, created_by, modified_at) VALUES (501, 101, 0, 'Grow', 'grow', 201, 'members_only', 'commenter', 0, 201, 0)",
            &[],
        );
        app.transaction(|tx| server::access::grants::of_goal(tx, model::Gid::new(501)));
        let add = |fields: Value| app.as_("ada").post("/memberships", fields);

        let bob = add(json!({ "parent": "501", "member": BOB, "role": "editor" }));
        let data = bob.data();
        assert_eq!(
            (&data["resource_subtype"], &data["role"]),
            (&json!("goal_membership"), &json!("editor"))
        );
        assert_eq!(
            data["parent"],
            json!({ "gid": "501", "resource_type": "goal", "name": "Grow", "owner": { "gid": ADA, "resource_type": "user", "name": "Ada" } })
        );
        assert_eq!(app.as_("bob").get("/memberships?parent=501").gids(), [bob.gid()]);
        app.as_("eve").get("/memberships?parent=501").error(403);
        app.as_("bob").delete(&format!("/memberships/{}", bob.gid())).data();
        app.as_("bob").get("/memberships?parent=501").error(403);

        let field = app.has(
            "custom_field",
            json!({ "privacy_setting": "private", "default_access_level": "user" }),
        );
        let path = format!("/custom_fields/{field}");
        app.as_("bob").get(&path).error(403);
        add(json!({ "parent": field, "member": BOB, "access_level": "viewer" })).error(400);
        let bob = add(json!({ "parent": field, "member": BOB, "access_level": "user" }));
        assert_eq!(bob.data()["resource_subtype"], "custom_field_membership");
        app.as_("bob").put(&path, json!({ "name": "Mine" })).error(403);
        app.as_("bob").post("/memberships", json!({ "parent": field, "member": EVE })).error(403);
        app.as_("ada")
            .put(&format!("/memberships/{}", bob.gid()), json!({ "access_level": "editor" }))
            .data();
        app.as_("bob").put(&path, json!({ "name": "Mine" })).data();
        app.as_("ada").delete(&format!("/memberships/{}", bob.gid())).data();
        app.as_("bob").get(&path).error(403);
    });
}

#[test]
fn custom_fields_of_a_portfolio_are_for_its_items() {
    on_both(|app| {
        let top = app.has("portfolio", json!({}));
        let project = app.has("project", json!({}));
        let other = app.has("project", json!({}));
        let field =
            app.has("custom_field", json!({ "name": "Budget", "resource_subtype": "number" }));
        let path = format!("/portfolios/{top}");
        put_in(app, &top, json!({ "item": project })).data();
        let value = json!({ "custom_fields": { field.as_str(): 7 } });
        app.as_("ada").put(&format!("/projects/{project}"), value.clone()).error(400);

        let setting = app.as_("ada").post(
            &format!("{path}/addCustomFieldSetting"),
            json!({ "custom_field": field, "is_important": true }),
        );
        let data = setting.data();
        assert_eq!(
            data["parent"],
            json!({ "gid": top, "resource_type": "portfolio", "name": "portfolio" })
        );
        assert_eq!((&data["project"], &data["is_important"]), (&Value::Null, &json!(true)));
        let settings = app.as_("ada").get(&format!("{path}/custom_field_settings"));
        assert_eq!(settings.data()[0]["custom_field"]["name"], "Budget");
        app.as_("bob").get(&format!("{path}/custom_field_settings")).error(403);

        // Shown on the items, with a value or without.
        let shown = |path: &str| app.as_("ada").get(path).data()["custom_fields"].clone();
        let project = format!("/projects/{project}");
        assert_eq!(shown(&project)[0]["number_value"], Value::Null);
        app.as_("ada").put(&project, value.clone()).data();
        assert_eq!(shown(&project)[0]["number_value"], 7.0);
        app.as_("ada").put(&format!("/projects/{other}"), value.clone()).error(400);
        assert_eq!(shown(&path), json!([]));
        app.as_("ada").put(&path, value).data();
        assert_eq!(shown(&path)[0]["display_value"], "7");

        let off = json!({ "custom_field": field });
        assert_eq!(
            app.as_("ada").post(&format!("{path}/removeCustomFieldSetting"), off).data(),
            json!({})
        );
        assert_eq!(shown(&project), json!([]));
        for n in 0..20 {
            let new =
                json!({ "custom_field": { "name": format!("F{n}"), "resource_subtype": "text" } });
            app.as_("ada").post(&format!("{path}/addCustomFieldSetting"), new).data();
        }
        let message = app
            .as_("ada")
            .post(&format!("{path}/addCustomFieldSetting"), json!({ "custom_field": field }))
            .error(400);
        assert_eq!(message, "custom_field: A portfolio can have at most 20 custom fields");
    });
}

#[test]
fn who_leaves_the_workspace_hands_his_portfolios_over() {
    on_both(|app| {
        let open = app.make("bob", "portfolio", json!({ "name": "Open", "public": true }));
        let alone = app.make("bob", "portfolio", json!({ "name": "Alone" }));
        let joined = app.has("portfolio", json!({ "name": "Joined" }));
        app.as_("ada")
            .post(&format!("/portfolios/{joined}/addMembers"), json!({ "members": BOB }))
            .data();

        app.as_("ada")
            .post(&format!("/workspaces/{ACME}/removeUser"), json!({ "user": BOB }))
            .data();

        let data = app.as_("ada").get(&format!("/portfolios/{open}")).data();
        assert_eq!((&data["owner"]["gid"], &data["members"][0]["gid"]), (&json!(ADA), &json!(ADA)));
        app.as_("ada").get(&format!("/portfolios/{alone}")).error(403);
        let members =
            app.as_("ada").get(&format!("/portfolios/{joined}")).data()["members"].clone();
        assert_eq!(members.as_array().unwrap().len(), 1);
        for gid in [&open, &alone, &joined] {
            app.as_("bob").get(&format!("/portfolios/{gid}")).error(404);
        }
        app.as_("ada").post(&format!("/workspaces/{ACME}/addUser"), json!({ "user": BOB })).data();
        assert_eq!(app.as_("bob").get(&format!("/portfolios/{alone}")).data()["name"], "Alone");
        app.as_("bob").get(&format!("/portfolios/{joined}")).error(403);
    });
}
