//! Writes the file: gzipped JSON with one record a line.

use super::{FORMAT, VERSION, schema_version, tables};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};
use store::{Column, Error, Row, Tx};

/// Writes everything of a workspace to `out` and says how many records that are.
///
/// The bytes depend on the records alone: no time, no name of a file, the tables and their rows in a fixed order.
///
/// Errors: those of the database; `out` takes no more.
pub fn write(tx: &mut Tx<'_>, workspace: i64, out: impl Write) -> Result<u64, Error> {
    let mut out = GzEncoder::new(out, Compression::default());
    let schema = schema_version();
    write!(
        out,
        r#"{{"format":"{FORMAT}","version":{VERSION},"schema":{schema},"workspace":{workspace},"records":["#
    )
    .map_err(refused)?;
    let mut records = 0_u64;
    let mut line: Vec<u8> = Vec::with_capacity(4_096);
    for table in tables::TABLES {
        tx.stream(&table.select(workspace), &[], |row| {
            line.clear();
            line.extend_from_slice(if records == 0 { b"\n" } else { b",\n" });
            record(&mut line, table, row)?;
            records += 1;
            out.write_all(&line).map_err(refused)
        })?;
    }
    out.write_all(b"\n]}\n").map_err(refused)?;
    out.finish().and_then(|mut inner| inner.flush()).map_err(refused)?;
    Ok(records)
}

fn refused(error: io::Error) -> Error {
    Error::Database(format!("the export cannot be written: {error}"))
}

/// `{"type":"tags","gid":1,…}`, every column, null where it has no value.
fn record(line: &mut Vec<u8>, table: &tables::Table, row: &Row<'_>) -> Result<(), Error> {
    write!(line, r#"{{"type":"{}""#, table.name).map_err(refused)?;
    for (i, column) in table.columns().enumerate() {
        write!(line, r#","{column}":"#).map_err(refused)?;
        match row.column(i)? {
            Column::Null => line.extend_from_slice(b"null"),
            Column::Int(number) => write!(line, "{number}").map_err(refused)?,
            // The shortest text that reads back as the same number; always with a point or an exponent, and no -0.
            Column::Real(number) => write!(line, "{:?}", number + 0.0).map_err(refused)?,
            Column::Text(text) => {
                serde_json::to_writer(&mut *line, text).map_err(|error| refused(error.into()))?;
            }
        }
    }
    line.push(b'}');
    Ok(())
}
