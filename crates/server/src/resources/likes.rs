//! Likes.

use crate::prelude::*;

/// Writes.
pub fn write(
    _cx: &mut Context<'_, '_>,
    _object: Gid,
    _workspace: Gid,
    _liked: bool,
) -> Result<bool> {
    Ok(false)
}
