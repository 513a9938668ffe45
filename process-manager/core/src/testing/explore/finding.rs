//! The result of an exploration that found something.

use std::fmt;

use serde::Serialize;

use super::{model::Model, print, script::Trace, search::Broken};
use crate::manager::ProcessManager;

/// Something that does not hold, and the shortest way to it. Its `Display` has the steps and the tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct Finding {
    /// What does not hold.
    pub what: String,
    /// The steps that lead to it, in words.
    pub steps: Vec<String>,
    /// A test for each instance that takes part: `given … when … then …`.
    pub tests: Vec<String>,
}

impl Finding {
    pub(super) fn new<M, W>(model: &Model<M, W>, broken: &Broken) -> Self
    where
        M: ProcessManager,
        M::Event: Serialize,
        W: Clone,
    {
        let trace = Trace::of(model, &broken.path);
        let test = |(id, script)| print::test(model, &broken.what, id, script);
        let tests = trace.scripts.iter().map(|(id, script)| (id.as_ref(), script)).filter_map(test).collect();
        Self { what: broken.what.clone(), steps: trace.steps, tests }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "this does not hold: {}\n", self.what)?;
        for (number, step) in (1..).zip(&self.steps) {
            writeln!(f, "// {number}. {step}")?;
        }
        self.tests.iter().try_for_each(|test| write!(f, "\n{test}"))
    }
}
