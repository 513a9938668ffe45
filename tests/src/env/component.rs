//! The components of a system.

/// A process of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// The system's own Temporal dev server, with [`EnvBuilder::own_temporal`](super::EnvBuilder::own_temporal).
    Temporal,
    /// Billing.
    Billing,
    /// Reports.
    Reports,
    /// Accounts, with [`EnvBuilder::accounts`](super::EnvBuilder::accounts).
    Accounts,
    /// Contracts, with [`EnvBuilder::contracts`](super::EnvBuilder::contracts).
    Contracts,
    /// The worker.
    Worker,
    /// The api.
    Api,
}

impl Component {
    /// Returns whether it is a service with its own database.
    pub(super) const fn has_a_database(self) -> bool {
        matches!(self, Self::Billing | Self::Reports | Self::Accounts | Self::Contracts)
    }

    /// Returns its name in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Temporal => "temporal",
            Self::Billing => "billing",
            Self::Reports => "reports",
            Self::Accounts => "accounts",
            Self::Contracts => "contracts",
            Self::Worker => "worker",
            Self::Api => "api",
        }
    }
}

/// A caller and its receiver; each link has its own [`FaultProxy`](crate::FaultProxy).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// Reports follows Billing's log.
    ReportsToBilling,
    /// The worker sends commands to Billing, follows its log, and sweeps.
    WorkerToBilling,
    /// The worker sends commands to Reports.
    WorkerToReports,
    /// The worker sends commands to Accounts, and follows its log.
    WorkerToAccounts,
    /// The worker sends commands to Contracts, and follows its log.
    WorkerToContracts,
    /// The api asks Billing and sends VoidDocument to it.
    ApiToBilling,
    /// The api asks Contracts to whom a contract belongs.
    ApiToContracts,
    /// The api's console asks Reports and publishes reports.
    ApiToReports,
}

impl Link {
    pub(super) const ALL: [Self; 8] = [
        Self::ReportsToBilling,
        Self::WorkerToBilling,
        Self::WorkerToReports,
        Self::WorkerToAccounts,
        Self::WorkerToContracts,
        Self::ApiToBilling,
        Self::ApiToContracts,
        Self::ApiToReports,
    ];

    pub(super) const fn from(self) -> Component {
        match self {
            Self::ReportsToBilling => Component::Reports,
            Self::WorkerToBilling | Self::WorkerToReports | Self::WorkerToAccounts | Self::WorkerToContracts => {
                Component::Worker
            }
            Self::ApiToBilling | Self::ApiToContracts | Self::ApiToReports => Component::Api,
        }
    }

    pub(super) const fn to(self) -> Component {
        match self {
            Self::WorkerToReports | Self::ApiToReports => Component::Reports,
            Self::WorkerToAccounts => Component::Accounts,
            Self::WorkerToContracts | Self::ApiToContracts => Component::Contracts,
            _ => Component::Billing,
        }
    }

    /// Returns the variable that gives the caller the receiver's address.
    pub(super) const fn variable(self) -> &'static str {
        match self {
            Self::WorkerToReports | Self::ApiToReports => "REPORTS_URL",
            Self::WorkerToAccounts => "ACCOUNTS_URL",
            Self::WorkerToContracts | Self::ApiToContracts => "CONTRACTS_URL",
            _ => "BILLING_URL",
        }
    }
}
