//! Puts an export into an empty database: all of it or, if anything is wrong, nothing.

use super::archive;
use super::records::{Record, Records};
use crate::access::grants;
use crate::auth;
use crate::error::Error;
use crate::files::Files;
use crate::jobs::Status;
use crate::search::index;
use anyhow::{Context as _, Result, bail, ensure};
use model::{Gid, Timestamp};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use store::{Store, Tx, Value, params};

/// After so many rows PostgreSQL is asked for its answers.
const PORTION: u64 = 500;

/// How many bytes of a file are copied at a time.
const CHUNK: usize = 64 * 1024;

/// What was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The workspace.
    pub workspace: Gid,
    /// How many records the file had.
    pub records: u64,
    /// How many files were stored.
    pub files: u64,
    /// Attachments that were left out because their bytes are not there.
    pub missing: u64,
}

/// What is to be restored, and from where.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The records.
    pub file: PathBuf,
    /// The tar file with the bytes of attachments.
    pub files: Option<PathBuf>,
    /// Whether attachments whose bytes are not there are left out; else nothing is restored.
    pub allows_missing: bool,
}

/// Restores a workspace. Nothing else may use the database meanwhile.
///
/// Errors: the database is not empty; the file is damaged, or of another version; bytes of attachments are missing. Then the
/// database is as it was; files that were stored already are overwritten by the next attempt.
pub fn restore(
    store: &Store,
    files: &Files,
    runtime: &tokio::runtime::Runtime,
    now: Timestamp,
    sources: &Sources,
) -> Result<Restored> {
    store.read_blocking(is_empty).map_err(cause)?;
    let wanted = look(&sources.file)?;
    let stored = match &sources.files {
        Some(tar) => runtime.block_on(store_files(files, tar, &wanted))?,
        None => BTreeSet::new(),
    };
    let lacking: Vec<&str> = wanted
        .iter()
        .filter(|(sha256, one)| one.is_needed && !stored.contains(*sha256))
        .map(|(sha256, _)| sha256.as_str())
        .collect();
    if let Some(first) = lacking.first()
        && !sources.allows_missing
    {
        bail!(
            "the bytes of {} attached files are missing, the first with the checksum {first}: name the tar file with --files, or leave them out with --allow-missing-files",
            lacking.len()
        );
    }
    let path = sources.file.clone();
    let places = stored.clone();
    let restored = store.write_blocking(move |tx| {
        is_empty(tx)?;
        fill(tx, now, &path, &places).map_err(Error::Internal)
    });
    let (workspace, records, missing) = restored.map_err(cause)?;
    // What is left of this is done by the server when it starts.
    index::fill_blocking(store).map_err(cause)?;
    let files = u64::try_from(stored.len()).unwrap_or(u64::MAX);
    Ok(Restored { workspace, records, files, missing })
}

/// What is behind an error: the operator may know.
fn cause(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(cause) => cause,
        other => other.into(),
    }
}

fn is_empty(tx: &mut Tx<'_>) -> Result<(), Error> {
    let found = tx.first(
        "SELECT 1 FROM workspaces AS w UNION ALL SELECT 1 FROM users AS u LIMIT 1",
        &[],
        |_| Ok(()),
    )?;
    match found {
        None => Ok(()),
        Some(()) => Err(Error::Internal(anyhow::anyhow!(
            "the database is not empty: an export is restored into a new one"
        ))),
    }
}

/// A file that attachments have.
struct Wanted {
    /// The attachments.
    of: Vec<i64>,
    /// Whether one of them is not in the trash.
    is_needed: bool,
}

/// Reads the whole file once, to see that it is sound, and which files its attachments have, by their checksums.
fn look(path: &Path) -> Result<BTreeMap<String, Wanted>> {
    let mut records = Records::open(path)?;
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    while let Some(record) = records.read()? {
        if let Some((gid, sha256)) = file_of(&record) {
            let one = wanted
                .entry(sha256.to_owned())
                .or_insert_with(|| Wanted { of: Vec::new(), is_needed: false });
            one.of.push(gid);
            one.is_needed |= record.int("deleted").is_none();
        }
    }
    Ok(wanted)
}

/// An attachment that has a file, and the file's checksum.
fn file_of(record: &Record) -> Option<(i64, &str)> {
    if record.table.name != "attachments" {
        return None;
    }
    Some((record.int("gid")?, record.text("sha256")?))
}

/// Where the file of a restored attachment is: always the same place, so that nothing is left by an attempt that failed.
fn place(attachment: i64) -> String {
    auth::hash(&format!("restored {attachment}")).chars().take(32).collect()
}

