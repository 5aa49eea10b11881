//! The search across all types: names, notes and comments, the best first.

use super::typeahead::{Ask, Hit};
use super::{CANDIDATES, Part, has_word, index, tasks, with_word, words};
use crate::api::operations::{Input, Plain};
use crate::prelude::*;
use crate::resources::custom_fields::CustomField;
use crate::resources::goals::Goal;
use crate::resources::names::{self, Named, Reach};
use crate::resources::portfolios::Portfolio;
use crate::resources::projects::Project;
use crate::resources::stories::Story;
use crate::resources::tags::Tag;
use crate::resources::tasks::Task;
use crate::resources::teams::Team;
use crate::resources::users::User;
use crate::resources::workspaces::Workspace;
use model::fold;
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// How many things come without `limit`.
const LIMIT: usize = 20;

/// How far a text is from a question whose words are in it and not in a name; names that fit are closer.
const IN_TEXT: u32 = 50;

/// Characters of a text that are shown before and behind what was found.
const AROUND: usize = 80;

/// The types that are looked through, the first of them first where things fit equally well.
const TYPES: [&str; 9] =
    ["project", "task", "portfolio", "goal", "user", "team", "tag", "custom_field", "story"];

/// What is shown of a thing that was found.
const FIELDS: &[Plain] = &[
    ("resource", JsonType::Object, "The thing: its gid, type and name."),
    ("resource_type", JsonType::String, "Its type."),
    ("matched", JsonType::String, "Where the words are: name, notes or comment."),
    ("snippet", JsonType::String, "The text around the words, where they are not in the name."),
    ("parent", JsonType::Object, "The task of a comment."),
];

/// The operation.
pub fn operations(api: &mut Operations) {
    api.extension(
        "Search",
        "Looking through everything at once, and what is likely to be looked for.",
    );
    api.add(
        "GET",
        "searchWorkspace",
        "/workspaces/{workspace_gid}/search",
        "What the actor sees and the words fit, of all types, the best first: names, then notes and comments.",
        Input::None,
        Output::PlainList(FIELDS),
        search,
    )
    .required_query("query", "The words, or the beginnings of words; all of them.")
    .query("types", "Only these types, with commas between them: project, task, portfolio, goal, user, team, tag, custom_field, story (comments).")
    .query("limit", "How many, 1 to 100; 20 if it is not given.");
}

/// A thing that was found.
struct Found {
    kind: &'static str,
    gid: Gid,
    /// 0 in the name, else the place of the text.
    place: i64,
}

/// `searchWorkspace`.
fn search(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (workspace, _) = cx.target::<Workspace>(call, 0)?;
    let text = call.required("query")?;
    let limit = cx.options.limit.unwrap_or(LIMIT);
    let wanted: Vec<&str> = match call.param("types") {
        Some(types) => types.split(',').map(str::trim).collect(),
        None => TYPES.to_vec(),
    };
    if let Some(unknown) = wanted.iter().find(|kind| !TYPES.contains(kind)) {
        let shown = crate::api::call::cut(unknown);
        return Err(invalid("types", format!("Must be of {}, not: {shown}", TYPES.join(", "))));
    }
    let ask = Ask { workspace: workspace.gid, query: text, count: limit };
    let terms = words::terms(text);
    let mut found: Vec<Found> = Vec::new();
    for kind in TYPES.into_iter().filter(|kind| wanted.contains(kind)) {
        let hits: Vec<Hit> = match kind {
            "project" => ask.find::<Project>(cx)?,
            "task" => ask.find::<Task>(cx)?,
            "portfolio" => ask.find::<Portfolio>(cx)?,
            "goal" => ask.find::<Goal>(cx)?,
            "user" => ask.find::<User>(cx)?,
            "team" => ask.find::<Team>(cx)?,
            "tag" => ask.find::<Tag>(cx)?,
            "custom_field" => ask.find::<CustomField>(cx)?,
            _ => Vec::new(),
        };
        found.extend(hits.into_iter().map(|hit| Found { kind, gid: hit.gid, place: index::NAME }));
        let texts = match kind {
            "project" => in_texts::<Project>(cx, &ask, &terms, index::NOTES)?,
            "task" => in_texts::<Task>(cx, &ask, &terms, index::NOTES)?,
            "story" => in_texts::<Story>(cx, &ask, &terms, index::COMMENT)?,
            _ => Vec::new(),
        };
        found.extend(texts);
    }
    show(cx, found, text, &terms, limit)
}

/// Objects with all words in their text.
fn in_texts<T: Resource>(
    cx: &mut Context<'_, '_>,
    ask: &Ask<'_>,
    terms: &[String],
    place: i64,
) -> Result<Vec<Found>> {
    let Some(longest) = terms.iter().max_by_key(|term| term.chars().count()) else {
        return Ok(Vec::new());
    };
    let places = place.to_string();
    let app = cx.app;
    let see = &app.access.of(T::TYPE, cx.actor.sight).see;
    let mut query = Part::new("SELECT t.gid FROM (", &[]);
    query.push(&with_word(ask.workspace, &places, longest));
    query.text(" ORDER BY w.word, w.object DESC LIMIT ?) AS c CROSS JOIN ");
    query.values.push(Value::Int(CANDIDATES));
    query.text(T::TABLE);
    query.text(" AS t WHERE t.gid = c.gid AND (");
    query.push(&Part::new(see.sql(), &see.params(cx.me(), &[])));
    query.text(")");
    for term in terms {
        query.text(" AND ");
        query.push(&has_word("t", &places, term));
    }
    query.text(" ORDER BY t.created_at DESC, t.gid DESC LIMIT ?");
    query.values.push(Value::Int(i64::try_from(ask.count).unwrap_or(i64::MAX)));
    let gids = cx.gids(&query.sql, &query.values)?;
    Ok(gids.into_iter().map(|gid| Found { kind: T::TYPE, gid, place }).collect())
}

