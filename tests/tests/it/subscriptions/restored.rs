//! The services restored from an older backup: whatever is accepted afterwards runs, or waits visibly.

use std::path::Path;

use crate::start;
use messages::{
    billing::DocumentStatus,
    voiding::VoidingState::{DocumentVoided, VoidingRequested},
};
use serde_json::json;
use tests::{Component, Env, eventually_eq, json_payload};

use super::Subscription;

const SERVICES: [Component; 2] = [Component::Billing, Component::Reports];

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let of_services = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        SERVICES.iter().any(|service| name.starts_with(&format!("{}.sqlite", service.name())))
    };
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| of_services(path)).collect()
}

async fn stop(env: &Env) {
    for service in SERVICES {
        env.stop(service).await;
    }
}

async fn start_again(env: &Env) {
    for service in SERVICES {
        env.start(service).await;
    }
}

#[tokio::test]
async fn a_document_that_was_voided_after_the_backup_is_voided_again() {
    let env = start().await;
    let (at_once, later) = (env.issue_reported().await.document_id, env.issue_reported().await.document_id);
    stop(&env).await;
    let backup = env.dir().join("backup");
    std::fs::create_dir(&backup).unwrap();
    for file in files(env.dir()) {
        std::fs::copy(&file, backup.join(file.file_name().unwrap())).unwrap();
    }
    start_again(&env).await;
    for id in [&at_once, &later] {
        assert_eq!(env.api().post_voiding_to_its_end(id).await.ok_as(200).state, DocumentVoided);
    }
    Subscription(&env).await_caught_up().await;

    stop(&env).await;
    files(env.dir()).iter().for_each(|file| std::fs::remove_file(file).unwrap());
    for file in files(&backup) {
        std::fs::copy(&file, env.dir().join(file.file_name().unwrap())).unwrap();
    }
    start_again(&env).await;
    // The api starts the process itself.
    let voided = env.api().post_voiding_to_its_end(&at_once).await.ok_as(200);
    assert_eq!(voided.state, DocumentVoided);
    assert_eq!(env.billing().status(&at_once).await, DocumentStatus::Voided);
    assert!(env.log(Component::Api).contains("restored from an older backup"), "it says so");

    // Sent directly to Billing, it waits visibly until the subscription continues.
    let process = env.billing().void(&later).await.ok_as(202).process_id;
    Subscription(&env).await_status("stopped").await;
    let shown = env.api().voiding(&later).await.ok();
    assert_eq!((shown.process_id, shown.state), (Some(process.clone()), VoidingRequested));
    Subscription(&env).signal("resume", vec![json_payload(&json!({"position": 0}))]).await;
    eventually_eq("voided", DocumentStatus::Voided, async || env.billing().status(&later).await).await;
    assert_eq!(env.in_state(&later, DocumentVoided).await.process_id, Some(process));
    env.assert_consistent().await;
}
