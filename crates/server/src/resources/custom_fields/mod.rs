//! Custom fields: further fields of tasks and projects, defined by a workspace.
//!
//! [`values`] holds what is written on objects, [`settings`] where a field is used, [`enum_options`] the choices.

use crate::prelude::*;

/// One row of `custom_fields`.
#[derive(Debug, Clone)]
pub struct CustomField {
    pub gid: Gid,
    pub workspace: Gid,
    pub name: String,
    pub name_key: String,
    pub resource_subtype: String,
    pub description: String,
    pub precision: Option<i64>,
    pub format: Option<String>,
    pub currency_code: Option<String>,
    pub custom_label: Option<String>,
    pub custom_label_position: Option<String>,
    pub id_prefix: Option<String>,
    pub last_id: i64,
    pub input_restrictions: Option<String>,
    pub has_notifications_enabled: bool,
    pub privacy_setting: String,
    pub default_access_level: String,
    pub local_to: Option<Gid>,
    pub created_at: Timestamp,
    pub created_by: Option<Gid>,
}

row! { CustomField in "custom_fields" { gid, workspace, name, name_key, resource_subtype, description, precision, format, currency_code, custom_label, custom_label_position, id_prefix, last_id, input_restrictions, has_notifications_enabled, privacy_setting, default_access_level, local_to, created_at, created_by } }

impl Record for CustomField {
    fn schema(s: &mut Schema<Self>) {
        s.field("name", |t| &t.name).compact().doc("The name.");
    }
}

impl Resource for CustomField {
    const TYPE: &'static str = "custom_field";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for CustomField {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}

pub mod enum_options;
pub mod settings;
pub mod values;
