//! Answers from outside: from a command's receiver, a log or a clock.

use chrono::{DateTime, Utc};
use process_manager_wire::CloudEvent;

use super::{Instance, StalledCommand, command_name, handle::call};
use crate::{
    failure_code, limits,
    manager::{AfterCommand, Error, ProcessManager},
};

impl<M: ProcessManager> Instance<M> {
    /// Takes the answer to the current command.
    pub fn answered(&mut self, answer: Result<(), Error<M::Error>>, now: DateTime<Utc>) {
        self.stalled = None;
        let Some(work) = &mut self.work else { return };
        let Some((_, sent)) = work.pending.front() else { return };
        match answer {
            Err(error) => self.failed(error, now),
            Ok(()) => {
                let next = call("after_command", || self.state.after_command(&sent.command));
                work.drop_first();
                work.failing_since = None;
                match next {
                    Ok(AfterCommand::Continue) => (),
                    Ok(AfterCommand::Stop) => self.end(),
                    Err(error) => self.failed(error, now),
                }
            }
        }
    }

    /// Takes the first of the requested events, in their order, or the reason why the next one can no longer be read.
    pub fn fetched(&mut self, events: Result<Vec<CloudEvent>, String>, now: DateTime<Utc>) {
        let in_hand = self.work.as_mut().filter(|work| work.lacks_data);
        let taken = events.map(|events| match in_hand {
            Some(work) => work.take_data(events),
            None => self.inbox.fetched(events),
        });
        let why = match taken {
            Ok(true) => return,
            Ok(false) => "there is another event at its place".to_owned(),
            Err(why) => why,
        };
        self.park(failure_code::UNREADABLE, why, None, now);
    }

    /// Records that the attempt's deadline has passed.
    pub fn timed_out(&mut self, now: DateTime<Utc>) {
        self.answered(Err(Error::Timeout(self.event_timeout.unwrap_or_default())), now);
    }

    /// Records that the current command has not succeeded for a while.
    pub fn stalled(&mut self, detail: String, now: DateTime<Utc>) {
        let Some((_, outgoing)) = self.work.as_ref().and_then(|work| work.pending.front()) else { return };
        let detail = limits::cut(detail);
        self.stalled = Some(StalledCommand { command: command_name(&outgoing.command), detail, since: now });
    }
}
