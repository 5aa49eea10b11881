//! The search for tasks, against a naive evaluation of each parameter, and the search across all types.

use crate::kit::{ACME, ADA, App, BOB, CREW, EVE, GLOBEX, on_both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the naive evaluation looks at.
const FIELDS: &str = "name,notes,resource_subtype,completed,completed_at,created_at,modified_at,due_on,due_at,start_on,assignee,assigned_by,created_by,followers,projects,memberships.section,tags,parent,num_likes,likes.user,custom_fields.number_value,custom_fields.text_value,custom_fields.enum_value,custom_fields.date_value.date,dependencies.completed,dependents";

fn path(query: &str) -> String {
    format!("/workspaces/{ACME}/tasks/search?{}", query.replace(' ', "%20"))
}

/// A naive evaluation of a query on one task.
type Meets<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

/// What was found, in its order.
fn search(app: &App, user: &str, query: &str) -> Vec<String> {
    app.as_(user).get(&path(query)).gids()
}

/// The same, without its order.
fn found(app: &App, user: &str, query: &str) -> BTreeSet<String> {
    search(app, user, query).into_iter().collect()
}

/// The gids of a list of objects.
fn gids(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(|one| one["gid"].as_str()).collect()
}

/// A world of tasks that differ, and the gids that the parameters name.
struct World {
    project: String,
    other: String,
    section: String,
    tag: String,
    label: String,
    number: String,
    text: String,
    choice: String,
    option: String,
    date: String,
}

fn world(app: &App) -> World {
    let project = app.has("project", json!({ "name": "Bridge" }));
    let other = app.has("project", json!({ "name": "Road", "privacy_setting": "private" }));
    let section = app.has("section", json!({ "project": project, "name": "Doing" }));
    let tag = app.has("tag", json!({ "name": "urgent" }));
    let label = app.has("tag", json!({ "name": "late" }));
    let field = |name: &str, kind: &str, more: Value| {
        let mut fields = json!({ "name": name, "resource_subtype": kind });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let gid = app.has("custom_field", fields);
        let add = format!("/projects/{project}/addCustomFieldSetting");
        app.as_("ada").post(&add, json!({ "custom_field": gid })).data();
        gid
    };
    let number = field("Cost", "number", json!({ "precision": 1 }));
    let text = field("Place", "text", json!({}));
    let choice =
        field("Size", "enum", json!({ "enum_options": [{ "name": "S" }, { "name": "L" }] }));
    let date = field("Seen", "date", json!({}));
    let options = app.as_("ada").get(&format!("/custom_fields/{choice}")).data();
    let option = options["enum_options"][0]["gid"].as_str().unwrap().to_owned();
    let mut all = Vec::new();
    for n in 0..24_i64 {
        app.tick(3_600_000);
        let user = if n % 3 == 0 { "bob" } else { "ada" };
        let mut fields = json!({ "name": format!("Paint the Über-pillar {n}") });
        let mut put = |name: &str, value: Value| {
            fields.as_object_mut().unwrap().insert(name.to_owned(), value);
        };
        if n % 2 == 0 {
            put("projects", json!([project]));
            put(
                "custom_fields",
                json!({ &*number: n, &*choice: if n % 4 == 0 { json!(option) } else { Value::Null }, &*text: format!("x%y{n}"), &*date: { "date": format!("2026-02-{:02}", n + 1) } }),
            );
        } else if n % 5 == 0 && user == "ada" {
            put("projects", json!([other]));
        }
        if n % 3 == 1 {
            put("assignee", json!(BOB));
        }
        if n % 4 == 1 {
            put("due_on", json!(format!("2026-03-{:02}", n + 1)));
        }
        if n % 4 == 3 {
            put("due_at", json!(format!("2026-03-{:02}T10:00:00Z", n + 1)));
            put("start_on", json!(format!("2026-02-{:02}", n + 1)));
        }
        if n % 6 == 2 {
            put("tags", json!([tag]));
        }
        if n % 6 == 4 {
            put("tags", json!([tag, label]));
            put("notes", json!("Mind the gap; ask 日本語 people."));
        }
        if n % 8 == 6 {
            put("resource_subtype", json!("milestone"));
        }
        let gid = app.make(user, "task", fields);
        if n % 5 == 2 {
            app.as_(user).put(&format!("/tasks/{gid}"), json!({ "completed": true })).data();
        }
        if n % 8 == 4 {
            app.as_(user).put(&format!("/tasks/{gid}"), json!({ "liked": true })).data();
        }
        if n % 6 == 0 {
            let to = format!("/sections/{section}/addTask");
            app.as_("ada").post(&to, json!({ "task": gid })).data();
        }
        all.push(gid);
    }
    for n in [2_usize, 6, 10] {
        let path = format!("/tasks/{}/addDependencies", all[n]);
        app.as_("ada").post(&path, json!({ "dependencies": [all[n + 2]] })).data();
    }
    app.has("task", json!({ "parent": all[4], "name": "Sand first" }));
    let file = json!({ "parent": all[16], "resource_subtype": "external", "name": "Plan", "url": "https://plan.example/" });
    app.as_("ada").post("/attachments", file).data();
    app.has("story", json!({ "task": all[8], "text": "Needs scaffolding" }));
    World { project, other, section, tag, label, number, text, choice, option, date }
}

#[test]
fn each_parameter_finds_what_a_naive_look_finds() {
    on_both(|app| {
        let world = world(app);
        let World { project, other, section, tag, label, number, text, choice, option, date } =
            &world;
        // All tasks that there are, with all that the parameters ask for.
        let every =
            app.sql("SELECT t.gid FROM tasks AS t ORDER BY t.gid", &[], |row| row.get::<i64>(0));
        let tasks: Vec<Value> = every
            .iter()
            .filter_map(|gid| {
                let reply = app.as_("ada").get(&format!("/tasks/{gid}?opt_fields={FIELDS}"));
                (reply.status == 200).then(|| reply.data())
            })
            .collect();
        assert!(tasks.len() > 15, "{}", tasks.len());
        let is = |name: &'static str, gid: &'static str| -> Meets<'_> {
            Box::new(move |task| task[name]["gid"] == gid)
        };
        let text_of = |task: &Value, name: &str| task[name].as_str().unwrap_or_default().to_owned();
        let in_list = |name: &'static str, gid: &str| -> Meets<'_> {
            let gid = gid.to_owned();
            Box::new(move |task| gids(&task[name]).contains(&gid.as_str()))
        };
        let in_section = |task: &Value| {
            let sections = task["memberships"].as_array().unwrap();
            sections.iter().any(|one| one["section"]["gid"] == section.as_str())
        };
        let field = |task: &Value, gid: &str, name: &str| -> Value {
            let fields = task["custom_fields"].as_array().unwrap();
            fields
                .iter()
                .find(|field| field["gid"] == gid)
                .map(|field| field[name].clone())
                .unwrap_or_default()
        };
        let has_field = |task: &Value, gid: &str| gids(&task["custom_fields"]).contains(&gid);
        let cases: Vec<(String, Meets<'_>)> = vec![
            ("completed=true".into(), Box::new(|t| t["completed"] == true)),
            ("completed=false".into(), Box::new(|t| t["completed"] == false)),
            (format!("assignee.any={BOB}"), is("assignee", BOB)),
            ("assignee.any=bob@acme.example".into(), is("assignee", BOB)),
            ("assignee.any=null".into(), Box::new(|t| t["assignee"].is_null())),
            (format!("assignee.any={BOB},null"), Box::new(|_| true)),
            (format!("assignee.not={BOB}"), Box::new(|t| t["assignee"]["gid"] != BOB)),
            ("assignee.not=null".into(), Box::new(|t| !t["assignee"].is_null())),
            ("created_by.any=me".into(), is("created_by", ADA)),
            (format!("created_by.not={ADA}"), Box::new(|t| t["created_by"]["gid"] != ADA)),
            (format!("assigned_by.any={ADA}"), is("assigned_by", ADA)),
            (format!("assigned_by.not={ADA}"), Box::new(|t| t["assigned_by"]["gid"] != ADA)),
            (format!("projects.any={project}"), in_list("projects", project)),
            (
                format!("projects.not={project}"),
                Box::new(move |t| !gids(&t["projects"]).contains(&project.as_str())),
            ),
            (
                format!("projects.any={project},{other}"),
                Box::new(|t| !gids(&t["projects"]).is_empty()),
            ),
            (format!("projects.all={project},{other}"), Box::new(|_| false)),
            (format!("sections.any={section}"), Box::new(in_section)),
            (format!("sections.not={section}"), Box::new(move |t| !in_section(t))),
            (format!("sections.all={section}"), Box::new(in_section)),
            (
                format!("projects.any={other}&sections.any={section}"),
                Box::new(move |t| in_section(t) || gids(&t["projects"]).contains(&other.as_str())),
            ),
            (format!("tags.any={tag}"), in_list("tags", tag)),
            (
                format!("tags.not={tag}"),
                Box::new(move |t| !gids(&t["tags"]).contains(&tag.as_str())),
            ),
            (format!("tags.all={tag},{label}"), in_list("tags", label)),
            (format!("teams.any={CREW}"), Box::new(|t| !gids(&t["projects"]).is_empty())),
            (format!("followers.any={BOB}"), in_list("followers", BOB)),
            (format!("followers.not={BOB}"), Box::new(|t| !gids(&t["followers"]).contains(&BOB))),
            (
                format!("liked_by.not={ADA}"),
                Box::new(|t| {
                    t["likes"].as_array().unwrap().iter().all(|like| like["user"]["gid"] != ADA)
                }),
            ),
            (
                format!("commented_on_by.not={ADA}"),
                Box::new(move |t| !text_of(t, "name").ends_with(" 8")),
            ),
            ("is_subtask=true".into(), Box::new(|t| !t["parent"].is_null())),
            ("is_subtask=false".into(), Box::new(|t| t["parent"].is_null())),
            (
                "is_blocked=true".into(),
                Box::new(|t| {
                    t["dependencies"].as_array().unwrap().iter().any(|d| d["completed"] == false)
                }),
            ),
            (
                "is_blocked=false".into(),
                Box::new(|t| {
                    t["dependencies"].as_array().unwrap().iter().all(|d| d["completed"] == true)
                }),
            ),
            (
                "is_blocking=true".into(),
                Box::new(|t| t["completed"] == false && !gids(&t["dependents"]).is_empty()),
            ),
            ("has_attachment=true".into(), Box::new(move |t| text_of(t, "name").ends_with(" 16"))),
            (
                "resource_subtype=milestone".into(),
                Box::new(|t| t["resource_subtype"] == "milestone"),
            ),
            ("due_on=2026-03-02".into(), Box::new(|t| t["due_on"] == "2026-03-02")),
            ("due_on=null".into(), Box::new(|t| t["due_on"].is_null())),
            (
                "due_on.before=2026-03-10".into(),
                Box::new(|t| t["due_on"].as_str().is_some_and(|d| d < "2026-03-10")),
            ),
            (
                "due_on.after=2026-03-10".into(),
                Box::new(|t| t["due_on"].as_str().is_some_and(|d| d > "2026-03-10")),
            ),
            (
                "due_at.before=2026-03-10T00:00:00Z".into(),
                Box::new(|t| t["due_at"].as_str().is_some_and(|d| d < "2026-03-10")),
            ),
            (
                "start_on.after=2026-02-10".into(),
                Box::new(|t| t["start_on"].as_str().is_some_and(|d| d > "2026-02-10")),
            ),
            (
                "created_on=2026-01-01".into(),
                Box::new(|t| t["created_at"].as_str().unwrap().starts_with("2026-01-01")),
            ),
            (
                "created_on.before=2026-01-02".into(),
                Box::new(|t| t["created_at"].as_str().unwrap() < "2026-01-02"),
            ),
            (
                "created_on.after=2026-01-01".into(),
                Box::new(|t| t["created_at"].as_str().unwrap() >= "2026-01-02"),
            ),
            (
                "created_at.after=2026-01-01T05:00:00Z".into(),
                Box::new(|t| t["created_at"].as_str().unwrap() > "2026-01-01T05:00:00.000Z"),
            ),
            ("completed_on=null".into(), Box::new(|t| t["completed_at"].is_null())),
            (
                "completed_at.before=2026-01-01T12:00:00Z".into(),
                Box::new(|t| t["completed_at"].as_str().is_some_and(|d| d < "2026-01-01T12")),
            ),
            (
                "modified_at.after=2026-01-01T12:00:00Z".into(),
                Box::new(|t| t["modified_at"].as_str().unwrap() > "2026-01-01T12:00:00.000Z"),
            ),
            ("text=uber pill".into(), Box::new(move |t| text_of(t, "name").contains("Über"))),
            ("text=GAP".into(), Box::new(move |t| text_of(t, "notes").contains("gap"))),
            (
                "text=%E6%9C%AC%E8%AA%9E".into(),
                Box::new(move |t| text_of(t, "notes").contains("gap")),
            ),
            ("text=pillar 13".into(), Box::new(move |t| text_of(t, "name").ends_with(" 13"))),
            ("text=scaffolding".into(), Box::new(|_| false)),
            ("text=!!".into(), Box::new(|_| false)),
            (
                format!("custom_fields.{number}.value=4"),
                Box::new(move |t| field(t, number, "number_value") == 4),
            ),
            (
                format!("custom_fields.{number}.less_than=6"),
                Box::new(move |t| {
                    field(t, number, "number_value").as_f64().is_some_and(|n| n < 6.0)
                }),
            ),
            (
                format!("custom_fields.{number}.greater_than=6.5"),
                Box::new(move |t| {
                    field(t, number, "number_value").as_f64().is_some_and(|n| n > 6.5)
                }),
            ),
            (
                format!("custom_fields.{choice}.value={option}"),
                Box::new(move |t| field(t, choice, "enum_value")["gid"] == option.as_str()),
            ),
            (
                format!("custom_fields.{choice}.is_set=true"),
                Box::new(move |t| !field(t, choice, "enum_value").is_null()),
            ),
            (
                format!("custom_fields.{choice}.is_set=false"),
                Box::new(move |t| has_field(t, choice) && field(t, choice, "enum_value").is_null()),
            ),
            (
                format!("custom_fields.{text}.value=x%25y8"),
                Box::new(move |t| field(t, text, "text_value") == "x%y8"),
            ),
            (
                format!("custom_fields.{text}.contains=%25y1"),
                Box::new(move |t| {
                    field(t, text, "text_value").as_str().is_some_and(|x| x.contains("%y1"))
                }),
            ),
            (format!("custom_fields.{text}.starts_with=x_"), Box::new(|_| false)),
            (
                format!("custom_fields.{text}.ends_with=2"),
                Box::new(move |t| {
                    field(t, text, "text_value").as_str().is_some_and(|x| x.ends_with('2'))
                }),
            ),
            (
                format!("custom_fields.{text}.is_set=true"),
                Box::new(move |t| !field(t, text, "text_value").is_null()),
            ),
            (
                format!("custom_fields.{date}.before=2026-02-10"),
                Box::new(move |t| {
                    field(t, date, "date_value")["date"].as_str().is_some_and(|d| d < "2026-02-10")
                }),
            ),
            (
                format!("custom_fields.{date}.value=2026-02-03"),
                Box::new(move |t| field(t, date, "date_value")["date"] == "2026-02-03"),
            ),
            (
                format!("projects.any={project}&completed=false&text=paint"),
                Box::new(move |t| {
                    gids(&t["projects"]).contains(&project.as_str())
                        && t["completed"] == false
                        && text_of(t, "name").contains("Paint")
                }),
            ),
            ("unknown=7".into(), Box::new(|_| true)),
        ];
        let mut empty: Vec<&str> = Vec::new();
        for (query, meets) in &cases {
            let expected: BTreeSet<String> = tasks
                .iter()
                .filter(|task| meets(task))
                .map(|task| task["gid"].as_str().unwrap().to_owned())
                .collect();
            if expected.is_empty() {
                empty.push(query);
            }
            assert_eq!(found(app, "ada", query), expected, "{query}");
            // The same through the conditions that a guest's search has; nothing is shared with her.
            let reply = app.as_("eve").get(&path(query));
            let is_hidden = reply.status == 400 && query.starts_with("custom_fields.");
            assert!(is_hidden || reply.gids().is_empty(), "{query}");
        }
        assert!(empty.len() <= 6, "{empty:?}");
    });
}

