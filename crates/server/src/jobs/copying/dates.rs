//! Where the dates of copies go.

use crate::prelude::*;
use serde::{Deserialize, Serialize};

/// How the dates of the copies differ from those of the originals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// So many days later.
    pub days: i64,
    /// Whether dates that would be on a weekend are on the Monday after it.
    pub skips_weekends: bool,
    /// The first or last date that there is to be; `days` follows from it.
    pub fit: Option<Fit>,
}

/// The end of the copy that is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Fit {
    /// The first date.
    Start(String),
    /// The last due date.
    Due(String),
}

impl Shift {
    /// The day that stands for this one.
    pub fn moved(&self, day: Date) -> Date {
        let moved = day.add_days(self.days);
        // The first of January 1970 was a Thursday.
        match (moved.days() + 3).rem_euclid(7) {
            5 if self.skips_weekends => moved.add_days(2),
            6 if self.skips_weekends => moved.add_days(1),
            _ => moved,
        }
    }

    /// Settles the days, from the first and the last date of the originals.
    pub(super) fn settle(&mut self, first: Option<Date>, last: Option<Date>) {
        let asked = match self.fit.take() {
            Some(Fit::Start(day)) => Date::parse(&day).zip(first),
            Some(Fit::Due(day)) => Date::parse(&day).zip(last),
            None => return,
        };
        self.days = asked.map_or(0, |(to, from)| to.days() - from.days());
    }

    /// A table of these days for a query, as texts: the day, the day that stands for it, and the milliseconds between them.
    /// Empty if nothing moves.
    pub(super) fn table(&self, days: &[Date]) -> Vec<String> {
        /// A day has so many milliseconds.
        const DAY: i64 = 24 * 60 * 60 * 1_000;
        if self.days == 0 && !self.skips_weekends {
            return Vec::new();
        }
        days.iter()
            .map(|day| {
                let moved = self.moved(*day);
                format!("{day}{moved}{}", (moved.days() - day.days()) * DAY)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn days_move_and_weekends_are_skipped() {
        let plain = Shift { days: 1, ..Shift::default() };
        let working = Shift { skips_weekends: true, ..plain.clone() };

        // 2026-01-02 is a Friday.
        assert_eq!(plain.moved(day("2026-01-02")), day("2026-01-03"));
        assert_eq!(working.moved(day("2026-01-02")), day("2026-01-05"));
        assert_eq!(working.moved(day("2026-01-03")), day("2026-01-05"));
        assert_eq!(working.moved(day("2026-01-04")), day("2026-01-05"));
        assert_eq!(working.table(&[day("2026-01-02")]), ["2026-01-022026-01-05259200000"]);
        assert!(Shift::default().table(&[day("2026-01-02")]).is_empty());
    }

    #[test]
    fn the_first_or_the_last_day_is_where_it_was_asked_to_be() {
        let (first, last) = (Some(day("2026-01-05")), Some(day("2026-02-02")));
        for (fit, days) in [
            (Some(Fit::Start("2026-03-05".to_owned())), 59),
            (Some(Fit::Due("2026-02-01".to_owned())), -1),
            (None, 0),
        ] {
            let mut shift = Shift { fit, ..Shift::default() };
            shift.settle(first, last);
            assert_eq!(shift.days, days);
        }
    }
}
