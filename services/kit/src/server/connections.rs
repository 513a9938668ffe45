//! Accepts connections and serves them, with limits on their number and on the time that a client may waste.
//!
//! HTTP/1.1 only. An HTTP/2 connection can be kept open for ever by answering pings. Browsers use HTTP/2 only over TLS,
//! which is up to the proxy in front.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
    serve::Listener,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use process_manager_wire::code;
use tokio::{
    net::TcpStream,
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{Bound, deadlines::BodyWithin, descriptors};
use crate::{ApiError, RETRY_AFTER, metrics, problem, telemetry};

/// Maximum number of connections of one program. A waiting connection costs some 50 kB.
const CONNECTIONS: usize = 1000;
/// Number of connections beyond the limit that receive a refusal. Further ones are closed without a word.
const TURNED_AWAY: usize = 50;
/// Time for the client to send the header of its request, and for a connection to send the next one.
const HEADER_WITHIN: Duration = Duration::from_secs(20);
/// Time for the client to send the body of its request.
const BODY_WITHIN: Duration = Duration::from_secs(20);
/// Longest time for which a client may read nothing of its answer.
const TAKE_WITHIN: Duration = Duration::from_secs(30);
/// Like [`HEADER_WITHIN`], for a connection beyond the limit.
const TURNED_AWAY_WITHIN: Duration = Duration::from_secs(2);
/// Time for requests in flight to end once the program is told to stop.
const DRAIN: Duration = Duration::from_secs(8);

/// Limits of a program's connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    connections: usize,
    header: Duration,
    body: Duration,
    take: Duration,
    turned_away: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of_share(descriptors::share())
    }
}

impl Limits {
    /// Returns the limits of a program that may have this many connections.
    fn of_share(share: usize) -> Self {
        Self {
            connections: CONNECTIONS.min(share),
            header: HEADER_WITHIN,
            body: BODY_WITHIN,
            take: TAKE_WITHIN,
            turned_away: TURNED_AWAY_WITHIN,
        }
    }

    pub(super) fn new(connections: usize, patience: Duration) -> Self {
        Self { connections, header: patience, body: patience, take: patience, turned_away: patience }
    }
}

/// Serves until `shutdown`. Then lets requests in flight end, for at most 8 s.
///
/// At most 1,000 connections are served at a time, fewer if the limit of descriptors is low. A further one is answered
/// 503 `overloaded`. A client has 20 s for the header of a request and 20 s for its body, and an idle connection is
/// closed after 20 s.
///
/// # Errors
/// Returns an error if the address of the listener cannot be read.
pub async fn serve(service: &'static str, bound: Bound, app: Router, shutdown: CancellationToken) -> io::Result<()> {
    let Bound { mut listener, hosts, limits } = bound;
    announce(service, listener.local_addr()?);
    let app = app.layer(Extension(Arc::new(hosts))).layer(Extension(BodyWithin(limits.body)));
    let server = Server {
        service,
        open: Arc::new(Semaphore::new(limits.connections)),
        turned_away: Arc::new(Semaphore::new(TURNED_AWAY)),
        app,
        full: full(service),
        limits,
        shutdown: shutdown.clone(),
        all_closed: watch::Sender::new(()),
    };
    let mut upkeep = tokio::time::interval(metrics::UPKEEP_EVERY);
    loop {
        tokio::select! {
            (stream, _) = Listener::accept(&mut listener) => server.take(stream),
            _ = upkeep.tick() => metrics::handle().run_upkeep(),
            () = shutdown.cancelled() => break,
        }
    }
    drop(listener);
    if timeout(DRAIN, server.all_closed.closed()).await.is_err() {
        tracing::warn!("{service} ends with requests unanswered");
    }
    tracing::info!("{service} has ended");
    Ok(())
}

fn announce(service: &str, addr: SocketAddr) {
    tracing::info!("{service} listens on http://{addr}");
    if !addr.ip().is_loopback() {
        tracing::warn!(
            "{service} listens beyond this machine, on {addr}, and authenticates nobody: everyone who reaches it can use \
             it. Put your own authentication in front (docs/OPERATIONS.md)"
        );
    }
}

struct Server {
    service: &'static str,
    open: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    app: Router,
    full: Router,
    limits: Limits,
    shutdown: CancellationToken,
    /// Each connection holds a receiver.
    all_closed: watch::Sender<()>,
}

impl Server {
    /// Serves a connection in its own task.
    fn take(&self, stream: TcpStream) {
        let (permit, app, header) = match Arc::clone(&self.open).try_acquire_owned() {
            Ok(permit) => (permit, &self.app, self.limits.header),
            Err(_) => match Arc::clone(&self.turned_away).try_acquire_owned() {
                Ok(permit) => (permit, &self.full, self.limits.turned_away),
                Err(_) => return telemetry::closed_unserved(self.service),
            },
        };
        // Answers are written as a whole; waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.limits.take));
        let app = app.clone().map_request(|request: Request<Incoming>| request.map(axum::body::Body::new));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header)
            .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(app));
        let (shutdown, open) = (self.shutdown.clone(), self.all_closed.subscribe());
        tokio::spawn(async move {
            let _held = (permit, open);
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = shutdown.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!("a connection ended: {error}");
            }
        });
    }
}

/// Answers connections beyond the limit. A program that is full is still alive.
fn full(service: &'static str) -> Router {
    let refuse = move || async move {
        telemetry::turned_away(service);
        closing(overloaded())
    };
    Router::new().route("/livez", get(|| async { closing("ok") })).fallback(refuse)
}

fn overloaded() -> ApiError {
    let detail = "so many connections are open that no other is served now; nothing was done; try again";
    problem(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, detail).retry_after(RETRY_AFTER)
}

fn closing(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_1_000_connections_or_its_share_of_the_descriptors() {
        let limits = Limits::of_share(2_048);
        assert_eq!((limits.connections, TURNED_AWAY), (1_000, 50));
        let seconds = [limits.header, limits.body, limits.take].map(|limit| limit.as_secs());
        assert_eq!(seconds, [20, 20, 30]);
        assert_eq!(Limits::of_share(128).connections, 128);
    }
}
