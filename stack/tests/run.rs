//! `cargo run`, started and ended as an operator does it.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::UNIX_EPOCH,
};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{eventually, eventually_eq, http, is_listened_on, temporal_cli};

/// A folder and ports for one test. Dropping this kills the stack in it.
struct Machine {
    folder: TempDir,
    /// The data folder in it.
    data: String,
    _claim: TcpListener,
    ports: Vec<u16>,
    cli: String,
    running: Option<Child>,
}

impl Machine {
    async fn new() -> anyhow::Result<Self> {
        let cli = temporal_cli().display().to_string();
        // Above the range from which Linux assigns ports. The test that listens on the first port holds all ten.
        let mut first = (61_000..62_000).step_by(10);
        let claim = first.find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok()).context("free ports")?;
        let first = claim.local_addr()?.port();
        let ports = (first + 1..=first + 7).collect();
        Ok(Self { folder: tempfile::tempdir()?, data: "data".to_owned(), _claim: claim, ports, cli, running: None })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stack"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TEMPORAL_CLI", &self.cli)
            .env("DATA_DIR", self.folder.path().join(&self.data))
            .env("API_ADDR", format!("127.0.0.1:{}", self.ports[0]))
            .env("BILLING_ADDR", format!("127.0.0.1:{}", self.ports[1]))
            .env("REPORTS_ADDR", format!("127.0.0.1:{}", self.ports[2]))
            .env("WORKER_ADDR", format!("127.0.0.1:{}", self.ports[3]))
            .env("ACCOUNTS_ADDR", format!("127.0.0.1:{}", self.ports[4]))
            .env("CONTRACTS_ADDR", format!("127.0.0.1:{}", self.ports[6]))
            .env("TEMPORAL_PORT", self.ports[5].to_string())
            .stdin(Stdio::null());
        command
    }

    /// Starts the stack and waits for the lines that it prints when it is ready.
    async fn start(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let (out, log) = (self.folder.path().join("out"), self.folder.path().join("log"));
        let (stdout, stderr) = (fs::File::create(&out)?, fs::File::create(&log)?);
        self.running = Some(self.command().args(arguments).stdout(stdout).stderr(stderr).spawn()?);
        eventually("the stack is ready", async || {
            let ready = fs::read_to_string(&out).is_ok_and(|text| text.contains("Ctrl-C"));
            if ready { Ok(()) } else { Err(fs::read_to_string(&log).unwrap_or_default()) }
        })
        .await;
        Ok(())
    }

    /// Sends a signal and waits for the end.
    async fn end(&mut self, signal: &str) -> anyhow::Result<ExitStatus> {
        let mut child = self.running.take().context("not running")?;
        send(signal, child.id())?;
        Ok(ended(&mut child).await)
    }

    fn url(&self, program: usize, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[program])
    }

    /// Waits until no program listens on any of its ports.
    async fn is_quiet(&self) {
        let ui = self.ports[5] + 1000;
        let listened_on =
            async || self.ports.iter().chain([&ui]).copied().filter(|port| is_listened_on(*port)).collect();
        eventually_eq("nothing listens any more", Vec::new(), listened_on).await;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal through the shell, whose `kill` is built in: a bare machine has no other.
fn send(signal: &str, pid: u32) -> anyhow::Result<()> {
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status()?;
    ensure!(sent.success(), "kill -{signal} {pid}");
    Ok(())
}

/// Returns the process id of the dev server on a port (not of the shell around it).
fn dev_server(port: u16) -> anyhow::Result<u32> {
    let arguments = format!("\0start-dev\0--ip\0127.0.0.1\0--log-level\0error\0--port\0{port}\0");
    for process in fs::read_dir("/proc")?.filter_map(Result::ok) {
        let command = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command);
        if command.contains(&arguments) && !command.starts_with("sh\0") {
            return process.file_name().to_string_lossy().parse().context("a process id");
        }
    }
    anyhow::bail!("no dev server on port {port}")
}

async fn ended(child: &mut Child) -> ExitStatus {
    eventually("the stack ends", async || {
        child.try_wait().map_err(|error| error.to_string())?.ok_or_else(|| "it runs".to_owned())
    })
    .await
}

