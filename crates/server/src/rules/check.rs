//! Checking what a client sends as a rule, and showing what is stored.
//!
//! What is stored is what was sent with every object written as its gid, and with a note, `_holds`, of what a custom field holds.
//! It can be checked again: so a rule that somebody else saves is one that he could have made.

use super::shapes::{ACTIONS, FIELDS, Holds, Kind, Shape, TRIGGERS};
use crate::api::call::cut;
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::names::{self, Reach};
use crate::resources::projects::Project;
use crate::resources::sections::Section;
use crate::resources::tags::Tag;
use crate::resources::task_templates::TaskTemplate;
use crate::resources::tasks::Task;
use crate::resources::users::User;
use crate::resources::workspace_memberships::first_stranger;
use engine::{FromJson, Viewer};
use model::FieldSubtype;
use serde_json::{Map, Value as Json, json};
use store::Tx;

/// Most conditions, actions and objects in one list of a rule. Ours.
const MAX_PARTS: usize = 20;

/// Longest stored part of a rule, in bytes. Ours.
const MAX_BYTES: usize = 200_000;

/// What begins the names that only the server writes.
const NOTE: &str = "_holds";

/// Where the check is.
struct At<'p> {
    project: &'p Project,
    /// Whether objects are written to: they then must be the saver's to change.
    writes: bool,
    path: String,
}

impl At<'_> {
    fn wrong(&self, name: &str, message: impl Into<String>) -> Error {
        let place =
            if name.is_empty() { self.path.clone() } else { format!("{}: {name}", self.path) };
        invalid(place, message.into())
    }
}

/// Checks a trigger and gives its stored form.
///
/// Errors: 400 that names the part which is wrong.
pub fn trigger(cx: &mut Context<'_, '_>, project: &Project, sent: &Json) -> Result<Json> {
    let at = At { project, writes: false, path: "trigger".to_owned() };
    let map = object(&at, sent)?;
    let (shape, mut stored) = shaped(cx, &at, TRIGGERS, map)?;
    let has = |name: &str| stored.contains_key(name);
    match shape.name {
        "field_changed" => check_custom(&at, &stored)?,
        "due_approaching" if has("days") == has("hours") => {
            return Err(at.wrong("", "Must have days or hours"));
        }
        "schedule" => {
            let every = text(&stored, "every");
            for (name, with) in [("weekdays", "week"), ("day", "month")] {
                if has(name) && every != with {
                    return Err(at.wrong(name, format!("Goes with every: {with} only")));
                }
            }
            if every == "week" && !has("weekdays") {
                return Err(at.wrong("weekdays", "Missing input"));
            }
            if every == "month" && !has("day") {
                stored.insert("day".to_owned(), json!(1));
            }
        }
        _ => {}
    }
    fits(&at, Json::Object(stored))
}

/// Checks conditions and gives their stored form.
///
/// Errors: as for triggers.
pub fn conditions(cx: &mut Context<'_, '_>, project: &Project, sent: &Json) -> Result<Json> {
    let mut stored = Vec::new();
    for (number, one) in list("conditions", sent)?.iter().enumerate() {
        let at = At { project, writes: false, path: format!("conditions: [{number}]") };
        stored.push(condition(cx, &at, one)?);
    }
    let at = At { project, writes: false, path: "conditions".to_owned() };
    fits(&at, Json::Array(stored))
}

