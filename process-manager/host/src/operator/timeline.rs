//! The time line of an instance, read from the histories of its latest runs.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use process_manager::{
    instance::{Acknowledge, Delivery, ParkedFailure, Published, StalledCommand},
    manager::Refusal,
};
use process_manager_engine::{
    instance::{Begin, timer_name},
    publish::MEMO,
};
use process_manager_wire::CloudEvent;
use temporalio_common::protos::temporal::api::{
    failure::v1::{Failure, failure::FailureInfo},
    history::v1::{HistoryEvent, WorkflowExecutionSignaledEventAttributes, history_event::Attributes},
};

use super::{
    History,
    read::{decode, first, innermost, timestamp},
};

/// An event in the life of an instance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TimelineEvent {
    /// The first run that was read continued an earlier one.
    Continued,
    /// Events were delivered.
    Delivered(Vec<CloudEvent>),
    /// A command was answered, or its first attempt failed.
    Command {
        /// The command.
        name: String,
        /// How often it was sent.
        attempts: i32,
        /// The answer.
        answer: Answer,
    },
    /// The instance was parked.
    Parked(ParkedFailure),
    /// A command stalled.
    Stalled(StalledCommand),
    /// A timer of this name was due.
    TimerDue(String),
    /// An operator sent an instruction of this name. The instance may have ignored it: its history does not tell.
    Instructed(String),
    /// An operator retried.
    Retried,
    /// An operator acknowledged the failure.
    Acknowledged(Acknowledge),
    /// The run ended; the text says why, unless the process manager stopped it.
    Ended(Option<String>),
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The service accepted it.
    Accepted,
    /// The service refused it.
    Refused(Refusal),
    /// It could not be dispatched at all.
    Impossible(String),
    /// It had a fault, and is retried.
    Fault(String),
}

/// A moment in the life of an instance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TimelineEntry {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The event.
    pub event: TimelineEvent,
}

/// The time line of an instance, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Timeline {
    /// The entries.
    pub entries: Vec<TimelineEntry>,
    /// Whether the history is so long that the oldest entries are left out.
    pub is_cut: bool,
}

/// Reads a history. It is public only for the fuzz targets.
#[must_use]
pub fn read(history: &History) -> Timeline {
    let mut reader = Reader::default();
    let entry = |event: &HistoryEvent| {
        let at = event.event_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos))?;
        Some(TimelineEntry { at, event: reader.event(event)? })
    };
    Timeline { entries: history.events.iter().filter_map(entry).collect(), is_cut: history.is_cut }
}

/// The state kept from one event of the history to the next.
#[derive(Default)]
struct Reader {
    has_begun: bool,
    published: Published,
    /// The number of the latest known failure.
    failures: u32,
    /// Commands in flight by the id of the event that scheduled them: name, attempts.
    commands: HashMap<i64, (String, i32)>,
    /// Timers of the instance by the id of the event that started them.
    timers: HashMap<i64, String>,
}

impl Reader {
    fn event(&mut self, event: &HistoryEvent) -> Option<TimelineEvent> {
        match event.attributes.as_ref()? {
            Attributes::WorkflowExecutionStartedEventAttributes(started) => {
                // Event ids count from 1 again.
                self.commands.clear();
                self.timers.clear();
                let is_first = !std::mem::replace(&mut self.has_begun, true);
                match first::<Begin>(started.input.as_ref()) {
                    _ if is_first && !started.continued_execution_run_id.is_empty() => Some(TimelineEvent::Continued),
                    // Events left behind by another run were delivered to that run.
                    Some(Begin { events, carried: None, ended: None, .. }) if !events.is_empty() => {
                        Some(TimelineEvent::Delivered(events.into_iter().map(|delivery| delivery.event).collect()))
                    }
                    _ => None,
                }
            }
            Attributes::WorkflowExecutionSignaledEventAttributes(signal) => self.signal(signal),
            Attributes::MarkerRecordedEventAttributes(marker) => {
                let summary = event.user_metadata.as_ref()?.summary.as_ref().and_then(decode::<String>)?;
                let name = summary.split(' ').next().unwrap_or_default().to_owned();
                let answer = marker.failure.as_ref().map_or(Answer::Accepted, Answer::of);
                Some(TimelineEvent::Command { name, attempts: 1, answer })
            }
            Attributes::TimerStartedEventAttributes(_) => {
                let summary = event.user_metadata.as_ref()?.summary.as_ref().and_then(decode::<String>)?;
                self.timers.insert(event.event_id, timer_name(&summary)?.to_owned());
                None
            }
            Attributes::TimerFiredEventAttributes(fired) => {
                self.timers.remove(&fired.started_event_id).map(TimelineEvent::TimerDue)
            }
            Attributes::ActivityTaskScheduledEventAttributes(scheduled) => {
                let input = first::<serde_json::Value>(scheduled.input.as_ref()).unwrap_or_default();
                let name = input["name"].as_str().unwrap_or("a command").to_owned();
                self.commands.insert(event.event_id, (name, 0));
                None
            }
            Attributes::ActivityTaskStartedEventAttributes(started) => {
                // The local attempt came before these.
                self.commands.get_mut(&started.scheduled_event_id)?.1 = started.attempt.saturating_add(1);
                None
            }
            Attributes::ActivityTaskCompletedEventAttributes(completed) => {
                self.answered(completed.scheduled_event_id, Answer::Accepted)
            }
            Attributes::ActivityTaskFailedEventAttributes(failed) => {
                self.answered(failed.scheduled_event_id, failed.failure.as_ref().map(Answer::of)?)
            }
            Attributes::WorkflowPropertiesModifiedEventAttributes(modified) => {
                self.published(decode(modified.upserted_memo.as_ref()?.fields.get(MEMO)?)?)
            }
            other => ended(other).map(TimelineEvent::Ended),
        }
    }

