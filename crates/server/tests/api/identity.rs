//! Coming in: set-up, sessions, passwords, invitations, tokens, preferences.

use crate::kit::{ACME, ADA, App, CREW, GLOBEX, Reply, on_both};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use server::identity::passwords::{self, Cost};
use server::identity::{account, links};
use server::{Settings, auth};
use std::net::SocketAddr;

/// The password of everybody who has one.
const PASSWORD: &str = "correct horse";

/// A path of the extension API.
fn at(path: &str) -> String {
    format!("/api/vinyasa/1{path}")
}

/// Gives a user of the world a password.
fn give_password(app: &App, user: &str) {
    let gid = model::Gid::parse(user).unwrap();
    let hash = passwords::hash_now(PASSWORD, Cost(8), &|bytes| bytes.fill(9)).unwrap();
    app.transaction(move |tx| {
        account::store_password(tx, model::Timestamp::from_millis(0), gid, &hash)
    });
}

/// Lets what follows an answer go on until `done`.
fn until(app: &App, done: impl Fn() -> bool) {
    for _ in 0..1_000_000 {
        if done() {
            return;
        }
        app.block_on(tokio::task::yield_now());
        std::thread::yield_now();
    }
    panic!("it never came");
}

/// A browser that is signed in.
struct Browser<'a> {
    app: &'a App,
    cookie: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    /// From the answer that signed it in.
    fn of(app: &'a App, reply: &Reply) -> Browser<'a> {
        assert_eq!(reply.status, 201, "{}", reply.text());
        let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let csrf = reply.data()["csrf_token"].as_str().unwrap().to_owned();
        Browser { app, cookie, csrf }
    }

    fn sign_in(app: &'a App, email: &str) -> Browser<'a> {
        Browser::of(app, &sign_in(app, email, PASSWORD))
    }

    fn get(&self, path: &str) -> Reply {
        self.app.anonymous().request(Method::GET, path, &[("cookie", &self.cookie)], "")
    }

    fn send(&self, method: Method, path: &str, data: &Value) -> Reply {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("x-csrf-token", self.csrf.as_str()),
            ("content-type", "application/json"),
        ];
        let body = json!({ "data": data }).to_string();
        self.app.anonymous().request(method, path, &headers, body)
    }
}

fn sign_in(app: &App, email: &str, password: &str) -> Reply {
    app.anonymous().post(&at("/sessions"), json!({ "email": email, "password": password }))
}

