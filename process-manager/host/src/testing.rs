//! Runs process managers on a real Temporal server, for tests.
//!
//! ```no_run
//! # use process_manager::manager::ProcessManager;
//! # use process_manager_client::feed::MemoryLog;
//! # use process_manager_host::{HttpDispatcher, Manager, testing::TestServer};
//! # async fn test<M: ProcessManager>(dispatcher: HttpDispatcher<M::Command>) -> Result<(), Box<dyn std::error::Error>> {
//! let (log, server) = (MemoryLog::default(), TestServer::start().await?);
//! let worker = server.host(|hosting| hosting.manager(Manager::<M>::new(log.clone(), dispatcher))).await?;
//! # drop(worker);
//! # Ok(())
//! # }
//! ```

mod namespace;

use std::{
    env, io,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use temporalio_client::{Client, tonic::Status};
use temporalio_common::{telemetry::TelemetryOptions, worker::WorkerDeploymentOptions};
use temporalio_sdk::{Worker, WorkerOptions, runtime::PollerBehavior};
use tokio::{sync::oneshot, time::sleep};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    Hosting,
    connect::{ConnectError, TemporalConfig},
    dev_server::{DevServer, DevServerConfig, DevServerError},
    start_worker,
};

/// The task queue on which hosted process managers run.
pub const TASK_QUEUE: &str = "test";
/// How long a dropped worker may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// The reason why a test cannot have its server or worker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// There is no free port.
    #[error("there is no free port for the server ({0})")]
    Port(#[source] io::Error),
    /// The dev server does not start, for example because there is no Temporal CLI.
    #[error("{0}; is the Temporal CLI installed, or TEMPORAL_CLI set to it?")]
    DevServer(#[from] DevServerError),
    /// The namespace cannot be created, or does not answer.
    #[error("the namespace cannot be used")]
    Namespace(#[source] Box<Status>),
    /// The server does not answer.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The worker does not begin.
    #[error("the worker does not begin: {0}")]
    Worker(String),
}

/// A Temporal server that can host process managers.
#[derive(Debug)]
pub struct TestServer {
    config: TemporalConfig,
    client: Client,
    dev_server: Option<Arc<DevServer>>,
}

impl TestServer {
    /// Starts a dev server of its own in memory, with the CLI that `TEMPORAL_CLI` names, otherwise `temporal` on the
    /// path. It ends when this is dropped, or with the program.
    ///
    /// # Errors
    /// [`ServerError::DevServer`] if the server ends before it is ready, with its last log lines; [`ServerError::Port`]
    /// if there is no free port.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(env::var_os("TEMPORAL_CLI").unwrap_or_else(|| "temporal".into())).await
    }

    /// Does the same as [`Self::start`], with another CLI.
    ///
    /// # Errors
    /// Same as [`Self::start`].
    pub async fn start_with(cli: impl Into<PathBuf>) -> Result<Self, ServerError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let config = DevServerConfig::new(cli, listener.map_err(ServerError::Port)?.port()).with_fresh_caches();
        let mut dev_server = DevServer::spawn(&config)?;
        dev_server.ready().await?;
        let address = Url::parse(&format!("http://{}", dev_server.address()));
        let address = address.map_err(|error| ServerError::Worker(error.to_string()))?;
        let mut server = Self::on(TemporalConfig::at(address, &config.namespace)).await?;
        server.dev_server = Some(Arc::new(dev_server));
        Ok(server)
    }

    /// Returns the same server with a namespace of its own, which is created if necessary.
    ///
    /// # Errors
    /// [`ServerError`] if the namespace cannot be created, or does not answer.
    pub async fn in_namespace(&self, namespace: &str) -> Result<Self, ServerError> {
        namespace::create(&self.client, namespace).await.map_err(ServerError::Namespace)?;
        let config = TemporalConfig::at(self.config.address().clone(), namespace);
        let mut server = Self::on(config).await?;
        server.dev_server.clone_from(&self.dev_server);
        Ok(server)
    }

    /// Uses a running server, as soon as it can be reached.
    ///
    /// # Errors
    /// The configuration cannot be used.
    pub async fn on(config: TemporalConfig) -> Result<Self, ServerError> {
        let client = config.connect_when_up().await?;
        Ok(Self { config, client, dev_server: None })
    }

    /// Returns the address of the server.
    #[must_use]
    pub fn address(&self) -> &Url {
        self.config.address()
    }

    /// Returns the client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Hosts process managers in a worker of their own, and starts their subscriptions.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn host(&self, build: impl FnOnce(Hosting) -> Hosting) -> Result<TestWorker, ServerError> {
        self.host_with(build, |_| ()).await
    }

    /// Does the same as [`Self::host`], with other options for the worker.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn host_with(
        &self,
        build: impl FnOnce(Hosting) -> Hosting,
        configure: impl FnOnce(&mut WorkerOptions),
    ) -> Result<TestWorker, ServerError> {
        let failed = |error: &dyn std::fmt::Display| ServerError::Worker(error.to_string());
        let stop = CancellationToken::new();
        // A connection knows its workers: one that was killed would still be there for the next worker.
        let client = self.config.connect().await?;
        let hosting = build(Hosting::new(client.clone(), TASK_QUEUE, stop.clone()));
        let mut options = WorkerOptions::new(TASK_QUEUE)
            .deployment_options(WorkerDeploymentOptions::from_build_id("test".to_owned()))
            .workflow_task_poller_behavior(PollerBehavior::SimpleMaximum(20))
            .activity_task_poller_behavior(PollerBehavior::SimpleMaximum(10))
            .max_heartbeat_throttle_interval(Duration::from_secs(1))
            .graceful_shutdown_period(Duration::from_secs(1))
            .build();
        let subscriptions = hosting.register(&mut options).map_err(|error| failed(&error))?;
        configure(&mut options);
        let worker = TestWorker::start(client, options, stop).await?;
        subscriptions.ensure(&self.client).await.map_err(|error| failed(&error))?;
        Ok(worker)
    }
}

