//! Copies of a process manager with changed code, for the upgrade check.

use std::time::Duration;

use messages::accounts::{Command, DepositMoney, DepositPurpose, Event, MoneyTransferRequested, WithdrawMoney};
use process_manager::{
    CloudEvent,
    manager::{Commands, Context, Metadata, Outcome, Outgoing, ProcessManager, Route},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use transfers::{NotRequested, TransferMoney};

/// The changes that a copy can have.
pub(super) const NOTHING: u8 = 0;
pub(super) const BODY: u8 = 1;
pub(super) const KEY: u8 = 2;
pub(super) const KIND: u8 = 3;
pub(super) const MISSING: u8 = 4;
pub(super) const TIMER: u8 = 5;
pub(super) const STATE: u8 = 6;
pub(super) const UNREADABLE: u8 = 7;
pub(super) const PANIC: u8 = 8;
pub(super) const ROUTE: u8 = 9;
pub(super) const MORE: u8 = 10;
/// From here on, changes come with a new version.
pub(super) const NEW_BODY: u8 = 20;
pub(super) const MIGRATION_FAILS: u8 = 21;
pub(super) const MIGRATED_WRONGLY: u8 = 22;

/// Money transfers by code with this change.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Changed<const WHAT: u8>(TransferMoney);

impl<const WHAT: u8> ProcessManager for Changed<WHAT> {
    const NAME: &'static str = TransferMoney::NAME;
    const VERSION: u32 = if WHAT < NEW_BODY { 1 } else { 2 };
    type Event = Event;
    type Command = Command;
    type Error = NotRequested;

    fn upcast(event: CloudEvent) -> CloudEvent {
        match event.kind == "MoneyWithdrawn" && WHAT == UNREADABLE {
            true => CloudEvent { data: json!({"account_id": 7}), ..event },
            false => event,
        }
    }

    fn route(event: &Event, metadata: &Metadata) -> Result<Route, NotRequested> {
        match event {
            Event::MoneyWithdrawn(it) if WHAT == ROUTE => Ok(Route::proceed(&it.account_id)),
            Event::MoneyDeposited(_) if WHAT == ROUTE => Ok(Route::Ignore),
            _ => TransferMoney::route(event, metadata),
        }
    }

    fn handle(&self, event: &Event, context: &Context<'_>) -> Result<Commands<Command>, NotRequested> {
        let commands = self.0.handle(event, context)?;
        let (Event::MoneyWithdrawn(it), Some(mut deposit)) = (event, self.deposit()) else { return Ok(commands) };
        Ok(match WHAT {
            BODY | NEW_BODY if WHAT == BODY || context.version() == 2 => {
                deposit.account_id.clone_from(&it.account_id);
                Command::DepositMoney(deposit).into()
            }
            KEY => Outgoing::new(Command::DepositMoney(deposit)).idempotency_key("another").into(),
            KIND => {
                let (transfer_id, account_id, amount) = (it.transfer_id.clone(), it.account_id.clone(), it.amount);
                Command::WithdrawMoney(WithdrawMoney { transfer_id, account_id, amount }).into()
            }
            MORE => [deposit.clone(), deposit].map(Command::DepositMoney).into_iter().collect(),
            MISSING => Commands::none(),
            TIMER => commands.set_timer("remind", Duration::from_secs(3_600)),
            PANIC => panic!("as the test wants it"),
            _ => commands,
        })
    }

    fn apply(&mut self, event: &Event, context: &Context<'_>) -> Result<(), NotRequested> {
        self.0.apply(event, context)?;
        if matches!(event, Event::MoneyWithdrawn(_)) && WHAT == STATE {
            *self = Self::default();
        }
        Ok(())
    }

    fn outcome(&self, event: &Event) -> Option<Outcome> {
        self.0.outcome(event)
    }

    fn migrate(_: u32, state: Value) -> Result<Value, NotRequested> {
        match WHAT {
            MIGRATION_FAILS => Err(NotRequested),
            MIGRATED_WRONGLY => Ok(json!({"transfer": state})),
            _ => Ok(state),
        }
    }
}

impl<const WHAT: u8> Changed<WHAT> {
    /// Returns the command as the unchanged code sends it.
    fn deposit(&self) -> Option<DepositMoney> {
        let state = serde_json::to_value(&self.0).ok()?;
        let it = serde_json::from_value::<Option<MoneyTransferRequested>>(state).ok()??;
        let (transfer_id, account_id, amount) = (it.transfer_id, it.to, it.amount);
        Some(DepositMoney { transfer_id, account_id, amount, purpose: DepositPurpose::Transfer })
    }
}
