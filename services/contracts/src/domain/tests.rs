//! Tests of the rules.

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn opened(position: Position) -> Held {
    let contract = Contract {
        contract_id: "K".parse().unwrap(),
        customer_id: "ann".parse().unwrap(),
        status: ContractStatus::Active,
        credit_change_id: None,
        opened_at: at(0),
        revoked_at: None,
        signed_at: None,
        confirmed_at: None,
        reinstated_at: None,
        terminated_at: None,
    };
    Held { contract, opened_position: position, change_position: None }
}

fn change(id: &str, position: Position) -> Change {
    Change { credit_change_id: id.parse().unwrap(), customer_id: "ann".parse().unwrap(), position }
}

/// Returns the contract after a change `X` at position 10.
fn pending() -> Held {
    opened(1).revoke(&change("X", 10), at(10)).unwrap().after
}

fn signed() -> Held {
    pending().sign(at(20)).unwrap().after
}

fn told(effect: &Effect) -> Option<String> {
    let event = serde_json::to_value(effect.event.as_ref()?).unwrap();
    Some(event["type"].as_str().unwrap().to_owned())
}

#[test]
fn revoking_goes_by_the_table() {
    let confirmed = signed().reconfirm(at(30)).unwrap().after;
    let reinstated = pending().reinstate(&change("X", 10), at(30)).after;
    let (older, same, newer) = (change("W", 5), change("X", 10), change("Y", 20));
    let revoked = Some("CustomerContractRevoked".to_owned());
    let cases = [
        ("active, never touched", opened(1), &same, "X", revoked.clone()),
        ("active, confirmed under an older one", confirmed.clone(), &newer, "Y", revoked.clone()),
        ("active, reinstated under an older one", reinstated.clone(), &newer, "Y", revoked.clone()),
        ("pending under an older one", pending(), &newer, "Y", None),
        ("signed under an older one", signed(), &newer, "Y", revoked),
        ("pending under this one", pending(), &same, "X", None),
        ("signed under this one", signed(), &same, "X", None),
        ("confirmed under this one", confirmed.clone(), &same, "X", None),
        ("reinstated under this one", reinstated, &same, "X", None),
        ("touched by a newer one", confirmed, &older, "X", None),
    ];
    for (name, before, change, under, event) in cases {
        let effect = before.revoke(change, at(99)).unwrap();
        assert_eq!(told(&effect), event, "{name}");
        assert_eq!(effect.after.contract.credit_change_id.as_ref().unwrap().as_str(), under, "{name}");
        if event.is_some() {
            let contract = effect.after.contract;
            assert_eq!((contract.status, contract.revoked_at), (ContractStatus::Pending, Some(at(99))), "{name}");
            assert_eq!(
                (contract.signed_at, contract.confirmed_at, contract.reinstated_at),
                (None, None, None),
                "{name}"
            );
        } else {
            assert_eq!(effect.after.contract.status, before.contract.status, "{name}");
            assert_eq!(effect.after.contract.revoked_at, before.contract.revoked_at, "{name}");
        }
    }
}

#[test]
fn a_contract_that_a_change_cannot_affect_is_refused() {
    let x = change("X", 10);
    assert_eq!(opened(11).revoke(&x, at(1)), Err(Refusal::ContractNotAffected));
    assert!(opened(9).revoke(&x, at(1)).is_ok());
    let of_bob = Change { customer_id: "bob".parse().unwrap(), ..x.clone() };
    assert_eq!(opened(1).revoke(&of_bob, at(1)), Err(Refusal::ContractNotAffected));
    let terminated = opened(1).terminate(at(1)).after;
    assert_eq!(terminated.revoke(&x, at(2)), Err(Refusal::ContractTerminated));
}

