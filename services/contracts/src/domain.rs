//! Contracts' rules: the effect of each command on a contract. Pure.
//!
//! ```text
//!          ┌──────────────────────Reinstate───────────────────────┐
//!          ▼                                                      │
//! Active ──Revoke──► Pending ──Sign──► Signed ──Reconfirm──► Active
//!                       ▲                 │
//!                       └─────Revoke──────┘   (by a newer change: the signature is void)
//! ```
//! A contract can be terminated in each of these states.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use messages::{
    CreditChangeId, CustomerId, Position, code,
    contracts::{Contract, ContractEvent, ContractStatus, Event},
};

/// A contract with the positions that decide whether a change of the credit rating affects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The contract as it is shown.
    pub contract: Contract,
    /// Position of its `ContractOpened` in the log.
    pub opened_position: Position,
    /// Position of the newest change that has touched it, or was taken back before it could.
    pub change_position: Option<Position>,
}

/// The part of a change of the credit rating that matters for decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The change.
    pub credit_change_id: CreditChangeId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// Position of its event in the log. A newer change has a higher one.
    pub position: Position,
}

/// Effect of an accepted command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The contract afterwards; unchanged if the command has no effect.
    pub after: Held,
    /// Its event, if there is one.
    pub event: Option<Event>,
}

/// A business 'no'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such customer.
    #[error("there is no such customer")]
    CustomerNotFound,
    /// No such contract.
    #[error("there is no such contract")]
    ContractNotFound,
    /// No such change.
    #[error("there is no such change of a credit rating")]
    CreditChangeNotFound,
    /// A customer with this id and another first rating exists.
    #[error("a customer of this id exists, with another first credit rating")]
    CustomerExists,
    /// A contract with this id and another customer exists.
    #[error("a contract of this id exists, with another customer")]
    ContractExists,
    /// The customer already has this rating.
    #[error("the customer has this credit rating")]
    CreditRatingUnchanged,
    /// The contract is another customer's, or was opened after the change.
    #[error("the contract is another customer's, or was opened after the change of the credit rating")]
    ContractNotAffected,
    /// The contract is terminated.
    #[error("the contract is terminated")]
    ContractTerminated,
    /// There is nothing to sign, or to be reminded of.
    #[error("the contract is not pending under this change of the credit rating")]
    ContractNotPending,
    /// There is nothing to confirm.
    #[error("the contract is not signed")]
    ContractNotSigned,
}

impl service_kit::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::CustomerNotFound => code::CUSTOMER_NOT_FOUND,
            Self::ContractNotFound => code::CONTRACT_NOT_FOUND,
            Self::CreditChangeNotFound => code::CREDIT_CHANGE_NOT_FOUND,
            Self::CustomerExists => code::CUSTOMER_EXISTS,
            Self::ContractExists => code::CONTRACT_EXISTS,
            Self::CreditRatingUnchanged => code::CREDIT_RATING_UNCHANGED,
            Self::ContractNotAffected => code::CONTRACT_NOT_AFFECTED,
            Self::ContractTerminated => code::CONTRACT_TERMINATED,
            Self::ContractNotPending => code::CONTRACT_NOT_PENDING,
            Self::ContractNotSigned => code::CONTRACT_NOT_SIGNED,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::CustomerNotFound | Self::ContractNotFound | Self::CreditChangeNotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        }
    }
}

impl Held {
    /// Decides `RevokeCustomerContract`. A contract that this change or a newer one has touched stays as it is.
    ///
    /// # Errors
    /// Returns an error if the change does not affect the contract, or the contract is terminated.
    pub fn revoke(&self, change: &Change, at: DateTime<Utc>) -> Result<Effect, Refusal> {
        if !self.is_affected_by(change) {
            return Err(Refusal::ContractNotAffected);
        }
        if self.contract.status == ContractStatus::Terminated {
            return Err(Refusal::ContractTerminated);
        }
        if self.change_position >= Some(change.position) {
            return Ok(self.unchanged());
        }
        let mut after = self.clone();
        after.change_position = Some(change.position);
        after.contract.credit_change_id = Some(change.credit_change_id.clone());
        if self.contract.status == ContractStatus::Pending {
            return Ok(Effect { after, event: None });
        }
        Ok(after.become_status(ContractStatus::Pending, Event::CustomerContractRevoked, |contract| {
            contract.revoked_at = Some(at);
            (contract.signed_at, contract.confirmed_at, contract.reinstated_at) = (None, None, None);
        }))
    }

