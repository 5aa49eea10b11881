//! Mail, against a mail server that speaks SMTP: what arrives, what does not, and what is tried again.

use crate::kit::{ACME, ADA, App, BOB, on_both_with};
use serde_json::json;
use server::Settings;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

const HOUR: i64 = 60 * 60 * 1_000;

/// A mail server that takes everything, and what it took.
struct Server {
    port: u16,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken: Arc<Mutex<Vec<String>>> = Arc::default();
        let store = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut out = stream.try_clone().unwrap();
                let store = Arc::clone(&store);
                std::thread::spawn(move || {
                    let mut say =
                        |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).is_ok();
                    say("220 test");
                    let mut letter: Option<String> = None;
                    for line in BufReader::new(stream).lines().map_while(Result::ok) {
                        if let Some(text) = &mut letter {
                            if line == "." {
                                store.lock().unwrap().push(std::mem::take(text));
                                letter = None;
                                say("250 ok");
                            } else {
                                text.push_str(&line);
                                text.push('\n');
                            }
                        } else if line == "DATA" {
                            letter = Some(String::new());
                            say("354 go on");
                        } else if line == "QUIT" {
                            say("221 bye");
                            return;
                        } else {
                            say("250 ok");
                        }
                    }
                });
            }
        });
        Server { port, taken }
    }

    fn settings(&self) -> Settings {
        settings(self.port)
    }

    /// What arrived since the last call, with the lines of its parts put together again.
    fn letters(&self) -> Vec<String> {
        let letters = std::mem::take(&mut *self.taken.lock().unwrap());
        letters.iter().map(|text| text.replace("=\n", "").replace("=3D", "=")).collect()
    }
}

fn settings(port: u16) -> Settings {
    Settings {
        smtp_url: Some(format!("smtp://127.0.0.1:{port}")),
        mail_from: Some("Vinyasa <no-reply@acme.example>".to_owned()),
        mail_reply_domain: Some("reply.acme.example".to_owned()),
        public_url: Some("https://work.acme.example".to_owned()),
        ..Settings::default()
    }
}

fn send(app: &App) -> usize {
    app.settle();
    app.read_log("notifications");
    app.block_on(server::mail::outbox::send_due(&app.server)).unwrap()
}

fn waiting(app: &App) -> i64 {
    app.sql("SELECT count(*) FROM mail_outbox AS o", &[], |row| row.get(0))[0]
}

const PREFERENCES: &str = "/api/vinyasa/1/notification_preferences";

#[test]
fn invitations_and_notifications_arrive_in_both_parts() {
    let server = Server::start();
    on_both_with(&server.settings(), |app| {
        let invite = json!({ "email": "new@acme.example", "role": "member" });
        let path = format!("/api/vinyasa/1/workspaces/{ACME}/invitations");
        let invited = app.as_("ada").post(&path, invite).data();
        assert_eq!(invited[0]["link"], json!(null), "the link is for who is invited");
        assert_eq!(send(app), 1);
        let letter = server.letters().pop().unwrap();
        for part in [
            "To: new@acme.example",
            "From: Vinyasa <no-reply@acme.example>",
            "Content-Type: text/plain",
            "Content-Type: text/html",
            "https://work.acme.example/invite/",
        ] {
            assert!(letter.contains(part), "{part}: {letter}");
        }

        let name = "Cut <b>&</b>\r\nBcc: eve@acme.example";
        let task = app.has("task", json!({ "name": name, "assignee": BOB }));
        let html = format!("<body><a data-asana-gid=\"{BOB}\"/> 1 &lt; 2</body>");
        app.has("story", json!({ "task": task, "html_text": html }));
        assert_eq!(send(app), 2);
        let letters = server.letters();
        let assigned = &letters[0];
        assert!(!assigned.contains("\nBcc:"), "{assigned}");
        assert!(assigned.contains(&format!("Reply-To: r-{BOB}-{task}-")), "{assigned}");
        assert!(assigned.contains(
            "List-Unsubscribe: <https://work.acme.example/1/101/settings/notifications>"
        ));
        assert!(assigned.contains("Cut &lt;b&gt;&amp;&lt;/b&gt;"), "{assigned}");
        assert!(!assigned.split("text/html").nth(1).unwrap().contains("<b>&</b>"));
        assert!(letters[1].contains("mentioned you in") && letters[1].contains("1 &lt; 2"));
        assert_eq!((send(app), waiting(app)), (0, 0));
    });
}

