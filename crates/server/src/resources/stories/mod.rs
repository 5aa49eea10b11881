//! Stories: comments and the record of what happened to a task.

use crate::prelude::*;

/// One row of `stories`.
#[derive(Debug, Clone)]
pub struct Story {
    pub gid: Gid,
    pub workspace: Gid,
    pub target: Gid,
    pub resource_subtype: String,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
    pub is_pinned: bool,
    pub is_edited: bool,
    pub sticker_name: Option<String>,
    pub source: String,
    pub details: Details,
}

row! { Story in "stories" { gid, workspace, target, resource_subtype, created_at, created_by, is_pinned, is_edited, sticker_name, source, details } }

impl Record for Story {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A comment or a system story.");
    }
}

impl Resource for Story {
    const TYPE: &'static str = "story";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Story {
    fn workspace(&self) -> Gid {
        self.workspace
    }

    fn subtype(&self) -> Option<String> {
        Some(self.resource_subtype.clone())
    }

    fn parent(&self) -> Option<(&'static str, Gid)> {
        Some((Task::TYPE, self.target))
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}

use crate::resources::tasks::{self, Task};
use serde::{Deserialize, Serialize};

/// The typed references and values of a system story, stored as JSON. Names of other objects are never stored: they are
/// rendered through the eyes of the reader.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_dates: Option<Dates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_dates: Option<Dates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_resource_subtype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_resource_subtype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_approval_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_approval_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follower: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_section: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_section: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicated_from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependency: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_field: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_text_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_text_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_number_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_number_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_enum_value: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_enum_value: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_date_value: Option<Dates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_date_value: Option<Dates>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub old_people_value: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new_people_value: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub old_multi_enum_values: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new_multi_enum_values: Vec<i64>,
}

/// The dates of a task at one time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dates {
    /// A day, ISO text.
    pub due_on: Option<String>,
    /// Milliseconds.
    pub due_at: Option<i64>,
    /// A day, ISO text.
    pub start_on: Option<String>,
}

/// Records a system story on a task, told by the actor now, with its event.
pub fn tell(
    cx: &mut Context<'_, '_>,
    task: &Task,
    subtype: &'static str,
    details: Details,
) -> Result<()> {
    let story = Story {
        gid: cx.gid()?,
        workspace: task.workspace,
        target: task.gid,
        resource_subtype: subtype.to_owned(),
        created_at: cx.now(),
        created_by: Some(cx.me()),
        is_pinned: false,
        is_edited: false,
        sticker_name: None,
        source: "api".to_owned(),
        details,
    };
    cx.insert(&story)?;
    let mut event = Event::added(Story::TYPE, &story);
    event.scopes.extend(tasks::scopes(cx, task)?);
    cx.emit(event);
    Ok(())
}

impl store::ToValue for Details {
    fn to_value(&self) -> Value {
        Value::Text(serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned()))
    }
}

impl store::FromColumn for Details {
    fn from_column(column: store::Column<'_>) -> Option<Self> {
        match column {
            store::Column::Text("{}") => Some(Details::default()),
            store::Column::Text(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }
}
