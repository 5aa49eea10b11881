-- The inbox, and mail that is to be sent.

-- What somebody is told. Names of objects are not stored: they are looked up when it is read. `cause` and `part` say what it comes
-- from (an event, a text that mentions somebody, a task and the day it is due), so that nobody is told twice. `subject` is an object
-- beside the resource without which there is nothing to tell. `day` is that of the reader, when it happened. `in_app` is 0 where he
-- wants no more than mail; `mail` is 'digest' until the digest has told it.
CREATE TABLE notifications (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  kind TEXT NOT NULL,
  cause BIGINT NOT NULL,
  part BIGINT NOT NULL,
  resource BIGINT NOT NULL,
  resource_type TEXT NOT NULL,
  subject BIGINT,
  actor BIGINT,
  story BIGINT,
  status_update BIGINT,
  created_at BIGINT NOT NULL,
  day TEXT NOT NULL,
  is_read BIGINT NOT NULL,
  is_archived BIGINT NOT NULL,
  is_bookmarked BIGINT NOT NULL,
  in_app BIGINT NOT NULL,
  mail TEXT NOT NULL
);
CREATE UNIQUE INDEX notifications_unique ON notifications ("user", kind, cause, part);
CREATE INDEX notifications_activity ON notifications ("user", workspace, created_at, gid) WHERE is_archived = 0 AND in_app = 1;
CREATE INDEX notifications_archive ON notifications ("user", workspace, created_at, gid) WHERE is_archived = 1;
CREATE INDEX notifications_bookmarks ON notifications ("user", workspace, created_at, gid) WHERE is_bookmarked = 1;
CREATE INDEX notifications_unread ON notifications ("user", workspace, created_at, gid) WHERE is_read = 0 AND is_archived = 0 AND in_app = 1;
CREATE INDEX notifications_digest ON notifications ("user", gid) WHERE mail = 'digest';
CREATE INDEX notifications_resource ON notifications (resource);
CREATE INDEX tasks_due ON tasks (due_on, gid) WHERE due_on IS NOT NULL AND completed = 0 AND assignee IS NOT NULL;

-- What somebody wants to be told, and how. `chosen` is a JSON object of the kinds that differ from the defaults. `digest_at` is when
-- the next digest is due, for those who want one.
CREATE TABLE notification_settings (
  "user" BIGINT PRIMARY KEY,
  digest TEXT NOT NULL,
  chosen TEXT NOT NULL,
  digest_at BIGINT
);
CREATE INDEX notification_settings_digest ON notification_settings (digest_at) WHERE digest_at IS NOT NULL;

-- Mail that is to be sent. A `letter` has its text; a `notification` and a `digest` (of everything up to `notification`) are written
-- when they are sent. `leased_until` is until when somebody is sending it.
CREATE TABLE mail_outbox (
  gid BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  "user" BIGINT,
  notification BIGINT,
  created_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  leased_until BIGINT NOT NULL
);
CREATE INDEX mail_outbox_due ON mail_outbox (due_at, gid);
