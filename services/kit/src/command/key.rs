//! Idempotency keys: a repeated command gets the answer of the one that took effect.

use axum::http::StatusCode;
use process_manager_wire::code;
use sea_orm::{ActiveValue::Set, EntityTrait, TryInsertResult};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{Answer, entity};
use crate::{ApiError, CommandHeaders, Transaction, now, problem};

/// A command's key within the transaction of its effect. The second of two requests with one key waits here until the
/// first has ended.
///
/// It is the first lock of a transaction. A transaction that is rolled back, such as that of a refused command, leaves
/// no key.
#[derive(Debug)]
pub(super) struct IdempotencyKey {
    key: Option<String>,
    earlier: Option<Earlier>,
}

#[derive(Debug)]
struct Earlier {
    same_body: bool,
    status: i32,
    response: String,
}

impl IdempotencyKey {
    /// Reserves the key of a command, if it has one.
    pub(super) async fn reserve<C: Serialize>(
        transaction: &Transaction,
        headers: &CommandHeaders,
        command: &str,
        body: &C,
    ) -> Result<Self, ApiError> {
        let Some(key) = headers.idempotency_key.clone() else { return Ok(Self { key: None, earlier: None }) };
        let fingerprint = fingerprint(command, body)?;
        let row = entity::ActiveModel {
            key: Set(key.clone()),
            fingerprint: Set(fingerprint.clone()),
            status: Set(0),
            response: Set(String::new()),
            created_at: Set(now()),
        };
        let inserted =
            entity::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(&**transaction).await?;
        if matches!(inserted, TryInsertResult::Inserted(1..)) {
            return Ok(Self { key: Some(key), earlier: None });
        }
        let row = entity::Entity::find_by_id(key.as_str()).one(&**transaction).await?;
        let row = row.ok_or_else(|| ApiError::internal("an idempotency key has vanished"))?;
        let same_body = row.fingerprint == fingerprint;
        let earlier = Earlier { same_body, status: row.status, response: row.response };
        Ok(Self { key: Some(key), earlier: Some(earlier) })
    }

    /// Returns the answer of the command that took effect under this key, if there was one.
    ///
    /// # Errors
    /// Returns 422 `idempotency-key-reused` if that was another command or had another body.
    pub(super) fn earlier<R: DeserializeOwned>(&self) -> Result<Option<Answer<R>>, ApiError> {
        let Some(earlier) = &self.earlier else { return Ok(None) };
        if !earlier.same_body {
            let detail = "this idempotency key came with another command or body before";
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, code::IDEMPOTENCY_KEY_REUSED, detail));
        }
        let status = u16::try_from(earlier.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.ok_or_else(|| ApiError::internal("an idempotency key has no answer"))?;
        let body = serde_json::from_str(&earlier.response).map_err(ApiError::internal)?;
        Ok(Some(Answer::new(status, body)))
    }

    /// Records the answer, to be committed with the effect.
    pub(super) async fn record<R: Serialize>(
        self,
        transaction: &Transaction,
        answer: &Answer<R>,
    ) -> Result<(), ApiError> {
        let (Some(key), None) = (self.key, self.earlier) else { return Ok(()) };
        let row = entity::ActiveModel {
            key: Set(key),
            status: Set(answer.status.as_u16().into()),
            response: Set(serde_json::to_string(&answer.body).map_err(ApiError::internal)?),
            ..Default::default()
        };
        entity::Entity::update(row).exec(&**transaction).await?;
        Ok(())
    }

    /// Releases the key for a refusal that commits something: refusals are not recorded.
    pub(super) async fn release(self, transaction: &Transaction) -> Result<(), ApiError> {
        let (Some(key), None) = (self.key, self.earlier) else { return Ok(()) };
        entity::Entity::delete_by_id(key).exec(&**transaction).await?;
        Ok(())
    }
}

/// Returns a fingerprint of the body as it was understood: spaces, order and unknown fields do not count.
fn fingerprint<C: Serialize>(command: &str, body: &C) -> Result<String, ApiError> {
    let body = serde_json::to_vec(body).map_err(ApiError::internal)?;
    Ok(hex::encode(Sha256::new().chain_update(command).chain_update([0]).chain_update(body).finalize()))
}
