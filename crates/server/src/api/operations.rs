//! The operations: what can be called, declared once.

use crate::api::call::Call;
use crate::api::context::Context;
use crate::api::query::Page;
use crate::api::wire::MAX_LIMIT;
use crate::api::write::Object;
use crate::error::{Result, bad_request};
use crate::identity::passwords::Ask;
use engine::Resource;
use engine::plan::Shape;
use model::Gid;
use serde_json::json;

/// What an operation answers.
#[derive(Debug, Default)]
pub struct Answer {
    /// The JSON of `data`.
    pub data: Vec<u8>,
    /// The object that was read or written.
    pub gid: Option<Gid>,
    /// Whether it was created: 201 with a `Location`.
    pub created: bool,
    /// Whether `next_page` belongs in the answer.
    pub paged: bool,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// What stands beside `data`, as JSON.
    pub beside: Vec<(&'static str, String)>,
    /// What becomes of the browser's session.
    pub cookie: Cookie,
}

/// What an answer does to the cookie of the web application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cookie {
    /// Nothing.
    #[default]
    Keep,
    /// It holds this secret from now on.
    Set(String),
    /// It is gone.
    Clear,
}

impl Answer {
    /// `{}`.
    pub fn empty() -> Self {
        Answer { data: b"{}".to_vec(), ..Answer::default() }
    }
}

/// What an operation runs.
pub type Run = Box<dyn Fn(&mut Context<'_, '_>, &Call) -> Result<Answer> + Send + Sync>;

/// What an operation asks about passwords before it runs: a transaction of its own, whose writes stay whatever comes of it.
pub type Prepare = Box<dyn Fn(&mut Context<'_, '_>, &Call) -> Result<Ask> + Send + Sync>;

/// What follows when an operation was answered, in a transaction of its own.
pub type Afterwards = Box<dyn Fn(&mut Context<'_, '_>, &Call) -> Result<()> + Send + Sync>;

/// How the body of the answer looks, for the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// One record in full.
    One(&'static str),
    /// Compact records.
    List(&'static str),
    /// Records in full.
    FullList(&'static str),
    /// An object of whole numbers with these names.
    Counts(&'static [&'static str]),
    /// Events, with `sync` and `has_more` beside them.
    Events,
    /// One object with these fields, which is no resource.
    Plain(&'static [Plain]),
    /// Such objects.
    PlainList(&'static [Plain]),
    /// `{}`.
    Empty,
}

/// A field of an object that is no resource: its name, type and meaning. It may be null.
pub type Plain = (&'static str, engine::JsonType, &'static str);

/// A query parameter or a field of the body that is not a field of the resource.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Whether it must be sent.
    pub required: bool,
    /// Its type on the wire.
    pub json: engine::JsonType,
}

/// What the body holds, for the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing.
    None,
    /// The fields of the resource that can be given when creating.
    Create(&'static str),
    /// The fields of the resource that can be changed.
    Update(&'static str),
    /// The declared fields only.
    Fields,
}

/// The two APIs of the server. They share pipeline, envelope, errors and reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Base {
    /// Asana's API.
    #[default]
    Asana,
    /// What Asana's API has no operation for.
    Extension,
}

impl Base {
    /// Both.
    pub const ALL: [Base; 2] = [Base::Asana, Base::Extension];

    /// What its paths begin with.
    pub const fn path(self) -> &'static str {
        match self {
            Base::Asana => "/api/1.0",
            Base::Extension => "/api/vinyasa/1",
        }
    }

    /// The API of a request's path, and the path below it without a slash at its end.
    pub fn split(path: &str) -> Option<(Base, &str)> {
        Base::ALL.into_iter().find_map(|base| {
            let below = path.strip_prefix(base.path())?;
            (below.is_empty() || below.starts_with('/'))
                .then(|| (base, below.strip_suffix('/').unwrap_or(below)))
        })
    }
}

/// One operation.
pub struct Operation {
    /// The `operationId`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// Where its path begins.
    pub base: Base,
    /// The path below the base, with `{name}` for parameters.
    pub path: &'static str,
    /// The section of the reference.
    pub section: &'static str,
    /// What it does, one sentence.
    pub summary: &'static str,
    /// The query parameters.
    pub query: Vec<Parameter>,
    /// The body.
    pub input: Input,
    /// Fields of the body beside those of the resource.
    pub fields: Vec<Parameter>,
    /// The answer.
    pub output: Output,
    /// Whether lists are paged.
    pub paged: bool,
    /// The largest `limit`.
    pub max_limit: usize,
    /// Whether it answers 201.
    pub creates: bool,
    /// A path that old clients call; left out of the reference.
    pub is_alias: bool,
    /// Whether the HTTP shell does the work: uploads.
    pub is_outside: bool,
    /// Whether it talks to the outside world between two transactions.
    pub is_shell: bool,
    /// Whether it is for everybody, known or not: there is no actor.
    pub is_open: bool,
    /// Whether its answer holds a secret, which must not be kept for an `Idempotency-Key`.
    pub is_secret: bool,
    pub(crate) prepare: Option<Prepare>,
    pub(crate) afterwards: Option<Afterwards>,
    pub(crate) run: Run,
}

impl Operation {
    /// Whether it changes something.
    pub fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// The path from the host on.
    pub fn full_path(&self) -> String {
        self.base.path().to_owned() + self.path
    }
}

/// The list of operations being declared.
#[derive(Default)]
pub struct Operations {
    list: Vec<Operation>,
    base: Base,
    section: &'static str,
    /// The sections of the reference with their descriptions.
    pub sections: Vec<(&'static str, &'static str)>,
}

/// An operation being declared.
pub struct Declaring<'o> {
    operation: &'o mut Operation,
}

