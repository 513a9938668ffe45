//! The numbers of instances of a process manager.

use futures::future::try_join_all;
use process_manager_host::operator::{End, InstanceFilter, OperatorError, Trouble as Kind};

use crate::{
    counts::{FOLLOWED, midnight},
    managers::Manager,
    parts::Tile,
    sources::Sources,
    view::{ProcessView, instance::view},
    words,
};

/// The numbers of instances, and the newest ones that need attention.
#[derive(Hash)]
pub(super) struct Overview {
    pub(super) running: i64,
    attention: i64,
    retrying: i64,
    /// Ended since midnight UTC, by outcome.
    outcomes: Vec<i64>,
    given_up: i64,
    ended: i64,
    /// The newest ones: a retry that fails again changes no count.
    latest: Vec<ProcessView>,
}

impl Overview {
    /// Asks for the numbers.
    pub(super) async fn ask(manager: &'static Manager, sources: &Sources) -> Result<Self, OperatorError> {
        let instances = sources.operator.instances_of(manager.name);
        let running = InstanceFilter { is_running: Some(true), ..InstanceFilter::default() };
        let attention = InstanceFilter { trouble: Some(Kind::NeedsAttention), ..running.clone() };
        let retrying = InstanceFilter { trouble: Some(Kind::Retrying), ..running.clone() };
        let ended =
            InstanceFilter { is_running: Some(false), closed_since: Some(midnight()), ..InstanceFilter::default() };
        let given_up = InstanceFilter { end: Some(End::GivenUp), ..ended.clone() };
        let outcomes = manager.outcomes.iter().map(|name| {
            let (instances, outcome) = (instances.clone(), Some((*name).to_owned()));
            let filter = InstanceFilter { outcome, ..ended.clone() };
            async move { instances.count(&filter).await }
        });
        let (latest, attention, retrying, given_up, ended, running, outcomes) = tokio::try_join!(
            instances.newest(&attention, FOLLOWED),
            instances.count(&attention),
            instances.count(&retrying),
            instances.count(&given_up),
            instances.count(&ended),
            instances.count(&running),
            try_join_all(outcomes),
        )?;
        let latest = latest.into_iter().map(|instance| view(manager, instance)).collect();
        Ok(Self { running, attention, retrying, outcomes, given_up, ended, latest })
    }
}

/// Writes the numbers of instances; each links to the instances that it counts.
pub(super) fn tiles(manager: &Manager, overview: Option<&Overview>) -> Vec<Tile> {
    let path = manager.path;
    let tile = |id, word: &str, count: Option<i64>, href: String| Tile { id, word: word.to_owned(), count, href };
    let of = |count: fn(&Overview) -> i64| overview.map(count);
    let attention = format!("{path}?show=attention");
    let mut tiles = vec![
        tile("attention", "Needs attention", of(|overview| overview.attention), attention),
        tile("retrying", "Retrying automatically", of(|overview| overview.retrying), format!("{path}?show=retrying")),
        tile("running", "Open", of(|overview| overview.running), path.to_owned()),
    ];
    for (index, name) in manager.outcomes.iter().enumerate() {
        let count = overview.and_then(|overview| overview.outcomes.get(index).copied());
        tiles.push(tile(
            name,
            &format!("{} today", words::capital(name)),
            count,
            format!("{path}?show={name}&ended=today"),
        ));
    }
    let given_up = format!("{path}?show=given-up&ended=today");
    tiles.push(tile("given-up", "Given up today", of(|overview| overview.given_up), given_up));
    tiles
}
