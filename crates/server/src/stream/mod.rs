//! The change stream: what happens, told to those who look at it while it happens.
//!
//! [`hub`] is one per node: it follows the event log and puts each event in line for the connections whose topics it reaches.
//! [`connection`] is one client, over a WebSocket or as server-sent events. [`frames`] looks at a batch of events through the
//! eyes of that client, as of now, and writes what he may see. [`snapshot`] reads a whole project.
//!
//! Nothing is remembered for a client: each frame has a number, and a client that comes back says the last one that it saw.
//! Who is slow loses frames and is told so by a `reset`; what is told is never wrong, at worst it is told twice.

pub mod connection;
pub mod frames;
pub mod http;
pub mod hub;
pub mod snapshot;

pub use hub::Hub;

use crate::api::operations::{Answer, Base, Input, Operation, Operations, Output};
use crate::readers::Position;
use engine::JsonType;
use model::Gid;
use std::fmt;
use store::Dialect;

/// What a client can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// What concerns himself: his task lists, his memberships, his preferences.
    User,
    /// A project and everything in it.
    Project(Gid),
    /// A task with its subtasks, comments and files.
    Task(Gid),
    /// A portfolio.
    Portfolio(Gid),
    /// A workspace, but for what happens inside projects.
    Workspace(Gid),
}

impl Topic {
    /// Reads `user`, `project:1200…` and so on.
    pub fn parse(text: &str) -> Option<Topic> {
        if text == "user" {
            return Some(Topic::User);
        }
        let (kind, gid) = text.split_once(':')?;
        let gid = Gid::parse(gid)?;
        match kind {
            "project" => Some(Topic::Project(gid)),
            "task" => Some(Topic::Task(gid)),
            "portfolio" => Some(Topic::Portfolio(gid)),
            "workspace" => Some(Topic::Workspace(gid)),
            _ => None,
        }
    }

    /// The object that must be seen, with its type.
    pub fn object(self) -> Option<(&'static str, Gid)> {
        match self {
            Topic::User => None,
            Topic::Project(gid) => Some(("project", gid)),
            Topic::Task(gid) => Some(("task", gid)),
            Topic::Portfolio(gid) => Some(("portfolio", gid)),
            Topic::Workspace(gid) => Some(("workspace", gid)),
        }
    }

    /// Whether events about a type belong to it.
    pub fn carries(self, kind: &str) -> bool {
        !matches!(self, Topic::Workspace(_))
            || !matches!(kind, "task" | "story" | "attachment" | "section")
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.object() {
            None => f.write_str("user"),
            Some((kind, gid)) => write!(f, "{kind}:{gid}"),
        }
    }
}

/// The number of a place in the log that clients get: a whole number that a double holds. Going on behind it misses nothing.
///
/// On PostgreSQL a transaction has one number for all its events, so theirs is the one before: its events may come twice.
pub fn number(dialect: Dialect, at: Position) -> i64 {
    if at == Position::START {
        return 0;
    }
    match dialect {
        Dialect::Sqlite => at.gid,
        Dialect::Postgres => at.txid - 1,
    }
}

/// The place that a number stands for.
pub fn place(dialect: Dialect, number: i64) -> Position {
    match dialect {
        Dialect::Sqlite => Position { txid: 0, gid: number },
        Dialect::Postgres => Position { txid: number, gid: i64::MAX },
    }
}

/// The path below the base.
const PATH: &str = "/stream";

/// Whether this is the operation whose answer goes on.
pub fn is_stream(operation: &Operation) -> bool {
    operation.path == PATH && operation.base == Base::Extension
}

/// The operation; [`http`] does its work.
pub fn operations(api: &mut Operations) {
    api.extension(
        "Stream",
        "What happens, told while it happens. Frames are JSON objects with a `type`: `hello`, `change`, `order`, `presence`, `snapshot`, `reset`, `ping`, `error`; docs/stream.md describes them.",
    );
    api.add(
        "GET",
        "openStream",
        PATH,
        "Opens the change stream: a WebSocket if the request asks to upgrade, else server-sent events about `topics`.",
        Input::None,
        Output::Empty,
        |_, _| Ok(Answer::empty()),
    )
    .required_query(
        "topics",
        "What to watch: `user`, `project:GID`, `task:GID`, `portfolio:GID`, `workspace:GID`, with commas between. A WebSocket asks by messages instead.",
    )
    .query_of("since", JsonType::Integer, false, "The `seq` of the last frame that was seen, to go on behind it.")
    .query_of("epoch", JsonType::Integer, false, "The `epoch` of the `hello` that `since` goes back to.")
    .secret();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_as_they_are_written() {
        for text in ["user", "project:1", "task:22", "portfolio:333", "workspace:4444"] {
            assert_eq!(Topic::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "users", "project", "project:", "project:x", "goal:1", "user:1"] {
            assert_eq!(Topic::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn going_on_behind_a_number_misses_nothing() {
        let at = Position { txid: 7, gid: 1_003 };
        let next = Position { txid: 7, gid: 1_004 };

        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let at = if dialect == Dialect::Sqlite { Position { txid: 0, ..at } } else { at };
            let next = if dialect == Dialect::Sqlite { Position { txid: 0, ..next } } else { next };
            assert!(next > place(dialect, number(dialect, at)), "{dialect:?}");
        }
        assert_eq!(number(Dialect::Postgres, Position::START), 0);
    }
}
