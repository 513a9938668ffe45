//! The server's timer for the first of the instance's own timers.

use std::time::Duration;

use process_manager::{instance::TimerView, manager::ProcessManager};
use temporalio_workflow::{CancellableFuture, TimerOptions, WorkflowContext, WorkflowTermination, select};

use super::{ProcessInstance, length::must_hand_over};
use crate::{
    now,
    timer::{Timer, timer},
};

/// The longest time that one server timer runs. After that, another one follows.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The server's timer, if one runs. It stays while handled events do not change which timer is first.
#[derive(Default)]
pub(super) struct Clock<'a>(Option<(TimerView, Timer<'a>)>);

impl<'a> Clock<'a> {
    /// Waits until the time, until there is something to do, or until the history has become too long to wait in this run.
    pub(super) async fn wait<M: ProcessManager>(
        &mut self,
        ctx: &'a WorkflowContext<ProcessInstance<M>>,
        until: Option<TimerView>,
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
                        woken = news => {
                            // The timer of a cancelled run.
                            woken.inspect_err(|_| running.cancel())?;
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

    fn set<M: ProcessManager>(&mut self, ctx: &'a WorkflowContext<ProcessInstance<M>>, first: Option<TimerView>) {
        if self.0.as_ref().map(|(timer, _)| timer) == first.as_ref() {
            return;
        }
        if let Some((_, running)) = self.0.take() {
            running.cancel();
        }
        self.0 = first.map(|first| {
            let left = (first.due_at - now(ctx)).to_std().unwrap_or_default().min(LONGEST);
            let options = TimerOptions::builder(left).summary(summary(&first.name)).build();
            (first, timer(ctx, options))
        });
    }
}

/// The prefix of a timer's name in the summary of the server's timer.
const OF_INSTANCE: &str = "timer ";

fn summary(name: &str) -> String {
    format!("{OF_INSTANCE}{name}")
}

/// Returns the name of an instance's timer, from the summary of the server's timer.
#[must_use]
pub fn timer_name(summary: &str) -> Option<&str> {
    summary.strip_prefix(OF_INSTANCE)
}
