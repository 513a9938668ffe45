//! Reports' rules: the effect of marking and unmarking on a document. Pure.

use axum::http::StatusCode;
use messages::{ProcessId, code};
use sea_orm::{DeriveActiveEnum, EnumIter};

/// Where a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Billing's log has not announced it yet.
    Unknown,
    /// In its customer's open report.
    Open,
    /// In a report that the customer has received.
    Published,
}

/// Result of a process's marking of a document. It is kept for good: a process marks a document once. A late duplicate
/// of its command must not mark the document again after it was unmarked or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "kebab-case")]
pub enum Outcome {
    /// The document is marked by this process.
    Marked,
    /// The process has taken its mark back, or will never set it.
    Unmarked,
    /// Refused: the document counts in a published report.
    ReportPublished,
    /// Refused: another process had marked the document.
    MarkedByAnotherProcess,
}

/// A business 'no'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The document counts in a report that the customer has received.
    #[error("the document counts in a report that was published")]
    ReportPublished,
    /// Another process has marked the document.
    #[error("another process has marked the document as voided")]
    MarkedByAnotherProcess,
    /// This process has taken its mark back.
    #[error("this process has unmarked the document, and marks it no more")]
    ProcessClosed,
    /// There is no open report of the customer.
    #[error("the customer has no open report")]
    NoOpenReport,
    /// No such report.
    #[error("there is no such report")]
    ReportNotFound,
}

impl service_kit::Refusal for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::ReportPublished => code::REPORT_PUBLISHED,
            Self::MarkedByAnotherProcess => code::MARKED_BY_ANOTHER_PROCESS,
            Self::ProcessClosed => code::PROCESS_CLOSED,
            Self::NoOpenReport => code::NO_OPEN_REPORT,
            Self::ReportNotFound => code::REPORT_NOT_FOUND,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoOpenReport | Self::ReportNotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        }
    }
}

/// Effect of MarkDocumentAsVoided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// Marks the document, which leaves the total.
    Mark,
    /// Nothing: the process has already marked it.
    Nothing,
    /// Refuses, and records this outcome.
    Refuse(Outcome, Refusal),
    /// Refuses as before.
    RefuseAgain(Refusal),
}

/// Decides MarkDocumentAsVoided by `process`; `earlier` is the result of its marking so far.
#[must_use]
pub fn mark(
    standing: Standing,
    marked_by: Option<&ProcessId>,
    process: &ProcessId,
    earlier: Option<Outcome>,
) -> Marking {
    match earlier {
        Some(Outcome::Marked) => Marking::Nothing,
        Some(Outcome::Unmarked) => Marking::RefuseAgain(Refusal::ProcessClosed),
        Some(Outcome::ReportPublished) => Marking::RefuseAgain(Refusal::ReportPublished),
        Some(Outcome::MarkedByAnotherProcess) => Marking::RefuseAgain(Refusal::MarkedByAnotherProcess),
        None if marked_by.is_some_and(|other| other != process) => {
            Marking::Refuse(Outcome::MarkedByAnotherProcess, Refusal::MarkedByAnotherProcess)
        }
        None if standing == Standing::Published => Marking::Refuse(Outcome::ReportPublished, Refusal::ReportPublished),
        None => Marking::Mark,
    }
}

/// Effect of UnmarkDocumentAsVoided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmarking {
    /// The document counts again, in the report that contains it.
    CountAgain,
    /// The document was left out of a published report: it counts in the customer's next one.
    CountInNext,
    /// The mark of a document that is not known yet is removed.
    Forget,
    /// The process has no mark, and can no longer set one.
    Bar,
    /// Nothing.
    Nothing,
}

/// Decides UnmarkDocumentAsVoided by a process; `earlier` is the result of its marking so far.
#[must_use]
pub fn unmark(standing: Standing, earlier: Option<Outcome>) -> Unmarking {
    match (earlier, standing) {
        (Some(Outcome::Marked), Standing::Open) => Unmarking::CountAgain,
        (Some(Outcome::Marked), Standing::Published) => Unmarking::CountInNext,
        (Some(Outcome::Marked), Standing::Unknown) => Unmarking::Forget,
        (None, _) => Unmarking::Bar,
        (Some(_), _) => Unmarking::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use service_kit::Refusal as _;

    use super::*;

    const STANDINGS: [Standing; 3] = [Standing::Unknown, Standing::Open, Standing::Published];

    fn process(id: &str) -> ProcessId {
        id.parse().unwrap()
    }

    #[test]
    fn a_first_marking_goes_by_the_report_and_by_other_marks() {
        let p = process("p");
        assert_eq!(mark(Standing::Unknown, None, &p, None), Marking::Mark);
        assert_eq!(mark(Standing::Open, None, &p, None), Marking::Mark);
        let refused = Marking::Refuse(Outcome::ReportPublished, Refusal::ReportPublished);
        assert_eq!(mark(Standing::Published, None, &p, None), refused);
        for standing in STANDINGS {
            let refused = Marking::Refuse(Outcome::MarkedByAnotherProcess, Refusal::MarkedByAnotherProcess);
            assert_eq!(mark(standing, Some(&process("q")), &p, None), refused);
        }
    }

    #[test]
    fn a_marking_that_comes_again_changes_nothing_whatever_happened_since() {
        let p = process("p");
        for standing in STANDINGS {
            for marked_by in [None, Some(&p), Some(&process("q"))] {
                assert_eq!(mark(standing, marked_by, &p, Some(Outcome::Marked)), Marking::Nothing);
                for (outcome, code) in [
                    (Outcome::Unmarked, "process-closed"),
                    (Outcome::ReportPublished, "report-published"),
                    (Outcome::MarkedByAnotherProcess, "marked-by-another-process"),
                ] {
                    let Marking::RefuseAgain(refusal) = mark(standing, marked_by, &p, Some(outcome)) else {
                        panic!("{outcome:?} must be refused again")
                    };
                    assert_eq!(refusal.code(), code);
                }
            }
        }
    }

    #[test]
    fn unmarking_undoes_a_mark_and_bars_one_that_comes_late() {
        assert_eq!(unmark(Standing::Open, Some(Outcome::Marked)), Unmarking::CountAgain);
        assert_eq!(unmark(Standing::Published, Some(Outcome::Marked)), Unmarking::CountInNext);
        assert_eq!(unmark(Standing::Unknown, Some(Outcome::Marked)), Unmarking::Forget);
        for standing in STANDINGS {
            assert_eq!(unmark(standing, None), Unmarking::Bar);
            for done in [Outcome::Unmarked, Outcome::ReportPublished, Outcome::MarkedByAnotherProcess] {
                assert_eq!(unmark(standing, Some(done)), Unmarking::Nothing);
            }
        }
    }
}
