//! Amounts of money.

use messages::{Currency, InvalidMoney, Money, Total};
use serde_json::json;

use crate::json::same;

/// Takes two lines, an amount and a currency; also a JSON value, and the bytes of a number of minor units.
pub fn money(data: &[u8]) {
    same::<Money>(data);
    same::<Total>(data);
    let Ok(text) = str::from_utf8(data) else { return };
    let (amount, code) = text.split_once('\n').unwrap_or((text, "EUR"));
    let code = code.trim_end();
    let parsed = Money::parse(amount, code);
    let object = json!({"amount": amount, "currency": code});
    let read = serde_json::from_value::<Money>(object.clone());
    assert_eq!(parsed.ok(), read.ok());
    let total = serde_json::from_value::<Total>(object);
    match (parsed, Currency::from_code(code)) {
        (Ok(money), Ok(currency)) => {
            printed(money);
            assert_eq!(Total::from(money), total.expect("an amount is a total"));
            assert!(
                amount.split_once('.').is_none_or(|(_, fraction)| fraction.len() <= currency.decimals()),
                "{amount} is rounded"
            );
        }
        (Err(InvalidMoney::Range), _) => assert!(amount.len() > 15, "{amount} is out of range"),
        (Err(InvalidMoney::Currency), currency) => assert!(currency.is_err(), "{code}"),
        (_, currency) => assert!(currency.is_ok() && total.is_err(), "{text}"),
    }
    if let (Some(minor), Ok(currency)) = (data.first_chunk(), Currency::from_code(code)) {
        printed(Money { minor: i64::from_le_bytes(*minor), currency });
    }
}

/// Checks that the printed text is the same amount, with all its decimals.
fn printed(money: Money) {
    let (text, code) = (money.to_string(), money.currency.code());
    assert_eq!(Money::parse(&text, code), Ok(money), "{text}");
    assert_eq!(text.split_once('.').map_or(0, |(_, fraction)| fraction.len()), money.currency.decimals());
    assert_eq!(Total::from(money).to_string(), text);
}
