//! Watches over a customer's contracts after a change of the credit rating, until each is confirmed again.
//!
//! ```text
//! CustomerCreditRatingChanged ─► revoking: batch RevokeCustomerContracts ── BatchEnded ─► awaiting-confirmations
//!   timer `count` ─► CountContracts ─ ContractsCounted ─► none is missing (stop), or the timer is set again
//! Cancel ─► cancelling: the batch undoes itself, or batch ReinstateCustomerContracts ── BatchEnded, of all batches (stop)
//! ```
//! It keeps counts, never a list. The newest change wins: the batch of the previous one ends where it is. A
//! cancellation also reinstates what the previous change has revoked and the newest has not reached, once that batch
//! has ended.

mod batches;
mod messages;

use std::{collections::BTreeSet, time::Duration};

use ::messages::{
    CreditChangeId, Position,
    contracts::{ContractCounts, CustomerCreditRatingChanged},
};
use process_manager::{
    batch::{Batch, Progress, workflow_id},
    manager::{Attention, Commands, Context, Metadata, Outcome, ProcessManager, Route},
};
use serde::{Deserialize, Serialize};

pub use self::{
    batches::{AffectedContracts, ReinstateContracts, RevokeContracts},
    messages::{Command, CountContracts, Event, State},
};

const COUNT: &str = "count";
/// The pause between two counts: a tenth of a second for each missing contract, within these bounds. It doubles each
/// time nothing has changed.
const SHORTEST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
const PAUSE_PER_CONTRACT: Duration = Duration::from_millis(100);
/// Maximum number of served changes that it remembers.
const MOST_SERVED: usize = 100;

/// A customer's contracts, from a change of the credit rating on.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreditChange {
    /// The change that it serves.
    pub change: Option<CustomerCreditRatingChanged>,
    /// The position of its event.
    pub position: Position,
    /// Its state.
    pub state: State,
    /// Progress of its batch.
    pub batch: Option<Progress>,
    /// Where the contracts are, by the last count.
    pub contracts: Option<ContractCounts>,
    /// Pause before the next count, in seconds.
    pub pause: u64,
    /// The changes that it has served, this one last.
    pub served: Vec<CreditChangeId>,
    /// The batches that it has started and that have not reported their end, by workflow id.
    #[serde(default)]
    pub open: BTreeSet<String>,
}

type Handled = Result<Commands<Command>, serde_json::Error>;

impl ProcessManager for CreditChange {
    const NAME: &'static str = "CreditChange";
    type Event = Event;
    type Command = Command;
    type Error = serde_json::Error;

    fn route(event: &Event, _: &Metadata) -> Result<Route, serde_json::Error> {
        Ok(match event {
            Event::CustomerCreditRatingChanged(change) => Route::start(&change.customer_id),
            _ => Route::Ignore,
        })
    }

    fn is_instruction(event: &Event) -> bool {
        matches!(event, Event::Cancel)
    }

    fn is_question(command: &Command) -> bool {
        matches!(command, Command::CountContracts(_))
    }

