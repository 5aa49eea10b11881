//! Preferences: how a user wants the application.
//!
//! Extension API, section "Profile". Events: `preferences` changed, told to the user alone.

use crate::api::call::cut;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::users::User;
use engine::record::insert_text;
use engine::schema::{Mode, schema_of};
use serde_json::json;
use std::collections::HashMap;
use store::Tx;

/// Preferences as stored, one row of `preferences`; its gid is that of the user.
#[derive(Debug, Clone)]
pub struct Preferences {
    pub gid: Gid,
    pub theme: String,
    pub density: String,
    pub language: Option<String>,
    pub first_weekday: Option<String>,
    pub start_page: String,
    pub chords: bool,
    pub single_keys: bool,
}

row! { Preferences in "preferences" { gid, theme, density, language, first_weekday, start_page, chords, single_keys } }

/// The zone is the user's, since it also decides what day it is for him in the API.
const ZONE: &str =
    "SELECT i.key, u.time_zone FROM :ids AS i JOIN users AS u ON u.gid = i.value WHERE u.gid = :me";

impl Record for Preferences {
    fn schema(s: &mut Schema<Self>) {
        s.doc("How a user wants the application. The gid is that of the user.");
        s.field("theme", |p| &p.theme)
            .values(&["system", "light", "dark"])
            .write(|p, v| p.theme = v)
            .compact()
            .doc("Light, dark, or as the machine has it.");
        s.field("density", |p| &p.density)
            .values(&["comfortable", "compact"])
            .write(|p, v| p.density = v)
            .compact()
            .doc("How close rows are.");
        s.field("language", |p| &p.language)
            .write(|p, v| p.language = v)
            .compact()
            .doc("A language tag such as `de` or `pt-BR`; null for that of the browser.");
        s.field("first_weekday", |p| &p.first_weekday)
            .values(&["monday", "saturday", "sunday"])
            .write(|p, v| p.first_weekday = v)
            .compact()
            .doc("The day on which weeks begin; null for that of the language.");
        s.batch("time_zone", ZONE, None::<String>, |row, _| row.get(1))
            .written_apart()
            .compact()
            .doc("An IANA name such as `Europe/Paris`, which says what day it is for the user; null for UTC.");
        s.computed("shortcuts", |p, _| json!({ "chords": p.chords, "single_keys": p.single_keys }))
            .written_apart()
            .compact()
            .doc(
                "Which keyboard shortcuts are on: `chords` that begin with Tab, and `single_keys`.",
            );
        s.field("start_page", |p| &p.start_page)
            .values(&["home", "inbox", "my_tasks"])
            .write(|p, v| p.start_page = v)
            .compact()
            .doc("Where the application opens.");
    }
}

impl Resource for Preferences {
    const TYPE: &'static str = "preferences";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for Preferences {
    /// They belong to no workspace.
    fn workspace(&self) -> Gid {
        Gid::new(0)
    }
}

/// Longest language tag. Source: RFC 5646, 4.4.1.
const MAX_LANGUAGE: usize = 35;

/// What a user has who chose nothing.
fn defaults(user: Gid) -> Preferences {
    Preferences {
        gid: user,
        theme: "system".to_owned(),
        density: "comfortable".to_owned(),
        language: None,
        first_weekday: None,
        start_page: "home".to_owned(),
        chords: true,
        single_keys: true,
    }
}

/// Makes the row of a user, if there is none.
pub fn ensure(tx: &mut Tx<'_>, user: Gid) -> Result<()> {
    let text = format!("{} ON CONFLICT DO NOTHING", insert_text::<Preferences>());
    tx.later(&text, defaults(user).values())?;
    Ok(())
}

