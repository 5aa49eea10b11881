//! The rules of due and start dates. Source: API reference, "Tasks", `due_on`, `due_at`, `start_on`, `start_at`.

use super::Task;
use crate::prelude::*;

/// Checks the dates that were sent and settles those that follow from them.
///
/// `due_on` and `due_at` exclude each other in one request, and so do `start_on` and `start_at`. A start needs a due date in the
/// same request. Writing a day clears the time; writing a time sets the day, in the zone of whoever writes it. Clearing the due
/// date clears the start.
pub(super) fn settle(before: Option<&Task>, row: &mut Task, body: &Body, zone: &str) -> Result<()> {
    let given = |name: &str| {
        body.get(name).is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
    };
    if given("due_on") && given("due_at") {
        return Err(bad_request("You may only provide one of due_on or due_at!"));
    }
    if given("start_on") && given("start_at") {
        return Err(bad_request("You may only provide one of start_on or start_at!"));
    }
    if body.has("start_on") && !body.has("due_on") && !body.has("due_at") {
        return Err(bad_request("You must provide due_on or due_at when setting start_on"));
    }
    if body.has("start_at") && !body.has("due_at") {
        return Err(bad_request("You must provide due_at when setting start_at"));
    }
    if given("due_at") {
        row.due_on = row.due_at.map(|at| at.date_in(zone));
    } else if body.has("due_on") {
        row.due_at = None;
    } else if body.has("due_at") {
        row.due_on = None;
    }
    if given("start_at") {
        row.start_on = row.start_at.map(|at| at.date_in(zone));
    } else if body.has("start_on") {
        row.start_at = None;
    } else if body.has("start_at") {
        row.start_on = None;
    }
    if row.due_on.is_none() {
        require(
            !given("start_on") && !given("start_at"),
            "start_on",
            "A start date needs a due date",
        )?;
        row.start_on = None;
        row.start_at = None;
    }
    if row.resource_subtype == "milestone" {
        require(
            !given("start_on") && !given("start_at"),
            "start_on",
            "A milestone has no start date",
        )?;
        row.start_on = None;
        row.start_at = None;
    }
    let moved = before
        .is_none_or(|before| before.dates() != row.dates() || before.start_at != row.start_at);
    if let (true, Some(start), Some(due)) = (moved, row.start_on, row.due_on) {
        let late = match (row.start_at, row.due_at) {
            (Some(start), Some(due)) => start > due,
            _ => start > due,
        };
        require(!late, "start_on", "Must not be after the due date")?;
    }
    Ok(())
}
