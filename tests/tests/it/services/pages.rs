//! Lists, page by page.

use std::collections::BTreeSet;

use messages::{CustomerId, DocumentId, billing::Document};
use tests::{Env, sample};

use super::on_both_databases;

on_both_databases! {
    pages_hold_each_document_once_and_newest_first,
    documents_issued_meanwhile_do_not_shift_the_pages,
    lists_are_filtered,
    the_last_page_has_no_cursor,
    reports_are_listed_newest_first_and_page_by_page,
}

async fn issue(env: &Env, customer: &CustomerId, count: usize) -> Vec<DocumentId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(env.billing().issue(&sample::invoice(customer)).await.ok().document_id);
    }
    ids
}

async fn pages(env: &Env, customer: &CustomerId, limit: usize) -> Vec<Vec<Document>> {
    let mut pages = Vec::new();
    let mut query = format!("?customer_id={customer}&limit={limit}");
    loop {
        let page = env.billing().documents(&query).await.ok();
        pages.push(page.items);
        match page.next_cursor {
            Some(cursor) => query = format!("?customer_id={customer}&limit={limit}&cursor={cursor}"),
            None => return pages,
        }
    }
}

async fn pages_hold_each_document_once_and_newest_first(env: &Env) {
    let customer = sample::customer_id();
    let mut issued = issue(env, &customer, 7).await;
    issued.reverse();
    for limit in [1, 2, 3, 7, 200] {
        let pages = pages(env, &customer, limit).await;
        let ids: Vec<_> = pages.iter().flatten().map(|document| document.document_id.clone()).collect();
        assert_eq!(ids, issued, "limit {limit}");
        assert!(pages.iter().all(|page| page.len() <= limit), "limit {limit}");
    }
}

async fn documents_issued_meanwhile_do_not_shift_the_pages(env: &Env) {
    let customer = sample::customer_id();
    let issued: BTreeSet<_> = issue(env, &customer, 4).await.into_iter().collect();
    let first = env.billing().documents(&format!("?customer_id={customer}&limit=2")).await.ok();
    issue(env, &customer, 3).await;
    let cursor = first.next_cursor.unwrap();
    let second = env.billing().documents(&format!("?customer_id={customer}&limit=2&cursor={cursor}")).await.ok();
    let seen: BTreeSet<_> = first.items.into_iter().chain(second.items).map(|document| document.document_id).collect();
    assert_eq!(seen, issued);
}

async fn lists_are_filtered(env: &Env) {
    let customer = sample::customer_id();
    let ids = issue(env, &customer, 3).await;
    issue(env, &sample::customer_id(), 1).await;
    let voided = env.billing().void(&ids[0]).await.ok().process_id;
    env.billing().complete(&ids[0], &voided).await.ok();
    env.billing().void(&ids[1]).await.ok();
    let aborted = env.billing().void(&ids[2]).await.ok().process_id;
    env.billing().abort(&ids[2], &aborted).await.ok();
    for (filter, expected) in [
        ("status=voided", vec![&ids[0]]),
        ("status=voiding-requested", vec![&ids[1]]),
        ("status=issued", vec![&ids[2]]),
        ("process=open", vec![&ids[2], &ids[1]]),
        ("process=open&status=issued", vec![&ids[2]]),
        ("unknown=x", vec![&ids[2], &ids[1], &ids[0]]),
    ] {
        let items = env.billing().documents(&format!("?customer_id={customer}&{filter}")).await.ok().items;
        assert_eq!(items.iter().map(|document| &document.document_id).collect::<Vec<_>>(), expected, "{filter}");
        for item in items {
            assert_eq!(env.billing().document(&item.document_id).await.ok(), item, "as the single one");
        }
    }
}

async fn the_last_page_has_no_cursor(env: &Env) {
    let customer = sample::customer_id();
    let empty = env.billing().documents(&format!("?customer_id={customer}")).await;
    assert_eq!(empty.text(), r#"{"items":[],"next_cursor":null}"#);
    issue(env, &customer, 2).await;
    assert_eq!(env.billing().documents(&format!("?customer_id={customer}&limit=2")).await.ok().next_cursor, None);
    assert!(env.billing().documents(&format!("?customer_id={customer}&limit=1")).await.ok().next_cursor.is_some());
}

async fn reports_are_listed_newest_first_and_page_by_page(env: &Env) {
    let customer = sample::customer_id();
    for _ in 0..3 {
        let document = env.billing().issue(&sample::invoice(&customer)).await.ok();
        env.await_document_reported(&document).await;
        env.reports().publish(&customer).await.ok();
    }
    let document = env.billing().issue(&sample::invoice(&customer)).await.ok();
    env.await_document_reported(&document).await;
    let all = env.reports().reports(&format!("?customer_id={customer}")).await.ok().items;
    assert_eq!(all.iter().map(|report| report.number).collect::<Vec<_>>(), [4, 3, 2, 1]);
    let published = env.reports().reports(&format!("?customer_id={customer}&status=published")).await.ok().items;
    assert_eq!(published, all[1..]);
    let open = env.reports().reports(&format!("?customer_id={customer}&status=open")).await.ok().items;
    assert_eq!(open, all[..1]);
    let first = env.reports().reports(&format!("?customer_id={customer}&limit=3")).await.ok();
    assert_eq!(first.items, all[..3]);
    let cursor = first.next_cursor.unwrap();
    let second = env.reports().reports(&format!("?customer_id={customer}&limit=3&cursor={cursor}")).await.ok();
    assert_eq!((second.items, second.next_cursor), (all[3..].to_vec(), None));
    assert_eq!(env.reports().report(&all[3].report_id).await.ok(), all[3]);
}
