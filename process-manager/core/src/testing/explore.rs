//! Explores what can happen to the instances of a process manager: see [`explore`].

mod action;
mod finding;
mod log;
mod model;
mod parts;
mod print;
mod process;
mod script;
mod search;
mod seen;
mod send;
mod state;
mod words;

use std::{fmt::Debug, hash::Hash, marker::PhantomData};

use process_manager_wire::tagged;
use serde::Serialize;
use serde_json::Value;

pub use self::{finding::Finding, search::Explored, seen::Seen};
use self::{
    model::{Happening, Invariant, MayRefuse, Model},
    search::{Limits, search},
};
use crate::manager::{Metadata, ProcessManager, Refusal};

/// Begins an exploration of everything that can happen to the instances of a process manager, shortest traces first.
///
/// You define what its services do, what happens outside, and what has to hold. The exploration tries every order in
/// which events reach the instances (within one log they stay in order), and everything that may go wrong:
///
/// - a command is carried out but its answer is lost, so it is sent again under its key;
/// - a command is refused where you allow it ([`Exploration::may_refuse`]);
/// - a receiver stays away; a command is given up, because its retries are limited or `event_timeout` has passed, and
///   may or may not still be on its way (a passing fault changes nothing);
/// - a timer is late; a run is terminated from outside; an event is recorded twice ([`Exploration::may_repeat`]);
/// - an operator retries, acknowledges, instructs, or resumes a subscription that stopped.
///
/// After each step the instance goes on with what JSON gives back, as after continue-as-new, and everything that was
/// delivered to it must count as a redelivery. A paused subscription is covered: its events come later, which is tried
/// anyway. Besides violations of your invariants, it finds panics, an instance that cannot be handed over, and an
/// idempotency key that names two commands.
///
/// The instances are the same as in workers. The services are yours: a value, and a function that carries out a
/// command. The exploration lets a command take effect once under its key, as services do.
///
/// ```
/// # use process_manager::{manager::*, testing::explore};
/// # use serde::{Serialize, Deserialize};
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// # #[serde(tag = "type", content = "data")]
/// # enum Event { Ordered { order: String }, Paid { order: String }, Shipped { order: String } }
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// # #[serde(tag = "type", content = "data")]
/// # enum Command { Charge { order: String }, Ship { order: String } }
/// # #[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
/// # struct Shipping;
/// # impl ProcessManager for Shipping {
/// #     const NAME: &'static str = "Shipping";
/// #     type Event = Event;
/// #     type Command = Command;
/// #     type Error = std::convert::Infallible;
/// #     fn route(event: &Event, _: &Metadata) -> Result<Route, Self::Error> {
/// #         Ok(match event {
/// #             Event::Ordered { order } => Route::start(order),
/// #             Event::Paid { order } => Route::proceed(order),
/// #             Event::Shipped { order } => Route::stop(order),
/// #         })
/// #     }
/// #     fn handle(&self, event: &Event, _: &Context<'_>) -> Result<Commands<Command>, Self::Error> {
/// #         Ok(match event {
/// #             Event::Ordered { order } => Command::Charge { order: order.clone() }.into(),
/// #             Event::Paid { order } => Command::Ship { order: order.clone() }.into(),
/// #             Event::Shipped { .. } => Commands::none(),
/// #         })
/// #     }
/// #     fn apply(&mut self, _: &Event, _: &Context<'_>) -> Result<(), Self::Error> { Ok(()) }
/// # }
/// /// How often it was charged and shipped.
/// #[derive(Clone, Default, Hash)]
/// struct Shop {
///     charged: u32,
///     shipped: u32,
/// }
///
/// fn carry_out(shop: &mut Shop, command: &Command) -> Result<Vec<Event>, Refusal> {
///     Ok(match command.clone() {
///         Command::Charge { order } => {
///             shop.charged += 1;
///             vec![Event::Paid { order }]
///         }
///         Command::Ship { order } => {
///             shop.shipped += 1;
///             vec![Event::Shipped { order }]
///         }
///     })
/// }
///
/// let explored = explore::<Shipping>()
///     .services(Shop::default(), carry_out)
///     .events([Event::Ordered { order: "O-1".to_owned() }])
///     .may_refuse("card-declined", |command| matches!(command, Command::Charge { .. }))
///     .always("nothing is shipped that is not paid", |seen| seen.services().shipped <= seen.services().charged)
///     .all_end_or_wait_visibly()
///     .check();
/// assert!(explored.is_complete);
/// ```
/// An invariant that does not hold fails the test. The message has the shortest trace, and a test
/// `given … when … then …` for each of its instances. You can paste the test: it shows what happens now, and you write
/// down what should happen instead.
#[must_use]
pub fn explore<M: ProcessManager>() -> Explore<M> {
    Explore(PhantomData)
}

/// An exploration whose services are not yet defined.
pub struct Explore<M>(PhantomData<fn(M)>);

impl<M: ProcessManager> Explore<M>
where
    M::Event: Serialize,
{
    /// Sets the services: their initial value, and how they carry out a command. The function returns the events that
    /// are then recorded; or a refusal, and then nothing changes. The first event is the answer to a question. Panics
    /// are findings.
    pub fn services<W: Clone + Hash + 'static>(
        self,
        services: W,
        carry_out: impl Fn(&mut W, &M::Command) -> Result<Vec<M::Event>, Refusal> + 'static,
    ) -> Exploration<M, W> {
        let limits = Limits { states: 100_000, depth: usize::MAX };
        Exploration { model: Model::new(services, Box::new(carry_out)), limits }
    }
}

