//! One component: started, killed, restarted.

use std::path::PathBuf;

use tokio::sync::Mutex;

use super::Component;
use crate::{
    calls::Target,
    eventually,
    process::{Ended, Process, Program},
};

const LOG_TAIL: usize = 100;

#[derive(Debug)]
pub(super) struct Running {
    component: Component,
    port: u16,
    program: Program,
    process: Mutex<Option<Process>>,
}

impl Running {
    pub(super) fn new(component: Component, port: u16, program: Program) -> Self {
        Self { component, port, program, process: Mutex::new(None) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.program.environment.get(name).map(String::as_str)
    }

    pub(super) fn log(&self) -> String {
        let bytes = std::fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(super) fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(LOG_TAIL)..];
        format!("--- {}, {} of {} lines\n{}", self.component.name(), tail.len(), lines.len(), tail.join("\n"))
    }

    pub(super) async fn pid(&self) -> u32 {
        let process = self.process.lock().await;
        let process = process.as_ref().filter(|process| process.ended().is_none());
        process.unwrap_or_else(|| panic!("{:?} does not run", self.component)).pid()
    }

    pub(super) async fn start(&self) {
        let mut process = self.process.lock().await;
        assert!(process.as_ref().is_none_or(|process| process.ended().is_some()), "{:?} runs already", self.component);
        *process = Some(Process::start(&self.program));
        drop(process);
        if self.component != Component::Temporal {
            self.answers("/livez").await;
        }
    }

    pub(super) async fn ready(&self) {
        if self.component != Component::Temporal {
            self.answers("/readyz").await;
        }
    }

    pub(super) async fn signal(&self, signal: &str) {
        let mut process = self.process.lock().await;
        let process = process.as_mut().filter(|process| process.ended().is_none());
        process.unwrap_or_else(|| panic!("{:?} does not run", self.component)).signal(signal);
    }

    pub(super) async fn kill(&self) {
        self.signal("KILL").await;
        assert_eq!(self.ended().await, Ended::Signal(9), "{:?}", self.component);
    }

    pub(super) async fn stop(&self) {
        self.signal("TERM").await;
        self.stopped().await;
    }

    pub(super) async fn stopped(&self) {
        assert_eq!(self.ended().await, Ended::Exit(0), "{:?} did not end properly", self.component);
    }

    async fn ended(&self) -> Ended {
        let mut process = self.process.lock().await;
        process.as_mut().expect("it runs").wait().await
    }

    async fn answers(&self, path: &str) {
        let target = Target::new(self.url());
        eventually(&format!("{:?} answers {path}", self.component), async || {
            let ended = self.process.lock().await.as_ref().and_then(Process::ended);
            assert!(ended.is_none(), "{:?} ended unexpectedly ({ended:?})\n{}", self.component, self.log_tail());
            let answer = target.get::<serde::de::IgnoredAny>(path).await;
            if answer.answered(200) { Ok(()) } else { Err(answer.to_string()) }
        })
        .await;
    }

    fn log_file(&self) -> &PathBuf {
        &self.program.log
    }
}
