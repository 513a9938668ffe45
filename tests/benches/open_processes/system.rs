//! The system whose worker is watched.

use process_manager_host::{connect::TemporalConfig, operator::Workflows};
use tests::{
    Component, Env,
    bench::{Machine, Moment, Requests},
    binaries,
    calls::Contracts,
};

/// How the worker runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Worker,
    Stack,
}

pub(crate) enum System {
    Worker(Env),
    Stack(Machine),
}

impl System {
    /// Returns when it is ready.
    pub(crate) async fn start(kind: Kind, variables: &[(String, String)]) -> Self {
        match kind {
            Kind::Worker => {
                let builder = Env::builder(binaries!()).confirmations_only().own_temporal().direct();
                let set = |builder: tests::EnvBuilder, (name, value): &(String, String)| {
                    builder.variable(Component::Worker, name, value)
                };
                Self::Worker(variables.iter().fold(builder, set).start().await)
            }
            Kind::Stack => {
                let mut machine = Machine::new(&binaries!(), variables);
                machine.spawn();
                machine.all_ready().await;
                Self::Stack(machine)
            }
        }
    }

    /// Ends the worker as an operator does and restarts it. Returns when it is ready. The stack's Temporal is restarted
    /// with it.
    pub(crate) async fn restart(&mut self) {
        match self {
            Self::Worker(env) => {
                env.stop(Component::Worker).await;
                env.start(Component::Worker).await;
                env.ready(Component::Worker).await;
            }
            Self::Stack(machine) => {
                machine.stop().await;
                machine.spawn();
                machine.all_ready().await;
            }
        }
    }

    /// Returns the usage of the program that contains the worker.
    pub(crate) async fn moment(&self) -> Moment {
        Moment::of(match self {
            Self::Worker(env) => env.pid(Component::Worker).await,
            Self::Stack(machine) => machine.pid(),
        })
    }

    pub(crate) async fn temporal(&self) -> Moment {
        Moment::of(match self {
            Self::Worker(env) => env.pid(Component::Temporal).await,
            Self::Stack(machine) => machine.temporal_pid(),
        })
    }

    /// Returns the requests to Temporal. The stack's Temporal does not reveal the port of its counters.
    pub(crate) async fn requests(&self) -> Option<Requests> {
        match self {
            Self::Worker(env) => Some(env.temporal_requests().await),
            Self::Stack(_) => None,
        }
    }

    pub(crate) fn contracts(&self) -> Contracts {
        match self {
            Self::Worker(env) => env.contracts(),
            Self::Stack(machine) => machine.contracts(),
        }
    }

    pub(crate) fn contracts_database(&self) -> String {
        match self {
            Self::Worker(env) => env.variable(Component::Contracts, "CONTRACTS_DATABASE_URL").to_owned(),
            Self::Stack(machine) => format!("sqlite://{}/contracts.db", machine.folder().display()),
        }
    }

    pub(crate) async fn workflows(&self) -> Workflows {
        let (address, namespace) = match self {
            Self::Worker(env) => (format!("http://{}", env.temporal().address()), env.temporal().namespace()),
            Self::Stack(machine) => (machine.url("TEMPORAL"), "default"),
        };
        let config = TemporalConfig::at(address.parse().unwrap(), namespace);
        Workflows::new(config.connect_when_up().await.unwrap())
    }
}
