//! The log of what was sent to webhooks, and sending it again: extension API.

use crate::App;
use crate::api::operations::{Input, Output};
use crate::prelude::*;
use crate::resources::webhooks::Webhook;

/// How long finished deliveries are kept, in milliseconds: a week.
const KEPT_FOR: i64 = 7 * 24 * 60 * 60 * 1_000;

/// A delivery as stored, one row of `webhook_deliveries`.
#[derive(Debug, Clone)]
pub struct WebhookDelivery {
    pub gid: Gid,
    pub workspace: Gid,
    pub webhook: Gid,
    pub created_at: Timestamp,
    pub num_events: i64,
    pub body: String,
    pub state: String,
    pub attempts: i64,
    pub last_attempt_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub response_status: Option<i64>,
    pub response_content: Option<String>,
    pub replay_of: Option<Gid>,
}

row! { WebhookDelivery in "webhook_deliveries" { gid, workspace, webhook, created_at, num_events, body, state, attempts, last_attempt_at, delivered_at, response_status, response_content, replay_of } }

impl Record for WebhookDelivery {
    fn schema(s: &mut Schema<Self>) {
        s.doc("What was sent to a webhook, or waits to be.");
        s.one::<Webhook>("webhook", |d| Some(d.webhook)).doc("The webhook.");
        s.field("created_at", |d| &d.created_at).compact().doc("When it was packed.");
        s.field("status", |d| &d.state)
            .compact()
            .doc("`pending` until the target took it, then `delivered`.");
        s.field("num_events", |d| &d.num_events)
            .compact()
            .doc("How many events are in it; none in a heartbeat.");
        s.field("attempts", |d| &d.attempts).compact().doc("How often it was sent.");
        s.field("last_attempt_at", |d| &d.last_attempt_at).compact().doc("When it was last sent.");
        s.field("delivered_at", |d| &d.delivered_at).compact().doc("When the target took it.");
        s.field("response_status", |d| &d.response_status)
            .compact()
            .doc("The status that the target answered last; null if it did not.");
        s.field("response_content", |d| &d.response_content)
            .doc("What the target answered last, or why there was no answer.");
        s.field("body", |d| &d.body).doc("The bytes that are sent, as they are signed.");
        s.one::<WebhookDelivery>("replay_of", |d| d.replay_of)
            .doc("The delivery that this one repeats.");
    }
}

impl Resource for WebhookDelivery {
    const TYPE: &'static str = "webhook_delivery";
    fn gid(&self) -> Gid {
        self.gid
    }
}

impl Object for WebhookDelivery {
    fn workspace(&self) -> Gid {
        self.workspace
    }
}

/// The operations of the section.
pub fn operations(api: &mut Operations) {
    api.extension("Webhook deliveries", "What was sent to webhooks.");
    api.list_in::<Webhook, WebhookDelivery>(
        "getWebhookDeliveries",
        "/webhooks/{webhook_gid}/deliveries",
        "What was sent to a webhook in the last week, newest first.",
        |cx, webhook, call| {
            Query::inside()
                .filter("t.webhook = ?", params![webhook.gid])
                .order(&["t.created_at", "t.gid"])
                .descending()
                .page(cx, call)
        },
    );
    api.read::<WebhookDelivery>(
        "getWebhookDelivery",
        "/webhook_deliveries/{webhook_delivery_gid}",
        "One delivery, with its body.",
    );
    api.add(
        "POST",
        "replayWebhookDelivery",
        "/webhook_deliveries/{webhook_delivery_gid}/replay",
        "Sends the same bytes again, after what is being sent.",
        Input::Fields,
        Output::One(WebhookDelivery::TYPE),
        replay,
    )
    .created();
}

/// `replayWebhookDelivery`.
fn replay(cx: &mut Context<'_, '_>, call: &Call) -> Result<Answer> {
    let (delivery, level) = cx.target::<WebhookDelivery>(call, 0)?;
    cx.require_level(level, Level::Edit)?;
    let again = WebhookDelivery {
        gid: cx.gid()?,
        created_at: cx.now(),
        state: "pending".to_owned(),
        attempts: 0,
        last_attempt_at: None,
        delivered_at: None,
        response_status: None,
        response_content: None,
        replay_of: Some(delivery.gid),
        ..delivery
    };
    cx.insert(&again)?;
    let now = cx.now().millis();
    cx.execute(
        "UPDATE webhooks SET due_at = CASE WHEN next_attempt_after IS NULL AND due_at > CAST(? AS BIGINT) THEN CAST(? AS BIGINT) ELSE due_at END WHERE gid = ?",
        params![now, now, again.webhook],
    )?;
    let mut answer = cx.answer_gid::<WebhookDelivery>(again.gid)?;
    answer.created = true;
    Ok(answer)
}

/// Removes deliveries that were taken more than a week ago, a few at a time.
///
/// Errors: those of the database.
pub(super) async fn clean(app: &App, now: i64) -> Result<()> {
    loop {
        let gone = app
            .store
            .write(move |tx| {
                tx.execute(
                    "DELETE FROM webhook_deliveries WHERE gid IN (SELECT d.gid FROM webhook_deliveries AS d WHERE d.created_at < ? AND d.state <> 'pending' ORDER BY d.created_at LIMIT 200)",
                    params![now - KEPT_FOR],
                )
                .map_err(Error::from)
            })
            .await?;
        if gone < 200 {
            return Ok(());
        }
    }
}
