//! Custom field settings: where a custom field is used.
//!
//! API section "Custom field settings", with two operations of each type that uses fields. A change is told as one of the
//! `custom_field_settings` of the object that uses the field.

use super::{CustomField, ids};
use crate::api::operations::Input;
use crate::api::order::{self, List, Spot};
use crate::prelude::*;
use crate::resources::goals::Goal;
use crate::resources::portfolios::Portfolio;
use crate::resources::projects::Project;
use crate::resources::user_task_lists::UserTaskList;
use engine::plan::Shape;

/// Something that uses custom fields: what lies one level below it can have values of them.
pub trait Customizable: Object {
    /// Most custom fields that it can use.
    const MAX_FIELDS: i64;

    /// The level from which on the actor may say which fields it uses.
    fn customizing_level(&self) -> Level {
        Level::Edit
    }
}

impl Customizable for Project {
    /// Source: dossier 6, "Custom fields per project".
    const MAX_FIELDS: i64 = 100;

    fn customizing_level(&self) -> Level {
        match self.minimum_access_level_for_customization.as_str() {
            "admin" => Level::Admin,
            _ => Level::Edit,
        }
    }
}

impl Customizable for Portfolio {
    /// Source: dossier 6, "Portfolio items / fields".
    const MAX_FIELDS: i64 = 20;
}

/// One row of `custom_field_settings`.
#[derive(Debug, Clone)]
pub struct CustomFieldSetting {
    pub gid: Gid,
    pub workspace: Gid,
    pub parent: Gid,
    pub custom_field: Gid,
    pub is_important: bool,
    pub position: String,
}

row! { CustomFieldSetting in "custom_field_settings" { gid, workspace, parent, custom_field, is_important, position } }

impl Record for CustomFieldSetting {
    fn schema(s: &mut Schema<Self>) {
        s.doc("The use of a custom field by a project or portfolio: what is in it can have values of the field.");
        s.one::<Project>("project", |t| Some(t.parent))
            .doc("Deprecated: the parent, if it is a project.");
        s.field("is_important", |t| &t.is_important)
            .doc("Whether lists of what is in the parent show the field.");
        s.one_of("parent", &[Project::TYPE, Portfolio::TYPE, Goal::TYPE], |t| Some(("", t.parent)))
            .doc("What uses the field.");
        s.one::<CustomField>("custom_field", |t| Some(t.custom_field))
            .full()
            .doc("The field, without a value.");
    }
}

impl Resource for CustomFieldSetting {
    const TYPE: &'static str = "custom_field_setting";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for CustomFieldSetting {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Custom field settings", "Which custom fields the tasks of a project have.");
    api.add(
        "GET",
        "getCustomFieldSettingsForProject",
        "/projects/{project_gid}/custom_field_settings",
        "The custom fields of a project, in their order, each in full; a user task list has none.",
        Input::None,
        Output::FullList(CustomFieldSetting::TYPE),
        |cx, call| {
            let page = of_project(cx, call)?;
            cx.answer_page(page, Shape::Full)
        },
    );
    api.add(
        "GET",
        "getCustomFieldSettingsForPortfolio",
        "/portfolios/{portfolio_gid}/custom_field_settings",
        "The custom fields of a portfolio, in their order, each in full.",
        Input::None,
        Output::FullList(CustomFieldSetting::TYPE),
        |cx, call| {
            let (portfolio, _) = cx.target::<Portfolio>(call, 0)?;
            let page = of(cx, call, portfolio.gid)?;
            cx.answer_page(page, Shape::Full)
        },
    );
}

/// The operations on projects; they belong to the section of projects.
pub fn project_operations(api: &mut Operations) {
    changes::<Project>(
        api,
        ["addCustomFieldSettingForProject", "removeCustomFieldSettingForProject"],
        [
            "/projects/{project_gid}/addCustomFieldSetting",
            "/projects/{project_gid}/removeCustomFieldSetting",
        ],
        [
            "Lets a project use a custom field, which can be defined in the same request. Where it is used already, the setting moves and changes.",
            "Takes a custom field off a project; the values of its tasks are hidden.",
        ],
    );
}

