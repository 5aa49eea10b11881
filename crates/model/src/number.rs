//! Numbers as text: in JSON answers and in the display values of number fields.

use std::fmt::Write as _;

/// Appends a number as JavaScript's `Number.prototype.toString` prints it, which is valid JSON.
///
/// Whole numbers have no point (`5`), the digits are the fewest that read back as the same number,
/// and an exponent appears from `1e+21` up and below `0.000001`. Negative zero is `0`. What is not
/// finite, and so has no JSON form, is `null`.
///
/// Source: ECMA-262, "`Number::toString`".
pub fn write_number(number: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(number_text(number).as_bytes());
}

/// The text that [`write_number`] appends.
pub fn number_text(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    let Decimal { negative, digits, point } = Decimal::of(number);
    let sign = if negative { "-" } else { "" };
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    if count <= point && point <= 21 {
        format!("{sign}{digits}{}", zeros(point - count))
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        format!("{sign}{whole}.{fraction}")
    } else if -6 < point && point <= 0 {
        format!("{sign}0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{sign}{first}{dot}{rest}e{:+}", point - 1)
    }
}

/// The number with exactly `precision` digits after the point, halves rounded away from zero.
///
/// It is the decimal text of the number that is rounded, not its binary value: `fixed(1.005, 2)` is
/// `1.01`, as a person expects. Thousands are not grouped and zero has no sign. A number that is not
/// finite gives an empty text.
///
/// Source: dossier 3.8, `precision` and `display_value`.
pub fn fixed(number: f64, precision: u8) -> String {
    if !number.is_finite() {
        return String::new();
    }
    let Decimal { negative, digits, point } = Decimal::of(number);
    let places = usize::from(precision);

    // All digits with zeros in front and behind, so that digits stand on both sides of the cut.
    let lead = usize::try_from(-point).unwrap_or(0) + 1;
    let mut line = vec![b'0'; lead];
    line.extend_from_slice(digits.as_bytes());
    let whole = lead.saturating_add_signed(isize::try_from(point).unwrap_or(0));
    let keep = whole + places;
    line.resize(line.len().max(keep + 1), b'0');
    let round_up = line.get(keep).is_some_and(|digit| *digit >= b'5');
    line.truncate(keep);
    if round_up {
        for digit in line.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                break;
            }
            *digit = b'0';
        }
    }

    let line = String::from_utf8_lossy(&line);
    let (whole, fraction) = line.split_at(whole);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let is_zero = whole == "0" && fraction.bytes().all(|digit| digit == b'0');
    let mut text = String::with_capacity(line.len() + 2);
    if negative && !is_zero {
        text.push('-');
    }
    text.push_str(whole);
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A finite number as its shortest decimal digits: 0.`digits` times ten to the power `point`.
struct Decimal {
    negative: bool,
    digits: String,
    point: i32,
}

impl Decimal {
    fn of(number: f64) -> Decimal {
        // `LowerExp` prints the fewest digits that read back as the same number: `1.25e-7`.
        let mut text = String::new();
        write!(text, "{:e}", number.abs()).expect("writing to a string cannot fail");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        Decimal { negative: number < 0.0, digits: mantissa.replace('.', ""), point: exponent + 1 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_print_as_in_javascript() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5.0, "5"),
            (-5.0, "-5"),
            (100.0, "100"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-1234.5678, "-1234.5678"),
            (0.000_001, "0.000001"),
            (0.000_001_5, "0.0000015"),
            (0.000_000_15, "1.5e-7"),
            (1e-7, "1e-7"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::NAN, "null"),
            (f64::NEG_INFINITY, "null"),
        ] {
            assert_eq!(number_text(number), text);
        }
        let mut out = b"x".to_vec();
        write_number(2.5, &mut out);
        assert_eq!(out, b"x2.5");
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for (number, precision, text) in [
            (0.0, 0, "0"),
            (0.0, 2, "0.00"),
            (5.0, 2, "5.00"),
            (0.5, 0, "1"),
            (-0.5, 0, "-1"),
            (1.5, 0, "2"),
            (2.5, 0, "3"),
            (0.4, 0, "0"),
            (-0.4, 0, "0"),
            (1.005, 2, "1.01"),
            (-1.005, 2, "-1.01"),
            (1.004_999, 2, "1.00"),
            (9.995, 2, "10.00"),
            (999.9, 0, "1000"),
            (0.000_04, 2, "0.00"),
            (0.005, 2, "0.01"),
            (0.05, 1, "0.1"),
            (0.05, 0, "0"),
            (1_234_567.891, 2, "1234567.89"),
            (1e21, 1, "1000000000000000000000.0"),
            (1e-300, 3, "0.000"),
            (f64::INFINITY, 3, ""),
        ] {
            assert_eq!(fixed(number, precision), text, "{number} {precision}");
        }
    }

    proptest! {
        #[test]
        fn numbers_survive_their_text(number in any::<f64>()) {
            prop_assert_eq!(number_text(number).parse::<f64>(), Ok(number));
        }

        #[test]
        fn rounding_stays_within_half_a_unit(number in -1e9..1e9, precision in 0_u8..7) {
            let text = fixed(number, precision);
            let rounded: f64 = text.parse().unwrap();
            let unit = 0.1_f64.powi(precision.into());
            prop_assert!((rounded - number).abs() <= unit * 0.500_001 + 1e-6, "{} {}", number, text);
        }
    }
}
