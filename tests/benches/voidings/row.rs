//! The rows: what is started, and how.

use tests::{Component, Env, binaries};

use crate::{
    hosted::Hosted,
    kinds::Kind,
    load::{Load, Outcome, Target},
    real::{Requests, issue, open_accounts},
    report::Measured,
    start::Starter,
};

/// A row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    by: By,
}

/// How a workflow is started.
enum By {
    /// Over a connection without a worker.
    Outside(Kind),
    /// Over the worker's connection, which gets the first task with the answer.
    Worker(Kind),
    /// `POST /voidings`, in the real system.
    Rest,
    /// By VoidDocument to Billing alone, in the real system: the subscription to its log starts it.
    Log,
    /// As the Temporal CLI does, in the real system.
    Alone,
    /// By RequestMoneyTransfer to Accounts, in the real system: the subscription to its log starts it.
    Transfer,
}

pub(crate) const ROWS: [Row; 9] = [
    Row { name: "a", what: "empty workflow", by: By::Outside(Kind::Empty) },
    Row { name: "b", what: "regular activities only", by: By::Outside(Kind::Regular) },
    Row { name: "c", what: "voiding, from outside", by: By::Outside(Kind::Voiding) },
    Row { name: "d", what: "voiding, where the worker is", by: By::Worker(Kind::Voiding) },
    Row { name: "e", what: "empty workflow, where the worker is", by: By::Worker(Kind::Empty) },
    Row { name: "f", what: "voiding by REST, real system", by: By::Rest },
    Row { name: "g", what: "voiding by Billing's log, real system", by: By::Log },
    Row { name: "h", what: "voiding as the CLI starts it, real system", by: By::Alone },
    Row { name: "i", what: "money transfer by Accounts' log, real system", by: By::Transfer },
];

impl Row {
    pub(crate) async fn measure(&self, load: Load, services: &str) -> Measured {
        let outcome = match self.by {
            By::Outside(kind) => stubbed(load, services, kind, false).await,
            By::Worker(kind) => stubbed(load, services, kind, true).await,
            By::Rest => real(load, Some(Requests::of_api)).await,
            By::Log => real(load, Some(Requests::of_billing)).await,
            By::Alone => real(load, None).await,
            By::Transfer => transfers(load).await,
        };
        Measured::new(self, load, &outcome)
    }
}

async fn stubbed(load: Load, services: &str, kind: Kind, where_the_worker_is: bool) -> Outcome {
    let env = Env::builder(binaries!()).temporal_only().start().await;
    let worker = Hosted::start(&env, services).await;
    let target = Target::new(&env, worker.pid()).await;
    let id = |number| kind.workflow_id(number);
    if where_the_worker_is {
        return target.run(load, id, async |number| worker.begin(kind, number).await).await;
    }
    let starter = Starter::new(target.client(), services, false);
    target.run(load, id, async |number| starter.start(kind, number).await.unwrap()).await
}

/// Measures the real system, with these requests, or else with starts with the document alone.
async fn real(load: Load, requests: Option<fn(&Env) -> Requests>) -> Outcome {
    let env = Env::builder(binaries!()).own_temporal().direct().start().await;
    issue(&env, load.all()).await;
    let target = Target::new(&env, env.pid(Component::Worker).await).await;
    let id = |number| Kind::Voiding.workflow_id(number);
    if let Some(requests) = requests.map(|of| of(&env)) {
        return target.run(load, id, async |number| requests.send(number).await).await;
    }
    let starter = Starter::new(target.client(), &env.url(Component::Billing), false);
    target.run(load, id, async |number| starter.start(Kind::Alone, number).await.unwrap()).await
}

async fn transfers(load: Load) -> Outcome {
    let env = Env::builder(binaries!()).transfers_only().own_temporal().direct().start().await;
    open_accounts(&env).await;
    let target = Target::new(&env, env.pid(Component::Worker).await).await;
    let requests = Requests::of_accounts(&env);
    let id = |number| Kind::Transfer.workflow_id(number);
    target.run(load, id, async |number| requests.send(number).await).await
}
