//! The rules of commands that each service has to keep: keys, refusals, bodies.

use futures::future::join_all;
use messages::code;
use serde_json::{Value, json};

use crate::{
    Kind,
    http::{FEW_ATTEMPTS, Reply, Stop},
    rules::{AT_ONCE, BAD_BODY, IDEMPOTENT, KEY_REUSED, LONG_KEY, UNAVAILABLE, UNKNOWN_FIELDS, UNKNOWN_ROUTE},
    session::{Command, Sent, Session},
};

/// Number of simultaneous repetitions.
const AT_ONE_TIME: usize = 5;
/// Number of characters of the longest key.
const LONGEST: usize = 255;

/// A command that takes effect again with every new key, as far as the service has one.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) command: Command,
    event: &'static str,
    /// The field of the answer that contains the subject of its event.
    subject: &'static str,
    process: Option<String>,
}

impl Sample {
    pub(crate) fn new(session: &mut Session) -> Self {
        let total = json!({"amount": "1.00", "currency": "EUR"});
        let run = session.run.clone();
        match session.kind {
            Kind::Billing => {
                let body = json!({"customer_id": run, "kind": "invoice", "total": total});
                let command = Command { path: "/documents".to_owned(), body };
                Self { command, event: "DocumentIssued", subject: "document_id", process: None }
            }
            Kind::Reports => {
                let (document, process) = (session.id("document"), session.id("process"));
                let body = json!({"document_id": document, "customer_id": run, "process_id": process});
                let command = Command::new("mark-document-as-voided", body);
                let event = "MarkingDocumentAsVoidedSucceeded";
                Self { command, event, subject: "document_id", process: Some(process) }
            }
            Kind::Accounts => {
                let command = Command::new("open-account", json!({"owner": run, "initial_balance": total}));
                Self { command, event: "AccountOpened", subject: "account_id", process: None }
            }
            Kind::Contracts => {
                let command = Command::new("register-customer", json!({"credit_rating": "A"}));
                Self { command, event: "CustomerRegistered", subject: "customer_id", process: None }
            }
        }
    }

    /// Returns the subject of its event, from its answer.
    pub(crate) fn subject_of(&self, sent: &Sent) -> String {
        sent.reply.body[self.subject].as_str().unwrap_or_default().to_owned()
    }

    /// Records that the log must contain its event.
    pub(crate) fn expect(&self, session: &mut Session, sent: &Sent) {
        if sent.reply.is_success() {
            let subject = self.subject_of(sent);
            session.expect(self.event, &subject, self.process.as_deref(), sent);
        }
    }

    /// Returns the same command with another body.
    fn another_body(&self, kind: Kind) -> Command {
        let mut command = self.command.clone();
        match kind {
            Kind::Billing => command.body["total"]["amount"] = json!("2.00"),
            Kind::Reports => {
                command.body["process_id"] = json!(format!("{}-2", self.process.as_deref().unwrap_or("p")))
            }
            Kind::Accounts => command.body["initial_balance"]["amount"] = json!("2.00"),
            Kind::Contracts => command.body["credit_rating"] = json!("B"),
        }
        command
    }

    /// Returns another command about the subject of this one.
    fn another_command(&self, kind: Kind, subject: &str) -> Command {
        match kind {
            Kind::Billing => Command::new("void-document", json!({"document_id": subject})),
            Kind::Reports => Command::new("unmark-document-as-voided", self.command.body.clone()),
            Kind::Accounts => Command::new("close-account", json!({"account_id": subject})),
            Kind::Contracts => Command::new("open-contract", json!({"customer_id": subject})),
        }
    }
}

pub(crate) async fn check(session: &mut Session) -> Result<(), Stop> {
    reused(session).await?;
    at_one_time(session).await?;
    long_keys(session).await?;
    bodies(session).await?;
    unknown_route(session).await?;
    session.verdicts.skip(UNAVAILABLE, "it cannot be brought about from outside");
    Ok(())
}

