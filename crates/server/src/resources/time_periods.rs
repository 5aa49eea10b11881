//! Time periods: the years, halves, quarters and months of each workspace, in which goals are to be reached.
//!
//! API section "Time periods", and in the extension API when the fiscal year of a workspace begins. The periods are made by the
//! server: with the workspace, and once a minute for those that have too few ahead. They are named after the year in which the
//! fiscal year ends.

use crate::App;
use crate::api::operations::Input;
use crate::prelude::*;
use crate::resources::workspaces::Workspace;
use std::collections::HashMap;
use store::Tx;

/// A time period as stored, one row of `time_periods`.
#[derive(Debug, Clone)]
pub struct TimePeriod {
    pub gid: Gid,
    pub workspace: Gid,
    pub parent: Option<Gid>,
    /// The kind: `FY`, `H1`, `Q1`, `M1` and so on.
    pub period: String,
    pub start_on: Date,
    pub end_on: Date,
    pub display_name: String,
}

row! { TimePeriod in "time_periods" { gid, workspace, parent, period, start_on, end_on, display_name } }

/// The kinds of periods. Months are ours; the others are those of `TimePeriodBase.period`.
const PERIODS: &[&str] = &[
    "FY", "H1", "H2", "Q1", "Q2", "Q3", "Q4", "M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9",
    "M10", "M11", "M12",
];

/// The names of the months in the names of periods.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How many fiscal years there are before and after the running one. Ours.
const YEARS: std::ops::RangeInclusive<i64> = -2..=3;

/// Where there is a fiscal year that begins so many days from now, there are enough ahead: two whole ones.
const AHEAD: i64 = 2 * 365;

impl Record for TimePeriod {
    fn schema(s: &mut Schema<Self>) {
        s.doc("A year, half, quarter or month of a workspace's fiscal year.");
        s.field("end_on", |p| &p.end_on).compact().doc("The last day.");
        s.field("start_on", |p| &p.start_on).compact().doc("The first day.");
        s.field("period", |p| &p.period)
            .values(PERIODS)
            .compact()
            .doc("The kind: the year `FY`, its halves `H1`, `H2`, its quarters `Q1` to `Q4`, its months `M1` to `M12`.");
        s.field("display_name", |p| &p.display_name).compact().doc("What people call it.");
        s.one::<TimePeriod>("parent", |p| p.parent)
            .doc("The next longer period that it is part of; null for a year.");
    }
}