/// Checks actions and gives their stored form.
///
/// Errors: as for triggers.
pub fn actions(cx: &mut Context<'_, '_>, project: &Project, sent: &Json) -> Result<Json> {
    let list = list("actions", sent)?;
    require(!list.is_empty(), "actions", "Must not be empty")?;
    let mut stored = Vec::new();
    for (number, one) in list.iter().enumerate() {
        let at = At { project, writes: true, path: format!("actions: [{number}]") };
        let map = object(&at, one)?;
        let (shape, map) = shaped(cx, &at, ACTIONS, map)?;
        let has = |name: &str| map.contains_key(name);
        match shape.name {
            "comment" | "post_status" if has("text") == has("html_text") => {
                return Err(at.wrong("text", "Must have one of text and html_text"));
            }
            "set_date" => {
                check_custom(&at, &map)?;
                let field = text(&map, "field");
                if field == text(&map, "relative_to") {
                    return Err(at.wrong("relative_to", "Must be another date than the field"));
                }
                if field == "custom_field" && holds_of(&map) != Some(Holds::Day) {
                    return Err(at.wrong("custom_field", "Must be a date field"));
                }
            }
            "add_project" if has("section") => {
                let (section, _) = cx.refer::<Section>("section", text(&map, "section"))?;
                if section.container.to_string() != text(&map, "project") {
                    return Err(at.wrong("section", "Must be a section of the project"));
                }
            }
            "create_task" if has("section") => {
                let (section, _) = cx.refer::<Section>("section", text(&map, "section"))?;
                if section.container != project.gid {
                    return Err(at.wrong("section", "Must be a section of the rule's project"));
                }
            }
            _ => {}
        }
        stored.push(Json::Object(map));
    }
    let at = At { project, writes: true, path: "actions".to_owned() };
    fits(&at, Json::Array(stored))
}

/// Whether every action can do without a task, and the first one that cannot.
pub fn needs_task(actions: &Json) -> Option<(usize, String)> {
    actions.as_array()?.iter().enumerate().find_map(|(at, action)| {
        let name = action.get("type")?.as_str()?;
        let shape = ACTIONS.iter().find(|shape| shape.name == name)?;
        shape.of_task.then(|| (at, name.to_owned()))
    })
}

fn fits(at: &At<'_>, stored: Json) -> Result<Json> {
    if stored.to_string().len() > MAX_BYTES {
        return Err(at.wrong("", "Too long"));
    }
    Ok(stored)
}

fn list<'v>(name: &'static str, sent: &'v Json) -> Result<&'v [Json]> {
    let list = match sent {
        Json::Null => &[],
        Json::Array(list) => list.as_slice(),
        _ => return Err(invalid(name, "Must be an array")),
    };
    require(list.len() <= MAX_PARTS, name, "Must be at most 20")?;
    Ok(list)
}

fn object<'v>(at: &At<'_>, sent: &'v Json) -> Result<&'v Map<String, Json>> {
    sent.as_object().ok_or_else(|| at.wrong("", "Must be an object"))
}

/// A text of a stored part; empty if it is not there.
pub fn text<'v>(map: &'v Map<String, Json>, name: &str) -> &'v str {
    map.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn check_custom(at: &At<'_>, map: &Map<String, Json>) -> Result<()> {
    match (text(map, "field") == "custom_field", map.contains_key("custom_field")) {
        (true, false) => Err(at.wrong("custom_field", "Missing input")),
        (false, true) => Err(at.wrong("custom_field", "Goes with field: custom_field only")),
        _ => Ok(()),
    }
}

