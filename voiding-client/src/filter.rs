//! Filters of a list of voidings, as queries to Temporal's visibility store.
//!
//! Every text in a query comes from a parsed id or from an enum, so nothing needs escaping and nothing can be injected.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use messages::{CustomerId, DocumentId, ProcessId, voiding::VoidingState};
use process_manager_host::operator::Trouble;
use workflows::voiding::{self, CUSTOMER_ID, DOCUMENT_ID, INCIDENT, NEEDS_ATTENTION, PROCESS_ID, VOIDING_STATE};

const NOT_CONTINUED: &str = "ExecutionStatus != 'ContinuedAsNew'";

/// Conditions that narrow a list of voidings; an absent one matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only voidings in this state.
    pub state: Option<VoidingState>,
    /// Only voidings of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only voidings with (or without) an incident.
    pub incident: Option<bool>,
    /// Only voidings with this kind of trouble.
    pub trouble: Option<Trouble>,
    /// Only voidings that have not (or have) ended.
    pub open: Option<bool>,
    /// Only voidings whose document, customer or process id begins with this. An id cannot contain a character that
    /// ends the quotes of a query.
    pub id_prefix: Option<DocumentId>,
    /// Only voidings that ended at or after this time.
    pub closed_since: Option<DateTime<Utc>>,
}

impl Filter {
    /// Returns the query that finds the runs. A run that an operator has just started has no search attributes until a
    /// worker picks it up. Until then it counts as requested and without an incident.
    #[must_use]
    pub fn query(&self) -> String {
        let state = VOIDING_STATE.name();
        let mut conditions = vec![of_our_type()];
        // A process that continues as new is one item: the run that goes on.
        conditions.extend((self.open != Some(true)).then(|| NOT_CONTINUED.to_owned()));
        conditions.extend(match self.state {
            None if self.open == Some(true) => None,
            None => Some(format!("({state} IS NOT NULL OR ExecutionStatus = 'Running')")),
            Some(VoidingState::VoidingRequested) => Some(format!(
                "({state} = '{}' OR ({state} IS NULL AND ExecutionStatus = 'Running'))",
                VoidingState::VoidingRequested
            )),
            Some(other) => Some(format!("{state} = '{other}'")),
        });
        conditions.extend(self.customer_id.as_ref().map(|id| format!("{} = '{id}'", CUSTOMER_ID.name())));
        conditions.extend(self.incident.map(|incident| match (INCIDENT.name(), incident) {
            (name, true) => format!("{name} = true"),
            (name, false) => format!("({name} = false OR {name} IS NULL)"),
        }));
        // A run that began before the attribute existed does not say which it is. It is better to check it once too
        // often.
        conditions.extend(self.trouble.map(|trouble| {
            let (needs, incident, failed) =
                (NEEDS_ATTENTION.name(), INCIDENT.name(), VoidingState::MarkingDocumentAsVoidedFailed);
            match trouble {
                Trouble::NeedsAttention => {
                    format!("({needs} = true OR ({needs} IS NULL AND ({state} = '{failed}' OR {incident} = true)))")
                }
                Trouble::Retrying => format!("({incident} = true AND {needs} = false)"),
            }
        }));
        conditions.extend(self.open.map(|open| {
            let operator = if open { "=" } else { "!=" };
            format!("ExecutionStatus {operator} 'Running'")
        }));
        conditions.extend(self.id_prefix.as_ref().map(|text| {
            let (workflow, customer, process) = (voiding::workflow_id(text), CUSTOMER_ID.name(), PROCESS_ID.name());
            // The id of a workflow finds its document.
            let whole = voiding::document_id(text.as_str()).map(|_| format!("WorkflowId STARTS_WITH '{text}' OR "));
            format!(
                "({}WorkflowId STARTS_WITH '{workflow}' OR {customer} STARTS_WITH '{text}' OR {process} STARTS_WITH '{text}')",
                whole.unwrap_or_default()
            )
        }));
        conditions.extend(self.closed_since.map(|at| format!("CloseTime >= '{}'", at.to_rfc3339())));
        conditions.join(" AND ")
    }
}

