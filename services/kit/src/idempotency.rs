//! Idempotency keys: a repeated command is answered as the one that took effect.

mod entity;
mod migration;

use axum::http::StatusCode;
use messages::code;
use sea_orm::{ActiveValue::Set, EntityTrait, TryInsertResult};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

pub use self::migration::IdempotencyMigration;
use crate::{ApiError, CommandHeaders, Transaction, cursor::hex, now, problem};

/// A command's key within the transaction of its effect: of two requests with one key the second waits here for the end
/// of the first.
///
/// It is the first lock of a transaction. A transaction that is rolled back, as a refused command's is, leaves no key.
#[derive(Debug)]
pub struct IdempotencyKey {
    key: Option<String>,
    earlier: Option<Earlier>,
}

#[derive(Debug)]
struct Earlier {
    same_body: bool,
    status: i32,
    response: String,
}

/// What the command that took effect under the same key was answered.
#[derive(Debug)]
pub struct EarlierAnswer<R> {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub response: R,
}

impl IdempotencyKey {
    /// Takes the key of a command, if it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take<C: Serialize>(
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
        let row = row.ok_or_else(|| ApiError::internal("an idempotency key was there and is not"))?;
        let same_body = row.fingerprint == fingerprint;
        let earlier = Earlier { same_body, status: row.status, response: row.response };
        Ok(Self { key: Some(key), earlier: Some(earlier) })
    }

    /// The answer of the command that took effect under this key; `None` when there was none.
    ///
    /// # Errors
    /// 422 `idempotency-key-reused` when that was another command or had another body.
    pub fn earlier<R: DeserializeOwned>(&self) -> Result<Option<EarlierAnswer<R>>, ApiError> {
        let Some(earlier) = &self.earlier else { return Ok(None) };
        if !earlier.same_body {
            let detail = "this idempotency key came with another command or body before";
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, code::IDEMPOTENCY_KEY_REUSED, detail));
        }
        let status = u16::try_from(earlier.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.ok_or_else(|| ApiError::internal("an idempotency key has no answer"))?;
        let response = serde_json::from_str(&earlier.response).map_err(ApiError::internal)?;
        Ok(Some(EarlierAnswer { status, response }))
    }

    /// Keeps the answer, to be committed with the effect.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep<R: Serialize>(
        self,
        transaction: &Transaction,
        status: StatusCode,
        response: &R,
    ) -> Result<(), ApiError> {
        let (Some(key), None) = (self.key, self.earlier) else { return Ok(()) };
        let row = entity::ActiveModel {
            key: Set(key),
            status: Set(status.as_u16().into()),
            response: Set(serde_json::to_string(response).map_err(ApiError::internal)?),
            ..Default::default()
        };
        entity::Entity::update(row).exec(&**transaction).await?;
        Ok(())
    }

    /// Gives the key back, for a refusal that commits something all the same: refusals are not kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_back(self, transaction: &Transaction) -> Result<(), ApiError> {
        let (Some(key), None) = (self.key, self.earlier) else { return Ok(()) };
        entity::Entity::delete_by_id(key).exec(&**transaction).await?;
        Ok(())
    }
}

/// Of the body as it was understood: spaces, order and unknown fields do not count.
fn fingerprint<C: Serialize>(command: &str, body: &C) -> Result<String, ApiError> {
    let body = serde_json::to_vec(body).map_err(ApiError::internal)?;
    Ok(hex(&Sha256::new().chain_update(command).chain_update([0]).chain_update(body).finalize()))
}
