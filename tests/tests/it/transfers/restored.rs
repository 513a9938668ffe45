//! Accounts restored from an older backup, as docs/OPERATIONS.md says: its log gets a new id.

use std::path::{Path, PathBuf};

use messages::accounts::TransferStatus::{Completed, Requested};
use process_manager_engine::subscription::Status;
use process_manager_host::{connect::TemporalConfig, operator::Operator};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use tests::{Component, Env, eventually, sample};

use super::start;

fn databases(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("accounts.sqlite")).collect()
}

/// Gives the log of the stopped Accounts another id. Returns where the log ends.
async fn renew_log(env: &Env) -> i64 {
    let database = Database::connect(env.variable(Component::Accounts, "ACCOUNTS_DATABASE_URL")).await.unwrap();
    database.execute_unprepared("UPDATE event_log SET logid = 'restored'").await.unwrap();
    let head = Statement::from_string(DbBackend::Sqlite, "SELECT head FROM event_log");
    let head = database.query_all_raw(head).await.unwrap()[0].try_get_by_index(0).unwrap();
    database.close().await.unwrap();
    head
}

#[tokio::test]
async fn a_transfer_that_was_done_after_the_backup_is_done_again() {
    let env = start().await;
    let accounts = env.two_accounts().await;
    env.stop(Component::Accounts).await;
    let backup = env.dir().join("backup");
    std::fs::create_dir(&backup).unwrap();
    for file in databases(env.dir()) {
        std::fs::copy(&file, backup.join(file.file_name().unwrap())).unwrap();
    }
    env.start(Component::Accounts).await;
    let transfer = sample::transfer(&accounts.0, &accounts.1, "100");
    let id = env.accounts().request(&transfer).await.ok_as(202).transfer_id;
    env.transfer_becomes(&id, Completed).await;
    env.transfer_ends(&id, WorkflowExecutionStatus::Completed).await;

    env.stop(Component::Accounts).await;
    databases(env.dir()).iter().for_each(|file| std::fs::remove_file(file).unwrap());
    for file in databases(&backup) {
        std::fs::copy(&file, env.dir().join(file.file_name().unwrap())).unwrap();
    }
    let head = renew_log(&env).await;
    env.start(Component::Accounts).await;
    assert_eq!(env.accounts().request(&transfer).await.ok_as(202).status, Requested);

    let address = format!("http://{}", env.temporal().address()).parse().unwrap();
    let client = TemporalConfig::at(address, env.temporal().namespace()).connect().await.unwrap();
    let subscription = Operator::new(client).subscription("TransferMoney");
    eventually("the subscription has stopped", async || match subscription.state().await {
        Ok(Some(state)) if state.status == Status::Stopped => Ok(()),
        other => Err(other.map_err(|error| error.to_string())),
    })
    .await;
    subscription.resume_continuing(Some(head)).await.unwrap();
    env.transfer_becomes(&id, Completed).await;
    env.balances_are(&accounts, "900", "600").await;
}