#[test]
fn rows_come_in_the_order_that_was_asked_for() {
    on_both(|app| {
        world(app);
        let keys = |query: &str, field: &str| -> Vec<Value> {
            let reply = app.as_("ada").get(&path(&format!("{query}&opt_fields={field}")));
            reply.data().as_array().unwrap().iter().map(|task| task[field].clone()).collect()
        };
        for (sort, field) in [
            ("modified_at", "modified_at"),
            ("created_at", "created_at"),
            ("completed_at", "completed_at"),
            ("due_date", "due_on"),
        ] {
            for ascending in [false, true] {
                for filter in ["", "&text=paint"] {
                    let query = format!("sort_by={sort}&sort_ascending={ascending}{filter}");
                    let all = keys(&query, field);
                    assert!(all.len() >= 15, "{query}");
                    let there: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
                    assert!(all.iter().skip(there.len()).all(Value::is_null), "{query}: {all:?}");
                    let mut sorted = there.clone();
                    sorted.sort_unstable();
                    if !ascending {
                        sorted.reverse();
                    }
                    assert_eq!(there, sorted, "{query}");
                }
            }
        }
        let likes = keys("sort_by=likes", "num_likes");
        assert!(likes[0] == 1 && likes.last().unwrap() == 0 && likes.len() >= 15, "{likes:?}");
        let likes = keys("sort_by=likes&sort_ascending=true", "num_likes");
        assert!(likes[0] == 0 && likes.last().unwrap() == 1, "{likes:?}");
        let exact = app.has("task", json!({ "name": "gap" }));
        assert_eq!(search(app, "ada", "text=gap&sort_by=relevance")[0], exact);
        app.as_("ada").get(&path("sort_by=name")).error(400);
    });
}

