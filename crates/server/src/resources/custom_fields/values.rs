//! Values of custom fields on tasks and projects: written as a map, read as an array.

use crate::prelude::*;
use crate::resources::projects::Project;
use crate::resources::tasks::Task;
use engine::schema::Fetching;

/// A custom field as shown on an object, with its value there.
#[derive(Debug, Clone)]
pub struct FieldValue {
    pub gid: Gid,
    pub name: String,
}

row! { FieldValue { gid, name } }

impl Record for FieldValue {
    fn schema(s: &mut Schema<Self>) {
        s.identity(Some("custom_field"), |v| v.gid);
        s.field("name", |v| &v.name).doc("The name of the field.");
    }
}

/// Writes the map that was sent as `custom_fields` of a task; true if a value changed. Tells the stories.
pub fn write_on_task(
    _cx: &mut Context<'_, '_>,
    _task: &Task,
    _sent: &serde_json::Value,
) -> Result<bool> {
    Ok(false)
}

/// Writes the map that was sent as `custom_fields` of a project; true if a value changed.
pub fn write_on_project(
    _cx: &mut Context<'_, '_>,
    _project: &Project,
    _sent: &serde_json::Value,
) -> Result<bool> {
    Ok(false)
}

/// Gives a task that was added to a project its number in each ID field of the project that it has none of yet.
pub fn number(_cx: &mut Context<'_, '_>, _task: &Task, _project: Gid) -> Result<()> {
    Ok(())
}

/// The fields of tasks with their values: those set on any of a task's projects, and for direct subtasks on its parent's.
pub fn of_tasks(
    _fetching: &mut Fetching<'_, '_>,
) -> Result<Vec<(usize, FieldValue)>, store::Error> {
    Ok(Vec::new())
}

/// The fields of projects with their values.
pub fn of_projects(
    _fetching: &mut Fetching<'_, '_>,
) -> Result<Vec<(usize, FieldValue)>, store::Error> {
    Ok(Vec::new())
}
