//! Reads the log page by page, and checks each page on its own.

use process_manager_wire::{EVENTS_MEDIA_TYPE, Position};
use serde_json::Value;

use crate::{
    Kind,
    http::{FEW_ATTEMPTS, Reply, Request, Stop},
    rules::{AFTER, CLOUD_EVENTS, LIMIT, POSITIONS},
    session::Session,
};

/// Number of events on a page that the kit reads.
pub(crate) const PAGE: usize = 100;

/// An event of the log, as received.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) position: Position,
    pub(crate) event: Value,
}

impl Entry {
    pub(crate) fn text(&self, field: &str) -> &str {
        self.event[field].as_str().unwrap_or_default()
    }
}

impl Session {
    /// Finds the start of the check: after the last existing event.
    pub(crate) async fn begin(&mut self) -> Result<(), Stop> {
        self.is_the_service().await?;
        let mut high: Position = 1;
        while self.has_events_after(high).await? {
            high = high.saturating_mul(2);
        }
        // The last position is in low..=high.
        let mut low = high / 2;
        while low < high {
            let middle = low + (high - low) / 2;
            if self.has_events_after(middle).await? { low = middle + 1 } else { high = middle }
        }
        self.start = low;
        Ok(())
    }

    /// Checks that the address belongs to such a service.
    async fn is_the_service(&self) -> Result<(), Stop> {
        let (kind, request) = (self.kind, self.http.get("/events?limit=1"));
        let reply = self.http.send_within(&request, FEW_ATTEMPTS).await?;
        let Some(events) = reply.body.as_array().filter(|_| reply.status == 200) else {
            let (came, request) = (reply.shown(), request.curl());
            return Err(Stop(format!("is this the address of {kind}? It answered {came} to {request}")));
        };
        let source = events.first().and_then(|event| event["source"].as_str());
        match Kind::ALL.into_iter().find(|other| *other != kind && Some(other.source()) == source) {
            Some(other) => {
                let address = self.http.address();
                Err(Stop(format!("{address} is {other}, not {kind}: the source of its events is {}", other.source())))
            }
            None => Ok(()),
        }
    }

    async fn has_events_after(&mut self, position: Position) -> Result<bool, Stop> {
        Ok(!self.page(position, 1).await?.is_empty())
    }

    /// Reads the events after a position.
    pub(crate) async fn page(&mut self, after: Position, limit: usize) -> Result<Vec<Entry>, Stop> {
        let request = self.http.get(&format!("/events?after={after}&limit={limit}"));
        let reply = self.http.send(&request).await?;
        self.read_page(&request, &reply, after, limit)
    }

    /// Reads an answer of `GET /events`.
    pub(crate) fn read_page(
        &mut self,
        request: &Request,
        reply: &Reply,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, Stop> {
        let media_type = reply.content_type.split(';').next().unwrap_or_default().trim();
        let (200, Some(events), EVENTS_MEDIA_TYPE) = (reply.status, reply.body.as_array(), media_type) else {
            let came = format!("{} as {:?}", reply.shown(), reply.content_type);
            self.broken(CLOUD_EVENTS, request, &format!("200 and a batch as {EVENTS_MEDIA_TYPE}"), &came);
            return match reply.body.as_array().filter(|_| reply.status == 200) {
                Some(events) => Ok(self.in_order(request, events, after)),
                None => Err(Stop("its log cannot be read".to_owned())),
            };
        };
        if events.len() > limit {
            self.broken(LIMIT, request, &format!("at most {limit} events"), &format!("{} events", events.len()));
        } else {
            self.verdicts.kept(LIMIT);
        }
        Ok(self.in_order(request, events, after))
    }

    /// Checks that the positions of a page rise from `after` on. Returns its events as if they did.
    fn in_order(&mut self, request: &Request, events: &[Value], after: Position) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for event in events {
            let Some(position) = position(event) else {
                let expected = "a sequence that is a decimal number from 1, as a string";
                self.broken(CLOUD_EVENTS, request, expected, &event["sequence"].to_string());
                continue;
            };
            let last = entries.last().map_or(after, |entry| entry.position);
            if position <= after {
                self.broken(AFTER, request, &format!("positions above {after}"), &format!("position {position}"));
                continue;
            }
            if position <= last {
                self.broken(POSITIONS, request, "positions that rise", &format!("{position} after {last}"));
            }
            entries.push(Entry { position, event: event.clone() });
        }
        entries.sort_by_key(|entry| entry.position);
        entries.dedup_by_key(|entry| entry.position);
        entries
    }

    /// Reads all events after a position.
    pub(crate) async fn read_from(&mut self, after: Position) -> Result<Vec<Entry>, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let at = entries.last().map_or(after, |entry| entry.position);
            let page = self.page(at, PAGE).await?;
            if page.is_empty() {
                return Ok(entries);
            }
            entries.extend(page);
        }
    }
}

fn position(event: &Value) -> Option<Position> {
    let text = event["sequence"].as_str()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|position| is_plain && *position > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Http;

    #[test]
    fn a_page_is_read_and_its_breaches_are_named() {
        let page = |after, limit, body: Value| {
            let mut session = Session::new(Kind::Billing, Http::new("http://127.0.0.1:1".parse().unwrap(), |_| ()));
            let reply = Reply { status: 200, content_type: EVENTS_MEDIA_TYPE.to_owned(), body };
            let request = session.http.get("/events");
            let entries = session.read_page(&request, &reply, after, limit).unwrap();
            let positions: Vec<_> = entries.iter().map(|entry| entry.position).collect();
            (positions, session.into_report().broken())
        };
        let event = |sequence: &str| json!({"sequence": sequence});
        assert_eq!(page(2, 2, json!([event("3"), event("7")])), (vec![3, 7], vec![]));
        assert_eq!(page(3, 2, json!([event("3"), event("4")])), (vec![4], vec!["K14"]));
        assert_eq!(page(0, 3, json!([event("2"), event("1"), event("3")])), (vec![1, 2, 3], vec!["K12"]));
        assert_eq!(page(0, 1, json!([event("1"), event("2")])), (vec![1, 2], vec!["K15"]));
        for bad in [json!(1), json!("0"), json!("+1"), json!("01"), json!("x")] {
            assert_eq!(page(0, 1, json!([{"sequence": bad}])), (vec![], vec!["K11"]));
        }
    }
}
