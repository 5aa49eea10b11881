//! Sends what is in the outbox.
//!
//! A sending is two short transactions with the mail server between them: the first claims a row and writes the letter, the second
//! removes it or says when to try again. A process that dies leaves its claim, which ends; so a letter goes out at least once.

use crate::App;
use crate::api::Context;
use crate::error::{Error, Result};
use crate::mail::{Envelope, PATIENCE, html_of, letters};
use crate::resources::notifications::settings::next_digest;
use lettre::AsyncTransport as _;
use model::{Gid, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::params;

/// How often the sender looks.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a claim lasts, in milliseconds: longer than a mail server may take.
const CLAIM: i64 = 120_000;

/// The first pause after a failure, in milliseconds; each further one is twice as long.
const FIRST_PAUSE: i64 = 30_000;

/// The longest pause, in milliseconds: an hour.
const MAX_PAUSE: i64 = 60 * 60 * 1_000;

/// How long a letter is tried, in milliseconds: a day.
const GIVE_UP: i64 = 24 * 60 * 60 * 1_000;

/// Most digests that one transaction begins.
const DIGESTS: i64 = 100;

/// A row of the outbox.
#[derive(Clone, Debug)]
struct Row {
    gid: Gid,
    kind: String,
    recipient: String,
    subject: String,
    text: String,
    user: Option<Gid>,
    notification: Option<Gid>,
    created_at: i64,
    attempts: i64,
}

/// Sends for as long as the server runs; returns at once where there is no mail.
pub async fn run(app: Arc<App>) {
    while app.mail.is_some() {
        if let Err(error) = send_due(&app).await {
            tracing::warn!(?error, "the outbox of mail cannot be read");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends everything that is due now, one after the other, and says how many went out.
///
/// Errors: those of the database.
pub async fn send_due(app: &Arc<App>) -> Result<usize> {
    let mut sent = 0;
    while let Some(gid) = next(app).await? {
        sent += usize::from(send(app, gid).await?);
    }
    Ok(sent)
}

/// The row that has waited longest.
async fn next(app: &Arc<App>) -> Result<Option<Gid>> {
    let now = (app.clock)().millis();
    app.store
        .read(move |tx| {
            Ok::<_, Error>(tx.first(
                "SELECT o.gid FROM mail_outbox AS o WHERE o.due_at <= ? AND o.leased_until <= ? ORDER BY o.due_at, o.gid LIMIT 1",
                params![now, now],
                |row| row.get(0),
            )?)
        })
        .await
}

/// Sends one letter; false if it did not go out.
async fn send(app: &Arc<App>, gid: Gid) -> Result<bool> {
    let Some(mailer) = &app.mail else { return Ok(false) };
    let shared = Arc::clone(app);
    let claimed = app
        .store
        .write(move |tx| {
            let mut cx = Context::of_server(tx, &shared, format!("mail-{gid}"));
            claim(&mut cx, gid)
        })
        .await?;
    let Some((row, envelope)) = claimed else { return Ok(false) };
    let failure = match mailer.message(&envelope) {
        // What is no letter never becomes one.
        Err(error) => {
            tracing::error!(
                mail = gid.get(),
                error = format!("{error:#}"),
                "a letter cannot be sent"
            );
            None
        }
        Ok(message) => {
            let sending = tokio::time::timeout(PATIENCE * 2, mailer.transport.send(message));
            match sending.await {
                Ok(Ok(_)) => None,
                Ok(Err(error)) => Some(format!("{error:?}")),
                Err(_) => Some("the mail server took too long".to_owned()),
            }
        }
    };
    let went = failure.is_none();
    let now = (app.clock)().millis();
    app.store
        .write(move |tx| {
            let Some(failure) = &failure else {
                if let (Some(user), "digest") = (row.user, row.kind.as_str()) {
                    tx.execute(
                        r#"UPDATE notifications SET mail = '' WHERE "user" = ? AND mail = 'digest' AND gid <= ?"#,
                        params![user, row.notification],
                    )?;
                }
                tx.execute("DELETE FROM mail_outbox WHERE gid = ?", params![gid])?;
                return Ok::<_, Error>(());
            };
            if now - row.created_at >= GIVE_UP {
                tracing::error!(mail = gid.get(), failure, "a letter failed for a day and is given up");
                tx.execute("DELETE FROM mail_outbox WHERE gid = ?", params![gid])?;
                return Ok(());
            }
            tracing::warn!(mail = gid.get(), attempts = row.attempts + 1, failure, "a letter was not sent; it is tried again");
            tx.execute(
                "UPDATE mail_outbox SET attempts = attempts + 1, due_at = ?, leased_until = 0 WHERE gid = ?",
                params![now + pause(row.attempts), gid],
            )?;
            Ok(())
        })
        .await?;
    Ok(went)
}

/// Claims a row and writes its letter; `None` if somebody else has it, or there is nothing to tell any more.
fn claim(cx: &mut Context<'_, '_>, gid: Gid) -> Result<Option<(Row, Envelope)>> {
    let now = cx.now().millis();
    let claimed = cx.execute(
        "UPDATE mail_outbox SET leased_until = ? WHERE gid = ? AND leased_until <= ?",
        params![now + CLAIM, gid, now],
    )?;
    if claimed == 0 {
        return Ok(None);
    }
    let row = cx.first(
        r#"SELECT o.gid, o.kind, o.recipient, o.subject, o.text, o."user", o.notification, o.created_at, o.attempts FROM mail_outbox AS o WHERE o.gid = ?"#,
        params![gid],
        |row| {
            Ok(Row {
                gid: row.get(0)?,
                kind: row.get(1)?,
                recipient: row.get(2)?,
                subject: row.get(3)?,
                text: row.get(4)?,
                user: row.get(5)?,
                notification: row.get(6)?,
                created_at: row.get(7)?,
                attempts: row.get(8)?,
            })
        },
    )?;
    let Some(row) = row else { return Ok(None) };
    let envelope = match (row.kind.as_str(), row.user, row.notification) {
        ("notification", Some(user), Some(one)) => letters::one(cx, user, one)?,
        ("digest", Some(user), Some(last)) => letters::digest(cx, user, last)?,
        _ => Some(Envelope {
            to: row.recipient.clone(),
            subject: row.subject.clone(),
            text: row.text.clone(),
            html: html_of(&row.text),
            ..Envelope::default()
        }),
    };
    if envelope.is_none() {
        cx.later("DELETE FROM mail_outbox WHERE gid = ?", params![row.gid].to_vec())?;
    }
    Ok(envelope.map(|envelope| (row, envelope)))
}

/// The pause after so many failures.
fn pause(attempts: i64) -> i64 {
    let doubled =
        u32::try_from(attempts.clamp(0, 20)).map_or(MAX_PAUSE, |times| FIRST_PAUSE << times);
    doubled.min(MAX_PAUSE)
}

/// Puts the digests into the outbox that are due; called once a minute.
///
/// Errors: those of the database; the next call goes on.
pub async fn begin_digests(app: &Arc<App>) -> Result<()> {
    if app.mail.is_none() {
        return Ok(());
    }
    let now = (app.clock)();
    let due: Vec<(Gid, Option<String>)> = app
        .store
        .read(move |tx| {
            Ok::<_, Error>(tx.query(
                r#"SELECT s."user", u.time_zone FROM notification_settings AS s JOIN users AS u ON u.gid = s."user" WHERE s.digest_at <= ? ORDER BY s.digest_at LIMIT ?"#,
                params![now, DIGESTS],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?)
        })
        .await?;
    if due.is_empty() {
        return Ok(());
    }
    app.store
        .write(move |tx| {
            for (user, zone) in &due {
                let next: Timestamp = next_digest(now, zone.as_deref().unwrap_or("UTC"));
                let begun = tx.execute(
                    r#"UPDATE notification_settings SET digest_at = ? WHERE "user" = ? AND digest_at <= ?"#,
                    params![next, user, now],
                )?;
                if begun == 0 {
                    continue;
                }
                let gid = tx.gid()?;
                tx.later(
                    r#"INSERT INTO mail_outbox (gid, kind, recipient, subject, text, "user", notification, created_at, due_at, attempts, leased_until) SELECT CAST(? AS BIGINT), 'digest', '', '', '', n."user", max(n.gid), CAST(? AS BIGINT), CAST(? AS BIGINT), 0, 0 FROM notifications AS n WHERE n."user" = ? AND n.mail = 'digest' GROUP BY n."user""#,
                    params![gid, now, now, user].to_vec(),
                )?;
            }
            Ok::<_, Error>(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses: Vec<i64> = [0, 1, 6, 7, 100].into_iter().map(pause).collect();

        assert_eq!(pauses, [30_000, 60_000, 1_920_000, 3_600_000, 3_600_000]);
    }
}
