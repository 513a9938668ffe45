//! What must hold once everything is at rest, and at the end.

use process_manager::CloudEvent;
use serde_json::Value;

use crate::{
    confirming::Confirming,
    contracts::{Status, id_of, number},
    world::World,
};

impl World {
    /// Checks the state in which everybody but the customer has done all that can be done now.
    pub(crate) fn check_rest(&self) {
        self.check_log();
        for (contract, confirming) in self.confirmations.iter().enumerate() {
            self.check_confirmation(contract, confirming);
        }
        self.check_change();
        let newest = self.outside.contracts.changes.len().checked_sub(1);
        if !self.is_stopped() {
            for it in self.outside.contracts.all.iter().filter(|it| it.status != Status::Terminated) {
                let is_affected = newest.is_some_and(|newest| it.opened < self.outside.contracts.changes[newest]);
                assert!(!is_affected || it.change == newest, "the newest change has not touched {it:?}");
            }
        }
    }

    /// Returns whether somebody has stopped the newest change.
    fn is_stopped(&self) -> bool {
        self.is_cancelled || self.is_undone || self.is_ended
    }

    /// Checks that no contract is revoked twice in a pending period, or for an older change after a newer one.
    fn check_log(&self) {
        for contract in 0..self.confirmations.len() {
            let (mut is_pending, mut revoked_by) = (false, None);
            for event in self.events_of(contract) {
                let change = event.data["credit_change_id"].as_str().map(number);
                match event.kind.as_str() {
                    "CustomerContractRevoked" => {
                        assert!(!is_pending && change > revoked_by, "{event:?} comes after {revoked_by:?}");
                        assert!(
                            self.outside.contracts.all[contract].opened
                                < self.outside.contracts.changes[change.unwrap()]
                        );
                        (is_pending, revoked_by) = (true, change);
                    }
                    "ContractOpened" | "CustomerReminded" => (),
                    _ => is_pending = false,
                }
            }
        }
    }

    fn events_of(&self, contract: usize) -> impl Iterator<Item = &CloudEvent> {
        let id = id_of(contract);
        self.outside.contracts.log.iter().filter(move |event| event.data["contract_id"] == id.as_str())
    }

    /// Checks that a contract has a running confirmation if it is pending or signed, and none otherwise.
    fn check_confirmation(&self, contract: usize, confirming: &Confirming) {
        let (it, process) = (&self.outside.contracts.all[contract], &confirming.process);
        assert_eq!(process.runs(), it.is_awaited(), "K-{contract}, {it:?}, is watched");
        let Some(instance) = &process.instance else { return };
        let view = instance.view();
        if !it.is_awaited() {
            let outcome = view.outcome.map(|outcome| outcome.name);
            return assert_eq!(outcome.as_deref(), self.outcome_of(contract), "the outcome of K-{contract}");
        }
        let state = if it.status == Status::Pending { "awaiting-signature" } else { "awaiting-confirmation" };
        assert_eq!(view.state["state"], state, "K-{contract}");
        let due = confirming.due.unwrap();
        assert_eq!(view.state["due_at"], serde_json::to_value(due).unwrap(), "the deadline of K-{contract}");
        let is_overdue = due <= self.outside.now;
        assert_eq!((&view.state["is_overdue"], view.attention.is_some()), (&Value::Bool(is_overdue), is_overdue));
        let overdue = view.timers.iter().find(|timer| timer.name == "overdue").map(|timer| timer.due_at);
        assert_eq!(overdue, Some(due).filter(|_| !is_overdue), "the timer of K-{contract}");
        assert!(view.timers.iter().any(|timer| timer.name == "remind"), "K-{contract} is reminded of");
    }

    /// Returns how the last confirmation of a contract ended, according to the log.
    fn outcome_of(&self, contract: usize) -> Option<&'static str> {
        let (mut runs, mut outcome) = (false, None);
        for event in self.events_of(contract) {
            let ends = match event.kind.as_str() {
                "CustomerContractReconfirmed" => Some("confirmed"),
                "ContractReinstated" => Some("reinstated"),
                "ContractTerminated" => Some("terminated"),
                _ => None,
            };
            if runs && ends.is_some() {
                outcome = ends;
            }
            runs = event.kind == "CustomerContractRevoked" || runs && ends.is_none();
        }
        outcome
    }

    fn check_change(&self) {
        let contracts = &self.outside.contracts;
        let awaited: Vec<_> = contracts.all.iter().filter(|it| it.is_awaited()).collect();
        for ended in &self.ended {
            let left = awaited.iter().find(|it| it.change.is_some_and(|change| ended.served.contains(&change)));
            assert!(self.is_ended || left.is_none(), "{left:?} is left by {ended:?}");
        }
        if !self.change.runs() {
            assert!(self.is_ended || awaited.is_empty(), "nobody watches over {awaited:?}");
            assert!(self.serving.is_empty());
            return;
        }
        let view = self.change.instance.as_ref().unwrap().view();
        let newest = contracts.changes.len() - 1;
        assert_eq!(self.serving.last(), Some(&newest), "it serves the newest change: {view:?}");
        assert_eq!(view.state["state"], "awaiting-confirmations");
        assert!(view.attention.is_none(), "no operator is needed: {view:?}");
        assert_eq!(view.timers.iter().map(|timer| timer.name.as_str()).collect::<Vec<_>>(), ["count"]);
        let (change, counts, _) = self.outside.counted.unwrap();
        assert_eq!(view.state["contracts"], serde_json::to_value(counts).unwrap());
        assert!(change == newest && counts.pending + counts.signed > 0, "it waits for nothing: {counts:?}");
    }

    /// Lets the customer sign and confirm all contracts, and time pass until the change has ended.
    pub(crate) fn let_the_customer_confirm(&mut self) {
        for contract in 0..self.confirmations.len() {
            self.outside.contracts.sign(contract, self.outside.now);
            self.outside.contracts.reconfirm(contract, self.outside.now);
        }
        self.settle();
        for _ in 0..3 {
            if let Some(due) = self.change.next_timer() {
                self.outside.now = due.max(self.outside.now);
                self.settle();
            }
        }
    }

    pub(crate) fn check_end(&self) {
        self.check_rest();
        assert!(!self.change.runs(), "the change has ended: {:?}", self.change.instance);
        let contracts = &self.outside.contracts;
        let Some(newest) = contracts.changes.len().checked_sub(1) else { return };
        assert_eq!(self.ended.last().unwrap().served.last(), Some(&newest));
        let served: Vec<_> = self.ended.iter().flat_map(|ended| ended.served.iter().copied()).collect();
        assert_eq!(served, (0..=newest).collect::<Vec<_>>(), "each change is served, in their order");
        let outcome = self.change.instance.as_ref().unwrap().view().outcome.unwrap().name;
        assert!(self.is_stopped() || outcome == "completed", "{outcome}");
        for it in contracts.all.iter().filter(|it| it.opened < contracts.changes[newest]) {
            let is_settled = it.status == Status::Terminated || it.change == Some(newest) && it.is_confirmed;
            assert!(self.is_stopped() || is_settled, "{it:?} is confirmed under {newest}");
        }
    }
}
