//! Opaque cursors of lists: the key of a page's last item, with a checksum so that other texts are recognized.

use std::fmt::Write;

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// Hexadecimal digits of the checksum.
const CHECK_DIGITS: usize = 16;

/// A cursor for the list `scope` that stands after the item with this key.
///
/// The checksum keeps out typing errors and cursors of other lists; it is no secret, and a key grants nothing.
pub fn encode<K: Serialize>(scope: &str, key: &K) -> Result<String, serde_json::Error> {
    let json = serde_json::to_vec(key)?;
    Ok(format!("{}{}", checksum(scope, &json), hex(&json)))
}

/// The key of a cursor that [`encode`] made for this list.
#[must_use]
pub fn decode<K: DeserializeOwned>(scope: &str, cursor: &str) -> Option<K> {
    let (check, json) = cursor.split_at_checked(CHECK_DIGITS)?;
    let json = unhex(json)?;
    (checksum(scope, &json) == check).then(|| serde_json::from_slice(&json).ok()).flatten()
}

fn checksum(scope: &str, json: &[u8]) -> String {
    let digest = Sha256::new().chain_update(scope).chain_update([0]).chain_update(json).finalize();
    let mut text = hex(&digest);
    text.truncate(CHECK_DIGITS);
    text
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_brings_its_key_back() {
        let key = (12_i64, "ä".to_owned());
        assert_eq!(decode("documents", &encode("documents", &key).unwrap()), Some(key));
    }

    #[test]
    fn what_was_not_handed_out_is_no_cursor() {
        let good = encode("documents", &12).unwrap();
        assert_eq!(decode::<i64>("reports", &good), None);
        assert_eq!(decode::<String>("documents", &good), None);
        for bad in
            ["", "x", "ääääääääääääää", &good[1..], &format!("{good}0"), &good.replace('3', "4"), &good.to_uppercase()]
        {
            assert_eq!(decode::<i64>("documents", bad), None, "{bad}");
        }
    }
}
