//! The steps of a schedule.

use proptest::prelude::*;

use crate::batch::{Act, Last};

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

/// What an operator does with a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Remind,
    Extend,
    Terminate,
}

/// What an operator does with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meddling {
    Pause,
    Resume,
    Undo,
    End,
}

/// A step. Each number selects one of the things that exist; process 0 is the credit change.
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
    /// A process carries out its next command, or receives its answer.
    Work(u8),
    /// A process receives everything, and does all that it can.
    Go(u8),
    /// Everybody but the customer does all that can be done.
    Settle,
    /// This many hours pass.
    Pass(u8),
    /// The next timer of a process falls due.
    Timer(u8),
    HandOver(u8),
    Batch(u8, Act),
    /// A batch takes some steps. Once it has ended, another one does.
    Run(u8),
    /// A command arrives that a worker sent before it was declared dead.
    Late(u8),
    Order(u8, Order),
    Cancel,
    Meddle(u8, Meddling),
}

/// Chooses the kind of step by these weights, out of 100; the remainder are steps of operators.
fn step([kind, which, how]: [u8; 3], by: By) -> Step {
    let act = match how % 16 {
        0..=3 => Act::Send,
        4..=6 => Act::Fly,
        7..=9 => Act::End,
        10 => Act::Heartbeat,
        11 => Act::Repeat(Last::Lands),
        12 => Act::Repeat(Last::IsLate),
        13 => Act::Lose(Last::Lands),
        _ => Act::Lose(Last::IsLate),
    };
    let process = if how % 3 == 0 { which } else { 0 };
    match kind % 100 {
        0..=7 => Step::Rate,
        8..=13 => Step::Go(process),
        14..=20 => Step::Deliver(process),
        21..=30 => Step::Work(process),
        31..=54 => Step::Batch(which, act),
        55..=60 => Step::Run(which),
        61..=63 => Step::Settle,
        64..=69 => Step::Sign(which),
        70..=75 => Step::Reconfirm(which),
        76 => Step::Terminate(which),
        77 | 78 => Step::Open,
        79 => Step::Late(which),
        80 | 81 => Step::Pass(how),
        82..=85 => Step::Timer(process),
        86 => Step::HandOver(process),
        87 => Step::Back(which),
        88 => Step::Origin(which),
        89..=91 => Step::Order(which, [Order::Remind, Order::Extend, Order::Terminate][usize::from(how % 3)]),
        92..=94 if by != By::Nobody => Step::Cancel,
        95..=99 if by == By::Meddling => {
            let ways = [Meddling::End, Meddling::End, Meddling::Undo, Meddling::Pause, Meddling::Resume];
            Step::Meddle(which, ways[usize::from(how % 5)])
        }
        _ => Step::Go(which),
    }
}

pub(crate) fn schedule(by: By) -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<[u8; 3]>().prop_map(move |numbers| step(numbers, by)), 0..60)
}
