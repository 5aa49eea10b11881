//! What every resource file uses.

pub use crate::access::Level;
pub use crate::api::operations::{Answer, Output};
pub use crate::api::write::Fields;
pub use crate::api::{Call, Context, Object, Operations, Page, Query};
pub use crate::error::{
    Error, Result, bad_request, forbidden, hidden, invalid, not_found, require,
};
pub use crate::events::{Event, FieldChange};
pub use engine::body::Name;
pub use engine::{Body, Join, JsonType, Record, Resource, Schema, Sight, Stored, row};
pub use model::{Date, Gid, Position, Timestamp};
pub use store::{Value, params};