/// Checks an object against the shape of its type.
fn shaped(
    cx: &mut Context<'_, '_>,
    at: &At<'_>,
    shapes: &'static [Shape],
    map: &Map<String, Json>,
) -> Result<(&'static Shape, Map<String, Json>)> {
    let name = word(at, "type", map.get("type"))?;
    let Some(shape) = shapes.iter().find(|shape| shape.name == name) else {
        let known: Vec<&str> = shapes.iter().map(|shape| shape.name).collect();
        return Err(not_among(at, "type", &known, name));
    };
    let mut stored = Map::new();
    stored.insert("type".to_owned(), json!(name));
    for key in map.keys().filter(|key| *key != "type" && *key != NOTE) {
        if !shape.params.iter().any(|param| param.name == key) {
            return Err(at.wrong(&cut(key), format!("{name} takes no such parameter")));
        }
    }
    for param in shape.params {
        let Some(value) = map.get(param.name) else {
            if param.required {
                return Err(at.wrong(param.name, "Missing input"));
            }
            continue;
        };
        if value.is_null() && !param.required {
            continue;
        }
        let value = match param.kind {
            Kind::OneOrNone(_) if value.is_null() => Json::Null,
            Kind::One(kind) | Kind::OneOrNone(kind) => json!(one(cx, at, param.name, kind, value)?),
            Kind::Many(kind) => json!(many(cx, at, param.name, kind, value)?),
            Kind::Text(longest) => json!(written(at, param.name, longest, value)?),
            Kind::Html => json!(html(at, param.name, value)?),
            Kind::Number(least, most) => json!(number(at, param.name, least, most, value)?),
            Kind::Word(words) => json!(one_of(at, param.name, words, value)?),
            Kind::Words(words) => {
                let items = items(at, param.name, value)?;
                let items: Result<Vec<&str>> =
                    items.iter().map(|item| one_of(at, param.name, words, item)).collect();
                json!(items?)
            }
            Kind::Field => {
                let field = custom_field(cx, at, param.name, value)?;
                stored.insert(NOTE.to_owned(), json!(field.resource_subtype));
                if at.writes && field.id_prefix.is_some() {
                    let message = "The server alone gives the values of this field";
                    return Err(at.wrong(param.name, message));
                }
                json!(field.gid.to_string())
            }
            Kind::Value => match stored.get("custom_field").and_then(Json::as_str) {
                Some(field) => {
                    let field = Gid::parse(field).unwrap_or(Gid::new(0));
                    let holds = holds_of(&stored);
                    custom_value(cx, at, field, holds, value)?
                }
                None => field_value(cx, at, text(&stored, "field"), value)?,
            },
            Kind::Url => {
                let url = written(at, param.name, crate::outbound::MAX_URL, value)?;
                cx.app
                    .outbound
                    .check(&url)
                    .map_err(|failure| at.wrong(param.name, failure.to_string()))?;
                json!(url)
            }
            Kind::Clock => {
                let clock = word(at, param.name, Some(value))?;
                if minutes(clock).is_none() {
                    return Err(at.wrong(param.name, "Must be a time like 09:30"));
                }
                json!(clock)
            }
        };
        stored.insert(param.name.to_owned(), value);
    }
    Ok((shape, stored))
}

/// Minutes after midnight.
pub fn minutes(clock: &str) -> Option<i64> {
    let (hour, minute) = clock.split_once(':')?;
    let number = |text: &str, below: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| digits && *number < below)
    };
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

fn word<'v>(at: &At<'_>, name: &str, value: Option<&'v Json>) -> Result<&'v str> {
    match value {
        Some(Json::String(text)) => Ok(text),
        None | Some(Json::Null) => Err(at.wrong(name, "Missing input")),
        Some(_) => Err(at.wrong(name, "Must be a string")),
    }
}

fn not_among(at: &At<'_>, name: &str, known: &[&str], sent: &str) -> Error {
    at.wrong(name, format!("Must be one of {}, not: {}", known.join(", "), cut(sent)))
}

fn one_of<'w>(at: &At<'_>, name: &str, words: &[&'w str], value: &Json) -> Result<&'w str> {
    let sent = word(at, name, Some(value))?;
    words
        .iter()
        .find(|word| **word == sent)
        .copied()
        .ok_or_else(|| not_among(at, name, words, sent))
}

fn written(at: &At<'_>, name: &str, longest: usize, value: &Json) -> Result<String> {
    let text = String::from_json(value).map_err(|message| at.wrong(name, message))?;
    if text.trim().is_empty() {
        return Err(at.wrong(name, "Must not be empty"));
    }
    if text.chars().count() > longest {
        return Err(at.wrong(name, format!("Must be at most {longest} characters")));
    }
    Ok(text)
}

fn html(at: &At<'_>, name: &str, value: &Json) -> Result<String> {
    let text = String::from_json(value).map_err(|message| at.wrong(name, message))?;
    model::rich_text::parse(&text).map_err(|error| at.wrong(name, error.to_string()))?;
    Ok(text)
}

fn number(at: &At<'_>, name: &str, least: i64, most: i64, value: &Json) -> Result<i64> {
    let number = i64::from_json(value).map_err(|message| at.wrong(name, message))?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(at.wrong(name, format!("Must be between {least} and {most}")))
    }
}

