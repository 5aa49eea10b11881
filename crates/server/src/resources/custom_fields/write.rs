//! Writing values of custom fields: the map that clients send as `custom_fields`.

use super::CustomField;
use super::values::{Content, Holder, choices, contents, fields_on};
use crate::api::call::cut;
use crate::api::lookup::MAX_REFERENCES;
use crate::prelude::*;
use crate::resources::goals::Goal;
use crate::resources::portfolios::Portfolio;
use crate::resources::projects::Project;
use crate::resources::stories::{self, Dates, Details};
use crate::resources::tasks::Task;
use crate::resources::users::User;
use engine::FromJson;
use model::FieldSubtype;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Most characters of a text value. Source: API reference, "Custom fields".
pub const MAX_TEXT: usize = 1_024;

/// Writes the map that was sent as `custom_fields` of a task; true if a value changed. Tells the stories.
///
/// Errors: 400 for what is not a map, a field that the task does not have, a value that the field cannot take.
pub fn write_on_task(cx: &mut Context<'_, '_>, task: &Task, sent: &Json) -> Result<bool> {
    let changes = write(cx, Holder::Task, "tasks", task.gid, task.workspace, sent)?;
    for change in &changes {
        if let Some((subtype, details)) = story(change) {
            stories::tell(cx, task, subtype, details)?;
        }
    }
    Ok(!changes.is_empty())
}

/// Writes the map that was sent as `custom_fields` of a project or portfolio; true if a value changed.
///
/// Errors: as for tasks.
pub fn write_on_container<T: Object>(
    cx: &mut Context<'_, '_>,
    row: &T,
    sent: &Json,
) -> Result<bool> {
    let changes = write(cx, Holder::Container, T::TABLE, row.gid(), row.workspace(), sent)?;
    Ok(!changes.is_empty())
}

/// A value that another one replaced.
struct Change {
    field: Arc<CustomField>,
    old: Content,
    new: Content,
}

/// A value as sent, before what it names is looked up.
enum Wanted {
    Content(Content),
    Options(Vec<String>),
    People(Vec<String>),
    Objects(Vec<String>),
}

/// Where in the request the value of a field stands.
fn place(field: &CustomField) -> String {
    format!("custom_fields: {}", field.gid)
}

fn write(
    cx: &mut Context<'_, '_>,
    holder: Holder,
    table: &str,
    object: Gid,
    workspace: Gid,
    sent: &Json,
) -> Result<Vec<Change>> {
    let map = match sent {
        Json::Null => return Ok(Vec::new()),
        Json::Object(map) => map,
        other => {
            let shown = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            return Err(invalid(
                "custom_fields",
                format!("Value is not a JSON object: {}", cut(&shown)),
            ));
        }
    };
    if map.is_empty() {
        return Ok(Vec::new());
    }
    let viewer = cx.viewer();
    let on = fields_on(cx.tx, viewer, holder, &[object.get()])?.into_iter().next();
    let on: HashMap<Gid, Arc<CustomField>> =
        on.into_iter().flatten().map(|one| (one.field.gid, one.field)).collect();
    let mut wanted: Vec<(Arc<CustomField>, Wanted)> = Vec::with_capacity(map.len());
    for (key, value) in map {
        let field = Gid::parse(key.trim()).and_then(|gid| on.get(&gid)).ok_or_else(|| {
            bad_request(format!("Custom field with ID {} is not on given object", cut(key)))
        })?;
        wanted.push((Arc::clone(field), read(cx, field, value)?));
    }

    // Two writers of one object come one after the other.
    cx.lock(table, object)?;
    let mut old = contents(cx.tx, &[object.get()])?;
    let chosen = choices(cx.tx, &[object.get()])?;
    for ((key, field), picked) in chosen {
        old.entry((key, field)).or_default().choices = picked.iter().map(|one| one.gid).collect();
    }
    let known = Known::load(cx, workspace, &wanted)?;
    let mut changes = Vec::new();
    for (field, wanted) in wanted {
        let old = old.remove(&(0, field.gid)).unwrap_or_default();
        let new = known.content(&field, wanted, &old)?;
        if old != new {
            store(cx, object, workspace, field.gid, &old, &new)?;
            changes.push(Change { field, old, new });
        }
    }
    Ok(changes)
}