#[test]
fn what_was_read_or_is_hidden_is_not_sent() {
    let server = Server::start();
    on_both_with(&server.settings(), |app| {
        app.has("task", json!({ "name": "Read", "assignee": BOB }));
        app.settle();
        app.read_log("notifications");
        let all = json!({ "all": true, "workspace": ACME });
        app.as_("bob").post("/api/vinyasa/1/notifications/mark_read", all).data();
        let hidden = app.has("task", json!({ "name": "Hidden", "assignee": BOB }));
        app.settle();
        app.read_log("notifications");
        app.as_("ada").delete(&format!("/tasks/{hidden}")).data();
        let quiet = json!({ "kinds": { "assigned": { "email": false } } });
        app.as_("bob").put(PREFERENCES, quiet).data();
        app.has("task", json!({ "name": "Quiet", "assignee": BOB }));

        assert_eq!(send(app), 0);
        assert_eq!((server.letters().len(), waiting(app)), (0, 0));
    });
}

#[test]
fn a_digest_comes_in_the_morning() {
    let server = Server::start();
    on_both_with(&server.settings(), |app| {
        app.as_("bob").put(PREFERENCES, json!({ "digest": "daily" })).data();
        let begin = || {
            app.settle();
            app.read_log("notifications");
            app.block_on(server::mail::outbox::begin_digests(&app.server)).unwrap();
        };
        app.has("task", json!({ "name": "One", "assignee": BOB }));
        app.has("task", json!({ "name": "Two", "assignee": BOB }));
        begin();
        assert_eq!(send(app), 0, "it is midnight");
        app.tick(8 * HOUR);
        begin();
        begin();

        assert_eq!(send(app), 1);

        let letter = server.letters().pop().unwrap();
        assert!(letter.contains("Subject: 2 updates for you"), "{letter}");
        assert!(letter.contains("assigned you One") && letter.contains("assigned you Two"));
        app.tick(24 * HOUR);
        begin();
        assert_eq!((send(app), waiting(app)), (0, 0), "nothing happened since");
        app.tick(HOUR);
        app.has("task", json!({ "name": "Three", "assignee": BOB }));
        app.tick(24 * HOUR);
        begin();
        assert_eq!(send(app), 1);
        assert!(server.letters()[0].contains("Subject: 1 update for you"));
    });
}

#[test]
fn a_mail_server_that_is_away_costs_nothing_but_time() {
    // A port that nobody listens at.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    on_both_with(&settings(port), |app| {
        let task = app.has("task", json!({ "name": "T", "assignee": BOB }));
        assert_eq!((send(app), waiting(app)), (0, 1));
        let attempts = || -> i64 {
            app.sql("SELECT o.attempts FROM mail_outbox AS o", &[], |row| row.get(0))[0]
        };
        assert_eq!(attempts(), 1);
        send(app);
        assert_eq!(attempts(), 1, "not before its time");
        app.tick(30_000);
        send(app);
        assert_eq!(attempts(), 2);
        app.tick(30_000);
        send(app);
        assert_eq!(attempts(), 2, "the pause grows");
        app.tick(24 * HOUR);
        send(app);
        assert_eq!(waiting(app), 0, "given up after a day");
        assert_eq!(app.as_("bob").get(&format!("/tasks/{task}")).data()["assignee"]["gid"], BOB);
    });
}

#[test]
fn an_address_that_is_none_is_dropped() {
    let server = Server::start();
    on_both_with(&server.settings(), |app| {
        app.write(
            "UPDATE users SET email = 'x\r\nRCPT TO:<eve@acme.example>' WHERE gid = 202",
            &[],
        );
        app.has("task", json!({ "name": "T", "assignee": BOB }));
        send(app);
        assert_eq!((server.letters().len(), waiting(app)), (0, 0));
        assert_eq!(app.as_("ada").get("/users/me").gid(), ADA);
    });
}