/// The best of what was found, as an answer.
fn show(
    cx: &mut Context<'_, '_>,
    found: Vec<Found>,
    text: &str,
    terms: &[String],
    limit: usize,
) -> Result<Answer> {
    let stories: Vec<Gid> =
        found.iter().filter(|one| one.kind == Story::TYPE).map(|one| one.gid).collect();
    let parents: HashMap<Gid, Gid> = cx
        .query(
            "SELECT s.gid, s.target FROM ids(?) AS i JOIN stories AS s ON s.gid = i.value",
            &[engine::reader::ids_of(&stories)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .into_iter()
        .collect();
    let mut wanted: Vec<(&'static str, Vec<i64>)> = TYPES
        .into_iter()
        .filter(|kind| *kind != Story::TYPE)
        .map(|kind| {
            let of_kind = found.iter().filter(|one| one.kind == kind);
            (kind, of_kind.map(|one| one.gid.get()).collect())
        })
        .collect();
    let tasks = parents.values().map(|gid| gid.get());
    if let Some((_, of_tasks)) = wanted.iter_mut().find(|(kind, _)| *kind == Task::TYPE) {
        of_tasks.extend(tasks);
    }
    let viewer = cx.viewer();
    let names = names::of(cx.tx, viewer, Reach::Own, &wanted)?;
    let mut ranked: Vec<(u32, Found)> = found
        .into_iter()
        .filter(|one| one.kind == Story::TYPE || names.contains_key(&one.gid))
        .map(|one| {
            let near = match (one.place, names.get(&one.gid)) {
                (index::NAME, Some(named)) => tasks::distance(&named.name, text, terms),
                (place, _) => IN_TEXT + u32::try_from(place).unwrap_or_default(),
            };
            (near, one)
        })
        .collect();
    ranked.sort_by_key(|(near, _)| *near);
    let mut best: Vec<Found> = Vec::new();
    for (_, one) in ranked {
        if best.len() < limit && best.iter().all(|other| other.gid != one.gid) {
            best.push(one);
        }
    }
    let texts: Vec<Gid> =
        best.iter().filter(|one| one.place != index::NAME).map(|one| one.gid).collect();
    let texts: HashMap<Gid, String> = cx
        .query(
            "SELECT x.object, substr(x.plain, 1, 65536) FROM ids(?) AS i JOIN texts AS x ON x.object = i.value",
            &[engine::reader::ids_of(&texts)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .into_iter()
        .collect();
    let rows: Vec<Json> = best
        .iter()
        .map(|one| {
            let parent = parents.get(&one.gid).and_then(|task| Some((task, names.get(task)?)));
            json!({
                "resource": reference(one.kind, one.gid, names.get(&one.gid)),
                "resource_type": one.kind,
                "matched": match one.place {
                    index::NAME => "name",
                    index::NOTES => "notes",
                    _ => "comment",
                },
                "snippet": texts.get(&one.gid).map(|text| snippet(text, terms)),
                "parent": parent.map(|(task, named)| reference(Task::TYPE, *task, Some(named))),
            })
        })
        .collect();
    Ok(Answer { data: Json::from(rows).to_string().into_bytes(), ..Answer::default() })
}

/// An object with its name, if it has one.
pub(crate) fn reference(kind: &str, gid: Gid, named: Option<&Named>) -> Json {
    json!({
        "gid": gid.to_string(),
        "resource_type": kind,
        "name": named.map(|named| named.name.as_str()),
    })
}

/// The part of a text around the first of the words, on one line.
fn snippet(text: &str, terms: &[String]) -> String {
    let chars: Vec<char> = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let mut at = 0;
    let mut start = None;
    while at < chars.len() && start.is_none() {
        let end = chars
            .iter()
            .skip(at)
            .position(|c| !c.is_alphanumeric())
            .map_or(chars.len(), |length| at + length);
        let word: String = chars.iter().skip(at).take(end - at).collect();
        let word = fold(&word);
        if terms.iter().any(|term| word.contains(term.as_str())) {
            start = Some(at);
        }
        at = end + 1;
    }
    let from = start.unwrap_or(0).saturating_sub(AROUND);
    let mut shown: String = chars.iter().skip(from).take(2 * AROUND).collect();
    shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if from > 0 {
        shown.insert(0, '…');
    }
    if from + 2 * AROUND < chars.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_shows_the_words() {
        let long = format!("{} Der Überlauf\nist voll. {}", "x ".repeat(200), "y ".repeat(200));
        let shown = snippet(&long, &["uberlauf".to_owned()]);
        assert!(shown.contains("Der Überlauf ist voll."), "{shown}");
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.chars().count() < 170);
        assert_eq!(snippet("short", &["nothing".to_owned()]), "short");
    }
}
