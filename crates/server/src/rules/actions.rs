//! What a rule does: each action is a call of an operation, as a client could make it, with the rights of the rule's owner.

use super::Outing;
use super::check::text;
use crate::prelude::*;
use crate::resources::rules::Rule;
use crate::resources::tasks::Task;
use engine::Selection;
use serde_json::{Map, Value as Json, json};

/// Does one stored action.
///
/// Errors: those of the operation; 400 if the action needs a task and there is none.
pub fn perform(
    cx: &mut Context<'_, '_>,
    rule: &Rule,
    outing: &Outing,
    action: &Map<String, Json>,
) -> Result<()> {
    let word = |name: &str| text(action, name).to_owned();
    let said = |name: &str| outing.fill(text(action, name));
    let kind = text(action, "type");
    let task = || {
        let task = outing.task.map(|task| task.to_string());
        task.ok_or_else(|| bad_request("There is no task to do this to"))
    };
    let update = |body: Json| Ok::<_, Error>(("updateTask", task()?, body));
    let (operation, path, body) = match kind {
        "set_field" => update(field(cx, outing, action)?)?,
        "set_custom_field" => {
            let value = outing.fill_value(action.get("value").unwrap_or(&Json::Null));
            update(json!({ "custom_fields": { word("custom_field"): value } }))?
        }
        "assign" => update(json!({ "assignee": action.get("assignee") }))?,
        "complete" => update(json!({ "completed": true }))?,
        "reopen" => update(json!({ "completed": false }))?,
        "set_date" => update(date(cx, outing, action)?)?,
        "move_to_section" => ("addTaskForSection", word("section"), json!({ "task": task()? })),
        "add_project" => {
            let mut body = json!({ "project": word("project") });
            if let (Some(section), Some(body)) = (action.get("section"), body.as_object_mut()) {
                body.insert("section".to_owned(), section.clone());
            }
            ("addProjectForTask", task()?, body)
        }
        "remove_project" => {
            ("removeProjectForTask", task()?, json!({ "project": word("project") }))
        }
        "add_tag" => ("addTagForTask", task()?, json!({ "tag": word("tag") })),
        "remove_tag" => ("removeTagForTask", task()?, json!({ "tag": word("tag") })),
        "add_followers" => {
            ("addFollowersForTask", task()?, json!({ "followers": action.get("followers") }))
        }
        "remove_followers" => {
            ("removeFollowerForTask", task()?, json!({ "followers": action.get("followers") }))
        }
        "comment" => ("createStoryForTask", task()?, words(outing, action)),
        "create_task" | "create_subtask" => {
            let mut body = Map::new();
            body.insert("name".to_owned(), json!(said("name")));
            if action.contains_key("notes") {
                body.insert("notes".to_owned(), json!(said("notes")));
            }
            if let Some(assignee) = action.get("assignee") {
                body.insert("assignee".to_owned(), assignee.clone());
            }
            if let Some(days) = action.get("due_in_days").and_then(Json::as_i64) {
                let due = outing.at.date_in(cx.zone()).add_days(days);
                body.insert("due_on".to_owned(), json!(due.to_string()));
            }
            if kind == "create_subtask" {
                ("createSubtaskForTask", task()?, Json::Object(body))
            } else {
                let mut home = json!({ "project": rule.project.to_string() });
                if let (Some(section), Some(home)) = (action.get("section"), home.as_object_mut()) {
                    home.insert("section".to_owned(), section.clone());
                }
                body.insert("memberships".to_owned(), json!([home]));
                ("createTask", String::new(), Json::Object(body))
            }
        }
        "create_from_template" => {
            let mut body = Map::new();
            if action.contains_key("name") {
                body.insert("name".to_owned(), json!(said("name")));
            }
            ("instantiateTask", word("task_template"), Json::Object(body))
        }
        "post_status" => {
            let mut body = words(outing, action);
            if let Some(body) = body.as_object_mut() {
                body.insert("parent".to_owned(), json!(rule.project.to_string()));
                body.insert("status_type".to_owned(), json!(word("status_type")));
                if action.contains_key("title") {
                    body.insert("title".to_owned(), json!(said("title")));
                }
                if body.get("text").is_none() && body.get("html_text").is_none() {
                    body.insert("text".to_owned(), json!(""));
                }
            }
            ("createStatusForObject", String::new(), body)
        }
        "call_webhook" => return super::calls::ask(cx, rule, outing, &word("url")),
        other => return Err(bad_request(format!("There is no action {other}"))),
    };
    call(cx, operation, path, body)
}

