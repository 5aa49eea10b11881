//! One client: what it asks for, what it is sent.

use super::frames::{self, Rendered, Who};
use super::hub::{Hub, Joined, Waiting};
use super::{Topic, number, place, snapshot};
use crate::App;
use crate::api::Context;
use crate::error::{Error, Result};
use crate::readers::{LogEvent, Position, log};
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use model::Gid;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use store::{Dialect, params};
use tokio::sync::mpsc;

/// How often a client hears something, whatever happens.
const PING: Duration = Duration::from_secs(20);

/// How long one frame may take to leave.
const SEND: Duration = Duration::from_secs(30);

/// Most topics of one connection.
pub const MAX_TOPICS: usize = 100;

/// Most events that a client gets again when it comes back; beyond it reading anew is cheaper.
const MAX_REPLAYED: usize = 1_000;

/// Most events that are looked at in one transaction.
const BATCH: usize = 100;

/// How often looking is tried while the database is busy.
const TRIES: u32 = 10;

/// The code that a socket is closed with when the token or session ends.
const ENDED: u16 = 4_401;

/// How frames leave.
pub enum Wire {
    /// A WebSocket.
    Socket(Box<WebSocket>),
    /// The body of server-sent events.
    Events(mpsc::Sender<Bytes>),
}

/// What a client asks.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Asked {
    Subscribe {
        topic: String,
        since: Option<i64>,
        epoch: Option<u32>,
        snapshot: Option<bool>,
    },
    Unsubscribe {
        topic: String,
    },
    Snapshot {
        topic: String,
    },
    /// Keeps proxies from closing the connection.
    Ping,
}

/// Where a client was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Since {
    /// The number of its last frame.
    pub seq: Option<i64>,
    /// The database it came from.
    pub epoch: Option<u32>,
}

/// The client is gone or has to go.
struct Gone;

type Go = std::result::Result<(), Gone>;

impl Wire {
    /// Sends a frame.
    async fn send(&mut self, seq: Option<i64>, frame: String) -> Go {
        let sent = async {
            match self {
                Wire::Socket(socket) => socket.send(Message::Text(frame.into())).await.is_ok(),
                Wire::Events(body) => {
                    let id = seq.map(|seq| format!("id: {seq}\n")).unwrap_or_default();
                    body.send(Bytes::from(format!("{id}data: {frame}\n\n"))).await.is_ok()
                }
            }
        };
        match tokio::time::timeout(SEND, sent).await {
            Ok(true) => Ok(()),
            _ => Err(Gone),
        }
    }

    /// What the client says next. Dropping the future loses nothing.
    async fn hear(&mut self) -> std::result::Result<Option<Asked>, Gone> {
        match self {
            Wire::Socket(socket) => match socket.recv().await {
                Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(text.as_str()).ok()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {
                    Ok(Some(Asked::Ping))
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
            },
            Wire::Events(body) => {
                body.closed().await;
                Err(Gone)
            }
        }
    }

    async fn close(self) {
        if let Wire::Socket(mut socket) = self {
            let reason = Utf8Bytes::from_static("the token or session has ended");
            let frame = CloseFrame { code: ENDED, reason };
            let _ = tokio::time::timeout(SEND, socket.send(Message::Close(Some(frame)))).await;
        }
    }
}

/// Serves a client until it or its credential is gone.
pub async fn serve(app: Arc<App>, who: Who, user: Gid, mut wire: Wire, first: Vec<(Topic, Since)>) {
    let joined = match Hub::join(&app, who.credential.clone(), user).await {
        Ok(joined) => joined,
        Err(error) => {
            let frame = json!({ "type": "error", "message": error.to_string() }).to_string();
            let _ = wire.send(None, frame).await;
            return;
        }
    };
    let mut client = Client { app, who, wire, joined };
    let _ = client.run(first).await;
    let Client { wire, joined, .. } = client;
    drop(joined);
    wire.close().await;
}

struct Client {
    app: Arc<App>,
    who: Who,
    wire: Wire,
    joined: Joined,
}

impl Client {
    fn dialect(&self) -> Dialect {
        self.app.store.dialect()
    }

    async fn run(&mut self, first: Vec<(Topic, Since)>) -> Go {
        let seq = number(self.dialect(), self.joined.position());
        let hello = json!({ "type": "hello", "seq": seq, "epoch": self.app.log.epoch });
        self.wire.send(Some(seq), hello.to_string()).await?;
        for (topic, since) in first {
            let wants = since.seq.is_none();
            self.subscribe(topic, since, wants).await?;
        }
        let line = Arc::clone(&self.joined.line);
        let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                asked = self.wire.hear() => match asked? {
                    Some(asked) => self.answer(asked).await?,
                    None => self.complain("", "Not a message that is understood here").await?,
                },
                () = line.woken() => self.deliver(line.take(BATCH)).await?,
                _ = ping.tick() => {
                    self.wire.send(None, r#"{"type":"ping"}"#.to_owned()).await?;
                    self.tell(Vec::new()).await?;
                }
            }
        }
    }

