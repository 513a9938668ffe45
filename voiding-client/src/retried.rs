//! The retried commands of a run, read from its history.

use chrono::{DateTime, Utc};
use messages::DocumentId;
use process_manager_host::operator::{OperatorError, innermost, timestamp};
use temporalio_common::protos::temporal::api::history::v1::{HistoryEvent, history_event::Attributes};
use workflows::voiding::workflow_id;

use crate::VoidingClient;

/// A command that first faulted and was answered later.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RetriedCommand {
    /// The name, such as `MarkDocumentAsVoided`.
    pub name: String,
    /// Number of attempts, including the local one.
    pub attempts: i32,
    /// When the retries began.
    pub from: DateTime<Utc>,
    /// When it was answered.
    pub to: DateTime<Utc>,
    /// The error of the last attempt but one.
    pub last_error: Option<String>,
    /// Id of the event that scheduled it.
    scheduled: i64,
}

impl VoidingClient {
    /// Reads the retried commands of the document's latest run, oldest first.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn retried(&self, document_id: &DocumentId) -> Result<Vec<RetriedCommand>, OperatorError> {
        let history = self.workflows.history(&workflow_id(document_id)).await?;
        Ok(read(&history.events))
    }
}

fn read(events: &[HistoryEvent]) -> Vec<RetriedCommand> {
    let mut commands: Vec<RetriedCommand> = Vec::new();
    for event in events {
        let Some(at) = event.event_time.as_ref().and_then(|at| timestamp(at.seconds, at.nanos)) else { continue };
        match &event.attributes {
            Some(Attributes::ActivityTaskScheduledEventAttributes(scheduled)) => commands.push(RetriedCommand {
                name: scheduled.activity_type.as_ref().map(|kind| kind.name.clone()).unwrap_or_default(),
                attempts: 1,
                from: at,
                to: at,
                last_error: None,
                scheduled: event.event_id,
            }),
            // The server writes it together with the answer, when the number of attempts is known; its time is that of
            // the last attempt.
            Some(Attributes::ActivityTaskStartedEventAttributes(started)) => {
                let command = commands.iter_mut().find(|command| command.scheduled == started.scheduled_event_id);
                if let Some(command) = command {
                    command.attempts = started.attempt + 1;
                    command.last_error = started.last_failure.as_ref().map(innermost);
                }
            }
            Some(Attributes::ActivityTaskCompletedEventAttributes(answer)) => {
                answered(&mut commands, answer.scheduled_event_id, at);
            }
            Some(Attributes::ActivityTaskFailedEventAttributes(answer)) => {
                answered(&mut commands, answer.scheduled_event_id, at);
            }
            _ => {}
        }
    }
    commands.retain(|command| command.attempts > 1);
    commands
}

fn answered(commands: &mut [RetriedCommand], scheduled: i64, at: DateTime<Utc>) {
    if let Some(command) = commands.iter_mut().find(|command| command.scheduled == scheduled) {
        command.to = at;
    }
}

#[cfg(test)]
mod tests {
    use temporalio_common::protos::temporal::api::{
        common::v1::ActivityType,
        failure::v1::Failure,
        history::v1::{
            ActivityTaskCompletedEventAttributes, ActivityTaskScheduledEventAttributes,
            ActivityTaskStartedEventAttributes,
        },
    };

    use super::*;

    fn event(event_id: i64, attributes: Attributes) -> HistoryEvent {
        let mut event = HistoryEvent { event_id, attributes: Some(attributes), ..HistoryEvent::default() };
        event.event_time.get_or_insert_default().seconds = event_id;
        event
    }

    fn scheduled(id: i64, name: &str) -> HistoryEvent {
        let activity_type = Some(ActivityType { name: name.to_owned() });
        let attributes = ActivityTaskScheduledEventAttributes { activity_type, ..Default::default() };
        event(id, Attributes::ActivityTaskScheduledEventAttributes(attributes))
    }

    #[test]
    fn a_command_that_was_answered_after_retries_tells_how_many_and_why() {
        let cause = Failure { message: "no answer".to_owned(), ..Failure::default() };
        let outer =
            Failure { message: "activity failed".to_owned(), cause: Some(Box::new(cause)), ..Failure::default() };
        let started = ActivityTaskStartedEventAttributes {
            scheduled_event_id: 5,
            attempt: 3,
            last_failure: Some(outer),
            ..ActivityTaskStartedEventAttributes::default()
        };
        let completed = ActivityTaskCompletedEventAttributes { scheduled_event_id: 5, ..Default::default() };
        let events = [
            scheduled(5, "MarkDocumentAsVoided"),
            event(8, Attributes::ActivityTaskStartedEventAttributes(started)),
            event(9, Attributes::ActivityTaskCompletedEventAttributes(completed)),
            scheduled(12, "CompleteDocumentVoiding"),
        ];
        let read = read(&events);
        let [mark] = &read[..] else { panic!("the pending one is not among them: {read:?}") };
        assert_eq!((mark.name.as_str(), mark.attempts), ("MarkDocumentAsVoided", 4));
        assert_eq!((mark.to - mark.from).num_seconds(), 4);
        assert_eq!(mark.last_error.as_deref(), Some("no answer"));
    }
}
