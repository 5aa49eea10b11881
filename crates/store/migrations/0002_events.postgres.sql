-- The event log. Events are read in the order (txid, gid), and only below the oldest running transaction, so that a
-- slow writer is never skipped.
CREATE TABLE events (
  txid BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
  gid BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor BIGINT,
  request_id TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_subtype TEXT,
  resource BIGINT NOT NULL,
  action TEXT NOT NULL,
  parent_type TEXT,
  parent BIGINT,
  changes TEXT NOT NULL,
  PRIMARY KEY (txid, gid)
);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_workspace ON events (workspace, txid, gid);

-- Whom an event reaches: the resource itself, its containers before and after, its parents, the list's owner, the workspace.
CREATE TABLE event_scopes (
  scope BIGINT NOT NULL,
  txid BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
  event BIGINT NOT NULL,
  PRIMARY KEY (scope, txid, event)
);
