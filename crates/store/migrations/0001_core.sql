-- The core work graph: people, teams, projects, tasks, stories, tags, custom fields, attachments, the event log.
-- Gids are 64-bit integers, times integer milliseconds UTC, days ISO text, booleans 0/1 integers.
-- `deleted` holds the gid of the deletion that put a row into the trash; live rows have NULL.

CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE workspaces (
  gid BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  is_organization BIGINT NOT NULL,
  email_domains TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE users (
  gid BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  email TEXT NOT NULL,
  time_zone TEXT,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email_unique ON users (email);

CREATE TABLE tokens (
  gid BIGINT PRIMARY KEY,
  "user" BIGINT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX tokens_hash_unique ON tokens (hash);
CREATE INDEX tokens_user ON tokens ("user");

CREATE TABLE workspace_memberships (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  role TEXT NOT NULL,
  is_active BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX workspace_memberships_unique ON workspace_memberships (workspace, "user");
CREATE INDEX workspace_memberships_user ON workspace_memberships ("user", gid);

-- Whom a user counts as when access is decided: himself, his teams, and (full members only) the workspace.
CREATE TABLE principals (
  "user" BIGINT NOT NULL,
  principal BIGINT NOT NULL,
  PRIMARY KEY ("user", principal)
);
CREATE INDEX principals_principal ON principals (principal, "user");

-- What a principal reaches at which level (1 see, 2 comment, 3 edit, 4 admin). Derived from memberships and privacy.
CREATE TABLE grants (
  object BIGINT NOT NULL,
  principal BIGINT NOT NULL,
  level BIGINT NOT NULL,
  PRIMARY KEY (object, principal)
);
CREATE INDEX grants_principal ON grants (principal, object, level);

CREATE TABLE teams (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  visibility TEXT NOT NULL,
  edit_team_name_or_description_access_level TEXT NOT NULL,
  edit_team_visibility_or_trash_team_access_level TEXT NOT NULL,
  member_invite_management_access_level TEXT NOT NULL,
  guest_invite_management_access_level TEXT NOT NULL,
  join_request_management_access_level TEXT NOT NULL,
  team_member_removal_access_level TEXT NOT NULL,
  team_content_management_access_level TEXT NOT NULL,
  endorsed BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX teams_workspace_name ON teams (workspace, name_key, gid);

CREATE TABLE team_memberships (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  team BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  is_guest BIGINT NOT NULL,
  is_limited_access BIGINT NOT NULL,
  is_admin BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX team_memberships_unique ON team_memberships (team, "user");
CREATE INDEX team_memberships_user ON team_memberships ("user", gid);

CREATE TABLE projects (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  team BIGINT,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  archived BIGINT NOT NULL,
  color TEXT,
  icon TEXT,
  default_view TEXT NOT NULL,
  privacy_setting TEXT NOT NULL,
  default_access_level TEXT NOT NULL,
  minimum_access_level_for_customization TEXT NOT NULL,
  minimum_access_level_for_sharing TEXT NOT NULL,
  due_on TEXT,
  start_on TEXT,
  owner BIGINT,
  completed BIGINT NOT NULL,
  completed_at BIGINT,
  completed_by BIGINT,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  modified_at BIGINT NOT NULL,
  deleted BIGINT
);
CREATE INDEX projects_workspace_created ON projects (workspace, created_at, gid);
CREATE INDEX projects_team_created ON projects (team, created_at, gid);
CREATE INDEX projects_deleted ON projects (deleted) WHERE deleted IS NOT NULL;

-- `member` is a user or a team.
CREATE TABLE project_memberships (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  project BIGINT NOT NULL,
  member BIGINT NOT NULL,
  member_type TEXT NOT NULL,
  access_level TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX project_memberships_unique ON project_memberships (project, member);
CREATE INDEX project_memberships_member ON project_memberships (member, gid);

CREATE TABLE project_followers (
  project BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY (project, "user")
);
CREATE INDEX project_followers_user ON project_followers ("user", project);

-- `container` is a project or a user task list.
CREATE TABLE sections (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  container BIGINT NOT NULL,
  name TEXT NOT NULL,
  position TEXT bytewise NOT NULL,
  created_at BIGINT NOT NULL,
  deleted BIGINT
);
CREATE INDEX sections_container ON sections (container, position, gid);
CREATE INDEX sections_deleted ON sections (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE tasks (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  name TEXT NOT NULL,
  resource_subtype TEXT NOT NULL,
  approval_status TEXT,
  assignee BIGINT,
  assignee_status TEXT NOT NULL,
  assigned_by BIGINT,
  completed BIGINT NOT NULL,
  completed_at BIGINT,
  completed_by BIGINT,
  due_on TEXT,
  due_at BIGINT,
  start_on TEXT,
  start_at BIGINT,
  parent BIGINT,
  parent_position TEXT bytewise,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  modified_at BIGINT NOT NULL,
  deleted BIGINT
);
CREATE INDEX tasks_workspace_created ON tasks (workspace, created_at, gid);
CREATE INDEX tasks_assignee ON tasks (assignee, workspace, created_at, gid) WHERE assignee IS NOT NULL;
CREATE INDEX tasks_created_by ON tasks (created_by, workspace, gid);
CREATE INDEX tasks_parent ON tasks (parent, parent_position, gid) WHERE parent IS NOT NULL;
CREATE INDEX tasks_deleted ON tasks (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE task_projects (
  task BIGINT NOT NULL,
  project BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  section BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  added_at BIGINT NOT NULL,
  PRIMARY KEY (task, project)
);
CREATE INDEX task_projects_section ON task_projects (section, position, task);
CREATE INDEX task_projects_project ON task_projects (project, task);

CREATE TABLE task_tags (
  task BIGINT NOT NULL,
  tag BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY (task, tag)
);
CREATE INDEX task_tags_tag ON task_tags (tag, task);

-- `grants` is 1 where someone with Edit added the follower, which lets him reach the task.
CREATE TABLE task_followers (
  task BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  grants BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY (task, "user")
);
CREATE INDEX task_followers_user ON task_followers ("user", grants, task);

CREATE TABLE task_dependencies (
  task BIGINT NOT NULL,
  dependency BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY (task, dependency)
);
CREATE INDEX task_dependencies_dependency ON task_dependencies (dependency, position, task);

-- Likes of tasks and stories.
CREATE TABLE likes (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  object BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX likes_unique ON likes (object, "user");

CREATE TABLE user_task_lists (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  owner BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_task_lists_unique ON user_task_lists (owner, workspace);

CREATE TABLE user_task_list_items (
  task BIGINT PRIMARY KEY,
  list BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  section BIGINT NOT NULL,
  position TEXT bytewise NOT NULL
);
CREATE INDEX user_task_list_items_section ON user_task_list_items (section, position, task);
CREATE INDEX user_task_list_items_list ON user_task_list_items (list, task);

-- Notes, descriptions and story texts: canonical XML and its plain twin. `mentions` is 1 where the XML refers to
-- objects, whose names are resolved for the reader.
CREATE TABLE texts (
  object BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  html TEXT NOT NULL,
  plain TEXT NOT NULL,
  mentions BIGINT NOT NULL
);

CREATE TABLE tags (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  color TEXT,
  notes TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  deleted BIGINT
);
CREATE INDEX tags_workspace_created ON tags (workspace, created_at, gid);
CREATE INDEX tags_workspace_name ON tags (workspace, name_key, gid);
CREATE INDEX tags_deleted ON tags (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE tag_followers (
  tag BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY (tag, "user")
);
CREATE INDEX tag_followers_user ON tag_followers ("user", tag);

-- `details` is a JSON object of the typed references and values of a system story; it never holds a name of another object.
CREATE TABLE stories (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  target BIGINT NOT NULL,
  resource_subtype TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  is_pinned BIGINT NOT NULL,
  is_edited BIGINT NOT NULL,
  sticker_name TEXT,
  source TEXT NOT NULL,
  details TEXT NOT NULL,
  deleted BIGINT
);
CREATE INDEX stories_target ON stories (target, created_at, gid);
CREATE INDEX stories_deleted ON stories (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE custom_fields (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  resource_subtype TEXT NOT NULL,
  description TEXT NOT NULL,
  precision BIGINT,
  format TEXT,
  currency_code TEXT,
  custom_label TEXT,
  custom_label_position TEXT,
  id_prefix TEXT,
  last_id BIGINT NOT NULL,
  input_restrictions TEXT,
  has_notifications_enabled BIGINT NOT NULL,
  privacy_setting TEXT NOT NULL,
  default_access_level TEXT NOT NULL,
  local_to BIGINT,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  deleted BIGINT
);
CREATE UNIQUE INDEX custom_fields_name_unique ON custom_fields (workspace, name_key) WHERE deleted IS NULL AND local_to IS NULL;
CREATE INDEX custom_fields_workspace ON custom_fields (workspace, created_at, gid);
CREATE UNIQUE INDEX custom_fields_id_prefix_unique ON custom_fields (workspace, id_prefix) WHERE deleted IS NULL AND id_prefix IS NOT NULL;
CREATE INDEX custom_fields_deleted ON custom_fields (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE enum_options (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  custom_field BIGINT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  enabled BIGINT NOT NULL,
  color TEXT NOT NULL,
  position TEXT bytewise NOT NULL
);
CREATE INDEX enum_options_field ON enum_options (custom_field, position, gid);
CREATE UNIQUE INDEX enum_options_name_unique ON enum_options (custom_field, name_key);

-- `parent` is a project (later also a portfolio, goal or team).
CREATE TABLE custom_field_settings (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  parent BIGINT NOT NULL,
  custom_field BIGINT NOT NULL,
  is_important BIGINT NOT NULL,
  position TEXT bytewise NOT NULL
);
CREATE UNIQUE INDEX custom_field_settings_unique ON custom_field_settings (parent, custom_field);
CREATE INDEX custom_field_settings_order ON custom_field_settings (parent, position, gid);
CREATE INDEX custom_field_settings_field ON custom_field_settings (custom_field, parent);

CREATE TABLE custom_field_values (
  object BIGINT NOT NULL,
  custom_field BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  text_value TEXT,
  number_value DOUBLE PRECISION,
  date_value TEXT,
  date_time_value BIGINT,
  PRIMARY KEY (object, custom_field)
);
CREATE INDEX custom_field_values_number ON custom_field_values (custom_field, number_value, object) WHERE number_value IS NOT NULL;
-- Only the beginning: an index row of PostgreSQL holds 2,704 bytes, a text up to 4,096.
CREATE INDEX custom_field_values_text ON custom_field_values (custom_field, substr(text_value, 1, 100), object) WHERE text_value IS NOT NULL;
CREATE INDEX custom_field_values_date ON custom_field_values (custom_field, date_value, object) WHERE date_value IS NOT NULL;

-- The enum options, users or objects of a many-valued (or enum) field on an object.
CREATE TABLE custom_field_choices (
  object BIGINT NOT NULL,
  custom_field BIGINT NOT NULL,
  choice BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY (object, custom_field, choice)
);
CREATE INDEX custom_field_choices_choice ON custom_field_choices (custom_field, choice, object);

-- `state` is `pending` until the bytes are stored, then `stored`. External links have no storage key.
CREATE TABLE attachments (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  parent BIGINT NOT NULL,
  name TEXT NOT NULL,
  resource_subtype TEXT NOT NULL,
  host TEXT NOT NULL,
  url TEXT,
  storage_key TEXT,
  size BIGINT,
  content_type TEXT,
  sha256 TEXT,
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  deleted BIGINT
);
CREATE INDEX attachments_parent ON attachments (parent, created_at, gid);
CREATE INDEX attachments_pending ON attachments (created_at) WHERE state = 'pending';
CREATE INDEX attachments_deleted ON attachments (deleted) WHERE deleted IS NOT NULL;

-- Ids that an API client gave to our objects; `app` is the OAuth application or the token's user. `key` is the SHA-256 of the
-- external gid, which may be longer than an index of PostgreSQL takes.
CREATE TABLE externals (
  object BIGINT NOT NULL,
  app BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  external_gid TEXT NOT NULL,
  key TEXT bytewise NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (object, app)
);
CREATE UNIQUE INDEX externals_gid_unique ON externals (app, key);

CREATE TABLE favorites (
  "user" BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  resource_type TEXT NOT NULL,
  object BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY ("user", workspace, resource_type, object)
);
CREATE INDEX favorites_order ON favorites ("user", workspace, resource_type, position, object);

-- What was put into the trash in one go, and by whom; rows name it in their `deleted`.
CREATE TABLE deletions (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  resource_type TEXT NOT NULL,
  resource BIGINT NOT NULL,
  deleted_at BIGINT NOT NULL,
  deleted_by BIGINT,
  finished BIGINT NOT NULL
);
CREATE INDEX deletions_workspace ON deletions (workspace, deleted_at);
CREATE INDEX deletions_unfinished ON deletions (gid) WHERE finished = 0;

CREATE TABLE idempotency_keys (
  "user" BIGINT NOT NULL,
  key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status BIGINT NOT NULL,
  location TEXT,
  answer TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY ("user", key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
