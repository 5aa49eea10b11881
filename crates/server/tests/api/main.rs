//! The API from outside: whole requests through the router, in process, on SQLite and on PostgreSQL.
//!
//! [`kit`] is the world that every test starts from; there is a module for each resource.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions that tests share are tests too"
)]

mod attachments;
mod contract;
mod custom_fields;
mod duplicating;
mod jobs;
mod kit;
mod memberships;
mod people;
mod privacy;
mod projects;
mod requests;
mod sections;
mod stories;
mod tasks;
mod templates;
mod texts;
mod together;