async fn issue(machine: &Machine) -> anyhow::Result<String> {
    let total = json!({"amount": "1.00", "currency": "EUR"});
    let document = json!({"customer_id": "nobody", "kind": "invoice", "total": total});
    let answer: Value = http().post(machine.url(1, "/documents")).json(&document).send().await?.json().await?;
    Ok(answer["document_id"].as_str().context("a document")?.to_owned())
}

/// Returns the number of items on a list's first page.
async fn count(machine: &Machine, program: usize, path: &str) -> Result<usize, String> {
    let page = async { http().get(machine.url(program, path)).send().await?.json::<Value>().await };
    let page = page.await.map_err(|error| error.to_string())?;
    page["items"].as_array().map(Vec::len).ok_or_else(|| page.to_string())
}

async fn void(machine: &Machine, document: &str) -> anyhow::Result<(u16, Value)> {
    let key = format!("{document}-{}", UNIX_EPOCH.elapsed()?.as_nanos());
    let ask = async || -> anyhow::Result<(u16, Value)> {
        let request =
            http().post(machine.url(0, "/voidings")).header("Prefer", "wait=10").header("Idempotency-Key", &key);
        let answer = request.json(&json!({"document_id": document})).send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    };
    // While the voiding is under way, the client asks again under its key.
    let outcome = eventually("the outcome", async || match ask().await {
        Ok((202, voiding)) => Err(voiding.to_string()),
        other => other.map_err(|error| error.to_string()),
    });
    Ok(outcome.await)
}

/// Returns the one sentence on stderr of a run that cannot begin.
fn complaint(output: &Output) -> anyhow::Result<String> {
    ensure!(output.status.code() == Some(1), "{output:?}");
    ensure!(output.stdout.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stderr.clone())?;
    ensure!(text.lines().count() == 1, "{text}");
    Ok(text)
}

#[tokio::test]
async fn ctrl_c_ends_everything_and_the_next_run_goes_on_with_the_data() -> anyhow::Result<()> {
    let mut machine = Machine::new().await?;
    machine.start(&[]).await?;
    let document = issue(&machine).await?;
    let (status, voiding) = void(&machine, &document).await?;
    ensure!(status == 200 && voiding["state"] == "document-voided", "{voiding}");
    ensure!(machine.end("INT").await?.code() == Some(0));
    machine.is_quiet().await;

    machine.start(&["--no-simulation"]).await?;
    let (status, problem) = void(&machine, &document).await?;
    ensure!(status == 409 && problem["code"] == "document-already-voided", "{problem}");
    let known: Value = http().get(machine.url(0, &format!("/voidings/{document}"))).send().await?.json().await?;
    ensure!(known["process_id"] == voiding["process_id"], "{known}");
    ensure!(machine.end("TERM").await?.code() == Some(0));
    machine.is_quiet().await;
    Ok(())
}

#[tokio::test]
async fn the_simulation_voids_publishes_fails_moves_money_and_changes_credit_ratings() -> anyhow::Result<()> {
    let mut machine = Machine::new().await?;
    machine.start(&["--with-credit-changes"]).await?;
    for (what, program, path) in [
        ("a voided document", 0, "/voidings?state=document-voided"),
        ("a failure that waits", 0, "/voidings?state=marking-document-as-voided-failed&open=true"),
        ("a published report", 2, "/reports?status=published"),
        ("a document", 1, "/documents?status=issued"),
        ("a transfer that is done", 4, "/transfers?status=completed"),
        ("a transfer that is returned", 4, "/transfers?status=returned"),
        ("a transfer that fails", 4, "/transfers?status=failed"),
        ("a contract", 6, "/contracts?customer_id=ada"),
    ] {
        eventually(what, async || match count(&machine, program, path).await {
            Ok(1..) => Ok(()),
            other => Err(other),
        })
        .await;
    }
    eventually("the credit rating of a customer changes", async || {
        let customer = async { http().get(machine.url(6, "/customers/ada")).send().await?.json::<Value>().await };
        let customer = customer.await.map_err(|error| error.to_string())?;
        if customer["credit_change_id"].is_string() { Ok(()) } else { Err(customer.to_string()) }
    })
    .await;
    ensure!(machine.end("INT").await?.code() == Some(0));
    Ok(())
}

