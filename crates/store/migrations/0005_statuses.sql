-- Status updates and project briefs. Their texts are in `texts`.

-- `parent` is a project, a portfolio or a goal.
CREATE TABLE status_updates (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  parent BIGINT NOT NULL,
  parent_type TEXT NOT NULL,
  title TEXT NOT NULL,
  status_type TEXT NOT NULL,
  author BIGINT,
  created_at BIGINT NOT NULL,
  modified_at BIGINT NOT NULL,
  deleted BIGINT
);
CREATE INDEX status_updates_parent ON status_updates (parent, created_at, gid);
CREATE INDEX status_updates_deleted ON status_updates (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE project_briefs (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  project BIGINT NOT NULL,
  title TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  modified_at BIGINT NOT NULL,
  deleted BIGINT
);
CREATE UNIQUE INDEX project_briefs_unique ON project_briefs (project) WHERE deleted IS NULL;
CREATE INDEX project_briefs_project ON project_briefs (project);
CREATE INDEX project_briefs_deleted ON project_briefs (deleted) WHERE deleted IS NOT NULL;
