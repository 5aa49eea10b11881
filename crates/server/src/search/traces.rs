//! What people leave behind when they work, and what makes one thing likelier than another for them: whom they assign, invite
//! and let follow, and in which projects they complete tasks.
//!
//! It is kept in memory and written down once a minute ([`App::flush_traces`]), so that no write waits for a counter that many
//! writes of one person would share. What is lost when the server is killed is a minute of a ranking.

use crate::App;
use crate::api::Context;
use crate::error::{Error, Result};
use model::{Gid, Timestamp};
use std::collections::HashMap;
use store::{Value, params};

/// Most traces that are kept before they are written down; beyond it further ones are forgotten.
const MAX_TRACES: usize = 100_000;

/// What a person left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trace {
    /// He assigned something to another, invited him, made him follow.
    Contact {
        /// Who did it.
        user: Gid,
        /// Where.
        workspace: Gid,
        /// With whom.
        contact: Gid,
    },
    /// He finished something in a project.
    Project {
        /// Who did it.
        user: Gid,
        /// Where.
        workspace: Gid,
        /// In which project.
        project: Gid,
    },
}

/// Traces that are not written down yet: how often, and when last.
pub(crate) type Traces = HashMap<Trace, (i64, Timestamp)>;

impl Context<'_, '_> {
    /// Remembers that the actor had to do with these users.
    pub fn met(&mut self, workspace: Gid, users: &[Gid]) {
        let me = self.me();
        let others = users.iter().filter(|user| **user != me);
        self.traces.extend(others.map(|contact| Trace::Contact {
            user: me,
            workspace,
            contact: *contact,
        }));
    }

    /// Remembers that the actor finished something in these projects.
    pub fn finished_in(&mut self, workspace: Gid, projects: &[Gid]) {
        let me = self.me();
        self.traces.extend(projects.iter().map(|project| Trace::Project {
            user: me,
            workspace,
            project: *project,
        }));
    }

    /// Hands the traces of this request over; the pipeline calls it once, after the operation.
    pub(crate) fn keep_traces(&mut self) {
        let now = self.now();
        if self.traces.is_empty() {
            return;
        }
        let Ok(mut kept) = self.app.traces.lock() else { return };
        for trace in self.traces.drain(..) {
            if kept.len() < MAX_TRACES {
                let (times, at) = kept.entry(trace).or_insert((0, now));
                (*times, *at) = (*times + 1, now);
            }
        }
    }
}

impl App {
    /// Writes the traces down; called once a minute and at the end.
    ///
    /// Errors: those of the database; the traces are then lost.
    pub async fn flush_traces(&self) -> Result<()> {
        let mut kept: Vec<(Trace, (i64, Timestamp))> =
            self.traces.lock().map(|mut kept| kept.drain().collect()).unwrap_or_default();
        if kept.is_empty() {
            return Ok(());
        }
        // In one order for all nodes, so that they cannot wait for each other.
        kept.sort_by_key(|(trace, _)| match trace {
            Trace::Contact { user, contact, .. } => (0, user.get(), contact.get()),
            Trace::Project { user, project, .. } => (1, user.get(), project.get()),
        });
        for batch in kept.chunks(200) {
            let batch = batch.to_vec();
            self.store
                .write(move |tx| {
                    for (trace, (times, at)) in &batch {
                        let (sql, values): (&str, &[Value]) = match trace {
                            Trace::Contact { user, workspace, contact } => (
                                r#"INSERT INTO contacts ("user", workspace, contact, times) VALUES (?, ?, ?, ?) ON CONFLICT ("user", workspace, contact) DO UPDATE SET times = contacts.times + excluded.times"#,
                                params![user, workspace, contact, times],
                            ),
                            Trace::Project { user, workspace, project } => (
                                VISIT,
                                params![user, project, "project", workspace, at],
                            ),
                        };
                        tx.later(sql, values.to_vec())?;
                    }
                    Ok::<(), Error>(())
                })
                .await?;
        }
        Ok(())
    }
}

/// Notes a visit: who, what, of which type, where, when.
pub const VISIT: &str = r#"INSERT INTO visits ("user", object, resource_type, workspace, visited_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT ("user", object) DO UPDATE SET visited_at = excluded.visited_at WHERE visits.visited_at < excluded.visited_at"#;
