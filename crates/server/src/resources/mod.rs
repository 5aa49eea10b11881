//! What each thing is, may do, and causes: one file (or folder) for each resource.
//!
//! A resource declares its row, its fields, its operations and what follows from a change. Who may see it is in
//! [`crate::access`], what happens around every operation in [`crate::api`].

#![expect(missing_docs, reason = "the fields of rows are told of by their lines in the schema")]

pub mod attachments;
pub mod audit_log;
pub mod custom_fields;
pub mod goals;
pub mod invitations;
pub mod jobs;
pub mod likes;
pub mod memberships;
pub mod names;
pub mod portfolios;
pub mod preferences;
pub mod project_memberships;
pub mod projects;
pub mod sections;
pub mod sessions;
pub mod stories;
pub mod tags;
pub mod tasks;
pub mod team_memberships;
pub mod teams;
pub mod texts;
pub mod tokens;
pub mod user_task_lists;
pub mod users;
pub mod workspace_memberships;
pub mod workspaces;

use crate::access;
use crate::api::Operations;
use crate::identity;
use engine::Registry;

/// Every resource type, in the order of the API reference.
pub fn registry() -> Registry {
    Registry::new()
        .add::<attachments::Attachment>()
        .add::<custom_fields::settings::CustomFieldSetting>()
        .add::<custom_fields::CustomField>()
        .add::<custom_fields::enum_options::EnumOption>()
        .add::<goals::Goal>()
        .add::<jobs::Job>()
        .add::<memberships::Membership>()
        .add::<portfolios::Portfolio>()
        .add::<project_memberships::ProjectMembership>()
        .add::<projects::Project>()
        .add::<sections::Section>()
        .add::<stories::Story>()
        .add::<tags::Tag>()
        .add::<tasks::Task>()
        .add::<team_memberships::TeamMembership>()
        .add::<teams::Team>()
        .add::<user_task_lists::UserTaskList>()
        .add::<users::User>()
        .add::<workspace_memberships::WorkspaceMembership>()
        .add::<workspaces::Workspace>()
        .add::<sessions::Session>()
        .add::<preferences::Preferences>()
        .add::<tokens::Token>()
        .add::<invitations::Invitation>()
        .compiled(&access::see_nested)
}

/// Every operation, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    attachments::operations(api);
    audit_log::operations(api);
    crate::http::batch::operations(api);
    custom_fields::settings::operations(api);
    custom_fields::operations(api);
    jobs::operations(api);
    memberships::operations(api);
    project_memberships::operations(api);
    projects::operations(api);
    custom_fields::settings::project_operations(api);
    sections::operations(api);
    stories::operations(api);
    tags::operations(api);
    tasks::operations(api);
    custom_fields::ids::task_operations(api);
    team_memberships::operations(api);
    teams::operations(api);
    user_task_lists::operations(api);
    users::operations(api);
    workspace_memberships::operations(api);
    workspaces::operations(api);
    identity::account::operations(api);
    sessions::operations(api);
    invitations::operations(api);
    preferences::operations(api);
    tokens::operations(api);
}
