//! The proxy treats calls as networks and processes do.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Fault, FaultProxy, calls::Target};

/// A chain of two proxies: the second one answers, and counts the requests that reach it.
struct Chain {
    back: FaultProxy,
    front: FaultProxy,
}

impl Chain {
    fn new() -> Self {
        let back = FaultProxy::start("http://127.0.0.1:1");
        let body = json!({"fine": true}).to_string();
        back.fault("/", Fault::Answer { status: 200, content_type: "application/json".to_owned(), body });
        let front = FaultProxy::start(back.url());
        Self { back, front }
    }

    fn target(&self) -> Target {
        Target::new(self.front.url())
    }

    fn carried_out(&self) -> usize {
        self.back.requests().len()
    }
}

#[tokio::test]
async fn a_request_and_its_answer_pass_through_and_are_recorded() {
    let chain = Chain::new();
    let target = chain.target().header("idempotency-key", "k");
    assert_eq!(target.post::<Value>("/a?b=c", &json!({"n": 1})).await.ok(), json!({"fine": true}));
    for proxy in [&chain.front, &chain.back] {
        let [request] = &proxy.requests()[..] else { panic!("one request") };
        assert_eq!((request.method.as_str(), request.path.as_str(), request.status), ("POST", "/a?b=c", Some(200)));
        assert_eq!((request.header("idempotency-key"), request.json()), (Some("k"), json!({"n": 1})));
    }
}

#[tokio::test]
async fn a_number_of_requests_is_answered_with_a_problem_and_not_passed_on() {
    let chain = Chain::new();
    chain.front.refuse_times(2, "/a", 409, "no");
    let target = chain.target();
    assert_eq!(target.get::<Value>("/b").await.status(), 200);
    for _ in 0..2 {
        assert_eq!(target.get::<Value>("/a").await.refusal(), (409, "no".to_owned()));
    }
    assert_eq!(target.get::<Value>("/a").await.status(), 200);
    assert_eq!(chain.carried_out(), 2);
}

#[tokio::test]
async fn a_lost_answer_was_carried_out() {
    let chain = Chain::new();
    chain.front.fault_times(1, "/a", Fault::LoseAnswer);
    let failed = chain.target().get::<Value>("/a").await.failed();
    assert!(failed.0.contains("reset") || failed.0.contains("closed"), "{failed}");
    assert_eq!(chain.carried_out(), 1);
}

#[tokio::test]
async fn a_duplicate_reaches_the_service_twice() {
    let chain = Chain::new();
    chain.front.fault_times(1, "/a", Fault::Duplicate);
    assert_eq!(chain.target().get::<Value>("/a").await.status(), 200);
    assert_eq!(chain.carried_out(), 2);
}

#[tokio::test]
async fn a_held_request_goes_on_when_its_gate_opens() {
    let chain = Chain::new();
    let (before, after) = (chain.front.hold("/a"), chain.front.hold_answer("/b"));
    let target = chain.target();
    let calls = async { tokio::join!(target.get::<Value>("/a"), target.get::<Value>("/b")) };
    let test = async {
        before.held().await;
        after.held().await;
        assert_eq!(chain.back.requests().iter().map(|r| r.path.as_str()).collect::<Vec<_>>(), ["/b"]);
        before.open();
        after.open();
    };
    let ((one, other), ()) = tokio::join!(calls, test);
    assert_eq!((one.status(), other.status()), (200, 200));
}

#[tokio::test]
async fn a_hanging_service_answers_other_requests() {
    let chain = Chain::new();
    chain.front.fault("/a", Fault::Hang);
    let target = chain.target();
    let hanging = tokio::time::timeout(Duration::from_millis(200), target.get::<Value>("/a"));
    let (hanging, other) = tokio::join!(hanging, target.get::<Value>("/b"));
    assert!(hanging.is_err());
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn a_service_that_is_down_refuses_until_it_is_up() {
    let chain = Chain::new();
    let target = chain.target();
    for _ in 0..3 {
        chain.front.down().await;
        assert!(target.get::<Value>("/a").await.failed().0.contains("refused"));
        chain.front.up();
        assert_eq!(target.get::<Value>("/a").await.status(), 200);
    }
}

#[tokio::test]
async fn the_newest_fault_applies_and_healing_takes_all_away() {
    let chain = Chain::new();
    chain.front.fault("/", Fault::status(500));
    chain.front.fault_times(1, "/a", Fault::status(404));
    let target = chain.target();
    assert_eq!(target.get::<Value>("/a").await.status(), 404);
    assert_eq!(target.get::<Value>("/a").await.status(), 500);
    chain.front.heal();
    assert_eq!(target.get::<Value>("/a").await.status(), 200);
}
