//! The limits of a batch.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// When a chunk is told to end, all commands in flight may still fail, and their failures travel in one payload.
const MOST_IN_FLIGHT: u32 = 300;

/// How fast a batch goes, and how much may fail.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Limits {
    /// How many commands may be under way at once; 1 to 300, 10 by default.
    pub in_flight: u32,
    /// How many commands may begin per second, 0.01 to 1,000; no limit by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// How much may fail before the batch pauses itself; nothing by default.
    #[serde(default)]
    pub tolerated: Tolerated,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight: 10, per_second: None, tolerated: Tolerated::default() }
    }
}

/// How much may fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerated {
    /// This many items; a number in JSON.
    Items(u64),
    /// This percentage of all items, if the source gives the total. Otherwise it is a percentage of the answered items,
    /// once these are 100 or all. A text such as `"2.5%"` in JSON.
    Percent(f64),
}

impl Default for Tolerated {
    fn default() -> Self {
        Self::Items(0)
    }
}

/// A change of the limits; an absent field stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsChange {
    /// See [`Limits::in_flight`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// See [`Limits::per_second`]; 0 removes the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// See [`Limits::tolerated`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated: Option<Tolerated>,
}

/// Limits that no batch can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnfitLimits {
    /// See [`Limits::in_flight`].
    #[error("in_flight must be 1 to 300")]
    InFlight,
    /// See [`Limits::per_second`].
    #[error("per_second must be 0 (no limit) or 0.01 to 1000")]
    PerSecond,
    /// See [`Limits::tolerated`].
    #[error("tolerated must be a number of items, or a share from 0% to 100%")]
    Tolerated,
}

impl Limits {
    /// Sets how many commands may be under way at once.
    #[must_use]
    pub fn in_flight(self, in_flight: u32) -> Self {
        Self { in_flight, ..self }
    }

    /// Sets how many commands may begin per second.
    #[must_use]
    pub fn per_second(self, per_second: f64) -> Self {
        Self { per_second: Some(per_second), ..self }
    }

    /// Sets how much may fail.
    #[must_use]
    pub fn tolerated(self, tolerated: Tolerated) -> Self {
        Self { tolerated, ..self }
    }

    /// Returns the limits after a change.
    ///
    /// # Errors
    /// [`UnfitLimits`] if no batch can have them.
    pub fn changed(self, change: LimitsChange) -> Result<Self, UnfitLimits> {
        let per_second = change.per_second.map_or(self.per_second, |rate| Some(rate).filter(|rate| *rate != 0.0));
        let in_flight = change.in_flight.unwrap_or(self.in_flight);
        let changed = Self { in_flight, per_second, tolerated: change.tolerated.unwrap_or(self.tolerated) };
        changed.check()?;
        Ok(changed)
    }

    /// Checks that a batch can have these limits.
    ///
    /// # Errors
    /// [`UnfitLimits`] if it cannot.
    pub fn check(&self) -> Result<(), UnfitLimits> {
        if !(1..=MOST_IN_FLIGHT).contains(&self.in_flight) {
            return Err(UnfitLimits::InFlight);
        }
        if self.per_second.is_some_and(|rate| !(0.01..=1_000.0).contains(&rate)) {
            return Err(UnfitLimits::PerSecond);
        }
        if matches!(self.tolerated, Tolerated::Percent(percent) if !(0.0..=100.0).contains(&percent)) {
            return Err(UnfitLimits::Tolerated);
        }
        Ok(())
    }
}

impl Tolerated {
    /// Returns how many more items may fail; `None` while that is unknown.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a number of items, which is far below 2^52"
    )]
    pub(super) fn left(self, failed: u64, answered: u64, total: Option<u64>, is_all: bool) -> Option<u64> {
        let most = match self {
            Self::Items(most) => most,
            Self::Percent(percent) => {
                let of = total.or_else(|| Some(answered).filter(|answered| is_all || *answered >= 100))?;
                (of as f64 * percent / 100.0).floor() as u64
            }
        };
        most.checked_sub(failed)
    }

    /// Returns whether more items have failed than are tolerated.
    pub(super) fn is_exceeded(self, failed: u64, answered: u64, total: Option<u64>, is_all: bool) -> bool {
        let is_known = !matches!(self, Self::Percent(_)) || total.is_some() || is_all || answered >= 100;
        failed > 0 && is_known && self.left(failed, answered, total, is_all).is_none()
    }
}

impl fmt::Display for Tolerated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items(items) => write!(f, "{items}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Serialize for Tolerated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Items(items) => serializer.serialize_u64(*items),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Tolerated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "tolerated must be a whole number of items, or a share such as \"2.5%\"")]
        enum Either {
            Items(u64),
            Share(String),
        }
        match Either::deserialize(deserializer)? {
            Either::Items(items) => Ok(Self::Items(items)),
            Either::Share(text) => text
                .strip_suffix('%')
                .and_then(|percent| percent.parse().ok())
                .filter(|percent| (0.0..=100.0).contains(percent))
                .map(Self::Percent)
                .ok_or_else(|| serde::de::Error::custom("tolerated must be a share from 0% to 100%")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_stays_and_what_no_batch_can_have_is_refused() {
        let read = |change| serde_json::from_value::<LimitsChange>(change);
        let limits = Limits::default().per_second(5.0);
        let changed = |change| limits.changed(read(change).unwrap());
        assert_eq!(changed(json!({})), Ok(limits));
        assert_eq!(changed(json!({"in_flight": 3})), Ok(limits.in_flight(3)));
        assert_eq!(changed(json!({"per_second": 0})), Ok(Limits::default()));
        assert_eq!(changed(json!({"tolerated": "2.5%"})), Ok(limits.tolerated(Tolerated::Percent(2.5))));
        assert_eq!(changed(json!({"tolerated": 7})), Ok(limits.tolerated(Tolerated::Items(7))));
        for in_flight in [0, 301] {
            assert_eq!(changed(json!({"in_flight": in_flight})), Err(UnfitLimits::InFlight));
        }
        for rate in [-1.0, 0.009, 1_000.1] {
            assert_eq!(changed(json!({"per_second": rate})), Err(UnfitLimits::PerSecond));
        }
        for unreadable in [json!({"tolerated": "5"}), json!({"tolerated": "101%"}), json!({"tolerated": "NaN%"})] {
            assert!(read(unreadable).is_err());
        }
        assert!(read(json!({"in_flght": 3})).is_err());
        let nonsense = Limits::default().tolerated(Tolerated::Percent(f64::NAN));
        assert_eq!(nonsense.check(), Err(UnfitLimits::Tolerated));
    }

    #[test]
    fn a_share_is_one_of_all_or_of_the_first_hundred_that_were_answered() {
        let share = Tolerated::Percent(1.0);
        assert!(!share.is_exceeded(10, 20, Some(1_000), false));
        assert!(share.is_exceeded(11, 20, Some(1_000), false));
        assert!(!share.is_exceeded(50, 99, None, false));
        assert!(share.is_exceeded(2, 100, None, false));
        assert!(share.is_exceeded(1, 3, None, true));
        assert!(!share.is_exceeded(0, 3, None, true));
        assert!(Tolerated::default().is_exceeded(1, 1, None, false));
        assert!(!Tolerated::Items(1).is_exceeded(1, 1, None, false));
    }
}
