//! Reads runs and histories over Temporal's HTTP API.

use serde_json::{Map, Value, json};

use super::Reader;

impl Reader {
    /// Returns the runs that a visibility query finds.
    pub(crate) async fn runs(&self, query: &str) -> Vec<Value> {
        let (mut runs, mut token) = (Vec::new(), String::new());
        loop {
            let query = encode(query);
            let page = self.get(&format!("{}/workflows?pageSize=500&query={query}{token}", self.temporal)).await;
            runs.extend(page["executions"].as_array().into_iter().flatten().map(run));
            match page["nextPageToken"].as_str() {
                Some(next) if !next.is_empty() => token = format!("&nextPageToken={}", encode(next)),
                _ => return runs,
            }
        }
    }

    /// Returns the workflow tasks of a run that a worker has failed.
    pub(super) async fn failed_tasks(&self, run: &Value) -> Vec<Value> {
        let (workflow, id) = (text(&run["workflow"]), text(&run["run"]));
        let (mut failed, mut token) = (Vec::new(), String::new());
        loop {
            let path =
                format!("workflows/{}/history?execution.runId={id}&maximumPageSize=1000{token}", encode(workflow));
            let page = self.get(&format!("{}/{path}", self.temporal)).await;
            for event in page["history"]["events"].as_array().into_iter().flatten() {
                if event["eventType"] == "EVENT_TYPE_WORKFLOW_TASK_FAILED" {
                    let told = &event["workflowTaskFailedEventAttributes"];
                    let message = &told["failure"]["message"];
                    failed.push(json!({"workflow": workflow, "cause": told["cause"], "message": message}));
                }
            }
            match page["nextPageToken"].as_str() {
                Some(next) if !next.is_empty() => token = format!("&nextPageToken={}", encode(next)),
                _ => return failed,
            }
        }
    }

    /// Returns the answer of a workflow's latest run to the query `state`.
    pub(crate) async fn query(&self, workflow: &str) -> Value {
        let url = format!("{}/workflows/{}/query/state", self.temporal, encode(workflow));
        let answer = self.post(&url, &json!({"query": {"queryType": "state"}})).await;
        answer["queryResult"].get(0).cloned().unwrap_or(answer)
    }
}

fn run(listed: &Value) -> Value {
    let attributes = &listed["searchAttributes"];
    json!({
        "workflow": listed["execution"]["workflowId"],
        "run": listed["execution"]["runId"],
        "type": listed["type"]["name"],
        "status": text(&listed["status"]).trim_start_matches("WORKFLOW_EXECUTION_STATUS_"),
        "started": listed["startTime"],
        "closed": listed["closeTime"],
        "memo": listed["memo"]["fields"]["state"],
        "attributes": attributes["indexedFields"].as_object().into_iter().flatten().map(plain).collect::<Map<_, _>>(),
    })
}

/// Returns an attribute's value. Its payload also contains its type, so Temporal does not show it as plain JSON.
fn plain((name, payload): (&String, &Value)) -> (String, Value) {
    let bytes = payload["data"].as_str().map(base64).unwrap_or_default();
    (name.clone(), serde_json::from_slice(&bytes).unwrap_or_else(|_| payload.clone()))
}

fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut width) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter_map(|byte| LETTERS.iter().position(|letter| *letter == byte)) {
        bits = (bits << 6) | u32::try_from(letter).unwrap_or_default();
        width += 6;
        if width >= 8 {
            width -= 8;
            bytes.push(u8::try_from((bits >> width) & 0xFF).unwrap_or_default());
        }
    }
    bytes
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Percent-encodes everything except letters and digits.
fn encode(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_from_their_payloads() {
        let run = run(&json!({"searchAttributes": {"indexedFields": {
            "VoidingState": {"data": "ImRvY3VtZW50LXZvaWRlZCI=", "metadata": {"type": "S2V5d29yZA=="}},
            "Incident": {"data": "ZmFsc2U="},
        }}}));
        assert_eq!(run["attributes"], json!({"VoidingState": "document-voided", "Incident": false}));
    }
}
