//! Attachments: files streamed in and out, and links.

use crate::kit::{App, Client, Reply, on_both};
use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

const KIND: (&str, &str) = ("content-type", "multipart/form-data; boundary=xXx");

/// A form of these parts: name, what is behind it in the header, content.
fn form(parts: &[(&str, &str, &str)]) -> String {
    let mut text = String::new();
    for (name, more, content) in parts {
        text.push_str(&format!(
            "--xXx\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{content}\r\n"
        ));
    }
    text + "--xXx--\r\n"
}

fn upload(client: Client<'_>, parts: &[(&str, &str, &str)]) -> Reply {
    client.request(Method::POST, "/attachments", &[KIND], form(parts))
}

/// Asks for an address of an answer.
fn fetch(client: Client<'_>, address: &str, headers: &[(&str, &str)]) -> Reply {
    let path = address.strip_prefix("http://localhost").unwrap();
    let mut builder = Request::builder().uri(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    client.send(builder.body(Body::empty()).unwrap())
}

fn rows(app: &App) -> i64 {
    let found = app.sql("SELECT count(*) FROM attachments AS a", &[], |row| row.get::<i64>(0));
    found.first().copied().unwrap()
}

#[test]
fn a_file_comes_back_as_it_was() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        app.events();
        app.tick(1_000);

        let file = ("file", "; filename=\"%C3%BCber.txt\"", "Hello, bytes");
        let reply = upload(app.as_("ada"), &[("parent", "", &task), file]);

        assert_eq!(reply.status, 200, "{}", reply.text());
        let data = reply.data();
        let gid = reply.gid();
        assert_eq!(data["name"], "über.txt");
        assert_eq!(data["size"], 12);
        assert_eq!(data["host"], "asana");
        assert_eq!(data["resource_subtype"], "asana");
        assert_eq!(data["parent"]["gid"], task.as_str());
        assert_eq!(data["parent"]["resource_type"], "task");
        assert_eq!(data["connected_to_app"], false);
        let events = app.events();
        assert!(
            events.contains(&format!("attachment {gid} added to task {task} by ada")),
            "{events:?}"
        );
        let stories = app.as_("ada").get(&format!("/tasks/{task}/stories"));
        assert!(stories.column("text").contains(&"attached über.txt".to_owned()));
        let at = app.as_("ada").get(&format!("/tasks/{task}")).data()["modified_at"].clone();
        assert_eq!(at, "2026-01-01T00:00:01.000Z");

        let address = data["download_url"].as_str().unwrap();
        let bytes = fetch(app.anonymous(), address, &[]);
        assert_eq!((bytes.status, bytes.text().as_str()), (200, "Hello, bytes"));
        assert_eq!(bytes.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(bytes.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(bytes.header("content-security-policy"), Some("sandbox; default-src 'none'"));
        assert_eq!(
            bytes.header("content-disposition"),
            Some("attachment; filename=\"_ber.txt\"; filename*=UTF-8''%C3%BCber.txt")
        );
        let part = fetch(app.anonymous(), address, &[("range", "bytes=7-11")]);
        assert_eq!((part.status, part.text().as_str()), (206, "bytes"));
        assert_eq!(part.header("content-range"), Some("bytes 7-11/12"));
        let permanent = data["permanent_url"].as_str().unwrap();
        let led = fetch(app.as_("ada"), permanent, &[]);
        assert_eq!(led.status, 303);
        assert_eq!(fetch(app.anonymous(), led.header("location").unwrap(), &[]).status, 200);
        assert_eq!(fetch(app.anonymous(), permanent, &[]).status, 401);
        assert_eq!(fetch(app.as_("bob"), permanent, &[]).status, 403);
    });
}

