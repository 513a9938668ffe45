//! A service of a few lines: all else comes with the kit.

use sea_orm_migration::MigrationTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use service_kit::{
    Answer, ApiError, Command, CommandHeaders, CommandProblems, ConfigError, Database, Done, Refusal, Service,
};
use service_testing::{Answer as Answered, Client, Running, on_each_database};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Debug, utoipa::OpenApi)]
struct Bells;

impl Service for Bells {
    const NAME: &str = "bells";
    const SOURCE: &str = "/bells";
    const PORT: u16 = 0;

    fn from_env() -> Result<Self, ConfigError> {
        Ok(Self)
    }

    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }

    fn routes() -> OpenApiRouter<Database> {
        OpenApiRouter::new().routes(routes!(ring))
    }
}

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Ring {
    Once,
    Never,
    NeverButRecorded,
}

#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
struct RingBell {
    ring: Ring,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    Asked { ring: Ring },
}

#[derive(Debug, thiserror::Error)]
#[error("the bell is cracked")]
struct Cracked;

impl Refusal for Cracked {
    fn code(&self) -> &'static str {
        "cracked"
    }
}

#[utoipa::path(
    post,
    path = "/commands/ring-bell",
    request_body = RingBell,
    params(CommandHeaders),
    responses((status = 200, body = RingBell), (status = 409, description = "cracked"), CommandProblems),
)]
async fn ring(command: Command<RingBell>) -> Result<Answer<RingBell>, ApiError> {
    let answer = command.run("ring-bell", async |tx, RingBell { ring }| match ring {
        Ring::Once => {
            tx.record("bell", &Event::Asked { ring: Ring::Once })?;
            Ok(Done::ok(RingBell { ring }))
        }
        Ring::Never => {
            tx.record("bell", &Event::Asked { ring })?;
            Err(Cracked.into())
        }
        Ring::NeverButRecorded => {
            tx.record("bell", &Event::Asked { ring })?;
            Ok(Done::Refused(Cracked.into()))
        }
    });
    answer.await
}

async fn send(client: &Client, key: &str, ring: &str) -> Answered {
    let headers = [("idempotency-key", key), ("x-correlation-id", "process")];
    client.post_with("/commands/ring-bell", &headers, json!({"ring": ring})).await
}

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
        for status in ["409", "422"] {
            assert_eq!(ring["responses"][status]["content"]["application/problem+json"], problem, "{status}");
        }
        assert_eq!(ring["responses"]["422"]["description"], "invalid-body, idempotency-key-reused");
        assert!(described["components"]["schemas"]["Problem"].is_object());
        assert!(described["paths"]["/events"]["get"].is_object());
    })
    .await;
}
