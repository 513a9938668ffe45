//! Reading a service's log.

use messages::{CloudEvent, EVENTS_MEDIA_TYPE, Position};

use super::{Answer, Target, query};

/// A batch of a log's events, oldest first.
pub type Batch = Vec<CloudEvent>;

const LARGEST_BATCH: u32 = 1000;

/// Returns the events after a position. Absent `limit` and `wait` (seconds) have the service's defaults.
pub(super) async fn events(target: &Target, after: Position, limit: Option<u32>, wait: Option<u32>) -> Answer<Batch> {
    let parameters = [
        ("after", Some(after.to_string())),
        ("limit", limit.map(|n| n.to_string())),
        ("wait", wait.map(|n| n.to_string())),
    ];
    target.get(&format!("/events{}", query(&parameters))).await
}

/// Returns the whole log.
pub(super) async fn all(target: &Target) -> Batch {
    let mut all = Batch::new();
    loop {
        let after = all.last().map_or(0, |event| event.sequence);
        let answer = events(target, after, Some(LARGEST_BATCH), None).await;
        let batch = answer.ok();
        assert_eq!(answer.header("content-type").as_deref(), Some(EVENTS_MEDIA_TYPE), "{answer}");
        if batch.is_empty() {
            return all;
        }
        all.extend(batch);
    }
}
