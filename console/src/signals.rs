//! The signals of the console's buttons to one process, and the true reason if one was not sent.

use chrono::{DateTime, Utc};
use process_manager::instance::Acknowledge;
use process_manager_host::operator::{InstanceStatus, OperatorError, TimelineEvent};
use voiding_client::SignalError;

use crate::{
    form::Fields,
    managers::Manager,
    sources::Sources,
    view::{Status, Target},
};

/// The reason why an operator's signal was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActionError {
    #[error("the form names no process and failure; load the page again")]
    Incomplete,
    #[error("a name may have {} characters, a note {}", Acknowledge::LONGEST_NAME, Acknowledge::LONGEST_NOTE)]
    TooLong,
    /// A field of the form cannot be used, for this reason.
    #[error("{0}")]
    Invalid(String),
    /// The failure that was shown cannot be acted upon, for this reason.
    #[error("{0}")]
    Gone(String),
    #[error("the process is about to end; nothing was changed, load the page again")]
    Closing,
    #[error("the process takes no signal now; it takes one again once a worker has caught up with it")]
    Rejected(#[source] OperatorError),
    /// Temporal will never accept it, for example because an id is too long.
    #[error("Temporal rejects the request; nothing was changed, load the page again")]
    Refused(#[source] OperatorError),
    #[error("Temporal cannot be reached; nothing was changed, try again later")]
    Temporal(#[source] OperatorError),
}

impl ActionError {
    /// Returns whether nothing was done because of the process, not because of the form's content.
    pub(crate) fn is_about_the_process(&self) -> bool {
        !matches!(self, Self::Incomplete | Self::TooLong | Self::Invalid(_))
    }
}

/// The intention behind a button.
pub(crate) enum Wish {
    Retry,
    Acknowledge { acknowledged_by: Option<String>, note: Option<String> },
}

impl Wish {
    /// Reads the fields of an acknowledgement.
    pub(crate) fn acknowledge(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).map(str::to_owned);
        Self::Acknowledge { acknowledged_by: text("acknowledged_by"), note: text("note") }
    }
}

/// Sends the signal for exactly the failure that the page has shown.
pub(crate) async fn send(sources: &Sources, target: &Target, failure_id: &str, wish: &Wish) -> Result<(), ActionError> {
    let sent = match target {
        Target::Voiding(document_id) => {
            let voidings = &sources.voidings;
            let sent = match wish {
                Wish::Retry => voidings.retry(document_id, Some(failure_id)).await,
                Wish::Acknowledge { .. } => voidings.acknowledge(document_id, signal(failure_id, wish)).await,
            };
            match sent {
                Ok(_) => Ok(()),
                Err(SignalError::TooLong) => Err(ActionError::TooLong),
                Err(SignalError::NoRun | SignalError::NoSuchFailure) => Err(gone()),
                Err(SignalError::Rejected(error)) => Err(ActionError::Rejected(error)),
                Err(SignalError::Temporal(error)) => Err(error.into()),
            }
        }
        Target::Instance(manager, process_id) => {
            let instances = sources.operator.instances_of(manager.name);
            let sent = match wish {
                Wish::Retry => instances.retry(process_id, Some(failure_id)).await,
                Wish::Acknowledge { .. } => instances.acknowledge(process_id, signal(failure_id, wish)).await,
            };
            sent.map_err(ActionError::from)
        }
    };
    sources.wake();
    match sent {
        Err(ActionError::Gone(_)) => Err(ActionError::Gone(match target {
            Target::Voiding(_) => why_gone(sources, target, failure_id).await,
            Target::Instance(manager, process_id) => why_instance_gone(sources, manager, process_id).await,
        })),
        sent => sent,
    }
}

fn signal(failure_id: &str, wish: &Wish) -> Acknowledge {
    let failure_id = Some(failure_id.to_owned());
    match wish {
        Wish::Retry => Acknowledge { failure_id, ..Acknowledge::default() },
        Wish::Acknowledge { acknowledged_by, note } => {
            Acknowledge { acknowledged_by: acknowledged_by.clone(), note: note.clone(), failure_id }
        }
    }
}

impl From<OperatorError> for ActionError {
    fn from(error: OperatorError) -> Self {
        match error {
            error if error.is_gone() => gone(),
            OperatorError::TooLong => Self::TooLong,
            OperatorError::Closing(_) => Self::Closing,
            error @ OperatorError::Full(_) => Self::Rejected(error),
            error @ OperatorError::Refused(_) => Self::Refused(error),
            error => Self::Temporal(error),
        }
    }
}

fn gone() -> ActionError {
    ActionError::Gone("the failure has cleared: the process continues".to_owned())
}

/// Returns the reason why the requested action on a voiding's failure is not possible.
async fn why_gone(sources: &Sources, target: &Target, failure_id: &str) -> String {
    let Target::Voiding(document_id) = target else { return gone().to_string() };
    let Ok(Some(run)) = sources.voidings.latest_run(document_id).await else {
        return "Temporal has no run of this process any more".to_owned();
    };
    let is_of_this = run.view.process_id.as_ref().is_some_and(|process| failure_id.starts_with(process.as_str()));
    if let Some(by) = run.view.acknowledgement.as_ref().filter(|_| is_of_this) {
        return acknowledged(by.acknowledged_by.as_deref(), by.at);
    }
    match () {
        () if run.to_acknowledge() == Some(failure_id) => {
            "this failure cannot be retried, for the answer would be the same; acknowledge it".to_owned()
        }
        () if run.to_retry() == Some(failure_id) => "this failure can only be retried".to_owned(),
        () if !run.is_running => format!("the process has ended: {}", Status::of_voiding(run.view.state).sentence),
        () if run.to_acknowledge().or(run.to_retry()).is_some() => "the process has another failure now".to_owned(),
        () => gone().to_string(),
    }
}

/// Returns the same for an instance.
async fn why_instance_gone(sources: &Sources, manager: &'static Manager, process_id: &str) -> String {
    let instances = sources.operator.instances_of(manager.name);
    let Ok(Some(instance)) = instances.read(process_id).await else {
        return "Temporal has no run of this process any more".to_owned();
    };
    match instance.status {
        InstanceStatus::Parked => "the process has another failure now".to_owned(),
        InstanceStatus::GivenUp => {
            let entries = instances.timeline(process_id).await.unwrap_or_default().entries;
            let by = entries.iter().rev().find_map(|entry| match &entry.event {
                TimelineEvent::Acknowledged(by) => Some(acknowledged(by.acknowledged_by.as_deref(), entry.at)),
                _ => None,
            });
            by.unwrap_or_else(|| "it is acknowledged already".to_owned())
        }
        status if status.is_running() => gone().to_string(),
        status => format!("the process has ended: {}", Status::of_instance(status).sentence),
    }
}

fn acknowledged(by: Option<&str>, at: DateTime<Utc>) -> String {
    format!("{} acknowledged it already, at {} UTC", by.unwrap_or("another operator"), at.format("%H:%M:%S"))
}
