//! Timers that end without harm when their run is cancelled.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::future::FusedFuture;
use temporalio_workflow::{CancellableFuture, TimerOptions, TimerResult, WorkflowCancellationToken, WorkflowContext};

type Running<'a> = Pin<Box<dyn CancellableFuture<Output = TimerResult> + 'a>>;

/// A server timer, started by [`timer`].
pub struct Timer<'a> {
    running: Running<'a>,
    cancelled: Pin<Box<dyn FusedFuture<Output = Option<String>> + 'a>>,
}

/// Starts a timer that is cancelled together with the run, as [`WorkflowContext::timer`] does. Do not use that one: SDK
/// 1.1 cancels it before it looks at what else has come. If the timer has also fired since the last workflow task, the
/// SDK panics in each attempt at the task, so the run never ends.
#[expect(clippy::disallowed_methods, reason = "with a token of its own it is safe")]
pub fn timer<W>(ctx: &WorkflowContext<W>, options: impl Into<TimerOptions>) -> Timer<'_> {
    let mut options = options.into();
    options.cancellation_token = Some(WorkflowCancellationToken::new());
    Timer { running: Box::pin(ctx.timer(options)), cancelled: Box::pin(ctx.cancelled()) }
}

impl Future for Timer<'_> {
    type Output = TimerResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<TimerResult> {
        let ended = self.running.as_mut().poll(cx);
        if ended.is_pending() && self.cancelled.as_mut().poll(cx).is_ready() {
            self.running.cancel();
            return self.running.as_mut().poll(cx);
        }
        ended
    }
}

impl FusedFuture for Timer<'_> {
    fn is_terminated(&self) -> bool {
        self.running.is_terminated()
    }
}

impl CancellableFuture for Timer<'_> {
    fn cancel(&self) {
        self.running.cancel();
    }
}
