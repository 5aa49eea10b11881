//! Points in time and days, as the API writes them.
//!
//! Both are limited to the years 0001 to 9999 of the proleptic Gregorian calendar, so that their
//! text always has the same width. There is no clock here: "now" comes in from outside.

use std::fmt;

use jiff::tz::TimeZone;

const DAY_MS: i64 = 86_400_000;
/// Whether `name` is a time zone, an IANA name such as `Europe/Paris`.
pub fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// 0001-01-01 and 9999-12-31, in days since 1970-01-01.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;
const FIRST_MS: i64 = FIRST_DAY * DAY_MS;
const LAST_MS: i64 = LAST_DAY * DAY_MS + DAY_MS - 1;

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time so many milliseconds after the epoch. Times outside the years 0001 to 9999 become
    /// the nearest one inside.
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp(if millis < FIRST_MS {
            FIRST_MS
        } else if millis > LAST_MS {
            LAST_MS
        } else {
            millis
        })
    }

    /// Milliseconds since the epoch, negative before it.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The time `millis` milliseconds later (earlier if negative), kept within the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_add(millis))
    }

    /// The time `millis` milliseconds earlier (later if negative), kept within the range.
    #[must_use]
    pub const fn minus_millis(self, millis: i64) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_sub(millis))
    }

    /// Reads an ISO 8601 date-time, or a bare day as its midnight UTC.
    ///
    /// The separator is `T`, `t` or a space; seconds and a fraction of any length may be missing
    /// (digits after the third are cut off); the offset is `Z`, `+hh`, `+hhmm`, `+hh:mm` or missing,
    /// which means UTC. `None` for anything else and for times outside the years 0001 to 9999.
    ///
    /// Source: API reference, "Data types"; dossier 1.10.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let mut cursor = Cursor { rest: text.as_bytes() };
        let day = cursor.day()?.days();
        let millis = if cursor.rest.is_empty() { 0 } else { cursor.time_of_day()? };
        let millis = day * DAY_MS + millis;
        (cursor.rest.is_empty() && (FIRST_MS..=LAST_MS).contains(&millis))
            .then_some(Timestamp(millis))
    }

    /// The day that the calendar on the wall of `zone` (an IANA name such as `Europe/Paris`) shows.
    ///
    /// An unknown zone counts as UTC.
    pub fn date_in(self, zone: &str) -> Date {
        let local = match (TimeZone::get(zone), jiff::Timestamp::from_millisecond(self.0)) {
            (Ok(zone), Ok(time)) => self.0 + i64::from(zone.to_offset(time).seconds()) * 1000,
            _ => self.0,
        };
        Date::from_days_clamped(local.div_euclid(DAY_MS))
    }

    /// The time at which the clock on the wall of `zone` shows so many minutes after midnight of `day`.
    ///
    /// A time that a change of the clocks leaves out is as much later; of one that comes twice it is the first. An unknown zone
    /// counts as UTC.
    pub fn at_local(day: Date, minutes: i64, zone: &str) -> Timestamp {
        let utc = day.midnight_utc().plus_millis(minutes * 60_000);
        let Ok(zone) = TimeZone::get(zone) else { return utc };
        let shown = jiff::Timestamp::from_millisecond(utc.millis())
            .map(|time| jiff::tz::TimeZone::UTC.to_datetime(time))
            .and_then(|local| zone.to_timestamp(local));
        shown.map_or(utc, |time| Timestamp::from_millis(time.as_millisecond()))
    }

    /// Appends the text of [`Display`](fmt::Display), 24 ASCII bytes, without allocating another string.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        Date::from_days_clamped(self.0.div_euclid(DAY_MS)).write_to(out);
        let millis = self.0.rem_euclid(DAY_MS);
        for (mark, value, width) in [
            (b'T', millis / 3_600_000, 2),
            (b':', millis / 60_000 % 60, 2),
            (b':', millis / 1000 % 60, 2),
            (b'.', millis % 1000, 3),
        ] {
            out.push(mark);
            write_padded(out, value, width);
        }
        out.push(b'Z');
    }
}

