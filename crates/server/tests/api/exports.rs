//! Organization exports: who may have one, how it is made and downloaded, and that a restored one is the same.

use crate::kit::{ACME, App, Client, GLOBEX, Reply, on_both};
use axum::body::Body;
use axum::http::{Method, Request};
use flate2::read::GzDecoder;
use model::{Gid, Timestamp};
use serde_json::{Value, json};
use server::exports::restore::{Restored, Sources, restore};
use server::exports::{document, tables};
use server::files::{Files, StorageOptions};
use server::jobs::{self, Next};
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use store::testing::{TempDir, postgres, postgres_config, sqlite_dir};
use store::{Dialect, Store};

/// Asks for an address of an answer, as somebody without a token.
fn fetch(app: &App, address: &Value) -> Reply {
    let path = address.as_str().unwrap().strip_prefix("http://localhost").unwrap();
    app.anonymous().send(Request::builder().uri(path).body(Body::empty()).unwrap())
}

fn upload(client: Client<'_>, task: &str, content: &str) -> String {
    let form = format!(
        "--xXx\r\nContent-Disposition: form-data; name=\"parent\"\r\n\r\n{task}\r\n--xXx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n{content}\r\n--xXx--\r\n"
    );
    let kind = ("content-type", "multipart/form-data; boundary=xXx");
    client.request(Method::POST, "/attachments", &[kind], form).gid()
}

/// An export of Acme, finished.
fn export(app: &App) -> Value {
    let made = app.as_("ada").post("/organization_exports", json!({ "organization": ACME }));
    assert_eq!(made.status, 201, "{}", made.text());
    app.run_jobs();
    let fields = "?opt_fields=state,download_url,files_url,size,sha256,files_size,organization";
    app.as_("ada").get(&format!("/organization_exports/{}{fields}", made.gid())).data()
}

fn unzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

/// A bit of everything, in Acme and in Globex.
fn fill(app: &App) -> String {
    let project =
        app.has("project", json!({ "name": "Ärger \"quoted\" \\ 🙂", "notes": "line\nline" }));
    let section = app.has("section", json!({ "project": project }));
    let field = app.has("custom_field", json!({ "resource_subtype": "number", "precision": 6 }));
    let kind = app.has(
        "custom_field",
        json!({ "name": "Kind", "resource_subtype": "enum", "enum_options": [{ "name": "a" }, { "name": "b" }] }),
    );
    for field in [&field, &kind] {
        let path = format!("/projects/{project}/addCustomFieldSetting");
        app.as_("ada").post(&path, json!({ "custom_field": field })).data();
    }
    let option = app.as_("ada").get(&format!("/custom_fields/{kind}")).data();
    let option = option["enum_options"][0]["gid"].as_str().unwrap().to_owned();
    let mut last = String::new();
    for (number, value) in [0.1, 1e15, -2.5, 3.0].into_iter().enumerate() {
        let task = app.has(
            "task",
            json!({ "name": format!("Task {number}"), "memberships": [{ "project": project, "section": section }],
                    "custom_fields": { &field: value, &kind: option }, "assignee": "me", "html_notes": "<body>Hello <strong>you</strong></body>", "due_on": "2026-02-03" }),
        );
        app.has("story", json!({ "task": task, "text": "A comment" }));
        upload(app.as_("ada"), &task, if number < 2 { "the same" } else { "another one" });
        last = task;
    }
    let sub = app.has("task", json!({ "parent": last, "name": "Sub" }));
    app.as_("ada")
        .post(&format!("/tasks/{sub}/addDependencies"), json!({ "dependencies": [last] }));
    let gone = app.has("task", json!({ "name": "gone", "projects": [project] }));
    assert_eq!(app.as_("ada").delete(&format!("/tasks/{gone}")).status, 200);
    let tag = app.has("tag", json!({}));
    app.as_("ada").post(&format!("/tasks/{last}/addTag"), json!({ "tag": tag })).data();
    app.has("goal", json!({ "is_workspace_level": true }));
    let portfolio = app.has("portfolio", json!({}));
    app.as_("ada")
        .post(&format!("/portfolios/{portfolio}/addItem"), json!({ "item": project }))
        .data();
    app.make("mallory", "task", json!({ "name": "SECRET OF GLOBEX", "workspace": GLOBEX }));
    project
}

/// An empty database with its storage.
struct Empty {
    store: Store,
    files: Files,
    runtime: tokio::runtime::Runtime,
    directory: TempDir,
}

impl Empty {
    fn new(dialect: Dialect) -> Empty {
        let directory = sqlite_dir();
        let config = match dialect {
            Dialect::Sqlite => directory.config(),
            Dialect::Postgres => postgres_config(&postgres().fresh_database()),
        };
        let storage = directory.path().join("files");
        Empty {
            store: Store::open(config).unwrap(),
            files: Files::open(storage.to_str().unwrap(), &StorageOptions::default()).unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            directory,
        }
    }

