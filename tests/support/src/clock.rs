//! The time that each test takes: a slow one is named, and one over its limit ends with the name of its wait.

use std::{
    cell::OnceCell,
    io::{Write, stderr},
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use crate::load;

/// A test that takes longer is named at its end.
const SLOW: Duration = Duration::from_secs(60);
/// A test that takes longer fails.
const LIMIT: Duration = Duration::from_secs(600);
/// If a test does not check its clock, all tests are ended this long after its limit.
const GRACE: Duration = Duration::from_secs(130);

thread_local! {
    static CURRENT: OnceCell<Option<Arc<Clock>>> = const { OnceCell::new() };
}

static RUNNING: LazyLock<Mutex<Vec<Weak<Clock>>>> = LazyLock::new(|| {
    thread::spawn(watch);
    Mutex::default()
});

/// How long a test has been running, and its current wait. Ends with the test's thread.
#[derive(Debug)]
pub(crate) struct Clock {
    test: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    begun: Instant,
    waits_for: String,
}

/// A wait of a test; it ends with this value.
#[derive(Debug)]
pub(crate) struct Waiting {
    clock: Arc<Clock>,
    before: String,
}

impl Clock {
    /// Returns the clock of the test that runs in this thread; the test runner names each thread after its test.
    /// Returns `None` in a runtime's own threads.
    pub(crate) fn of_this_test() -> Option<Arc<Self>> {
        CURRENT.try_with(|current| current.get_or_init(Self::begin).clone()).ok().flatten()
    }

    fn begin() -> Option<Arc<Self>> {
        let thread = thread::current();
        let test = thread.name().filter(|name| *name != "main" && !name.starts_with("tokio-"))?;
        let state = State { begun: Instant::now(), waits_for: "nothing".to_owned() };
        let clock = Arc::new(Self { test: test.to_owned(), state: Mutex::new(state) });
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&clock));
        Some(clock)
    }

    /// Restarts the clock: earlier time does not count.
    pub(crate) fn restart(&self) {
        self.state().begun = Instant::now();
    }

    pub(crate) fn waits_for(self: Arc<Self>, what: &str) -> Waiting {
        let before = std::mem::replace(&mut self.state().waits_for, what.to_owned());
        Waiting { clock: self, before }
    }

    fn over(&self) -> Option<Duration> {
        self.state().begun.elapsed().checked_sub(limit())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Ends a test that is over its limit.
    pub(crate) fn check(&self, seen: Option<&str>) {
        let over = self.clock.over().is_some();
        let waits_for = self.clock.state().waits_for.clone();
        assert!(!over, "the test's limit of {:?} is over; awaited: {waits_for}; seen last: {seen:?}", limit());
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.clock.state().waits_for = std::mem::take(&mut self.before);
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        let took = self.state().begun.elapsed();
        if took > SLOW {
            say(&format!("slow: {} took {} s", self.test, took.as_secs()));
        }
    }
}

fn limit() -> Duration {
    load(LIMIT, LIMIT * 6)
}

/// Ends the run when a test hangs where it cannot notice its limit itself.
fn watch() {
    loop {
        thread::sleep(Duration::from_secs(1));
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|clock| clock.strong_count() > 0);
        let hangs = running.iter().filter_map(Weak::upgrade).find(|clock| clock.over().is_some_and(|by| by > GRACE));
        drop(running);
        if let Some(clock) = hangs {
            let state = clock.state();
            say(&format!("{} hangs after {:?}; it waits for {}", clock.test, state.begun.elapsed(), state.waits_for));
            std::process::exit(101);
        }
    }
}

/// Not `eprintln!`: its output is shown only for failed tests. One write, so that lines stay whole.
fn say(line: &str) {
    let _ = stderr().write_all(format!("\n{line}\n").as_bytes());
}
