//! `cargo run`, ended and restarted: what it leaves in its folder, and that it leaves no process.
//!
//! Its errors when it cannot run are tested in the crate `stack`.

use std::{collections::BTreeMap, fs, path::Path};

use messages::{
    billing::{Document, DocumentStatus},
    voiding::VoidingState,
};
use serde_json::json;
use tempfile::TempDir;
use tests::{
    Ended, Process, Program, binaries,
    calls::{Api, Billing, Reports},
    eventually, free_port, is_listened_on, sample, temporal_cli,
};

/// A machine for one test: folders and ports.
struct Machine {
    data: TempDir,
    logs: TempDir,
    ports: [u16; 7],
}

impl Machine {
    fn new() -> Self {
        let port = |_| free_port();
        let mut ports = [0; 7].map(port);
        // The Web UI takes this port + 1000.
        while is_listened_on(ports[5] + 1000) {
            ports[5] = free_port();
        }
        Self { data: TempDir::new().unwrap(), logs: TempDir::new().unwrap(), ports }
    }

    /// Starts the stack and waits until it says that it is ready.
    async fn start(&self, arguments: &[&str]) -> Process {
        let log = self.logs.path().join("log");
        fs::write(&log, "").unwrap();
        let names = ["API_ADDR", "BILLING_ADDR", "REPORTS_ADDR", "WORKER_ADDR", "ACCOUNTS_ADDR"];
        let addresses =
            names.iter().zip(self.ports).map(|(name, port)| ((*name).to_owned(), format!("127.0.0.1:{port}")));
        let mut environment: BTreeMap<String, String> = addresses.collect();
        environment.insert("CONTRACTS_ADDR".to_owned(), format!("127.0.0.1:{}", self.ports[6]));
        environment.insert("TEMPORAL_PORT".to_owned(), self.ports[5].to_string());
        environment.insert("TEMPORAL_CLI".to_owned(), temporal_cli().display().to_string());
        environment.insert("DATA_DIR".to_owned(), self.data.path().display().to_string());
        environment.insert("HOME".to_owned(), self.logs.path().display().to_string());
        let process = Process::start(&Program {
            supervisor: binaries!().supervisor,
            path: binaries!().stack,
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            environment,
            log: log.clone(),
        });
        eventually("the stack is ready", async || {
            let log = fs::read_to_string(&log).unwrap();
            assert_eq!(process.ended(), None, "{log}");
            if log.contains("Ready:") { Ok(()) } else { Err(log) }
        })
        .await;
        process
    }

    fn url(&self, index: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[index])
    }

    fn api(&self) -> Api {
        Api::new(self.url(0))
    }

    fn billing(&self) -> Billing {
        Billing::new(self.url(1))
    }

    /// Returns the command lines of all processes that use the data folder: the dev server runs in it, and so does its
    /// shell.
    fn processes(&self) -> Vec<String> {
        let data = self.data.path().display().to_string();
        let mut lines = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let is_there = fs::read_link(entry.path().join("cwd")).is_ok_and(|folder| folder.starts_with(&data));
            if is_there || line.contains(&data) {
                lines.push(line);
            }
        }
        lines
    }

    async fn nothing_is_left(&self) {
        eventually("no process is left behind", async || {
            let left = self.processes();
            if left.is_empty() { Ok(()) } else { Err(left) }
        })
        .await;
    }

    /// Creates a document whose report is published, so that its voiding waits for an operator.
    async fn waiting(&self) -> Document {
        let document = self.billing().issue(&sample::invoice(&sample::customer_id())).await.ok();
        let reports = Reports::new(self.url(2));
        eventually("the report is published", async || reports.publish(&document.customer_id).await.try_ok().map(drop))
            .await;
        let voiding = self.api().post_voiding_to_its_end(&document.document_id).await.ok_as(200);
        assert_eq!(voiding.state, VoidingState::MarkingDocumentAsVoidedFailed);
        document
    }
}

#[tokio::test]
async fn a_second_cargo_run_after_ctrl_c_continues_with_the_first_ones_data_and_neither_leaves_a_process() {
    let machine = Machine::new();
    let mut first = machine.start(&[]).await;
    assert!(Path::new("/proc").join(first.pid().to_string()).exists());
    assert!(!machine.processes().is_empty(), "the dev server is seen");
    let simulated = eventually("a document that the simulation has voided", async || {
        let mut documents = machine.billing().all_documents().await.into_iter();
        documents.find(|document| document.status == DocumentStatus::Voided).ok_or("none yet")
    })
    .await;
    let voided = eventually("its process has ended", async || {
        let voiding = machine.api().voiding(&simulated.document_id).await.try_ok()?;
        if voiding.state == VoidingState::DocumentVoided { Ok(voiding) } else { Err(format!("{voiding:?}")) }
    })
    .await;
    let waiting = machine.waiting().await.document_id;
    first.signal("INT");
    assert!(matches!(first.wait().await, Ended::Exit(0 | 130)));
    assert_eq!(machine.processes(), Vec::<String>::new());

    let mut second = machine.start(&["--no-simulation"]).await;
    let documents = machine.billing().all_documents().await.len();
    let again = machine.api().post_voiding(&simulated.document_id).await.refusal();
    assert_eq!(again, (409, "document-already-voided".to_owned()));
    assert_eq!(machine.api().voiding(&simulated.document_id).await.ok().process_id, voided.process_id);
    let _ = machine.api().acknowledge(&waiting, &json!({})).await.ok_as(202);
    eventually("the acknowledgement counts", async || {
        let state = machine.api().voiding(&waiting).await.try_ok()?.state;
        if state == VoidingState::FailureAcknowledged { Ok(()) } else { Err(format!("{state:?}")) }
    })
    .await;
    machine.waiting().await;
    // The simulation issues its first document as soon as everything is ready.
    assert_eq!(machine.billing().all_documents().await.len(), documents + 1, "only this test issues documents");
    second.signal("INT");
    assert!(matches!(second.wait().await, Ended::Exit(0 | 130)));
    assert_eq!(machine.processes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_killed_cargo_run_leaves_no_process_and_the_next_one_goes_on_with_its_data() {
    let machine = Machine::new();
    let mut first = machine.start(&["--no-simulation"]).await;
    let waiting = machine.waiting().await.document_id;
    first.signal("KILL");
    assert_eq!(first.wait().await, Ended::Signal(9));
    machine.nothing_is_left().await;
    let mut second = machine.start(&["--no-simulation"]).await;
    let _ = machine.api().acknowledge(&waiting, &json!({})).await.ok_as(202);
    eventually("the acknowledgement counts", async || {
        let state = machine.api().voiding(&waiting).await.try_ok()?.state;
        if state == VoidingState::FailureAcknowledged { Ok(()) } else { Err(format!("{state:?}")) }
    })
    .await;
    second.signal("TERM");
    assert_eq!(second.wait().await, Ended::Exit(0));
    assert_eq!(machine.processes(), Vec::<String>::new());
}
