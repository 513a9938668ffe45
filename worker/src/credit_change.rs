//! What the credit change needs of Contracts: its questions, and the items of its batches.

use std::error::Error;

use messages::{
    ContractId, Page,
    contracts::{Contract, ContractStatus, CreditChange},
};
use process_manager::batch::Batch;
use process_manager_client::http::{CommandClient, Envelope};
use process_manager_host::{
    DispatchError, Dispatcher,
    batch::{ItemPage, ItemSource},
};
use serde_json::{Value, json};
use workflows::credit_change::{AffectedContracts, Command};

/// As many as Contracts gives at once.
const PAGE: &str = "200";

/// Answers the questions of credit changes; their other commands start and cancel batches, which the host does.
pub(crate) struct Questions(pub(crate) CommandClient);

impl Dispatcher<Command> for Questions {
    async fn dispatch(&self, command: &Command, _: &Envelope) -> Result<(), DispatchError> {
        Err(DispatchError::Impossible(format!("{command:?} is no command of Contracts")))
    }

    async fn ask(&self, question: &Command, _: &Envelope) -> Result<Value, DispatchError> {
        let Command::CountContracts(count) = question else {
            return Err(DispatchError::Impossible(format!("{question:?} is no question")));
        };
        let change: CreditChange = self.0.get(&["credit-changes", count.credit_change_id.as_str()], &[]).await?;
        Ok(json!({"type": "ContractsCounted", "data": change}))
    }
}

/// The contracts that a change of the credit rating affects and that are not terminated, newest first: one that is opened
/// meanwhile was opened after the change, so it does not belong to them.
#[derive(Clone)]
pub(crate) struct Affected(pub(crate) CommandClient);

impl<B: Batch<Input = AffectedContracts, Item = ContractId>> ItemSource<B> for Affected {
    async fn page(
        &self,
        affected: &AffectedContracts,
        cursor: Option<&str>,
    ) -> Result<ItemPage<ContractId>, Box<dyn Error + Send + Sync>> {
        let opened_up_to = affected.opened_up_to.to_string();
        let mut query =
            vec![("customer_id", affected.customer_id.as_str()), ("opened_up_to", &opened_up_to), ("limit", PAGE)];
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page: Page<Contract> = self.0.get(&["contracts"], &query).await?;
        let open = page.items.into_iter().filter(|contract| contract.status != ContractStatus::Terminated);
        Ok(ItemPage { items: open.map(|contract| contract.contract_id).collect(), next: page.next_cursor, total: None })
    }
}