    fn restore(&self, sources: &Sources) -> anyhow::Result<Restored> {
        restore(&self.store, &self.files, &self.runtime, Timestamp::from_millis(7), sources)
    }

    /// Writes bytes to a file and gives its path.
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn sources(&self, records: &[u8], tar: Option<&[u8]>) -> Sources {
        let file = self.file("export.json.gz", records);
        let files = tar.map(|tar| self.file("files.tar", tar));
        Sources { file, files, allows_missing: false }
    }

    /// The workspace as a file.
    fn export(&self) -> Vec<u8> {
        let out = self.directory.path().join("again.json.gz");
        self.runtime.block_on(write(&self.store, &out));
        std::fs::read(out).unwrap()
    }

    fn count(&self, sql: &'static str) -> i64 {
        self.store
            .read_blocking(move |tx| tx.first(sql, &[], |row| row.get::<i64>(0)))
            .unwrap_or_else(|error: store::Error| panic!("{error}"))
            .unwrap()
    }
}

async fn write(store: &Store, out: &Path) {
    let file = std::fs::File::create(out).unwrap();
    let done = store.snapshot(move |tx| document::write(tx, 101, std::io::BufWriter::new(file)));
    done.await.unwrap_or_else(|error: store::Error| panic!("{error}"));
}

/// The tables of a database with their columns.
fn schema(app: &App) -> BTreeMap<String, Vec<String>> {
    let sql = match app.server.store.dialect() {
        Dialect::Sqlite => {
            "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid"
        }
        Dialect::Postgres => {
            "SELECT CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT) FROM information_schema.columns AS c JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position"
        }
    };
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in
        app.sql(sql, &[], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)))
    {
        all.entry(table).or_default().push(column);
    }
    all
}

