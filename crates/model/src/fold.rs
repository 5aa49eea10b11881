//! Folding: text made comparable without regard to case and accents.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The most characters a name contributes to its key.
const KEY_CHARS: usize = 256;

/// The text in compatibility decomposition (NFKD), without combining marks, in lower case.
///
/// `Ünïted Ｋing` and `united king` fold to the same text. Used for searching and sorting; it is not
/// a collation for any one language. Folding twice changes nothing.
pub fn fold(text: &str) -> String {
    text.nfkd()
        .flat_map(char::to_lowercase)
        // Lower case can bring marks and forms of its own, so it is decomposed once more.
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        // The two small sigmas are one letter.
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .collect()
}

/// The key by which names are sorted and compared for uniqueness.
///
/// This is [`fold`] with outer white space removed, inner white space turned into single spaces, and
/// at most 256 characters kept.
pub fn name_key(name: &str) -> String {
    let folded = fold(name);
    let mut key = String::with_capacity(folded.len().min(KEY_CHARS));
    for word in folded.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    if let Some((end, _)) = key.char_indices().nth(KEY_CHARS) {
        key.truncate(end);
        key.truncate(key.trim_end().len());
    }
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_accents_and_width_do_not_matter() {
        for (text, folded) in [
            ("Ünïted Ｋing", "united king"),
            ("ﬁne №5", "fine no5"),
            ("İstanbul", "istanbul"),
            ("ΟΔΟΣ ὁδός", "οδοσ οδοσ"),
            ("straße", "straße"),
            ("日本", "日本"),
            ("", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn keys_are_short_and_tidy() {
        assert_eq!(name_key("  Road\t to\u{a0}\nRome "), "road to rome");
        assert_eq!(name_key(" \n"), "");
        assert_eq!(name_key(&"é".repeat(300)), "e".repeat(256));
        assert_eq!(name_key(&format!("{} b", "a".repeat(255))), "a".repeat(255));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
            prop_assert_eq!(name_key(&name_key(&text)), name_key(&text));
        }
    }
}