#[test]
fn a_download_address_is_good_for_two_minutes_and_one_file() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let reply =
            upload(app.as_("ada"), &[("parent", "", &task), ("file", "; filename=\"a\"", "x")]);
        let address = reply.data()["download_url"].as_str().unwrap().to_owned();
        let other = address.replace(&format!("/{}?", reply.gid()), "/1?");

        assert_eq!(fetch(app.anonymous(), &other, &[]).status, 403);
        assert_eq!(
            fetch(app.anonymous(), &address.replace("expires=1", "expires=2"), &[]).status,
            403
        );
        app.tick(120_000);
        assert_eq!(fetch(app.anonymous(), &address, &[]).status, 200);
        app.tick(1);
        let late = fetch(app.anonymous(), &address, &[]);
        assert_eq!(late.error(403), "The link has expired or its signature is wrong");
    });
}

#[test]
fn parts_come_in_any_order() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "P" }));
        let file = ("file", "; filename=\"../a.png\"\r\nContent-Type: image/png", "\u{89}PNG");

        let reply =
            upload(app.as_("ada"), &[file, ("name", "", "b.png"), ("parent", "", &project)]);

        assert_eq!(reply.data()["name"], "b.png");
        assert_eq!(reply.data()["parent"]["resource_type"], "project");
        let list = app.as_("ada").get(&format!("/attachments?parent={project}"));
        assert_eq!(list.gids(), [reply.gid()]);
        let bytes = fetch(app.anonymous(), reply.data()["download_url"].as_str().unwrap(), &[]);
        assert_eq!(bytes.header("content-type"), Some("image/png"));
        let svg = ("file", "; filename=\"a.svg\"\r\nContent-Type: image/svg+xml", "<svg/>");
        let reply = upload(app.as_("ada"), &[("parent", "", &project), svg]);
        let bytes = fetch(app.anonymous(), reply.data()["download_url"].as_str().unwrap(), &[]);
        assert_eq!(bytes.header("content-type"), Some("application/octet-stream"));
    });
}

#[test]
fn nothing_is_left_of_an_upload_that_failed() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let file = ("file", "; filename=\"a\"", "x");

        assert_eq!(upload(app.as_("bob"), &[("parent", "", &task), file]).status, 403);
        assert_eq!(upload(app.as_("bob"), &[file, ("parent", "", &task)]).status, 403);
        assert_eq!(upload(app.as_("ada"), &[file]).error(400), "parent: Missing input");
        assert_eq!(
            upload(app.as_("ada"), &[("parent", "", "7"), file]).error(400),
            "parent: Unknown object: 7"
        );
        assert_eq!(
            upload(app.as_("ada"), &[("parent", "", &task)]).error(400),
            "file: Missing input"
        );
        assert_eq!(upload(app.as_("nobody"), &[file, ("parent", "", &task)]).status, 401);
        let whole = form(&[("parent", "", &task), file]);
        let cut = whole.trim_end_matches("\r\n--xXx--\r\n").to_owned();
        let cut = app.as_("ada").request(Method::POST, "/attachments", &[KIND], cut);
        assert_eq!(cut.error(400), "The multipart body is malformed or was cut off");
        assert_eq!(rows(app), 0);
        assert!(app.as_("ada").get(&format!("/attachments?parent={task}")).gids().is_empty());
    });
}

#[test]
fn a_file_of_more_than_100_mb_is_refused() {
    let app = App::sqlite();
    let task = app.has("task", json!({}));
    let chunk = bytes::Bytes::from(vec![b'x'; 1024 * 1024]);
    let begin = format!(
        "--xXx\r\nContent-Disposition: form-data; name=\"parent\"\r\n\r\n{task}\r\n--xXx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big\"\r\n\r\n"
    );
    let stream = |count: usize| {
        let end = bytes::Bytes::from_static(b"\r\n--xXx--\r\n");
        let all = std::iter::once(bytes::Bytes::from(begin.clone()))
            .chain(std::iter::repeat_n(chunk.clone(), count))
            .chain(std::iter::once(end));
        Body::from_stream(futures_util::stream::iter(all.map(Ok::<_, std::io::Error>)))
    };

    let fits = app.as_("ada").request(Method::POST, "/attachments", &[KIND], stream(100));
    assert_eq!(fits.data()["size"], 100 * 1024 * 1024);
    let large = app.as_("ada").request(Method::POST, "/attachments", &[KIND], stream(101));

    assert_eq!(large.error(413), "The file is larger than 100 MB");
    assert_eq!(rows(&app), 1);
}

