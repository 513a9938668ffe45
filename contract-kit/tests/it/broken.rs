//! The kit names the rule that a service breaks, and no other.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use contract_kit::{Report, Restart, check};
use test_support::{heavy, load};

use crate::{
    services::Services,
    spoils::{self, Row},
};

/// Number of simultaneous checks.
const AT_ONE_TIME: usize = 4;

/// Checks a service that breaks these rules.
async fn report(services: &Services, rows: &[Row]) -> Report {
    let kind = rows[0].1;
    let proxy = services.spoiled(kind, rows.iter().map(|(_, _, spoil)| *spoil).collect()).await;
    let has = |ids: [&str; 2]| rows.iter().any(|(id, ..)| ids.contains(id));
    let mut urls = BTreeMap::from([(kind, proxy.url())]);
    if has(["R5", "R6"]) {
        urls.insert(contract_kit::Kind::Billing, services.billing());
    }
    let restart = async {
        proxy.set_restarted();
        Ok(())
    };
    let restart: Option<Restart<'_>> = if has(["K20", "K21"]) { Some(Box::pin(restart)) } else { None };
    let mut reports = check(&urls, restart, |_| ()).await;
    let place = reports.iter().position(|report| report.kind == kind).unwrap();
    reports.swap_remove(place)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_rule_that_is_broken_is_named_and_no_other() {
    let _turn = heavy().await;
    let services = Services::start().await;
    let turns = Arc::new(tokio::sync::Semaphore::new(AT_ONE_TIME));
    let alone = || spoils::all().into_iter().map(|row| vec![row]).collect();
    let groups: Vec<_> = if load(true, false) { spoils::groups() } else { alone() };
    let checks = groups.into_iter().map(|rows| {
        let (services, turns) = (Arc::clone(&services), Arc::clone(&turns));
        tokio::spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            let report = report(&services, &rows).await;
            (rows.into_iter().map(|(id, ..)| id).collect::<BTreeSet<_>>(), report)
        })
    });
    let mut wrong = Vec::new();
    for check in checks.collect::<Vec<_>>() {
        let (ids, report) = check.await.unwrap();
        let text = report.to_string();
        if BTreeSet::from_iter(report.broken()) != ids || !is_told(&text) {
            wrong.push(format!("{ids:?}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns whether the text contains the contract's statement, what was sent, what was expected and what came.
fn is_told(text: &str) -> bool {
    let parts =
        ["BROKEN", "    The contract says: ", "    sent:     curl -sS 'http://", "    expected: ", "    got:      "];
    parts.iter().all(|part| text.contains(part))
}

#[test]
fn each_rule_has_a_row() {
    let rows: Vec<_> = spoils::all().into_iter().map(|(id, ..)| id).collect();
    let missing = contract_kit::rules::ALL.iter().filter(|rule| !rows.contains(&rule.id()) && rule.id() != "K10");
    assert_eq!(missing.collect::<Vec<_>>(), [] as [&contract_kit::Rule; 0]);
}
