//! A server over a fresh database with a small world that is always the same, and a client for it.
//!
//! ```ignore
//! #[test]
//! fn a_tag_can_be_renamed() {
//!     on_both(|app| {
//!         let tag = app.has("tag", json!({ "name": "urgent" }));
//!
//!         let reply = app.as_("ada").put(&format!("/tags/{tag}"), json!({ "name": "later" }));
//!
//!         assert_eq!(reply.data()["name"], "later");
//!         assert_eq!(app.events(), [format!("tag {tag} changed name by ada")]);
//!     });
//! }
//! ```
//!
//! The world: the organization Acme with ada (admin), bob (member), eve (guest) and the service account sam; the workspace
//! Globex with mallory (admin); Acme's team Crew of ada and bob. A user's token is his name. The clock stands still at
//! 2026-01-01T00:00:00.000Z. What a test creates gets the gids 1001, 1002, …

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use model::{Position, Timestamp};
use serde_json::{Value, json};
use server::api::operations::Base;
use server::{Outside, Settings};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use store::testing::{TempDir, postgres, postgres_config, sqlite_dir};
use store::{Config, Store, Tx, params};
use tower::ServiceExt as _;

/// The organization of ada, bob, eve and sam.
pub(crate) const ACME: &str = "101";
/// The workspace of mallory.
pub(crate) const GLOBEX: &str = "102";
/// An admin of Acme.
pub(crate) const ADA: &str = "201";
/// A member of Acme.
pub(crate) const BOB: &str = "202";
/// A guest of Acme.
pub(crate) const EVE: &str = "203";
/// A service account of Acme.
pub(crate) const SAM: &str = "204";
/// The admin of Globex, a stranger to Acme.
pub(crate) const MALLORY: &str = "205";
/// The team of ada and bob in Acme; public.
pub(crate) const CREW: &str = "301";

/// A user, his gid, his workspace, his role in it. The gids of his workspace membership, token and task list are his own
/// plus 200, 300 and 400; those of the four sections of the list start at ten times his gid minus 1200 (801, 811, …).
pub(crate) const PEOPLE: [(&str, i64, i64, &str); 5] = [
    ("ada", 201, 101, "admin"),
    ("bob", 202, 101, "member"),
    ("eve", 203, 101, "guest"),
    ("sam", 204, 101, "service"),
    ("mallory", 205, 102, "admin"),
];

/// Midnight of the first of January 2026.
const START: i64 = 1_767_225_600_000;

/// Runs a test on SQLite, then on PostgreSQL.
pub(crate) fn on_both(test: impl Fn(&App)) {
    // A test's inline snapshots hold on both.
    insta::allow_duplicates! {
        eprintln!("on SQLite");
        test(&App::sqlite());
        eprintln!("on PostgreSQL");
        test(&App::postgres());
    }
}

/// Runs a test on SQLite, then on PostgreSQL, with other settings.
pub(crate) fn on_both_with(settings: &Settings, test: impl Fn(&App)) {
    eprintln!("on SQLite");
    test(&App::with(settings.clone()));
    eprintln!("on PostgreSQL");
    test(&App::postgres_with(settings.clone()));
}

/// Databases of finished tests, empty again: making one takes PostgreSQL far longer than most tests.
static UNUSED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Empties every table but the list of migrations.
const EMPTY: &str = "DO 'DECLARE one TEXT; BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = ''public'' AND tablename <> ''schema_migrations'' LOOP
        EXECUTE ''DELETE FROM '' || quote_ident(one);
    END LOOP; END'";

impl Drop for App {
    fn drop(&mut self) {
        // A test that failed may have left anything behind.
        let Some(url) = self.database.take().filter(|_| !std::thread::panicking()) else { return };
        if self.server.store.write_blocking(|tx| tx.execute(EMPTY, &[])).is_ok() {
            UNUSED.lock().unwrap_or_else(PoisonError::into_inner).push(url);
        }
    }
}

