//! Who watches what on this node, and what is in line for them.

use super::Topic;
use crate::App;
use crate::auth::{self, Credential};
use crate::error::{Error, Result};
use crate::readers::{Follower, LogEvent, Position};
use model::Gid;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{Tx, Value, params};
use tokio::sync::{Notify, Semaphore, watch};

/// Most events in line for one connection; one that is slower loses them and is told to read anew.
const MAX_PENDING: usize = 1_000;

/// Most connections of one node.
const MAX_CONNECTIONS: usize = 10_000;

/// Most connections of one token or session.
const MAX_PER_CREDENTIAL: usize = 50;

/// How many connections look at the database at once, so that requests always find a connection free.
const AT_ONCE: usize = 2;

/// How often it is looked whether the credentials of connections still hold.
const LOOK_AT_CREDENTIALS: Duration = Duration::from_secs(5);

/// All connections of this node.
pub struct Hub {
    inner: Mutex<Inner>,
    /// How far the log was passed on; `None` until it is followed.
    at: watch::Sender<Option<Position>>,
    pub(super) permits: Semaphore,
    closed: AtomicBool,
}

#[derive(Default)]
struct Inner {
    next: u64,
    lines: HashMap<u64, Arc<Line>>,
    watchers: HashMap<Gid, Vec<(u64, Topic)>>,
}

/// One connection, as the hub knows it.
pub struct Line {
    credential: Credential,
    user: Gid,
    waiting: Mutex<Waiting>,
    wake: Notify,
}

/// What is in line.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) events: VecDeque<Arc<LogEvent>>,
    /// Whether events were lost.
    pub(super) lost: bool,
    /// Tasks whose watchers are others now.
    pub(super) presence: BTreeSet<Gid>,
    /// Whether it is over.
    pub(super) over: bool,
}

impl Waiting {
    /// Puts an event in line. Who does not keep up loses what is there.
    fn push(&mut self, event: &Arc<LogEvent>) {
        if self.events.len() >= MAX_PENDING {
            self.events = VecDeque::new();
            self.lost = true;
        }
        self.events.push_back(Arc::clone(event));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    fn put(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut locked(&self.waiting));
        self.wake.notify_one();
    }

    /// Resolves when something may be in line.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Takes what is in line, at most `most` events.
    pub(super) fn take(&self, most: usize) -> Waiting {
        let mut waiting = locked(&self.waiting);
        let count = waiting.events.len().min(most);
        let events = waiting.events.drain(..count).collect();
        if !waiting.events.is_empty() {
            self.wake.notify_one();
        }
        let (lost, over) = (std::mem::take(&mut waiting.lost), waiting.over);
        Waiting { events, lost, presence: std::mem::take(&mut waiting.presence), over }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Hub {
            inner: Mutex::default(),
            at: watch::Sender::new(None),
            permits: Semaphore::new(AT_ONCE),
            closed: AtomicBool::new(false),
        }
    }
}

impl Hub {
    /// Follows the log and tells connections, until it is dropped.
    pub async fn run(app: Arc<App>) {
        let mut follower = loop {
            match Follower::new(&app, None).await {
                Ok(follower) => break follower,
                Err(error) => {
                    tracing::warn!(%error, "the change stream cannot start yet");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        };
        app.stream.at.send_replace(Some(follower.position()));
        let mut credentials = tokio::time::interval(LOOK_AT_CREDENTIALS);
        credentials.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                events = follower.next(&app) => match events {
                    Ok(events) => app.stream.pass_on(events, follower.position()),
                    Err(error) => {
                        tracing::warn!(%error, "the change stream waits");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                },
                _ = credentials.tick() => {
                    if let Err(error) = app.stream.look_at_credentials(&app).await {
                        tracing::warn!(%error, "it could not be looked whether streams may go on");
                    }
                }
            }
        }
    }

    /// Ends all connections: the server stops.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for line in locked(&self.inner).lines.values() {
            line.put(|waiting| waiting.over = true);
        }
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        locked(&self.inner).lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts events in line for those whom they reach.
    fn pass_on(&self, events: Vec<LogEvent>, at: Position) {
        let inner = locked(&self.inner);
        for event in events {
            let event = Arc::new(event);
            let mut told: Vec<u64> = Vec::new();
            for scope in &event.scopes {
                for (id, topic) in inner.watchers.get(scope).into_iter().flatten() {
                    if told.contains(id) || !topic.carries(&event.kind) {
                        continue;
                    }
                    told.push(*id);
                    let Some(line) = inner.lines.get(id) else { continue };
                    line.put(|waiting| waiting.push(&event));
                }
            }
        }
        self.at.send_replace(Some(at));
    }

