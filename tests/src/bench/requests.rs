//! The requests that Temporal has answered, counted by its own metrics.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::sleep;

use crate::{Env, calls::http};

/// The dev server's counter of requests by name.
const COUNTER: &str = "service_requests{";
/// The server updates its counters once a second.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// Requests by name, such as `SignalWorkflowExecution`.
#[derive(Debug, Clone, Default)]
pub struct Requests(BTreeMap<String, f64>);

impl Env {
    /// Returns the requests that the system's own Temporal server has received so far. Takes two seconds, so that all
    /// are shown.
    ///
    /// # Panics
    /// Panics if the system has no server of its own, or the server does not answer.
    pub async fn temporal_requests(&self) -> Requests {
        sleep(SHOWN_WITHIN).await;
        let page = http().get(self.temporal().metrics()).send().await.expect("Temporal's metrics");
        Requests::read(&page.text().await.expect("Temporal's metrics"))
    }
}

impl Requests {
    /// Reads the calls of clients. The server's own parts and workflows call as well.
    fn read(page: &str) -> Self {
        let mut requests = Self::default();
        let of_clients = |line: &&str| {
            let is_from_outside = line.contains("service_name=\"frontend\"") && !line.contains("temporal_system");
            line.starts_with(COUNTER) && is_from_outside
        };
        for line in page.lines().filter(of_clients) {
            let name = line.split("operation=\"").nth(1).and_then(|rest| rest.split('"').next());
            let count = line.rsplit(' ').next().and_then(|count| count.parse::<f64>().ok());
            if let (Some(name), Some(count)) = (name, count) {
                *requests.0.entry(name.to_owned()).or_default() += count;
            }
        }
        requests
    }

    /// Returns the requests that came after `before`.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let more = self.0.iter().map(|(name, count)| (name.clone(), count - before.0.get(name).unwrap_or(&0.0)));
        Self(more.filter(|(_, count)| *count > 0.0).collect())
    }

    /// Returns the number of requests with these names.
    #[must_use]
    pub fn of(&self, names: &[&str]) -> f64 {
        names.iter().filter_map(|name| self.0.get(*name)).fold(0.0, |sum, count| sum + count)
    }

    /// Returns the number of all requests.
    #[must_use]
    pub fn all(&self) -> f64 {
        self.0.values().fold(0.0, |sum, count| sum + count)
    }

    /// Returns the most frequent ones, each with its number per unit of `count`.
    #[must_use]
    pub fn most(&self, shown: usize, count: f64) -> String {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by(|one, other| other.1.total_cmp(one.1));
        let shown = sorted.iter().take(shown).map(|(name, requests)| format!("{name} {:.2}", *requests / count));
        shown.collect::<Vec<_>>().join(", ")
    }
}
