//! Which rules an event sets off.

use super::check::text;
use super::queue::{self, Item};
use super::schedule::{self, Window};
use crate::api::Context;
use crate::error::Result;
use crate::readers::LogEvent;
use crate::resources::rules::Rule;
use engine::Stored;
use engine::record::select_list;
use model::{Date, Gid, Timestamp};
use std::collections::{BTreeSet, HashMap, HashSet};
use store::{Tx, Value};

/// What the requests of runs are called: this, the gid of the run, and how many rules stand behind it.
const REQUEST: &str = "rule-";

/// The name of a run's request, by which the events of the run are known.
pub fn request(run: Gid, depth: i64) -> String {
    format!("{REQUEST}{run}-{depth}")
}

/// Whether a request is a run of a rule. Clients do not name their requests: the server does.
pub fn is_request(request_id: &str) -> bool {
    request_id.starts_with(REQUEST)
}

/// How many rules stand behind an event. Clients cannot make one up: what they do has an actor.
fn depth(event: &LogEvent) -> i64 {
    let number = |text: &str| text.rsplit_once('-').and_then(|(_, depth)| depth.parse().ok());
    match (event.actor, event.request_id.strip_prefix(REQUEST)) {
        (None, Some(rest)) => number(rest).unwrap_or(0),
        _ => 0,
    }
}

fn ids(gids: impl IntoIterator<Item = Gid>) -> Value {
    let gids: BTreeSet<i64> = gids.into_iter().map(Gid::get).collect();
    Value::Ids(gids.into_iter().collect())
}

/// Events that can set something off.
fn is_candidate(event: &LogEvent) -> bool {
    match event.kind.as_str() {
        "task" => matches!(event.action.as_str(), "added" | "changed"),
        "story" => {
            event.action == "added"
                && event.subtype.as_deref().is_some_and(|subtype| {
                    matches!(subtype, "comment_added" | "section_changed")
                        || subtype.ends_with("custom_field_changed")
                })
        }
        _ => false,
    }
}

fn changes<'e>(event: &'e LogEvent, action: &'e str) -> impl Iterator<Item = &'e str> {
    let changes = if event.action == "changed" { event.changes.as_slice() } else { &[] };
    changes.iter().filter(move |change| change.action == action).map(|change| change.field.as_str())
}

/// Tasks that stopped being in the way of others, and tasks that may have stopped waiting.
fn freeing(events: &[LogEvent]) -> (Vec<Gid>, Vec<Gid>) {
    let tasks = || events.iter().filter(|event| event.kind == "task");
    let done = tasks().filter(|event| changes(event, "changed").any(|field| field == "completed"));
    let freed =
        tasks().filter(|event| changes(event, "removed").any(|field| field == "dependencies"));
    (done.map(|event| event.resource).collect(), freed.map(|event| event.resource).collect())
}

/// Whether any rule has to do with these events. One query by an index where there is none.
pub fn wants(tx: &mut Tx<'_>, events: &[LogEvent]) -> Result<bool> {
    let scopes = events.iter().filter(|event| is_candidate(event)).flat_map(|event| &event.scopes);
    let scopes = ids(scopes.copied());
    if scopes == Value::Ids(Vec::new()) {
        return Ok(false);
    }
    let found = tx.first(
        "SELECT 1 FROM ids(?) AS i JOIN rules AS r ON r.project = i.value WHERE r.enabled = 1 LIMIT 1",
        &[scopes],
        |_| Ok(()),
    )?;
    if found.is_some() {
        return Ok(true);
    }
    let (done, _) = freeing(events);
    if done.is_empty() {
        return Ok(false);
    }
    let waiting = tx.first(
        "SELECT 1 FROM ids(?) AS i JOIN task_dependencies AS d ON d.dependency = i.value JOIN task_projects AS tp ON tp.task = d.task JOIN rules AS r ON r.project = tp.project WHERE r.enabled = 1 AND r.trigger_type = 'unblocked' LIMIT 1",
        &[ids(done)],
        |_| Ok(()),
    )?;
    Ok(waiting.is_some())
}

/// A task as triggers look at it.
struct Now {
    completed: bool,
    due_on: Option<Date>,
    due_at: Option<Timestamp>,
    approval_status: Option<String>,
    homes: HashMap<Gid, Gid>,
}

/// What a batch of events is about.
struct Batch {
    rules: Vec<Rule>,
    tasks: HashMap<Gid, Now>,
    /// Of stories their project, new section and custom field.
    stories: HashMap<Gid, [Option<i64>; 3]>,
    /// Tasks that wait for nothing any more, by the task that they waited for.
    unblocked: HashMap<Gid, Vec<Gid>>,
}

/// The task that an event is about.
fn task_of(event: &LogEvent) -> Option<Gid> {
    match (event.kind.as_str(), &event.parent) {
        ("task", _) => Some(event.resource),
        ("story", Some((kind, task))) if kind == "task" => Some(*task),
        _ => None,
    }
}

