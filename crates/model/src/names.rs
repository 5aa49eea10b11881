//! Names: the one-line texts of objects.

/// The text as one line: trimmed, with line breaks, tabs and other control characters as spaces.
///
/// A carriage return with its line feed becomes one space; other runs of spaces stay as they are.
///
/// Source: dossier 1.10, "Names".
pub fn single_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.replace("\r\n", " ").replace(is_break, " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_become_spaces() {
        assert_eq!(single_line("  Plan\r\nthe\tlaunch\n "), "Plan the launch");
        assert_eq!(single_line("a  b\u{2028}c\0d"), "a  b c d");
        assert_eq!(single_line("\n\n"), "");
    }
}
