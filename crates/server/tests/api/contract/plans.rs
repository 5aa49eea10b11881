//! The statements that requests really run, put together per request or not: how both databases would find the rows.
//!
//! Every case of the contract is run and undone again, as a full member, as a guest and as a service account; lists page by page. Each
//! statement is then explained. No plan may read a table from end to end, sort what a page is cut from, or build a hash of a whole
//! sub-query. What is allowed all the same stands in [`ALLOWED`], with its reason.

use super::operations::{CASES, Case};
use super::scene::{insert, scene};
use super::{Complaints, operation};
use crate::kit::{App, full_path};
use axum::http::Request;
use serde_json::{Value, json};
use server::api::operations::Base;
use server::api::{Call, Operation};
use server::http::pipeline::Job;
use server::http::request::{self, Sent};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Dialect, Statement, Tx, params};

/// Tables that stay small whatever is stored.
const SMALL: &[&str] = &["settings", "workspaces"];

/// A finding that is allowed: on which database, a part of the statement, a part of the finding, and why. A sort is judged on
/// SQLite: its planner goes by the indexes alone, that of PostgreSQL by how much is stored, which is next to nothing here.
const ALLOWED: &[(Dialect, &str, &str, &str)] = &[
    (
        Dialect::Sqlite,
        "SELECT t.\"gid\", t.\"name\", t.\"name_key\", t.\"email\"",
        "FOR ORDER BY",
        "people come by name, and belong to a workspace by another table: as many as an organization has are sorted",
    ),
    (
        Dialect::Sqlite,
        "FROM project_memberships AS t",
        "FOR ORDER BY",
        "the members of one project",
    ),
    (Dialect::Sqlite, "FROM workspaces AS t", "FOR ORDER BY", "the workspaces of one user"),
    (
        Dialect::Sqlite,
        "JOIN task_projects AS tp ON tp.project = t.gid",
        "FOR ORDER BY",
        "a task is in at most 20 projects",
    ),
    (
        Dialect::Sqlite,
        "FROM sections AS s WHERE s.container = ? AND coalesce(s.deleted, 0) = ? AND s.gid > ?",
        "FOR ORDER BY",
        "the sections of one project, which a copy goes through in batches",
    ),
    (
        Dialect::Sqlite,
        "JOIN task_dependencies AS",
        "FOR ORDER BY",
        "a task has at most 30 dependencies",
    ),
    (
        Dialect::Sqlite,
        "JOIN task_tags AS j ON j.tag = t.gid",
        "FOR ORDER BY",
        "the tags of one task",
    ),
    (
        Dialect::Sqlite,
        "JOIN goal_relationships AS r ON r.supported_goal = t.gid",
        "FOR ORDER BY",
        "the parents of one goal",
    ),
    (
        Dialect::Sqlite,
        "SELECT above.gid FROM above",
        "FOR ORDER BY",
        "the goals above one, at most so many",
    ),
    (
        Dialect::Sqlite,
        "FROM events AS e ORDER BY e.txid DESC, e.gid DESC LIMIT 1",
        "SCAN e",
        "one row, from the end of the index",
    ),
    (
        Dialect::Sqlite,
        "JOIN portfolio_items AS pi ON pi.portfolio = i.value",
        "FOR ORDER BY",
        "the items of one portfolio",
    ),
    (Dialect::Sqlite, "FROM memberships AS t", "FOR ORDER BY", "the members of one object"),
    (
        Dialect::Sqlite,
        "FROM portfolio_memberships AS t",
        "FOR ORDER BY",
        "the members of one portfolio",
    ),
    (
        Dialect::Sqlite,
        "FROM portfolios AS t",
        "FOR ORDER BY",
        "the portfolios of one workspace that one person owns",
    ),
    (Dialect::Sqlite, "FROM sessions AS t", "FOR ORDER BY", "the sessions of one user"),
    (Dialect::Sqlite, "FROM tokens AS t", "FOR ORDER BY", "the tokens of one user"),
    (Dialect::Sqlite, "FROM users AS u LIMIT 1", "SCAN u", "whether there is anybody: one row"),
    (
        Dialect::Sqlite,
        "SELECT * FROM (SELECT 0, t.gid,",
        "FOR ORDER BY",
        "candidates: a bounded number of each source, or what one user visited, favours and meets",
    ),
    (
        Dialect::Sqlite,
        "AS c CROSS JOIN ",
        "FOR ORDER BY",
        "candidates, of which a bounded number is taken from the index of words",
    ),
    (Dialect::Sqlite, "FROM favorites AS f", "FOR ORDER BY", "the favourites of one user"),
    (
        Dialect::Sqlite,
        "SELECT DISTINCT s.gid FROM (SELECT a.gid FROM tasks AS a",
        "",
        "the tasks that a guest reaches, which are put together first",
    ),
    (
        Dialect::Postgres,
        "DELETE FROM time_periods WHERE workspace = ?",
        "hashed SubPlan",
        "the periods of a workspace, a few hundred, when an admin moves its fiscal year",
    ),
    (
        Dialect::Postgres,
        " OR ",
        "hashed SubPlan",
        "a list of gids that was put together before, not a question about each row",
    ),
];

