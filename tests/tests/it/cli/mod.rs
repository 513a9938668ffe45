//! The voiding as a person sees it who has nothing but Temporal: its CLI, and any payload one can think of.

mod early;
mod inputs;
mod processes;
pub(crate) mod signals;
mod walk;

use messages::{DocumentId, voiding::VoidingView};
use tests::{CliOutput, Env, workflow_id};

/// `temporal workflow start` of the voiding of this document, with any input.
async fn start_by_cli(env: &Env, id: &DocumentId, input: &str) -> CliOutput {
    let (workflow, input) = (workflow_id(id), format!("--input={input}"));
    let words = ["workflow", "start", "--type", "DocumentVoiding", "--task-queue", "voiding", "--workflow-id"];
    env.temporal().cli(&[&words[..], &[&workflow, &input]].concat()).await
}

/// `temporal workflow signal`, with these inputs.
async fn signal_by_cli(env: &Env, id: &DocumentId, name: &str, inputs: &[&str]) {
    let workflow = workflow_id(id);
    let mut words = vec!["workflow", "signal", "--workflow-id", &workflow, "--name", name];
    words.extend_from_slice(inputs);
    let _ = env.temporal().cli(&words).await.ok();
}

/// `temporal workflow query --type state`.
async fn query_by_cli(env: &Env, id: &DocumentId) -> VoidingView {
    let workflow = workflow_id(id);
    let words = ["workflow", "query", "--workflow-id", &workflow, "--type", "state", "--output", "json"];
    let answer = env.temporal().cli(&words).await.json();
    serde_json::from_value(answer["queryResult"][0].clone()).unwrap()
}