#[test]
fn a_password_makes_a_session_that_serves_both_apis() {
    on_both(|app| {
        give_password(app, ADA);

        let reply = sign_in(app, " Ada@ACME.example", PASSWORD);

        let cookie = reply.header("set-cookie").unwrap().to_owned();
        assert!(cookie.starts_with("vinyasa_session="), "{cookie}");
        assert!(cookie.ends_with("; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
        let data = reply.data();
        assert_eq!(data["resource_type"], "session");
        assert_eq!(data["user"]["gid"], ADA);
        assert_eq!(data["user"]["email"], "ada@acme.example");
        assert_eq!(data["user"]["photo"], Value::Null);
        let workspaces = json!([{ "gid": ACME, "resource_type": "workspace", "name": "Acme", "is_organization": true, "role": "admin" }]);
        assert_eq!(data["workspaces"], workspaces);
        assert_eq!(data["preferences"]["theme"], "system");
        assert_eq!(
            data["preferences"]["shortcuts"],
            json!({ "chords": true, "single_keys": true })
        );
        assert_eq!(data["expires_at"], "2026-01-31T00:00:00.000Z");
        let ada = Browser::of(app, &reply);
        assert_eq!(ada.get("/users/me").gid(), ADA);
        let task = ada.send(Method::POST, "/tasks", &json!({ "name": "Mine", "workspace": ACME }));
        assert_eq!(task.status, 201, "{}", task.text());
        let current = ada.get(&at("/sessions/current"));
        assert_eq!(current.data(), data);
        assert_eq!(current.header("access-control-allow-origin"), Some("*"));
        assert_eq!(current.header("access-control-allow-credentials"), None);
    });
}

#[test]
fn the_cookie_is_secure_where_the_address_is() {
    let url = Some("https://work.example".to_owned());
    let app = App::with(Settings { public_url: url, ..Settings::default() });
    give_password(&app, ADA);

    let reply = sign_in(&app, "ada@acme.example", PASSWORD);

    assert!(reply.header("set-cookie").unwrap().ends_with("; SameSite=Lax; Secure"));
}

#[test]
fn a_write_with_the_cookie_alone_is_refused() {
    on_both(|app| {
        give_password(app, ADA);
        let ada = Browser::sign_in(app, "ada@acme.example");
        let bob = Browser { csrf: "0".repeat(64), ..Browser::sign_in(app, "ada@acme.example") };
        let task = app.has("task", json!({ "name": "Untouched" }));
        let path = format!("/tasks/{task}");
        app.events();

        let body = || json!({ "data": { "name": "Forged" } }).to_string();
        let json = ("content-type", "application/json");
        let alone =
            app.anonymous().request(Method::PUT, &path, &[("cookie", &ada.cookie), json], body());
        assert!(alone.error(403).starts_with("X-CSRF-Token"));
        bob.send(Method::PUT, &path, &json!({ "name": "Forged" })).error(403);
        let others = [("cookie", bob.cookie.as_str()), ("x-csrf-token", ada.csrf.as_str()), json];
        app.anonymous().request(Method::PUT, &path, &others, body()).error(403);
        let part = "--x\r\nContent-Disposition: form-data; name=\"parent\"\r\n\r\n1\r\n--x--\r\n";
        let form = ("content-type", "multipart/form-data; boundary=x");
        let upload = app.anonymous().request(
            Method::POST,
            "/attachments",
            &[("cookie", &ada.cookie), form],
            part,
        );
        upload.error(403);
        assert_eq!(app.events(), Vec::<String>::new());

        assert_eq!(
            ada.send(Method::PUT, &path, &json!({ "name": "Right" })).data()["name"],
            "Right"
        );
        // A token needs nothing beside it, whatever cookie there is.
        let both = [("cookie", ada.cookie.as_str()), json];
        let reply = app.as_("bob").request(Method::PUT, &path, &both, body());
        assert_eq!(reply.status, 403, "bob's token counts, not ada's cookie: {}", reply.text());
    });
}

#[test]
fn other_sites_cannot_sign_anybody_in() {
    let app = App::sqlite();
    give_password(&app, ADA);
    let body = json!({ "data": { "email": "ada@acme.example", "password": PASSWORD } });
    let from = |origin: &str| {
        let headers =
            [("content-type", "application/json"), ("host", "work.example"), ("origin", origin)];
        app.anonymous().request(Method::POST, &at("/sessions"), &headers, body.to_string()).status
    };

    assert_eq!(from("https://evil.example"), 403);
    assert_eq!(from("null"), 403);
    assert_eq!(from("http://work.example"), 201);
}

#[test]
fn nobody_learns_who_has_an_account() {
    on_both(|app| {
        give_password(app, ADA);

        let wrong = sign_in(app, "ada@acme.example", "wrong horse");
        let unknown = sign_in(app, "zoe@acme.example", PASSWORD);
        let without = sign_in(app, "bob@acme.example", PASSWORD);

        assert_eq!(wrong.error(401), "The e-mail address or the password is wrong");
        assert_eq!(wrong.text(), unknown.text());
        assert_eq!(wrong.text(), without.text());
        assert_eq!(wrong.header("set-cookie"), None);
        let known =
            app.anonymous().post(&at("/password_resets"), json!({ "email": "ada@acme.example" }));
        let unknown =
            app.anonymous().post(&at("/password_resets"), json!({ "email": "zoe@acme.example" }));
        assert_eq!((known.status, known.text()), (200, unknown.text()));
        assert_eq!(known.statements(), unknown.statements());
        let made =
            || app.sql("SELECT l.\"user\" FROM one_time_links AS l", &[], |row| row.get::<i64>(0));
        until(app, || !made().is_empty());
        assert_eq!(made(), [201]);
    });
}

#[test]
fn ten_wrong_passwords_lock_an_address_out_for_a_quarter_of_an_hour() {
    on_both(|app| {
        give_password(app, ADA);
        for email in ["ada@acme.example", "zoe@acme.example"] {
            for _ in 0..10 {
                sign_in(app, email, "wrong horse").error(401);
            }

            let locked = sign_in(app, email, PASSWORD);

            locked.error(429);
            assert_eq!(locked.header("retry-after"), Some("900"));
        }
        app.tick(15 * 60 * 1_000);
        assert_eq!(sign_in(app, "ada@acme.example", PASSWORD).status, 201);
        // Whoever knew the password starts anew.
        for _ in 0..9 {
            sign_in(app, "ada@acme.example", "wrong horse").error(401);
        }
        assert_eq!(sign_in(app, "ada@acme.example", PASSWORD).status, 201);
        for _ in 0..10 {
            sign_in(app, "ada@acme.example", "wrong horse").error(401);
        }
        // A new password by a link ends the lock.
        sign_in(app, "ada@acme.example", PASSWORD).error(429);
        let secret = reset(app, "ada@acme.example");
        let path = at("/password_resets/use");
        let reply =
            app.anonymous().post(&path, json!({ "token": secret, "password": "battery staple" }));
        Browser::of(app, &reply);
        assert_eq!(sign_in(app, "ada@acme.example", "battery staple").status, 201);
    });
}

/// Makes a link for a new password, as the command does.
fn reset(app: &App, email: &'static str) -> String {
    let secret = auth::fresh_secret(&app.server.entropy);
    let shown = secret.clone();
    let now = (app.server.clock)();
    app.transaction(move |tx| {
        assert!(links::make_reset(tx, now, email, &secret)?.is_some());
        Ok(())
    });
    shown
}

#[test]
fn one_network_address_has_its_limits() {
    let app = App::sqlite();
    give_password(&app, ADA);
    let call = |address: &str, email: &str| {
        let body = json!({ "data": { "email": email, "password": "wrong horse" } });
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(at("/sessions"))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let peer: SocketAddr = format!("{address}:1000").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        app.anonymous().send(request).status
    };

    for n in 0..60 {
        assert_eq!(call("198.51.100.1", &format!("{n}@acme.example")), 401);
    }
    assert_eq!(call("198.51.100.1", "x@acme.example"), 429);
    assert_eq!(call("198.51.100.2", "x@acme.example"), 401);
    app.tick(60_000);
    for n in 60..100 {
        assert_eq!(call("198.51.100.1", &format!("{n}@acme.example")), 401);
    }
    // The hundredth guess in a quarter of an hour was the last.
    assert_eq!(call("198.51.100.1", "ada@acme.example"), 429);
}

#[test]
fn sessions_end_when_told_to_and_when_unused() {
    on_both(|app| {
        give_password(app, ADA);
        give_password(app, "202");
        let laptop = Browser::sign_in(app, "ada@acme.example");
        app.tick(1_000);
        let phone = Browser::sign_in(app, "ada@acme.example");
        let bob = Browser::sign_in(app, "bob@acme.example");
        let list = phone.get(&at("/sessions"));
        assert_eq!(list.column("is_current"), ["true", "false"]);
        let [_, old] = <[String; 2]>::try_from(list.gids()).unwrap();
        let tokens = list.data();
        assert_eq!(tokens[0].get("csrf_token"), None);
        assert_eq!(
            bob.send(Method::DELETE, &at(&format!("/sessions/{old}")), &json!({})).status,
            404
        );
        assert_eq!(laptop.get("/users/me").status, 200);

        phone.send(Method::DELETE, &at(&format!("/sessions/{old}")), &json!({})).data();

        laptop.get("/users/me").error(401);
        laptop.send(Method::POST, "/tasks", &json!({ "workspace": ACME, "name": "x" })).error(401);
        // Each use moves the end.
        let day = 24 * 60 * 60 * 1_000;
        app.tick(29 * day);
        phone.get("/users/me").data();
        app.flush();
        app.tick(29 * day);
        assert_eq!(
            phone.get(&at("/sessions/current")).data()["last_used_at"],
            "2026-01-30T00:00:01.000Z"
        );
        bob.get("/users/me").error(401);
        let out = phone.send(Method::DELETE, &at("/sessions/current"), &json!({}));
        assert_eq!(
            out.header("set-cookie"),
            Some("vinyasa_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")
        );
        phone.get("/users/me").error(401);
        assert_eq!(app.as_("ada").get(&at("/sessions/current")).status, 404);
    });
}

#[test]
fn changing_a_password_ends_the_other_sessions() {
    on_both(|app| {
        give_password(app, ADA);
        let here = Browser::sign_in(app, "ada@acme.example");
        let there = Browser::sign_in(app, "ada@acme.example");
        let put = |current: &str, new: &str| {
            here.send(
                Method::PUT,
                &at("/password"),
                &json!({ "current_password": current, "password": new }),
            )
        };

        assert_eq!(put("wrong horse", "battery staple").error(400), "current_password: Is wrong");
        for poor in ["short", "ada@acme.example", "bbbbbbbbbbbbbb"] {
            assert!(put(PASSWORD, poor).error(400).starts_with("password: "), "{poor}");
        }
        assert_eq!(there.get("/users/me").status, 200);
        put(PASSWORD, "battery staple").data();

        assert_eq!(here.get("/users/me").status, 200);
        there.get("/users/me").error(401);
        sign_in(app, "ada@acme.example", PASSWORD).error(401);
        assert_eq!(sign_in(app, "ada@acme.example", "battery staple").status, 201);
        // Who has none sets one.
        let bob = app.as_("bob").put(&at("/password"), json!({ "password": PASSWORD }));
        assert_eq!(bob.status, 200, "{}", bob.text());
        assert_eq!(sign_in(app, "bob@acme.example", PASSWORD).status, 201);
        assert_eq!(
            app.as_("bob").put(&at("/password"), json!({ "password": PASSWORD })).error(400),
            "current_password: Missing input"
        );
    });
}

#[test]
fn a_link_for_a_new_password_works_once() {
    on_both(|app| {
        give_password(app, ADA);
        let before = Browser::sign_in(app, "ada@acme.example");
        let (first, second) = (reset(app, "ada@acme.example"), reset(app, "ada@acme.example"));
        let follow = |secret: &str, password: &str| {
            app.anonymous()
                .post(&at("/password_resets/use"), json!({ "token": secret, "password": password }))
        };

        assert!(follow(&first, "short").error(400).starts_with("password: "));
        let ada = Browser::of(app, &follow(&first, "battery staple"));

        assert_eq!(ada.get("/users/me").gid(), ADA);
        before.get("/users/me").error(401);
        for used in [&first, &second, "nonsense"] {
            assert!(follow(used, "battery staple").error(400).starts_with("token: "));
        }
        let late = reset(app, "ada@acme.example");
        app.tick(24 * 60 * 60 * 1_000);
        follow(&late, "battery staple").error(400);
    });
}

#[test]
fn an_empty_server_is_set_up_once_and_by_the_printed_link_alone() {
    on_both(|app| {
        assert_eq!(app.anonymous().get(&at("/setup")).data(), json!({ "needed": false }));
        for table in ["users", "workspaces", "workspace_memberships", "tokens", "principals"] {
            app.write(&format!("DELETE FROM {table}"), &[]);
        }
        assert_eq!(app.anonymous().get(&at("/setup")).data(), json!({ "needed": true }));
        let secret = auth::fresh_secret(&app.server.entropy);
        let spare = auth::fresh_secret(&app.server.entropy);
        for secret in [secret.clone(), spare.clone()] {
            let now = (app.server.clock)();
            app.transaction(move |tx| {
                let seed = secret.clone();
                tx.execute(
                    "INSERT INTO one_time_links (hash, kind, created_at, expires_at) VALUES (?, 'setup', 0, ?)",
                    store::params![auth::hash(&seed), now.millis() + 1_000],
                )?;
                Ok(())
            });
        }
        let set_up = |fields: Value| {
            let mut all = json!({ "workspace_name": "Initech", "name": "Peter Gibbons", "email": "peter@initech.example", "password": PASSWORD });
            for (name, value) in fields.as_object().unwrap() {
                all[name] = value.clone();
            }
            app.anonymous().post(&at("/setup"), all)
        };

        assert_eq!(set_up(json!({})).error(400), "token: Missing input");
        assert!(set_up(json!({ "token": "guess" })).error(400).starts_with("token: "));
        assert!(
            set_up(json!({ "token": secret, "email": "nobody" })).error(400).starts_with("email: ")
        );
        assert!(set_up(json!({ "token": secret, "name": " " })).error(400).starts_with("name: "));
        assert!(
            set_up(json!({ "token": secret, "password": "short" }))
                .error(400)
                .starts_with("password: ")
        );
        let reply = set_up(json!({ "token": secret }));

        let peter = Browser::of(app, &reply);
        assert_eq!(reply.data()["workspaces"][0]["name"], "Initech");
        assert_eq!(reply.data()["workspaces"][0]["role"], "admin");
        assert_eq!(app.anonymous().get(&at("/setup")).data(), json!({ "needed": false }));
        for used in [&secret, &spare] {
            set_up(json!({ "token": used, "email": "bill@initech.example" })).error(400);
        }
        assert_eq!(peter.get("/users?workspace=").column("name"), ["Peter Gibbons"]);
        assert_eq!(sign_in(app, "peter@initech.example", PASSWORD).status, 201);
    });
}

/// The secret at the end of a link.
fn secret_of(link: &Value) -> String {
    link.as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[test]
fn who_is_invited_comes_in_by_the_link() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "Plan", "privacy_setting": "private" }));
        app.events();
        let path = at(&format!("/workspaces/{ACME}/invitations"));
        let reply = app.as_("ada").post(
            &path,
            json!({ "emails": ["zoe@acme.example", "Zoe@acme.example", "kim@guest.example"], "teams": [CREW], "projects": [project] }),
        );

        assert_eq!(reply.column("email"), ["zoe@acme.example", "kim@guest.example"]);
        assert_eq!(reply.column("role"), ["member", "guest"]);
        let link = reply.data()[0]["link"].clone();
        assert!(link.as_str().unwrap().starts_with("http://localhost/invite/"), "{link}");
        assert_eq!(
            app.as_("bob").get(&path).column("email"),
            ["kim@guest.example", "zoe@acme.example"]
        );
        assert_eq!(app.as_("bob").get(&path).data()[0].get("link"), None);
        assert_eq!(app.events(), Vec::<String>::new());
        let secret = secret_of(&link);
        let looked =
            app.anonymous().get(&at(&format!("/invitations/lookup?token={secret}"))).data();
        assert_eq!(looked["workspace_name"], "Acme");
        assert_eq!(looked["inviter_name"], "Ada");
        assert_eq!(looked["email"], "zoe@acme.example");
        assert_eq!(looked["needs_account"], true);
        let accept = |fields: Value| app.anonymous().post(&at("/invitations/accept"), fields);
        accept(json!({ "token": secret, "password": "short" })).error(400);
        let reply =
            accept(json!({ "token": secret, "password": PASSWORD, "name": "Zoe Washburne" }));

        let zoe = Browser::of(app, &reply);
        let me = reply.data()["user"]["gid"].as_str().unwrap().to_owned();
        assert_eq!(reply.data()["user"]["name"], "Zoe Washburne");
        assert_eq!(reply.data()["workspaces"][0]["role"], "member");
        assert_eq!(zoe.get(&format!("/projects/{project}")).status, 200);
        assert_eq!(zoe.get(&format!("/users/me/teams?organization={ACME}")).gids(), [CREW]);
        let events = app.events();
        assert!(
            events.iter().any(|line| line.starts_with("workspace_membership")
                && line.ends_with("added to workspace 101 by ada")),
            "{events:?}"
        );
        assert!(
            events.iter().any(|line| line.contains(&format!("+user {me} by ada"))),
            "{events:?}"
        );
        accept(json!({ "token": secret, "password": PASSWORD })).error(400);
        assert_eq!(app.as_("bob").get(&path).column("email"), ["kim@guest.example"]);
        let again = app.as_("ada").post(&path, json!({ "email": "zoe@acme.example" }));
        assert!(again.error(400).contains("Is in the workspace already"));
    });
}

