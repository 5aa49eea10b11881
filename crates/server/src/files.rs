//! Where the bytes of attachments are.

use crate::error::Result;
use hmac::{Hmac, Mac};
use model::Gid;
use sha2::Sha256;

/// A directory or a bucket.
pub struct Files {}

impl Files {
    /// Opens the storage.
    pub fn open(_storage: &str) -> Result<Self> {
        Ok(Files {})
    }
}

/// Signs the address of a file: HMAC-SHA-256 over gid and expiry, as hexadecimal digits.
pub fn signature(secret: &[u8], gid: Gid, expires: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(format!("attachment {gid} {expires}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
