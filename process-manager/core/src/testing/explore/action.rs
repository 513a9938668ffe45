//! The possible steps in a state.

use std::rc::Rc;

use chrono::TimeDelta;
use process_manager_wire::tagged;
use serde::Serialize;

use super::{
    model::Model,
    parts::{Action, Heard, Reply, Stopped},
    process::Delivered,
    state::State,
};
use crate::{instance::Signalled, manager::ProcessManager};

/// How late the workers are, when they are late.
pub(super) const LATE: TimeDelta = TimeDelta::hours(1);

/// The state after a step, and the answer that an instance has received.
pub(super) struct Stepped<M: ProcessManager, W> {
    pub(super) state: State<M, W>,
    pub(super) heard: Option<Heard>,
}

impl<M: ProcessManager, W: Clone> State<M, W> {
    /// Returns the steps that happen by themselves. Without any, the state is at rest.
    pub(super) fn own_actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        for (id, process) in &self.processes {
            let deliver = |log: String| Action::Deliver { to: Rc::clone(id), log: Rc::from(log) };
            actions.extend(self.logs_with_more(id).into_iter().map(deliver));
            if !process.is_stuck && self.dispatch(id).is_some() {
                actions.push(Action::Send { from: Rc::clone(id), reply: Reply::Answer });
            }
        }
        actions.extend((0..self.on_the_way.len()).map(Action::Arrive));
        actions.extend(self.due().into_iter().map(Action::Wake));
        if self.next_due().is_some() {
            actions.push(Action::Pass);
        }
        actions
    }

    /// Returns all other steps: from outside, from whatever goes wrong, from operators.
    pub(super) fn other_actions(&self, model: &Model<M, W>) -> Vec<Action> {
        let is_left = |(sequence, done): &(usize, &usize)| **done < model.outside[*sequence].len();
        let left = self.happened.iter().enumerate().filter(is_left);
        let mut actions: Vec<_> = left.map(|(sequence, _)| Action::Happen(sequence)).collect();
        if self.troubles > 0 {
            self.troubling_actions(model, &mut actions);
        }
        if self.decisions > 0 {
            self.decisions(model, &mut actions);
        }
        actions
    }

    fn troubling_actions(&self, model: &Model<M, W>, actions: &mut Vec<Action>) {
        let may_repeat = |index: &usize| self.log[*index].may_repeat && !self.repeated.contains(index);
        actions.extend((0..self.log.len()).filter(may_repeat).map(Action::Repeat));
        if self.next_due().is_some() {
            actions.push(Action::PassAsleep);
        }
        for (id, process) in &self.processes {
            if process.runs() && process.parked().is_none() {
                actions.push(Action::End(Rc::clone(id)));
            }
            let Some(dispatch) = self.dispatch(id).filter(|_| !process.is_stuck) else { continue };
            let (command, has_effect) = (&dispatch.outgoing.command, self.has_accepted(&dispatch.idempotency_key));
            let mut replies = Vec::new();
            if !has_effect {
                let which = |number: &usize| (model.refusals[*number].which)(command);
                replies.extend((0..model.refusals.len()).filter(which).map(Reply::Refuse));
                replies.push(Reply::Lose);
            }
            let is_limited = dispatch.outgoing.settings.retry.is_some_and(|retry| retry.attempts.is_some());
            if is_limited || dispatch.deadline.is_some() {
                replies.push(Reply::GiveUp { on_the_way: false });
                if !has_effect {
                    replies.push(Reply::GiveUp { on_the_way: true });
                }
            } else {
                replies.push(Reply::StayAway);
            }
            actions.extend(replies.into_iter().map(|reply| Action::Send { from: Rc::clone(id), reply }));
        }
    }

    fn decisions(&self, model: &Model<M, W>, actions: &mut Vec<Action>) {
        let may_resume = self.stopped.iter().filter(|(_, stopped)| stopped.may_resume);
        actions.extend(may_resume.map(|(log, _)| Action::Resume(Rc::from(log.as_str()))));
        for (id, process) in &self.processes {
            if process.parked().is_some() {
                actions.extend([Action::Retry(Rc::clone(id)), Action::Acknowledge(Rc::clone(id))]);
            }
            if process.runs() {
                let instruct = |which| Action::Instruct { to: Rc::clone(id), which };
                actions.extend((0..model.instructions.len()).map(instruct));
            }
        }
    }

    /// Takes the step; returns `None` if it changes nothing.
    pub(super) fn step(&self, model: &Model<M, W>, action: &Action) -> Result<Option<Stepped<M, W>>, String>
    where
        M::Event: Serialize,
    {
        let mut next = self.clone();
        let mut heard = None;
        match action {
            Action::Send { from, reply } => {
                if *reply != Reply::Answer {
                    next.troubles -= 1;
                }
                match next.send(model, from, *reply)? {
                    Some(answer) => heard = answer,
                    None => return Ok(None),
                }
            }
            Action::Deliver { to, log } => {
                return Ok(next.deliver(model, to, log)?.then_some(Stepped { state: next, heard }));
            }
            Action::Arrive(number) => next.arrive(model, *number)?,
            Action::Happen(sequence) => next.happen(model, *sequence)?,
            Action::Repeat(index) => {
                next.troubles -= 1;
                next.repeat(*index)?;
            }
            Action::Pass => {
                next.now = self.next_due().unwrap_or(self.now);
                next.due().iter().try_for_each(|id| next.settle(id))?;
            }
            Action::PassAsleep => {
                next.troubles -= 1;
                next.now = self.next_due().unwrap_or(self.now) + LATE;
            }
            Action::Wake(id) => next.settle(id)?,
            Action::End(..)
            | Action::Retry(..)
            | Action::Acknowledge(..)
            | Action::Instruct { .. }
            | Action::Resume(..) => {
                return Ok(next.decided(model, action)?.then_some(Stepped { state: next, heard }));
            }
        }
        Ok(Some(Stepped { state: next, heard }))
    }

    fn happen(&mut self, model: &Model<M, W>, sequence: usize) -> Result<(), String> {
        let happening = &model.outside[sequence][self.happened[sequence]];
        self.happened[sequence] += 1;
        let events = (happening.happen)(&mut self.world);
        events.iter().try_for_each(|event| self.record(model, event))
    }

    fn deliver(&mut self, model: &Model<M, W>, to: &Rc<str>, log: &Rc<str>) -> Result<bool, String> {
        let Some(delivery) = self.next_delivery(to, log) else { return Ok(false) };
        let position = delivery.event.sequence;
        match self.process(to).deliver(to, delivery, &model.settings) {
            Delivered::NotYet => return Ok(false),
            Delivered::Stopped => {
                let stopped = Stopped { at: position, may_resume: true };
                self.stopped.insert(log.to_string(), stopped);
                return Ok(true);
            }
            Delivered::Yes => *self.process(to).delivered.entry(log.to_string()).or_default() += 1,
        }
        self.settle(to)?;
        self.check_redeliveries(to).map(|()| true)
    }

    /// Carries out the decision of an operator, or of somebody who ends a run; returns `false` if it changes nothing.
    fn decided(&mut self, model: &Model<M, W>, action: &Action) -> Result<bool, String>
    where
        M::Event: Serialize,
    {
        let now = self.now;
        let id = match action {
            Action::End(id) => {
                self.troubles -= 1;
                if let Some(instance) = &mut self.process(id).instance {
                    instance.ended_from_outside("the run was terminated", now);
                }
                id
            }
            Action::Retry(id) | Action::Acknowledge(id) => {
                self.decisions -= 1;
                let process = self.process(id);
                let Some(instance) = &mut process.instance else { return Ok(false) };
                let is_retry = matches!(action, Action::Retry(_));
                let signalled = if is_retry { instance.retry(None) } else { instance.acknowledge(None) };
                if signalled == Signalled::Ignored {
                    return Ok(false);
                }
                process.is_given_up |= !is_retry;
                id
            }
            Action::Instruct { to, which } => {
                self.decisions -= 1;
                let Some((kind, data)) = model.instructions.get(*which).and_then(tagged) else { return Ok(false) };
                let Some(instance) = &mut self.process(to).instance else { return Ok(false) };
                if instance.instruct(&kind, data, now).is_err() {
                    return Ok(false);
                }
                to
            }
            Action::Resume(log) => {
                self.decisions -= 1;
                return Ok(self.stopped.remove(log.as_ref()).is_some());
            }
            _ => return Ok(false),
        };
        self.settle(id).map(|()| true)
    }
}
