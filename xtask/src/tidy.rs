//! What `tidy` complains about, one function per rule.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A file of code longer than this is more than one thing.
const LONGEST: usize = 800;

/// Endings of files whose length counts.
const CODE: [&str; 5] = ["rs", "ts", "tsx", "py", "cjs"];

/// Folders that hold nothing of ours.
const FOREIGN: [&str; 5] = [".git", "target", "node_modules", "vinyasa-data", "__pycache__"];

/// Checks the repository at `root` and returns the complaints, in the order of the rules.
pub(crate) fn run(root: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    collect(root, root, &mut files)?;
    files.sort();
    let mut complaints = lengths(root, &files)?;
    complaints.extend(migrations(root, &files));
    complaints.extend(links(root, &files)?);
    complaints.extend(decisions(&files));
    Ok(complaints)
}

/// Adds every file below `folder`, relative to `root`.
fn collect(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let foreign = FOREIGN.iter().any(|name| entry.file_name() == *name);
        if kind.is_dir() && !foreign {
            collect(root, &entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path().strip_prefix(root)?.to_owned());
        }
    }
    Ok(())
}

fn ending(file: &Path) -> &str {
    file.extension().and_then(|ending| ending.to_str()).unwrap_or_default()
}

fn read(root: &Path, file: &Path) -> Result<String> {
    fs::read_to_string(root.join(file)).with_context(|| file.display().to_string())
}

/// Generated files are marked by their name or folder; fixtures are data.
fn is_ours(file: &Path) -> bool {
    let text = file.to_string_lossy();
    !text.contains(".gen.")
        && !text.contains("/generated/")
        && !text.starts_with("crates/client/src/resources/")
        && !text.starts_with("crates/client/src/operations/")
        && !text.starts_with("tests/fixtures/")
}

fn lengths(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| CODE.contains(&ending(file)) && is_ours(file)) {
        let lines = read(root, file)?.lines().count();
        if lines > LONGEST {
            let file = file.display();
            complaints.push(format!("{file} has {lines} lines, more than {LONGEST}: split it"));
        }
    }
    Ok(complaints)
}

/// Every migrations folder has a file HASHES; a migration listed there is released and must not change.
fn migrations(root: &Path, files: &[PathBuf]) -> Vec<String> {
    let mut complaints = Vec::new();
    let scripts = files.iter().filter(|file| ending(file) == "sql");
    let mut folders: Vec<&Path> = scripts.filter_map(|file| file.parent()).collect();
    folders.retain(|folder| folder.ends_with("migrations"));
    folders.dedup();
    for folder in folders {
        let list = folder.join("HASHES");
        let Ok(text) = fs::read_to_string(root.join(&list)) else {
            complaints.push(format!("{} is missing", list.display()));
            continue;
        };
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [hash, name] = words[..] else {
                complaints.push(format!("{}: not `hash  file`: {line}", list.display()));
                continue;
            };
            match fs::read(root.join(folder).join(name)) {
                Ok(script) if hexadecimal(&Sha256::digest(&script)) == hash => {}
                Ok(_) => complaints.push(format!(
                    "{name} is released and was changed: add a new migration instead"
                )),
                Err(error) => {
                    complaints.push(format!("{name} is released and cannot be read: {error}"));
                }
            }
        }
    }
    complaints
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// Relative links must lead to a file, and a fragment to a heading of it.
fn links(root: &Path, files: &[PathBuf]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| ending(file) == "md") {
        for target in targets(&read(root, file)?) {
            let (path, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let mut place = root.join(file);
            if !path.is_empty() {
                place.pop();
                place.push(path);
            }
            let missing = if !place.exists() {
                true
            } else if fragment.is_empty() || ending(&place) != "md" {
                false
            } else {
                !anchors(&fs::read_to_string(&place)?).contains(&fragment.to_owned())
            };
            if missing {
                complaints.push(format!("{}: the link to {target} leads nowhere", file.display()));
            }
        }
    }
    Ok(complaints)
}

/// The lines of a Markdown text that are not inside fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The relative targets of inline links, outside code.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        // Between backticks is code: every second part.
        let visible: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        for part in visible.split("](").skip(1) {
            let Some((target, _)) = part.split_once(')') else { continue };
            let absolute = target.contains("://") || target.starts_with("mailto:");
            if !absolute && !target.is_empty() {
                found.push(target.to_owned());
            }
        }
    }
    found
}

/// The fragments that headings can be linked by: lower case, dashes for spaces, without punctuation.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    headings.map(slug).collect()
}

/// Decision records are `NNNN-title.md`, numbered from 0001 without gaps or doubles.
fn decisions(files: &[PathBuf]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut numbers: BTreeMap<usize, String> = BTreeMap::new();
    for file in
        files.iter().filter(|file| file.starts_with("docs/decisions") && ending(file) == "md")
    {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number =
            name.split_once('-').map(|(number, _)| number).filter(|number| number.len() == 4);
        let Some(number) = number.and_then(|number| number.parse().ok()) else {
            complaints.push(format!("{name}: a decision is named NNNN-title.md"));
            continue;
        };
        if let Some(other) = numbers.insert(number, name.clone()) {
            complaints.push(format!("{name} and {other} have the same number"));
        }
    }
    for (expected, (number, name)) in (1..).zip(&numbers) {
        if *number != expected {
            complaints.push(format!("{name}: expected number {expected:04} here"));
            break;
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_and_to_other_sites_do_not_count() {
        let text = "[a](one.md) `[b](two.md)` [c](https://example.com)\n```\n[d](three.md)\n```\n[e](four.md#part)";
        assert_eq!(targets(text), ["one.md", "four.md#part"]);
    }

    #[test]
    fn headings_become_anchors() {
        assert_eq!(
            anchors("# Try it\n## What works, and what not\n"),
            ["try-it", "what-works-and-what-not"]
        );
    }

    #[test]
    fn decisions_are_numbered_without_doubles_or_gaps() {
        let files = |names: &[&str]| -> Vec<PathBuf> {
            names.iter().map(|name| Path::new("docs/decisions").join(name)).collect()
        };
        assert!(decisions(&files(&["0001-a.md", "0002-b.md"])).is_empty());
        assert_eq!(decisions(&files(&["0001-a.md", "0001-b.md"])).len(), 1);
        assert_eq!(decisions(&files(&["0001-a.md", "0003-b.md"])).len(), 1);
        assert_eq!(decisions(&files(&["notes.md"])).len(), 1);
    }
}