/// Reads a value in the form of its field; null and, for most, the empty text clear it.
fn read(cx: &Context<'_, '_>, field: &CustomField, value: &Json) -> Result<Wanted> {
    let wrong = |message: String| invalid(place(field), message);
    if field.id_prefix.is_some() {
        return Err(wrong("The server alone gives the values of this field".to_owned()));
    }
    let kind = FieldSubtype::parse(&field.resource_subtype)
        .ok_or_else(|| wrong("This field cannot be written".to_owned()))?;
    let is_empty = value.is_null() || value.as_str() == Some("");
    let list = || match value {
        _ if is_empty => Ok(Vec::new()),
        // A gid alone is a list of one.
        Json::Object(_) => engine::body::reference(value).map(|one| vec![one]),
        _ => Vec::<String>::from_json(value).and_then(|list| {
            if list.len() > MAX_REFERENCES {
                return Err(format!("Must be at most {MAX_REFERENCES} objects"));
            }
            Ok(list)
        }),
    };
    Ok(match kind {
        FieldSubtype::Text => {
            let text = Option::<String>::from_json(value).map_err(wrong)?;
            let text = text.filter(|text| !text.is_empty());
            if text.as_ref().is_some_and(|text| text.chars().count() > MAX_TEXT) {
                return Err(wrong(format!("Must be at most {MAX_TEXT} characters")));
            }
            Wanted::Content(Content { text, ..Content::default() })
        }
        FieldSubtype::Number => {
            let number = Option::<f64>::from_json(value).map_err(wrong)?;
            // Negative zero is zero.
            let number = number.map(|number| number + 0.0);
            Wanted::Content(Content { number, ..Content::default() })
        }
        FieldSubtype::Date if is_empty => Wanted::Content(Content::default()),
        FieldSubtype::Date => {
            let (date, date_time) = date(cx, value).map_err(wrong)?;
            Wanted::Content(Content { date, date_time, ..Content::default() })
        }
        FieldSubtype::Enum if is_empty => Wanted::Options(Vec::new()),
        FieldSubtype::Enum => Wanted::Options(vec![engine::body::reference(value).map_err(wrong)?]),
        FieldSubtype::MultiEnum => Wanted::Options(list().map_err(wrong)?),
        FieldSubtype::People => Wanted::People(list().map_err(wrong)?),
        FieldSubtype::Reference => Wanted::Objects(list().map_err(wrong)?),
    })
}

/// A day or a point in time: an object with one of them, or the text of one. The day of a point in time is that of the writer's
/// zone.
fn date(cx: &Context<'_, '_>, value: &Json) -> Result<(Option<Date>, Option<Timestamp>), String> {
    let (date, time) = match value {
        Json::Object(map) => {
            let part = |name: &str| map.get(name).unwrap_or(&Json::Null);
            if !map.contains_key("date") && !map.contains_key("date_time") {
                return Err("Must have date or date_time".to_owned());
            }
            (
                Option::<Date>::from_json(part("date"))?,
                Option::<Timestamp>::from_json(part("date_time"))?,
            )
        }
        Json::String(text) if text.len() > 10 => (None, Some(Timestamp::from_json(value)?)),
        other => (Some(Date::from_json(other)?), None),
    };
    Ok(match time {
        Some(time) => (Some(time.date_in(cx.zone())), Some(time)),
        None => (date, None),
    })
}

/// What the values name, looked up for all of them at once.
struct Known {
    /// The options by gid: their field, and whether they can be chosen.
    options: HashMap<Gid, (Gid, bool)>,
    /// Active users of the workspace, by how they were named, and whether the actor sees them.
    people: HashMap<String, (Gid, bool)>,
    /// The objects that the actor sees, with their types.
    objects: HashMap<Gid, &'static str>,
    is_organization: bool,
}

