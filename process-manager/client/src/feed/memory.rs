//! An in-memory log.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::Utc;
use process_manager_wire::{CloudEvent, Position, tagged};
use serde::Serialize;
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

use super::{EventSource, FeedError, FeedEvent};

/// An in-memory log of events for tests: readers can follow what is appended. Clones share one log.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    events: Arc<Mutex<Vec<CloudEvent>>>,
    head: Arc<watch::Sender<usize>>,
    is_away: Arc<watch::Sender<bool>>,
    asked_while_away: Arc<Mutex<Vec<Instant>>>,
    id: String,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self {
            events: Arc::default(),
            head: Arc::new(watch::Sender::new(0)),
            is_away: Arc::new(watch::Sender::new(false)),
            asked_while_away: Arc::default(),
            id: Uuid::now_v7().to_string(),
        }
    }
}

impl MemoryLog {
    /// Appends an event of an enum that is tagged with `type` and `data`, and returns it as it is in the log.
    ///
    /// # Panics
    /// If it is not such an enum.
    #[track_caller]
    pub fn append<E: Serialize>(&self, event: &E) -> CloudEvent {
        let Some((kind, data)) = tagged(event) else { panic!("the event is no enum tagged with type and data") };
        let id = Uuid::now_v7().to_string();
        self.append_raw(CloudEvent {
            specversion: "1.0".to_owned(),
            source: "/memory".to_owned(),
            kind,
            subject: "memory".to_owned(),
            time: Utc::now(),
            datacontenttype: "application/json".to_owned(),
            sequence: 0,
            correlationid: id.clone(),
            causationid: id.clone(),
            logid: String::new(),
            data,
            id,
        })
    }

    /// Appends an event as it is; the log sets its position and `logid`.
    pub fn append_raw(&self, event: CloudEvent) -> CloudEvent {
        let mut events = self.events();
        let position = Position::try_from(events.len() + 1).unwrap_or(Position::MAX);
        let event = CloudEvent { sequence: position, logid: self.id.clone(), ..event };
        events.push(event.clone());
        self.head.send_replace(events.len());
        event
    }

    /// Makes the log unreadable, or readable again.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.send_replace(is_away);
    }

    /// Returns the times at which somebody asked for events while the log was unreadable.
    #[must_use]
    pub fn asked_while_away(&self) -> Vec<Instant> {
        self.asked_while_away.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn events(&self) -> MutexGuard<'_, Vec<CloudEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        if *self.is_away.borrow() {
            self.asked_while_away.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            let source = "the test has taken it away".into();
            return Err(FeedError::Source { what: "the log in memory".to_owned(), source });
        }
        let after = usize::try_from(after).unwrap_or_default();
        let (mut head, mut is_away) = (self.head.subscribe(), self.is_away.subscribe());
        // A waiting reader gets no events once the time is up or the log becomes unreadable.
        let more = async {
            tokio::select! {
                _ = head.wait_for(|head| *head > after) => (),
                _ = is_away.wait_for(|is_away| *is_away) => (),
            }
        };
        let _ = timeout(wait, more).await;
        let events = self.events();
        Ok(events
            .iter()
            .skip(after)
            .take(limit.into())
            .map(|event| FeedEvent::Event(Box::new(event.clone())))
            .collect())
    }
}

impl EventSource for MemoryLog {
    async fn read(&self, after: Position, limit: u16, wait: Duration) -> Result<Vec<FeedEvent>, FeedError> {
        Self::read(self, after, limit, wait).await
    }
}
