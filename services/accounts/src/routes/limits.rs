//! Rules of fields that their types do not have: broken, they are 422 `invalid-body`.

use axum::http::StatusCode;
use messages::{Money, code};
use service_kit::{ApiError, problem};

/// The problem of a field that breaks its rule.
pub(super) fn broken(rule: &str) -> ApiError {
    problem(StatusCode::UNPROCESSABLE_ENTITY, code::INVALID_BODY, format!("the body is not as it must be: {rule}"))
}

/// An amount that is moved is more than zero.
pub(super) fn positive(amount: Money) -> Result<(), ApiError> {
    if amount.minor > 0 { Ok(()) } else { Err(broken("amount must be more than zero")) }
}

/// A text has at most `most` characters, none of them the null character, which PostgreSQL cannot keep.
pub(super) fn short(name: &str, text: &str, most: usize) -> Result<(), ApiError> {
    if text.chars().count() <= most && !text.contains('\0') {
        return Ok(());
    }
    Err(broken(&format!("{name} must have at most {most} characters and no null character")))
}