impl Known {
    fn load(
        cx: &mut Context<'_, '_>,
        workspace: Gid,
        wanted: &[(Arc<CustomField>, Wanted)],
    ) -> Result<Self> {
        let mut known = Known {
            options: HashMap::new(),
            people: HashMap::new(),
            objects: HashMap::new(),
            is_organization: false,
        };
        let mut options: Vec<Gid> = Vec::new();
        let mut people: HashMap<String, Gid> = HashMap::new();
        let mut objects: HashSet<Gid> = HashSet::new();
        for (field, one) in wanted {
            match one {
                Wanted::Content(_) => {}
                Wanted::Options(raws) => {
                    options.extend(raws.iter().filter_map(|raw| Gid::parse(raw)));
                }
                Wanted::Objects(raws) => {
                    objects.extend(raws.iter().filter_map(|raw| Gid::parse(raw)));
                }
                Wanted::People(raws) => {
                    let found = cx.identify_all(User::TYPE, &place(field), raws)?;
                    for (raw, user) in raws.iter().zip(found) {
                        people.extend(user.map(|user| (raw.clone(), user)));
                    }
                }
            }
        }
        if !options.is_empty() {
            known.options = cx
                .query(
                    "SELECT o.gid, o.custom_field, o.enabled FROM ids(?) AS i JOIN enum_options AS o ON o.gid = i.value",
                    params![options],
                    |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
                )?
                .into_iter()
                .collect();
        }
        if wanted.iter().any(|(_, one)| matches!(one, Wanted::People(raws) if !raws.is_empty())) {
            let users: Vec<Gid> = people.values().copied().collect();
            let seen = cx.rows_seen::<User>(&users)?;
            let seen: HashSet<Gid> = seen.into_iter().flatten().map(|user| user.gid).collect();
            let rows: Vec<(Option<Gid>, bool)> = cx.query(
                r#"SELECT wm."user", w.is_organization FROM workspaces AS w LEFT JOIN workspace_memberships AS wm ON wm.workspace = w.gid AND wm.is_active = 1 AND wm."user" IN (SELECT i.value FROM ids(?) AS i) WHERE w.gid = ?"#,
                params![users, workspace],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            known.is_organization = rows.iter().any(|(_, organization)| *organization);
            let members: HashSet<Gid> = rows.into_iter().filter_map(|(user, _)| user).collect();
            known.people = people
                .into_iter()
                .filter(|(_, user)| members.contains(user))
                .map(|(raw, user)| (raw, (user, seen.contains(&user))))
                .collect();
        }
        if !objects.is_empty() {
            let objects: Vec<Gid> = objects.into_iter().collect();
            known.see::<Task>(cx, workspace, &objects)?;
            known.see::<Project>(cx, workspace, &objects)?;
            known.see::<Portfolio>(cx, workspace, &objects)?;
            known.see::<Goal>(cx, workspace, &objects)?;
        }
        Ok(known)
    }

    /// Adds those of `objects` that are of type `T`, in the workspace, and visible to the actor.
    fn see<T: Object>(
        &mut self,
        cx: &mut Context<'_, '_>,
        workspace: Gid,
        objects: &[Gid],
    ) -> Result<()> {
        let rows = cx.rows_seen::<T>(objects)?.into_iter().flatten();
        let here = rows.filter(|row| row.workspace() == workspace);
        self.objects.extend(here.map(|row| (row.gid(), T::TYPE)));
        Ok(())
    }

    /// What is to be stored for a value.
    fn content(&self, field: &CustomField, wanted: Wanted, old: &Content) -> Result<Content> {
        let unknown = |raw: &str| invalid(place(field), format!("Unknown object: {}", cut(raw)));
        let mut chosen: Vec<Gid> = Vec::new();
        match wanted {
            Wanted::Content(content) => return Ok(content),
            Wanted::Options(raws) => {
                for raw in &raws {
                    let gid = Gid::parse(raw).ok_or_else(|| unknown(raw))?;
                    let (of, enabled) = self.options.get(&gid).ok_or_else(|| unknown(raw))?;
                    if *of != field.gid {
                        return Err(unknown(raw));
                    }
                    if !enabled && !old.choices.contains(&gid) {
                        return Err(invalid(
                            place(field),
                            format!("The option is disabled: {}", cut(raw)),
                        ));
                    }
                    chosen.push(gid);
                }
            }
            Wanted::People(raws) => {
                for raw in &raws {
                    let home = if self.is_organization { "Organization" } else { "Workspace" };
                    // Who is there stays, also where he is hidden from the actor.
                    let known = self
                        .people
                        .get(raw)
                        .filter(|(user, is_seen)| *is_seen || old.choices.contains(user));
                    let (user, _) = known.ok_or_else(|| {
                        invalid(place(field), format!("Not a user in {home}: {}", cut(raw)))
                    })?;
                    chosen.push(*user);
                }
            }
            Wanted::Objects(raws) => {
                for raw in &raws {
                    let gid = Gid::parse(raw).ok_or_else(|| unknown(raw))?;
                    // What is there stays, also where it is hidden from the actor.
                    if !old.choices.contains(&gid) {
                        let kind = self.objects.get(&gid).ok_or_else(|| unknown(raw))?;
                        if !field.referable().any(|allowed| allowed == *kind) {
                            return Err(invalid(
                                place(field),
                                format!("The field does not take objects of type {kind}"),
                            ));
                        }
                    }
                    chosen.push(gid);
                }
            }
        }
        let mut seen = HashSet::new();
        chosen.retain(|gid| seen.insert(*gid));
        Ok(Content { choices: chosen, ..Content::default() })
    }
}

/// Replaces what is stored.
fn store(
    cx: &mut Context<'_, '_>,
    object: Gid,
    workspace: Gid,
    field: Gid,
    old: &Content,
    new: &Content,
) -> Result<()> {
    if old.choices != new.choices {
        if !old.choices.is_empty() {
            cx.later(
                "DELETE FROM custom_field_choices WHERE object = ? AND custom_field = ?",
                params![object, field].to_vec(),
            )?;
        }
        if !new.choices.is_empty() {
            let mut positions: Vec<String> = Vec::with_capacity(new.choices.len());
            for _ in &new.choices {
                let position = cx.position(positions.last().map(String::as_str), None)?;
                positions.push(position.into_string());
            }
            cx.later(
                "INSERT INTO custom_field_choices (object, custom_field, choice, workspace, position) SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), i.value, CAST(? AS BIGINT), p.value FROM ids(?) AS i JOIN texts(?) AS p ON p.key = i.key",
                params![object, field, workspace, new.choices, positions].to_vec(),
            )?;
        }
    }
    let scalars = |content: &Content| Content { choices: Vec::new(), ..content.clone() };
    let (old, new) = (scalars(old), scalars(new));
    if new == Content::default() {
        if old != new {
            cx.later(
                "DELETE FROM custom_field_values WHERE object = ? AND custom_field = ?",
                params![object, field].to_vec(),
            )?;
        }
    } else if old != new {
        cx.later(
            "INSERT INTO custom_field_values (object, custom_field, workspace, text_value, number_value, date_value, date_time_value) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object, custom_field) DO UPDATE SET text_value = excluded.text_value, number_value = excluded.number_value, date_value = excluded.date_value, date_time_value = excluded.date_time_value",
            params![object, field, workspace, new.text, new.number, new.date, new.date_time].to_vec(),
        )?;
    }
    Ok(())
}

/// The story of a change.
fn story(change: &Change) -> Option<(&'static str, Details)> {
    let Change { field, old, new } = change;
    let mut details = Details { custom_field: Some(field.gid.get()), ..Details::default() };
    let dates = |content: &Content| {
        content.date.map(|date| Dates {
            due_on: Some(date.to_string()),
            due_at: content.date_time.map(Timestamp::millis),
            start_on: None,
        })
    };
    let gids = |content: &Content| content.choices.iter().map(|gid| gid.get()).collect::<Vec<_>>();
    let first = |content: &Content| content.choices.first().map(|gid| gid.get());
    let subtype = match FieldSubtype::parse(&field.resource_subtype)? {
        FieldSubtype::Text => {
            details.old_text_value.clone_from(&old.text);
            details.new_text_value.clone_from(&new.text);
            "text_custom_field_changed"
        }
        FieldSubtype::Number => {
            details.old_number_value = old.number;
            details.new_number_value = new.number;
            "number_custom_field_changed"
        }
        FieldSubtype::Enum => {
            details.old_enum_value = first(old);
            details.new_enum_value = first(new);
            "enum_custom_field_changed"
        }
        FieldSubtype::MultiEnum => {
            details.old_multi_enum_values = gids(old);
            details.new_multi_enum_values = gids(new);
            "multi_enum_custom_field_changed"
        }
        FieldSubtype::Date => {
            details.old_date_value = dates(old);
            details.new_date_value = dates(new);
            "date_custom_field_changed"
        }
        FieldSubtype::People => {
            details.old_people_value = gids(old);
            details.new_people_value = gids(new);
            "people_custom_field_changed"
        }
        FieldSubtype::Reference => "reference_custom_field_changed",
    };
    Some((subtype, details))
}
