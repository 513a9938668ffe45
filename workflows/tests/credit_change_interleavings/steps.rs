//! The steps of a schedule.

use proptest::prelude::*;

use crate::batch::Act;

/// Who meddles with the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Nobody.
    Nobody,
    /// An operator who cancels it.
    Cancelling,
    /// Operators who cancel it, and pause and cancel its batches.
    Meddling,
}

/// What an operator wants of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Remind,
    Extend,
    Terminate,
}

/// What an operator wants of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddling {
    Pause,
    Resume,
    Undo,
    End,
}

/// A step. Each number chooses among what is there: of the processes 0 is the credit change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The credit rating changes.
    Rate,
    Open,
    Sign(u8),
    Reconfirm(u8),
    Terminate(u8),
    /// The next event of the log is delivered to a process.
    Deliver(u8),
    /// The last event will be delivered again.
    Back(u8),
    /// All events will be delivered again.
    Origin(u8),
    /// A process carries out its next command, or hears its answer.
    Work(u8),
    /// A process hears of everything, and does all that it can.
    Go(u8),
    /// Everybody but the customer does all that can be done.
    Settle,
    /// So many hours pass.
    Pass(u8),
    /// The next timer of a process falls due.
    Timer(u8),
    HandOver(u8),
    Batch(u8, Act),
    Order(u8, Order),
    Cancel,
    Meddle(u8, Meddling),
}

/// How often each kind of step is taken, of 100; the remainder are those of operators.
fn step([kind, which, how]: [u8; 3], by: By) -> Step {
    let act = match how % 16 {
        0..=4 => Act::Send,
        5..=9 => Act::Fly,
        10 => Act::End,
        11 => Act::Heartbeat,
        12 | 13 => Act::Repeat,
        _ => Act::Lose,
    };
    let process = if how % 3 == 0 { which } else { 0 };
    match kind % 100 {
        0..=9 => Step::Rate,
        10..=15 => Step::Go(process),
        16..=22 => Step::Deliver(process),
        23..=33 => Step::Work(process),
        34..=57 => Step::Batch(which, act),
        58..=61 => Step::Settle,
        62..=67 => Step::Sign(which),
        68..=74 => Step::Reconfirm(which),
        75 | 76 => Step::Terminate(which),
        77..=80 => Step::Open,
        81 | 82 => Step::Pass(how),
        83..=86 => Step::Timer(process),
        87 => Step::HandOver(process),
        88 => Step::Back(which),
        89 => Step::Origin(which),
        90..=92 => Step::Order(which, [Order::Remind, Order::Extend, Order::Terminate][usize::from(how % 3)]),
        93..=96 if by != By::Nobody => Step::Cancel,
        97..=99 if by == By::Meddling => {
            let ways = [Meddling::End, Meddling::Undo, Meddling::Pause, Meddling::Resume];
            Step::Meddle(which, ways[usize::from(how % 4)])
        }
        _ => Step::Go(which),
    }
}

pub(crate) fn schedule(by: By) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<[u8; 3]>().prop_map(move |numbers| step(numbers, by)), 0..60)
}