/// A worker in a thread and a runtime of its own. When dropped, it ends like a program that is told to end, but nobody
/// waits for the end: it takes no more work, subscriptions hand over their position, and work in flight has five
/// seconds to end.
#[derive(Debug)]
pub struct TestWorker {
    stop: CancellationToken,
    kill: Option<oneshot::Sender<()>>,
    ended: mpsc::Receiver<()>,
}

impl TestWorker {
    async fn start(client: Client, options: WorkerOptions, stop: CancellationToken) -> Result<Self, ServerError> {
        let (begins, begun) = oneshot::channel::<Result<(), String>>();
        let (kill, killed) = oneshot::channel();
        let (ends, ended) = mpsc::channel();
        let stopped = stop.clone();
        thread::spawn(move || {
            let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(begins.send(Err(error.to_string()))),
            };
            runtime.block_on(async {
                let mut worker = match worker(&client, options) {
                    Ok(worker) => worker,
                    Err(error) => return drop(begins.send(Err(error))),
                };
                let shutdown = worker.shutdown_handle();
                drop(begins.send(Ok(())));
                let end = async {
                    stopped.cancelled().await;
                    shutdown();
                    sleep(GRACE).await;
                };
                // A dropped worker is not killed.
                let killed = async {
                    if killed.await.is_err() {
                        std::future::pending().await
                    }
                };
                tokio::select! {
                    outcome = worker.run() => tracing::debug!(?outcome, "the worker has ended"),
                    () = end => tracing::warn!("work in flight did not end within {} s", GRACE.as_secs()),
                    () = killed => (),
                }
            });
            // Work in flight is dropped at once.
            runtime.shutdown_background();
            drop(ends);
        });
        match begun.await {
            Ok(Ok(())) => Ok(Self { stop, kill: Some(kill), ended }),
            Ok(Err(why)) => Err(ServerError::Worker(why)),
            Err(_) => Err(ServerError::Worker("its thread has ended".to_owned())),
        }
    }

    /// Ends the worker like a program that is told to end, and returns when it has ended.
    pub fn end(self) {
        self.stop.cancel();
        let _ = self.ended.recv_timeout(GRACE * 2);
    }

    /// Ends the worker like a crash: no work in flight is finished, and the server is told nothing.
    pub fn kill(mut self) {
        if let Some(kill) = self.kill.take() {
            let _ = kill.send(());
        }
        let _ = self.ended.recv_timeout(GRACE);
    }

    /// Returns whether the worker's thread has ended, on its own or otherwise.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.ended.try_recv(), Err(mpsc::TryRecvError::Disconnected))
    }
}

impl Drop for TestWorker {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn worker(client: &Client, options: WorkerOptions) -> Result<Worker, String> {
    start_worker(client, options, TelemetryOptions::builder().build()).map_err(|error| error.to_string())
}
