//! Whether the conditions of a rule hold, as its owner sees the task.

use super::check::{holds_of, text};
use super::shapes::Holds;
use crate::prelude::*;
use crate::resources::custom_fields::values::{self, FieldValue};
use crate::resources::tasks::Task;
use serde_json::{Map, Value as Json};

/// A value of a task.
enum Found {
    Text(Option<String>),
    Number(Option<f64>),
    Flag(bool),
    Day(Option<Date>),
    Words(Vec<String>),
}

/// The task that conditions look at, with what was loaded of it.
pub struct View<'t> {
    task: &'t Task,
    /// Who set the rule off.
    actor: Option<Gid>,
    fields: Option<Vec<FieldValue>>,
}

impl<'t> View<'t> {
    /// A view of which nothing is loaded.
    pub fn new(task: &'t Task, actor: Option<Gid>) -> Self {
        View { task, actor, fields: None }
    }

    /// Whether a stored condition holds.
    ///
    /// Errors: those of the database.
    pub fn holds(
        &mut self,
        cx: &mut Context<'_, '_>,
        condition: &Map<String, Json>,
    ) -> Result<bool> {
        let found = self.find(cx, condition)?;
        let operator = text(condition, "operator");
        let value = condition.get("value").unwrap_or(&Json::Null);
        let today = cx.now().date_in(cx.zone());
        Ok(match (operator, &found) {
            ("is_set", found) => is_set(found),
            ("is_not_set", found) => !is_set(found),
            ("is_not" | "not_contains", found) => !matches(operator, found, value, today),
            (_, found) => matches(operator, found, value, today),
        })
    }

    fn find(&mut self, cx: &mut Context<'_, '_>, condition: &Map<String, Json>) -> Result<Found> {
        let task = self.task;
        let gid = |gid: Option<Gid>| Found::Words(gid.iter().map(ToString::to_string).collect());
        let all = |cx: &mut Context<'_, '_>, sql: &str| {
            let gids = cx.gids(sql, params![task.gid])?;
            Ok::<_, Error>(Found::Words(gids.iter().map(ToString::to_string).collect()))
        };
        let zone = cx.zone().to_owned();
        let day = |time: Option<Timestamp>| Found::Day(time.map(|time| time.date_in(&zone)));
        Ok(match text(condition, "field") {
            "name" => Found::Text(Some(task.name.clone())),
            "notes" => Found::Text(
                cx.cell("SELECT x.plain FROM texts AS x WHERE x.object = ?", params![task.gid])?,
            ),
            "assignee" => gid(task.assignee),
            "created_by" => gid(task.created_by),
            "actor" => gid(self.actor),
            "completed" => Found::Flag(task.completed),
            "due_on" => Found::Day(task.due_on),
            "start_on" => Found::Day(task.start_on),
            "created_at" => day(Some(task.created_at)),
            "completed_at" => day(task.completed_at),
            "section" => all(cx, "SELECT tp.section FROM task_projects AS tp WHERE tp.task = ?")?,
            "project" => all(cx, "SELECT tp.project FROM task_projects AS tp WHERE tp.task = ?")?,
            "tag" => all(cx, "SELECT tt.tag FROM task_tags AS tt WHERE tt.task = ?")?,
            "follower" => all(cx, r#"SELECT f."user" FROM task_followers AS f WHERE f.task = ?"#)?,
            "resource_subtype" => Found::Words(vec![task.resource_subtype.clone()]),
            "approval_status" => Found::Words(task.approval_status.iter().cloned().collect()),
            "parent" => gid(task.parent),
            _ => self.custom(cx, condition)?,
        })
    }

    /// The value of a custom field; one that the owner does not see, or the task does not have, is not set.
    fn custom(&mut self, cx: &mut Context<'_, '_>, condition: &Map<String, Json>) -> Result<Found> {
        if self.fields.is_none() {
            self.fields = Some(values::of_task(cx, self.task.gid)?);
        }
        let wanted = Gid::parse(text(condition, "custom_field"));
        let fields = self.fields.iter().flatten();
        let found = fields.into_iter().find(|one| Some(one.field.gid) == wanted);
        let content = found.map(|one| one.value.content.clone()).unwrap_or_default();
        Ok(match holds_of(condition) {
            Some(Holds::Text) => {
                let prefix = found.and_then(|one| one.field.id_prefix.clone());
                Found::Text(match (prefix, content.number) {
                    (Some(prefix), Some(number)) => Some(format!("{prefix}-{number}")),
                    _ => content.text,
                })
            }
            Some(Holds::Number) => Found::Number(content.number),
            Some(Holds::Day) => Found::Day(content.date),
            _ => Found::Words(content.choices.iter().map(ToString::to_string).collect()),
        })
    }
}

fn is_set(found: &Found) -> bool {
    match found {
        Found::Text(text) => text.as_ref().is_some_and(|text| !text.is_empty()),
        Found::Number(number) => number.is_some(),
        Found::Flag(_) => true,
        Found::Day(day) => day.is_some(),
        Found::Words(words) => !words.is_empty(),
    }
}

/// Whether the value is the one, or one of those, that the condition asks for. Capital letters make no difference.
fn matches(operator: &str, found: &Found, value: &Json, today: Date) -> bool {
    match found {
        Found::Text(found) => {
            let found = found.as_deref().unwrap_or_default().to_lowercase();
            let wanted = value.as_str().unwrap_or_default().to_lowercase();
            if operator.ends_with("contains") { found.contains(&wanted) } else { found == wanted }
        }
        Found::Number(found) => {
            let (Some(found), Some(wanted)) = (found, value.as_f64()) else { return false };
            let order = found.total_cmp(&wanted);
            match operator {
                "greater_than" => order.is_gt(),
                "less_than" => order.is_lt(),
                _ => order.is_eq(),
            }
        }
        Found::Flag(found) => value.as_bool() == Some(*found),
        Found::Day(found) => {
            let wanted = match value.get("days").and_then(Json::as_i64) {
                Some(days) => Some(today.add_days(days)),
                None => value.as_str().and_then(Date::parse),
            };
            let (Some(found), Some(wanted)) = (found, wanted) else { return false };
            match operator {
                "before" => *found < wanted,
                "after" => *found > wanted,
                "within" => (today..=wanted).contains(found),
                _ => *found == wanted,
            }
        }
        Found::Words(found) => value.as_array().is_some_and(|wanted| {
            wanted.iter().filter_map(Json::as_str).any(|one| found.iter().any(|word| word == one))
        }),
    }
}
