//! Rules that the clock sets off: once each, whatever the server missed.

use super::{put, rule, runs, tags_of, world};
use crate::kit::on_both;
use serde_json::json;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

#[test]
fn a_schedule_runs_once_for_each_of_its_times_also_those_that_were_missed() {
    on_both(|app| {
        let world = world(app);
        let rule = rule(
            app,
            &world.project,
            json!({ "type": "schedule", "every": "day", "at": "09:00" }),
            json!([]),
            json!([{ "type": "create_task", "name": "Stand-up", "due_in_days": 0 }]),
        );
        app.tick_rules();
        assert_eq!(runs(app, &rule), [""; 0]);

        app.tick(9 * HOUR);
        app.tick_rules();
        app.tick_rules();
        assert_eq!(runs(app, &rule), ["succeeded"]);

        app.tick(3 * DAY);
        app.tick_rules();
        assert_eq!(runs(app, &rule).len(), 4);
        let tasks =
            app.as_("ada").get(&format!("/projects/{}/tasks?opt_fields=due_on", world.project));
        let mut days = tasks.column("due_on");
        days.sort();
        assert_eq!(days, ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]);
    });
}

#[test]
fn due_dates_that_come_near_or_pass_set_rules_off_once() {
    on_both(|app| {
        app.tick_rules();
        let world = world(app);
        let near = world.tags(app, json!({ "type": "due_approaching", "days": 1 }), json!([]));
        let hours = world.tags(app, json!({ "type": "due_approaching", "hours": 2 }), json!([]));
        let passed = world.tags(app, json!({ "type": "due_passed" }), json!([]));
        let on = world.task(app, json!({ "due_on": "2026-01-03" }));
        let at = world.task(app, json!({ "due_at": "2026-01-03T12:00:00Z" }));
        let done = world.task(app, json!({ "due_on": "2026-01-03", "completed": true }));
        let counts = || [&near, &hours, &passed].map(|rule| runs(app, rule).len());

        app.tick(23 * HOUR);
        app.tick_rules();
        assert_eq!(counts(), [0, 0, 0]);
        app.tick(HOUR);
        app.tick_rules();
        app.tick_rules();
        assert_eq!(counts(), [2, 0, 0], "a day before");
        app.tick(DAY + 10 * HOUR);
        app.tick_rules();
        assert_eq!(counts(), [2, 1, 0], "two hours before");
        // Whatever happened while no server ran is made up for.
        app.tick(3 * DAY);
        app.tick_rules();
        assert_eq!(counts(), [2, 1, 2]);
        assert_eq!([&on, &at, &done].map(|task| tags_of(app, task)), [1, 1, 0]);

        // Another date is another time.
        put(app, &on, json!({ "due_on": "2026-01-20" }));
        app.tick(20 * DAY);
        app.tick_rules();
        assert_eq!(counts(), [3, 1, 3]);
    });
}

#[test]
fn a_date_that_is_set_late_is_near_at_once() {
    on_both(|app| {
        app.tick_rules();
        let world = world(app);
        let near = world.tags(app, json!({ "type": "due_approaching", "days": 3 }), json!([]));
        let soon = world.task(app, json!({}));
        let late = world.task(app, json!({}));

        put(app, &soon, json!({ "due_on": "2026-01-02" }));
        put(app, &late, json!({ "due_on": "2026-02-02" }));
        app.run_rules();
        assert_eq!(runs(app, &near).len(), 1);
        app.tick(DAY);
        app.tick_rules();

        assert_eq!(runs(app, &near).len(), 1);
        assert_eq!([&soon, &late].map(|task| tags_of(app, task)), [1, 0]);
    });
}

#[test]
fn the_log_is_kept_for_thirty_days() {
    on_both(|app| {
        let world = world(app);
        let rule = world.tags(app, json!({ "type": "completed" }), json!([]));
        let task = world.task(app, json!({}));
        put(app, &task, json!({ "completed": true }));
        app.run_rules();
        assert_eq!(runs(app, &rule).len(), 1);

        app.tick(31 * DAY);
        app.tick_rules();

        assert_eq!(app.sql("SELECT count(*) FROM rule_runs", &[], |row| row.get::<i64>(0)), [0]);
    });
}