    /// Decides `ReinstateContract`: without effect unless the contract was revoked by this change and is not confirmed.
    /// A contract that the change could still revoke is protected from it: the command to revoke may be on its way,
    /// sent by a worker that was declared dead.
    #[must_use]
    pub fn reinstate(&self, change: &Change, at: DateTime<Utc>) -> Effect {
        if self.is_affected_by(change) && self.change_position < Some(change.position) {
            let mut after = self.clone();
            after.change_position = Some(change.position);
            return Effect { after, event: None };
        }
        if !self.is_awaited() || self.contract.credit_change_id.as_ref() != Some(&change.credit_change_id) {
            return self.unchanged();
        }
        self.become_status(ContractStatus::Active, Event::ContractReinstated, |contract| {
            contract.reinstated_at = Some(at);
        })
    }

    /// Decides whether a reminder of this change still has a purpose. The change need not be the latest one: a contract
    /// that is already pending stays pending under a newer change, without an event that says so.
    ///
    /// # Errors
    /// Returns an error if it has none: the contract is confirmed, reinstated or terminated, or the change has never
    /// touched it.
    pub fn check_reminder(&self, change: &Change) -> Result<(), Refusal> {
        let has_touched =
            self.contract.customer_id == change.customer_id && self.change_position >= Some(change.position);
        if self.is_awaited() && has_touched { Ok(()) } else { Err(Refusal::ContractNotPending) }
    }

    /// Decides `SignContract`. A contract that is already signed stays as it is.
    ///
    /// # Errors
    /// Returns an error if the contract does not wait for a signature, or is terminated.
    pub fn sign(&self, at: DateTime<Utc>) -> Result<Effect, Refusal> {
        match self.contract.status {
            ContractStatus::Pending => {
                Ok(self.become_status(ContractStatus::Signed, Event::ContractSigned, |contract| {
                    contract.signed_at = Some(at);
                }))
            }
            ContractStatus::Signed => Ok(self.unchanged()),
            ContractStatus::Active => Err(Refusal::ContractNotPending),
            ContractStatus::Terminated => Err(Refusal::ContractTerminated),
        }
    }

    /// Decides `ReconfirmContract`. A contract that is already confirmed stays as it is.
    ///
    /// # Errors
    /// Returns an error if the contract does not wait for its confirmation, or is terminated.
    pub fn reconfirm(&self, at: DateTime<Utc>) -> Result<Effect, Refusal> {
        match self.contract.status {
            ContractStatus::Signed => {
                let event = Event::CustomerContractReconfirmed;
                Ok(self.become_status(ContractStatus::Active, event, |contract| contract.confirmed_at = Some(at)))
            }
            ContractStatus::Active if self.contract.confirmed_at.is_some() => Ok(self.unchanged()),
            ContractStatus::Active | ContractStatus::Pending => Err(Refusal::ContractNotSigned),
            ContractStatus::Terminated => Err(Refusal::ContractTerminated),
        }
    }

    /// Decides `TerminateContract`. A contract that is already terminated stays as it is.
    #[must_use]
    pub fn terminate(&self, at: DateTime<Utc>) -> Effect {
        if self.contract.status == ContractStatus::Terminated {
            return self.unchanged();
        }
        self.become_status(ContractStatus::Terminated, Event::ContractTerminated, |contract| {
            contract.terminated_at = Some(at);
        })
    }

    fn is_affected_by(&self, change: &Change) -> bool {
        self.contract.customer_id == change.customer_id && self.opened_position <= change.position
    }

    /// Returns whether the contract waits for a signature or a confirmation under this change.
    fn is_awaited(&self) -> bool {
        matches!(self.contract.status, ContractStatus::Pending | ContractStatus::Signed)
    }

    fn unchanged(&self) -> Effect {
        Effect { after: self.clone(), event: None }
    }

    fn become_status(
        &self,
        status: ContractStatus,
        event: fn(ContractEvent) -> Event,
        note: impl FnOnce(&mut Contract),
    ) -> Effect {
        let mut after = self.clone();
        after.contract.status = status;
        note(&mut after.contract);
        let Contract { contract_id, customer_id, credit_change_id, .. } = after.contract.clone();
        Effect { after, event: Some(event(ContractEvent { contract_id, customer_id, credit_change_id })) }
    }
}

#[cfg(test)]
mod tests;
