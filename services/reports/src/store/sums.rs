//! Totals and counts of reports. They are derived each time; the database does it where the documents are not shown
//! anyway.

use std::collections::HashMap;

use messages::{Money, Total};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, sea_query::Expr,
};
use service_kit::unreadable;

use super::entity::entry;

/// Amounts are summed in two parts, so that no sum of 64 bits overflows.
const PART: i64 = 1_000_000_000;

/// Totals and counts of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// One per currency, ordered by currency: the documents that are not voided.
    pub(super) totals: Vec<Total>,
    /// Number of documents.
    pub(super) documents: i64,
    /// Number of voided documents.
    pub(super) voided: i64,
    /// Place of the last document.
    pub(super) last_place: i64,
}

/// Sum of the documents of one report and currency: either the voided ones or the others.
#[derive(Debug, FromQueryResult)]
struct Part {
    report_id: String,
    currency: String,
    voided: bool,
    documents: i64,
    last_place: i64,
    high: i64,
    low: i64,
}

impl Sums {
    fn add(&mut self, part: &Part) -> Result<(), DbErr> {
        self.documents += part.documents;
        self.last_place = self.last_place.max(part.last_place);
        if part.voided {
            self.voided += part.documents;
            return Ok(());
        }
        let currency = Money::of(0, &part.currency).map_err(unreadable)?.currency;
        let minor = i128::from(part.high) * i128::from(PART) + i128::from(part.low);
        match self.totals.binary_search_by(|total| total.currency.code().cmp(currency.code())) {
            Ok(known) => self.totals[known].minor += minor,
            Err(place) => self.totals.insert(place, Total { minor, currency }),
        }
        Ok(())
    }

    /// Sums the documents of one report.
    pub(super) fn of_entries(entries: &[entry::Model]) -> Result<Self, DbErr> {
        let mut sums = Self::default();
        for entry in entries {
            let (high, low) = (entry.minor / PART, entry.minor % PART);
            let (report_id, currency) = (String::new(), entry.currency.clone());
            sums.add(&Part {
                report_id,
                currency,
                voided: entry.voided,
                documents: 1,
                last_place: entry.place,
                high,
                low,
            })?;
        }
        Ok(sums)
    }
}

/// Sums the documents of these reports in the database.
pub(super) async fn of(
    connection: &impl ConnectionTrait,
    reports: impl IntoIterator<Item = String>,
) -> Result<HashMap<String, Sums>, DbErr> {
    let sum = |of: &str| Expr::cust(format!("CAST(SUM(minor {of} {PART}) AS BIGINT)"));
    let key = [entry::Column::ReportId, entry::Column::Currency, entry::Column::Voided];
    let parts = entry::Entity::find()
        .select_only()
        .columns(key)
        .column_as(Expr::cust("COUNT(*)"), "documents")
        .column_as(entry::Column::Place.max(), "last_place")
        .column_as(sum("/"), "high")
        .column_as(sum("%"), "low")
        .filter(entry::Column::ReportId.is_in(reports));
    let parts = key.into_iter().fold(parts, QuerySelect::group_by);
    let mut sums: HashMap<String, Sums> = HashMap::new();
    for part in parts.into_model::<Part>().all(connection).await? {
        sums.entry(part.report_id.clone()).or_default().add(&part)?;
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(place: i64, minor: i64, currency: &str, voided: bool) -> entry::Model {
        let (report_id, document_id) = ("r".to_owned(), format!("d{place}"));
        entry::Model { report_id, place, document_id, minor, currency: currency.to_owned(), voided }
    }

    #[test]
    fn a_voided_document_counts_in_no_total_and_each_currency_has_its_own() {
        let entries = [
            entry(1, i64::MAX, "USD", false),
            entry(2, 1, "JPY", true),
            entry(3, i64::MAX, "USD", false),
            entry(4, -500, "EUR", false),
            entry(5, 250, "EUR", false),
            entry(6, 900, "EUR", true),
        ];
        let sums = Sums::of_entries(&entries).unwrap();
        let shown: Vec<_> = sums.totals.iter().map(|sum| format!("{sum} {}", sum.currency.code())).collect();
        assert_eq!(shown, ["-2.50 EUR", "184467440737095516.14 USD"]);
        assert_eq!((sums.documents, sums.voided, sums.last_place), (6, 2, 6));
        assert_eq!(Sums::of_entries(&[]).unwrap(), Sums::default());
    }
}
