//! How the events that instances have received would be routed.

use process_manager::{
    CloudEvent,
    instance::{Delivery, stands_in_no_log},
    manager::{ProcessManager, RouteKind, Routed, RoutingError, knows, route},
};
use serde::{Deserialize, Serialize};

use super::{Finding, Verdict, replay::Replayed, words};

/// How some code routes an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Routing {
    To(RouteKind, Vec<String>),
    ToNone,
    Fails(String),
    Unreadable(String),
}

/// Routes an event.
pub(super) fn routing<M: ProcessManager>(event: &CloudEvent) -> Routing {
    match route::<M>(event) {
        Err(RoutingError::Malformed(why)) => Routing::Unreadable(why),
        Err(error) => Routing::Fails(error.to_string()),
        Ok(Routed::PassedOver) if !knows::<M>(&M::upcast(event.clone()).kind) => {
            Routing::Unreadable(format!("it is no event of {} any more", M::NAME))
        }
        Ok(Routed::PassedOver) => Routing::ToNone,
        Ok(Routed::To(kind, ids)) => Routing::To(kind, ids),
    }
}

/// Returns the log events that a run has received, in order.
pub(super) fn delivered(replayed: &Replayed) -> impl Iterator<Item = &Delivery> {
    let first = replayed.begin.iter().flat_map(|begin| &begin.events);
    first.chain(&replayed.deliveries).filter(|delivery| !stands_in_no_log(&delivery.event))
}

/// The findings about the events of one run.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The first event that cannot be read.
    pub(super) unreadable: Option<Finding>,
    /// The types of events that would be routed differently.
    pub(super) otherwise: Vec<Finding>,
}

/// Compares how this code and the deployed code route the events of a run. If the deployed code's routes were not
/// recorded, it compares with how the events came.
pub(super) fn compare(
    replayed: &Replayed,
    process_id: &str,
    recorded: Option<&[Routing]>,
    routing: fn(&CloudEvent) -> Routing,
) -> Found {
    let mut found = Found::default();
    for (number, delivery) in delivered(replayed).enumerate() {
        let now = routing(&delivery.event);
        let then = recorded.and_then(|recorded| recorded.get(number)).cloned();
        let then = then.unwrap_or_else(|| as_it_came(&now, delivery, process_id));
        if now != then {
            found.add(delivery, process_id, &then, &now);
        }
    }
    found
}

/// It is only known that the event came here, not to which other instances.
fn as_it_came(now: &Routing, delivery: &Delivery, process_id: &str) -> Routing {
    match now {
        Routing::To(kind, ids) if *kind == delivery.kind && ids.iter().any(|id| id == process_id) => now.clone(),
        _ => Routing::To(delivery.kind, vec![process_id.to_owned()]),
    }
}

impl Found {
    fn add(&mut self, delivery: &Delivery, process_id: &str, then: &Routing, now: &Routing) {
        let (event, kind) = (words::event(&delivery.event), &delivery.event.kind);
        let what = match now {
            Routing::Unreadable(why) => {
                let finding = || Finding::new(Verdict::CannotContinue, format!("{kind} cannot be read: {why}"));
                self.unreadable.get_or_insert_with(|| finding().with("when", event));
                return;
            }
            Routing::Fails(_) => "it cannot be routed",
            Routing::ToNone => "to no instance",
            Routing::To(_, ids) if ids.iter().any(|id| id == process_id) => "in another way",
            Routing::To(..) => "to other instances",
        };
        let finding = Finding::new(Verdict::RoutedOtherwise, format!("{kind}: {what}"));
        if self.otherwise.iter().all(|it| it.what != finding.what) {
            self.otherwise.push(finding.with("when", event).with("then", told(then)).with("now", told(now)));
        }
    }
}

fn told(routing: &Routing) -> String {
    match routing {
        Routing::To(kind, ids) => format!("to {} as {}", ids.join(", "), words::route_kind(*kind)),
        Routing::ToNone => "to no instance".to_owned(),
        Routing::Fails(why) | Routing::Unreadable(why) => why.clone(),
    }
}
