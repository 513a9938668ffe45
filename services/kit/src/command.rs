//! Commands: each takes effect once, in one transaction with its idempotency key and its events.

mod ending;
mod entity;
mod key;
mod migration;
mod retention;

use std::{ops::Deref, time::Duration};

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use process_manager_wire::{Position, code};
use sea_orm::DbErr;
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, timeout};

use self::{
    ending::{Ending, too_slow},
    key::IdempotencyKey,
};
pub(crate) use self::{
    migration::IdempotencyMigration,
    retention::{KeysByTimeMigration, Retention},
};
use crate::{
    ApiError, CommandHeaders, Database, Json, NewEvent, Transaction, append, event_log::lock_head, problem,
    server::ClientGone,
};

/// A command: its body, its headers, and the database in which it takes effect.
#[derive(Debug)]
pub struct Command<B> {
    /// The command itself.
    pub body: B,
    headers: CommandHeaders,
    database: Database,
    client_gone: ClientGone,
}

/// Time from the beginning of a command to its commit. A command that takes longer is undone, so that its answer
/// arrives before its callers give up; the process manager gives up after 10 s.
const COMMIT_WITHIN: Duration = Duration::from_secs(8);

/// Time from the beginning of a command to its answer. At least 1.5 s of it remain for the database to confirm the
/// commit.
const ANSWER_WITHIN: Duration = Duration::from_millis(9_500);

impl<B: DeserializeOwned> FromRequest<Database> for Command<B> {
    type Rejection = ApiError;

    async fn from_request(request: Request, database: &Database) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let headers = CommandHeaders::from_request_parts(&mut parts, database).await?;
        let client_gone = parts.extensions.get::<ClientGone>().cloned().unwrap_or_default();
        let Json(body) = Json::from_request(Request::from_parts(parts, body), database).await?;
        Ok(Self { body, headers, database: database.clone(), client_gone })
    }
}

impl<B: Serialize> Command<B> {
    /// Replaces the body. Commands with the same key are compared by the body with which they run.
    #[must_use]
    pub fn map<T>(self, body: impl FnOnce(B) -> T) -> Command<T> {
        let Self { headers, database, client_gone, .. } = self;
        Command { body: body(self.body), headers, database, client_gone }
    }

    /// Adds the process id to the request's log lines as correlation id, unless the header has set it.
    pub fn correlate(&self, process_id: &str) {
        self.headers.correlate(process_id);
    }

    /// Runs the command in a transaction. A repeated command, recognised by its idempotency key, gets the first answer
    /// again; otherwise `effect` decides and writes. Its answer and its events are committed with what it writes.
    ///
    /// # Errors
    /// Returns the refusal or the fault of `effect`, which leaves no trace; 422 `idempotency-key-reused` if the key
    /// belongs to another command or body; a fault of the database.
    pub async fn run<R: Serialize + DeserializeOwned>(
        self,
        name: &str,
        effect: impl AsyncFnOnce(&mut CommandTransaction, B) -> Result<Done<R>, ApiError>,
    ) -> Result<Answer<R>, ApiError> {
        self.run_by_state(name, async |tx: &mut CommandTransaction, body| match tx.earlier()? {
            Some(answer) => Ok(Done::Repeated(answer)),
            None => effect(tx, body).await,
        })
        .await
    }

    /// Does the same as [`Command::run`], for an effect that consults the idempotency key itself, by
    /// [`CommandTransaction::earlier`]. Use it where the state decides first: a repeated command is then refused as
    /// soon as its state refuses it.
    ///
    /// # Errors
    /// Returns the same errors as [`Command::run`].
    pub async fn run_by_state<R: Serialize>(
        self,
        name: &str,
        effect: impl AsyncFnOnce(&mut CommandTransaction, B) -> Result<Done<R>, ApiError>,
    ) -> Result<Answer<R>, ApiError> {
        let begun = Instant::now();
        let _room = self.database.admit()?;
        let carried_out = timeout(COMMIT_WITHIN, async {
            let (transaction, body) = self.begin(name).await?;
            transaction.carry_out(body, effect).await
        });
        carried_out.await.map_err(|_| too_slow())??.told(begun + ANSWER_WITHIN).await
    }

    async fn begin(self, name: &str) -> Result<(CommandTransaction, B), ApiError> {
        let Self { body, headers, database, client_gone } = self;
        let transaction = tokio::select! {
            biased;
            () = client_gone.wait() => return Err(abandoned()),
            begun = database.begin_command() => begun?,
        };
        let key = IdempotencyKey::reserve(&transaction, &headers, name, &body).await?;
        Ok((CommandTransaction { transaction, key, headers, events: Vec::new() }, body))
    }
}

/// Returns an answer that nobody waits for: the client went away before its turn came.
fn abandoned() -> ApiError {
    problem(StatusCode::SERVICE_UNAVAILABLE, code::OVERLOADED, "the client has gone; nothing was done")
}