#[test]
fn it_finds_what_was_just_written_and_nothing_that_is_gone() {
    on_both(|app| {
        let task = app.has("task", json!({ "name": "Zebra", "notes": "stripes" }));
        assert_eq!(search(app, "ada", "text=zebra"), [&*task]);
        app.as_("ada")
            .put(&format!("/tasks/{task}"), json!({ "name": "Lion", "notes": "mane" }))
            .data();
        assert_eq!(search(app, "ada", "text=zebra"), [""; 0]);
        assert_eq!(search(app, "ada", "text=stripes"), [""; 0]);
        assert_eq!(search(app, "ada", "text=mane lio"), [&*task]);
        app.as_("ada").put(&format!("/tasks/{task}"), json!({ "notes": "" })).data();
        assert_eq!(search(app, "ada", "text=mane"), [""; 0]);
        app.as_("ada").delete(&format!("/tasks/{task}")).data();
        assert_eq!(search(app, "ada", "text=lion"), [""; 0]);
    });
}

#[test]
fn at_most_a_hundred_and_never_a_next_page() {
    on_both(|app| {
        for n in 0..3 {
            app.has("task", json!({ "name": format!("t{n}") }));
        }
        let reply = app.as_("ada").get(&path("limit=2&completed=false"));
        assert_eq!(reply.gids().len(), 2);
        assert!(reply.json().get("next_page").is_none());
        for wrong in [
            "limit=101",
            "limit=0",
            "completed=x",
            "due_on=tomorrow",
            "projects.any=x",
            "custom_fields.1.value=2",
            "created_at.after=x",
        ] {
            app.as_("ada").get(&path(wrong)).error(400);
        }
    });
}

