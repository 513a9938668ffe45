//! One program: started, killed, paused and restarted, always at the same address.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tests::{Ended, Process, Program};

/// A program's place in the system.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    program: Mutex<Program>,
    process: tokio::sync::Mutex<Option<Process>>,
    /// Held by the fault that is at work here.
    pub(crate) turn: tokio::sync::Mutex<()>,
    kills: AtomicU64,
    starts: AtomicU64,
    /// The ends of the program that were not caused by a kill.
    own_ends: Mutex<Vec<Ended>>,
    /// The file that moves its clock, if it can be moved.
    clock: Option<PathBuf>,
}

impl Slot {
    pub(super) fn new(name: &'static str, port: u16, program: Program, clock: Option<PathBuf>) -> Self {
        Self {
            name,
            port,
            program: Mutex::new(program),
            process: tokio::sync::Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            kills: AtomicU64::new(0),
            starts: AtomicU64::new(0),
            own_ends: Mutex::default(),
            clock,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the file of its output.
    pub(crate) fn log(&self) -> PathBuf {
        self.program.lock().unwrap_or_else(PoisonError::into_inner).log.clone()
    }

    pub(crate) fn kills(&self) -> u64 {
        self.kills.load(Ordering::Relaxed)
    }

    pub(crate) fn starts(&self) -> u64 {
        self.starts.load(Ordering::Relaxed)
    }

    pub(crate) fn own_ends(&self) -> Vec<Ended> {
        self.own_ends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes it run these arguments of `sh` from its next start on.
    pub(super) fn replace(&self, arguments: Vec<String>) {
        self.program.lock().unwrap_or_else(PoisonError::into_inner).arguments = arguments;
    }

    /// Starts it, unless it runs.
    pub(crate) async fn start(&self) {
        let mut process = self.process.lock().await;
        if process.as_ref().is_some_and(|process| process.ended().is_none()) {
            return;
        }
        let program = self.program.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.starts.fetch_add(1, Ordering::Relaxed);
        *process = Some(Process::start(&program));
    }

    /// Sends SIGKILL. Returns when it is gone.
    pub(crate) async fn kill(&self) {
        if self.end("KILL").await == Some(Ended::Signal(9)) {
            self.kills.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends SIGTERM. Returns when it has ended.
    pub(crate) async fn stop(&self) {
        match self.end("TERM").await {
            None | Some(Ended::Exit(0) | Ended::Signal(15)) => (),
            Some(end) => self.note(end),
        }
    }

    async fn end(&self, signal: &str) -> Option<Ended> {
        let mut process = self.process.lock().await;
        let running = process.as_mut().filter(|process| process.ended().is_none())?;
        running.signal(signal);
        Some(running.wait().await)
    }

    /// Sends `STOP` or `CONT`, if it runs.
    pub(crate) async fn signal(&self, signal: &str) {
        let mut process = self.process.lock().await;
        if let Some(process) = process.as_mut().filter(|process| process.ended().is_none()) {
            process.signal(signal);
        }
    }

    pub(crate) async fn pid(&self) -> Option<u32> {
        let process = self.process.lock().await;
        process.as_ref().filter(|process| process.ended().is_none()).map(Process::pid)
    }

    /// Restarts it if it has ended by itself, as a supervisor of services does.
    pub(super) async fn revive(&self) {
        let Ok(_turn) = self.turn.try_lock() else { return };
        let ended = self.process.lock().await.as_ref().and_then(Process::ended);
        if let Some(end) = ended {
            self.note(end);
            self.start().await;
        }
    }

    fn note(&self, end: Ended) {
        self.own_ends.lock().unwrap_or_else(PoisonError::into_inner).push(end);
    }

    /// Moves its clock by this many seconds. Returns whether it can be moved.
    pub(crate) fn move_clock(&self, seconds: i64) -> bool {
        self.clock.as_deref().is_some_and(|file| set_clock(file, seconds))
    }
}

/// Sets the offset for libfaketime. The file is replaced in one step, because a half-written file would be read.
pub(super) fn set_clock(file: &Path, seconds: i64) -> bool {
    let new = file.with_extension("new");
    fs::write(&new, format!("{seconds:+}\n")).and_then(|()| fs::rename(&new, file)).is_ok()
}
