//! Ids, idempotency keys and other headers.

use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

use messages::{
    AccountId, ContractId, CreditChangeId, CustomerId, DocumentId, InvalidId, ProcessId, ReportId, TransferId,
};
use percent_encoding::percent_decode_str;
use process_manager_wire::{
    check_id,
    headers::{LONGEST, fit, fit_key, fit_value, key},
};
use serde::{Serialize, de::DeserializeOwned};

/// Takes a text as an id of each type, as a header of each kind, and, line by line, as the parts of an idempotency key.
pub fn ids(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    id::<AccountId>(text);
    id::<ContractId>(text);
    id::<CreditChangeId>(text);
    id::<CustomerId>(text);
    id::<DocumentId>(text);
    id::<ProcessId>(text);
    id::<ReportId>(text);
    id::<TransferId>(text);
    headers(text);
    keys(text);
}

fn id<T>(text: &str)
where
    T: FromStr<Err = InvalidId> + Display + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let parsed = text.parse::<T>();
    assert_eq!(parsed.is_ok(), check_id(text).is_ok());
    let json = serde_json::to_string(text).expect("a text is JSON");
    let read = serde_json::from_str::<T>(&json);
    match parsed {
        Ok(id) => {
            assert_eq!(id.to_string(), text);
            assert_eq!(serde_json::to_string(&id).expect("an id is JSON"), json);
            assert_eq!(read.expect("an id is read from JSON"), id);
        }
        Err(InvalidId) => assert!(read.is_err(), "{text:?} is an id in JSON alone"),
    }
}

fn headers(text: &str) {
    let is_visible = |text: &str| text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    for fit in [fit, fit_key] {
        let fitted = fit(text);
        assert!(is_visible(&fitted) && fitted.is_empty() == text.is_empty(), "{fitted:?}");
        assert_eq!(fitted == text, is_visible(text));
        assert_eq!(fit(&fitted), fitted);
        let other = format!("{text}x");
        assert_ne!(fit(&other), fitted, "two ids become one");
    }
    let fitted = fit_value(text);
    assert!(fitted.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')), "{fitted:?}");
    assert_eq!(fit_value(&fitted), fitted);
}

fn keys(text: &str) {
    let parts: Vec<_> = text.split('\n').collect();
    let made = key(parts.iter().copied());
    assert!(made.len() <= LONGEST && made.bytes().all(|byte| byte.is_ascii_graphic()), "{made:?}");
    match made.contains('~') {
        true => assert_eq!(made.len(), LONGEST),
        false => {
            let decoded = made.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy());
            assert!(decoded.eq(parts.iter().copied()), "{made:?} are other parts");
        }
    }
}
