//! Enum options: the choices of a custom field.
//!
//! Part of the API section "Custom fields". Options are never deleted, only disabled, so that values keep them.
//! Events: `enum_option` added, changed; `custom_field` changed when its options move.

use super::{CustomField, lock};
use crate::api::order::{self, List, Spot};
use crate::prelude::*;
use model::{EnumColor, name_key};
use std::collections::HashSet;

/// Most options of a field, disabled ones included. Source: API reference, "Create an enum option".
pub const MAX_OPTIONS: usize = 500;

/// One row of `enum_options`.
#[derive(Debug, Clone)]
pub struct EnumOption {
    pub gid: Gid,
    pub workspace: Gid,
    pub custom_field: Gid,
    pub name: String,
    pub name_key: String,
    pub enabled: bool,
    pub color: String,
    pub position: String,
}

row! { EnumOption in "enum_options" { gid, workspace, custom_field, name, name_key, enabled, color, position } }

impl Record for EnumOption {
    fn schema(s: &mut Schema<Self>) {
        s.doc("One of the values that an enum or multi_enum field can have.");
        s.field("name", |t| &t.name)
            .write(|t, Name(name)| t.name = name)
            .compact()
            .doc("What the option is called; unique in its field.");
        s.field("enabled", |t| &t.enabled)
            .write(|t, v| t.enabled = v)
            .compact()
            .doc("Whether the option can be chosen; objects that have it keep it anyway.");
        s.field("color", |t| &t.color)
            .values(EnumColor::ALL)
            .write(|t, v: Option<String>| {
                t.color = v.unwrap_or_else(|| EnumColor::None.as_str().to_owned());
            })
            .compact()
            .doc("The option's colour, or none.");
    }
}

impl Resource for EnumOption {
    const TYPE: &'static str = "enum_option";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for EnumOption {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((CustomField::TYPE, self.custom_field))
    }

    fn scopes(&self, _cx: &mut Context<'_, '_>) -> Result<Vec<Gid>> {
        Ok(vec![self.gid, self.custom_field, self.workspace])
    }

    /// An option of the field of the path, at the end or where the body says.
    fn draft(cx: &mut Context<'_, '_>, body: &Body) -> Result<Self> {
        let raw = body
            .reference("custom_field")?
            .flatten()
            .ok_or_else(|| invalid("custom_field", "Missing input"))?;
        let (field, level) = cx.refer::<CustomField>("custom_field", &raw)?;
        cx.require_level(level, Level::Edit)?;
        require_options(&field)?;
        lock(cx, field.gid)?;
        let count: Option<i64> = cx.cell(
            "SELECT count(*) FROM enum_options AS o WHERE o.custom_field = ?",
            params![field.gid],
        )?;
        require_room(usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX) + 1)?;
        let list = list_of(field.gid);
        let spot = order::sent(body, "insert_before", "insert_after")?.unwrap_or(Spot::Last);
        let spot = spot.map(|anchor| list.find(cx, &anchor))?;
        let position = list.place(cx, spot, None)?;
        blank(cx, &field, position)
    }

    fn prepare(
        cx: &mut Context<'_, '_>,
        before: Option<&Self>,
        row: &mut Self,
        _body: &Body,
    ) -> Result<()> {
        require(!row.name.is_empty(), "name", "Must not be empty")?;
        row.name_key = name_key(&row.name);
        if before.is_some_and(|before| before.enabled) && !row.enabled {
            lock(cx, row.custom_field)?;
            let other: Option<i64> = cx.cell(
                "SELECT 1 FROM enum_options AS o WHERE o.custom_field = ? AND o.enabled = 1 AND o.gid <> ? LIMIT 1",
                params![row.custom_field, row.gid],
            )?;
            require(other.is_some(), "enabled", "At least one option must stay enabled")?;
        }
        Ok(())
    }
}

fn list_of(field: Gid) -> List {
    List::of("enum_options", "custom_field", field)
}

fn blank(cx: &mut Context<'_, '_>, field: &CustomField, position: Position) -> Result<EnumOption> {
    Ok(EnumOption {
        gid: cx.gid()?,
        workspace: field.workspace,
        custom_field: field.gid,
        name: String::new(),
        name_key: String::new(),
        enabled: true,
        color: EnumColor::None.as_str().to_owned(),
        position: position.into_string(),
    })
}

fn require_options(field: &CustomField) -> Result<()> {
    require(field.has_options(), "custom_field", "Only enum and multi_enum fields have options")
}

fn require_room(count: usize) -> Result<()> {
    require(count <= MAX_OPTIONS, "enum_options", "A field can have at most 500 options")
}

