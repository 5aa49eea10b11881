//! The rules as queries, written out once for each type and sight at start-up.

use super::{level, live, see, see_scan};
use engine::template::SIGHTS;
use engine::{Registry, Sight, Template};
use std::collections::HashMap;

/// The queries and conditions of one type for one sight. Where a gid is asked for, it is the last parameter.
pub struct Texts {
    /// The viewer's level and the row of one gid, if it is live.
    pub target: Template,
    /// The keys and rows of those of a list of gids that the viewer may see.
    pub seen: Template,
    /// A row if the viewer may see the object of one gid.
    pub visible: Template,
    /// The condition that he may see the row `t`.
    pub see: Template,
    /// The condition for scans over many rows.
    pub scan: Template,
}

/// The texts of every type.
pub struct Prepared(HashMap<&'static str, Vec<(Sight, Texts)>>);

impl Prepared {
    /// Writes out the rules of every registered type.
    pub fn new(registry: &Registry) -> Self {
        let plain = |text: &str| Template::new(text, &|_, _| String::new());
        let texts = |name: &str, table: &str, select: &str, sight: Sight| {
            let live = live(name);
            let condition = see(name, "t", sight);
            Texts {
                target: plain(&format!(
                    "SELECT {}, {select} FROM {table} AS t WHERE {live} AND t.gid = ?",
                    level(name, "t", sight)
                )),
                seen: plain(&format!(
                    "SELECT i.key, {select} FROM :ids AS i JOIN {table} AS t ON t.gid = i.value WHERE {condition}"
                )),
                visible: plain(&format!(
                    "SELECT 1 FROM {table} AS t WHERE {condition} AND t.gid = ?"
                )),
                see: plain(&condition),
                scan: plain(&see_scan(name, "t", sight)),
            }
        };
        let all = registry.all().map(|info| {
            let of = SIGHTS.map(|sight| (sight, texts(info.name, info.table, &info.select, sight)));
            (info.name, of.into_iter().collect())
        });
        Prepared(all.collect())
    }

    /// The texts of a type.
    pub fn of(&self, name: &str, sight: Sight) -> &Texts {
        self.0
            .get(name)
            .and_then(|texts| texts.iter().find(|(of, _)| *of == sight))
            .map(|(_, texts)| texts)
            .expect("every type that is looked up is registered")
    }
}
