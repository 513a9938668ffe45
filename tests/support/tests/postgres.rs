//! A separate server through a crash, and what is left of it.

use test_support::PostgresServer;

#[test]
fn a_server_keeps_its_url_over_a_crash_and_goes_with_its_value() {
    let Some(server) = PostgresServer::start("a_server_keeps_its_url_over_a_crash_and_goes_with_its_value") else {
        return;
    };
    let addr = server.url().replace("postgres://postgres@", "").replace("/postgres", "");
    let listens = || std::net::TcpStream::connect(&addr).is_ok();
    assert!(listens());
    let database = server.create_database();
    server.stop();
    assert!(!listens());
    server.start_again();
    assert!(database.contains(&addr) && listens());
    assert_ne!(server.create_database(), database);
    drop(server);
    assert!(!listens());
}
