//! The input of a run: the documented one, and the state that a run hands over to the next one.

use messages::{DocumentId, voiding::VoidingInput};
use process_manager_engine::signals;
use serde::{Deserialize, Serialize};
use temporalio_common::data_converters::RawValue;
use temporalio_workflow::WorkflowContextView;

use super::{document_id, state::Voiding, workflow_id};

/// The input of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begin {
    #[serde(flatten)]
    pub(super) input: VoidingInput,
    /// The state of the run that this one continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) carried: Option<Carried>,
}

/// The whole state of a run that continues as new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Carried {
    pub(super) voiding: Voiding,
    /// Idempotency key of VoidDocument, if that command was under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) void_document_key: Option<String>,
}

impl Begin {
    /// Reads the input of a run.
    ///
    /// # Errors
    /// Returns why the input is invalid. Only the server can start a run that continues another one, so nobody else can
    /// hand over a state.
    pub(super) fn read(view: &WorkflowContextView, raw: &RawValue) -> Result<Self, String> {
        Self::read_as(view.workflow_id(), view.continued_from_run_id().is_some(), raw)
    }

    fn read_as(id: &str, continues: bool, raw: &RawValue) -> Result<Self, String> {
        let mut object = match signals::optional_object(raw) {
            Ok(Some(object)) => object,
            Ok(None) => return Err("the input is missing; expected {\"document_id\": …}".to_owned()),
            Err(why) => return Err(format!("the input is {why}; expected {{\"document_id\": …}}")),
        };
        if !continues {
            // For anybody but the server, this is an unknown field.
            object.remove("carried");
        }
        let begin: Self =
            serde_json::from_value(object.into()).map_err(|error| format!("the input is invalid: {error}"))?;
        let document = document_id(id);
        let is_ours = |of: &DocumentId| document.as_ref() == Some(of);
        if !is_ours(&begin.input.document_id)
            || !begin.carried.iter().all(|carried| is_ours(carried.voiding.document_id()))
        {
            return Err(format!("the workflow id must be {}", workflow_id(&begin.input.document_id)));
        }
        Ok(begin)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::{Value, json};
    use temporalio_common::data_converters::PayloadConverter;

    use super::*;

    fn read(continues: bool, input: &Value) -> Result<Begin, String> {
        Begin::read_as("voiding-D", continues, &RawValue::from_value(input, &PayloadConverter::serde_json()))
    }

    fn carried(document_id: &str) -> Value {
        let input = VoidingInput { document_id: document_id.parse().unwrap(), customer_id: None, process_id: None };
        let voiding = Voiding::new(input.clone(), DateTime::UNIX_EPOCH);
        let carried = Some(Carried { voiding, void_document_key: Some("key".to_owned()) });
        serde_json::to_value(Begin { input, carried }).unwrap()
    }

    #[test]
    fn a_state_is_taken_over_from_the_run_before_and_from_nobody_else() {
        let begun = read(true, &carried("D")).unwrap();
        assert_eq!(begun.carried.unwrap().void_document_key.as_deref(), Some("key"));
        assert_eq!(read(false, &carried("D")).unwrap().carried, None);
        assert_eq!(read(false, &json!({"document_id": "D", "carried": "forged"})).unwrap().carried, None);
    }

    #[test]
    fn an_input_for_another_document_is_invalid() {
        assert!(read(true, &carried("E")).is_err());
        assert!(read(false, &json!({"document_id": "E"})).is_err());
    }
}
