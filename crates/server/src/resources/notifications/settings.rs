//! What somebody wants to be told, and how: in the inbox, by mail, at once or in a daily digest.

use crate::api::call::cut;
use crate::api::operations::{Input, Plain};
use crate::prelude::*;
use serde_json::{Map, Value as Json, json};

/// Everything that somebody can be told.
pub const KINDS: &[&str] = &[
    "assigned",
    "mentioned",
    "commented",
    "completed",
    "reopened",
    "due_date_changed",
    "moved",
    "due_soon",
    "approval_requested",
    "approval_decided",
    "status_update",
    "added_to_project",
    "added_to_portfolio",
    "added_to_goal",
    "added_to_team",
];

/// Kinds of which there is no mail, unless somebody wants it: they are many and can wait.
const QUIET: &[&str] = &["completed", "reopened", "due_date_changed", "moved"];

/// The hour of the digest, on the clock of who gets it.
const DIGEST_HOUR: i64 = 8;

/// How mail comes.
const DIGESTS: &[&str] = &["none", "daily", "instant"];

/// What one user wants.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `none`, `daily` or `instant`.
    pub digest: String,
    chosen: Map<String, Json>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { digest: "instant".to_owned(), chosen: Map::new() }
    }
}

impl Settings {
    /// What is stored; a text that cannot be read is that of somebody who chose nothing.
    pub fn stored(digest: Option<String>, chosen: Option<String>) -> Self {
        let chosen = chosen.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Settings { digest: digest.unwrap_or_else(|| "instant".to_owned()), chosen }
    }

    /// Whether a kind comes through a channel, `in_app` or `email`.
    pub fn wants(&self, kind: &str, channel: &str) -> bool {
        let chosen = self.chosen.get(kind).and_then(|of_kind| of_kind.get(channel));
        let default = channel == "in_app" || !QUIET.contains(&kind);
        chosen.and_then(Json::as_bool).unwrap_or(default)
    }

    fn shown(&self) -> Answer {
        let kinds: Map<String, Json> = KINDS
            .iter()
            .map(|kind| {
                let of_kind = json!({ "in_app": self.wants(kind, "in_app"), "email": self.wants(kind, "email") });
                ((*kind).to_owned(), of_kind)
            })
            .collect();
        let data = json!({ "digest": self.digest, "kinds": kinds });
        Answer { data: data.to_string().into_bytes(), ..Answer::default() }
    }
}

const FIELDS: &[Plain] = &[
    ("digest", JsonType::String, "How mail comes: `none`, `daily` at eight o'clock, or `instant`."),
    ("kinds", JsonType::Object, "For each kind whether it is told `in_app` and by `email`."),
];

/// The operations.
pub(super) fn operations(api: &mut Operations) {
    api.add(
        "GET",
        "getNotificationPreferences",
        "/notification_preferences",
        "What the actor wants to be told, and how.",
        Input::None,
        Output::Plain(FIELDS),
        |cx, _| Ok(mine(cx)?.shown()),
    );
    api.add(
        "PUT",
        "updateNotificationPreferences",
        "/notification_preferences",
        "Changes what the actor wants to be told; only what is sent changes.",
        Input::Fields,
        Output::Plain(FIELDS),
        update,
    )
    .field("digest", JsonType::String, "How mail comes: `none`, `daily` or `instant`.")
    .field(
        "kinds",
        JsonType::Object,
        "For some kinds, whether they are told `in_app` and by `email`.",
    );
}

fn mine(cx: &mut Context<'_, '_>) -> Result<Settings> {
    let me = cx.me();
    let found = cx.first(
        r#"SELECT s.digest, s.chosen FROM notification_settings AS s WHERE s."user" = ?"#,
        params![me],
        |row| Ok(Settings::stored(row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.unwrap_or_default())
}

/// `updateNotificationPreferences`.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let mut settings = mine(cx)?;
    if let Some(digest) = call.body.read::<String>("digest")? {
        require(
            DIGESTS.contains(&digest.as_str()),
            "digest",
            "Must be one of none, daily, instant",
        )?;
        settings.digest = digest;
    }
    if let Some(sent) = call.body.get("kinds") {
        let kinds = sent.as_object().ok_or_else(|| invalid("kinds", "Must be an object"))?;
        for (kind, channels) in kinds {
            let field = || format!("kinds: {}", cut(kind));
            if !KINDS.contains(&kind.as_str()) {
                return Err(invalid(field(), "There is no such kind"));
            }
            let channels =
                channels.as_object().ok_or_else(|| invalid(field(), "Must be an object"))?;
            for (channel, on) in channels {
                if !matches!(channel.as_str(), "in_app" | "email") || !on.is_boolean() {
                    return Err(invalid(field(), "in_app and email must be true or false"));
                }
                let of_kind = settings.chosen.entry(kind.clone()).or_insert_with(|| json!({}));
                if let Some(of_kind) = of_kind.as_object_mut() {
                    of_kind.insert(channel.clone(), on.clone());
                }
            }
        }
    }
    let me = cx.me();
    let next = (settings.digest == "daily").then(|| next_digest(cx.now(), cx.zone()));
    cx.later(
        r#"INSERT INTO notification_settings ("user", digest, chosen, digest_at) VALUES (?, ?, ?, ?) ON CONFLICT ("user") DO UPDATE SET digest = excluded.digest, chosen = excluded.chosen, digest_at = excluded.digest_at"#,
        params![me, settings.digest, Json::Object(settings.chosen.clone()).to_string(), next]
            .to_vec(),
    )?;
    if settings.digest != "daily" {
        cx.later(
            r#"UPDATE notifications SET mail = '' WHERE "user" = ? AND mail = 'digest'"#,
            params![me].to_vec(),
        )?;
    }
    Ok(settings.shown())
}

/// The next time that it is eight o'clock in a zone.
pub fn next_digest(now: Timestamp, zone: &str) -> Timestamp {
    let today = now.date_in(zone);
    let eight = |day: Date| {
        Timestamp::from_millis(day.start_in(zone).millis() + DIGEST_HOUR * 60 * 60 * 1_000)
    };
    let at = eight(today);
    if at > now { at } else { eight(today.add_days(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_comes_at_eight_where_its_reader_is() {
        let at = |text: &str| Timestamp::parse(text).expect("it is a time");

        let next = next_digest(at("2026-01-01T06:59:59.000Z"), "Europe/Paris");
        assert_eq!(next, at("2026-01-01T07:00:00.000Z"));
        assert_eq!(next_digest(next, "Europe/Paris"), at("2026-01-02T07:00:00.000Z"));
        assert_eq!(next_digest(next, "Asia/Tokyo"), at("2026-01-01T23:00:00.000Z"));
    }
}
