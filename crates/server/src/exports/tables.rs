//! What belongs to a workspace: the tables of the file, and those that are left out, with the reason.
//!
//! A test compares both with the tables of a real database, so that nothing is forgotten.

/// A table whose rows are in the file.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name, which is the `type` of its records.
    pub name: &'static str,
    /// The columns that its records are sorted by: integers that together are there once.
    key: &'static str,
    columns: &'static str,
    /// The condition under which a row belongs to the workspace `{w}`.
    of: &'static str,
    /// A condition for the rows that count; empty for all.
    only: &'static str,
}

/// A table with a column `workspace`: its name, the columns that its records are sorted by, all of its columns.
const fn of_workspace(name: &'static str, key: &'static str, columns: &'static str) -> Table {
    // The sign keeps SQLite from an index on the workspace, after which it would have to sort in memory.
    Table { name, key, columns, of: "+{t}.workspace = {w}", only: "" }
}

/// The workspace itself.
const fn of_itself(name: &'static str, key: &'static str, columns: &'static str) -> Table {
    Table { name, key, columns, of: "{t}.gid = {w}", only: "" }
}

/// The people who are or were in the workspace.
const fn of_people(name: &'static str, key: &'static str, columns: &'static str) -> Table {
    let of =
        r#"+{t}.gid IN (SELECT m."user" FROM workspace_memberships AS m WHERE m.workspace = {w})"#;
    Table { name, key, columns, of, only: "" }
}

impl Table {
    const fn only(self, only: &'static str) -> Table {
        Table { only, ..self }
    }

    /// Its columns, in the order of a record.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.split(' ')
    }

    /// The query for the rows of a workspace, in order.
    pub fn select(&self, workspace: i64) -> String {
        let list = |columns: &str| {
            let all: Vec<String> =
                columns.split(' ').map(|column| format!("t.\"{column}\"")).collect();
            all.join(", ")
        };
        let only = if self.only.is_empty() { "1 = 1" } else { self.only };
        let text = format!(
            "SELECT {} FROM {} AS t WHERE {} AND {only} ORDER BY {}",
            list(self.columns),
            self.name,
            self.of,
            list(self.key)
        );
        text.replace("{t}", "t").replace("{w}", &workspace.to_string())
    }

    /// The statement that puts a row of these columns back.
    pub fn insert(&self, more: &[&'static str]) -> String {
        let columns: Vec<&str> = self.columns().chain(more.iter().copied()).collect();
        let marks = vec!["?"; columns.len()].join(", ");
        let quoted: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        format!("INSERT INTO {} ({}) VALUES ({marks})", self.name, quoted.join(", "))
    }
}

/// The table of this name.
pub fn find(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// Tables that are not in the file, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("attempts", "counts attempts to sign in at this server"),
    ("audit_events", "tells of this server: addresses of people, exports; its admins read it"),
    ("calendar_feed_items", "what the calendars of this server told"),
    ("calendar_feeds", "secrets: their addresses lead to this server"),
    ("contacts", "traces of what a person did; they rank what is suggested to him"),
    ("copies", "work of jobs of this server"),
    ("event_scopes", "the event log is of this server: its cursors lead nowhere else"),
    ("events", "the event log is of this server: its cursors lead nowhere else"),
    ("gid_blocks", "counts the gids of the whole server; a restore moves it on"),
    ("grants", "derived; made anew by a restore"),
    ("idempotency_keys", "answers of this server"),
    ("invitations", "secrets: their links lead to this server"),
    ("jobs", "work of this server; a restore begins those anew that empty the trash"),
    ("log_readers", "how far readers of this server's event log are"),
    ("mail_outbox", "what this server has to send"),
    ("notification_settings", "of a person, wherever he is; not of the workspace"),
    ("notifications", "what this server told each person, for him alone"),
    ("one_time_links", "secrets"),
    ("organization_exports", "an export does not hold exports"),
    ("passwords", "secrets"),
    ("preferences", "of a person, wherever he is; not of the workspace"),
    ("principals", "derived; made anew by a restore"),
    ("rule_calls", "what this server has to tell"),
    ("rule_queue", "work of this server"),
    ("rule_runs", "what this server did; kept for thirty days"),
    ("schema_migrations", "of the whole server; the file says its version"),
    ("search_words", "derived; made anew by a restore"),
    ("sessions", "secrets"),
    ("settings", "of the whole server, among them secrets"),
    ("tokens", "secrets"),
    ("visits", "traces of what a person did; they rank what is suggested to him"),
    ("webhook_deliveries", "what this server told"),
    ("webhook_events", "what this server has to tell"),
    ("webhooks", "secrets: deliveries are signed by them; who listens asks the new server"),
];

