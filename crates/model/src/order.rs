//! Positions in hand-ordered lists, as keys that sort byte by byte.
//!
//! A key has an integer part and a fraction, both in base 62 (`0-9A-Za-z`, which is ASCII order). The
//! first letter of the integer part tells how many digits follow: `a` to `z` one to twenty-six for
//! zero and above, `Z` down to `A` one to twenty-six below zero. Putting something at either end
//! counts the integer up or down, so keys grow with the logarithm of the length of the list; putting
//! something between two neighbours takes the middle of their fractions, about one more digit for
//! every six items put into the same gap.
//!
//! Each fraction ends in two random digits, so that two people who insert at the same place at the
//! same time get different keys. The last digit is never `0`, so no two keys have equal value.
//!
//! Source: "Implementing Fractional Indexing" (David Greenspan, 2020); the random end is ours.

use std::fmt;

const BASE: u8 = 62;
const MIDDLE: u8 = BASE / 2;

/// A place in a list: compare positions as bytes and the list is in order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position(String);

impl Position {
    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as stored, without a copy.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Reads a stored key; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Position> {
        Key::parse(text).map(|_| Position(text.to_owned()))
    }

    /// A position strictly between two neighbours, where `None` is the open end of the list.
    ///
    /// `random` is drawn by the caller and becomes the last two digits. `None` if `before` does not
    /// stand before `after` or one of them is not a key that this function made.
    pub fn between(before: Option<&str>, after: Option<&str>, random: [u8; 2]) -> Option<Position> {
        let mut key = match (before.map(Key::parse), after.map(Key::parse)) {
            (None, None) => vec![b'a', b'0'],
            (Some(before), None) => {
                let before = before?;
                match step_up(before.integer) {
                    Some(integer) => integer,
                    None => join(before.integer, &above(before.fraction)),
                }
            }
            (None, Some(after)) => {
                let after = after?;
                match step_down(after.integer) {
                    Some(integer) => integer,
                    None => join(after.integer, &middle(&[], after.fraction)?),
                }
            }
            (Some(before_key), Some(after_key)) => {
                let (low, high) = (before_key?, after_key?);
                if before >= after {
                    return None;
                }
                if low.integer == high.integer {
                    join(low.integer, &middle(low.fraction, high.fraction)?)
                } else {
                    match step_up(low.integer) {
                        Some(next) if next.as_slice() < high.integer => next,
                        _ => join(low.integer, &above(low.fraction)),
                    }
                }
            }
        };
        let [first, last] = random;
        key.push(digit(first % BASE));
        key.push(digit(1 + last % (BASE - 1)));
        String::from_utf8(key).ok().map(Position)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key taken apart. The integer part includes its first letter.
struct Key<'a> {
    integer: &'a [u8],
    fraction: &'a [u8],
}

impl Key<'_> {
    fn parse(text: &str) -> Option<Key<'_>> {
        let bytes = text.as_bytes();
        let head = bytes.first()?;
        let digits = match head {
            b'a'..=b'z' => head - b'a' + 1,
            b'A'..=b'Z' => b'Z' - head + 1,
            _ => return None,
        };
        let (integer, fraction) = bytes.split_at_checked(usize::from(digits) + 1)?;
        let valid = bytes.iter().all(u8::is_ascii_alphanumeric) && fraction.last() != Some(&b'0');
        valid.then_some(Key { integer, fraction })
    }
}

fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        10..=35 => b'A' + (value - 10),
        _ => b'a' + (value - 36).min(25),
    }
}

fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'A'..=b'Z' => digit - b'A' + 10,
        b'a'..=b'z' => digit - b'a' + 36,
        _ => 0,
    }
}

fn join(integer: &[u8], fraction: &[u8]) -> Vec<u8> {
    [integer, fraction].concat()
}

/// The next integer, or `None` after the largest.
fn step_up(integer: &[u8]) -> Option<Vec<u8>> {
    let mut next = integer.to_vec();
    let (head, digits) = next.split_first_mut()?;
    for place in digits.iter_mut().rev() {
        if *place != b'z' {
            *place = digit(value(*place) + 1);
            return Some(next);
        }
        *place = b'0';
    }
    match head {
        b'z' => return None,
        b'Z' => return Some(b"a0".to_vec()),
        b'a'..=b'y' => {
            *head += 1;
            next.push(b'0');
        }
        _ => {
            *head += 1;
            next.pop();
        }
    }
    Some(next)
}

/// The integer before, or `None` before the smallest.
fn step_down(integer: &[u8]) -> Option<Vec<u8>> {
    let mut next = integer.to_vec();
    let (head, digits) = next.split_first_mut()?;
    for place in digits.iter_mut().rev() {
        if *place != b'0' {
            *place = digit(value(*place) - 1);
            return Some(next);
        }
        *place = b'z';
    }
    match head {
        b'A' => return None,
        b'a' => return Some(b"Zz".to_vec()),
        b'B'..=b'Z' => {
            *head -= 1;
            next.push(b'z');
        }
        _ => {
            *head -= 1;
            next.pop();
        }
    }
    Some(next)
}

