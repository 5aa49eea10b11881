//! The identifier and data that a client gave to a task. Another user's client does not see them.

use super::Task;
use crate::prelude::*;

/// Longest external gid, in characters. Source: API reference, "Custom external data".
const MAX_GID: usize = 1_024;

/// Longest external data, in characters. Source: as above.
const MAX_DATA: usize = 32_768;

pub(super) const QUERY: &str = "SELECT i.key, x.external_gid, x.data FROM :ids AS i JOIN externals AS x ON x.object = i.value AND x.app = :me ORDER BY i.key";

/// What `external` shows.
#[derive(Debug, Clone)]
pub struct External {
    pub external_gid: String,
    pub data: String,
}

row! { External { external_gid, data } }

impl Record for External {
    fn schema(s: &mut Schema<Self>) {
        s.doc("The identifier and data that a client gave to an object.");
        s.field("gid", |x| &x.external_gid)
            .doc("The client's own identifier, at most 1,024 characters.");
        s.field("data", |x| &x.data).doc("The client's own data, at most 32,768 characters.");
    }
}

/// Writes, changes or (by null) removes what was sent as `external`.
///
/// Errors: 400 for a wrong shape or length; 409 if another object has the gid.
pub(super) fn write(cx: &mut Context<'_, '_>, task: &Task, body: &Body) -> Result<()> {
    let me = cx.me();
    let Some(sent) = body.get("external").filter(|sent| !sent.is_null()) else {
        cx.execute("DELETE FROM externals WHERE object = ? AND app = ?", params![task.gid, me])?;
        return Ok(());
    };
    let sent = sent
        .as_object()
        .ok_or_else(|| invalid("external", "Must be an object with gid and data"))?;
    let text = |name: &'static str, max: usize| match sent.get(name) {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(serde_json::Value::String(text))
            if text.chars().count() <= max && !text.contains('\0') =>
        {
            Ok(Some(text.clone()))
        }
        Some(serde_json::Value::String(_)) => {
            Err(invalid(format!("external: {name}"), format!("Must be at most {max} characters")))
        }
        Some(_) => Err(invalid(format!("external: {name}"), "Must be a string")),
    };
    let (gid, data) = (text("gid", MAX_GID)?, text("data", MAX_DATA)?);
    let kept: Option<(String, String)> = cx.first(
        "SELECT x.external_gid, x.data FROM externals AS x WHERE x.object = ? AND x.app = ?",
        params![task.gid, me],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let (old_gid, old_data) = kept.unwrap_or_default();
    let gid = gid.unwrap_or(old_gid);
    let data = data.unwrap_or(old_data);
    // Data without a gid of its own is kept under ours, which tells tasks apart.
    let gid = if gid.is_empty() { task.gid.to_string() } else { gid };
    cx.execute(
        "INSERT INTO externals (object, app, workspace, external_gid, key, data) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (object, app) DO UPDATE SET external_gid = excluded.external_gid, key = excluded.key, data = excluded.data",
        params![task.gid, me, task.workspace, gid, crate::auth::hash(&gid), data],
    )?;
    Ok(())
}
