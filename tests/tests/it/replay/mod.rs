//! Recorded histories of every path replay with today's code.

mod changed;
mod confirmations;
mod credit_changes;
mod encoded;
mod paths;
mod record;
mod transfers;
mod upgrade;

use std::{fs, path::PathBuf};

use ::transfers::TransferMoney;
use process_manager_engine::{batch::Batch, instance::ProcessInstance, subscription::Subscription};
use temporalio_client::WorkflowHistory;
use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{History, history_event::Attributes},
};
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};
use workflows::{
    contract_confirmation::ContractConfirmation,
    credit_change::CreditChange,
    voiding::{DocumentVoiding, WORKFLOW_TYPE},
};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/histories"))
}

fn replayer() -> WorkflowReplayer {
    let options = WorkflowReplayerOptions::new();
    let options = options.register_workflow::<DocumentVoiding>().unwrap().register_workflow::<Subscription>().unwrap();
    let options = options.register_workflow::<ProcessInstance<TransferMoney>>().unwrap();
    let options = options.register_workflow::<ProcessInstance<ContractConfirmation>>().unwrap();
    let options = options.register_workflow::<ProcessInstance<CreditChange>>().unwrap();
    let options = options.register_workflow::<Batch>().unwrap();
    WorkflowReplayer::new(options.build()).unwrap()
}

fn recorded() -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut histories: Vec<_> =
        files.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect();
    histories.sort();
    histories
}

#[tokio::test]
async fn recorded_histories_of_every_path_replay() {
    let histories = recorded();
    let names: Vec<&str> = histories.iter().map(|(name, _)| name.as_str()).collect();
    let mut expected = [&paths::NAMES[..], &transfers::NAMES, &confirmations::NAMES, &credit_changes::NAMES].concat();
    expected.sort_unstable();
    assert_eq!(names, expected, "one history a path; tests/README.md says how to record");
    for (name, json) in &histories {
        let history = WorkflowHistory::from_json(json).unwrap();
        replayer().replay_workflow(history).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Before voidings continued as new, their code went on however long the history was.
#[tokio::test]
async fn voidings_that_had_become_too_long_under_older_code_replay() {
    for (name, json) in recorded() {
        let mut events = WorkflowHistory::from_json(&json).unwrap().into_events().await.unwrap();
        let is_voiding = matches!(&events[0].attributes, Some(Attributes::WorkflowExecutionStartedEventAttributes(started))
            if started.workflow_type.as_ref().is_some_and(|kind| kind.name == WORKFLOW_TYPE));
        for event in &mut events {
            if let Some(Attributes::WorkflowTaskStartedEventAttributes(started)) = &mut event.attributes {
                started.suggest_continue_as_new = true;
            }
        }
        if is_voiding {
            let history = WorkflowHistory::from(History { events });
            replayer().replay_workflow(history).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_history_that_the_code_would_not_write_does_not_replay() {
    let (_, json) = recorded().into_iter().find(|(name, _)| name == "document-voided").unwrap();
    let mut events = WorkflowHistory::from_json(&json).unwrap().into_events().await.unwrap();
    let upsert =
        events.iter().position(|event| event.event_type() == EventType::UpsertWorkflowSearchAttributes).unwrap();
    events.swap(upsert, upsert + 1);
    let id = events[upsert].event_id;
    events[upsert].event_id = std::mem::replace(&mut events[upsert + 1].event_id, id);
    let other = WorkflowHistory::from(History { events });
    assert!(replayer().replay_workflow(other).await.is_err());
}
