//! Places in the ordered lists of this folder: options of a field, settings of a project.

use crate::prelude::*;

/// Where something goes in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// At the beginning.
    First,
    /// At the end.
    Last,
    /// Right before this row.
    Before(Gid),
    /// Right after this row.
    After(Gid),
}

/// An ordered list: the rows of `table` whose `column` is `owner`.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The table, which has `gid` and `position`.
    pub table: &'static str,
    /// The column that names the owner.
    pub column: &'static str,
    /// Whose list it is.
    pub owner: Gid,
}

/// Reads `before` and `after` from a body: at most one of them, each a row or null for the end of the list on that side.
/// `None` if neither was sent.
///
/// Errors: 400 for both, and for a row that is not in the list.
pub fn sent(
    cx: &mut Context<'_, '_>,
    list: List,
    body: &Body,
    before: &'static str,
    after: &'static str,
) -> Result<Option<Spot>> {
    let anchors = (body.reference(before)?, body.reference(after)?);
    let (name, raw, is_before) = match anchors {
        (None | Some(None), Some(raw @ Some(_))) => (after, raw, false),
        (Some(raw @ Some(_)), None | Some(None)) => (before, raw, true),
        (Some(Some(_)), Some(Some(_))) => {
            return Err(bad_request(format!("You may only provide one of {before} or {after}!")));
        }
        // null before the end, null after the beginning
        (Some(None), _) => return Ok(Some(Spot::Last)),
        (None, Some(None)) => return Ok(Some(Spot::First)),
        (None, None) => return Ok(None),
    };
    let raw = raw.filter(|raw| !raw.is_empty()).ok_or_else(|| invalid(name, "Missing input"))?;
    let unknown = || invalid(name, format!("Unknown object: {}", crate::api::call::cut(&raw)));
    let gid = cx.identify("", name, &raw)?.ok_or_else(unknown)?;
    let List { table, column, owner } = list;
    let found: Option<i64> = cx.cell(
        &format!("SELECT 1 FROM {table} AS t WHERE t.gid = ? AND t.{column} = ?"),
        params![gid, owner],
    )?;
    found.ok_or_else(unknown)?;
    Ok(Some(if is_before { Spot::Before(gid) } else { Spot::After(gid) }))
}

/// The position of `spot`, among all rows but `moving`.
pub fn place(
    cx: &mut Context<'_, '_>,
    list: List,
    spot: Spot,
    moving: Option<Gid>,
) -> Result<Position> {
    let List { table, column, owner } = list;
    let moving = moving.unwrap_or(Gid::new(0));
    let others = format!("FROM {table} AS t WHERE t.{column} = ? AND t.gid <> ?");
    // Of rows with equal positions all count as one place: the neighbour is the next one that differs.
    let (before, after) = match spot {
        Spot::First => {
            let next: Option<Option<String>> =
                cx.cell(&format!("SELECT min(t.position) {others}"), params![owner, moving])?;
            (None, next.flatten())
        }
        Spot::Last => {
            let last: Option<Option<String>> =
                cx.cell(&format!("SELECT max(t.position) {others}"), params![owner, moving])?;
            (last.flatten(), None)
        }
        Spot::Before(anchor) | Spot::After(anchor) => {
            let at: String = cx
                .cell(
                    &format!("SELECT t.position FROM {table} AS t WHERE t.gid = ?"),
                    params![anchor],
                )?
                .ok_or_else(|| bad_request("The row to insert at is gone"))?;
            let (pick, side) =
                if spot == Spot::Before(anchor) { ("max", '<') } else { ("min", '>') };
            let next: Option<Option<String>> = cx.cell(
                &format!("SELECT {pick}(t.position) {others} AND t.position {side} ?"),
                params![owner, moving, at],
            )?;
            if side == '<' { (next.flatten(), Some(at)) } else { (Some(at), next.flatten()) }
        }
    };
    cx.position(before.as_deref(), after.as_deref())
}