#[test]
fn an_invitation_is_no_key_to_an_account() {
    on_both(|app| {
        give_password(app, "205");
        let path = at(&format!("/workspaces/{ACME}/invitations"));
        let invite = |email: &str| {
            let reply = app.as_("ada").post(&path, json!({ "email": email, "role": "guest" }));
            secret_of(&reply.data()[0]["link"])
        };
        let accept = |secret: &str, password: &str| {
            app.anonymous()
                .post(&at("/invitations/accept"), json!({ "token": secret, "password": password }))
        };

        // Mallory has a password, and needs it.
        let secret = invite("mallory@globex.example");
        let looked = app.anonymous().get(&at(&format!("/invitations/lookup?token={secret}")));
        assert_eq!(looked.data()["needs_account"], false);
        accept(&secret, "my own choice").error(401);
        let mallory = Browser::of(app, &accept(&secret, PASSWORD));
        let workspaces = mallory.get(&at("/sessions/current")).data()["workspaces"].clone();
        assert_eq!(workspaces.as_array().unwrap().len(), 2);
        // Who is somewhere else without a password cannot get one so.
        app.write(
            "DELETE FROM workspace_memberships WHERE workspace = 101 AND \"user\" = 205",
            &[],
        );
        app.write("DELETE FROM passwords", &[]);
        let secret = invite("mallory@globex.example");
        assert!(accept(&secret, PASSWORD).error(400).contains("no password yet"));
        // Who was only added by address can.
        app.as_("ada")
            .post(&format!("/workspaces/{ACME}/addUser"), json!({ "user": "new@acme.example" }))
            .data();
        app.write("UPDATE workspace_memberships SET is_active = 0 WHERE \"user\" NOT IN (201, 202, 203, 204, 205)", &[]);
        let secret = invite("new@guest.example");
        assert_eq!(accept(&secret, PASSWORD).status, 201);
    });
}

