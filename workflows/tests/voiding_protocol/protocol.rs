//! The steps of the system, and the faults and persons that it must withstand.

use std::iter;

use stateright::{Model, Property};

use crate::{
    billing::{Effect, PROCESSES, Process, REQUESTS},
    machine::{Code, Command, Machine, Meant, Next, Part},
    properties,
    rules::{Rule, Rules},
    step::Step,
    world::{OF_THE_RUN, RUNS, Run, World, bit},
};

/// Commands that arrive at Billing or Reports on behalf of a process.
const COMMANDS: [Command; 5] = [Command::Mark, Command::Complete, Command::Abort, Command::Unmark, Command::Close];

/// An operator retries while there are no more failures than this.
const MOST_RETRIED: u8 = 1;
/// More steps than anything takes by itself before it comes to rest.
const LONGEST_WAY: usize = 60;

/// The system with its rules, and the persons and faults in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protocol {
    pub(crate) machine: &'static Machine,
    pub(crate) rules: Rules,
    /// Clients that request the voiding.
    pub(crate) clients: usize,
    /// Whether an operator starts a run with the document alone.
    pub(crate) asks: bool,
    /// Whether operators terminate runs.
    pub(crate) terminates: bool,
    /// Whether somebody aborts and closes processes by hand in Billing.
    pub(crate) by_hand: bool,
    /// Number of failures after which a command no longer stalls, and is no longer refused without a rule.
    pub(crate) stalls: u8,
    pub(crate) refusals: u8,
    /// The first processes, to which these three happen.
    pub(crate) troubled: Process,
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::NEW]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        use Step::{DeliverAgain, DeliverInVain, Publish, Request, RequestOfTheRun, Start};
        steps.extend(Self::progress());
        steps.extend((0..self.clients).map(Request));
        steps.extend([Publish, DeliverInVain]);
        if self.asks {
            steps.extend([Step::Ask, RequestOfTheRun]);
        }
        for (process, _) in (0..).zip(world.billing.processes).filter(|(_, state)| state.is_some()) {
            steps.extend([Start(process), DeliverAgain(process)]);
            let sent = COMMANDS.into_iter().filter(|command| world.sent & bit(*command, process) != 0);
            steps.extend(sent.map(|command| Step::Arrive(command, process)));
            if self.by_hand && process < self.troubled {
                steps.extend([Command::Abort, Command::Close].map(|command| Step::ByHand(command, process)));
            }
        }
        for (slot, run) in (0..).zip(world.runs) {
            if let Some(run) = run {
                self.happenings(slot, run, steps);
            }
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = *world;
        self.take(&mut next, step)?;
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self.rules)
    }
}

impl Protocol {
    /// Returns the steps that everything takes by itself, as long as nothing goes wrong and nobody acts.
    fn progress() -> impl Iterator<Item = Step> {
        let of_runs = (0..RUNS).flat_map(|slot| [Step::Answer(slot), Step::Record(slot)]);
        [Step::Learn].into_iter().chain(of_runs).chain([Step::Deliver, Step::Sweep])
    }

    /// Adds what may happen to a run.
    fn happenings(&self, slot: usize, run: Run, steps: &mut Vec<Step>) {
        let entry = self.machine.at(run.now);
        steps.extend([Step::Send(slot), Step::Crash(slot), Step::Retry(slot)]);
        if self.terminates {
            steps.push(Step::Terminate(slot));
        }
        let numbers = (1..=entry.failures).map(Meant::Number);
        let meant = numbers.chain([Meant::Any]).chain((run.process > Some(0)).then_some(Meant::OfAnotherProcess));
        steps.extend(meant.map(|meant| Step::Acknowledge(slot, meant)));
        if run.process.unwrap_or_default() < self.troubled {
            steps.extend((entry.failures < self.stalls).then_some(Step::Stall(slot)));
            steps.extend((entry.failures < self.refusals).then_some(Step::Refuse(slot)));
        }
    }

    /// Returns whether each accepted request ends or waits visibly, if from now on nothing goes wrong and nobody acts.
    ///
    /// The states on the way there are visited as well. So a state with more to do need not be checked here. Only the
    /// sweep could go on for ever.
    pub(crate) fn settles(&self, world: &World) -> bool {
        match self.progressed(world) {
            None => world.is_settled(self.machine),
            Some((Step::Sweep, next)) => self.comes_to_rest(next),
            Some(_) => true,
        }
    }

    fn comes_to_rest(&self, world: World) -> bool {
        let mut way = iter::successors(Some(world), |world| self.progressed(world).map(|(_, next)| next));
        way.nth(LONGEST_WAY).is_none()
    }

    fn progressed(&self, world: &World) -> Option<(Step, World)> {
        Self::progress().find_map(|step| self.next_state(world, step).map(|next| (step, next)))
    }

