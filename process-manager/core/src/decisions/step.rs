//! One decision, and the list of recorded decisions.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A decision of a process manager, or a command that was sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The function that decided, such as `handle`; `send` for a command that was sent.
    pub function: String,
    /// What the function was asked about: the type of an event, `timer <name>`, or the name of a command.
    pub about: String,
    /// The event that was being handled, or that set the timer; empty if the function gets none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event_id: String,
    /// The version that the function was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The answer, as JSON.
    pub answer: Value,
    /// The state that the function was given.
    #[serde(skip)]
    pub given: Value,
    /// What the code would decide under its own version, if that is newer; for `apply`, the migrated state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anew: Option<Value>,
}

impl Step {
    /// Returns whether the same was decided about the same thing.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let of = |it: &Self| (it.function.clone(), it.about.clone(), it.event_id.clone(), it.version);
        of(self) == of(other) && self.answer == other.answer
    }
}

/// The function whose answer counts only when it changes.
const ATTENTION: &str = "attention";

thread_local! {
    static STEPS: RefCell<Option<Vec<Step>>> = const { RefCell::new(None) };
}

/// Runs the function and returns its result, with the decisions made meanwhile in this thread.
pub fn recorded<T>(run: impl FnOnce() -> T) -> (T, Vec<Step>) {
    let before = STEPS.replace(Some(Vec::new()));
    let result = run();
    (result, STEPS.replace(before).unwrap_or_default())
}

/// Adds a step, if anybody collects them.
pub fn note(step: Step) {
    STEPS.with_borrow_mut(|steps| {
        let Some(steps) = steps else { return };
        if step.function == ATTENTION {
            let last = steps.iter().rfind(|it| it.function == ATTENTION).map_or(&Value::Null, |it| &it.answer);
            if *last == step.answer {
                return;
            }
        }
        steps.push(step);
    });
}
