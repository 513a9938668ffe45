//! A command's error as the SDK's: a refusal is final, a fault is retried. The only place that decides.

use process_manager::{http::CommandError, with_causes};
use temporalio_common::error::{ApplicationErrorCategory, ApplicationFailure};
use temporalio_sdk::activities::ActivityError;
use workflows::voiding::{REFUSED, Refusal};

/// Type of the failure that the retry policy retries.
const FAULT: &str = "Fault";

/// A fault keeps its whole chain of causes as its message: it is what the Web UI shows of a pending activity.
pub(crate) fn into_activity_error(error: CommandError) -> ActivityError {
    let failure = match error {
        CommandError::Refused(problem) => {
            let refusal = Refusal { code: problem.code, detail: problem.detail };
            ApplicationFailure::builder(refusal.clone())
                .type_name(REFUSED.to_owned())
                .non_retryable(true)
                .category(ApplicationErrorCategory::Benign)
                .details(refusal)
                .build()
        }
        CommandError::Fault(fault) => retryable(with_causes(&fault)),
    };
    ActivityError::application(failure)
}

/// A fault of this message, which the retry policy retries.
pub(crate) fn retryable(message: String) -> ApplicationFailure {
    ApplicationFailure::builder(message).type_name(FAULT.to_owned()).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use messages::Problem;
    use process_manager::http::Fault;

    fn failure(error: CommandError) -> ApplicationFailure {
        match into_activity_error(error) {
            ActivityError::Application(failure) => *failure,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_is_final_and_a_fault_is_retried() {
        let problem = Problem {
            kind: String::new(),
            title: String::new(),
            status: 409,
            detail: "the customer has it".to_owned(),
            code: "report-published".to_owned(),
        };
        let refused = failure(CommandError::Refused(problem));
        assert_eq!((refused.type_name(), refused.is_non_retryable()), (Some(REFUSED), true));
        let url = "http://127.0.0.1:1/x".parse().unwrap();
        let source = serde_json::from_str::<u8>("x").unwrap_err();
        let fault = failure(CommandError::Fault(Fault::Unreadable { url, source }));
        assert_eq!((fault.type_name(), fault.is_non_retryable()), (Some(FAULT), false));
        let message = fault.source_error().to_string();
        assert_eq!(message, "http://127.0.0.1:1/x answered something unreadable: expected value at line 1 column 1");
    }
}
