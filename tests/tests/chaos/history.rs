//! The requests of clients, and the answers.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use serde_json::{Value, json};

/// All requests of all clients, in the order in which they ended.
#[derive(Debug)]
pub(crate) struct History {
    begun: Instant,
    lines: Mutex<Vec<Value>>,
}

/// One attempt at a request: when it began and ended, in milliseconds of the run, and the status of the answer.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<String>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), lines: Mutex::default() }
    }

    /// Returns the milliseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Records a request. `line` has `client`, `op`, `target`, `path`, `key` and `body`; `answer` is the status and the
    /// body that settled it, if one did.
    pub(crate) fn enter(&self, mut line: Value, attempts: &[Attempt], answer: Option<&(u16, Value)>) {
        let attempts: Vec<Value> = attempts
            .iter()
            .map(|it| json!({"from": it.from, "to": it.to, "status": it.status, "code": it.code}))
            .collect();
        line["attempts"] = attempts.into();
        line["status"] = answer.map(|(status, _)| *status).into();
        line["answer"] = answer.map_or(Value::Null, |(_, body)| body.clone());
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
