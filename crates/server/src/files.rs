//! Where the bytes of attachments are: a directory or a bucket, streamed in and out.

use crate::auth;
use crate::error::{Error, Result};
use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use hmac::{Hmac, Mac};
use model::Gid;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, GetOptions, GetRange, ObjectStore, RetryConfig};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// What is held of a file in memory while it is written: the least that S3 takes as a part, 5 MiB.
const BUFFER: usize = 5 * 1024 * 1024;

/// How long one request to a bucket may take, to the last byte: the largest file to somebody who reads 170 kB/s.
const TIMEOUT: Duration = Duration::from_mins(10);

/// How often a request to a bucket is tried again: somebody waits for the answer.
fn retry() -> RetryConfig {
    RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() }
}

/// How to reach a bucket: `aws_access_key_id`, `aws_secret_access_key`, `aws_region`, `aws_endpoint` and so on, as the
/// environment variables of these names. Unknown ones are ignored.
#[derive(Clone, Default)]
pub struct StorageOptions(pub HashMap<String, String>);

impl fmt::Debug for StorageOptions {
    /// The names; the values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A directory or a bucket.
pub struct Files {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    root: Option<PathBuf>,
}

impl Files {
    /// Opens the storage: a directory, which is made, or `s3://bucket/prefix`.
    ///
    /// Errors: a directory that cannot be made; a bucket whose options make no sense. Whether the bucket is there is not asked.
    pub fn open(storage: &str, options: &StorageOptions) -> Result<Self> {
        if let Some(address) = storage.strip_prefix("s3://") {
            let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
            let mut builder = AmazonS3Builder::new()
                .with_bucket_name(bucket)
                .with_retry(retry())
                .with_client_options(ClientOptions::new().with_timeout(TIMEOUT));
            for (name, value) in &options.0 {
                if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
                    let plain =
                        matches!(key, AmazonS3ConfigKey::Endpoint) && value.starts_with("http://");
                    builder = builder.with_config(key, value);
                    if plain {
                        builder = builder.with_allow_http(true);
                    }
                }
            }
            let store = builder.build().with_context(|| format!("the storage {storage}"))?;
            let prefix = Path::parse(prefix.trim_end_matches('/'))
                .with_context(|| format!("the storage {storage}"))?;
            return Ok(Files { store: Arc::new(store), prefix, root: None });
        }
        if storage.is_empty() {
            return Err(Error::Internal(anyhow!("no storage is set")));
        }
        std::fs::create_dir_all(storage).with_context(|| format!("the storage {storage}"))?;
        let root = PathBuf::from(storage)
            .canonicalize()
            .with_context(|| format!("the storage {storage}"))?;
        let store = LocalFileSystem::new_with_prefix(&root)
            .with_context(|| format!("the storage {storage}"))?;
        Ok(Files { store: Arc::new(store), prefix: Path::default(), root: Some(root) })
    }

    /// A file of many is in one of 256 folders, by the first two digits of its key.
    fn path(&self, key: &str) -> Path {
        let folder: String = key.chars().take(2).collect();
        self.prefix.child(folder).child(key)
    }

    /// Begins a file. It is not there before [`Writer::finish`].
    pub fn create(&self, key: &str) -> Writer {
        let path = self.path(key);
        let file = self.root.as_ref().map(|root| root.join(path.as_ref()));
        let inner = BufWriter::with_capacity(Arc::clone(&self.store), path, BUFFER);
        Writer { inner, file, hash: Sha256::new(), size: 0 }
    }

    /// Reads a file or a part of it.
    ///
    /// Errors: those of the storage; an internal error if there is no such file.
    pub async fn read(
        &self,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.store.get_opts(&self.path(key), options).await.map_err(internal)?;
        Ok(found.into_stream())
    }

    /// Reads a whole file, if it is there.
    ///
    /// Errors: those of the storage.
    pub async fn find(
        &self,
        key: &str,
    ) -> Result<Option<BoxStream<'static, Result<Bytes, object_store::Error>>>> {
        match self.store.get(&self.path(key)).await {
            Ok(found) => Ok(Some(found.into_stream())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(internal(error)),
        }
    }

    /// Removes a file, also one that was never finished. It is no error if there is none.
    ///
    /// Errors: those of the storage.
    pub async fn remove(&self, key: &str) -> Result<()> {
        let path = self.path(key);
        if let Some(root) = &self.root {
            // The name under which the library writes a file of several parts before it is whole.
            let staged = root.join(format!("{path}#1"));
            let _ = tokio::fs::remove_file(staged).await;
        }
        match self.store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(internal(error)),
        }
    }
}

fn internal(error: impl Into<anyhow::Error>) -> Error {
    Error::Internal(error.into().context("the storage failed"))
}

/// A file that is being written.
pub struct Writer {
    inner: BufWriter,
    file: Option<PathBuf>,
    hash: Sha256,
    size: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Bytes.
    pub size: u64,
    /// SHA-256 as hexadecimal digits.
    pub sha256: String,
}

impl Writer {
    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends.
    ///
    /// Errors: those of the storage.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.size += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.inner.write_all(bytes).await.map_err(internal)
    }

    /// Ends the file; it is on the disk then.
    ///
    /// Errors: those of the storage.
    pub async fn finish(mut self) -> Result<WrittenFile> {
        self.inner.shutdown().await.map_err(internal)?;
        if let Some(file) = self.file {
            let opened = tokio::fs::File::open(file).await.map_err(internal)?;
            opened.sync_all().await.map_err(internal)?;
        }
        let sha256 = auth::hex(&self.hash.finalize());
        Ok(WrittenFile { size: self.size, sha256 })
    }

    /// Gives the file up.
    pub async fn abort(mut self) {
        if let Err(error) = self.inner.abort().await {
            tracing::warn!(%error, "an upload that was given up left something behind");
        }
    }
}

/// Signs the address of a file: HMAC-SHA-256 over what it is of, gid and expiry, as hexadecimal digits.
pub fn signature(secret: &[u8], of: &str, gid: Gid, expires: i64) -> String {
    auth::hex(&mac(secret, of, gid, expires).finalize().into_bytes())
}

/// Whether `signature` is that of the address, in a time that does not tell how much of it is right.
pub fn is_signed(secret: &[u8], of: &str, gid: Gid, expires: i64, signature: &str) -> bool {
    let digits = signature.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> =
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    signature.len() == 64
        && bytes.is_some_and(|bytes| mac(secret, of, gid, expires).verify_slice(&bytes).is_ok())
}

fn mac(secret: &[u8], of: &str, gid: Gid, expires: i64) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(format!("{of} {gid} {expires}").as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_address_only() {
        let good = signature(b"key", "attachment", Gid::new(7), 100);

        assert!(is_signed(b"key", "attachment", Gid::new(7), 100, &good));
        assert!(!is_signed(b"key", "export", Gid::new(7), 100, &good));
        assert!(!is_signed(b"key", "attachment", Gid::new(8), 100, &good));
        assert!(!is_signed(b"key", "attachment", Gid::new(7), 101, &good));
        assert!(!is_signed(b"other", "attachment", Gid::new(7), 100, &good));
        assert!(!is_signed(b"key", "attachment", Gid::new(7), 100, ""));
        assert!(!is_signed(b"key", "attachment", Gid::new(7), 100, &good.replace(|_| true, "é")));
    }

    #[test]
    fn secrets_of_the_storage_are_not_printed() {
        let options =
            StorageOptions(HashMap::from([("aws_secret_access_key".into(), "hush".into())]));

        assert_eq!(format!("{options:?}"), r#"{"aws_secret_access_key"}"#);
    }
}