#[test]
fn nothing_hidden_is_found_before_and_after_revocation() {
    on_both(|app| {
        let project = app.has("project", json!({ "privacy_setting": "private", "name": "Secret" }));
        let task = app
            .has("task", json!({ "projects": [project], "name": "Hidden plan", "notes": "vault" }));
        app.has("story", json!({ "task": task, "text": "the combination" }));
        let everything = |user: &str, query: &str| {
            let path = format!("/api/vinyasa/1/workspaces/{ACME}/search?query={query}");
            app.as_(user).get(&path).data().as_array().unwrap().len()
        };
        let sees = |user: &str| {
            let queries = [
                "text=hidden".to_owned(),
                "text=vault".to_owned(),
                format!("projects.any={project}"),
            ];
            let counts: Vec<usize> = queries
                .iter()
                .map(|query| search(app, user, query).len())
                .chain(
                    ["hidden", "vault", "combination", "secret"]
                        .map(|query| everything(user, query)),
                )
                .collect();
            assert!(counts.iter().all(|count| *count == counts[0]), "{user}: {counts:?}");
            counts[0]
        };
        let add = format!("/projects/{project}/addMembers");
        let remove = format!("/projects/{project}/removeMembers");

        assert_eq!(sees("ada"), 1);
        assert_eq!(sees("sam"), 1, "a service account sees everything");
        for (user, gid) in [("bob", BOB), ("eve", EVE)] {
            assert_eq!(sees(user), 0, "{user}");
            app.as_("ada").post(&add, json!({ "members": gid })).data();
            assert_eq!(sees(user), 1, "{user}");
            app.as_("ada").post(&remove, json!({ "members": gid })).data();
            assert_eq!(sees(user), 0, "{user}");
        }
        app.as_("mallory").get(&path("text=hidden")).error(404);
        app.as_("ada").get(&format!("/workspaces/{GLOBEX}/tasks/search?text=x")).error(404);
    });
}

