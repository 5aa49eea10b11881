//! The change stream, over a real socket: what is told, to whom, and how a client goes on where it was.

use crate::contract::scene::{insert, task};
use crate::kit::{ACME, ADA, App, BOB, Reply, on_both};
use axum::http::Method;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use store::params;
use tokio::net::TcpStream as Socket;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server of a test, listening.
struct Live<'a> {
    app: &'a App,
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    done: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
}

impl<'a> Live<'a> {
    fn start(app: &'a App) -> Live<'a> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (tell, done) = std::sync::mpsc::channel();
        let server = Arc::clone(&app.server);
        runtime.spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            server::http::serve(server, listener, stopped).await.unwrap();
            let _ = tell.send(());
        });
        Live { app, runtime, address, stop: Some(stop), done: done.into() }
    }

    /// Opens a WebSocket with these headers.
    fn open(&self, headers: &[(&'static str, &str)]) -> Result<Watcher<'_>, u16> {
        let url = format!("ws://{}/api/vinyasa/1/stream", self.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match self.runtime.block_on(tokio_tungstenite::connect_async(request)) {
            Ok((socket, _)) => Ok(Watcher { live: self, socket }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A user of the world who watches, and the number that he was greeted with.
    fn watch(&self, user: &str, topics: &[&str]) -> (Watcher<'_>, i64) {
        let mut watcher = self.open(&[("authorization", &format!("Bearer {user}"))]).unwrap();
        let hello = watcher.next();
        assert_eq!(hello["type"], "hello");
        for topic in topics {
            watcher.say(json!({ "type": "subscribe", "topic": topic, "snapshot": false }));
        }
        watcher.settle();
        (watcher, hello["seq"].as_i64().unwrap())
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        // The readers give their leases back before the next test has the database.
        let _ = self.done.lock().unwrap().recv_timeout(PATIENCE);
    }
}

/// One client.
struct Watcher<'a> {
    live: &'a Live<'a>,
    socket: WebSocketStream<MaybeTlsStream<Socket>>,
}

impl Watcher<'_> {
    fn say(&mut self, message: Value) {
        let text = Message::text(message.to_string());
        self.live.runtime.block_on(self.socket.send(text)).unwrap();
    }

    /// The next frame, `None` at the end.
    fn hear(&mut self) -> Option<Value> {
        loop {
            let socket = &mut self.socket;
            let next = async { tokio::time::timeout(PATIENCE, socket.next()).await };
            match self.live.runtime.block_on(next).expect("no frame came in time") {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(text.as_str()).unwrap();
                    if frame["type"] != "ping" {
                        return Some(frame);
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    fn next(&mut self) -> Value {
        self.hear().expect("the stream ended")
    }

    /// Waits until everything that was asked is done: messages are answered in their order.
    fn settle(&mut self) {
        self.say(json!({ "type": "subscribe", "topic": "nonsense" }));
        loop {
            let frame = self.next();
            if frame["type"] == "error" {
                return;
            }
            assert_eq!(frame["type"], "presence", "{frame}");
        }
    }

    /// All frames up to the one about the change of the actor's own preferences that is made now: everything that happened
    /// before was told before.
    fn drain(&mut self, user: &str) -> Vec<Value> {
        let theme = |theme: &str| {
            self.live
                .app
                .as_(user)
                .put("/api/vinyasa/1/preferences", json!({ "theme": theme }))
                .data();
        };
        theme("dark");
        theme("light");
        let mut all = Vec::new();
        let mut left = 2;
        loop {
            let frame = self.next();
            if frame["resource_type"] == "preferences" {
                left -= 1;
                if left == 0 {
                    return all;
                }
            } else {
                all.push(frame);
            }
        }
    }
}

/// The frames of a type.
fn of_type<'f>(frames: &'f [Value], kind: &str) -> Vec<&'f Value> {
    frames.iter().filter(|frame| frame["type"] == kind).collect()
}

/// A project that ada shares with bob.
fn shared(app: &App) -> String {
    let project = app.has("project", json!({ "name": "Shared", "privacy_setting": "private" }));
    let path = format!("/projects/{project}/addMembers");
    app.as_("ada").post(&path, json!({ "members": BOB })).data();
    project
}

fn request_id(reply: &Reply) -> String {
    reply.header("x-request-id").unwrap().to_owned()
}

#[test]
fn two_clients_see_each_others_changes() {
    on_both(|app| {
        let project = shared(app);
        let first = app.as_("ada").get(&format!("/projects/{project}/sections")).gids().remove(0);
        let live = Live::start(app);
        let topic = format!("project:{project}");
        let (mut ada, _) = live.watch("ada", &[&topic, "user"]);
        let (mut bob, _) = live.watch("bob", &[&topic, "user"]);

        let one = app.has("task", json!({ "name": "One", "projects": [project] }));
        let frames = bob.drain("bob");

        let added: Vec<_> = of_type(&frames, "change");
        assert!(
            added
                .iter()
                .all(|frame| frame["resource_type"] != "task" || frame["gid"] == one.as_str())
        );
        let task = added
            .iter()
            .find(|frame| frame["action"] == "added" && frame["gid"] == one.as_str())
            .unwrap();
        assert_eq!(task["record"]["name"], "One");
        assert_eq!(task["record"]["memberships"][0]["section"]["gid"], first);
        assert_eq!(task["user"], ADA);
        let order = of_type(&frames, "order");
        assert_eq!(order.len(), 1);
        assert_eq!(
            [&order[0]["parent"], &order[0]["section"], &order[0]["gid"], &order[0]["after"]],
            [&json!(project), &json!(first), &json!(one), &Value::Null]
        );
        ada.drain("ada");

        let reply = app
            .as_("bob")
            .put(&format!("/tasks/{one}"), json!({ "name": "Uno", "due_on": "2026-02-01" }));
        let frames = ada.drain("ada");
        let changed =
            frames.iter().find(|frame| frame["fields"] == json!(["name", "due_on"])).unwrap();
        assert_eq!(changed["action"], "changed");
        assert_eq!(changed["record"]["name"], "Uno");
        assert_eq!(changed["record"]["due_on"], "2026-02-01");
        assert_eq!(changed["request_id"], request_id(&reply));
        assert_eq!(changed["user"], BOB);

        // Order, within a section and between sections.
        let two = app.has("task", json!({ "name": "Two", "projects": [project] }));
        let body = json!({ "project": project, "insert_after": one });
        app.as_("bob").post(&format!("/tasks/{two}/addProject"), body).data();
        let frames = ada.drain("ada");
        let moved = of_type(&frames, "order").pop().unwrap();
        assert_eq!([&moved["gid"], &moved["after"]], [&json!(two), &json!(one)]);
        let later = app.has("section", json!({ "project": project, "name": "Later" }));
        app.as_("bob").post(&format!("/sections/{later}/addTask"), json!({ "task": one })).data();
        let frames = ada.drain("ada");
        let orders = of_type(&frames, "order");
        assert!(
            orders.iter().any(|frame| frame["gid"] == later.as_str()
                && frame["parent"] == project.as_str()
                && frame["after"] == first.as_str()),
            "{orders:?}"
        );
        assert!(
            orders
                .iter()
                .any(|frame| frame["gid"] == one.as_str() && frame["section"] == later.as_str()),
            "{orders:?}"
        );
        // A comment, and a deletion.
        app.has("story", json!({ "task": one, "text": "Hello" }));
        app.as_("bob").delete(&format!("/tasks/{two}")).data();
        let frames = ada.drain("ada");
        let gone = frames.iter().find(|frame| frame["action"] == "deleted").unwrap();
        assert_eq!([&gone["gid"], &gone["record"]], [&json!(two), &Value::Null]);
        drop(ada);
        drop(bob);
    });
}

#[test]
fn a_task_has_a_topic_of_its_own_with_those_who_look_at_it() {
    on_both(|app| {
        let project = shared(app);
        let task = app.has("task", json!({ "name": "One", "projects": [project] }));
        let live = Live::start(app);
        let topic = format!("task:{task}");
        let (mut ada, _) = live.watch("ada", &[&topic]);
        let (mut bob, _) = live.watch("bob", &[&topic]);

        let presence = ada.next();
        assert_eq!(presence, json!({ "type": "presence", "topic": topic, "users": [ADA, BOB] }));
        let story = app.make("bob", "story", json!({ "task": task, "text": "Hello" }));
        let mut frame = ada.next();
        while frame["resource_type"] != "story" {
            frame = ada.next();
        }
        assert_eq!(frame["gid"], story);
        assert_eq!(frame["parent"]["gid"], task);
        assert_eq!(frame["record"]["text"], "Hello");
        app.as_("bob").put(&format!("/tasks/{task}"), json!({ "notes": "All of it" })).data();
        let mut frame = ada.next();
        while frame["fields"] != json!(["notes"]) {
            frame = ada.next();
        }
        assert_eq!(frame["record"]["notes"], "All of it");
        bob.say(json!({ "type": "unsubscribe", "topic": topic }));
        let mut frame = ada.next();
        while frame["type"] != "presence" {
            frame = ada.next();
        }
        assert_eq!(frame["users"], json!([ADA]));
        drop(bob);
    });
}

#[test]
fn what_concerns_a_user_comes_under_his_own_topic() {
    on_both(|app| {
        let live = Live::start(app);
        let (mut bob, _) = live.watch("bob", &["user"]);

        let task = app.has("task", json!({ "name": "Yours", "assignee": BOB }));
        let frames = bob.drain("bob");

        assert!(
            frames
                .iter()
                .any(|frame| frame["gid"] == task.as_str() && frame["record"]["name"] == "Yours"),
            "{frames:?}"
        );
        let hers = app.has("task", json!({ "name": "Mine", "assignee": ADA }));
        let frames = bob.drain("bob");
        assert!(!json!(frames).to_string().contains(&hers), "{frames:?}");
    });
}

#[test]
fn nothing_hidden_is_told_before_or_after() {
    on_both(|app| {
        let project = shared(app);
        let secret = app.has("project", json!({ "name": "Secret", "privacy_setting": "private" }));
        let task = app.has("task", json!({ "name": "Open", "projects": [project] }));
        let live = Live::start(app);
        let workspace = format!("workspace:{ACME}");
        let (hidden, topic) = (format!("project:{secret}"), format!("project:{project}"));
        let (mut bob, _) =
            live.watch("bob", &[&topic, "user", &workspace, &format!("task:{task}")]);
        let (mut eve, _) = live.watch("eve", &["user", &workspace]);
        let (mut mallory, _) = live.watch("mallory", &["user"]);
        for watcher in [&mut bob, &mut eve] {
            watcher.say(json!({ "type": "subscribe", "topic": hidden }));
            let mut frame = watcher.next();
            while frame["type"] == "presence" {
                frame = watcher.next();
            }
            assert_eq!(frame, json!({ "type": "reset", "topic": hidden }));
        }
        for topic in [&topic, &workspace, &hidden] {
            mallory.say(json!({ "type": "subscribe", "topic": topic }));
            assert_eq!(mallory.next(), json!({ "type": "reset", "topic": topic }));
        }

        let inside = app.has("task", json!({ "name": "Plot", "projects": [secret] }));
        let section = app.has("section", json!({ "project": secret, "name": "Traps" }));
        app.as_("ada")
            .post(
                &format!("/tasks/{task}/addProject"),
                json!({ "project": secret, "section": section }),
            )
            .data();
        app.as_("ada").put(&format!("/projects/{secret}"), json!({ "name": "Secret 2" })).data();
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "Open 2" })).data();

        let seen = json!(bob.drain("bob")).to_string();
        assert!(seen.contains("Open 2"), "{seen}");
        for hidden in [&secret, &inside, &section, "Plot", "Secret", "Traps"] {
            assert!(!seen.contains(hidden), "{hidden}: {seen}");
        }
        for (watcher, user) in [(&mut eve, "eve"), (&mut mallory, "mallory")] {
            let frames = watcher.drain(user);
            assert!(frames.is_empty(), "{user}: {frames:?}");
        }

        // The task leaves the shared project: bob hears that it is gone, and nothing about it any more.
        app.as_("ada")
            .post(&format!("/tasks/{task}/removeProject"), json!({ "project": project }))
            .data();
        let frames = bob.drain("bob");
        assert!(
            frames.iter().any(|frame| frame["action"] == "removed"
                && frame["gid"] == task.as_str()
                && frame["record"].is_null()),
            "{frames:?}"
        );
        assert!(
            frames.contains(&json!({ "type": "reset", "topic": format!("task:{task}") })),
            "{frames:?}"
        );
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "name": "Closed" })).data();
        assert_eq!(bob.drain("bob"), Vec::<Value>::new());
        // He loses the project.
        app.as_("ada")
            .post(&format!("/projects/{project}/removeMembers"), json!({ "members": BOB }))
            .data();
        let after = app.has("task", json!({ "name": "Without bob", "projects": [project] }));
        let frames = bob.drain("bob");
        assert!(frames.contains(&json!({ "type": "reset", "topic": topic })), "{frames:?}");
        assert!(!json!(frames).to_string().contains(&after), "{frames:?}");
    });
}

