//! The api's routes for credit changes: each answer, including those to unusable requests.

use messages::{
    CustomerId, Page,
    contracts::{CreditRating, Customer},
};
use serde_json::{Value, json};
use tests::{
    Component, Env, Fault, Link, binaries,
    calls::{Answer, Target},
    eventually, sample,
};

/// Starts a whole system with Contracts, in which a confirmation is overdue after this time.
async fn start(confirm_within: &str) -> Env {
    Env::builder(binaries!())
        .contracts()
        .variable(Component::Worker, "REMIND_EVERY", "30d")
        .variable(Component::Worker, "CONFIRM_WITHIN", confirm_within)
        .start()
        .await
}

fn path(customer: &CustomerId) -> String {
    format!("/credit-changes/{customer}")
}

async fn post_change(env: &Env, customer: &CustomerId, rating: &str) -> Answer<Value> {
    env.api().raw().post("/credit-changes", &json!({"customer_id": customer, "credit_rating": rating})).await
}

async fn steer(env: &Env, customer: &CustomerId, name: &str, body: &Value) -> Answer<Value> {
    env.api().raw().post(&format!("{}/{name}", path(customer)), body).await
}

/// Waits until the credit change is as wanted.
async fn shown(env: &Env, customer: &CustomerId, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        let shown = env.api().raw().get::<Value>(&path(customer)).await.try_ok()?;
        if wanted(&shown) { Ok(shown) } else { Err(shown.to_string()) }
    })
    .await
}

/// Returns all contracts of the credit change, read in pages of `limit`.
async fn contracts(env: &Env, customer: &CustomerId, query: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut from) = (Vec::new(), String::new());
    loop {
        let path = format!("{}/contracts?limit={limit}{query}{from}", path(customer));
        let page: Page<Value> = env.api().raw().get(&path).await.ok();
        assert!(page.items.len() <= limit);
        items.extend(page.items);
        let Some(cursor) = page.next_cursor else { return items };
        from = format!("&cursor={cursor}");
    }
}

async fn ids(env: &Env, customer: &CustomerId, query: &str, limit: usize) -> Vec<Value> {
    contracts(env, customer, query, limit).await.into_iter().map(|item| item["contract_id"].clone()).collect()
}

fn numbers(shown: &Value) -> Value {
    let names = ["total", "revoked", "refused", "confirmed", "terminated", "reinstated", "missing"];
    names.iter().map(|name| shown[name].clone()).collect()
}

#[tokio::test]
async fn a_rating_is_changed_and_the_contracts_are_told_by_where_they_are() {
    let env = start("30d").await;
    let (customer, own) = env.customer_with_contracts(4).await;
    let accepted = post_change(&env, &customer, "B").await;
    assert_eq!(accepted.header("location"), Some(path(&customer)));
    let accepted = accepted.ok_as(202);
    assert_eq!((&accepted["customer_id"], &accepted["credit_rating"]), (&json!(customer), &json!("B")));
    assert_eq!(accepted["links"]["self"], path(&customer));

    let revoked = shown(&env, &customer, "revoked", |it| it["state"] == "awaiting-confirmations").await;
    assert_eq!(numbers(&revoked), json!([4, 4, 0, 0, 0, 0, 4]), "{revoked}");
    assert_eq!(revoked["served"], json!([accepted["credit_change_id"]]));
    assert_eq!(revoked["links"]["cancel"], format!("{}/cancel", path(&customer)));
    let _ = env.contracts().sign(&own[1]).await.ok();
    env.sign_and_confirm(&own[2]).await;
    let _ = env.contracts().terminate(&own[3]).await.ok();
    let told = shown(&env, &customer, "signed", |_| true).await;
    assert_eq!(numbers(&told), json!([4, 4, 0, 1, 1, 0, 2]), "{told}");
    for (status, expected) in [("pending", 0), ("signed", 1), ("confirmed", 2), ("terminated", 3)] {
        let found = contracts(&env, &customer, &format!("&status={status}"), 50).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["contract_id"], &found[0]["status"]), (&json!(own[expected]), &json!(status)));
        assert!(found[0]["revoked_at"].is_string(), "{found:?}");
    }
    for status in ["reinstated", "refused", "overdue"] {
        assert!(contracts(&env, &customer, &format!("&status={status}"), 50).await.is_empty());
    }
    assert_eq!(ids(&env, &customer, "", 3).await.len(), 4);

    let _ = steer(&env, &customer, "cancel", &json!({})).await.ok_as(202);
    let ended = shown(&env, &customer, "cancelled", |it| it["state"] == "cancelled").await;
    assert_eq!(numbers(&ended), json!([4, 4, 0, 1, 1, 2, 0]), "{ended}");
    assert_eq!((&ended["links"]["cancel"], &ended["served"]), (&Value::Null, &revoked["served"]));
    assert_eq!(ids(&env, &customer, "&status=reinstated", 1).await.len(), 2);
    for name in ["pause", "resume", "retry", "cancel"] {
        assert_eq!(steer(&env, &customer, name, &json!({})).await.refusal(), (409, "not-running".to_owned()));
    }
    for (query, expected) in [("", true), ("?open=false", true), ("?open=true", false), ("?incident=true", false)] {
        eventually(query, async || {
            let page: Page<Value> = env.api().raw().get(&format!("/credit-changes{query}")).await.try_ok()?;
            let found = page.items.iter().any(|item| item["customer_id"] == customer.as_str());
            if found == expected { Ok(()) } else { Err(format!("{:?}", page.items)) }
        })
        .await;
    }
}

