//! The state of a subscription, and the effect of operators' signals on it.

use chrono::{DateTime, Utc};
use process_manager::instance::Continued;
use process_manager_wire::{FeedPosition, Position};

use super::{Retrying, Status, SubscriptionState, payload::At};
use crate::activities::{Follow, Followed, Held, Redeliver, Redelivered};

/// How many redeliveries may wait: this many, with 1,000 positions each, can be handed over to the next run.
const MOST_WAITING: usize = 50;

/// A run of the subscription.
#[derive(Debug)]
pub(super) struct Run {
    follow: Follow,
    held: Held,
    /// Whether a turn is under way; it takes a moment to learn of a pause.
    in_turn: bool,
    /// The instances to which the turn cannot deliver.
    retrying: Vec<Retrying>,
}

impl Run {
    pub(super) fn new(mut follow: Follow) -> Self {
        let held = follow.held.take().unwrap_or_default();
        Self { follow, held, in_turn: false, retrying: Vec::new() }
    }

    pub(super) fn follow(&self) -> Follow {
        self.follow.clone()
    }

    /// Returns the input of the next run: no decision of an operator is lost.
    pub(super) fn handed_over(&self) -> Follow {
        let held = Some(self.held.clone()).filter(|held| *held != Held::default());
        Follow { held, hands_over: true, ..self.follow() }
    }

    /// Returns whether it hands over when its history is long, waiting or not.
    pub(super) fn hands_over(&self) -> bool {
        self.follow.hands_over
    }

    pub(super) fn status(&self) -> Status {
        match &self.held {
            // A rewind resumes.
            Held { rewind: Some(_), .. } => Status::Following,
            Held { error: Some(_), .. } => Status::Stopped,
            Held { is_paused: true, .. } => Status::Paused,
            _ if self.follow.attempt > 0 => Status::Retrying,
            _ => Status::Following,
        }
    }

    /// Carries out what an operator asked for, and returns the status that follows.
    pub(super) fn next(&mut self) -> Status {
        if let Some(position) = self.held.rewind.take() {
            self.move_to(position);
        }
        self.status()
    }

    /// Returns whether an operator wants it to go on elsewhere.
    pub(super) fn is_rewound(&self) -> bool {
        self.held.rewind.is_some()
    }

    /// Returns whether an operator wants the turn to end.
    pub(super) fn is_interrupted(&self) -> bool {
        self.held.is_paused || self.is_rewound() || !self.held.redeliver.is_empty()
    }

    /// Records when the next event is retried.
    pub(super) fn retries_at(&mut self, at: Option<DateTime<Utc>>) {
        self.follow.retry_at = at;
    }

    /// Returns the input of a turn.
    pub(super) fn begin_turn(&mut self) -> Follow {
        self.in_turn = true;
        self.retrying.clear();
        self.follow()
    }

    pub(super) fn end_turn(&mut self) {
        self.in_turn = false;
        self.retrying.clear();
    }

    /// Returns the next redelivery, of events that were passed.
    pub(super) fn begin_redelivery(&mut self) -> Option<Redeliver> {
        let redeliver = self.held.redeliver.pop_front()?;
        // Events are delivered until it ends, even if the subscription is paused meanwhile.
        self.in_turn = true;
        Some(redeliver)
    }

    pub(super) fn redelivered(&mut self, redelivered: Redelivered) {
        self.in_turn = false;
        self.held.redelivered = Some(redelivered);
    }

    pub(super) fn starts_at(&mut self, position: Position) {
        self.follow.start_from = None;
        self.move_to(position);
    }

    pub(super) fn followed(&mut self, followed: &Followed) {
        self.follow.from = followed.at.clone();
        self.follow.attempt = followed.attempt;
    }

    pub(super) fn stop(&mut self, why: String, is_other_log: bool, at: Option<FeedPosition>) {
        self.held.error = Some(why);
        self.held.is_other_log = is_other_log;
        self.follow.attempt = 0;
        if let Some(at) = at {
            self.follow.from = at;
        }
    }

