//! Accounts: five transfers, each with another end, and the refusals of what does not fit.

use messages::{Money, accounts::Account};
use serde_json::{Value, json};

use crate::{
    Rule,
    http::Stop,
    rules::{REFUSAL_NOT_KEPT, SUM, TRANSFER_REFUSALS, TRANSFER_TABLE},
    session::{Command, Sent, Session},
};

/// A transfer of 1.00 EUR between accounts of the kit.
struct Transfer {
    id: String,
    from: String,
    to: String,
}

impl Transfer {
    async fn request(session: &mut Session, from: &str, to: &str) -> Result<Self, Stop> {
        let transfer = Self { id: session.id("transfer"), from: from.to_owned(), to: to.to_owned() };
        let command = transfer.command(&eur("1.00"));
        let event = ("MoneyTransferRequested", transfer.id.as_str(), Some(transfer.id.as_str()));
        session.record(TRANSFER_TABLE, &command, 202, event).await?;
        Ok(transfer)
    }

    fn command(&self, amount: &Value) -> Command {
        let body = json!({"transfer_id": self.id, "from": self.from, "to": self.to, "amount": amount});
        Command::new("request-money-transfer", body)
    }

    /// Returns a step. `name` is withdraw, deposit, refund or fail.
    fn step(&self, name: &str) -> Command {
        let body = |account: &str| json!({"transfer_id": self.id, "account_id": account, "amount": eur("1.00")});
        let deposit = |account: &str, purpose: &str| {
            let mut body = body(account);
            body["purpose"] = json!(purpose);
            Command::new("deposit-money", body)
        };
        match name {
            "withdraw" => Command::new("withdraw-money", body(&self.from)),
            "deposit" => deposit(&self.to, "transfer"),
            "refund" => deposit(&self.from, "refund"),
            _ => Command::new("fail-money-transfer", json!({"transfer_id": self.id, "reason": "contract-kit"})),
        }
    }

    /// Sends a step that takes effect.
    async fn takes(&self, session: &mut Session, name: &str) -> Result<(), Stop> {
        let (kind, subject) = match name {
            "withdraw" => ("MoneyWithdrawn", &self.from),
            "deposit" => ("MoneyDeposited", &self.to),
            "refund" => ("MoneyDeposited", &self.from),
            _ => ("MoneyTransferFailed", &self.id),
        };
        let command = self.step(name);
        session.record(TRANSFER_TABLE, &command, 200, (kind, subject, Some(&self.id))).await?;
        Ok(())
    }

    /// Checks a line of the table. An empty code stands for 200 without effect.
    async fn line(&self, session: &mut Session, answers: [(&str, &str); 4]) -> Result<(), Stop> {
        for (name, code) in answers {
            match code {
                "takes effect" => (),
                "" => drop(session.accept(TRANSFER_TABLE, &self.step(name), 200).await?),
                code => drop(session.refuse(TRANSFER_TABLE, &self.step(name), (409, code)).await?),
            }
        }
        Ok(())
    }
}

pub(crate) async fn walk(session: &mut Session) -> Result<(), Stop> {
    let late = session.id("account");
    let close = Command::new("close-account", json!({"account_id": late}));
    let refused = session.refuse(TRANSFER_REFUSALS, &close, (404, "account-not-found")).await?;
    open(session, &late, "5.00").await?;
    let (from, to) = (session.id("account"), session.id("account"));
    open(session, &from, "5.00").await?;
    open(session, &to, "0.00").await?;
    table(session, &from, &to).await?;
    refusals(session, &from, &to).await?;
    closed(session, refused, &late, &from).await?;
    sum(session, &[&late, &from, &to], 1_000).await
}

fn eur(amount: &str) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

async fn open(session: &mut Session, account: &str, balance: &str) -> Result<(), Stop> {
    let command = Command::new("open-account", json!({"account_id": account, "initial_balance": eur(balance)}));
    session.record(TRANSFER_TABLE, &command, 201, ("AccountOpened", account, None)).await?;
    Ok(())
}

