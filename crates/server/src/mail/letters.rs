//! What is told of the inbox by mail: written when it is sent, as its reader sees things then.

use crate::api::Context;
use crate::auth;
use crate::error::Result;
use crate::mail::{Envelope, document, escaped, reply};
use crate::resources::names::{self, Reach};
use crate::resources::notifications::Notification;
use crate::resources::status_updates::StatusUpdate;
use crate::resources::stories::Story;
use engine::Resource;
use engine::plan::Shape;
use engine::record::select_list;
use model::Gid;
use std::collections::HashMap;
use store::params;

/// Most things that a digest tells of.
const MAX_ITEMS: i64 = 50;

/// How much of a text is told.
const MAX_EXCERPT: usize = 1_000;

/// Something that is told.
struct Item {
    sentence: String,
    excerpt: String,
    link: String,
}

/// The letter about one notification; `None` if there is nothing to tell: it was read or put away, or its reader does not see any more
/// what it is about.
///
/// Errors: those of the database.
pub fn one(cx: &mut Context<'_, '_>, user: Gid, notification: Gid) -> Result<Option<Envelope>> {
    as_reader(cx, user, |cx, to| {
        let row = cx.rows_seen::<Notification>(&[notification])?.pop().flatten();
        let Some(row) = row.filter(|row| !row.is_read && !row.is_archived) else { return Ok(None) };
        let (workspace, object, kind) = (row.workspace, row.resource, row.about());
        let Some(item) = items(cx, vec![row])?.pop() else { return Ok(None) };
        let domain = cx.app.mail.as_ref().and_then(|mailer| mailer.reply_domain.clone());
        let reply_to = domain
            .filter(|_| kind == "task")
            .map(|domain| reply::address(&cx.app.secret, &domain, user, object));
        Ok(Some(Envelope {
            to,
            subject: item.sentence.clone(),
            reply_to,
            ..letter(cx, workspace, "", &[item])
        }))
    })
}

/// The digest of everything up to a notification; `None` if nothing is left to tell.
///
/// Errors: those of the database.
pub fn digest(cx: &mut Context<'_, '_>, user: Gid, last: Gid) -> Result<Option<Envelope>> {
    as_reader(cx, user, |cx, to| {
        let app = cx.app;
        let see = &app.access.of(Notification::TYPE, cx.actor.sight).see;
        let sql = format!(
            r#"SELECT {} FROM notifications AS t WHERE {} AND t."user" = ? AND t.mail = 'digest' AND t.gid <= ? AND t.is_read = 0 AND t.is_archived = 0 ORDER BY t.gid LIMIT {MAX_ITEMS}"#,
            select_list::<Notification>("t"),
            see.sql()
        );
        let mut values = see.params(user, &[]);
        values.extend_from_slice(params![user, last]);
        let rows =
            cx.query(&sql, &values, |row| <Notification as engine::Stored>::from_row(row, 0))?;
        let Some(workspace) = rows.first().map(|row| row.workspace) else { return Ok(None) };
        let items = items(cx, rows)?;
        if items.is_empty() {
            return Ok(None);
        }
        let subject = match items.len() {
            1 => "1 update for you".to_owned(),
            count => format!("{count} updates for you"),
        };
        Ok(Some(Envelope {
            to,
            subject: subject.clone(),
            ..letter(cx, workspace, &subject, &items)
        }))
    })
}

/// Does something as the user who is told, with his address; `None` if he is gone.
fn as_reader(
    cx: &mut Context<'_, '_>,
    user: Gid,
    work: impl FnOnce(&mut Context<'_, '_>, String) -> Result<Option<Envelope>>,
) -> Result<Option<Envelope>> {
    let address: Option<String> =
        cx.cell("SELECT u.email FROM users AS u WHERE u.gid = ?", params![user])?;
    let Some(address) = address else { return Ok(None) };
    let actor = auth::actor_of(cx.tx, user)?;
    let own = std::mem::replace(&mut cx.actor, actor);
    cx.site.viewer = user;
    let done = work(cx, address);
    cx.site.viewer = own.user;
    cx.actor = own;
    done
}

