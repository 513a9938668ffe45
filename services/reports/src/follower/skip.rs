//! Positions of Billing's log that an operator makes Reports skip.

use std::{collections::BTreeSet, num::ParseIntError, str::FromStr};

use messages::Position;

/// Positions at which an unreadable event is skipped. A readable event there still counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Skip(BTreeSet<Position>);

impl Skip {
    pub(crate) fn has(&self, position: Position) -> bool {
        self.0.contains(&position)
    }
}

impl FromIterator<Position> for Skip {
    fn from_iter<I: IntoIterator<Item = Position>>(positions: I) -> Self {
        Self(positions.into_iter().collect())
    }
}

/// The text is not a list of positions.
#[derive(Debug, thiserror::Error)]
#[error("it must be positions, separated by commas: {0}")]
pub(crate) struct NoPositions(#[from] ParseIntError);

impl FromStr for Skip {
    type Err = NoPositions;

    fn from_str(text: &str) -> Result<Self, NoPositions> {
        let positions = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Ok(positions.map(str::parse::<Position>).collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_separated_by_commas() {
        let skip: Skip = "7, 12,".parse().unwrap();
        assert!(skip.has(7) && skip.has(12) && !skip.has(8));
        assert!("7;12".parse::<Skip>().unwrap_err().to_string().contains("separated by commas"));
    }
}
