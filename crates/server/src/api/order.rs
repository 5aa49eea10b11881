//! Places in lists that people order by hand: sections, tasks in sections, subtasks, options, settings.
//!
//! A list is the rows of a table with the same owner, in the order of `(position, id)`. Two rows get the same position only if
//! two requests appended at the same time and drew the same random end; whoever next inserts between them sets them apart.

use crate::api::call::cut;
use crate::api::context::Context;
use crate::error::{Result, bad_request, invalid};
use engine::Body;
use model::{Gid, Position};
use store::params;

/// Where something goes in a list. `A` names a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot<A = Gid> {
    /// At the beginning.
    First,
    /// At the end.
    Last,
    /// Right before this row.
    Before(A),
    /// Right after this row.
    After(A),
}

/// A row as a client names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The field of the body.
    pub field: &'static str,
    /// The identifier.
    pub raw: String,
}

/// Reads `before` and `after` from a body: at most one of them names a row. Null before which something goes is the end, null
/// after which it goes the beginning. `None` if neither was sent.
///
/// Errors: 400 if both name a row.
pub fn sent(
    body: &Body,
    before: &'static str,
    after: &'static str,
) -> Result<Option<Spot<Anchor>>> {
    Ok(match (body.reference(before)?, body.reference(after)?) {
        (Some(Some(_)), Some(Some(_))) => {
            return Err(bad_request(format!("You may only provide one of {before} or {after}!")));
        }
        (Some(Some(raw)), _) => Some(Spot::Before(Anchor { field: before, raw })),
        (_, Some(Some(raw))) => Some(Spot::After(Anchor { field: after, raw })),
        (Some(None), _) => Some(Spot::Last),
        (None, Some(None)) => Some(Spot::First),
        (None, None) => None,
    })
}

impl<A> Spot<A> {
    /// The same spot, where a row is named otherwise; `find` looks it up.
    pub fn map<B>(self, find: impl FnOnce(A) -> Result<B>) -> Result<Spot<B>> {
        Ok(match self {
            Spot::First => Spot::First,
            Spot::Last => Spot::Last,
            Spot::Before(anchor) => Spot::Before(find(anchor)?),
            Spot::After(anchor) => Spot::After(find(anchor)?),
        })
    }

    /// The row that is named.
    pub fn anchor(&self) -> Option<&A> {
        match self {
            Spot::Before(anchor) | Spot::After(anchor) => Some(anchor),
            Spot::First | Spot::Last => None,
        }
    }
}

/// An ordered list.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The table.
    pub table: &'static str,
    /// The column that tells the rows of a list apart.
    pub id: &'static str,
    /// The column of the positions.
    pub position: &'static str,
    /// The column that names the owner.
    pub column: &'static str,
    /// Whose list it is.
    pub owner: Gid,
}

impl List {
    /// The rows of `table` whose `column` is `owner`, with `gid` and `position`.
    pub fn of(table: &'static str, column: &'static str, owner: Gid) -> Self {
        List { table, id: "gid", position: "position", column, owner }
    }

    /// The query for the position of the first row but one, from either end. Parameters: the owner, the row left out, those of
    /// `condition`.
    fn others(&self, condition: &str, direction: &str) -> String {
        let List { table, id, position, column, .. } = self;
        format!(
            "SELECT t.{position} FROM {table} AS t WHERE t.{column} = ? AND t.{id} <> ?{condition} ORDER BY t.{position}{direction}, t.{id}{direction} LIMIT 1"
        )
    }

    /// The row of the list that a client names.
    ///
    /// Errors: 400 for one that is not in the list.
    pub fn find(&self, cx: &mut Context<'_, '_>, anchor: &Anchor) -> Result<Gid> {
        let List { table, id, column, owner, .. } = self;
        let unknown = || invalid(anchor.field, format!("Unknown object: {}", cut(&anchor.raw)));
        let gid = cx.identify("", anchor.field, &anchor.raw)?.ok_or_else(unknown)?;
        let sql = format!("SELECT t.{id} FROM {table} AS t WHERE t.{column} = ? AND t.{id} = ?");
        cx.cell(&sql, params![owner, gid])?.ok_or_else(unknown)
    }

    /// The position of `spot` among all rows but `moving`.
    ///
    /// Errors: 400 if the row of `spot` is not in the list.
    pub fn place(
        &self,
        cx: &mut Context<'_, '_>,
        spot: Spot,
        moving: Option<Gid>,
    ) -> Result<Position> {
        let moving = moving.unwrap_or(Gid::new(0));
        let (anchor, is_before) = match spot {
            Spot::First => {
                let next: Option<String> =
                    cx.cell(&self.others("", ""), params![self.owner, moving])?;
                return cx.position(None, next.as_deref());
            }
            Spot::Last => {
                let last: Option<String> =
                    cx.cell(&self.others("", " DESC"), params![self.owner, moving])?;
                return cx.position(last.as_deref(), None);
            }
            Spot::Before(anchor) => (anchor, true),
            Spot::After(anchor) => (anchor, false),
        };
        let mut found = self.beside(cx, anchor, is_before, moving)?;
        if found.1.as_ref() == Some(&found.0) {
            self.set_apart(cx, &found.0)?;
            found = self.beside(cx, anchor, is_before, moving)?;
        }
        let (here, beside) = found;
        if is_before {
            cx.position(beside.as_deref(), Some(&here))
        } else {
            cx.position(Some(&here), beside.as_deref())
        }
    }

    /// The positions of a row and of its neighbour on one side.
    fn beside(
        &self,
        cx: &mut Context<'_, '_>,
        anchor: Gid,
        is_before: bool,
        moving: Gid,
    ) -> Result<(String, Option<String>)> {
        let List { table, id, position, column, owner } = self;
        let here: Option<String> = cx.cell(
            &format!("SELECT t.{position} FROM {table} AS t WHERE t.{column} = ? AND t.{id} = ?"),
            params![owner, anchor],
        )?;
        let here = here.ok_or_else(|| bad_request("The place to insert at is gone"))?;
        let (than, direction) = if is_before { ('<', " DESC") } else { ('>', "") };
        let sql = self.others(&format!(" AND (t.{position}, t.{id}) {than} (?, ?)"), direction);
        let beside: Option<String> = cx.cell(&sql, params![owner, moving, here, anchor])?;
        Ok((here, beside))
    }

    /// Gives the rows that share a position one each, in their order.
    fn set_apart(&self, cx: &mut Context<'_, '_>, shared: &str) -> Result<()> {
        let List { table, id, position, column, owner } = self;
        let rows = cx.gids(
            &format!(
                "SELECT t.{id} FROM {table} AS t WHERE t.{column} = ? AND t.{position} = ? ORDER BY t.{id}"
            ),
            params![owner, shared],
        )?;
        let next: Option<String> = cx.cell(
            &format!(
                "SELECT min(t.{position}) FROM {table} AS t WHERE t.{column} = ? AND t.{position} > ?"
            ),
            params![owner, shared],
        )?;
        let mut last = shared.to_owned();
        // The first one keeps the position.
        for row in rows.into_iter().skip(1) {
            last = cx.position(Some(&last), next.as_deref())?.into_string();
            cx.later(
                &format!("UPDATE {table} SET {position} = ? WHERE {column} = ? AND {id} = ?"),
                params![last, owner, row].to_vec(),
            )?;
        }
        Ok(())
    }
}
