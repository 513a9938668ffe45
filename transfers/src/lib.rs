//! Moves money from one account to another, once: the transfer completes, is returned or fails.
//!
//! ```text
//! MoneyTransferRequested ─► WithdrawMoney ──── refused ──► FailMoneyTransfer ─► MoneyTransferFailed (stop)
//! MoneyWithdrawn ─────────► DepositMoney ───── refused ──► DepositMoney, as a refund
//! MoneyDeposited (stop)
//! ```
//! A refused refund parks the instance until an operator retries or acknowledges it.

use messages::accounts::{
    Command, DepositMoney, DepositPurpose, Event, FailMoneyTransfer, MoneyTransferRequested, WithdrawMoney,
};
use process_manager::manager::{Commands, Context, Failure, Metadata, OnError, Outcome, ProcessManager, Route};
use serde::{Deserialize, Serialize};

/// One transfer, as it was requested.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferMoney(Option<MoneyTransferRequested>);

/// Money was withdrawn for a transfer that was not requested.
#[derive(Debug, thiserror::Error)]
#[error("the transfer has not been requested")]
pub struct NotRequested;

impl ProcessManager for TransferMoney {
    const NAME: &'static str = "TransferMoney";
    type Event = Event;
    type Command = Command;
    type Error = NotRequested;

    fn route(event: &Event, _: &Metadata) -> Result<Route, NotRequested> {
        Ok(match event {
            Event::MoneyTransferRequested(requested) => Route::start(&requested.transfer_id),
            Event::MoneyWithdrawn(withdrawn) => Route::proceed(&withdrawn.transfer_id),
            Event::MoneyDeposited(deposited) => Route::stop(&deposited.transfer_id),
            Event::MoneyTransferFailed(failed) => Route::stop(&failed.transfer_id),
            Event::AccountOpened(_) | Event::AccountClosed(_) => Route::Ignore,
        })
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, NotRequested> {
        Ok(match event {
            Event::MoneyTransferRequested(it) => {
                let (transfer_id, account_id, amount) = (it.transfer_id.clone(), it.from.clone(), it.amount);
                Command::WithdrawMoney(WithdrawMoney { transfer_id, account_id, amount }).into()
            }
            Event::MoneyWithdrawn(_) => self.deposit(DepositPurpose::Transfer)?.into(),
            _ => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), NotRequested> {
        if let Event::MoneyTransferRequested(requested) = event {
            self.0 = Some(requested.clone());
        }
        Ok(())
    }

    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
        let (Failure::Command(failed), Some(refusal)) = (&failure, failure.refusal()) else { return failure.stop() };
        match (failed.command(), self.deposit(DepositPurpose::Refund)) {
            (Command::WithdrawMoney(it), _) => {
                let (transfer_id, reason) = (it.transfer_id.clone(), refusal.detail.clone());
                failed.continue_with(Command::FailMoneyTransfer(FailMoneyTransfer { transfer_id, reason }))
            }
            (Command::DepositMoney(it), Ok(refund)) if it.purpose == DepositPurpose::Transfer => {
                failed.continue_with(refund)
            }
            _ => failure.stop(),
        }
    }

    fn outcome(&self, event: &Event) -> Option<Outcome> {
        match event {
            Event::MoneyDeposited(it) if it.purpose == DepositPurpose::Transfer => Some(Outcome::success("completed")),
            Event::MoneyDeposited(_) => Some(Outcome::reverted("returned").because("the deposit was refused")),
            Event::MoneyTransferFailed(it) => Some(Outcome::failure("failed").because(&it.reason)),
            _ => None,
        }
    }
}

impl TransferMoney {
    fn deposit(&self, purpose: DepositPurpose) -> Result<Command, NotRequested> {
        let it = self.0.clone().ok_or(NotRequested)?;
        let account_id = if purpose == DepositPurpose::Refund { it.from } else { it.to };
        let (transfer_id, amount) = (it.transfer_id, it.amount);
        Ok(Command::DepositMoney(DepositMoney { transfer_id, account_id, amount, purpose }))
    }
}
