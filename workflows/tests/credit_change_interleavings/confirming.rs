//! The confirmation of a contract, with the deadline that it must have.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use messages::Position;
use process_manager::instance::INSTRUCTIONS;
use serde_json::json;
use workflows::contract_confirmation::ContractConfirmation;

use crate::{contracts::id_of, process::Process, steps::Order};

/// The confirmation of a contract, with the deadline that it must have.
#[derive(Debug)]
pub(crate) struct Confirming {
    pub(crate) process: Process<ContractConfirmation>,
    pub(crate) due: Option<DateTime<Utc>>,
    /// What moves the deadline once it is handled: its log and position, and whether the deadline starts over.
    moves: VecDeque<(String, Position, bool)>,
    instructions: Position,
}

impl Confirming {
    pub(crate) fn new(contract: usize) -> Self {
        let process = Process::new(id_of(contract).to_string());
        Self { process, due: None, moves: VecDeque::new(), instructions: 0 }
    }

    pub(crate) fn deliver(&mut self) -> bool {
        let has_more = self.process.has_more();
        if let Some(new) = self.process.deliver()
            && new.event.kind == "CustomerContractRevoked"
        {
            self.moves.push_back((new.event.logid.clone(), new.event.sequence, true));
        }
        has_more
    }

    pub(crate) fn order(&mut self, order: Order, now: DateTime<Utc>) {
        let (kind, data) = match order {
            Order::Remind => ("RemindNow", json!({})),
            Order::Extend => ("ExtendDeadline", json!({"by": "7d"})),
            Order::Terminate => ("Terminate", json!({})),
        };
        if self.process.instruct(kind, data, now) {
            self.instructions += 1;
            if order == Order::Extend {
                self.moves.push_back((INSTRUCTIONS.to_owned(), self.instructions, false));
            }
        }
    }

    /// Moves the deadline for everything that has been handled by now.
    pub(crate) fn follow(&mut self, now: DateTime<Utc>) {
        let Some(ledger) = self.process.ledger() else { return };
        while let Some((log, position, begins)) = self.moves.front()
            && ledger.has_handled(log, *position)
        {
            self.due = Some(match self.due {
                Some(due) if !begins => due.max(now) + TimeDelta::days(7),
                _ => now + TimeDelta::days(30),
            });
            self.moves.pop_front();
        }
    }
}