#[test]
fn a_shared_task_does_not_tell_its_hidden_project() {
    on_both(|app| {
        let secret = app.has("project", json!({ "privacy_setting": "private" }));
        let open = app.has("project", json!({}));
        let team = app.has("team", json!({ "visibility": "secret", "name": "Moles" }));
        let own = app.has("project", json!({ "privacy_setting": "private", "team": team }));
        let task = app.has("task", json!({ "projects": [secret, open, own] }));

        assert_eq!(search(app, "bob", &format!("projects.any={open}")), [&*task]);
        for hidden in [&secret, &own] {
            assert_eq!(search(app, "bob", &format!("projects.any={hidden}")), [""; 0]);
            assert_eq!(search(app, "bob", &format!("projects.all={open},{hidden}")), [""; 0]);
            assert_eq!(search(app, "bob", &format!("projects.not={hidden}")), [&*task]);
        }
        assert_eq!(search(app, "bob", &format!("teams.any={team}")), [""; 0]);
        assert_eq!(search(app, "ada", &format!("teams.any={team}")), [&*task]);
    });
}

#[test]
fn all_types_are_looked_through_and_the_best_come_first() {
    on_both(|app| {
        let project = app.has("project", json!({ "name": "Harbour" }));
        let task = app.has("task", json!({ "name": "Harbour wall", "projects": [project] }));
        let noted = app.has(
            "task",
            json!({ "name": "Dredge", "notes": "Long ago. The old harbour is silting up.", "projects": [project] }),
        );
        let tag = app.has("tag", json!({ "name": "old harbour" }));
        let story = app.has("story", json!({ "task": noted, "text": "Ask the Harbour master" }));
        let path = |query: &str| format!("/api/vinyasa/1/workspaces/{ACME}/search?{query}");

        let data = app.as_("ada").get(&path("query=harbour")).data();

        let rows = data.as_array().unwrap();
        let order: Vec<&str> =
            rows.iter().map(|row| row["resource"]["gid"].as_str().unwrap()).collect();
        assert_eq!(order, [&project, &task, &tag, &noted, &story].map(String::as_str));
        assert_eq!(rows[0]["resource"]["name"], "Harbour");
        assert_eq!(rows[3]["matched"], "notes");
        assert_eq!(rows[3]["snippet"], "Long ago. The old harbour is silting up.");
        assert_eq!(rows[4]["resource_type"], "story");
        assert_eq!(rows[4]["parent"]["name"], "Dredge");
        let types = app.as_("ada").get(&path("query=harbour&types=tag,story&limit=1")).data();
        assert_eq!(types.as_array().unwrap().len(), 1);
        assert_eq!(app.as_("ada").get(&path("query=bob")).data()[0]["resource"]["gid"], BOB);
        app.as_("ada").get(&path("query=x&types=webhook")).error(400);
        app.as_("ada").get(&path("")).error(400);
    });
}

#[test]
fn an_index_is_made_for_what_was_there_before() {
    on_both(|app| {
        let task = app.has("task", json!({ "name": "Ancient", "notes": "ruins" }));
        let story = app.has("story", json!({ "task": task, "text": "dust" }));
        app.write("DELETE FROM search_words", &[]);
        assert_eq!(search(app, "ada", "text=ancient"), [""; 0]);

        server::search::index::fill_blocking(&app.server.store).unwrap();

        assert_eq!(search(app, "ada", "text=ancient ruins"), [&*task]);
        let places = app.sql(
            "SELECT w.object, w.place FROM search_words AS w ORDER BY w.object, w.place",
            &[],
            |row| Ok((row.get::<i64>(0)?.to_string(), row.get::<i64>(1)?)),
        );
        assert_eq!(places, [(task.clone(), 0), (task, 1), (story, 2)]);
    });
}
