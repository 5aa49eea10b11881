//! Rules that time sets off: schedules, and due dates that come near or pass.
//!
//! Once a minute every node looks. What is due is put into the queue under a name that says when it was due, and a rule does what
//! has one name once: so it does no harm that two nodes look, and that one that stopped in the middle looks again.

use super::check::{minutes, text};
use super::queue::{self, Item};
use super::shapes::WEEKDAYS;
use crate::App;
use crate::prelude::*;
use crate::resources::rules::Rule;
use engine::record::select_list;
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use store::Tx;

/// The setting that says up to when due dates were looked at, in milliseconds.
const LOOKED: &str = "rules_looked_at";

/// Rules in one transaction. Source: architecture, "Group commit".
const BATCH: i64 = 50;

/// Times of one schedule that are made up for in one transaction.
const MISSED: usize = 50;

/// How long runs are kept, in milliseconds: 30 days.
const KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1_000;

/// When a schedule is due next after a time; `None` if it has no such time.
pub fn next(spec: &Map<String, Json>, zone: &str, after: Timestamp) -> Option<Timestamp> {
    let minutes = minutes(text(spec, "at"))?;
    let every = text(spec, "every");
    let weekdays: Vec<&str> = spec
        .get("weekdays")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    let wanted = spec.get("day").and_then(Json::as_i64).unwrap_or(1);
    let today = after.date_in(zone);
    (-1..=62).map(|ahead| today.add_days(ahead)).find_map(|day| {
        let fits = match every {
            // 1970-01-01 was a Thursday.
            "week" => usize::try_from((day.days() + 3).rem_euclid(7))
                .ok()
                .and_then(|number| WEEKDAYS.get(number))
                .is_some_and(|name| weekdays.contains(name)),
            "month" => {
                let (_, month, number) = day.ymd();
                let is_last = day.add_days(1).ymd().1 != month;
                number == wanted || (is_last && number < wanted)
            }
            _ => true,
        };
        let time = Timestamp::at_local(day, minutes, zone);
        (fits && time > after).then_some(time)
    })
}

/// Puts everything that time has set off into the queue, and removes runs that are old.
///
/// Errors: those of the database; the next call goes on.
pub async fn tick(app: &Arc<App>) -> Result<()> {
    loop {
        let now = (app.clock)();
        let due: Vec<Gid> = app
            .store
            .read(move |tx| {
                Ok::<_, Error>(tx.query(
                    "SELECT r.gid FROM rules AS r WHERE r.next_at <= ? ORDER BY r.next_at, r.gid LIMIT ?",
                    params![now, BATCH],
                    |row| row.get(0),
                )?)
            })
            .await?;
        if due.is_empty() {
            break;
        }
        app.store.write(move |tx| schedules(tx, &due, now)).await?;
    }
    dates(app).await?;
    let before = (app.clock)().millis() - KEPT_FOR;
    loop {
        let gone = app
            .store
            .read(move |tx| {
                Ok::<_, Error>(tx.query(
                    "SELECT u.gid FROM rule_runs AS u WHERE u.started_at < ? ORDER BY u.started_at LIMIT 200",
                    params![before],
                    |row| row.get::<i64>(0),
                )?)
            })
            .await?;
        if gone.is_empty() {
            break;
        }
        app.store
            .write(move |tx| {
                tx.execute(
                    "DELETE FROM rule_runs WHERE gid IN (SELECT i.value FROM ids(?) AS i)",
                    &[Value::Ids(gone.clone())],
                )
                .map_err(Error::from)
            })
            .await?;
    }
    app.rules.ring();
    Ok(())
}

fn zone_of(tx: &mut Tx<'_>, user: Gid) -> Result<String> {
    let zone: Option<Option<String>> =
        tx.first("SELECT u.time_zone FROM users AS u WHERE u.gid = ?", params![user], |row| {
            row.get(0)
        })?;
    Ok(zone.flatten().unwrap_or_else(|| "UTC".to_owned()))
}

/// Puts the times of schedules that have come into the queue, each one: also those that came while no server ran.
fn schedules(tx: &mut Tx<'_>, due: &[Gid], now: Timestamp) -> Result<()> {
    for gid in due {
        tx.lock(Rule::TABLE, *gid)?;
        let sql = format!(
            "SELECT {} FROM rules AS t WHERE t.gid = ? AND t.next_at <= ?",
            select_list::<Rule>("t")
        );
        let found = tx.first(&sql, params![gid, now], |row| Rule::from_row(row, 0))?;
        let Some(rule) = found else { continue };
        let spec = rule.spec();
        let zone = zone_of(tx, rule.owner)?;
        let mut time = rule.next_at;
        for _ in 0..MISSED {
            let Some(at) = time.filter(|at| *at <= now) else { break };
            let source = format!("schedule {}", at.millis());
            queue::put(tx, now, &Item { at, ..Item::new(&rule, source, None) })?;
            time = next(&spec, &zone, at);
        }
        tx.later("UPDATE rules SET next_at = ? WHERE gid = ?", params![time, rule.gid].to_vec())?;
    }
    Ok(())
}

