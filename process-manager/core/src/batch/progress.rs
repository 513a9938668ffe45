//! The public view of a batch.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Advance, Limits};

/// What a batch is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// It sends the commands of its items.
    Running,
    /// It sends failed items again.
    Retrying,
    /// Nothing is sent; see [`Progress::pause`].
    Paused,
    /// It undoes what it has done.
    Cancelling,
    /// Each item was answered, and no more have failed than are tolerated.
    Completed,
    /// It was cancelled.
    Cancelled,
}

impl Status {
    /// Returns whether the batch has ended.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

/// Who has paused a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PausedBy {
    /// An operator.
    Operator,
    /// More items have failed than are tolerated: an operator raises the limit, retries or cancels.
    Failures,
    /// The source returned something that no batch can use.
    Source,
    /// Its run was ended from outside: an operator resumes or cancels.
    Ended,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who has paused it.
    pub by: PausedBy,
    /// The reason, in words.
    pub detail: String,
    /// Time since which it has been paused.
    pub since: DateTime<Utc>,
}

impl Pause {
    /// Returns whether an operator has to decide.
    #[must_use]
    pub fn needs_operator(&self) -> bool {
        self.by != PausedBy::Operator
    }
}

/// The progress of a batch: the answer of the query `state`, the memo, and the data of the events that its process
/// manager gets. It is exact once the batch has ended. While the batch runs, it shows the state after the last chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// The batch's name.
    pub name: String,
    /// Its id among those of its name.
    pub id: String,
    /// What it is doing.
    pub status: Status,
    /// How many items there are in all, if the source says so; exact once all were answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// How many commands were accepted.
    pub accepted: u64,
    /// How many items needed nothing, according to their refusals.
    pub settled: u64,
    /// How many items have failed, including those that are being retried.
    pub failed: u64,
    /// How many items were undone.
    #[serde(default)]
    pub undone: u64,
    /// Whether it was cancelled and has undone all that it may have done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_undone: bool,
    /// How many commands are under way.
    pub in_flight: u32,
    /// How many items per second were answered recently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_per_second: Option<f64>,
    /// When the batch will end at this rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_end: Option<DateTime<Utc>>,
    /// Its limits.
    pub limits: Limits,
    /// Why it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// What is wrong now and is retried, such as an unavailable service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The pages of failed items that other workflows keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_pages: Vec<u32>,
    /// Time when it began.
    pub started_at: DateTime<Utc>,
    /// The time of this view.
    pub updated_at: DateTime<Utc>,
}

impl Progress {
    /// Adds what an unfinished chunk has done so far.
    pub fn add(&mut self, at_hand: &Advance) {
        let (done, failed) = (at_hand.accepted + at_hand.settled, at_hand.failed.len() as u64);
        if at_hand.undoes {
            self.undone += done;
        } else {
            (self.accepted, self.settled) = (self.accepted + at_hand.accepted, self.settled + at_hand.settled);
        }
        if at_hand.retries {
            self.failed = self.failed.saturating_sub(done);
        } else {
            self.failed += failed;
        }
        self.total = at_hand.total.or(self.total);
        self.in_flight = at_hand.in_flight;
        self.fault.clone_from(&at_hand.fault);
    }

    /// Sets the expected end as of now, where one is known: by the items that are left, at the rate of the last chunk.
    pub fn expect_end(&mut self, now: DateTime<Utc>) {
        let rate = self.items_per_second.filter(|rate| *rate > 0.0);
        let (Some(rate), Some(total), Some(_)) = (rate, self.total, self.expected_end) else { return };
        #[expect(clippy::cast_precision_loss, reason = "a number of items is far below 2^52")]
        let seconds = total.saturating_sub(self.answered()) as f64 / rate;
        let left = Duration::try_from_secs_f64(seconds).ok().and_then(|left| TimeDelta::from_std(left).ok());
        self.expected_end = left.and_then(|left| now.checked_add_signed(left));
    }

    /// Returns whether an operator has to decide.
    #[must_use]
    pub fn needs_operator(&self) -> bool {
        self.status == Status::Paused && self.pause.as_ref().is_some_and(Pause::needs_operator)
    }

    /// Returns the id of the workflow that keeps a page of failed items.
    #[must_use]
    pub fn id_of_page(&self, page: u32) -> String {
        format!("{}-{}/failed/{}/{page}", self.name, self.id, self.started_at.timestamp_millis())
    }

    /// Returns how many items were answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.accepted + self.settled + self.failed
    }
}