#[tokio::test]
async fn a_batch_is_paused_resumed_and_has_other_limits() {
    let env = start("30d").await;
    let (customer, _) = env.customer_with_contracts(3).await;
    let proxy = env.proxy(Link::WorkerToContracts);
    proxy.fault("/commands/revoke-", Fault::status(503));
    let _ = post_change(&env, &customer, "B").await.ok_as(202);
    let begun = shown(&env, &customer, "its batch runs", |it| it["limits"].is_object()).await;
    assert_eq!(numbers(&begun), json!([3, 0, 0, 0, 0, 0, 0]), "{begun}");
    let limits = json!({"in_flight": 3, "per_second": 5.0, "tolerated": "50%"});
    let _ = steer(&env, &customer, "limits", &limits).await.ok_as(202);
    shown(&env, &customer, "other limits", |it| it["limits"] == limits).await;
    let _ = steer(&env, &customer, "pause", &json!({})).await.ok_as(202);
    shown(&env, &customer, "paused", |it| it["is_paused"] == true).await;
    assert_eq!(steer(&env, &customer, "retry", &json!({})).await.refusal(), (409, "nothing-to-retry".to_owned()));
    proxy.heal();
    let _ = steer(&env, &customer, "resume", &json!({})).await.ok_as(202);
    let revoked = shown(&env, &customer, "revoked", |it| it["state"] == "awaiting-confirmations").await;
    assert_eq!(numbers(&revoked), json!([3, 3, 0, 0, 0, 0, 3]), "{revoked}");
    assert_eq!((&revoked["limits"], &revoked["is_paused"]), (&Value::Null, &json!(false)));
    assert_eq!(steer(&env, &customer, "pause", &json!({})).await.refusal(), (409, "not-running".to_owned()));
    let _ = steer(&env, &customer, "cancel", &json!({})).await.ok_as(202);
    shown(&env, &customer, "cancelled", |it| it["state"] == "cancelled").await;
}

#[tokio::test]
async fn what_was_refused_is_listed_with_its_reason_and_retried() {
    let env = start("30d").await;
    let (customer, own) = env.customer_with_contracts(3).await;
    let proxy = env.proxy(Link::WorkerToContracts);
    for id in &own[..2] {
        proxy.about(id).fault("/commands/revoke-", Fault::problem(409, "contract-in-dispute"));
    }
    let _ = post_change(&env, &customer, "B").await.ok_as(202);
    // The batch reports that it is paused before its process knows of it.
    shown(&env, &customer, "paused", |it| {
        it["refused"] == 2 && it["is_paused"] == true && it["incident"]["code"] == "batch-paused"
    })
    .await;
    let refused = contracts(&env, &customer, "&status=refused", 1).await;
    assert_eq!(refused.len(), 2, "{refused:?}");
    for item in &refused {
        assert!(own[..2].iter().any(|id| item["contract_id"] == id.as_str()), "{item}");
        assert_eq!((&item["status"], &item["code"]), (&json!("refused"), &json!("contract-in-dispute")));
    }
    eventually("listed as an incident", async || {
        let page: Page<Value> = env.api().raw().get("/credit-changes?incident=true&open=true").await.try_ok()?;
        page.items.iter().find(|item| item["customer_id"] == customer.as_str()).map(|_| ()).ok_or("not yet".to_owned())
    })
    .await;
    proxy.heal();
    let _ = steer(&env, &customer, "retry", &json!({})).await.ok_as(202);
    let revoked = shown(&env, &customer, "revoked", |it| it["state"] == "awaiting-confirmations").await;
    assert_eq!(numbers(&revoked), json!([3, 3, 0, 0, 0, 0, 3]), "{revoked}");
    assert_eq!(revoked["incident"], Value::Null);
    assert!(contracts(&env, &customer, "&status=refused", 50).await.is_empty());
}