async fn table(session: &mut Session, from: &str, to: &str) -> Result<(), Stop> {
    const WAITS: &str = "takes effect";
    let withdrawn = [("withdraw", ""), ("deposit", WAITS), ("refund", WAITS), ("fail", "already-withdrawn")];
    let not_withdrawn =
        [("withdraw", WAITS), ("deposit", "not-withdrawn"), ("refund", "not-withdrawn"), ("fail", WAITS)];

    let completed = Transfer::request(session, from, to).await?;
    completed.line(session, not_withdrawn).await?;
    completed.takes(session, "withdraw").await?;
    completed.line(session, withdrawn).await?;
    completed.takes(session, "deposit").await?;
    let line = [("withdraw", ""), ("deposit", ""), ("refund", "already-settled"), ("fail", "already-withdrawn")];
    completed.line(session, line).await?;

    let returned = Transfer::request(session, from, to).await?;
    returned.takes(session, "withdraw").await?;
    returned.takes(session, "refund").await?;
    let line = [("withdraw", ""), ("deposit", "already-settled"), ("refund", ""), ("fail", "already-withdrawn")];
    returned.line(session, line).await?;

    let failed = Transfer::request(session, from, to).await?;
    failed.takes(session, "fail").await?;
    let line =
        [("withdraw", "transfer-failed"), ("deposit", "not-withdrawn"), ("refund", "not-withdrawn"), ("fail", "")];
    failed.line(session, line).await
}

async fn refusals(session: &mut Session, from: &str, to: &str) -> Result<(), Stop> {
    const RULE: Rule = TRANSFER_REFUSALS;
    let unknown = Transfer { id: session.id("transfer"), from: from.to_owned(), to: session.id("account") };
    session.refuse(RULE, &unknown.command(&eur("1.00")), (404, "account-not-found")).await?;
    for name in ["withdraw", "deposit", "fail"] {
        session.refuse(RULE, &unknown.step(name), (404, "transfer-not-found")).await?;
    }
    // The request does not check the balance.
    let poor = Transfer { id: session.id("transfer"), from: from.to_owned(), to: to.to_owned() };
    let event = ("MoneyTransferRequested", poor.id.as_str(), Some(poor.id.as_str()));
    session.record(RULE, &poor.command(&eur("1000000.00")), 202, event).await?;
    session.refuse(RULE, &poor.command(&eur("2.00")), (409, "transfer-exists")).await?;
    session.refuse(RULE, &poor.step("withdraw"), (409, "transfer-mismatch")).await?;
    let withdraw = |currency: &str| {
        let amount = json!({"amount": "1000000.00", "currency": currency});
        let body = json!({"transfer_id": poor.id, "account_id": from, "amount": amount});
        Command::new("withdraw-money", body)
    };
    session.refuse(RULE, &withdraw("USD"), (422, "currency-mismatch")).await?;
    session.refuse(RULE, &withdraw("EUR"), (409, "insufficient-funds")).await?;
    let mut none = poor.step("withdraw");
    none.body["amount"] = eur("0.00");
    session.refuse(RULE, &none, (422, "invalid-body")).await?;
    Ok(())
}

/// Closes an account by the command that was refused before the account existed. It then accepts nothing but a refund.
async fn closed(session: &mut Session, refused: Sent, account: &str, other: &str) -> Result<(), Stop> {
    let out = Transfer::request(session, account, other).await?;
    out.takes(session, "withdraw").await?;
    let incoming = Transfer::request(session, other, account).await?;
    incoming.takes(session, "withdraw").await?;
    let closed = session.send_prepared(refused).await?;
    session.check(REFUSAL_NOT_KEPT, &closed, closed.reply.is_success(), "200, as the account is there by now");
    if !closed.reply.is_success() {
        return Ok(());
    }
    session.expect("AccountClosed", account, None, &closed);
    session.refuse(TRANSFER_REFUSALS, &incoming.step("deposit"), (409, "account-closed")).await?;
    incoming.takes(session, "refund").await?;
    out.takes(session, "refund").await
}

/// Checks the sum once nothing is in flight any more.
async fn sum(session: &mut Session, accounts: &[&str], cents: i64) -> Result<(), Stop> {
    let (mut sum, mut last) = (0, None);
    for account in accounts {
        let seen = session.get(SUM, &format!("/accounts/{account}")).await?;
        let balance = serde_json::from_value::<Account>(seen.reply.body.clone()).map(|account| account.balance);
        sum += balance.as_ref().map_or(0, |Money { minor, .. }| *minor);
        last = Some(seen);
    }
    if let Some(last) = last {
        session.check(SUM, &last, sum == cents, &format!("balances of {cents} cents altogether; they are {sum}"));
    }
    Ok(())
}
