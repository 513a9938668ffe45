//! A customer with some contracts, and everybody who acts on them. Each takes one small step when the schedule says so.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use process_manager::batch::Batch;
use serde_json::json;
use workflows::credit_change::{CreditChange, RevokeContracts};

use crate::{
    batch::Act,
    confirming::Confirming,
    contracts::{Contracts, number},
    outside::Outside,
    process::Process,
    steps::{Meddling, Step},
};

/// A run of the credit change that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) served: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) outside: Outside,
    published: usize,
    pub(crate) change: Process<CreditChange>,
    pub(crate) confirmations: Vec<Confirming>,
    /// Number of delivered changes.
    delivered: usize,
    /// The changes that the run serves.
    pub(crate) serving: Vec<usize>,
    pub(crate) ended: Vec<Ended>,
    /// Whether a cancellation was accepted since the last change was delivered.
    pub(crate) is_cancelled: bool,
    /// Whether an operator has cancelled a batch that revokes, so that it undoes what it has done.
    pub(crate) is_undone: bool,
    /// Whether an operator has ended a batch where it was.
    pub(crate) is_ended: bool,
}

impl World {
    pub(crate) fn new(contracts: usize) -> Self {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(365 * 50);
        let outside = Outside { now, contracts: Contracts::default(), batches: BTreeMap::new(), counted: None };
        let mut world = Self {
            outside,
            published: 0,
            change: Process::new("C".to_owned()),
            confirmations: Vec::new(),
            delivered: 0,
            serving: Vec::new(),
            ended: Vec::new(),
            is_cancelled: false,
            is_undone: false,
            is_ended: false,
        };
        (0..contracts).for_each(|_| world.step(Step::Open));
        world
    }

    pub(crate) fn step(&mut self, step: Step) {
        let (now, number) = (self.outside.now, self.confirmations.len());
        let contract = |index: u8| usize::from(index) % number.max(1);
        let contracts = &mut self.outside.contracts;
        match step {
            Step::Rate if contracts.changes.len() < 4 => contracts.change_rating(now),
            Step::Open if number < 6 => {
                contracts.open(now);
                self.confirmations.push(Confirming::new(number));
            }
            Step::Sign(index) if number > 0 => contracts.sign(contract(index), now),
            Step::Reconfirm(index) if number > 0 => contracts.reconfirm(contract(index), now),
            Step::Terminate(index) if number > 0 => contracts.terminate(contract(index), now),
            Step::Settle => self.settle(),
            Step::Late(index) => drop(contracts.land(index.into(), now)),
            Step::Pass(hours) => self.outside.now += TimeDelta::hours(hours.into()),
            Step::Cancel => self.is_cancelled |= self.change.instruct("Cancel", json!({}), now),
            Step::Order(index, order) if number > 0 => self.confirmations[contract(index)].order(order, now),
            Step::Batch(index, act) => self.batch(index.into(), act),
            Step::Run(index) => (0..20).for_each(|_| self.batch(index.into(), Act::Send)),
            Step::Meddle(index, meddling) => self.meddle(index.into(), meddling),
            Step::Deliver(index) => drop(self.deliver(usize::from(index) % (number + 1))),
            Step::Work(index) => drop(self.work(usize::from(index) % (number + 1))),
            Step::Go(index) => self.go(usize::from(index) % (number + 1)),
            Step::Timer(index) => self.timer(usize::from(index) % (number + 1)),
            Step::Back(index) => self.again(usize::from(index) % (number + 1), false),
            Step::Origin(index) => self.again(usize::from(index) % (number + 1), true),
            Step::HandOver(index) => match usize::from(index) % (number + 1) {
                0 => self.change.hand_over(),
                index => self.confirmations[index - 1].process.hand_over(),
            },
            _ => (),
        }
        self.publish();
    }

    fn publish(&mut self) {
        for event in &self.outside.contracts.log[self.published..] {
            match event.data.get("contract_id").and_then(|id| id.as_str()) {
                None => self.change.publish(event),
                Some(contract) => self.confirmations[number(contract)].process.publish(event),
            }
        }
        self.published = self.outside.contracts.log.len();
    }

    /// Delivers the next event to a process; number 0 is the credit change.
    fn deliver(&mut self, process: usize) -> bool {
        if process == 0 {
            let has_more = self.change.has_more();
            if self.change.deliver().is_some() {
                (self.is_cancelled, self.delivered) = (false, self.delivered + 1);
            }
            return has_more;
        }
        self.confirmations[process - 1].deliver()
    }

    fn again(&mut self, process: usize, from_origin: bool) {
        match (process, from_origin) {
            (0, true) => self.change.begin_again(),
            (0, false) => self.change.step_back(),
            (index, true) => self.confirmations[index - 1].process.begin_again(),
            (index, false) => self.confirmations[index - 1].process.step_back(),
        }
    }

    fn work(&mut self, process: usize) -> bool {
        let (now, outside) = (self.outside.now, &mut self.outside);
        if process > 0 {
            let it = &mut self.confirmations[process - 1];
            let has_worked = it.process.work(now, |command| outside.confirmation_command(command));
            it.follow(now);
            return has_worked;
        }
        let has_worked = self.change.work(now, |command| outside.change_command(command));
        self.follow_change();
        has_worked
    }

