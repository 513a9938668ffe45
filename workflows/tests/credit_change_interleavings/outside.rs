//! The commands of the processes, and who carries them out.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use messages::contracts::{self, ContractCounts, CreditRating};
use process_manager::{batch::Batch, manager::Refusal};
use serde_json::json;
use workflows::credit_change::{Command, RevokeContracts};

use crate::{
    batch::Running,
    contracts::{Contracts, customer, number},
    process::Answer,
};

/// Contracts and the batches.
#[derive(Debug)]
pub(crate) struct Outside {
    pub(crate) now: DateTime<Utc>,
    pub(crate) contracts: Contracts,
    pub(crate) batches: BTreeMap<String, Running>,
    /// The last answer to a count: for which change, and how long the log was.
    pub(crate) counted: Option<(usize, ContractCounts, usize)>,
}

impl Outside {
    pub(crate) fn change_command(&mut self, command: &Command) -> Answer {
        match command {
            Command::StartBatch(start) => {
                let mut others = self.batches.iter().filter(|(id, _)| **id != start.workflow_id());
                let is_ending = |it: &Running| it.is_cancelled || it.state.status().is_end();
                let revokes = start.name == RevokeContracts::NAME;
                assert!(
                    !revokes || others.all(|(id, it)| id.contains("-for-") || is_ending(it)),
                    "an older batch goes on"
                );
                let new = || Running::new(start.clone(), self.now);
                self.batches.entry(start.workflow_id()).or_insert_with(new);
            }
            Command::CancelBatch(cancel) => {
                if let Some(batch) = self.batches.get_mut(&format!("{}-{}", cancel.name, cancel.id)) {
                    batch.is_cancelled = true;
                    let _ = batch.state.cancel(cancel.undo);
                }
            }
            Command::CountContracts(asked) => {
                let change = number(&asked.credit_change_id);
                let counts = self.contracts.count(change);
                self.counted = Some((change, counts, self.contracts.log.len()));
                let counted = contracts::CreditChange {
                    credit_change_id: asked.credit_change_id.clone(),
                    customer_id: customer(),
                    credit_rating: CreditRating::A,
                    previous_credit_rating: CreditRating::B,
                    position: self.contracts.changes[change],
                    changed_at: self.now,
                    contracts: counts,
                };
                return Ok(Some(json!({"type": "ContractsCounted", "data": counted})));
            }
        }
        Ok(None)
    }

    pub(crate) fn confirmation_command(&mut self, command: &contracts::Command) -> Answer {
        let answer: Result<(), Refusal> = match command {
            contracts::Command::RemindCustomer(it) => {
                let (contract, change) = (number(&it.contract_id), number(&it.credit_change_id));
                self.contracts.remind(contract, change, it.reminder, self.now)
            }
            contracts::Command::TerminateContract(it) => {
                self.contracts.terminate(number(&it.contract_id), self.now);
                Ok(())
            }
            other => panic!("{other:?} is no command of a confirmation"),
        };
        answer.map(|()| None)
    }
}
