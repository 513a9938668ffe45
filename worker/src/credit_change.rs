//! What the credit change needs from Contracts: answers to its questions, and the items of its batches.

use std::error::Error;

use messages::{
    ContractId, Page,
    contracts::{Contract, ContractCounts, ContractStatus, CreditChange},
};
use process_manager::batch::Batch;
use process_manager_client::http::{CommandClient, CommandError, Envelope};
use process_manager_host::{
    DispatchError, Dispatcher,
    batch::{ItemPage, ItemSource},
};
use serde_json::{Value, json};
use workflows::credit_change::{AffectedContracts, Command, RevokeContracts};

/// As many as Contracts returns at once.
const PAGE: &str = "200";

/// Answers the questions of credit changes. Their other commands start and cancel batches; the host carries those out.
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

/// The contracts that a change of the credit rating affects and that are not terminated, newest first. A contract that
/// is opened meanwhile was opened after the change, so it is not affected.
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
        let items: Vec<_> = open.map(|contract| contract.contract_id).collect();
        // The batch keeps the total of its first page.
        let total = if cursor.is_none() { self.total::<B>(affected).await? } else { None };
        // A total that does not cover all items is wrong.
        let total = total.filter(|total| *total >= items.len() as u64);
        Ok(ItemPage { items, next: page.next_cursor, total })
    }
}

impl Affected {
    /// Asks how many contracts all pages have together. Returns `None` if the change is unknown, or is not the one
    /// whose position limits the pages.
    async fn total<B: Batch>(&self, affected: &AffectedContracts) -> Result<Option<u64>, CommandError> {
        let change =
            match self.0.get::<CreditChange>(&["credit-changes", affected.credit_change_id.as_str()], &[]).await {
                Err(CommandError::Refused(_)) => return Ok(None),
                change => change?,
            };
        let ContractCounts { pending, signed, confirmed, reinstated, terminated, untouched } = change.contracts;
        // When the page is read again, contracts that were revoked and then terminated have already been answered.
        let answered = if B::NAME == RevokeContracts::NAME { terminated } else { 0 };
        let total = untouched + pending + signed + confirmed + reinstated + answered;
        Ok((change.position == affected.opened_up_to).then_some(total))
    }
}

#[cfg(test)]
mod tests {
    use axum::{Json, Router, http::StatusCode, routing::get};
    use process_manager_client::http::Timeouts;
    use tokio::net::TcpListener;
    use workflows::credit_change::ReinstateContracts;

    use super::*;

    /// Returns Contracts, with a first page of three contracts and this answer to the question about the change.
    async fn contracts(status: u16, change: Value) -> Affected {
        let contract = |id: &str, status: &str| json!({"contract_id": id, "customer_id": "C-1", "status": status, "opened_at": "2026-01-01T00:00:00Z"});
        let items = [contract("K-3", "active"), contract("K-2", "terminated"), contract("K-1", "pending")];
        let page = json!({"items": items, "next_cursor": "more"});
        let answer = (StatusCode::from_u16(status).unwrap(), Json(change));
        let app = Router::new()
            .route("/contracts", get(async move || Json(page)))
            .route("/credit-changes/X", get(async move || answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Affected(CommandClient::new(url, Timeouts::default()).unwrap())
    }

    fn change(position: i64, contracts: &Value) -> Value {
        json!({
            "credit_change_id": "X", "customer_id": "C-1", "credit_rating": "B", "previous_credit_rating": "A",
            "position": position, "changed_at": "2026-01-01T00:00:00Z", "contracts": contracts,
        })
    }

    fn input() -> AffectedContracts {
        let (customer_id, credit_change_id) = ("C-1".parse().unwrap(), "X".parse().unwrap());
        AffectedContracts { customer_id, credit_change_id, opened_up_to: 7 }
    }

    /// Checks that the page has the two contracts that are not terminated, and returns its total.
    async fn total<B>(affected: &Affected, cursor: Option<&str>) -> Option<u64>
    where
        B: Batch<Input = AffectedContracts, Item = ContractId>,
    {
        let page = ItemSource::<B>::page(affected, &input(), cursor).await.unwrap();
        assert_eq!(page.items, ["K-3", "K-1"].map(|id| id.parse().unwrap()));
        assert_eq!(page.next.as_deref(), Some("more"));
        page.total
    }

    #[tokio::test]
    async fn the_first_page_tells_how_many_contracts_there_are() {
        let counts =
            json!({"pending": 1, "signed": 2, "confirmed": 3, "reinstated": 4, "terminated": 5, "untouched": 6});
        let affected = contracts(200, change(7, &counts)).await;
        assert_eq!(total::<RevokeContracts>(&affected, None).await, Some(21));
        assert_eq!(total::<ReinstateContracts>(&affected, None).await, Some(16), "a terminated one is not reinstated");
        assert_eq!(total::<RevokeContracts>(&affected, Some("more")).await, None, "the batch keeps the first one");
    }

    #[tokio::test]
    async fn numbers_that_cannot_be_those_of_the_pages_are_not_told() {
        let none = json!({"pending": 0, "signed": 0, "confirmed": 0, "reinstated": 0, "terminated": 0});
        let all = json!({"pending": 9, "signed": 0, "confirmed": 0, "reinstated": 0, "terminated": 0, "untouched": 1});
        let unknown = json!({"code": "credit-change-not-found", "detail": "there is no such change"});
        for (why, status, answer) in [
            ("a service that does not count the untouched ones", 200, change(7, &none)),
            ("the pages go by the position of another change", 200, change(6, &all)),
            ("the commands are refused and tell why", 404, unknown),
        ] {
            let affected = contracts(status, answer).await;
            assert_eq!(total::<RevokeContracts>(&affected, None).await, None, "{why}");
        }
    }

    #[tokio::test]
    async fn a_page_whose_question_fails_has_failed() {
        let affected = contracts(503, json!({})).await;
        assert!(ItemSource::<RevokeContracts>::page(&affected, &input(), None).await.is_err());
    }
}
