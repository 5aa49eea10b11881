//! What holds for every request.

use crate::kit::{ACME, ADA, App, on_both};
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
fn whoever_has_no_valid_token_gets_a_401() {
    on_both(|app| {
        for client in [app.anonymous(), app.as_("nobody")] {
            let reply = client.get("/users/me");
            assert_eq!(reply.error(401), "Not Authorized");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        }
        assert_eq!(app.as_("nobody").post("/tags", json!({ "workspace": ACME })).status, 401);
        let tag =
            || app.as_("bob").post("/tags", json!({ "workspace": ACME, "name": "his" })).status;
        assert_eq!(tag(), 201);
        app.write("UPDATE tokens SET revoked_at = 1 WHERE gid = 502", &[]);
        assert_eq!((app.as_("bob").get("/users/me").status, tag()), (401, 401), "revoked");
    });
}

#[test]
fn unknown_routes_and_methods_are_the_same_404() {
    on_both(|app| {
        for (method, path) in [
            (Method::GET, "/nothing"),
            (Method::PUT, "/tasks"),
            (Method::PATCH, "/users/me"),
            (Method::GET, "/tasks/1/2/3"),
        ] {
            let reply = app.as_("ada").request(method, path, &[], "");
            assert_eq!(reply.error(404), "No matching route for request");
        }
        assert_eq!(app.as_("ada").get("/users/me/").status, 200, "a slash at the end is tolerated");
        assert_eq!(
            app.as_("ada").get(&format!("/users?workspace={ACME}&limit=1&limit=2")).gids().len(),
            2
        );
    });
}

#[test]
fn a_write_takes_json_a_form_or_the_query() {
    on_both(|app| {
        let tag = app.has("tag", json!({ "name": "one" }));
        let path = format!("/tags/{tag}");
        let name = |reply: crate::kit::Reply| {
            (reply.data()["name"].clone(), reply.data()["color"].clone())
        };

        let form = app.as_("ada").form(
            Method::PUT,
            &path,
            "name=two+words&color=dark-red&opt_fields=name,color",
        );
        assert_eq!(name(form), (json!("two words"), json!("dark-red")));
        let query = app
            .as_("ada")
            .put(&format!("{path}?color=dark-blue&name=lost"), json!({ "name": "body wins" }));
        assert_eq!(name(query), (json!("body wins"), json!("dark-blue")));
        let options = json!({ "data": {}, "options": { "fields": ["name"], "pretty": true } });
        let reply = app.as_("ada").json(Method::PUT, &path, &options);
        assert_eq!(reply.data(), json!({ "gid": tag, "name": "body wins" }));
        let unwrapped = app.as_("ada").json(Method::PUT, &path, &json!({ "name": "x" }));
        assert!(unwrapped.error(400).starts_with("Unrecognized request field name ."));
        let broken = app.as_("ada").request(
            Method::PUT,
            &path,
            &[("content-type", "application/json")],
            "{\"data\":",
        );
        assert_eq!(broken.error(400), "Could not parse request data, invalid JSON");
        assert_eq!(app.as_("ada").get(&path).data()["name"], "body wins");
    });
}

#[test]
fn bodies_have_limits() {
    on_both(|app| {
        let nul = app
            .as_("ada")
            .post("/tasks", json!({ "workspace": ACME, "custom_fields": { "1": ["a\u{0}"] } }));
        assert_eq!(nul.error(400), "custom_fields: Must not contain NUL characters");
        let many = app
            .as_("ada")
            .post("/tasks", json!({ "workspace": ACME, "followers": vec!["me"; 501] }));
        assert_eq!(many.error(400), "followers: Must be at most 500 objects");
        let send = |body: String| {
            app.as_("ada").request(
                Method::POST,
                "/tags",
                &[("content-type", "application/json")],
                body,
            )
        };
        assert_eq!(
            send(format!("{{\"data\":{{\"notes\":\"{}\"}}}}", "x".repeat(1 << 20))).error(413),
            "The request body is larger than 1 MB"
        );
        assert_eq!(
            send(format!("{}{}", "[".repeat(100), "]".repeat(100))).error(400),
            "The request body is nested too deeply"
        );
        assert_eq!(
            send(format!("{{\"data\":[{}0]}}", "0,".repeat(20_000))).error(400),
            "The request body has too many fields"
        );
        assert_eq!(
            app.as_("ada")
                .request(
                    Method::POST,
                    "/tags",
                    &[("content-type", "multipart/form-data; boundary=x")],
                    "--x--"
                )
                .status,
            415
        );
    });
}

