-- Organization exports.

-- Everything of a workspace as two files in the storage: the records at `storage_key`, the bytes of attachments at `files_key`.
CREATE TABLE organization_exports (
  gid BIGINT PRIMARY KEY,
  workspace BIGINT NOT NULL,
  state TEXT NOT NULL,
  storage_key TEXT NOT NULL,
  files_key TEXT NOT NULL,
  size BIGINT,
  sha256 TEXT,
  files_size BIGINT,
  created_at BIGINT NOT NULL,
  created_by BIGINT NOT NULL
);
CREATE INDEX organization_exports_created ON organization_exports (created_at);

-- The bytes of attachments, each once.
CREATE INDEX attachments_bytes ON attachments (workspace, sha256) WHERE storage_key IS NOT NULL AND state = 'stored';