impl Batch {
    fn load(cx: &mut Context<'_, '_>, events: &[LogEvent]) -> Result<Batch> {
        let (done, freed) = freeing(events);
        let mut unblocked: HashMap<Gid, Vec<Gid>> = HashMap::new();
        if !done.is_empty() || !freed.is_empty() {
            const OPEN: &str = "SELECT 1 FROM task_dependencies AS o JOIN tasks AS x ON x.gid = o.dependency WHERE o.task = t.gid AND x.completed = 0 AND x.deleted IS NULL";
            let pairs = cx.query(
                &format!(
                    "SELECT i.value, t.gid FROM ids(?) AS i JOIN tasks AS c ON c.gid = i.value AND c.completed = 1 JOIN task_dependencies AS d ON d.dependency = c.gid JOIN tasks AS t ON t.gid = d.task WHERE t.completed = 0 AND t.deleted IS NULL AND NOT EXISTS ({OPEN})
                     UNION ALL SELECT i.value, t.gid FROM ids(?) AS i JOIN tasks AS t ON t.gid = i.value WHERE t.completed = 0 AND t.deleted IS NULL AND NOT EXISTS ({OPEN})"
                ),
                &[ids(done), ids(freed)],
                |row| Ok((row.get::<Gid>(0)?, row.get::<Gid>(1)?)),
            )?;
            for (from, task) in pairs {
                unblocked.entry(from).or_default().push(task);
            }
        }
        let freed = unblocked.values().flatten().copied();
        let tasks = ids(events.iter().filter_map(task_of).chain(freed));
        let mut batch =
            Batch { rules: Vec::new(), tasks: HashMap::new(), stories: HashMap::new(), unblocked };
        let homes = cx.query(
            "SELECT t.gid, t.completed, t.due_on, t.due_at, t.approval_status, tp.project, tp.section FROM ids(?) AS i JOIN tasks AS t ON t.gid = i.value JOIN task_projects AS tp ON tp.task = t.gid WHERE t.deleted IS NULL",
            &[tasks],
            |row| {
                let now = Now {
                    completed: row.get(1)?,
                    due_on: row.get(2)?,
                    due_at: row.get(3)?,
                    approval_status: row.get(4)?,
                    homes: HashMap::new(),
                };
                Ok((row.get::<Gid>(0)?, now, row.get::<Gid>(5)?, row.get::<Gid>(6)?))
            },
        )?;
        for (task, now, project, section) in homes {
            batch.tasks.entry(task).or_insert(now).homes.insert(project, section);
        }
        let projects = ids(batch.tasks.values().flat_map(|now| now.homes.keys()).copied());
        batch.rules = cx.query(
            &format!(
                "SELECT {} FROM ids(?) AS i JOIN rules AS t ON t.project = i.value WHERE t.enabled = 1 ORDER BY t.created_at, t.gid",
                select_list::<Rule>("t")
            ),
            &[projects],
            |row| Rule::from_row(row, 0),
        )?;
        let told = events.iter().filter(|event| event.kind == "story" && is_candidate(event));
        let told = told.filter(|event| event.subtype.as_deref() != Some("comment_added"));
        let told = ids(told.map(|event| event.resource));
        if told != Value::Ids(Vec::new()) {
            let rows = cx.query(
                "SELECT s.gid, s.details FROM ids(?) AS i JOIN stories AS s ON s.gid = i.value",
                &[told],
                |row| Ok((row.get::<Gid>(0)?, row.get::<String>(1)?)),
            )?;
            for (story, details) in rows {
                let details: serde_json::Value = serde_json::from_str(&details).unwrap_or_default();
                let number = |name: &str| details.get(name).and_then(serde_json::Value::as_i64);
                let known = ["project", "new_section", "custom_field"].map(number);
                batch.stories.insert(story, known);
            }
        }
        Ok(batch)
    }