#[test]
fn the_same_idempotency_key_gives_the_same_answer() {
    on_both(|app| {
        let send = |user: &str, name: &str, key: &str| {
            let headers = [("content-type", "application/json"), ("idempotency-key", key)];
            let body = json!({ "data": { "workspace": ACME, "name": name } }).to_string();
            app.as_(user).request(Method::POST, "/tags", &headers, body)
        };
        let first = send("ada", "one", "k1");
        let again = send("ada", "one", "k1");
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(first.text(), again.text());
        assert_eq!(first.header("location"), again.header("location"));
        assert_eq!(app.as_("ada").get("/tags").gids().len(), 1);
        assert_eq!(
            send("ada", "two", "k1").error(422),
            "This Idempotency-Key was used with another request"
        );
        assert_ne!(send("bob", "one", "k1").gid(), first.gid(), "a key is the user's own");
        app.tick(25 * 60 * 60 * 1_000);
        assert_ne!(send("ada", "one", "k1").gid(), first.gid(), "a day later it is free again");
    });
}

#[test]
fn an_answer_that_is_known_already_is_not_sent_again() {
    on_both(|app| {
        let reply = app.as_("ada").get("/users/me");
        let tag = reply.header("etag").unwrap().to_owned();
        let same = app.as_("ada").request(Method::GET, "/users/me", &[("if-none-match", &tag)], "");
        assert_eq!((same.status, same.body.len()), (304, 0));
        let other =
            app.as_("bob").request(Method::GET, "/users/me", &[("if-none-match", &tag)], "");
        assert_eq!(other.status, 200);
    });
}

#[test]
fn answers_are_compressed_and_pretty_on_request() {
    on_both(|app| {
        let path = "/users/me?opt_fields=name";
        assert_eq!(
            app.as_("ada").get(path).text(),
            format!("{{\"data\":{{\"gid\":\"{ADA}\",\"name\":\"Ada\"}}}}")
        );
        assert!(
            app.as_("ada")
                .get(&format!("{path}&opt_pretty"))
                .text()
                .starts_with("{\n  \"data\": {\n")
        );
        for _ in 0..30 {
            app.has("tag", json!({}));
        }
        let packed =
            app.as_("ada").request(Method::GET, "/tags", &[("accept-encoding", "gzip, br")], "");
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        let plain = app.as_("ada").get("/tags");
        assert!(packed.body.len() * 3 < plain.body.len());
        let mut text = String::new();
        std::io::Read::read_to_string(
            &mut flate2::read::GzDecoder::new(&packed.body[..]),
            &mut text,
        )
        .unwrap();
        assert_eq!(text, plain.text());
    });
}

#[test]
fn browsers_of_other_origins_may_call() {
    on_both(|app| {
        let reply = app.anonymous().request(
            Method::OPTIONS,
            "/tasks",
            &[("origin", "https://example.com")],
            "",
        );
        assert_eq!(reply.status, 204);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert!(
            reply.header("access-control-allow-headers").unwrap().contains("X-Asana-Client-Lib")
        );
        let reply = app.as_("ada").get("/users/me");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    });
}

#[test]
fn a_limited_token_is_told_when_to_come_back() {
    let app = App::with(server::Settings { requests_per_minute: 2, ..server::Settings::default() });
    app.tick(15_000);
    app.as_("ada").get("/users/me").data();
    app.as_("ada").get("/nothing").error(404);
    app.as_("ada").get("/users/me").data();

    let refused = app.as_("ada").get("/users/me");

    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), Some("45"));
    assert_eq!(app.as_("bob").get("/users/me").status, 200, "another token has its own minute");
    app.tick(45_000);
    assert_eq!(app.as_("ada").get("/users/me").status, 200);
}

