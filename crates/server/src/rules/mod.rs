//! Rules: what a team lets happen by itself.
//!
//! A rule belongs to a project: something sets it off, conditions hold or not, then its actions are done, as its owner and with his
//! rights. [`crate::resources::rules`] is the rule as clients see it; [`shapes`] says what there is to choose from, [`check`] whether
//! what a client sends is right. [`events`] reads the log and [`schedule`] the clock; both put what is to be done into the [`queue`].
//! [`run`] does it, each rule in a transaction of its own together with its line in the run log, so that it happens once. [`calls`]
//! are made after that. To add an action, add its shape and say in [`actions`] which operation it is.

pub mod actions;
pub mod calls;
pub mod check;
pub mod conditions;
pub mod events;
pub mod queue;
pub mod run;
pub mod schedule;
pub mod shapes;

pub use run::{settle, trial, work};
pub use schedule::tick;

use crate::readers::Reader;
use model::{Gid, Timestamp};
use serde_json::{Map, Value as Json};
use tokio::sync::Notify;

/// What the server keeps about rules beside their rows.
#[derive(Default)]
pub struct Rules {
    queue: Notify,
    calls: Notify,
}

impl Rules {
    /// Wakes who works on the queue; called after a transaction that put something into it was committed.
    pub fn ring(&self) {
        self.queue.notify_one();
    }
}

/// The reader that finds out which rules an event sets off.
pub fn reader() -> Reader {
    Reader::new("rules", events::react).wants(events::wants).then(|app| app.rules.ring())
}

/// One run of a rule.
#[derive(Clone, Debug)]
pub struct Outing {
    /// Names the run in the log.
    pub run: Gid,
    /// The task that it is about.
    pub task: Option<Gid>,
    /// When it was set off.
    pub at: Timestamp,
    /// What stands for `{{key}}` in texts; `None` where nothing does.
    pub data: Option<Map<String, Json>>,
}

impl Outing {
    /// A text with the variables filled in; those that were not sent are empty.
    pub fn fill(&self, text: &str) -> String {
        self.replace(text, str::to_owned)
    }

    /// Rich text with the variables filled in, as plain text.
    pub fn fill_html(&self, html: &str) -> String {
        self.replace(html, |value| {
            value
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
        })
    }

    /// A value with the variables filled in where it is a text.
    pub fn fill_value(&self, value: &Json) -> Json {
        match value {
            Json::String(text) => Json::String(self.fill(text)),
            other => other.clone(),
        }
    }

    fn replace(&self, text: &str, write: impl Fn(&str) -> String) -> String {
        let Some(data) = &self.data else { return text.to_owned() };
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((key, behind)) = after.split_once("}}") else { break };
            out.push_str(before);
            out.push_str(
                &data.get(key.trim()).and_then(Json::as_str).map_or_else(String::new, &write),
            );
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn outing(data: Json) -> Outing {
        let data = data.as_object().cloned();
        Outing { run: Gid::new(1), task: None, at: Timestamp::from_millis(0), data }
    }

    #[test]
    fn variables_are_filled_in_once() {
        let outing = outing(json!({ "who": "{{what}} & <b>", "what": "x" }));

        assert_eq!(outing.fill("From {{ who }}, {{none}}!"), "From {{what}} & <b>, !");
        assert_eq!(
            outing.fill_html("<body>{{who}}</body>"),
            "<body>{{what}} &amp; &lt;b&gt;</body>"
        );
        assert_eq!(outing.fill("{{open"), "{{open");
    }

    #[test]
    fn without_a_request_braces_are_braces() {
        assert_eq!(outing(Json::Null).fill("{{who}}"), "{{who}}");
    }

    #[test]
    fn a_schedule_keeps_to_the_clock_on_the_wall() {
        let next = |spec: Json, after: &str| {
            let after = Timestamp::parse(after).unwrap();
            schedule::next(spec.as_object().unwrap(), "Europe/Paris", after).unwrap().to_string()
        };
        let daily = json!({ "every": "day", "at": "09:00" });
        let weekly = json!({ "every": "week", "at": "02:30", "weekdays": ["sunday"] });
        let monthly = json!({ "every": "month", "at": "09:00", "day": 31 });

        assert_eq!(next(daily.clone(), "2026-03-28T08:00:00Z"), "2026-03-29T07:00:00.000Z");
        assert_eq!(next(daily, "2026-01-01T07:59:59Z"), "2026-01-01T08:00:00.000Z");
        // That Sunday has no half past two: the clocks go from two to three.
        assert_eq!(next(weekly, "2026-03-28T08:00:00Z"), "2026-03-29T01:30:00.000Z");
        assert_eq!(next(monthly.clone(), "2026-02-01T00:00:00Z"), "2026-02-28T08:00:00.000Z");
        assert_eq!(next(monthly, "2026-02-28T08:00:00Z"), "2026-03-31T07:00:00.000Z");
    }
}
