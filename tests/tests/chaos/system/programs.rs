//! How each program is started.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use process_manager_host::dev_server::DevServerConfig;
use tests::{Binaries, Program, temporal_cli};

use super::slot::set_clock;

/// Runs a program with a clock that can be moved. Writes beyond a limit fail instead of ending the program.
const SHELL: &str = r#"trap '' XFSZ; [ -z "$CHAOS_PRELOAD" ] || export LD_PRELOAD="$CHAOS_PRELOAD"; exec "$@""#;
/// Makes waiting for a customer visible while the run lasts.
const CONFIRMATIONS: [(&str, &str); 2] = [("REMIND_EVERY", "60s"), ("CONFIRM_WITHIN", "45s")];

/// Everything that the programs have in common.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) binaries: Binaries,
    pub(super) dir: PathBuf,
    pub(super) new: Option<PathBuf>,
    pub(super) old: Option<PathBuf>,
    pub(super) faketime: Option<PathBuf>,
}

impl Programs {
    /// Returns the arguments of `sh` that run the program with this name, either the previous release's or this one's.
    pub(super) fn arguments(&self, name: &str, is_old: bool) -> Vec<String> {
        let new = match name.split('-').next() {
            Some("billing") => &self.binaries.billing,
            Some("reports") => &self.binaries.reports,
            Some("accounts") => &self.binaries.accounts,
            Some("contracts") => &self.binaries.contracts,
            Some("worker") => &self.binaries.worker,
            _ => &self.binaries.api,
        };
        let old = self.old.as_ref().filter(|_| is_old);
        let elsewhere = old.or(self.new.as_ref()).and_then(|folder| Some(folder.join(new.file_name()?)));
        let path = elsewhere.as_ref().unwrap_or(new).display().to_string();
        ["-c", SHELL, name].map(str::to_owned).into_iter().chain([path]).collect()
    }

    /// Returns the program with this name at this port; `urls` are the variables with the addresses of the others.
    pub(super) fn program(&self, name: &'static str, port: u16, urls: BTreeMap<String, String>) -> Program {
        let kind = name.split('-').next().unwrap_or(name).to_uppercase();
        let mut environment = urls;
        environment.insert(format!("{kind}_ADDR"), format!("127.0.0.1:{port}"));
        for folder in ["DATA_DIR", "HOME"] {
            environment.insert(folder.to_owned(), self.dir.display().to_string());
        }
        environment.insert("RUST_BACKTRACE".to_owned(), "1".to_owned());
        environment.extend(CONFIRMATIONS.map(|(name, value)| (name.to_owned(), value.to_owned())));
        if let (Some(library), Some(clock)) = (&self.faketime, self.clock(name)) {
            set_clock(&clock, 0);
            environment.insert("CHAOS_PRELOAD".to_owned(), library.display().to_string());
            environment.insert("FAKETIME_TIMESTAMP_FILE".to_owned(), clock.display().to_string());
            for (name, value) in
                [("FAKETIME_CACHE_DURATION", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("NO_FAKE_STAT", "1")]
            {
                environment.insert(name.to_owned(), value.to_owned());
            }
        }
        Program {
            supervisor: self.binaries.supervisor.clone(),
            path: "/bin/sh".into(),
            arguments: self.arguments(name, true),
            environment,
            log: self.log(name),
        }
    }

    /// Returns the file that moves the program's clock.
    pub(super) fn clock(&self, name: &str) -> Option<PathBuf> {
        self.faketime.as_ref().map(|_| self.dir.join(format!("{name}.clock")))
    }

    fn log(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.log"))
    }

    /// Returns Temporal's dev server, with its data in a file and an HTTP port for clients and checker.
    pub(super) fn temporal(&self, port: u16, http_port: u16) -> Program {
        let database = Some(self.dir.join("temporal.sqlite"));
        let config = DevServerConfig { database, ..DevServerConfig::new(temporal_cli(), port) }.with_fresh_caches();
        let mut arguments = config.arguments();
        arguments.extend(["--http-port".to_owned(), http_port.to_string()]);
        Program {
            supervisor: self.binaries.supervisor.clone(),
            path: temporal_cli().to_owned(),
            arguments,
            environment: BTreeMap::from([("HOME".to_owned(), self.dir.display().to_string())]),
            log: self.log("temporal"),
        }
    }
}

/// Returns libfaketime, which moves the clock of a single program (Debian: package `faketime`). Temporal is linked
/// statically, so its clock is not moved.
pub(super) fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let mut found = folders.map(|folder: PathBuf| folder.join("faketime/libfaketimeMT.so.1"));
    found.find(|library: &PathBuf| Path::new(library).exists())
}
