//! Sends one command for an activity: delayed by `SLOW_DOWN=1`, and logged with its process.

use std::time::Duration;

use messages::ProcessId;
use process_manager_client::http::{CommandClient, CommandError, Envelope};
use process_manager_engine::outcome;
use serde::{Serialize, de::DeserializeOwned};
use temporalio_sdk::activities::{ActivityContext, ActivityError};

use crate::error::into_activity_error;

#[derive(Debug)]
pub(crate) struct Dispatch {
    client: CommandClient,
    slow_down: Duration,
}

impl Dispatch {
    pub(crate) fn new(client: CommandClient, slow_down: Duration) -> Self {
        Self { client, slow_down }
    }

    /// Sends the command of a process. The envelope is made from the process id and the activity's type.
    pub(crate) async fn send<C, A>(
        &self,
        ctx: &ActivityContext,
        path: &str,
        process_id: &ProcessId,
        command: &C,
    ) -> Result<A, ActivityError>
    where
        C: Serialize + Sync,
        A: DeserializeOwned,
    {
        let envelope = Envelope::of_process(process_id, &ctx.info().activity_type);
        self.send_with(ctx, path, &envelope, command, |_| process_id.clone()).await
    }

    /// Sends a command whose process is known only from the answer (`process_of`): VoidDocument opens it.
    pub(crate) async fn send_with<C, A>(
        &self,
        ctx: &ActivityContext,
        path: &str,
        envelope: &Envelope,
        command: &C,
        process_of: impl Fn(&A) -> ProcessId + Send,
    ) -> Result<A, ActivityError>
    where
        C: Serialize + Sync,
        A: DeserializeOwned,
    {
        self.slow_down(ctx).await?;
        let answer = self.client.send(path, command, envelope).await;
        let (command, attempt) = (ctx.info().activity_type.as_str(), ctx.info().attempt);
        let correlation_id = envelope.correlation_id.as_deref().unwrap_or("-");
        match &answer {
            Ok(answer) => tracing::info!(correlation_id = %process_of(answer), command, attempt, "accepted"),
            Err(CommandError::Refused(problem)) => {
                tracing::info!(correlation_id, command, attempt, code = problem.code, "refused");
            }
            Err(CommandError::Fault(fault)) => {
                tracing::warn!(
                    correlation_id,
                    command,
                    attempt,
                    error = fault as &dyn std::error::Error,
                    "attempt failed"
                );
            }
        }
        answer.map_err(into_activity_error)
    }

    /// Delays the command. The local attempt fails first, so that the Web UI shows the command as a pending activity.
    async fn slow_down(&self, ctx: &ActivityContext) -> Result<(), ActivityError> {
        if self.slow_down.is_zero() {
            return Ok(());
        }
        if ctx.info().is_local {
            return Err(ActivityError::application(outcome::fault("slowed down by SLOW_DOWN=1".to_owned())));
        }
        tokio::time::sleep(self.slow_down).await;
        Ok(())
    }
}
