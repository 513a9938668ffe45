//! A subscription: its place in its log, and the signals that control it.

use process_manager_engine::subscription::{SubscriptionState, workflow_id};
use process_manager_wire::Position;
use serde_json::json;

use super::{OperatorError, Workflows};

/// A subscription, by its name. Clones share one connection.
#[derive(Debug, Clone)]
pub struct SubscriptionHandle {
    workflows: Workflows,
    name: String,
}

impl SubscriptionHandle {
    pub(super) fn new(workflows: Workflows, name: String) -> Self {
        Self { workflows, name }
    }

    /// Returns the subscription's state; `None` while no worker answers.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`] if there is no such subscription; Temporal is unavailable.
    pub async fn state(&self) -> Result<Option<SubscriptionState>, OperatorError> {
        let workflow_id = workflow_id(&self.name);
        if let Some(state) = self.workflows.query(&workflow_id, "state").await? {
            return Ok(Some(state));
        }
        match self.workflows.describe(&workflow_id).await? {
            Some(_) => Ok(None),
            None => Err(OperatorError::NotFound(workflow_id)),
        }
    }

    /// Pauses the subscription: it delivers nothing until it is resumed or rewound.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`] or [`OperatorError::NotRunning`] if it does not run; Temporal is unavailable.
    pub async fn pause(&self) -> Result<(), OperatorError> {
        self.workflows.signal(&workflow_id(&self.name), "pause", &json!({})).await
    }

    /// Resumes a subscription that is paused or has stopped, at the same position or after another one, in the current
    /// log.
    ///
    /// # Errors
    /// Same as [`SubscriptionHandle::pause`].
    pub async fn resume(&self, after: Option<Position>) -> Result<(), OperatorError> {
        let at = after.map_or_else(|| json!({}), |position| json!({"position": position}));
        self.workflows.signal(&workflow_id(&self.name), "resume", &at).await
    }

    /// Resumes a subscription that has stopped because its log has another id. It goes on in the current log, which is
    /// the former one up to `up_to` (by default the subscription's position), such as a copy restored from a backup.
    /// Instances do not handle again what they handled in the former log.
    ///
    /// # Errors
    /// Same as [`SubscriptionHandle::pause`].
    pub async fn resume_continuing(&self, up_to: Option<Position>) -> Result<(), OperatorError> {
        let at = json!({"continues": true, "position": up_to});
        self.workflows.signal(&workflow_id(&self.name), "resume", &at).await
    }

    /// Delivers events again that were passed over, at most 1,000: to one instance, or to all that they are routed to.
    /// An instance handles each of them once more, even if it has handled later ones, so name only events that it has
    /// not handled. [`SubscriptionState::redelivered`] has the outcome.
    ///
    /// # Errors
    /// Same as [`SubscriptionHandle::pause`].
    pub async fn redeliver(&self, positions: &[Position], instance: Option<&str>) -> Result<(), OperatorError> {
        let asked = json!({"positions": positions, "instance": instance});
        self.workflows.signal(&workflow_id(&self.name), "redeliver", &asked).await
    }

    /// Continues after a position, wherever the subscription is. Instances ignore events that they have already
    /// handled.
    ///
    /// # Errors
    /// Same as [`SubscriptionHandle::pause`].
    pub async fn rewind(&self, to: Position) -> Result<(), OperatorError> {
        self.workflows.signal(&workflow_id(&self.name), "rewind", &json!({"position": to})).await
    }
}
