//! An unfinished check says why, and names no rule as broken.

use std::collections::BTreeMap;

use contract_kit::{Kind, Report, Restart, check};

use crate::services::Services;

/// Checks the address of one service as if it were a service of another kind.
async fn checked(services: &Services, kind: Kind, at: Kind, restart: Option<Restart<'_>>) -> (String, Report) {
    let url = services.proxy(at).await.url();
    let report = check(&BTreeMap::from([(kind, url)]), restart, |_| ()).await.remove(0);
    assert_eq!(report.broken(), [] as [&str; 0], "{report}");
    (report.ended.clone().unwrap(), report)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_address_and_a_restart_that_failed_are_told() {
    let services = Services::start().await;
    // Its log is empty.
    let (why, _) = checked(&services, Kind::Billing, Kind::Accounts, None).await;
    assert!(why.starts_with("is this the address of billing? It answered 404 {"), "{why}");

    let restart: Restart<'_> = Box::pin(async { Err("the command failed".to_owned()) });
    let (why, report) = checked(&services, Kind::Accounts, Kind::Accounts, Some(restart)).await;
    assert_eq!(why, "the command failed");
    assert!(report.to_string().contains("\n  not checked  K20, K21\n"), "{report}");

    let (why, _) = checked(&services, Kind::Billing, Kind::Accounts, None).await;
    assert!(why.ends_with(" is accounts, not billing: the source of its events is /accounts"), "{why}");
}
