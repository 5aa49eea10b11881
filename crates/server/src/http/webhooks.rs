//! The handshake of a new webhook: inside the request, and with no connection of the database held while the target thinks.

use crate::App;
use crate::api::call::Call;
use crate::api::operations::{Answer, Operation};
use crate::auth::{self, Credential};
use crate::error::{Error, Result, bad_request, forbidden};
use crate::http::pipeline::{self, Work};
use crate::http::request::Incoming;
use crate::http::respond::Reply;
use crate::outbound::{self, Failure};
use crate::resources::webhooks::{self, Prepared, sender};
use reqwest::Method;
use std::sync::{Arc, Mutex, PoisonError};

/// The header of the secret, both ways.
const SECRET: &str = "X-Hook-Secret";

/// Answers `createWebhook`.
pub(super) async fn create(
    app: &Arc<App>,
    incoming: &Incoming,
    operation: &Operation,
    call: Call,
    credential: Option<Credential>,
) -> Result<Reply> {
    let mut bytes = [0_u8; 32];
    (app.entropy)(&mut bytes);
    let secret = auth::hex(&bytes);
    let slot: Arc<Mutex<Option<Prepared>>> = Arc::default();
    let (kept, hook) = (Arc::clone(&slot), secret.clone());
    let prepare: Work = Box::new(move |cx, call| {
        let prepared = webhooks::prepare(cx, call, &hook)?;
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(prepared);
        Ok(Answer::empty())
    });
    let begun =
        pipeline::run_once(app, incoming, operation, call.clone(), credential.clone(), prepare)
            .await;
    if let Err(error) = begun {
        // A request that is sent again with its `Idempotency-Key` gets its answer again, not a complaint about a duplicate.
        let Error::Forbidden(message) = error else { return Err(error) };
        let refuse: Work = Box::new(move |_, _| Err(forbidden(message.clone())));
        return pipeline::run_with(app, incoming, operation, call, credential, refuse).await;
    }
    let prepared = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(prepared) = prepared else {
        return Err(Error::Internal(anyhow::anyhow!("a webhook was prepared and is not there")));
    };
    // If the client goes away meanwhile, the row that is left is swept.
    let result = match shake(app, &prepared, &secret).await {
        Ok(()) => {
            let (hook, made) = (secret, prepared.clone());
            let finish: Work = Box::new(move |cx, _| webhooks::finish(cx, &made, &hook));
            pipeline::run_with(app, incoming, operation, call, credential, finish).await
        }
        Err(error) => Err(error),
    };
    if result.is_err() {
        give_up(app, prepared).await;
    }
    result
}

/// Sends the secret and looks for it in the answer.
///
/// Errors: 400 that says what the target did; 403 for a target that is not called.
async fn shake(app: &Arc<App>, prepared: &Prepared, secret: &str) -> Result<()> {
    let headers = [("Content-Type", "application/json".to_owned()), (SECRET, secret.to_owned())];
    let call = outbound::Call {
        method: Method::POST,
        url: &prepared.target,
        headers: &headers,
        body: b"{}".to_vec(),
        time: sender::PATIENCE,
        bytes: 1_000,
    };
    let answer = app.outbound.send(call).await.map_err(|failure| match failure {
        Failure::Refused(_) => forbidden("The target is an address that this server does not call"),
        Failure::Timeout => bad_request(
            "The remote server which is intended to receive the webhook did not respond in time",
        ),
        other => bad_request(format!(
            "The remote server which is intended to receive the webhook could not be reached: {other}"
        )),
    })?;
    if !matches!(answer.status, 200 | 204) {
        return Err(bad_request(format!(
            "The remote server which is intended to receive the webhook responded with an incorrect status code: {}",
            answer.status
        )));
    }
    let echoed =
        answer.headers.get(SECRET).is_some_and(|value| value.as_bytes() == secret.as_bytes());
    if echoed {
        return Ok(());
    }
    Err(bad_request(
        "The remote server which is intended to receive the webhook did not respond with the handshake secret",
    ))
}

/// Removes the row that nobody saw.
async fn give_up(app: &Arc<App>, prepared: Prepared) {
    let removed = app.store.write(move |tx| {
        tx.execute(
            "DELETE FROM webhooks WHERE gid = ? AND state = 'pending'",
            store::params![prepared.gid],
        )
        .map(drop)
    });
    if let Err::<(), store::Error>(error) = removed.await {
        tracing::warn!(%error, "a webhook without a handshake is left to the sweeper");
    }
}
