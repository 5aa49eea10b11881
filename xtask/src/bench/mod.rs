//! `bench`: the release binary against the ceilings of the same run.
//!
//! A database of a stated size is written ([`seed`]), the server is started on it ([`process`]) and driven over loopback by
//! sixteen clients ([`http`]). In between, round by round, the ceilings are measured on the same machine in the same minute:
//! the HTTP stack that answers the same bytes from memory ([`mod@constant`]), and the same SQL without HTTP ([`sql`]). Ratios
//! are what counts; [`report`] prints them with the gates.

mod constant;
mod events;
mod http;
mod process;
mod report;
mod seed;
mod sql;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use engine::{Body, Selection};
use model::Timestamp;
use serde_json::json;
use server::api::Call;
use server::api::call::Options;
use store::testing::{TempDir, postgres};
use store::{Config, Store};

use http::{Connection, Dice, Make, drive, request};
use process::Process;
use report::{Poll, Report, Row, Shot, Sights};
use seed::{PER_PROJECT, SMALL, World};
use sql::{Bare, Recorder, Recording, pgbench, scripts};

/// What is shown of a list, as in the requirements.
const LIST_FIELDS: &str = "name,assignee.name,completed,due_on,memberships.section.name,tags.name";

/// What is shown of the items of a portfolio.
const ITEM_FIELDS: &str = "name,owner.name,due_on,completed,members.name,current_status_update.title,current_status_update.status_type,current_status_update.author.name";

/// What the goals are listed with: their progress, which is computed, and what hangs on them.
const GOAL_FIELDS: &str =
    "name,owner.name,status,metric.current_display_value,followers.name,time_period.display_name";

/// Requests whose statements are noted, for each operation.
const RECORDINGS: i64 = 40;

/// Scripts of an operation for pgbench: each is prepared by each client.
const SCRIPTS: i64 = 4;

/// How it is used.
pub(super) const USAGE: &str = "bench [--tasks 100000] [--database sqlite|postgres|both] [--rounds 5] [--seconds 1] [--binary FILE] [--log FILTER]";

/// What can be chosen.
#[derive(Clone, Debug)]
struct Choices {
    tasks: i64,
    databases: Vec<&'static str>,
    rounds: usize,
    time: Duration,
    binary: Option<PathBuf>,
    log: String,
}

impl Choices {
    fn parse(arguments: &[String]) -> Result<Choices> {
        let mut choices = Choices {
            tasks: 100_000,
            databases: vec!["sqlite", "postgres"],
            rounds: 5,
            time: Duration::from_secs(1),
            binary: None,
            log: "info".to_owned(),
        };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let value = rest.next().with_context(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--tasks" => choices.tasks = value.replace('_', "").parse()?,
                "--rounds" => choices.rounds = value.parse()?,
                "--seconds" => choices.time = Duration::try_from_secs_f64(value.parse()?)?,
                "--binary" => choices.binary = Some(PathBuf::from(value)),
                "--log" => choices.log.clone_from(value),
                "--database" => {
                    choices.databases = match value.as_str() {
                        "sqlite" => vec!["sqlite"],
                        "postgres" => vec!["postgres"],
                        "both" => vec!["sqlite", "postgres"],
                        other => bail!("there is no database {other}"),
                    }
                }
                other => bail!("unknown: {other}\nusage: {USAGE}"),
            }
        }
        ensure!(choices.tasks >= 1_000 && choices.rounds > 0, "at least 1000 tasks and one round");
        Ok(choices)
    }
}

/// The server of constant answers; a process of its own.
pub(super) fn constant(files: &[String]) -> Result<()> {
    constant::serve(files)
}

/// Measures and prints.
pub(super) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let choices = Choices::parse(arguments)?;
    let binary = match &choices.binary {
        Some(binary) => binary.clone(),
        None => build(root)?,
    };
    for kind in &choices.databases {
        let report = Bench::prepare(kind, &choices, &binary)?.measure()?;
        println(&report.to_string())?;
    }
    Ok(())
}

/// Builds the release binary.
fn build(root: &Path) -> Result<PathBuf> {
    let cargo = Command::new("cargo")
        .args(["build", "--release", "--package", "vinyasa"])
        .current_dir(root)
        .status()?;
    ensure!(cargo.success(), "the release binary cannot be built");
    let own = std::env::current_exe()?;
    // This program is in the same folder, wherever that is.
    let beside = own.parent().map(|folder| folder.join("vinyasa")).filter(|path| path.exists());
    beside.or_else(|| Some(root.join("target/release/vinyasa"))).context("no binary")
}