impl Resource for TimePeriod {
    const TYPE: &'static str = "time_period";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for TimePeriod {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section, in the order of the API reference.
pub fn operations(api: &mut Operations) {
    api.section("Time periods", "The periods in which goals are to be reached.");
    api.read::<TimePeriod>("getTimePeriod", "/time_periods/{time_period_gid}", "One time period.");
    api.list::<TimePeriod>(
        "getTimePeriods",
        "/time_periods",
        "The time periods of a workspace by their first day, longer ones first.",
        listed,
    )
    .query("start_on", "Only the periods that end on this day or later.")
    .query("end_on", "Only the periods that begin on this day or before.")
    .required_query("workspace", "The workspace.");
    api.extension("Fiscal years", "When the fiscal year of a workspace begins.");
    let path = "/workspaces/{workspace_gid}/fiscal_year";
    let output = Output::Counts(&["start_month"]);
    api.add(
        "GET",
        "getFiscalYear",
        path,
        "In which month the fiscal year of a workspace begins: 1 is January.",
        Input::None,
        output,
        |cx, call| {
            let (workspace, _) = cx.target::<Workspace>(call, 0)?;
            shown(cx, workspace.gid)
        },
    );
    api.add(
        "PUT",
        "updateFiscalYear",
        path,
        "Lets the fiscal year of a workspace begin in another month; its admins may. Time periods of the old kind stay where goals name them.",
        Input::Fields,
        output,
        set_start,
    )
    .required_field("start_month", JsonType::Integer, "The month, 1 to 12.");
}

/// A day of the query.
fn day(call: &Call, name: &'static str) -> Result<Option<Date>> {
    call.param(name)
        .map(|text| {
            Date::parse(text).ok_or_else(|| {
                let text = crate::api::call::cut(text);
                let message = format!("Date must be in ISO-8601 (yyyy-mm-dd) format, not: {text}");
                invalid(name, message)
            })
        })
        .transpose()
}

/// `getTimePeriods`: those that have a day in the given range.
fn listed(cx: &mut Context<'_, '_>, call: &Call) -> Result<Page<TimePeriod>> {
    let (workspace, _) = cx.refer::<Workspace>("workspace", call.required("workspace")?)?;
    let mut query = Query::inside()
        .filter("t.workspace = ?", params![workspace.gid])
        .order(&["t.start_on", "t.gid"]);
    if let Some(first) = day(call, "start_on")? {
        query = query.filter("t.end_on >= ?", params![first]);
    }
    if let Some(last) = day(call, "end_on")? {
        query = query.filter("t.start_on <= ?", params![last]);
    }
    query.page(cx, call)
}

/// The month in which the fiscal year of a workspace begins.
fn start_of(tx: &mut Tx<'_>, workspace: Gid) -> Result<i64> {
    let start = tx.first(
        "SELECT w.fiscal_year_start FROM workspaces AS w WHERE w.gid = ?",
        params![workspace],
        |row| row.get::<i64>(0),
    )?;
    Ok(start.unwrap_or(1))
}

fn shown(cx: &mut Context<'_, '_>, workspace: Gid) -> Result<Answer> {
    let start_month = start_of(cx.tx, workspace)?;
    let data = serde_json::json!({ "start_month": start_month }).to_string().into_bytes();
    Ok(Answer { data, gid: Some(workspace), ..Answer::default() })
}

/// `updateFiscalYear`.
fn set_start(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (workspace, level) = cx.target::<Workspace>(call, 0)?;
    cx.require_level(level, Level::Admin)?;
    let month = call
        .body
        .read::<i64>("start_month")?
        .ok_or_else(|| invalid("start_month", "Missing input"))?;
    require((1..=12).contains(&month), "start_month", "Must be between 1 and 12")?;
    cx.lock("workspaces", workspace.gid)?;
    if month != start_of(cx.tx, workspace.gid)? {
        cx.execute(
            "UPDATE workspaces SET fiscal_year_start = ? WHERE gid = ?",
            params![month, workspace.gid],
        )?;
        cx.execute(
            "DELETE FROM time_periods WHERE workspace = ? AND gid NOT IN (
               WITH RECURSIVE used(gid, parent) AS (
                 SELECT p.gid, p.parent FROM goals AS g JOIN time_periods AS p ON p.gid = g.time_period WHERE g.workspace = ?
                 UNION SELECT p.gid, p.parent FROM used JOIN time_periods AS p ON p.gid = used.parent)
               SELECT used.gid FROM used)",
            params![workspace.gid, workspace.gid],
        )?;
        let now = cx.now();
        make(cx.tx, now, workspace.gid)?;
        let changes = vec![FieldChange::changed("fiscal_year")];
        cx.emit(Event::changed(Workspace::TYPE, &workspace, changes));
    }
    shown(cx, workspace.gid)
}

/// Makes what is missing of the time periods of a workspace around now. Doing it twice changes nothing.
///
/// Errors: those of the database.
pub fn make(tx: &mut Tx<'_>, now: Timestamp, workspace: Gid) -> Result<()> {
    tx.lock(Workspace::TABLE, workspace)?;
    let start = start_of(tx, workspace)?;
    let known = tx.query(
        "SELECT p.period, p.start_on, p.gid FROM time_periods AS p WHERE p.workspace = ?",
        params![workspace],
        |row| Ok(((row.get::<String>(0)?, row.get::<Date>(1)?), row.get::<Gid>(2)?)),
    )?;
    let known: HashMap<(String, Date), Gid> = known.into_iter().collect();
    let running = year_of(now.date_in("UTC"), start);
    for year in YEARS.map(|offset| running + offset) {
        let mut parents: HashMap<&'static str, Gid> = HashMap::new();
        for span in spans(year, start) {
            let at = (span.period.to_owned(), span.start_on);
            let gid = if let Some(gid) = known.get(&at) {
                *gid
            } else {
                let row = TimePeriod {
                    gid: tx.gid()?,
                    workspace,
                    parent: span.parent.and_then(|parent| parents.get(parent)).copied(),
                    period: at.0,
                    start_on: span.start_on,
                    end_on: span.end_on,
                    display_name: span.display_name,
                };
                tx.later(&engine::record::insert_text::<TimePeriod>(), row.values())?;
                row.gid
            };
            parents.insert(span.period, gid);
        }
    }
    Ok(())
}

/// Makes time periods for the workspaces that have too few ahead; called once a minute.
///
/// Errors: those of the database; what was made stays, and the next call goes on.
pub async fn extend(app: &App) -> Result<()> {
    let now = (app.clock)();
    while app.store.write(move |tx| extend_one(tx, now)).await? {}
    Ok(())
}

