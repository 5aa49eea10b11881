//! What an operation works with.

use crate::App;
use crate::access::{self, Level};
use crate::api::call::{Call, Options};
use crate::api::operations::Answer;
use crate::api::query::Page;
use crate::audit;
use crate::auth;
use crate::error::{Error, Result, forbidden};
use crate::events::Event;
use crate::search::traces::Trace;
use engine::plan::Shape;
use engine::schema::{Rows, RowsOf};
use engine::{Plan, Reader, Resource, Selection, Sight, Site, TypeInfo, Viewer};
use model::{Gid, Position, Timestamp};
use std::sync::Arc;
use store::{Tx, Value};

/// Who acts.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user.
    pub user: Gid,
    /// What he came with; `None` for the server's own work and for whoever is not known.
    pub token: Option<auth::Origin>,
    /// How far he sees.
    pub sight: Sight,
    /// His time zone, an IANA name.
    pub time_zone: Option<String>,
}

impl Actor {
    /// Whoever has not said who he is, as operations that are open see him. He sees nothing.
    pub fn nobody() -> Self {
        Actor { user: Gid::new(0), token: None, sight: Sight::Guest, time_zone: None }
    }

    /// His session, if he came with one.
    pub fn session(&self) -> Option<Gid> {
        self.token.and_then(auth::Origin::session)
    }
}

/// What an operation works with: one transaction, one actor, one time.
pub struct Context<'a, 'c> {
    /// The transaction.
    pub tx: &'a mut Tx<'c>,
    /// What is the same for all requests.
    pub app: &'a App,
    /// Who acts.
    pub actor: Actor,
    /// Public address, time, and who looks.
    pub site: Site,
    /// Names the request in logs and events.
    pub request_id: String,
    /// What the client wants of the answer.
    pub options: Options,
    /// Whether nobody did this: what is told of it then has no actor, although `actor` says whose rights count.
    pub automated: bool,
    /// Where the request came from.
    pub origin: audit::Origin,
    pub(crate) traces: Vec<Trace>,
    pub(crate) events: Vec<Event>,
    /// Whether workers are to be woken after the commit.
    pub(crate) begins_jobs: bool,
    /// Whether nothing of this is to stay: the answer says what would have happened.
    pub(crate) is_trial: bool,
    pub(crate) random: u64,
    counter: u32,
}

impl<'a, 'c> Context<'a, 'c> {
    /// The time of the request.
    pub fn now(&self) -> Timestamp {
        self.site.now
    }

    /// The acting user.
    pub fn me(&self) -> Gid {
        self.actor.user
    }

    /// Who is told to have done this: the actor, or nobody where a rule did it.
    pub fn author(&self) -> Option<Gid> {
        Some(self.me()).filter(|_| !self.automated)
    }

    /// The day it is for the actor: in his zone, else UTC.
    pub fn zone(&self) -> &str {
        self.actor.time_zone.as_deref().unwrap_or("UTC")
    }

    /// A fresh gid.
    pub fn gid(&mut self) -> Result<Gid> {
        Ok(self.tx.gid()?)
    }

    /// Two bytes that differ between requests, so that concurrent appends get different positions without a lock.
    pub fn random(&mut self) -> [u8; 2] {
        // Xorshift: good enough to tell neighbours apart, seeded from the operating system.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let [a, b, ..] = self.random.to_le_bytes();
        [a, b]
    }

    /// A position strictly between two neighbours; `None` stands for the end of the list.
    ///
    /// Errors: an internal error if the neighbours are out of order, which the caller rules out.
    pub fn position(&mut self, before: Option<&str>, after: Option<&str>) -> Result<Position> {
        let random = self.random();
        Position::between(before, after, random).ok_or_else(|| {
            Error::Internal(anyhow::anyhow!("positions {before:?} and {after:?} are out of order"))
        })
    }

    /// A sort key for lists that only grow at their end: the time, then a counter.
    pub fn sequence(&mut self) -> String {
        self.counter += 1;
        format!("{:014}{:05}", self.now().millis(), self.counter)
    }

    /// Holds a row until the end of the transaction, so that a rule that spans rows is checked by one request at a time.
    pub fn lock(&mut self, table: &str, gid: Gid) -> Result<()> {
        Ok(self.tx.lock(table, gid)?)
    }