    async fn answer(&mut self, asked: Asked) -> Go {
        let (text, work) = match &asked {
            Asked::Ping => return Ok(()),
            Asked::Subscribe { topic, .. }
            | Asked::Unsubscribe { topic }
            | Asked::Snapshot { topic } => (topic.clone(), &asked),
        };
        let Some(topic) = Topic::parse(&text) else {
            return self.complain(&text, "There is no such topic").await;
        };
        match work {
            Asked::Subscribe { since, epoch, snapshot, .. } => {
                let since = Since { seq: *since, epoch: *epoch };
                let wants = snapshot.unwrap_or(since.seq.is_none());
                self.subscribe(topic, since, wants).await
            }
            Asked::Unsubscribe { .. } => {
                self.joined.leave(topic);
                Ok(())
            }
            Asked::Snapshot { .. } => self.snapshot(topic).await,
            Asked::Ping => Ok(()),
        }
    }

    /// Says that something asked makes no sense.
    async fn complain(&mut self, topic: &str, message: &str) -> Go {
        let topic: String = topic.chars().take(100).collect();
        let frame = json!({ "type": "error", "topic": topic, "message": message });
        self.wire.send(None, frame.to_string()).await
    }

    /// Looks at the database as the client; few do at once.
    async fn look<T: Send + 'static>(
        app: &Arc<App>,
        who: &Who,
        work: impl Fn(&mut Context<'_, '_>) -> Result<T> + Send + Sync + 'static,
    ) -> std::result::Result<Result<T>, Gone> {
        let work = Arc::new(work);
        let mut tries = 0;
        loop {
            let (shared, who, work) = (Arc::clone(app), who.clone(), Arc::clone(&work));
            let looked = {
                let _permit = app.stream.permits.acquire().await.map_err(|_| Gone)?;
                app.store.read(move |tx| who.look(&shared, tx, |cx| work(cx))).await
            };
            match looked {
                Ok(Some(found)) => return Ok(Ok(found)),
                Ok(None) => return Err(Gone),
                Err(Error::Overloaded) if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(100 * u64::from(tries))).await;
                }
                Err(error) => {
                    tracing::warn!(?error, "a stream could not look at the database");
                    return Ok(Err(error));
                }
            }
        }
    }

    /// Watches a topic, and tells what happened since the client was here, or the whole project.
    async fn subscribe(&mut self, topic: Topic, since: Since, wants_snapshot: bool) -> Go {
        if self.joined.topics.len() >= MAX_TOPICS && !self.joined.topics.contains_key(&topic) {
            return self.complain(&topic.to_string(), "Too many topics on one connection").await;
        }
        let found = Self::look(&self.app, &self.who, move |cx| scopes(cx, topic)).await?;
        let Ok(Some(scopes)) = found else { return self.reset(topic).await };
        let at = self.joined.watch(topic, scopes.clone());
        if let Some(seq) = since.seq {
            let is_other = since.epoch.is_some_and(|epoch| epoch != self.app.log.epoch);
            let from = place(self.dialect(), seq);
            let missed = match is_other {
                true => Ok(None),
                false => {
                    Self::look(&self.app, &self.who, move |cx| missed(cx, topic, &scopes, from, at))
                        .await?
                }
            };
            match missed {
                Ok(Some(events)) => {
                    for batch in events.chunks(BATCH) {
                        self.tell(batch.to_vec()).await?;
                    }
                }
                // It stays watched: what happens from here on is told.
                _ => self.wire.send(None, frames::reset(topic)).await?,
            }
        }
        if wants_snapshot { self.snapshot(topic).await } else { Ok(()) }
    }

    /// Watches a topic no more, since its object is hidden or gone, and says so.
    async fn reset(&mut self, topic: Topic) -> Go {
        self.joined.leave(topic);
        self.wire.send(None, frames::reset(topic)).await
    }

    /// Says of all topics that they have to be read anew; they stay watched.
    async fn reset_all(&mut self) -> Go {
        let topics: Vec<Topic> = self.joined.topics.keys().copied().collect();
        for topic in topics {
            self.wire.send(None, frames::reset(topic)).await?;
        }
        Ok(())
    }

    /// Sends a whole project.
    async fn snapshot(&mut self, topic: Topic) -> Go {
        let Topic::Project(project) = topic else { return Ok(()) };
        // What happens while the chunks are read is in line behind them.
        let seq = number(self.dialect(), self.joined.position());
        let mut key: Option<Vec<store::Value>> = None;
        loop {
            let from = key.clone();
            let read = Self::look(&self.app, &self.who, move |cx| {
                snapshot::read(cx, project, from.as_deref())
            })
            .await?;
            let Ok(Some(chunk)) = read else { return self.reset(topic).await };
            self.wire.send(None, snapshot::frame(topic, seq, &chunk)).await?;
            match chunk.next {
                Some(next) => key = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Sends what is in line.
    async fn deliver(&mut self, waiting: Waiting) -> Go {
        if waiting.over {
            return Err(Gone);
        }
        if waiting.lost {
            self.reset_all().await?;
        }
        if !waiting.events.is_empty() || !waiting.presence.is_empty() {
            self.tell(waiting.events.into()).await?;
        }
        for task in waiting.presence {
            let topic = Topic::Task(task);
            // Whoever does not see the task any more has just lost the topic.
            if self.joined.topics.contains_key(&topic) {
                let users: Vec<String> =
                    self.app.stream.present(task).iter().map(Gid::to_string).collect();
                let frame =
                    json!({ "type": "presence", "topic": topic.to_string(), "users": users });
                self.wire.send(None, frame.to_string()).await?;
            }
        }
        Ok(())
    }

    /// Tells of events, and resets what has been hidden meanwhile; without events it only does that.
    async fn tell(&mut self, events: Vec<Arc<LogEvent>>) -> Go {
        let seq = events.last().map(|event| number(self.dialect(), event.position));
        let topics = self.joined.topics.clone();
        let rendered =
            Self::look(&self.app, &self.who, move |cx| frames::render(cx, &topics, &events))
                .await?;
        let Ok(Rendered { frames, hidden }) = rendered else {
            return self.reset_all().await;
        };
        for topic in hidden {
            self.reset(topic).await?;
        }
        for frame in frames {
            self.wire.send(seq, frame).await?;
        }
        Ok(())
    }
}

/// The scopes of the events of a topic; `None` if its object is hidden or not there.
fn scopes(cx: &mut Context<'_, '_>, topic: Topic) -> Result<Option<Vec<Gid>>> {
    let me = cx.me();
    match topic.object() {
        None => {
            let mut own = cx.gids(
                "SELECT l.gid FROM user_task_lists AS l JOIN workspace_memberships AS wm ON wm.workspace = l.workspace AND wm.\"user\" = l.owner AND wm.is_active = 1 WHERE l.owner = ?",
                params![me],
            )?;
            own.push(me);
            Ok(Some(own))
        }
        Some((kind, gid)) => {
            let seen = cx.visible_of(kind, &[gid])?;
            Ok(seen.contains(&gid).then(|| vec![gid]))
        }
    }
}

/// The events of a topic between two places; `None` if the first is not in the log (any more), or they are too many.
fn missed(
    cx: &mut Context<'_, '_>,
    topic: Topic,
    scopes: &[Gid],
    from: Position,
    to: Position,
) -> Result<Option<Vec<Arc<LogEvent>>>> {
    // Events are removed from the beginning, so nothing behind one that is there is gone.
    let (sql, number) = match cx.tx.dialect() {
        Dialect::Sqlite => ("SELECT 1 FROM events AS e WHERE e.txid = 0 AND e.gid = ?", from.gid),
        Dialect::Postgres => ("SELECT 1 FROM events AS e WHERE e.txid = ? LIMIT 1", from.txid + 1),
    };
    if cx.cell::<i64>(sql, params![number])?.is_none() {
        return Ok(None);
    }
    let most = i64::try_from(MAX_REPLAYED + 1).unwrap_or(i64::MAX);
    let sql = format!(
        "SELECT {} FROM ids(?) AS i JOIN event_scopes AS s ON s.scope = i.value JOIN events AS e ON e.txid = s.txid AND e.gid = s.event
         WHERE (s.txid, s.event) > (?, ?) AND (s.txid, s.event) <= (?, ?) ORDER BY s.txid, s.event LIMIT ?",
        log::COLUMNS
    );
    let mut events: Vec<LogEvent> =
        cx.query(&sql, params![scopes, from.txid, from.gid, to.txid, to.gid, most], log::event_of)?;
    if events.len() > MAX_REPLAYED {
        return Ok(None);
    }
    events.dedup_by_key(|event| event.position);
    events.retain(|event| topic.carries(&event.kind));
    let scoped =
        events.into_iter().map(|event| Arc::new(LogEvent { scopes: scopes.to_vec(), ..event }));
    Ok(Some(scoped.collect()))
}