/// Always `2012-02-22T02:06:58.147Z`: UTC, three fractional digits.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(24);
        self.write_to(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// A day of the calendar, without time or zone, from 0001-01-01 to 9999-12-31.
///
/// Held as days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Date(i64);

impl Date {
    /// The day of this year (1 to 9999), month (1 to 12) and day of the month, if there is one.
    pub fn from_ymd(year: i64, month: i64, day: i64) -> Option<Date> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let exists = (1..=9999).contains(&year) && (1..=length).contains(&day);
        exists.then(|| Date(days_before(year, month) + day - 1))
    }

    /// The day so many days after 1970-01-01 (before it if negative), or `None` outside the range.
    pub fn from_days(days: i64) -> Option<Date> {
        (FIRST_DAY..=LAST_DAY).contains(&days).then_some(Date(days))
    }

    /// Days since 1970-01-01, negative before it.
    pub const fn days(self) -> i64 {
        self.0
    }

    /// Year (1 to 9999), month (1 to 12) and day of the month (1 to 31).
    pub fn ymd(self) -> (i64, i64, i64) {
        // Counted from 0000-03-01, so that a leap day ends its year. A cycle of 400 years has 146,097
        // days. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
        let shifted = self.0 + 719_468;
        let (cycle, day_of_cycle) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524
            - day_of_cycle / 146_096)
            / 365;
        let day_of_year =
            day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        (year_of_cycle + cycle * 400 + i64::from(month <= 2), month, day)
    }

    /// Reads `YYYY-MM-DD`, or takes the day of a full ISO date-time as written, whatever its offset.
    ///
    /// `None` for days that do not exist and for anything else.
    pub fn parse(text: &str) -> Option<Date> {
        let mut cursor = Cursor { rest: text.as_bytes() };
        let day = cursor.day()?;
        if !cursor.rest.is_empty() {
            cursor.time_of_day()?;
        }
        cursor.rest.is_empty().then_some(day)
    }

    /// The day `days` later (earlier if negative), kept between 0001-01-01 and 9999-12-31.
    #[must_use]
    pub fn add_days(self, days: i64) -> Date {
        Date::from_days_clamped(self.0.saturating_add(days))
    }

    /// When this day begins on the clocks of `zone`, an IANA name; an unknown zone counts as UTC.
    pub fn start_in(self, zone: &str) -> Timestamp {
        let midnight = self.midnight_utc();
        let (Ok(zone), Ok(at)) =
            (TimeZone::get(zone), jiff::Timestamp::from_millisecond(midnight.0))
        else {
            return midnight;
        };
        let wall = TimeZone::UTC.to_datetime(at);
        match zone.to_ambiguous_timestamp(wall).compatible() {
            Ok(start) => Timestamp(start.as_millisecond()),
            Err(_) => midnight,
        }
    }

    /// Midnight UTC at the start of this day.
    pub const fn midnight_utc(self) -> Timestamp {
        Timestamp(self.0 * DAY_MS)
    }

    /// Appends the text of [`Display`](fmt::Display), 10 ASCII bytes, without allocating another string.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let (year, month, day) = self.ymd();
        write_padded(out, year, 4);
        out.push(b'-');
        write_padded(out, month, 2);
        out.push(b'-');
        write_padded(out, day, 2);
    }

    fn from_days_clamped(days: i64) -> Date {
        Date(days.clamp(FIRST_DAY, LAST_DAY))
    }
}

