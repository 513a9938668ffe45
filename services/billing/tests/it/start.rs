//! Starting: together, again, and where it is not possible.

use futures::future::join_all;
use service_kit::{Config, DatabaseUrl, start};

use billing::Billing;
use service_testing::{Running, on_each_database};

use crate::document;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_instances_start_together_on_a_new_database() {
    on_each_database(async |database| {
        let instances = join_all((0..4).map(|_| Running::start(Billing, &database))).await;
        for (n, billing) in instances.iter().enumerate() {
            assert_eq!(billing.client.post("/documents", document(&format!("D{n}"))).await.status, 201);
        }
        let events = instances[0].client.events().await;
        assert_eq!(events.len(), 4);
        assert!(events.iter().all(|event| event["logid"] == events[0]["logid"]));
    })
    .await;
}

#[tokio::test]
async fn documents_and_log_outlive_a_restart() {
    on_each_database(async |database| {
        let billing = Running::start(Billing, &database).await;
        billing.client.post("/documents", document("D1")).await;
        let events = billing.client.events().await;
        billing.stop().await;
        let billing = Running::start(Billing, &database).await;
        assert_eq!(billing.client.get("/documents/D1").await.status, 200);
        assert_eq!(billing.client.events().await, events);
    })
    .await;
}

#[tokio::test]
async fn health_metrics_and_description_are_there() {
    on_each_database(async |database| {
        let client = Running::start(Billing, &database).await;
        let client = &client.client;
        for path in ["/livez", "/readyz", "/metrics"] {
            assert_eq!(client.get(path).await.status, 200, "{path}");
        }
        let description = client.get("/openapi.json").await.body;
        assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
        for path in ["/documents", "/documents/{document_id}", "/commands/void-document", "/events"] {
            assert!(description["paths"][path].is_object(), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_is_named_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let in_a_file = DatabaseUrl::sqlite_file(&folder.path().join("file/billing.db"), "BILLING_DATABASE_URL");
    let unavailable = DatabaseUrl::new("postgres://nobody@127.0.0.1:9/none", "BILLING_DATABASE_URL");
    let nonsense = DatabaseUrl::new("mysql://x/y", "BILLING_DATABASE_URL");
    let in_memory = DatabaseUrl::new("sqlite::memory:", "BILLING_DATABASE_URL");
    for database in [in_a_file, unavailable, nonsense, in_memory] {
        let is_unavailable = format!("{database:?}").contains("postgres");
        let config = Config { addr: "127.0.0.1:0".to_owned(), database, service: Billing };
        let text = format!("{:#}", start(config).await.unwrap_err());
        assert!(text.contains("BILLING_DATABASE_URL") && !text.contains('\n'), "{text}");
        assert!(!is_unavailable || text.contains("Connection refused"), "{text}");
    }
}
