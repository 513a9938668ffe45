//! The dev server as the stack starts it.

use std::{net::TcpListener, path::Path, process::Command};

use anyhow::{Context, ensure};
use stack::{
    dev_server::{DevServer, DevServerConfig, DevServerError},
    temporal_cli,
};

async fn config(database: &Path) -> anyhow::Result<DevServerConfig> {
    Ok(DevServerConfig {
        cli: temporal_cli::find(Path::new(env!("CARGO_TARGET_TMPDIR"))).await?,
        port: TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
        ui_port: None,
        database: Some(database.to_owned()),
        namespace: "voiding".into(),
    })
}

/// What the CLI says about the server.
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
    let config = config(&folder.path().join("temporal.db")).await?;
    for _ in ["a new database", "the same again"] {
        let server = start(&config).await?;
        let namespace = cli(&config, &server, &["operator", "namespace", "describe", "voiding"])?;
        ensure!(namespace.contains("\"2592000s\""), "{namespace}");
        server.stop().await?;
        TcpListener::bind(("127.0.0.1", config.port)).context("the port is still taken")?;
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_start_is_reported_with_what_it_said() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut config = config(&folder.path().join("absent").join("temporal.db")).await?;
    let error = start(&config).await.map(|_| ()).unwrap_err();
    ensure!(matches!(error, DevServerError::Ended { .. }), "{error}");
    ensure!(error.to_string().contains("absent"), "{error}");
    config.cli = folder.path().join("no-cli");
    let error = start(&config).await.map(|_| ()).unwrap_err();
    ensure!(error.to_string().contains("no-cli"), "{error}");
    Ok(())
}