#[test]
fn cursors_cannot_be_made_changed_or_lent() {
    on_both(|app| {
        for name in ["a", "b", "c"] {
            app.has("tag", json!({ "name": name }));
        }
        let page = app.as_("ada").get(&format!("/tags?workspace={ACME}&limit=2")).json();
        let offset = page["next_page"]["offset"].as_str().unwrap().to_owned();
        let get = |user: &str, query: &str| app.as_(user).get(&format!("/tags?{query}"));
        assert_eq!(
            get("ada", &format!("workspace={ACME}&limit=2&offset={offset}")).column("name"),
            ["a"]
        );
        assert_eq!(
            get("ada", &format!("workspace={ACME}&limit=2&offset={offset}")).json()["next_page"],
            serde_json::Value::Null
        );
        for (user, query) in [
            ("bob", format!("workspace={ACME}&limit=2&offset={offset}")),
            ("ada", format!("limit=2&offset={offset}")),
            ("ada", format!("workspace={ACME}&limit=2&offset=x{offset}")),
            ("ada", format!("workspace={ACME}&limit=2&offset=bogus")),
        ] {
            assert_eq!(get(user, &query).error(400), "offset: Your pagination token is invalid.");
        }
        for limit in ["0", "101", "-1", "x"] {
            assert_eq!(
                get("ada", &format!("limit={limit}")).error(400),
                "limit: Must be between 1 and 100"
            );
        }
    });
}

#[test]
fn names_have_a_length() {
    on_both(|app| {
        let project = app.has("project", json!({}));
        let field = app.has("custom_field", json!({ "name": "f", "resource_subtype": "enum" }));
        for (path, data) in [
            ("/tags".to_owned(), json!({ "workspace": ACME })),
            ("/tasks".to_owned(), json!({ "workspace": ACME })),
            ("/projects".to_owned(), json!({ "team": "301" })),
            ("/teams".to_owned(), json!({ "organization": ACME })),
            (format!("/projects/{project}/sections"), json!({})),
            ("/custom_fields".to_owned(), json!({ "workspace": ACME, "resource_subtype": "text" })),
            (format!("/custom_fields/{field}/enum_options"), json!({})),
        ] {
            let named = |name: String| {
                let mut data = data.clone();
                data["name"] = json!(name);
                app.as_("ada").post(&path, data)
            };
            let message = named("\u{1f4a9}".repeat(1_025)).error(400);
            assert_eq!(message, "name: Must be at most 1024 characters", "{path}");
            let long = "\u{1f4a9}".repeat(1_024);
            assert_eq!(named(long.clone()).data()["name"], long, "{path}");
        }
    });
}

#[test]
fn lists_of_references_have_a_length_and_cost_the_same() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let path = format!("/tasks/{task}/removeFollowers");
        let send = |raws: Vec<String>| app.as_("ada").post(&path, json!({ "followers": raws }));

        let message = send(vec!["me".to_owned(); 501]).error(400);
        assert_eq!(message, "followers: Must be at most 500 objects");
        let one = send(vec!["bob@acme.example".to_owned()]).statements();
        let many = ["bob", "BOB", "sam", "bob"].map(|name| format!("{name}@acme.example"));
        assert_eq!(send(many.to_vec()).statements(), one);
        let message = send(vec!["me".to_owned(), "nobody@acme.example".to_owned()]).error(400);
        assert_eq!(message, "followers: [1]: Unknown object: nobody@acme.example");
    });
}

#[test]
fn no_reference_holds_a_nul() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let path = format!("/tasks/{task}/addFollowers");
        for followers in [
            json!(["a@b\0"]),
            json!([{ "gid": "a@b\0" }]),
            json!("me,a@b\0"),
            json!([{ "gid": "external:\0" }]),
        ] {
            let reply = app.as_("ada").post(&path, json!({ "followers": followers }));
            assert_eq!(reply.error(400), "followers: Must not contain NUL characters");
        }
        app.as_("ada")
            .put(&format!("/tasks/{task}"), json!({ "assignee": { "gid": "a@b\0" } }))
            .error(400);
        let gid = "\u{1f4a9}".repeat(1_024);
        let external = json!({ "external": { "gid": gid } });
        app.as_("ada").put(&format!("/tasks/{task}"), external).data();
    });
}

#[test]
fn an_idempotency_key_that_cannot_be_kept_is_refused() {
    on_both(|app| {
        let long = "k".repeat(256);
        let headers = [("content-type", "application/json"), ("idempotency-key", &*long)];
        let body = json!({ "data": { "workspace": ACME, "name": "x" } }).to_string();
        let reply = app.as_("ada").request(Method::POST, "/tags", &headers, body);
        assert_eq!(reply.error(400), "The Idempotency-Key must be 1 to 255 ASCII characters");
        assert_eq!(app.as_("ada").get("/tags").data(), json!([]));
    });
}
