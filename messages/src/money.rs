//! Money: integer minor units of an ISO 4217 currency, written as a plain decimal string.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use utoipa::ToSchema;

/// ISO 4217 currency, from its alphabetic code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Returns the currency of an alphabetic code such as `EUR`.
    ///
    /// # Errors
    /// Returns [`InvalidMoney::Currency`] if ISO 4217 has no such code.
    pub fn from_code(code: &str) -> Result<Self, InvalidMoney> {
        iso_currency::Currency::from_code(code).map(Self).ok_or(InvalidMoney::Currency)
    }

    /// Returns the alphabetic code, such as `EUR`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Returns whether money is paid in this currency. ISO 4217 has codes for other things, which have no minor unit:
    /// metals (`XAU`), units of account (`XDR`), tests (`XTS`), no currency at all (`XXX`).
    #[must_use]
    pub fn is_money(self) -> bool {
        self.0.exponent().is_some()
    }

    /// Returns the number of decimals (ISO 4217 "minor unit"; 0 for codes without one, such as gold).
    #[must_use]
    pub fn decimals(self) -> usize {
        usize::from(self.0.exponent().unwrap_or(0))
    }
}

/// Reasons why a text is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoney {
    /// ISO 4217 has no such code.
    #[error("currency must be an ISO 4217 code such as EUR")]
    Currency,
    /// ISO 4217 has the code, but nobody pays in it.
    #[error("currency must be one that money is paid in, no metal, unit of account or code for tests")]
    NoMoney,
    /// Not of the form `-?[0-9]+(\.[0-9]+)?`.
    #[error("amount must be a plain decimal string such as \"12.34\"")]
    Format,
    /// More decimals than the currency has.
    #[error("amount has more decimals than its currency")]
    Decimals,
    /// Not within an `i64` of minor units.
    #[error("amount is out of range")]
    Range,
}

/// An amount of one currency, within `i64` minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "Wire")]
pub struct Money {
    /// Amount in minor units (cents for EUR, yen for JPY).
    pub minor: i64,
    /// Its currency.
    pub currency: Currency,
}

/// A sum of amounts in one currency. Wider than [`Money`], so that adding never overflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "Wire")]
pub struct Total {
    /// Sum in minor units.
    pub minor: i128,
    /// Its currency.
    pub currency: Currency,
}

impl Money {
    /// Makes an amount from minor units and a currency's alphabetic code.
    ///
    /// # Errors
    /// Returns [`InvalidMoney::Currency`] if ISO 4217 has no such code.
    pub fn of(minor: i64, currency: &str) -> Result<Self, InvalidMoney> {
        Ok(Self { minor, currency: Currency::from_code(currency)? })
    }

    /// Parses an amount as written on the wire.
    ///
    /// # Errors
    /// Returns the [`InvalidMoney`] that names the broken rule.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, InvalidMoney> {
        let total = Total::parse(amount, currency)?;
        let minor = i64::try_from(total.minor).map_err(|_| InvalidMoney::Range)?;
        Ok(Self { minor, currency: total.currency })
    }
}

impl Total {
    fn parse(amount: &str, currency: &str) -> Result<Self, InvalidMoney> {
        let currency = Currency::from_code(currency)?;
        let (negative, digits) = amount.strip_prefix('-').map_or((false, amount), |rest| (true, rest));
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(InvalidMoney::Format),
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(InvalidMoney::Format);
        }
        if fraction.len() > currency.decimals() {
            return Err(InvalidMoney::Decimals);
        }
        let padded = format!("{whole}{fraction:0<width$}", width = currency.decimals());
        let minor: i128 = padded.parse().map_err(|_| InvalidMoney::Range)?;
        Ok(Self { minor: if negative { -minor } else { minor }, currency })
    }
}

impl From<Money> for Total {
    fn from(money: Money) -> Self {
        Self { minor: money.minor.into(), currency: money.currency }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals();
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let point = if decimals == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Total::from(*self).fmt(f)
    }
}

/// `{"amount": "12.34", "currency": "EUR"}`
#[derive(Serialize, ToSchema)]
#[schema(as = Money)]
struct Wire {
    /// Plain decimal with exactly as many decimals as the currency has.
    #[schema(pattern = r"^-?[0-9]+(\.[0-9]+)?$", examples("12.34"))]
    amount: String,
    /// ISO 4217 code.
    #[schema(examples("EUR"))]
    currency: String,
}

impl<'de> Deserialize<'de> for Wire {
    /// Reads an object in which each field occurs once. A derived implementation would accept `["12.34", "EUR"]` as
    /// well.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WireVisitor)
    }
}

struct WireVisitor;

impl<'de> Visitor<'de> for WireVisitor {
    type Value = Wire;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"an object such as {"amount": "12.34", "currency": "EUR"}"#)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Wire, A::Error> {
        let (mut amount, mut currency) = (None, None);
        while let Some(name) = fields.next_key::<Cow<'_, str>>()? {
            let (field, name) = match name.as_ref() {
                "amount" => (&mut amount, "amount"),
                "currency" => (&mut currency, "currency"),
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if field.replace(fields.next_value()?).is_some() {
                return Err(A::Error::duplicate_field(name));
            }
        }
        let amount = amount.ok_or_else(|| A::Error::missing_field("amount"))?;
        let currency = currency.ok_or_else(|| A::Error::missing_field("currency"))?;
        Ok(Wire { amount, currency })
    }
}

impl From<Money> for Wire {
    fn from(money: Money) -> Self {
        Total::from(money).into()
    }
}

impl From<Total> for Wire {
    fn from(total: Total) -> Self {
        Self { amount: total.to_string(), currency: total.currency.code().to_owned() }
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        Self::parse(&wire.amount, &wire.currency).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Total {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        Self::parse(&wire.amount, &wire.currency).map_err(D::Error::custom)
    }
}

/// Reads the first amount of a document or an account. Amounts that were recorded in another unit stay readable.
pub(crate) fn paid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    let money = Money::deserialize(deserializer)?;
    if money.currency.is_money() { Ok(money) } else { Err(D::Error::custom(InvalidMoney::NoMoney)) }
}

macro_rules! schema_of_wire {
    ($name:ty) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                Wire::schema()
            }
        }
        impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                "Money".into()
            }
        }
    };
}
schema_of_wire!(Money);
schema_of_wire!(Total);

#[cfg(test)]
mod tests;
