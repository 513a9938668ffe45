//! Reading and writing amounts.

use super::*;

fn shown(amount: &str, currency: &str) -> Result<String, InvalidMoney> {
    Money::parse(amount, currency).map(|money| money.to_string())
}

#[test]
fn amounts_are_answered_with_exactly_the_decimals_of_their_currency() {
    for (amount, currency, expected) in [
        ("12.34", "EUR", "12.34"),
        ("12.3", "EUR", "12.30"),
        ("12", "EUR", "12.00"),
        ("-0.05", "EUR", "-0.05"),
        ("007", "JPY", "7"),
        ("1.234", "KWD", "1.234"),
        ("92233720368547758.07", "EUR", "92233720368547758.07"),
        ("-92233720368547758.08", "EUR", "-92233720368547758.08"),
    ] {
        assert_eq!(shown(amount, currency).as_deref(), Ok(expected), "{amount} {currency}");
    }
}

#[test]
fn an_invalid_amount_says_why() {
    for (amount, currency, expected) in [
        ("1", "eur", InvalidMoney::Currency),
        ("1", "ZZZ", InvalidMoney::Currency),
        ("1.", "EUR", InvalidMoney::Format),
        (".5", "EUR", InvalidMoney::Format),
        ("+1", "EUR", InvalidMoney::Format),
        ("--1", "EUR", InvalidMoney::Format),
        ("1e3", "EUR", InvalidMoney::Format),
        ("", "EUR", InvalidMoney::Format),
        ("١", "EUR", InvalidMoney::Format),
        ("1.234", "EUR", InvalidMoney::Decimals),
        ("1.0", "JPY", InvalidMoney::Decimals),
        ("92233720368547758.08", "EUR", InvalidMoney::Range),
        (&"9".repeat(60), "EUR", InvalidMoney::Range),
    ] {
        assert_eq!(shown(amount, currency), Err(expected), "{amount} {currency}");
    }
}

#[test]
fn money_is_an_object() {
    assert!(serde_json::from_str::<Money>(r#"{"amount":"12.34","currency":"EUR","more":1}"#).is_ok());
    for other in [
        r#"["12.34","EUR"]"#,
        r#""12.34""#,
        "12.34",
        "null",
        "{}",
        r#"{"amount":"1"}"#,
        r#"{"amount":1,"currency":"EUR"}"#,
    ] {
        assert!(serde_json::from_str::<Money>(other).is_err(), "{other}");
    }
    assert!(serde_json::from_value::<Money>(serde_json::json!({"currency": "EUR", "amount": "1"})).is_ok());
}

#[test]
fn no_field_of_money_counts_twice() {
    for twice in [
        r#"{"amount":"1","amount":"2","currency":"EUR"}"#,
        r#"{"amount":"1","currency":"EUR","currency":"USD"}"#,
        r#"{"amount":"1","currency":"EUR","\u0061mount":"1"}"#,
    ] {
        let error = serde_json::from_str::<Money>(twice).unwrap_err().to_string();
        assert!(error.contains("duplicate field"), "{twice}: {error}");
    }
}

#[test]
fn nothing_begins_in_a_unit_that_nobody_pays_in() {
    let paid = |currency: &str| {
        let json = format!(r#"{{"amount":"1","currency":"{currency}"}}"#);
        super::paid(&mut serde_json::Deserializer::from_str(&json)).map(|money| money.to_string())
    };
    for unit in ["XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR", "XUA", "XSU", "XBA", "XBB", "XBC", "XBD"] {
        let error = paid(unit).unwrap_err().to_string();
        assert!(error.contains("money is paid in"), "{unit}: {error}");
        assert!(Money::of(1, unit).is_ok(), "what was recorded stays readable");
    }
    assert_eq!((paid("EUR").unwrap(), paid("JPY").unwrap()), ("1.00".to_owned(), "1".to_owned()));
}

#[test]
fn a_total_may_exceed_one_amount() {
    let total = Total { minor: i128::from(i64::MAX) * 2, currency: Currency::from_code("EUR").unwrap() };
    let json = serde_json::to_string(&total).unwrap();
    assert_eq!(json, r#"{"amount":"184467440737095516.14","currency":"EUR"}"#);
    assert_eq!(serde_json::from_str::<Total>(&json).unwrap(), total);
}
