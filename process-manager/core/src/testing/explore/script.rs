//! A trace as the test kit can play it, instance by instance.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use process_manager_wire::CloudEvent;
use serde::Serialize;

use super::{
    action::Stepped,
    model::Model,
    parts::{Action, Heard, Reply},
    search::guarded,
    state::State,
    words,
};
use crate::manager::ProcessManager;

/// Maximum number of commands that are answered after the last step.
const MOST_SENT: usize = 20;

/// The cause of an instance's turn.
#[derive(Debug, Clone)]
pub(super) enum Cause {
    When(Box<CloudEvent>),
    Advance(Duration),
    Retry,
    Acknowledge,
    Terminated,
    Instruct(usize),
}

/// What happens to an instance, and the answers to its commands.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) cause: Cause,
    pub(super) heard: Vec<Heard>,
}

/// The turns of one instance.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) turns: Vec<Turn>,
    /// The turns that came while it was busy.
    later: Vec<Turn>,
}

impl Script {
    fn meet(&mut self, cause: Cause, is_busy: bool) {
        let turns = if is_busy { &mut self.later } else { &mut self.turns };
        turns.push(Turn { cause, heard: Vec::new() });
    }

    /// Records an answer to a command of this event. If the event was waiting, its turn has now come.
    fn hear(&mut self, event_id: &str, heard: Heard) {
        let is_it = |turn: &Turn| matches!(&turn.cause, Cause::When(event) if event.id == event_id);
        if let Some(index) = self.later.iter().position(is_it) {
            self.turns.extend(self.later.drain(..=index));
        }
        if let Some(turn) = self.turns.last_mut() {
            turn.heard.push(heard);
        }
    }

    fn rest(&mut self) {
        self.turns.append(&mut self.later);
    }
}

/// A trace: its steps in words, and the scripts of its instances.
pub(super) struct Trace {
    pub(super) steps: Vec<String>,
    pub(super) scripts: BTreeMap<Rc<str>, Script>,
}

impl Trace {
    /// Creates the trace that follows these steps from the beginning.
    pub(super) fn of<M, W>(model: &Model<M, W>, path: &[Action]) -> Self
    where
        M: ProcessManager,
        M::Event: Serialize,
        W: Clone,
    {
        let mut trace = Self { steps: Vec::new(), scripts: BTreeMap::new() };
        let mut state = State::new(model);
        for action in path {
            let next = guarded(|| state.step(model, action)).ok().flatten();
            let heard = next.as_ref().and_then(|stepped| stepped.heard.as_ref());
            trace.steps.push(words::step(model, &state, action, heard));
            trace.tell(&state, action, heard);
            let Some(Stepped { state: next, .. }) = next else { return trace.at_rest() };
            let is_busy = |id: &Rc<str>| next.processes.get(id).is_some_and(|it| it.is_busy() && it.parked().is_none());
            trace.scripts.iter_mut().filter(|(id, _)| !is_busy(id)).for_each(|(_, script)| script.rest());
            trace.let_time_pass(&state, &next);
            state = next;
        }
        trace.go_on(model, state);
        trace.at_rest()
    }

    /// Lets the services answer whatever is sent after the last step, because the test kit does everything that can be
    /// done in a turn.
    fn go_on<M, W>(&mut self, model: &Model<M, W>, mut state: State<M, W>)
    where
        M: ProcessManager,
        W: Clone,
    {
        for (id, script) in &mut self.scripts {
            for _ in 0..MOST_SENT {
                let Some(causation_id) = state.dispatch(id).map(|dispatch| dispatch.causation_id.clone()) else {
                    break;
                };
                let sent = guarded(|| state.send(model, id, Reply::Answer));
                let Ok(Some(Some(heard))) = sent else { break };
                script.hear(&causation_id, heard);
            }
        }
    }

    fn at_rest(mut self) -> Self {
        self.scripts.values_mut().for_each(Script::rest);
        self
    }

    fn tell<M: ProcessManager, W: Clone>(&mut self, state: &State<M, W>, action: &Action, heard: Option<&Heard>) {
        let is_busy = |id: &Rc<str>| state.processes.get(id).is_some_and(|it| it.is_busy() && it.parked().is_none());
        let mut meet = |id: &Rc<str>, cause| self.scripts.entry(Rc::clone(id)).or_default().meet(cause, is_busy(id));
        match action {
            Action::Deliver { to, log } => {
                if let Some(delivery) = state.next_delivery(to, log) {
                    meet(to, Cause::When(Box::new(delivery.event)));
                }
            }
            Action::Retry(id) => meet(id, Cause::Retry),
            Action::Acknowledge(id) => meet(id, Cause::Acknowledge),
            Action::End(id) => meet(id, Cause::Terminated),
            Action::Instruct { to, which } => meet(to, Cause::Instruct(*which)),
            Action::Send { from, reply } if *reply != Reply::Lose => {
                if let (Some(dispatch), Some(heard)) = (state.dispatch(from), heard) {
                    let script = self.scripts.entry(Rc::clone(from)).or_default();
                    script.hear(&dispatch.causation_id, heard.clone());
                }
            }
            _ => (),
        }
    }

    /// Tells the waiting instances. An instance that pauses before a retry need not be told: in the test kit its time
    /// passes by itself.
    fn let_time_pass<M: ProcessManager, W>(&mut self, before: &State<M, W>, after: &State<M, W>) {
        let Ok(passed) = (after.now - before.now).to_std() else { return };
        if passed.is_zero() {
            return;
        }
        for (id, script) in &mut self.scripts {
            if before.processes.get(id).is_some_and(|process| process.is_busy()) {
                continue;
            }
            match script.turns.last_mut() {
                Some(Turn { cause: Cause::Advance(by), heard }) if heard.is_empty() => *by += passed,
                _ => script.meet(Cause::Advance(passed), false),
            }
        }
    }
}