/// Looks which due dates have come near, or have passed, since the last look.
async fn dates(app: &Arc<App>) -> Result<()> {
    let now = (app.clock)();
    let looked = app
        .store
        .read(move |tx| {
            Ok::<_, Error>(tx.first(
                "SELECT s.value FROM settings AS s WHERE s.name = ?",
                params![LOOKED],
                |row| row.get::<String>(0),
            )?)
        })
        .await?;
    let from = looked.as_ref().and_then(|text| text.parse().ok()).map(Timestamp::from_millis);
    let mut after = Gid::new(0);
    while let Some(from) = from {
        let found = app.store.read(move |tx| dated(tx, after, from, now)).await?;
        let Some(last) = found.last else { break };
        after = last;
        if !found.items.is_empty() {
            app.store
                .write(move |tx| found.items.iter().try_for_each(|item| queue::put(tx, now, item)))
                .await?;
        }
    }
    app.store
        .write(move |tx| {
            tx.execute(
                "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(settings.value AS BIGINT) < CAST(excluded.value AS BIGINT)",
                params![LOOKED, now.millis().to_string()],
            )
            .map(drop)
            .map_err(Error::from)
        })
        .await
}

/// What some rules are set off by.
struct Dated {
    items: Vec<Item>,
    /// The last of the rules; `None` if there are no more.
    last: Option<Gid>,
}

fn dated(tx: &mut Tx<'_>, after: Gid, from: Timestamp, now: Timestamp) -> Result<Dated> {
    let sql = format!(
        "SELECT {} FROM rules AS t WHERE t.trigger_type IN ('due_approaching', 'due_passed') AND t.enabled = 1 AND t.gid > ? ORDER BY t.gid LIMIT ?",
        select_list::<Rule>("t")
    );
    let rules = tx.query(&sql, params![after, BATCH], |row| Rule::from_row(row, 0))?;
    let mut items = Vec::new();
    for rule in &rules {
        let from = from.max(rule.armed_at);
        if from >= now {
            continue;
        }
        let zone = zone_of(tx, rule.owner)?;
        let spec = rule.spec();
        let Some(window) = Window::of(&rule.trigger_type, &spec, &zone, from, now) else {
            continue;
        };
        let tasks = tx.query(
            "SELECT t.gid, t.due_on, t.due_at FROM task_projects AS tp JOIN tasks AS t ON t.gid = tp.task WHERE tp.project = ? AND t.deleted IS NULL AND t.completed = 0 AND ((t.due_at > ? AND t.due_at <= ?) OR (t.due_on > ? AND t.due_on <= ? AND (CAST(? AS BIGINT) = 1 OR t.due_at IS NULL))) ORDER BY t.due_on, t.gid",
            params![rule.project, window.times.0, window.times.1, window.days.0, window.days.1, window.all_days],
            |row| Ok((row.get::<Gid>(0)?, row.get::<Option<Date>>(1)?, row.get::<Option<Timestamp>>(2)?)),
        )?;
        for (task, due_on, due_at) in tasks {
            items.push(Item {
                at: now,
                ..Item::new(rule, source(task, due_on, due_at), Some(task))
            });
        }
    }
    Ok(Dated { items, last: rules.last().map(|rule| rule.gid) })
}

/// What a due date of a task is called: each one sets a rule off once.
pub fn source(task: Gid, due_on: Option<Date>, due_at: Option<Timestamp>) -> String {
    match (due_at, due_on) {
        (Some(at), _) => format!("due {task} {}", at.millis()),
        (None, Some(on)) => format!("due {task} {on}"),
        (None, None) => format!("due {task}"),
    }
}

/// The due dates whose moment lies in a stretch of time: times and days, without the first and with the last.
pub struct Window {
    times: (Timestamp, Timestamp),
    days: (Date, Date),
    /// Whether days count also where there is a time.
    all_days: bool,
}

impl Window {
    /// Those that a trigger means; `None` if there can be none.
    ///
    /// Days come at midnight in the owner's zone; a time of the day is for rules that count hours, and for what has passed. Source:
    /// dossier 5.5, "Date rules".
    pub fn of(
        kind: &str,
        spec: &Map<String, Json>,
        zone: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Window> {
        let none = (Date::from_days(0)?, Date::from_days(0)?);
        let days = (from.date_in(zone), to.date_in(zone));
        let number = |name: &str| spec.get(name).and_then(Json::as_i64);
        if kind == "due_passed" {
            let days = (days.0.add_days(-1), days.1.add_days(-1));
            return Some(Window { times: (from, to), days, all_days: false });
        }
        if let Some(hours) = number("hours") {
            let ahead = hours * 3_600_000;
            let times = (from.plus_millis(ahead), to.plus_millis(ahead));
            return Some(Window { times, days: none, all_days: false });
        }
        let ahead = number("days")?;
        let days = (days.0.add_days(ahead), days.1.add_days(ahead));
        (days.0 < days.1).then_some(Window { times: (from, from), days, all_days: true })
    }

    /// Whether a due date is one of them.
    pub fn holds(&self, due_on: Option<Date>, due_at: Option<Timestamp>) -> bool {
        let time = due_at.is_some_and(|at| at > self.times.0 && at <= self.times.1);
        let day = due_on.is_some_and(|on| on > self.days.0 && on <= self.days.1);
        time || (day && (self.all_days || due_at.is_none()))
    }
}
