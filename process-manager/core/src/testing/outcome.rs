//! The outcome of an event, and a test's expectations of it.

use std::{fmt::Debug, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{Run, answering, in_turn};
use crate::{
    instance::{Instance, InstanceView, Signalled, Status},
    manager::{self, Error, ProcessManager, RoutingError},
};

/// The outcome of the last event, or of the time that has passed. Each `then…` panics, and so fails the test, if its
/// expectation is not met.
pub struct Outcome<M: ProcessManager> {
    pub(super) run: Run<M>,
    pub(super) routing_error: Option<RoutingError<M::Error>>,
}

impl<M> Outcome<M>
where
    M: ProcessManager,
    M::Event: Serialize,
{
    /// Delivers the next event.
    ///
    /// # Panics
    /// Same as [`Scenario::when`](super::Scenario::when).
    #[must_use]
    #[track_caller]
    pub fn when(mut self, event: M::Event) -> Self {
        self.forget();
        let routed = self.run.deliver(&event);
        self.routing_error = self.routing_error.or(routed.err());
        self
    }
}

impl<M: ProcessManager> Outcome<M> {
    /// Lets this much time pass; see [`Scenario::advance`](super::Scenario::advance).
    #[must_use]
    #[track_caller]
    pub fn advance(mut self, by: Duration) -> Self {
        self.forget();
        self.run.advance(by);
        self
    }

    /// Sends an instruction, as an operator does.
    ///
    /// # Panics
    /// If it is not taken, and as for [`Scenario::when`](super::Scenario::when).
    #[must_use]
    #[track_caller]
    pub fn instruct(mut self, instruction: &M::Event) -> Self
    where
        M::Event: Serialize,
    {
        self.forget();
        self.run.instruct(instruction);
        self
    }

    /// Tells the instance about its batch with an event `BatchProgressed` or `BatchEnded`.
    ///
    /// # Panics
    /// Same as [`Scenario::when`](super::Scenario::when).
    #[must_use]
    #[track_caller]
    pub fn told(mut self, event: &M::Event) -> Self
    where
        M::Event: Serialize,
    {
        self.forget();
        self.run.tell(event);
        self
    }

    /// Retries what failed, as an operator does.
    ///
    /// # Panics
    /// If the instance is not parked, and as for [`Scenario::when`](super::Scenario::when).
    #[must_use]
    #[track_caller]
    pub fn retry(mut self) -> Self {
        self.forget();
        self.run.decide(|instance, _| instance.retry(None));
        self
    }

    /// Gives the process up, as an operator does.
    ///
    /// # Panics
    /// Same as [`Self::retry`].
    #[must_use]
    #[track_caller]
    pub fn acknowledge(mut self) -> Self {
        self.forget();
        self.run.decide(|instance, _| instance.acknowledge(None));
        self
    }

    /// Ends the run from outside: the instance comes back, parked.
    ///
    /// # Panics
    /// If no event has reached an instance.
    #[must_use]
    #[track_caller]
    pub fn terminated(mut self) -> Self {
        self.forget();
        self.run.decide(|instance, now| {
            instance.ended_from_outside("the run was terminated", now);
            Signalled::Counted
        });
        self
    }

    /// Expects that an operator is needed for the reason with this code, although the instance goes on; with `None`,
    /// that nobody is needed.
    #[track_caller]
    pub fn then_attention(self, code: Option<&str>) -> Self {
        let attention = self.view().and_then(|view| view.attention);
        assert_eq!(attention.as_ref().map(|attention| attention.code.as_str()), code, "the need: {attention:?}");
        self
    }

    /// Expects that the attention is about this subject; with `None`, that it names no subject.
    #[track_caller]
    pub fn then_attention_about(self, subject: Option<&str>) -> Self {
        let attention = self.view().and_then(|view| view.attention);
        let about = attention.as_ref().and_then(|attention| attention.subject.as_deref());
        assert_eq!(about, subject, "what the need is about: {attention:?}");
        self
    }

    /// Sets the answer to all later commands.
    #[must_use]
    pub fn answering(mut self, answer: impl Fn(&M::Command) -> Result<(), Error<M::Error>> + 'static) -> Self {
        self.run.answer = Box::new(answer);
        self
    }

    /// Sets the answers to later commands, one after the other; after that all are accepted.
    #[must_use]
    pub fn answers(mut self, answers: impl IntoIterator<Item = Result<(), Error<M::Error>>>) -> Self {
        self.run.answer = in_turn::<M>(answers);
        self
    }

    /// Sets the answers to questions.
    #[must_use]
    pub fn answering_questions(mut self, answer: impl Fn(&M::Command) -> M::Event + 'static) -> Self
    where
        M::Event: Serialize,
    {
        self.run.questions = answering::<M>(answer);
        self
    }

    fn forget(&mut self) {
        (self.run.sent, self.run.pauses) = (Vec::new(), Vec::new());
    }

    /// Expects that these timers are set, in the order in which they are due, each with the time until then.
    #[track_caller]
    pub fn then_timers<'a>(self, timers: impl IntoIterator<Item = (&'a str, Duration)>) -> Self {
        let view = self.view().map(|view| view.timers).unwrap_or_default();
        let left = |due: DateTime<Utc>| (due - self.run.now).to_std().unwrap_or_default();
        let are: Vec<_> = view.iter().map(|timer| (timer.name.as_str(), left(timer.due_at))).collect();
        assert_eq!(are, timers.into_iter().collect::<Vec<_>>(), "the timers");
        self
    }

    /// Expects that these commands were sent, in this order; each attempt counts.
    #[track_caller]
    pub fn then(self, commands: impl IntoIterator<Item = M::Command>) -> Self
    where
        M::Command: PartialEq,
    {
        assert_eq!(self.run.sent, commands.into_iter().collect::<Vec<_>>(), "the commands");
        self
    }

    /// Expects that no command was sent.
    #[track_caller]
    pub fn then_no_command(self) -> Self {
        assert!(self.run.sent.is_empty(), "no command was expected: {:?}", self.run.sent);
        self
    }

    /// Expects that the instance is in this state.
    #[track_caller]
    pub fn then_state(self, state: &M) -> Self
    where
        M: PartialEq,
    {
        let is = self.view().map(|view| view.state);
        assert_eq!(is, Some(serde_json::to_value(state).unwrap_or(Value::Null)), "the state");
        self
    }

    /// Expects that the instance waits for its next event.
    #[track_caller]
    pub fn then_waits(self) -> Self {
        self.has_status(Status::Waiting)
    }

    /// Expects that the instance has ended, and its state is gone.
    #[track_caller]
    pub fn then_ended(self) -> Self {
        self.has_status(Status::Ended)
    }

    /// Expects that the instance has ended with this outcome.
    #[track_caller]
    pub fn then_ended_as(self, outcome: &manager::Outcome) -> Self {
        let is = self.view().and_then(|view| view.outcome);
        assert_eq!(is.as_ref(), Some(outcome), "the outcome");
        self.then_ended()
    }

    /// Expects that the instance is parked with a failure of this code.
    #[track_caller]
    pub fn then_parked(self, code: &str) -> Self {
        let failure = self.view().and_then(|view| view.failure);
        assert_eq!(failure.as_ref().map(|failure| failure.code.as_str()), Some(code), "the failure: {failure:?}");
        self
    }

    /// Expects that the instance waited for these times before its retries.
    #[track_caller]
    pub fn then_waited(self, pauses: impl IntoIterator<Item = Duration>) -> Self {
        let waited: Vec<_> = self.run.pauses.iter().filter_map(|pause| pause.to_std().ok()).collect();
        assert_eq!(waited, pauses.into_iter().collect::<Vec<_>>(), "the pauses");
        self
    }

    /// Expects that no event has reached an instance.
    #[track_caller]
    pub fn then_passed_over(self) -> Self {
        assert!(self.routing_error.is_none(), "passed over was expected: {:?}", self.routing_error);
        assert!(self.run.instance.is_none(), "an instance was not expected: {:?}", self.view());
        self
    }

    /// Expects that the event could not be routed.
    #[track_caller]
    pub fn then_routing_error(self, check: impl FnOnce(&RoutingError<M::Error>) -> bool) -> Self {
        assert!(self.routing_error.as_ref().is_some_and(check), "the routing error: {:?}", self.routing_error);
        self
    }

    /// Returns the instance as the query `state` would show it.
    #[must_use]
    pub fn view(&self) -> Option<InstanceView> {
        self.run.instance.as_ref().map(Instance::view)
    }

    #[track_caller]
    fn has_status(self, status: Status) -> Self {
        let view = self.view();
        assert_eq!(view.as_ref().map(|view| view.status), Some(status), "the status: {view:?}");
        self
    }
}

impl<M: ProcessManager> Debug for Outcome<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outcome").field("sent", &self.run.sent).field("view", &self.view()).finish_non_exhaustive()
    }
}