/// A fraction greater than `low` whatever is appended to it.
fn above(low: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    for &place in low {
        if value(place) < BASE - 1 {
            result.push(digit((value(place) + BASE).div_ceil(2).min(BASE - 1)));
            return result;
        }
        result.push(place);
    }
    result.push(digit(MIDDLE));
    result
}

/// A fraction strictly between `low` and `high` whatever is appended to it; `None` if they are equal.
///
/// The result never begins `high`, since an end appended to it might then pass `high`.
fn middle(low: &[u8], high: &[u8]) -> Option<Vec<u8>> {
    let mut result = Vec::new();
    let mut rest = low;
    for &ceiling in high {
        let (floor, tail) = rest.split_first().map_or((0, rest), |(d, tail)| (value(*d), tail));
        let ceiling = value(ceiling);
        rest = tail;
        if floor + 1 < ceiling {
            result.push(digit(floor.midpoint(ceiling)));
            return Some(result);
        }
        result.push(digit(floor));
        if floor < ceiling {
            result.extend_from_slice(&above(rest));
            return Some(result);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn between(before: Option<&str>, after: Option<&str>) -> Option<String> {
        Position::between(before, after, [10, 9]).map(Position::into_string)
    }

    #[test]
    fn the_ends_count_up_and_down() {
        assert_eq!(between(None, None).as_deref(), Some("a0AA"));
        assert_eq!(between(Some("a0AA"), None).as_deref(), Some("a1AA"));
        assert_eq!(between(Some("azAA"), None).as_deref(), Some("b00AA"));
        assert_eq!(between(Some("ZzAA"), None).as_deref(), Some("a0AA"));
        assert_eq!(between(Some("YzzAA"), None).as_deref(), Some("Z0AA"));
        assert_eq!(between(None, Some("a0AA")).as_deref(), Some("ZzAA"));
        assert_eq!(between(None, Some("Z0AA")).as_deref(), Some("YzzAA"));
        assert_eq!(between(None, Some("b00AA")).as_deref(), Some("azAA"));
    }

    #[test]
    fn the_last_integers_fall_back_to_fractions() {
        let largest = format!("z{}AA", "z".repeat(26));
        let smallest = format!("A{}AA", "0".repeat(26));
        assert!(between(Some(&largest), None).unwrap() > largest);
        assert!(between(None, Some(&smallest)).unwrap() < smallest);
        assert_eq!(between(None, Some(&format!("A{}", "0".repeat(26)))), None);
    }

    #[test]
    fn neighbours_out_of_order_or_not_keys_are_refused() {
        assert_eq!(between(Some("a0AA"), Some("a0AA")), None);
        assert_eq!(between(Some("a1AA"), Some("a0AA")), None);
        for text in ["", "0", "b0", "a0A0", "a0 1", "a-", "é00"] {
            assert_eq!(between(Some(text), None), None, "{text}");
            assert_eq!(between(None, Some(text)), None, "{text}");
            assert_eq!(Position::parse(text), None, "{text}");
        }
        assert_eq!(Position::parse("a0AA").unwrap().as_str(), "a0AA");
    }

    #[test]
    fn ten_thousand_at_either_end_keep_order_and_stay_short() {
        let (mut first, mut last) = (between(None, None).unwrap(), between(None, None).unwrap());
        for step in 0_u16..10_000 {
            let random = step.to_be_bytes();
            let next = Position::between(Some(&last), None, random).unwrap().into_string();
            assert!(next > last && next.len() < 20);
            last = next;
            let next = Position::between(None, Some(&first), random).unwrap().into_string();
            assert!(next < first && next.len() < 20);
            first = next;
        }
    }

    #[test]
    fn inserting_at_one_place_grows_slowly() {
        let low = between(None, None).unwrap();
        let mut high = between(Some(&low), None).unwrap();
        for _ in 0..600 {
            let next = between(Some(&low), Some(&high)).unwrap();
            assert!(low < next && next < high);
            high = next;
        }
        assert!(high.len() < 140, "{}", high.len());
    }

    proptest! {
        #[test]
        fn inserts_anywhere_keep_strict_order(
            inserts in prop::collection::vec((any::<prop::sample::Index>(), any::<[u8; 2]>()), 1..200),
        ) {
            let mut list: Vec<String> = Vec::new();
            for (place, random) in inserts {
                let at = place.index(list.len() + 1);
                let before = at.checked_sub(1).and_then(|i| list.get(i)).map(String::as_str);
                let after = list.get(at).map(String::as_str);
                let key = Position::between(before, after, random).unwrap();
                prop_assert!(Position::parse(key.as_str()).is_some());
                list.insert(at, key.into_string());
            }
            prop_assert!(list.is_sorted_by(|a, b| a < b), "{:?}", list);
        }

        #[test]
        fn any_two_texts_give_a_key_between_or_none(a in "[a-cX-Z][0-9A-Za-z]{0,6}", b in "[a-cX-Z][0-9A-Za-z]{0,6}", random: [u8; 2]) {
            if let Some(key) = Position::between(Some(&a), Some(&b), random) {
                prop_assert!(a.as_str() < key.as_str() && key.as_str() < b.as_str());
            }
        }
    }
}
