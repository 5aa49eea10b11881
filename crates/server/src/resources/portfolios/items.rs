//! What is in a portfolio: projects and other portfolios, in an order.
//!
//! Being in a portfolio gives nobody access to anything: who lists the items is shown those that he sees anyway.

use super::Portfolio;
use crate::access;
use crate::api::operations::Input;
use crate::api::order::{self, Anchor, List, Spot};
use crate::prelude::*;
use crate::resources::projects::Project;
use engine::plan::Shape;
use engine::template::Templates;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Most items of a portfolio. Source: dossier 6, "Portfolio items / fields".
const MAX_ITEMS: i64 = 1_500;

/// What can be in a portfolio.
const KINDS: &[&str] = &[Project::TYPE, Portfolio::TYPE];

/// An item as it is listed.
#[derive(Clone, Debug)]
struct Item {
    gid: Gid,
    is_project: bool,
}

/// The operations on items, in the order of the API reference.
pub(super) fn operations(api: &mut Operations) {
    api.add(
        "GET",
        "getItemsForPortfolio",
        "/portfolios/{portfolio_gid}/items",
        "The projects and portfolios in a portfolio that the actor sees, in their order.",
        Input::None,
        Output::List(Project::TYPE),
        items,
    );
    api.act::<Portfolio>(
        "addItemForPortfolio",
        "/portfolios/{portfolio_gid}/addItem",
        "Puts a project or portfolio into a portfolio, at the end if no place is given. What is in it already moves to the place that is given.",
        Level::Edit,
        Output::Empty,
        add,
    )
    .required_field("item", JsonType::Gid, "The project or portfolio.")
    .field("insert_before", JsonType::Gid, "The item to come right before; null for the end.")
    .field("insert_after", JsonType::Gid, "The item to come right after; null for the beginning.");
    api.act::<Portfolio>(
        "removeItemForPortfolio",
        "/portfolios/{portfolio_gid}/removeItem",
        "Takes a project or portfolio out of a portfolio.",
        Level::Edit,
        Output::Empty,
        remove,
    )
    .required_field("item", JsonType::Gid, "The project or portfolio.");
}

/// The items that the viewer sees.
fn seen() -> &'static Templates {
    static TEXT: OnceLock<Templates> = OnceLock::new();
    TEXT.get_or_init(|| {
        Templates::new(
            "SELECT pi.item, pi.item_type, pi.position FROM :ids AS i JOIN portfolio_items AS pi ON pi.portfolio = i.value WHERE ((SELECT 1 FROM projects AS p WHERE p.gid = pi.item AND :see(project, p)) IS NOT NULL OR (SELECT 1 FROM portfolios AS q WHERE q.gid = pi.item AND :see(portfolio, q)) IS NOT NULL)",
            &access::see,
        )
    })
}

/// `getItemsForPortfolio`: a list of two types, each loaded at once.
fn items(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (portfolio, _) = cx.target::<Portfolio>(call, 0)?;
    let page = Page::of(cx, call, |cx, key, take| fetch(cx, portfolio.gid, key, take))?;
    let of = |is_project: bool| -> Vec<Gid> {
        let wanted = page.rows.iter().filter(|item| item.is_project == is_project);
        wanted.map(|item| item.gid).collect()
    };
    let mut shown = records::<Project>(cx, &of(true))?;
    shown.extend(records::<Portfolio>(cx, &of(false))?);
    let rows: Vec<Vec<u8>> = page.rows.iter().filter_map(|item| shown.remove(&item.gid)).collect();
    let mut data = vec![b'['];
    data.extend(rows.join(&b','));
    data.push(b']');
    Ok(Answer { data, next: page.next, paged: cx.options.limit.is_some(), ..Answer::default() })
}

