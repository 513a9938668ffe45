//! Deletes old idempotency keys, in small batches beside the commands.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sea_orm_migration::prelude::*;
use tokio_util::sync::CancellationToken;

use super::entity::{Column, Entity};
use crate::{ConfigError, Database, create_index, env_or};

const VARIABLE: &str = "IDEMPOTENCY_KEY_DAYS";
/// By default keys are kept three times as long as Temporal keeps ended runs.
const DEFAULT_DAYS: u32 = 90;
/// Temporal keeps an ended run for 30 days. During that time it can be reset, and then sends its commands again.
const LEAST_DAYS: u32 = 31;
const MOST_DAYS: u32 = 36_500;
/// Number of keys that one transaction deletes. Other writers of SQLite wait for it.
const BATCH: u64 = 500;
/// Pause between two batches. At most 30,000 keys are deleted per minute: more than 100 voidings a second add.
const PAUSE: Duration = Duration::from_secs(1);
/// Interval of the search for old keys.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How long idempotency keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retention(TimeDelta);

impl Retention {
    /// Reads `IDEMPOTENCY_KEY_DAYS`.
    ///
    /// # Errors
    /// Returns [`ConfigError`] if it is not from 31 to 36,500.
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        Self::of_days(env_or(VARIABLE, DEFAULT_DAYS)?)
    }

    fn of_days(days: u32) -> Result<Self, ConfigError> {
        if !(LEAST_DAYS..=MOST_DAYS).contains(&days) {
            return Err(ConfigError {
                variable: VARIABLE.to_owned(),
                value: days.to_string(),
                reason: format!(
                    "it must be from {LEAST_DAYS} to {MOST_DAYS}: Temporal may repeat a command for 30 days"
                ),
            });
        }
        Ok(Self(TimeDelta::days(days.into())))
    }

    /// Deletes old keys until `shutdown`.
    pub(crate) async fn run(self, database: Database, shutdown: CancellationToken) {
        let sweep = async {
            loop {
                if let Err(error) = delete_before(&database, Utc::now() - self.0).await {
                    tracing::warn!("old idempotency keys could not be deleted, trying again in a minute: {error}");
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        shutdown.run_until_cancelled(sweep).await;
    }
}

/// Deletes the keys older than `time`, and returns how many.
async fn delete_before(database: &Database, time: DateTime<Utc>) -> Result<u64, DbErr> {
    let mut deleted = 0;
    loop {
        let old = Entity::find().select_only().column(Column::Key).filter(Column::CreatedAt.lt(time));
        let old = old.order_by_asc(Column::CreatedAt).limit(BATCH).into_tuple::<String>();
        let keys = old.all(database.reader()).await?;
        if keys.is_empty() {
            return Ok(deleted);
        }
        let is_last = (keys.len() as u64) < BATCH;
        let transaction = database.begin().await?;
        let done = Entity::delete_many()
            .filter(Column::Key.is_in(keys))
            .filter(Column::CreatedAt.lt(time))
            .exec(&*transaction)
            .await?;
        transaction.commit().await?;
        deleted += done.rows_affected;
        if is_last {
            return Ok(deleted);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Creates an index that finds old keys without reading all of them.
#[derive(Debug)]
pub(crate) struct KeysByTimeMigration;

impl MigrationName for KeysByTimeMigration {
    fn name(&self) -> &'static str {
        "m20261129_000002_idempotency_keys_by_time"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KeysByTimeMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_index(manager, "idempotency_keys", "idempotency_keys_by_time", &["created_at"]).await
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::ActiveValue::Set;

    use super::*;
    use crate::{DatabaseUrl, command::IdempotencyMigration, command::entity::ActiveModel};

    struct Migrator;

    impl MigratorTrait for Migrator {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(IdempotencyMigration), Box::new(KeysByTimeMigration)]
        }
    }

    #[tokio::test]
    async fn old_keys_are_deleted_in_batches_and_younger_ones_kept() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite_file(&folder.path().join("test.db"), "TEST_DATABASE_URL");
        let database = Database::open::<Migrator>(&url).await.unwrap();
        let (now, old) = (Utc::now(), 501);
        let row = |number: i64, days: i64| ActiveModel {
            key: Set(format!("{days}-{number}")),
            fingerprint: Set(String::new()),
            status: Set(200),
            response: Set(String::new()),
            created_at: Set(now - TimeDelta::days(days)),
        };
        let transaction = database.begin().await.unwrap();
        let rows = (0..old).map(|number| row(number, 91)).chain([row(0, 89), row(0, 0)]);
        Entity::insert_many(rows).exec_without_returning(&*transaction).await.unwrap();
        transaction.commit().await.unwrap();

        let kept_from = now - Retention::of_days(DEFAULT_DAYS).unwrap().0;
        assert_eq!(delete_before(&database, kept_from).await.unwrap(), BATCH + 1);
        let left = Entity::find().order_by_asc(Column::Key).all(database.reader()).await.unwrap();
        assert_eq!(left.into_iter().map(|row| row.key).collect::<Vec<_>>(), ["0-0", "89-0"]);
        assert_eq!(delete_before(&database, kept_from).await.unwrap(), 0);
    }

    #[test]
    fn keys_are_kept_for_longer_than_temporal_keeps_runs() {
        for days in [0, 30, 36_501] {
            let error = Retention::of_days(days).unwrap_err().to_string();
            assert!(error.contains(VARIABLE) && error.contains("31"), "{error}");
        }
        assert!(Retention::of_days(31).is_ok());
    }
}
