//! The job that makes an export: records and files go into the storage as streams.
//!
//! It begins anew after a crash, at the same places of the storage, so that nothing is left beside what it makes.

use super::{archive, document};
use crate::App;
use crate::auth;
use crate::error::{Error, Result};
use crate::files::Writer;
use crate::jobs::{Alone, Step, Work};
use crate::prelude::*;
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc;

/// How many bytes go from the database to the storage at a time.
const CHUNK: usize = 64 * 1024;

/// How many files are looked up at a time.
const FILES: i64 = 500;

/// How far an export is. Source: API reference, `OrganizationExport.state`.
pub const STATES: &[&str] = &["pending", "started", "finished", "error"];

/// An export that is being made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Export {
    /// The row of `organization_exports`.
    gid: i64,
    workspace: i64,
    storage_key: String,
    files_key: String,
    stage: Stage,
}

/// What is done.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Stage {
    /// Nothing; the request that asks is not over.
    New,
    /// Nothing.
    Asked,
    /// Whoever asks reads that it has been started.
    Told,
    /// Both files are stored.
    Made { records: usize, size: i64, sha256: String, files_size: i64 },
}

impl Export {
    /// An export of a workspace, whose row is there.
    pub fn new(export: Gid, workspace: Gid, storage_key: String, files_key: String) -> Self {
        let (gid, workspace) = (export.get(), workspace.get());
        Export { gid, workspace, storage_key, files_key, stage: Stage::New }
    }
}

impl Work for Export {
    const KIND: &'static str = "organization_export";
    const MAKES: Option<&'static str> = Some("organization_export");

    fn batch(&mut self, cx: &mut Context<'_, '_>, _job: Gid) -> Result<Step> {
        match &self.stage {
            Stage::New => {
                self.stage = Stage::Asked;
                Ok(Step::more(0))
            }
            Stage::Asked | Stage::Told => {
                cx.execute(
                    "UPDATE organization_exports SET state = 'started' WHERE gid = ?",
                    params![self.gid],
                )?;
                self.stage = Stage::Told;
                Ok(Step::more(0))
            }
            Stage::Made { records, size, sha256, files_size } => {
                cx.execute(
                    "UPDATE organization_exports SET state = 'finished', size = ?, sha256 = ?, files_size = ? WHERE gid = ?",
                    params![*size, sha256, *files_size, self.gid],
                )?;
                Ok(Step::done(*records))
            }
        }
    }

    fn alone(&self, app: &Arc<App>) -> Option<Alone<Self>> {
        let (app, work) = (Arc::clone(app), self.clone());
        if matches!(self.stage, Stage::Told) { Some(Box::pin(make(app, work))) } else { None }
    }

    fn give_up(&mut self, cx: &mut Context<'_, '_>, _job: Gid) -> Result<()> {
        cx.execute(
            "UPDATE organization_exports SET state = 'error' WHERE gid = ?",
            params![self.gid],
        )?;
        Ok(())
    }
}

/// Makes both files.
async fn make(app: Arc<App>, mut work: Export) -> Result<Export> {
    // What a process that was killed may have left.
    app.files.remove(&work.storage_key).await?;
    app.files.remove(&work.files_key).await?;
    let (records, size, sha256) = write_records(&app, &work).await?;
    let files_size = write_files(&app, &work).await?;
    work.stage = Stage::Made { records, size, sha256, files_size };
    Ok(work)
}

/// Writes the records, from a snapshot on a thread of its own.
async fn write_records(app: &App, work: &Export) -> Result<(usize, i64, String)> {
    let workspace = work.workspace;
    let (sender, mut chunks) = mpsc::channel::<Bytes>(4);
    let reading = app.store.snapshot(move |tx| {
        let out = io::BufWriter::with_capacity(CHUNK, Chunks(sender));
        Ok::<_, Error>(document::write(tx, workspace, out)?)
    });
    let mut writer = app.files.create(&work.storage_key);
    let writing = async {
        while let Some(chunk) = chunks.recv().await {
            writer.write(&chunk).await?;
        }
        Ok(())
    };
    // What is written ends when nobody reads any more, so that both end.
    match tokio::try_join!(reading, writing) {
        Ok((records, ())) => {
            let written = writer.finish().await?;
            Ok((
                usize::try_from(records).unwrap_or(usize::MAX),
                signed(written.size),
                written.sha256,
            ))
        }
        Err(error) => {
            writer.abort().await;
            Err(error)
        }
    }
}

/// Hands what is written to a channel.
struct Chunks(mpsc::Sender<Bytes>);

impl io::Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Bytes::copy_from_slice(bytes)).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the bytes of the attachments, sorted by their checksums, each once; says how many bytes that are.
async fn write_files(app: &App, work: &Export) -> Result<i64> {
    let mut writer = app.files.create(&work.files_key);
    match copy_files(app, work, &mut writer).await {
        Ok(()) => Ok(signed(writer.finish().await?.size)),
        Err(error) => {
            writer.abort().await;
            Err(error)
        }
    }
}

async fn copy_files(app: &App, work: &Export, writer: &mut Writer) -> Result<()> {
    const NEXT: &str = "SELECT a.sha256, max(a.storage_key), max(a.size) FROM attachments AS a WHERE a.workspace = ? AND a.sha256 > ? AND a.state = 'stored' AND a.storage_key IS NOT NULL GROUP BY a.sha256 ORDER BY a.sha256 LIMIT ?";
    let mut after = String::new();
    loop {
        let (workspace, from) = (work.workspace, after.clone());
        let files: Vec<(String, String, i64)> = app
            .store
            .read(move |tx| {
                Ok::<_, Error>(tx.query(NEXT, params![workspace, from, FILES], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?)
            })
            .await?;
        let Some((last, _, _)) = files.last() else { break };
        after.clone_from(last);
        for (sha256, key, size) in files {
            copy_file(app, writer, &sha256, &key, u64::try_from(size).unwrap_or(0)).await?;
        }
    }
    writer.write(&archive::END).await
}

/// Copies one file. One that was deleted since then is left out.
async fn copy_file(
    app: &App,
    writer: &mut Writer,
    sha256: &str,
    key: &str,
    size: u64,
) -> Result<()> {
    let Some(mut bytes) = app.files.find(key).await? else {
        tracing::warn!(sha256, "an attachment has no bytes; the export is without them");
        return Ok(());
    };
    writer.write(&archive::header(sha256, size)).await?;
    let before = writer.size();
    while let Some(chunk) = bytes.next().await {
        writer.write(&chunk.map_err(anyhow::Error::from)?).await?;
    }
    if writer.size() - before != size {
        return Err(Error::Internal(anyhow::anyhow!(
            "the file {sha256} has {} bytes, not {size}",
            writer.size() - before
        )));
    }
    let zeros = vec![0_u8; archive::padding(size)];
    writer.write(&zeros).await
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// A new place in the storage.
pub fn fresh_key(app: &App) -> String {
    let mut bytes = [0_u8; 16];
    (app.entropy)(&mut bytes);
    auth::hex(&bytes)
}
