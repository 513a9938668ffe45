//! The run's PostgreSQL server.

use tests::PostgresServer;

#[test]
fn each_database_is_a_new_one() {
    let Some(server) = PostgresServer::shared("harness::postgres::each_database_is_a_new_one") else {
        return;
    };
    let (one, other) = (server.create_database(), server.create_database());
    assert_ne!(one, other);
    assert!(one.starts_with("postgres://postgres@127.0.0.1:"), "{one}");
}
