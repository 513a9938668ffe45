//! TransferMoney again, with a place for each mistake that is easily made.

use std::{cell::Cell, time::Duration};

use messages::accounts::{
    Command, DepositMoney, DepositPurpose, Event, FailMoneyTransfer, MoneyTransferRequested, WithdrawMoney,
};
use process_manager::manager::{
    AfterCommand, Commands, Context, Failure, Metadata, OnError, Outgoing, Pending, ProcessManager, Retry, Route,
};
use serde::{Deserialize, Serialize};
use transfers::NotRequested;

use self::DepositPurpose::{Refund, Transfer};

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// The money of a refused deposit is not returned.
    NoRefund,
    /// The refund goes to the account that refused the deposit.
    RefundToTheReceiver,
    /// Money that was never withdrawn is returned.
    RefundOfNothing,
    /// The deposit does not wait for the withdrawal.
    DepositFirst,
    /// A refused withdrawal is skipped.
    RefusalSkipped,
    /// `apply` forgets the request.
    StateForgotten,
    /// The request is kept in a field that JSON does not keep.
    StateUnserialized,
    /// A receiver that does not answer counts as one that refuses.
    FaultIsRefusal,
    /// After a fault the deposit is sent under another key.
    SentAgain,
    /// Deposit and refund have the same key.
    OneKey,
    /// The instance ends with the withdrawal, too early.
    EndsEarly,
    /// The deposit does not cancel a time limit.
    TimerNotCancelled,
    /// A withdrawal for an unknown transfer panics.
    Panics,
    /// The instance stops after the first command.
    StopsAfterCommand,
}

thread_local! {
    // One type for each mistake would take minutes to compile.
    static PLANTED: Cell<Bug> = const { Cell::new(Bug::None) };
}

/// Makes [`Planted`] commit this mistake from now on, in this test.
pub(crate) fn plant(bug: Bug) {
    PLANTED.set(bug);
}

/// TransferMoney with the planted mistake.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Planted {
    request: Option<MoneyTransferRequested>,
    #[serde(skip)]
    volatile: Option<MoneyTransferRequested>,
}

impl Planted {
    fn is(bug: Bug) -> bool {
        PLANTED.get() == bug
    }

    fn known(&self) -> Option<&MoneyTransferRequested> {
        if Self::is(Bug::StateUnserialized) { self.volatile.as_ref() } else { self.request.as_ref() }
    }

    fn deposit(&self, purpose: DepositPurpose) -> Option<Outgoing<Command>> {
        let it = self.known()?.clone();
        let is_back = purpose == Refund && !Self::is(Bug::RefundToTheReceiver);
        let (transfer_id, account_id) = (it.transfer_id.clone(), if is_back { it.from } else { it.to });
        let deposit = DepositMoney { transfer_id, account_id, amount: it.amount, purpose };
        let outgoing = Outgoing::new(Command::DepositMoney(deposit));
        Some(match PLANTED.get() {
            Bug::FaultIsRefusal | Bug::SentAgain => outgoing.retry(Retry::attempts(3)),
            Bug::OneKey => outgoing.idempotency_key(format!("{}/deposit", it.transfer_id)),
            _ => outgoing,
        })
    }
}

impl ProcessManager for Planted {
    const NAME: &'static str = "Planted";
    type Event = Event;
    type Command = Command;
    type Error = NotRequested;

    fn route(event: &Event, _: &Metadata) -> Result<Route, NotRequested> {
        Ok(match event {
            Event::MoneyTransferRequested(it) => Route::start(&it.transfer_id),
            Event::MoneyWithdrawn(it) if Self::is(Bug::EndsEarly) => Route::stop(&it.transfer_id),
            Event::MoneyWithdrawn(it) => Route::proceed(&it.transfer_id),
            Event::MoneyDeposited(it) => Route::stop(&it.transfer_id),
            Event::MoneyTransferFailed(it) => Route::stop(&it.transfer_id),
            Event::AccountOpened(_) | Event::AccountClosed(_) => Route::Ignore,
        })
    }

    fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, NotRequested> {
        Ok(match event {
            Event::MoneyTransferRequested(it) => {
                let (transfer_id, account_id, amount) = (it.transfer_id.clone(), it.from.clone(), it.amount);
                let withdraw = Command::WithdrawMoney(WithdrawMoney { transfer_id, account_id, amount });
                let request = Self { request: Some(it.clone()), volatile: Some(it.clone()) };
                match PLANTED.get() {
                    Bug::DepositFirst => request.deposit(Transfer).into_iter().chain([withdraw.into()]).collect(),
                    Bug::TimerNotCancelled => Commands::from(withdraw).set_timer("limit", Duration::from_secs(3_600)),
                    _ => withdraw.into(),
                }
            }
            Event::MoneyWithdrawn(_) if Self::is(Bug::DepositFirst) => Commands::none(),
            Event::MoneyWithdrawn(_) => match self.deposit(Transfer) {
                None if Self::is(Bug::Panics) => panic!("the transfer has not been requested"),
                deposit => deposit.ok_or(NotRequested)?.into(),
            },
            _ => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, _: &Context<'_>) -> Result<(), NotRequested> {
        match event {
            Event::MoneyTransferRequested(_) if Self::is(Bug::StateForgotten) => (),
            Event::MoneyTransferRequested(it) if Self::is(Bug::StateUnserialized) => self.volatile = Some(it.clone()),
            Event::MoneyTransferRequested(it) => self.request = Some(it.clone()),
            _ => (),
        }
        Ok(())
    }

    fn handle_timer(&self, _: &str, _: &Context<'_>) -> Result<Commands<Command>, NotRequested> {
        Ok(self.deposit(Refund).into_iter().collect())
    }

    fn after_command(&self, _: &Command) -> AfterCommand {
        if Self::is(Bug::StopsAfterCommand) { AfterCommand::Stop } else { AfterCommand::Continue }
    }

    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
        let Failure::Command(failed) = &failure else { return failure.stop() };
        let reason = failure.refusal().map(|refusal| refusal.detail.clone());
        let is_refund = matches!(failed.command(), Command::DepositMoney(it) if it.purpose == Refund);
        match (failed.command(), reason) {
            (Command::DepositMoney(_), None) if Self::is(Bug::SentAgain) => {
                failed.continue_with(self.deposit(Transfer).into_iter().collect::<Commands<_>>())
            }
            (_, None) if !Self::is(Bug::FaultIsRefusal) => failure.stop(),
            (Command::WithdrawMoney(_), _) if Self::is(Bug::RefusalSkipped) => failed.skip_command(Pending::Continue),
            (Command::WithdrawMoney(it), _) if Self::is(Bug::RefundOfNothing) => {
                let (transfer_id, account_id, amount) = (it.transfer_id.clone(), it.account_id.clone(), it.amount);
                let refund = DepositMoney { transfer_id, account_id, amount, purpose: Refund };
                failed.continue_with(Command::DepositMoney(refund))
            }
            (Command::WithdrawMoney(it), reason) => {
                let (transfer_id, reason) = (it.transfer_id.clone(), reason.unwrap_or_default());
                failed.continue_with(Command::FailMoneyTransfer(FailMoneyTransfer { transfer_id, reason }))
            }
            (Command::DepositMoney(_), _) if Self::is(Bug::NoRefund) => failed.skip_command(Pending::Continue),
            (Command::DepositMoney(_), _) if !is_refund => {
                failed.continue_with(self.deposit(Refund).into_iter().collect::<Commands<_>>())
            }
            _ => failure.stop(),
        }
    }
}
