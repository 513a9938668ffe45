//! A connection that is not HTTP/1, such as to Temporal or PostgreSQL: passed on, cut, slowed down, or half open.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tests::free_port;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    task::JoinSet,
};

/// What a wire does with bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Connections stay open, but nothing gets through any more.
    Silent,
    /// Each piece of at most 16 kB takes this long.
    Slow(Duration),
}

/// A TCP proxy on its own port.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) port: u16,
    upstream: u16,
    mode: Arc<watch::Sender<Mode>>,
    server: Mutex<Option<JoinSet<()>>>,
}

impl Wire {
    /// Starts a proxy in front of a port of 127.0.0.1.
    pub(super) async fn start(upstream: u16) -> Self {
        let mode = Arc::new(watch::channel(Mode::Pass).0);
        let wire = Self { port: free_port(), upstream, mode, server: Mutex::default() };
        wire.up().await;
        wire
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Cuts all connections, and refuses new ones until [`Wire::up`].
    pub(crate) async fn down(&self) {
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut server) = server {
            server.shutdown().await;
        }
    }

    pub(crate) async fn up(&self) {
        if self.server.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return;
        }
        let listener = loop {
            // A program that was just forked holds a copy of the old listener until it executes.
            match TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let mut server = JoinSet::new();
        server.spawn(serve(listener, self.upstream, Arc::clone(&self.mode)));
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
    }
}

async fn serve(listener: TcpListener, upstream: u16, mode: Arc<watch::Sender<Mode>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, upstream, mode.subscribe()));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(client: TcpStream, upstream: u16, mode: watch::Receiver<Mode>) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // When either side ends, both end.
    tokio::select! {
        () = copy(from_client, to_server, mode.clone()) => {}
        () = copy(from_server, to_client, mode) => {}
    }
}

async fn copy(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let mut now = *mode.borrow_and_update();
        while now == Mode::Silent {
            if mode.changed().await.is_err() {
                return;
            }
            now = *mode.borrow_and_update();
        }
        if let Mode::Slow(time) = now {
            tokio::time::sleep(time).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