#[test]
fn a_stream_ends_with_what_it_was_opened_with() {
    on_both(|app| {
        let token = app.as_("ada").post("/api/vinyasa/1/tokens", json!({ "name": "stream" }));
        let (gid, text) = (token.gid(), token.data()["token"].as_str().unwrap().to_owned());
        let live = Live::start(app);
        let (mut ada, _) = live.watch(&text, &["user"]);
        let (mut bob, _) = live.watch("bob", &["user"]);

        app.as_("ada").delete(&format!("/api/vinyasa/1/tokens/{gid}")).data();
        app.as_("ada").put("/api/vinyasa/1/preferences", json!({ "theme": "dark" })).data();

        assert_eq!(ada.hear(), None);
        // Without anything happening, too.
        app.write("UPDATE tokens SET revoked_at = 1 WHERE \"user\" = 202", &[]);
        assert_eq!(bob.hear(), None);
        assert_eq!(live.open(&[("authorization", &format!("Bearer {text}"))]).err(), Some(401));
        assert_eq!(live.open(&[]).err(), Some(401));
    });
}

#[test]
fn pages_of_other_sites_cannot_listen() {
    let app = App::sqlite();
    app.write(
        "INSERT INTO sessions (gid, \"user\", hash, user_agent, created_at, last_used_at, expires_at) VALUES (9, 201, ?, '', 0, 0, 9000000000000)",
        &[&server::auth::hash("secret")],
    );
    let live = Live::start(&app);
    let cookie = ("cookie", "vinyasa_session=secret");
    let own = format!("http://{}", live.address);

    assert_eq!(live.open(&[cookie, ("origin", "https://evil.example")]).err(), Some(403));
    assert_eq!(live.open(&[cookie, ("origin", "null")]).err(), Some(403));
    let mut ada = live.open(&[cookie, ("origin", &own)]).unwrap();
    assert_eq!(ada.next()["type"], "hello");
    app.write("DELETE FROM sessions", &[]);
    assert_eq!(ada.hear(), None);
}

