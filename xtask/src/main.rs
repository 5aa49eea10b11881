//! Chores of the repository, run as `cargo run -p xtask -- <chore>`.
//!
//! `tidy` checks what neither the compiler nor clippy looks at. It reads files, changes none, and lists every complaint
//! before it fails. `bench` measures the server against what the machine can do.

mod bench;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "usage: cargo run -p xtask -- tidy\n       cargo run --release -p xtask -- ";

const CHORES: &str = "\n\n  tidy    file lengths, migration hashes, links in Markdown, numbers of decisions\n  bench   speed and memory against the ceilings of the same run";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((chore, [])) if chore == "tidy" => return tidied(),
        Some((chore, rest)) if chore == "bench" => {
            repository().and_then(|root| bench::run(&root, rest))
        }
        // Started by `bench`.
        Some((chore, rest)) if chore == "bench-constant" => bench::constant(rest),
        _ => {
            eprintln!("{USAGE}{}{CHORES}", bench::USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tidied() -> ExitCode {
    match repository().and_then(|root| tidy::run(&root)) {
        Ok(complaints) if complaints.is_empty() => {
            eprintln!("tidy: nothing to complain about");
            ExitCode::SUCCESS
        }
        Ok(complaints) => {
            for complaint in &complaints {
                eprintln!("tidy: {complaint}");
            }
            eprintln!("tidy: {} complaints", complaints.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tidy: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: the folder above this crate's.
fn repository() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.context("xtask has no parent folder")?.to_owned())
}
