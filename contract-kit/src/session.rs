//! The running check of one service: it sends commands, and records what the log must contain because of them.

use std::collections::{BTreeMap, BTreeSet};

use process_manager_wire::Position;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Finding, Kind, Report, Rule,
    http::{Http, Reply, Request, Stop, excerpt, headers_of},
    report::{NOT_FINISHED, Verdicts},
    rules::{self, IDEMPOTENT, PROBLEM},
};

/// A command.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl Command {
    /// `POST /commands/<name>`
    pub(crate) fn new(name: &str, body: Value) -> Self {
        Self { path: format!("/commands/{name}"), body }
    }
}

/// A command that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) key: String,
    /// The `causationid` of its events.
    pub(crate) cause: String,
    pub(crate) request: Request,
    pub(crate) reply: Reply,
}

/// An event that the log must contain.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) kind: &'static str,
    pub(crate) subject: String,
    pub(crate) correlation: String,
    pub(crate) sent: Sent,
}

/// The check of one service.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) kind: Kind,
    pub(crate) http: Http,
    /// The prefix of each id and key of the kit.
    pub(crate) run: String,
    pub(crate) verdicts: Verdicts,
    /// The last position before the check.
    pub(crate) start: Position,
    pub(crate) expected: Vec<Expected>,
    /// Subjects with a finding; their events reveal nothing new.
    pub(crate) tainted: BTreeSet<String>,
    /// The log before a restart.
    pub(crate) story: Vec<Value>,
    /// Commands to repeat after a restart.
    pub(crate) replays: Vec<Sent>,
    ended: Option<String>,
    count: u32,
    /// Whether the last command had its own cause.
    has_cause: bool,
}

impl Session {
    pub(crate) fn new(kind: Kind, http: Http) -> Self {
        Self {
            kind,
            http,
            run: format!("contract-kit-{}", Uuid::now_v7().simple()),
            verdicts: Verdicts::default(),
            start: 0,
            expected: Vec::new(),
            tainted: BTreeSet::new(),
            story: Vec::new(),
            replays: Vec::new(),
            ended: None,
            count: 0,
            has_cause: false,
        }
    }

    /// Returns a new id of this run.
    pub(crate) fn id(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{}-{what}-{}", self.run, self.count)
    }

    /// Returns a request of a command with a new key, its key and its cause. Every second one has its own cause.
    pub(crate) fn prepare(&mut self, command: &Command) -> Sent {
        let key = self.id("key");
        self.has_cause = !self.has_cause;
        let cause = self.has_cause.then(|| self.id("cause"));
        self.request(command, key, cause)
    }

    /// Does the same as [`Session::prepare`], with this key and its own cause.
    pub(crate) fn prepare_as(&mut self, command: &Command, key: String) -> Sent {
        let cause = self.id("cause");
        self.request(command, key, Some(cause))
    }

    fn request(&self, command: &Command, key: String, own: Option<String>) -> Sent {
        let headers = headers_of(&key, &self.run, own.as_deref());
        let request = self.http.post(&command.path, headers, command.body.to_string());
        let cause = own.unwrap_or_else(|| key.clone());
        Sent { key, cause, request, reply: Reply { status: 0, content_type: String::new(), body: Value::Null } }
    }

    /// Sends a command once.
    pub(crate) async fn send(&mut self, command: &Command) -> Result<Sent, Stop> {
        let sent = self.prepare(command);
        self.send_prepared(sent).await
    }

    pub(crate) async fn send_prepared(&mut self, sent: Sent) -> Result<Sent, Stop> {
        let reply = self.http.send(&sent.request).await?;
        Ok(Sent { reply, ..sent })
    }

    /// Sends a command that must be accepted, then repeats it with its key.
    pub(crate) async fn accept(&mut self, rule: Rule, command: &Command, status: u16) -> Result<Sent, Stop> {
        let sent = self.send(command).await?;
        self.accepted(rule, sent, status).await
    }

    /// Does the same as [`Session::accept`], for a command that has been sent.
    pub(crate) async fn accepted(&mut self, rule: Rule, sent: Sent, status: u16) -> Result<Sent, Stop> {
        if sent.reply.is_worth_a_retry() {
            return Err(Stop(format!("{} is the answer to {}", sent.reply.shown(), sent.request.curl())));
        }
        if !sent.reply.is_success() {
            self.broken(rule, &sent.request, &status.to_string(), &sent.reply.shown());
            return Err(Stop(format!("the rest depends on a command that was refused (see {})", rule.id())));
        }
        let is_as_expected = sent.reply.status == status;
        self.check(rule, &sent, is_as_expected, &status.to_string());
        let again = self.http.send(&sent.request).await?;
        let is_same = again.status == sent.reply.status && again.body == sent.reply.body;
        let expected = format!("the answer of the first time, {}", sent.reply.shown());
        if is_same {
            self.verdicts.kept(IDEMPOTENT);
        } else {
            self.broken_by(IDEMPOTENT, &[&sent.request, &sent.request], &expected, &again.shown());
        }
        Ok(sent)
    }

