//! The declaration of a record: one line per field says everything about it.
//!
//! ```text
//! s.field("name", |t| &t.name).write(|t, v| t.name = v).compact().doc("What the tag is called.");
//! s.one::<Workspace>("workspace", |t| Some(t.workspace)).doc("The workspace the tag belongs to.");
//! s.many::<User>("followers", Join::through("tag_followers", "tag", "user").order("j.position"));
//! ```
//!
//! The schema function runs once at start-up. Inside the engine rows are erased ([`Rows`]), so that planning, loading and
//! writing are compiled once, not per type.

mod building;
mod info;
mod rows;

pub use building::{Building, Edge, Typed};
pub use info::TypeInfo;
pub use rows::{Rows, RowsOf};

use crate::body::{Body, FromJson, Problem, reference};
use crate::json::{JsonType, ToJson};
use crate::record::{Record, select_list};
use crate::registry::Resource;
use crate::template::Templates;
use model::{Gid, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use store::{Error, Row, Tx};

/// What computed fields may know beside the row.
#[derive(Clone, Debug)]
pub struct Site {
    /// The public address of this server, without a slash at the end.
    pub url: String,
    /// The time of the request.
    pub now: Timestamp,
    /// The key that signs download addresses.
    pub secret: Arc<[u8]>,
    /// Who looks.
    pub viewer: Gid,
}

impl Site {
    /// Where people open an object: `URL/1/{workspace}/{type}/{gid}`; the last digits are the object.
    pub fn link(&self, workspace: Gid, kind: &str, gid: Gid) -> String {
        format!("{}/1/{workspace}/{kind}/{gid}", self.url)
    }
}

/// How a to-many field finds its rows.
#[derive(Clone, Debug)]
pub struct Join {
    text: String,
    filter: String,
    order: String,
}

impl Join {
    /// Through a join table: `table.parent` is this object, `table.child` the other. The join table's alias is `j`.
    pub fn through(table: &str, parent: &str, child: &str) -> Self {
        Join {
            text: format!(
                "JOIN {table} AS j ON j.\"{parent}\" = i.value JOIN {{table}} AS t ON t.gid = j.\"{child}\""
            ),
            filter: String::new(),
            order: "j.position, t.gid".to_owned(),
        }
    }

    /// Rows of the other table that name this object in `column`.
    pub fn back(column: &str) -> Self {
        Join {
            text: format!("JOIN {{table}} AS t ON t.\"{column}\" = i.value"),
            filter: String::new(),
            order: "t.created_at, t.gid".to_owned(),
        }
    }

    /// Only rows for which `condition` holds; `j` is the join table, `t` the rows, `:me` the viewer.
    #[must_use]
    pub fn filter(mut self, condition: &str) -> Self {
        self.filter = format!(" AND {condition}");
        self
    }

    /// The order of the rows; `j` is the join table, `t` the rows.
    #[must_use]
    pub fn order(mut self, order: &str) -> Self {
        order.clone_into(&mut self.order);
        self
    }
}

type Getter<T> = Box<dyn Fn(&T, &Site, &mut Vec<u8>) + Send + Sync>;
type Setter<T> =
    Box<dyn Fn(&mut T, &serde_json::Value, Option<Gid>) -> Result<(), String> + Send + Sync>;
type Find<T> = Box<dyn Fn(&T) -> Option<(&'static str, Gid)> + Send + Sync>;
type List<T> = Box<dyn Fn(&T) -> Vec<Gid> + Send + Sync>;
type When<T> = Box<dyn Fn(&T) -> bool + Send + Sync>;
type Decode = Box<dyn Fn(&Row<'_>, &Site, &mut Vec<u8>) -> Result<(), Error> + Send + Sync>;
type Answers = Box<dyn Fn(&mut Fetching<'_, '_>) -> Result<Answered, Error> + Send + Sync>;
/// Writes the value of a row without an answer.
pub(crate) type Unanswered = Box<dyn Fn(&mut Vec<u8>) + Send + Sync>;
/// The gid of a row.
type Identity<T> = Box<dyn Fn(&T) -> Gid + Send + Sync>;
type Fetch = Box<dyn Fn(&mut Fetching<'_, '_>) -> Result<Fetched, Error> + Send + Sync>;

/// What a loader function is given: the transaction, who looks, and the objects it loads for.
pub struct Fetching<'a, 'c> {
    /// The transaction.
    pub tx: &'a mut Tx<'c>,
    /// Who looks, and how far.
    pub viewer: crate::reader::Viewer,
    /// The site.
    pub site: &'a Site,
    /// The gids of the objects, in the order of the keys to answer with.
    pub ids: &'a [i64],
    /// The rows themselves, in the same order.
    pub parents: &'a dyn Rows,
}

/// Rows that a loader function found: erased records and, for each, the key of its parent; keys ascend.
pub struct Fetched {
    pub(crate) rows: Box<dyn Rows>,
    pub(crate) keys: Vec<usize>,
}

impl Fetched {
    /// Makes it from pairs of key and record, keys ascending.
    pub fn new<R: Record>(pairs: Vec<(usize, R)>) -> Self {
        let (keys, rows) = pairs.into_iter().unzip();
        Fetched { rows: Box::new(RowsOf::<R> { rows, schema: schema_of::<R>() }), keys }
    }
}

/// Values that a function found, as JSON, each with the key of its parent.
pub(crate) type Answered = Vec<(usize, Vec<u8>)>;

/// What kind of field it is, without the parts that depend on the row's type. `single` says that a field found by a query or
/// function is one object or null, not a list.
#[expect(missing_docs, reason = "each variant says what its parts are for")]
pub enum Kind {
    /// A value from the row.
    Scalar,
    /// At most one object of one of these types, named by the row.
    One(Vec<&'static str>),
    /// Objects of this type, named by the row.
    Several(&'static str),
    /// Objects of this type found by a query.
    Many { target: &'static str, query: OnceLock<Templates>, join: Join, single: bool },
    /// Records that are part of this one, found by a query whose first column is the key.
    Inline { info: Arc<TypeInfo>, query: OnceLock<Templates>, text: &'static str, single: bool },
    /// Records that are part of this one, found by a function.
    Fetched { info: Arc<TypeInfo>, fetch: Fetch, single: bool },
    /// A value found by a query whose first column is the key, the second the value.
    Batch { query: OnceLock<Templates>, text: &'static str, decode: Decode, default: Unanswered },
    /// A value found by a function.
    Found { answers: Answers, default: Unanswered },
}

/// A field, without the parts that depend on the row's type.
pub struct FieldInfo {
    /// The name on the wire.
    pub name: &'static str,
    /// What it holds, for the reference.
    pub doc: &'static str,
    /// The type on the wire.
    pub json: JsonType,
    /// Whether it may be null.
    pub nullable: bool,
    /// The allowed values, if they are few.
    pub values: &'static [&'static str],
    /// Shown in compact records.
    pub compact: bool,
    /// Shown only when asked for by name.
    pub on_request: bool,
    /// What lies below is shown in full where nothing is selected.
    pub full: bool,
    /// Present on some rows only.
    pub conditional: bool,
    /// Left out, not null, where nothing was found.
    pub omit_empty: bool,
    /// Can be written but is never shown.
    pub write_only: bool,
    /// How it is found.
    pub kind: Kind,
    /// Whether it can be written: when creating, when updating.
    pub writable: (bool, bool),
    /// The target type of a written reference.
    pub refers: Option<&'static str>,
    /// Named in an update although it cannot be written there: an error, not ignored.
    pub refused: bool,
}

/// A field with the parts that depend on the row's type.
struct Field<T> {
    get: Option<Getter<T>>,
    find: Option<Find<T>>,
    list: Option<List<T>>,
    when: Option<When<T>>,
    set: Option<Setter<T>>,
}

/// The declaration of a record.
pub struct Schema<T: Record> {
    doc: &'static str,
    gid: Option<Identity<T>>,
    fields: Vec<Field<T>>,
    infos: Vec<FieldInfo>,
    writable: HashMap<&'static str, Writable>,
}

#[derive(Clone, Copy)]
struct Writable {
    at: usize,
    create: bool,
    update: bool,
    refers: Option<&'static str>,
    values: &'static [&'static str],
}

/// A reference found in a body that must be resolved before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The field.
    pub field: &'static str,
    /// The type of object it names.
    pub target: &'static str,
    /// The identifier as sent: a gid, `me`, an e-mail address, `external:…`.
    pub raw: String,
}

/// Whether a row is being made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A new row.
    Create,
    /// An existing one.
    Update,
}

impl<T: Record> Schema<T> {
    fn new() -> Self {
        Schema {
            doc: "",
            gid: None,
            fields: Vec::new(),
            infos: Vec::new(),
            writable: HashMap::new(),
        }
    }

    /// What the record is, for the reference.
    pub fn doc(&mut self, doc: &'static str) {
        self.doc = doc;
    }

    fn add(
        &mut self,
        name: &'static str,
        json: JsonType,
        nullable: bool,
        kind: Kind,
        get: Option<Getter<T>>,
        find: Option<Find<T>>,
    ) -> Building<'_, T> {
        self.fields.push(Field { get, find, list: None, when: None, set: None });
        self.infos.push(FieldInfo {
            name,
            doc: "",
            json,
            nullable,
            values: &[],
            compact: false,
            on_request: false,
            full: false,
            conditional: false,
            omit_empty: false,
            write_only: false,
            kind,
            writable: (false, false),
            refers: None,
            refused: false,
        });
        Building { schema: self }
    }

    /// Declares the gid, shown first, and the `resource_type`; the registry does this for resources, an inline record with a
    /// gid of its own does it itself.
    pub fn identity(
        &mut self,
        resource_type: Option<&'static str>,
        gid: impl Fn(&T) -> Gid + Send + Sync + Clone + 'static,
    ) {
        let get = gid.clone();
        self.gid = Some(Box::new(gid));
        self.add(
            "gid",
            JsonType::Gid,
            false,
            Kind::Scalar,
            Some(Box::new(move |t, _, out| get(t).write_json(out))),
            None,
        )
        .compact()
        .doc("The globally unique identifier, a text of digits.");
        if let Some(name) = resource_type {
            self.add(
                "resource_type",
                JsonType::String,
                false,
                Kind::Scalar,
                Some(Box::new(move |_, _, out| name.write_json(out))),
                None,
            )
            .compact()
            .doc("The type of this object.");
        }
    }

    /// A value of the row.
    pub fn field<V: ToJson + 'static>(
        &mut self,
        name: &'static str,
        get: impl for<'a> Fn(&'a T) -> &'a V + Send + Sync + 'static,
    ) -> Typed<'_, T, V> {
        let building = self.add(
            name,
            V::TYPE,
            V::NULLABLE,
            Kind::Scalar,
            Some(Box::new(move |t, _, out| get(t).write_json(out))),
            None,
        );
        Typed { building, marker: std::marker::PhantomData }
    }

    /// A value made from the row.
    pub fn computed<V: ToJson>(
        &mut self,
        name: &'static str,
        get: impl Fn(&T, &Site) -> V + Send + Sync + 'static,
    ) -> Building<'_, T> {
        self.add(
            name,
            V::TYPE,
            V::NULLABLE,
            Kind::Scalar,
            Some(Box::new(move |t, site, out| get(t, site).write_json(out))),
            None,
        )
    }

    /// A value that can only be written, with the function that puts it into the row.
    pub fn input<V: FromJson>(
        &mut self,
        name: &'static str,
        set: impl Fn(&mut T, V) + Send + Sync + 'static,
    ) -> Building<'_, T> {
        let at = self.fields.len();
        // It is never present: asking for it by name shows nothing.
        let never: When<T> = Box::new(|_| false);
        self.fields.push(Field {
            get: None,
            find: None,
            list: None,
            when: Some(never),
            set: Some(setter(set)),
        });
        self.infos.push(FieldInfo {
            name,
            doc: "",
            json: JsonType::String,
            nullable: true,
            values: &[],
            compact: false,
            on_request: true,
            full: false,
            conditional: true,
            omit_empty: false,
            write_only: true,
            kind: Kind::Scalar,
            writable: (true, true),
            refers: None,
            refused: false,
        });
        self.writable
            .insert(name, Writable { at, create: true, update: true, refers: None, values: &[] });
        Building { schema: self }
    }

    /// At most one object of type `R`.
    pub fn one<R: Resource>(
        &mut self,
        name: &'static str,
        get: impl Fn(&T) -> Option<Gid> + Send + Sync + 'static,
    ) -> Edge<'_, T> {
        let find: Find<T> = Box::new(move |t| get(t).map(|gid| (R::TYPE, gid)));
        let building =
            self.add(name, JsonType::Object, true, Kind::One(vec![R::TYPE]), None, Some(find));
        Edge { building, target: R::TYPE }
    }

    /// At most one object, of one of `types`. A row that does not know which gives the empty text: each is tried.
    pub fn one_of(
        &mut self,
        name: &'static str,
        types: &[&'static str],
        get: impl Fn(&T) -> Option<(&'static str, Gid)> + Send + Sync + 'static,
    ) -> Building<'_, T> {
        self.add(name, JsonType::Object, true, Kind::One(types.to_vec()), None, Some(Box::new(get)))
    }

    /// Objects of type `R` that the row names, in its order; those the viewer may not see are left out.
    pub fn several<R: Resource>(
        &mut self,
        name: &'static str,
        get: impl Fn(&T) -> Vec<Gid> + Send + Sync + 'static,
    ) -> Building<'_, T> {
        self.add(name, JsonType::Objects, false, Kind::Several(R::TYPE), None, None);
        if let Some(field) = self.fields.last_mut() {
            field.list = Some(Box::new(get));
        }
        Building { schema: self }
    }

    /// Objects of type `R`.
    pub fn many<R: Resource>(&mut self, name: &'static str, join: Join) -> Building<'_, T> {
        self.add(
            name,
            JsonType::Objects,
            false,
            Kind::Many { target: R::TYPE, query: OnceLock::new(), join, single: false },
            None,
            None,
        )
    }

    /// At most one object of type `R`, found by a query; null if there is none.
    pub fn one_by<R: Resource>(&mut self, name: &'static str, join: Join) -> Building<'_, T> {
        self.add(
            name,
            JsonType::Object,
            true,
            Kind::Many { target: R::TYPE, query: OnceLock::new(), join, single: true },
            None,
            None,
        )
    }

    /// Records that are part of this one. `query` selects the key first, then the record's columns, ordered by key.
    pub fn inline<R: Record>(
        &mut self,
        name: &'static str,
        query: &'static str,
    ) -> Building<'_, T> {
        let kind = Kind::Inline {
            info: type_info::<R>(),
            query: OnceLock::new(),
            text: query,
            single: false,
        };
        self.add(name, JsonType::Objects, false, kind, None, None)
    }

    /// At most one record that is part of this one; null if there is none.
    pub fn inline_one<R: Record>(
        &mut self,
        name: &'static str,
        query: &'static str,
    ) -> Building<'_, T> {
        let kind = Kind::Inline {
            info: type_info::<R>(),
            query: OnceLock::new(),
            text: query,
            single: true,
        };
        self.add(name, JsonType::Object, true, kind, None, None)
    }

    /// Records that are part of this one, found by a function that runs a constant number of queries.
    pub fn fetched<R: Record>(
        &mut self,
        name: &'static str,
        fetch: impl Fn(&mut Fetching<'_, '_>) -> Result<Vec<(usize, R)>, Error> + Send + Sync + 'static,
    ) -> Building<'_, T> {
        let kind = Kind::Fetched {
            info: type_info::<R>(),
            fetch: Box::new(move |fetching| fetch(fetching).map(Fetched::new)),
            single: false,
        };
        self.add(name, JsonType::Objects, false, kind, None, None)
    }

    /// At most one record that is part of this one, found by a function; null if there is none.
    pub fn fetched_one<R: Record>(
        &mut self,
        name: &'static str,
        fetch: impl Fn(&mut Fetching<'_, '_>) -> Result<Vec<(usize, R)>, Error> + Send + Sync + 'static,
    ) -> Building<'_, T> {
        let kind = Kind::Fetched {
            info: type_info::<R>(),
            fetch: Box::new(move |fetching| fetch(fetching).map(Fetched::new)),
            single: true,
        };
        self.add(name, JsonType::Object, true, kind, None, None)
    }

    /// A value found by one query for all rows: its first column is the key, `decode` turns the row into the value; rows
    /// without an answer show `default`.
    pub fn batch<V: ToJson + Clone + Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        query: &'static str,
        default: V,
        decode: impl Fn(&Row<'_>, &Site) -> Result<V, Error> + Send + Sync + 'static,
    ) -> Building<'_, T> {
        let kind = Kind::Batch {
            query: OnceLock::new(),
            text: query,
            decode: Box::new(move |row, site, out| {
                decode(row, site)?.write_json(out);
                Ok(())
            }),
            default: Box::new(move |out| default.write_json(out)),
        };
        self.add(name, V::TYPE, V::NULLABLE, kind, None, None)
    }

    /// A value found by a function that runs a constant number of queries for all rows; rows without an answer show `default`.
    pub fn found<V: ToJson + Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        default: V,
        find: impl Fn(&mut Fetching<'_, '_>) -> Result<Vec<(usize, V)>, Error> + Send + Sync + 'static,
    ) -> Building<'_, T> {
        let kind = Kind::Found {
            answers: Box::new(move |fetching| {
                let answers = find(fetching)?.into_iter().map(|(key, value)| {
                    let mut json = Vec::new();
                    value.write_json(&mut json);
                    (key, json)
                });
                Ok(answers.collect())
            }),
            default: Box::new(move |out| default.write_json(out)),
        };
        self.add(name, V::TYPE, V::NULLABLE, kind, None, None)
    }

    /// The references in `body` that a write in `mode` needs, in the order of the fields.
    ///
    /// Errors: a [`Problem`] for a reference of the wrong JSON type.
    pub fn sent(&self, body: &Body, mode: Mode) -> Result<Vec<Sent>, Problem> {
        let mut all = Vec::new();
        for (name, value) in body.fields() {
            let Some((name, writable)) = self.writable.get_key_value(name.as_str()) else {
                continue;
            };
            let Some(target) = writable.refers.filter(|_| writable.in_mode(mode)) else { continue };
            let empty = value.is_null() || value.as_str() == Some("");
            if !empty {
                let raw = reference(value).map_err(|message| Problem::new(*name, message))?;
                all.push(Sent { field: name, target, raw });
            }
        }
        Ok(all)
    }

    /// Puts the writable fields of `body` into `row`; `resolved` are the references, by field.
    ///
    /// Unknown names are ignored, and so are known names that cannot be written, except those declared as refused.
    pub fn apply(
        &self,
        row: &mut T,
        body: &Body,
        mode: Mode,
        resolved: &HashMap<&'static str, Gid>,
    ) -> Result<(), Problem> {
        for (name, value) in body.fields() {
            let Some((name, writable)) = self.writable.get_key_value(name.as_str()) else {
                continue;
            };
            if !writable.in_mode(mode) {
                let refused = self.infos.get(writable.at).is_some_and(|info| info.refused);
                if refused {
                    return Err(Problem::new(*name, "Cannot write this property"));
                }
                continue;
            }
            if let (false, Some(text)) = (writable.values.is_empty(), value.as_str())
                && !writable.values.contains(&text)
            {
                let shown: String = text.chars().take(100).collect();
                return Err(Problem::new(
                    *name,
                    format!("Must be one of {}, not: {shown}", writable.values.join(", ")),
                ));
            }
            if let Some(set) = self.fields.get(writable.at).and_then(|field| field.set.as_ref()) {
                set(row, value, resolved.get(name).copied())
                    .map_err(|message| Problem::new(*name, message))?;
            }
        }
        Ok(())
    }

    /// The type of object that the field called `name` refers to, if it is a written reference.
    pub fn target_of(&self, name: &str) -> Option<&'static str> {
        self.writable.get(name).and_then(|writable| writable.refers)
    }

    fn into_info(self, name: &'static str) -> (Arc<Schema<T>>, TypeInfo) {
        let mut schema = self;
        let mut infos = std::mem::take(&mut schema.infos);
        for (writable_name, writable) in &schema.writable {
            if let Some(info) = infos.get_mut(writable.at) {
                debug_assert_eq!(info.name, *writable_name);
                info.writable = (writable.create, writable.update);
                info.refers = writable.refers;
            }
        }
        // `apply` asks for `refused` only; a light copy keeps the flags with the setters.
        schema.infos = infos
            .iter()
            .map(|info| FieldInfo {
                name: info.name,
                doc: info.doc,
                json: info.json,
                nullable: info.nullable,
                values: info.values,
                compact: info.compact,
                on_request: info.on_request,
                full: info.full,
                conditional: info.conditional,
                omit_empty: info.omit_empty,
                write_only: info.write_only,
                kind: Kind::Scalar,
                writable: info.writable,
                refers: info.refers,
                refused: info.refused,
            })
            .collect();
        let by_name = infos.iter().enumerate().map(|(at, info)| (info.name, at)).collect();
        let is_resource = schema.gid.is_some() && !T::TABLE.is_empty();
        let schema = Arc::new(schema);
        let of = Arc::clone(&schema);
        let info = TypeInfo {
            name,
            doc: schema.doc,
            table: T::TABLE,
            select: select_list::<T>("t"),
            is_resource,
            fields: infos,
            by_name,
            empty: Box::new(move || {
                Box::new(RowsOf::<T> { rows: Vec::new(), schema: Arc::clone(&of) })
            }),
            by_ids: OnceLock::new(),
        };
        (schema, info)
    }
}