/// Always `YYYY-MM-DD`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(10);
        self.write_to(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// Days from 1970-01-01 to the first of this month. The inverse of [`Date::ymd`], from the same source.
fn days_before(year: i64, month: i64) -> i64 {
    let (year, march_month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (cycle, year_of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * march_month + 2) / 5;
    cycle * 146_097 + year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year
        - 719_468
}

/// Appends the last `width` decimal digits of a value that is not negative.
fn write_padded(out: &mut Vec<u8>, value: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = value / 10_i64.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

/// The unread part of an ISO text.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    /// Skips the next byte if it is one of `wanted`, and tells which it was.
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        let found = wanted.contains(first);
        if found {
            self.rest = rest;
        }
        found.then_some(*first)
    }

    /// Reads exactly `width` digits.
    fn number(&mut self, width: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(width)?;
        let number = digits.iter().try_fold(0, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
        })?;
        self.rest = rest;
        Some(number)
    }

    fn day(&mut self) -> Option<Date> {
        let year = self.number(4)?;
        self.one_of(b"-")?;
        let month = self.number(2)?;
        self.one_of(b"-")?;
        Date::from_ymd(year, month, self.number(2)?)
    }

    /// Reads separator, time and offset; milliseconds from midnight UTC of the written day.
    fn time_of_day(&mut self) -> Option<i64> {
        self.one_of(b"Tt ")?;
        let hours = self.number(2)?;
        self.one_of(b":")?;
        let minutes = self.number(2)?;
        let mut seconds = 0;
        let mut millis = 0;
        if self.one_of(b":").is_some() {
            seconds = self.number(2)?;
            if self.one_of(b".,").is_some() {
                millis = self.fraction()?;
            }
        }
        // A leap second is read as the second before it, as jiff and most clocks do.
        let valid = hours <= 23 && minutes <= 59 && seconds <= 60;
        let time = ((hours * 60 + minutes) * 60 + seconds.min(59)) * 1000 + millis;
        let offset = self.offset_minutes()?;
        valid.then_some(time - offset * 60_000)
    }

    /// Reads at least one digit after the point, in milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        let mut millis = self.number(1)? * 100;
        let mut place = 10;
        while let Some(digit) = self.number(1) {
            millis += digit * place;
            place /= 10;
        }
        Some(millis)
    }

    fn offset_minutes(&mut self) -> Option<i64> {
        if self.rest.is_empty() || self.one_of(b"Zz").is_some() {
            return Some(0);
        }
        let sign = if self.one_of(b"+-")? == b'-' { -1 } else { 1 };
        let hours = self.number(2)?;
        let minutes = if self.rest.is_empty() {
            0
        } else {
            self.one_of(b":");
            self.number(2)?
        };
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_of_many_forms_are_read_as_utc() {
        for (text, expected) in [
            ("2012-02-22T02:06:58.147Z", "2012-02-22T02:06:58.147Z"),
            ("2012-02-22T02:06:58Z", "2012-02-22T02:06:58.000Z"),
            ("2012-02-22T02:06:58", "2012-02-22T02:06:58.000Z"),
            ("2012-02-22 02:06", "2012-02-22T02:06:00.000Z"),
            ("2012-02-22t02:06:58,1z", "2012-02-22T02:06:58.100Z"),
            ("2012-02-22T02:06:58.1479999Z", "2012-02-22T02:06:58.147Z"),
            ("2012-02-22T02:06:58+02:30", "2012-02-21T23:36:58.000Z"),
            ("2012-02-22T02:06:58-0800", "2012-02-22T10:06:58.000Z"),
            ("2012-02-22T02:06:58-08", "2012-02-22T10:06:58.000Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
            ("2012-02-29", "2012-02-29T00:00:00.000Z"),
            ("0001-01-01", "0001-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            let time = Timestamp::parse(text).map(|time| time.to_string());
            assert_eq!(time.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn times_that_cannot_be_are_refused() {
        for text in [
            "",
            "2012",
            "2012-02-30",
            "2012-13-01",
            "2012-00-01",
            "0000-01-01",
            "2012-2-2",
            "2012-02-22T",
            "2012-02-22T24:00:00Z",
            "2012-02-22T02:60:00Z",
            "2012-02-22T02:06:58.Z",
            "2012-02-22T02:06:58ZZ",
            "2012-02-22T02:06:58+2",
            "2012-02-22T02:06:58+24:00",
            "2012-02-22Z",
            " 2012-02-22",
            "0001-01-01T00:00:00+01:00",
            "tomorrow",
            "２012-02-22",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn times_stay_in_range() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0001-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(5).plus_millis(-6).millis(), -1);
        assert_eq!(Timestamp::from_millis(5).minus_millis(6).millis(), -1);
        assert_eq!(
            Timestamp::from_millis(5).minus_millis(i64::MIN),
            Timestamp::from_millis(LAST_MS)
        );
        assert_eq!(Timestamp::from_millis(-1).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_moment_falls_on_the_day_of_its_zone() {
        let time = Timestamp::parse("2024-07-01T02:30:00Z").unwrap();
        for (zone, day) in [
            ("UTC", "2024-07-01"),
            ("America/New_York", "2024-06-30"),
            ("Asia/Tokyo", "2024-07-01"),
            ("Nowhere/Land", "2024-07-01"),
            ("", "2024-07-01"),
        ] {
            assert_eq!(time.date_in(zone).to_string(), day, "{zone}");
        }
        assert_eq!(
            Timestamp::from_millis(i64::MAX).date_in("Asia/Tokyo").to_string(),
            "9999-12-31"
        );
        assert_eq!(Timestamp::from_millis(i64::MIN).date_in("America/New_York").days(), FIRST_DAY);
    }

    #[test]
    fn a_day_is_taken_as_written() {
        for text in ["2024-02-29", "2024-02-29T23:30:00-10:00", "2024-02-29 00:10+14:00"] {
            let day = Date::parse(text).map(|day| day.to_string());
            assert_eq!(day.as_deref(), Some("2024-02-29"), "{text}");
        }
        for text in ["2023-02-29", "1900-02-29", "2024-02-29x", "2024-02-29T", "24-02-29", ""] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_counted() {
        let day = Date::parse("2024-02-28").unwrap();
        assert_eq!(day.add_days(2).to_string(), "2024-03-01");
        assert_eq!(day.add_days(-59).to_string(), "2023-12-31");
        assert_eq!(day.add_days(i64::MAX).to_string(), "9999-12-31");
        assert_eq!(day.add_days(i64::MIN).to_string(), "0001-01-01");
        assert_eq!(Date::parse("1970-01-02").map(Date::days), Some(1));
        assert_eq!(Date::from_days(LAST_DAY + 1), None);
        assert_eq!(day.midnight_utc().to_string(), "2024-02-28T00:00:00.000Z");
    }

    #[test]
    fn every_day_survives_its_parts_and_agrees_with_jiff() {
        let mut expected = jiff::civil::Date::constant(1, 1, 1);
        for days in FIRST_DAY..=LAST_DAY {
            let day = Date::from_days(days).unwrap();
            let (year, month, number) = day.ymd();
            assert_eq!(Date::from_ymd(year, month, number), Some(day));
            let parts = (expected.year().into(), expected.month().into(), expected.day().into());
            assert_eq!((year, month, number), parts);
            if days < LAST_DAY {
                expected = expected.tomorrow().unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn times_survive_their_text(millis in FIRST_MS..=LAST_MS) {
            let time = Timestamp::from_millis(millis);
            prop_assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        }

        #[test]
        fn reading_never_panics(text in "[0-9TZ:.+ -]{0,30}") {
            let _ = (Timestamp::parse(&text), Date::parse(&text), text.parse::<i64>());
        }
    }
}
