//! Every path of a confirmation that needs no operator.

use messages::{confirmation::ConfirmationState, contracts::CreditRating};
use tests::{Fault, Link, confirmation_workflow_id, eventually, json_payload};

use super::{LONG, REMIND, builder, start};

#[tokio::test]
async fn t01_a_revoked_contract_is_reminded_of_once_by_each_number_until_it_is_signed_and_confirmed() {
    let env = builder("1s", LONG).start().await;
    let proxy = env.proxy(Link::WorkerToContracts);
    proxy.fault_times(1, REMIND, Fault::LoseAnswer);
    proxy.fault_times(1, REMIND, Fault::Duplicate);
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    env.reminded(&revoked, 3).await;
    let _ = env.contracts().sign(contract).await.ok();
    let signed =
        env.confirmation_becomes(contract, "signed", |it| it.state == ConfirmationState::AwaitingConfirmation).await;
    env.reminded(&revoked, usize::try_from(signed.reminders).unwrap() + 1).await;
    let _ = env.contracts().reconfirm(contract).await.ok();
    env.confirmation_ends(contract, "confirmed").await;
    // Nobody is reminded of a confirmed contract.
    env.reminded(&revoked, 4).await;
    let last = env.contract_events(contract).await.pop().unwrap();
    assert_eq!(last.kind, "CustomerContractReconfirmed");
}

#[tokio::test]
async fn commands_name_the_contract_and_the_event_that_led_to_them_and_so_do_their_events() {
    let env = builder("1s", LONG).start().await;
    let revoked = env.revoked_contract().await;
    env.reminded(&revoked, 2).await;
    let events = env.contract_events(&revoked.contract).await;
    let cause = events.iter().find(|event| event.kind == "CustomerContractRevoked").unwrap();
    let reminders: Vec<_> = events.iter().filter(|event| event.kind == "CustomerReminded").collect();
    for (command, effect) in env.proxy(Link::WorkerToContracts).requests_to(REMIND).iter().zip(&reminders) {
        assert_eq!(command.header("x-correlation-id"), Some(cause.correlationid.as_str()), "{command:?}");
        assert_eq!(command.header("x-causation-id"), Some(cause.id.as_str()), "{command:?}");
        assert!(command.header("idempotency-key").is_some(), "{command:?}");
        assert_eq!(effect.causationid.as_str(), cause.id, "{effect:?}");
    }
}

#[tokio::test]
async fn a_contract_that_is_revoked_again_while_its_confirmation_runs_begins_anew() {
    let env = start().await;
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    let _ = env.contracts().sign(contract).await.ok();
    let first =
        env.confirmation_becomes(contract, "signed", |it| it.state == ConfirmationState::AwaitingConfirmation).await;
    let change = env.revoke(contract, &revoked.customer, CreditRating::C).await;
    let second = env
        .confirmation_becomes(contract, "revoked again", |it| it.contract.credit_change_id.as_ref() == Some(&change))
        .await;
    assert_eq!((second.state, second.reminders), (ConfirmationState::AwaitingSignature, 0));
    assert!(second.due_at > first.due_at, "{second:?}");
    env.sign_and_confirm(contract).await;
    env.confirmation_ends(contract, "confirmed").await;
    assert_eq!(runs(&env, contract).await, 1);
}

#[tokio::test]
async fn a_contract_that_is_revoked_after_its_confirmation_has_another_one() {
    let env = start().await;
    let revoked = env.revoked_contract().await;
    env.sign_and_confirm(&revoked.contract).await;
    env.confirmation_ends(&revoked.contract, "confirmed").await;
    let change = env.revoke(&revoked.contract, &revoked.customer, CreditRating::C).await;
    env.confirmation_becomes(&revoked.contract, "another one", |it| {
        it.contract.credit_change_id.as_ref() == Some(&change)
    })
    .await;
    let _ = env.contracts().reinstate(&revoked.contract, &change).await.ok();
    env.confirmation_ends(&revoked.contract, "reinstated").await;
}

/// Contracts records nothing for the second command, and the log is read twice.
#[tokio::test]
async fn a_contract_that_is_confirmed_twice_and_whose_events_come_twice_has_been_confirmed_once() {
    let env = start().await;
    let revoked = env.revoked_contract().await;
    let contract = &revoked.contract;
    env.sign_and_confirm(contract).await;
    let _ = env.contracts().reconfirm(contract).await.ok();
    env.confirmation_ends(contract, "confirmed").await;
    let origin = vec![json_payload(&serde_json::json!({"position": 0}))];
    env.temporal().signal_by_id("subscription-ContractConfirmation", "rewind", origin).await.unwrap();
    eventually("the log is read again", async || {
        let polls = env.proxy(Link::WorkerToContracts).requests_to("/events");
        let again = polls.iter().filter(|poll| poll.path.contains("after=0&")).count();
        if again > 1 { Ok(()) } else { Err(polls) }
    })
    .await;
    // A later contract is delivered after everything that was delivered again.
    let later = env.revoked_contract().await;
    env.sign_and_confirm(&later.contract).await;
    env.confirmation_ends(&later.contract, "confirmed").await;
    assert_eq!(runs(&env, contract).await, 1);
    let kinds: Vec<_> = env.contract_events(contract).await.into_iter().map(|event| event.kind).collect();
    let confirmed = ["ContractOpened", "CustomerContractRevoked", "ContractSigned", "CustomerContractReconfirmed"];
    assert_eq!(kinds, confirmed);
}

async fn runs(env: &tests::Env, contract: &messages::ContractId) -> usize {
    env.temporal().list(&format!("WorkflowId = '{}'", confirmation_workflow_id(contract))).await.len()
}
