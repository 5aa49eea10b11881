//! The engine: each kind of record is declared once, by a schema function, and everything regular follows from it.
//!
//! Reading: [`selection`] (what was asked for) and [`schema`] (what there is) make a [`plan`], which [`reader`] loads level
//! by level, in a number of queries that does not depend on the number of rows, and writes as JSON bytes.
//! Writing: [`body`] is what was sent; [`schema::Schema::apply`] puts it into a row, and [`record::changed_columns`] says what
//! really changed.
//!
//! The engine knows no resource, no HTTP status and no database dialect. Start reading at [`schema`].

pub mod body;
pub mod json;
pub mod plan;
pub mod reader;
pub mod record;
pub mod registry;
pub mod schema;
pub mod selection;
pub mod template;

pub use body::{Body, FromJson, Problem};
pub use json::{JsonType, ToJson};
pub use plan::Plan;
pub use reader::{Reader, Viewer};
pub use record::{Record, Stored, changed_columns};
pub use registry::{Registry, Resource};
pub use schema::{Join, Schema, Site, TypeInfo};
pub use selection::Selection;
pub use template::{Sight, Template};
