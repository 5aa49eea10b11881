//! Memberships of projects, in both of their forms.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, MALLORY, on_both};
use serde_json::{Value, json};

fn create(app: &App, user: &str, fields: Value) -> crate::kit::Reply {
    app.as_(user).post("/memberships", fields)
}

/// The gid of somebody's membership.
fn membership(app: &App, project: &str, member: &str) -> String {
    app.as_("ada").get(&format!("/memberships?parent={project}&member={member}")).gids().concat()
}

#[test]
fn a_membership_has_two_forms() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "Launch", "privacy_setting": "private" }));
        let reply = create(
            app,
            "ada",
            json!({ "parent": project, "member": EVE, "access_level": "commenter" }),
        );

        assert_eq!(reply.status, 201);
        let gid = reply.gid();
        assert_eq!(reply.header("location"), Some(&*format!("/api/1.0/memberships/{gid}")));
        let eve = json!({ "gid": EVE, "resource_type": "user", "name": "Eve" });
        let parent = json!({ "gid": project, "resource_type": "project", "name": "Launch" });
        let new = json!({ "gid": gid, "resource_type": "membership", "resource_subtype": "project_membership", "parent": parent, "member": eve, "access_level": "commenter" });
        assert_eq!(reply.data(), new);
        assert_eq!(app.as_("eve").get(&format!("/memberships/{gid}")).data(), new);
        assert_eq!(
            app.as_("eve").get(&format!("/project_memberships/{gid}")).data(),
            json!({ "gid": gid, "resource_type": "project_membership", "member": eve, "access_level": "commenter", "user": eve, "write_access": "comment_only" })
        );
        let list = format!("/projects/{project}/project_memberships");
        assert_eq!(app.as_("eve").get(&list).column("access_level"), ["admin", "commenter"]);
        let old = json!([{ "gid": gid, "resource_type": "project_membership", "member": eve, "access_level": "commenter" }]);
        assert_eq!(app.as_("eve").get(&format!("{list}?user=me")).data(), old);
        app.as_("bob").get(&format!("/memberships/{gid}")).error(403);
        app.as_("mallory").get(&format!("/memberships/{gid}")).error(404);
    });
}

#[test]
fn a_list_needs_a_parent_or_a_member_of_projects() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        app.has("project", json!({ "privacy_setting": "private" }));
        let list = |user, query: &str| app.as_(user).get(&format!("/memberships{query}"));

        list("ada", "").error(400);
        list("ada", "?member=me").error(400);
        list("ada", "?parent=me").error(400);
        let of_ada = format!("?member={ADA}&resource_subtype=project_membership");
        assert_eq!(list("ada", &of_ada).gids().len(), 2);
        assert_eq!(list("bob", &of_ada).gids().len(), 1);
        let message = list("ada", &format!("?parent={ACME}")).error(400);
        assert_eq!(message, format!("parent: Unknown object: {ACME}"));
        assert_eq!(list("bob", &format!("?parent={project}")).gids().len(), 1);
    });
}

#[test]
fn a_team_is_a_member_like_a_user() {
    on_both(|app| {
        app.write("DELETE FROM principals WHERE \"user\" = 202 AND principal = 101", &[]);
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        let path = format!("/projects/{project}");
        app.as_("bob").get(&path).error(403);

        let reply =
            create(app, "ada", json!({ "parent": project, "member": CREW, "role": "editor" }));
        assert_eq!(reply.data()["member"]["resource_type"], "team");
        app.as_("bob").put(&path, json!({ "name": "x" })).data();
        assert_eq!(app.as_("ada").get(&path).data()["members"].as_array().unwrap().len(), 1);

        app.as_("ada").delete(&format!("/memberships/{}", reply.gid())).data();
        app.as_("bob").get(&path).error(403);
    });
}

#[test]
fn a_level_is_changed_by_those_who_may_share() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private" }));
        create(app, "ada", json!({ "parent": project, "member": BOB })).data();
        create(app, "ada", json!({ "parent": project, "member": EVE, "access_level": "viewer" }))
            .data();
        let path = |member| format!("/memberships/{}", membership(app, &project, member));
        let (ada, bob, eve) = (path(ADA), path(BOB), path(EVE));
        app.events();

        // An editor may share, but give and take no more than he has.
        let data = app.as_("bob").put(&eve, json!({ "access_level": "editor" })).data();
        assert_eq!(data["access_level"], "editor");
        assert_eq!(
            app.events(),
            [format!(
                "project_membership {} changed access_level by bob",
                eve.trim_start_matches("/memberships/")
            )]
        );
        app.as_("bob").put(&bob, json!({ "access_level": "admin" })).error(403);
        app.as_("bob").put(&ada, json!({ "access_level": "editor" })).error(403);
        app.as_("bob").delete(&ada).error(403);
        let message = app.as_("ada").put(&ada, json!({ "access_level": "viewer" })).error(400);
        assert_eq!(message, "A project must keep at least one admin");
        app.as_("ada").delete(&ada).error(400);
        app.as_("ada").put(&bob, json!({ "access_level": "admin" })).data();
        app.as_("ada").put(&ada, json!({ "access_level": "viewer" })).data();
        app.as_("ada").put(&format!("/projects/{project}"), json!({ "name": "x" })).error(403);
        let message = app.as_("bob").put(&eve, json!({ "access_level": "boss" })).error(400);
        assert_eq!(message, "access_level: Must be one of admin, editor, commenter, viewer");

        // Everybody may leave.
        app.as_("eve").delete(&eve).data();
        app.as_("eve").get(&format!("/projects/{project}")).error(403);
    });
}

#[test]
fn a_membership_is_refused_for_strangers_and_unknown_parents() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let refused = |fields: Value| create(app, "ada", fields).error(400);

        assert_eq!(refused(json!({ "member": BOB })), "parent: Missing input");
        assert_eq!(refused(json!({ "parent": project })), "member: Missing input");
        let message = refused(json!({ "parent": project, "member": MALLORY }));
        assert_eq!(message, format!("member: Unknown object: {MALLORY}"));
        let message = refused(json!({ "parent": CREW, "member": BOB }));
        assert_eq!(message, format!("parent: Unknown object: {CREW}"));
    });
}