/// A server over a fresh database.
pub(crate) struct App {
    /// The server itself, for what HTTP does not show.
    pub(crate) server: Arc<server::App>,
    router: Router,
    runtime: tokio::runtime::Runtime,
    now: Arc<AtomicI64>,
    told: AtomicI64,
    /// The address of the PostgreSQL database, which another test may have next.
    database: Option<String>,
    _directory: TempDir,
}

impl App {
    /// On SQLite.
    pub(crate) fn sqlite() -> App {
        let directory = sqlite_dir();
        App::open(directory.config(), directory, Settings::default(), None)
    }

    /// On PostgreSQL.
    pub(crate) fn postgres() -> App {
        App::postgres_with(Settings::default())
    }

    fn postgres_with(settings: Settings) -> App {
        let used = UNUSED.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let url = used.unwrap_or_else(|| postgres().fresh_database());
        let config = Config { readers: 1, ..postgres_config(&url) };
        App::open(config, TempDir::new(), settings, Some(url))
    }

    /// On PostgreSQL with several connections, for requests that run at once.
    pub(crate) fn crowded() -> App {
        let config = Config { readers: 6, ..postgres_config(&postgres().fresh_database()) };
        App::open(config, TempDir::new(), Settings::default(), None)
    }

    /// Sends requests at once; the answers in their order.
    pub(crate) fn at_once(&self, requests: Vec<Request<Body>>) -> Vec<Reply> {
        let sent = requests.into_iter().map(|request| answer(self.router.clone(), request));
        self.runtime.block_on(futures_util::future::join_all(sent))
    }

    /// On SQLite with other settings.
    pub(crate) fn with(settings: Settings) -> App {
        let directory = sqlite_dir();
        App::open(directory.config(), directory, settings, None)
    }

