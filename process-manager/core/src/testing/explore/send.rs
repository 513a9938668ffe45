//! Commands on their way to a service, and the answers.

use std::rc::Rc;

use super::{
    model::Model,
    parts::{Accepted, Attempt, Heard, Known, Reply},
    state::State,
};
use crate::{
    instance::{Dispatch, Next, command_name},
    manager::{Error, ProcessManager, Refusal},
};

pub(super) const UNAVAILABLE: &str = "the receiver is unavailable";

impl<M: ProcessManager, W: Clone> State<M, W> {
    /// Returns the command that the instance wants to send.
    pub(super) fn dispatch(&self, id: &str) -> Option<&Dispatch<M::Command>> {
        match self.processes.get(id)?.next.as_ref()? {
            Next::Dispatch(dispatch) => Some(dispatch),
            _ => None,
        }
    }

    /// Returns whether a command was accepted under this key.
    pub(super) fn has_accepted(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|known| known.is_accepted())
    }

    /// Sends the instance's command. Returns the answer that the instance receives, if any; returns `None` if nothing
    /// has changed.
    pub(super) fn send(
        &mut self,
        model: &Model<M, W>,
        id: &Rc<str>,
        reply: Reply,
    ) -> Result<Option<Option<Heard>>, String> {
        let Some(dispatch) = self.dispatch(id).cloned() else { return Ok(None) };
        let attempt = Attempt { key: Rc::from(dispatch.idempotency_key.as_str()), command: dispatch.outgoing.command };
        self.note(&attempt)?;
        let heard = match reply {
            Reply::Answer => match self.carry_out(model, &attempt)? {
                Ok(accepted) => Heard::Accepted(accepted),
                Err(refusal) => Heard::Refused(refusal),
            },
            Reply::Refuse(number) => match model.refusals.get(number) {
                Some(it) => {
                    Heard::Refused(Refusal { code: it.code.clone(), detail: "as the test wants it".to_owned() })
                }
                None => return Ok(None),
            },
            Reply::Lose => return Ok(self.carry_out(model, &attempt)?.ok().map(|_| None)),
            Reply::StayAway => {
                self.process(id).is_stuck = true;
                return Ok(Some(None));
            }
            Reply::GiveUp { on_the_way } => {
                if on_the_way {
                    self.on_the_way.push(Rc::new(attempt));
                }
                match dispatch.deadline {
                    Some(deadline) => {
                        self.now = self.now.max(deadline);
                        Heard::TimedOut
                    }
                    None => Heard::NotDispatched,
                }
            }
        };
        self.hear(id, &heard)?;
        Ok(Some(Some(heard)))
    }

    fn hear(&mut self, id: &Rc<str>, heard: &Heard) -> Result<(), String> {
        let now = self.now;
        let process = self.process(id);
        let Some(instance) = &mut process.instance else { return Ok(()) };
        match heard {
            Heard::Accepted(Some((kind, data))) => instance.answered_with(kind, data.clone(), now),
            Heard::Accepted(None) => instance.answered(Ok(()), now),
            Heard::Refused(refusal) => instance.answered(Err(Error::Refused(refusal.clone())), now),
            Heard::NotDispatched => instance.answered(Err(Error::Dispatch(UNAVAILABLE.to_owned())), now),
            Heard::TimedOut => instance.timed_out(now),
        }
        self.settle(id)
    }

    /// Checks that a key names one command.
    fn note(&mut self, attempt: &Attempt<M::Command>) -> Result<(), String> {
        let command = serde_json::to_string(&attempt.command).map_err(|error| error.to_string())?;
        match self.keys.get(&attempt.key) {
            Some(known) if known.command != command => Err(format!(
                "an idempotency key names one command: {} named {}, and names {command}",
                attempt.key, known.command
            )),
            Some(_) => Ok(()),
            None => {
                self.keys.insert(Rc::clone(&attempt.key), Rc::new(Known { command, accepted: None }));
                Ok(())
            }
        }
    }

    /// Lets the services carry out the command, once under its key.
    fn carry_out(
        &mut self,
        model: &Model<M, W>,
        attempt: &Attempt<M::Command>,
    ) -> Result<Result<Accepted, Refusal>, String> {
        if let Some(accepted) = self.keys.get(&attempt.key).and_then(|known| known.accepted.clone()) {
            return Ok(Ok(accepted));
        }
        let mut world = self.world.clone();
        let mut events = match (model.carry_out)(&mut world, &attempt.command) {
            Ok(events) => events,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.world = world;
        let mut accepted = None;
        if M::is_question(&attempt.command) {
            if events.is_empty() {
                return Err(format!("a question is answered with an event: {}", command_name(&attempt.command)));
            }
            let answer = (model.serialize)(&events.remove(0), self.now);
            accepted = Some((answer.kind, answer.data));
        }
        if let Some(known) = self.keys.get_mut(&attempt.key) {
            Rc::make_mut(known).accepted = Some(accepted.clone());
        }
        events.iter().try_for_each(|event| self.record(model, event))?;
        Ok(Ok(accepted))
    }

    /// Lets an attempt arrive for which nobody waits any longer.
    pub(super) fn arrive(&mut self, model: &Model<M, W>, number: usize) -> Result<(), String> {
        let attempt = self.on_the_way.remove(number);
        self.carry_out(model, &attempt).map(drop)
    }
}
