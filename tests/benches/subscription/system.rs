//! A Temporal server for each measurement, and its resource usage.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use process_manager_host::{connect::TemporalConfig, testing::TestServer};
use tests::{
    Component, Env,
    bench::{Moment, Requests, Used},
    binaries,
};

use crate::count::forget;

/// The server, and this program's connection to it.
pub(crate) struct System {
    pub(crate) env: Env,
    pub(crate) server: TestServer,
}

/// The beginning of a measurement.
pub(crate) struct Begun {
    instant: Instant,
    pub(crate) at: DateTime<Utc>,
    requests: Requests,
    temporal: Moment,
    own: Moment,
}

/// The result of a measurement.
pub(crate) struct Spent {
    pub(crate) time: Duration,
    pub(crate) requests: Requests,
    pub(crate) temporal: Used,
    /// Usage of this program: worker, log and client.
    pub(crate) own: Used,
}

impl Begun {
    pub(crate) fn elapsed(&self) -> Duration {
        self.instant.elapsed()
    }
}

impl System {
    /// Starts a system in which nothing has been received yet.
    pub(crate) async fn start() -> Self {
        forget();
        let env = Env::builder(binaries!()).temporal_only().start().await;
        let address = format!("http://{}", env.temporal().address()).parse().unwrap();
        let server = TestServer::on(TemporalConfig::at(address, env.temporal().namespace())).await.unwrap();
        Self { env, server }
    }

    pub(crate) async fn begin(&self) -> Begun {
        let requests = self.env.temporal_requests().await;
        let (temporal, own) = self.moments().await;
        Begun { instant: Instant::now(), at: Utc::now(), requests, temporal, own }
    }

    pub(crate) async fn end(&self, begun: &Begun) -> Spent {
        let time = begun.elapsed();
        let (temporal, own) = self.moments().await;
        let requests = self.env.temporal_requests().await.since(&begun.requests);
        Spent { time, requests, temporal: temporal - begun.temporal, own: own - begun.own }
    }

    async fn moments(&self) -> (Moment, Moment) {
        (Moment::of(self.env.pid(Component::Temporal).await), Moment::of(std::process::id()))
    }
}
