//! Billing and Reports over HTTP, each test on SQLite and on PostgreSQL.

mod errors;
mod full_log;
mod idempotency;
mod late;
mod log;
mod pages;
mod parallel;
mod races;
mod totals;
mod voiding;

use tests::{Env, PostgresServer, binaries};

/// Makes tests from each named `async fn(&Env)`, one for each database.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&crate::services::on_sqlite().await).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(env) = crate::services::on_postgres(concat!(module_path!(), "::", stringify!($name))).await {
                    super::$name(&env).await;
                }
            })+
        }
    };
}
use on_both_databases;

async fn on_sqlite() -> Env {
    Env::builder(binaries!()).services_only().start().await
}

/// Starts the services on PostgreSQL. Returns `None` if it is not installed: `test` is then skipped.
async fn on_postgres(test: &str) -> Option<Env> {
    let server = PostgresServer::shared(test)?;
    Some(Env::builder(binaries!()).services_only().postgres(server).start().await)
}
