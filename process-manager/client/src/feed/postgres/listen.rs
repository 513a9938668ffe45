//! Learns of new events: keeps a listening connection, and opens a new one when it breaks.

use std::{convert::Infallible, time::Duration};

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::{sync::watch, time::sleep};

/// The channel on which `event_log.sql` notifies.
const CHANNEL: &str = "process_event";
/// The pause between two attempts to listen.
const PAUSE: Duration = Duration::from_secs(1);

/// Returns a receiver that changes when there may be new events. Listening ends with the last of its clones.
pub(super) fn listen(options: PgConnectOptions) -> watch::Receiver<()> {
    let (sender, receiver) = watch::channel(());
    tokio::spawn(async move {
        tokio::select! {
            () = sender.closed() => {}
            () = keep_listening(&options, &sender) => {}
        }
    });
    receiver
}

async fn keep_listening(options: &PgConnectOptions, news: &watch::Sender<()>) {
    loop {
        let Err(error) = forward(options, news).await;
        tracing::debug!(error = &error as &dyn std::error::Error, "cannot listen for new events in PostgreSQL");
        sleep(PAUSE).await;
    }
}

async fn forward(options: &PgConnectOptions, news: &watch::Sender<()>) -> Result<Infallible, sqlx::Error> {
    // A pool of its own, because the connection is kept for ever and the readers' pool may be small.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(super::CONNECT_WITHIN)
        .connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // There may be news from before the first notification, or from while the connection was lost.
        news.send_replace(());
        listener.try_recv().await?;
    }
}
