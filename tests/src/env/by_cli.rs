//! A voiding driven by an operator who has only the `temporal` command.

use messages::{DocumentId, voiding::VoidingView};

use super::Env;
use crate::{CliOutput, workflow_id};

impl Env {
    /// Runs `temporal workflow start` for the voiding of this document, with any input.
    pub async fn start_by_cli(&self, id: &DocumentId, input: &str) -> CliOutput {
        let (workflow, input) = (workflow_id(id), format!("--input={input}"));
        let words = ["workflow", "start", "--type", "DocumentVoiding", "--task-queue", "voiding", "--workflow-id"];
        self.temporal().cli(&[&words[..], &[&workflow, &input]].concat()).await
    }

    /// Runs `temporal workflow signal` with these inputs.
    ///
    /// # Panics
    /// Panics if the command fails.
    pub async fn signal_by_cli(&self, id: &DocumentId, name: &str, inputs: &[&str]) {
        let workflow = workflow_id(id);
        let mut words = vec!["workflow", "signal", "--workflow-id", &workflow, "--name", name];
        words.extend_from_slice(inputs);
        let _ = self.temporal().cli(&words).await.ok();
    }

    /// Runs `temporal workflow query --type state`.
    ///
    /// # Panics
    /// Panics if the command fails.
    pub async fn query_by_cli(&self, id: &DocumentId) -> VoidingView {
        let workflow = workflow_id(id);
        let words = ["workflow", "query", "--workflow-id", &workflow, "--type", "state", "--output", "json"];
        let answer = self.temporal().cli(&words).await.json();
        serde_json::from_value(answer["queryResult"][0].clone()).expect("a voiding's view")
    }
}
