-- Portfolios: projects and portfolios that are looked at together.

CREATE TABLE portfolios (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT bytewise NOT NULL,
  archived BIGINT NOT NULL,
  color TEXT,
  owner BIGINT,
  start_on TEXT,
  due_on TEXT,
  privacy_setting TEXT NOT NULL,
  default_access_level TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  modified_at BIGINT NOT NULL,
  deleted BIGINT
);
CREATE INDEX portfolios_workspace_owner ON portfolios (workspace, owner, created_at, gid);
CREATE INDEX portfolios_deleted ON portfolios (deleted) WHERE deleted IS NOT NULL;

-- `member` is a user or a team.
CREATE TABLE portfolio_memberships (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  portfolio BIGINT NOT NULL,
  member BIGINT NOT NULL,
  member_type TEXT NOT NULL,
  access_level TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX portfolio_memberships_unique ON portfolio_memberships (portfolio, member);
CREATE INDEX portfolio_memberships_member ON portfolio_memberships (member, gid);