    fn take(&self, world: &mut World, step: Step) -> Option<()> {
        let Self { machine, rules, .. } = *self;
        match step {
            Step::Request(client) => drop(world.void(client, rules)),
            Step::Ask if !world.asked && world.runs[0].is_none() => {
                world.asked = true;
                let asking = machine.asking;
                world.runs[0] = Some(Run { process: None, recorded: asking, now: asking, early: false });
            }
            Step::Ask => (),
            Step::RequestOfTheRun if world.sent & bit(Command::Void, 0) != 0 => drop(world.void(OF_THE_RUN, rules)),
            Step::RequestOfTheRun => (),
            Step::Start(process) => world.start(process, machine, rules),
            Step::Deliver => self.deliver(world, true)?,
            Step::DeliverInVain => self.deliver(world, false)?,
            Step::DeliverAgain(process) if rules.has(Rule::Subscription) && process < world.position => {
                world.ensure(Some(process), machine, rules);
            }
            Step::DeliverAgain(_) => (),
            Step::Sweep if rules.has(Rule::Sweep) => world.ensure(None, machine, rules),
            Step::Sweep => (),
            Step::Learn => world.reports.learn(),
            Step::Publish => world.reports.publish(),
            Step::Arrive(command, process) => drop(world.arrive(command, process, rules)),
            Step::ByHand(command, process) => {
                if world.arrive(command, process, rules) == Effect::Taken && command == Command::Close {
                    world.give_up(Some(process));
                }
            }
            Step::Acknowledge(slot, meant) => world.acknowledge(slot, meant, machine, rules),
            Step::Terminate(slot) => {
                world.runs[slot] = None;
                world.last = crate::world::Last::Ended;
            }
            Step::Record(slot) => world.record(slot, machine, rules),
            Step::Answer(slot) => self.answer(world, slot)?,
            Step::Send(_) | Step::Refuse(_) | Step::Stall(_) | Step::Retry(_) | Step::Crash(_) => {
                self.happen(world, step)?;
            }
        }
        Some(())
    }

    /// Delivers the next event of the log, in vain if the subscription dies meanwhile.
    fn deliver(&self, world: &mut World, arrives: bool) -> Option<()> {
        let Self { machine, rules, .. } = *self;
        let next = (world.position..PROCESSES as Process).find(|process| world.billing.logged & 1 << process != 0)?;
        if !rules.has(Rule::Subscription) {
            return None;
        }
        if arrives {
            world.ensure(Some(next), machine, rules);
        }
        if arrives || !rules.has(Rule::PositionAfterDelivery) {
            world.position = next + 1;
        }
        Some(())
    }

    /// Applies what happens to the command of a run.
    fn happen(&self, world: &mut World, step: Step) -> Option<()> {
        let (Step::Send(slot) | Step::Refuse(slot) | Step::Stall(slot) | Step::Retry(slot) | Step::Crash(slot)) = step
        else {
            return None;
        };
        let mut run = world.runs[slot]?;
        let entry = self.machine.at(run.now);
        match step {
            Step::Crash(_) => run.now = run.recorded,
            // Each retry may fail again, so there would be no end of retries.
            Step::Retry(_) if run.now == run.recorded && entry.failures <= MOST_RETRIED => {
                (run.now, run.recorded) = (entry.retried?, entry.retried?)
            }
            Step::Stall(_) => run.now = entry.stalled?,
            // Only Reports refuses a marking.
            Step::Refuse(_) if self.command(run)? != Command::Mark || !self.rules.has(Rule::ReportsAloneRefuses) => {
                run.now = entry.refused(Code::Strange)?
            }
            Step::Send(_) => world.sent |= bit(self.command(run)?, run.process.unwrap_or_default()),
            _ => return None,
        }
        world.runs[slot] = Some(run);
        Some(())
    }

    /// Returns the command that a run sends now. Without a rule it is another one, or none.
    fn command(&self, run: Run) -> Option<Command> {
        let entry = self.machine.at(run.now);
        let Next::Send(command) = entry.next else { return None };
        Some(match entry.part {
            Part::Fencing if !self.rules.has(Rule::FenceBeforeUnmark) => Command::Unmark,
            Part::Unmarking if !self.rules.has(Rule::FenceBeforeUnmark) => Command::Abort,
            Part::Unmarking if !self.rules.has(Rule::CloseAfterUnmark) => Command::Close,
            Part::ClosingUnmarked if !self.rules.has(Rule::CloseAfterUnmark) => Command::Unmark,
            _ => command,
        })
    }

    /// Returns whether the run goes on without sending its command, for lack of a rule.
    fn is_left_out(&self, run: Run) -> bool {
        let entry = self.machine.at(run.now);
        let is_gone = |rule| !self.rules.has(rule);
        match entry.part {
            Part::Unmarking => is_gone(Rule::CompensationUnmarks),
            Part::UnmarkingClosed => is_gone(Rule::ClosedUnmarks),
            _ => entry.next == Next::Send(Command::Mark) && is_gone(Rule::MarkedBeforeCompletion),
        }
    }

    fn answer(&self, world: &mut World, slot: usize) -> Option<()> {
        let mut run = world.runs[slot]?;
        let command = self.command(run)?;
        let entry = self.machine.at(run.now);
        let process = run.process.unwrap_or_default();
        world.sent |= bit(command, process);
        let effect = if command == Command::Void {
            run.process = world.void(OF_THE_RUN, self.rules);
            run.process.map_or(Effect::Refused(Code::DocumentAlreadyVoided), |_| Effect::Taken)
        } else if self.is_left_out(run) {
            Effect::Nothing
        } else {
            world.arrive(command, process, self.rules)
        };
        let next = match effect {
            Effect::Taken | Effect::Nothing => entry.accepted,
            Effect::Refused(Code::ProcessClosed) if !self.rules.has(Rule::ClosedEnds) => entry.refused(Code::Strange),
            Effect::Refused(code) => entry.refused(code),
        };
        run.now = next.unwrap_or(run.now);
        world.cut_off |= next.is_none();
        world.runs[slot] = Some(run);
        Some(())
    }
}

const _: () = assert!(OF_THE_RUN < REQUESTS);
