-- Finding things: the words of names, notes and comments, and what ranks them for one person.

-- The words of a text, folded, each once. `place` says where they stand: 0 in the name of a task, 1 in notes and descriptions,
-- 2 in comments and other texts.
CREATE TABLE search_words (
  object BIGINT NOT NULL,
  place BIGINT NOT NULL,
  word TEXT bytewise NOT NULL,
  workspace BIGINT NOT NULL,
  PRIMARY KEY (object, place, word)
);
CREATE INDEX search_words_word ON search_words (workspace, place, word, object DESC);

-- What a person opened last.
CREATE TABLE visits (
  "user" BIGINT NOT NULL,
  object BIGINT NOT NULL,
  resource_type TEXT NOT NULL,
  workspace BIGINT NOT NULL,
  visited_at BIGINT NOT NULL,
  PRIMARY KEY ("user", object)
);
CREATE INDEX visits_recent ON visits ("user", workspace, visited_at DESC);

-- How often a person assigned something to another, invited him, or made him follow.
CREATE TABLE contacts (
  "user" BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  contact BIGINT NOT NULL,
  times BIGINT NOT NULL,
  PRIMARY KEY ("user", workspace, contact)
);
CREATE INDEX contacts_often ON contacts ("user", workspace, times DESC);

-- The orders in which found tasks are asked for, and names in theirs.
CREATE INDEX tasks_workspace_modified ON tasks (workspace, modified_at, gid);
CREATE INDEX tasks_workspace_due ON tasks (workspace, due_on, gid) WHERE due_on IS NOT NULL;
CREATE INDEX tasks_workspace_completed ON tasks (workspace, completed_at, gid) WHERE completed_at IS NOT NULL;
CREATE INDEX likes_workspace ON likes (workspace, object);
CREATE INDEX projects_workspace_name ON projects (workspace, name_key, gid);
CREATE INDEX portfolios_workspace_name ON portfolios (workspace, name_key, gid);
CREATE INDEX goals_workspace_name ON goals (workspace, name_key, gid);
CREATE INDEX custom_fields_workspace_name ON custom_fields (workspace, name_key, gid);
