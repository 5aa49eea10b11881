-- Templates of projects and tasks. What is in a template are rows of the ordinary tables whose `deleted` holds the template's gid:
-- they are copied as any others, and nobody sees them.
CREATE TABLE project_templates (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  team BIGINT,
  project BIGINT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  is_public BIGINT NOT NULL,
  is_ready BIGINT NOT NULL,
  color TEXT,
  owner BIGINT,
  start_on TEXT,
  due_on TEXT,
  created_at BIGINT NOT NULL,
  deleted BIGINT
);
CREATE INDEX project_templates_workspace ON project_templates (workspace, created_at, gid);
CREATE INDEX project_templates_team ON project_templates (team, created_at, gid);
CREATE INDEX project_templates_owner ON project_templates (owner, workspace);
CREATE INDEX project_templates_deleted ON project_templates (deleted) WHERE deleted IS NOT NULL;

-- Whoever has tasks in a template; they can be given to somebody else when it is used.
CREATE TABLE template_roles (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  template BIGINT NOT NULL,
  "user" BIGINT NOT NULL
);
CREATE INDEX template_roles_template ON template_roles (template, gid);

CREATE TABLE task_templates (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  project BIGINT NOT NULL,
  task BIGINT NOT NULL,
  name TEXT NOT NULL,
  is_ready BIGINT NOT NULL,
  from_on TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  deleted BIGINT
);
CREATE INDEX task_templates_project ON task_templates (project, created_at, gid);
CREATE INDEX task_templates_deleted ON task_templates (deleted) WHERE deleted IS NOT NULL;

-- The project template that a project was made from.
CREATE TABLE template_uses (
  project BIGINT NOT NULL,
  template BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  PRIMARY KEY (project, template)
);
CREATE INDEX template_uses_template ON template_uses (template, project);
