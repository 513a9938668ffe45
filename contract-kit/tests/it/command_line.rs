//! The program: its exit codes and its output.

use std::process::{Command, Output};

fn contract_kit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_contract-kit")).args(arguments).output().unwrap()
}

#[test]
fn arguments_that_cannot_be_used_end_with_2() {
    for arguments in [&[] as &[&str], &["--billing", "nonsense"], &["--restart", "true"], &["--nonsense"]] {
        assert_eq!(contract_kit(arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(contract_kit(&["--help"]).status.code(), Some(0));
}

#[test]
fn a_service_that_does_not_answer_ends_with_2() {
    let output = contract_kit(&["--accounts", "http://127.0.0.1:9"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("The check could not be finished: no answer ("), "{text}");
    assert!(text.contains("0 rules kept, 0 broken, 24 not checked"), "{text}");
}
