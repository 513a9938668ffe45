//! The api's routes for confirmations of contracts: each answer, including those to unusable requests.

use messages::{
    ContractId, CustomerId,
    contracts::{ContractStatus, CreditRating},
};
use serde_json::{Value, json};
use tests::{Component, Env, Link, Revoked, binaries, calls::Target, eventually, sample};

use super::LONG;

const EXTEND: &str = "extend";

/// Starts a whole system with Contracts, in which a confirmation is overdue after this time.
async fn start(confirm_within: &str) -> Env {
    Env::builder(binaries!())
        .contracts()
        .variable(Component::Worker, "REMIND_EVERY", LONG)
        .variable(Component::Worker, "CONFIRM_WITHIN", confirm_within)
        .start()
        .await
}

fn path(contract: &ContractId) -> String {
    format!("/contract-confirmations/{contract}")
}

/// Waits until the confirmation is as wanted.
async fn shown(env: &Env, contract: &ContractId, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        let shown = env.api().raw().get::<Value>(&path(contract)).await.try_ok()?;
        if wanted(&shown) { Ok(shown) } else { Err(shown.to_string()) }
    })
    .await
}

async fn post(env: &Env, contract: &ContractId, name: &str, body: &Value) -> tests::calls::Answer<Value> {
    env.api().raw().post(&format!("{}/{name}", path(contract)), body).await
}

/// Returns kind and name of each step.
fn steps(shown: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    shown["steps"].as_array().unwrap().iter().map(|step| (text(&step["kind"]), text(&step["name"]))).collect()
}

#[tokio::test]
async fn a_confirmation_is_shown_extended_reminded_and_terminated() {
    let env = start(LONG).await;
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    let begun = shown(&env, contract, "it has begun", |it| it["state"] == "awaiting-signature").await;
    assert_eq!(begun["contract_id"], contract.as_str());
    assert_eq!(begun["customer_id"], revoked.customer.as_str());
    assert_eq!(begun["credit_change_id"], revoked.change.as_str());
    assert_eq!((&begun["reminders"], &begun["is_overdue"]), (&json!(0), &json!(false)));
    assert!(begun["due_at"].is_string() && begun["next_reminder_at"].is_string(), "{begun}");
    let own = path(contract);
    for (link, expected) in [("self", own.clone()), (EXTEND, format!("{own}/extend"))] {
        assert_eq!(begun["links"][link], expected, "{begun}");
    }

    let answer = post(&env, contract, EXTEND, &json!({"by": "12h"})).await;
    assert_eq!(answer.ok_as(202)["due_at"], begun["due_at"], "the answer shows it before that");
    let _ = env.contracts().sign(contract).await.ok();
    shown(&env, contract, "signed and extended", |it| {
        it["state"] == "awaiting-confirmation" && it["due_at"] != begun["due_at"]
    })
    .await;
    let _ = post(&env, contract, "remind", &json!({})).await.ok_as(202);
    let reminded = shown(&env, contract, "reminded", |it| it["reminders"] == 1).await;
    assert_eq!(reminded["next_reminder_at"], begun["next_reminder_at"]);
    let _ = post(&env, contract, "terminate", &json!({})).await.ok_as(202);

    let ended = shown(&env, contract, "terminated", |it| it["state"] == "terminated").await;
    assert_eq!(env.contracts().contract(contract).await.ok().status, ContractStatus::Terminated);
    assert_eq!(ended["customer_id"], revoked.customer.as_str(), "{ended}");
    assert_eq!((&ended["due_at"], &ended["links"][EXTEND]), (&Value::Null, &Value::Null), "{ended}");
    let steps = steps(&ended);
    for step in [
        ("event", "CustomerContractRevoked"),
        ("instruction", "ExtendDeadline"),
        ("event", "ContractSigned"),
        ("instruction", "RemindNow"),
        ("command", "RemindCustomer"),
        ("command", "TerminateContract"),
        ("event", "ContractTerminated"),
        ("end", ""),
    ] {
        let step = (step.0.to_owned(), step.1.to_owned());
        assert!(steps.contains(&step), "{step:?} is not in {steps:?}");
    }
    for name in ["remind", "terminate"] {
        assert_eq!(post(&env, contract, name, &json!({})).await.refusal(), (409, "not-running".to_owned()));
    }
    let answer = post(&env, contract, EXTEND, &json!({"by": "7d"})).await;
    assert_eq!(answer.refusal(), (409, "not-running".to_owned()));
}