#[test]
fn every_table_is_exported_or_excused() {
    on_both(|app| {
        let mut wrong = Vec::new();
        let schema = schema(app);
        assert!(schema.len() > 60, "{schema:?}");
        for (table, columns) in &schema {
            let excused = tables::LEFT_OUT.iter().any(|(name, _)| {
                name.strip_suffix('*').map_or(*name == table, |start| table.starts_with(start))
            });
            match tables::find(table) {
                Some(_) if excused => wrong.push(format!("{table} is both exported and left out")),
                None if !excused => wrong.push(format!(
                    "the table {table} is neither exported nor left out: add a line to TABLES, or to LEFT_OUT with the reason, in crates/server/src/exports/tables.rs"
                )),
                Some(declared) => {
                    for column in columns {
                        let is_out = tables::LEFT_OUT_COLUMNS
                            .iter()
                            .any(|(of, name, _)| of == table && name == column);
                        if is_out == declared.columns().any(|name| name == column) {
                            wrong.push(format!(
                                "the column {table}.{column} is neither exported nor left out: add it to its table in TABLES, or to LEFT_OUT_COLUMNS with the reason, in crates/server/src/exports/tables.rs"
                            ));
                        }
                    }
                }
                None => {}
            }
        }
        for table in tables::TABLES {
            let columns = schema.get(table.name).cloned().unwrap_or_default();
            for column in table.columns().filter(|column| !columns.iter().any(|one| one == column))
            {
                wrong.push(format!("{}.{column} is exported and does not exist", table.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn admins_and_service_accounts_may_export_and_nobody_else() {
    on_both(|app| {
        for name in ["bob", "eve"] {
            let made = app.as_(name).post("/organization_exports", json!({ "organization": ACME }));
            assert_eq!(made.status, 403, "{name}");
        }
        let made =
            app.as_("mallory").post("/organization_exports", json!({ "organization": ACME }));
        assert_eq!(made.status, 400);
        let reply = app.as_("ada").post("/organization_exports", json!({}));
        assert_eq!(reply.error(400), "organization: Missing input");

        let made = app.as_("sam").post("/organization_exports", json!({ "organization": ACME }));
        let gid = made.gid();
        let path = format!("/organization_exports/{gid}");
        assert_eq!(
            made.data(),
            json!({ "gid": gid, "resource_type": "organization_export", "created_at": "2026-01-01T00:00:00.000Z",
                    "download_url": null, "state": "pending",
                    "organization": { "gid": ACME, "resource_type": "workspace", "name": "Acme" } })
        );
        assert_eq!(app.as_("ada").get(&path).data()["state"], "pending");
        let others = ["bob", "eve", "mallory"].map(|name| app.as_(name).get(&path).status);
        assert_eq!(others, [403, 403, 404]);
        let log = "SELECT a.event_type FROM audit_events AS a WHERE a.actor = 204";
        assert_eq!(app.sql(log, &[], |row| row.get::<String>(0)), ["workspace_export_started"]);
        assert!(app.events().is_empty());
    });
}

#[test]
fn an_export_is_made_behind_the_request_and_downloaded_by_a_signed_address() {
    on_both(|app| {
        fill(app);
        let export = export(app);

        assert_eq!(export["state"], "finished");
        let file = fetch(app, &export["download_url"]);
        assert_eq!(file.status, 200, "{}", file.text());
        assert_eq!(file.header("content-type"), Some("application/gzip"));
        assert_eq!(file.header("content-encoding"), None);
        assert_eq!(json!(file.body.len()), export["size"]);
        assert_eq!(json!(server::auth::hex(&sha2(&file.body))), export["sha256"]);
        let text = unzip(&file.body);
        assert!(!text.contains("GLOBEX") && !text.contains("mallory"));
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&document["format"], &document["workspace"]),
            (&json!("vinyasa-workspace"), &json!(101))
        );
        let records = document["records"].as_array().unwrap();
        let types: Vec<&str> = records.iter().map(|one| one["type"].as_str().unwrap()).collect();
        assert!(types.is_sorted());
        for kind in ["users", "tasks", "texts", "goals", "portfolio_items", "custom_field_values"] {
            assert!(types.contains(&kind), "{kind}");
        }
        for kind in ["tokens", "jobs", "organization_exports", "events", "grants"] {
            assert!(!types.contains(&kind), "{kind}");
        }
        assert!(!text.contains("storage_key"));
        for name in ["ada", "bob", "eve", "sam"] {
            assert!(!text.contains(&server::auth::hash(name)), "a token's hash");
            assert!(text.contains(&format!("\"{name}@")), "{name}");
        }
        let tar = fetch(app, &export["files_url"]);
        assert_eq!(json!(tar.body.len()), export["files_size"]);
        let tar = tar.text();
        assert_eq!((tar.matches("the same").count(), tar.matches("another one").count()), (1, 1));

        let address = export["download_url"].as_str().unwrap();
        for wrong in [
            address.replace("signature=", "signature=0"),
            address.replace(ACME, "102").replace("expires=", "expires=1"),
            address.replace("export.json.gz", "other"),
            address.split('?').next().unwrap().to_owned(),
        ] {
            assert_eq!(fetch(app, &json!(wrong)).status, 403, "{wrong}");
        }
        app.tick(60 * 60 * 1_000 + 1);
        assert_eq!(fetch(app, &export["download_url"]).status, 403);
        let path = format!("/organization_exports/{}", export["gid"].as_str().unwrap());
        let again = app.as_("sam").get(&path).data();
        assert_eq!(fetch(app, &again["download_url"]).status, 200);

        app.tick(server::exports::KEPT_FOR);
        app.block_on(server::exports::sweep(&app.server)).unwrap();
        assert_eq!(app.as_("sam").get(&path).status, 404);
        let mut left = 0;
        count_files(Path::new(&app.server.settings.storage), &mut left);
        assert_eq!(left, 4, "the attachments are there still, the export is not");
    });
}

fn sha2(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).to_vec()
}

fn count_files(directory: &Path, count: &mut usize) {
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        if entry.path().is_dir() {
            count_files(&entry.path(), count);
        } else {
            *count += 1;
        }
    }
}

#[test]
fn what_was_restored_is_exported_the_same_on_every_database() {
    on_both(|app| {
        fill(app);
        let made = export(app);
        let records = fetch(app, &made["download_url"]).body;
        let tar = fetch(app, &made["files_url"]).body;

        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            let empty = Empty::new(dialect);
            let sources = empty.sources(&records, Some(&tar));
            let done = empty.restore(&sources).unwrap();

            assert_eq!((done.workspace, done.files, done.missing), (Gid::new(101), 2, 0));
            assert!(empty.export() == records, "{}", differences(&records, &empty.export()));
            for table in ["principals", "grants"] {
                let rows = app
                    .sql(&format!("SELECT count(*) FROM {table}"), &[], |row| row.get::<i64>(0))[0];
                // Those of mallory and of Globex are not there.
                let of_globex = if table == "principals" { 2 } else { 0 };
                let sql = if table == "grants" {
                    "SELECT count(*) FROM grants"
                } else {
                    "SELECT count(*) FROM principals"
                };
                assert_eq!(empty.count(sql), rows - of_globex, "{table}");
            }
            let fresh = empty.store.write_blocking(|tx| Ok::<_, store::Error>(tx.gid()?.get()));
            let highest = "SELECT max(g.gid) FROM (SELECT max(t.gid) AS gid FROM tasks AS t UNION ALL SELECT max(s.gid) FROM stories AS s UNION ALL SELECT max(d.gid) FROM deletions AS d UNION ALL SELECT max(p.gid) FROM portfolios AS p) AS g";
            assert!(fresh.unwrap() > empty.count(highest));
            let again = empty.restore(&sources).unwrap_err().to_string();
            assert!(again.contains("not empty"), "{again}");
        }
    });
}

/// The first lines that differ.
fn differences(one: &[u8], other: &[u8]) -> String {
    let (one, other) = (unzip(one), unzip(other));
    let mut pairs = one.lines().zip(other.lines());
    pairs.find(|(one, other)| one != other).map_or_else(
        || format!("{} and {} lines", one.lines().count(), other.lines().count()),
        |(one, other)| format!("{one}\n{other}"),
    )
}

#[test]
fn a_restore_that_fails_leaves_nothing() {
    let app = App::sqlite();
    fill(&app);
    let made = export(&app);
    let records = fetch(&app, &made["download_url"]).body;
    let tar = fetch(&app, &made["files_url"]).body;
    let text = unzip(&records);
    let zip = |text: &str| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    };
    let mut broken = tar.clone();
    broken[515] ^= 1;
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let empty = Empty::new(dialect);
        for (records, tar, says) in [
            (records.clone(), None, "--files"),
            (records.clone(), Some(&broken), "checksum"),
            (records[..records.len() / 2].to_vec(), Some(&tar), "line"),
            (zip(&text[..text.len() - 3]), Some(&tar), "cut off"),
            (zip(&text.replace("\"version\":1", "\"version\":2")), Some(&tar), "format"),
            (zip(&text.replacen("\"schema\":", "\"schema\":9", 1)), Some(&tar), "upgrade"),
            (
                zip(&text.replacen("\"workspace\":101,", "\"workspace\":102,", 3)),
                Some(&tar),
                "another workspace",
            ),
            (
                zip(&text.replacen("\"type\":\"tags\"", "\"type\":\"tokens\"", 1)),
                Some(&tar),
                "tokens",
            ),
            (zip(&doubled(&text)), Some(&tar), ""),
            (b"nonsense".to_vec(), Some(&tar), "no export"),
        ] {
            let error = empty.restore(&empty.sources(&records, tar.map(Vec::as_slice)));
            let error = format!("{:#}", error.unwrap_err());
            assert!(error.contains(says), "{says}: {error}");
            assert_eq!(empty.count("SELECT count(*) FROM users"), 0, "{says}");
            assert_eq!(empty.count("SELECT count(*) FROM attachments"), 0, "{says}");
        }
        let without = Sources { allows_missing: true, ..empty.sources(&records, None) };
        assert_eq!(empty.restore(&without).unwrap().missing, 4);
    }
}

