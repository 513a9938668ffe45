//! The system of one row, with customers and their contracts.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use chrono::Utc;
use messages::{
    ContractId, CreditChangeId, CustomerId, Position,
    contracts::{CreditChange, CreditRating},
};
use process_manager_engine::subscription::Status;
use process_manager_host::{connect::TemporalConfig, operator::Operator};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tests::{Component, Env, binaries, sample};
use tokio::time::sleep;

/// The subscriptions of the processes in a credit change.
pub(crate) const SUBSCRIPTIONS: [&str; 2] = ["ContractConfirmation", "CreditChange"];
const ASK_EVERY: Duration = Duration::from_millis(250);

/// Contracts that were opened before the log began, written directly to Contracts' database: a hundred thousand
/// requests would take minutes. The ids are in no order, like real ones.
const OPEN: &str = "
    WITH RECURSIVE number(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ?2)
    INSERT INTO contracts (contract_id, customer_id, status, opened_position, opened_at)
    SELECT printf('con-%08x%024d', n * 2654435761 % 4294967296, n), ?3, 'active', 0, ?4 FROM number";

pub(crate) struct System {
    pub(crate) env: Env,
    pub(crate) operator: Operator,
    pub(crate) http: reqwest::Client,
    opened: AtomicUsize,
}

pub(crate) struct Customer {
    pub(crate) id: CustomerId,
    pub(crate) contracts: Vec<ContractId>,
}

/// A change of a customer's credit rating.
pub(crate) struct Change {
    pub(crate) id: CreditChangeId,
    pub(crate) position: Position,
}

impl System {
    /// Starts Contracts, the worker with these variables, and a Temporal server.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        let builder = Env::builder(binaries!()).confirmations_only().own_temporal().direct();
        let set =
            |builder: tests::EnvBuilder, (name, value): &(&str, &str)| builder.variable(Component::Worker, name, value);
        let env = variables.iter().fold(builder, set).start().await;
        let address = format!("http://{}", env.temporal().address()).parse().unwrap();
        let client = TemporalConfig::at(address, env.temporal().namespace()).connect_when_up().await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { env, operator: Operator::new(client), http, opened: AtomicUsize::new(0) }
    }

    /// Creates a customer with this many contracts.
    pub(crate) async fn customer(&self, contracts: usize) -> Customer {
        let id = sample::customer_id();
        let _ = self.env.contracts().register(&id, CreditRating::A).await.ok_as(201);
        let first = self.opened.fetch_add(contracts, Ordering::Relaxed);
        let end = first + contracts;
        let database = self.env.variable(Component::Contracts, "CONTRACTS_DATABASE_URL");
        let database = Database::connect(database).await.unwrap();
        let number = |number: usize| i64::try_from(number).unwrap().into();
        let values = [number(first), number(end), id.as_str().into(), Utc::now().into()];
        let opened = database.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, OPEN, values)).await;
        assert_eq!(opened.unwrap().rows_affected(), contracts as u64);
        database.close().await.unwrap();
        let contract = |n: usize| format!("con-{:08x}{n:024}", n * 2_654_435_761 % (1 << 32)).parse().unwrap();
        Customer { id, contracts: (first..end).map(contract).collect() }
    }

    pub(crate) async fn change(&self, customer: &Customer, rating: CreditRating) -> Change {
        let id = self.env.change_rating(&customer.id, rating).await;
        let change = self.env.contracts().raw().get::<CreditChange>(&format!("/credit-changes/{id}")).await.ok();
        Change { id, position: change.position }
    }

    /// Pauses the subscriptions, so that no process starts.
    pub(crate) async fn pause(&self) {
        for name in SUBSCRIPTIONS {
            let subscription = self.operator.subscription(name);
            subscription.pause().await.unwrap();
            until(async || Some(subscription.state().await.ok()??.status).filter(|it| *it == Status::Paused)).await;
        }
    }

    /// Resumes a subscription.
    pub(crate) async fn resume(&self, name: &str, after: Option<Position>) {
        self.operator.subscription(name).resume(after).await.unwrap();
    }

    /// Waits until a visibility query finds this many runs.
    pub(crate) async fn finds(&self, query: &str, runs: usize) {
        until(async || {
            let found = self.operator.workflows().count(query).await.ok()?;
            usize::try_from(found).ok().filter(|found| *found >= runs)
        })
        .await;
    }
}

/// Asks until there is an answer, however long that takes. The measurement must not depend on how often it asks.
pub(crate) async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        sleep(ASK_EVERY).await;
    }
}
