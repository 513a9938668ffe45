//! An error and what caused it, in one line.

use std::error::Error;

/// The error's text and those of its causes, separated by colons. A text that its predecessor ends with is left out.
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    #[test]
    fn causes_follow_the_error_and_are_not_repeated() {
        let cause = |text| Some(Box::new(Layer(text, None)));
        assert_eq!(with_causes(&Layer("a", None)), "a");
        assert_eq!(with_causes(&Layer("a", cause("b"))), "a: b");
        assert_eq!(with_causes(&Layer("a: b", cause("b"))), "a: b");
    }
}
