//! State of a subscription, and the effect of operators' signals on it.

use process_manager_wire::{FeedPosition, Position};
use serde::{Deserialize, Serialize};

use super::payload::At;
use crate::activities::{Follow, Followed};

/// Whether a subscription follows its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// Events are delivered.
    Following,
    /// The next event is retried after a while.
    Retrying,
    /// An operator has paused it, and nothing is delivered.
    Paused,
    /// The log is another one or lost its end, or an event could not be routed; an operator has to decide.
    Stopped,
}

/// Answer of the query `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SubscriptionState {
    /// The subscription.
    pub name: String,
    /// Where it stands, or stopped; while it follows, where this turn began (the heartbeat tells the latest).
    #[serde(flatten)]
    pub at: FeedPosition,
    /// Whether it follows its log.
    pub status: Status,
    /// Why it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A run of the subscription.
#[derive(Debug)]
pub(super) struct Run {
    follow: Follow,
    error: Option<String>,
    is_paused: bool,
    rewind: Option<Position>,
    /// A turn is under way; it takes a moment until it hears of a pause.
    in_turn: bool,
}

impl Run {
    pub(super) fn new(follow: Follow) -> Self {
        Self { follow, error: None, is_paused: false, rewind: None, in_turn: false }
    }

    pub(super) fn follow(&self) -> Follow {
        self.follow.clone()
    }

    pub(super) fn status(&self) -> Status {
        match self {
            // A rewind resumes.
            Self { rewind: Some(_), .. } => Status::Following,
            Self { error: Some(_), .. } => Status::Stopped,
            Self { is_paused: true, .. } => Status::Paused,
            Self { follow: Follow { attempt: 1.., .. }, .. } => Status::Retrying,
            _ => Status::Following,
        }
    }

    /// Carries out what an operator has asked for, and returns the status that follows.
    pub(super) fn next(&mut self) -> Status {
        if let Some(position) = self.rewind.take() {
            self.move_to(position);
        }
        self.status()
    }

    /// Whether an operator wants the turn to end.
    pub(super) fn is_interrupted(&self) -> bool {
        self.is_paused || self.rewind.is_some()
    }

    /// Returns the input of a turn.
    pub(super) fn begin_turn(&mut self) -> Follow {
        self.in_turn = true;
        self.follow()
    }

    pub(super) fn end_turn(&mut self) {
        self.in_turn = false;
    }

    pub(super) fn starts_at(&mut self, position: Position) {
        self.follow.start_from = None;
        self.move_to(position);
    }

    pub(super) fn followed(&mut self, followed: &Followed) {
        self.follow.from = followed.at.clone();
        self.follow.attempt = followed.attempt;
    }

    pub(super) fn stop(&mut self, why: String, at: Option<FeedPosition>) {
        self.error = Some(why);
        self.follow.attempt = 0;
        if let Some(at) = at {
            self.follow.from = at;
        }
    }

    pub(super) fn resume(&mut self, at: At) -> Result<(), &'static str> {
        if self.error.take().is_none() && !std::mem::take(&mut self.is_paused) {
            return Err("the subscription is neither stopped nor paused");
        }
        self.is_paused = false;
        if let Some(position) = at.position {
            self.move_to(position);
        }
        Ok(())
    }

    pub(super) fn pause(&mut self) -> Result<(), &'static str> {
        self.is_paused = true;
        Ok(())
    }

    pub(super) fn rewind(&mut self, at: At) -> Result<(), &'static str> {
        self.rewind = Some(at.position.ok_or("it has no position")?);
        self.error = None;
        self.is_paused = false;
        Ok(())
    }

    fn move_to(&mut self, position: Position) {
        self.follow.attempt = 0;
        self.follow.from = FeedPosition { position, logid: None };
    }

    pub(super) fn view(&self) -> SubscriptionState {
        SubscriptionState {
            name: self.follow.name.clone(),
            at: self.follow.from.clone(),
            status: if self.in_turn { Status::Following } else { self.status() },
            error: self.error.clone(),
        }
    }

    /// Returns the text that the Web UI shows while nothing is delivered.
    pub(super) fn details(&self) -> String {
        let position = self.follow.from.position;
        match &self.error {
            None => format!("**Paused** after position {position}.\n\nWaits for the signal `resume` or `rewind`."),
            Some(why) => format!(
                "**Stopped** after position {position}: {why}.\n\nNo events are delivered any more. Find out what has \
                 become of the log, or of the event. Then send the signal `resume`: without input, to go on at the same \
                 place (the log has been restored, the cause is fixed), or with `{{\"position\": 0}}`, to read the log \
                 that is there now from its origin (or after another position, to pass events over)."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        let from = FeedPosition { position: 7, logid: Some("log".to_owned()) };
        Run::new(Follow { name: "n".to_owned(), from, attempt: 0, start_from: None })
    }

    #[test]
    fn a_stopped_subscription_goes_on_where_a_person_says() {
        let mut run = run();
        assert!(run.resume(At::default()).is_err());
        run.stop("why".to_owned(), Some(FeedPosition { position: 9, logid: None }));
        assert_eq!((run.next(), run.view().at.position), (Status::Stopped, 9));
        run.resume(At { position: Some(3) }).unwrap();
        assert_eq!((run.next(), run.view().at.position), (Status::Following, 3));
    }

    #[test]
    fn a_paused_subscription_keeps_its_place() {
        let mut run = run();
        run.pause().unwrap();
        assert!(run.is_interrupted());
        run.begin_turn();
        assert_eq!(run.view().status, Status::Following);
        run.end_turn();
        assert_eq!((run.view().status, run.next(), run.view().at.position), (Status::Paused, Status::Paused, 7));
        run.resume(At::default()).unwrap();
        assert_eq!((run.next(), run.view().at.logid.as_deref()), (Status::Following, Some("log")));
    }

    #[test]
    fn to_rewind_is_to_go_on_elsewhere() {
        let mut run = run();
        assert!(run.rewind(At::default()).is_err());
        run.pause().unwrap();
        run.rewind(At { position: Some(0) }).unwrap();
        assert!(run.is_interrupted());
        // The answer of the turn that it interrupts does not count.
        run.followed(&Followed { at: FeedPosition { position: 8, logid: None }, retry_after_ms: None, attempt: 0 });
        assert_eq!((run.next(), run.view().at), (Status::Following, FeedPosition::default()));
        assert!(!run.is_interrupted());
    }
}