    fn signal(&mut self, signal: &WorkflowExecutionSignaledEventAttributes) -> Option<TimelineEvent> {
        let input = signal.input.as_ref();
        if signal.signal_name == "deliver" {
            let events: Vec<Delivery> = first(input)?;
            return Some(TimelineEvent::Delivered(events.into_iter().map(|delivery| delivery.event).collect()));
        }
        if signal.signal_name == "instruct" {
            let instruction: serde_json::Value = first(input)?;
            return Some(TimelineEvent::Instructed(instruction["type"].as_str()?.to_owned()));
        }
        let operated: Acknowledge = first(input).unwrap_or_default();
        // A signal that named a failure that did not exist changed nothing.
        match (&self.published.failure, &operated.failure_id) {
            (Some(parked), Some(meant)) if *meant != parked.failure_id => return None,
            (Some(_), _) => (),
            // The instance was parked in the same workflow task, so its failure was never published.
            (None, Some(meant)) if number_of(meant) > self.failures => self.failures = number_of(meant),
            (None, _) => return None,
        }
        match signal.signal_name.as_str() {
            "retry" => Some(TimelineEvent::Retried),
            "acknowledge" => Some(TimelineEvent::Acknowledged(operated)),
            _ => None,
        }
    }

    fn answered(&mut self, scheduled: i64, answer: Answer) -> Option<TimelineEvent> {
        let (name, attempts) = self.commands.remove(&scheduled)?;
        Some(TimelineEvent::Command { name, attempts, answer })
    }

    fn published(&mut self, now: Published) -> Option<TimelineEvent> {
        let number = now.failure.as_ref().map_or(0, |failure| number_of(&failure.failure_id));
        self.failures = self.failures.max(number);
        let before = std::mem::replace(&mut self.published, now.clone());
        let parked = now.failure.filter(|failure| before.failure.as_ref() != Some(failure)).map(TimelineEvent::Parked);
        let is_new = |stalled: &StalledCommand| before.stalled.as_ref() != Some(stalled);
        parked.or_else(|| now.stalled.filter(is_new).map(TimelineEvent::Stalled))
    }
}

/// Returns the number of a failure, from its id `<process id>/<number>`; 0 if it has none.
fn number_of(failure_id: &str) -> u32 {
    failure_id.rsplit_once('/').and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
}

/// Returns how a run ended, if the event ends it.
fn ended(attributes: &Attributes) -> Option<Option<String>> {
    match attributes {
        Attributes::WorkflowExecutionCompletedEventAttributes(_) => Some(None),
        Attributes::WorkflowExecutionFailedEventAttributes(failed) => Some(failed.failure.as_ref().map(innermost)),
        Attributes::WorkflowExecutionTerminatedEventAttributes(terminated) => {
            Some(Some(format!("terminated by {}: {}", terminated.identity, terminated.reason)))
        }
        Attributes::WorkflowExecutionCanceledEventAttributes(_) => Some(Some("cancelled".to_owned())),
        _ => None,
    }
}

impl Answer {
    fn of(failure: &Failure) -> Self {
        final_answer(failure).unwrap_or_else(|| Self::Fault(innermost(failure)))
    }
}

/// Returns the refusal that a failure carries; `None` for one that is retried.
fn final_answer(failure: &Failure) -> Option<Answer> {
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) if info.non_retryable => {
            Some(match first::<Refusal>(info.details.as_ref()) {
                Some(refusal) => Answer::Refused(refusal),
                None => Answer::Impossible(failure.message.clone()),
            })
        }
        _ => failure.cause.as_ref().and_then(|cause| final_answer(cause)),
    }
}

#[cfg(test)]
mod tests;
