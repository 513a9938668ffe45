//! Dispatches the commands of an instance.

use chrono::{DateTime, Utc};
use process_manager::{
    instance::{Dispatch, command_name},
    manager::{Error, ProcessManager, Retry},
};
use process_manager_wire::tagged;
use temporalio_workflow::{WorkflowContext, WorkflowTermination};

use super::{ProcessInstance, length::must_hand_over, publish::publish};
use crate::{
    activities::{Answer, CommandActivities, CommandToDispatch},
    policy,
    send::{Policy, Sender, Sent, send},
};

/// Maximum size of a durable activity's input, in bytes: the server takes 2 MiB.
const ACTIVITY_BYTES: usize = 2 * 1024 * 1024 - 64 * 1024;

/// The outcome of a command.
pub(super) enum Dispatched<E: std::error::Error + 'static> {
    Answered(Result<Option<Answer>, Error<E>>),
    /// The deadline passed first.
    TimedOut,
    /// The history is too long to wait here; the next run sends the command again, with the same key.
    TooLong,
}

/// Sends a command as often as its policy allows.
pub(super) async fn dispatch<M: ProcessManager>(
    ctx: &WorkflowContext<ProcessInstance<M>>,
    dispatch: Dispatch<M::Command>,
) -> Result<Dispatched<M::Error>, WorkflowTermination> {
    let Some(input) = input::<M>(&dispatch) else {
        let why = "the command is no enum tagged with `type` and `data`".to_owned();
        return Ok(Dispatched::Answered(Err(Error::Dispatch(why))));
    };
    let bytes = serde_json::to_vec(&input).map_or(0, |json| json.len());
    let mut policy = Policy {
        summary: format!("{} {}", input.name, ctx.state_mut(|run| run.machine().id().to_owned())),
        attempt: dispatch.outgoing.settings.timeout.unwrap_or(policy::ATTEMPT),
        retry: dispatch.outgoing.settings.retry.unwrap_or(Retry::FOREVER),
        deadline: dispatch.deadline,
    };
    if bytes > ACTIVITY_BYTES {
        // Only a run that began before there were limits has such a command.
        policy.retry = Retry::NEVER;
    }
    let sent = if M::is_question(&dispatch.outgoing.command) {
        send(ctx, || CommandActivities::ask_question, input, &policy).await?.map(Some)
    } else {
        send(ctx, || CommandActivities::dispatch_command, input, &policy).await?.map(|()| None)
    };
    Ok(match sent {
        Sent::Accepted(answer) => Dispatched::Answered(Ok(answer)),
        Sent::Refused(refusal) => Dispatched::Answered(Err(Error::Refused(refusal))),
        Sent::Failed(why) if bytes > ACTIVITY_BYTES => {
            let why = format!("{why}; of {bytes} bytes, the command is too large to be tried again by itself");
            Dispatched::Answered(Err(Error::Dispatch(why)))
        }
        Sent::Failed(why) => Dispatched::Answered(Err(Error::Dispatch(why))),
        Sent::TimedOut => Dispatched::TimedOut,
        Sent::TooLong => Dispatched::TooLong,
    })
}

fn input<M: ProcessManager>(dispatch: &Dispatch<M::Command>) -> Option<CommandToDispatch> {
    tagged(&dispatch.outgoing.command)?;
    Some(CommandToDispatch {
        manager: M::NAME.to_owned(),
        name: command_name(&dispatch.outgoing.command),
        command: serde_json::to_value(&dispatch.outgoing.command).ok()?,
        idempotency_key: dispatch.idempotency_key.clone(),
        correlation_id: dispatch.correlation_id.clone(),
        causation_id: dispatch.causation_id.clone(),
        metadata: dispatch.outgoing.settings.metadata.clone(),
    })
}

impl<M: ProcessManager> Sender for ProcessInstance<M> {
    const RECORDS_REFUSALS: bool = true;

    fn publish(ctx: &WorkflowContext<Self>) {
        publish(ctx);
    }

    fn stalled(&mut self, detail: String, at: DateTime<Utc>) {
        self.machine().stalled(detail, at);
    }

    fn local_attempt(&mut self) {
        self.markers.1 += 1;
    }

    fn has_news(&self) -> bool {
        Self::has_news(self)
    }

    fn must_hand_over(ctx: &WorkflowContext<Self>) -> bool {
        must_hand_over(ctx)
    }
}
