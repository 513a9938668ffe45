//! Opaque cursors of lists: the key of a page's last item, with a checksum that rejects other texts.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// Number of hexadecimal digits of the checksum.
const CHECK_DIGITS: usize = 16;

/// Encodes a cursor of the list `scope` that points after the item with this key.
///
/// The checksum rejects typing errors and cursors of other lists. It is no secret, and a key grants nothing.
///
/// # Errors
/// Returns an error if the key cannot be serialized.
pub fn encode<K: Serialize>(scope: &str, key: &K) -> Result<String, serde_json::Error> {
    let json = serde_json::to_vec(key)?;
    Ok(checksum(scope, &json) + &hex::encode(json))
}

/// Decodes the key of a cursor that [`encode`] made for this list.
#[must_use]
pub fn decode<K: DeserializeOwned>(scope: &str, cursor: &str) -> Option<K> {
    let (check, json) = cursor.split_at_checked(CHECK_DIGITS)?;
    let json = hex::decode(json).ok()?;
    (checksum(scope, &json) == check).then(|| serde_json::from_slice(&json).ok()).flatten()
}

fn checksum(scope: &str, json: &[u8]) -> String {
    let digest = Sha256::new().chain_update(scope).chain_update([0]).chain_update(json).finalize();
    let mut text = hex::encode(digest);
    text.truncate(CHECK_DIGITS);
    text
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
    fn a_text_that_was_not_handed_out_is_no_cursor() {
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
