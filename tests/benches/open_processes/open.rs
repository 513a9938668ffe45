//! Opens processes: a credit change revokes contracts, and each waits for its confirmation.

use std::time::{Duration, Instant};

use chrono::Utc;
use messages::contracts::CreditRating;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tests::sample;
use tokio::time::sleep;

use crate::system::System;

/// Contracts written directly to Contracts' database, as if they had been opened before its log began.
const CONTRACTS: &str = "
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
    INSERT INTO contracts (contract_id, customer_id, status, opened_position, opened_at)
    SELECT printf('con-%08x%024d', n * 2654435761 % 4294967296, n), ?2, 'active', 0, ?3 FROM number";
const RUNNING: &str = "WorkflowType = 'ContractConfirmation' AND ExecutionStatus = 'Running'";
/// Counting a hundred thousand costs the server something.
const ASK_EVERY: Duration = Duration::from_secs(1);

impl System {
    /// Returns how long it took until this many were running.
    pub(crate) async fn open(&self, processes: usize) -> Duration {
        if processes == 0 {
            return Duration::ZERO;
        }
        let (customer, contracts) = (sample::customer_id(), self.contracts());
        let _ = contracts.register(&customer, CreditRating::A).await.ok_as(201);
        let database = Database::connect(self.contracts_database()).await.unwrap();
        let count = i64::try_from(processes).unwrap();
        let values = [count.into(), customer.as_str().into(), Utc::now().into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, CONTRACTS, values);
        assert_eq!(database.execute_raw(statement).await.unwrap().rows_affected(), processes as u64);
        database.close().await.unwrap();
        let begun = Instant::now();
        let _ = contracts.change_rating(&customer, CreditRating::B).await.ok_as(202);
        let workflows = self.workflows().await;
        while workflows.count(RUNNING).await.ok() != Some(count) {
            sleep(ASK_EVERY).await;
        }
        begun.elapsed()
    }
}