/// Returns the query for all runs of one document that had a state.
pub(crate) fn of_document(document_id: &DocumentId) -> String {
    let workflow_id = voiding::workflow_id(document_id);
    format!("{} AND WorkflowId = '{workflow_id}' AND {} IS NOT NULL", of_our_type(), VOIDING_STATE.name())
}

/// Returns the query for all runs of these documents that had a state or are running; `None` for no documents.
pub(crate) fn of_documents(ids: &[&DocumentId]) -> Option<String> {
    let (workflows, state) = (of_workflows(ids.iter().copied()), VOIDING_STATE.name());
    let has_state = format!("({state} IS NOT NULL OR ExecutionStatus = 'Running')");
    (!ids.is_empty()).then(|| format!("{} AND {workflows} AND {has_state}", of_our_type()))
}

/// Returns the query for all runs of these processes that had a state; `None` for no processes.
pub(crate) fn of_processes(ids: &BTreeSet<&ProcessId>) -> Option<String> {
    let list = ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    let (process, state) = (PROCESS_ID.name(), VOIDING_STATE.name());
    (!ids.is_empty()).then(|| format!("{} AND {process} IN ({list}) AND {state} IS NOT NULL", of_our_type()))
}

/// Returns the query for the running runs of these processes' documents; `None` for no processes.
pub(crate) fn running_of(open: &[(DocumentId, ProcessId)]) -> Option<String> {
    let workflows = of_workflows(open.iter().map(|(id, _)| id));
    (!open.is_empty()).then(|| format!("{} AND {workflows} AND ExecutionStatus = 'Running'", of_our_type()))
}

/// Returns the query for the runs of these processes that are running and that a worker has seen; `None` for no
/// processes. A running run has no closing time. A condition on the status would make the dev server's SQLite read each
/// open run.
pub(crate) fn running_under(open: &[(DocumentId, ProcessId)]) -> Option<String> {
    let workflows = of_workflows(open.iter().map(|(id, _)| id));
    ever_begun(open).map(|query| format!("{query} AND {workflows} AND CloseTime IS NULL"))
}

fn of_workflows<'a>(ids: impl Iterator<Item = &'a DocumentId>) -> String {
    let list = ids.map(|id| format!("'{}'", voiding::workflow_id(id))).collect::<Vec<_>>().join(", ");
    format!("WorkflowId IN ({list})")
}

