//! Payloads of signals, updates and inputs, of any shape.

use process_manager::{
    batch::{INPUT_BYTES, Limits, StartBatch},
    instance::Acknowledge,
};
use process_manager_engine::{
    batch::{BeginBatch, read_input, read_limits, read_undo},
    instance::{Begin, workflow_id},
    signals::{acknowledgement, instruction, object, optional_object, retry},
    subscription::{is_paused_by, read_redeliver},
};
use serde_json::{Value, json};
use temporalio_common::{data_converters::RawValue, protos::temporal::api::common::v1::Payload};
use transfers::TransferMoney;

/// Takes payloads, separated by an empty line. The first line of each is its encoding, if it has one.
pub fn payloads(data: &[u8]) {
    let raw = RawValue::new(parts(data).into_iter().map(payload).collect());
    let given = optional_object(&raw);
    if let Ok(object) = &given {
        assert!(raw.payloads.len() <= 1 && (object.is_none() || raw.payloads.len() == 1));
    }
    assert_eq!(object(&raw).ok(), given.clone().ok().map(Option::unwrap_or_default));
    let is_object = given.is_ok();
    signals(&raw, is_object);
    subscription(&raw, is_object);
    batch(&raw);
    if let Some(begin) = raw.payloads.first().and_then(|it| serde_json::from_slice::<Begin>(&it.data).ok()) {
        let is_new = begin.carried.is_none() && begin.version <= 1;
        let published = begin.published::<TransferMoney>();
        assert!(published.is_some() || !is_new, "an instance cannot begin");
        assert!(workflow_id::<TransferMoney>(&begin.process_id).ends_with(&begin.process_id));
        let text = json!(begin).to_string();
        let again: Begin = serde_json::from_str(&text).expect("an input is read again");
        assert_eq!(again.published::<TransferMoney>(), published);
        assert_eq!(json!(again), json!(begin));
    }
}

fn parts(data: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = data;
    while let Some(end) = rest.windows(2).position(|two| two == b"\n\n") {
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind.get(2..).unwrap_or_default();
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn payload(part: &[u8]) -> Payload {
    let end = part.iter().position(|byte| *byte == b'\n');
    let (encoding, data) = end.map_or((&b""[..], part), |end| (&part[..end], &part[end + 1..]));
    let metadata = match encoding {
        b"" => std::collections::HashMap::default(),
        encoding => [("encoding".to_owned(), encoding.to_vec())].into(),
    };
    Payload { metadata, data: data.to_vec(), ..Payload::default() }
}

fn raw(value: &Value) -> RawValue {
    RawValue::new(vec![payload(format!("json/plain\n{value}").as_bytes())])
}

/// Checks that nothing acknowledges, retries or instructs by mistake.
fn signals(given: &RawValue, is_object: bool) {
    if let Ok(signal) = acknowledgement(given) {
        assert!(is_object && signal.is_within_limits());
        assert_eq!(acknowledgement(&raw(&json!(signal))), Ok(signal.clone()));
        if signal != Acknowledge::default() {
            assert_eq!(retry(given), signal.failure_id);
        }
    }
    if let Some(failure) = retry(given) {
        assert!(is_object);
        assert_eq!(retry(&raw(&json!({"failure_id": failure}))), Some(failure));
    }
    if let Ok((kind, data)) = instruction(given) {
        assert!(is_object);
        assert_eq!(instruction(&raw(&json!({"type": kind, "data": data}))), Ok((kind, data)));
    }
}

/// Checks that a subscription is resumed, rewound or asked to redeliver only by a payload that says so.
fn subscription(given: &RawValue, is_object: bool) {
    assert_eq!(is_paused_by("pause", given), Some(true));
    let is_empty = matches!(given.payloads.as_slice(), [payload] if payload.data.is_empty());
    for signal in ["resume", "rewind"] {
        assert!(is_paused_by(signal, given).is_none_or(|paused| !paused && (is_object || is_empty)));
    }
    if let Ok(asked) = read_redeliver(given) {
        assert!(is_object && asked.positions.first().is_some_and(|first| *first > 0));
        assert!(asked.positions.is_sorted_by(|a, b| a < b) && asked.positions.len() <= 1_000);
        assert_eq!(read_redeliver(&raw(&json!(asked))), Ok(asked));
    }
}

/// Checks that a batch begins only with possible limits, and under its own name.
fn batch(given: &RawValue) {
    if let Ok(change) = read_limits(given) {
        let _ = Limits::default().changed(change).map(|changed| assert_eq!(changed.check(), Ok(())));
        assert_eq!(read_limits(&raw(&json!(change))), Ok(change));
    }
    if read_undo(given) == Ok(false) {
        assert!(object(given).is_ok_and(|object| object.get("undo") == Some(&Value::Bool(false))));
    }
    let start = given.payloads.first().and_then(|it| serde_json::from_slice::<StartBatch>(&it.data).ok());
    for workflow_id in start.iter().map(StartBatch::workflow_id).chain(["another".to_owned()]) {
        if let Ok(BeginBatch::Start(begun)) = read_input(given, &workflow_id) {
            assert!(begun.limits.check().is_ok() && begun.input.to_string().len() <= INPUT_BYTES);
            assert_eq!((begun.workflow_id(), Some(&begun)), (workflow_id, start.as_ref()));
        }
    }
}
