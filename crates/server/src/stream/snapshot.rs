//! A whole project in chunks of rows, for a list that shows all of it.

use super::Topic;
use crate::api::Context;
use crate::error::Result;
use crate::resources::tasks::lists;
use engine::Selection;
use engine::plan::Shape;
use model::Gid;
use serde_json::{Value as Json, json};
use store::Value;

/// Rows of one chunk.
pub const CHUNK: usize = 500;

/// What a row shows. What is null, false, zero or empty is left out of it.
const FIELDS: &str = "name,resource_subtype,completed,completed_at,assignee.name,due_on,due_at,start_on,start_at,approval_status,num_subtasks,num_likes,liked,tags.name,tags.color,modified_at,custom_fields.display_value,custom_fields.number_value,custom_fields.date_value,custom_fields.enum_value.name,custom_fields.enum_value.color,custom_fields.multi_enum_values.name,custom_fields.multi_enum_values.color";

/// Some rows, and the key of the next ones.
pub struct Chunk {
    /// The rows, in the order of the project.
    pub rows: Vec<Json>,
    /// Where to go on, if there is more.
    pub next: Option<Vec<Value>>,
}

/// The rows of a project behind `key`. `None` if the actor does not see it.
///
/// Errors: those of the database.
pub fn read(
    cx: &mut Context<'_, '_>,
    project: Gid,
    key: Option<&[Value]>,
) -> Result<Option<Chunk>> {
    if cx.visible_of("project", &[project])?.is_empty() {
        return Ok(None);
    }
    let mut found = lists::in_project(cx, project, key, CHUNK + 1)?;
    let more = found.len() > CHUNK;
    found.truncate(CHUNK);
    let next = found.last().filter(|_| more).map(|(_, key)| key.clone());
    let (tasks, keys): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let records = cx.records_of(tasks, Selection::parse(FIELDS).ok(), Shape::Full)?;
    let rows = records.into_iter().zip(&keys).map(|(record, key)| row(record, key)).collect();
    Ok(Some(Chunk { rows, next }))
}

/// A record as a row: with its section and its position there, without what says nothing.
fn row(record: Json, key: &[Value]) -> Json {
    let mut record = slim(record).unwrap_or_else(|| json!({}));
    if let (Some(fields), [_, Value::Int(section), Value::Text(position), ..]) =
        (record.as_object_mut(), key)
    {
        fields.insert("resource_type".to_owned(), json!("task"));
        fields.insert("section".to_owned(), json!(section.to_string()));
        fields.insert("position".to_owned(), json!(position));
    }
    record
}

/// A value without what is null, false, zero or empty; `None` if nothing is left. An object that is only its gid says nothing
/// inside a list of values.
fn slim(value: Json) -> Option<Json> {
    match value {
        Json::Null | Json::Bool(false) => None,
        Json::Number(number) if number.as_f64() == Some(0.0) => None,
        Json::String(text) if text.is_empty() => None,
        Json::Array(items) => {
            let items: Vec<Json> = items.into_iter().filter_map(slim).collect();
            (!items.is_empty()).then_some(Json::Array(items))
        }
        Json::Object(fields) => {
            let fields: serde_json::Map<String, Json> =
                fields.into_iter().filter_map(|(name, value)| Some((name, slim(value)?))).collect();
            let says = fields.keys().any(|name| name != "gid");
            says.then_some(Json::Object(fields))
        }
        other => Some(other),
    }
}

/// The frame of a chunk.
pub fn frame(topic: Topic, seq: i64, chunk: &Chunk) -> String {
    json!({
        "type": "snapshot",
        "topic": topic.to_string(),
        "seq": seq,
        "rows": chunk.rows,
        "done": chunk.next.is_none(),
    })
    .to_string()
}