#[test]
fn invitations_have_limits() {
    on_both(|app| {
        let path = at(&format!("/workspaces/{ACME}/invitations"));
        let invite = |user: &'static str, fields: Value| app.as_(user).post(&path, fields);

        invite("bob", json!({ "email": "boss@acme.example", "role": "admin" })).error(403);
        assert_eq!(
            invite("bob", json!({ "email": "kai@acme.example" })).data()[0].get("link"),
            None
        );
        invite("ada", json!({ "email": "kai@acme.example", "role": "service" })).error(400);
        invite("ada", json!({ "email": "kai@other.example", "role": "member" })).error(400);
        invite("ada", json!({ "emails": ["fine@acme.example", "nobody"] })).error(400);
        invite("ada", json!({})).error(400);
        let foreign = app.make("mallory", "tag", json!({ "workspace": GLOBEX }));
        invite("ada", json!({ "email": "kai@acme.example", "projects": [foreign] })).error(400);

        // A new link replaces the one before; one that is taken back or late is good for nothing.
        let old =
            secret_of(&invite("ada", json!({ "email": "kai@acme.example" })).data()[0]["link"]);
        let reply = invite("ada", json!({ "email": "kai@acme.example" }));
        let (gid, new) = (reply.data()[0]["gid"].clone(), secret_of(&reply.data()[0]["link"]));
        let look = |secret: &str| {
            app.anonymous().get(&at(&format!("/invitations/lookup?token={secret}"))).status
        };
        assert_eq!((look(&old), look(&new)), (400, 200));
        let gid = gid.as_str().unwrap();
        app.as_("bob").delete(&at(&format!("/invitations/{gid}"))).error(403);
        app.as_("ada").delete(&at(&format!("/invitations/{gid}"))).data();
        assert_eq!(look(&new), 400);
        let late =
            secret_of(&invite("ada", json!({ "email": "kai@acme.example" })).data()[0]["link"]);
        app.tick(14 * 24 * 60 * 60 * 1_000);
        assert_eq!(look(&late), 400);
        // What who invited may not do any more, his invitation does not.
        let boss = invite("ada", json!({ "email": "boss@acme.example", "role": "admin" }));
        let boss = secret_of(&boss.data()[0]["link"]);
        assert_eq!(look(&boss), 200);
        app.write("UPDATE workspace_memberships SET role = 'member' WHERE \"user\" = 201", &[]);
        assert_eq!(look(&boss), 400);
    });
}