    fn open(
        config: Config,
        directory: TempDir,
        settings: Settings,
        database: Option<String>,
    ) -> App {
        let store = Store::open(config).unwrap();
        store.write_blocking(make_world).unwrap();
        let now = Arc::new(AtomicI64::new(START));
        let clock = Arc::clone(&now);
        let seed = AtomicU64::new(1);
        let outside = Outside {
            clock: Box::new(move || Timestamp::from_millis(clock.load(Ordering::Relaxed))),
            entropy: Box::new(move |bytes| {
                for byte in bytes {
                    // The high bits of Knuth's generator: no two requests look alike, every run is the same.
                    let next = |seed: u64| {
                        seed.wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1_442_695_040_888_963_407)
                    };
                    let before = seed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seed| {
                        Some(next(seed))
                    });
                    let [high, ..] = before.unwrap_or_default().to_be_bytes();
                    *byte = high;
                }
            }),
        };
        let storage = directory.path().join("files").to_str().unwrap().to_owned();
        // Passwords that cost next to nothing.
        let password_cost = server::identity::passwords::Cost(8);
        let settings = Settings {
            storage,
            debug_headers: true,
            password_cost,
            allow_private_network: true,
            ..settings
        };
        let server = server::App::new(store, settings, outside).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        App {
            router: server::http::router(Arc::clone(&server)),
            server,
            runtime,
            now,
            told: AtomicI64::new(0),
            database,
            _directory: directory,
        }
    }

    /// Lets time pass, in milliseconds.
    pub(crate) fn tick(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }

    /// Writes down when tokens and sessions were last used, as the server does once a minute.
    pub(crate) fn flush(&self) {
        self.runtime.block_on(self.server.flush_used_tokens()).unwrap();
    }

    /// Does what the server does once a minute about old deletions.
    pub(crate) fn empty_trash(&self) {
        self.runtime.block_on(server::trash::empty(&self.server)).unwrap();
    }

    /// Does what the server does once a minute about what people leave behind.
    pub(crate) fn flush_traces(&self) {
        self.runtime.block_on(self.server.flush_traces()).unwrap();
    }

    /// Lets one of the server's readers of the event log see everything that happened.
    pub(crate) fn read_log(&self, name: &str) {
        let reader = self.server.readers.iter().find(|reader| reader.name == name);
        self.run_reader(&reader.unwrap_or_else(|| panic!("there is no reader {name}")).clone());
    }

    /// Sends what is due to webhooks.
    pub(crate) fn send_webhooks(&self) -> usize {
        use server::resources::webhooks::sender;
        self.runtime.block_on(sender::send_due(&self.server)).unwrap()
    }

    /// Does what the server does once a minute about what is due soon.
    pub(crate) fn tell_what_is_due(&self) {
        self.runtime.block_on(server::resources::notifications::due::tell(&self.server)).unwrap();
    }

    /// Does what the server does once a minute about time periods; there are none before. They take gids.
    pub(crate) fn make_time_periods(&self) {
        self.runtime.block_on(server::resources::time_periods::extend(&self.server)).unwrap();
    }

    /// Runs every job that is due to its end, as the server does behind the requests.
    pub(crate) fn run_jobs(&self) {
        self.runtime.block_on(server::jobs::run_all(&self.server)).unwrap();
    }

    /// Runs every rule that events have set off, and what follows from that, as the server does behind the requests.
    pub(crate) fn run_rules(&self) {
        self.runtime
            .block_on(server::rules::settle(&self.server))
            .unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// Does what the server does once a minute about rules, and runs those that the clock sets off.
    pub(crate) fn tick_rules(&self) {
        self.runtime
            .block_on(server::rules::tick(&self.server))
            .unwrap_or_else(|error| panic!("{error:?}"));
        self.run_rules();
    }

    /// Lets a reader of the test's own making see everything that happened.
    pub(crate) fn run_reader(&self, reader: &server::readers::Reader) {
        self.runtime
            .block_on(server::readers::cursor::drain(&self.server, reader))
            .unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// Waits until every event can be read: transactions of tests beside this one hold the log back on PostgreSQL.
    pub(crate) fn settle(&self) {
        let store = &self.server.store;
        while store.read_blocking(server::readers::log::ends).is_ok_and(|(now, last)| now != last) {
            std::thread::yield_now();
        }
    }

    /// Runs something of the server to its end.
    pub(crate) fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    /// A client with the token of a user: `ada`, `bob`, `eve`, `sam`, `mallory`, or one that the test made.
    pub(crate) fn as_<'a>(&'a self, token: &'a str) -> Client<'a> {
        Client { app: self, token: Some(token) }
    }

    /// A client without a token.
    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client { app: self, token: None }
    }

    /// Creates an object as ada and gives its gid. What the type needs and `fields` does not say is filled in: a name, the
    /// workspace Acme, the team Crew. A section is made in `project`, a story on `task`, an option in `custom_field`; a
    /// subtask is a task with `parent`.
    pub(crate) fn has(&self, kind: &str, fields: Value) -> String {
        self.make("ada", kind, fields)
    }

    /// [`App::has`] as somebody else.
    pub(crate) fn make(&self, user: &str, kind: &str, mut fields: Value) -> String {
        let map = fields.as_object_mut().unwrap();
        let mut default = |name: &str, value: &str| {
            map.entry(name).or_insert_with(|| json!(value));
        };
        if kind != "story" {
            default("name", kind);
        }
        if kind == "custom_field" {
            default("resource_subtype", "text");
        }
        if kind == "project" {
            default("team", CREW);
        }
        let given = |name: &str| map.contains_key(name);
        let in_acme = match kind {
            "task" => !given("projects") && !given("parent") && !given("memberships"),
            "project" | "portfolio" | "tag" | "custom_field" | "goal" => true,
            _ => false,
        };
        if in_acme {
            map.entry("workspace").or_insert_with(|| json!(ACME));
        }
        if kind == "team" {
            map.entry("organization").or_insert_with(|| json!(ACME));
        }
        let mut take = |name: &str| {
            let parent = map.remove(name);
            parent
                .as_ref()
                .and_then(Value::as_str)
                .unwrap_or_else(|| panic!("a {kind} needs its {name}"))
                .to_owned()
        };
        let path = match kind {
            "section" => format!("/projects/{}/sections", take("project")),
            "story" => format!("/tasks/{}/stories", take("task")),
            "enum_option" => format!("/custom_fields/{}/enum_options", take("custom_field")),
            _ => format!("/{kind}s"),
        };
        let reply = self.as_(user).post(&path, fields);
        assert_eq!(reply.status, 201, "{path}: {}", reply.text());
        reply.gid()
    }

    /// What happened since the last call, a line for each event, in order: `task 1001 changed name, assignee by ada`,
    /// `task 1001 added to section 1002 by ada`, `task 1001 changed tags +tag 1003 by ada`.
    pub(crate) fn events(&self) -> Vec<String> {
        let after = self.told.load(Ordering::Relaxed);
        let rows = self.sql(
            "SELECT e.gid, e.resource_type, e.resource, e.action, e.parent_type, e.parent, e.changes, e.actor FROM events AS e WHERE e.gid > ? ORDER BY e.txid, e.gid",
            &[&after],
            |row| {
                Ok((
                    row.get::<i64>(0)?,
                    (row.get::<String>(1)?, row.get::<i64>(2)?, row.get::<String>(3)?),
                    (row.get::<Option<String>>(4)?, row.get::<Option<i64>>(5)?),
                    row.get::<String>(6)?,
                    row.get::<Option<i64>>(7)?,
                ))
            },
        );
        if let Some(last) = rows.iter().map(|row| row.0).max() {
            self.told.store(last, Ordering::Relaxed);
        }
        rows.into_iter()
            .map(|(_, (kind, gid, action), parent, changes, actor)| {
                let mut line = format!("{kind} {gid} {action}");
                if let (Some(kind), Some(parent)) = parent {
                    let word = if action == "removed" { "from" } else { "to" };
                    line.push_str(&format!(" {word} {kind} {parent}"));
                }
                let changes: Vec<Value> = serde_json::from_str(&changes).unwrap();
                let changes: Vec<String> = changes.iter().map(change).collect();
                if !changes.is_empty() {
                    line.push_str(&format!(" {}", changes.join(", ")));
                }
                let name =
                    PEOPLE.iter().find(|person| Some(person.1) == actor).map(|person| person.0);
                line.push_str(&format!(" by {}", name.unwrap_or("nobody")));
                line
            })
            .collect()
    }

    /// The rows of a query, straight from the database.
    pub(crate) fn sql<T: Send + 'static>(
        &self,
        sql: &str,
        values: &[&dyn store::ToValue],
        mut each: impl FnMut(&store::Row<'_>) -> Result<T, store::Error> + Send + 'static,
    ) -> Vec<T> {
        let values: Vec<store::Value> = values.iter().map(|value| value.to_value()).collect();
        let sql = sql.to_owned();
        self.server
            .store
            .read_blocking(move |tx| tx.query(&sql, &values, |row| each(row)))
            .unwrap_or_else(|error: store::Error| panic!("{error}"))
    }

    /// Runs a transaction behind the server's back.
    pub(crate) fn transaction(
        &self,
        mut job: impl FnMut(&mut Tx<'_>) -> server::Result<()> + Send + 'static,
    ) {
        self.server
            .store
            .write_blocking(move |tx| job(tx).map_err(|error| panic!("{error:?}")))
            .unwrap_or_else(|error: store::Error| panic!("{error}"));
    }

    /// Changes the database behind the server's back.
    pub(crate) fn write(&self, sql: &str, values: &[&dyn store::ToValue]) -> u64 {
        let values: Vec<store::Value> = values.iter().map(|value| value.to_value()).collect();
        let sql = sql.to_owned();
        self.server
            .store
            .write_blocking(move |tx| tx.execute(&sql, &values))
            .unwrap_or_else(|error: store::Error| panic!("{error}"))
    }
}

/// One change of an event as a text.
fn change(change: &Value) -> String {
    let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("action") {
        "added" => format!("{} +{} {}", text("field"), text("type"), text("gid")),
        "removed" => format!("{} -{} {}", text("field"), text("type"), text("gid")),
        _ => text("field").to_owned(),
    }
}

/// Sends requests as one user.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a> {
    app: &'a App,
    token: Option<&'a str>,
}

