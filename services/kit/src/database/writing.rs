//! Whether the database accepts writes: known from the commands' own commits, or else from an occasional write.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::Utc;
use process_manager_wire::error_chain;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{Database, write_check};

/// Time for which a successful write vouches for the next one.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// Time for which a failed write counts.
const BAD_FOR: Duration = Duration::from_secs(1);
/// Time that the readiness check waits for its write.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

type Outcome = Result<(), String>;

/// Whether the database accepts writes, as far as known. However often readiness is checked, only one write is tried at
/// a time: at most every 5 s while writes succeed, every second while they fail, and none while commands are committed.
#[derive(Debug)]
pub(super) struct Writing {
    answer_within: Duration,
    /// Time of the last committed write, unless one has failed since.
    succeeded: Mutex<Option<Instant>>,
    check: tokio::sync::Mutex<Check>,
}

#[derive(Debug, Default)]
struct Check {
    last: Option<(Instant, Outcome)>,
    under_way: Option<(Instant, JoinHandle<Outcome>)>,
}

impl Default for Writing {
    fn default() -> Self {
        Self { answer_within: ANSWER_WITHIN, succeeded: Mutex::default(), check: tokio::sync::Mutex::default() }
    }
}

impl Writing {
    /// Records that a write was committed.
    pub(super) fn succeeded(&self) {
        *self.known() = Some(Instant::now());
    }

    /// Records that a write has failed. The next check tries its own: one command's failure says nothing about others.
    pub(super) fn doubt(&self) {
        *self.known() = None;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.succeeded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_known_to_succeed(&self, now: Instant) -> bool {
        self.known().is_some_and(|at| now.saturating_duration_since(at) < GOOD_FOR)
    }

    /// Returns what is known at this moment, or tries to write.
    async fn check<F: Future<Output = Outcome> + Send + 'static>(
        &self,
        now: Instant,
        write: impl FnOnce() -> F,
    ) -> Outcome {
        if self.is_known_to_succeed(now) {
            return Ok(());
        }
        let mut check = self.check.lock().await;
        if let Some((at, Err(why))) = &check.last
            && now.saturating_duration_since(*at) < BAD_FOR
        {
            return Err(why.clone());
        }
        // The previous check may have written meanwhile.
        if self.is_known_to_succeed(now) {
            return Ok(());
        }
        let Check { last, under_way } = &mut *check;
        let (since, task) = under_way.get_or_insert_with(|| (Instant::now(), tokio::spawn(write())));
        let outcome = match timeout(self.answer_within, &mut *task).await {
            Ok(ended) => {
                *under_way = None;
                ended.unwrap_or_else(|error| Err(error.to_string()))
            }
            // The write goes on, and the next check waits for it.
            Err(_) => Err(format!("a write has been waiting for {} s", since.elapsed().as_secs())),
        };
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }
}

impl Database {
    /// Checks that the database accepts writes.
    ///
    /// # Errors
    /// Returns the reason if it does not: the disk is full, the file is locked, the server is away.
    pub async fn check_writing(&self) -> Result<(), String> {
        let database = self.clone();
        let write = || async move { database.write().await.map_err(|error| error_chain(&error)) };
        self.writing.check(Instant::now(), write).await
    }

    async fn write(&self) -> Result<(), DbErr> {
        let transaction = self.begin().await?;
        let row = write_check::ActiveModel { id: Set(write_check::ROW), checked_at: Set(Utc::now()) };
        write_check::Entity::update(row).exec(&*transaction).await?;
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use super::*;

    /// Counts the attempted writes.
    #[derive(Default)]
    struct Tried {
        writing: Arc<Writing>,
        writes: Arc<AtomicUsize>,
    }

    impl Tried {
        /// Asks this many seconds from now, with a write that ends like this.
        async fn ask(&self, seconds: u64, outcome: Outcome) -> Outcome {
            let (writing, writes) = (Arc::clone(&self.writing), Arc::clone(&self.writes));
            let now = Instant::now() + Duration::from_secs(seconds);
            let write = || async move {
                writes.fetch_add(1, SeqCst);
                if outcome.is_ok() {
                    *writing.known() = Some(now);
                }
                outcome
            };
            self.writing.check(now, write).await
        }

        fn writes(&self) -> usize {
            self.writes.load(SeqCst)
        }
    }

    #[tokio::test]
    async fn a_probe_each_second_costs_a_write_every_five_and_none_while_commands_are_committed() {
        let tried = Tried::default();
        for second in 0..60 {
            tried.ask(second, Ok(())).await.unwrap();
        }
        // A little time passes between two calls of the clock.
        assert!((10..=12).contains(&tried.writes()), "{}", tried.writes());
        let before = tried.writes();
        for second in 60..120 {
            *tried.writing.known() = Some(Instant::now() + Duration::from_secs(second));
            tried.ask(second, Ok(())).await.unwrap();
        }
        assert_eq!(tried.writes(), before);
    }

    #[tokio::test]
    async fn a_failure_is_told_for_a_second_and_a_failed_command_is_looked_into() {
        let tried = Tried::default();
        let full = || Err("full".to_owned());
        for _ in 0..3 {
            assert_eq!(tried.ask(0, full()).await, full());
        }
        assert_eq!(tried.writes(), 1);
        assert_eq!(tried.ask(2, Ok(())).await, Ok(()));
        assert_eq!(tried.ask(3, full()).await, Ok(()));
        tried.writing.doubt();
        assert_eq!(tried.ask(4, full()).await, full());
        assert_eq!(tried.writes(), 3);
    }

    #[tokio::test]
    async fn a_write_that_waits_is_waited_for_by_all() {
        let writing = Writing { answer_within: Duration::from_millis(1), ..Writing::default() };
        let tried = Tried { writing: Arc::new(writing), ..Tried::default() };
        for second in [0, 2, 4] {
            let writes = Arc::clone(&tried.writes);
            let write = || async move {
                writes.fetch_add(1, SeqCst);
                std::future::pending().await
            };
            let why = tried.writing.check(Instant::now() + Duration::from_secs(second), write).await.unwrap_err();
            assert!(why.starts_with("a write has been waiting for "), "{why}");
        }
        assert_eq!(tried.writes(), 1);
    }
}