#[test]
fn signing_and_confirming_take_effect_once_and_in_order() {
    assert_eq!(opened(1).sign(at(1)), Err(Refusal::ContractNotPending));
    assert_eq!(opened(1).reconfirm(at(1)), Err(Refusal::ContractNotSigned));
    assert_eq!(pending().reconfirm(at(1)), Err(Refusal::ContractNotSigned));
    let signed = signed();
    assert_eq!(signed.sign(at(99)).unwrap(), Effect { after: signed.clone(), event: None });
    let confirmed = signed.reconfirm(at(30)).unwrap();
    assert_eq!(told(&confirmed).unwrap(), "CustomerContractReconfirmed");
    let confirmed = confirmed.after;
    assert_eq!((confirmed.contract.status, confirmed.contract.confirmed_at), (ContractStatus::Active, Some(at(30))));
    assert_eq!(confirmed.reconfirm(at(99)).unwrap(), Effect { after: confirmed.clone(), event: None });
    assert_eq!(confirmed.sign(at(99)), Err(Refusal::ContractNotPending));
    let terminated = signed.terminate(at(40));
    assert_eq!(told(&terminated).unwrap(), "ContractTerminated");
    let terminated = terminated.after;
    assert_eq!(terminated.sign(at(50)), Err(Refusal::ContractTerminated));
    assert_eq!(terminated.reconfirm(at(50)), Err(Refusal::ContractTerminated));
    assert_eq!(terminated.terminate(at(50)), Effect { after: terminated.clone(), event: None });
}

#[test]
fn a_contract_is_reinstated_for_the_latest_change_and_reminded_of_for_any_that_touched_it() {
    let (older, same, newer) = (change("W", 5), change("X", 10), change("Y", 20));
    for awaited in [pending(), signed()] {
        let effect = awaited.reinstate(&same, at(30));
        assert_eq!(told(&effect).unwrap(), "ContractReinstated");
        let contract = &effect.after.contract;
        assert_eq!((contract.status, contract.reinstated_at), (ContractStatus::Active, Some(at(30))));
        assert_eq!(awaited.reinstate(&older, at(30)), Effect { after: awaited.clone(), event: None });
        let effect = awaited.reinstate(&newer, at(30));
        assert_eq!((effect.after.contract, effect.event), (awaited.contract.clone(), None), "another change's");
        assert_eq!([awaited.check_reminder(&older), awaited.check_reminder(&same)], [Ok(()), Ok(())]);
        assert_eq!(awaited.check_reminder(&newer), Err(Refusal::ContractNotPending));
        let of_another = Change { customer_id: "ben".parse().unwrap(), ..same.clone() };
        assert_eq!(awaited.check_reminder(&of_another), Err(Refusal::ContractNotPending));
    }
    let confirmed = signed().reconfirm(at(30)).unwrap().after;
    for done in [confirmed, pending().terminate(at(30)).after, pending().reinstate(&same, at(30)).after] {
        assert_eq!(done.reinstate(&same, at(40)), Effect { after: done.clone(), event: None });
        assert_eq!(done.check_reminder(&same), Err(Refusal::ContractNotPending));
    }
}

/// A worker that was declared dead may have sent the command to revoke, and it arrives last.
#[test]
fn a_change_that_was_taken_back_before_it_touched_a_contract_cannot_revoke_it_any_more() {
    let (x, newer) = (change("X", 10), change("Y", 20));
    let under_older = opened(1).revoke(&change("W", 5), at(5)).unwrap().after;
    for before in [opened(1), under_older] {
        let kept = before.reinstate(&x, at(20));
        assert_eq!((&kept.after.contract, &kept.event), (&before.contract, &None), "nothing is to be seen of it");
        assert_eq!(kept.after.revoke(&x, at(30)).unwrap(), Effect { after: kept.after.clone(), event: None });
        let revoked = kept.after.revoke(&newer, at(30)).unwrap().after.contract;
        assert_eq!((revoked.status, revoked.credit_change_id.unwrap().as_str()), (ContractStatus::Pending, "Y"));
    }
    let of_bob = Change { customer_id: "bob".parse().unwrap(), ..x.clone() };
    for other in [(opened(1), of_bob), (opened(11), x)] {
        assert_eq!(other.0.reinstate(&other.1, at(20)), Effect { after: other.0.clone(), event: None });
    }
}
