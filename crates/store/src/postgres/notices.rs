//! Listening for `NOTIFY`: a thread with a connection of its own.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Socket};

use crate::Error;
use crate::dialect::postgres as dialect;
use crate::postgres::Target;

/// How long to wait before connecting again.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends a word for each notification on `channel` until `stop` says so or nobody takes them. A broken connection is made anew,
/// and a word sent then, since some may have been lost.
///
/// Errors: none, once the runtime is there.
pub(crate) fn work(
    target: &Target,
    channel: &str,
    sender: &mpsc::Sender<()>,
    stop: &Arc<Notify>,
) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Database(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let listening = async {
            while !sender.is_closed() {
                if let Err(error) = listen(target, channel, sender).await {
                    tracing::warn!(error = dialect::whole(&error), "cannot listen on PostgreSQL");
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = listening => {}
            () = stop.notified() => {}
        }
    });
    Ok(())
}

/// Listens until the connection ends.
async fn listen(
    target: &Target,
    channel: &str,
    sender: &mpsc::Sender<()>,
) -> Result<(), tokio_postgres::Error> {
    if let Some(tls) = &target.tls {
        let (client, connection) = target.config.connect(tls.clone()).await?;
        return hear(client, connection, channel, sender).await;
    }
    let (client, connection) = target.config.connect(NoTls).await?;
    hear(client, connection, channel, sender).await
}

/// Listens on this connection.
async fn hear<T: TlsStream + Unpin>(
    client: Client,
    mut connection: Connection<Socket, T>,
    channel: &str,
    sender: &mpsc::Sender<()>,
) -> Result<(), tokio_postgres::Error> {
    let mut messages = poll_fn(move |context| connection.poll_message(context));
    let text = format!("LISTEN {channel}");
    let mut asked = std::pin::pin!(client.batch_execute(&text));
    let mut answered = false;
    loop {
        let next = poll_fn(|context| {
            use std::future::Future as _;
            if !answered && let Poll::Ready(done) = asked.as_mut().poll(context) {
                answered = true;
                if let Err(error) = done {
                    return Poll::Ready(Some(Err(error)));
                }
                // What was told before this moment was not heard.
                _ = sender.try_send(());
            }
            std::pin::Pin::new(&mut messages).poll(context)
        })
        .await;
        match next {
            // A full queue holds a word already, and one is as good as many.
            Some(Ok(AsyncMessage::Notification(_))) => _ = sender.try_send(()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Ok(()),
        }
    }
}
