//! From identifiers to objects, always through the actor's eyes.

use crate::access::Level;
use crate::api::call::{Call, cut};
use crate::api::context::Context;
use crate::api::write::Object;
use crate::auth;
use crate::error::{Result, hidden, invalid, not_found};
use engine::schema::Sent;
use engine::{Resource, Sight};
use model::Gid;
use std::collections::{HashMap, HashSet};
use store::{FromColumn, Row, Value, params};

/// The name of a path parameter as errors show it: `task` for `task_gid`.
fn shown(kind: &str) -> &str {
    kind
}

/// Most objects that a list in a request can name. Ours, since none is published: what is written for each stays bounded.
pub const MAX_REFERENCES: usize = 500;

/// An identifier as clients write it, taken apart.
enum Identifier {
    /// A gid; `None` for digits beyond any gid, which are an unknown object and not a malformed one.
    Gid(Option<Gid>),
    /// The e-mail address of a user, in lower case.
    Email(String),
    /// The hash of the gid that the actor's client gave to an object.
    External(String),
}

impl Identifier {
    fn read(kind: &str, name: &str, raw: &str, me: Gid) -> Result<Self> {
        if kind == "user" && raw == "me" {
            return Ok(Identifier::Gid(Some(me)));
        }
        if kind == "user" && raw.contains('@') {
            return Ok(Identifier::Email(raw.to_lowercase()));
        }
        if let Some(external) = raw.strip_prefix("external:") {
            return Ok(Identifier::External(auth::hash(external)));
        }
        match Gid::parse(raw) {
            Some(gid) => Ok(Identifier::Gid(Some(gid))),
            None if !raw.is_empty() && raw.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Identifier::Gid(None))
            }
            None => Err(invalid(name.to_owned(), format!("Not a recognized ID: {}", cut(raw)))),
        }
    }
}

/// Texts to be looked up together, with their places in the list they come from.
#[derive(Default)]
struct Named {
    places: Vec<usize>,
    texts: Vec<String>,
}

impl Named {
    fn add(&mut self, at: usize, text: String) -> Option<Gid> {
        self.places.push(at);
        self.texts.push(text);
        None
    }
}

impl Context<'_, '_> {
    /// The gid that an identifier stands for: a gid, `me` and e-mail addresses for users, `external:…`. `None` if it is
    /// well-formed but stands for nothing.
    ///
    /// Errors: `name: Not a recognized ID: …`.
    pub fn identify(&mut self, kind: &str, name: &str, raw: &str) -> Result<Option<Gid>> {
        match Identifier::read(kind, name, raw, self.me())? {
            Identifier::Gid(gid) => Ok(gid),
            Identifier::Email(email) => {
                self.cell("SELECT u.gid FROM users AS u WHERE u.email = ?", params![email])
            }
            Identifier::External(external) => {
                let me = self.me();
                self.cell(
                    "SELECT x.object FROM externals AS x WHERE x.app = ? AND x.key = ?",
                    params![me, external],
                )
            }
        }
    }

    /// [`Context::identify`] for a list, in as many queries as for one.
    ///
    /// Errors: `name: [n]: Not a recognized ID: …`; 400 for more than [`MAX_REFERENCES`].
    pub fn identify_all(
        &mut self,
        kind: &str,
        name: &str,
        raws: &[String],
    ) -> Result<Vec<Option<Gid>>> {
        if raws.len() > MAX_REFERENCES {
            let message = format!("Must be at most {MAX_REFERENCES} objects");
            return Err(invalid(name.to_owned(), message));
        }
        let me = self.me();
        let mut found: Vec<Option<Gid>> = Vec::with_capacity(raws.len());
        let (mut emails, mut externals) = (Named::default(), Named::default());
        for (at, raw) in raws.iter().enumerate() {
            let gid = match Identifier::read(kind, &format!("{name}: [{at}]"), raw, me)? {
                Identifier::Gid(gid) => gid,
                Identifier::Email(email) => emails.add(at, email),
                Identifier::External(external) => externals.add(at, external),
            };
            found.push(gid);
        }
        for (named, sql, params) in [
            (
                &emails,
                "SELECT i.key, u.gid FROM texts(?) AS i JOIN users AS u ON u.email = i.value",
                vec![Value::Texts(emails.texts.clone())],
            ),
            (
                &externals,
                "SELECT i.key, x.object FROM texts(?) AS i JOIN externals AS x ON x.key = i.value AND x.app = ?",
                vec![Value::Texts(externals.texts.clone()), Value::Int(me.get())],
            ),
        ] {
            if named.texts.is_empty() {
                continue;
            }
            let pairs =
                self.query(sql, &params, |row| Ok((row.get::<i64>(0)?, row.get::<Gid>(1)?)))?;
            for (key, gid) in pairs {
                let at = usize::try_from(key).ok().and_then(|key| named.places.get(key));
                if let Some(slot) = at.and_then(|at| found.get_mut(*at)) {
                    *slot = Some(gid);
                }
            }
        }
        Ok(found)
    }

