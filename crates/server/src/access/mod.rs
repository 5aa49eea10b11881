//! Who may see and do what, as SQL.
//!
//! Each type has a [`Rule`]: a condition (may the viewer see the row?), a level (how much may he do?) and, where a scan for a
//! guest would test very many rows, the ids he reaches. The texts are written with `{t}` for the row's alias, `:me` for the
//! viewer, `:see(type, alias)` and `:level(type, alias)` for another type's rule. They become part of the queries that load
//! rows, so an unseen row is not loaded at all.
//!
//! The facts behind the rules are two derived tables: `principals` (a user counts as himself, as his teams, and as the
//! workspace if he is a full member) and `grants` (a principal reaches an object at a level). [`grants`] keeps them.

pub mod grants;
mod prepared;
mod rules;

pub use prepared::{Prepared, Texts};
pub use rules::{RULES, Rule};

use engine::Sight;

/// How much an actor may do to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// He cannot see it.
    None = 0,
    /// He sees it.
    See = 1,
    /// He may comment and like.
    Comment = 2,
    /// He may change it.
    Edit = 3,
    /// He may share and delete it.
    Admin = 4,
}

impl Level {
    /// The level stored as a number; unknown numbers are none.
    pub fn from_number(number: i64) -> Level {
        match number {
            1 => Level::See,
            2 => Level::Comment,
            3 => Level::Edit,
            4 => Level::Admin,
            _ => Level::None,
        }
    }

    /// The number that is stored.
    pub fn number(self) -> i64 {
        match self {
            Level::None => 0,
            Level::See => 1,
            Level::Comment => 2,
            Level::Edit => 3,
            Level::Admin => 4,
        }
    }

    /// What the API calls it: `viewer`, `commenter`, `editor` or `admin`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Admin => "admin",
            Level::Edit => "editor",
            Level::Comment => "commenter",
            Level::See | Level::None => "viewer",
        }
    }

    /// The level that the API calls `viewer`, `commenter`, `editor` or `admin`; of custom fields the lowest is `user`.
    pub fn from_name(name: &str) -> Level {
        match name {
            "viewer" | "user" => Level::See,
            "commenter" => Level::Comment,
            "editor" => Level::Edit,
            "admin" => Level::Admin,
            _ => Level::None,
        }
    }
}

/// The rule of a type. Types without one are hidden.
pub fn rule(name: &str) -> &'static Rule {
    RULES.iter().find(|rule| rule.name == name).unwrap_or(&rules::HIDDEN)
}

/// The condition that the row `t` is live.
pub fn live(name: &str) -> String {
    match rule(name).live {
        "" => "1 = 1".to_owned(),
        live => live.replace("{t}", "t"),
    }
}

/// Whether a row of this type is visible wherever something visible names it.
pub fn named(name: &str) -> bool {
    rule(name).named
}

/// The condition that the viewer may see row `alias`, when it is asked for by itself.
pub fn see(name: &str, alias: &str, sight: Sight) -> String {
    let rule = rule(name);
    let text = match sight {
        Sight::Member | Sight::Guest => rule.see.to_owned(),
        Sight::Service => format!("{} OR {}", rule.service, rule.see),
        Sight::System => "1 = 1".to_owned(),
    };
    let live = if rule.live.is_empty() { String::new() } else { format!("{} AND ", rule.live) };
    expand(&format!("{live}({text})"), alias, sight)
}

/// The condition for row `alias` when something visible names it.
pub fn see_nested(name: &str, alias: &str, sight: Sight) -> String {
    let rule = rule(name);
    if rule.named {
        let live = if rule.live.is_empty() { "1 = 1" } else { rule.live };
        return live.replace("{t}", alias);
    }
    see(name, alias, sight)
}

/// The condition for a scan over many rows: for a guest driven from what he reaches.
pub fn see_scan(name: &str, alias: &str, sight: Sight) -> String {
    let rule = rule(name);
    match (sight, rule.drive) {
        (Sight::Guest, Some(drive)) => {
            let live =
                if rule.live.is_empty() { String::new() } else { format!("{} AND ", rule.live) };
            expand(&format!("{live}{{t}}.gid IN ({drive})"), alias, sight)
        }
        _ => see(name, alias, sight),
    }
}

/// The level of the viewer on row `alias`, a number.
pub fn level(name: &str, alias: &str, sight: Sight) -> String {
    let rule = rule(name);
    let text = match sight {
        Sight::Member | Sight::Guest => rule.level.to_owned(),
        Sight::Service => format!("CASE WHEN {} THEN 4 ELSE {} END", rule.service, rule.level),
        Sight::System => "4".to_owned(),
    };
    expand(&text, alias, sight)
}

/// Puts the alias in and writes out the rules of other types.
fn expand(text: &str, alias: &str, sight: Sight) -> String {
    /// A rule written out for a type and an alias.
    type Write = fn(&str, &str, Sight) -> String;
    const MARKS: [(&str, Write); 3] = [(":see(", see), (":level(", level), (":scan(", see_scan)];
    let text = text.replace("{t}", alias);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((at, mark, write)) = MARKS
        .iter()
        .filter_map(|(mark, write)| Some((rest.find(mark)?, *mark, *write)))
        .min_by_key(|found| found.0)
    {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let (inside, after) =
            tail.strip_prefix(mark).and_then(|tail| tail.split_once(')')).unwrap_or(("", ""));
        let (name, inner) = inside.split_once(',').unwrap_or((inside, ""));
        out.push_str(&write(name.trim(), inner.trim(), sight));
        rest = after;
    }
    out.push_str(rest);
    out
}
