//! What a client asked to see: `opt_fields` and `opt_expand`.

use std::collections::BTreeMap;

/// Deepest nesting of a selected field.
///
/// Source: architecture, "Reading"; the largest documented set has depth 4.
pub const MAX_DEPTH: usize = 8;

/// Most objects (places where fields of another object are selected) in one selection.
///
/// Source: architecture, "Reading"; the largest documented set has 33.
pub const MAX_PLACES: usize = 64;

/// Most names after alternations are written out.
const MAX_NAMES: usize = 2_000;

/// A tree of selected names. A leaf that names an object asks for its `gid` and `resource_type`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    names: BTreeMap<String, Selection>,
}

/// Why a selection was refused, as the message for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("Fields may be nested at most {MAX_DEPTH} levels deep")]
    Depth,
    /// More places than [`MAX_PLACES`], or too many names.
    #[error("Fields of at most {MAX_PLACES} objects may be selected at once")]
    Breadth,
}

impl Selection {
    /// Reads a comma list of paths: dots nest, `this.` is the root, `(a|b)` stands for both at any step. Spaces around commas
    /// and empty items are ignored.
    ///
    /// Source: API reference, "Input/output options".
    pub fn parse(text: &str) -> Result<Selection, TooLarge> {
        let mut selection = Selection::default();
        let mut budget = MAX_NAMES;
        for item in split_outside_parentheses(text, ',') {
            let item = item.trim();
            if item.is_empty() {
                continue;
            }
            let steps: Vec<Vec<&str>> =
                split_outside_parentheses(item, '.').into_iter().map(alternatives).collect();
            selection.add(&steps, &mut budget)?;
        }
        if selection.depth() > MAX_DEPTH {
            return Err(TooLarge::Depth);
        }
        if selection.places() > MAX_PLACES {
            return Err(TooLarge::Breadth);
        }
        Ok(selection)
    }

    /// Adds the paths that `steps` stand for.
    fn add(&mut self, steps: &[Vec<&str>], budget: &mut usize) -> Result<(), TooLarge> {
        let Some((step, rest)) = steps.split_first() else { return Ok(()) };
        if steps.len() > MAX_DEPTH + 1 {
            return Err(TooLarge::Depth);
        }
        for name in step {
            *budget = budget.checked_sub(1).ok_or(TooLarge::Breadth)?;
            if name.is_empty() {
                continue;
            }
            if *name == "this" {
                self.add(rest, budget)?;
            } else {
                self.names.entry((*name).to_owned()).or_default().add(rest, budget)?;
            }
        }
        Ok(())
    }

    /// The selection below `name`, if it was named.
    pub fn get(&self, name: &str) -> Option<&Selection> {
        self.names.get(name)
    }

    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn depth(&self) -> usize {
        self.names.values().map(|below| 1 + below.depth()).max().unwrap_or(0)
    }

    fn places(&self) -> usize {
        self.names.values().map(|below| usize::from(!below.is_empty()) + below.places()).sum()
    }
}

/// The alternatives of one step: `(a|b)` is two, `a` one.
fn alternatives(step: &str) -> Vec<&str> {
    let step = step.trim();
    let inside = step.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(step);
    inside.split('|').map(str::trim).collect()
}

/// Splits at `separator` where it stands outside parentheses.
fn split_outside_parentheses(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, found) in text.char_indices() {
        match found {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if found == separator && depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + found.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_nest_and_alternatives_are_written_out() {
        let written = Selection::parse("this.name, memberships.(project|section).gid,,").unwrap();
        let plain =
            Selection::parse("name,memberships.project.gid,memberships.section.gid").unwrap();

        assert_eq!(written, plain);
        assert_eq!(
            Selection::parse("(this|parent).name").unwrap(),
            Selection::parse("name,parent.name").unwrap()
        );
    }

    #[test]
    fn too_deep_and_too_broad_are_refused() {
        assert_eq!(Selection::parse("a.b.c.d.e.f.g.h.i"), Err(TooLarge::Depth));
        let broad: Vec<String> = (0..65).map(|n| format!("f{n}.name")).collect();
        assert_eq!(Selection::parse(&broad.join(",")), Err(TooLarge::Breadth));
        let bomb = "(a|b|c|d|e|f|g|h|i|j).(a|b|c|d|e|f|g|h|i|j).(a|b|c|d|e|f|g|h|i|j).(a|b|c|d|e|f|g|h|i|j)";
        assert_eq!(Selection::parse(bomb), Err(TooLarge::Breadth));
    }
}
