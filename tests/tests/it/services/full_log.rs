//! The disk of a program's log accepts nothing more. Found by the chaos test: the program ended with a panic.

use std::collections::BTreeMap;

use tests::{Process, Program, binaries, calls::Billing, eventually, free_port, sample};

#[tokio::test]
async fn a_service_whose_log_takes_nothing_more_goes_on() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let environment = [
        ("BILLING_ADDR", format!("127.0.0.1:{port}")),
        ("DATA_DIR", folder.path().display().to_string()),
        // Each step writes lines that get nowhere.
        ("RUST_LOG", "debug".to_owned()),
    ];
    let process = Process::start(&Program {
        supervisor: binaries!().supervisor,
        path: binaries!().billing,
        arguments: Vec::new(),
        environment: BTreeMap::from(environment.map(|(name, value)| (name.to_owned(), value))),
        log: "/dev/full".into(),
    });
    let billing = Billing::new(format!("http://127.0.0.1:{port}"));
    let document = sample::invoice(&sample::customer_id());
    eventually("a document is issued", async || {
        assert_eq!(process.ended(), None);
        billing.issue(&document).await.try_ok().map(drop)
    })
    .await;
    assert_eq!(process.ended(), None);
}
