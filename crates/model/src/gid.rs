//! Gids: the identifiers of everything.

use std::fmt;

/// A global identifier, unique across all types. Written as decimal digits, never as a JSON number.
///
/// Issued gids are positive. Source: API reference, "Object hierarchy"; at most 19 digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Gid(i64);

impl Gid {
    /// The gid with this number. The range is not checked; see [`Gid::parse`] for text from outside.
    pub const fn new(number: i64) -> Gid {
        Gid(number)
    }

    /// The number, as stored.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Reads 1 to 19 ASCII digits whose value is positive and fits 63 bits; anything else is `None`.
    ///
    /// Leading zeros are accepted and not kept. Words such as `me` are not gids.
    pub fn parse(text: &str) -> Option<Gid> {
        let digits = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        let number = if digits { text.parse().ok()? } else { return None };
        (number > 0).then_some(Gid(number))
    }
}

impl fmt::Display for Gid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read() {
        assert_eq!(Gid::parse("1"), Some(Gid::new(1)));
        assert_eq!(Gid::parse("007"), Some(Gid::new(7)));
        assert_eq!(Gid::parse("9223372036854775807"), Some(Gid::new(i64::MAX)));
        assert_eq!(Gid::new(12345).to_string(), "12345");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "0",
            "-1",
            "+1",
            " 1",
            "1 ",
            "me",
            "1.0",
            "9223372036854775808",
            "٣",
            "00000000000000000001",
        ] {
            assert_eq!(Gid::parse(text), None, "{text:?}");
        }
    }
}
