//! The API from outside: whole requests through the router, in process, on SQLite and on PostgreSQL.
//!
//! [`kit`] is the world that every test starts from; there is a module for each resource.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions that tests share are tests too"
)]

mod attachments;
mod audit_log;
mod batch;
mod calendar_feeds;
mod contract;
mod copies;
mod custom_fields;
mod duplicating;
mod events;
mod exports;
mod goals;
mod identity;
mod jobs;
mod kit;
mod mail;
mod memberships;
mod notifications;
mod people;
mod portfolios;
mod privacy;
mod projects;
mod readers;
mod receiver;
mod requests;
mod rules;
mod search;
mod sections;
mod statuses;
mod stories;
mod stream;
mod tasks;
mod templates;
mod texts;
mod time_periods;
mod time_tracking;
mod together;
mod typeahead;
mod webhooks;
