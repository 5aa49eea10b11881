-- The tasks with a tag are listed oldest first, so the rows say when their task was created, which never changes.
CREATE TABLE task_tags_before AS SELECT j.task, j.tag, j.workspace, j.position FROM task_tags AS j;
DROP TABLE task_tags;
CREATE TABLE task_tags (
  task BIGINT NOT NULL,
  tag BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  position TEXT bytewise NOT NULL,
  task_created_at BIGINT NOT NULL,
  PRIMARY KEY (task, tag)
);
INSERT INTO task_tags (task, tag, workspace, position, task_created_at)
SELECT j.task, j.tag, j.workspace, j.position, t.created_at FROM task_tags_before AS j JOIN tasks AS t ON t.gid = j.task;
DROP TABLE task_tags_before;
CREATE INDEX task_tags_tag ON task_tags (tag, task_created_at, task);