fn println(text: &str) -> Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}

/// An operation that is measured.
struct Measured {
    name: &'static str,
    /// What it is called in the files of constant answers.
    key: &'static str,
    make: Make,
    recordings: Vec<Recording>,
    scripts: Vec<String>,
}

/// All that is needed for one database.
struct Bench<'c> {
    kind: &'static str,
    choices: &'c Choices,
    directory: TempDir,
    url: Option<String>,
    world: World,
    operations: Vec<Measured>,
    seeded: f64,
    binary: PathBuf,
}

impl<'c> Bench<'c> {
    /// Writes the database and notes the statements.
    fn prepare(kind: &'static str, choices: &'c Choices, binary: &Path) -> Result<Bench<'c>> {
        let directory = TempDir::new();
        let url = (kind == "postgres").then(|| postgres().fresh_database());
        let config = match &url {
            Some(url) => Config::postgres(url.clone()),
            None => Config::directory(directory.path()),
        };
        // Gids as in production, so that those of the seed are apart from those of the server.
        let config = Config { readers: 1, durable: false, wait: Duration::from_mins(1), ..config };
        // The first of July 2026, whatever the day is: every run measures the same.
        let now = Timestamp::from_millis(1_782_864_000_000);
        let started = std::time::Instant::now();
        let store = Store::open(config)?;
        let world = seed::fill(&store, choices.tasks, now)?;
        let seeded = started.elapsed().as_secs_f64();
        let recorder = Recorder::new(store, &directory.path().join("files"), &world.member, now)?;
        let mut operations = operations(&world);
        let mut dice = Dice::new(1);
        for operation in &mut operations {
            for _ in 0..RECORDINGS {
                let (id, call) = call(operation.key, &world, &mut dice)?;
                operation.recordings.push(recorder.note(id, &call)?);
            }
            if url.is_some() && operation.key != "update" {
                let few: Vec<Recording> = operation
                    .recordings
                    .iter()
                    .take(usize::try_from(SCRIPTS).unwrap_or(1))
                    .cloned()
                    .collect();
                operation.scripts = scripts(directory.path(), operation.key, &few)?;
            }
        }
        let binary = binary.to_owned();
        drop(recorder);
        check(&binary, directory.path(), url.as_deref())?;
        Ok(Bench { kind, choices, directory, url, world, operations, seeded, binary })
    }

    fn server(&self) -> Result<Process> {
        let mut command = Command::new(&self.binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", &self.choices.log]);
        // The target of the measured webhook is here.
        command.arg("--allow-private-network");
        command.arg("--data-dir").arg(self.directory.path());
        if let Some(url) = &self.url {
            command.args(["--database-url", url]);
        }
        Process::start(&mut command, &self.directory.path().join("server.log"))
    }

    /// The HTTP stack with the server's own answers.
    fn constant(&self, server: &Process) -> Result<Process> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bench-constant");
        for operation in &self.operations {
            let mut connection = Connection::new(server.address)?;
            let body = connection.exchange(&(operation.make)(&mut Dice::new(2)))?;
            let path = self.directory.path().join(format!("{}.json", operation.key));
            std::fs::write(&path, body)?;
            command.arg(format!("{}={}", operation.key, path.display()));
        }
        Process::start(&mut command, &self.directory.path().join("constant.log"))
    }

    /// Drives a process and gives what a request cost it.
    fn shoot(&self, process: &Process, make: &Make, seed: u64) -> Result<Shot> {
        let before = process.cpu()?;
        let (answers, seconds) = drive(process.address, make, self.choices.time, seed)?;
        let cpu = process.cpu()? - before;
        ensure!(answers > 0, "no request was answered");
        #[expect(
            clippy::as_conversions,
            clippy::cast_precision_loss,
            reason = "a count of requests is far below 2^53"
        )]
        let answers = answers as f64;
        Ok(Shot { rate: answers / seconds, cpu: Some(cpu / answers) })
    }

    fn measure(self) -> Result<Report> {
        let server = self.server()?;
        let ready = server.ready;
        let idle = server.anonymous()?;
        let constant = self.constant(&server)?;
        let mut bare = match &self.url {
            Some(_) => None,
            None => Some(Bare::open(self.directory.path())?),
        };
        let mut rows: Vec<Row> = self
            .operations
            .iter()
            .map(|operation| {
                let statements = operation.recordings.first().map_or(0, Recording::len);
                Row::new(operation.name, operation.key, statements)
            })
            .collect();
        let mut loaded: f64 = idle;
        // Once unmeasured: connections, prepared statements, caches.
        for operation in &self.operations {
            self.shoot(&server, &operation.make, 0)?;
        }
        // Before the same SQL is run with gids of its own: the log is read in their order.
        let mut polls = self.polls(&server)?;
        let delays = events::delays(&server, &self.world)?;
        for round in 0..self.choices.rounds {
            for (operation, row) in self.operations.iter().zip(&mut rows) {
                let seed = u64::try_from(round).unwrap_or(0) + 1;
                row.server.push(self.shoot(&server, &operation.make, seed)?);
                loaded = loaded.max(server.anonymous()?);
                row.constant.push(self.shoot(&constant, &operation.make, seed)?);
                let looped = match (&mut bare, &self.url) {
                    (Some(bare), _) => Some(bare.run(&operation.recordings, self.choices.time)?),
                    (None, Some(url)) if !operation.scripts.is_empty() => {
                        let seconds = self.choices.time.as_secs();
                        Some(pgbench(url, &operation.scripts, seconds, round)?)
                    }
                    _ => None,
                };
                row.same.extend(looped.map(|one| Shot { rate: one.rate, cpu: one.cpu }));
            }
        }
        let guests = self.guests(&server)?;
        polls.extend(self.rules(&server)?);
        Ok(Report {
            kind: self.kind,
            tasks: self.choices.tasks,
            rows,
            guests,
            polls,
            delays,
            idle,
            loaded,
            ready,
            seeded: self.seeded,
        })
    }

    /// Polling for events: when there is nothing, and when there are a hundred.
    fn polls(&self, server: &Process) -> Result<Vec<Poll>> {
        let world = &self.world;
        let (task, project) = (World::task(0, 0), World::project(0));
        let before = events::token(server, &world.member, project)?;
        events::change(server, world, task, 100)?;
        // Each change makes a story, too: a page is full.
        let mut polls = Vec::new();
        for (name, full) in [("poll, nothing new", false), ("poll, a page of 100", true)] {
            let sync = match full {
                true => before.clone(),
                false => events::token(server, &world.member, project)?,
            };
            let path = format!("/events?resource={project}&sync={sync}");
            let sent = request("GET", &path, &world.member, None);
            let make: Make = Arc::new(move |_| sent.clone());
            let mut shots = Vec::new();
            for round in 0..self.choices.rounds {
                let seed = u64::try_from(round).unwrap_or(0) + 80;
                shots.push(self.shoot(server, &make, seed)?);
            }
            polls.push(Poll { name, shots });
        }
        Ok(polls)
    }

    /// A write that sets off none, one and twenty rules of the project. Each runs a hundred times in a minute, the rest is left out:
    /// so the rate is that of a server whose rules are at their limit.
    fn rules(&self, server: &Process) -> Result<Vec<Poll>> {
        let world = &self.world;
        let project = World::project(1);
        let mut connection = Connection::new(server.address)?;
        let (mut made, mut polls) = (0, Vec::new());
        for (count, name) in [
            (0, "write with no rule"),
            (1, "write that sets off 1 rule"),
            (20, "write that sets off 20 rules"),
        ] {
            for number in made..count {
                let rule = json!({ "data": {
                    "project": project.to_string(), "name": format!("Rule {number}"),
                    "trigger": { "type": "field_changed", "field": "name" },
                    "actions": [{ "type": "set_field", "field": "notes", "value": format!("Renamed {number}") }],
                } });
                let path = "/api/vinyasa/1/rules";
                let sent = request("POST", path, &world.member, Some(&rule.to_string()));
                connection.exchange(&sent)?;
            }
            made = count;
            let token = world.member.clone();
            let make: Make = Arc::new(move |dice| {
                let path = format!("/tasks/{}", World::task(1, dice.below(PER_PROJECT)));
                let fields =
                    json!({ "data": { "name": format!("Renamed {}", dice.below(1_000_000)) } });
                request("PUT", &path, &token, Some(&fields.to_string()))
            });
            let mut shots = Vec::new();
            for round in 0..self.choices.rounds {
                let seed = u64::try_from(round).unwrap_or(0) + 90;
                shots.push(self.shoot(server, &make, seed)?);
            }
            polls.push(Poll { name, shots });
        }
        Ok(polls)
    }

    /// The same requests by a full member and by a guest who sees fifty tasks.
    fn guests(&self, server: &Process) -> Result<Vec<Sights>> {
        let world = &self.world;
        let small = world.projects;
        let project = World::project(small);
        let requests: [(&'static str, MakePath); 3] = [
            (
                "list their 50 tasks",
                Box::new(move |_| format!("/tasks?project={project}&limit=50")),
            ),
            ("tasks with a tag", {
                let tag = World::tag();
                Box::new(move |_| format!("/tasks?tag={tag}&limit=50"))
            }),
            ("open a task", {
                Box::new(move |dice| format!("/tasks/{}", World::task(small, dice.below(SMALL))))
            }),
        ];
        let mut guests = Vec::new();
        for (name, path) in requests {
            let path = Arc::new(path);
            let make = |token: &str| -> Make {
                let (path, token) = (Arc::clone(&path), token.to_owned());
                Arc::new(move |dice| request("GET", &path(dice), &token, None))
            };
            let mut both = Sights { name, by_member: Vec::new(), by_guest: Vec::new() };
            for round in 0..self.choices.rounds {
                let seed = u64::try_from(round).unwrap_or(0) + 50;
                both.by_member.push(self.shoot(server, &make(&world.member), seed)?);
                both.by_guest.push(self.shoot(server, &make(&world.guest), seed)?);
            }
            guests.push(both);
        }
        Ok(guests)
    }
}

