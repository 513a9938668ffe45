//! A service of a few lines: everything else comes with the kit.

mod bells;

use sea_orm::ConnectionTrait;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use serde_json::json;
use service_kit::Database;
use service_testing::{Running, on_each_database};
use test_support::eventually_eq;

use bells::{Bells, send};

#[tokio::test]
async fn a_command_takes_effect_once_for_its_key() {
    on_each_database(async |database| {
        let bells = Running::start(Bells, &database).await;
        let client = &bells.client;
        let first = send(client, "k", "once").await;
        let repeated = send(client, "k", "once").await;
        assert_eq!((first.status, &first.body), (200, &json!({"ring": "once"})));
        assert_eq!((repeated.status, &repeated.body), (200, &first.body));
        assert_eq!(send(client, "k", "never").await.outcome(), (422, "idempotency-key-reused"));
        let events = client.events().await;
        assert_eq!(events.len(), 1);
        let told = (&events[0]["source"], &events[0]["correlationid"], &events[0]["causationid"], &events[0]["data"]);
        assert_eq!(told, (&json!("/bells"), &json!("process"), &json!("k"), &json!({"ring": "once"})));
    })
    .await;
}

#[tokio::test]
async fn a_refusal_keeps_no_key_and_its_event_only_on_request() {
    on_each_database(async |database| {
        let bells = Running::start(Bells, &database).await;
        let client = &bells.client;
        assert_eq!(send(client, "k", "never").await.outcome(), (409, "cracked"));
        assert!(client.events().await.is_empty());
        assert_eq!(send(client, "k", "never-but-recorded").await.outcome(), (409, "cracked"));
        assert_eq!(send(client, "k", "once").await.status, 200);
        let events = client.events().await;
        let rings: Vec<_> = events.iter().map(|event| event["data"]["ring"].as_str().unwrap()).collect();
        assert_eq!(rings, ["never-but-recorded", "once"]);
    })
    .await;
}

struct Nothing;

impl MigratorTrait for Nothing {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }

    fn migration_table_name() -> sea_orm::DynIden {
        "other_migrations".into()
    }
}

#[tokio::test]
async fn an_old_key_is_forgotten_while_the_service_runs() {
    on_each_database(async |database| {
        let bells = Running::start(Bells, &database).await;
        for key in ["old", "young"] {
            assert_eq!(send(&bells.client, key, "once").await.status, 200);
        }
        bells.stop().await;
        let transaction = Database::open::<Nothing>(&database).await.unwrap().begin().await.unwrap();
        let aged = "UPDATE idempotency_keys SET created_at = '2020-01-01 00:00:00+00:00' WHERE key = 'old'";
        transaction.execute_unprepared(aged).await.unwrap();
        transaction.commit().await.unwrap();
        let bells = Running::start(Bells, &database).await;
        let outcome = async |key: &str| {
            let answer = send(&bells.client, key, "never").await;
            answer.body["code"].as_str().map(str::to_owned)
        };
        eventually_eq("the old key is free", Some("cracked".to_owned()), async || outcome("old").await).await;
        assert_eq!(outcome("young").await.as_deref(), Some("idempotency-key-reused"));
    })
    .await;
}

#[tokio::test]
async fn its_description_has_headers_problems_and_the_log() {
    on_each_database(async |database| {
        let bells = Running::start(Bells, &database).await;
        assert_eq!(bells.client.get("/readyz").await.status, 200);
        let described = bells.client.get("/openapi.json").await.body;
        let ring = &described["paths"]["/commands/ring-bell"]["post"];
        let headers: Vec<_> =
            ring["parameters"].as_array().unwrap().iter().map(|header| header["name"].as_str().unwrap()).collect();
        assert_eq!(headers, ["idempotency-key", "x-correlation-id", "x-causation-id"]);
        let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
        for header in ring["parameters"].as_array().unwrap() {
            assert_eq!(header["schema"]["pattern"], "^[!-~]{1,255}$", "{header}");
        }
        for status in ["400", "403", "408", "409", "413", "415", "421", "422", "503", "504"] {
            assert_eq!(ring["responses"][status]["content"]["application/problem+json"], problem, "{status}");
        }
        assert_eq!(ring["responses"]["422"]["description"], "invalid-body, idempotency-key-reused");
        assert!(described["components"]["schemas"]["Problem"].is_object());
        assert!(described["paths"]["/events"]["get"].is_object());
    })
    .await;
}
