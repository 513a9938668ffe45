//! The rules of the contract, by their stable ids. docs/CONTRACT.md states each one.

use crate::Kind;

const CONTRACT: &str = include_str!("../../docs/CONTRACT.md");

/// A rule of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// Whether the rule is a service's own. The rules of every service come first.
    is_own: bool,
    letter: char,
    number: u8,
    id: &'static str,
    name: &'static str,
}

impl Rule {
    /// Returns its id, such as `K1`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.id
    }

    /// Returns its name, such as `idempotent`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Returns the statement of docs/CONTRACT.md about it, in one line.
    #[must_use]
    pub fn statement(self) -> &'static str {
        let row = format!("| **{} {}** | ", self.id, self.name);
        let after = CONTRACT.split_once(&row).map_or("", |(_, after)| after);
        after.split_once(" |\n").map_or("", |(statement, _)| statement)
    }

    /// Returns whether it is a rule for this service.
    #[must_use]
    pub fn is_for(self, kind: Kind) -> bool {
        self.is_for_all() || self.letter == letter(kind)
    }

    /// Returns whether every service has to keep it.
    #[must_use]
    pub fn is_for_all(self) -> bool {
        !self.is_own
    }
}

fn letter(kind: Kind) -> char {
    match kind {
        Kind::Billing => 'B',
        Kind::Reports => 'R',
        Kind::Accounts => 'A',
        Kind::Contracts => 'C',
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $letter:literal $number:literal $id:literal $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: Rule = Rule { is_own: $letter != 'K', letter: $letter, number: $number, id: $id, name: $name };)*
        /// All rules.
        pub const ALL: &[Rule] = &[$($constant),*];
    };
}

rules! {
    /// A repeated key with the same body gets the same answer, and no second event.
    IDEMPOTENT = 'K' 1 "K1" "idempotent";
    /// The same holds when the repetitions arrive at the same time.
    AT_ONCE = 'K' 2 "K2" "at-once";
    /// A key with another body or command is refused.
    KEY_REUSED = 'K' 3 "K3" "key-reused";
    /// A refusal has no effect, and its key can be used again.
    REFUSAL_NOT_KEPT = 'K' 4 "K4" "refusal-not-kept";
    /// A refusal is an RFC 9457 problem with a code.
    PROBLEM = 'K' 5 "K5" "problem";
    /// An unknown route does not answer with a refusal.
    UNKNOWN_ROUTE = 'K' 6 "K6" "unknown-route";
    /// A key of 255 characters counts as a whole; a longer one is 400.
    LONG_KEY = 'K' 7 "K7" "long-key";
    /// Unknown fields are ignored.
    UNKNOWN_FIELDS = 'K' 8 "K8" "unknown-fields";
    /// A body that is no command is 400 or 422, never a fault.
    BAD_BODY = 'K' 9 "K9" "bad-body";
    /// A 503 with a code means that nothing was done.
    UNAVAILABLE = 'K' 10 "K10" "unavailable";
    /// The log is a `CloudEvents` batch, and each event has all fields.
    CLOUD_EVENTS = 'K' 11 "K11" "cloud-events";
    /// Positions rise.
    POSITIONS = 'K' 12 "K12" "positions";
    /// A position stays readable, and no lower one appears later.
    APPEND_ONLY = 'K' 13 "K13" "append-only";
    /// `after` is exclusive, and 0 by default.
    AFTER = 'K' 14 "K14" "after";
    /// `limit` is respected.
    LIMIT = 'K' 15 "K15" "limit";
    /// `wait` waits for an event.
    WAIT = 'K' 16 "K16" "wait";
    /// Each command's events are there once, those of one subject in the order of the commands.
    RECORDED = 'K' 17 "K17" "recorded";
    /// `correlationid` and `causationid` are as contracted.
    CORRELATION = 'K' 18 "K18" "correlation";
    /// All events have one `logid`.
    LOGID = 'K' 19 "K19" "logid";
    /// The log outlives a restart.
    RESTART_LOG = 'K' 20 "K20" "restart-log";
    /// Keys outlive a restart.
    RESTART_KEYS = 'K' 21 "K21" "restart-keys";
    /// `VoidDocument` opens a process, or joins the open one.
    VOID = 'B' 1 "B1" "void";
    /// The table of Complete, Abort and Close.
    VOIDING_TABLE = 'B' 2 "B2" "voiding-table";
    /// The table comes before keys.
    STATE_FIRST = 'B' 3 "B3" "state-first";
    /// `VoidDocument` checks its key first.
    VOID_KEY = 'B' 4 "B4" "void-key";
    /// The list of open processes.
    OPEN_PROCESSES = 'B' 5 "B5" "open-processes";
    /// A document is shown as contracted.
    DOCUMENT = 'B' 6 "B6" "document";
    /// A document is marked, known or not.
    MARK = 'R' 1 "R1" "mark";
    /// Marked by another process: refused.
    ANOTHER_PROCESS = 'R' 2 "R2" "another-process";
    /// Unmarking is never refused.
    UNMARK = 'R' 3 "R3" "unmark";
    /// Unmarking is final.
    LATE_MARK = 'R' 4 "R4" "late-mark";
    /// A document of a published report is not marked.
    PUBLISHED = 'R' 5 "R5" "published";
    /// Totals count what is not marked.
    TOTALS = 'R' 6 "R6" "totals";
    /// The table of the transfer.
    TRANSFER_TABLE = 'A' 1 "A1" "transfer-table";
    /// Refusals of transfers and steps.
    TRANSFER_REFUSALS = 'A' 2 "A2" "transfer-refusals";
    /// Balances and withdrawn transfers have a constant sum.
    SUM = 'A' 3 "A3" "sum";
    /// A rating changes once.
    RATING = 'C' 1 "C1" "rating";
    /// The table of Revoke.
    REVOKE_TABLE = 'C' 2 "C2" "revoke-table";
    /// Refusals of contracts.
    CONTRACT_REFUSALS = 'C' 3 "C3" "contract-refusals";
    /// Each reminder takes effect once.
    REMIND = 'C' 4 "C4" "remind";
    /// Sign, reconfirm, reinstate and terminate.
    CONTRACT_STEPS = 'C' 5 "C5" "contract-steps";
    /// The read model of a change.
    CONTRACT_LISTS = 'C' 6 "C6" "contract-lists";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_stands_in_the_contract_and_no_other() {
        let named = |rule: &Rule| format!("**{} {}**", rule.id, rule.name);
        let missing: Vec<_> =
            ALL.iter().map(named).filter(|named| CONTRACT.matches(named.as_str()).count() != 1).collect();
        assert!(missing.is_empty(), "docs/CONTRACT.md states each rule once: {missing:?}");
        let is_rule = |text: &&str| {
            let letter = text.starts_with(['K', 'B', 'R', 'A', 'C']);
            letter && text.chars().nth(1).is_some_and(|digit| digit.is_ascii_digit())
        };
        let stated = CONTRACT.split("**").skip(1).step_by(2).filter(is_rule).count();
        assert_eq!(stated, ALL.len(), "docs/CONTRACT.md states a rule that the kit does not know");
        let is_line = |rule: &Rule| !rule.statement().is_empty() && !rule.statement().contains('\n');
        assert!(ALL.iter().all(is_line), "each rule has a row of a table");
        assert!(ALL.iter().all(|rule| rule.id == format!("{}{}", rule.letter, rule.number)));
    }
}
