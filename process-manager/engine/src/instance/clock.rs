//! The server's timer for the first of the instance's own timers.

use std::{pin::Pin, time::Duration};

use chrono::{DateTime, Utc};
use process_manager::manager::ProcessManager;
use temporalio_workflow::{CancellableFuture, TimerResult, WorkflowContext, WorkflowTermination, select};

use super::{ProcessInstance, length::must_hand_over};
use crate::now;

/// Longest time that one timer of the server runs. Beyond it another one follows.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

type Running = Pin<Box<dyn CancellableFuture<Output = TimerResult>>>;

/// The server's timer, if one runs. It stays while events are handled that do not change which timer is the first.
#[derive(Default)]
pub(super) struct Clock(Option<(DateTime<Utc>, Running)>);

impl Clock {
    /// Waits until the time, until there is something to do, or until the history has become too long to wait in this run.
    pub(super) async fn wait<M: ProcessManager>(
        &mut self,
        ctx: &WorkflowContext<ProcessInstance<M>>,
        until: Option<DateTime<Utc>>,
    ) -> Result<(), WorkflowTermination> {
        self.set(ctx, until);
        loop {
            let news = ctx.wait_condition(ProcessInstance::has_news);
            match &mut self.0 {
                None => news.await?,
                Some((_, running)) => select! {
                    woken = news => woken?,
                    _ = running => {
                        self.0 = None;
                        return Ok(());
                    }
                },
            }
            if ctx.state(|run| run.awake) || must_hand_over(ctx) {
                return Ok(());
            }
        }
    }

    fn set<M: ProcessManager>(&mut self, ctx: &WorkflowContext<ProcessInstance<M>>, until: Option<DateTime<Utc>>) {
        if self.0.as_ref().map(|(time, _)| *time) == until {
            return;
        }
        if let Some((_, running)) = self.0.take() {
            running.cancel();
        }
        self.0 = until.map(|time| {
            let left = (time - now(ctx)).to_std().unwrap_or_default().min(LONGEST);
            let running: Running = Box::pin(ctx.timer(left));
            (time, running)
        });
    }
}
