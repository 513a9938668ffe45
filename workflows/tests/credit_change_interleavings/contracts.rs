//! Contracts, written from the design's table alone: what each command does to a contract, and the log of what
//! happened.

use chrono::{DateTime, Utc};
use messages::{
    CustomerId, Position, code,
    contracts::{
        Command, ContractCounts, ContractEvent, CreditRating, CustomerCreditRatingChanged, CustomerReminded, Event,
    },
};
use process_manager::{CloudEvent, manager::Refusal};
use serde_json::Value;

pub(crate) const CUSTOMER: &str = "C";
/// Number of contracts in a page of a list.
const PAGE: usize = 2;

pub(crate) fn customer() -> CustomerId {
    CUSTOMER.parse().unwrap()
}

/// Returns the number in an id such as `K-1`.
pub(crate) fn number(id: impl ToString) -> usize {
    id.to_string()[2..].parse().unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Pending,
    Signed,
    Terminated,
}

/// A contract. Its number is its index in the list of all contracts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contract {
    pub(crate) status: Status,
    pub(crate) opened: Position,
    /// The change that touched it last.
    pub(crate) change: Option<usize>,
    /// The newest change that has touched it, or was taken back before it could.
    pub(crate) touched: Option<usize>,
    /// Whether it has been confirmed since its last revocation.
    pub(crate) is_confirmed: bool,
}

impl Contract {
    pub(crate) fn is_awaited(&self) -> bool {
        matches!(self.status, Status::Pending | Status::Signed)
    }
}

/// The service, with the contracts of one customer.
#[derive(Debug, Default)]
pub(crate) struct Contracts {
    pub(crate) all: Vec<Contract>,
    /// The positions of the rating changes. A change's number is its index here.
    pub(crate) changes: Vec<Position>,
    pub(crate) log: Vec<CloudEvent>,
    /// Commands that a worker sent before it was declared dead. They arrive at some time, or never.
    pub(crate) late: Vec<Command>,
}

type Answer = Result<(), Refusal>;

fn refused(code: &str) -> Answer {
    Err(Refusal { code: code.to_owned(), detail: String::new() })
}

impl Contracts {
    pub(crate) fn open(&mut self, now: DateTime<Utc>) {
        let opened = self.log.len() as Position + 1;
        self.all.push(Contract { status: Status::Active, opened, change: None, touched: None, is_confirmed: false });
        self.tell(self.all.len() - 1, Event::ContractOpened, now);
    }

    pub(crate) fn change_rating(&mut self, now: DateTime<Utc>) {
        let number = self.changes.len();
        let ratings = [CreditRating::A, CreditRating::B];
        let event = Event::CustomerCreditRatingChanged(CustomerCreditRatingChanged {
            customer_id: customer(),
            credit_change_id: format!("X-{number}").parse().unwrap(),
            credit_rating: ratings[number % 2],
            previous_credit_rating: ratings[(number + 1) % 2],
        });
        let position = self.append(&event, now);
        self.changes.push(position);
    }

    pub(crate) fn revoke(&mut self, contract: usize, change: usize, now: DateTime<Utc>) -> Answer {
        let it = &mut self.all[contract];
        if it.opened > self.changes[change] {
            return refused(code::CONTRACT_NOT_AFFECTED);
        }
        match it.status {
            Status::Terminated => return refused(code::CONTRACT_TERMINATED),
            _ if it.touched >= Some(change) => return Ok(()),
            _ => it.touched = Some(change),
        }
        match it.status {
            Status::Pending => it.change = Some(change),
            _ => {
                (it.status, it.change, it.is_confirmed) = (Status::Pending, Some(change), false);
                self.tell(contract, Event::CustomerContractRevoked, now);
            }
        }
        Ok(())
    }

    pub(crate) fn reinstate(&mut self, contract: usize, change: usize, now: DateTime<Utc>) {
        let it = &mut self.all[contract];
        if it.opened < self.changes[change] {
            it.touched = it.touched.max(Some(change));
        }
        if it.is_awaited() && it.change == Some(change) {
            it.status = Status::Active;
            self.tell(contract, Event::ContractReinstated, now);
        }
    }