fn items<'v>(at: &At<'_>, name: &str, value: &'v Json) -> Result<&'v [Json]> {
    let items = match value {
        Json::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    if items.is_empty() || items.len() > MAX_PARTS {
        return Err(at.wrong(name, format!("Must be 1 to {MAX_PARTS}")));
    }
    Ok(items)
}

fn many(
    cx: &mut Context<'_, '_>,
    at: &At<'_>,
    name: &str,
    kind: &str,
    value: &Json,
) -> Result<Vec<String>> {
    items(at, name, value)?.iter().map(|item| one(cx, at, name, kind, item)).collect()
}

/// The object that a value names, visible to the actor and of the project's workspace.
fn one(
    cx: &mut Context<'_, '_>,
    at: &At<'_>,
    name: &str,
    kind: &str,
    value: &Json,
) -> Result<String> {
    let raw = engine::body::reference(value).map_err(|message| at.wrong(name, message))?;
    let unknown = || at.wrong(name, format!("Unknown object: {}", cut(&raw)));
    // What is hidden and what does not exist are the same here: neither can be named.
    let seen = |error: Error| match error {
        Error::Forbidden(_) | Error::NotFound { .. } | Error::Invalid { .. } => unknown(),
        other => other,
    };
    let place = format!("{}: {name}", at.path);
    let (gid, workspace) = match kind {
        User::TYPE => {
            let (user, _) = cx.refer::<User>(&place, &raw).map_err(seen)?;
            if first_stranger(cx, at.project.workspace, &[user.gid])?.is_some() {
                return Err(at.wrong(name, "Not a user in the project's workspace"));
            }
            (user.gid, at.project.workspace)
        }
        Section::TYPE => {
            let (section, level) = cx.refer::<Section>(&place, &raw).map_err(seen)?;
            if !at.writes && section.container != at.project.gid {
                return Err(at.wrong(name, "Must be a section of the rule's project"));
            }
            editable(at, name, level)?;
            (section.gid, section.workspace)
        }
        Project::TYPE => {
            let (project, level) = cx.refer::<Project>(&place, &raw).map_err(seen)?;
            editable(at, name, level)?;
            (project.gid, project.workspace)
        }
        Tag::TYPE => {
            let (tag, _) = cx.refer::<Tag>(&place, &raw).map_err(seen)?;
            (tag.gid, tag.workspace)
        }
        TaskTemplate::TYPE => {
            let (template, level) = cx.refer::<TaskTemplate>(&place, &raw).map_err(seen)?;
            editable(at, name, level)?;
            (template.gid, template.workspace)
        }
        _ => {
            let (task, _) = cx.refer::<Task>(&place, &raw).map_err(seen)?;
            (task.gid, task.workspace)
        }
    };
    if workspace == at.project.workspace { Ok(gid.to_string()) } else { Err(unknown()) }
}

fn editable(at: &At<'_>, name: &str, level: Level) -> Result<()> {
    if at.writes && level < Level::Edit {
        return Err(at.wrong(name, "You do not have the right to change this"));
    }
    Ok(())
}

/// A custom field that the project uses and the actor sees.
fn custom_field(
    cx: &mut Context<'_, '_>,
    at: &At<'_>,
    name: &str,
    value: &Json,
) -> Result<CustomField> {
    let raw = engine::body::reference(value).map_err(|message| at.wrong(name, message))?;
    let missing = || at.wrong(name, format!("Not a field of the rule's project: {}", cut(&raw)));
    let gid = Gid::parse(&raw).ok_or_else(missing)?;
    let used: Option<i64> = cx.cell(
        "SELECT 1 FROM custom_field_settings AS s WHERE s.parent = ? AND s.custom_field = ?",
        params![at.project.gid, gid],
    )?;
    let field = cx.rows_seen::<CustomField>(&[gid])?.into_iter().next().flatten();
    field.filter(|_| used.is_some()).ok_or_else(missing)
}

/// What the values of a custom field are.
fn held(subtype: &str) -> Option<Holds> {
    Some(match FieldSubtype::parse(subtype)? {
        FieldSubtype::Text => Holds::Text,
        FieldSubtype::Number => Holds::Number,
        FieldSubtype::Date => Holds::Day,
        FieldSubtype::Enum => Holds::One("enum_option"),
        FieldSubtype::MultiEnum => Holds::Many("enum_option"),
        FieldSubtype::People => Holds::Many("user"),
        FieldSubtype::Reference => Holds::Many("object"),
    })
}

/// What the field of a stored condition or action holds.
pub fn holds_of(stored: &Map<String, Json>) -> Option<Holds> {
    match text(stored, NOTE) {
        "" => {
            let field = text(stored, "field");
            FIELDS.iter().find(|(name, _)| *name == field).map(|(_, holds)| *holds)
        }
        subtype => held(subtype),
    }
}

/// A value that a custom field is set to; null clears it. Variables can stand for the whole of one.
fn custom_value(
    cx: &mut Context<'_, '_>,
    at: &At<'_>,
    field: Gid,
    holds: Option<Holds>,
    value: &Json,
) -> Result<Json> {
    if value.is_null() {
        return Ok(Json::Null);
    }
    let is_variable = value.as_str().is_some_and(|text| text.contains("{{"));
    Ok(match holds {
        Some(Holds::Text) => {
            let longest = crate::resources::custom_fields::values::MAX_TEXT;
            json!(written(at, "value", longest, value)?)
        }
        Some(Holds::Number | Holds::Day) if is_variable => {
            json!(written(at, "value", 1_024, value)?)
        }
        Some(Holds::Number) => {
            json!(f64::from_json(value).map_err(|message| at.wrong("value", message))?)
        }
        Some(Holds::Day) => day_or_time(at, value)?,
        Some(Holds::One(kind)) => json!(choice(cx, at, field, kind, value)?),
        Some(Holds::Many(kind)) => {
            let chosen: Result<Vec<String>> = items(at, "value", value)?
                .iter()
                .map(|item| choice(cx, at, field, kind, item))
                .collect();
            json!(chosen?)
        }
        _ => return Err(at.wrong("custom_field", "This field cannot be written")),
    })
}

fn day_or_time(at: &At<'_>, value: &Json) -> Result<Json> {
    let sent = match value {
        Json::Object(map) => {
            map.get("date_time").filter(|time| !time.is_null()).or_else(|| map.get("date"))
        }
        other => Some(other),
    };
    let sent = sent.unwrap_or(&Json::Null);
    let is_time = sent.as_str().is_some_and(|text| text.len() > 10);
    let text = if is_time {
        Timestamp::from_json(sent).map(|time| time.to_string())
    } else {
        Date::from_json(sent).map(|day| day.to_string())
    };
    Ok(json!(text.map_err(|message| at.wrong("value", message))?))
}

/// An option of the field, a user, or an object that it refers to.
fn choice(
    cx: &mut Context<'_, '_>,
    at: &At<'_>,
    field: Gid,
    kind: &str,
    value: &Json,
) -> Result<String> {
    let raw = engine::body::reference(value).map_err(|message| at.wrong("value", message))?;
    let unknown = || at.wrong("value", format!("Unknown object: {}", cut(&raw)));
    match kind {
        "enum_option" => {
            let gid = Gid::parse(&raw).ok_or_else(unknown)?;
            let of: Option<Gid> = cx.cell(
                "SELECT o.custom_field FROM enum_options AS o WHERE o.gid = ?",
                params![gid],
            )?;
            if of == Some(field) { Ok(gid.to_string()) } else { Err(unknown()) }
        }
        "object" => {
            let gid = Gid::parse(&raw).ok_or_else(unknown)?;
            for kind in ["task", "project", "portfolio", "goal"] {
                if cx.is_visible(kind, gid)? {
                    return Ok(gid.to_string());
                }
            }
            Err(unknown())
        }
        kind => one(cx, at, "value", kind, value),
    }
}

/// A value that one of the fields of every task is set to.
fn field_value(cx: &mut Context<'_, '_>, at: &At<'_>, field: &str, value: &Json) -> Result<Json> {
    use super::shapes::{APPROVALS, SUBTYPES};
    let name = "value";
    let is_variable = value.as_str().is_some_and(|text| text.contains("{{"));
    let message = |message: String| at.wrong(name, message);
    Ok(match field {
        "name" => json!(written(at, name, engine::body::MAX_NAME, value)?),
        "notes" => json!(String::from_json(value).map_err(message)?),
        "html_notes" => json!(html(at, name, value)?),
        "completed" => json!(bool::from_json(value).map_err(message)?),
        "resource_subtype" => json!(one_of(at, name, SUBTYPES, value)?),
        "approval_status" => json!(one_of(at, name, APPROVALS, value)?),
        _ if value.is_null() => Json::Null,
        "assignee" => json!(one(cx, at, name, User::TYPE, value)?),
        _ if is_variable => json!(written(at, name, 1_024, value)?),
        "due_at" | "start_at" => json!(Timestamp::from_json(value).map_err(message)?.to_string()),
        _ => json!(Date::from_json(value).map_err(message)?.to_string()),
    })
}

fn condition(cx: &mut Context<'_, '_>, at: &At<'_>, sent: &Json) -> Result<Json> {
    let map = object(at, sent)?;
    let allowed = ["field", "custom_field", "operator", "value", NOTE];
    if let Some(key) = map.keys().find(|key| !allowed.contains(&key.as_str())) {
        return Err(at.wrong(&cut(key), "A condition takes no such parameter"));
    }
    let field = word(at, "field", map.get("field"))?;
    let mut stored = Map::new();
    stored.insert("field".to_owned(), json!(field));
    let mut owner = Gid::new(0);
    let holds = if field == "custom_field" {
        let sent =
            map.get("custom_field").ok_or_else(|| at.wrong("custom_field", "Missing input"))?;
        let custom = custom_field(cx, at, "custom_field", sent)?;
        owner = custom.gid;
        stored.insert("custom_field".to_owned(), json!(custom.gid.to_string()));
        stored.insert(NOTE.to_owned(), json!(custom.resource_subtype));
        held(&custom.resource_subtype)
            .ok_or_else(|| at.wrong("custom_field", "Conditions cannot look at this field"))?
    } else {
        check_custom(at, map)?;
        let known = FIELDS.iter().find(|(name, _)| *name == field).map(|(_, holds)| *holds);
        known.ok_or_else(|| {
            let mut names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            names.push("custom_field");
            not_among(at, "field", &names, field)
        })?
    };
    let operator = word(at, "operator", map.get("operator"))?;
    if !holds.operators().contains(&operator) {
        return Err(not_among(at, "operator", holds.operators(), operator));
    }
    stored.insert("operator".to_owned(), json!(operator));
    let value = map.get("value").filter(|value| !value.is_null());
    if matches!(operator, "is_set" | "is_not_set") {
        if value.is_some() {
            return Err(at.wrong("value", format!("{operator} takes no value")));
        }
        return Ok(Json::Object(stored));
    }
    let value = value.ok_or_else(|| at.wrong("value", "Missing input"))?;
    let message = |message: String| at.wrong("value", message);
    let value = match holds {
        Holds::Text => json!(written(at, "value", 1_024, value)?),
        Holds::Number => json!(f64::from_json(value).map_err(message)?),
        Holds::Flag => json!(bool::from_json(value).map_err(message)?),
        Holds::Day if operator == "within" => {
            let days = value.get("days").unwrap_or(value);
            json!({ "days": number(at, "value", 0, 3_650, days)? })
        }
        Holds::Day => match value.get("days") {
            Some(days) => json!({ "days": number(at, "value", -3_650, 3_650, days)? }),
            None => json!(Date::from_json(value).map_err(message)?.to_string()),
        },
        Holds::Word(words) => {
            let chosen: Result<Vec<&str>> = items(at, "value", value)?
                .iter()
                .map(|item| one_of(at, "value", words, item))
                .collect();
            json!(chosen?)
        }
        Holds::One(kind) | Holds::Many(kind) => {
            let chosen: Result<Vec<String>> = items(at, "value", value)?
                .iter()
                .map(|item| match kind {
                    "enum_option" | "object" => choice(cx, at, owner, kind, item),
                    kind => one(cx, at, "value", kind, item),
                })
                .collect();
            json!(chosen?)
        }
    };
    stored.insert("value".to_owned(), value);
    Ok(Json::Object(stored))
}

/// A part of a rule that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An object.
    Trigger,
    /// A list.
    Conditions,
    /// A list.
    Actions,
}

