//! Reads the file, a line at a time.

use super::tables::{self, Table};
use super::{FORMAT, VERSION, schema_version};
use anyhow::{Context as _, Result, bail, ensure};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use store::Value;

/// Longest line, in bytes. Texts have at most 64 KiB in the API; this leaves room for escapes.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// What the file says of itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Header {
    format: String,
    version: i64,
    schema: i64,
    /// The gid of the workspace.
    pub workspace: i64,
}

/// A record.
#[derive(Debug)]
pub struct Record {
    /// Its table.
    pub table: &'static Table,
    /// The values of its columns, in their order.
    pub values: Vec<Value>,
}

impl Record {
    /// The value of a column.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.table.columns().position(|column| column == name)?;
        self.values.get(at)
    }

    /// The whole number in a column.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// The text in a column.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// The file, being read.
pub struct Records {
    lines: BufReader<MultiGzDecoder<BufReader<File>>>,
    /// What the file says of itself.
    pub header: Header,
    number: u64,
    is_over: bool,
}

impl Records {
    /// Opens a file.
    ///
    /// Errors: what keeps it from being restored, for the operator: it is no export, or one of another version.
    pub fn open(path: &Path) -> Result<Records> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
        let mut lines = BufReader::new(MultiGzDecoder::new(BufReader::new(file)));
        let first = line(&mut lines).with_context(|| format!("{shown} is no export"))?;
        let header: Header = serde_json::from_str(&format!("{first}]}}"))
            .with_context(|| format!("{shown} is no export"))?;
        ensure!(
            header.format == FORMAT && header.version == VERSION,
            "{shown} has the format {} {}, not {FORMAT} {VERSION}",
            header.format,
            header.version
        );
        let ours = schema_version();
        ensure!(
            header.schema == ours,
            "{shown} is of tables of version {}, and this program has version {ours}: restore it with the program that wrote it, then upgrade",
            header.schema
        );
        Ok(Records { lines, header, number: 1, is_over: false })
    }

    /// The next record; `None` after the last one.
    ///
    /// Errors: the file is cut off or damaged, or holds something unknown.
    pub fn read(&mut self) -> Result<Option<Record>> {
        if self.is_over {
            return Ok(None);
        }
        self.number += 1;
        let number = self.number;
        let text = line(&mut self.lines).with_context(|| format!("line {number}"))?;
        ensure!(!text.is_empty(), "the file ends at line {number}, before its end: it was cut off");
        if text == "]}" {
            self.is_over = true;
            ensure!(line(&mut self.lines)?.is_empty(), "there is more after the end of the file");
            return Ok(None);
        }
        let text = text.strip_suffix(',').unwrap_or(&text);
        let record = parse(text).with_context(|| format!("line {number}"))?;
        let home = if record.table.name == "workspaces" { "gid" } else { "workspace" };
        if let Some(workspace) = record.int(home) {
            ensure!(
                workspace == self.header.workspace,
                "line {number} is of another workspace: {workspace}"
            );
        }
        Ok(Some(record))
    }
}

/// A line without its end; empty at the end of the file.
fn line(lines: &mut impl BufRead) -> Result<String> {
    let mut text = String::new();
    std::io::Read::take(lines, MAX_LINE).read_line(&mut text)?;
    text.truncate(text.trim_end().len());
    Ok(text)
}

/// A record of this text: an object of texts, numbers and nulls.
///
/// Not by serde: its numbers are not exact.
fn parse(text: &str) -> Result<Record> {
    let mut rest = text;
    take(&mut rest, "{")?;
    let mut table: Option<&'static Table> = None;
    let mut values: Vec<Option<Value>> = Vec::new();
    loop {
        let name = string(&mut rest)?;
        take(&mut rest, ":")?;
        let value = value(&mut rest)?;
        match (table, value) {
            (None, Value::Text(kind)) if name == "type" => {
                let found =
                    tables::find(&kind).with_context(|| format!("there is no type {kind}"))?;
                values.resize(found.columns().count(), None);
                table = Some(found);
            }
            (Some(table), value) => {
                let at = table.columns().position(|column| column == name);
                let place = at.and_then(|at| values.get_mut(at));
                let place =
                    place.with_context(|| format!("{} have no column {name}", table.name))?;
                *place = Some(value);
            }
            (None, _) => bail!("a record begins with its type"),
        }
        if take(&mut rest, ",").is_err() {
            break;
        }
    }
    take(&mut rest, "}")?;
    ensure!(rest.trim().is_empty(), "there is something behind the record");
    let table = table.context("a record has a type")?;
    let values: Option<Vec<Value>> = values.into_iter().collect();
    let values = values.with_context(|| format!("a record of {} lacks a column", table.name))?;
    Ok(Record { table, values })
}

fn take(rest: &mut &str, wanted: &str) -> Result<()> {
    let after = rest.trim_start().strip_prefix(wanted);
    *rest = after.with_context(|| format!("`{wanted}` is missing"))?;
    Ok(())
}

fn string(rest: &mut &str) -> Result<String> {
    let text = rest.trim_start();
    let mut escaped = false;
    let end = text.bytes().enumerate().skip(1).find_map(|(at, byte)| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end.then_some(at + 1)
    });
    let (text, after) = end.and_then(|end| text.split_at_checked(end)).context("an open text")?;
    *rest = after;
    Ok(serde_json::from_str(text)?)
}

fn value(rest: &mut &str) -> Result<Value> {
    let text = rest.trim_start();
    if text.starts_with('"') {
        return string(rest).map(Value::Text);
    }
    let end = text.find([',', '}']).context("an open record")?;
    let (word, after) = text.split_at(end);
    *rest = after;
    let word = word.trim_end();
    Ok(match word {
        "null" => Value::Null,
        number if number.contains(['.', 'e', 'E']) => Value::Real(number.parse()?),
        number => Value::Int(number.parse().with_context(|| format!("`{number}`"))?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_exactly() {
        let record = parse(r#"{"type":"goal_metrics","gid":1,"goal":-2,"workspace":3,"progress_source":"a\"\\\n,}","is_custom_weight":0,"unit":"","precision": 2 ,"currency_code":null,"initial_value":0.30000000000000004,"target_value":1e300,"current_value":-0.0,"created_by":null,"created_at":9}"#).unwrap();

        assert_eq!(record.int("goal"), Some(-2));
        assert_eq!(record.text("progress_source"), Some("a\"\\\n,}"));
        assert_eq!(record.get("initial_value"), Some(&Value::Real(0.300_000_000_000_000_04)));
        assert_eq!(record.get("target_value"), Some(&Value::Real(1e300)));
        assert_eq!(record.get("currency_code"), Some(&Value::Null));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"gid":1}"#,
            r#"{"type":"nothing","gid":1}"#,
            r#"{"type":"user_task_lists","gid":1,"workspace":2}"#,
            r#"{"type":"user_task_lists","gid":1,"workspace":2,"owner":3,"more":4}"#,
            r#"{"type":"user_task_lists","gid":1,"workspace":2,"owner":3}}"#,
            r#"{"type":"user_task_lists","gid":true,"workspace":2,"owner":3}"#,
            r#"{"type":"user_task_lists","gid":"1"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(r#"{"type":"user_task_lists","gid":1,"workspace":2,"owner":3}"#).is_ok());
    }
}
