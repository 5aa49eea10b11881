//! The one binary: `vinyasa serve` and `vinyasa admin`.
//!
//! Here the environment is read and nowhere else: [`settings`] says what can be set, [`serve`] starts the server, [`admin`]
//! works on the database itself, [`check`] looks whether it is whole. How anything works is in the other crates.

mod admin;
mod check;
mod serve;
mod settings;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Arg, ArgAction, Command};

use settings::{Effectives, serve_arguments};

fn command() -> Command {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
    Command::new("vinyasa")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A work-management server for teams who host their work themselves")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("serve")
                .about("Serves the API. Each flag can also be set as VINYASA_… or in a file (--config)")
                .args(serve_arguments()),
        )
        .subcommand(
            Command::new("config")
                .about("Prints what `serve` would use with the same flags, and where each value comes from")
                .args(serve_arguments())
                .arg(json.help("Prints one JSON object instead of text")),
        )
        .subcommand(admin::command())
}

fn main() -> ExitCode {
    let matches = command().get_matches();
    let result = match matches.subcommand() {
        Some(("serve", matches)) => serve::run(matches).map(|()| ExitCode::SUCCESS),
        Some(("config", matches)) => config(matches).map(|()| ExitCode::SUCCESS),
        Some((_, matches)) => admin::run(matches),
        None => Ok(ExitCode::FAILURE),
    };
    result.unwrap_or_else(|error| {
        // Nobody is left to tell if standard error is closed.
        drop(writeln!(std::io::stderr(), "vinyasa: {error:#}"));
        ExitCode::FAILURE
    })
}

/// Writes to standard output at once, for scripts that wait for it.
///
/// Errors: standard output is closed.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot print")
}

/// `vinyasa config`.
fn config(matches: &clap::ArgMatches) -> Result<()> {
    let shown = Effectives::of_serve(matches)?.shown();
    if matches.get_flag("json") {
        let all: serde_json::Map<String, serde_json::Value> = shown
            .iter()
            .map(|one| {
                let value =
                    serde_json::json!({ "value": one.value, "source": one.source.to_string() });
                (one.name.to_owned(), value)
            })
            .collect();
        return print(&format!("{}\n", serde_json::Value::Object(all)));
    }
    let lines: Vec<String> = shown
        .iter()
        .map(|one| format!("{:<22} {:<40} {}\n", one.name, one.value, one.source))
        .collect();
    print(&lines.concat())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        super::command().debug_assert();
    }
}
