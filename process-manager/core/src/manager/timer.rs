//! Timers that a process manager sets, by name.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::limits::{TIMER_NAME_CHARS, TIMER_PAUSE};

/// When a timer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Due {
    /// After this duration, counted from the call of the function that sets it.
    After(Duration),
    /// At this time. If it has passed, at once; where a timer sets it, after [`TIMER_PAUSE`].
    At(DateTime<Utc>),
}

impl From<Duration> for Due {
    fn from(after: Duration) -> Self {
        Self::After(after)
    }
}

impl From<DateTime<Utc>> for Due {
    fn from(at: DateTime<Utc>) -> Self {
        Self::At(at)
    }
}

impl Due {
    /// Returns the time; `None` if it is beyond the calendar.
    fn time(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::After(after) => now.checked_add_signed(TimeDelta::from_std(after).ok()?),
            Self::At(at) => Some(at),
        }
    }
}

/// A change to an instance's timers, as requested by its process manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimerChange {
    Set(String, Due),
    Cancel(String),
}

/// A change with a fixed time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Settled {
    Set { name: String, due: DateTime<Utc> },
    Cancel { name: String },
}

impl Settled {
    /// Puts off a timer whose time has passed by [`TIMER_PAUSE`].
    pub(crate) fn pause(&mut self, now: DateTime<Utc>) {
        if let Self::Set { due, .. } = self
            && *due <= now
        {
            *due = now + TIMER_PAUSE;
        }
    }
}

impl TimerChange {
    /// Fixes the change's time, as of now.
    ///
    /// # Errors
    /// The reason why such a timer cannot exist.
    pub(crate) fn settle(&self, now: DateTime<Utc>) -> Result<Settled, String> {
        let (Self::Set(name, _) | Self::Cancel(name)) = self;
        if name.is_empty() || name.chars().count() > TIMER_NAME_CHARS || name.chars().any(char::is_control) {
            return Err(format!(
                "{name:?} cannot name a timer: 1 to {TIMER_NAME_CHARS} characters, no control characters"
            ));
        }
        let name = name.clone();
        Ok(match self {
            Self::Cancel(_) => Settled::Cancel { name },
            Self::Set(_, due) => match due.time(now) {
                Some(due) => Settled::Set { name, due },
                None => return Err(format!("timer {name:?} would never be due")),
            },
        })
    }
}
