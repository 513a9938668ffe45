//! One page of a process manager's instances, and how many there are of each sort.

use chrono::{NaiveTime, Utc};
use service_kit::cursor;

use super::query::{Query, ended, running};
use crate::{
    console::managers::Manager,
    pages::Token,
    temporal::{Instance, Temporal, TemporalError},
};

/// Instances of a page.
const PAGE: usize = 50;

/// How many instances there are, and the newest that need somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::console) struct Overview {
    pub(super) running: i64,
    pub(super) incidents: i64,
    /// Ended well since midnight UTC.
    pub(super) done_today: i64,
    pub(super) given_up: i64,
    /// All that have ended; only ever grows, so that no change goes unseen.
    ended: i64,
    /// A retry that fails again changes no count.
    latest_incidents: Vec<Instance>,
}

impl Overview {
    /// `None` while Temporal is away.
    pub(in crate::console) async fn load(temporal: &Temporal, manager: &Manager) -> Option<Self> {
        let loaded = Self::ask(temporal, manager).await;
        let say =
            |error: &TemporalError| tracing::debug!(manager = manager.name, %error, "instances cannot be counted");
        loaded.inspect_err(say).ok()
    }

    async fn ask(temporal: &Temporal, manager: &Manager) -> Result<Self, TemporalError> {
        let (running, of_ended) = (running(manager), ended(manager));
        let with_incident = format!("{running} AND Incident = true");
        let midnight = Utc::now().date_naive().and_time(NaiveTime::MIN).and_utc().to_rfc3339();
        let done_today = format!("{of_ended} AND ExecutionStatus = 'Completed' AND CloseTime >= '{midnight}'");
        let given_up = format!("{of_ended} AND ExecutionStatus = 'Failed'");
        let (latest, incidents, done_today, given_up, ended, running) = tokio::try_join!(
            temporal.instances(manager.name, with_incident.clone(), PAGE, Vec::new()),
            temporal.count(with_incident),
            temporal.count(done_today),
            temporal.count(given_up),
            temporal.count(of_ended),
            temporal.count(running),
        )?;
        Ok(Self { running, incidents, done_today, given_up, ended, latest_incidents: latest.instances })
    }

    pub(super) fn is_first_visit(&self) -> bool {
        self.running == 0 && self.ended == 0
    }
}

/// Why a page is not the list that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The address names a page that is no more.
    Cursor,
    /// Temporal does not answer.
    Temporal,
}

/// One page of instances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Listing {
    pub(super) rows: Vec<Instance>,
    pub(super) next: Option<String>,
    pub(super) trouble: Option<Trouble>,
}

impl Listing {
    /// Where Temporal has just not answered, it is not asked a second time.
    pub(super) async fn load(temporal: &Temporal, manager: &Manager, query: &Query, temporal_is_there: bool) -> Self {
        let in_trouble = |trouble| Self { trouble: Some(trouble), ..Self::default() };
        if !temporal_is_there {
            return in_trouble(Trouble::Temporal);
        }
        let Some(visibility) = query.visibility(manager) else { return Self::default() };
        let from = match query.cursor.as_deref().map(|text| cursor::decode::<Token>(&visibility, text)) {
            Some(None) => return in_trouble(Trouble::Cursor),
            Some(Some(token)) => token.into_bytes(),
            None => Vec::new(),
        };
        let given = !from.is_empty();
        match temporal.instances(manager.name, visibility.clone(), PAGE, from).await {
            Ok(page) => {
                let next = (!page.next.is_empty()).then(|| Token::new(page.next));
                let next = next.and_then(|token| cursor::encode(&visibility, &token).ok());
                Self { rows: page.instances, next, trouble: None }
            }
            Err(error) if given && error.code().is_some() => in_trouble(Trouble::Cursor),
            Err(_) => in_trouble(Trouble::Temporal),
        }
    }
}