    /// Ends connections whose token was revoked or whose session is over. One query for all of them.
    async fn look_at_credentials(&self, app: &Arc<App>) -> Result<()> {
        let (mut tokens, mut sessions) = (Vec::new(), Vec::new());
        for line in locked(&self.inner).lines.values() {
            match &line.credential {
                Credential::Token(hash) => tokens.push(hash.clone()),
                Credential::Session(hash) => sessions.push(hash.clone()),
            }
        }
        if tokens.is_empty() && sessions.is_empty() {
            return Ok(());
        }
        for list in [&mut tokens, &mut sessions] {
            list.sort_unstable();
            list.dedup();
        }
        let now = (app.clock)();
        let live = app.store.read(move |tx| live(tx, tokens, sessions, now)).await?;
        for line in locked(&self.inner).lines.values() {
            let pass = live.get(&line.credential);
            if let (Some(pass), Ok(mut used)) = (pass, app.used_tokens.lock()) {
                used.insert(*pass, now);
            }
            if pass.is_none() {
                line.put(|waiting| waiting.over = true);
            }
        }
        Ok(())
    }

    /// A new connection. Waits until the log is followed.
    ///
    /// Errors: 429 for too many of one credential; 503 for too many, or while the server stops.
    pub(super) async fn join(app: &Arc<App>, credential: Credential, user: Gid) -> Result<Joined> {
        if app.stream.closed.load(Ordering::Acquire) {
            return Err(Error::Overloaded);
        }
        let mut at = app.stream.at.subscribe();
        let followed = tokio::time::timeout(Duration::from_secs(5), at.wait_for(Option::is_some));
        followed.await.map_err(|_| Error::Overloaded)?.map_err(|_| Error::Overloaded)?;
        let mut inner = locked(&app.stream.inner);
        let own = inner.lines.values().filter(|line| line.credential == credential).count();
        if own >= MAX_PER_CREDENTIAL {
            return Err(Error::RateLimited { retry_after: Duration::from_secs(30) });
        }
        if inner.lines.len() >= MAX_CONNECTIONS {
            return Err(Error::Overloaded);
        }
        let id = inner.next;
        inner.next += 1;
        let line =
            Arc::new(Line { credential, user, waiting: Mutex::default(), wake: Notify::new() });
        inner.lines.insert(id, Arc::clone(&line));
        Ok(Joined { app: Arc::clone(app), id, line, topics: HashMap::new() })
    }

    /// Where the log was passed on to.
    fn position(&self) -> Position {
        (*self.at.borrow()).unwrap_or(Position::START)
    }

    /// The users who watch a task.
    pub(super) fn present(&self, task: Gid) -> Vec<Gid> {
        let inner = locked(&self.inner);
        let watchers = inner.watchers.get(&task).into_iter().flatten();
        let mut users: Vec<Gid> = watchers
            .filter(|(_, topic)| *topic == Topic::Task(task))
            .filter_map(|(id, _)| Some(inner.lines.get(id)?.user))
            .collect();
        users.sort_unstable();
        users.dedup();
        users
    }
}

impl Inner {
    /// Tells the watchers of a task that they are others now.
    fn tell_presence(&self, task: Gid) {
        for (id, topic) in self.watchers.get(&task).into_iter().flatten() {
            if let (Topic::Task(_), Some(line)) = (topic, self.lines.get(id)) {
                line.put(|waiting| {
                    waiting.presence.insert(task);
                });
            }
        }
    }
}