impl Declaring<'_> {
    /// A query parameter.
    pub fn query(self, name: &'static str, doc: &'static str) -> Self {
        self.query_of(name, engine::JsonType::String, false, doc)
    }

    /// A query parameter that must be sent.
    pub fn required_query(self, name: &'static str, doc: &'static str) -> Self {
        self.query_of(name, engine::JsonType::String, true, doc)
    }

    /// A boolean query parameter.
    pub fn flag_query(self, name: &'static str, doc: &'static str) -> Self {
        self.query_of(name, engine::JsonType::Boolean, false, doc)
    }

    /// A query parameter of a type.
    pub fn query_of(
        self,
        name: &'static str,
        json: engine::JsonType,
        required: bool,
        doc: &'static str,
    ) -> Self {
        self.operation.query.push(Parameter { name, doc, required, json });
        self
    }

    /// A field of the body.
    pub fn field(self, name: &'static str, json: engine::JsonType, doc: &'static str) -> Self {
        self.operation.fields.push(Parameter { name, doc, required: false, json });
        self
    }

    /// A field of the body that must be sent.
    pub fn required_field(
        self,
        name: &'static str,
        json: engine::JsonType,
        doc: &'static str,
    ) -> Self {
        self.operation.fields.push(Parameter { name, doc, required: true, json });
        self
    }

    /// The answer's records are shown in full by default.
    pub fn full(self) -> Self {
        if let Output::List(name) = self.operation.output {
            self.operation.output = Output::FullList(name);
        }
        self
    }

    /// Its list comes in pages of at most so many rows.
    pub fn pages_of(self, max_limit: usize) -> Self {
        self.operation.paged = true;
        self.operation.max_limit = max_limit;
        self
    }

    /// Its list is whole: no `limit`, no `offset`.
    pub fn unpaged(self) -> Self {
        self.operation.paged = false;
        self
    }

    /// It creates something: 201 with a `Location`.
    pub fn created(self) -> Self {
        self.operation.creates = true;
        self
    }

    /// It is for everybody, known or not. It runs without an actor and is limited by the address of who calls.
    pub fn open(self) -> Self {
        self.operation.is_open = true;
        self.operation.is_secret = true;
        self
    }

    /// Its answer holds a secret, which is shown once.
    pub fn secret(self) -> Self {
        self.operation.is_secret = true;
        self
    }

    /// Once it was answered, `afterwards` follows: what must not show in the time that the answer takes. It is tried once.
    pub fn afterwards(
        self,
        afterwards: impl Fn(&mut Context<'_, '_>, &Call) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.operation.afterwards = Some(Box::new(afterwards));
        self
    }

    /// It works with passwords: `prepare` says which are to be checked and hashed, away from the database, before it runs.
    pub fn with_passwords(
        self,
        prepare: impl Fn(&mut Context<'_, '_>, &Call) -> Result<Ask> + Send + Sync + 'static,
    ) -> Self {
        self.operation.prepare = Some(Box::new(prepare));
        self
    }

    /// A path that old clients call.
    pub fn alias(self) -> Self {
        self.operation.is_alias = true;
        self
    }
}

