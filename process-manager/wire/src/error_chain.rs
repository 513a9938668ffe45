//! An error and its causes, in one line.

use std::{any::Any, error::Error};

/// Returns the error's text and those of its causes, separated by colons. A text that the previous one ends with is
/// left out.
#[must_use]
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

/// Returns the message of a caught panic.
#[must_use]
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    #[test]
    fn causes_follow_the_error_and_are_not_repeated() {
        let cause = |text| Some(Box::new(Layer(text, None)));
        assert_eq!(error_chain(&Layer("a", None)), "a");
        assert_eq!(error_chain(&Layer("a", cause("b"))), "a: b");
        assert_eq!(error_chain(&Layer("a: b", cause("b"))), "a: b");
    }
}
