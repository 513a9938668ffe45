//! Any sequence of commands, in any order, keeps the totals right and follows Billing's table.

use std::collections::BTreeMap;

use messages::{
    DocumentId, ProcessId,
    billing::{DocumentStatus, IssueDocument},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tests::{Component, Env, sample};

const CASES: u32 = 40;
const DOCUMENTS: usize = 4;
const CUSTOMERS: usize = 2;

#[derive(Debug, Clone)]
enum Step {
    Issue {
        document: usize,
        minor: i32,
    },
    Void {
        document: usize,
    },
    /// `process` counts back from the document's latest.
    Process {
        command: Command,
        document: usize,
        process: usize,
    },
    Publish {
        customer: usize,
    },
    KillReports,
}

#[derive(Debug, Clone, Copy)]
enum Command {
    Mark,
    Unmark,
    Complete,
    Abort,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    use Command::{Abort, Close, Complete, Mark, Unmark};
    let document = 0..DOCUMENTS;
    let command = prop::sample::select(vec![Mark, Mark, Unmark, Complete, Abort, Close]);
    prop_oneof![
        40 => (document.clone(), -500..100_000).prop_map(|(document, minor)| Step::Issue { document, minor }),
        40 => document.clone().prop_map(|document| Step::Void { document }),
        120 => (command, document, 0..2_usize)
            .prop_map(|(command, document, process)| Step::Process { command, document, process }),
        15 => (0..CUSTOMERS).prop_map(|customer| Step::Publish { customer }),
        1 => Just(Step::KillReports),
    ]
}

/// Billing according to section 4 of the design.
#[derive(Debug, Default)]
struct Model {
    status: Option<DocumentStatus>,
    processes: Vec<(ProcessId, &'static str)>,
}

impl Model {
    /// Applies a command. Returns the expected status of the answer.
    fn apply(&mut self, command: Command, process: usize) -> u16 {
        let Some((_, state)) = self.processes.get_mut(process) else { unreachable!("a process of the model") };
        let (status, next, document) = match (command, *state) {
            (Command::Complete, "requested") => (200, "voided", Some(DocumentStatus::Voided)),
            (Command::Abort, "requested") => (200, "aborted", Some(DocumentStatus::Issued)),
            (Command::Close, "aborted") => (200, "closed", None),
            (Command::Complete, "voided") | (Command::Abort, "aborted") | (Command::Close, "closed") => {
                (200, *state, None)
            }
            _ => (409, *state, None),
        };
        *state = next;
        self.status = document.or(self.status);
        status
    }

    fn is_open(&self) -> bool {
        self.processes.last().is_some_and(|(_, state)| matches!(*state, "requested" | "aborted"))
    }
}

/// One case: documents and customers that no other case uses.
struct Case<'a> {
    env: &'a Env,
    documents: Vec<DocumentId>,
    customers: Vec<messages::CustomerId>,
    models: BTreeMap<usize, Model>,
}

impl<'a> Case<'a> {
    fn new(env: &'a Env) -> Self {
        let documents = (0..DOCUMENTS).map(|_| sample::document_id()).collect();
        let customers = (0..CUSTOMERS).map(|_| sample::customer_id()).collect();
        Self { env, documents, customers, models: BTreeMap::new() }
    }

    async fn run(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Issue { document, minor } => self.issue(*document, *minor).await,
                Step::Void { document } => self.void(*document).await,
                Step::Process { command, document, process } => self.process(*command, *document, *process).await,
                Step::Publish { customer } => drop(self.env.reports().publish(&self.customers[*customer]).await),
                Step::KillReports => {
                    self.env.kill(Component::Reports).await;
                    self.env.start(Component::Reports).await;
                }
            }
        }
        self.env.await_reported().await;
        self.env.assert_totals().await;
    }

    async fn issue(&mut self, document: usize, minor: i32) {
        let model = self.models.entry(document).or_default();
        let amount = format!("{}{}.{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100);
        let invoice = sample::invoice_of(&self.customers[document % CUSTOMERS], &amount);
        let invoice = IssueDocument { document_id: Some(self.documents[document].clone()), ..invoice };
        let answer = self.env.billing().issue(&invoice).await;
        if model.status.is_none() {
            answer.ok_as(201);
            model.status = Some(DocumentStatus::Issued);
        } else {
            assert!(matches!(answer.status(), 200 | 409), "{answer}");
        }
    }

    async fn void(&mut self, document: usize) {
        let model = self.models.entry(document).or_default();
        let answer = self.env.billing().void(&self.documents[document]).await;
        match model.status {
            None => assert_eq!(answer.status(), 404),
            Some(DocumentStatus::Voided) => assert_eq!(answer.status(), 409),
            Some(_) if model.is_open() => {
                assert_eq!(Some(&answer.ok().process_id), model.processes.last().map(|(p, _)| p))
            }
            Some(_) => {
                model.processes.push((answer.ok_as(202).process_id, "requested"));
                model.status = Some(DocumentStatus::VoidingRequested);
            }
        }
    }

    async fn process(&mut self, command: Command, document: usize, process: usize) {
        let id = &self.documents[document];
        let customer = &self.customers[document % CUSTOMERS];
        let Some(model) = self.models.get_mut(&document) else { return };
        let Some(index) = model.processes.len().checked_sub(process + 1) else { return };
        let p = model.processes[index].0.clone();
        let (billing, reports) = (self.env.billing(), self.env.reports());
        let answer = match command {
            Command::Mark => {
                let status = reports.mark(id, customer, &p).await.status();
                assert!(matches!(status, 200 | 409), "{status}");
                return;
            }
            Command::Unmark => {
                reports.unmark(id, customer, &p).await.ok_as(200);
                return;
            }
            Command::Complete => billing.complete(id, &p).await,
            Command::Abort => billing.abort(id, &p).await,
            Command::Close => billing.close(id, &p).await,
        };
        assert_eq!(answer.status(), model.apply(command, index), "{answer}");
        assert_eq!(Some(billing.status(id).await), model.status);
    }
}

#[test]
fn any_sequence_of_commands_keeps_the_totals_right() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let env = runtime.block_on(super::on_sqlite());
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let steps = prop::collection::vec(step(), 1..60);
    let outcome = TestRunner::new(config).run(&steps, |steps| {
        let run = || runtime.block_on(Case::new(&env).run(&steps));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(run))
            .map_err(|panic| TestCaseError::fail(panic.downcast_ref::<String>().cloned().unwrap_or_default()))
    });
    outcome.unwrap();
}
