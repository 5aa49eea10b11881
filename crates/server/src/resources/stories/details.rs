//! What a system story knows beside its subtype.

use crate::prelude::*;
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

/// Dates as the API shows them.
#[derive(Debug, Clone)]
pub(super) struct ShownDates {
    start_on: Option<Date>,
    due_at: Option<Timestamp>,
    due_on: Option<Date>,
}

row! { ShownDates { start_on, due_at, due_on } }

impl Record for ShownDates {
    fn schema(s: &mut Schema<Self>) {
        s.doc("The dates of a task or field at one time.");
        s.field("start_on", |d| &d.start_on).doc("The first day, or null.");
        s.field("due_at", |d| &d.due_at).doc("The point in time by which it is due, or null.");
        s.field("due_on", |d| &d.due_on).doc("The day by which it is due, or null.");
    }
}

impl From<&Dates> for ShownDates {
    fn from(dates: &Dates) -> Self {
        ShownDates {
            start_on: dates.start_on.as_deref().and_then(Date::parse),
            due_at: dates.due_at.map(Timestamp::from_millis),
            due_on: dates.due_on.as_deref().and_then(Date::parse),
        }
    }
}