impl Client<'_> {
    /// Reads `path`, which is below the base and may have a query.
    pub(crate) fn get(self, path: &str) -> Reply {
        self.request(Method::GET, path, &[], "")
    }

    /// Reads a path that is of no API.
    pub(crate) fn bare(self, path: &str) -> Reply {
        self.send(Request::builder().uri(path).body(Body::empty()).unwrap())
    }

    /// Posts fields, which are wrapped in `data`.
    pub(crate) fn post(self, path: &str, data: Value) -> Reply {
        self.json(Method::POST, path, &json!({ "data": data }))
    }

    /// Puts fields, which are wrapped in `data`.
    pub(crate) fn put(self, path: &str, data: Value) -> Reply {
        self.json(Method::PUT, path, &json!({ "data": data }))
    }

    /// Deletes.
    pub(crate) fn delete(self, path: &str) -> Reply {
        self.request(Method::DELETE, path, &[], "")
    }

    /// Sends a form.
    pub(crate) fn form(self, method: Method, path: &str, form: &str) -> Reply {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.request(method, path, &[kind], form.to_owned())
    }

    /// Sends a JSON body as it is.
    pub(crate) fn json(self, method: Method, path: &str, body: &Value) -> Reply {
        self.request(method, path, &[("content-type", "application/json")], body.to_string())
    }

    /// Sends a request with these headers and this body; `path` is a whole one, or below the base of Asana's API.
    pub(crate) fn request(
        self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut builder = Request::builder().method(method).uri(full_path(path));
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        self.send(builder.body(body.into()).unwrap())
    }

    /// Sends any request; the token is added.
    pub(crate) fn send(self, mut request: Request<Body>) -> Reply {
        if let Some(token) = self.token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert("authorization", value);
        }
        self.app.runtime.block_on(answer(self.app.router.clone(), request))
    }
}