#[test]
fn links_come_as_json_or_form() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let link = |url: &str| json!({ "parent": task, "resource_subtype": "external", "name": "Site", "url": url });

        let data = app.as_("ada").post("/attachments", link("https://a.example/x?y")).data();
        assert_eq!(data["view_url"], "https://a.example/x?y");
        assert_eq!(data["host"], "external");
        assert_eq!(data["download_url"], json!(null));
        assert!(data.get("size").is_none());
        let bad = app.as_("ada").post("/attachments", link("javascript:alert(1)"));
        assert_eq!(bad.error(400), "url: Must be an http or https address");
        let fields = [
            ("resource_subtype", "", "external"),
            ("name", "", "Site"),
            ("url", "", "http://b.example"),
            ("parent", "", task.as_str()),
        ];
        assert_eq!(upload(app.as_("ada"), &fields).status, 200);
        let reply = app.as_("ada").form(
            Method::POST,
            &format!("/tasks/{task}/attachments"),
            "resource_subtype=external&name=Site&url=http%3A%2F%2Fc.example",
        );
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(app.as_("ada").get(&format!("/attachments?parent={task}")).gids().len(), 3);
    });
}

#[test]
fn a_deleted_attachment_is_gone_and_its_story_stays() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "public_to_workspace" }));
        let task = app.has("task", json!({ "projects": [project] }));
        let reply =
            upload(app.as_("ada"), &[("parent", "", &task), ("file", "; filename=\"a\"", "x")]);
        let gid = reply.gid();
        let address = reply.data()["download_url"].as_str().unwrap().to_owned();
        app.events();

        assert_eq!(app.as_("eve").delete(&format!("/attachments/{gid}")).status, 403);
        assert_eq!(app.as_("ada").delete(&format!("/attachments/{gid}")).data(), json!({}));

        assert!(app.events().contains(&format!("attachment {gid} deleted by ada")));
        assert_eq!(fetch(app.anonymous(), &address, &[]).status, 404);
        assert_eq!(app.as_("ada").get(&format!("/attachments/{gid}")).status, 404);
        let stories = app.as_("ada").get(&format!("/tasks/{task}/stories"));
        assert!(stories.column("resource_subtype").contains(&"attachment_added".to_owned()));
    });
}

#[test]
fn the_sweep_removes_what_nobody_reaches() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let file = ("file", "; filename=\"a\"", "x");
        let kept = upload(app.as_("ada"), &[("parent", "", &task), file]);
        let deleted = upload(app.as_("ada"), &[("parent", "", &task), file]).gid();
        app.as_("ada").delete(&format!("/attachments/{deleted}")).data();
        let pending = "INSERT INTO attachments (gid, workspace, parent, name, resource_subtype, host, storage_key, state, created_at) VALUES (7, 101, 0, '', 'asana', 'asana', 'abcd', 'pending', ?)";
        app.write(pending, &[&model::Timestamp::parse("2026-01-01T00:00:00Z").unwrap()]);
        let sweep = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(server::http::attachments::sweep(&app.server)).unwrap();
        };
        assert_eq!(rows(app), 3);

        sweep();
        assert_eq!(rows(app), 2, "an upload may still be under way");
        app.tick(60 * 60 * 1_000 + 1);
        sweep();

        assert_eq!(rows(app), 1);
        let again = app.as_("ada").get(&format!("/attachments/{}", kept.gid()));
        let address = again.data()["download_url"].as_str().unwrap().to_owned();
        assert_eq!(fetch(app.anonymous(), &address, &[]).text(), "x");
    });
}