#[test]
fn a_token_is_shown_once_and_revoked_at_once() {
    on_both(|app| {
        let reply = app.as_("ada").post(&at("/tokens"), json!({ "name": "script" }));

        assert_eq!(reply.status, 201);
        let (gid, text) = (reply.gid(), reply.data()["token"].as_str().unwrap().to_owned());
        assert_eq!(app.as_(&text).get("/users/me").gid(), ADA);
        assert_eq!(app.as_("ada").get(&at("/tokens")).column("name"), ["script", "test"]);
        assert!(!app.as_("ada").get(&at("/tokens?opt_fields=token,name")).text().contains(&text));
        app.as_("bob").delete(&at(&format!("/tokens/{gid}"))).error(404);
        app.as_("ada").delete(&at(&format!("/tokens/{gid}"))).data();
        app.as_(&text).get("/users/me").error(401);
        assert_eq!(app.as_("ada").get(&at("/tokens")).column("name"), ["test"]);
        // No key keeps a secret.
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        let body = || json!({ "data": { "name": "again" } }).to_string();
        let send = || app.as_("ada").request(Method::POST, &at("/tokens"), &headers, body());
        assert_ne!(send().gid(), send().gid());
        assert_eq!(
            app.sql("SELECT count(*) FROM idempotency_keys", &[], |row| row.get::<i64>(0)),
            [0]
        );
    });
}

