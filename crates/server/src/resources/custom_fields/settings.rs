//! Custom field settings: where a custom field is used.
//!
//! API section "Custom field settings", with two operations of the section "Projects". A change is told as one of the project's
//! `custom_field_settings`.

use super::{CustomField, ids};
use crate::api::operations::Input;
use crate::api::order::{self, List, Spot};
use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::user_task_lists::UserTaskList;
use engine::plan::Shape;

/// Most custom fields of a project. Source: dossier 6, "Custom fields per project".
pub const MAX_FIELDS: i64 = 100;

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
        s.doc("The use of a custom field by a project: its tasks can have values of the field.");
        s.one::<Project>("project", |t| Some(t.parent)).doc("Deprecated: the same as parent.");
        s.field("is_important", |t| &t.is_important)
            .doc("Whether lists of the project's tasks show the field.");
        s.one_of("parent", &[Project::TYPE], |t| Some((Project::TYPE, t.parent)))
            .doc("The project that uses the field.");
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
}

/// The operations on projects; they belong to the section of projects.
pub fn project_operations(api: &mut Operations) {
    api.add(
        "POST",
        "addCustomFieldSettingForProject",
        "/projects/{project_gid}/addCustomFieldSetting",
        "Lets a project use a custom field, which can be defined in the same request. Where it is used already, the setting moves and changes.",
        Input::Fields,
        Output::One(CustomFieldSetting::TYPE),
        add,
    )
    .required_field("custom_field", JsonType::Gid, "The custom field, or the definition of a new one.")
    .field("is_important", JsonType::Boolean, "Whether lists of the project's tasks show the field.")
    .field("insert_before", JsonType::Gid, "The setting of the project to come right before; null for the end.")
    .field("insert_after", JsonType::Gid, "The setting of the project to come right after; null for the beginning.");
    api.add(
        "POST",
        "removeCustomFieldSettingForProject",
        "/projects/{project_gid}/removeCustomFieldSetting",
        "Takes a custom field off a project; the values of its tasks are hidden.",
        Input::Fields,
        Output::Empty,
        remove,
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
    Query::inside()
        .filter("t.parent = ?", params![project.gid])
        .order(&["t.position", "t.gid"])
        .page(cx, call)
}

/// The project of the path, if the actor may say which fields it uses.
fn customizable(cx: &mut Context<'_, '_>, call: &Call) -> Result<Project> {
    let (project, level) = cx.target::<Project>(call, 0)?;
    let needed = match project.minimum_access_level_for_customization.as_str() {
        "admin" => Level::Admin,
        _ => Level::Edit,
    };
    cx.require_level(level, needed)?;
    Ok(project)
}

/// The setting of a project for a field.
fn setting_of(
    cx: &mut Context<'_, '_>,
    project: Gid,
    field: Gid,
) -> Result<Option<CustomFieldSetting>> {
    let columns = engine::record::select_list::<CustomFieldSetting>("t");
    cx.first(
        &format!(
            "SELECT {columns} FROM custom_field_settings AS t WHERE t.parent = ? AND t.custom_field = ?"
        ),
        params![project, field],
        |row| engine::Stored::from_row(row, 0),
    )
}

/// `addCustomFieldSettingForProject`.
fn add(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let project = customizable(cx, call)?;
    let body = &call.body;
    let important = body.read::<Option<bool>>("is_important")?.flatten();
    let field = field_sent(cx, &project, body)?;
    require(
        field.workspace == project.workspace && field.local_to.is_none_or(|p| p == project.gid),
        "custom_field",
        "Must be a field of the project's workspace",
    )?;
    // Held so that two of them cannot pass the limit, or add the same field.
    project.lock(cx)?;
    let list = List::of("custom_field_settings", "parent", project.gid);
    let spot = match order::sent(body, "insert_before", "insert_after")? {
        Some(spot) => Some(spot.map(|anchor| list.find(cx, &anchor))?),
        None => None,
    };
    let gid = match setting_of(cx, project.gid, field.gid)? {
        Some(before) => change(cx, list, &before, spot, important)?,
        None => attach(cx, list, &field, &project, spot, important)?,
    };
    cx.answer_gid::<CustomFieldSetting>(gid)
}

/// The field that the body names, or defines: a definition makes a field of the workspace.
fn field_sent(cx: &mut Context<'_, '_>, project: &Project, body: &Body) -> Result<CustomField> {
    match body.get("custom_field") {
        Some(serde_json::Value::Object(definition)) if !definition.contains_key("gid") => {
            let mut definition = Body::new(definition.clone());
            definition.set("workspace", project.workspace.to_string().into());
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

/// Adds a setting to the project.
fn attach(
    cx: &mut Context<'_, '_>,
    list: List,
    field: &CustomField,
    project: &Project,
    spot: Option<Spot>,
    important: Option<bool>,
) -> Result<Gid> {
    let count: Option<i64> = cx.cell(
        "SELECT count(*) FROM custom_field_settings AS s WHERE s.parent = ?",
        params![project.gid],
    )?;
    require(
        count.unwrap_or(0) < MAX_FIELDS,
        "custom_field",
        "A project can have at most 100 custom fields",
    )?;
    let position = list.place(cx, spot.unwrap_or(Spot::Last), None)?;
    let row = CustomFieldSetting {
        gid: cx.gid()?,
        workspace: project.workspace,
        parent: project.gid,
        custom_field: field.gid,
        is_important: important.unwrap_or(false),
        position: position.into_string(),
    };
    cx.insert(&row)?;
    if field.id_prefix.is_some() {
        ids::number_all(cx, field, project.gid)?;
    }
    tell(
        cx,
        project,
        FieldChange::added("custom_field_settings", CustomFieldSetting::TYPE, row.gid),
    )?;
    Ok(row.gid)
}

/// `removeCustomFieldSettingForProject`: what is not there is not missed.
fn remove(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let project = customizable(cx, call)?;
    let raw = call
        .body
        .reference("custom_field")?
        .flatten()
        .ok_or_else(|| invalid("custom_field", "Missing input"))?;
    let (field, _) = cx.refer::<CustomField>("custom_field", &raw)?;
    if let Some(setting) = setting_of(cx, project.gid, field.gid)? {
        cx.later("DELETE FROM custom_field_settings WHERE gid = ?", params![setting.gid].to_vec())?;
        let change =
            FieldChange::removed("custom_field_settings", CustomFieldSetting::TYPE, setting.gid);
        tell(cx, &project, change)?;
    }
    Ok(Answer::empty())
}

/// Records that the project uses other fields.
fn tell(cx: &mut Context<'_, '_>, project: &Project, change: FieldChange) -> Result<()> {
    let now = cx.now();
    cx.later(
        "UPDATE projects SET modified_at = ? WHERE gid = ?",
        params![now, project.gid].to_vec(),
    )?;
    let mut event = Event::changed(Project::TYPE, project, vec![change]);
    event.scopes = project.scopes(cx)?;
    cx.emit(event);
    Ok(())
}
