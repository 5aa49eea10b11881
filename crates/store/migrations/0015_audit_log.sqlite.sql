-- The audit log: what admins must be able to look up later. Rows are only added, and removed after ninety days. They are read in
-- the order (txid, gid), as events are, so that who asks again with the last page's cursor misses nothing.
CREATE TABLE audit_events (
  txid BIGINT NOT NULL DEFAULT 0,
  gid BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  at BIGINT NOT NULL,
  event_type TEXT NOT NULL,
  actor BIGINT,
  actor_type TEXT NOT NULL,
  resource_type TEXT,
  resource_subtype TEXT,
  resource BIGINT,
  member BIGINT,
  old_value TEXT,
  new_value TEXT,
  context_type TEXT NOT NULL,
  authentication TEXT,
  client_ip_address TEXT,
  user_agent TEXT,
  PRIMARY KEY (txid, gid)
) WITHOUT ROWID;
CREATE INDEX audit_events_workspace ON audit_events (workspace, txid, gid);
CREATE INDEX audit_events_resource ON audit_events (workspace, resource, txid, gid);
CREATE INDEX audit_events_actor ON audit_events (workspace, actor, txid, gid);
CREATE INDEX audit_events_at ON audit_events (at);

-- Those that no transaction can still write something before.
CREATE VIEW audit_events_settled AS SELECT * FROM audit_events;
