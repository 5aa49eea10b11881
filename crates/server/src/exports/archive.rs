//! The bytes of attachments, each once, as `files/<sha256>` in a tar file.
//!
//! Plain ustar, written and read as a stream, so that no file is in memory as a whole.

use anyhow::{Context as _, Result, ensure};
use std::io::Read;

/// Tar counts in blocks of so many bytes.
pub const BLOCK: usize = 512;

/// What the names of files begin with.
const FOLDER: &str = "files/";

/// What ends a tar file.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// The block in front of a file. Files are below 8 GiB: what an attachment may have is far less.
pub fn header(sha256: &str, size: u64) -> [u8; BLOCK] {
    let mut block = [0_u8; BLOCK];
    put(&mut block, 0, &format!("{FOLDER}{sha256}"));
    put(&mut block, 100, "0000644\0");
    put(&mut block, 108, "0000000\0");
    put(&mut block, 116, "0000000\0");
    put(&mut block, 124, &format!("{size:011o}\0"));
    put(&mut block, 136, "00000000000\0");
    put(&mut block, 156, "0");
    put(&mut block, 257, "ustar\x0000");
    let sum = checksum(&block);
    put(&mut block, 148, &format!("{sum:06o}\0 "));
    block
}

fn put(block: &mut [u8; BLOCK], at: usize, text: &str) {
    for (to, from) in block.iter_mut().skip(at).zip(text.bytes()) {
        *to = from;
    }
}

/// How many zeros follow a file of this size.
pub fn padding(size: u64) -> usize {
    let blocks = u64::try_from(BLOCK).unwrap_or(512);
    usize::try_from((blocks - size % blocks) % blocks).unwrap_or(0)
}

/// The sum of a header's bytes, with its own place taken as blanks.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    let bytes = block.iter().enumerate();
    bytes
        .map(|(at, byte)| if (148..156).contains(&at) { u32::from(b' ') } else { u32::from(*byte) })
        .sum()
}

/// The file that a header announces.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its checksum, from its name; `None` for what is no file of ours, such as the folder.
    pub sha256: Option<String>,
    /// Bytes.
    pub size: u64,
}

/// Reads the next header; `None` at the end. Then the bytes follow, and [`padding`].
///
/// Errors: the file is cut off, or no tar file.
pub fn next(tar: &mut impl Read) -> Result<Option<Entry>> {
    let mut block = [0_u8; BLOCK];
    tar.read_exact(&mut block).context("the tar file is cut off")?;
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let field = |at: usize, length: usize| -> String {
        let bytes = block.iter().skip(at).take(length).copied();
        let bytes: Vec<u8> = bytes.take_while(|byte| *byte != 0).collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    };
    let octal = |at: usize, length: usize| u64::from_str_radix(&field(at, length), 8);
    let sum = octal(148, 8).ok();
    ensure!(sum == Some(u64::from(checksum(&block))), "this is no tar file, or a damaged one");
    let size = octal(124, 12).context("a tar file with a size that is no number")?;
    let name = field(0, 100);
    let kind = block.get(156).copied().unwrap_or_default();
    let name = name.strip_prefix("./").unwrap_or(&name).strip_prefix(FOLDER);
    let sha256 = name
        .filter(|name| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .filter(|_| matches!(kind, b'0' | 0))
        .map(str::to_owned);
    Ok(Some(Entry { sha256, size }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let sha256 = "0123456789abcdef".repeat(4);
        let mut tar = header(&sha256, 5).to_vec();
        tar.extend_from_slice(b"hello");
        tar.resize(tar.len() + padding(5), 0);
        tar.extend_from_slice(&END);
        let mut rest = tar.as_slice();

        assert_eq!(next(&mut rest).unwrap(), Some(Entry { sha256: Some(sha256), size: 5 }));
        rest = &rest[BLOCK..];
        assert_eq!(next(&mut rest).unwrap(), None);
        assert_eq!((padding(0), padding(512), padding(513)), (0, 0, 511));
        assert!(next(&mut &b"short"[..]).is_err());
        assert!(next(&mut &[7_u8; BLOCK][..]).is_err());
    }
}