/// Calls an operation in the transaction of the rule; its answer is of no interest.
fn call(cx: &mut Context<'_, '_>, id: &str, path: String, body: Json) -> Result<()> {
    let app = cx.app;
    let operation = app.operations.iter().find(|operation| operation.id == id);
    let operation =
        operation.ok_or_else(|| Error::Internal(anyhow::anyhow!("there is no operation {id}")))?;
    let Json::Object(body) = body else {
        return Err(Error::Internal(anyhow::anyhow!("the body of {id} is no object")));
    };
    let path = if path.is_empty() { Vec::new() } else { vec![path] };
    let call = Call { path, body: Body::new(body), ..Call::default() };
    cx.options.fields = Selection::parse("gid").ok();
    (operation.run)(cx, &call).map(drop)
}

/// The text of a comment or status, with the variables filled in.
fn words(outing: &Outing, action: &Map<String, Json>) -> Json {
    let html = text(action, "html_text");
    if html.is_empty() {
        json!({ "text": outing.fill(text(action, "text")) })
    } else {
        json!({ "html_text": outing.fill_html(html) })
    }
}

/// The task, with which a start date is written together with the due date.
fn row(cx: &mut Context<'_, '_>, outing: &Outing) -> Result<Option<Task>> {
    let Some(task) = outing.task else { return Ok(None) };
    Ok(cx.rows_seen::<Task>(&[task])?.into_iter().next().flatten())
}

/// The due date as it is, which a new start date needs beside it.
fn due(task: &Task) -> (&'static str, Json) {
    match task.due_at {
        Some(due) => ("due_at", json!(due.to_string())),
        None => ("due_on", json!(task.due_on.map(|day| day.to_string()))),
    }
}

fn field(cx: &mut Context<'_, '_>, outing: &Outing, action: &Map<String, Json>) -> Result<Json> {
    let name = text(action, "field");
    let value = action.get("value").unwrap_or(&Json::Null);
    let value = match (name, value) {
        ("html_notes", Json::String(html)) => json!(outing.fill_html(html)),
        _ => outing.fill_value(value),
    };
    let mut body = Map::new();
    body.insert(name.to_owned(), value);
    if let (true, Some(task)) = (name.starts_with("start_"), row(cx, outing)?) {
        let (due, value) = due(&task);
        body.insert(due.to_owned(), value);
    }
    Ok(Json::Object(body))
}

/// A date that lies some days from another one.
fn date(cx: &mut Context<'_, '_>, outing: &Outing, action: &Map<String, Json>) -> Result<Json> {
    let task = row(cx, outing)?.ok_or_else(|| bad_request("There is no task to do this to"))?;
    let days = action.get("days").and_then(Json::as_i64).unwrap_or_default();
    let from = match text(action, "relative_to") {
        "today" => Some(cx.now().date_in(cx.zone())),
        "trigger" => Some(outing.at.date_in(cx.zone())),
        _ => task.due_on,
    };
    let from = from.ok_or_else(|| bad_request("The task has no due date"))?;
    let day = from.add_days(days).to_string();
    Ok(match text(action, "field") {
        "custom_field" => {
            json!({ "custom_fields": { text(action, "custom_field"): { "date": day } } })
        }
        "start_on" => {
            let (due, value) = due(&task);
            json!({ "start_on": day, due: value })
        }
        _ => json!({ "due_on": day }),
    })
}
