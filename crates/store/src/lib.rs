//! One transaction over SQLite or PostgreSQL: everything that Vinyasa stores goes through here.
//!
//! A [`Store`] runs *jobs*: plain functions that get a [`Tx`], on a thread that owns a connection.
//! Statements are one SQL text for both databases, with `?` for parameters (see [`params!`]), and
//! `ids(?)` for a list of ids as a table. Here live the connections (`sqlite`, `postgres`), the
//! differences between the databases (`dialect`), gids (`gids`) and [`migrations`]; no table of the
//! API is known here, and nothing is sent anywhere else. Start reading at `store.rs` and `tx.rs`.

mod dialect;
mod error;
mod gids;
mod metrics;
pub mod migrations;
mod postgres;
mod queue;
mod row;
mod snapshot;
mod sql;
mod sqlite;
mod store;
pub mod testing;
mod tx;
mod value;

pub use dialect::Dialect;
pub use error::Error;
pub use metrics::Metrics;
pub use row::Row;
pub use store::{Config, Location, ServeLock, Store};
pub use tx::{EachRow, Load, Statement, Tx};
pub use value::{Column, FromColumn, ToValue, Value};
