//! `vinyasa admin …`: works on the database itself, also while a server runs.

use anyhow::{Context as _, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use model::{Gid, Timestamp};
use serde_json::{Value as Json, json};
use server::audit::Doer;
use server::exports::restore::{self, Sources};
use server::files::Files;
use server::identity::passwords::{self, Cost};
use server::identity::{account, links};
use server::resources::sessions;
use server::{admin, auth};
use std::path::PathBuf;
use std::process::ExitCode;
use store::{Config, Store, Tx};

use crate::settings::{Effectives, admin_arguments, storage_arguments};
use crate::{check, print, serve};

/// The name of tokens that are made here, for the list of a user's tokens.
const TOKEN_NAME: &str = "command line";

/// The commands and their flags.
pub(crate) fn command() -> Command {
    let workspace = Command::new("workspace").about("Workspaces").subcommand_required(true);
    let user = Command::new("user").about("People").subcommand_required(true);
    let token = Command::new("token").about("Access tokens").subcommand_required(true);
    Command::new("admin")
        .about("Works on the database itself, also while the server runs")
        .subcommand_required(true)
        .subcommand(workspace.subcommand(create_workspace()).subcommand(restore_workspace()))
        .subcommand(user.subcommand(create_user()).subcommand(reset_link()))
        .subcommand(token.subcommand(create_token()))
        .subcommand(
            Command::new("check")
                .about(
                    "Compares what is stored with what it follows from; ends with 0 if all is well",
                )
                .args(admin_arguments()),
        )
        .subcommand(reindex_command())
        .subcommand(
            Command::new("migrate")
                .about("Brings the tables up to date, as the server does when it starts")
                .args(admin_arguments()),
        )
}

/// The command that makes the index of words anew.
fn reindex_command() -> Command {
    Command::new("reindex")
        .about("Makes the index of words anew, from which tasks and comments are found")
        .args(admin_arguments())
}

fn create_workspace() -> Command {
    Command::new("create")
        .about("Makes a workspace")
        .arg(Arg::new("name").value_name("NAME").required(true).help("What it is called"))
        .arg(
            Arg::new("organization")
                .long("organization")
                .action(ArgAction::SetTrue)
                .help("It is an organization, with teams"),
        )
        .arg(
            Arg::new("email-domain")
                .long("email-domain")
                .value_name("DOMAIN")
                .action(ArgAction::Append)
                .help("An e-mail domain of the organization; can be repeated"),
        )
        .args(admin_arguments())
}

fn restore_workspace() -> Command {
    Command::new("restore")
        .about("Puts an export into an empty database, with its gids; no server may run on it meanwhile")
        .arg(Arg::new("file").value_name("FILE").required(true).help("The export, export.json.gz"))
        .arg(
            Arg::new("files")
                .long("files")
                .value_name("TAR")
                .help("The bytes of its attachments, files.tar"),
        )
        .arg(
            Arg::new("allow-missing-files")
                .long("allow-missing-files")
                .action(ArgAction::SetTrue)
                .help("Leaves attachments out whose bytes are not there, instead of stopping"),
        )
        .args(storage_arguments())
}

fn create_user() -> Command {
    let required = |name: &'static str| Arg::new(name).long(name).required(true).value_name("TEXT");
    Command::new("create")
        .about("Puts a person into a workspace")
        .arg(required("email").help("The e-mail address"))
        .arg(required("name").help("The name"))
        .arg(required("workspace").value_name("GID").help("The workspace"))
        .arg(
            Arg::new("role")
                .long("role")
                .default_value("member")
                .value_parser(["admin", "member", "guest", "service"])
                .help("What the person may do there"),
        )
        .arg(
            Arg::new("password-stdin")
                .long("password-stdin")
                .action(ArgAction::SetTrue)
                .help("Reads the password, one line, from standard input"),
        )
        .arg(
            Arg::new("token")
                .long("token")
                .action(ArgAction::SetTrue)
                .help("Makes a token too, which is shown only now"),
        )
        .args(admin_arguments())
}

fn reset_link() -> Command {
    Command::new("reset-link")
        .about("Makes a link by which a person sets a new password; it works once, for a day")
        .arg(Arg::new("email").long("email").required(true).value_name("EMAIL").help("Whose"))
        .args(admin_arguments())
}

fn create_token() -> Command {
    Command::new("create")
        .about("Makes an access token, which is shown only now")
        .arg(Arg::new("user").long("user").required(true).value_name("EMAIL").help("For whom"))
        .args(admin_arguments())
}

/// Runs an admin command.
///
/// Errors: what was refused, in words for the operator.
pub(crate) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    match matches.subcommand() {
        Some(("workspace", matches)) => match matches.subcommand() {
            Some(("restore", matches)) => work(matches, restore),
            _ => work(leaf(matches), workspace),
        },
        Some(("user", matches)) => match matches.subcommand() {
            Some(("reset-link", matches)) => work(matches, new_password),
            _ => work(leaf(matches), user),
        },
        Some(("token", matches)) => work(leaf(matches), token),
        Some(("migrate", matches)) => work(matches, migrate),
        Some(("reindex", matches)) => work(matches, reindex),
        Some((_, matches)) => checked(matches),
        None => Ok(ExitCode::FAILURE),
    }
}