/// The transaction of a command. It holds the lock of the command's idempotency key.
#[derive(Debug)]
pub struct CommandTransaction {
    transaction: Transaction,
    key: IdempotencyKey,
    headers: CommandHeaders,
    events: Vec<NewEvent>,
}

impl Deref for CommandTransaction {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}

impl CommandTransaction {
    /// Returns the answer of the command that took effect under this key, if there was one.
    ///
    /// # Errors
    /// Returns 422 `idempotency-key-reused` if that was another command or had another body.
    pub fn earlier<R: DeserializeOwned>(&self) -> Result<Option<Answer<R>>, ApiError> {
        self.key.earlier()
    }

    /// Adds the process id to the request's log lines as correlation id, unless the header has set it.
    pub fn correlate(&self, process_id: &str) {
        self.headers.correlate(process_id);
    }

    /// Records an event of the process `process_id`. It is appended to the log right before the commit.
    ///
    /// # Errors
    /// Returns an error if the event is not one of an enum that is tagged with `type` and `data`.
    pub fn record_in_process<E: Serialize>(
        &mut self,
        process_id: &str,
        subject: &str,
        event: &E,
    ) -> Result<(), ApiError> {
        let event = NewEvent::new(event, subject, Some(process_id), &self.headers.causation_id)?;
        self.events.push(event);
        Ok(())
    }

    /// Does the same as [`CommandTransaction::record_in_process`] for an event outside a process. The header sets its
    /// correlation id.
    ///
    /// # Errors
    /// Returns an error if the event is not one of an enum that is tagged with `type` and `data`.
    pub fn record<E: Serialize>(&mut self, subject: &str, event: &E) -> Result<(), ApiError> {
        let correlation_id = self.headers.correlation_id.as_deref();
        self.events.push(NewEvent::new(event, subject, correlation_id, &self.headers.causation_id)?);
        Ok(())
    }

    /// Returns the position of the next recorded event, and locks the head of the log for it. From here on the effect
    /// takes no other lock.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub async fn next_position(&self) -> Result<Position, DbErr> {
        let head = lock_head(&self.transaction).await?;
        let recorded = Position::try_from(self.events.len()).map_err(|error| DbErr::Type(error.to_string()))?;
        Ok(head + recorded + 1)
    }

    /// Carries out the effect, up to the end of the transaction.
    async fn carry_out<B, R: Serialize>(
        mut self,
        body: B,
        effect: impl AsyncFnOnce(&mut Self, B) -> Result<Done<R>, ApiError>,
    ) -> Result<Ending<R>, ApiError> {
        let done = effect(&mut self, body).await;
        let Self { mut transaction, key, events, .. } = self;
        let result = match done {
            Err(refusal) => return Ok(Ending { transaction, is_changed: false, result: Err(refusal) }),
            Ok(Done::Repeated(answer)) => return Ok(Ending { transaction, is_changed: false, result: Ok(answer) }),
            Ok(Done::Accepted(answer)) => {
                key.record(&transaction, &answer).await?;
                Ok(answer)
            }
            Ok(Done::Refused(refusal)) => {
                key.release(&transaction).await?;
                Err(refusal)
            }
        };
        append(&mut transaction, events).await?;
        Ok(Ending { transaction, is_changed: true, result })
    }
}

/// Result of a command's effect.
#[derive(Debug)]
pub enum Done<R> {
    /// The command has taken effect, now or earlier. The answer is recorded under the key and everything is committed.
    Accepted(Answer<R>),
    /// The command took effect earlier, under the same key. Nothing is committed.
    Repeated(Answer<R>),
    /// The command is refused but still leaves something, which is committed without the key.
    Refused(ApiError),
}

impl<R> Done<R> {
    /// Accepts the command with 200.
    pub fn ok(body: R) -> Self {
        Self::Accepted(Answer::new(StatusCode::OK, body))
    }

    /// Accepts the command with 201.
    pub fn created(body: R) -> Self {
        Self::Accepted(Answer::new(StatusCode::CREATED, body))
    }

    /// Accepts the command with 202.
    pub fn accepted(body: R) -> Self {
        Self::Accepted(Answer::new(StatusCode::ACCEPTED, body))
    }
}

/// The answer of an accepted command.
#[derive(Debug, Clone)]
pub struct Answer<R> {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: R,
    location: Option<String>,
}

impl<R> Answer<R> {
    pub(crate) fn new(status: StatusCode, body: R) -> Self {
        Self { status, body, location: None }
    }

    /// Adds the header `Location`, made from the body.
    #[must_use]
    pub fn located(mut self, location: impl FnOnce(&R) -> String) -> Self {
        self.location = Some(location(&self.body));
        self
    }
}

impl<R: Serialize> IntoResponse for Answer<R> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}
