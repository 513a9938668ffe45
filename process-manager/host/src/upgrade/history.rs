//! What a history itself shows about the code that wrote it.

use std::time::Duration;

use process_manager::decisions::Step;
use process_manager_engine::{activities::CommandToDispatch, instance::timer_name};
use serde_json::Value;
use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{History, HistoryEvent, history_event::Attributes},
    sdk::v1::UserMetadata,
};

use super::replay::{SEND, sent};
use crate::operator::{decode, first};

/// What was read from a history.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) workflow_type: String,
    pub(super) workflow_id: String,
    /// The encoding of its input, if that is not JSON.
    pub(super) encoded: Option<String>,
    /// The commands that were sent, with their answers if known; `None` if they cannot be read.
    pub(super) sent: Option<Vec<Step>>,
    /// The timers of an instance, by name.
    pub(super) timers: Vec<(String, Duration)>,
}

impl Recorded {
    /// Reads a history.
    ///
    /// # Errors
    /// The reason why it is not one.
    pub(super) fn read(history: &History) -> Result<Self, String> {
        let started = match history.events.first().and_then(|event| event.attributes.as_ref()) {
            Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => started,
            _ => return Err("it does not begin with the start of a run".to_owned()),
        };
        if started.task_queue.is_none() || started.workflow_type.is_none() {
            return Err("its start names no task queue or no workflow type".to_owned());
        }
        is_in_order(&history.events)?;
        let payload = started.input.as_ref().and_then(|input| input.payloads.first());
        let encoding = payload.and_then(|payload| payload.metadata.get("encoding"));
        let encoding = encoding.map(|encoding| String::from_utf8_lossy(encoding).into_owned());
        let mut recorded = Self {
            workflow_type: started.workflow_type.as_ref().map(|it| it.name.clone()).unwrap_or_default(),
            workflow_id: started.workflow_id.clone(),
            encoded: encoding.filter(|encoding| encoding != "json/plain"),
            sent: Some(Vec::new()),
            timers: Vec::new(),
        };
        history.events.iter().for_each(|event| recorded.event(event));
        Ok(recorded)
    }

    fn event(&mut self, event: &HistoryEvent) {
        let summary = event.user_metadata.as_ref().and_then(summary);
        match &event.attributes {
            Some(Attributes::MarkerRecordedEventAttributes(marker)) if marker.marker_name == LOCAL_ACTIVITY => {
                let name = summary.as_deref().and_then(|summary| summary.split(' ').next()).map(str::to_owned);
                let step = name.map(|about| Step { function: SEND.to_owned(), about, ..Step::default() });
                match (&mut self.sent, step) {
                    (Some(sent), Some(step)) => sent.push(step),
                    _ => self.sent = None,
                }
            }
            // After a fault, the command is sent again by an activity whose input is kept.
            Some(Attributes::ActivityTaskScheduledEventAttributes(scheduled)) => {
                let activity = scheduled.activity_type.as_ref().map(|it| it.name.as_str()).unwrap_or_default();
                let last = self.sent.as_mut().and_then(|sent| sent.last_mut());
                if let (Some(last), Some(command)) = (last, first::<CommandToDispatch>(scheduled.input.as_ref()))
                    && last.answer == Value::Null
                {
                    *last = sent(activity, &command);
                }
            }
            Some(Attributes::TimerStartedEventAttributes(timer)) => {
                let after = timer.start_to_fire_timeout.and_then(|after| Duration::try_from(after).ok());
                let name = summary.as_deref().and_then(timer_name).map(str::to_owned);
                self.timers.extend(name.zip(after));
            }
            _ => (),
        }
    }
}

/// Checks what the SDK's replayer takes for granted. Otherwise the replayer panics in the background and never ends
/// (`HistoryInfo::new_from_history` of temporalio-sdk-core 0.10).
fn is_in_order(events: &[HistoryEvent]) -> Result<(), String> {
    if (1..).zip(events).any(|(id, event)| event.event_id != id) {
        return Err("its events are not numbered from 1".to_owned());
    }
    for pair in events.windows(2) {
        let [event, next] = pair else { continue };
        let ends_a_task = matches!(
            next.event_type(),
            EventType::WorkflowTaskCompleted
                | EventType::WorkflowTaskFailed
                | EventType::WorkflowTaskTimedOut
                | EventType::WorkflowExecutionTerminated
                | EventType::WorkflowExecutionTimedOut
        );
        if event.event_type() == EventType::WorkflowTaskStarted && !ends_a_task {
            return Err(format!("its event {} begins a workflow task, and the next does not end it", event.event_id));
        }
    }
    Ok(())
}

const LOCAL_ACTIVITY: &str = "core_local_activity";

fn summary(metadata: &UserMetadata) -> Option<String> {
    decode(metadata.summary.as_ref()?)
}
