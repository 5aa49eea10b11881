//! Lists: which rows, in which order, a page at a time by key.

use crate::access;
use crate::api::call::Call;
use crate::api::context::Context;
use crate::api::paging::Seal;
use crate::api::wire::MAX_UNPAGED;
use crate::error::{Result, bad_request};
use engine::record::select_list;
use engine::{Resource, Template};
use std::marker::PhantomData;
use store::{Column, Row, Value};

/// Rows of a list, and the cursor of the next page if there is one.
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The sealed cursor.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that is whole.
    pub fn whole(rows: Vec<T>) -> Self {
        Page { rows, next: None }
    }
}

impl<T> Page<T> {
    /// The page that the request asks for. `fetch` gives at most so many rows behind a key, each with its own key.
    ///
    /// Errors: 400 for a cursor that is not of this request; 400 if there is no `limit` and the list is too long.
    pub fn of<'a, 'c>(
        cx: &mut Context<'a, 'c>,
        call: &Call,
        fetch: impl FnOnce(
            &mut Context<'a, 'c>,
            Option<&[Value]>,
            usize,
        ) -> Result<Vec<(T, Vec<Value>)>>,
    ) -> Result<Self> {
        let limit = cx.options.limit;
        let take = limit.unwrap_or(MAX_UNPAGED);
        let key = cx.open_offset(call)?;
        let mut found = fetch(cx, key.as_deref(), take + 1)?;
        let more = found.len() > take;
        if more && limit.is_none() {
            return Err(bad_request(
                "The result is too large. You should use pagination (may require specifying a workspace)!",
            ));
        }
        found.truncate(take);
        let next = match (more, found.last()) {
            (true, Some((_, key))) => Some(cx.close_offset(call, key)?),
            _ => None,
        };
        Ok(Page { rows: found.into_iter().map(|(row, _)| row).collect(), next })
    }
}

/// How far a query's rows were checked before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Inside a container that the actor sees: each row is checked by the rule's condition.
    Checked,
    /// Over a whole workspace: for guests driven from what they reach.
    Scan,
    /// The condition of the query says it all.
    Given,
}

/// A query for a list. The rows' alias is `t`.
pub struct Query<T> {
    join: String,
    join_params: Vec<Value>,
    filter: String,
    filter_params: Vec<Value>,
    order: Vec<&'static str>,
    descending: bool,
    reach: Reach,
    row: PhantomData<T>,
}

impl<T: Resource> Query<T> {
    /// All rows the actor sees inside something that was checked before.
    pub fn inside() -> Self {
        Query {
            join: String::new(),
            join_params: Vec::new(),
            filter: String::new(),
            filter_params: Vec::new(),
            order: vec!["t.gid"],
            descending: false,
            reach: Reach::Checked,
            row: PhantomData,
        }
    }

    /// All rows the actor sees, over a whole workspace.
    pub fn scan() -> Self {
        Query { reach: Reach::Scan, ..Query::inside() }
    }

    /// All rows that the filters leave: they say who may see them.
    pub fn given() -> Self {
        Query { reach: Reach::Given, ..Query::inside() }
    }

    /// Adds a join; its parameters come before those of the filters.
    #[must_use]
    pub fn join(mut self, text: &str, params: &[Value]) -> Self {
        self.join.push_str(" JOIN ");
        self.join.push_str(text);
        self.join_params.extend_from_slice(params);
        self
    }

    /// Adds a condition.
    #[must_use]
    pub fn filter(mut self, text: &str, params: &[Value]) -> Self {
        self.filter.push_str(" AND (");
        self.filter.push_str(text);
        self.filter.push(')');
        self.filter_params.extend_from_slice(params);
        self
    }

    /// Adds a condition if there is a value for it.
    #[must_use]
    pub fn filter_if(self, text: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.filter(text, &[value]),
            None => self,
        }
    }

    /// Orders by these expressions, none of them null; the last must tell rows apart.
    #[must_use]
    pub fn order(mut self, order: &[&'static str]) -> Self {
        self.order = order.to_vec();
        self
    }

    /// Turns the order round.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// Runs the query for the page that the request asks for.
    ///
    /// Errors: 400 for a cursor that is not of this query; 400 if there is no `limit` and the list is too long.
    pub fn page(self, cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<T>> {
        Page::of(cx, call, |cx, key, take| self.fetch(cx, key, take))
    }

    /// At most `take` rows behind `key`, each with its own key.
    pub fn fetch(
        &self,
        cx: &mut Context<'_, '_>,
        key: Option<&[Value]>,
        take: usize,
    ) -> Result<Vec<(T, Vec<Value>)>> {
        let app = cx.app;
        let texts = app.access.of(T::TYPE, cx.actor.sight);
        let live;
        let see = match self.reach {
            Reach::Checked => &texts.see,
            Reach::Scan => &texts.scan,
            Reach::Given => {
                live = Template::new(&access::live(T::TYPE), &|_, _| String::new());
                &live
            }
        };
        let order = self.order.join(", ");
        let direction = if self.descending { " DESC" } else { "" };
        let order_by: Vec<String> =
            self.order.iter().map(|one| format!("{one}{direction}")).collect();
        let mut params = self.join_params.clone();
        params.extend(see.params(cx.me(), &[]));
        params.extend_from_slice(&self.filter_params);
        let after = match key {
            Some(key) => {
                params.extend_from_slice(key);
                let marks = vec!["?"; self.order.len()].join(", ");
                let than = if self.descending { '<' } else { '>' };
                format!(" AND ({order}) {than} ({marks})")
            }
            None => String::new(),
        };
        params.push(Value::Int(i64::try_from(take).unwrap_or(i64::MAX)));
        let sql = format!(
            "SELECT {}, {order} FROM {} AS t{} WHERE {}{}{after} ORDER BY {} LIMIT ?",
            select_list::<T>("t"),
            T::TABLE,
            self.join,
            see.sql(),
            self.filter,
            order_by.join(", "),
        );
        let width = T::COLUMNS.len();
        let keys = self.order.len();
        let rows = cx
            .tx
            .query(&sql, &params, |row| Ok((T::from_row(row, 0)?, key_of(row, width, keys)?)))?;
        Ok(rows)
    }
}

/// The values of `count` columns from `at` on.
pub fn key_of(row: &Row<'_>, at: usize, count: usize) -> Result<Vec<Value>, store::Error> {
    (at..at + count)
        .map(|at| {
            Ok(match row.column(at)? {
                Column::Null => Value::Null,
                Column::Int(number) => Value::Int(number),
                Column::Real(number) => Value::Real(number),
                Column::Text(text) => Value::Text(text.to_owned()),
            })
        })
        .collect()
}

impl Context<'_, '_> {
    /// The key behind which the request wants to go on.
    ///
    /// Errors: 400 for a cursor that is not of this request.
    pub fn open_offset(&self, call: &Call) -> Result<Option<Vec<Value>>> {
        match &self.options.offset {
            Some(offset) => Ok(Some(seal(self, &address(call)).open(offset)?)),
            None => Ok(None),
        }
    }

    /// The cursor with which to go on behind `key`.
    pub fn close_offset(&self, call: &Call, key: &[Value]) -> Result<String> {
        seal(self, &address(call)).close(key)
    }
}

/// What a cursor of this request belongs to: the path and its filters.
fn address(call: &Call) -> String {
    let mut text = call.address.clone();
    for (name, value) in &call.query {
        text.push('&');
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// The seal for cursors of this request.
fn seal<'a>(cx: &'a Context<'_, '_>, query: &'a str) -> Seal<'a> {
    Seal { secret: &cx.app.secret, actor: cx.actor.user, query }
}