#[tokio::test]
async fn contracts_whose_deadline_has_passed_are_counted_and_listed_by_cursor() {
    let env = start("1s").await;
    let (customer, own) = env.customer_with_contracts(3).await;
    let _ = post_change(&env, &customer, "B").await.ok_as(202);
    shown(&env, &customer, "overdue", |it| it["overdue"] == 3 && it["missing"] == 3).await;
    let mut overdue = ids(&env, &customer, "&status=overdue", 1).await;
    overdue.sort_by_key(Value::to_string);
    let mut expected: Vec<_> = own.iter().map(|id| json!(id)).collect();
    expected.sort_by_key(Value::to_string);
    assert_eq!(overdue, expected);
    let listed = contracts(&env, &customer, "&status=overdue", 50).await;
    assert!(listed.iter().all(|item| item["due_at"].is_string() && item["status"] == "pending"), "{listed:?}");
    for id in &own {
        env.sign_and_confirm(id).await;
    }
    shown(&env, &customer, "none is overdue", |it| it["overdue"] == 0 && it["confirmed"] == 3).await;
}

#[tokio::test]
async fn a_change_is_told_before_its_process_has_begun_and_while_no_worker_runs() {
    let env = start("30d").await;
    let (customer, own) = env.customer_with_contracts(2).await;
    env.kill(Component::Worker).await;
    let first = post_change(&env, &customer, "B").await.ok_as(202)["credit_change_id"].clone();
    let requested = env.api().raw().get::<Value>(&path(&customer)).await.ok();
    assert_eq!((&requested["state"], &requested["credit_change_id"]), (&json!("revoking"), &first));
    assert_eq!(numbers(&requested), json!([2, 0, 0, 0, 0, 0, 0]), "{requested}");
    assert_eq!(steer(&env, &customer, "cancel", &json!({})).await.refusal(), (409, "not-running".to_owned()));
    env.start(Component::Worker).await;
    shown(&env, &customer, "revoked", |it| it["state"] == "awaiting-confirmations").await;
    env.kill(Component::Worker).await;
    let alone = env.api().raw().get::<Value>(&path(&customer)).await.ok();
    assert_eq!((&alone["state"], &alone["served"]), (&Value::Null, &json!([first])), "{alone}");
    assert_eq!(numbers(&alone), json!([2, 2, 0, 0, 0, 0, 2]), "{alone}");
    for id in &own {
        env.sign_and_confirm(id).await;
    }
    env.start(Component::Worker).await;
    shown(&env, &customer, "completed", |it| it["state"] == "completed").await;
    // The next change is shown at once instead of the ended one.
    env.kill(Component::Worker).await;
    let second = post_change(&env, &customer, "C").await.ok_as(202);
    assert_eq!((&second["state"], &second["served"]), (&json!("revoking"), &json!([second["credit_change_id"]])));
}

#[tokio::test]
async fn requests_that_cannot_be_used_are_told_why_and_change_nothing() {
    let env = start("30d").await;
    let (customer, _) = env.customer_with_contracts(1).await;
    let unknown = sample::customer_id();
    assert_eq!(post_change(&env, &unknown, "B").await.refusal(), (404, "customer-not-found".to_owned()));
    assert_eq!(post_change(&env, &customer, "A").await.refusal(), (409, "credit-rating-unchanged".to_owned()));
    for body in
        [json!({}), json!({"customer_id": customer, "credit_rating": "E"}), json!([]), json!({"customer_id": 7})]
    {
        let answer: Answer<Value> = env.api().raw().post("/credit-changes", &body).await;
        assert_eq!(answer.refusal(), (422, "invalid-body".to_owned()), "{body}");
    }
    for id in [&customer, &unknown] {
        let not_found = (404, "credit-change-not-found".to_owned());
        assert_eq!(env.api().raw().get::<Value>(&path(id)).await.refusal(), not_found);
        assert_eq!(env.api().raw().get::<Value>(&format!("{}/contracts", path(id))).await.refusal(), not_found);
        assert_eq!(steer(&env, id, "cancel", &json!({})).await.refusal(), not_found);
        assert_eq!(steer(&env, id, "limits", &json!({})).await.refusal(), not_found);
    }
    let keyed = Target::new(env.url(Component::Api)).header("idempotency-key", "the-same");
    let body = json!({"customer_id": customer, "credit_rating": "B"});
    let first: Value = keyed.post("/credit-changes", &body).await.ok_as(202);
    let again: Value = keyed.post("/credit-changes", &body).await.ok_as(202);
    assert_eq!(first["credit_change_id"], again["credit_change_id"]);
    let other = json!({"customer_id": customer, "credit_rating": "C"});
    let reused: Answer<Value> = keyed.post("/credit-changes", &other).await;
    assert_eq!(reused.refusal(), (422, "idempotency-key-reused".to_owned()));
}

