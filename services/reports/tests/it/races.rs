//! Commands and events that meet: on PostgreSQL in many interleavings, on SQLite one after the other.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use service_testing::on_each_database;

use crate::{billing::BillingLog, listed, mark, publish, reports_with, start, total, unmark};

const ROUNDS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_publishing_and_marking_at_once_one_wins() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = [start(&billing, &database).await, start(&billing, &database).await];
        let [one, other] = &reports;
        for n in 0..ROUNDS {
            let (customer, document) = (format!("c{n}"), format!("D{n}"));
            billing.issue(&document, &customer);
            reports_with(&one.client, &customer, 1).await;
            let (marked, published) =
                tokio::join!(mark(&one.client, &document, "P"), publish(&other.client, &customer));
            assert_eq!(published.status, 200);
            let expected = match marked.outcome() {
                (200, _) => ("none", format!("-{document}")),
                (409, "report-published") => ("10.00", document),
                other => panic!("{other:?}"),
            };
            assert_eq!((total(&published.body), listed(&published.body).remove(0)), expected);
            assert_eq!(reports_with(&one.client, &customer, 1).await, [published.body]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_marking_and_issuing_at_once_both_count() {
    on_each_database(async |database| {
        let billing = BillingLog::start().await;
        let reports = start(&billing, &database).await;
        let client = &reports.client;
        for n in 0..ROUNDS {
            let document = format!("D{n}");
            billing.issue(&document, "c");
            let (first, second) = tokio::join!(mark(client, &document, "P"), mark(client, &document, "P"));
            assert_eq!((first.status, second.status), (200, 200));
        }
        let report = reports_with(client, "c", ROUNDS).await.remove(0);
        assert_eq!(total(&report), "none");
        assert!(listed(&report).iter().all(|document| document.starts_with('-')));
        assert_eq!(client.events().await.len(), ROUNDS);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_reports_are_published_each_document_gets_into_one() {
    on_each_database(async |database| {
        const DOCUMENTS: usize = 400;
        let billing = BillingLog::start().await;
        let instances = [start(&billing, &database).await, start(&billing, &database).await];
        let client = &instances[0].client;
        for n in 0..DOCUMENTS {
            billing.issue(&format!("D{n}"), "c");
        }
        let publishing = async {
            let mut published: Vec<Value> = Vec::new();
            while distinct_documents(&published) < DOCUMENTS {
                let (first, second) =
                    tokio::join!(publish(&instances[0].client, "c"), publish(&instances[1].client, "c"));
                for answer in [first, second] {
                    match answer.outcome() {
                        (200, _) => published.push(answer.body),
                        (404, "no-open-report") => (),
                        other => panic!("{other:?}"),
                    }
                }
            }
            published
        };
        let voiding = async {
            for n in (0..DOCUMENTS).step_by(10) {
                let document = format!("D{n}");
                if mark(client, &document, "P").await.status == 200 && n % 20 == 0 {
                    assert_eq!(unmark(client, &document, "P").await.status, 200);
                }
            }
        };
        let (mut published, ()) = tokio::join!(publishing, voiding);
        while let (200, body) = {
            let answer = publish(client, "c").await;
            (answer.status, answer.body)
        } {
            published.push(body);
        }
        published.sort_by_key(|report| report["number"].as_i64());
        let shown = reports_with(client, "c", DOCUMENTS).await;
        assert_eq!(shown, published);
        let numbers: Vec<i64> = shown.iter().filter_map(|report| report["number"].as_i64()).collect();
        let expected: Vec<i64> = (1..).take(shown.len()).collect();
        assert_eq!(numbers, expected);
        check_sums(&shown, DOCUMENTS);
    })
    .await;
}

/// Counts documents once. A document that is unmarked after its report was published is in two reports.
fn distinct_documents(reports: &[Value]) -> usize {
    let listed = reports.iter().flat_map(listed);
    listed.map(|document| document.trim_start_matches('-').to_owned()).collect::<HashSet<_>>().len()
}

/// Checks that each total is the sum of its documents, and that each document counts at most once over all reports.
fn check_sums(reports: &[Value], documents: usize) {
    let mut counted: HashMap<String, usize> = HashMap::new();
    for report in reports {
        let not_voided: Vec<String> = listed(report).into_iter().filter(|id| !id.starts_with('-')).collect();
        let expected = if not_voided.is_empty() { "none".to_owned() } else { format!("{}.00", not_voided.len() * 10) };
        assert_eq!(total(report), expected);
        for document in not_voided {
            *counted.entry(document).or_default() += 1;
        }
    }
    assert!(counted.values().all(|times| *times == 1));
    for n in (0..documents).filter(|n| n % 10 != 0) {
        assert!(counted.contains_key(&format!("D{n}")), "D{n} counts nowhere");
    }
}