    fn handle(&self, event: &Event, context: &Context<'_>) -> Handled {
        let mut next = self.clone();
        next.apply(event, context)?;
        Ok(match event {
            Event::CustomerCreditRatingChanged(_) => {
                let ends = [RevokeContracts::NAME, ReinstateContracts::NAME].map(|name| self.end(name, false));
                let starts = next.revoke(self.limits_under_way())?;
                ends.into_iter().flatten().chain([starts]).collect::<Commands<_>>().cancel_timer(COUNT)
            }
            Event::BatchEnded(ended) => match next.state {
                State::Cancelling if next.open.is_empty() && !self.open.is_empty() => Commands::none().stop(),
                State::Cancelling => self.reinstate(event)?.into_iter().collect(),
                _ if self.is_own(ended) => next.count(),
                _ => Commands::none(),
            },
            Event::ContractsCounted(counted) if self.awaits(&counted.credit_change_id) => match next.missing() {
                0 => Commands::none().stop(),
                _ => Commands::none().set_timer(COUNT, Duration::from_secs(next.pause)),
            },
            Event::Cancel => {
                let is_revoking = self.state == State::Revoking;
                let undoes = is_revoking.then(|| self.end(RevokeContracts::NAME, true)).flatten();
                self.reinstate(event)?.into_iter().chain(undoes).collect::<Commands<_>>().cancel_timer(COUNT)
            }
            _ => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, context: &Context<'_>) -> Result<(), serde_json::Error> {
        let begun: Vec<_> = self.to_reinstate(event).map(|of| self.reinstating(of)).collect();
        self.open.extend(begun.iter().map(|id| workflow_id(ReinstateContracts::NAME, id)));
        if let Event::BatchEnded(ended) = event {
            self.open.remove(&workflow_id(&ended.name, &ended.id));
        }
        match event {
            Event::CustomerCreditRatingChanged(change) => {
                let (mut served, mut open) = (std::mem::take(&mut self.served), std::mem::take(&mut self.open));
                served.push(change.credit_change_id.clone());
                served.drain(..served.len().saturating_sub(MOST_SERVED));
                open.insert(workflow_id(RevokeContracts::NAME, change.credit_change_id.as_str()));
                let (change, position) = (Some(change.clone()), context.metadata().position);
                *self = Self { change, position, served, open, ..Self::default() };
            }
            Event::BatchProgressed(progress) if self.is_own(progress) => self.batch = Some(progress.clone()),
            Event::BatchEnded(ended) if self.is_own(ended) => {
                self.batch = Some(ended.clone());
                // An operator may have cancelled the batch itself.
                let is_cancelled = ended.is_undone || self.state == State::Cancelling;
                self.state = if is_cancelled { State::Cancelling } else { State::AwaitingConfirmations };
            }
            Event::ContractsCounted(counted) if self.awaits(&counted.credit_change_id) => {
                let has_changed =
                    self.contracts.replace(counted.contracts).map(watched) != Some(watched(counted.contracts));
                let missing = u32::try_from(self.missing()).unwrap_or(u32::MAX);
                let shortest =
                    PAUSE_PER_CONTRACT.saturating_mul(missing).clamp(SHORTEST_PAUSE, LONGEST_PAUSE).as_secs();
                let longer = self.pause.saturating_mul(2).clamp(shortest, LONGEST_PAUSE.as_secs());
                self.pause = if has_changed { shortest } else { longer };
            }
            Event::Cancel => self.state = State::Cancelling,
            _ => (),
        }
        Ok(())
    }

    fn handle_timer(&self, _: &str, _: &Context<'_>) -> Handled {
        Ok(self.count())
    }

    fn attention(&self, _: u32) -> Option<Attention> {
        let pause = self.batch.as_ref().filter(|batch| batch.needs_operator())?.pause.clone()?;
        Some(Attention::new("batch-paused", pause.detail, pause.since))
    }

    fn outcome(&self, event: &Event) -> Option<Outcome> {
        match event {
            Event::ContractsCounted(_) => Some(Outcome::success("completed")),
            Event::BatchEnded(_) => Some(Outcome::reverted("cancelled")),
            _ => None,
        }
    }
}

impl CreditChange {
    /// Returns how many contracts are neither confirmed, terminated nor reinstated, by the last count.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.contracts.map_or(0, |contracts| contracts.pending + contracts.signed)
    }

    /// Returns whether it waits for a count of this change.
    fn awaits(&self, id: &CreditChangeId) -> bool {
        self.state == State::AwaitingConfirmations
            && self.change.as_ref().is_some_and(|change| change.credit_change_id == *id)
    }

    fn is_own(&self, batch: &Progress) -> bool {
        self.change.as_ref().is_some_and(|change| change.credit_change_id.as_str() == batch.id)
    }

    fn count(&self) -> Commands<Command> {
        let count = |change: &CustomerCreditRatingChanged| {
            Command::CountContracts(CountContracts { credit_change_id: change.credit_change_id.clone() })
        };
        self.change.iter().map(count).collect()
    }
}

/// Returns the numbers that it watches. An untouched contract may be terminated, but that brings nothing nearer to its
/// end.
fn watched(counts: ContractCounts) -> ContractCounts {
    ContractCounts { untouched: 0, ..counts }
}
