//! The public view of a batch, and the events that its process manager gets.

use chrono::{DateTime, TimeDelta, Utc};
use process_manager_wire::CloudEvent;
use serde_json::Value;

use super::{BatchState, Phase};
use crate::batch::{Progress, Status};

/// A process manager hears of progress at most this often, but of a pause and of the end at once.
const TELL_EVERY: TimeDelta = TimeDelta::seconds(10);
/// Prefix of the log ids of batch events.
const BATCH_LOG: &str = "batch/";

/// Returns whether this is the log id of a batch's events. They are in no log, so they cannot be read again.
pub(crate) fn is_batch_log(log: &str) -> bool {
    log.starts_with(BATCH_LOG)
}

impl BatchState {
    /// Returns the batch's status.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::Completed => Status::Completed,
            Phase::Cancelled => Status::Cancelled,
            _ if self.pause.is_some() => Status::Paused,
            Phase::Undoing => Status::Cancelling,
            Phase::Sending if !self.retried.is_empty() => Status::Retrying,
            Phase::Sending => Status::Running,
        }
    }

    /// Returns the batch's progress.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let status = self.status();
        Progress {
            name: self.start.name.clone(),
            id: self.start.id.clone(),
            status,
            total: self.total,
            accepted: self.accepted,
            settled: self.settled,
            failed: self.given_up + self.fresh_failures() + self.being_retried(),
            undone: self.undone,
            is_undone: self.is_undone,
            in_flight: 0,
            items_per_second: self.rate().filter(|_| !status.is_end() && status != Status::Paused),
            expected_end: self.expected_end(),
            limits: self.limits,
            pause: self.pause.clone().filter(|_| !status.is_end()),
            fault: self.fault.clone().filter(|_| !status.is_end()),
            kept_pages: self.kept.iter().map(|(page, _)| *page).collect(),
            started_at: self.started_at,
            updated_at: self.updated_at,
        }
    }

    /// Returns the event that the process manager's instance has to get, if any.
    pub(super) fn event(&self, now: DateTime<Utc>) -> Option<CloudEvent> {
        self.start.owner.as_ref()?;
        let status = self.status();
        let has_changed = self.told_status.unwrap_or(Status::Running) != status;
        let told_at = self.told_at.unwrap_or(self.started_at);
        let is_due = self.updated_at > told_at && now - told_at >= TELL_EVERY;
        if !has_changed && !is_due || self.told_status.is_some_and(Status::is_end) {
            return None;
        }
        let workflow_id = self.start.workflow_id();
        let number = self.told + 1;
        let logid = format!("{BATCH_LOG}{workflow_id}/{}", self.started_at.timestamp_millis());
        let id = format!("{logid}/{number}");
        Some(CloudEvent {
            specversion: "1.0".to_owned(),
            id: id.clone(),
            source: "/batches".to_owned(),
            kind: if status.is_end() { "BatchEnded" } else { "BatchProgressed" }.to_owned(),
            subject: workflow_id.clone(),
            time: now,
            datacontenttype: "application/json".to_owned(),
            sequence: i64::try_from(number).unwrap_or(i64::MAX),
            correlationid: self.start.correlation_id.clone().unwrap_or(workflow_id),
            causationid: id,
            logid,
            data: serde_json::to_value(self.progress()).unwrap_or(Value::Null),
        })
    }

    pub(super) fn measure(&mut self, answered: u64, now: DateTime<Utc>) {
        let Some(since) = self.chunk_since.take() else { return };
        let seconds = (now - since).as_seconds_f64();
        #[expect(clippy::cast_precision_loss, reason = "a number of items is far below 2^52")]
        if seconds > 0.0 {
            self.items_per_second = Some(answered as f64 / seconds);
        }
    }

    /// Returns the rate of the last chunk, but no more than today's limit allows.
    fn rate(&self) -> Option<f64> {
        let limit = self.limits.per_second.unwrap_or(f64::INFINITY);
        self.items_per_second.map(|rate| rate.min(limit))
    }

    fn expected_end(&self) -> Option<DateTime<Utc>> {
        let left = self.total?.checked_sub(self.answered())?;
        let rate = self.rate().filter(|rate| *rate > 0.0)?;
        let is_under_way = matches!(self.status(), Status::Running | Status::Retrying);
        #[expect(clippy::cast_precision_loss, reason = "a number of items is far below 2^52")]
        let seconds = (left + self.being_retried()) as f64 / rate;
        let after = std::time::Duration::try_from_secs_f64(seconds).ok().filter(|_| is_under_way)?;
        self.updated_at.checked_add_signed(TimeDelta::from_std(after).ok()?)
    }
}