    /// Runs a statement and says how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64> {
        Ok(self.tx.execute(sql, params)?)
    }

    /// Runs a statement before the next query or the commit.
    pub fn later(&mut self, sql: &str, params: Vec<Value>) -> Result<()> {
        Ok(self.tx.later(sql, params)?)
    }

    /// The gids that a query gives in its first column.
    pub fn gids(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Gid>> {
        Ok(self.tx.query(sql, params, |row| row.get(0))?)
    }

    /// The first row of a query, decoded.
    pub fn first<T>(
        &mut self,
        sql: &str,
        params: &[Value],
        each: impl FnMut(&store::Row<'_>) -> Result<T, store::Error>,
    ) -> Result<Option<T>> {
        Ok(self.tx.first(sql, params, each)?)
    }

    /// The rows of a query, decoded.
    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[Value],
        each: impl FnMut(&store::Row<'_>) -> Result<T, store::Error>,
    ) -> Result<Vec<T>> {
        Ok(self.tx.query(sql, params, each)?)
    }

    /// Records that something happened; written with the change, in the same transaction.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The actor's role in a workspace: `admin`, `member`, `guest`, `service`; `None` if he is not in it.
    pub fn role(&mut self, workspace: Gid) -> Result<Option<String>> {
        if self.actor.sight == Sight::System {
            return Ok(Some("admin".to_owned()));
        }
        let me = self.me();
        self.first(
            r#"SELECT wm.role FROM workspace_memberships AS wm WHERE wm.workspace = ? AND wm."user" = ? AND wm.is_active = 1"#,
            store::params![workspace, me],
            |row| row.get(0),
        )
    }

    /// Refuses unless the actor is an admin or a service account of the workspace.
    pub fn require_workspace_admin(&mut self, workspace: Gid) -> Result<()> {
        match self.role(workspace)?.as_deref() {
            Some("admin" | "service") => Ok(()),
            _ => Err(forbidden("Only admins of the workspace may do this")),
        }
    }

    /// Refuses with a 403 unless `level` is at least `needed`.
    pub fn require_level(&self, level: Level, needed: Level) -> Result<()> {
        if level >= needed {
            Ok(())
        } else {
            Err(forbidden("You do not have the right to do this"))
        }
    }

    /// The description of a resource.
    pub fn info(&self, name: &str) -> Result<Arc<TypeInfo>> {
        self.app
            .registry
            .get(name)
            .cloned()
            .ok_or_else(|| Error::Internal(anyhow::anyhow!("{name} is not registered")))
    }

    /// What to show of `info`, by the options of the request.
    fn plan(&self, info: &Arc<TypeInfo>, shape: Shape) -> Arc<Plan> {
        self.app.plans.of(&self.app.registry, info, shape, &self.options)
    }

    /// Writes one record in full, or as selected.
    pub fn show(
        &mut self,
        info: &Arc<TypeInfo>,
        rows: Box<dyn Rows>,
        shape: Shape,
    ) -> Result<Vec<u8>> {
        let plan = self.plan(info, shape);
        let mut out = Vec::with_capacity(1_024);
        self.reader().write_one(rows, &plan, &mut out)?;
        Ok(out)
    }

    /// Writes records, each by itself, for lists of several types.
    pub fn show_each<T: Resource>(&mut self, rows: Vec<T>, shape: Shape) -> Result<Vec<Vec<u8>>> {
        let info = self.info(T::TYPE)?;
        let plan = self.plan(&info, shape);
        Ok(self.reader().write_each(Box::new(RowsOf::new(rows)), &plan)?)
    }

    /// Answers with one record, in full or as selected.
    pub fn answer<T: Resource>(&mut self, row: T) -> Result<Answer> {
        let info = self.info(T::TYPE)?;
        let gid = row.gid();
        let data = self.show(&info, Box::new(RowsOf::new(vec![row])), Shape::Full)?;
        Ok(Answer { data, gid: Some(gid), ..Answer::default() })
    }

    /// Answers with the record of this gid as it is now and as the actor sees it.
    ///
    /// A record that the change itself hid from the actor is answered as a bare reference.
    pub fn answer_gid<T: Resource>(&mut self, gid: Gid) -> Result<Answer> {
        let row: Option<T> = self.rows_seen(&[gid])?.into_iter().next().flatten();
        if let Some(row) = row {
            return self.answer(row);
        }
        let mut data = Vec::new();
        engine::json::write_reference(gid, T::TYPE, &mut data);
        Ok(Answer { data, gid: Some(gid), ..Answer::default() })
    }

    /// The records of these gids of one type, as far as the actor sees them, with `fields` or the usual ones.
    pub fn records_seen(
        &mut self,
        kind: &str,
        gids: &[Gid],
        fields: Option<Selection>,
        shape: Shape,
    ) -> Result<Vec<serde_json::Value>> {
        let Some(info) = self.app.registry.get(kind).filter(|info| !info.table.is_empty()) else {
            return Ok(Vec::new());
        };
        let info = Arc::clone(info);
        let mut rows = info.empty();
        let ids: Vec<i64> = gids.iter().map(|gid| gid.get()).collect();
        let template = &self.app.access.of(kind, self.actor.sight).seen;
        self.tx.query(template.sql(), &template.params(self.actor.user, &ids), |row| {
            rows.push(row, 1)
        })?;
        self.records(&info, rows, fields, shape)
    }

    /// The records of these rows, with `fields` or the usual ones.
    pub fn records_of<T: Resource>(
        &mut self,
        rows: Vec<T>,
        fields: Option<Selection>,
        shape: Shape,
    ) -> Result<Vec<serde_json::Value>> {
        let info = self.info(T::TYPE)?;
        self.records(&info, Box::new(RowsOf::new(rows)), fields, shape)
    }

    fn records(
        &mut self,
        info: &Arc<TypeInfo>,
        rows: Box<dyn Rows>,
        fields: Option<Selection>,
        shape: Shape,
    ) -> Result<Vec<serde_json::Value>> {
        let options = Options { fields, ..Options::default() };
        let plan = self.app.plans.of(&self.app.registry, info, shape, &options);
        let mut out = Vec::new();
        self.reader().write_list(rows, &plan, &mut out)?;
        Ok(serde_json::from_slice(&out)?)
    }

    /// What to show if the client selected nothing; for the few operations whose records are neither compact nor full.
    pub fn select(&mut self, fields: &'static str) {
        if self.options.fields.is_none() && self.options.expand.is_none() {
            self.options.fields = Selection::parse(fields).ok();
        }
    }

    /// Answers with a list.
    pub fn answer_page<T: Resource>(&mut self, page: Page<T>, shape: Shape) -> Result<Answer> {
        let info = self.info(T::TYPE)?;
        let plan = self.plan(&info, shape);
        let mut data = Vec::with_capacity(256 * (page.rows.len() + 1));
        self.reader().write_list(Box::new(RowsOf::new(page.rows)), &plan, &mut data)?;
        Ok(Answer {
            data,
            next: page.next,
            paged: self.options.limit.is_some(),
            ..Answer::default()
        })
    }

    /// Who looks, for the engine.
    pub fn viewer(&self) -> Viewer {
        Viewer { gid: self.actor.user, sight: self.actor.sight }
    }

    /// A reader for this actor.
    pub fn reader(&mut self) -> Reader<'_, 'c> {
        Reader {
            registry: &self.app.registry,
            tx: &mut *self.tx,
            site: &self.site,
            viewer: Viewer { gid: self.actor.user, sight: self.actor.sight },
            named: &access::named,
        }
    }

    /// A context for another run of the same request: used by the pipeline.
    pub fn new(
        tx: &'a mut Tx<'c>,
        app: &'a App,
        actor: Actor,
        site: Site,
        request_id: String,
        call: &Call,
    ) -> Self {
        let mut seed = [0_u8; 8];
        (app.entropy)(&mut seed);
        Context {
            tx,
            app,
            actor,
            site,
            request_id,
            options: call.options.clone(),
            automated: false,
            origin: audit::Origin::default(),
            traces: Vec::new(),
            events: Vec::new(),
            begins_jobs: false,
            is_trial: false,
            random: u64::from_le_bytes(seed) | 1,
            counter: 0,
        }
    }

    /// A context for the server's own work, which sees everything; `request_id` names it in logs and events.
    pub fn of_server(tx: &'a mut Tx<'c>, app: &'a App, request_id: String) -> Self {
        let nobody = Gid::new(0);
        let actor = Actor { user: nobody, token: None, sight: Sight::System, time_zone: None };
        let site = Site {
            url: app.settings.public_url.clone().unwrap_or_default(),
            now: (app.clock)(),
            secret: Arc::clone(&app.secret),
            viewer: nobody,
        };
        Context {
            automated: true,
            ..Context::new(tx, app, actor, site, request_id, &Call::default())
        }
    }
}
