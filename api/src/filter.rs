//! What a list of voidings is narrowed to, as a query of Temporal's visibility store.
//!
//! Every text in a query comes from a parsed id or from an enum: there is nothing to escape, and nothing to inject.

use std::collections::BTreeSet;

use messages::{CustomerId, DocumentId, ProcessId, voiding::VoidingState};
use workflows::voiding::{self, CUSTOMER_ID, DOCUMENT_ID, INCIDENT, PROCESS_ID, VOIDING_STATE};

/// The filters of `GET /voidings`; absent ones let everything pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) state: Option<VoidingState>,
    pub(crate) customer_id: Option<CustomerId>,
    pub(crate) incident: Option<bool>,
    pub(crate) open: Option<bool>,
}

impl Filter {
    /// The query that finds the runs. One that a person has just started has no search attributes until a worker has
    /// seen it: it counts as requested, and as one without an incident.
    pub(crate) fn query(&self) -> String {
        let state = VOIDING_STATE.name();
        let mut conditions = vec![of_our_type()];
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
        conditions.extend(self.open.map(|open| {
            let operator = if open { "=" } else { "!=" };
            format!("ExecutionStatus {operator} 'Running'")
        }));
        conditions.join(" AND ")
    }
}

/// The query for all runs of one document that had a state.
pub(crate) fn of_document(document_id: &DocumentId) -> String {
    let workflow_id = voiding::workflow_id(document_id);
    format!("{} AND WorkflowId = '{workflow_id}' AND {} IS NOT NULL", of_our_type(), VOIDING_STATE.name())
}

/// The query for all runs of these documents that had a state or go on; `None` for no documents.
pub(crate) fn of_documents(ids: &[&DocumentId]) -> Option<String> {
    let list = ids.iter().map(|id| format!("'{}'", voiding::workflow_id(id))).collect::<Vec<_>>().join(", ");
    let state = VOIDING_STATE.name();
    let has_state = format!("({state} IS NOT NULL OR ExecutionStatus = 'Running')");
    (!ids.is_empty()).then(|| format!("{} AND WorkflowId IN ({list}) AND {has_state}", of_our_type()))
}

/// The query for all runs of these processes that had a state; `None` for no processes.
pub(crate) fn of_processes(ids: &BTreeSet<&ProcessId>) -> Option<String> {
    let list = ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    let (process, state) = (PROCESS_ID.name(), VOIDING_STATE.name());
    (!ids.is_empty()).then(|| format!("{} AND {process} IN ({list}) AND {state} IS NOT NULL", of_our_type()))
}

/// A query that Temporal refuses while one of our search attributes is not registered.
pub(crate) fn of_every_attribute() -> String {
    let texts = [VOIDING_STATE.name(), DOCUMENT_ID.name(), CUSTOMER_ID.name(), PROCESS_ID.name()];
    let texts = texts.map(|name| format!("{name} = '-'")).join(" AND ");
    format!("{texts} AND {} = true", INCIDENT.name())
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
            "WorkflowType = 'DocumentVoiding' AND (VoidingState IS NOT NULL OR ExecutionStatus = 'Running')"
        );
    }

    #[test]
    fn every_filter_becomes_a_condition() {
        let filter = Filter {
            state: Some(VoidingState::VoidingRequested),
            customer_id: Some("c-1".parse().unwrap()),
            incident: Some(false),
            open: Some(true),
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
            open: Some(false),
        };
        assert_eq!(
            filter.query(),
            "WorkflowType = 'DocumentVoiding' AND VoidingState = 'document-voided' AND Incident = true \
             AND ExecutionStatus != 'Running'"
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
}
