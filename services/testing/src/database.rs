//! Fresh databases: SQLite, and PostgreSQL if it is installed.

use service_kit::DatabaseUrl;
use test_support::PostgresServer;

const VARIABLE: &str = "TEST_DATABASE_URL";

/// Runs a test on a fresh SQLite database, then on a fresh PostgreSQL one. If PostgreSQL is not installed, the second
/// half is skipped, or fails if `CI` is set.
///
/// # Panics
/// Panics if `test` does, or if PostgreSQL does not start.
pub async fn on_each_database(test: impl AsyncFn(DatabaseUrl)) {
    let folder = tempfile::tempdir().unwrap();
    test(DatabaseUrl::sqlite_file(&folder.path().join("some folder/test.db"), VARIABLE)).await;
    // The test harness names each test's thread.
    let thread = std::thread::current();
    let name = format!("{}, on PostgreSQL", thread.name().unwrap_or("a test of a service"));
    if let Some(server) = PostgresServer::shared(&name) {
        test(DatabaseUrl::new(server.create_database(), VARIABLE)).await;
    }
}
