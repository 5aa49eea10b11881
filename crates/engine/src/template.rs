//! SQL with named places for what only the request knows: who looks, and which rows.
//!
//! Written as ordinary SQL with three marks: `:me` is the viewer's gid, `:ids` the list of gids that the rows are loaded for
//! (a table with the columns `key`, the position in the list, and `value`), and `:see(task, t)` the condition that the viewer
//! may see the row `t` of the type `task`. Templates are compiled once per [`Sight`] at start-up.

use model::Gid;
use store::Value;

/// How far a viewer sees, which decides the form of the access condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// A user with full membership somewhere: conditions per row.
    Member,
    /// A user who is only a guest: sees what is shared with him; scans are driven from that.
    Guest,
    /// A service account: sees everything in its workspaces.
    Service,
    /// The server itself.
    System,
}

/// Every sight, in the order of their use as an index.
pub const SIGHTS: [Sight; 4] = [Sight::Member, Sight::Guest, Sight::Service, Sight::System];

/// A parameter of a compiled template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Me,
    Ids,
}

/// SQL ready to run, with its parameters in order.
#[derive(Clone, Debug, Default)]
pub struct Template {
    sql: String,
    marks: Vec<Mark>,
}

impl Template {
    /// Compiles `text`; `see(type, alias)` gives the condition behind `:see(type, alias)`, which may itself use `:me`.
    pub fn new(text: &str, see: &dyn Fn(&str, &str) -> String) -> Self {
        let text = expand_see(text, see);
        let mut sql = String::with_capacity(text.len());
        let mut marks = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(':') {
            let (head, tail) = rest.split_at(at);
            sql.push_str(head);
            if let Some(after) = tail.strip_prefix(":me") {
                sql.push('?');
                marks.push(Mark::Me);
                rest = after;
            } else if let Some(after) = tail.strip_prefix(":ids") {
                sql.push_str("ids(?)");
                marks.push(Mark::Ids);
                rest = after;
            } else {
                sql.push(':');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
        sql.push_str(rest);
        Template { sql, marks }
    }

    /// The SQL text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The parameters for this viewer and these rows.
    pub fn params(&self, me: Gid, ids: &[i64]) -> Vec<Value> {
        self.marks
            .iter()
            .map(|mark| match mark {
                Mark::Me => Value::Int(me.get()),
                Mark::Ids => Value::Ids(ids.to_vec()),
            })
            .collect()
    }
}

/// Replaces each `:see(type, alias)`.
fn expand_see(text: &str, see: &dyn Fn(&str, &str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once(":see(") {
        out.push_str(head);
        let (inside, after) = tail.split_once(')').unwrap_or((tail, ""));
        let (kind, alias) = inside.split_once(',').unwrap_or((inside, ""));
        out.push_str(&see(kind.trim(), alias.trim()));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A template for each sight.
#[derive(Clone, Debug)]
pub struct Templates([Template; 4]);

impl Templates {
    /// Compiles `text` for every sight.
    pub fn new(text: &str, see: &dyn Fn(&str, &str, Sight) -> String) -> Self {
        Templates(SIGHTS.map(|sight| Template::new(text, &|kind, alias| see(kind, alias, sight))))
    }

    /// The one for `sight`.
    pub fn of(&self, sight: Sight) -> &Template {
        let [member, guest, service, system] = &self.0;
        match sight {
            Sight::Member => member,
            Sight::Guest => guest,
            Sight::Service => service,
            Sight::System => system,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_parameters_in_their_order() {
        let template = Template::new(
            "SELECT 1 FROM :ids AS i WHERE :see(task, t) AND x = :me AND CAST(y AS TEXT) = 'a'",
            &|kind, alias| format!("{alias}.{kind} = :me"),
        );

        assert_eq!(
            template.sql(),
            "SELECT 1 FROM ids(?) AS i WHERE t.task = ? AND x = ? AND CAST(y AS TEXT) = 'a'"
        );
        assert_eq!(
            template.params(Gid::new(7), &[1, 2]),
            vec![Value::Ids(vec![1, 2]), Value::Int(7), Value::Int(7)]
        );
    }
}
