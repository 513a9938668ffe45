//! Fresh databases for tests: SQLite, and PostgreSQL as well when `TEST_POSTGRES_URL` names a server on which databases
//! may be made.

use sea_orm::ConnectionTrait;
use service_kit::DatabaseUrl;

/// Runs a test on a fresh database of each kind that there is.
pub(crate) async fn on_each_database(test: impl AsyncFn(DatabaseUrl)) {
    let folder = tempfile::tempdir().unwrap();
    test(DatabaseUrl::sqlite_file(&folder.path().join("some folder/test.db"), "TEST_DATABASE_URL")).await;
    if let Ok(server) = std::env::var("TEST_POSTGRES_URL") {
        test(fresh_postgres(&server).await).await;
    }
}

async fn fresh_postgres(server: &str) -> DatabaseUrl {
    let name = format!("test_{}", service_kit::new_id().replace('-', ""));
    let connection = sea_orm::Database::connect(server).await.unwrap();
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    connection.close().await.unwrap();
    let mut url: url::Url = server.parse().unwrap();
    url.set_path(&name);
    DatabaseUrl::new(url.as_str(), "TEST_DATABASE_URL")
}
