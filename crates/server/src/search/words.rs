//! Text cut into words, the same way for both databases: what is written is cut as what is asked for.

use model::fold;
use std::collections::HashSet;

/// How much of a text is looked at, in bytes: 64 kB. Source: architecture, "Text search".
const MAX_TEXT: usize = 64 * 1024;

/// Most different words of one text that can be found. Ours: so many rows are written with it.
const MAX_WORDS: usize = 1_000;

/// Longest word; of longer ones the beginning counts.
const MAX_WORD: usize = 40;

/// Most words of a question.
const MAX_TERMS: usize = 10;

/// The different words of a text, in their order, folded.
///
/// A word is a run of letters and digits. Chinese and Japanese put no spaces between words: there each pair of neighbouring
/// characters is one, and the last character.
pub fn words(text: &str) -> Vec<String> {
    cut(text, true)
}

/// The words that something must have to be an answer to this question; each is the beginning of a word.
pub fn terms(text: &str) -> Vec<String> {
    let mut terms = cut(text, false);
    terms.truncate(MAX_TERMS);
    terms
}

/// The words that begin with `term`: from the first text to before the second.
pub fn range(term: &str) -> (String, String) {
    (term.to_owned(), format!("{term}\u{10ffff}"))
}

fn cut(text: &str, with_last: bool) -> Vec<String> {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let folded = fold(text.get(..end).unwrap_or_default());
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut keep = |word: String| {
        if !word.is_empty() && found.len() < MAX_WORDS && seen.insert(word.clone()) {
            found.push(word);
        }
    };
    let mut word = String::new();
    let mut length = 0;
    let mut rest = folded.chars().peekable();
    while let Some(c) = rest.next() {
        if is_unspaced(c) {
            keep(std::mem::take(&mut word));
            length = 0;
            if let Some(next) = rest.peek().filter(|next| is_unspaced(**next)) {
                keep([c, *next].iter().collect());
            } else if with_last || !after_one(&folded, c, &rest) {
                // Alone, or the last of a run: a question needs it only where it stands alone.
                keep(c.to_string());
            }
        } else if c.is_alphanumeric() {
            length += 1;
            if length <= MAX_WORD {
                word.push(c);
            }
        } else {
            keep(std::mem::take(&mut word));
            length = 0;
        }
    }
    keep(word);
    found
}

/// Whether the character that was just taken stands behind another of its kind.
fn after_one(folded: &str, c: char, rest: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let behind: usize = rest.clone().map(char::len_utf8).sum();
    let before = folded.len().saturating_sub(behind + c.len_utf8());
    folded.get(..before).and_then(|text| text.chars().next_back()).is_some_and(is_unspaced)
}

/// Whether a character is of a script without spaces: Chinese and Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_come_once() {
        assert_eq!(words("Über-Plan, plan №7 (v2)"), ["uber", "plan", "no7", "v2"]);
        assert_eq!(words(" -- "), [""; 0]);
        assert_eq!(words(&"x".repeat(50)), ["x".repeat(40)]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_pairs() {
        assert_eq!(words("日本語 book"), ["日本", "本語", "語", "book"]);
        assert_eq!(terms("日本語"), ["日本", "本語"]);
        assert_eq!(terms("語"), ["語"]);
        assert_eq!(terms("a語b"), ["a", "語", "b"]);
    }

    #[test]
    fn long_texts_cost_what_is_allowed() {
        let text = (0..20_000).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(words(&text).len(), MAX_WORDS);
        assert_eq!(terms(&text).len(), MAX_TERMS);
        assert_eq!(words(&"é".repeat(MAX_TEXT)).len(), 1);
    }
}
