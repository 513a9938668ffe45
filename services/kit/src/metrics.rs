//! Prometheus metrics: one recorder for the whole process, because several programs may run in it.

use std::{sync::OnceLock, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the duration histogram, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const DURATION: &str = "http_request_duration_seconds";
const REQUESTS: &str = "http_requests_total";
const CLOSED_UNSERVED: &str = "http_connections_closed_unserved_total";

/// Interval at which samples are folded into the histograms, so that they do not pile up if nothing scrapes them.
pub(crate) const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Returns the process's recorder, installed at the first call.
pub(crate) fn handle() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS);
        let recorder = builder.unwrap_or_default().build_recorder();
        let handle = recorder.handle();
        if let Err(error) = metrics::set_global_recorder(recorder) {
            tracing::warn!(%error, "another recorder of metrics is installed already; /metrics stays empty");
        }
        metrics::describe_counter!(REQUESTS, "Requests that were answered, or given up by the client (status 499)");
        metrics::describe_counter!(CLOSED_UNSERVED, "Connections beyond the limit that were closed without an answer");
        metrics::describe_histogram!(DURATION, metrics::Unit::Seconds, "Time from a request to its answer");
        handle
    })
}

pub(crate) fn record_request(
    service: &'static str,
    method: &'static str,
    route: &str,
    status: &str,
    elapsed: Duration,
) {
    let labels = [
        ("service", service.to_owned()),
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", status.to_owned()),
    ];
    metrics::counter!(REQUESTS, &labels).increment(1);
    metrics::histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
}

pub(crate) fn record_closed_unserved(service: &'static str) {
    metrics::counter!(CLOSED_UNSERVED, "service" => service).increment(1);
}