/// A path from the host on; `path` is one already, or is below the base of Asana's API.
pub(crate) fn full_path(path: &str) -> String {
    let base = if path.starts_with("/api/") { "" } else { Base::Asana.path() };
    format!("{base}{path}")
}

async fn answer(router: Router, request: Request<Body>) -> Reply {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: axum::http::HeaderMap,
    /// The bytes of the body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The `data` of an answer that must be a success.
    pub(crate) fn data(&self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{}: {}", self.status, self.text());
        self.json()["data"].take()
    }

    /// The body with indentation, in the order of the wire, for snapshots.
    pub(crate) fn pretty(&self) -> String {
        String::from_utf8(server::http::respond::pretty(&self.body)).unwrap()
    }

    /// The gid of the object in `data`.
    pub(crate) fn gid(&self) -> String {
        self.data()["gid"].as_str().unwrap_or_else(|| panic!("no gid: {}", self.text())).to_owned()
    }

    /// The gids of the list in `data`.
    pub(crate) fn gids(&self) -> Vec<String> {
        let data = self.data();
        let list = data.as_array().unwrap_or_else(|| panic!("no list: {}", self.text()));
        list.iter().map(|row| row["gid"].as_str().unwrap().to_owned()).collect()
    }

    /// The values of one field of the list in `data`, texts as they are.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let data = self.data();
        let list = data.as_array().unwrap_or_else(|| panic!("no list: {}", self.text()));
        list.iter()
            .map(|row| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned))
            .collect()
    }

    /// The message of an answer that must be this error.
    #[track_caller]
    pub(crate) fn error(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        let json = self.json();
        json["errors"][0]["message"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// How many statements the request ran.
    pub(crate) fn statements(&self) -> u32 {
        self.header("x-vinyasa-statements").unwrap().parse().unwrap()
    }
}

/// Fills an empty database with the world.
fn make_world(tx: &mut Tx<'_>) -> Result<(), store::Error> {
    let mut add = |sql: &str, values: &[store::Value]| tx.later(sql, values.to_vec());
    for (gid, name, is_organization, domains) in
        [(101, "Acme", true, "acme.example"), (102, "Globex", false, "")]
    {
        add(
            "INSERT INTO workspaces (gid, name, is_organization, email_domains, created_at) VALUES (?, ?, ?, ?, ?)",
            params![gid, name, is_organization, domains, START],
        )?;
    }
    add(
        "INSERT INTO teams (gid, workspace, name, name_key, visibility, edit_team_name_or_description_access_level, edit_team_visibility_or_trash_team_access_level, member_invite_management_access_level, guest_invite_management_access_level, join_request_management_access_level, team_member_removal_access_level, team_content_management_access_level, endorsed, created_at) VALUES (301, 101, 'Crew', 'crew', 'public', 'all_team_members', 'only_team_admins', 'all_team_members', 'all_team_members', 'all_team_members', 'only_team_admins', 'no_restriction', 0, ?)",
        params![START],
    )?;
    for (name, gid, workspace, role) in PEOPLE {
        let (first, rest) = name.split_at(1);
        let shown = format!("{}{rest}", first.to_uppercase());
        let host = match (workspace, role) {
            (101, "guest") => "guest.example",
            (101, _) => "acme.example",
            _ => "globex.example",
        };
        add(
            "INSERT INTO users (gid, name, name_key, email, time_zone, created_at) VALUES (?, ?, ?, ?, NULL, ?)",
            params![gid, shown, name, format!("{name}@{host}"), START],
        )?;
        add(
            r#"INSERT INTO workspace_memberships (gid, workspace, "user", role, is_active, created_at) VALUES (?, ?, ?, ?, 1, ?)"#,
            params![gid + 200, workspace, gid, role, START],
        )?;
        add(
            r#"INSERT INTO tokens (gid, "user", name, hash, created_at) VALUES (?, ?, 'test', ?, ?)"#,
            params![gid + 300, gid, server::auth::hash(name), START],
        )?;
        let mut principals = vec![gid];
        if role != "guest" {
            principals.push(workspace);
        }
        if matches!(name, "ada" | "bob") {
            principals.push(301);
            add(
                r#"INSERT INTO team_memberships (gid, workspace, team, "user", is_guest, is_limited_access, is_admin, created_at) VALUES (?, 101, 301, ?, 0, 0, ?, ?)"#,
                params![gid + 500, gid, name == "ada", START],
            )?;
        }
        for principal in principals {
            add(
                r#"INSERT INTO principals ("user", principal) VALUES (?, ?)"#,
                params![gid, principal],
            )?;
        }
        add(
            "INSERT INTO user_task_lists (gid, workspace, owner) VALUES (?, ?, ?)",
            params![gid + 400, workspace, gid],
        )?;
        let mut last: Option<Position> = None;
        let sections = ["Recently assigned", "Do today", "Do next week", "Do later"];
        for (section, name) in (gid * 10 - 1_209..).zip(sections) {
            let position =
                Position::between(last.as_ref().map(Position::as_str), None, [0, 0]).unwrap();
            add(
                "INSERT INTO sections (gid, workspace, container, name, position, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                params![section, workspace, gid + 400, name, position.as_str(), START],
            )?;
            last = Some(position);
        }
    }
    Ok(())
}