    /// Does the same as [`Session::accept`], for a command with an event.
    pub(crate) async fn record(
        &mut self,
        rule: Rule,
        command: &Command,
        status: u16,
        (kind, subject, correlation): (&'static str, &str, Option<&str>),
    ) -> Result<Sent, Stop> {
        let sent = self.accept(rule, command, status).await?;
        self.expect(kind, subject, correlation, &sent);
        Ok(sent)
    }

    /// Records that the log must contain an event. Without a process, the header sets its correlation id.
    pub(crate) fn expect(&mut self, kind: &'static str, subject: &str, process: Option<&str>, sent: &Sent) {
        let correlation = process.unwrap_or(&self.run).to_owned();
        self.expected.push(Expected { kind, subject: subject.to_owned(), correlation, sent: sent.clone() });
    }

    /// Sends a command that must be refused.
    pub(crate) async fn refuse(
        &mut self,
        rule: Rule,
        command: &Command,
        (status, code): (u16, &str),
    ) -> Result<Sent, Stop> {
        let sent = self.send(command).await?;
        self.refused(rule, &sent, (status, code));
        Ok(sent)
    }

    /// Checks a refusal.
    pub(crate) fn refused(&mut self, rule: Rule, sent: &Sent, (status, code): (u16, &str)) {
        let reply = &sent.reply;
        if matches!(reply.status, 404 | 409 | 422) && !reply.is_problem() {
            let came = format!("{} as {:?}", reply.shown(), reply.content_type);
            self.broken(PROBLEM, &sent.request, "application/problem+json with a code", &came);
            return;
        }
        self.verdicts.kept(PROBLEM);
        let is_as_expected = (reply.status, reply.code()) == (status, code);
        self.check(rule, sent, is_as_expected, &format!("{status} {code}"));
    }

    /// Checks a part of an answer.
    pub(crate) fn check(&mut self, rule: Rule, sent: &Sent, holds: bool, expected: &str) {
        if holds {
            self.verdicts.kept(rule);
        } else {
            self.broken(rule, &sent.request, expected, &sent.reply.shown());
        }
    }

    /// Checks fields of an answer's body; null stands for an absent field.
    pub(crate) fn check_fields(&mut self, rule: Rule, sent: &Sent, fields: &Value) {
        let body = &sent.reply.body;
        let Some(fields) = fields.as_object() else { return };
        let holds = fields.iter().all(|(name, value)| body[name] == *value);
        let expected = format!("the fields {}", excerpt(&Value::Object(fields.clone())));
        self.check(rule, sent, holds, &expected);
    }

    /// GETs a resource that must exist.
    pub(crate) async fn get(&mut self, rule: Rule, path: &str) -> Result<Sent, Stop> {
        let request = self.http.get(path);
        let reply = self.http.send(&request).await?;
        let sent = Sent { key: String::new(), cause: String::new(), request, reply };
        self.check(rule, &sent, sent.reply.status == 200, "200");
        Ok(sent)
    }

    pub(crate) fn broken(&mut self, rule: Rule, request: &Request, expected: &str, got: &str) {
        self.broken_by(rule, &[request], expected, got);
    }

    /// Does the same as [`Session::broken`], if it takes several requests to show it.
    pub(crate) fn broken_by(&mut self, rule: Rule, requests: &[&Request], expected: &str, got: &str) {
        let sent = requests.iter().map(|request| request.curl()).collect();
        self.verdicts.broken(rule, Finding { sent, expected: expected.to_owned(), got: got.to_owned() });
    }

    /// Records that a part of the check, with these rules, has ended.
    pub(crate) fn ended(&mut self, part: Result<(), Stop>, is_of_part: fn(Rule) -> bool) {
        let Err(Stop(why)) = part else { return };
        for rule in rules::ALL.iter().filter(|rule| rule.is_for(self.kind) && is_of_part(**rule)) {
            self.verdicts.cut(*rule, NOT_FINISHED);
        }
        self.ended.get_or_insert(why);
    }

    /// Returns whether the first half of the check has read the log.
    pub(crate) fn has_story(&self) -> bool {
        !self.story.is_empty()
    }

    pub(crate) fn skip_restart(&mut self, why: &str) {
        self.verdicts.skip(rules::RESTART_LOG, why);
        self.verdicts.skip(rules::RESTART_KEYS, why);
    }

    pub(crate) fn into_report(mut self) -> Report {
        let why = if self.ended.is_some() { NOT_FINISHED } else { "it depends on a rule that is broken" };
        for rule in rules::ALL.iter().filter(|rule| rule.is_for(self.kind)) {
            self.verdicts.skip(*rule, why);
        }
        let verdicts: BTreeMap<_, _> = self.verdicts.into_map();
        Report { kind: self.kind, url: self.http.address(), run: self.run, ended: self.ended, verdicts }
    }
}
