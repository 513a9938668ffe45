//! Group commit on SQLite: commands that wait for the one writer are committed together, with one flush to disk.
//!
//! A command that ends while another one waits leaves the transaction open for it. The next command works in a
//! savepoint, which it can undo by itself; the last one commits for all. A command is answered only after that commit,
//! even if it changed nothing: it may have seen what was not committed yet.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use sea_orm::{DatabaseTransaction, DbErr, RuntimeErr};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::Instant,
};

/// Maximum number of commands that are committed together.
const MOST: usize = 32;
/// Age at which an open transaction is no longer left to another command.
const LONGEST: Duration = Duration::from_millis(20);

/// The one writer of a SQLite file. Waiting for it here is fair; SQLite's own waiting starves some writers.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    slot: Arc<Mutex<Option<Group>>>,
    /// Number of commands that wait for their turn.
    waiting: Arc<AtomicUsize>,
    longest: Duration,
}

impl Default for Writer {
    fn default() -> Self {
        Self { slot: Arc::default(), waiting: Arc::default(), longest: LONGEST }
    }
}

/// A transaction that was left open, and the commands that wait for its commit.
#[derive(Debug)]
struct Group {
    transaction: DatabaseTransaction,
    since: Instant,
    members: Vec<oneshot::Sender<Result<(), DbErr>>>,
}

/// The turn of a writer. When dropped, it commits what earlier turns have left to it.
#[derive(Debug)]
pub(super) struct Turn {
    /// Present until the turn is over.
    slot: Option<OwnedMutexGuard<Option<Group>>>,
    writer: Writer,
    is_command: bool,
}

impl Writer {
    /// Waits for a turn with its own transaction.
    pub(super) async fn turn(&self) -> Turn {
        let mut slot = Arc::clone(&self.slot).lock_owned().await;
        if let Some(group) = slot.take() {
            // In its own task: a caller that gives up waiting must not take the commit of others with it.
            let committed = tokio::spawn(async move {
                group.commit().await;
                slot
            });
            slot = match committed.await {
                Ok(slot) => slot,
                Err(_) => Arc::clone(&self.slot).lock_owned().await,
            };
        }
        Turn { slot: Some(slot), writer: self.clone(), is_command: false }
    }

    /// Waits for the turn of a command. If earlier commands have left their transaction open, it continues with that
    /// one.
    pub(super) async fn turn_of_command(&self) -> Turn {
        let mut place = Place::new(self);
        let slot = Arc::clone(&self.slot).lock_owned().await;
        place.is_taken = true;
        Turn { slot: Some(slot), writer: self.clone(), is_command: true }
    }

    fn is_waited_for(&self) -> bool {
        self.waiting.load(SeqCst) > 0
    }
}

/// A place among the waiting commands.
struct Place<'a> {
    writer: &'a Writer,
    is_taken: bool,
}

impl<'a> Place<'a> {
    fn new(writer: &'a Writer) -> Self {
        writer.waiting.fetch_add(1, SeqCst);
        Self { writer, is_taken: false }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.writer.waiting.fetch_sub(1, SeqCst);
        // A transaction may have been left open for this command alone.
        if !self.is_taken {
            let writer = self.writer.clone();
            in_the_background(async move {
                let slot = Arc::clone(&writer.slot).lock_owned().await;
                pass_on(slot, &writer).await;
            });
        }
    }
}

impl Turn {
    /// Returns the open transaction, in which the turn needs a savepoint.
    pub(super) fn open(&self) -> Option<&DatabaseTransaction> {
        self.slot.as_ref()?.as_ref().map(|group| &group.transaction)
    }

    /// Commits the work of the turn: now, or together with a command that waits for the next turn.
    pub(super) async fn commit(mut self, done: DatabaseTransaction) -> Result<(), DbErr> {
        let Some(mut slot) = self.slot.take() else { return done.commit().await };
        let committed = match slot.take() {
            None if self.is_command && self.writer.is_waited_for() => {
                let (group, committed) = Group::of(done);
                *slot = Some(group);
                committed
            }
            None => return done.commit().await,
            Some(mut group) => {
                if let Err(error) = done.commit().await {
                    group.end(&Err(copy(&error)));
                    return Err(error);
                }
                let committed = group.join();
                *slot = Some(group);
                committed
            }
        };
        pass_on(slot, &self.writer).await;
        outcome(committed).await
    }

    /// Ends a turn that has changed nothing. Returns once everything that it has seen is committed.
    pub(super) async fn end(mut self) -> Result<(), DbErr> {
        let group = self.slot.as_mut().and_then(|slot| slot.take());
        let Some(mut group) = group else { return Ok(()) };
        let committed = group.join();
        group.commit().await;
        outcome(committed).await
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(mut slot) = self.slot.take()
            && slot.is_some()
        {
            in_the_background(async move {
                if let Some(group) = slot.take() {
                    group.commit().await;
                }
            });
        }
    }
}

impl Group {
    fn of(transaction: DatabaseTransaction) -> (Self, Committed) {
        let mut group = Self { transaction, since: Instant::now(), members: Vec::new() };
        let committed = group.join();
        (group, committed)
    }

    fn join(&mut self) -> Committed {
        let (told, committed) = oneshot::channel();
        self.members.push(told);
        committed
    }

    async fn commit(mut self) {
        let members = std::mem::take(&mut self.members);
        let committed = self.transaction.commit().await;
        tell(members, &committed);
    }

    /// Undoes everything.
    fn end(self, why: &Result<(), DbErr>) {
        drop(self.transaction);
        tell(self.members, why);
    }
}

type Committed = oneshot::Receiver<Result<(), DbErr>>;

async fn outcome(committed: Committed) -> Result<(), DbErr> {
    let lost = || DbErr::Custom("the commit was given up; whether it took effect is unknown".to_owned());
    committed.await.unwrap_or_else(|_| Err(lost()))
}

fn tell(members: Vec<oneshot::Sender<Result<(), DbErr>>>, committed: &Result<(), DbErr>) {
    for member in members {
        // The member may have given up waiting.
        let _ = member.send(committed.as_ref().copied().map_err(copy));
    }
}

/// Leaves the open transaction to the next command, or commits it.
async fn pass_on(mut slot: OwnedMutexGuard<Option<Group>>, writer: &Writer) {
    let goes_on =
        |group: &Group| writer.is_waited_for() && group.members.len() < MOST && group.since.elapsed() < writer.longest;
    if slot.as_ref().is_some_and(|group| !goes_on(group))
        && let Some(group) = slot.take()
    {
        group.commit().await;
    }
}

fn in_the_background(work: impl Future<Output = ()> + Send + 'static) {
    // Without a runtime everything ends, and the transaction is undone.
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(work);
    }
}

/// Returns the same error for each member.
fn copy(error: &DbErr) -> DbErr {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(cause)) => DbErr::Exec(RuntimeErr::SqlxError(Arc::clone(cause))),
        DbErr::Query(RuntimeErr::SqlxError(cause)) => DbErr::Query(RuntimeErr::SqlxError(Arc::clone(cause))),
        other => DbErr::Custom(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
