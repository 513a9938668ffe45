//! Starting: together, again, and where it is not possible.

use futures::future::join_all;
use service_kit::{Config, DatabaseUrl, start};

use ::accounts::Accounts;
use service_testing::{Running, on_each_database};

use crate::{open, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_instances_start_together_on_a_new_database() {
    on_each_database(async |database| {
        let instances = join_all((0..4).map(|_| Running::start(Accounts, &database))).await;
        for (n, accounts) in instances.iter().enumerate() {
            open(&accounts.client, &format!("a{n}"), 100).await;
        }
        let events = instances[0].client.events().await;
        assert_eq!(events.len(), 4);
        assert!(events.iter().all(|event| event["source"] == "/accounts" && event["logid"] == events[0]["logid"]));
    })
    .await;
}

#[tokio::test]
async fn accounts_transfers_and_log_outlive_a_restart() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        open(&accounts.client, "a", 100).await;
        open(&accounts.client, "b", 0).await;
        let requested = request(&accounts.client, "t", "a", "b", 10).await;
        let events = accounts.client.events().await;
        accounts.stop().await;
        let accounts = Running::start(Accounts, &database).await;
        assert_eq!(accounts.client.get("/accounts/a").await.status, 200);
        assert_eq!(accounts.client.get("/transfers/t").await.body, requested.body);
        assert_eq!(accounts.client.events().await, events);
    })
    .await;
}

#[tokio::test]
async fn health_metrics_and_description_are_there() {
    on_each_database(async |database| {
        let accounts = Running::start(Accounts, &database).await;
        let client = &accounts.client;
        for path in ["/livez", "/readyz", "/metrics"] {
            assert_eq!(client.get(path).await.status, 200, "{path}");
        }
        let description = client.get("/openapi.json").await.body;
        assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
        for path in ["/accounts", "/accounts/{account_id}", "/transfers", "/transfers/{transfer_id}", "/events"] {
            assert!(description["paths"][path]["get"].is_object(), "{path}");
        }
        for command in [
            "open-account",
            "close-account",
            "request-money-transfer",
            "withdraw-money",
            "deposit-money",
            "fail-money-transfer",
        ] {
            assert!(description["paths"][format!("/commands/{command}")]["post"].is_object(), "{command}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_is_named_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let in_a_file = DatabaseUrl::sqlite_file(&folder.path().join("file/accounts.db"), "ACCOUNTS_DATABASE_URL");
    let unavailable = DatabaseUrl::new("postgres://nobody@127.0.0.1:9/none", "ACCOUNTS_DATABASE_URL");
    let nonsense = DatabaseUrl::new("mysql://x/y", "ACCOUNTS_DATABASE_URL");
    for database in [in_a_file, unavailable, nonsense] {
        let config = Config { addr: "127.0.0.1:0".to_owned(), database, service: Accounts };
        let text = format!("{:#}", start(config).await.unwrap_err());
        assert!(text.contains("ACCOUNTS_DATABASE_URL") && !text.contains('\n'), "{text}");
    }
}
