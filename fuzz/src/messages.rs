//! Commands, events, resources and problems.

use messages::{
    CloudEvent, Page, Problem, accounts, billing,
    confirmation::{Confirmation, ConfirmationEvent, ConfirmationTimes},
    contracts, reports,
    voiding::VoidingInput,
};
use process_manager::{
    instance::{Acknowledge, Delivery, InstanceView, Published},
    manager::{Routed, RoutingError, route},
};
use process_manager_wire::{FeedPosition, tagged};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_value, json};
use transfers::TransferMoney;

use crate::json::{event, same};

/// Takes a JSON value as a message of each type.
pub fn messages(data: &[u8]) {
    message::<accounts::Command>(data);
    message::<accounts::Event>(data);
    message::<billing::Event>(data);
    message::<contracts::Command>(data);
    message::<contracts::Event>(data);
    message::<reports::Event>(data);
    if let Some(event) = same::<ConfirmationEvent>(data) {
        assert!(tagged(&event).is_some());
    }
    same::<accounts::Account>(data);
    same::<accounts::Transfer>(data);
    same::<billing::Document>(data);
    same::<contracts::Contract>(data);
    same::<contracts::CreditChange>(data);
    same::<reports::Report>(data);
    same::<Confirmation>(data);
    same::<ConfirmationTimes>(data);
    same::<VoidingInput>(data);
    same::<Acknowledge>(data);
    same::<FeedPosition>(data);
    same::<InstanceView>(data);
    same::<Page<Value>>(data);
    same::<Problem>(data);
    same::<Published>(data);
    if let Some(delivery) = same::<Delivery>(data) {
        routed(&delivery.event);
    }
    if let Some(event) = same::<CloudEvent>(data) {
        assert!(event.sequence > 0);
        routed(&event);
    }
}

/// Takes it as an enum of messages; each can be identified by its name and its data.
fn message<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(data: &[u8]) {
    let Some(message) = same::<T>(data) else { return };
    let (name, data) = tagged(&message).expect("a message has a name and data");
    let again = from_value::<T>(json!({"type": name, "data": data})).expect("its name and data are a message");
    assert_eq!(again, message);
    routed(&event(1, &name, &data));
}

/// Checks that an event goes to instances that can be named, is skipped, or is reported as malformed.
fn routed(event: &CloudEvent) {
    let known = from_value::<accounts::Event>(json!({"type": event.kind, "data": event.data}));
    match route::<TransferMoney>(event) {
        Ok(Routed::To(_, ids)) => {
            assert!(known.is_ok() && ids.len() == 1 && ids.iter().all(|id| process_manager_wire::check_id(id).is_ok()));
        }
        Ok(Routed::PassedOver) => (),
        Err(RoutingError::Malformed(why)) => assert!(known.is_err() && why.chars().count() <= 500, "{why}"),
        Err(error) => panic!("{error}"),
    }
}