/// The flags of the one command below `matches`, all of which must have one.
fn leaf(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, below)| below)
}

/// Opens the database, runs a command on it, and prints what that did.
fn work(
    matches: &ArgMatches,
    command: fn(&ArgMatches, &Store) -> Result<(Json, String)>,
) -> Result<ExitCode> {
    let store = open(matches)?;
    let (json, text) = command(matches, &store)?;
    if matches.get_flag("json") {
        print(&format!("{json}\n"))?;
    } else {
        print(&format!("{text}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The database, with as few connections as will do. It is made and migrated if need be.
fn open(matches: &ArgMatches) -> Result<Store> {
    let settings = Effectives::of_admin(matches)?;
    serve::log(&settings)?;
    let config = match settings.location() {
        store::Location::Directory(path) => Config::directory(path),
        store::Location::Postgres(url) => Config::postgres(url),
    };
    Store::open(Config { readers: 1, ..config }).context("the database cannot be opened")
}

fn text<'m>(matches: &'m ArgMatches, name: &str) -> &'m str {
    matches.get_one::<String>(name).map_or("", String::as_str)
}

fn workspace(matches: &ArgMatches, store: &Store) -> Result<(Json, String)> {
    let name = text(matches, "name").to_owned();
    let domains: Vec<String> =
        matches.get_many::<String>("email-domain").into_iter().flatten().cloned().collect();
    let is_organization = matches.get_flag("organization") || !domains.is_empty();
    let now = serve::now();
    let gid = store.write_blocking(move |tx| {
        admin::create_workspace(tx, now, &name, is_organization, &domains)
    })?;
    Ok((json!({ "gid": gid.to_string() }), format!("The workspace has the gid {gid}.")))
}

/// Puts an export into an empty database.
fn restore(matches: &ArgMatches, store: &Store) -> Result<(Json, String)> {
    let settings = Effectives::of_storing(matches)?;
    let _lock = store.lock_for_serving().context("a server runs on this data directory")?;
    let files = Files::open(&settings.storage(), &serve::storage_options())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sources = Sources {
        file: PathBuf::from(text(matches, "file")),
        files: matches.get_one::<String>("files").map(PathBuf::from),
        allows_missing: matches.get_flag("allow-missing-files"),
    };
    let done = restore::restore(store, &files, &runtime, serve::now(), &sources)?;
    let json = json!({
        "gid": done.workspace.to_string(),
        "records": done.records,
        "files": done.files,
        "missing": done.missing,
    });
    let mut said = format!(
        "The workspace {} is restored: {} records, {} files. Nobody has a password or token yet: see `vinyasa admin user reset-link` and `vinyasa admin token create`.",
        done.workspace, done.records, done.files
    );
    if done.missing > 0 {
        said.push_str(&format!("\n{} attachments were left out.", done.missing));
    }
    Ok((json, said))
}

fn user(matches: &ArgMatches, store: &Store) -> Result<(Json, String)> {
    let [email, name, role] = ["email", "name", "role"].map(|key| text(matches, key).to_owned());
    let workspace = text(matches, "workspace");
    let workspace = Gid::parse(workspace).with_context(|| format!("`{workspace}` is not a gid"))?;
    let wants_token = matches.get_flag("token");
    let now = serve::now();
    let password = if matches.get_flag("password-stdin") { Some(read_password()?) } else { None };
    let (gid, token) = store.write_blocking(move |tx| {
        let gid = admin::create_user(tx, now, &name, &email, workspace, &role)?;
        if let Some(hash) = &password {
            account::store_password(tx, now, gid, hash)?;
            sessions::end_all(tx, gid, None)?;
        }
        let token = if wants_token { Some(new_token(tx, gid, now)?) } else { None };
        Ok::<_, server::Error>((gid, token))
    })?;
    let mut json = json!({ "gid": gid.to_string() });
    let mut said = format!("The user has the gid {gid}.");
    if let Some(token) = token {
        said.push_str(&format!("\nThe token, which is shown only now: {token}"));
        if let Some(json) = json.as_object_mut() {
            json.insert("token".to_owned(), token.into());
        }
    }
    Ok((json, said))
}

/// Reads a password from standard input and hashes it.
fn read_password() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("standard input cannot be read")?;
    let password = line.trim_end_matches(['\r', '\n']);
    Ok(passwords::hash_now(password, Cost::default(), &serve::entropy)?)
}

/// Makes a link for a new password.
fn new_password(matches: &ArgMatches, store: &Store) -> Result<(Json, String)> {
    let email = text(matches, "email").trim().to_lowercase();
    let public = Effectives::of_admin(matches)?.text("public-url").trim_end_matches('/').to_owned();
    let secret = auth::fresh_secret(&serve::entropy);
    let link = links::reset_url(&public, &secret);
    let now = serve::now();
    let known = store.write_blocking(move |tx| links::make_reset(tx, now, &email, &secret))?;
    if known.is_none() {
        bail!("no user has this e-mail address");
    }
    let said = format!("The link, which works once and for a day: {link}");
    Ok((json!({ "link": link }), said))
}

/// Makes a token and gives its text.
fn new_token(tx: &mut Tx<'_>, user: Gid, now: Timestamp) -> server::Result<String> {
    let token = auth::fresh_token(&serve::entropy);
    admin::create_token(tx, now, user, TOKEN_NAME, &token, &Doer::server())?;
    Ok(token)
}

fn token(matches: &ArgMatches, store: &Store) -> Result<(Json, String)> {
    let email = text(matches, "user").to_owned();
    let now = serve::now();
    let token = store.write_blocking(move |tx| {
        let user = admin::user_by_email(tx, &email)?;
        new_token(tx, user.gid, now)
    })?;
    let said = format!("The token, which is shown only now: {token}");
    Ok((json!({ "token": token }), said))
}

/// Opening the database has migrated it.
#[expect(clippy::unnecessary_wraps, reason = "as the other commands")]
fn migrate(_: &ArgMatches, _: &Store) -> Result<(Json, String)> {
    let version = store::migrations::ALL.last().map_or(0, |last| last.version);
    Ok((json!({ "version": version }), format!("The tables have version {version}.")))
}

fn reindex(_: &ArgMatches, store: &Store) -> Result<(Json, String)> {
    store.write_blocking(server::search::index::restart)?;
    server::search::index::fill_blocking(store)?;
    Ok((json!({}), "The index of words is new.".to_owned()))
}

fn checked(matches: &ArgMatches) -> Result<ExitCode> {
    let store = open(matches)?;
    let findings = check::run(&store, serve::now().millis())?;
    let clean = findings.is_empty();
    if matches.get_flag("json") {
        let findings: Vec<Json> = findings.iter().map(check::Finding::json).collect();
        print(&format!("{}\n", json!({ "ok": clean, "findings": findings })))?;
    } else if clean {
        print("All is well.\n")?;
    } else {
        let texts: Vec<String> = findings.iter().map(check::Finding::text).collect();
        print(&format!("{}\n", texts.join("\n")))?;
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
