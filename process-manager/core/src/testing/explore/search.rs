//! The search. It is breadth first, so the first trace that it finds is one of the shortest.

use std::{
    collections::{BTreeSet, VecDeque},
    hash::Hash,
    panic::{AssertUnwindSafe, catch_unwind},
};

use process_manager_wire::panic_message;
use serde::Serialize;

use super::{
    Seen,
    action::Stepped,
    model::{Invariant, Model},
    parts::Action,
    state::State,
};
use crate::manager::ProcessManager;

/// How far a search goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) states: usize,
    pub(super) depth: usize,
}

/// The statistics of an exploration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explored {
    /// The number of different states.
    pub states: usize,
    /// The number of states in which nothing goes on by itself.
    pub at_rest: usize,
    /// The number of steps of the longest trace.
    pub depth: usize,
    /// Whether these are all possible states.
    pub is_complete: bool,
}

/// What does not hold, and the steps that lead to it.
pub(super) struct Broken {
    pub(super) what: String,
    pub(super) path: Vec<Action>,
}

/// A visited state, by the way to it.
struct Node {
    before: usize,
    action: Action,
}

/// The states that are still to be explored, and the ways to all visited states.
struct Search<M: ProcessManager, W> {
    nodes: Vec<Node>,
    seen: BTreeSet<u64>,
    open: VecDeque<(usize, usize, State<M, W>)>,
    at_rest: usize,
}

pub(super) fn search<M, W>(model: &Model<M, W>, limits: Limits) -> Result<Explored, Broken>
where
    M: ProcessManager,
    M::Event: Serialize,
    W: Clone + Hash,
{
    let mut search = Search { nodes: Vec::new(), seen: BTreeSet::new(), open: VecDeque::new(), at_rest: 0 };
    let first = State::new(model);
    guarded(|| check(model, &first)).map_err(|what| Broken { what, path: Vec::new() })?;
    search.seen.insert(first.digest());
    search.open.push_back((0, 0, first));
    let (mut longest, mut is_complete) = (0, true);
    while let Some((node, depth, state)) = search.open.pop_front() {
        longest = longest.max(depth);
        if depth >= limits.depth {
            is_complete = false;
            continue;
        }
        search.go_on(model, node, depth, &state)?;
        if search.seen.len() >= limits.states {
            is_complete = search.open.is_empty();
            longest = search.open.back().map_or(longest, |(_, depth, _)| *depth);
            break;
        }
    }
    Ok(Explored { states: search.seen.len(), at_rest: search.at_rest, depth: longest, is_complete })
}

impl<M, W> Search<M, W>
where
    M: ProcessManager,
    M::Event: Serialize,
    W: Clone + Hash,
{
    /// Takes each possible step.
    fn go_on(&mut self, model: &Model<M, W>, node: usize, depth: usize, state: &State<M, W>) -> Result<(), Broken> {
        let own = state.own_actions();
        self.at_rest += usize::from(own.is_empty());
        for action in own.into_iter().chain(state.other_actions(model)) {
            let broken = |what, action: &Action| Broken { what, path: self.path(node, action.clone()) };
            let stepped = guarded(|| state.step(model, &action)).map_err(|what| broken(what, &action))?;
            let Some(Stepped { state: mut next, .. }) = stepped else { continue };
            let digest = next.digest();
            if self.seen.contains(&digest) {
                continue;
            }
            guarded(|| check(model, &next)).map_err(|what| broken(what, &action))?;
            guarded(|| next.hand_over(&action)).map_err(|what| broken(what, &action))?;
            self.seen.insert(digest);
            self.nodes.push(Node { before: node, action });
            self.open.push_back((self.nodes.len(), depth + 1, next));
        }
        Ok(())
    }

    /// Returns the way to a node, counted from 1, followed by this step.
    fn path(&self, mut node: usize, last: Action) -> Vec<Action> {
        let mut path = vec![last];
        while let Some(Node { before, action }) = node.checked_sub(1).and_then(|index| self.nodes.get(index)) {
            path.push(action.clone());
            node = *before;
        }
        path.reverse();
        path
    }
}

/// Calls the user's code; a panic becomes a finding.
pub(super) fn guarded<T>(it: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(it)).unwrap_or_else(|panic| Err(panic_message(panic.as_ref())))
}

fn check<M: ProcessManager, W: Clone>(model: &Model<M, W>, state: &State<M, W>) -> Result<(), String> {
    let seen = Seen { state, model };
    let check = |invariant: &Invariant<M, W>| match (invariant.holds)(&seen) {
        true => Ok(()),
        false => Err(invariant.name.clone()),
    };
    model.always.iter().try_for_each(check)?;
    if model.at_rest.is_empty() || !state.own_actions().is_empty() {
        return Ok(());
    }
    model.at_rest.iter().try_for_each(check)
}
