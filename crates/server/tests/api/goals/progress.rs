//! How far goals are, by everything that they can follow from.

use super::*;

/// What supports a goal in the table below.
enum Part {
    /// A goal that is so far on its way, by hand.
    Goal(f64),
    /// A goal without a metric, of this status before its metric was taken away.
    Bare,
    /// A project with so many tasks and milestones, of which so many are complete.
    Project { tasks: usize, done: usize, milestones: usize, reached: usize },
    /// A task, complete or not.
    Task(bool),
}

/// Source, whether weights count, what supports the goal with its weight, the part that is done.
type Row = (&'static str, bool, Vec<(Part, f64)>, f64);

/// Makes what a part says.
fn make(app: &App, part: &Part) -> String {
    match part {
        Part::Goal(current) => {
            measuring(app, json!({ "target_number_value": 1, "current_number_value": current }))
        }
        Part::Bare => app.has("goal", json!({})),
        Part::Task(done) => app.has("task", json!({ "completed": done })),
        Part::Project { tasks, done, milestones, reached } => {
            let project = app.has("project", json!({}));
            for number in 0..*tasks {
                app.has("task", json!({ "projects": [project], "completed": number < *done }));
            }
            for number in 0..*milestones {
                app.has("task", json!({ "projects": [project], "resource_subtype": "milestone", "completed": number < *reached }));
            }
            project
        }
    }
}

#[test]
fn progress_follows_from_what_supports_a_goal() {
    use Part::{Bare, Goal, Project, Task};
    let half = || Project { tasks: 4, done: 2, milestones: 0, reached: 0 };
    let mixed = || Project { tasks: 1, done: 1, milestones: 3, reached: 1 };
    let empty = || Project { tasks: 0, done: 0, milestones: 0, reached: 0 };
    let table: Vec<Row> = vec![
        ("subgoal_progress", false, vec![], 0.0),
        ("subgoal_progress", false, vec![(Goal(0.5), 1.0)], 0.5),
        ("subgoal_progress", false, vec![(Goal(0.5), 0.1), (Goal(1.0), 0.9)], 0.75),
        ("subgoal_progress", true, vec![(Goal(0.5), 0.25), (Goal(1.0), 0.75)], 0.875),
        // Weight 0 does not count, whether weights count or not.
        ("subgoal_progress", false, vec![(Goal(0.5), 1.0), (Goal(1.0), 0.0)], 0.5),
        ("subgoal_progress", true, vec![(Goal(0.5), 1.0), (Goal(1.0), 0.0)], 0.5),
        // Nobody makes up for others, nor pulls below nothing.
        ("subgoal_progress", false, vec![(Goal(3.0), 1.0), (Goal(-1.0), 1.0)], 0.5),
        ("subgoal_progress", false, vec![(Goal(1.0), 1.0), (Bare, 1.0)], 0.5),
        // Other things do not count.
        ("subgoal_progress", false, vec![(Goal(0.5), 1.0), (Task(true), 1.0), (half(), 1.0)], 0.5),
        ("project_task_completion", false, vec![(half(), 1.0), (empty(), 1.0)], 0.25),
        (
            "project_task_completion",
            false,
            vec![(half(), 1.0), (mixed(), 1.0), (Task(true), 1.0)],
            0.5,
        ),
        ("project_task_completion", true, vec![(half(), 0.9), (empty(), 0.1)], 0.45),
        ("project_milestone_completion", false, vec![(mixed(), 1.0)], 1.0 / 3.0),
        ("project_milestone_completion", true, vec![(mixed(), 0.6), (half(), 0.4)], 0.2),
        (
            "task_completion",
            false,
            vec![(Task(true), 1.0), (Task(false), 1.0), (Task(false), 0.5), (Task(true), 0.1)],
            0.5,
        ),
        ("task_completion", true, vec![(Task(true), 0.3), (Task(false), 0.1)], 0.75),
        ("task_completion", true, vec![(Goal(1.0), 1.0)], 0.0),
    ];
    on_both(|app| {
        for (at, (source, is_custom_weight, parts, wanted)) in table.iter().enumerate() {
            let goal = derived(app, source, *is_custom_weight);
            for (part, weight) in parts {
                support(app, &goal, &make(app, part), *weight);
            }
            let got = current(app, &goal);
            assert!((got - wanted).abs() < 1e-9, "row {at}: {got}, not {wanted}");
        }
    });
}

#[test]
fn a_task_three_levels_down_moves_the_company() {
    on_both(|app| {
        let task = app.has("task", json!({}));
        let project = app.has("project", json!({}));
        let in_project = app.has("task", json!({ "projects": [project] }));
        let team = derived(app, "subgoal_progress", true);
        let crew = derived(app, "subgoal_progress", false);
        let person = derived(app, "task_completion", false);
        let release = derived(app, "project_task_completion", false);
        let sales =
            measuring(app, json!({ "target_number_value": 200, "current_number_value": 100 }));
        support(app, &person, &task, 1.0);
        support(app, &release, &project, 1.0);
        support(app, &crew, &person, 1.0);
        support(app, &crew, &release, 1.0);
        support(app, &team, &crew, 0.5);
        support(app, &team, &sales, 0.25);
        // Something of money on top: the value is on the way from the first to the last one.
        let company = measuring(
            app,
            json!({ "unit": "currency", "currency_code": "eur", "precision": 2, "initial_number_value": 1000, "target_number_value": 2000, "progress_source": "subgoal_progress" }),
        );
        support(app, &company, &team, 1.0);
        let far = |wanted: [f64; 3]| {
            for (goal, wanted) in [&crew, &team, &company].into_iter().zip(wanted) {
                let got = current(app, goal);
                assert!((got - wanted).abs() < 1e-9, "{goal}: {got}, not {wanted}");
            }
        };
        far([0.0, 0.5 / 3.0, 1000.0 + 500.0 / 3.0]);

        complete(app, &task);
        far([0.5, 0.5, 1500.0]);
        complete(app, &in_project);
        far([1.0, 2.5 / 3.0, 1000.0 + 2500.0 / 3.0]);

        let shown = app
            .as_("bob")
            .get(&format!("/goals/{company}?opt_fields=metric.current_display_value"));
        assert_eq!(shown.data()["metric"]["current_display_value"], "€1833.33");
        // What is in the trash does not count; whoever looks.
        app.as_("ada").delete(&format!("/tasks/{task}")).data();
        far([0.5, 0.5, 1500.0]);
        app.as_("ada").delete(&format!("/goals/{sales}")).data();
        far([0.5, 0.5, 1500.0]);
        app.as_("ada").delete(&format!("/goals/{person}")).data();
        far([1.0, 1.0, 2000.0]);
        app.as_("ada").delete(&format!("/projects/{project}")).data();
        far([0.0, 0.0, 1000.0]);
    });
}

#[test]
fn a_portfolio_counts_all_its_tasks_once() {
    on_both(|app| {
        let portfolio = |name: &str, items: &[&str]| {
            let body = json!({ "workspace": ACME, "name": name });
            let gid = app.as_("ada").post("/portfolios", body).gid();
            for item in items {
                app.as_("ada")
                    .post(&format!("/portfolios/{gid}/addItem"), json!({ "item": item }))
                    .data();
            }
            gid
        };
        let half = make(app, &Part::Project { tasks: 2, done: 1, milestones: 0, reached: 0 });
        let mixed = make(app, &Part::Project { tasks: 0, done: 0, milestones: 2, reached: 2 });
        let inner = portfolio("Inner", &[&half, &mixed]);
        let outer = portfolio("Outer", &[&half, &inner]);
        let empty = portfolio("Empty", &[]);
        let tasks = derived(app, "project_task_completion", false);
        let milestones = derived(app, "project_milestone_completion", false);
        for goal in [&tasks, &milestones] {
            support(app, goal, &outer, 1.0);
        }
        assert!((current(app, &tasks) - 0.75).abs() < 1e-9);
        assert!((current(app, &milestones) - 1.0).abs() < 1e-9);
        support(app, &tasks, &empty, 1.0);
        assert!((current(app, &tasks) - 0.375).abs() < 1e-9);
        app.as_("ada").delete(&format!("/portfolios/{inner}")).data();
        assert!((current(app, &tasks) - 0.25).abs() < 1e-9);
        assert_eq!(
            app.as_("ada").get(&format!("/goals?portfolio={outer}")).gids(),
            [tasks, milestones]
        );
    });
}

#[test]
fn a_list_of_goals_costs_the_same_whatever_hangs_on_them() {
    on_both(|app| {
        let fields = "name,owner.name,metric.current_display_value,followers.name,time_period.display_name,team.name";
        let path = format!("/goals?workspace={ACME}&limit=100&opt_fields={fields}");
        let grow = |many: usize| {
            for _ in 0..many {
                let goal = derived(app, "subgoal_progress", false);
                for source in ["task_completion", "project_task_completion"] {
                    let below = derived(app, source, false);
                    support(app, &goal, &below, 1.0);
                    support(app, &below, &app.has("task", json!({})), 1.0);
                    support(app, &below, &app.has("project", json!({})), 1.0);
                }
            }
        };
        grow(1);
        let one = app.as_("ada").get(&path);
        assert_eq!(one.gids().len(), 3);
        grow(4);

        let more = app.as_("ada").get(&path);

        assert_eq!(more.gids().len(), 15);
        assert_eq!(more.statements(), one.statements());
    });
}
