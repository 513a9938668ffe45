//! The confirmation of a contract, as seen from outside.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use messages::{
    ContractId, CreditChangeId, CustomerId,
    confirmation::{Confirmation, ConfirmationState},
    contracts::ContractEvent,
};
use process_manager_host::operator::{Answer, Instance, InstanceStatus, Timeline, TimelineEntry, TimelineEvent};
use serde::{Deserialize, Serialize};
use serde_json::{from_value, json};
use utoipa::ToSchema;

/// The timer of the next reminder.
const REMIND: &str = "remind";

/// The confirmation of a contract that was revoked. Fields that only its process knows are absent once it has ended, and
/// while no worker answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContractConfirmation {
    /// The contract.
    pub contract_id: ContractId,
    /// Its customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The change of the credit rating that revoked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_change_id: Option<CreditChangeId>,
    /// The state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ContractConfirmationState>,
    /// Number of reminders sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminders: Option<u32>,
    /// Time of the next reminder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_reminder_at: Option<DateTime<Utc>>,
    /// The deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// Whether the deadline has passed; an operator is then needed.
    pub is_overdue: bool,
    /// Time when its process began.
    pub started_at: DateTime<Utc>,
    /// The steps so far, oldest first; absent in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<ConfirmationStep>>,
    /// Links: `self`, `temporal` (the run in the Web UI), and while it runs `extend`, `remind` and `terminate` (POST).
    pub links: BTreeMap<String, String>,
}

/// The state of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContractConfirmationState {
    /// The customer has to sign.
    AwaitingSignature,
    /// The signature has to be confirmed.
    AwaitingConfirmation,
    /// The contract is confirmed.
    Confirmed,
    /// The contract is in force again without a confirmation.
    Reinstated,
    /// The contract is terminated.
    Terminated,
    /// An operator has given the process up.
    GivenUp,
}

/// A step of a confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfirmationStep {
    /// The time.
    pub at: DateTime<Utc>,
    /// The kind of step: `event`, `command`, `timer`, `instruction` (sent; the process may have ignored it), `failure`, `stalled`, `retry`, `acknowledgement`, `end`, ….
    pub kind: String,
    /// The name of the event, the command, the timer or the instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The reason of a refusal, a fault or a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ContractConfirmation {
    /// Reads it from its process. Returns `None` for an instance that no contract can have. It has no links yet.
    #[must_use]
    pub fn read(instance: &Instance, timeline: Option<Timeline>) -> Option<Self> {
        let contract_id: ContractId = instance.process_id.parse().ok()?;
        let told: Option<Confirmation> = instance.state().flatten();
        let events = timeline.as_ref().and_then(last_event);
        let contract = told.as_ref().map(|told| &told.contract).or(events.as_ref().map(|(contract, _)| contract));
        let timers = instance.view.iter().flat_map(|view| &view.timers);
        let open = told.as_ref().map(|told| told.state).or(events.as_ref().map(|(_, state)| *state));
        Some(Self {
            customer_id: contract.map(|it| it.customer_id.clone()),
            credit_change_id: contract.and_then(|it| it.credit_change_id.clone()),
            state: state(instance, open),
            reminders: told.as_ref().map(|told| told.reminders),
            next_reminder_at: timers.filter(|timer| timer.name == REMIND).map(|timer| timer.due_at).next(),
            due_at: told.as_ref().map(|told| told.due_at),
            is_overdue: instance.attention.is_some(),
            started_at: instance.started_at,
            steps: timeline.map(|timeline| timeline.entries.into_iter().flat_map(steps).collect()),
            links: BTreeMap::new(),
            contract_id,
        })
    }
}

fn state(instance: &Instance, open: Option<ConfirmationState>) -> Option<ContractConfirmationState> {
    match instance.status {
        status if status.is_running() => open.map(|open| match open {
            ConfirmationState::AwaitingSignature => ContractConfirmationState::AwaitingSignature,
            ConfirmationState::AwaitingConfirmation => ContractConfirmationState::AwaitingConfirmation,
        }),
        InstanceStatus::Done => instance.outcome.as_ref().and_then(|outcome| from_value(json!(outcome.name)).ok()),
        _ => Some(ContractConfirmationState::GivenUp),
    }
}

/// Returns the contract and the state that follow from the last event in the time line that determines them.
fn last_event(timeline: &Timeline) -> Option<(ContractEvent, ConfirmationState)> {
    let delivered = timeline.entries.iter().rev().filter_map(|entry| match &entry.event {
        TimelineEvent::Delivered(events) => Some(events.iter().rev()),
        _ => None,
    });
    delivered.flatten().find_map(|event| {
        let state = match event.kind.as_str() {
            "CustomerContractRevoked" => ConfirmationState::AwaitingSignature,
            "ContractSigned" => ConfirmationState::AwaitingConfirmation,
            _ => return None,
        };
        Some((from_value(event.data.clone()).ok()?, state))
    })
}

fn steps(entry: TimelineEntry) -> Vec<ConfirmationStep> {
    let at = entry.at;
    let step = |kind: &str, name: Option<String>, detail: Option<String>| ConfirmationStep {
        at,
        kind: kind.to_owned(),
        name,
        detail,
    };
    vec![match entry.event {
        TimelineEvent::Delivered(events) => {
            return events.into_iter().map(|event| step("event", Some(event.kind), None)).collect();
        }
        TimelineEvent::Command { name, answer, .. } => match answer {
            Answer::Refused(refusal) => step("command-refused", Some(name), Some(refusal.detail)),
            Answer::Impossible(why) | Answer::Fault(why) => step("command-failed", Some(name), Some(why)),
            _ => step("command", Some(name), None),
        },
        TimelineEvent::TimerDue(name) => step("timer", Some(name), None),
        TimelineEvent::Instructed(name) => step("instruction", Some(name), None),
        TimelineEvent::Parked(failure) => step("failure", failure.command, Some(failure.detail)),
        TimelineEvent::Stalled(stalled) => step("stalled", Some(stalled.command), Some(stalled.detail)),
        TimelineEvent::Retried => step("retry", None, None),
        TimelineEvent::Acknowledged(by) => step("acknowledgement", None, by.note),
        TimelineEvent::Ended(why) => step("end", None, why),
        TimelineEvent::Continued => step("continued", None, None),
        _ => step("other", None, None),
    }]
}
