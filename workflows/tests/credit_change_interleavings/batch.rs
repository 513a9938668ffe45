//! A batch as its workflow and its activity run it: the library's state machine, with chunks that send item by item.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use messages::{ContractId, contracts::Command};
use process_manager::{
    CloudEvent,
    batch::{Advance, Batch, BatchState, Chunk, Items, PageAt, StartBatch, Step},
};
use workflows::credit_change::{AffectedContracts, ReinstateContracts, RevokeContracts};

use crate::contracts::{Contracts, Status, id_of, number};

/// What happens to a running chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// The command of the next item takes effect. When the page has no more items, a command in flight takes effect.
    Send,
    /// The command of the next item is in flight.
    Fly,
    /// It records its progress.
    Heartbeat,
    /// Its worker dies. Another worker repeats what was done since the last heartbeat.
    Repeat(Last),
    /// It has done enough, or is told to end.
    End,
    /// Its worker dies when it has to end.
    Lose(Last),
}

/// What happens to the last command that a dead worker has sent. The others may arrive later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Last {
    /// It takes effect at once.
    Lands,
    /// It may arrive later.
    IsLate,
}

/// A batch that was started.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) state: BatchState,
    run: Option<Run>,
    /// Whether its process has cancelled it.
    pub(crate) is_cancelled: bool,
    pub(crate) is_over: bool,
}

/// A running chunk. It reads the next page once all items of the previous page are answered.
#[derive(Debug)]
struct Run {
    chunk: Chunk,
    input: AffectedContracts,
    /// The next page to read.
    next: Option<PageAt>,
    last: Option<PageAt>,
    left: VecDeque<usize>,
    flying: Vec<usize>,
    done: Advance,
    heartbeat: Advance,
}

impl Running {
    pub(crate) fn new(start: StartBatch, now: DateTime<Utc>) -> Self {
        let start = StartBatch { owner: Some("CreditChange-C".to_owned()), ..start };
        Self { state: BatchState::new(start, now), run: None, is_cancelled: false, is_over: false }
    }

    pub(crate) fn has_in_flight(&self) -> bool {
        self.run.as_ref().is_some_and(|run| !run.flying.is_empty())
    }

    /// Takes one step of a chunk that ends after each item.
    pub(crate) fn settle(&mut self, contracts: &mut Contracts, now: DateTime<Utc>) -> Option<CloudEvent> {
        let is_enough = self.run.as_ref().is_some_and(|run| run.done.answered() > 0);
        let act = if is_enough || self.state.is_interrupted() { Act::End } else { Act::Send };
        let _ = self.state.resume();
        self.step(act, contracts, now)
    }

    /// Takes one step. Returns the event to tell the process.
    pub(crate) fn step(&mut self, act: Act, contracts: &mut Contracts, now: DateTime<Utc>) -> Option<CloudEvent> {
        let Some(run) = &mut self.run else {
            match self.state.next(now) {
                Step::Run(chunk) => self.run = Some(Run::new(*chunk)),
                Step::Tell { event, status } => {
                    self.state.told(status, now);
                    return Some(*event);
                }
                Step::End => self.is_over = true,
                Step::Wait => (),
                other => panic!("no item fails: {other:?}"),
            }
            return None;
        };
        match act {
            Act::Send => run.send(contracts, now),
            Act::Fly => run.fly(contracts),
            Act::Heartbeat => run.heartbeat = run.done.clone(),
            Act::Repeat(last) => {
                run.dies(last, contracts, now);
                let heartbeat = Advance { is_repeated: true, ..run.heartbeat.clone() };
                self.run = Some(Run { heartbeat: heartbeat.clone(), ..Run::from(run.chunk.clone(), heartbeat) });
            }
            Act::End => {
                while run.land_one(contracts, now) {}
                let done = run.done.clone();
                self.run = None;
                self.state.advanced(done, now);
            }
            Act::Lose(last) if self.state.is_interrupted() => {
                run.dies(last, contracts, now);
                self.run = None;
                self.state.lost();
            }
            Act::Lose(_) => (),
        }
        if self.run.as_ref().is_some_and(|run| run.done.is_end) {
            let done = self.run.take().map(|run| run.done).unwrap();
            self.state.advanced(done, now);
        }
        None
    }
}

