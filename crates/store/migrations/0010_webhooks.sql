-- Readers of the event log, webhooks and their deliveries.

-- What follows from an event is found by event, what a watcher polls by scope.
CREATE INDEX event_scopes_event ON event_scopes (txid, event);

-- How far each reader of the log has come, and which node reads for it until when.
CREATE TABLE log_readers (
  name TEXT PRIMARY KEY,
  txid BIGINT NOT NULL,
  gid BIGINT NOT NULL,
  holder TEXT NOT NULL,
  leased_until BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
