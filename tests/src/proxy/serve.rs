//! Receives requests, applies their faults, passes them on.

use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    io::BufReader,
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
};

use super::{
    Fault, Recorded,
    rules::Rules,
    wire::{self, Reply},
};
use crate::STALL;

/// Headers that belong to one connection, or that the proxy writes itself.
const OWN_HEADERS: [&str; 5] = ["connection", "content-length", "host", "keep-alive", "transfer-encoding"];

#[derive(Debug)]
pub(super) struct Shared {
    upstream: String,
    pub(super) rules: Mutex<Rules>,
    pub(super) records: Mutex<Vec<Recorded>>,
}

impl Shared {
    pub(super) fn new(upstream: String) -> Self {
        Self { upstream, rules: Mutex::default(), records: Mutex::default() }
    }

    fn record(&self, request: Recorded) -> usize {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.push(request);
        records.len() - 1
    }

    fn answered(&self, index: usize, status: u16) {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)[index].status = Some(status);
    }
}

/// Listens on a port again. A program that another test has just forked holds a copy of the old listener until it
/// executes; the port is free as soon as it does.
pub(super) fn listen_again(port: u16) -> io::Result<TcpListener> {
    let since = Instant::now();
    loop {
        match listen(port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && since.elapsed() < STALL => {
                std::thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(1024)
}

/// Serves until it is aborted; all of its connections end with it.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves a connection until either side ends it. What is wrong with the connection does not concern the test.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Ok(Some(request)) = wire::read(&mut stream).await {
        let index = shared.record(request.clone());
        let fault = shared.rules.lock().unwrap_or_else(PoisonError::into_inner).take(&request);
        let Some(reply) = reply(&request, fault, &shared.upstream).await else {
            let _ = stream.get_ref().set_zero_linger();
            return;
        };
        shared.answered(index, reply.status);
        if wire::write(&mut stream, &reply).await.is_err() {
            return;
        }
    }
}

/// Returns the answer; `None` resets the connection.
async fn reply(request: &Recorded, fault: Fault, upstream: &str) -> Option<Reply> {
    match fault {
        Fault::Answer { status, content_type, body } => {
            let headers = vec![("content-type".to_owned(), content_type)];
            return Some(Reply { status, headers, body: body.into_bytes() });
        }
        Fault::Hang => std::future::pending().await,
        Fault::Delay(time) => tokio::time::sleep(time).await,
        Fault::Hold(gate) => gate.pass().await,
        Fault::Duplicate => drop(forward(request, upstream).await),
        Fault::LoseAnswer => {
            forward(request, upstream).await.ok();
            return None;
        }
        Fault::HoldAnswer(gate) => {
            let reply = forward(request, upstream).await.ok();
            gate.pass().await;
            return reply;
        }
        Fault::Pass => {}
    }
    // Seen from behind the proxy, a service that is down resets connections.
    forward(request, upstream).await.ok()
}

async fn forward(request: &Recorded, upstream: &str) -> Result<Reply, reqwest::Error> {
    let method = request.method.parse().unwrap_or(reqwest::Method::GET);
    let mut forwarded = crate::calls::http().request(method, format!("{upstream}{}", request.path));
    for (name, value) in request.headers.iter().filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str())) {
        forwarded = forwarded.header(name, value);
    }
    let answer = forwarded.body(request.body.clone()).send().await?;
    let status = answer.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
    let headers = headers.filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str())).collect();
    Ok(Reply { status, headers, body: answer.bytes().await?.to_vec() })
}
