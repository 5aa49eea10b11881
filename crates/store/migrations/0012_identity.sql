-- Passwords, sessions, invitations, preferences.

-- Argon2id, in the usual text form. Users without a row have no password: they sign in with a link, or never.
CREATE TABLE passwords (
  "user" BIGINT PRIMARY KEY,
  hash TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);

-- A browser that is signed in; `hash` is the SHA-256 of the cookie's secret. Signing out deletes the row.
CREATE TABLE sessions (
  gid BIGINT PRIMARY KEY,
  "user" BIGINT NOT NULL,
  hash TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX sessions_hash_unique ON sessions (hash);
CREATE INDEX sessions_user ON sessions ("user", gid);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Attempts to sign in, by the hash of an e-mail address or of a network address; known and unknown ones alike.
CREATE TABLE attempts (
  key TEXT PRIMARY KEY,
  since BIGINT NOT NULL,
  count BIGINT NOT NULL
);
CREATE INDEX attempts_since ON attempts (since);

-- Links that work once: `setup` makes the first administrator, `reset` sets the password of a user.
CREATE TABLE one_time_links (
  hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  "user" BIGINT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX one_time_links_user ON one_time_links ("user") WHERE "user" IS NOT NULL;
CREATE INDEX one_time_links_expires ON one_time_links (expires_at);

-- Who is asked into a workspace and has not come yet. `teams` and `projects` are JSON lists of gids.
CREATE TABLE invitations (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  email TEXT NOT NULL,
  role TEXT NOT NULL,
  teams TEXT NOT NULL,
  projects TEXT NOT NULL,
  hash TEXT NOT NULL,
  invited_by BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_hash_unique ON invitations (hash);
CREATE UNIQUE INDEX invitations_email_unique ON invitations (workspace, email);
CREATE INDEX invitations_created ON invitations (workspace, created_at, gid);
CREATE INDEX invitations_expires ON invitations (expires_at);

-- How a user wants the application. `gid` is the user's; users without a row have the defaults.
CREATE TABLE preferences (
  gid BIGINT PRIMARY KEY,
  theme TEXT NOT NULL,
  density TEXT NOT NULL,
  language TEXT,
  first_weekday TEXT,
  start_page TEXT NOT NULL,
  chords BIGINT NOT NULL,
  single_keys BIGINT NOT NULL
);