#[test]
fn who_came_in_and_who_did_not_is_in_the_audit_log() {
    on_both(|app| {
        give_password(app, ADA);
        sign_in(app, "ada@acme.example", "wrong horse").error(401);
        let ada = Browser::sign_in(app, "ada@acme.example");
        let token = ada.send(Method::POST, &at("/tokens"), &json!({ "name": "script" })).gid();
        ada.send(Method::DELETE, &at(&format!("/tokens/{token}")), &json!({})).data();
        ada.send(Method::DELETE, &at("/sessions/current"), &json!({})).data();

        let entries = || {
            app.sql(
                "SELECT a.event_type, a.actor_type, a.context_type FROM audit_events AS a WHERE a.workspace = 101",
                &[],
                |row| Ok([row.get::<String>(0)?, row.get(1)?, row.get(2)?].join(" ")),
            )
        };
        until(app, || entries().len() >= 5);
        let mut found = entries();
        found.sort();
        assert_eq!(
            found,
            [
                "user_logged_out user web",
                "user_login_failed anonymous web",
                "user_login_succeeded user web",
                "user_personal_access_token_authorized user web",
                "user_personal_access_token_revoked user web",
            ]
        );
    });
}

#[test]
fn preferences_are_kept_and_unknown_ones_refused() {
    on_both(|app| {
        let path = at("/preferences");
        assert_eq!(
            app.as_("ada").get(&path).data(),
            json!({ "gid": ADA, "resource_type": "preferences", "theme": "system", "density": "comfortable", "language": null, "first_weekday": null, "time_zone": null, "shortcuts": { "chords": true, "single_keys": true }, "start_page": "home" })
        );

        let changed = app.as_("ada").put(
            &path,
            json!({ "theme": "dark", "language": "de", "time_zone": "Europe/Berlin", "shortcuts": { "single_keys": false } }),
        );

        let data = changed.data();
        assert_eq!(data["theme"], "dark");
        assert_eq!(data["time_zone"], "Europe/Berlin");
        assert_eq!(data["shortcuts"], json!({ "chords": true, "single_keys": false }));
        assert_eq!(app.as_("ada").get(&path).data(), data);
        assert_eq!(app.as_("bob").get(&path).data()["theme"], "system");
        for (name, value) in [
            ("colour", json!("red")),
            ("gid", json!("202")),
            ("theme", json!("pink")),
            ("language", json!("de_DE; x")),
            ("time_zone", json!("Mars/Olympus")),
            ("shortcuts", json!({ "vim": true })),
            ("shortcuts", json!(true)),
        ] {
            let reply = app.as_("ada").put(&path, json!({ name: value }));
            assert!(reply.error(400).starts_with(name), "{name}: {}", reply.text());
        }
        app.events();
        app.as_("ada").put(&path, json!({ "theme": "dark", "time_zone": null })).data();
        assert_eq!(app.events(), ["preferences 201 changed time_zone by ada"]);
    });
}

#[test]
fn everybody_writes_his_own_profile_only() {
    on_both(|app| {
        assert_eq!(
            app.as_("ada").put(&at("/profile"), json!({ "name": "Ada L." })).data()["name"],
            "Ada L."
        );
        assert_eq!(app.events(), ["user 201 changed name by ada"]);
        assert_eq!(app.as_("ada").put("/users/me", json!({ "name": "Ada" })).data()["name"], "Ada");
        let path = format!("/workspaces/{ACME}/users/me");
        assert_eq!(app.as_("ada").put(&path, json!({ "name": "A." })).data()["name"], "A.");
        assert_eq!(app.as_("ada").get(&path).data()["name"], "A.");
        app.as_("ada").get(&format!("/workspaces/{ACME}/users/205")).error(404);

        app.as_("ada").put("/users/202", json!({ "name": "Robert" })).error(403);
        app.as_("sam").put("/users/202", json!({ "name": "Robert" })).error(403);
        app.as_("ada").put(&at("/profile"), json!({ "name": " " })).error(400);
        app.as_("ada").put(&at("/profile"), json!({ "email": "boss@acme.example" })).error(400);
    });
}