/// Adds the options that the body of a new field holds; says how many.
///
/// Errors: 400 for options of other kinds of fields, without a name, with equal names, all disabled, or too many.
pub fn add_sent(cx: &mut Context<'_, '_>, field: &CustomField, body: &Body) -> Result<usize> {
    let items = match body.get("enum_options") {
        None | Some(serde_json::Value::Null) => return Ok(0),
        Some(serde_json::Value::Array(items)) => items,
        Some(_) => return Err(invalid("enum_options", "Must be an array")),
    };
    if !field.has_options() {
        return require(
            items.is_empty(),
            "enum_options",
            "Only enum and multi_enum fields have options",
        )
        .map(|()| 0);
    }
    require_room(items.len())?;
    let schema = engine::schema::schema_of::<EnumOption>();
    let mut last: Option<Position> = None;
    let mut names = HashSet::new();
    let mut is_any_enabled = items.is_empty();
    for (at, item) in items.iter().enumerate() {
        let place = |field: &str| format!("enum_options: [{at}]: {field}");
        // A bare text is taken as the name.
        let sent = match item {
            serde_json::Value::Object(sent) => Body::new(sent.clone()),
            serde_json::Value::String(_) => {
                let mut sent = Body::default();
                sent.set("name", item.clone());
                sent
            }
            _ => return Err(invalid(format!("enum_options: [{at}]"), "Must be an object")),
        };
        let position = cx.position(last.as_ref().map(Position::as_str), None)?;
        last = Some(position.clone());
        let mut row = blank(cx, field, position)?;
        schema
            .apply(&mut row, &sent, engine::schema::Mode::Create, &std::collections::HashMap::new())
            .map_err(|problem| invalid(place(&problem.field), problem.message))?;
        if row.name.is_empty() {
            return Err(invalid(place("name"), "Must not be empty"));
        }
        row.name_key = name_key(&row.name);
        if !names.insert(row.name_key.clone()) {
            return Err(invalid(place("name"), "The field already has an option with this name"));
        }
        is_any_enabled |= row.enabled;
        cx.insert(&row)?;
    }
    require(is_any_enabled, "enum_options", "At least one option must be enabled")?;
    Ok(items.len())
}

/// The operations on options, which belong to the section of custom fields.
pub fn operations(api: &mut Operations) {
    api.create_in::<CustomField, EnumOption>(
        "createEnumOptionForCustomField",
        "/custom_fields/{custom_field_gid}/enum_options",
        "custom_field",
        "Adds an option to a custom field, at the end or next to another one.",
    )
    .field("insert_before", JsonType::Gid, "The option to come right before.")
    .field("insert_after", JsonType::Gid, "The option to come right after.");
    api.act::<CustomField>(
        "insertEnumOptionForCustomField",
        "/custom_fields/{custom_field_gid}/enum_options/insert",
        "Moves an option of a custom field next to another one.",
        Level::Edit,
        Output::One(EnumOption::TYPE),
        insert,
    )
    .required_field("enum_option", JsonType::Gid, "The option to move.")
    .field("before_enum_option", JsonType::Gid, "The option to come right before.")
    .field("after_enum_option", JsonType::Gid, "The option to come right after.");
    api.update::<EnumOption>(
        "updateEnumOption",
        "/enum_options/{enum_option_gid}",
        "Changes an option; only what is sent changes.",
    );
}

/// `insertEnumOptionForCustomField`.
fn insert(cx: &mut Context<'_, '_>, field: CustomField, call: &Call) -> Result<Answer> {
    require_options(&field)?;
    let body = &call.body;
    let raw = body
        .reference("enum_option")?
        .flatten()
        .ok_or_else(|| invalid("enum_option", "Missing input"))?;
    let (option, _) = cx.refer::<EnumOption>("enum_option", &raw)?;
    require(option.custom_field == field.gid, "enum_option", "Must be an option of the field")?;
    lock(cx, field.gid)?;
    let list = list_of(field.gid);
    let spot = order::sent(body, "before_enum_option", "after_enum_option")?.ok_or_else(|| {
        bad_request("You should specify one of before_enum_option, after_enum_option")
    })?;
    let spot = spot.map(|anchor| list.find(cx, &anchor))?;
    // Next to itself is where it is.
    if spot.anchor() != Some(&option.gid) {
        let position = list.place(cx, spot, Some(option.gid))?;
        cx.later(
            "UPDATE enum_options SET position = ? WHERE gid = ?",
            params![position.as_str(), option.gid].to_vec(),
        )?;
        let changes = vec![FieldChange::changed("enum_options")];
        cx.emit(Event::changed(CustomField::TYPE, &field, changes));
    }
    cx.answer_gid::<EnumOption>(option.gid)
}
