//! Who may do what to what: each relation of a user to the project, its task and what hangs on it, by each verb.
//!
//! Source: architecture, "Access".

use super::scene::{insert, scene};
use super::{Complaints, names};
use crate::kit::{App, PEOPLE, on_both};
use axum::http::Method;
use engine::{Sight, Template};
use model::Gid;
use serde_json::json;
use server::access::{self, grants};
use store::{Tx, params};

/// What ties a user to the scene.
#[derive(Clone, Copy)]
enum Tie {
    /// Nothing but the workspace.
    None,
    /// Membership in the project at a level.
    Project(&'static str),
    /// The project is open to its team, or to the workspace, at a level.
    Open(&'static str, &'static str),
    /// The task is assigned to him.
    Assignee,
    /// He made the task.
    Creator,
    /// He made the task, and is a viewer of its project.
    CreatorWhoViews,
    /// He follows the task; somebody with Edit added him, or not.
    Follower(bool),
    /// He follows the subtask only, added by somebody with Edit.
    FollowerBelow,
    /// He had everything, and was then removed from the workspace.
    Removed,
}

/// A user, his tie, and his levels: `-` none, `s` see, `c` comment, `e` edit, `a` admin, `o` author, `?` unknown object. In the order
/// project, section, task, subtask, comment, attachment; the level on a comment is that on its task, since ada wrote it.
const MATRIX: &[(&str, &str, Tie, &str)] = &[
    ("owner", "ada", Tie::None, "aaaaoa"),
    ("stranger of the workspace", "bob", Tie::None, "------"),
    ("stranger", "mallory", Tie::None, "??????"),
    ("service account", "sam", Tie::None, "aaaaaa"),
    ("project admin", "bob", Tie::Project("admin"), "aaaaaa"),
    ("project editor", "bob", Tie::Project("editor"), "eeeeee"),
    ("project commenter", "bob", Tie::Project("commenter"), "cccccc"),
    ("project viewer", "bob", Tie::Project("viewer"), "ssssss"),
    ("member of the team", "bob", Tie::Open("private_to_team", "editor"), "eeeeee"),
    ("member of the workspace", "bob", Tie::Open("public_to_workspace", "commenter"), "cccccc"),
    // Admin is never what a project gives by default.
    ("member of a generous team", "bob", Tie::Open("private_to_team", "admin"), "eeeeee"),
    ("assignee", "bob", Tie::Assignee, "--eeee"),
    ("creator", "bob", Tie::Creator, "--eeee"),
    ("creator who views the project", "bob", Tie::CreatorWhoViews, "ssssss"),
    ("follower who was added", "bob", Tie::Follower(true), "--eeee"),
    ("follower by his own comment", "bob", Tie::Follower(false), "------"),
    ("follower of the subtask", "bob", Tie::FollowerBelow, "---e--"),
    ("guest", "eve", Tie::None, "------"),
    ("guest in a public project", "eve", Tie::Open("public_to_workspace", "editor"), "------"),
    ("guest as editor", "eve", Tie::Project("editor"), "eeeeee"),
    ("guest as viewer", "eve", Tie::Project("viewer"), "ssssss"),
    ("guest as assignee", "eve", Tie::Assignee, "--eeee"),
    ("guest as creator", "eve", Tie::Creator, "--eeee"),
    ("guest as follower", "eve", Tie::Follower(true), "--eeee"),
    ("somebody who was removed", "bob", Tie::Removed, "??????"),
];

/// A verb on an object of the scene: which column of the matrix it looks at, and the level it takes.
struct Verb {
    column: usize,
    method: &'static str,
    path: &'static str,
    body: &'static str,
    needs: char,
}

const fn verb(
    column: usize,
    method: &'static str,
    path: &'static str,
    body: &'static str,
    needs: char,
) -> Verb {
    Verb { column, method, path, body, needs }
}

/// The verbs, those that destroy at the end.
const VERBS: &[Verb] = &[
    verb(0, "GET", "/projects/901", "", 's'),
    verb(0, "GET", "/projects/901/tasks", "", 's'),
    verb(0, "PUT", "/projects/901", r#"{"name":"Changed"}"#, 'e'),
    verb(0, "POST", "/projects/901/sections", r#"{"name":"New"}"#, 'e'),
    verb(0, "POST", "/projects/901/addMembers", r#"{"members":"204"}"#, 'a'),
    verb(0, "GET", "/task_templates/964", "", 's'),
    verb(0, "GET", "/task_templates?project=901", "", 's'),
    verb(0, "POST", "/task_templates/964/instantiateTask", r#"{"name":"New"}"#, 'e'),
    verb(0, "DELETE", "/task_templates/964", "", 'e'),
    verb(0, "GET", "/status_updates/945", "", 's'),
    verb(0, "GET", "/project_statuses/945", "", 's'),
    verb(
        0,
        "POST",
        "/status_updates",
        r#"{"parent":"901","status_type":"on_track","text":"Fine"}"#,
        'e',
    ),
    verb(0, "GET", "/project_briefs/947", "", 's'),
    verb(0, "PUT", "/project_briefs/947", r#"{"title":"Changed"}"#, 'e'),
    verb(0, "DELETE", "/project_briefs/947", "", 'e'),
    verb(0, "DELETE", "/status_updates/945", "", 'e'),
    verb(1, "GET", "/sections/902", "", 's'),
    verb(1, "PUT", "/sections/902", r#"{"name":"Changed"}"#, 'e'),
    verb(2, "GET", "/tasks/903", "", 's'),
    verb(2, "GET", "/tasks/903/stories", "", 's'),
    verb(2, "POST", "/tasks/903/stories", r#"{"text":"Me too"}"#, 'c'),
    verb(2, "PUT", "/tasks/903", r#"{"name":"Changed"}"#, 'e'),
    verb(2, "POST", "/tasks/903/subtasks", r#"{"name":"New"}"#, 'e'),
    verb(3, "GET", "/tasks/904", "", 's'),
    verb(3, "POST", "/tasks/904/stories", r#"{"text":"Me too"}"#, 'c'),
    verb(3, "PUT", "/tasks/904", r#"{"name":"Changed"}"#, 'e'),
    verb(4, "GET", "/stories/905", "", 's'),
    verb(4, "PUT", "/stories/905", r#"{"text":"Changed"}"#, 'o'),
    verb(5, "GET", "/attachments/910", "", 's'),
    verb(5, "GET", "/attachments?parent=903", "", 's'),
    // Time is as a comment: who entered it is its author, and the admins of the task may do as much.
    verb(2, "GET", "/tasks/903/time_tracking_entries", "", 's'),
    verb(2, "POST", "/tasks/903/time_tracking_entries", r#"{"duration_minutes":5}"#, 'e'),
    verb(4, "GET", "/time_tracking_entries/942", "", 's'),
    verb(4, "PUT", "/time_tracking_entries/942", r#"{"duration_minutes":5}"#, 'a'),
    verb(4, "DELETE", "/time_tracking_entries/942", "", 'a'),
    verb(0, "GET", "/allocations/943", "", 's'),
    verb(0, "GET", "/allocations?parent=901", "", 's'),
    verb(0, "PUT", "/allocations/943", r#"{"end_date":"2026-03-01"}"#, 'e'),
    verb(0, "DELETE", "/allocations/943", "", 'e'),
    verb(5, "DELETE", "/attachments/910", "", 'e'),
    verb(4, "DELETE", "/stories/905", "", 'a'),
    verb(1, "DELETE", "/sections/919", "", 'e'),
    verb(3, "DELETE", "/tasks/904", "", 'e'),
    verb(2, "DELETE", "/tasks/903", "", 'e'),
    verb(0, "DELETE", "/projects/901", "", 'a'),
];

/// The levels in ascending order.
const LEVELS: &str = "-sceao";

fn rank(level: char) -> Option<usize> {
    LEVELS.find(level)
}

/// Puts the tie into the scene.
fn tie(app: &App, user: &str, tie: Tie) {
    let gid = PEOPLE.iter().find(|person| person.0 == user).unwrap().1;
    app.transaction(move |tx: &mut Tx<'_>| -> server::Result<()> {
        match tie {
            Tie::None => Ok(()),
            Tie::Project(level) => member(tx, gid, level),
            Tie::Open(privacy, level) => {
                tx.execute(
                    "UPDATE projects SET privacy_setting = ?, default_access_level = ? WHERE gid = 901",
                    params![privacy, level],
                )?;
                grants::of_project(tx, Gid::new(901))
            }
            Tie::Assignee => set(tx, "assignee", gid),
            Tie::Creator => set(tx, "created_by", gid),
            Tie::CreatorWhoViews => {
                set(tx, "created_by", gid)?;
                member(tx, gid, "viewer")
            }
            Tie::Follower(granted) => follow(tx, 903, gid, granted),
            Tie::FollowerBelow => follow(tx, 904, gid, true),
            Tie::Removed => {
                member(tx, gid, "admin")?;
                set(tx, "assignee", gid)?;
                set(tx, "created_by", gid)?;
                follow(tx, 903, gid, true)
            }
        }
    });
    if matches!(tie, Tie::Removed) {
        let reply =
            app.as_("ada").post("/workspaces/101/removeUser", json!({ "user": gid.to_string() }));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

fn member(tx: &mut Tx<'_>, user: i64, level: &str) -> server::Result<()> {
    insert(
        tx,
        "project_memberships",
        "gid, workspace, project, member, member_type, access_level, created_at",
        params![920, 101, 901, user, "user", level, 0],
    )?;
    grants::of_project(tx, Gid::new(901))
}

fn set(tx: &mut Tx<'_>, column: &str, user: i64) -> server::Result<()> {
    tx.execute(&format!("UPDATE tasks SET {column} = ? WHERE gid = 903"), params![user])?;
    Ok(())
}

fn follow(tx: &mut Tx<'_>, task: i64, user: i64, granted: bool) -> server::Result<()> {
    insert(
        tx,
        "task_followers",
        r#"task, "user", workspace, grants, position"#,
        params![task, user, 101, granted, "a1"],
    )
}

#[test]
fn everybody_may_do_what_the_matrix_says() {
    on_both(|app| {
        // The first world only tells what there is; each relation gets its own.
        let again = || match app.server.store.dialect() {
            store::Dialect::Sqlite => App::sqlite(),
            store::Dialect::Postgres => App::postgres(),
        };
        let mut wrong = Complaints::default();

        for (relation, user, ties, levels) in MATRIX {
            let can_remove = app.server.operations.iter().any(|o| o.id == "removeUserForWorkspace");
            if matches!(ties, Tie::Removed) && !can_remove {
                continue;
            }
            let app = again();
            scene(&app);
            tie(&app, user, *ties);
            for verb in VERBS {
                // A guest sees nobody whom he could add.
                let is_alone = *user == "eve" && verb.path.ends_with("/addMembers");
                if is_alone || !exists(&app, verb) {
                    continue;
                }
                let level = levels.chars().nth(verb.column).unwrap();
                let expected = match rank(level) {
                    None => 404,
                    Some(level) if level < rank(verb.needs).unwrap() => 403,
                    Some(_) => 200,
                };
                let in_request = verb.path.contains('?') || verb.path == "/status_updates";
                let expected = if expected == 404 && in_request { 400 } else { expected };
                let method: Method = verb.method.parse().unwrap();
                let body = if verb.body.is_empty() {
                    String::new()
                } else {
                    format!(r#"{{"data":{}}}"#, verb.body)
                };
                let headers = [("content-type", "application/json")];
                let reply = app.as_(user).request(method, verb.path, &headers, body);
                let status = if reply.status == 201 { 200 } else { reply.status };
                wrong.unless(status == expected, || {
                    format!(
                        "{relation} ({user}): {} {} gave {status}, not {expected}: {}",
                        verb.method,
                        verb.path,
                        reply.text()
                    )
                });
            }
        }

        wrong.none();
    });
}

/// A user, what makes him reach the portfolio of the scene, and his level there, as in [`MATRIX`].
const PORTFOLIO: &[(&str, &str, Tie, char)] = &[
    ("owner", "ada", Tie::None, 'a'),
    ("stranger of the workspace", "carl", Tie::None, '-'),
    ("stranger", "mallory", Tie::None, '?'),
    ("service account", "sam", Tie::None, 'a'),
    ("admin", "bob", Tie::Project("admin"), 'a'),
    ("editor", "bob", Tie::Project("editor"), 'e'),
    ("viewer", "bob", Tie::Project("viewer"), 's'),
    ("member of the workspace", "carl", Tie::Open("public_to_domain", "viewer"), 's'),
    ("member of a generous workspace", "carl", Tie::Open("public_to_domain", "admin"), 'e'),
    ("guest", "eve", Tie::None, '-'),
    ("guest in a public portfolio", "eve", Tie::Open("public_to_domain", "editor"), '-'),
    ("guest as editor", "eve", Tie::Project("editor"), 'e'),
    ("guest as viewer", "eve", Tie::Project("viewer"), 's'),
];

/// The verbs on the portfolio, the one that destroys at the end.
const PORTFOLIO_VERBS: &[Verb] = &[
    verb(0, "GET", "/portfolios/941", "", 's'),
    verb(0, "GET", "/portfolios/941/items", "", 's'),
    verb(0, "GET", "/portfolios/941/custom_field_settings", "", 's'),
    verb(0, "GET", "/portfolios/941/portfolio_memberships", "", 's'),
    verb(0, "GET", "/status_updates/946", "", 's'),
    verb(0, "PUT", "/portfolios/941", r#"{"name":"Changed"}"#, 'e'),
    verb(0, "POST", "/portfolios/941/removeCustomFieldSetting", r#"{"custom_field":"907"}"#, 'e'),
    verb(
        0,
        "POST",
        "/status_updates",
        r#"{"parent":"941","status_type":"on_track","text":"Fine"}"#,
        'e',
    ),
    verb(0, "DELETE", "/status_updates/946", "", 'e'),
    verb(0, "DELETE", "/portfolios/941", "", 'a'),
];

#[test]
fn everybody_may_do_with_a_portfolio_what_its_matrix_says() {
    on_both(|app| {
        let again = || match app.server.store.dialect() {
            store::Dialect::Sqlite => App::sqlite(),
            store::Dialect::Postgres => App::postgres(),
        };
        let mut wrong = Complaints::default();

        for (relation, user, ties, level) in PORTFOLIO {
            let app = again();
            scene(&app);
            // Somebody of the workspace who is no member, unlike bob.
            let user = if *user == "carl" {
                app.write("DELETE FROM portfolio_memberships WHERE gid = 943", &[]);
                "bob"
            } else {
                user
            };
            let gid = PEOPLE.iter().find(|person| person.0 == user).unwrap().1;
            let ties = *ties;
            app.transaction(move |tx| {
                match ties {
                    Tie::Project(level) => {
                        tx.execute(
                            "INSERT INTO portfolio_memberships (gid, workspace, portfolio, member, member_type, access_level, created_at) VALUES (920, 101, 941, ?, 'user', ?, 0) ON CONFLICT (portfolio, member) DO UPDATE SET access_level = excluded.access_level",
                            params![gid, level],
                        )?;
                    }
                    Tie::Open(privacy, level) => {
                        tx.execute(
                            "UPDATE portfolios SET privacy_setting = ?, default_access_level = ? WHERE gid = 941",
                            params![privacy, level],
                        )?;
                    }
                    _ => {}
                }
                grants::of_portfolio(tx, Gid::new(941))
            });
            for verb in PORTFOLIO_VERBS {
                let status = match rank(*level) {
                    None if verb.path == "/status_updates" => 400,
                    None => 404,
                    Some(level) if level < rank(verb.needs).unwrap() => 403,
                    Some(_) => 200,
                };
                let method: Method = verb.method.parse().unwrap();
                let reply = if verb.body.is_empty() {
                    app.as_(user).request(method, verb.path, &[], "")
                } else {
                    let data: serde_json::Value = serde_json::from_str(verb.body).unwrap();
                    app.as_(user).json(method, verb.path, &json!({ "data": data }))
                };
                let got = if reply.status == 201 { 200 } else { reply.status };
                wrong.unless(got == status, || {
                    format!(
                        "{relation} ({user}): {} {} gave {got}, not {status}: {}",
                        verb.method,
                        verb.path,
                        reply.text()
                    )
                });
            }
        }

        wrong.none();
    });
}

/// What ties a user to the goal 930.
#[derive(Clone, Copy)]
enum Share {
    /// Nothing but the workspace.
    None,
    /// Membership at a level.
    Member(&'static str),
    /// The goal is open to the workspace at a level.
    Open(&'static str),
    /// The goal is a team's, at a level.
    Team(&'static str),
    /// He owns it.
    Owner,
    /// He owned it, and was then removed from the workspace.
    Removed,
}

/// A user, what ties him to the goal, and his level on it, as in [`MATRIX`].
const GOALS: &[(&str, &str, Share, char)] = &[
    ("owner", "ada", Share::None, 'a'),
    ("stranger of the workspace", "bob", Share::None, '-'),
    ("stranger", "mallory", Share::None, '?'),
    ("service account", "sam", Share::None, 'a'),
    ("admin", "bob", Share::Member("admin"), 'a'),
    ("editor", "bob", Share::Member("editor"), 'e'),
    ("commenter", "bob", Share::Member("commenter"), 'c'),
    ("viewer", "bob", Share::Member("viewer"), 's'),
    ("member of the workspace", "bob", Share::Open("commenter"), 'c'),
    ("member of a generous workspace", "bob", Share::Open("admin"), 'e'),
    ("member of the team", "bob", Share::Team("editor"), 'e'),
    ("another owner", "bob", Share::Owner, 'a'),
    ("guest", "eve", Share::None, '-'),
    ("guest in an open goal", "eve", Share::Open("editor"), '-'),
    ("guest beside the team", "eve", Share::Team("editor"), '-'),
    ("guest as editor", "eve", Share::Member("editor"), 'e'),
    ("guest as viewer", "eve", Share::Member("viewer"), 's'),
    ("somebody who was removed", "bob", Share::Removed, '?'),
];

/// The verbs on a goal and on what supports it, those that destroy at the end.
const GOAL_VERBS: &[Verb] = &[
    verb(0, "GET", "/goals/930", "", 's'),
    verb(0, "GET", "/goals/930/parentGoals", "", 's'),
    verb(0, "GET", "/goal_relationships?supported_goal=930", "", 's'),
    verb(0, "GET", "/goal_relationships/932", "", 's'),
    verb(0, "PUT", "/goals/930", r#"{"liked":true}"#, 'c'),
    verb(0, "PUT", "/goals/930", r#"{"name":"Changed"}"#, 'e'),
    verb(0, "PUT", "/goal_relationships/932", r#"{"contribution_weight":0.5}"#, 'e'),
    verb(0, "POST", "/goals/930/setMetric", r#"{"progress_source":"manual"}"#, 'e'),
    verb(0, "POST", "/goals/930/setMetricCurrentValue", r#"{"current_number_value":3}"#, 'e'),
    verb(
        0,
        "POST",
        "/goals/930/removeSupportingRelationship",
        r#"{"supporting_resource":"931"}"#,
        'e',
    ),
    verb(0, "PUT", "/goals/930", r#"{"default_access_level":"viewer"}"#, 'a'),
    verb(0, "DELETE", "/goals/930", "", 'a'),
];

/// Puts the tie into the scene; who sees the goal sees its subgoal.
fn share(app: &App, user: &str, share: Share) {
    let gid = PEOPLE.iter().find(|person| person.0 == user).unwrap().1;
    app.transaction(move |tx: &mut Tx<'_>| -> server::Result<()> {
        for (goal, membership) in [(930, 946), (931, 947)] {
            match share {
                Share::None => {}
                Share::Member(level) => insert(
                    tx,
                    "goal_memberships",
                    "gid, workspace, goal, member, member_type, access_level, created_at",
                    params![membership, 101, goal, gid, "user", level, 0],
                )?,
                Share::Open(level) => {
                    tx.execute(
                        "UPDATE goals SET privacy_setting = 'public_to_workspace', default_access_level = ? WHERE gid = ?",
                        params![level, goal],
                    )?;
                }
                Share::Team(level) => {
                    tx.execute(
                        "UPDATE goals SET team = 301, is_workspace_level = 0, default_access_level = ? WHERE gid = ?",
                        params![level, goal],
                    )?;
                }
                Share::Owner | Share::Removed => {
                    tx.execute("UPDATE goals SET owner = ? WHERE gid = ?", params![gid, goal])?;
                }
            }
            grants::of_goal(tx, Gid::new(goal))?;
        }
        Ok(())
    });
    if matches!(share, Share::Removed) {
        let reply =
            app.as_("ada").post("/workspaces/101/removeUser", json!({ "user": gid.to_string() }));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

#[test]
fn everybody_may_do_to_goals_what_the_matrix_says() {
    let mut wrong = Complaints::default();
    for (relation, user, ties, level) in GOALS {
        let app = App::sqlite();
        scene(&app);
        share(&app, user, *ties);
        for verb in GOAL_VERBS {
            let expected = match rank(*level) {
                None if verb.path.contains('?') => 400,
                None => 404,
                Some(level) if level < rank(verb.needs).unwrap() => 403,
                Some(_) => 200,
            };
            let method: Method = verb.method.parse().unwrap();
            let body = if verb.body.is_empty() {
                String::new()
            } else {
                format!(r#"{{"data":{}}}"#, verb.body)
            };
            let headers = [("content-type", "application/json")];
            let reply = app.as_(user).request(method, verb.path, &headers, body);
            wrong.unless(reply.status == expected, || {
                format!(
                    "{relation} ({user}): {} {} gave {}, not {expected}: {}",
                    verb.method,
                    verb.path,
                    reply.status,
                    reply.text()
                )
            });
        }
    }

    wrong.none();
}

/// Whether the operation of a verb is there.
fn exists(app: &App, verb: &Verb) -> bool {
    app.server
        .operations
        .iter()
        .any(|operation| operation.method == verb.method && names(operation, verb.path))
}

/// The two forms of a rule say the same: who has a level sees, and who sees has a level; and a scan finds what is seen.
#[test]
fn seeing_scanning_and_levels_agree() {
    on_both(|app| {
        scene(app);
        app.transaction(|tx| {
            set(tx, "assignee", 202)?;
            follow(tx, 915, 203, true)
        });
        let mut wrong = Complaints::default();

        for info in app.server.registry.all() {
            let sights = [
                ("ada", Sight::Member),
                ("bob", Sight::Member),
                ("eve", Sight::Guest),
                ("sam", Sight::Service),
                ("mallory", Sight::Member),
            ];
            for (user, sight) in sights {
                let me = Gid::new(PEOPLE.iter().find(|person| person.0 == user).unwrap().1);
                let live = match access::rule(info.name).live {
                    "" => "1 = 1".to_owned(),
                    live => live.replace("{t}", "t"),
                };
                let found = |condition: &str| {
                    let text = format!(
                        "SELECT t.gid FROM {} AS t WHERE {condition} ORDER BY t.gid",
                        info.table
                    );
                    let template = Template::new(&text, &|_, _| String::new());
                    let (sql, values) = (template.sql().to_owned(), template.params(me, &[]));
                    app.server
                        .store
                        .read_blocking(move |tx| tx.query(&sql, &values, |row| row.get::<i64>(0)))
                        .unwrap_or_else(|error: store::Error| panic!("{text}: {error}"))
                };
                let seen = found(&access::see(info.name, "t", sight));
                let scanned = found(&access::see_scan(info.name, "t", sight));
                let level = access::level(info.name, "t", sight);
                let leveled = found(&format!("{live} AND ({level}) > 0"));
                wrong.unless(seen == leveled, || {
                    format!(
                        "{user} sees of {}: {seen:?}, but has a level on {leveled:?}",
                        info.name
                    )
                });
                wrong.unless(seen == scanned, || {
                    format!("{user} sees of {}: {seen:?}, but scans {scanned:?}", info.name)
                });
            }
        }

        wrong.none();
    });
}