/// Both parts of a letter.
fn letter(cx: &Context<'_, '_>, workspace: Gid, head: &str, items: &[Item]) -> Envelope {
    let settings = format!("{}/1/{workspace}/settings/notifications", cx.site.url);
    let (mut text, mut html) = (String::new(), String::new());
    if !head.is_empty() {
        text.push_str(&format!("{head}\n\n"));
        html.push_str(&format!("<h2>{}</h2>", escaped(head)));
    }
    for item in items {
        text.push_str(&item.sentence);
        html.push_str(&format!(
            "<p><a href=\"{}\"><b>{}</b></a></p>",
            escaped(&item.link),
            escaped(&item.sentence)
        ));
        if !item.excerpt.is_empty() {
            text.push_str(&format!("\n\n{}", item.excerpt));
            let excerpt = escaped(&item.excerpt).replace('\n', "<br>");
            html.push_str(&format!("<blockquote>{excerpt}</blockquote>"));
        }
        text.push_str(&format!("\n\n{}\n\n", item.link));
    }
    text.push_str(&format!("--\nWhat you are told of: {settings}\n"));
    html.push_str(&format!(
        "<hr><p><small><a href=\"{}\">What you are told of</a></small></p>",
        escaped(&settings)
    ));
    Envelope { text, html: document(&html), unsubscribe: Some(settings), ..Envelope::default() }
}

/// What is told of notifications that their reader sees.
fn items(cx: &mut Context<'_, '_>, rows: Vec<Notification>) -> Result<Vec<Item>> {
    let mut objects: HashMap<&'static str, Vec<i64>> = HashMap::new();
    for row in &rows {
        objects.entry(row.about()).or_default().push(row.resource.get());
    }
    let objects: Vec<_> = objects.into_iter().collect();
    let actors = vec![("user", rows.iter().filter_map(|row| row.actor).map(Gid::get).collect())];
    let viewer = cx.viewer();
    let names = names::of(cx.tx, viewer, Reach::Own, &objects)?;
    let people = names::of(cx.tx, viewer, Reach::Nested, &actors)?;
    let says = |row: &&Notification| matches!(row.kind.as_str(), "commented" | "mentioned");
    let stories = rows.iter().filter(says).filter_map(|row| row.story).collect();
    let mut texts = texts::<Story>(cx, stories)?;
    texts.extend(self::texts::<StatusUpdate>(
        cx,
        rows.iter().filter_map(|row| row.status_update).collect(),
    )?);
    let site = &cx.site;
    let told = rows.iter().filter_map(|row| {
        let named = names.get(&row.resource)?;
        let who = row.actor.and_then(|actor| people.get(&actor));
        let text = row.story.or(row.status_update).and_then(|gid| texts.get(&gid));
        Some(Item {
            sentence: sentence(row, who.map_or("Somebody", |who| who.name.as_str()), &named.name),
            excerpt: text.map(|text| text.chars().take(MAX_EXCERPT).collect()).unwrap_or_default(),
            link: named.link(site, row.resource, row.workspace),
        })
    });
    Ok(told.collect())
}

/// The texts of objects, as the reader sees them.
fn texts<T: Resource>(cx: &mut Context<'_, '_>, gids: Vec<Gid>) -> Result<HashMap<Gid, String>> {
    if gids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<T> = cx.rows_seen::<T>(&gids)?.into_iter().flatten().collect();
    let gids: Vec<Gid> = rows.iter().map(Resource::gid).collect();
    let shown = cx.show_each(rows, Shape::Full)?;
    let text = |json: Vec<u8>| {
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
        json.get("text").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    Ok(gids.into_iter().zip(shown.into_iter().map(text)).collect())
}

/// What happened, in a sentence.
fn sentence(row: &Notification, who: &str, name: &str) -> String {
    match row.kind.as_str() {
        "assigned" => format!("{who} assigned you {name}"),
        "mentioned" => format!("{who} mentioned you in {name}"),
        "commented" => format!("{who} commented on {name}"),
        "completed" => format!("{who} completed {name}"),
        "reopened" => format!("{who} reopened {name}"),
        "due_date_changed" => format!("{who} changed the due date of {name}"),
        "moved" => format!("{who} moved {name}"),
        "due_soon" => format!("{name} is due soon"),
        "approval_requested" => format!("{who} asks for your approval of {name}"),
        "approval_decided" => format!("{who} decided about {name}"),
        "status_update" => format!("{who} posted a status update on {name}"),
        _ => format!("{who} added you to {name}"),
    }
}
