//! The server's timer for the first of the instance's own timers.

use std::{pin::Pin, time::Duration};

use chrono::{DateTime, Utc};
use process_manager::manager::ProcessManager;
use temporalio_workflow::{CancellableFuture, TimerResult, WorkflowContext, WorkflowTermination, select};

use super::{ProcessInstance, length::must_hand_over};
use crate::now;

/// Longest time that one timer of the server runs. Beyond it another one follows.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

type Running<'a> = Pin<Box<dyn CancellableFuture<Output = TimerResult> + 'a>>;

/// The server's timer, if one runs. It stays while events are handled that do not change which timer is the first.
#[derive(Default)]
pub(super) struct Clock<'a>(Option<(DateTime<Utc>, Running<'a>)>);

impl<'a> Clock<'a> {
    /// Waits until the time, until there is something to do, or until the history has become too long to wait in this run.
    pub(super) async fn wait<M: ProcessManager>(
        &mut self,
        ctx: &'a WorkflowContext<ProcessInstance<M>>,
        until: Option<DateTime<Utc>>,
    ) -> Result<(), WorkflowTermination> {
        self.set(ctx, until);
        loop {
            let mut news = ctx.wait_condition(ProcessInstance::has_news);
            let is_over = match &mut self.0 {
                None => {
                    news.await?;
                    false
                }
                Some((_, running)) => {
                    let mut running = running;
                    select! {
                        // Also where the run is cancelled, which cancels the timer as well.
                        woken = news => {
                            woken?;
                            false
                        }
                        _ = running => true,
                    }
                }
            };
            if is_over {
                self.0 = None;
                return Ok(());
            }
            if ctx.state(|run| run.awake) || must_hand_over(ctx) {
                return Ok(());
            }
        }
    }

    fn set<M: ProcessManager>(&mut self, ctx: &'a WorkflowContext<ProcessInstance<M>>, until: Option<DateTime<Utc>>) {
        if self.0.as_ref().map(|(time, _)| *time) == until {
            return;
        }
        if let Some((_, running)) = self.0.take() {
            running.cancel();
        }
        self.0 = until.map(|time| {
            let left = (time - now(ctx)).to_std().unwrap_or_default().min(LONGEST);
            let running: Running<'a> = Box::pin(ctx.timer(left));
            (time, running)
        });
    }
}