    /// Whether an event is what a rule waits for.
    fn sets_off(&self, rule: &Rule, event: &LogEvent, now: &Now, zone: &str) -> bool {
        let spec = rule.spec();
        let word = |name: &str| text(&spec, name);
        let section = Gid::parse(word("section"));
        let is_story =
            |subtype: &str| event.kind == "story" && event.subtype.as_deref() == Some(subtype);
        let told = self.stories.get(&event.resource).copied().unwrap_or_default();
        let has = |field: &str| {
            event.kind == "task"
                && ["changed", "added", "removed"]
                    .iter()
                    .any(|action| changes(event, action).any(|one| one == field))
        };
        match rule.trigger_type.as_str() {
            "task_added" => {
                let parent = event
                    .parent
                    .as_ref()
                    .filter(|_| event.kind == "task" && event.action == "added");
                parent.is_some_and(|(kind, gid)| match section {
                    Some(section) => kind == "section" && *gid == section,
                    None => kind == "project" && *gid == rule.project,
                })
            }
            "task_moved" => {
                let [project, to, _] = told;
                is_story("section_changed")
                    && project == Some(rule.project.get())
                    && section.is_none_or(|section| to == Some(section.get()))
            }
            "field_changed" => match word("field") {
                "custom_field" => {
                    let [_, _, field] = told;
                    event.kind == "story"
                        && field.is_some()
                        && field == Gid::parse(word("custom_field")).map(Gid::get)
                }
                "due_on" => has("due_on") || has("due_at"),
                "start_on" => has("start_on") || has("start_at"),
                field => has(field),
            },
            "completed" => has("completed") && now.completed,
            "reopened" => has("completed") && !now.completed,
            "comment_added" => is_story("comment_added"),
            "approval_changed" => {
                let wanted = Some(word("approval_status")).filter(|status| !status.is_empty());
                has("approval_status")
                    && wanted.is_none_or(|status| now.approval_status.as_deref() == Some(status))
            }
            // A date that is set so late that its moment has come already: that is the moment.
            "due_approaching" => {
                let entered = event.action == "added"
                    && event.parent.as_ref().is_some_and(|(_, gid)| *gid == rule.project);
                let moved = has("due_on") || has("due_at") || (event.kind == "task" && entered);
                let window = || {
                    // From what is due at this time to what would be told now.
                    Window::of("due_approaching", &spec, zone, past(&spec, event.at), event.at)
                };
                moved
                    && !now.completed
                    && window().is_some_and(|window| window.holds(now.due_on, now.due_at))
            }
            _ => false,
        }
    }
}

/// So long before a time that what became due between then and that time, counted from the trigger's distance, is not due yet.
fn past(spec: &serde_json::Map<String, serde_json::Value>, at: Timestamp) -> Timestamp {
    let number = |name: &str| spec.get(name).and_then(serde_json::Value::as_i64);
    match (number("hours"), number("days")) {
        (Some(hours), _) => at.minus_millis(hours * 3_600_000),
        // Due today counts as near.
        (_, days) => at.minus_millis((days.unwrap_or(0) + 1) * 86_400_000),
    }
}

/// Puts what the events set off into the queue.
pub fn react(cx: &mut Context<'_, '_>, events: &[LogEvent]) -> Result<()> {
    let batch = Batch::load(cx, events)?;
    if batch.rules.is_empty() {
        return Ok(());
    }
    let zones = zones(cx, &batch.rules)?;
    let now = cx.now();
    for event in events {
        let depth = depth(event) + 1;
        let position = format!("event {} {}", event.position.txid, event.position.gid);
        let item = |rule: &Rule, source: String, task: Gid| Item {
            actor: event.actor,
            at: event.at,
            depth,
            ..Item::new(rule, source, Some(task))
        };
        let mut put = |item: Item| queue::put(cx.tx, now, &item);
        // What was before the rule is not its business.
        let armed = || batch.rules.iter().filter(|rule| rule.armed_at <= event.at);
        if let Some(task) = task_of(event).filter(|_| is_candidate(event))
            && let Some(known) = batch.tasks.get(&task)
        {
            for rule in armed().filter(|rule| known.homes.contains_key(&rule.project)) {
                let zone = zones.get(&rule.owner).map_or("UTC", String::as_str);
                if batch.sets_off(rule, event, known, zone) {
                    let source = if rule.trigger_type == "due_approaching" {
                        schedule::source(task, known.due_on, known.due_at)
                    } else {
                        position.clone()
                    };
                    put(item(rule, source, task))?;
                }
            }
        }
        if event.kind != "task" || event.action != "changed" {
            continue;
        }
        let is_freeing = changes(event, "changed").any(|field| field == "completed")
            || changes(event, "removed").any(|field| field == "dependencies");
        let freed = batch.unblocked.get(&event.resource).filter(|_| is_freeing);
        let mut told = HashSet::new();
        for task in freed.into_iter().flatten().filter(|task| told.insert(**task)) {
            let Some(known) = batch.tasks.get(task) else { continue };
            let waiting = armed().filter(|rule| rule.trigger_type == "unblocked");
            for rule in waiting.filter(|rule| known.homes.contains_key(&rule.project)) {
                put(item(rule, format!("{position} {task}"), *task))?;
            }
        }
    }
    Ok(())
}

/// The time zones of the owners.
fn zones(cx: &mut Context<'_, '_>, rules: &[Rule]) -> Result<HashMap<Gid, String>> {
    let owners = rules.iter().filter(|rule| rule.trigger_type == "due_approaching");
    let owners = ids(owners.map(|rule| rule.owner));
    if owners == Value::Ids(Vec::new()) {
        return Ok(HashMap::new());
    }
    let rows = cx.query(
        "SELECT u.gid, u.time_zone FROM ids(?) AS i JOIN users AS u ON u.gid = i.value WHERE u.time_zone IS NOT NULL",
        &[owners],
        |row| Ok((row.get::<Gid>(0)?, row.get::<String>(1)?)),
    )?;
    Ok(rows.into_iter().collect())
}
