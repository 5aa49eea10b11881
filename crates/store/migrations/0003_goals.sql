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
