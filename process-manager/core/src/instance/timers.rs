//! The timers of an instance.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use process_manager_wire::CloudEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::work::DueTimer;
use crate::{
    limits::MOST_TIMERS,
    manager::timer::{Settled, TimerChange},
};

/// The timers that are set, by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Timers {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    set: BTreeMap<String, Timer>,
    /// How many timers have been set in all.
    #[serde(default)]
    count: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Timer {
    due: DateTime<Utc>,
    /// Its number among all that were set.
    number: u64,
    /// The event that set it, without its data.
    set_by: CloudEvent,
}

/// A timer that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TimerView {
    /// Its name.
    pub name: String,
    /// When it is due.
    pub due_at: DateTime<Utc>,
}

impl Timers {
    /// Returns whether none was ever set.
    pub(super) fn is_untouched(&self) -> bool {
        *self == Self::default()
    }

    /// Returns when the first timer is due.
    pub(super) fn first_due(&self) -> Option<DateTime<Utc>> {
        self.first().map(|(_, timer)| timer.due)
    }

    fn first(&self) -> Option<(&String, &Timer)> {
        self.set.iter().min_by_key(|(_, timer)| (timer.due, timer.number))
    }

    /// Takes the first timer, with the event that set it as of the time when the timer was due.
    pub(super) fn take_first(&mut self) -> Option<(DueTimer, CloudEvent)> {
        let name = self.first()?.0.clone();
        let Timer { due, number, set_by } = self.set.remove(&name)?;
        let event = CloudEvent { kind: format!("timer {name}"), time: due, ..set_by };
        Some((DueTimer { name, number }, event))
    }

    /// Returns the changes with their times, to be applied after the other pending changes.
    ///
    /// # Errors
    /// The reason why they cannot be made.
    pub(super) fn settle(
        &self,
        before: &[Settled],
        changes: &[TimerChange],
        now: DateTime<Utc>,
    ) -> Result<Vec<Settled>, String> {
        let settled = changes.iter().map(|change| change.settle(now)).collect::<Result<Vec<_>, _>>()?;
        let all = [before, &settled].concat();
        let mut names: std::collections::BTreeSet<&String> = self.set.keys().collect();
        for change in &all {
            match change {
                Settled::Set { name, .. } => names.insert(name),
                Settled::Cancel { name } => names.remove(name),
            };
            if names.len() > MOST_TIMERS {
                return Err(format!("an instance has at most {MOST_TIMERS} timers"));
            }
        }
        Ok(all)
    }

    /// Makes the changes that an event asks for.
    pub(super) fn change(&mut self, changes: Vec<Settled>, event: &CloudEvent) {
        for change in changes {
            match change {
                Settled::Cancel { name } => drop(self.set.remove(&name)),
                Settled::Set { name, due } => {
                    self.count = self.count.wrapping_add(1);
                    let set_by = CloudEvent { data: Value::Null, ..event.clone() };
                    self.set.insert(name, Timer { due, number: self.count, set_by });
                }
            }
        }
    }

    /// Forgets all timers; the next one gets the next number.
    pub(super) fn cleared(&self) -> Self {
        Self { set: BTreeMap::new(), count: self.count }
    }

    /// Returns the public view of the first timer.
    pub(super) fn first_view(&self) -> Option<TimerView> {
        self.first().map(|(name, timer)| TimerView { name: name.clone(), due_at: timer.due })
    }

    /// Returns the public view of the timers, in the order in which they are due.
    pub(super) fn view(&self) -> Vec<TimerView> {
        let mut timers: Vec<_> = self.set.iter().collect();
        timers.sort_by_key(|(_, timer)| (timer.due, timer.number));
        timers.into_iter().map(|(name, timer)| TimerView { name: name.clone(), due_at: timer.due }).collect()
    }
}
