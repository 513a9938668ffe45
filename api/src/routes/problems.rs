//! Problems that several routes of credit changes and of confirmations answer.

use messages::Problem;
use utoipa::IntoResponses;

/// The problems of reading one.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only describes them")]
pub(super) enum ReadProblems {
    /// `invalid-id`; of a list also `invalid-parameter`
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Problem),
    /// `contract-confirmation-not-found`, `credit-change-not-found`
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// `temporal-unavailable`; of a credit change also `contracts-unavailable`
    #[response(status = 503, content_type = "application/problem+json",
        headers(("retry-after" = u64, description = "In seconds")))]
    Unavailable(Problem),
}

/// The problems of an instruction to a credit change or to the confirmation of a contract.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only describes them")]
pub(super) enum InstructionProblems {
    /// `invalid-id`; of a body also `unreadable-body`
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Problem),
    /// `contract-confirmation-not-found`, `credit-change-not-found`
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// `not-running`, `nothing-to-retry`, `signal-rejected`
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(Problem),
    /// `body-too-large`
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// `unsupported-media-type`
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// `invalid-body`
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// `temporal-unavailable`; of a credit change also `contracts-unavailable`
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