/// Who runs the cases: everything there is, what is shared with a guest, what a service account sees.
const ACTORS: [&str; 3] = ["ada", "eve", "sam"];

/// Ends a transaction without a trace.
enum Undone {
    Ran(Vec<Statement>, Option<String>),
    Failed(store::Error),
}

impl From<store::Error> for Undone {
    fn from(error: store::Error) -> Undone {
        Undone::Failed(error)
    }
}

/// Runs a case, undoes it, and gives its statements and the cursor of the next page.
fn run(
    app: &App,
    operation: &Operation,
    case: &Case,
    actor: &str,
    query: &str,
) -> (Vec<Statement>, Option<String>) {
    let separator = if case.path.contains('?') { '&' } else { '?' };
    let uri = full_path(&format!("{}{separator}{query}", case.path));
    let path = uri.split('?').next().unwrap().to_owned();
    let segments = operation
        .full_path()
        .split('/')
        .zip(path.split('/'))
        .filter(|(declared, _)| declared.starts_with('{'))
        .map(|(_, given)| given.to_owned())
        .collect();
    let (parts, ()) = Request::builder().uri(uri.as_str()).body(()).unwrap().into_parts();
    let sent = match serde_json::from_str::<Value>(case.body) {
        Ok(data) => {
            let envelope: Value = json!({ "data": data });
            Sent::Json(envelope.as_object().unwrap().clone())
        }
        Err(_) => Sent::Nothing,
    };
    let below = Base::split(&path).unwrap().1;
    let call: Call = request::call(operation, below, segments, &parts, sent).unwrap();
    let same = |other: &Operation| std::ptr::eq(other, operation);
    let job = Job {
        app: Arc::clone(&app.server),
        operation: app.server.operations.iter().position(same).unwrap(),
        call,
        credential: Some(server::auth::Credential::Token(server::auth::hash(actor))),
        csrf: None,
        url: "http://localhost".to_owned(),
        now: (app.server.clock)(),
        request_id: "plans".to_owned(),
        idempotency: None,
        work: None,
    };
    let work = move |tx: &mut Tx<'_>| -> Result<(), Undone> {
        tx.record();
        let next = job.run(tx).ok().and_then(|reply| {
            let answer: Value = serde_json::from_slice(&reply.body).ok()?;
            Some(answer["next_page"]["offset"].as_str()?.to_owned())
        });
        Err(Undone::Ran(tx.recorded(), next))
    };
    let ended = if operation.writes() {
        app.server.store.write_blocking(work)
    } else {
        app.server.store.read_blocking(work)
    };
    match ended {
        Err(Undone::Ran(statements, next)) => (statements, next),
        Err(Undone::Failed(error)) => panic!("{}: {error}", case.id),
        Ok(()) => panic!("{} was not undone", case.id),
    }
}

/// Every statement of every case with its first parameters, and the case that ran it.
fn statements(app: &App) -> BTreeMap<String, (&'static str, Statement)> {
    let mut all = BTreeMap::new();
    for case in CASES {
        let Some(operation) = operation(app, case).filter(|one| !one.is_outside) else { continue };
        for actor in ACTORS {
            let mut ran = run(app, operation, case, actor, "").0;
            if !operation.writes() {
                let (first, next) = run(app, operation, case, actor, "limit=1");
                ran.extend(first);
                if let Some(next) = next {
                    let query = format!("limit=1&offset={next}");
                    ran.extend(run(app, operation, case, actor, &query).0);
                }
            }
            for statement in ran {
                all.entry(statement.sql.clone()).or_insert((case.id, statement));
            }
        }
    }
    all
}