/// Makes the path of the next request.
type MakePath = Box<dyn Fn(&mut Dice) -> String + Send + Sync>;

/// Refuses a database that the server would have written otherwise.
fn check(binary: &Path, directory: &Path, url: Option<&str>) -> Result<()> {
    let mut command = Command::new(binary);
    command.args(["admin", "check", "--data-dir"]).arg(directory);
    if let Some(url) = url {
        command.args(["--database-url", url]);
    }
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the database that was written is not in order:\n{text}");
    Ok(())
}

/// A task of the large projects.
fn any_task(world: &World, dice: &mut Dice) -> i64 {
    World::task(dice.below(world.projects), dice.below(PER_PROJECT))
}

fn body(key: &str, world: &World, dice: &mut Dice) -> serde_json::Value {
    let number = dice.below(1_000_000);
    if key == "create" {
        let project = World::project(dice.below(world.projects)).to_string();
        json!({
            "name": format!("Measure {number}"), "projects": [project], "due_on": "2026-09-01",
            "assignee": World::user(dice.below(100)).to_string(), "notes": "As agreed on the phone.",
        })
    } else {
        json!({ "name": format!("Renamed {number}"), "due_on": format!("2026-10-{:02}", 1 + dice.below(28)) })
    }
}

/// What is measured, as HTTP requests.
fn operations(world: &World) -> Vec<Measured> {
    let all = [
        ("get one task in full", "get"),
        ("list 100 with nested fields", "list"),
        ("list 100 portfolio items", "items"),
        ("list 100 goals with nested fields", "goals"),
        ("create a task", "create"),
        ("update a task", "update"),
        ("search with three filters", "filters"),
        ("search with text", "text"),
        ("typeahead over tasks", "typeahead"),
        ("typeahead over people", "people"),
    ];
    all.into_iter()
        .map(|(name, key)| {
            let world = world.clone();
            let make: Make = Arc::new(move |dice| {
                let sent = |dice: &mut Dice| json!({ "data": body(key, &world, dice) }).to_string();
                let token = &world.member;
                match key {
                    "get" => {
                        request("GET", &format!("/tasks/{}", any_task(&world, dice)), token, None)
                    }
                    "list" => {
                        let project = World::project(dice.below(world.projects));
                        let path =
                            format!("/tasks?project={project}&limit=100&opt_fields={LIST_FIELDS}");
                        request("GET", &path, token, None)
                    }
                    "items" => {
                        let portfolio = World::portfolio();
                        let path = format!(
                            "/portfolios/{portfolio}/items?limit=100&opt_fields={ITEM_FIELDS}"
                        );
                        request("GET", &path, token, None)
                    }
                    "goals" => {
                        let workspace = world.workspace;
                        let path = format!(
                            "/goals?workspace={workspace}&limit=100&opt_fields={GOAL_FIELDS}"
                        );
                        request("GET", &path, token, None)
                    }
                    "create" => request("POST", "/tasks", token, Some(&sent(dice))),
                    "filters" | "text" | "typeahead" | "people" => {
                        let (_, path, query) = found(key, dice);
                        let query: Vec<String> =
                            query.iter().map(|(name, value)| format!("{name}={value}")).collect();
                        let path =
                            format!("/workspaces/{}/{path}?{}", world.workspace, query.join("&"));
                        request("GET", &path.replace(' ', "%20"), token, None)
                    }
                    _ => {
                        let path = format!("/tasks/{}", any_task(&world, dice));
                        request("PUT", &path, token, Some(&sent(dice)))
                    }
                }
            });
            Measured { name, key, make, recordings: Vec::new(), scripts: Vec::new() }
        })
        .collect()
}

