//! Histories of runs: files that the upgrade check reads, and the time lines made from them.

mod short;

use std::{fs, time::Duration};

use process_manager::manager::ProcessManager;
use process_manager_host::{
    operator::{History, TimelineEvent, read_timeline},
    upgrade::{Report, UpgradeCheck},
};
use serde_json::Value;
use temporalio_common::protos::temporal::api::history::v1::{self, HistoryEvent, history_event::Attributes};
use transfers::TransferMoney;
use workflows::voiding::DocumentVoiding;

/// Limit of one replay, which takes milliseconds. A test may run on a busy machine; libFuzzer has little time.
const WITHIN: Duration = if cfg!(test) { Duration::from_secs(10) } else { Duration::from_millis(200) };

/// Takes a history in short form: a JSON list of events, each a list that begins with its name (see the corpus).
/// Anything else is taken as a file as it is.
pub fn histories(data: &[u8]) {
    let events = serde_json::from_slice::<Vec<Vec<Value>>>(data).ok();
    let Some(events) = events.map(|events| (1..).zip(&events).filter_map(short::event).collect::<Vec<_>>()) else {
        return checked(data, None);
    };
    told(&events);
    let kind = events.first().and_then(|event| match &event.attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(it)) => it.workflow_type.clone(),
        _ => None,
    });
    let file = serde_json::to_vec(&v1::History { events }).expect("a history is written");
    checked(&file, Some(kind.unwrap_or_default().name));
}

/// Checks that a time line leaves out nothing that its beginning contained.
fn told(events: &[HistoryEvent]) {
    let read = |count: usize| read_timeline(&History { events: events[..count].to_vec(), is_cut: count % 2 == 1 });
    let whole = read(events.len());
    assert!(whole.entries.len() <= events.len() && whole.is_cut == (events.len() % 2 == 1));
    let begin = read(events.len() / 2);
    assert!(whole.entries.starts_with(&begin.entries));
    for entry in &whole.entries {
        if let TimelineEvent::Command { attempts, .. } = &entry.event {
            assert!(*attempts >= 0, "{entry:?}");
        }
    }
}

/// Checks that any file is reported on: as something that cannot be checked, unless it is a history.
fn checked(file: &[u8], workflow_type: Option<String>) {
    let folder = tempfile::tempdir().expect("there is a folder");
    fs::write(folder.path().join("run.json"), file).expect("a file is written");
    let check = UpgradeCheck::new().manager::<TransferMoney>().workflow::<DocumentVoiding>().within(WITHIN);
    let before = check.check(folder.path()).expect("each file is told about");
    assert_eq!(before.examined(), 1);
    assert_ne!(before.to_string(), "");
    // The SDK's replayer waits for ever for whatever a truncated history does not contain.
    let is_endless = |report: &Report| report.to_string().contains("it did not end within");
    if is_endless(&before) {
        return;
    }
    let known = [TransferMoney::NAME, "DocumentVoiding", "Batch", "BatchFailures", "Subscription"];
    let cannot_be = match workflow_type {
        Some(kind) => !known.contains(&kind.as_str()),
        None => serde_json::from_slice::<v1::History>(file).is_err(),
    };
    assert!(!cannot_be || before.exit_code() == 2, "{before}");
    // The same code decides the same.
    assert_eq!(check.record(folder.path()).expect("each file is recorded"), 1);
    let after = check.check(folder.path()).expect("each file is told about");
    if before.exit_code() == 0 && !is_endless(&after) {
        assert_eq!(after.exit_code(), 0, "{after}");
    }
}