/// The operations on portfolios; they belong to the section of portfolios.
pub fn portfolio_operations(api: &mut Operations) {
    changes::<Portfolio>(
        api,
        ["addCustomFieldSettingForPortfolio", "removeCustomFieldSettingForPortfolio"],
        [
            "/portfolios/{portfolio_gid}/addCustomFieldSetting",
            "/portfolios/{portfolio_gid}/removeCustomFieldSetting",
        ],
        [
            "Lets a portfolio use a custom field, which can be defined in the same request. Where it is used already, the setting moves and changes.",
            "Takes a custom field off a portfolio; the values of its items are hidden.",
        ],
    );
}

/// Declares adding and removing fields of one type: names, paths and summaries of the two operations.
pub fn changes<T: Customizable>(
    api: &mut Operations,
    [add_id, remove_id]: [&'static str; 2],
    [add_path, remove_path]: [&'static str; 2],
    [add_summary, remove_summary]: [&'static str; 2],
) {
    api.add(
        "POST",
        add_id,
        add_path,
        add_summary,
        Input::Fields,
        Output::One(CustomFieldSetting::TYPE),
        add::<T>,
    )
    .required_field(
        "custom_field",
        JsonType::Gid,
        "The custom field, or the definition of a new one.",
    )
    .field("is_important", JsonType::Boolean, "Whether lists show the field.")
    .field("insert_before", JsonType::Gid, "The setting to come right before; null for the end.")
    .field(
        "insert_after",
        JsonType::Gid,
        "The setting to come right after; null for the beginning.",
    );
    api.add(
        "POST",
        remove_id,
        remove_path,
        remove_summary,
        Input::Fields,
        Output::Empty,
        remove::<T>,
    )
    .required_field("custom_field", JsonType::Gid, "The custom field.");
}

/// `getCustomFieldSettingsForProject`: in the order of the settings.
fn of_project(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<CustomFieldSetting>> {
    let project = match cx.target::<Project>(call, 0) {
        Ok((project, _)) => project,
        Err(error @ Error::NotFound { .. }) => {
            return match cx.find::<UserTaskList>("project", call.segment(0)) {
                Ok(_) => Ok(Page::whole(Vec::new())),
                Err(_) => Err(error),
            };
        }
        Err(error) => return Err(error),
    };
    of(cx, call, project.gid)
}

/// The settings of an object that the actor sees, in their order.
pub fn of(cx: &mut Context<'_, '_>, call: &Call, parent: Gid) -> Result<Page<CustomFieldSetting>> {
    Query::inside()
        .filter("t.parent = ?", params![parent])
        .order(&["t.position", "t.gid"])
        .page(cx, call)
}

/// The object of the path, if the actor may say which fields it uses.
fn customizable<T: Customizable>(cx: &mut Context<'_, '_>, call: &Call) -> Result<T> {
    let (parent, level) = cx.target::<T>(call, 0)?;
    cx.require_level(level, parent.customizing_level())?;
    Ok(parent)
}

/// The setting of an object for a field.
fn setting_of(
    cx: &mut Context<'_, '_>,
    parent: Gid,
    field: Gid,
) -> Result<Option<CustomFieldSetting>> {
    let columns = engine::record::select_list::<CustomFieldSetting>("t");
    cx.first(
        &format!(
            "SELECT {columns} FROM custom_field_settings AS t WHERE t.parent = ? AND t.custom_field = ?"
        ),
        params![parent, field],
        |row| engine::Stored::from_row(row, 0),
    )
}

/// `addCustomFieldSettingFor…`.
fn add<T: Customizable>(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let parent = customizable::<T>(cx, call)?;
    let body = &call.body;
    let important = body.read::<Option<bool>>("is_important")?.flatten();
    let field = field_sent(cx, &parent, body)?;
    require(
        field.workspace == parent.workspace()
            && field.local_to.is_none_or(|local| local == parent.gid()),
        "custom_field",
        "Must be a field of the same workspace",
    )?;
    // Held so that two of them cannot pass the limit, or add the same field.
    cx.lock(T::TABLE, parent.gid())?;
    let list = List::of("custom_field_settings", "parent", parent.gid());
    let spot = match order::sent(body, "insert_before", "insert_after")? {
        Some(spot) => Some(spot.map(|anchor| list.find(cx, &anchor))?),
        None => None,
    };
    let gid = match setting_of(cx, parent.gid(), field.gid)? {
        Some(before) => change(cx, list, &before, spot, important)?,
        None => attach(cx, list, &field, &parent, spot, important)?,
    };
    cx.answer_gid::<CustomFieldSetting>(gid)
}

/// The field that the body names, or defines: a definition makes a field of the workspace.
fn field_sent<T: Customizable>(
    cx: &mut Context<'_, '_>,
    parent: &T,
    body: &Body,
) -> Result<CustomField> {
    match body.get("custom_field") {
        Some(serde_json::Value::Object(definition)) if !definition.contains_key("gid") => {
            let mut definition = Body::new(definition.clone());
            definition.set("workspace", parent.workspace().to_string().into());
            cx.create::<CustomField>(&definition).map_err(|error| match error {
                Error::Invalid { field, message } => {
                    invalid(format!("custom_field: {field}"), message)
                }
                other => other,
            })
        }
        _ => {
            let raw = body
                .reference("custom_field")?
                .flatten()
                .ok_or_else(|| invalid("custom_field", "Missing input"))?;
            Ok(cx.refer::<CustomField>("custom_field", &raw)?.0)
        }
    }
}

/// Moves and changes a setting that is there.
fn change(
    cx: &mut Context<'_, '_>,
    list: List,
    before: &CustomFieldSetting,
    spot: Option<Spot>,
    important: Option<bool>,
) -> Result<Gid> {
    let mut after = before.clone();
    after.is_important = important.unwrap_or(before.is_important);
    // Next to itself is where it is.
    if let Some(spot) = spot.filter(|spot| spot.anchor() != Some(&before.gid)) {
        after.position = list.place(cx, spot, Some(before.gid))?.into_string();
    }
    cx.update(before, &after)?;
    Ok(after.gid)
}

/// Adds a setting.
fn attach<T: Customizable>(
    cx: &mut Context<'_, '_>,
    list: List,
    field: &CustomField,
    parent: &T,
    spot: Option<Spot>,
    important: Option<bool>,
) -> Result<Gid> {
    let count: Option<i64> = cx.cell(
        "SELECT count(*) FROM custom_field_settings AS s WHERE s.parent = ?",
        params![parent.gid()],
    )?;
    if count.unwrap_or(0) >= T::MAX_FIELDS {
        let message = format!("A {} can have at most {} custom fields", T::TYPE, T::MAX_FIELDS);
        return Err(invalid("custom_field", message));
    }
    let position = list.place(cx, spot.unwrap_or(Spot::Last), None)?;
    let row = CustomFieldSetting {
        gid: cx.gid()?,
        workspace: parent.workspace(),
        parent: parent.gid(),
        custom_field: field.gid,
        is_important: important.unwrap_or(false),
        position: position.into_string(),
    };
    cx.insert(&row)?;
    if field.id_prefix.is_some() {
        ids::number_all(cx, field, parent.gid())?;
    }
    tell(
        cx,
        parent,
        FieldChange::added("custom_field_settings", CustomFieldSetting::TYPE, row.gid),
    )?;
    Ok(row.gid)
}

/// `removeCustomFieldSettingFor…`: what is not there is not missed.
fn remove<T: Customizable>(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let parent = customizable::<T>(cx, call)?;
    let raw = call
        .body
        .reference("custom_field")?
        .flatten()
        .ok_or_else(|| invalid("custom_field", "Missing input"))?;
    let (field, _) = cx.refer::<CustomField>("custom_field", &raw)?;
    if let Some(setting) = setting_of(cx, parent.gid(), field.gid)? {
        cx.later("DELETE FROM custom_field_settings WHERE gid = ?", params![setting.gid].to_vec())?;
        let change =
            FieldChange::removed("custom_field_settings", CustomFieldSetting::TYPE, setting.gid);
        tell(cx, &parent, change)?;
    }
    Ok(Answer::empty())
}

/// Records that the object uses other fields.
fn tell<T: Customizable>(cx: &mut Context<'_, '_>, parent: &T, change: FieldChange) -> Result<()> {
    let now = cx.now();
    cx.later(
        &format!("UPDATE {} SET modified_at = ? WHERE gid = ?", T::TABLE),
        params![now, parent.gid()].to_vec(),
    )?;
    let mut event = Event::changed(T::TYPE, parent, vec![change]);
    event.scopes = parent.scopes(cx)?;
    cx.emit(event);
    Ok(())
}
