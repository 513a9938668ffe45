//! The kit names the rule that a service breaks, and no other.

use std::{collections::BTreeMap, sync::Arc};

use contract_kit::{Kind, Report, Restart, check};

use crate::{proxy::Spoil, services::Services, spoils};

/// Rows at one time.
const AT_ONE_TIME: usize = 8;

async fn report(services: &Services, (id, kind, spoil): (&str, Kind, Spoil)) -> Report {
    let proxy = services.spoiled(kind, spoil).await;
    let mut urls = BTreeMap::from([(kind, proxy.url())]);
    if matches!(id, "R5" | "R6") {
        urls.insert(Kind::Billing, services.billing());
    }
    let restart = async {
        proxy.set_restarted();
        Ok(())
    };
    let restart: Option<Restart<'_>> = if matches!(id, "K20" | "K21") { Some(Box::pin(restart)) } else { None };
    let mut reports = check(&urls, restart).await;
    let place = reports.iter().position(|report| report.kind == kind).unwrap();
    reports.swap_remove(place)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_rule_that_is_broken_is_named_and_no_other() {
    let services = Services::start().await;
    let turns = Arc::new(tokio::sync::Semaphore::new(AT_ONE_TIME));
    let rows = spoils::all().into_iter().map(|row| {
        let (services, turns) = (Arc::clone(&services), Arc::clone(&turns));
        tokio::spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            (row.0, report(&services, row).await)
        })
    });
    let mut wrong = Vec::new();
    for row in rows.collect::<Vec<_>>() {
        let (id, report) = row.await.unwrap();
        let text = report.to_string();
        if report.broken() != [id] || !text.contains("BROKEN: expected ") || !text.contains("curl -sS 'http://") {
            wrong.push(format!("{id}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_rule_has_a_row() {
    let rows: Vec<_> = spoils::all().into_iter().map(|(id, ..)| id).collect();
    let missing = contract_kit::rules::ALL.iter().filter(|rule| !rows.contains(&rule.id()) && rule.id() != "K10");
    assert_eq!(missing.collect::<Vec<_>>(), [] as [&contract_kit::Rule; 0]);
}
