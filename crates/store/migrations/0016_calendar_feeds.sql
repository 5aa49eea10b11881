-- Calendars that other programs read by a secret address; `hash` is the SHA-256 of the secret.
CREATE TABLE calendar_feeds (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  "user" BIGINT NOT NULL,
  resource_type TEXT NOT NULL,
  object BIGINT NOT NULL,
  hash TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX calendar_feeds_hash_unique ON calendar_feeds (hash);
CREATE INDEX calendar_feeds_user ON calendar_feeds ("user", workspace, created_at, gid);

-- What a feed has told of, so that it can tell of what is gone: `removed_at` is when that was noticed.
CREATE TABLE calendar_feed_items (
  feed BIGINT NOT NULL,
  object BIGINT NOT NULL,
  workspace BIGINT NOT NULL,
  day TEXT NOT NULL,
  removed_at BIGINT,
  PRIMARY KEY (feed, object)
);
