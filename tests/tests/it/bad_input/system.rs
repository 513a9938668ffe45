//! A system that contains each kind of thing that a request may be about. Some of them wait.

use messages::{
    accounts::TransferStatus,
    contracts::{ContractStatus, CreditRating},
};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::{Component, Env, EnvBuilder, calls::Target, confirmation_workflow_id, eventually, workflow_id};

use super::{
    forms::FORMS,
    routes::{Known, Route, described},
};

pub(super) struct System {
    pub(super) env: Env,
    pub(super) known: Known,
    /// The workflows that wait: a voiding for its acknowledgement, a credit change and a confirmation for a customer.
    pub(super) workflows: Vec<String>,
}

/// Routes that each program has.
const OF_EACH: [&str; 3] = ["/livez", "/readyz", "/metrics"];
impl System {
    pub(super) async fn start(builder: EnvBuilder) -> Self {
        let env = builder.accounts().contracts().start().await;
        let (of_voiding, of_transfer, of_contract) = tokio::join!(voiding(&env), transfer(&env), contract(&env));
        let document = &of_voiding[0].1.parse().unwrap();
        let contract = &of_contract[0].1.parse().unwrap();
        let workflows = vec![
            workflow_id(document),
            confirmation_workflow_id(contract),
            format!("CreditChange-{}", of_contract[1].1),
        ];
        let known = of_voiding.into_iter().chain(of_transfer).chain(of_contract).collect();
        Self { env, known, workflows }
    }

    /// Returns the routes of all programs.
    pub(super) async fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        let services = [Component::Billing, Component::Reports, Component::Accounts, Component::Contracts];
        for program in services.into_iter().chain([Component::Api, Component::Worker]) {
            routes.extend(OF_EACH.map(|path| Route::undescribed(program, "GET", path)));
            if program != Component::Worker {
                routes.push(Route::undescribed(program, "GET", "/openapi.json"));
                routes.extend(described(&self.env, program, &self.known).await);
            }
        }
        routes.extend(FORMS.map(|(path, _)| Route::undescribed(Component::Api, "POST", path)));
        routes
    }
}

type Ids = Vec<(&'static str, String)>;

/// Creates a voiding that waits for its acknowledgement.
async fn voiding(env: &Env) -> Ids {
    let (document, voiding) = env.refused_marking().await;
    let report = env.reports().reports_of(&document.customer_id).await.remove(0);
    let failure = voiding.failure.unwrap().failure_id;
    vec![
        ("document_id", document.document_id.to_string()),
        // The box of the selection that acknowledges it.
        ("selected", format!("{}+{failure}", document.document_id)),
        ("process_id", voiding.process_id.unwrap().to_string()),
        ("report_id", report.report_id.to_string()),
    ]
}

/// Creates a completed transfer.
async fn transfer(env: &Env) -> Ids {
    let accounts = env.two_accounts().await;
    let id = env.request_transfer(&accounts.0, &accounts.1, "100").await;
    env.transfer_becomes(&id, TransferStatus::Completed).await;
    env.transfer_ends(&id, WorkflowExecutionStatus::Completed).await;
    let (from, to) = (accounts.0.to_string(), accounts.1.to_string());
    vec![("transfer_id", id.to_string()), ("account_id", from.clone()), ("from", from), ("to", to)]
}

/// Creates a contract that a credit change has revoked; both wait for the customer.
async fn contract(env: &Env) -> Ids {
    let (customer, contracts) = env.customer_with_contracts(1).await;
    let change = env.change_rating(&customer, CreditRating::B).await;
    env.contract_becomes(&contracts[0], ContractStatus::Pending, &change).await;
    env.confirmation_becomes(&contracts[0], "it waits", |_| true).await;
    eventually("the credit change waits", async || {
        let api = Target::new(env.url(Component::Api));
        let shown: serde_json::Value = api.get(&format!("/credit-changes/{customer}")).await.try_ok()?;
        if shown["state"] == "awaiting-confirmations" { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    vec![
        ("contract_id", contracts[0].to_string()),
        ("customer_id", customer.to_string()),
        ("credit_change_id", change.to_string()),
    ]
}