#[tokio::test]
async fn limits_and_queries_that_cannot_be_used_are_told_why_and_change_nothing() {
    let env = start("30d").await;
    let (customer, _) = env.customer_with_contracts(1).await;
    let _ = post_change(&env, &customer, "B").await.ok_as(202);
    let revoked = shown(&env, &customer, "revoked", |it| it["state"] == "awaiting-confirmations").await;
    for limits in [
        json!({"in_flight": 0}),
        json!({"in_flight": 301}),
        json!({"per_second": -1}),
        json!({"per_second": 0.001}),
        json!({"tolerated": "much"}),
        json!({"tolerated": -1}),
        json!({"in_flite": 3}),
        json!({"in_flight": "3"}),
    ] {
        let answer = steer(&env, &customer, "limits", &limits).await;
        assert_eq!(answer.refusal(), (422, "invalid-body".to_owned()), "{limits}");
    }
    let api = env.api();
    let cursor = api.raw().get::<Page<Value>>("/credit-changes?limit=1").await.ok().next_cursor.unwrap_or_default();
    for query in [
        "?status=lost",
        "?limit=0",
        "?limit=201",
        "?cursor=00",
        "?status=overdue&cursor=7b7d",
        &format!("?cursor={cursor}x"),
        "?status=pending&status=signed",
    ] {
        let answer = api.raw().get::<Value>(&format!("{}/contracts{query}", path(&customer))).await;
        assert_eq!(answer.refusal(), (400, "invalid-parameter".to_owned()), "{query}");
    }
    for query in ["?open=yes", "?incident=1", "?limit=x", "?cursor=zz"] {
        let answer = api.raw().get::<Value>(&format!("/credit-changes{query}")).await;
        assert_eq!(answer.refusal(), (400, "invalid-parameter".to_owned()), "{query}");
    }
    assert_eq!(api.raw().get::<Value>("/credit-changes/%20").await.refusal(), (400, "invalid-id".to_owned()));
    let same = shown(&env, &customer, "nothing has changed", |_| true).await;
    assert_eq!((numbers(&same), &same["state"]), (numbers(&revoked), &revoked["state"]));
}

#[tokio::test]
async fn without_contracts_it_says_so_and_a_lost_answer_is_found_by_its_key() {
    let env = start("30d").await;
    let (customer, _) = env.customer_with_contracts(1).await;
    let proxy = env.proxy(Link::ApiToContracts);
    proxy.fault_times(1, "/commands/change-", Fault::LoseAnswer);
    let lost = post_change(&env, &customer, "B").await;
    assert_eq!(lost.refusal(), (504, "contracts-timeout".to_owned()));
    let key = lost.header("idempotency-key").unwrap();
    let again = Target::new(env.url(Component::Api)).header("idempotency-key", key);
    let body = json!({"customer_id": customer, "credit_rating": "B"});
    let found: Value = again.post("/credit-changes", &body).await.ok_as(202);
    let read = async || env.contracts().raw().get::<Customer>(&format!("/customers/{customer}")).await.ok();
    let change = read().await.credit_change_id;
    assert_eq!(found["credit_change_id"], json!(change));

    proxy.down().await;
    let unavailable = (503, "contracts-unavailable".to_owned());
    assert_eq!(post_change(&env, &customer, "C").await.refusal(), unavailable);
    assert_eq!(env.api().raw().get::<Value>(&path(&customer)).await.refusal(), unavailable);
    proxy.up();
    shown(&env, &customer, "shown again", |it| it["credit_rating"] == "B").await;
    assert_eq!(read().await.credit_rating, CreditRating::B);
}