impl Operations {
    /// No operations.
    pub fn new() -> Self {
        Operations::default()
    }

    /// Starts a section of the reference: operations of Asana's API.
    pub fn section(&mut self, name: &'static str, doc: &'static str) {
        self.base = Base::Asana;
        self.section = name;
        self.sections.push((name, doc));
    }

    /// Starts a section of the reference: operations of the extension API.
    pub fn extension(&mut self, name: &'static str, doc: &'static str) {
        self.section(name, doc);
        self.base = Base::Extension;
    }

    /// The operations, in the order of the reference.
    pub fn all(&self) -> &[Operation] {
        &self.list
    }

    /// Any operation.
    #[expect(clippy::too_many_arguments, reason = "the one place that takes a declaration apart")]
    pub fn add(
        &mut self,
        method: &'static str,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
        input: Input,
        output: Output,
        run: impl Fn(&mut Context<'_, '_>, &Call) -> Result<Answer> + Send + Sync + 'static,
    ) -> Declaring<'_> {
        let paged = method == "GET" && matches!(output, Output::List(_) | Output::FullList(_));
        self.list.push(Operation {
            id,
            method,
            base: self.base,
            path,
            section: self.section,
            summary,
            query: Vec::new(),
            input,
            fields: Vec::new(),
            output,
            paged,
            max_limit: MAX_LIMIT,
            creates: false,
            is_alias: false,
            is_outside: false,
            is_shell: false,
            is_open: false,
            is_secret: false,
            prepare: None,
            afterwards: None,
            run: Box::new(run),
        });
        Declaring { operation: self.list.last_mut().expect("it was just added") }
    }

    /// Reads one object.
    pub fn read<T: Object>(
        &mut self,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
    ) -> Declaring<'_> {
        self.add("GET", id, path, summary, Input::None, Output::One(T::TYPE), |cx, call| {
            let (row, _) = cx.target::<T>(call, 0)?;
            cx.answer(row)
        })
    }

    /// Lists objects.
    pub fn list<T: Resource>(
        &mut self,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
        run: fn(&mut Context<'_, '_>, &Call) -> Result<Page<T>>,
    ) -> Declaring<'_> {
        self.add("GET", id, path, summary, Input::None, Output::List(T::TYPE), move |cx, call| {
            let page = run(cx, call)?;
            cx.answer_page(page, Shape::Compact)
        })
    }

    /// Lists objects that are shown in full.
    pub fn list_full<T: Resource>(
        &mut self,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
        run: fn(&mut Context<'_, '_>, &Call) -> Result<Page<T>>,
    ) -> Declaring<'_> {
        self.add(
            "GET",
            id,
            path,
            summary,
            Input::None,
            Output::FullList(T::TYPE),
            move |cx, call| {
                let page = run(cx, call)?;
                cx.answer_page(page, Shape::Full)
            },
        )
    }

    /// Lists objects inside the object that the path names.
    pub fn list_in<P: Object, T: Resource>(
        &mut self,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
        run: fn(&mut Context<'_, '_>, &P, &Call) -> Result<Page<T>>,
    ) -> Declaring<'_> {
        self.add("GET", id, path, summary, Input::None, Output::List(T::TYPE), move |cx, call| {
            let (parent, _) = cx.target::<P>(call, 0)?;
            let page = run(cx, &parent, call)?;
            cx.answer_page(page, Shape::Compact)
        })
    }

    /// Creates an object.
    pub fn create<T: Object>(
        &mut self,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
    ) -> Declaring<'_> {
        let declaring = self.add(
            "POST",
            id,
            path,
            summary,
            Input::Create(T::TYPE),
            Output::One(T::TYPE),
            |cx, call| cx.create_answer::<T>(&call.body),
        );
        declaring.operation.creates = true;
        declaring
    }

    /// Creates an object in the object that the path names, which is the body's field `field`.
    pub fn create_in<P: Object, T: Object>(
        &mut self,
        id: &'static str,
        path: &'static str,
        field: &'static str,
        summary: &'static str,
    ) -> Declaring<'_> {
        let declaring = self.add(
            "POST",
            id,
            path,
            summary,
            Input::Create(T::TYPE),
            Output::One(T::TYPE),
            move |cx, call| {
                let (parent, _) = cx.target::<P>(call, 0)?;
                let mut body = call.body.clone();
                body.set(field, json!(parent.gid().to_string()));
                cx.create_answer::<T>(&body)
            },
        );
        declaring.operation.creates = true;
        declaring
    }

    /// Changes an object.
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general enough over lifetimes"
    )]
    pub fn update<T: Object>(
        &mut self,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
    ) -> Declaring<'_> {
        self.add(
            "PUT",
            id,
            path,
            summary,
            Input::Update(T::TYPE),
            Output::One(T::TYPE),
            |cx, call| cx.update_answer::<T>(call),
        )
    }

    /// Deletes an object.
    pub fn delete<T: Object>(
        &mut self,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
    ) -> Declaring<'_> {
        self.add("DELETE", id, path, summary, Input::None, Output::Empty, |cx, call| {
            cx.delete_answer::<T>(call)
        })
    }

    /// Does something to an object and answers with it, or with `output`.
    pub fn act<T: Object>(
        &mut self,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
        needed: crate::access::Level,
        output: Output,
        run: fn(&mut Context<'_, '_>, T, &Call) -> Result<Answer>,
    ) -> Declaring<'_> {
        self.add("POST", id, path, summary, Input::Fields, output, move |cx, call| {
            let (target, level) = cx.target::<T>(call, 0)?;
            cx.require_level(level, needed)?;
            run(cx, target, call)
        })
    }

    /// An operation whose work the HTTP shell does: its body is streamed.
    pub fn outside(
        &mut self,
        method: &'static str,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
        output: Output,
    ) -> Declaring<'_> {
        let declaring =
            self.add(method, id, path, summary, Input::Fields, output, |_, _| Ok(Answer::empty()));
        declaring.operation.is_outside = true;
        declaring
    }
}

impl Operations {
    /// An operation that talks to the outside world between two transactions, which the HTTP shell sees to. It cannot be a part
    /// of something larger.
    pub fn shell(
        &mut self,
        method: &'static str,
        id: &'static str,
        path: &'static str,
        summary: &'static str,
        output: Output,
    ) -> Declaring<'_> {
        let declaring = self.add(method, id, path, summary, Input::Fields, output, |_, _| {
            Err(bad_request("This operation cannot be a part of another one"))
        });
        declaring.operation.is_shell = true;
        declaring
    }

    /// The operations as a list.
    pub fn into_list(self) -> Vec<Operation> {
        self.list
    }
}