    /// Delivers everything to a process, which does all that it can.
    fn go(&mut self, process: usize) {
        self.publish();
        while self.deliver(process) {}
        while self.work(process) {}
    }

    fn timer(&mut self, process: usize) {
        let due = match process {
            0 => self.change.next_timer(),
            index => self.confirmations[index - 1].process.next_timer(),
        };
        self.outside.now = due.unwrap_or_default().max(self.outside.now);
        self.go(process);
    }

    fn batch(&mut self, index: usize, act: Act) {
        let Outside { now, contracts, batches, .. } = &mut self.outside;
        let mut open: Vec<_> = batches.values_mut().filter(|batch| !batch.is_over).collect();
        if open.is_empty() {
            return;
        }
        let index = index % open.len();
        if let Some(told) = open[index].step(act, contracts, *now) {
            // The activity that tells the process may be repeated.
            self.change.tell(told.clone());
            self.change.tell(told);
        }
    }

    fn meddle(&mut self, index: usize, meddling: Meddling) {
        let now = self.outside.now;
        let mut open: Vec<_> = self.outside.batches.values_mut().filter(|batch| !batch.is_over).collect();
        if open.is_empty() {
            return;
        }
        let index = index % open.len();
        let state = &mut open[index].state;
        let undoes = state.start().name == RevokeContracts::NAME && meddling == Meddling::Undo;
        let _ = match meddling {
            Meddling::Pause => state.pause(now),
            Meddling::Resume => state.resume(),
            Meddling::Undo => state.cancel(true),
            Meddling::End => state.cancel(false),
        };
        self.is_undone |= undoes;
        self.is_ended |= matches!(meddling, Meddling::Undo | Meddling::End) && !undoes;
    }

    /// Lets everybody but the customer do all that can be done, without time passing.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000 {
            let before = self.outside.contracts.log.len();
            let mut has_worked = false;
            for process in 0..=self.confirmations.len() {
                self.publish();
                while self.deliver(process) {
                    has_worked = true;
                }
                while self.work(process) {
                    has_worked = true;
                }
            }
            let now = self.outside.now;
            let mut has_batch = false;
            // Commands in flight take effect at last.
            let are_quick = self.outside.batches.values().any(|batch| !batch.is_over && !batch.has_in_flight());
            for batch in self.outside.batches.values_mut() {
                if batch.is_over || are_quick && batch.has_in_flight() {
                    continue;
                }
                has_batch = true;
                if let Some(told) = batch.settle(&mut self.outside.contracts, now) {
                    self.change.tell(told);
                }
            }
            if !has_worked && !has_batch && self.outside.contracts.log.len() == before {
                return;
            }
        }
        panic!("it does not come to rest: {self:?}");
    }

    /// Lets all commands arrive that workers sent before they were declared dead.
    pub(crate) fn land_what_is_late(&mut self) {
        while self.outside.contracts.land(0, self.outside.now) {}
        self.publish();
    }

    /// Tracks which changes the run serves, and when it ends.
    fn follow_change(&mut self) {
        let Some(instance) = &self.change.instance else { return };
        let view = instance.view();
        let served = if self.change.runs() { view.state["served"].as_array().cloned() } else { None };
        let served: Vec<_> = served.unwrap_or_default().iter().map(|id| number(id.as_str().unwrap())).collect();
        assert!(served.windows(2).all(|two| two[0] + 1 == two[1]), "{served:?} are the changes in their order");
        let waits = view.state["state"] == "awaiting-confirmations";
        assert!(waits || view.timers.is_empty(), "it does not count, and has a timer: {view:?}");
        let before: usize = self.ended.iter().map(|ended| ended.served.len()).sum();
        if self.serving.is_empty() {
            // A run may have begun and ended at once.
            let next = if self.change.runs() { served.first().copied() } else { Some(self.delivered) };
            self.serving = (before..next.unwrap_or(before)).collect();
        }
        if !served.starts_with(&self.serving) {
            let outcome = view.outcome.filter(|_| served.is_empty()).map(|outcome| outcome.name);
            self.ended_with(outcome.as_deref());
        }
        self.serving = served;
    }

    fn ended_with(&mut self, outcome: Option<&str>) {
        let (served, contracts) = (std::mem::take(&mut self.serving), &self.outside.contracts);
        let newest = *served.last().unwrap();
        if outcome == Some("completed") {
            let (change, counts, at) = self.outside.counted.unwrap();
            let now = contracts.count(newest);
            assert_eq!((change, counts.pending + counts.signed), (newest, 0));
            assert_eq!(now.pending + now.signed, 0, "{newest} ends although contracts are not confirmed: {now:?}");
            assert!(at < contracts.log.len() || now == counts, "{counts:?} were counted, there are {now:?}");
        }
        if outcome == Some("cancelled") && !self.is_cancelled && !self.is_undone {
            let now = contracts.count(newest);
            assert_eq!(now.pending + now.signed, 0, "{newest} ends, and nobody has cancelled it: {now:?}");
        }
        self.ended.push(Ended { served });
    }
}
