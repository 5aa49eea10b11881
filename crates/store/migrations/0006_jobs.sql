-- Jobs: work that is too large for one request. `state` is what a kind of job remembers between its batches, as JSON. `due_at` is
-- when any node may take the job up: while a node works on it, that is when its lease ends. A job with a `result_type` is one that
-- its creator asked for and can look at.
CREATE TABLE jobs (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  state TEXT NOT NULL,
  result_type TEXT,
  result BIGINT,
  rows_done BIGINT NOT NULL,
  rows_total BIGINT,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  lease BIGINT,
  is_cancelled BIGINT NOT NULL,
  error TEXT,
  request_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX jobs_due ON jobs (due_at, gid) WHERE finished_at IS NULL;
CREATE INDEX jobs_running ON jobs (created_by, gid) WHERE finished_at IS NULL;
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Deletions that were not finished were gone on with once a minute before there were jobs.
INSERT INTO jobs (gid, workspace, kind, status, state, rows_done, attempts, due_at, is_cancelled, request_id, created_at, created_by)
SELECT d.gid, d.workspace, 'finish_deletion', 'not_started',
  '{"deletion":' || CAST(d.gid AS TEXT) || ',"resource":' || CAST(d.resource AS TEXT) || ',"is_whole":false,"after":0,"open":[]}',
  0, 0, 0, 0, '', d.deleted_at, coalesce(d.deleted_by, 0)
FROM deletions AS d WHERE d.finished = 0;

-- What a job that copies things made of what; gone when it is done. `step` is the batch, `depth` how far a subtask is below.
CREATE TABLE copies (
  job BIGINT NOT NULL,
  original BIGINT NOT NULL,
  copy BIGINT NOT NULL,
  step BIGINT NOT NULL,
  depth BIGINT NOT NULL,
  PRIMARY KEY (job, original)
);
CREATE INDEX copies_step ON copies (job, step, original);
CREATE INDEX copies_depth ON copies (job, depth, original);

-- Copies of a file share its bytes, which go with the last of them.
CREATE INDEX attachments_storage_key ON attachments (storage_key) WHERE storage_key IS NOT NULL;
