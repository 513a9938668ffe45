//! The process managers whose instances the console shows, by name and in their own words.

use std::hash::{Hash, Hasher};

use messages::confirmation::Period;
use process_manager::manager::ProcessManager;
use serde_json::Value;
use transfers::TransferMoney;
use url::form_urlencoded;
use workflows::{contract_confirmation::ContractConfirmation, credit_change::CreditChange};

use crate::{
    fact::Fact,
    facts,
    instruction::{Field, Instruction},
};

/// A process manager, in the words of its instances' pages.
#[derive(Debug)]
pub(crate) struct Manager {
    /// Its name: the type of its workflows, and the prefix of their ids.
    pub(crate) name: &'static str,
    /// The page of its instances.
    pub(crate) path: &'static str,
    /// The title of that page.
    pub(crate) title: &'static str,
    /// The word for one instance.
    pub(crate) one: &'static str,
    /// How an instance begins.
    pub(crate) begins: &'static str,
    /// Its title in an empty list.
    pub(crate) none: &'static str,
    /// The names of its outcomes.
    pub(crate) outcomes: &'static [&'static str],
    /// The effect of giving an instance up.
    pub(crate) giving_up: &'static str,
    /// What to do about an instance that needs attention while it goes on.
    pub(crate) attention: &'static str,
    /// Its timers: their names, and their labels here.
    pub(crate) timers: &'static [(&'static str, &'static str)],
    /// The instructions that an operator may send to a running instance.
    pub(crate) instructions: &'static [Instruction],
    /// Reads facts from its state, or from the event that began it.
    read_facts: fn(&Value) -> Vec<Fact>,
}

/// For process managers that never ask for attention.
const NO_ATTENTION: &str = "The process goes on meanwhile, and this clears once the reason is gone.";

static TRANSFERS: Manager = Manager {
    name: TransferMoney::NAME,
    path: "/transfers",
    title: "Transfers",
    one: "Transfer",
    begins: "A transfer appears here as soon as one is requested of Accounts.",
    none: "No transfers yet.",
    outcomes: &["completed", "returned", "failed"],
    giving_up: "the transfer ends here. Nothing is undone: money that was withdrawn and not deposited stays in flight, so \
                settle it first.",
    attention: NO_ATTENTION,
    timers: &[],
    instructions: &[],
    read_facts: facts::transfer,
};

static CONFIRMATIONS: Manager = Manager {
    name: ContractConfirmation::NAME,
    path: "/confirmations",
    title: "Confirmations",
    one: "Confirmation",
    begins: "The confirmation of a contract appears here as soon as Contracts has revoked it.",
    none: "No confirmations yet.",
    outcomes: &["confirmed", "reinstated", "terminated"],
    giving_up: "the confirmation ends here, and nobody is reminded of the contract any more. The contract stays as it is.",
    attention: "The process goes on meanwhile. Ask the customer to sign, extend the deadline, or terminate the contract.",
    timers: &[("remind", "Next reminder"), ("overdue", "Deadline")],
    instructions: &[
        Instruction {
            kind: "ExtendDeadline",
            button: "Extend the deadline",
            field: Some(Field { name: "by", label: "By", usual: "7d", check: period }),
            effect: None,
            done: "the deadline moves",
        },
        Instruction {
            kind: "RemindNow",
            button: "Remind now",
            field: None,
            effect: None,
            done: "the customer is reminded",
        },
        Instruction {
            kind: "Terminate",
            button: "Terminate the contract",
            field: None,
            effect: Some("The contract ends, and its confirmation with it. This cannot be taken back."),
            done: "the contract is being terminated",
        },
    ],
    read_facts: facts::confirmation,
};

static CREDIT_CHANGES: Manager = Manager {
    name: CreditChange::NAME,
    path: "/changes",
    title: "Credit changes",
    one: "Credit change",
    begins: "A credit change appears here as soon as a customer’s credit rating has changed.",
    none: "No credit changes yet.",
    outcomes: &["completed", "cancelled"],
    giving_up: "the credit change ends here, and nobody counts its contracts any more. Nothing is undone: contracts that \
                were revoked stay revoked.",
    attention: "No more contracts are revoked until the batch is resumed; those that were revoked go on. Once the reason is \
                gone, resume the batch or retry what failed. Otherwise cancel the change.",
    timers: &[("count", "Next count")],
    instructions: &[Instruction {
        kind: "Cancel",
        button: "Cancel the credit change",
        field: None,
        effect: Some(
            "Contracts that were revoked and are not confirmed are reinstated, and the credit change ends. This cannot be \
             taken back.",
        ),
        done: "the credit change is being cancelled",
    }],
    read_facts: facts::credit_change,
};

/// All process managers.
pub(crate) static MANAGERS: [&Manager; 3] = [&TRANSFERS, &CONFIRMATIONS, &CREDIT_CHANGES];

impl Manager {
    /// Returns the process manager with this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        MANAGERS.into_iter().find(|manager| manager.name == name)
    }

    /// Returns the address of the page of one instance.
    pub(crate) fn page_of(&self, id: &str) -> String {
        format!("{}/{}", self.path, encoded(id))
    }

    /// Returns the id of an instance's workflow.
    pub(crate) fn workflow_id(&self, id: &str) -> String {
        format!("{}-{id}", self.name)
    }

    /// Returns the instruction with this name.
    pub(crate) fn instruction(&self, kind: &str) -> Option<&'static Instruction> {
        self.instructions.iter().find(|instruction| instruction.kind == kind)
    }

    /// Returns the label of a timer, if it has one.
    pub(crate) fn timer(&self, name: &str) -> Option<&'static str> {
        self.timers.iter().find(|(timer, _)| *timer == name).map(|(_, words)| *words)
    }

    /// Reads facts from its state, or from the event that began it.
    pub(crate) fn facts(&self, value: &Value) -> Vec<Fact> {
        (self.read_facts)(value)
    }
}

impl PartialEq for Manager {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Manager {}

impl Hash for Manager {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.name.hash(hasher);
    }
}

/// Encodes an id as a part of an address: the library allows any text as id.
pub(crate) fn encoded(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

fn period(text: &str) -> Result<(), String> {
    text.parse::<Period>().map(|_| ()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_makes_an_address() {
        for (id, path) in [
            ("t-1", "/transfers/t-1"),
            ("a b/c?d#e", "/transfers/a%20b%2Fc%3Fd%23e"),
            ("+%é\"<", "/transfers/%2B%25%C3%A9%22%3C"),
        ] {
            assert_eq!(TRANSFERS.page_of(id), path);
        }
    }

    #[test]
    fn an_instruction_is_checked_before_it_is_sent() {
        let extend = CONFIRMATIONS.instruction("ExtendDeadline").unwrap();
        assert_eq!(extend.data("7d"), Ok(serde_json::json!({"by": "7d"})));
        assert!(extend.data("soon").unwrap_err().starts_with("By: it must be a time such as 7d"));
        assert_eq!(CONFIRMATIONS.instruction("RemindNow").unwrap().data("7d"), Ok(Value::Null));
        assert!(CONFIRMATIONS.instruction("CustomerContractRevoked").is_none());
        assert!(CREDIT_CHANGES.instruction("Cancel").unwrap().effect.is_some(), "it is asked once more");
        assert!(CREDIT_CHANGES.instruction("ContractsCounted").is_none());
    }
}