/// The records of the objects, by their gids.
fn records<T: Resource>(cx: &mut Context<'_, '_>, gids: &[Gid]) -> Result<HashMap<Gid, Vec<u8>>> {
    if gids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<T> = cx.rows_seen::<T>(gids)?.into_iter().flatten().collect();
    let gids: Vec<Gid> = rows.iter().map(Resource::gid).collect();
    Ok(gids.into_iter().zip(cx.show_each(rows, Shape::Compact)?).collect())
}

fn fetch(
    cx: &mut Context<'_, '_>,
    portfolio: Gid,
    key: Option<&[Value]>,
    take: usize,
) -> Result<Vec<(Item, Vec<Value>)>> {
    let template = seen().of(cx.actor.sight);
    let mut sql = template.sql().to_owned();
    let mut values = template.params(cx.me(), &[portfolio.get()]);
    if let Some(key) = key {
        sql.push_str(" AND (pi.position, pi.item) > (?, ?)");
        values.extend_from_slice(key);
    }
    sql.push_str(" ORDER BY pi.position, pi.item LIMIT ?");
    values.push(Value::Int(i64::try_from(take).unwrap_or(i64::MAX)));
    cx.query(&sql, &values, |row| {
        let gid: Gid = row.get(0)?;
        let is_project = row.get::<String>(1)? == Project::TYPE;
        let key = vec![Value::Text(row.get(2)?), Value::Int(gid.get())];
        Ok((Item { gid, is_project }, key))
    })
}

/// The items of a portfolio as an ordered list.
fn list(portfolio: Gid) -> List {
    List {
        table: "portfolio_items",
        id: "item",
        position: "position",
        column: "portfolio",
        owner: portfolio,
    }
}

/// `addItemForPortfolio`.
fn add(cx: &mut Context<'_, '_>, portfolio: Portfolio, call: &Call) -> Result<Answer> {
    let raw = item_sent(&call.body)?;
    let spot = order::sent(&call.body, "insert_before", "insert_after")?;
    let kind = match cx.identify("", "item", &raw)? {
        Some(gid) => cx.kind_of(gid, KINDS)?,
        None => None,
    };
    if kind == Some(Portfolio::TYPE) {
        let (item, _) = cx.refer::<Portfolio>("item", &raw)?;
        // Held so that two portfolios cannot be put into one another at the same time.
        cx.lock("workspaces", portfolio.workspace)?;
        refuse_cycle(cx, portfolio.gid, item.gid)?;
        place(cx, &portfolio, &item, spot)?;
    } else {
        let (item, _) = cx.refer::<Project>("item", &raw)?;
        place(cx, &portfolio, &item, spot)?;
    }
    Ok(Answer::empty())
}

fn item_sent(body: &Body) -> Result<String> {
    body.reference("item")?.flatten().ok_or_else(|| invalid("item", "Missing input"))
}

/// Refuses an item that is the portfolio, or holds it at whatever depth.
fn refuse_cycle(cx: &mut Context<'_, '_>, portfolio: Gid, item: Gid) -> Result<()> {
    let found: Option<i64> = cx.cell(
        "WITH RECURSIVE inside(gid) AS (SELECT CAST(? AS BIGINT) UNION SELECT pi.item FROM inside JOIN portfolio_items AS pi ON pi.portfolio = inside.gid WHERE pi.item_type = 'portfolio')
         SELECT 1 FROM inside WHERE inside.gid = ? LIMIT 1",
        params![item, portfolio],
    )?;
    match found {
        Some(_) => Err(invalid("item", "A portfolio cannot be inside itself")),
        None => Ok(()),
    }
}

