-- Time that people spent on tasks, and time that is set aside for projects.

CREATE TABLE time_tracking_entries (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  task BIGINT NOT NULL,
  duration_minutes BIGINT NOT NULL,
  entered_on TEXT NOT NULL,
  attributable_to BIGINT,
  billable_status TEXT NOT NULL,
  approval_status TEXT NOT NULL,
  description TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  deleted BIGINT
);
CREATE INDEX time_tracking_entries_task ON time_tracking_entries (task, entered_on, gid);
CREATE INDEX time_tracking_entries_deleted ON time_tracking_entries (deleted) WHERE deleted IS NOT NULL;

-- `parent` is a project; `start_date` and `end_date` are both part of the time. `effort` is of so many hours or percent.
CREATE TABLE allocations (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  parent BIGINT NOT NULL,
  assignee BIGINT NOT NULL,
  start_date TEXT NOT NULL,
  end_date TEXT NOT NULL,
  effort_type TEXT,
  effort_value DOUBLE PRECISION,
  created_at BIGINT NOT NULL,
  created_by BIGINT,
  deleted BIGINT
);
CREATE INDEX allocations_parent ON allocations (parent, start_date, gid);
CREATE INDEX allocations_assignee ON allocations (assignee, workspace, start_date, gid);
CREATE INDEX allocations_workspace ON allocations (workspace, start_date, gid);
CREATE INDEX allocations_deleted ON allocations (deleted) WHERE deleted IS NOT NULL;