/// Watches while somebody writes, hanging up every few frames; gives the tasks that it was told of.
fn interrupted(live: &Live<'_>, topic: &str, expected: usize) -> BTreeSet<String> {
    let (mut watcher, mut seq) = live.watch("bob", &[topic]);
    let mut found = BTreeSet::new();
    let mut frames = 0;
    while found.len() < expected {
        if frames == 7 {
            frames = 0;
            watcher = live.open(&[("authorization", "Bearer bob")]).unwrap();
            assert_eq!(watcher.next()["type"], "hello");
            watcher.say(json!({ "type": "subscribe", "topic": topic, "since": seq }));
        }
        let frame = watcher.next();
        frames += 1;
        assert_ne!(frame["type"], "reset", "{frame}");
        seq = seq.max(frame["seq"].as_i64().unwrap_or(0));
        if frame["resource_type"] == "task" && frame["action"] == "added" {
            found.insert(frame["gid"].as_str().unwrap().to_owned());
        }
    }
    found
}

#[test]
fn who_comes_back_has_missed_nothing() {
    on_both(|app| {
        let project = shared(app);
        app.has("task", json!({ "name": "First", "projects": [project] }));
        app.settle();
        let live = Live::start(app);
        let topic = format!("project:{project}");

        let made = std::sync::Mutex::new(BTreeSet::new());
        let found = std::thread::scope(|scope| {
            let reading = scope.spawn(|| interrupted(&live, &topic, 60));
            // Let it greet first: what was made before is not told.
            while app.server.stream.is_empty() {
                std::thread::yield_now();
            }
            let mut probe = live.watch("ada", &["user"]).0;
            probe.settle();
            for number in 0..80 {
                let task = app.has(
                    "task",
                    json!({ "name": format!("Task {number}"), "projects": [project] }),
                );
                made.lock().unwrap().insert(task);
                if reading.is_finished() {
                    break;
                }
            }
            reading.join().unwrap()
        });

        // In their order, and none left out.
        let made = made.into_inner().unwrap();
        let from = found.iter().next().unwrap().clone();
        let missed: Vec<_> = made
            .iter()
            .filter(|task| **task >= from)
            .take(60)
            .filter(|task| !found.contains(*task))
            .collect();
        assert!(missed.is_empty(), "{missed:?}");

        // What is not in the log any more, or never was, is to be read anew.
        let (mut bob, seq) = live.watch("bob", &[]);
        for since in [1, seq + 1_000_000] {
            bob.say(json!({ "type": "subscribe", "topic": topic, "since": since }));
            assert_eq!(bob.next(), json!({ "type": "reset", "topic": topic }));
        }
        bob.say(json!({ "type": "subscribe", "topic": topic, "since": seq, "epoch": 1 }));
        assert_eq!(bob.next(), json!({ "type": "reset", "topic": topic }));
        // It is watched all the same.
        let task = app.has("task", json!({ "name": "Last", "projects": [project] }));
        while bob.next()["gid"] != task.as_str() {}
    });
}

