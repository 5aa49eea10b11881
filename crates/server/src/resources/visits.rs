//! Visits and favourites: what a person opened last, and what he keeps at hand.
//!
//! Extension API. Nobody else sees them, and there are no events. They rank typeahead ([`crate::search::typeahead`]).

use crate::api::call::cut;
use crate::api::operations::{Input, Plain};
use crate::api::order::{self, List, Spot};
use crate::prelude::*;
use crate::resources::names::{self, Named, Reach};
use crate::resources::workspaces::Workspace;
use crate::search::everywhere::reference;
use crate::search::traces::VISIT;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// How many visits are listed without `limit`.
const RECENT: usize = 20;

/// Most favourites of one person. Ours, so that the list stays one answer.
const MAX_FAVORITES: i64 = 500;

/// What can be visited.
const VISITED: [&str; 7] = ["project", "task", "portfolio", "goal", "user", "team", "tag"];

/// What can be a favourite. Source: API reference, "Get a user's favorites"; goals are ours.
const FAVORITES: [&str; 7] =
    ["portfolio", "project", "project_template", "tag", "task", "user", "goal"];

const VISIT_FIELDS: &[Plain] = &[
    ("resource", JsonType::Object, "What was opened: its gid, type and name."),
    ("resource_type", JsonType::String, "Its type."),
    ("visited_at", JsonType::DateTime, "When it was opened last."),
];

const FAVORITE_FIELDS: &[Plain] = &[
    ("resource", JsonType::Object, "The favourite: its gid, type and name."),
    ("resource_type", JsonType::String, "Its type."),
];

/// The operations of the section.
pub fn operations(api: &mut Operations) {
    api.extension("Visits and favorites", "What a person opened last, and what he keeps at hand.");
    api.add(
        "GET",
        "getVisits",
        "/visits",
        "What the actor opened in a workspace and still sees, the latest first.",
        Input::None,
        Output::PlainList(VISIT_FIELDS),
        list_visits,
    )
    .required_query("workspace", "The workspace.")
    .query("resource_type", "Only things of this type.")
    .query("limit", "How many, 1 to 100; 20 if it is not given.");
    api.add(
        "POST",
        "createVisit",
        "/visits",
        "Notes that the actor opened something now.",
        Input::Fields,
        Output::Plain(VISIT_FIELDS),
        visit,
    )
    .required_field("resource", JsonType::Gid, "What was opened.")
    .field("workspace", JsonType::Gid, "Where, for a user.");
    api.add(
        "GET",
        "getFavorites",
        "/favorites",
        "The actor's favourites of all types in a workspace, in his order.",
        Input::None,
        Output::PlainList(FAVORITE_FIELDS),
        list_favorites,
    )
    .required_query("workspace", "The workspace.");
    api.add(
        "POST",
        "addFavorite",
        "/favorites",
        "Makes something a favourite of the actor, or moves it among them.",
        Input::Fields,
        Output::Plain(FAVORITE_FIELDS),
        add_favorite,
    )
    .required_field("resource", JsonType::Gid, "A project, portfolio, task, tag, user or goal.")
    .field("workspace", JsonType::Gid, "Where, for a user.")
    .field("insert_before", JsonType::Gid, "The favourite before which it goes; null for the end.")
    .field(
        "insert_after",
        JsonType::Gid,
        "The favourite after which it goes; null for the beginning.",
    );
    api.add(
        "DELETE",
        "removeFavorite",
        "/favorites/{resource_gid}",
        "Takes something off the actor's favourites.",
        Input::None,
        Output::Empty,
        |cx, call| {
            let raw = call.segment(0).to_owned();
            remove_favorite(cx, &raw)
        },
    );
    api.add(
        "DELETE",
        "removeFavoriteByResource",
        "/favorites",
        "Takes something off the actor's favourites.",
        Input::Fields,
        Output::Empty,
        |cx, call| {
            let raw = call.body.reference("resource")?.flatten();
            remove_favorite(cx, &raw.ok_or_else(|| invalid("resource", "Missing input"))?)
        },
    )
    .alias();
}

