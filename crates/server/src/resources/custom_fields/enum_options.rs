//! Enum options: the choices of a custom field.

use crate::prelude::*;

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
        s.field("name", |t| &t.name).compact().doc("The name.");
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
}

/// The operations of the section, in the order of the API reference.
pub fn operations(_api: &mut Operations) {}
