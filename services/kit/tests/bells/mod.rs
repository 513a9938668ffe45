//! A service of a few lines.

use sea_orm_migration::MigrationTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use service_kit::{
    Answer, ApiError, Command, CommandHeaders, CommandProblems, ConfigError, Database, Done, Refusal, Service,
};
use service_testing::{Answer as Answered, Client};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(Debug, utoipa::OpenApi)]
pub(crate) struct Bells;

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

pub(crate) async fn send(client: &Client, key: &str, ring: &str) -> Answered {
    let headers = [("idempotency-key", key), ("x-correlation-id", "process")];
    client.post_once("/commands/ring-bell", &headers, &json!({"ring": ring})).await
}