/// The steps of the plan. On PostgreSQL as if every table were too large to be read from end to end.
fn plan(app: &App, statement: Statement) -> Result<Vec<String>, store::Error> {
    let Statement { sql, params } = statement;
    let dialect = app.server.store.dialect();
    app.server.store.read_blocking(move |tx| {
        let (explain, column) = match dialect {
            Dialect::Sqlite => (format!("EXPLAIN QUERY PLAN {sql}"), 3),
            Dialect::Postgres => {
                tx.execute("SET LOCAL enable_seqscan = off", &[])?;
                (format!("EXPLAIN {sql}"), 0)
            }
        };
        tx.query(&explain, &params, |row| row.get::<String>(column))
    })
}

/// What is wrong with a plan.
fn findings(dialect: Dialect, sql: &str, steps: &[String], tables: &[String]) -> Vec<String> {
    let is_page = sql.contains("LIMIT ?");
    let is_large = |name: &str| {
        // By its alias, or by its name where it has none.
        let table = sql
            .split_once(&format!(" AS {name} "))
            .and_then(|(before, _)| before.rsplit(' ').next())
            .unwrap_or(name);
        let table = table.trim_matches('"');
        tables.iter().any(|one| one == table) && !SMALL.contains(&table)
    };
    let wrong = |step: &&String| match dialect {
        Dialect::Sqlite => {
            let scanned = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            scanned.is_some_and(is_large)
                || is_page && step.contains("USE TEMP B-TREE FOR ORDER BY")
        }
        Dialect::Postgres => {
            let scanned = step.split_once("Seq Scan on ").map(|(_, rest)| rest);
            scanned.is_some_and(|rest| is_large(rest.split(' ').next().unwrap_or_default()))
                || step.contains("hashed SubPlan")
        }
    };
    steps.iter().filter(wrong).cloned().collect()
}

/// Every table of the schema.
fn tables(app: &App) -> Vec<String> {
    let sql = match app.server.store.dialect() {
        Dialect::Sqlite => "SELECT m.name FROM sqlite_master AS m WHERE m.type = 'table'",
        Dialect::Postgres => {
            "SELECT CAST(p.tablename AS TEXT) FROM pg_tables AS p WHERE p.schemaname = 'public'"
        }
    };
    app.sql(sql, &[], |row| row.get(0))
}

/// The scene, and a guest who is in one of its projects.
fn shared_scene(app: &App) {
    scene(app);
    app.transaction(|tx| {
        insert(
            tx,
            "project_memberships",
            "gid, workspace, project, member, member_type, access_level, created_at",
            params![999, 101, 901, 203, "user", "admin", 1_767_225_600_000_i64],
        )?;
        server::access::grants::of_project(tx, model::Gid::new(901))
    });
}

fn check(app: &App) {
    shared_scene(app);
    let tables = tables(app);
    let dialect = app.server.store.dialect();
    let mut wrong = Complaints::default();
    let mut used = vec![false; ALLOWED.len()];
    let all = statements(app);
    assert!(all.len() > 200, "only {} statements were found", all.len());

    for (sql, (case, statement)) in all {
        // What a statement without rows does is not planned.
        if !["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"]
            .iter()
            .any(|verb| sql.starts_with(verb))
        {
            continue;
        }
        let steps = match plan(app, statement) {
            Ok(steps) => steps,
            Err(error) => {
                wrong.0.push(format!("{case}: {error}\n    {sql}"));
                continue;
            }
        };
        for finding in findings(dialect, &sql, &steps, &tables) {
            let allowed = ALLOWED.iter().position(|(on, part, what, _)| {
                *on == dialect && sql.contains(part) && finding.contains(what)
            });
            match allowed.and_then(|at| used.get_mut(at)) {
                Some(used) => *used = true,
                None => wrong.0.push(format!("{case}: {}\n    {sql}", finding.trim())),
            }
        }
    }

    for (allowed, used) in ALLOWED.iter().zip(used) {
        wrong.unless(used || allowed.0 != dialect, || {
            format!("nothing needs this any more: {allowed:?}")
        });
    }
    wrong.none();
}

#[test]
fn no_request_reads_or_sorts_more_than_it_shows_on_sqlite() {
    check(&App::sqlite());
}

#[test]
fn no_request_reads_or_sorts_more_than_it_shows_on_postgresql() {
    check(&App::postgres());
}