/// The same with one record twice.
fn doubled(text: &str) -> String {
    let line = text.lines().find(|line| line.contains("\"type\":\"tags\"")).unwrap();
    text.replacen(line, &format!("{line}\n{line}"), 1)
}

#[test]
fn an_export_that_is_killed_begins_anew_and_one_that_is_cancelled_ends_with_an_error() {
    on_both(|app| {
        fill(app);
        let made = app.as_("ada").post("/organization_exports", json!({ "organization": ACME }));
        let path = format!("/organization_exports/{}", made.gid());
        let state = || app.as_("ada").get(&path).data()["state"].as_str().unwrap().to_owned();
        let claim = || app.block_on(jobs::claim(&app.server)).unwrap();
        let batch = |claim| app.block_on(jobs::batch(&app.server, claim)).unwrap();

        let gone = claim().unwrap();
        assert_eq!(batch(gone), Next::Batch);
        assert_eq!(state(), "started");
        // The files are written, and the process dies before it says so.
        assert_eq!(batch(gone), Next::Batch);
        let told = app.sql("SELECT j.state FROM jobs AS j", &[], |row| row.get::<String>(0));
        let mut told: Value = serde_json::from_str(&told[0]).unwrap();
        told["stage"] = json!("Told");
        app.write("UPDATE jobs SET state = ?", &[&told.to_string()]);
        app.tick(30_001);
        app.run_jobs();
        assert_eq!(state(), "finished");

        let made = app.as_("ada").post("/organization_exports", json!({ "organization": ACME }));
        let path = format!("/organization_exports/{}", made.gid());
        let job = app.sql("SELECT j.gid FROM jobs AS j WHERE j.finished_at IS NULL", &[], |row| {
            row.get::<i64>(0)
        });
        app.as_("ada").post(&format!("/api/vinyasa/1/jobs/{}/cancel", job[0]), json!({})).data();
        app.run_jobs();
        let cancelled = app.as_("ada").get(&path).data();
        assert_eq!(
            (&cancelled["state"], &cancelled["download_url"]),
            (&json!("error"), &json!(null))
        );
    });
}
