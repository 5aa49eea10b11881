//! Custom field settings: where a custom field is used.

use crate::prelude::*;

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
        s.doc("A custom field on a project.");
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
pub fn operations(_api: &mut Operations) {}
