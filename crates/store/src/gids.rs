//! Gids set aside for this node, in blocks that are taken before a job begins.
//!
//! A block is taken in a transaction of its own, so a rolled-back job can never give a gid back that
//! another one already uses, and concurrent jobs do not wait for each other at one counter.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Value;

/// The first gid of a new database: sixteen digits, as clients expect.
const FIRST: i64 = 1_200_000_000_000_000;

/// Blocks have at least this many gids.
pub(crate) const BLOCK: i64 = 1_000;

/// A job begins with at least this many.
const RESERVE: i64 = 300;

/// A job that took more than this many gids is not run again.
pub(crate) const MOST: i64 = 1 << 24;

/// Moves the counter on and gives its new value: the end of the block.
pub(crate) const TAKE_BLOCK: &str = "INSERT INTO gid_blocks (name, next) VALUES ('gid', ?) \
     ON CONFLICT (name) DO UPDATE SET next = gid_blocks.next + ? RETURNING next";

/// The end of the block that was taken last, by whichever process.
pub(crate) const LAST_BLOCK: &str = "SELECT next FROM gid_blocks WHERE name = 'gid'";

/// Moves the counter on to a number, never back.
pub(crate) const PASS: &str = "INSERT INTO gid_blocks (name, next) VALUES ('gid', ?) \
     ON CONFLICT (name) DO UPDATE SET next = CASE WHEN gid_blocks.next < excluded.next THEN excluded.next ELSE gid_blocks.next END";

/// The gids at hand; shared by all threads of a store.
pub(crate) struct Gids {
    blocks: Mutex<VecDeque<Range<i64>>>,
    first: i64,
}

impl Gids {
    pub(crate) fn new(first: Option<i64>) -> Gids {
        Gids { blocks: Mutex::default(), first: first.unwrap_or(FIRST) }
    }

    fn blocks(&self) -> MutexGuard<'_, VecDeque<Range<i64>>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next gid, if one is at hand.
    pub(crate) fn take(&self) -> Option<i64> {
        let mut blocks = self.blocks();
        loop {
            if let Some(gid) = blocks.front_mut()?.next() {
                return Some(gid);
            }
            blocks.pop_front();
        }
    }

    /// The first of `count` gids in a row, if a block at hand has as many. The gids of blocks that have fewer are lost.
    pub(crate) fn take_run(&self, count: u32) -> Option<i64> {
        let mut blocks = self.blocks();
        loop {
            let block = blocks.front_mut()?;
            let first = block.start;
            if block.end - first >= i64::from(count) {
                block.start += i64::from(count);
                return Some(first);
            }
            blocks.pop_front();
        }
    }

    /// Whether a block should be taken before the next job.
    pub(crate) fn is_low(&self) -> bool {
        self.blocks().iter().map(|block| block.end - block.start).sum::<i64>() < RESERVE
    }

    /// Where the counter is when all gids up to `last` are taken.
    pub(crate) fn first_after(&self, last: i64) -> i64 {
        self.first.max(last.saturating_add(1))
    }

    /// The parameters of [`TAKE_BLOCK`].
    pub(crate) fn block_params(&self, size: i64) -> [Value; 2] {
        [Value::Int(self.first + size), Value::Int(size)]
    }

    /// Whether the last block taken from the database, which ends at `end`, is ours: then no other process has later gids.
    pub(crate) fn are_latest(&self, end: i64) -> bool {
        self.blocks().back().is_some_and(|block| block.end == end)
    }

    /// Forgets the gids at hand.
    pub(crate) fn forget(&self) {
        self.blocks().clear();
    }

    /// Adds the block that ends at `end`, as [`TAKE_BLOCK`] gave it.
    pub(crate) fn add(&self, end: i64, size: i64) {
        self.blocks().push_back(end - size..end);
    }
}

/// The size of the block that lets a job run which took `drawn` gids and had too few.
pub(crate) fn larger_block(drawn: u32) -> i64 {
    (i64::from(drawn) * 2).max(BLOCK * 10)
}
