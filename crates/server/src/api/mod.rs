//! The pipeline of a request, written once, and the declarations that run on it.
//!
//! [`operations`] declares what can be called, [`context`] is what an operation works with, [`mod@write`] creates, changes and
//! deletes, [`query`] lists, [`lookup`] turns identifiers into objects, [`paging`] seals cursors, [`openapi`] describes it all.
//! Nothing here speaks HTTP: that is in [`crate::http`].

pub mod call;
pub mod context;
pub mod lookup;
pub mod openapi;
pub mod operations;
pub mod order;
pub mod paging;
pub mod plans;
pub mod query;
pub mod wire;
pub mod write;

pub use call::{Call, Options};
pub use context::{Actor, Context};
pub use operations::{Answer, Operation, Operations};
pub use query::{Page, Query};
pub use write::Object;