/// The parts of rules as somebody sees them: objects with their names where he sees them, else null. `may_edit` says of each
/// whether he is shown the addresses that it calls.
///
/// Errors: those of the database.
pub fn shown(
    tx: &mut Tx<'_>,
    viewer: Viewer,
    part: Part,
    stored: &[(&str, bool)],
) -> Result<Vec<Json>, store::Error> {
    let mut parts: Vec<Json> =
        stored.iter().map(|(text, _)| serde_json::from_str(text).unwrap_or_default()).collect();
    let mut wanted: Vec<(&'static str, Vec<i64>)> = Vec::new();
    for one in &mut parts {
        walk(part, one, &mut |kind, value| collect(&mut wanted, kind, value));
    }
    let known = names::of(tx, viewer, Reach::Own, &wanted)?;
    let named = names::of(tx, viewer, Reach::Nested, &wanted)?;
    for (one, (_, may_edit)) in parts.iter_mut().zip(stored) {
        walk(part, one, &mut |kind, value| match kind {
            "url" if !may_edit => *value = Json::Null,
            "url" => {}
            kind => {
                // A field may be for its members alone, wherever it is named.
                let known = if kind == "custom_field" { &known } else { &named };
                let object = |value: &Json| {
                    let gid = Gid::parse(value.as_str()?)?;
                    let object = known.get(&gid)?;
                    Some(
                        json!({ "gid": gid.to_string(), "resource_type": object.kind, "name": object.name }),
                    )
                };
                *value = match &*value {
                    Json::Array(items) => Json::Array(items.iter().filter_map(object).collect()),
                    one => object(one).unwrap_or_default(),
                };
            }
        });
        hide_values(one);
    }
    Ok(parts)
}

/// What is set or asked of a field that is hidden is hidden too, and so are the server's notes.
fn hide_values(part: &mut Json) {
    match part {
        Json::Array(items) => items.iter_mut().for_each(hide_values),
        Json::Object(map) => {
            map.remove(NOTE);
            if map.get("custom_field").is_some_and(Json::is_null) && map.contains_key("value") {
                map.insert("value".to_owned(), Json::Null);
            }
        }
        _ => {}
    }
}

fn collect(wanted: &mut Vec<(&'static str, Vec<i64>)>, kind: &'static str, value: &mut Json) {
    let kinds: &[&'static str] = match kind {
        "object" => &["task", "project", "portfolio", "goal"],
        "url" => &[],
        "user" => &["user"],
        "section" => &["section"],
        "project" => &["project"],
        "tag" => &["tag"],
        "task" => &["task"],
        "task_template" => &["task_template"],
        "enum_option" => &["enum_option"],
        _ => &["custom_field"],
    };
    let list = match &*value {
        Json::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let gids: Vec<i64> =
        list.iter().filter_map(|item| item.as_str().and_then(Gid::parse).map(Gid::get)).collect();
    for kind in kinds {
        match wanted.iter_mut().find(|(known, _)| known == kind) {
            Some((_, all)) => all.extend(&gids),
            None => wanted.push((kind, gids.clone())),
        }
    }
}

/// Calls `each` with the type and the place of every object and address that a stored part names.
fn walk(part: Part, stored: &mut Json, each: &mut dyn FnMut(&'static str, &mut Json)) {
    match (part, stored) {
        (Part::Trigger, Json::Object(map)) => walk_shape(TRIGGERS, map, each),
        (_, Json::Array(items)) => {
            for item in items.iter_mut().filter_map(Json::as_object_mut) {
                if part == Part::Actions {
                    walk_shape(ACTIONS, item, each);
                } else {
                    walk_value(item, each);
                    if let Some(field) = item.get_mut("custom_field") {
                        each("custom_field", field);
                    }
                }
            }
        }
        _ => {}
    }
}

fn walk_shape(
    shapes: &[Shape],
    map: &mut Map<String, Json>,
    each: &mut dyn FnMut(&'static str, &mut Json),
) {
    let name = text(map, "type").to_owned();
    let Some(shape) = shapes.iter().find(|shape| shape.name == name) else { return };
    for param in shape.params {
        let kind = match param.kind {
            Kind::One(kind) | Kind::OneOrNone(kind) | Kind::Many(kind) => kind,
            Kind::Field => "custom_field",
            Kind::Url => "url",
            Kind::Value => {
                walk_value(map, each);
                continue;
            }
            _ => continue,
        };
        if let Some(value) = map.get_mut(param.name).filter(|value| !value.is_null()) {
            each(kind, value);
        }
    }
}

fn walk_value(map: &mut Map<String, Json>, each: &mut dyn FnMut(&'static str, &mut Json)) {
    let (Some(Holds::One(kind) | Holds::Many(kind)), Some(value)) =
        (holds_of(map), map.get_mut("value"))
    else {
        return;
    };
    if !value.is_null() {
        each(kind, value);
    }
}
