//! The rules of the protocol. The model can leave each one out, to show what it is for.

/// A rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Temporal runs a workflow id once, and the id is the document's.
    OneRunPerDocument,
    /// Reports refuses to mark a document that counts in a published report.
    PublishedIsRefused,
    /// Reports answers a repeated mark as set, whatever has been published since.
    OwnMarkComesFirst,
    /// Reports sets a mark once, however often the command arrives.
    MarkedOnce,
    /// Reports does not mark again for a process that has unmarked.
    UnmarkedIsBarred,
    /// Unmark takes back only the mark of its own process.
    OwnMarkOnly,
    /// A document that was left out of a published report counts in the next one when it is unmarked.
    CountsInNext,
    /// Only Reports refuses a marking, and nothing before it does.
    ReportsAloneRefuses,
    /// Billing completes after Reports has marked.
    MarkedBeforeCompletion,
    /// Billing does not complete what was aborted.
    AbortFences,
    /// An aborted process stays open until it is closed.
    AbortedStaysOpen,
    /// Billing's commands take effect once.
    EndedOnce,
    /// VoidDocument takes effect once per key, even after its process is closed.
    RequestedOnce,
    /// VoidDocument joins the open process.
    OneOpenProcess,
    /// VoidDocument is refused once the document is voided.
    VoidedIsFinal,
    /// Unmark compensates a completion that is given up.
    CompensationUnmarks,
    /// Abort comes before Unmark.
    FenceBeforeUnmark,
    /// Close comes after Unmark.
    CloseAfterUnmark,
    /// A run whose process was closed after the marking unmarks before it ends.
    ClosedUnmarks,
    /// A run whose process is closed ends without a person.
    ClosedEnds,
    /// A refused marking waits for its acknowledgement.
    FailureWaits,
    /// An acknowledged run ends *Failed*, so that another one can follow.
    AcknowledgedFails,
    /// Billing appends the event in the transaction that opens the process.
    EventWithEffect,
    /// The subscription delivers the events of Billing's log.
    Subscription,
    /// The subscription moves its position after the delivery.
    PositionAfterDelivery,
    /// The sweep compares Billing's open processes with the runs.
    Sweep,
    /// A run that is in the way of another process rechecks its own.
    Recheck,
    /// The api names the failure that an acknowledgement means.
    FailureIsNamed,
    /// An early acknowledgement is dropped.
    EarlyIsDropped,
}

/// The rules that are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules(u32);

impl Rules {
    pub(crate) const ALL: Self = Self(u32::MAX);

    pub(crate) const fn without(self, rule: Rule) -> Self {
        Self(self.0 & !(1 << rule as u32))
    }

    pub(crate) const fn has(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u32) != 0
    }
}