/// Makes those of one workspace; true if there was one without.
fn extend_one(tx: &mut Tx<'_>, now: Timestamp) -> Result<bool> {
    let ahead = now.date_in("UTC").add_days(AHEAD);
    let found = tx.first(
        "SELECT w.gid FROM workspaces AS w WHERE (SELECT 1 FROM time_periods AS p WHERE p.workspace = w.gid AND p.period = 'FY'
           AND p.start_on > ? AND CAST(substr(p.start_on, 6, 2) AS BIGINT) = w.fiscal_year_start LIMIT 1) IS NULL ORDER BY w.gid LIMIT 1",
        params![ahead],
        |row| row.get::<Gid>(0),
    )?;
    let Some(workspace) = found else { return Ok(false) };
    make(tx, now, workspace)?;
    Ok(true)
}

/// A time period before it is stored.
struct Span {
    period: &'static str,
    /// The kind of the period that it is part of.
    parent: Option<&'static str>,
    start_on: Date,
    end_on: Date,
    display_name: String,
}

/// The fiscal year of a day; it is named after the year in which it ends.
fn year_of(day: Date, start: i64) -> i64 {
    let (year, month, _) = day.ymd();
    if start > 1 && month >= start { year + 1 } else { year }
}

/// The first day of a month, counted from January of the year 0.
fn first_of(month: i64) -> Date {
    Date::from_ymd(month.div_euclid(12), month.rem_euclid(12) + 1, 1)
        .expect("the years of the server's clock are in the calendar")
}

/// The periods of a fiscal year, each behind the one that it is part of.
fn spans(year: i64, start: i64) -> Vec<Span> {
    let first = if start > 1 { (year - 1) * 12 + start - 1 } else { year * 12 };
    let short = format!("FY{:02}", year.rem_euclid(100));
    let mut spans = Vec::with_capacity(PERIODS.len());
    // The kinds with their places among [`PERIODS`]: how long, and what they are part of.
    let kinds: [(usize, i64, Option<usize>); 4] =
        [(0, 12, None), (1, 6, Some(0)), (3, 3, Some(1)), (7, 1, Some(3))];
    for (kind, months, above) in kinds {
        for (number, period) in PERIODS.iter().skip(kind).enumerate() {
            let from = i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(months);
            if from >= 12 {
                break;
            }
            let above_months = if kind == 7 { 3 } else { months * 2 };
            let parent = above.and_then(|above| {
                let number = usize::try_from(from / above_months).ok()?;
                PERIODS.get(above + number).copied()
            });
            let begins = first + from;
            let month = usize::try_from(begins.rem_euclid(12)).unwrap_or_default();
            let display_name = match kind {
                0 => short.clone(),
                7 => format!("{} {short}", MONTHS.get(month).copied().unwrap_or_default()),
                _ => format!("{period} {short}"),
            };
            spans.push(Span {
                period,
                parent,
                start_on: first_of(begins),
                end_on: first_of(begins + months).add_days(-1),
                display_name,
            });
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(year: i64, start: i64) -> Vec<String> {
        spans(year, start)
            .into_iter()
            .map(|span| {
                let parent = span.parent.unwrap_or("-");
                format!("{} {}..{} in {parent}", span.display_name, span.start_on, span.end_on)
            })
            .collect()
    }

    #[test]
    fn a_calendar_year_has_its_halves_quarters_and_months() {
        let all = told(2024, 1);

        assert_eq!(all.len(), 19);
        assert_eq!(all[0], "FY24 2024-01-01..2024-12-31 in -");
        assert_eq!(all[2], "H2 FY24 2024-07-01..2024-12-31 in FY");
        assert_eq!(all[4], "Q2 FY24 2024-04-01..2024-06-30 in H1");
        assert_eq!(all[6], "Q4 FY24 2024-10-01..2024-12-31 in H2");
        assert_eq!(all[8], "Feb FY24 2024-02-01..2024-02-29 in Q1");
        assert_eq!(all[18], "Dec FY24 2024-12-01..2024-12-31 in Q4");
    }

    #[test]
    fn a_fiscal_year_is_named_after_the_year_in_which_it_ends() {
        let all = told(2026, 4);

        assert_eq!(all[0], "FY26 2025-04-01..2026-03-31 in -");
        assert_eq!(all[6], "Q4 FY26 2026-01-01..2026-03-31 in H2");
        assert_eq!(all[7], "Apr FY26 2025-04-01..2025-04-30 in Q1");
        for (day, start, year) in
            [("2026-03-31", 4, 2026), ("2026-04-01", 4, 2027), ("2026-12-31", 1, 2026)]
        {
            assert_eq!(year_of(Date::parse(day).unwrap(), start), year);
        }
    }
}