/// Puts an object at its place among the items.
fn place<T: Object>(
    cx: &mut Context<'_, '_>,
    portfolio: &Portfolio,
    item: &T,
    spot: Option<Spot<Anchor>>,
) -> Result<()> {
    require(item.workspace() == portfolio.workspace, "item", "Must be in the same workspace")?;
    // Held so that two of them cannot pass the limit.
    cx.lock(Portfolio::TABLE, portfolio.gid)?;
    let list = list(portfolio.gid);
    let spot = match spot {
        Some(spot) => Some(spot.map(|anchor| list.find(cx, &anchor))?),
        None => None,
    };
    let known: Option<i64> = cx.cell(
        "SELECT 1 FROM portfolio_items AS pi WHERE pi.portfolio = ? AND pi.item = ?",
        params![portfolio.gid, item.gid()],
    )?;
    if known.is_some() {
        // Next to itself is where it is.
        let Some(spot) = spot.filter(|spot| spot.anchor() != Some(&item.gid())) else {
            return Ok(());
        };
        let position = list.place(cx, spot, Some(item.gid()))?;
        cx.later(
            "UPDATE portfolio_items SET position = ? WHERE portfolio = ? AND item = ?",
            params![position.as_str(), portfolio.gid, item.gid()].to_vec(),
        )?;
        return tell(cx, portfolio, FieldChange::changed("items"));
    }
    let count: Option<i64> = cx.cell(
        "SELECT count(*) FROM portfolio_items AS pi WHERE pi.portfolio = ?",
        params![portfolio.gid],
    )?;
    if count.unwrap_or(0) >= MAX_ITEMS {
        let message = format!("A portfolio can have at most {MAX_ITEMS} items");
        return Err(invalid("item", message));
    }
    let position = list.place(cx, spot.unwrap_or(Spot::Last), None)?;
    cx.later(
        "INSERT INTO portfolio_items (portfolio, item, item_type, workspace, position) VALUES (?, ?, ?, ?, ?)",
        params![portfolio.gid, item.gid(), T::TYPE, portfolio.workspace, position.as_str()]
            .to_vec(),
    )?;
    moved(cx, portfolio, item, "added")?;
    tell(cx, portfolio, FieldChange::added("items", T::TYPE, item.gid()))
}

/// `removeItemForPortfolio`: what is not in it is not missed.
fn remove(cx: &mut Context<'_, '_>, portfolio: Portfolio, call: &Call) -> Result<Answer> {
    let raw = item_sent(&call.body)?;
    let gid = cx.identify("", "item", &raw)?;
    match gid.map(|gid| cx.kind_of(gid, KINDS)).transpose()?.flatten() {
        Some(Portfolio::TYPE) => take_out::<Portfolio>(cx, &portfolio, &raw)?,
        _ => take_out::<Project>(cx, &portfolio, &raw)?,
    }
    Ok(Answer::empty())
}

fn take_out<T: Object>(cx: &mut Context<'_, '_>, portfolio: &Portfolio, raw: &str) -> Result<()> {
    let (item, _) = cx.refer::<T>("item", raw)?;
    let gone = cx.execute(
        "DELETE FROM portfolio_items WHERE portfolio = ? AND item = ?",
        params![portfolio.gid, item.gid()],
    )?;
    if gone == 0 {
        return Ok(());
    }
    moved(cx, portfolio, &item, "removed")?;
    tell(cx, portfolio, FieldChange::removed("items", T::TYPE, item.gid()))
}

/// Records that an object came into a portfolio or left it.
fn moved<T: Object>(
    cx: &mut Context<'_, '_>,
    portfolio: &Portfolio,
    item: &T,
    action: &'static str,
) -> Result<()> {
    let mut event = Event::moved(item, action, (Portfolio::TYPE, portfolio.gid));
    event.scopes = item.scopes(cx)?;
    event.scopes.push(portfolio.gid);
    cx.emit(event);
    Ok(())
}

/// Records that the items of a portfolio are others.
fn tell(cx: &mut Context<'_, '_>, portfolio: &Portfolio, change: FieldChange) -> Result<()> {
    let now = cx.now();
    cx.later(
        "UPDATE portfolios SET modified_at = ? WHERE gid = ?",
        params![now, portfolio.gid].to_vec(),
    )?;
    let mut event = Event::changed(Portfolio::TYPE, portfolio, vec![change]);
    event.scopes = portfolio.scopes(cx)?;
    cx.emit(event);
    Ok(())
}