/// The folder's name contains characters with a meaning in URLs.
#[tokio::test]
async fn any_folder_keeps_all_data() -> anyhow::Result<()> {
    let mut machine = Machine::new().await?;
    machine.data = "C# 100% sure?/a:memory:b".to_owned();
    for _ in 0..2 {
        machine.start(&["--no-simulation"]).await?;
        ensure!(machine.end("INT").await?.code() == Some(0));
    }
    let left: BTreeSet<_> =
        fs::read_dir(machine.folder.path())?.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<_>>()?;
    let expected: BTreeSet<_> = ["C# 100% sure?", "log", "out"].map(Into::into).into();
    ensure!(left == expected, "{left:?}");
    let kept = machine.folder.path().join(&machine.data);
    for file in ["billing.db", "reports.db", "accounts.db", "contracts.db", "temporal.db"] {
        ensure!(kept.join(file).is_file(), "{file}");
    }
    Ok(())
}

#[tokio::test]
async fn the_dev_server_does_not_outlive_a_stack_that_is_killed() -> anyhow::Result<()> {
    let mut machine = Machine::new().await?;
    machine.start(&["--no-simulation"]).await?;
    machine.end("KILL").await?;
    machine.is_quiet().await;
    Ok(())
}

#[tokio::test]
async fn a_run_right_after_one_that_was_killed_starts() -> anyhow::Result<()> {
    let mut machine = Machine::new().await?;
    machine.start(&["--no-simulation"]).await?;
    // The dev server holds its ports a little longer than the stack lives.
    let server = dev_server(machine.ports[5])?;
    send("STOP", server)?;
    machine.end("KILL").await?;
    machine.start(&["--no-simulation"]).await?;
    ensure!(machine.end("TERM").await?.code() == Some(0));
    Ok(())
}

#[tokio::test]
async fn when_the_dev_server_dies_everything_ends_and_says_so() -> anyhow::Result<()> {
    let mut machine = Machine::new().await?;
    machine.start(&["--no-simulation"]).await?;
    let server = dev_server(machine.ports[5])?;
    send("KILL", server)?;
    let mut child = machine.running.take().context("running")?;
    ensure!(ended(&mut child).await.code() == Some(1));
    let log = fs::read_to_string(machine.folder.path().join("log"))?;
    ensure!(log.contains("the Temporal dev server ended unexpectedly"), "{log}");
    machine.is_quiet().await;
    Ok(())
}

#[tokio::test]
async fn a_taken_port_is_one_sentence_that_names_its_variable() -> anyhow::Result<()> {
    let machine = Machine::new().await?;
    let variables =
        ["API_ADDR", "BILLING_ADDR", "REPORTS_ADDR", "WORKER_ADDR", "ACCOUNTS_ADDR", "TEMPORAL_PORT", "CONTRACTS_ADDR"];
    for (port, variable) in machine.ports.iter().zip(variables) {
        let taken = TcpListener::bind(("127.0.0.1", *port))?;
        let text = complaint(&machine.command().output()?)?;
        ensure!(text.contains(&format!(":{port}")) && text.contains(variable), "{text}");
        drop(taken);
        machine.is_quiet().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_is_one_sentence_that_names_its_variable() -> anyhow::Result<()> {
    let machine = Machine::new().await?;
    let file = machine.folder.path().join("file");
    fs::write(&file, "")?;
    for (variable, value) in [
        ("DATA_DIR", file.join("data").display().to_string()),
        ("TEMPORAL_CLI", file.display().to_string()),
        ("TEMPORAL_PORT", "65000".into()),
        ("API_ADDR", "8080".into()),
        ("TEMPORAL_ADDRESS", "127.0.0.1:1".into()),
        ("BILLING_DATABASE_URL", "mysql://nowhere".into()),
        ("ACCOUNTS_DATABASE_URL", "mysql://nowhere".into()),
        ("ACCOUNTS_URL", "nowhere".into()),
        ("CONTRACTS_DATABASE_URL", "mysql://nowhere".into()),
        ("CONTRACTS_URL", "nowhere".into()),
        ("REMIND_EVERY", "weekly".into()),
        ("CONFIRM_WITHIN", "0s".into()),
        ("SLOW_DOWN", "perhaps".into()),
    ] {
        let output = machine.command().env("RUST_LOG", "error").env(variable, value).output()?;
        let text = complaint(&output)?;
        ensure!(text.contains(variable), "{variable}: {text}");
        machine.is_quiet().await;
    }
    Ok(())
}
