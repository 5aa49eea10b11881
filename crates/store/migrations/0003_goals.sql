-- Goals: what a company, a team or a person wants to reach.

CREATE TABLE goals (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  team BIGINT,
  is_workspace_level BIGINT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  owner BIGINT,
  time_period BIGINT,
  start_on TEXT,
  due_on TEXT,
  status TEXT,
  privacy_setting TEXT NOT NULL,
  default_access_level TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  modified_at BIGINT NOT NULL,
  deleted BIGINT
);
CREATE INDEX goals_workspace_created ON goals (workspace, created_at, gid);
CREATE INDEX goals_team_created ON goals (team, created_at, gid);
CREATE INDEX goals_deleted ON goals (deleted) WHERE deleted IS NOT NULL;

-- `member` is a user or a team.
CREATE TABLE goal_memberships (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  goal BIGINT NOT NULL,
  member BIGINT NOT NULL,
  member_type TEXT NOT NULL,
  access_level TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX goal_memberships_unique ON goal_memberships (goal, member);
CREATE INDEX goal_memberships_member ON goal_memberships (member, gid);

CREATE TABLE goal_followers (
  goal BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY (goal, "user")
);
CREATE INDEX goal_followers_user ON goal_followers ("user", goal);

-- What a goal measures. `current_value` counts for the sources that people and programs write; for the others it is computed.
CREATE TABLE goal_metrics (
  gid BIGINT PRIMARY KEY,
  goal BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  progress_source TEXT NOT NULL,
  is_custom_weight BIGINT NOT NULL,
  unit TEXT NOT NULL,
  precision BIGINT NOT NULL,
  currency_code TEXT,
  initial_value DOUBLE PRECISION NOT NULL,
  target_value DOUBLE PRECISION NOT NULL,
  current_value DOUBLE PRECISION NOT NULL,
  created_by BIGINT,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX goal_metrics_goal_unique ON goal_metrics (goal);

-- `supporting_resource` is a goal, project, task or portfolio.
CREATE TABLE goal_relationships (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  supported_goal BIGINT NOT NULL,
  supporting_resource BIGINT NOT NULL,
  supporting_type TEXT NOT NULL,
  contribution_weight DOUBLE PRECISION NOT NULL,
  position TEXT bytewise NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX goal_relationships_unique ON goal_relationships (supported_goal, supporting_resource);
CREATE INDEX goal_relationships_order ON goal_relationships (supported_goal, position, gid);
CREATE INDEX goal_relationships_supporting ON goal_relationships (supporting_resource, supported_goal);

-- The years, halves, quarters and months of each workspace, by the month in which its fiscal year begins.
CREATE TABLE time_periods (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  parent BIGINT,
  period TEXT NOT NULL,
  start_on TEXT NOT NULL,
  end_on TEXT NOT NULL,
  display_name TEXT NOT NULL
);
CREATE UNIQUE INDEX time_periods_unique ON time_periods (workspace, period, start_on);
CREATE INDEX time_periods_order ON time_periods (workspace, start_on, gid);
CREATE INDEX goals_time_period ON goals (time_period, gid) WHERE time_period IS NOT NULL;

ALTER TABLE workspaces ADD COLUMN fiscal_year_start BIGINT NOT NULL DEFAULT 1;
