//! Reads what reaches a batch's workflow from outside: nothing that operators send may fail a workflow task.

use process_manager::batch::{BatchState, INPUT_BYTES, LimitsChange, StartBatch};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use temporalio_common::data_converters::RawValue;

use crate::signals::object;

/// The input of a batch's run: the start command, or what the previous run hands over.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BeginBatch {
    /// The previous run hands this over.
    Carried {
        /// The batch.
        carried: Box<BatchState>,
    },
    /// The batch begins.
    Start(StartBatch),
}

/// Reads the input. Like the other readers here, it is public only for the fuzz targets.
///
/// # Errors
/// The reason why no batch can begin with it.
pub fn read_input(raw: &RawValue, workflow_id: &str) -> Result<BeginBatch, String> {
    let [payload] = raw.payloads.as_slice() else { return Err("the input is missing".to_owned()) };
    let begin = serde_json::from_slice(&payload.data).map_err(|error| format!("the input cannot be used: {error}"))?;
    let start = match &begin {
        BeginBatch::Carried { carried } => carried.start(),
        BeginBatch::Start(start) => start,
    };
    if start.workflow_id() != workflow_id {
        return Err(format!("the id of its workflow has to be {}", start.workflow_id()));
    }
    let bytes = start.input.to_string().len();
    if bytes > INPUT_BYTES {
        return Err(format!("its input has {bytes} bytes, where at most {INPUT_BYTES} are possible"));
    }
    start.limits.check().map_err(|error| error.to_string())?;
    Ok(begin)
}

/// Reads a change of the limits.
///
/// # Errors
/// The reason why the payload changes nothing.
pub fn read_limits(raw: &RawValue) -> Result<LimitsChange, String> {
    serde_json::from_value(Value::Object(object(raw)?)).map_err(|error| error.to_string())
}

/// Reads whether a cancellation undoes what was done; by default it does.
///
/// # Errors
/// The reason why the payload cancels nothing.
pub fn read_undo(raw: &RawValue) -> Result<bool, String> {
    match object(raw)?.get("undo") {
        None | Some(Value::Null) => Ok(true),
        Some(Value::Bool(undo)) => Ok(*undo),
        Some(_) => Err("undo is not true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use temporalio_common::protos::temporal::api::common::v1::Payload;

    use super::*;

    fn raw(value: &Value) -> RawValue {
        RawValue::new(vec![Payload { data: value.to_string().into_bytes(), ..Payload::default() }])
    }

    #[test]
    fn only_an_input_that_names_its_workflow_begins_a_batch() {
        let read = |value: Value| read_input(&raw(&value), "Revoke-1");
        let good = json!({"name": "Revoke", "id": "1", "input": {"customer": "7"}});
        assert!(matches!(read(good.clone()), Ok(BeginBatch::Start(_))));
        let wrong = |path: &str, value: Value| {
            let mut input = good.clone();
            *input.pointer_mut(path).unwrap() = value;
            read(input).unwrap_err()
        };
        assert!(wrong("/id", json!("2")).contains("has to be Revoke-2"));
        assert!(wrong("/input", json!("x".repeat(INPUT_BYTES))).contains("16384 are possible"));
        assert!(read(json!({"name": "Revoke"})).is_err() && read(json!(7)).is_err());
        let mut limited = good;
        limited["limits"] = json!({"in_flight": 0});
        assert_eq!(read(limited).unwrap_err(), "in_flight must be 1 to 300");
        assert!(read_input(&RawValue::new(vec![]), "Revoke-1").is_err());
    }

    #[test]
    fn a_cancellation_undoes_unless_it_says_otherwise() {
        assert_eq!(read_undo(&RawValue::new(vec![])), Ok(true));
        assert_eq!(read_undo(&raw(&json!({"undo": false}))), Ok(false));
        assert!(read_undo(&raw(&json!({"undo": "no"}))).is_err());
        assert!(read_undo(&raw(&json!("no"))).is_err());
    }
}
