//! Paths of the programs that the harness starts.

use std::path::PathBuf;

/// The programs under test, as found by [`binaries!`](crate::binaries).
#[derive(Debug, Clone)]
pub struct Binaries {
    /// `it-supervisor`, which keeps every other program from outliving the tests.
    pub supervisor: PathBuf,
    /// Billing.
    pub billing: PathBuf,
    /// Reports.
    pub reports: PathBuf,
    /// Accounts.
    pub accounts: PathBuf,
    /// Contracts.
    pub contracts: PathBuf,
    /// The worker.
    pub worker: PathBuf,
    /// The api.
    pub api: PathBuf,
    /// `cargo run`.
    pub stack: PathBuf,
}

/// Returns the programs of this workspace. Cargo reveals their paths only to integration tests, hence a macro.
#[macro_export]
macro_rules! binaries {
    () => {
        $crate::Binaries {
            supervisor: env!("CARGO_BIN_EXE_it-supervisor").into(),
            billing: env!("CARGO_BIN_EXE_it-billing").into(),
            reports: env!("CARGO_BIN_EXE_it-reports").into(),
            accounts: env!("CARGO_BIN_EXE_it-accounts").into(),
            contracts: env!("CARGO_BIN_EXE_it-contracts").into(),
            worker: env!("CARGO_BIN_EXE_it-worker").into(),
            api: env!("CARGO_BIN_EXE_it-api").into(),
            stack: env!("CARGO_BIN_EXE_it-stack").into(),
        }
    };
}