async fn reused(session: &mut Session) -> Result<(), Stop> {
    let sample = Sample::new(session);
    let status = if session.kind == Kind::Reports { 200 } else { 201 };
    let sent = session.send(&sample.command).await?;
    if sent.reply.is_no_route() {
        let (kind, came, request) = (session.kind, sent.reply.shown(), sent.request.curl());
        return Err(Stop(format!("is this the address of {kind}? It answered {came} to {request}")));
    }
    let first = session.accepted(IDEMPOTENT, sent, status).await?;
    sample.expect(session, &first);
    session.replays.push(first.clone());
    let subject = sample.subject_of(&first);
    for other in [sample.another_body(session.kind), sample.another_command(session.kind, &subject)] {
        let prepared = session.prepare_as(&other, first.key.clone());
        let sent = session.send_prepared(prepared).await?;
        if sent.reply.is_success() {
            session.tainted.insert(subject.clone());
        }
        session.refused(KEY_REUSED, &sent, (422, code::IDEMPOTENCY_KEY_REUSED));
    }
    Ok(())
}

async fn at_one_time(session: &mut Session) -> Result<(), Stop> {
    let sample = Sample::new(session);
    let sent = session.prepare(&sample.command);
    let (http, request) = (session.http.clone(), sent.request.clone());
    let replies = join_all((0..AT_ONE_TIME).map(|_| http.send(&request))).await;
    let replies: Vec<Reply> = replies.into_iter().collect::<Result<_, _>>()?;
    let Some(first) = replies.first() else { return Ok(()) };
    let other = replies.iter().find(|reply| (reply.status, &reply.body) != (first.status, &first.body));
    match other.or(Some(first).filter(|reply| !reply.is_success())) {
        None => session.verdicts.kept(AT_ONCE),
        Some(other) => {
            let expected = format!("one answer to {AT_ONE_TIME} requests at one time, {}", first.shown());
            session.broken(AT_ONCE, &request, &expected, &other.shown());
        }
    }
    let sent = Sent { reply: first.clone(), ..sent };
    sample.expect(session, &sent);
    Ok(())
}

async fn long_keys(session: &mut Session) -> Result<(), Stop> {
    let filled = format!("{}/%2F~{}", session.run, "x".repeat(LONGEST));
    let start: String = filled.chars().take(LONGEST - 1).collect();
    let mut replies: Vec<Reply> = Vec::new();
    for last in ["a", "b", "A"] {
        let sample = Sample::new(session);
        let prepared = session.prepare_as(&sample.command, format!("{start}{last}"));
        let sent = session.send_prepared(prepared).await?;
        let is_new = replies.iter().all(|earlier| earlier.body != sent.reply.body);
        let expected =
            "a success of its own: the key has 255 characters, and its last one differs from that of each other key";
        session.check(LONG_KEY, &sent, sent.reply.is_success() && is_new, expected);
        if is_new {
            sample.expect(session, &sent);
        }
        replies.push(sent.reply);
    }
    let sample = Sample::new(session);
    let prepared = session.prepare_as(&sample.command, format!("{start}ab"));
    let sent = session.send_prepared(prepared).await?;
    let is_refused = sent.reply.status == 400 && sent.reply.code() == code::INVALID_HEADER;
    session.check(LONG_KEY, &sent, is_refused, "400 invalid-header, as the key has 256 characters");
    Ok(())
}

async fn bodies(session: &mut Session) -> Result<(), Stop> {
    let mut sample = Sample::new(session);
    sample.command.body["contract_kit"] = json!({"unknown": [true]});
    let sent = session.send(&sample.command).await?;
    session.check(UNKNOWN_FIELDS, &sent, sent.reply.is_success(), "a success: unknown fields are ignored");
    sample.expect(session, &sent);
    for body in ["{}", "[]", "no JSON"] {
        let mut prepared = session.prepare(&Command { path: sample.command.path.clone(), body: Value::Null });
        prepared.request.body = Some(body.to_owned());
        let expected = "400 or 422 as a problem with a code";
        match session.http.send_within(&prepared.request, FEW_ATTEMPTS).await {
            Ok(reply) => {
                let is_named = matches!(reply.status, 400 | 422) && reply.is_problem();
                session.check(BAD_BODY, &Sent { reply, ..prepared }, is_named, expected);
            }
            Err(Stop(why)) => {
                // The body is to blame if the service answers something else.
                session.page(session.start, 1).await?;
                session.broken(BAD_BODY, &prepared.request, expected, &why);
            }
        }
    }
    Ok(())
}

async fn unknown_route(session: &mut Session) -> Result<(), Stop> {
    let sent = session.send(&Command::new("contract-kit-knows-no-such-command", json!({}))).await?;
    let is_fault = !sent.reply.is_success() && !sent.reply.is_refusal();
    session.check(UNKNOWN_ROUTE, &sent, is_fault, "404 not-found, or no code: else a process takes it for a refusal");
    Ok(())
}