    /// Lets one of the late commands arrive. Nobody receives its answer.
    pub(crate) fn land(&mut self, which: usize, now: DateTime<Utc>) -> bool {
        if self.late.is_empty() {
            return false;
        }
        let which = which % self.late.len();
        match self.late.swap_remove(which) {
            Command::RevokeCustomerContract(it) => {
                let _ = self.revoke(number(&it.contract_id), number(&it.credit_change_id), now);
            }
            Command::ReinstateContract(it) => {
                self.reinstate(number(&it.contract_id), number(&it.credit_change_id), now)
            }
            other => panic!("{other:?} is no command of a batch"),
        }
        true
    }

    pub(crate) fn remind(&mut self, contract: usize, change: usize, reminder: u32, now: DateTime<Utc>) -> Answer {
        let it = &self.all[contract];
        if !it.is_awaited() || it.touched < Some(change) {
            return refused(code::CONTRACT_NOT_PENDING);
        }
        let (contract_id, credit_change_id) = (id_of(contract), format!("X-{change}").parse().unwrap());
        let reminded = CustomerReminded { contract_id, customer_id: customer(), credit_change_id, reminder };
        self.append(&Event::CustomerReminded(reminded), now);
        Ok(())
    }

    pub(crate) fn sign(&mut self, contract: usize, now: DateTime<Utc>) {
        if self.all[contract].status == Status::Pending {
            self.all[contract].status = Status::Signed;
            self.tell(contract, Event::ContractSigned, now);
        }
    }

    pub(crate) fn reconfirm(&mut self, contract: usize, now: DateTime<Utc>) {
        let it = &mut self.all[contract];
        if it.status == Status::Signed {
            (it.status, it.is_confirmed) = (Status::Active, true);
            self.tell(contract, Event::CustomerContractReconfirmed, now);
        }
    }

    pub(crate) fn terminate(&mut self, contract: usize, now: DateTime<Utc>) {
        if self.all[contract].status != Status::Terminated {
            self.all[contract].status = Status::Terminated;
            self.tell(contract, Event::ContractTerminated, now);
        }
    }

    /// Returns the contracts that were opened up to a position, newest first, from a position downwards; and where the
    /// next page begins.
    pub(crate) fn page(&self, opened_up_to: Position, below: Option<Position>) -> (Vec<usize>, Option<Position>) {
        let is_listed = |opened| opened <= opened_up_to && below.is_none_or(|below| opened < below);
        let mut listed: Vec<_> = (0..self.all.len()).rev().filter(|it| is_listed(self.all[*it].opened)).collect();
        let has_more = listed.len() > PAGE;
        listed.truncate(PAGE);
        (listed.clone(), listed.last().filter(|_| has_more).map(|last| self.all[*last].opened))
    }

    pub(crate) fn count(&self, change: usize) -> ContractCounts {
        let mut counts = ContractCounts::default();
        for it in self.all.iter().filter(|it| it.change == Some(change)) {
            *match it.status {
                Status::Pending => &mut counts.pending,
                Status::Signed => &mut counts.signed,
                Status::Terminated => &mut counts.terminated,
                Status::Active if it.is_confirmed => &mut counts.confirmed,
                Status::Active => &mut counts.reinstated,
            } += 1;
        }
        counts
    }

    fn tell(&mut self, contract: usize, event: fn(ContractEvent) -> Event, now: DateTime<Utc>) {
        let change = self.all[contract].change;
        let credit_change_id = change.map(|change| format!("X-{change}").parse().unwrap());
        self.append(
            &event(ContractEvent { contract_id: id_of(contract), customer_id: customer(), credit_change_id }),
            now,
        );
    }

    fn append(&mut self, event: &Event, now: DateTime<Utc>) -> Position {
        let position = self.log.len() as Position + 1;
        let Value::Object(mut tagged) = serde_json::to_value(event).unwrap() else { panic!("{event:?} has no tag") };
        let Some(Value::String(kind)) = tagged.remove("type") else { panic!("{event:?} has no type") };
        self.log.push(CloudEvent {
            specversion: "1.0".to_owned(),
            id: format!("event-{position}"),
            source: "/contracts".to_owned(),
            kind,
            subject: CUSTOMER.to_owned(),
            time: now,
            datacontenttype: "application/json".to_owned(),
            sequence: position,
            correlationid: "correlation".to_owned(),
            causationid: "causation".to_owned(),
            logid: "contracts".to_owned(),
            data: tagged.remove("data").unwrap(),
        });
        position
    }
}

pub(crate) fn id_of(contract: usize) -> messages::ContractId {
    format!("K-{contract}").parse().unwrap()
}
