//! The upgrade check of a history whose payloads are encoded by a codec.

use futures::{FutureExt as _, future::BoxFuture};
use process_manager_host::upgrade::UpgradeCheck;
use temporalio_common::{
    data_converters::{
        DataConverter, DefaultFailureConverter, PayloadCodec, PayloadConversionError, PayloadConverter,
        SerializationContextData,
    },
    payload_visitor::encode_payloads,
    protos::temporal::api::{
        common::v1::Payload,
        history::v1::{History, history_event::Attributes},
    },
};
use transfers::TransferMoney;

use super::{
    changed::{BODY, Changed},
    folder,
};

/// Reverses payloads.
struct Backwards;

const BACKWARDS: &str = "backwards";

impl PayloadCodec for Backwards {
    fn encode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let encoded = |mut payload: Payload| {
            payload.data.reverse();
            let encoding = payload.metadata.remove("encoding").unwrap_or_default();
            payload.metadata.insert(BACKWARDS.to_owned(), encoding);
            payload.metadata.insert("encoding".to_owned(), BACKWARDS.into());
            payload
        };
        async move { Ok(payloads.into_iter().map(encoded).collect()) }.boxed()
    }

    fn decode(
        &self,
        _: &SerializationContextData,
        payloads: Vec<Payload>,
    ) -> BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>> {
        let decoded = |mut payload: Payload| {
            if let Some(encoding) = payload.metadata.remove(BACKWARDS) {
                payload.data.reverse();
                payload.metadata.insert("encoding".to_owned(), encoding);
            }
            payload
        };
        async move { Ok(payloads.into_iter().map(decoded).collect()) }.boxed()
    }
}

#[tokio::test]
async fn a_history_with_encoded_payloads_is_checked_by_the_converter_of_the_worker() {
    let json = std::fs::read(folder().join("transfer-completed-after-an-incident.json")).unwrap();
    let history: History = serde_json::from_slice(&json).unwrap();
    let mut encoded = history.clone();
    encode_payloads(&mut encoded, &Backwards, &SerializationContextData::None).await.unwrap();
    for (encoded, plain) in encoded.events.iter_mut().zip(history.events) {
        // What the SDK's core writes itself is not encoded.
        if let (
            Some(Attributes::MarkerRecordedEventAttributes(encoded)),
            Some(Attributes::MarkerRecordedEventAttributes(plain)),
        ) = (&mut encoded.attributes, plain.attributes)
        {
            encoded.details.insert("data".to_owned(), plain.details["data"].clone());
        }
    }
    let temporary = tempfile::tempdir().unwrap();
    std::fs::write(temporary.path().join("encoded.json"), serde_json::to_vec(&encoded).unwrap()).unwrap();
    let converter = || DataConverter::new(PayloadConverter::default(), DefaultFailureConverter::default(), Backwards);

    let same = UpgradeCheck::new().manager::<TransferMoney>().data_converter(converter());
    let same = same.check(temporary.path()).unwrap();
    assert_eq!(same.exit_code(), 0, "{same}");
    let other = UpgradeCheck::new().manager::<Changed<BODY>>().data_converter(converter());
    let other = other.check(temporary.path()).unwrap();
    assert!(other.to_string().contains("DepositMoney has another body"), "{other}");
    let without = UpgradeCheck::new().manager::<TransferMoney>().check(temporary.path()).unwrap();
    assert!(without.to_string().contains("its payloads are encoded as backwards"), "{without}");
    assert_eq!(without.exit_code(), 2);
}