/// The credentials that hold, with what they stand for.
fn live(
    tx: &mut Tx<'_>,
    tokens: Vec<String>,
    sessions: Vec<String>,
    now: model::Timestamp,
) -> Result<HashMap<Credential, auth::Origin>> {
    let mut found: HashMap<Credential, auth::Origin> = HashMap::new();
    found.extend(tx.query(
        "SELECT k.hash, k.gid FROM texts(?) AS i JOIN tokens AS k ON k.hash = i.value WHERE k.revoked_at IS NULL",
        &[Value::Texts(tokens)],
        |row| Ok((Credential::Token(row.get(0)?), auth::Origin::Token(row.get(1)?))),
    )?);
    let [now] = params![now];
    found.extend(tx.query(
        "SELECT k.hash, k.gid FROM texts(?) AS i JOIN sessions AS k ON k.hash = i.value WHERE k.expires_at > ?",
        &[Value::Texts(sessions), now.clone()],
        |row| Ok((Credential::Session(row.get(0)?), auth::Origin::Session(row.get(1)?))),
    )?);
    Ok(found)
}

/// A connection's place in the hub; dropping it gives it up.
pub(super) struct Joined {
    app: Arc<App>,
    id: u64,
    pub(super) line: Arc<Line>,
    /// What it watches, with the scopes that events must have.
    pub(super) topics: HashMap<Topic, Arc<[Gid]>>,
}

impl Joined {
    /// Watches a topic from here on, and says where that is.
    pub(super) fn watch(&mut self, topic: Topic, scopes: Vec<Gid>) -> Position {
        self.leave(topic);
        let mut inner = locked(&self.app.stream.inner);
        for scope in &scopes {
            inner.watchers.entry(*scope).or_default().push((self.id, topic));
        }
        self.topics.insert(topic, scopes.into());
        if let Topic::Task(task) = topic {
            inner.tell_presence(task);
        }
        // Events are passed on under the same lock, so none is missed and none is before this place.
        self.app.stream.position()
    }

    /// Watches a topic no more.
    pub(super) fn leave(&mut self, topic: Topic) {
        let Some(scopes) = self.topics.remove(&topic) else { return };
        let mut inner = locked(&self.app.stream.inner);
        for scope in &*scopes {
            if let Some(watchers) = inner.watchers.get_mut(scope) {
                watchers.retain(|watcher| *watcher != (self.id, topic));
                if watchers.is_empty() {
                    inner.watchers.remove(scope);
                }
            }
        }
        if let Topic::Task(task) = topic {
            inner.tell_presence(task);
        }
    }

    /// Where the log was passed on to.
    pub(super) fn position(&self) -> Position {
        self.app.stream.position()
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        let topics: Vec<Topic> = self.topics.keys().copied().collect();
        for topic in topics {
            self.leave(topic);
        }
        locked(&self.app.stream.inner).lines.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_keep_up_loses_what_is_in_line_and_knows_it() {
        let event = Arc::new(LogEvent {
            position: Position::START,
            workspace: Gid::new(1),
            at: model::Timestamp::from_millis(0),
            actor: None,
            request_id: String::new(),
            kind: "task".to_owned(),
            subtype: None,
            resource: Gid::new(2),
            action: "changed".to_owned(),
            parent: None,
            changes: Vec::new(),
            scopes: Vec::new(),
        });
        let line = Line {
            credential: Credential::Token(String::new()),
            user: Gid::new(3),
            waiting: Mutex::default(),
            wake: Notify::new(),
        };

        for _ in 0..MAX_PENDING {
            line.put(|waiting| waiting.push(&event));
        }
        let first = line.take(10);
        for _ in 0..11 {
            line.put(|waiting| waiting.push(&event));
        }
        let second = line.take(10);

        assert_eq!((first.events.len(), first.lost), (10, false));
        assert_eq!((second.events.len(), second.lost), (1, true));
        assert!(!line.take(10).lost);
    }
}