/// Stores the files of a tar file that attachments have, once for each of them; gives their checksums.
async fn store_files(
    files: &Files,
    path: &Path,
    wanted: &BTreeMap<String, Wanted>,
) -> Result<BTreeSet<String>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let mut tar = BufReader::with_capacity(CHUNK, file);
    let mut stored = BTreeSet::new();
    let mut chunk = vec![0_u8; CHUNK];
    while let Some(entry) = archive::next(&mut tar).with_context(|| shown.to_string())? {
        let found = entry.sha256.as_ref().and_then(|sha256| wanted.get_key_value(sha256));
        let owners = found.map(|(_, one)| one.of.as_slice()).unwrap_or_default();
        let mut writers: Vec<_> = owners.iter().map(|gid| files.create(&place(*gid))).collect();
        let mut hash = Sha256::new();
        let mut left = entry.size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let part = chunk.get_mut(..most).context("a chunk is as long as the buffer at most")?;
            tar.read_exact(part).with_context(|| format!("{shown} is cut off"))?;
            hash.update(&*part);
            for writer in &mut writers {
                writer.write(part).await.map_err(cause)?;
            }
            left -= u64::try_from(most).unwrap_or(left);
        }
        let mut padding = vec![0_u8; archive::padding(entry.size)];
        tar.read_exact(&mut padding).with_context(|| format!("{shown} is cut off"))?;
        let Some((sha256, _)) = found else { continue };
        let is_whole = auth::hex(&hash.finalize()) == *sha256;
        for writer in writers {
            if is_whole {
                writer.finish().await.map_err(cause)?;
            } else {
                writer.abort().await;
            }
        }
        ensure!(is_whole, "{shown}: the file {sha256} has another checksum");
        stored.insert(sha256.clone());
    }
    Ok(stored)
}

/// Puts the records into the database, with what follows from them.
fn fill(
    tx: &mut Tx<'_>,
    now: Timestamp,
    path: &Path,
    stored: &BTreeSet<String>,
) -> Result<(Gid, u64, u64)> {
    let mut records = Records::open(path)?;
    let workspace = Gid::new(records.header.workspace);
    let (mut count, mut missing, mut last) = (0_u64, 0_u64, workspace.get());
    while let Some(record) = records.read()? {
        count += 1;
        last = last.max(record.int("gid").unwrap_or(0));
        let mut values = record.values.clone();
        if record.table.name == "attachments" {
            let file = file_of(&record);
            if let Some((_, sha256)) = file
                && record.int("deleted").is_none()
                && !stored.contains(sha256)
            {
                missing += 1;
                continue;
            }
            values.push(file.map_or(Value::Null, |(gid, _)| Value::Text(place(gid))));
            tx.later(&record.table.insert(&["storage_key"]), values)?;
        } else {
            tx.later(&record.table.insert(&[]), values)?;
        }
        if count % PORTION == 0 {
            tx.execute("SELECT 1", &[])?;
        }
    }
    tx.pass_gid(Gid::new(last))?;
    derive(tx, workspace)?;
    index::restart(tx).map_err(cause)?;
    go_on(tx, now, workspace)?;
    Ok((workspace, count, missing))
}

/// Makes what is derived and therefore not in the file.
fn derive(tx: &mut Tx<'_>, workspace: Gid) -> Result<()> {
    let pairs = |tx: &mut Tx<'_>, sql: &str| -> Result<Vec<(Gid, Gid)>> {
        Ok(tx.query(sql, params![workspace], |row| Ok((row.get(0)?, row.get(1)?)))?)
    };
    let people = r#"SELECT m.workspace, m."user" FROM workspace_memberships AS m WHERE m.workspace = ? ORDER BY m.gid"#;
    for (workspace, user) in pairs(tx, people)? {
        grants::principal_of_workspace(tx, workspace, user).map_err(cause)?;
    }
    let teams = r#"SELECT m.team, m."user" FROM team_memberships AS m WHERE m.workspace = ? ORDER BY m.gid"#;
    for (team, user) in pairs(tx, teams)? {
        grants::principal_of_team(tx, team, user).map_err(cause)?;
    }
    for (table, write) in GRANTING {
        let sql = format!(
            "SELECT t.gid FROM {table} AS t WHERE t.workspace = ? AND t.deleted IS NULL ORDER BY t.gid"
        );
        for object in tx.query(&sql, params![workspace], |row| row.get(0))? {
            write(tx, object).map_err(cause)?;
        }
    }
    Ok(())
}

/// Writes the grants of an object.
type WriteGrants = fn(&mut Tx<'_>, Gid) -> crate::Result<()>;

/// Tables whose rows grant something, and who writes their grants.
const GRANTING: [(&str, WriteGrants); 4] = [
    ("custom_fields", grants::of_custom_field),
    ("goals", grants::of_goal),
    ("portfolios", grants::of_portfolio),
    ("projects", grants::of_project),
];

/// Begins the jobs anew that finish deletions: what is half in the trash would stay there.
fn go_on(tx: &mut Tx<'_>, now: Timestamp, workspace: Gid) -> Result<()> {
    tx.execute(
        r#"INSERT INTO jobs (gid, workspace, kind, status, state, rows_done, attempts, due_at, is_cancelled, request_id, created_at, created_by)
           SELECT d.gid, d.workspace, 'finish_deletion', ?, '{"deletion":' || CAST(d.gid AS TEXT) || ',"resource":' || CAST(d.resource AS TEXT) || ',"is_whole":false,"after":0,"open":[]}',
             0, 0, 0, 0, '', CAST(? AS BIGINT), coalesce(d.deleted_by, 0)
           FROM deletions AS d WHERE d.workspace = ? AND d.finished = 0"#,
        params![Status::NotStarted.name(), now, workspace],
    )?;
    Ok(())
}
