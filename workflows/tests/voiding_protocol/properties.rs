//! What must always hold, and what must be reachable for that to mean anything.

use stateright::Property;

use crate::{
    billing::{ProcessState, Status},
    machine::{Command, Next, Part},
    protocol::Protocol,
    reports::{Outcome, Standing},
    rules::Rules,
    world::{Last, World, bit},
};

pub(crate) const V1: &str = "V1: at most one running process per document";
pub(crate) const V2: &str = "V2: no document is voided in Billing and counted in a published report";
pub(crate) const V2B: &str = "V2b: when a process has ended, both agree on whether the document is voided";
pub(crate) const V3: &str = "V3: an accepted request ends, or waits visibly for an operator";
pub(crate) const V4: &str = "V4: a command takes effect once per process";
pub(crate) const V6: &str = "V6: an acknowledgement counts only for the failure that is there when it arrives";
pub(crate) const V8: &str = "V8: a document counts in at most one published report";
pub(crate) const WHOLE: &str = "the model cuts no path off";

/// The properties of every state.
pub(crate) const RULES: [&str; 8] = [V1, V2, V2B, V3, V4, V6, V8, WHOLE];

pub(crate) const VOIDED: &str = "a document is voided";
pub(crate) const FAILED: &str = "a failure is visible";
pub(crate) const ACKNOWLEDGED: &str = "a failure was acknowledged";
pub(crate) const LATER: &str = "a later process voids the document";
pub(crate) const JOINED: &str = "both requests are answered with one process";
pub(crate) const COMPENSATED: &str = "a completion was compensated after the report was published";
pub(crate) const IN_THE_WAY: &str = "a run of a closed process is in the way of an open one";
pub(crate) const LATE: &str = "a completion is on its way to an aborted process";
pub(crate) const DIED: &str = "a process was closed and its worker died before it knew";

type Holds = fn(&Protocol, &World) -> bool;

const ALWAYS: [(&str, Holds); RULES.len()] = [
    (V1, |_, world| world.runs.iter().flatten().count() <= 1),
    (V2, |_, world| world.billing.status != Status::Voided || world.reports.counted == 0),
    (V2B, |_, world| agree(world)),
    (V3, |protocol, world| protocol.settles(world)),
    (V4, |_, world| !world.twice),
    (V6, |_, world| !world.miscounted),
    (V8, |_, world| world.reports.counted <= 1),
    (WHOLE, |_, world| !world.cut_off),
];

pub(crate) fn all(rules: Rules) -> Vec<Property<Protocol>> {
    let always = ALWAYS.map(|(name, holds)| Property::always(name, holds));
    let sometimes = SOMETIMES.map(|(name, holds)| Property::sometimes(name, holds));
    // The checker takes time for each of them.
    let sometimes = sometimes.into_iter().filter(|_| rules == Rules::ALL);
    always.into_iter().chain(sometimes).collect()
}

/// Returns whether both agree once a process has ended: Billing has ended it, and no run of it is running.
fn agree(world: &World) -> bool {
    let runs = |process| world.runs.iter().flatten().any(|run| run.process == Some(process));
    let each = (0..).zip(world.billing.processes).all(|(process, state)| {
        let has_ended = matches!(state, Some(ProcessState::Voided | ProcessState::Closed)) && !runs(process);
        !has_ended || (world.reports.marked_by == Some(process)) == (state == Some(ProcessState::Voided))
    });
    let is_busy = world.billing.open.is_some() || world.runs.iter().any(Option::is_some);
    each && (is_busy || (world.billing.status == Status::Voided) != world.reports.counts())
}

/// States without which the rules would prove little.
const SOMETIMES: [(&str, Holds); 9] = [
    (VOIDED, |_, world| world.last == Last::Completed { voided: true }),
    (FAILED, |protocol, world| {
        let waits = |place| protocol.machine.at(place).part == Part::Awaiting;
        world.runs.iter().flatten().any(|run| waits(run.recorded))
    }),
    (ACKNOWLEDGED, |_, world| matches!(world.last, Last::Failed(process) if world.given_up & 1 << process != 0)),
    (LATER, |_, world| world.billing.processes[..2] == [Some(ProcessState::Closed), Some(ProcessState::Voided)]),
    (JOINED, |_, world| world.billing.keys[0].is_some() && world.billing.keys[0] == world.billing.keys[1]),
    (COMPENSATED, |_, world| {
        world.reports.outcomes[0] == Some(Outcome::Unmarked)
            && world.reports.standing == Standing::Open
            && world.last == Last::Failed(0)
    }),
    (IN_THE_WAY, |protocol, world| {
        let waits = |place| protocol.machine.at(place).next == Next::Wait;
        let in_the_way = |open| world.runs.iter().flatten().any(|run| run.process != Some(open) && waits(run.now));
        world.billing.open.is_some_and(in_the_way)
    }),
    (LATE, |_, world| {
        world.billing.processes[0] == Some(ProcessState::Aborted)
            && world.sent & bit(Command::Complete, 0) != 0
            && world.reports.outcomes[0] == Some(Outcome::Unmarked)
    }),
    (DIED, |protocol, world| {
        let closes = |place| protocol.machine.at(place).next == Next::Send(Command::Close);
        let closed = world.billing.processes[0] == Some(ProcessState::Closed);
        closed && world.runs.iter().flatten().any(|run| run.process == Some(0) && !closes(run.now))
    }),
];