/// An exploration of a process manager and its services.
pub struct Exploration<M: ProcessManager, W> {
    model: Model<M, W>,
    limits: Limits,
}

impl<M, W> Exploration<M, W>
where
    M: ProcessManager,
    M::Event: Serialize,
    W: Clone + Hash + 'static,
{
    /// Records these events outside, in this order, each at any time. Events of separate calls come in any order.
    #[must_use]
    pub fn events(mut self, events: impl IntoIterator<Item = M::Event>) -> Self {
        let happening = |event: M::Event| {
            let kind = tagged(&event).map_or_else(|| format!("{event:?}"), |(kind, _)| kind);
            let happen = Box::new(move |_: &mut W| vec![event.clone()]);
            Happening { name: format!("{kind} is recorded"), happen }
        };
        self.model.outside.push(events.into_iter().map(happening).collect());
        self
    }

    /// Lets something happen outside once, at any time, and records these events.
    #[must_use]
    pub fn happening(mut self, name: impl Into<String>, happen: impl Fn(&mut W) -> Vec<M::Event> + 'static) -> Self {
        self.model.outside.push(vec![Happening { name: name.into(), happen: Box::new(happen) }]);
        self
    }

    /// Lets the commands for which this is true be refused with this code, whatever the services say.
    #[must_use]
    pub fn may_refuse(mut self, code: impl Into<String>, which: impl Fn(&M::Command) -> bool + 'static) -> Self {
        self.model.refusals.push(MayRefuse { code: code.into(), which: Box::new(which) });
        self
    }

    /// Lets the events for which this is true be recorded a second time, at another position.
    #[must_use]
    pub fn may_repeat(mut self, which: impl Fn(&M::Event) -> bool + 'static) -> Self {
        self.model.is_repeated = Box::new(which);
        self
    }

    /// Lets an operator send one of these instructions.
    #[must_use]
    pub fn instructions(mut self, instructions: impl IntoIterator<Item = M::Event>) -> Self {
        self.model.instructions.extend(instructions);
        self
    }

    /// Changes the metadata of an event, above all its log. Events of different logs come in any order.
    #[must_use]
    pub fn metadata(mut self, change: impl Fn(&M::Event, &mut Metadata) + 'static) -> Self {
        self.model.metadata = Box::new(change);
        self
    }

    /// Sets the settings that the worker has for the process manager, as JSON.
    #[must_use]
    pub fn settings(mut self, settings: Value) -> Self {
        self.model.settings = settings;
        self
    }

    /// Requires that this holds in every state.
    #[must_use]
    pub fn always(mut self, name: impl Into<String>, holds: impl Fn(&Seen<'_, M, W>) -> bool + 'static) -> Self {
        self.model.always.push(Invariant { name: name.into(), holds: Box::new(holds) });
        self
    }

    /// Requires that this holds whenever nothing goes on by itself any longer: every event has been delivered, every
    /// command answered, and no timer is set.
    #[must_use]
    pub fn at_rest(mut self, name: impl Into<String>, holds: impl Fn(&Seen<'_, M, W>) -> bool + 'static) -> Self {
        self.model.at_rest.push(Invariant { name: name.into(), holds: Box::new(holds) });
        self
    }

    /// Requires that at rest every instance has ended, or waits visibly for an operator or a service.
    #[must_use]
    pub fn all_end_or_wait_visibly(self) -> Self {
        self.at_rest("every instance ends or waits visibly", |seen| {
            seen.instances().iter().map(|view| &view.process_id).all(|id| seen.has_ended(id) || seen.waits_visibly(id))
        })
    }

    /// Sets how many things may go wrong in one trace; 2 by default.
    #[must_use]
    pub fn troubles(mut self, most: u32) -> Self {
        self.model.troubles = most;
        self
    }

    /// Sets how many things operators may do in one trace; 2 by default.
    #[must_use]
    pub fn decisions(mut self, most: u32) -> Self {
        self.model.decisions = most;
        self
    }

    /// Sets the number of different states after which the exploration ends; 100,000 by default.
    #[must_use]
    pub fn states(mut self, most: usize) -> Self {
        self.limits.states = most;
        self
    }

    /// Sets the number of steps beyond which no trace is followed; no limit by default.
    #[must_use]
    pub fn depth(mut self, most: usize) -> Self {
        self.limits.depth = most;
        self
    }

    /// Explores, and returns statistics.
    ///
    /// # Panics
    /// If something does not hold.
    #[track_caller]
    pub fn check(&self) -> Explored {
        match self.run() {
            Ok(explored) => explored,
            Err(finding) => panic!("{finding}"),
        }
    }

    /// Explores, and returns statistics.
    ///
    /// # Errors
    /// What does not hold, with the shortest trace that leads to it.
    pub fn run(&self) -> Result<Explored, Box<Finding>> {
        search(&self.model, self.limits).map_err(|broken| Box::new(Finding::new(&self.model, &broken)))
    }
}

impl<M> Debug for Explore<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Explore")
    }
}

impl<M: ProcessManager, W: Debug> Debug for Exploration<M, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exploration")
            .field("services", &self.model.world)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
