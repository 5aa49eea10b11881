//! What holds for every request.

use crate::kit::{ACME, App, on_both};
use axum::http::Method;
use serde_json::json;

#[test]
fn a_created_tag_is_shown_in_full() {
    on_both(|app| {
        let reply = app.as_("ada").post("/tags", json!({ "workspace": ACME, "name": "urgent" }));

        assert_eq!(reply.status, 201);
        assert_eq!(reply.header("location"), Some("/api/1.0/tags/1001"));
        assert_eq!(app.events(), ["tag 1001 added by ada"]);
        insta::assert_snapshot!(reply.pretty(), @r#"
        {
          "data": {
            "gid": "1001",
            "resource_type": "tag",
            "name": "urgent",
            "color": null,
            "notes": "",
            "created_at": "2026-01-01T00:00:00.000Z",
            "followers": [],
            "workspace": {
              "gid": "101",
              "resource_type": "workspace",
              "name": "Acme"
            },
            "permalink_url": "http://localhost/1/101/tag/1001"
          }
        }
        "#);
    });
}

#[test]
fn a_token_may_make_so_many_requests_a_minute() {
    let app = App::with(server::Settings { requests_per_minute: 2, ..server::Settings::default() });
    let get = || app.as_("ada").get("/workspaces");

    assert_eq!([get().status, get().status], [200, 200]);
    let refused = get();
    assert_eq!(refused.header("retry-after"), Some("60"));
    insta::assert_snapshot!(refused.error(429), @"You've made too many requests and hit a rate limit. Please retry after the given amount of time.");
    assert_eq!(app.as_("bob").get("/workspaces").status, 200);
    app.tick(60_000);
    assert_eq!(get().status, 200);
}

#[test]
fn a_repeated_request_with_its_key_changes_nothing() {
    on_both(|app| {
        let body = r#"{"data":{"workspace":"101","name":"once"}}"#;
        let headers = [("content-type", "application/json"), ("idempotency-key", "k1")];
        let post =
            |body: &'static str| app.as_("ada").request(Method::POST, "/tags", &headers, body);

        let (first, second) = (post(body), post(body));

        assert_eq!(first.status, 201);
        assert_eq!(first.text(), second.text());
        assert_eq!(app.as_("ada").get("/tags?workspace=101").gids(), [first.gid()]);
        post(r#"{"data":{"workspace":"101","name":"another"}}"#).error(422);
        // Keys belong to their user.
        let bob = app.as_("bob").request(Method::POST, "/tags", &headers, body);
        assert_ne!(bob.gid(), first.gid());
    });
}

#[test]
fn an_answer_that_is_known_is_not_sent_again() {
    on_both(|app| {
        let tag = app.has("tag", json!({ "name": "urgent" }));
        let path = format!("/tags/{tag}");
        let etag = app.as_("ada").get(&path).header("etag").unwrap().to_owned();
        let again =
            || app.as_("ada").request(Method::GET, &path, &[("if-none-match", etag.as_str())], "");

        assert_eq!((again().status, again().body.len()), (304, 0));
        app.as_("ada").put(&path, json!({ "name": "later" })).data();
        assert_eq!(again().status, 200);
    });
}
