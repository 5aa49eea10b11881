//! Time periods: what the API promises.

use crate::kit::{ACME, App, on_both};
use serde_json::json;

/// The names of the periods that have a day in a range.
fn names(app: &App, range: &str) -> Vec<String> {
    app.as_("bob").get(&format!("/time_periods?workspace={ACME}&{range}")).column("display_name")
}

#[test]
fn every_workspace_has_years_halves_quarters_and_months() {
    on_both(|app| {
        app.make_time_periods();
        app.make_time_periods();

        let all = app.as_("bob").get(&format!("/time_periods?workspace={ACME}"));
        assert_eq!(all.data().as_array().unwrap().len(), 6 * 19);
        assert_eq!(
            names(app, "start_on=2026-02-28&end_on=2026-02-28"),
            ["FY26", "H1 FY26", "Q1 FY26", "Feb FY26"]
        );

        let quarter = app.as_("bob").get(&format!("/time_periods?workspace={ACME}&start_on=2026-12-31&end_on=2026-12-31&opt_fields=period,parent.display_name,start_on,end_on"));
        let rows = quarter.data();
        let quarter = rows.as_array().unwrap().iter().find(|row| row["period"] == "Q4").unwrap();
        assert_eq!(quarter["parent"]["display_name"], "H2 FY26");
        assert_eq!(
            (&quarter["start_on"], &quarter["end_on"]),
            (&json!("2026-10-01"), &json!("2026-12-31"))
        );

        let one =
            app.as_("bob").get(&format!("/time_periods/{}", quarter["gid"].as_str().unwrap()));
        assert_eq!(one.data()["resource_type"], "time_period");
        assert_eq!(one.data()["parent"]["period"], "H2");
    });
}

#[test]
fn there_are_always_enough_ahead() {
    let app = App::sqlite();
    app.make_time_periods();
    assert_eq!(names(&app, "start_on=2030-01-01"), Vec::<String>::new());

    app.tick(366 * 24 * 60 * 60 * 1_000);
    app.make_time_periods();

    assert_eq!(names(&app, "start_on=2030-12-31"), ["FY30", "H2 FY30", "Q4 FY30", "Dec FY30"]);
    assert!(names(&app, "end_on=2024-01-01").contains(&"FY24".to_owned()));
}

#[test]
fn a_new_workspace_has_them_at_once() {
    let app = App::sqlite();
    app.transaction(|tx| {
        let now = model::Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        server::admin::create_workspace(tx, now, "New", false, &[])?;
        Ok(())
    });

    let count = app.sql("SELECT count(*) FROM time_periods AS p", &[], |row| row.get::<i64>(0));

    assert_eq!(count, [6 * 19]);
}

#[test]
fn the_fiscal_year_can_begin_in_another_month() {
    on_both(|app| {
        app.make_time_periods();
        let periods = app.as_("bob").get(&format!(
            "/time_periods?workspace={ACME}&start_on=2026-01-01&end_on=2026-01-01&opt_fields=period"
        ));
        let quarter = periods.data()[2]["gid"].as_str().unwrap().to_owned();
        let goal = app.has("goal", json!({ "time_period": quarter }));
        let path = format!("/api/vinyasa/1/workspaces/{ACME}/fiscal_year");
        assert_eq!(app.as_("bob").get(&path).data(), json!({ "start_month": 1 }));
        assert_eq!(app.as_("bob").put(&path, json!({ "start_month": 4 })).status, 403);
        assert!(
            app.as_("ada").put(&path, json!({ "start_month": 13 })).error(400).contains("1 and 12")
        );
        app.events();

        let reply = app.as_("ada").put(&path, json!({ "start_month": 4 }));

        assert_eq!(reply.data(), json!({ "start_month": 4 }));
        assert_eq!(app.events(), [format!("workspace {ACME} changed fiscal_year by ada")]);
        // The old quarter stays for its goal, with what it is part of.
        let mut there = names(app, "start_on=2026-02-01&end_on=2026-02-01");
        there.sort();
        assert_eq!(there, ["FY26", "FY26", "Feb FY26", "H1 FY26", "H2 FY26", "Q1 FY26", "Q4 FY26"]);
        let shown =
            app.as_("ada").get(&format!("/goals/{goal}?opt_fields=time_period.display_name"));
        assert_eq!(shown.data()["time_period"]["display_name"], "Q1 FY26");
        app.make_time_periods();
        assert_eq!(names(app, "start_on=2026-02-01&end_on=2026-02-01").len(), 7);
    });
}

#[test]
fn guests_and_strangers_see_none() {
    let app = App::sqlite();
    app.make_time_periods();
    let list = format!("/time_periods?workspace={ACME}");
    let one = format!("/time_periods/{}", app.as_("ada").get(&list).gids()[0]);

    assert_eq!(app.as_("eve").get(&list).gids(), Vec::<String>::new());
    assert_eq!(app.as_("eve").get(&one).status, 403);
    assert_eq!(app.as_("mallory").get(&one).status, 404);
    assert!(app.as_("ada").get("/time_periods").error(400).contains("workspace: Missing input"));
    assert!(app.as_("ada").get(&format!("{list}&start_on=soon")).error(400).contains("start_on"));
}
