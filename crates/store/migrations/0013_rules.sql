-- Rules and their runs. `trigger_spec`, `conditions` and `actions` are JSON that holds gids, never names of other objects.
-- `next_at` is when a schedule is due next, `armed_at` since when dates are looked at.
CREATE TABLE rules (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  project BIGINT NOT NULL,
  name TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  disabled_reason TEXT,
  match_mode TEXT NOT NULL,
  trigger_gid BIGINT NOT NULL,
  trigger_type TEXT NOT NULL,
  trigger_spec TEXT NOT NULL,
  conditions TEXT NOT NULL,
  actions TEXT NOT NULL,
  owner BIGINT NOT NULL,
  armed_at BIGINT NOT NULL,
  next_at BIGINT,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  modified_at BIGINT NOT NULL
);
CREATE INDEX rules_project ON rules (project, created_at, gid);
CREATE UNIQUE INDEX rules_trigger_unique ON rules (trigger_gid);
CREATE INDEX rules_next ON rules (next_at, gid) WHERE next_at IS NOT NULL;
CREATE INDEX rules_type ON rules (trigger_type, gid);

-- What rules are still to do. `source` names what set the rule off, once for each rule: an event of the log, a time, a request.
CREATE TABLE rule_queue (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  rule BIGINT NOT NULL,
  source TEXT NOT NULL,
  task BIGINT,
  actor BIGINT,
  at BIGINT NOT NULL,
  depth BIGINT NOT NULL,
  data TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX rule_queue_unique ON rule_queue (rule, source);
CREATE INDEX rule_queue_due ON rule_queue (due_at, gid);

-- What became of it; kept for 30 days.
CREATE TABLE rule_runs (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  rule BIGINT NOT NULL,
  source TEXT NOT NULL,
  task BIGINT,
  outcome TEXT NOT NULL,
  reason TEXT,
  depth BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX rule_runs_unique ON rule_runs (rule, source);
CREATE INDEX rule_runs_rule ON rule_runs (rule, started_at, gid);
CREATE INDEX rule_runs_started ON rule_runs (started_at);

-- Calls that runs ask for, made after their commit.
CREATE TABLE rule_calls (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  run BIGINT NOT NULL,
  url TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL
);
CREATE INDEX rule_calls_due ON rule_calls (due_at, gid);