    /// Which of `types` the object of a gid has, visible or not; `None` if it has none of them.
    pub fn kind_of(&mut self, gid: Gid, types: &[&'static str]) -> Result<Option<&'static str>> {
        let mut texts = Vec::with_capacity(types.len());
        for (at, kind) in types.iter().enumerate() {
            let info = self.info(kind)?;
            texts.push(format!("SELECT {at} FROM {} AS t WHERE t.gid = ?", info.table));
        }
        let values = vec![Value::Int(gid.get()); types.len()];
        let at: Option<i64> = self.cell(&texts.join(" UNION ALL "), &values)?;
        Ok(at.and_then(|at| types.get(usize::try_from(at).ok()?).copied()))
    }

    /// The rows of these gids that the actor may see when asking for them by themselves; `None` for the others, in order.
    pub fn rows_seen<T: Resource>(&mut self, gids: &[Gid]) -> Result<Vec<Option<T>>> {
        let ids: Vec<i64> = gids.iter().map(|gid| gid.get()).collect();
        let app = self.app;
        let template = &app.access.of(T::TYPE, self.actor.sight).seen;
        let mut found: Vec<Option<T>> = (0..gids.len()).map(|_| None).collect();
        let pairs =
            self.tx.query(template.sql(), &template.params(self.actor.user, &ids), |row| {
                Ok((row.get::<i64>(0)?, T::from_row(row, 1)?))
            })?;
        for (key, value) in pairs {
            if let Some(slot) = usize::try_from(key).ok().and_then(|key| found.get_mut(key)) {
                *slot = Some(value);
            }
        }
        Ok(found)
    }

    /// The row with the actor's level on it; `None` if it does not exist or is in the trash.
    fn row_with_level<T: Resource>(&mut self, gid: Gid) -> Result<Option<(T, Level)>> {
        let app = self.app;
        let template = &app.access.of(T::TYPE, self.actor.sight).target;
        let mut values = template.params(self.actor.user, &[]);
        values.push(Value::Int(gid.get()));
        self.first(template.sql(), &values, |row| {
            Ok((T::from_row(row, 1)?, Level::from_number(row.get::<i64>(0)?)))
        })
    }

    /// The object that the path parameter at `at` names, with the actor's level.
    ///
    /// Errors: 400 for a malformed identifier; 404 if there is no such object, it is deleted or in a workspace that the actor is
    /// not in; 403 if it is hidden from him.
    pub fn target<T: Object>(&mut self, call: &Call, at: usize) -> Result<(T, Level)> {
        self.find(shown(T::PARAM), call.segment(at))
    }

    /// The object that `raw` names, as [`Context::target`]; `name` is shown in errors.
    pub fn find<T: Object>(&mut self, name: &str, raw: &str) -> Result<(T, Level)> {
        let unknown = || not_found(name.to_owned(), cut(raw));
        let gid = self.identify(T::TYPE, name, raw)?.ok_or_else(unknown)?;
        let (row, level) = self.row_with_level::<T>(gid)?.ok_or_else(unknown)?;
        if level > Level::None {
            return Ok((row, level));
        }
        match self.role(row.workspace())? {
            Some(_) => Err(hidden()),
            None => Err(unknown()),
        }
    }

    /// The object that `raw` names in a query parameter or the body.
    ///
    /// Errors: 400 `name: Unknown object: …`, also for objects hidden from the actor in other workspaces; 403 for hidden ones of
    /// his own.
    pub fn refer<T: Object>(&mut self, name: &str, raw: &str) -> Result<(T, Level)> {
        match self.find::<T>(name, raw) {
            Err(crate::Error::NotFound { .. }) => {
                Err(invalid(name.to_owned(), format!("Unknown object: {}", cut(raw))))
            }
            other => other,
        }
    }

    /// The objects that `raws` name, each visible to the actor, in order and without repetition.
    ///
    /// Errors: 400 `name: [n]: Unknown object: …`; 400 for more than [`MAX_REFERENCES`].
    pub fn refer_all<T: Object>(&mut self, name: &str, raws: &[String]) -> Result<Vec<T>> {
        let unknown = |at: usize, raw: &str| {
            invalid(format!("{name}: [{at}]"), format!("Unknown object: {}", cut(raw)))
        };
        let mut gids: Vec<Gid> = Vec::new();
        let mut origin: Vec<usize> = Vec::new();
        let found = self.identify_all(T::TYPE, name, raws)?;
        for (at, (gid, raw)) in found.into_iter().zip(raws).enumerate() {
            let gid = gid.ok_or_else(|| unknown(at, raw))?;
            if !gids.contains(&gid) {
                gids.push(gid);
                origin.push(at);
            }
        }
        if gids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows_seen::<T>(&gids)?;
        rows.into_iter()
            .zip(origin)
            .map(|(row, at)| {
                row.ok_or_else(|| unknown(at, raws.get(at).map_or("", String::as_str)))
            })
            .collect()
    }

    /// The workspace that a new object is to be in: the one that the body names, where the actor has at least `needed`.
    ///
    /// Errors: 400 `workspace: Missing input`; 400 for an unknown one; 403 if the actor may not create things there.
    pub fn workspace_of(&mut self, body: &engine::Body, needed: Level) -> Result<Gid> {
        let raw = body
            .reference("workspace")?
            .flatten()
            .ok_or_else(|| invalid("workspace", "Missing input"))?;
        let (workspace, level) =
            self.refer::<crate::resources::workspaces::Workspace>("workspace", &raw)?;
        self.require_level(level, needed)?;
        Ok(workspace.gid)
    }

    /// Resolves the references of a body, each visible to the actor.
    ///
    /// Errors: 400 `field: Unknown object: …`.
    pub fn resolve(&mut self, sent: &[Sent]) -> Result<HashMap<&'static str, Gid>> {
        let mut resolved = HashMap::new();
        for one in sent {
            let unknown = || invalid(one.field, format!("Unknown object: {}", cut(&one.raw)));
            let gid = self.identify(one.target, one.field, &one.raw)?.ok_or_else(unknown)?;
            if !self.is_visible(one.target, gid)? {
                return Err(unknown());
            }
            resolved.insert(one.field, gid);
        }
        Ok(resolved)
    }

    /// Whether the actor may see an object when asking for it by itself.
    pub fn is_visible(&mut self, kind: &str, gid: Gid) -> Result<bool> {
        if kind == "user" && gid == self.me() {
            return Ok(true);
        }
        let app = self.app;
        let template = &app.access.of(kind, self.actor.sight).visible;
        let mut values = template.params(self.actor.user, &[]);
        values.push(Value::Int(gid.get()));
        let found: Option<i64> = self.first(template.sql(), &values, |row| row.get(0))?;
        Ok(found.is_some())
    }

    /// Which of these objects of one type the actor may see when asking for them by themselves.
    pub fn visible_of(&mut self, kind: &str, gids: &[Gid]) -> Result<HashSet<Gid>> {
        let app = self.app;
        let info = self.info(kind)?;
        let see = &app.access.of(kind, self.actor.sight).see;
        let sql = format!(
            "SELECT t.gid FROM ids(?) AS i JOIN {} AS t ON t.gid = i.value WHERE {}",
            info.table,
            see.sql()
        );
        let mut values = params![gids].to_vec();
        values.extend(see.params(self.me(), &[]));
        Ok(self.gids(&sql, &values)?.into_iter().collect())
    }

    /// The value of a single cell, `None` for no row and for null; for small questions about rows that were checked before.
    pub fn cell<V: FromColumn>(&mut self, sql: &str, params: &[Value]) -> Result<Option<V>> {
        Ok(self.first(sql, params, |row: &Row<'_>| row.get::<Option<V>>(0))?.flatten())
    }

    /// Does something as the server itself, which sees everything.
    pub fn as_system<V>(&mut self, work: impl FnOnce(&mut Self) -> Result<V>) -> Result<V> {
        let sight = std::mem::replace(&mut self.actor.sight, Sight::System);
        let result = work(self);
        self.actor.sight = sight;
        result
    }
}
