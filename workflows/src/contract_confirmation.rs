//! Watches over a revoked contract until it is confirmed again, reinstated or terminated.
//!
//! ```text
//! CustomerContractRevoked ─► awaiting-signature ── ContractSigned ─► awaiting-confirmation
//!   timer `remind` ──► RemindCustomer, and again
//!   timer `overdue` ─► needs an operator, who extends the deadline, reminds the customer or terminates the contract
//! CustomerContractReconfirmed, ContractReinstated, ContractTerminated (stop)
//! ```
//! A contract that is revoked again starts over, with a new deadline.

use std::convert::Infallible;

use messages::{
    confirmation::{Confirmation, ConfirmationEvent as Event, ConfirmationState, ConfirmationTimes},
    contracts::{Command, OneContract, RemindCustomer},
};
use process_manager::manager::{
    Attention, Commands, Context, Failure, Metadata, OnError, OnRoutingError, Outcome, Pending, ProcessManager, Route,
    RoutingError,
};
use serde::{Deserialize, Serialize};

const REMIND: &str = "remind";
const OVERDUE: &str = "overdue";

/// One contract, from its revocation on.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractConfirmation(Option<Confirmation>);

impl ProcessManager for ContractConfirmation {
    const NAME: &'static str = "ContractConfirmation";
    type Event = Event;
    type Command = Command;
    type Error = Infallible;

    fn route(event: &Event, _: &Metadata) -> Result<Route, Infallible> {
        Ok(match event {
            Event::CustomerContractRevoked(it) => Route::start(&it.contract_id),
            Event::ContractSigned(it) => Route::proceed_strict(&it.contract_id),
            Event::CustomerContractReconfirmed(it) | Event::ContractReinstated(it) | Event::ContractTerminated(it) => {
                Route::stop(&it.contract_id)
            }
            Event::ExtendDeadline(_) | Event::RemindNow | Event::Terminate => Route::Ignore,
        })
    }

    fn is_instruction(event: &Event) -> bool {
        matches!(event, Event::ExtendDeadline(_) | Event::RemindNow | Event::Terminate)
    }

    /// A contract may still be signed after an operator has given up its confirmation.
    fn on_routing_error(error: &RoutingError<Infallible>, _: &Metadata, _: u32) -> OnRoutingError {
        if matches!(error, RoutingError::NotStarted(_)) { OnRoutingError::Skip } else { OnRoutingError::Stop }
    }

    fn handle(&self, event: &Event, context: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        let mut next = self.clone();
        next.apply(event, context)?;
        let Some(confirmation) = next.0 else { return Ok(Commands::none()) };
        Ok(match event {
            Event::CustomerContractRevoked(_) => Commands::none()
                .set_timer(REMIND, times(context).remind_every.get())
                .set_timer(OVERDUE, confirmation.due_at),
            Event::ExtendDeadline(_) => Commands::none().set_timer(OVERDUE, confirmation.due_at),
            Event::RemindNow => self.reminder(),
            Event::Terminate => {
                Command::TerminateContract(OneContract { contract_id: confirmation.contract.contract_id }).into()
            }
            _ => Commands::none(),
        })
    }

    fn apply(&mut self, event: &Event, context: &Context<'_>) -> Result<(), Infallible> {
        match (event, &mut self.0) {
            (Event::CustomerContractRevoked(contract), _) => {
                self.0 = Some(Confirmation {
                    contract: contract.clone(),
                    state: ConfirmationState::AwaitingSignature,
                    reminders: 0,
                    due_at: context.now() + times(context).confirm_within.get(),
                    is_overdue: false,
                });
            }
            (Event::ContractSigned(_), Some(it)) => it.state = ConfirmationState::AwaitingConfirmation,
            (Event::ExtendDeadline(extension), Some(it)) => {
                it.due_at = it.due_at.max(context.now()) + extension.by.get();
                it.is_overdue = false;
            }
            (Event::RemindNow, Some(it)) => it.reminders += 1,
            _ => (),
        }
        Ok(())
    }

    fn handle_timer(&self, timer: &str, context: &Context<'_>) -> Result<Commands<Command>, Infallible> {
        if timer == OVERDUE {
            return Ok(Commands::none());
        }
        Ok(self.reminder().set_timer(REMIND, times(context).remind_every.get()))
    }

    fn apply_timer(&mut self, timer: &str, _: &Context<'_>) -> Result<(), Infallible> {
        if let Some(it) = &mut self.0 {
            it.is_overdue |= timer == OVERDUE;
            it.reminders += u32::from(timer == REMIND);
        }
        Ok(())
    }

    /// Contracts refuses a reminder when there is nothing left to do: the event that says so is on its way.
    fn on_error(&self, failure: Failure<'_, Self>) -> OnError<Command> {
        match (&failure, failure.refusal()) {
            (Failure::Command(failed), Some(_)) if matches!(failed.command(), Command::RemindCustomer(_)) => {
                failed.skip_command(Pending::Continue)
            }
            _ => failure.stop(),
        }
    }

    fn attention(&self, _: u32) -> Option<Attention> {
        let it = self.0.as_ref().filter(|it| it.is_overdue)?;
        let what = "not confirmed in time; extend the deadline, remind the customer, or terminate the contract";
        Some(Attention::new(OVERDUE, what, it.due_at).about(it.contract.customer_id.as_str()))
    }

    fn outcome(&self, event: &Event) -> Option<Outcome> {
        match event {
            Event::CustomerContractReconfirmed(_) => Some(Outcome::success("confirmed")),
            Event::ContractReinstated(_) => Some(Outcome::reverted("reinstated")),
            Event::ContractTerminated(_) => Some(Outcome::failure("terminated")),
            _ => None,
        }
    }
}

impl ContractConfirmation {
    fn reminder(&self) -> Commands<Command> {
        let command = |it: &Confirmation| {
            let contract_id = it.contract.contract_id.clone();
            let credit_change_id = it.contract.credit_change_id.clone()?;
            Some(Command::RemindCustomer(RemindCustomer { contract_id, credit_change_id, reminder: it.reminders + 1 }))
        };
        self.0.iter().filter_map(command).collect()
    }
}

fn times(context: &Context<'_>) -> ConfirmationTimes {
    serde_json::from_value(context.settings().clone()).unwrap_or_default()
}