/// The object that the body names, of one of `kinds`, and the workspace it is in for the actor.
fn named(
    cx: &mut Context<'_, '_>,
    body: &Body,
    kinds: &[&'static str],
) -> Result<(Gid, Named, Gid)> {
    let raw = body
        .reference("resource")?
        .flatten()
        .ok_or_else(|| invalid("resource", "Missing input"))?;
    let unknown = || invalid("resource", format!("Unknown object: {}", cut(&raw)));
    let kind = if kinds.contains(&"user") { "user" } else { "" };
    let gid = cx.identify(kind, "resource", &raw)?.ok_or_else(unknown)?;
    let wanted: Vec<(&'static str, Vec<i64>)> =
        kinds.iter().map(|kind| (*kind, vec![gid.get()])).collect();
    let viewer = cx.viewer();
    let named = names::of(cx.tx, viewer, Reach::Own, &wanted)?.remove(&gid).ok_or_else(unknown)?;
    let workspace = match named.workspace {
        Some(workspace) => workspace,
        None => cx.workspace_of(body, Level::See)?,
    };
    Ok((gid, named, workspace))
}

/// The names of objects of several types that the actor sees.
fn names_of(
    cx: &mut Context<'_, '_>,
    rows: &[(Gid, String)],
    kinds: &[&'static str],
) -> Result<HashMap<Gid, Named>> {
    let wanted: Vec<(&'static str, Vec<i64>)> = kinds
        .iter()
        .map(|kind| {
            (*kind, rows.iter().filter(|row| row.1 == *kind).map(|row| row.0.get()).collect())
        })
        .collect();
    let viewer = cx.viewer();
    Ok(names::of(cx.tx, viewer, Reach::Own, &wanted)?)
}

fn object(json: Json) -> Answer {
    Answer { data: json.to_string().into_bytes(), ..Answer::default() }
}

/// `createVisit`.
fn visit(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (gid, named, workspace) = self::named(cx, &call.body, &VISITED)?;
    let (me, now) = (cx.me(), cx.now());
    cx.later(VISIT, params![me, gid, named.kind, workspace, now].to_vec())?;
    Ok(object(json!({
        "resource": reference(named.kind, gid, Some(&named)),
        "resource_type": named.kind,
        "visited_at": now.to_string(),
    })))
}

/// `getVisits`. What the actor does not see any more is left out, so a few more are looked at than are shown.
fn list_visits(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let limit = cx.options.limit.unwrap_or(RECENT);
    let kind = call.param("resource_type");
    let me = cx.me();
    let mut sql = String::from(
        r#"SELECT v.object, v.resource_type, v.visited_at FROM visits AS v WHERE v."user" = ? AND v.workspace = ?"#,
    );
    let mut values = params![me, workspace.gid].to_vec();
    if let Some(kind) = kind {
        sql.push_str(" AND v.resource_type = ?");
        values.push(Value::Text(kind.to_owned()));
    }
    sql.push_str(" ORDER BY v.visited_at DESC, v.object LIMIT ?");
    values.push(Value::Int(i64::try_from(limit * 2 + 20).unwrap_or(i64::MAX)));
    let rows = cx.query(&sql, &values, |row| {
        Ok((row.get::<Gid>(0)?, row.get::<String>(1)?, row.get::<Timestamp>(2)?))
    })?;
    let keys: Vec<(Gid, String)> = rows.iter().map(|row| (row.0, row.1.clone())).collect();
    let names = names_of(cx, &keys, &VISITED)?;
    let shown: Vec<Json> = rows
        .iter()
        .filter_map(|(gid, kind, at)| {
            let named = names.get(gid)?;
            Some(json!({
                "resource": reference(kind, *gid, Some(named)),
                "resource_type": kind,
                "visited_at": at.to_string(),
            }))
        })
        .take(limit)
        .collect();
    Ok(object(Json::from(shown)))
}

/// The favourites of the actor.
fn list(me: Gid) -> List {
    List { table: "favorites", id: "object", position: "position", column: "\"user\"", owner: me }
}

/// `getFavorites`.
fn list_favorites(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let me = cx.me();
    let rows = cx.query(
        r#"SELECT f.object, f.resource_type FROM favorites AS f WHERE f."user" = ? AND f.workspace = ? ORDER BY f.position, f.object LIMIT ?"#,
        params![me, workspace.gid, MAX_FAVORITES],
        |row| Ok((row.get::<Gid>(0)?, row.get::<String>(1)?)),
    )?;
    let names = names_of(cx, &rows, &FAVORITES)?;
    let shown: Vec<Json> = rows
        .iter()
        .filter_map(|(gid, kind)| {
            let named = names.get(gid)?;
            Some(json!({ "resource": reference(kind, *gid, Some(named)), "resource_type": kind }))
        })
        .collect();
    Ok(object(Json::from(shown)))
}

/// `addFavorite`: at the end, unless the body says where. What is a favourite already stays where it is, unless it does.
fn add_favorite(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (gid, named, workspace) = self::named(cx, &call.body, &FAVORITES)?;
    let me = cx.me();
    let spot = order::sent(&call.body, "insert_before", "insert_after")?;
    let there: Option<i64> = cx.cell(
        r#"SELECT 1 FROM favorites AS f WHERE f."user" = ? AND f.workspace = ? AND f.resource_type = ? AND f.object = ?"#,
        params![me, workspace, named.kind, gid],
    )?;
    if there.is_none() || spot.is_some() {
        let count: Option<i64> = cx.cell(
            r#"SELECT count(*) FROM favorites AS f WHERE f."user" = ? AND f.workspace = ?"#,
            params![me, workspace],
        )?;
        if there.is_none() && count.unwrap_or_default() >= MAX_FAVORITES {
            return Err(bad_request(format!("There can be at most {MAX_FAVORITES} favorites")));
        }
        let list = list(me);
        let spot = match spot {
            Some(spot) => spot.map(|anchor| list.find(cx, &anchor))?,
            None => Spot::Last,
        };
        if spot.anchor() != Some(&gid) {
            let position = list.place(cx, spot, Some(gid))?;
            cx.later(
                r#"INSERT INTO favorites ("user", workspace, resource_type, object, position) VALUES (?, ?, ?, ?, ?) ON CONFLICT ("user", workspace, resource_type, object) DO UPDATE SET position = excluded.position"#,
                params![me, workspace, named.kind, gid, position.as_str()].to_vec(),
            )?;
        }
    }
    Ok(object(json!({
        "resource": reference(named.kind, gid, Some(&named)),
        "resource_type": named.kind,
    })))
}

/// `removeFavorite`: also of what the actor does not see any more.
///
/// Errors: 404 for what is neither a favourite nor something that he sees.
fn remove_favorite(cx: &mut Context<'_, '_>, raw: &str) -> Result<Answer> {
    let unknown = || not_found("resource", cut(raw));
    let gid = cx.identify("user", "resource", raw)?.ok_or_else(unknown)?;
    let me = cx.me();
    let gone =
        cx.execute(r#"DELETE FROM favorites WHERE "user" = ? AND object = ?"#, params![me, gid])?;
    if gone == 0 {
        let wanted = FAVORITES.map(|kind| (kind, vec![gid.get()]));
        let viewer = cx.viewer();
        if names::of(cx.tx, viewer, Reach::Own, &wanted)?.is_empty() {
            return Err(unknown());
        }
    }
    Ok(Answer::empty())
}
