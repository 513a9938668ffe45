//! `GET /voidings`: its filters and its parameters.

use std::collections::BTreeSet;

use crate::start;
use messages::{CustomerId, DocumentId};
use tests::{Env, calls::Voiding, eventually_eq, sample};

/// Two customers: one has a voided and a stuck process, the other an acknowledged and a waiting one.
struct Listed {
    env: Env,
    one: CustomerId,
    other: CustomerId,
    voided: DocumentId,
    stuck: DocumentId,
    acknowledged: DocumentId,
    waiting: DocumentId,
}

impl Listed {
    async fn new() -> Self {
        let env = start().await;
        let (one, other) = (sample::customer_id(), sample::customer_id());
        let issue = async |customer: &CustomerId| {
            let issued = env.billing().issue(&sample::invoice(customer)).await.ok();
            env.await_document_reported(&issued).await;
            issued.document_id
        };
        let (voided, stuck) = (issue(&one).await, issue(&one).await);
        let (acknowledged, waiting) = (issue(&other).await, issue(&other).await);
        let _ = env.reports().publish(&other).await.ok();
        for id in [&voided, &acknowledged, &waiting] {
            let _ = env.api().post_voiding_to_its_end(id).await.ok_as(200);
        }
        let _ = env.acknowledged(&acknowledged).await;
        env.refused_completion(&stuck).await;
        Self { env, one, other, voided, stuck, acknowledged, waiting }
    }

    async fn assert(&self, query: &str, expected: &[&DocumentId]) {
        let expected: BTreeSet<DocumentId> = expected.iter().map(|id| (*id).clone()).collect();
        let probe = async || {
            let items = self.env.api().voidings(query).await.ok().items;
            items.into_iter().map(|voiding: Voiding| voiding.document_id).collect::<BTreeSet<_>>()
        };
        eventually_eq(&format!("the list {query}"), expected, probe).await;
    }
}

#[tokio::test]
async fn the_list_is_narrowed_by_state_customer_incident_and_open() {
    let listed = Listed::new().await;
    let Listed { one, other, voided, stuck, acknowledged, waiting, .. } = &listed;
    listed.assert("", &[voided, stuck, acknowledged, waiting]).await;
    listed.assert("?state=document-voided", &[voided]).await;
    listed.assert("?state=marking-document-as-voided-succeeded", &[stuck]).await;
    listed.assert("?state=marking-document-as-voided-failed", &[waiting]).await;
    listed.assert("?state=failure-acknowledged", &[acknowledged]).await;
    listed.assert("?state=voiding-requested", &[]).await;
    listed.assert(&format!("?customer_id={one}"), &[voided, stuck]).await;
    listed.assert(&format!("?customer_id={other}"), &[acknowledged, waiting]).await;
    listed.assert("?customer_id=nobody", &[]).await;
    listed.assert("?incident=true", &[stuck]).await;
    listed.assert("?incident=false", &[voided, acknowledged, waiting]).await;
    listed.assert("?open=true", &[stuck, waiting]).await;
    listed.assert("?open=false", &[voided, acknowledged]).await;
    listed.assert(&format!("?open=true&incident=false&customer_id={other}"), &[waiting]).await;
    listed.assert("?open=false&state=marking-document-as-voided-failed", &[]).await;
    listed.assert("?unknown=1&open=true", &[stuck, waiting]).await;

    let _ = listed.env.api().retry(stuck).await.ok_as(202);
    assert_eq!(listed.env.temporal().ended_as(stuck).await, "Completed");
    listed.assert("?incident=true", &[]).await;
    listed.assert("?state=document-voided", &[voided, stuck]).await;
    listed.env.assert_consistent().await;
}

#[tokio::test]
async fn a_parameter_that_breaks_its_rule_is_refused_and_named() {
    let env = start().await;
    for id in [env.issue_reported().await.document_id, env.issue_reported().await.document_id] {
        let _ = env.api().post_voiding_to_its_end(&id).await.ok_as(200);
    }
    let probe = async || env.api().voidings("?limit=1").await.ok().next_cursor.is_some();
    eventually_eq("there is a second page", true, probe).await;
    let cursor = env.api().voidings("?limit=1").await.ok().next_cursor.unwrap();
    let of_another_list = format!("cursor={cursor}&open=false");
    for bad in [
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=-1",
        "limit=",
        "limit=1&limit=2",
        "state=voided",
        "state=",
        "state=DOCUMENT-VOIDED",
        "customer_id=a%20b",
        "customer_id=%ff",
        "customer_id=x'%20OR%20'1'='1",
        "incident=yes",
        "incident=1",
        "open=maybe",
        "cursor=x",
        "cursor=",
        &of_another_list,
    ] {
        let problem = env.api().voidings(&format!("?{bad}")).await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (400, "invalid-parameter"), "{bad}");
        let name = bad.split('=').next().unwrap();
        assert!(problem.detail.contains(name), "{bad}: {}", problem.detail);
    }
}
