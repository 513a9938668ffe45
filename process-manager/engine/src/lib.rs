//! Deterministic workflow code of process managers on Temporal. The crate knows no domain.
//!
//! Temporal replays workflow code: the same history must give the same commands. So nothing here reads a clock, draws a
//! random number or does I/O, and the crate depends on no client, HTTP, runtime or database crate. A workflow delegates
//! work to activities that [`activities`] defines and the crate `process-manager-host` implements. The one impure door
//! is [`idle`].
//!
//! Two kinds of workflows are built on it:
//! - [`instance::ProcessInstance`], which runs one instance of any process manager, and [`subscription::Subscription`],
//!   which follows a log;
//! - hand-written workflows, which use its parts: [`send`](send::send) commands durably, read operators' [`signals`],
//!   [`publish`](publish::publish) their state.

pub mod activities;
pub mod batch;
pub mod idle;
pub mod instance;
pub mod outcome;
pub mod policy;
pub mod publish;
pub mod send;
pub mod signals;
pub mod subscription;
pub mod timer;

use chrono::{DateTime, Utc};
use temporalio_common::error::ApplicationFailure;
use temporalio_workflow::{WorkflowContext, WorkflowTermination};

/// Returns the workflow's time, which is the same in a replay.
#[must_use]
pub fn now<W>(ctx: &WorkflowContext<W>) -> DateTime<Utc> {
    ctx.workflow_time().map(DateTime::from).unwrap_or_default()
}

/// Beyond this many events a run continues as new: far below the server's limits of 51,200 events and 10,000 signals.
pub const LONGEST_HISTORY: u32 = 4_000;

/// Returns whether the run's history is long enough to begin another one.
#[must_use]
pub fn is_too_long<W>(ctx: &WorkflowContext<W>) -> bool {
    is_beyond(ctx.history_length()) || ctx.continue_as_new_suggested()
}

/// Returns the termination that ends a run *Failed*, with a failure of this type.
#[must_use]
pub fn failed(kind: &str, why: String) -> WorkflowTermination {
    let failure = ApplicationFailure::builder(why).type_name(kind.to_owned()).non_retryable(true).build();
    WorkflowTermination::failed_application(failure)
}

/// Returns whether a history of this many events is longer than a run's should be.
fn is_beyond(events: u32) -> bool {
    events > LONGEST_HISTORY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_some_4_000_events() {
        assert!(!is_beyond(4_000) && is_beyond(4_001));
    }
}
