//! Serves calendar feeds: `GET /-/calendar/{secret}.ics`.
//!
//! Whoever has the address reads; what he reads is what the feed's owner sees at that moment. A calendar program that asks again
//! with `If-None-Match` costs two small queries. What a feed told of and does not any more is told as cancelled for 30 days, so
//! that programs remove it; then nothing of it but its day is told.

use crate::App;
use crate::error::{Error, Result};
use crate::http::request::Incoming;
use crate::http::respond::Reply;
use crate::resources::calendar_feeds::{Entry, Feed, Gone, PATH, by_secret};
use axum::body::Body;
use axum::http::header;
use engine::Site;
use icalendar::{Calendar, Component, Event, Property};
use model::{Date, Gid, Timestamp};
use std::sync::Arc;

/// How long something that is due at a time takes, if it has no beginning, in milliseconds: half an hour before it is due.
const DURATION: i64 = 30 * 60 * 1_000;

/// The beginning of the time that sequence numbers count from, in seconds: they have 31 bits.
const SEQUENCE_START: i64 = 1_700_000_000;

/// What a request for a feed finds.
struct Found {
    feed: Feed,
    tag: String,
    /// The name, the entries, those that are gone, and whether that must be remembered; nothing if the client has it all.
    content: Option<(String, Vec<Entry>, Vec<Gone>, bool)>,
}

/// Answers a calendar program.
///
/// Errors: 404 for an address that is good for nothing.
pub(super) async fn serve(app: &Arc<App>, incoming: &Incoming, path: &str) -> Result<Reply> {
    let secret = path
        .strip_prefix(PATH)
        .and_then(|rest| rest.strip_suffix(".ics"))
        .filter(|secret| secret.len() == 64)
        .ok_or(Error::NoRoute)?
        .to_owned();
    let known = incoming.if_none_match.clone();
    let now = incoming.now;
    let found = app
        .store
        .read(move |tx| {
            let feed = by_secret(tx, &secret)?.ok_or(Error::NoRoute)?;
            let version = feed.version(tx)?;
            let tag = format!("\"{:016x}\"", twox_hash::XxHash3_64::oneshot(version.as_bytes()));
            let is_known = known.as_deref().is_some_and(|known| {
                known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
            });
            if is_known {
                return Ok(Found { feed, tag, content: None });
            }
            let entries = feed.entries(tx)?;
            let told = feed.told(tx)?;
            let gone = Feed::gone(&told, &entries, now);
            let is_new = entries.iter().any(|entry| {
                told.get(&entry.gid).is_none_or(|(day, removed)| {
                    removed.is_some() || *day != entry.due_on.to_string()
                })
            }) || told.iter().any(|(gid, (_, removed))| {
                removed.is_none() && entries.iter().all(|entry| entry.gid != *gid)
            });
            let name = feed.name(tx)?;
            Ok::<_, Error>(Found { feed, tag, content: Some((name, entries, gone, is_new)) })
        })
        .await?;
    let headers = |tag: String| {
        vec![
            (header::ETAG, tag),
            (header::CACHE_CONTROL, "private, no-cache".to_owned()),
            (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
        ]
    };
    let Some((name, entries, gone, is_new)) = found.content else {
        let stream = Some((Body::empty(), headers(found.tag)));
        return Ok(Reply { status: 304, stream, ..Reply::default() });
    };
    let feed = found.feed;
    if is_new {
        let (feed, told) = (feed.clone(), told_of(&entries));
        app.store.write(move |tx| feed.remember(tx, now, &told)).await?;
    }
    let site =
        Site { url: incoming.url.clone(), now, secret: Arc::clone(&app.secret), viewer: feed.user };
    let body = calendar(&site, &feed, &name, &entries, &gone);
    Ok(Reply {
        status: 200,
        stream: Some((Body::from(body), headers(found.tag))),
        ..Reply::default()
    })
}

/// What is to be remembered of entries.
fn told_of(entries: &[Entry]) -> Vec<(Gid, String)> {
    entries.iter().map(|entry| (entry.gid, entry.due_on.to_string())).collect()
}

/// The calendar as text.
fn calendar(site: &Site, feed: &Feed, name: &str, entries: &[Entry], gone: &[Gone]) -> String {
    let mut calendar = Calendar::empty();
    for (key, value) in [
        ("VERSION", "2.0"),
        ("PRODID", "-//Vinyasa//Vinyasa//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
    ] {
        calendar.append_property(Property::new(key, value));
    }
    calendar.name(name);
    calendar.append_property(Property::new(
        "X-WR-TIMEZONE",
        feed.time_zone.as_deref().unwrap_or("UTC"),
    ));
    for entry in entries {
        let mut event = base(entry.gid, entry.modified_at);
        event.summary(&entry.name);
        event.add_property("URL", site.link(feed.workspace, &entry.kind, entry.gid));
        event.add_property("LAST-MODIFIED", instant(entry.modified_at));
        event.add_property("STATUS", "CONFIRMED");
        if let Some(due) = entry.due_at {
            let start =
                entry.start_at.unwrap_or_else(|| Timestamp::from_millis(due.millis() - DURATION));
            event.add_property("DTSTART", instant(start));
            event.add_property("DTEND", instant(due));
        } else {
            all_day(&mut event, "DTSTART", entry.start_on.unwrap_or(entry.due_on));
            all_day(&mut event, "DTEND", entry.due_on.add_days(1));
        }
        calendar.push(event.done());
    }
    for one in gone {
        let mut event = base(one.gid, one.removed_at);
        event.summary("Cancelled");
        event.add_property("STATUS", "CANCELLED");
        if let Some(day) = Date::parse(&one.day) {
            all_day(&mut event, "DTSTART", day);
            all_day(&mut event, "DTEND", day.add_days(1));
        }
        calendar.push(event.done());
    }
    calendar.to_string()
}

/// An event that stays the same for calendar programs, however often it changes.
fn base(gid: Gid, changed: Timestamp) -> Event {
    let mut event = Event::new();
    event.uid(&format!("{gid}@vinyasa"));
    event.add_property("DTSTAMP", instant(changed));
    let sequence = (changed.millis() / 1_000 - SEQUENCE_START).max(0);
    event.add_property("SEQUENCE", sequence.to_string());
    event.add_property("TRANSP", "TRANSPARENT");
    event
}

fn all_day(event: &mut Event, key: &str, day: Date) {
    let text = day.to_string().replace('-', "");
    event.append_property(Property::new(key, &*text).add_parameter("VALUE", "DATE").done());
}

/// A point in time in UTC, as calendars write it.
fn instant(at: Timestamp) -> String {
    let text: String = at.to_string().chars().take(19).filter(|c| *c != '-' && *c != ':').collect();
    text + "Z"
}