/// Returns the query for all runs of these processes that began with their process id, whatever became of them.
pub(crate) fn ever_begun(processes: &[(DocumentId, ProcessId)]) -> Option<String> {
    let list = processes.iter().map(|(_, id)| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    (!processes.is_empty()).then(|| format!("{} AND {} IN ({list})", of_our_type(), PROCESS_ID.name()))
}

/// Returns the query for those runs of [`ever_begun`] that are running or have ended by themselves. A process has at
/// most one of them.
pub(crate) fn begun_once(processes: &[(DocumentId, ProcessId)]) -> Option<String> {
    let ends = ["Running", "Completed", "Failed"].map(|status| format!("ExecutionStatus = '{status}'"));
    ever_begun(processes).map(|query| format!("{query} AND ({})", ends.join(" OR ")))
}

/// Returns a query that Temporal rejects while one of our search attributes is not registered.
pub(crate) fn of_every_attribute() -> String {
    let texts = [VOIDING_STATE.name(), DOCUMENT_ID.name(), CUSTOMER_ID.name(), PROCESS_ID.name()];
    let texts = texts.map(|name| format!("{name} = '-'")).join(" AND ");
    format!("{texts} AND {} = true AND {} = true", INCIDENT.name(), NEEDS_ATTENTION.name())
}

fn of_our_type() -> String {
    format!("WorkflowType = '{}'", voiding::WORKFLOW_TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_filters_passes_over_runs_that_ended_without_a_state() {
        assert_eq!(
            Filter::default().query(),
            "WorkflowType = 'DocumentVoiding' AND ExecutionStatus != 'ContinuedAsNew' \
             AND (VoidingState IS NOT NULL OR ExecutionStatus = 'Running')"
        );
    }

    #[test]
    fn every_filter_becomes_a_condition() {
        let filter = Filter {
            state: Some(VoidingState::VoidingRequested),
            customer_id: Some("c-1".parse().unwrap()),
            incident: Some(false),
            open: Some(true),
            ..Filter::default()
        };
        assert_eq!(
            filter.query(),
            "WorkflowType = 'DocumentVoiding' \
             AND (VoidingState = 'voiding-requested' OR (VoidingState IS NULL AND ExecutionStatus = 'Running')) \
             AND CustomerId = 'c-1' AND (Incident = false OR Incident IS NULL) AND ExecutionStatus = 'Running'"
        );
    }

    #[test]
    fn the_other_values_of_the_filters_become_conditions_too() {
        let filter = Filter {
            state: Some(VoidingState::DocumentVoided),
            customer_id: None,
            incident: Some(true),
            trouble: None,
            open: Some(false),
            id_prefix: Some("INV".parse().unwrap()),
            closed_since: Some(DateTime::UNIX_EPOCH),
        };
        assert_eq!(
            filter.query(),
            "WorkflowType = 'DocumentVoiding' AND ExecutionStatus != 'ContinuedAsNew' \
             AND VoidingState = 'document-voided' AND Incident = true \
             AND ExecutionStatus != 'Running' \
             AND (WorkflowId STARTS_WITH 'voiding-INV' OR CustomerId STARTS_WITH 'INV' OR ProcessId STARTS_WITH 'INV') \
             AND CloseTime >= '1970-01-01T00:00:00+00:00'"
        );
    }

    #[test]
    fn the_id_of_a_workflow_finds_its_document() {
        let filter = Filter { id_prefix: Some("voiding-INV-1".parse().unwrap()), ..Filter::default() };
        let query = filter.query();
        assert!(
            query.contains(
                "(WorkflowId STARTS_WITH 'voiding-INV-1' OR WorkflowId STARTS_WITH 'voiding-voiding-INV-1' OR"
            ),
            "{query}"
        );
    }

    #[test]
    fn voidings_that_need_an_operator_are_told_apart_from_retried_ones() {
        let of = |trouble| Filter { trouble: Some(trouble), open: Some(true), ..Filter::default() }.query();
        assert_eq!(
            of(Trouble::NeedsAttention),
            "WorkflowType = 'DocumentVoiding' AND (NeedsAttention = true OR (NeedsAttention IS NULL \
             AND (VoidingState = 'marking-document-as-voided-failed' OR Incident = true))) AND ExecutionStatus = 'Running'"
        );
        assert_eq!(
            of(Trouble::Retrying),
            "WorkflowType = 'DocumentVoiding' AND (Incident = true AND NeedsAttention = false) AND ExecutionStatus = 'Running'"
        );
    }

    #[test]
    fn runs_are_found_by_document_and_by_process() {
        assert_eq!(
            of_document(&"d-1".parse().unwrap()),
            "WorkflowType = 'DocumentVoiding' AND WorkflowId = 'voiding-d-1' AND VoidingState IS NOT NULL"
        );
        let (one, two) = ("p-1".parse().unwrap(), "p-2".parse().unwrap());
        assert_eq!(
            of_processes(&BTreeSet::from([&one, &two])).unwrap(),
            "WorkflowType = 'DocumentVoiding' AND ProcessId IN ('p-1', 'p-2') AND VoidingState IS NOT NULL"
        );
        assert_eq!(of_processes(&BTreeSet::new()), None);
    }

    #[test]
    fn the_sweep_asks_for_the_runs_of_some_processes() {
        assert_eq!(running_of(&[]), None);
        let open = [("d-1", "p-1"), ("d-2", "p-2")]
            .map(|(document, process)| (document.parse().unwrap(), process.parse().unwrap()));
        assert_eq!(
            running_under(&open).unwrap(),
            "WorkflowType = 'DocumentVoiding' AND ProcessId IN ('p-1', 'p-2') \
             AND WorkflowId IN ('voiding-d-1', 'voiding-d-2') AND CloseTime IS NULL"
        );
        assert_eq!(ever_begun(&open).unwrap(), "WorkflowType = 'DocumentVoiding' AND ProcessId IN ('p-1', 'p-2')");
    }
}
