//! Reports, with the Billing whose log it follows: totals, and documents of published reports.

use std::time::Duration;

use serde_json::{Value, json};

use super::reports::{MARKED, NOT_MARKED, UNMARKED, mark, unmark};
use crate::{
    http::{Http, Stop, excerpt, headers_of},
    rules::{PUBLISHED, REFUSAL_NOT_KEPT, TOTALS},
    session::{Command, Sent, Session},
};

/// Attempts until Reports has read an event of Billing.
const MOST_ATTEMPTS: u32 = 120;
const PAUSE: Duration = Duration::from_millis(250);

pub(crate) async fn walk(session: &mut Session, billing: Option<&Http>) -> Result<(), Stop> {
    let publish = Command::new("publish-report", json!({"customer_id": session.run}));
    let refused = session.send(&publish).await?;
    let why = match billing {
        None => "it needs --billing, the Billing that this Reports follows",
        Some(_) if refused.reply.is_no_route() => "it needs POST /commands/publish-report",
        Some(billing) => return with_billing(session, billing, refused).await,
    };
    for rule in [PUBLISHED, TOTALS, REFUSAL_NOT_KEPT] {
        session.verdicts.skip(rule, why);
    }
    Ok(())
}

/// Checks Reports together with Billing. `refused` is the publication of a report that does not exist yet.
async fn with_billing(session: &mut Session, billing: &Http, refused: Sent) -> Result<(), Stop> {
    session.refused(PUBLISHED, &refused, (404, "no-open-report"));
    let [first, second, late] = [session.id("document"), session.id("document"), session.id("document")];
    let process = session.id("process");
    session.record(TOTALS, &mark(session, &late, &process), 200, (MARKED, &late, Some(&process))).await?;
    for (document, amount) in [(&first, "10.00"), (&second, "20.00"), (&late, "40.00")] {
        issue(session, billing, document, amount).await?;
    }
    if !totals_are(session, 0, 3, "30.00").await? {
        return Ok(());
    }
    session.record(TOTALS, &mark(session, &first, &process), 200, (MARKED, &first, Some(&process))).await?;
    totals_are(session, 0, 3, "20.00").await?;

    let published = session.send_prepared(refused).await?;
    session.check(REFUSAL_NOT_KEPT, &published, published.reply.is_success(), "200, as there is a report by now");
    if !published.reply.is_success() {
        return Ok(());
    }
    let report = published.reply.body["report_id"].as_str().unwrap_or_default().to_owned();
    session.expect("ReportPublished", &report, None, &published);
    let command = mark(session, &second, &process);
    let refused = session.refuse(PUBLISHED, &command, (409, "report-published")).await?;
    if refused.reply.is_success() {
        session.tainted.insert(second);
    } else {
        session.expect(NOT_MARKED, &second, Some(&process), &refused);
    }
    // The document was left out of the published report, so it counts in the next one.
    let event = (UNMARKED, first.as_str(), Some(process.as_str()));
    session.record(TOTALS, &unmark(session, &first, &process), 200, event).await?;
    totals_are(session, 1, 1, "10.00").await?;
    Ok(())
}

async fn issue(session: &mut Session, billing: &Http, document: &str, amount: &str) -> Result<(), Stop> {
    let total = json!({"amount": amount, "currency": "EUR"});
    let body = json!({"document_id": document, "customer_id": session.run, "kind": "invoice", "total": total});
    let key = session.id("key");
    let request = billing.post("/documents", headers_of(&key, &session.run, None), body.to_string());
    let reply = billing.send(&request).await?;
    if reply.is_success() {
        Ok(())
    } else {
        Err(Stop(format!("Billing answered {} to {}", reply.shown(), request.curl())))
    }
}

/// Waits until the customer's open report, after this many published ones, has this many documents and this total.
async fn totals_are(session: &mut Session, published: usize, documents: usize, total: &str) -> Result<bool, Stop> {
    let path = format!("/reports?customer_id={}", session.run);
    for attempt in 1..=MOST_ATTEMPTS {
        let seen = session.get(TOTALS, &path).await?;
        let reports = seen.reply.body["items"].as_array().cloned().unwrap_or_default();
        let open = reports.iter().find(|report| report["status"] == "open");
        let has_all = |report: &Value| report["documents"].as_array().map(Vec::len) == Some(documents);
        let is_there = open.is_some_and(has_all) && reports.len() == published + 1;
        let is_total = open.is_some_and(|report| report["totals"] == json!([{"amount": total, "currency": "EUR"}]));
        if is_there && is_total {
            session.verdicts.kept(TOTALS);
            return Ok(true);
        }
        if is_there || attempt == MOST_ATTEMPTS {
            let expected = format!("an open report of {documents} documents, {total} EUR in total");
            session.broken(TOTALS, &seen.request, &expected, &excerpt(&seen.reply.body));
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(false)
}
