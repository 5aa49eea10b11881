//! What each thing is, may do, and causes: one file (or folder) for each resource.
//!
//! A resource declares its row, its fields, its operations and what follows from a change. Who may see it is in
//! [`crate::access`], what happens around every operation in [`crate::api`].

#![expect(missing_docs, reason = "the fields of rows are told of by their lines in the schema")]

pub mod allocations;
pub mod attachments;
pub mod audit_log;
pub mod calendar_feeds;
pub mod custom_fields;
pub mod events;
pub mod goal_relationships;
pub mod goals;
pub mod invitations;
pub mod jobs;
pub mod likes;
pub mod memberships;
pub mod names;
pub mod notifications;
pub mod organization_exports;
pub mod portfolio_memberships;
pub mod portfolios;
pub mod preferences;
pub mod project_briefs;
pub mod project_memberships;
pub mod project_statuses;
pub mod project_templates;
pub mod projects;
pub mod rules;
pub mod sections;
pub mod sessions;
pub mod sharing;
pub mod status_updates;
pub mod stories;
pub mod tags;
pub mod task_templates;
pub mod tasks;
pub mod team_memberships;
pub mod teams;
pub mod texts;
pub mod time_periods;
pub mod time_tracking_entries;
pub mod tokens;
pub mod user_task_lists;
pub mod users;
pub mod visits;
pub mod webhooks;
pub mod workspace_memberships;
pub mod workspaces;

use crate::access;
use crate::api::Operations;
use crate::identity;
use engine::Registry;

/// Every resource type, in the order of the API reference.
pub fn registry() -> Registry {
    Registry::new()
        .add::<allocations::Allocation>()
        .add::<attachments::Attachment>()
        .add::<custom_fields::settings::CustomFieldSetting>()
        .add::<custom_fields::CustomField>()
        .add::<custom_fields::enum_options::EnumOption>()
        .add::<goal_relationships::GoalRelationship>()
        .add::<goals::Goal>()
        .add::<jobs::Job>()
        .add::<memberships::Membership>()
        .add::<notifications::Notification>()
        .add::<organization_exports::OrganizationExport>()
        .add::<portfolio_memberships::PortfolioMembership>()
        .add::<portfolios::Portfolio>()
        .add::<project_briefs::ProjectBrief>()
        .add::<project_memberships::ProjectMembership>()
        .add::<project_templates::ProjectTemplate>()
        .add::<project_statuses::ProjectStatus>()
        .add::<projects::Project>()
        .add::<rules::Rule>()
        .add::<rules::RuleRun>()
        .add::<sections::Section>()
        .add::<status_updates::StatusUpdate>()
        .add::<stories::Story>()
        .add::<tags::Tag>()
        .add::<task_templates::TaskTemplate>()
        .add::<tasks::Task>()
        .add::<team_memberships::TeamMembership>()
        .add::<teams::Team>()
        .add::<time_periods::TimePeriod>()
        .add::<time_tracking_entries::TimeTrackingEntry>()
        .add::<user_task_lists::UserTaskList>()
        .add::<users::User>()
        .add::<webhooks::Webhook>()
        .add::<webhooks::deliveries::WebhookDelivery>()
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
    allocations::operations(api);
    attachments::operations(api);
    audit_log::operations(api);
    crate::http::batch::operations(api);
    custom_fields::settings::operations(api);
    custom_fields::operations(api);
    events::operations(api);
    goal_relationships::operations(api);
    goals::operations(api);
    jobs::operations(api);
    memberships::operations(api);
    organization_exports::operations(api);
    portfolio_memberships::operations(api);
    portfolios::operations(api);
    project_briefs::operations(api);
    project_memberships::operations(api);
    project_templates::operations(api);
    project_statuses::operations(api);
    projects::operations(api);
    project_templates::project_operations(api);
    custom_fields::settings::project_operations(api);
    rules::operations(api);
    sections::operations(api);
    status_updates::operations(api);
    stories::operations(api);
    tags::operations(api);
    task_templates::operations(api);
    tasks::operations(api);
    custom_fields::ids::task_operations(api);
    task_templates::extension_operations(api);
    team_memberships::operations(api);
    teams::operations(api);
    time_periods::operations(api);
    time_tracking_entries::operations(api);
    user_task_lists::operations(api);
    users::operations(api);
    webhooks::operations(api);
    workspace_memberships::operations(api);
    workspaces::operations(api);
    crate::search::typeahead::operations(api);
    crate::search::everywhere::operations(api);
    visits::operations(api);
    calendar_feeds::operations(api);
    notifications::operations(api);
    identity::account::operations(api);
    sessions::operations(api);
    invitations::operations(api);
    preferences::operations(api);
    tokens::operations(api);
    crate::stream::operations(api);
}
