//! Temporal's dev server as a child process.

use std::{net::TcpListener, path::Path, process::Command, time::Duration};

use anyhow::{Context, ensure};
use process_manager_host::{
    dev_server::{DevServer, DevServerConfig, DevServerError},
    testing::{ServerError, TestServer},
};
use test_support::{eventually, free_port, temporal_cli};

fn config(database: &Path) -> DevServerConfig {
    DevServerConfig {
        database: Some(database.to_owned()),
        namespace: "orders".into(),
        retention: Some(Duration::from_secs(30 * 24 * 60 * 60)),
        ..DevServerConfig::new(temporal_cli(), free_port())
    }
}

/// Returns the CLI's answer about the server.
fn cli(config: &DevServerConfig, server: &DevServer, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(&config.cli)
        .args(arguments)
        .args(["--address", server.address(), "--output", "json"])
        .output()
        .context("temporal")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

async fn start(config: &DevServerConfig) -> Result<DevServer, DevServerError> {
    let mut server = DevServer::spawn(config)?;
    server.ready().await?;
    Ok(server)
}

#[tokio::test]
async fn ended_runs_are_kept_for_thirty_days_and_the_port_is_free_again_after_the_stop() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let config = config(&folder.path().join("temporal.db"));
    for _ in ["a new database", "the same again"] {
        let server = start(&config).await?;
        let namespace = cli(&config, &server, &["operator", "namespace", "describe", "orders"])?;
        ensure!(namespace.contains("\"2592000s\""), "{namespace}");
        server.stop().await?;
        TcpListener::bind(("127.0.0.1", config.port)).context("the port is still taken")?;
    }
    Ok(())
}

/// Returns the processes that run in a folder.
#[cfg(target_os = "linux")]
fn processes_in(folder: &Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let here =
        processes.filter(|process| std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == folder));
    here.map(|process| std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default()).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stopped_server_leaves_no_process_at_all() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let cli = folder.path().join("temporal");
    std::fs::write(&cli, "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.02; done\n")?;
    std::fs::set_permissions(&cli, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let config = DevServerConfig { cli, ..config(&folder.path().join("temporal.db")) };
    for _ in 0..5 {
        let server = DevServer::spawn(&config)?;
        eventually("the server's shell, its watch and the server run", async || {
            let running = processes_in(folder.path());
            if running.len() >= 3 { Ok(()) } else { Err(running) }
        })
        .await;
        server.stop().await?;
        let left = processes_in(folder.path());
        ensure!(left.is_empty(), "{left:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_start_is_reported_with_what_it_said() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut config = config(&folder.path().join("absent").join("temporal.db"));
    let error = start(&config).await.map(|_| ()).unwrap_err();
    ensure!(matches!(error, DevServerError::Folder { .. }), "{error}");
    ensure!(error.to_string().contains("absent"), "{error}");
    config.database = None;
    config.cli = folder.path().join("no-cli");
    let error = start(&config).await.map(|_| ()).unwrap_err();
    ensure!(error.to_string().contains("no-cli"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_test_server_whose_cli_dies_at_once_is_an_error_with_what_it_said() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let cli = folder.path().join("temporal");
    for says in ["echo 'out of luck' >&2", "{ sleep 0.2; echo 'out of luck' >&2; } &"] {
        std::fs::write(&cli, format!("#!/bin/sh\n{says}\nexit 3\n"))?;
        std::fs::set_permissions(&cli, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let error = TestServer::start_with(&cli).await.unwrap_err();
        ensure!(matches!(error, ServerError::DevServer(DevServerError::Ended { .. })), "{error}");
        ensure!(error.to_string().contains("out of luck"), "{says}: {error}");
    }
    Ok(())
}
