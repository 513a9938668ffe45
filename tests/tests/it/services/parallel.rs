//! The same command a hundred times at once.

use std::collections::BTreeSet;

use futures::future::join_all;
use messages::billing::DocumentStatus;
use serde::de::DeserializeOwned;
use tests::{
    Env,
    calls::{Answer, until_answered},
    sample,
};

use super::on_both_databases;

on_both_databases! {
    a_hundred_void_document_commands_open_one_process,
    a_hundred_void_document_commands_with_a_key_each_open_one_process,
    a_hundred_issues_of_one_document_issue_it_once,
    complete_and_abort_at_once_have_one_winner,
    a_hundred_marks_take_the_document_out_once,
    a_hundred_publications_publish_one_report,
}

const MANY: usize = 100;

/// Returns the answers to a command that is sent a hundred times at once.
async fn answers<T: DeserializeOwned>(ask: impl AsyncFn(usize) -> Answer<T>) -> Vec<Answer<T>> {
    let answer = async |number| until_answered(async || ask(number).await).await;
    join_all((0..MANY).map(answer)).await
}

async fn a_hundred_void_document_commands_open_one_process(env: &Env) {
    let id = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok().document_id;
    let billing = env.billing();
    let answers = answers(async |_| billing.void(&id).await).await;
    let processes: BTreeSet<_> = answers.iter().map(|answer| answer.ok_as(202).process_id).collect();
    assert_eq!(processes.len(), 1);
    assert_eq!(billing.log().await.len(), 2, "issued and requested");
}

async fn a_hundred_void_document_commands_with_a_key_each_open_one_process(env: &Env) {
    let id = env.billing().issue(&sample::invoice(&sample::customer_id())).await.ok().document_id;
    let clients: Vec<_> = (0..MANY).map(|_| env.billing().key(sample::unique("key"))).collect();
    let answers = answers(async |number| clients[number].void(&id).await).await;
    let processes: BTreeSet<_> = answers.iter().map(|answer| answer.ok_as(202).process_id).collect();
    assert_eq!(processes.len(), 1);
    assert_eq!(env.billing().log().await.len(), 2, "issued and requested");
}

async fn a_hundred_issues_of_one_document_issue_it_once(env: &Env) {
    let (billing, invoice) = (env.billing(), sample::invoice(&sample::customer_id()));
    let answers = answers(async |_| billing.issue(&invoice).await).await;
    assert_eq!(answers.iter().filter(|answer| answer.status() == 201).count(), 1);
    assert!(answers.iter().all(|answer| answer.ok().document_id == *invoice.document_id.as_ref().unwrap()));
    assert_eq!(billing.log().await.len(), 1);
}

async fn complete_and_abort_at_once_have_one_winner(env: &Env) {
    let billing = env.billing();
    let rounds = (0..20).map(async |_| {
        let id = env.issue(&sample::invoice(&sample::customer_id())).await.document_id;
        let process = until_answered(async || billing.void(&id).await).await.ok().process_id;
        let (complete, abort) = (billing.within(&process, "complete"), billing.within(&process, "abort"));
        let (completed, aborted) = tokio::join!(
            until_answered(async || complete.complete(&id, &process).await),
            until_answered(async || abort.abort(&id, &process).await)
        );
        let document = billing.document(&id).await.ok();
        match document.status {
            DocumentStatus::Voided => {
                assert_eq!(completed.status(), 200);
                assert_eq!(aborted.refusal(), (409, "document-already-voided".to_owned()));
            }
            _ => {
                assert_eq!(aborted.status(), 200);
                assert_eq!(completed.refusal(), (409, "aborted".to_owned()));
                assert_eq!(document.process_id, Some(process));
            }
        }
    });
    join_all(rounds).await;
}

async fn a_hundred_marks_take_the_document_out_once(env: &Env) {
    let document = env.issue_reported().await;
    let process = env.billing().void(&document.document_id).await.ok().process_id;
    let reports = env.reports();
    let marks = answers(async |_| reports.mark(&document.document_id, &document.customer_id, &process).await).await;
    assert!(marks.iter().all(|answer| answer.status() == 200));
    assert_eq!(reports.log().await.len(), 1);
    env.billing().complete(&document.document_id, &process).await.ok();
    env.assert_consistent().await;
}

async fn a_hundred_publications_publish_one_report(env: &Env) {
    let document = env.issue_reported().await;
    let reports = env.reports();
    let answers = answers(async |_| reports.publish(&document.customer_id).await).await;
    let (published, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status() == 200);
    assert_eq!(published.len(), 1);
    assert!(refused.iter().all(|answer| answer.refusal() == (404, "no-open-report".to_owned())));
    assert_eq!(reports.log().await.len(), 1);
    env.assert_consistent().await;
}