/// The operations of the section.
pub fn operations(api: &mut Operations) {
    api.extension("Profile", "What users say of themselves, and how they want the application.");
    api.add(
        "GET",
        "getPreferences",
        "/preferences",
        "The preferences of the actor.",
        Input::None,
        Output::One(Preferences::TYPE),
        |cx, _| {
            let row = mine(cx)?;
            cx.answer(row)
        },
    );
    api.add(
        "PUT",
        "updatePreferences",
        "/preferences",
        "Changes the preferences of the actor; only what is sent changes, and unknown names are refused.",
        Input::Update(Preferences::TYPE),
        Output::One(Preferences::TYPE),
        update,
    );
    api.add(
        "PUT",
        "updateProfile",
        "/profile",
        "Changes what the actor says of himself.",
        Input::Update(User::TYPE),
        Output::One(User::TYPE),
        |cx, call| {
            if call.body.has("email") {
                return Err(invalid(
                    "email",
                    "An e-mail address cannot be changed here: whoever operates the server has to know that it is yours",
                ));
            }
            let me = cx.me().to_string();
            let (row, _) = cx.find::<User>(User::TYPE, &me)?;
            let after = cx.change(row, &call.body)?;
            cx.answer_gid::<User>(after.gid)
        },
    );
}

/// The preferences of the actor; the defaults if there is no row.
fn mine(cx: &mut Context<'_, '_>) -> Result<Preferences> {
    let me = cx.me();
    Ok(cx.rows_seen::<Preferences>(&[me])?.pop().flatten().unwrap_or_else(|| defaults(me)))
}

/// `updatePreferences`.
fn update(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let body = &call.body;
    let schema = schema_of::<Preferences>();
    let known = cx.info(Preferences::TYPE)?;
    for name in body.fields().keys() {
        if known.field(name).is_none_or(|field| !field.writable.1) {
            return Err(invalid(cut(name), "There is no such preference"));
        }
    }
    let me = cx.me();
    ensure(cx.tx, me)?;
    let before = mine(cx)?;
    let mut after = before.clone();
    schema.apply(&mut after, body, Mode::Update, &HashMap::new())?;
    if let Some(language) = &after.language {
        let is_tag = (2..=MAX_LANGUAGE).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        require(is_tag, "language", "Must be a language tag such as de or pt-BR")?;
    }
    if let Some(sent) = body.get("shortcuts") {
        shortcuts(sent, &mut after)?;
    }
    let mut changes: Vec<FieldChange> = cx
        .update(&before, &after)?
        .iter()
        .map(|(column, _)| match *column {
            "chords" | "single_keys" => FieldChange::changed("shortcuts"),
            column => FieldChange::changed(column),
        })
        .collect();
    changes.dedup();
    if let Some(zone) = body.read::<Option<String>>("time_zone")? {
        let zone = zone.filter(|zone| !zone.is_empty());
        let is_zone = zone.as_deref().is_none_or(model::time::is_zone);
        require(is_zone, "time_zone", "Must be a time zone such as Europe/Paris")?;
        let changed = cx.execute(
            "UPDATE users SET time_zone = ? WHERE gid = ? AND coalesce(time_zone, '') <> coalesce(CAST(? AS TEXT), '')",
            params![zone, me, zone],
        )?;
        if changed > 0 {
            changes.push(FieldChange::changed("time_zone"));
        }
    }
    if !changes.is_empty() {
        let event = Event::changed(Preferences::TYPE, &after, changes);
        cx.emit(Event { scopes: vec![me], ..event });
    }
    cx.answer(after)
}

/// Reads `{"chords": …, "single_keys": …}`, either of which may be left out.
fn shortcuts(sent: &serde_json::Value, row: &mut Preferences) -> Result<()> {
    let fields = sent.as_object().ok_or_else(|| invalid("shortcuts", "Must be an object"))?;
    for (name, value) in fields {
        let place = match name.as_str() {
            "chords" => &mut row.chords,
            "single_keys" => &mut row.single_keys,
            other => {
                let message = format!("There are no such shortcuts: {}", cut(other));
                return Err(invalid("shortcuts", message));
            }
        };
        *place = engine::body::FromJson::from_json(value)
            .map_err(|message| invalid("shortcuts", message))?;
    }
    Ok(())
}
