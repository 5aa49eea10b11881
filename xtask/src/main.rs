//! Chores of the repository, run as `cargo run -p xtask -- <chore>`.
//!
//! `tidy` checks what neither the compiler nor clippy looks at. It reads files, changes none, and lists every complaint
//! before it fails.

mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "usage: cargo run -p xtask -- tidy\n\n  tidy   file lengths, migration hashes, links in Markdown, numbers of decisions";

fn main() -> ExitCode {
    if std::env::args().skip(1).ne(["tidy".to_owned()]) {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
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