#[test]
fn a_whole_project_comes_in_chunks() {
    on_both(|app| {
        let project = shared(app);
        let section = app.as_("ada").get(&format!("/projects/{project}/sections")).gids().remove(0);
        let (home, list): (i64, i64) = (project.parse().unwrap(), section.parse().unwrap());
        app.transaction(move |tx| {
            for number in 0..1_203 {
                task(tx, 500_000 + number, None, 201)?;
                insert(
                    tx,
                    "task_projects",
                    "task, project, workspace, section, position, added_at",
                    params![500_000 + number, home, 101, list, format!("b{number:05}"), 0],
                )?;
            }
            Ok(())
        });
        app.as_("ada")
            .put("/tasks/500000", json!({ "assignee": BOB, "due_on": "2026-03-01" }))
            .data();
        let live = Live::start(app);
        let mut bob = live.open(&[("authorization", "Bearer bob")]).unwrap();
        bob.next();

        let topic = format!("project:{project}");
        bob.say(json!({ "type": "subscribe", "topic": topic }));
        let chunks: Vec<Value> = (0..3).map(|_| bob.next()).collect();

        let sizes: Vec<usize> =
            chunks.iter().map(|chunk| chunk["rows"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [500, 500, 203]);
        let done: Vec<&Value> = chunks.iter().map(|chunk| &chunk["done"]).collect();
        assert_eq!(done, [&json!(false), &json!(false), &json!(true)]);
        let gids: Vec<&str> = chunks
            .iter()
            .flat_map(|chunk| chunk["rows"].as_array().unwrap())
            .map(|row| row["gid"].as_str().unwrap())
            .collect();
        assert!(gids.windows(2).all(|pair| pair[0] < pair[1]));
        let first = &chunks[0]["rows"][0];
        assert_eq!(first["name"], "Task 500000");
        assert_eq!(first["assignee"], json!({ "gid": BOB, "name": "Bob" }));
        assert_eq!([&first["section"], &first["position"]], [&json!(section), &json!("b00000")]);
        let bare = json!({ "gid": "500001", "resource_type": "task", "resource_subtype": "default_task", "name": "Task 500001", "modified_at": "2026-01-01T00:00:00.000Z", "section": section, "position": "b00001" });
        assert_eq!(chunks[0]["rows"][1], bare);
        bob.say(json!({ "type": "snapshot", "topic": topic }));
        assert_eq!(bob.next()["type"], "snapshot");
    });
}

/// The next event of server-sent events: its id and its frame.
fn event(lines: &mut impl Iterator<Item = String>) -> (Option<String>, Value) {
    let mut id = None;
    loop {
        let line = lines.next().expect("the stream ended");
        if let Some(value) = line.strip_prefix("id: ") {
            id = Some(value.to_owned());
        }
        if let Some(data) = line.strip_prefix("data: ") {
            return (id, serde_json::from_str(data).unwrap());
        }
    }
}

#[test]
fn server_sent_events_tell_the_same() {
    on_both(|app| {
        let project = shared(app);
        app.settle();
        let live = Live::start(app);
        let open = |headers: &str| {
            let mut stream = TcpStream::connect(live.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let request = format!(
                "GET /api/vinyasa/1/stream?topics=user,project:{project} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer bob\r\n{headers}\r\n"
            );
            stream.write_all(request.as_bytes()).unwrap();
            BufReader::new(stream).lines().map(Result::unwrap)
        };
        let mut lines = open("");
        assert!(lines.any(|line| line == "content-type: text/event-stream"));
        let (id, hello) = event(&mut lines);
        assert_eq!(hello["type"], "hello");
        assert_eq!(event(&mut lines).1["type"], "snapshot");

        let task = app.has("task", json!({ "name": "One", "projects": [project] }));
        while event(&mut lines).1["gid"] != task.as_str() {}
        drop(lines);

        // A browser that comes back says by itself where it was.
        let mut lines = open(&format!("Last-Event-ID: {}\r\n", id.unwrap()));
        assert_eq!(event(&mut lines).1["type"], "hello");
        loop {
            let (_, frame) = event(&mut lines);
            assert!(matches!(frame["type"].as_str(), Some("change" | "order")), "{frame}");
            if frame["gid"] == task.as_str() {
                break;
            }
        }
        let refused = app.as_("bob").request(Method::GET, "/api/vinyasa/1/stream", &[], "");
        assert_eq!(refused.error(400), "topics: Missing input");
        app.anonymous().get("/api/vinyasa/1/stream?topics=user").error(401);
    });
}
