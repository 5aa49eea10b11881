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

-- `item` is a project or another portfolio.
CREATE TABLE portfolio_items (
  portfolio BIGINT NOT NULL,
  item BIGINT NOT NULL,
  item_type TEXT NOT NULL,
  workspace BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  PRIMARY KEY (portfolio, item)
);
CREATE INDEX portfolio_items_order ON portfolio_items (portfolio, position, item);
CREATE INDEX portfolio_items_item ON portfolio_items (item, portfolio);

-- `member` is a user or a team; the level `user` lets him use the field.
CREATE TABLE custom_field_memberships (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  custom_field BIGINT NOT NULL,
  member BIGINT NOT NULL,
  member_type TEXT NOT NULL,
  access_level TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX custom_field_memberships_unique ON custom_field_memberships (custom_field, member);
CREATE INDEX custom_field_memberships_member ON custom_field_memberships (member, gid);

-- Every membership in the form that all kinds share.
CREATE VIEW memberships AS
  SELECT m.gid, m.workspace, m.project AS parent, 'project' AS parent_type, m.member, m.member_type, m.access_level, m.created_at FROM project_memberships AS m
  UNION ALL SELECT m.gid, m.workspace, m.portfolio, 'portfolio', m.member, m.member_type, m.access_level, m.created_at FROM portfolio_memberships AS m
  UNION ALL SELECT m.gid, m.workspace, m.goal, 'goal', m.member, m.member_type, m.access_level, m.created_at FROM goal_memberships AS m
  UNION ALL SELECT m.gid, m.workspace, m.custom_field, 'custom_field', m.member, m.member_type, m.access_level, m.created_at FROM custom_field_memberships AS m;
