//! Billing alone, on one of its databases.

use std::sync::OnceLock;

use serde::Serialize;
use tests::{Component, Env, PostgresServer, binaries};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    #[serde(rename = "SQLite")]
    Sqlite,
    #[serde(rename = "PostgreSQL")]
    Postgres,
}

impl Kind {
    /// Returns the kind with this name; `None` if PostgreSQL is not installed.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "sqlite" => Some(Self::Sqlite),
            "postgres" => server().map(|_| Self::Postgres),
            _ => panic!("BENCH_DATABASES: {name:?} is neither sqlite nor postgres"),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    /// Starts Billing with a fresh database. Reports, which would follow its log, does not run.
    pub(crate) async fn billing(self) -> Env {
        let builder = Env::builder(binaries!()).services_only().direct().later(Component::Reports);
        let builder = match server().filter(|_| self == Self::Postgres) {
            Some(server) => builder.postgres(server),
            None => builder,
        };
        let env = builder.start().await;
        env.ready(Component::Billing).await;
        env
    }
}

fn server() -> Option<&'static PostgresServer> {
    static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
    SERVER.get_or_init(|| PostgresServer::by_default("the bench services")).as_ref()
}

/// Returns the URL of Billing's database.
pub(crate) fn database_url(env: &Env) -> &str {
    env.variable(Component::Billing, "BILLING_DATABASE_URL")
}
