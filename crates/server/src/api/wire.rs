//! Texts and limits that are part of the contract.

/// The `help` of every error.
pub const HELP: &str = "For more information on API status codes and how to handle them, read docs/api-design.md of this server";

/// Most rows of a page. Source: API reference, "Pagination".
pub const MAX_LIMIT: usize = 100;

/// Most rows of a list without `limit`; beyond it the client is asked to use pages. Source: behaviour notes, "Pagination".
pub const MAX_UNPAGED: usize = 1_000;
