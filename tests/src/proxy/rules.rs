//! Which fault applies to which request.

use std::time::Duration;

use messages::PROBLEM_MEDIA_TYPE;

use super::{Gate, Recorded, problem};

/// The fate of a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is answered here, without the service.
    Answer {
        /// HTTP status.
        status: u16,
        /// Media type of the body.
        content_type: String,
        /// The body.
        body: String,
    },
    /// It is neither passed on nor answered.
    Hang,
    /// The service carries it out, then the connection is reset: the answer is lost.
    LoseAnswer,
    /// The service receives it twice, one after the other; the second answer is passed back.
    Duplicate,
    /// It is passed on after this time.
    Delay(Duration),
    /// It is passed on when the gate is opened.
    Hold(Gate),
    /// The service carries it out; its answer is passed back when the gate is opened.
    HoldAnswer(Gate),
    /// It is passed on: an exception to an older fault.
    Pass,
}

impl Fault {
    /// Returns a bare status without a problem: a fault, whatever the status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answer { status, content_type: "text/plain".to_owned(), body: "refused by the test".to_owned() }
    }

    /// Returns a problem with this code: with 404, 409 or 422 it is a refusal.
    ///
    /// # Panics
    /// Never: a problem is always JSON.
    #[must_use]
    pub fn problem(status: u16, code: &str) -> Self {
        let body = serde_json::to_string(&problem(status, code)).expect("a problem is JSON");
        Self::Answer { status, content_type: PROBLEM_MEDIA_TYPE.to_owned(), body }
    }
}

#[derive(Debug, Default)]
pub(super) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    prefix: String,
    about: Option<String>,
    fault: Fault,
    left: Option<usize>,
}

impl Rules {
    pub(super) fn add(&mut self, prefix: &str, about: Option<&str>, fault: Fault, left: Option<usize>) {
        self.0.push(Rule { prefix: prefix.to_owned(), about: about.map(str::to_owned), fault, left });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the fault for a request, and counts the request.
    pub(super) fn take(&mut self, request: &Recorded) -> Fault {
        let matches = |rule: &&mut Rule| {
            rule.left != Some(0)
                && request.path.starts_with(&rule.prefix)
                && rule.about.as_ref().is_none_or(|id| request.is_about(id))
        };
        let Some(rule) = self.0.iter_mut().rev().find(matches) else { return Fault::Pass };
        rule.left = rule.left.map(|left| left - 1);
        rule.fault.clone()
    }
}
