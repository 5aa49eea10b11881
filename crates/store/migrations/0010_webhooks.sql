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

-- `state` is `pending` until the target has answered the handshake, then `live`; `ending` is told what is left and goes.
-- `start_…` is the place in the log behind which events are told. `due_at` is when the sender has to look at it: for what is
-- queued, a retry, a heartbeat.
CREATE TABLE webhooks (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  resource BIGINT NOT NULL,
  resource_type TEXT NOT NULL,
  target TEXT NOT NULL,
  target_hash TEXT NOT NULL,
  secret TEXT NOT NULL,
  filters TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  start_txid BIGINT NOT NULL,
  start_gid BIGINT NOT NULL,
  last_success_at BIGINT,
  last_failure_at BIGINT,
  last_failure_content TEXT,
  delivery_retry_count BIGINT NOT NULL,
  next_attempt_after BIGINT,
  failing_since BIGINT,
  heartbeat_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  holder TEXT NOT NULL,
  leased_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX webhooks_unique ON webhooks (created_by, resource, target_hash);
CREATE INDEX webhooks_resource ON webhooks (resource, gid);
CREATE INDEX webhooks_creator ON webhooks (created_by, workspace, created_at, gid);
CREATE INDEX webhooks_due ON webhooks (due_at);

-- What is to be told and is in no delivery yet, in the order of the log. `part` numbers the changes of one event.
CREATE TABLE webhook_events (
  webhook BIGINT NOT NULL,
  txid BIGINT NOT NULL,
  gid BIGINT NOT NULL,
  part BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (webhook, txid, gid, part)
);

-- What was sent or is being sent: the exact bytes. `state` is `pending`, `delivered`, or `failed` where it was given up.
CREATE TABLE webhook_deliveries (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  webhook BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  num_events BIGINT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  last_attempt_at BIGINT,
  delivered_at BIGINT,
  response_status BIGINT,
  response_content TEXT,
  replay_of BIGINT
);
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (webhook, created_at, gid);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook, gid) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at);
