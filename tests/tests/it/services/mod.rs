//! Billing and Reports over HTTP, each test on SQLite and on PostgreSQL.

mod errors;
mod idempotency;
mod late;
mod log;
mod pages;
mod parallel;
mod races;
mod totals;
mod voiding;

use std::io::Write;

use tests::{Env, PostgresServer, binaries};

/// Makes a test of each named `async fn(&Env)`, once on each database.
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

/// Without PostgreSQL on this machine `test` is passed over, and the run says so.
async fn on_postgres(test: &str) -> Option<Env> {
    let Some(server) = PostgresServer::get(&binaries!()) else {
        // Not eprintln!: what that prints is shown for failed tests only.
        let _ = writeln!(std::io::stderr(), "passed over, as PostgreSQL is not installed: {test}");
        return None;
    };
    Some(Env::builder(binaries!()).services_only().postgres(server).start().await)
}
