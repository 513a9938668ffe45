//! The lengths of histories.

use tests::{bench::float, confirmation_workflow_id};

use crate::system::{Customer, System, until};

pub(crate) const SAMPLE: usize = 20;

/// Histories of some runs.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Histories {
    pub(crate) runs: usize,
    pub(crate) events: usize,
    pub(crate) longest: usize,
}

impl Histories {
    pub(crate) fn add(&mut self, length: i64) {
        let length = usize::try_from(length).unwrap();
        self.runs += 1;
        self.events += length;
        self.longest = self.longest.max(length);
    }

    pub(crate) fn of(lengths: impl IntoIterator<Item = i64>) -> Self {
        lengths.into_iter().fold(Self::default(), |mut histories, length| {
            histories.add(length);
            histories
        })
    }

    /// Returns the number of events for each of `count`.
    pub(crate) fn each(&self, count: usize) -> f64 {
        float(self.events) / float(count)
    }
}

impl System {
    /// Returns the histories of ended runs, once a visibility query finds the last of them as completed.
    pub(crate) async fn ended(&self, query: &str) -> Histories {
        self.finds(&format!("({query}) AND ExecutionStatus = 'Completed'"), 1).await;
        let runs = self.env.temporal().list(&format!("({query}) AND ExecutionStatus != 'Running'")).await;
        Histories::of(runs.iter().map(|run| run.history_length))
    }

    /// Returns the length of the history of a workflow's latest run.
    pub(crate) async fn length(&self, workflow_id: &str) -> i64 {
        let described = until(async || self.operator.workflows().describe(workflow_id).await.ok()?).await;
        described.info.history_length
    }

    /// Returns the histories of the confirmations of some of the customer's contracts.
    pub(crate) async fn sample(&self, customer: &Customer) -> Histories {
        let mut histories = Histories::default();
        for contract in customer.contracts.iter().take(SAMPLE) {
            histories.add(self.length(&confirmation_workflow_id(contract)).await);
        }
        histories
    }
}
