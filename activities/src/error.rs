//! Converts a command's error to an activity error: a refusal is final, a fault is retried.

use process_manager::manager::Refusal;
use process_manager_client::http::CommandError;
use process_manager_engine::outcome;
use process_manager_wire::error_chain;
use temporalio_sdk::activities::ActivityError;

/// Converts a command's error. The message of a fault contains its whole chain of causes.
pub(crate) fn into_activity_error(error: CommandError) -> ActivityError {
    ActivityError::application(match error {
        CommandError::Refused(problem) => outcome::refused(Refusal { code: problem.code, detail: problem.detail }),
        CommandError::Fault(fault) => outcome::fault(error_chain(&fault)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use messages::Problem;
    use process_manager_client::http::Fault;
    use process_manager_engine::outcome::failure_type::{FAULT, REFUSED};
    use temporalio_common::error::ApplicationFailure;

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