/// What is asked of the search and of typeahead: the operation, the end of its path, the query.
fn found(key: &str, dice: &mut Dice) -> (&'static str, &'static str, Vec<(&'static str, String)>) {
    const WORDS: [&str; 5] = ["calibrate", "replace", "document", "agree", "photo"];
    let search = ("searchTasksForWorkspace", "tasks/search");
    let typeahead = ("typeaheadForWorkspace", "typeahead");
    let word = usize::try_from(dice.below(5)).ok().and_then(|at| WORDS.get(at)).unwrap_or(&"test");
    let number = dice.below(PER_PROJECT);
    let ((id, path), query) = match key {
        // One of many assignees, what most tasks are, and a time in which a twelfth of them is due.
        "filters" => (
            search,
            vec![
                ("assignee.any", World::user(dice.below(100)).to_string()),
                ("completed", "false".to_owned()),
                ("due_on.after", format!("2026-{:02}-01", 1 + dice.below(12))),
            ],
        ),
        "text" => (search, vec![("text", format!("{word} pump {number}"))]),
        "typeahead" => {
            let kind = ("resource_type", "task".to_owned());
            (typeahead, vec![kind, ("query", format!("{word} sta"))])
        }
        _ => {
            let kind = ("resource_type", "user".to_owned());
            (typeahead, vec![kind, ("query", format!("pers {}", number % 10))])
        }
    };
    (id, path, query)
}

/// A page of a hundred with these fields.
fn selecting(fields: &str) -> Result<Options> {
    let fields = Selection::parse(fields).ok().context("the fields can be read")?;
    Ok(Options { fields: Some(fields), limit: Some(100), ..Options::default() })
}

/// The same as calls in process, for noting their statements.
fn call(key: &str, world: &World, dice: &mut Dice) -> Result<(&'static str, Call)> {
    let fields = |dice: &mut Dice| match body(key, world, dice) {
        serde_json::Value::Object(fields) => Body::new(fields),
        _ => Body::default(),
    };
    let task = |dice: &mut Dice| vec![any_task(world, dice).to_string()];
    Ok(match key {
        "get" => ("getTask", Call { path: task(dice), ..Call::default() }),
        "list" => {
            let project = World::project(dice.below(world.projects)).to_string();
            let query = vec![("project".to_owned(), project)];
            ("getTasks", Call { query, options: selecting(LIST_FIELDS)?, ..Call::default() })
        }
        "goals" => {
            let query = vec![("workspace".to_owned(), world.workspace.to_string())];
            ("getGoals", Call { query, options: selecting(GOAL_FIELDS)?, ..Call::default() })
        }
        "items" => {
            let path = vec![World::portfolio().to_string()];
            let options = selecting(ITEM_FIELDS)?;
            ("getItemsForPortfolio", Call { path, options, ..Call::default() })
        }
        "create" => ("createTask", Call { body: fields(dice), ..Call::default() }),
        "filters" | "text" | "typeahead" | "people" => {
            let (id, _, query) = found(key, dice);
            let query = query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let path = vec![world.workspace.to_string()];
            (id, Call { path, query, ..Call::default() })
        }
        _ => ("updateTask", Call { path: task(dice), body: fields(dice), ..Call::default() }),
    })
}
