//! The headers of a command: idempotency key, correlation id and trace context.

use std::collections::BTreeMap;

use process_manager_wire::{ProcessId, headers};
use reqwest::{
    RequestBuilder,
    header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING},
};
use uuid::Uuid;

/// The headers of a command; see [`process_manager_wire::headers`]. Each value is sent in a form that fits a header; an
/// empty value is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Makes a repeated command take effect once.
    pub idempotency_key: Option<String>,
    /// The process that the command belongs to.
    pub correlation_id: Option<String>,
    /// The message that led to the command; it becomes the cause of the events that follow from the command.
    pub causation_id: Option<String>,
    /// W3C trace context, see [`traceparent`].
    pub traceparent: Option<String>,
    /// Additional headers, by name. A header with an invalid name, or the name of one above, is left out.
    pub metadata: BTreeMap<String, String>,
}

impl Envelope {
    /// Returns the envelope of a process's command, which takes effect once however often it is sent: its key is
    /// `<process id>/<command>`.
    #[must_use]
    pub fn of_process(process_id: &ProcessId, command: &str) -> Self {
        Self {
            idempotency_key: Some(format!("{process_id}/{command}")),
            correlation_id: Some(process_id.to_string()),
            traceparent: Some(traceparent(process_id.as_str())),
            ..Self::default()
        }
    }

    pub(crate) fn write(&self, request: RequestBuilder) -> RequestBuilder {
        let named = [
            (headers::IDEMPOTENCY_KEY, self.idempotency_key.as_deref().map(headers::fit_key)),
            (headers::CORRELATION_ID, self.correlation_id.as_deref().map(headers::fit)),
            (headers::CAUSATION_ID, self.causation_id.as_deref().map(headers::fit)),
            (headers::TRACEPARENT, self.traceparent.as_deref().map(headers::fit)),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((HeaderName::from_static(name), value?)));
        let more = self.metadata.iter().filter_map(|(name, value)| Some((metadata(name)?, headers::fit_value(value))));
        named
            .chain(more)
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)))
            .fold(request, |request, (name, value)| request.header(name, value))
    }
}

/// Returns the name of a metadata header; `None` if it is invalid, or if a duplicate of it would be refused for ever.
fn metadata(name: &str) -> Option<HeaderName> {
    const OF_OUR_OWN: [&str; 4] =
        [headers::IDEMPOTENCY_KEY, headers::CORRELATION_ID, headers::CAUSATION_ID, headers::TRACEPARENT];
    let name: HeaderName = name.parse().ok()?;
    let is_taken = OF_OUR_OWN.contains(&name.as_str()) || name == CONTENT_LENGTH || name == TRANSFER_ENCODING;
    (!is_taken).then_some(name)
}

/// Returns a `traceparent` header (W3C Trace Context, version 00, sampled) for a command of the process.
///
/// A process is one trace, however many programs and restarts it passes through, and nobody has to hand on a trace id.
/// The trace id is the 128 bits of the process id if that is a UUID, otherwise a hash of it. The span id is new each
/// time, because each attempt is a span of its own.
#[must_use]
pub fn traceparent(process_id: &str) -> String {
    let trace = Uuid::parse_str(process_id).map(|id| id.as_u128()).ok().filter(|id| *id != 0);
    let trace = trace.unwrap_or_else(|| fnv1a(process_id.as_bytes()));
    // The low half of a UUIDv7 is random, and its variant bits keep it from being 0, which the standard forbids.
    let (_, span) = Uuid::now_v7().as_u64_pair();
    format!("00-{trace:032x}-{span:016x}-01")
}

/// Returns the 128-bit FNV-1a hash: unlike the standard library's hash, it is the same in every version.
fn fnv1a(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_one_trace_and_each_attempt_a_span_of_its_own() {
        let process = "01936f3e-7c1a-7a3b-8f00-0123456789ab";
        let (one, other) = (traceparent(process), traceparent(process));
        assert!(one.starts_with("00-01936f3e7c1a7a3b8f000123456789ab-"), "{one}");
        assert!(one.ends_with("-01"));
        assert_eq!(one[..36], other[..36]);
        assert_ne!(one, other);
    }

    #[test]
    fn a_process_id_that_is_no_uuid_has_a_stable_trace_too() {
        for process in ["p-1", "00000000-0000-0000-0000-000000000000"] {
            let one = traceparent(process);
            assert_eq!(one.len(), 55);
            assert_eq!(one[..36], traceparent(process)[..36]);
            assert_ne!(&one[3..35], "0".repeat(32));
        }
        // The published test vector of FNV-1a.
        assert_eq!(fnv1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
