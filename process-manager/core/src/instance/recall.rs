//! Commands that are too many to hand over to the next run: `handle` returns them again there.
//!
//! `handle` depends on the state, the event, the time and the version, and all of these are handed over. A digest shows
//! whether it still returns the same commands.

use std::{collections::VecDeque, hash::Hasher as _};

use chrono::{DateTime, Utc};
use fnv::FnvHasher;
use serde::Serialize;
use serde_json::Value;

use super::{
    Instance,
    told::stands_in_no_log,
    work::{Phase, Recall, Work},
};
use crate::{
    limits::PENDING_BYTES,
    manager::{Error, Outgoing, ProcessManager},
};

impl<C: Serialize> Work<C> {
    /// Returns the work for the next run: without the commands that are too many, and with or without the event's data.
    pub(super) fn carried(&self, with_data: bool) -> Result<Value, serde_json::Error> {
        let mut next = Self {
            queued: self.queued.clone(),
            carried: self.carried.clone(),
            timer: self.timer.clone(),
            timers: self.timers.clone(),
            pending: VecDeque::new(),
            ..*self
        };
        if !with_data && self.timer.is_none() && !stands_in_no_log(self.event()) {
            next.queued.event.data = Value::Null;
            next.lacks_data = true;
        }
        let pending = serde_json::to_value(&self.pending)?;
        if self.handled.is_none() || pending.to_string().len() <= PENDING_BYTES {
            let mut next = serde_json::to_value(next)?;
            next["pending"] = pending;
            return Ok(next);
        }
        next.recall = Some(Recall {
            next: self.pending.front().map_or(0, |(number, _)| *number),
            count: self.pending.len(),
            digest: digest(self.pending.iter().map(|(_, outgoing)| outgoing))?,
        });
        next.phase = Phase::Recalling;
        serde_json::to_value(next)
    }
}

impl<M: ProcessManager> Instance<M> {
    /// Gets back the commands that were left behind.
    pub(super) fn recall(&mut self, now: DateTime<Utc>) {
        let Some((handled, recall)) = self.work.as_ref().and_then(|work| Some((work.handled?, work.recall?))) else {
            // No run of ours hands this over.
            return self.failed(Error::CommandsChanged { sent: 0 }, now);
        };
        let commands = self.with_cause(handled.at, handled.version, "handle", now, |state, cause, context| {
            cause.handle(state, context).map_err(Error::Handle)
        });
        match commands {
            None => (),
            Some(Err(error)) => self.failed(error, now),
            Some(Ok(commands)) => match (recall.rest(commands.into_inner()), &mut self.work) {
                (Some(rest), Some(work)) => {
                    work.pending = (recall.next..).zip(rest).collect();
                    work.recall = None;
                    work.go_on();
                }
                _ => self.failed(Error::CommandsChanged { sent: recall.next }, now),
            },
        }
    }
}

impl Recall {
    /// Returns the commands that were left behind, if these are the same ones.
    fn rest<C: Serialize>(self, mut commands: Vec<Outgoing<C>>) -> Option<Vec<Outgoing<C>>> {
        let next = usize::try_from(self.next).ok().filter(|next| *next <= commands.len())?;
        let rest = commands.split_off(next);
        let is_same = rest.len() == self.count && digest(&rest).is_ok_and(|digest| digest == self.digest);
        is_same.then_some(rest)
    }
}

fn digest<'a, C: Serialize + 'a>(
    commands: impl IntoIterator<Item = &'a Outgoing<C>>,
) -> Result<u64, serde_json::Error> {
    let mut hasher = FnvHasher::default();
    for command in commands {
        // By way of a `Value`, in which the fields have an order.
        hasher.write(serde_json::to_value(command)?.to_string().as_bytes());
        hasher.write_u8(0);
    }
    Ok(hasher.finish())
}