impl Run {
    fn new(chunk: Chunk) -> Self {
        let Items::Source { place, .. } = chunk.items.clone() else { panic!("no item fails: {chunk:?}") };
        let undoes = chunk.undoes;
        Self::from(chunk, Advance { place, undoes, ..Advance::default() })
    }

    fn from(chunk: Chunk, done: Advance) -> Self {
        let Items::Source { last, .. } = chunk.items.clone() else { panic!("no item fails: {chunk:?}") };
        Self {
            input: serde_json::from_value(chunk.input.clone()).unwrap(),
            chunk,
            next: Some(PageAt { cursor: done.place.cursor.clone() }),
            last,
            left: VecDeque::new(),
            flying: Vec::new(),
            heartbeat: done.clone(),
            done,
        }
    }

    /// Reads pages until it finds an unanswered item, or there are no more pages.
    fn read(&mut self, contracts: &Contracts) {
        while self.left.is_empty()
            && self.flying.is_empty()
            && let Some(at) = self.next.take()
        {
            let below = at.cursor.as_ref().map(|cursor| cursor.parse().unwrap());
            let (items, next) = contracts.page(self.input.opened_up_to, below);
            let answered = &self.done.place.answered;
            let is_open = |it: &usize| contracts.all[*it].status != Status::Terminated;
            let is_left = |it: &usize| is_open(it) && !answered.contains(id_of(*it).as_str());
            self.left = items.into_iter().filter(is_left).collect();
            self.next =
                next.filter(|_| self.last.as_ref() != Some(&at)).map(|next| PageAt { cursor: Some(next.to_string()) });
            self.done.begun = Some(at);
            self.close();
        }
    }

    /// Moves on to the next page once all items of this one are answered.
    fn close(&mut self) {
        if self.left.is_empty() && self.flying.is_empty() {
            self.done.place.answered.clear();
            self.done.is_end = self.next.is_none();
            if let Some(next) = &self.next {
                self.done.place.cursor.clone_from(&next.cursor);
            }
        }
    }

    fn fly(&mut self, contracts: &Contracts) {
        self.read(contracts);
        self.flying.extend(self.left.pop_front());
    }

    fn send(&mut self, contracts: &mut Contracts, now: DateTime<Utc>) {
        self.fly(contracts);
        self.land_one(contracts, now);
    }

    /// Lets the last command in flight take effect.
    fn land_one(&mut self, contracts: &mut Contracts, now: DateTime<Utc>) -> bool {
        let Some(item) = self.flying.pop() else { return false };
        match self.command(&id_of(item)) {
            None => self.done.settled += 1,
            Some(Command::RevokeCustomerContract(it)) => {
                assert_eq!(number(&it.contract_id), item);
                match contracts.revoke(item, number(&it.credit_change_id), now) {
                    Ok(()) => self.done.accepted += 1,
                    Err(refusal) if RevokeContracts::is_settled(&refusal) => self.done.settled += 1,
                    Err(refusal) => panic!("the batch fails: {it:?} is refused: {refusal}"),
                }
            }
            Some(Command::ReinstateContract(it)) => {
                contracts.reinstate(item, number(&it.credit_change_id), now);
                self.done.accepted += 1;
            }
            Some(other) => panic!("{other:?} is no command of a batch"),
        }
        self.done.place.answered.insert(id_of(item).to_string());
        self.close();
        true
    }

    /// Declares the worker dead. Commands in flight may arrive all the same.
    fn dies(&mut self, last: Last, contracts: &mut Contracts, now: DateTime<Utc>) {
        if last == Last::Lands {
            self.land_one(contracts, now);
        }
        let flying = std::mem::take(&mut self.flying);
        contracts.late.extend(flying.into_iter().filter_map(|item| self.command(&id_of(item))));
    }

    fn command(&self, item: &ContractId) -> Option<Command> {
        match (self.chunk.name.as_str(), self.chunk.undoes) {
            (RevokeContracts::NAME, false) => Some(RevokeContracts::command(&self.input, item)),
            (RevokeContracts::NAME, true) => RevokeContracts::undo(&self.input, item),
            (ReinstateContracts::NAME, false) => Some(ReinstateContracts::command(&self.input, item)),
            (ReinstateContracts::NAME, true) => ReinstateContracts::undo(&self.input, item),
            other => panic!("{other:?} is no batch"),
        }
    }
}