/// Columns that are not in the file, of tables that are, and why.
pub const LEFT_OUT_COLUMNS: &[(&str, &str, &str)] =
    &[("attachments", "storage_key", "where this server keeps the bytes; a restore says it anew")];

/// Every table of the file, by name. A new one is one line.
#[rustfmt::skip]
pub const TABLES: &[Table] = &[
    of_workspace("allocations", "gid", "gid workspace parent assignee start_date end_date effort_type effort_value created_at created_by deleted"),
    of_workspace("attachments", "gid", "gid workspace parent name resource_subtype host url size content_type sha256 state created_at created_by deleted").only("{t}.state = 'stored'"),
    of_workspace("custom_field_choices", "object custom_field choice", "object custom_field choice workspace position"),
    of_workspace("custom_field_memberships", "gid", "gid workspace custom_field member member_type access_level created_at"),
    of_workspace("custom_field_settings", "gid", "gid workspace parent custom_field is_important position"),
    of_workspace("custom_field_values", "object custom_field", "object custom_field workspace text_value number_value date_value date_time_value"),
    of_workspace("custom_fields", "gid", "gid workspace name name_key resource_subtype description precision format currency_code custom_label custom_label_position id_prefix last_id input_restrictions has_notifications_enabled privacy_setting default_access_level local_to created_at created_by deleted"),
    of_workspace("deletions", "gid", "gid workspace resource_type resource deleted_at deleted_by finished"),
    of_workspace("enum_options", "gid", "gid workspace custom_field name name_key enabled color position"),
    of_workspace("externals", "object app", "object app workspace external_gid key data"),
    of_workspace("favorites", "user object", "user workspace resource_type object position"),
    of_workspace("goal_followers", "goal user", "goal user workspace position"),
    of_workspace("goal_memberships", "gid", "gid workspace goal member member_type access_level created_at"),
    of_workspace("goal_metrics", "gid", "gid goal workspace progress_source is_custom_weight unit precision currency_code initial_value target_value current_value created_by created_at"),
    of_workspace("goal_relationships", "gid", "gid workspace supported_goal supporting_resource supporting_type contribution_weight position created_at"),
    of_workspace("goals", "gid", "gid workspace team is_workspace_level name name_key owner time_period start_on due_on status privacy_setting default_access_level created_at created_by modified_at deleted"),
    of_workspace("likes", "gid", "gid workspace object user created_at"),
    of_workspace("portfolio_items", "portfolio item", "portfolio item item_type workspace position"),
    of_workspace("portfolio_memberships", "gid", "gid workspace portfolio member member_type access_level created_at"),
    of_workspace("portfolios", "gid", "gid workspace name name_key archived color owner start_on due_on privacy_setting default_access_level created_at created_by modified_at deleted"),
    of_workspace("project_briefs", "gid", "gid workspace project title created_at created_by modified_at deleted"),
    of_workspace("project_followers", "project user", "project user workspace position"),
    of_workspace("project_memberships", "gid", "gid workspace project member member_type access_level created_at"),
    of_workspace("project_templates", "gid", "gid workspace team project name name_key is_public is_ready color owner start_on due_on created_at deleted"),
    of_workspace("projects", "gid", "gid workspace team name name_key archived color icon default_view privacy_setting default_access_level minimum_access_level_for_customization minimum_access_level_for_sharing due_on start_on owner completed completed_at completed_by created_at created_by modified_at deleted"),
    of_workspace("rules", "gid", "gid workspace project name enabled disabled_reason match_mode trigger_gid trigger_type trigger_spec conditions actions owner armed_at next_at created_at created_by modified_at"),
    of_workspace("sections", "gid", "gid workspace container name position created_at deleted"),
    of_workspace("status_updates", "gid", "gid workspace parent parent_type title status_type author created_at modified_at deleted"),
    of_workspace("stories", "gid", "gid workspace target resource_subtype created_at created_by is_pinned is_edited sticker_name source details deleted"),
    of_workspace("tag_followers", "tag user", "tag user workspace position"),
    of_workspace("tags", "gid", "gid workspace name name_key color notes created_at created_by deleted"),
    of_workspace("task_dependencies", "task dependency", "task dependency workspace position"),
    of_workspace("task_followers", "task user", "task user workspace grants position"),
    of_workspace("task_projects", "task project", "task project workspace section position added_at"),
    of_workspace("task_tags", "task tag", "task tag workspace position task_created_at"),
    of_workspace("task_templates", "gid", "gid workspace project task name is_ready from_on created_at created_by deleted"),
    of_workspace("tasks", "gid", "gid workspace name resource_subtype approval_status assignee assignee_status assigned_by completed completed_at completed_by due_on due_at start_on start_at parent parent_position created_at created_by modified_at deleted"),
    of_workspace("team_memberships", "gid", "gid workspace team user is_guest is_limited_access is_admin created_at"),
    of_workspace("teams", "gid", "gid workspace name name_key visibility edit_team_name_or_description_access_level edit_team_visibility_or_trash_team_access_level member_invite_management_access_level guest_invite_management_access_level join_request_management_access_level team_member_removal_access_level team_content_management_access_level endorsed created_at"),
    of_workspace("template_roles", "gid", "gid workspace template user"),
    of_workspace("template_uses", "project template", "project template workspace"),
    of_workspace("texts", "object", "object workspace html plain mentions"),
    of_workspace("time_periods", "gid", "gid workspace parent period start_on end_on display_name"),
    of_workspace("time_tracking_entries", "gid", "gid workspace task duration_minutes entered_on attributable_to billable_status approval_status description created_at created_by deleted"),
    of_workspace("user_task_list_items", "task", "task list workspace section position"),
    of_workspace("user_task_lists", "gid", "gid workspace owner"),
    of_people("users", "gid", "gid name name_key email time_zone created_at"),
    of_workspace("workspace_memberships", "gid", "gid workspace user role is_active created_at"),
    of_itself("workspaces", "gid", "gid name is_organization email_domains created_at fiscal_year_start"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_and_named_once() {
        for list in [
            TABLES.iter().map(|table| table.name).collect::<Vec<_>>(),
            LEFT_OUT.iter().map(|(name, _)| *name).collect(),
        ] {
            assert!(list.is_sorted_by(|one, next| one < next), "{list:?}");
        }
        for table in TABLES {
            assert!(table.columns().all(|column| column != "type"), "{}", table.name);
            assert!(table.key.split(' ').all(|key| table.columns().any(|column| column == key)));
        }
    }

    #[test]
    fn queries_name_the_workspace_and_the_order() {
        assert_eq!(
            find("task_tags").unwrap().select(7),
            "SELECT t.\"task\", t.\"tag\", t.\"workspace\", t.\"position\", t.\"task_created_at\" FROM task_tags AS t WHERE +t.workspace = 7 AND 1 = 1 ORDER BY t.\"task\", t.\"tag\""
        );
        assert_eq!(
            find("user_task_lists").unwrap().insert(&["more"]),
            "INSERT INTO user_task_lists (\"gid\", \"workspace\", \"owner\", \"more\") VALUES (?, ?, ?, ?)"
        );
    }
}