#[tokio::test]
async fn requests_that_cannot_be_used_are_told_why_and_change_nothing() {
    let env = start(LONG).await;
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    let begun = shown(&env, contract, "it has begun", |it| it["due_at"].is_string()).await;
    for body in [
        json!({}),
        json!({"by": "0s"}),
        json!({"by": "999ms"}),
        json!({"by": "3651d"}),
        json!({"by": "99999999999999999999d"}),
        json!({"by": "-7d"}),
        json!({"by": "later"}),
        json!({"by": 7}),
        json!({"by": null}),
    ] {
        assert_eq!(post(&env, contract, EXTEND, &body).await.refusal(), (422, "invalid-body".to_owned()), "{body}");
    }
    let raw = Target::new(env.url(Component::Api));
    let extend = format!("{}/extend", path(contract));
    for (media_type, body, refused) in [
        (Some("application/json"), b"{".to_vec(), (400, "unreadable-body")),
        (Some("application/json"), vec![b' '; (1 << 20) + 1], (413, "body-too-large")),
        (Some("text/plain"), br#"{"by": "7d"}"#.to_vec(), (415, "unsupported-media-type")),
        (None, br#"{"by": "7d"}"#.to_vec(), (415, "unsupported-media-type")),
    ] {
        let answer = raw.post_bytes(&extend, media_type, body).await;
        assert_eq!(answer.refusal(), (refused.0, refused.1.to_owned()), "{media_type:?}");
    }
    let unknown = sample::contract_id();
    let not_found = (404, "contract-confirmation-not-found".to_owned());
    assert_eq!(raw.get::<Value>(&path(&unknown)).await.refusal(), not_found);
    for name in [EXTEND, "remind", "terminate"] {
        assert_eq!(post(&env, &unknown, name, &json!({"by": "7d"})).await.refusal(), not_found);
        let invalid = format!("/contract-confirmations/a%20b/{name}");
        let answer = raw.post::<Value>(&invalid, &json!({"by": "7d"})).await;
        assert_eq!(answer.refusal(), (400, "invalid-id".to_owned()));
    }
    assert_eq!(raw.get::<Value>("/contract-confirmations/..%2f").await.refusal(), (400, "invalid-id".to_owned()));
    let same = shown(&env, contract, "it is as before", |_| true).await;
    assert_eq!(same["due_at"], begun["due_at"]);
}

/// Returns the ids of a list, in order.
async fn listed(env: &Env, query: &str) -> Result<Vec<String>, String> {
    let page = env.api().raw().get::<Value>(&format!("/contract-confirmations?{query}")).await.try_ok()?;
    let ids = page["items"].as_array().unwrap().iter().map(|item| item["contract_id"].as_str().unwrap().to_owned());
    Ok(ids.collect())
}

async fn await_listed(env: &Env, query: &str, expected: &[&ContractId]) {
    let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
    eventually(&format!("the list {query}"), async || {
        let ids = listed(env, query).await?;
        if ids == expected { Ok(()) } else { Err(format!("{ids:?}, not {expected:?}")) }
    })
    .await;
}

#[tokio::test]
async fn the_list_has_filters_and_pages() {
    let env = start("1s").await;
    let (ended, extended, overdue) =
        (env.revoked_contract().await, env.revoked_contract().await, env.revoked_contract().await);
    env.sign_and_confirm(&ended.contract).await;
    env.confirmation_ends(&ended.contract, "confirmed").await;
    shown(&env, &extended.contract, "it has begun", |_| true).await;
    let _ = post(&env, &extended.contract, EXTEND, &json!({"by": "7d"})).await.ok_as(202);
    let all = [&overdue.contract, &extended.contract, &ended.contract];
    await_listed(&env, "", &all).await;
    await_listed(&env, "open=true", &all[..2]).await;
    await_listed(&env, "open=false", &all[2..]).await;
    await_listed(&env, "overdue=true", &all[..1]).await;
    await_listed(&env, "overdue=false&open=true", &all[1..2]).await;
    for revoked in [&ended, &extended, &overdue] {
        await_listed(&env, &format!("customer_id={}", revoked.customer), &[&revoked.contract]).await;
    }
    await_listed(&env, &format!("customer_id={}&open=true", ended.customer), &[]).await;
    await_listed(&env, &format!("customer_id={}&overdue=true", overdue.customer), &[&overdue.contract]).await;
    await_listed(&env, &format!("customer_id={}", sample::customer_id()), &[]).await;

    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let raw = env.api().raw().clone();
        let page = raw.get::<Value>(&format!("/contract-confirmations?limit=1{cursor}")).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["contract_id"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        let other = raw.get::<Value>(&format!("/contract-confirmations?open=true{cursor}")).await;
        assert_eq!(other.refusal(), (400, "invalid-parameter".to_owned()), "a cursor of another list");
    }
    assert_eq!(json!(seen), json!(all.map(ToString::to_string)));
    overdue_of_one_customer(&env, &overdue, &extended.customer).await;
}

/// Checks that they are found without Contracts, page by page.
async fn overdue_of_one_customer(env: &Env, overdue: &Revoked, another: &CustomerId) {
    let second = sample::contract_id();
    let _ = env.contracts().open(&second, &overdue.customer).await.ok_as(201);
    env.revoke(&second, &overdue.customer, CreditRating::C).await;
    env.proxy(Link::ApiToContracts).down().await;
    let of = |customer: &CustomerId| format!("customer_id={customer}&overdue=true");
    await_listed(env, &of(&overdue.customer), &[&second, &overdue.contract]).await;
    await_listed(env, &of(another), &[]).await;
    let page = async |of: String, cursor: &Value| {
        let cursor = cursor.as_str().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        env.api().raw().get::<Value>(&format!("/contract-confirmations?{of}&limit=1{cursor}")).await
    };
    let first = page(of(&overdue.customer), &Value::Null).await.ok();
    assert_eq!(first["items"][0]["contract_id"], second.as_str());
    let next = page(of(&overdue.customer), &first["next_cursor"]).await.ok();
    assert_eq!((&next["items"][0]["contract_id"], &next["next_cursor"]), (&json!(overdue.contract), &Value::Null));
    let other = page(of(another), &first["next_cursor"]).await;
    assert_eq!(other.refusal(), (400, "invalid-parameter".to_owned()), "a cursor of another customer's list");
}

#[tokio::test]
async fn a_list_that_cannot_be_asked_for_is_a_problem_and_contracts_away_matters_to_a_customers_alone() {
    let env = start(LONG).await;
    let customer = sample::customer_id();
    for query in [
        "open=yes".to_owned(),
        "overdue=1".to_owned(),
        "customer_id=a%20b".to_owned(),
        "limit=0".to_owned(),
        "limit=201".to_owned(),
        "cursor=x".to_owned(),
        format!("customer_id={customer}&cursor=x"),
    ] {
        let answer = env.api().raw().get::<Value>(&format!("/contract-confirmations?{query}")).await;
        assert_eq!(answer.refusal(), (400, "invalid-parameter".to_owned()), "{query}");
    }
    env.proxy(Link::ApiToContracts).down().await;
    let answer = env.api().raw().get::<Value>(&format!("/contract-confirmations?customer_id={customer}")).await;
    assert_eq!(answer.refusal(), (503, "contracts-unavailable".to_owned()));
    assert_eq!(listed(&env, "").await, Ok(Vec::new()));
}