    pub(super) fn resume(&mut self, at: At) -> Result<(), &'static str> {
        if self.held.error.is_none() && !self.held.is_paused {
            return Err("the subscription is neither stopped nor paused");
        }
        if at.continues == Some(true) {
            self.continue_log(at.position)?;
        } else if let Some(position) = at.position {
            self.leave_log();
            self.move_to(position);
        }
        self.held.is_paused = false;
        self.held.error = None;
        self.held.is_other_log = false;
        Ok(())
    }

    pub(super) fn pause(&mut self) -> Result<(), &'static str> {
        self.held.is_paused = true;
        Ok(())
    }

    pub(super) fn rewind(&mut self, at: At) -> Result<(), &'static str> {
        self.held.rewind = Some(at.position.ok_or("it has no position")?);
        self.leave_log();
        self.held.error = None;
        self.held.is_paused = false;
        Ok(())
    }

    pub(super) fn redeliver(&mut self, asked: Redeliver) -> Result<(), &'static str> {
        if self.held.redeliver.len() >= MOST_WAITING {
            return Err("too many redeliveries wait");
        }
        self.held.redeliver.push_back(asked);
        Ok(())
    }

    pub(super) fn retry(&mut self, retrying: Vec<Retrying>) {
        if self.in_turn {
            self.retrying = retrying;
        }
    }

    fn move_to(&mut self, position: Position) {
        if self.in_turn {
            // The turn will report where it was, which does not count.
            self.held.rewind = Some(position);
            return;
        }
        self.follow.attempt = 0;
        self.follow.retry_at = None;
        self.follow.from = FeedPosition { position, logid: None };
    }

    /// Records that the current log is the one that was followed, up to the position.
    fn continue_log(&mut self, position: Option<Position>) -> Result<(), &'static str> {
        let FeedPosition { position: at, logid } = self.follow.from.clone();
        let log = logid.ok_or("the log that it followed is not known")?;
        let up_to = position.unwrap_or(at);
        self.follow.continues.push(Continued { log, up_to });
        self.move_to(up_to);
        Ok(())
    }

    /// Records that the current log is none of those that were followed.
    fn leave_log(&mut self) {
        if std::mem::take(&mut self.held.is_other_log) {
            self.follow.continues.clear();
        }
    }

    pub(super) fn view(&self) -> SubscriptionState {
        let status = match self.status() {
            _ if !self.retrying.is_empty() => Status::Retrying,
            _ if self.in_turn => Status::Following,
            status => status,
        };
        SubscriptionState {
            name: self.follow.name.clone(),
            at: self.follow.from.clone(),
            status,
            error: self.held.error.clone(),
            retrying: self.retrying.clone(),
            redelivered: self.held.redelivered.clone(),
        }
    }

    /// Returns the text that the Web UI shows while nothing is delivered, or not to all instances.
    pub(super) fn details(&self) -> String {
        let position = self.follow.from.position;
        if self.in_turn {
            let of = |it: &Retrying| format!("- {}: since {} because {}\n", it.id, it.since.to_rfc3339(), it.why);
            let list = self.retrying.iter().map(of).collect::<String>();
            return if list.is_empty() { list } else { format!("**Retrying** deliveries to instances:\n\n{list}") };
        }
        match &self.held.error {
            None if !self.held.is_paused => String::new(),
            None => format!("**Paused** after position {position}.\n\nWaits for the signal `resume` or `rewind`."),
            Some(why) if self.held.is_other_log => format!(
                "**Stopped** after position {position}: {why}.\n\nNo events are delivered any more. Find out what has \
                 become of the log. Then send the signal `resume`: without input once the former log is back; with \
                 `{{\"continues\": true, \"position\": {position}}}` where the log is a restored copy of the former one, \
                 and the events up to that position are the same in both (give the last position that the copy had); or \
                 with `{{\"position\": 0}}` to read it from its origin as a log that nobody has seen: instances handle \
                 its events even if they have handled them in the former log."
            ),
            Some(why) => format!(
                "**Stopped** after position {position}: {why}.\n\nNo events are delivered any more. Find out what has \
                 become of the log, or of the event. Then send the signal `resume`: without input, to go on at the same \
                 place (the log has been restored, the cause is fixed), or with `{{\"position\": 0}}`, to read the log \
                 that is there now from its origin (or after another position, to pass events over; what is passed over \
                 can be delivered later, by the signal `redeliver`)."
            ),
        }
    }
}

#[cfg(test)]
mod tests;
