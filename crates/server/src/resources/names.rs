//! What objects are called: the names of objects that a text or a story refers to, as far as the reader sees them.

use crate::access;
use engine::template::Templates;
use engine::{Sight, Site, Viewer};
use model::Gid;
use std::collections::HashMap;
use std::sync::OnceLock;
use store::{Error, Tx, Value};

/// An object that the reader sees.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its `resource_type`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
    /// Where it belongs; users belong to no workspace.
    pub workspace: Option<Gid>,
}

impl Named {
    /// Where people open it; `workspace` counts for users.
    pub fn link(&self, site: &Site, gid: Gid, workspace: Gid) -> String {
        let kind = if self.kind == "user" { "profile" } else { self.kind };
        site.link(self.workspace.unwrap_or(workspace), kind, gid)
    }
}

/// The types that have names: type, table, name, workspace.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("user", "users", "t.name", "CAST(NULL AS BIGINT)"),
    ("task", "tasks", "t.name", "t.workspace"),
    ("project", "projects", "t.name", "t.workspace"),
    ("project_template", "project_templates", "t.name", "t.workspace"),
    ("tag", "tags", "t.name", "t.workspace"),
    ("portfolio", "portfolios", "t.name", "t.workspace"),
    ("goal", "goals", "t.name", "t.workspace"),
    ("team", "teams", "t.name", "t.workspace"),
    ("section", "sections", "t.name", "t.workspace"),
    ("task_template", "task_templates", "t.name", "t.workspace"),
    ("attachment", "attachments", "t.name", "t.workspace"),
    ("custom_field", "custom_fields", "t.name", "t.workspace"),
    ("enum_option", "enum_options", "t.name", "t.workspace"),
];

/// The types that a text can link to.
pub const LINKED: [&str; 8] =
    ["user", "task", "project", "portfolio", "goal", "tag", "team", "attachment"];

/// How an object came to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Something visible names it.
    Nested,
    /// Somebody asks for it by itself.
    Own,
}

/// The queries, one for each type and reach.
fn templates() -> &'static HashMap<(&'static str, bool), Templates> {
    static TEMPLATES: OnceLock<HashMap<(&'static str, bool), Templates>> = OnceLock::new();
    TEMPLATES.get_or_init(|| {
        let mut all = HashMap::new();
        for (kind, table, name, workspace) in KINDS {
            let text = format!(
                "SELECT '{kind}', t.gid, {name}, {workspace} FROM :ids AS i JOIN {table} AS t ON t.gid = i.value WHERE :see({kind}, t)"
            );
            all.insert((*kind, false), Templates::new(&text, &access::see_nested));
            all.insert((*kind, true), Templates::new(&text, &access::see));
        }
        all
    })
}

/// The names of those objects that the viewer sees, in one query; `wanted` has the gids of each type.
pub fn of(
    tx: &mut Tx<'_>,
    viewer: Viewer,
    reach: Reach,
    wanted: &[(&'static str, Vec<i64>)],
) -> Result<HashMap<Gid, Named>, Error> {
    let mut texts: Vec<&str> = Vec::new();
    let mut params: Vec<Value> = Vec::new();
    for (kind, gids) in wanted.iter().filter(|(_, gids)| !gids.is_empty()) {
        let Some(templates) = templates().get(&(*kind, reach == Reach::Own)) else { continue };
        let mut gids = gids.clone();
        gids.sort_unstable();
        gids.dedup();
        let template = templates.of(viewer.sight);
        texts.push(template.sql());
        params.extend(template.params(viewer.gid, &gids));
    }
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let pairs = tx.query(&texts.join(" UNION ALL "), &params, |row| {
        let kind: String = row.get(0)?;
        let kind = KINDS.iter().find(|known| known.0 == kind).map_or("", |known| known.0);
        Ok((row.get::<Gid>(1)?, Named { kind, name: row.get(2)?, workspace: row.get(3)? }))
    })?;
    Ok(pairs.into_iter().collect())
}

/// Every query, for the test that prepares them on both databases.
pub fn statements(sight: Sight) -> Vec<&'static engine::Template> {
    templates().values().map(|templates| templates.of(sight)).collect()
}