impl Writable {
    fn in_mode(self, mode: Mode) -> bool {
        match mode {
            Mode::Create => self.create,
            Mode::Update => self.update,
        }
    }
}

fn setter<T, V: FromJson>(set: impl Fn(&mut T, V) + Send + Sync + 'static) -> Setter<T> {
    Box::new(move |t, value, _| {
        set(t, V::from_json(value)?);
        Ok(())
    })
}

/// Builds schema and description of an inline record.
fn type_info<R: Record>() -> Arc<TypeInfo> {
    let name = std::any::type_name::<R>().rsplit("::").next().unwrap_or_default();
    let mut schema = Schema::<R>::new();
    R::schema(&mut schema);
    let (schema, info) = schema.into_info(name);
    remember(schema);
    Arc::new(info)
}

/// Builds schema and description of a resource.
pub(crate) fn resource_info<R: Resource>() -> TypeInfo {
    let mut schema = Schema::<R>::new();
    schema.identity(Some(R::TYPE), R::gid);
    R::schema(&mut schema);
    let (schema, info) = schema.into_info(R::TYPE);
    remember(schema);
    info
}

type Remembered =
    std::sync::RwLock<HashMap<std::any::TypeId, Box<dyn std::any::Any + Send + Sync>>>;

fn memory() -> &'static Remembered {
    static MEMORY: OnceLock<Remembered> = OnceLock::new();
    MEMORY.get_or_init(Remembered::default)
}

fn remember<T: Record>(schema: Arc<Schema<T>>) {
    if let Ok(mut memory) = memory().write() {
        memory.insert(std::any::TypeId::of::<T>(), Box::new(schema));
    }
}

/// The schema of `T`, built when the registry was.
pub fn schema_of<T: Record>() -> Arc<Schema<T>> {
    memory()
        .read()
        .ok()
        .and_then(|memory| {
            memory.get(&std::any::TypeId::of::<T>())?.downcast_ref::<Arc<Schema<T>>>().cloned()
        })
        .expect("every record is registered at start-up")
}
