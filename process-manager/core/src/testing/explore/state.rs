//! One state of everything: the services, their logs, the instances, and the commands under way.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

use chrono::{DateTime, Utc};

use super::{
    model::Model,
    parts::{Action, Attempt, Known, Recorded, Stopped},
    process::Process,
};
use crate::{manager::ProcessManager, testing::start};

#[derive(Debug, Clone)]
pub(super) struct State<M: ProcessManager, W> {
    pub(super) now: DateTime<Utc>,
    pub(super) world: W,
    /// How many happenings of each sequence have happened.
    pub(super) happened: Vec<usize>,
    pub(super) log: Vec<Rc<Recorded>>,
    pub(super) repeated: BTreeSet<usize>,
    pub(super) stopped: BTreeMap<String, Stopped>,
    pub(super) processes: BTreeMap<Rc<str>, Rc<Process<M>>>,
    /// The commands that were sent, by idempotency key.
    pub(super) keys: BTreeMap<Rc<str>, Rc<Known>>,
    /// Attempts that nobody waits for any longer, but that may still arrive.
    pub(super) on_the_way: Vec<Rc<Attempt<M::Command>>>,
    /// How many more things may go wrong.
    pub(super) troubles: u32,
    pub(super) decisions: u32,
}

impl<M: ProcessManager, W: Clone> State<M, W> {
    pub(super) fn new(model: &Model<M, W>) -> Self {
        Self {
            now: start(),
            world: model.world.clone(),
            happened: vec![0; model.outside.len()],
            log: Vec::new(),
            repeated: BTreeSet::new(),
            stopped: BTreeMap::new(),
            processes: BTreeMap::new(),
            keys: BTreeMap::new(),
            on_the_way: Vec::new(),
            troubles: model.troubles,
            decisions: model.decisions,
        }
    }
}

impl<M: ProcessManager, W> State<M, W> {
    /// Returns the process of this id, for changing it.
    pub(super) fn process(&mut self, id: &Rc<str>) -> &mut Process<M> {
        Rc::make_mut(self.processes.entry(Rc::clone(id)).or_insert_with(|| Rc::new(Process::new())))
    }

    pub(super) fn settle(&mut self, id: &Rc<str>) -> Result<(), String> {
        let (now, log) = (self.now, std::mem::take(&mut self.log));
        let settled = self.process(id).settle(now, &log);
        self.log = log;
        settled
    }

    /// Goes on as another run does, if the step has changed an instance.
    pub(super) fn hand_over(&mut self, action: &Action) -> Result<(), String> {
        let changed: Vec<_> = match action {
            Action::Deliver { to: id, .. }
            | Action::Send { from: id, .. }
            | Action::Wake(id)
            | Action::End(id)
            | Action::Retry(id)
            | Action::Acknowledge(id)
            | Action::Instruct { to: id, .. } => vec![Rc::clone(id)],
            Action::Pass => self.processes.keys().cloned().collect(),
            _ => Vec::new(),
        };
        changed.iter().try_for_each(|id| self.process(id).hand_over())
    }

    /// Returns the first time after now at which an instance has to be woken.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.processes.values().filter_map(|process| process.due()).filter(|due| *due > self.now).min()
    }

    /// Returns the instances whose time has come.
    pub(super) fn due(&self) -> Vec<Rc<str>> {
        let is_due = |process: &Process<M>| process.due().is_some_and(|due| due <= self.now);
        self.processes.iter().filter(|(_, process)| is_due(process)).map(|(id, _)| Rc::clone(id)).collect()
    }
}

impl<M: ProcessManager, W: Hash> State<M, W> {
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.now, &self.world, &self.happened, &self.repeated, self.troubles, self.decisions).hash(&mut hasher);
        for (log, stopped) in &self.stopped {
            (log, stopped).hash(&mut hasher);
        }
        for it in &self.log {
            it.digest.hash(&mut hasher);
        }
        for (id, process) in &self.processes {
            id.hash(&mut hasher);
            process.hash_into(&mut hasher);
        }
        for (key, known) in &self.keys {
            (key, &known.command, known.is_accepted()).hash(&mut hasher);
        }
        for attempt in &self.on_the_way {
            attempt.key.hash(&mut hasher);
        }
        hasher.finish()
    }
}
