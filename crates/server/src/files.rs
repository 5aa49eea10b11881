//! Where the bytes of attachments are.

use crate::error::Result;

/// A directory or a bucket.
pub struct Files {}

impl Files {
    /// Opens the storage.
    pub fn open(_storage: &str) -> Result<Self> {
        Ok(Files {})
    }
}
