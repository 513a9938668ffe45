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
    /// The worker.
    Worker,
    /// The api.
    Api,
}

impl Component {
    /// Its name in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Temporal => "temporal",
            Self::Billing => "billing",
            Self::Reports => "reports",
            Self::Accounts => "accounts",
            Self::Worker => "worker",
            Self::Api => "api",
        }
    }
}

/// A caller and its receiver; each link has a [`FaultProxy`](crate::FaultProxy) of its own.
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
    /// The api asks Billing and sends it VoidDocument.
    ApiToBilling,
    /// The api's console asks Reports and publishes reports.
    ApiToReports,
}

impl Link {
    pub(super) const ALL: [Self; 6] = [
        Self::ReportsToBilling,
        Self::WorkerToBilling,
        Self::WorkerToReports,
        Self::WorkerToAccounts,
        Self::ApiToBilling,
        Self::ApiToReports,
    ];

    pub(super) const fn from(self) -> Component {
        match self {
            Self::ReportsToBilling => Component::Reports,
            Self::WorkerToBilling | Self::WorkerToReports | Self::WorkerToAccounts => Component::Worker,
            Self::ApiToBilling | Self::ApiToReports => Component::Api,
        }
    }

    pub(super) const fn to(self) -> Component {
        match self {
            Self::WorkerToReports | Self::ApiToReports => Component::Reports,
            Self::WorkerToAccounts => Component::Accounts,
            _ => Component::Billing,
        }
    }

    /// The variable that tells the caller where the other is.
    pub(super) const fn variable(self) -> &'static str {
        match self {
            Self::WorkerToReports | Self::ApiToReports => "REPORTS_URL",
            Self::WorkerToAccounts => "ACCOUNTS_URL",
            _ => "BILLING_URL",
        }
    }
}
