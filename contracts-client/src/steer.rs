//! An operator's instructions to a credit change.

use messages::CustomerId;
use process_manager::batch::{Limits, LimitsChange, Tolerated};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::schema::{Object, ObjectBuilder, SchemaType, Type},
};

use crate::{ContractsClient, ContractsError, CreditChangeProcess};

/// An instruction to a credit change.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Steer {
    /// Its batch begins nothing new until it is resumed.
    Pause,
    /// Its batch goes on.
    Resume,
    /// Sends refused commands again; a process that has failed goes on.
    Retry,
    /// Reinstates the contracts that were revoked and are not confirmed, and ends the process. This cannot be undone.
    Cancel,
    /// Gives its batch other limits.
    Limits(NewLimits),
}

/// A change of a batch's limits; absent limits stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLimits {
    /// Maximum number of commands in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 300)]
    pub in_flight: Option<u32>,
    /// Maximum number of commands per second, 0.01 to 1,000; 0 removes the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// Number of refusals after which it pauses itself, or a share such as `2.5%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = may_be_tolerated)]
    pub tolerated: Option<Tolerated>,
}

/// Describes [`Tolerated`].
pub(crate) fn tolerated() -> Object {
    of_tolerated(&[Type::String, Type::Integer])
}

fn may_be_tolerated() -> Object {
    of_tolerated(&[Type::String, Type::Integer, Type::Null])
}

fn of_tolerated(types: &[Type]) -> Object {
    let told = "Number of refusals after which it pauses itself, or a share such as `2.5%`.";
    let tolerated = ObjectBuilder::new().schema_type(SchemaType::from_iter(types.iter().cloned()));
    tolerated.pattern(Some("%$")).minimum(Some(0)).description(Some(told)).build()
}

impl From<NewLimits> for LimitsChange {
    fn from(new: NewLimits) -> Self {
        Self { in_flight: new.in_flight, per_second: new.per_second, tolerated: new.tolerated }
    }
}

impl ContractsClient {
    /// Carries out an instruction, and returns the credit change as it was before.
    ///
    /// # Errors
    /// Returns [`ContractsError::NotFound`], [`ContractsError::NotRunning`], [`ContractsError::NothingToRetry`] or
    /// [`ContractsError::Limits`], or an error if Contracts or Temporal is unavailable.
    pub async fn steer(&self, customer_id: &CustomerId, steer: Steer) -> Result<CreditChangeProcess, ContractsError> {
        if let Steer::Limits(new) = steer {
            Limits::default().changed(new.into())?;
        }
        let before = self.credit_change(customer_id).await?.ok_or(ContractsError::NotFound)?;
        let id = customer_id.as_str();
        let Some(instance) = before.instance.as_ref().filter(|instance| instance.status.is_running()) else {
            let why = if before.is_running() { "it has not begun yet" } else { "it has ended" };
            return Err(ContractsError::NotRunning(why));
        };
        let running = before.running_batch().map(|batch| batch.workflow_id.as_str());
        let batch = running.ok_or(ContractsError::NotRunning("no batch of it runs"));
        match steer {
            Steer::Cancel => self.changes.instruct(id, "Cancel", &Value::Null).await?,
            Steer::Retry if instance.failure.is_some() => self.changes.retry(id, instance.failure_id()).await?,
            Steer::Pause => self.batches.pause(batch?).await?,
            Steer::Resume => self.batches.resume(batch?).await?,
            Steer::Retry => self.batches.retry(batch.map_err(|_| ContractsError::NothingToRetry)?).await?,
            Steer::Limits(new) => self.batches.limits(batch?, &new.into()).await?,
        }
        Ok(before)
    }
}
