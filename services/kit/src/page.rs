//! Pages of lists, newest first.

use chrono::{DateTime, Datelike, Utc};
use process_manager_wire::{Page, check_id};
use sea_orm::{DbErr, EntityTrait, ModelTrait, Select, Value};
use serde::{Deserialize, Serialize};

use crate::{ApiError, Database, Params, cursor, invalid};

/// The page of a list that a request asks for.
#[derive(Debug)]
pub struct PageRequest {
    scope: &'static str,
    limit: usize,
    after: Option<Key>,
}

/// The place of an item in its list.
#[derive(Debug, Serialize, Deserialize)]
struct Key {
    at: DateTime<Utc>,
    id: String,
}

impl Params {
    /// Reads `limit` and `cursor` of the list `scope`. A cursor of one list is invalid in another.
    ///
    /// # Errors
    /// Returns 400 if one of them is invalid.
    pub fn page(&self, scope: &'static str) -> Result<PageRequest, ApiError> {
        let (limit, after) = (self.limit()?, self.cursor::<Key>(scope)?);
        if after.as_ref().is_some_and(|key| !key.may_be_a_rows()) {
            return Err(invalid("cursor", "was not handed out by this list"));
        }
        Ok(PageRequest { scope, limit, after })
    }
}

impl Key {
    /// Returns whether a row may have this key. Anyone can make a cursor, and a database may fail on a value that it
    /// cannot store, such as the null character.
    fn may_be_a_rows(&self) -> bool {
        check_id(&self.id).is_ok() && (0..=9_999).contains(&self.at.year())
    }
}

impl PageRequest {
    /// Reads the page of these rows. They are ordered by the column `at`, a time, and within one time by `id`, a text;
    /// both descend.
    ///
    /// # Errors
    /// Returns an error if the database fails, or a column has another type.
    pub async fn newest<E: EntityTrait<Model: Sync>>(
        self,
        database: &Database,
        rows: Select<E>,
        (at, id): (E::Column, E::Column),
    ) -> Result<Page<E::Model>, DbErr> {
        let mut rows = rows.cursor_by((at, id));
        if let Some(key) = self.after {
            rows.after((key.at, key.id));
        }
        // One item more than the page holds shows whether there is a next page.
        let mut items = rows.desc().first(self.limit as u64 + 1).all(database.reader()).await?;
        let has_more = items.len() > self.limit;
        items.truncate(self.limit);
        let next_cursor = match items.last().filter(|_| has_more) {
            Some(last) => Some(encode(self.scope, last.get(at), last.get(id))?),
            None => None,
        };
        Ok(Page { items, next_cursor })
    }
}

fn encode(scope: &str, at: Value, id: Value) -> Result<String, DbErr> {
    let (Value::ChronoDateTimeUtc(Some(at)), Value::String(Some(id))) = (at, id) else {
        return Err(DbErr::Type("a list is ordered by a time and a text".to_owned()));
    };
    cursor::encode(scope, &Key { at, id }).map_err(|error| DbErr::Json(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_forged_cursor_with_a_key_that_no_row_can_have_was_not_handed_out() {
        let page = |at: &str, id: &str| {
            let cursor = cursor::encode("documents", &json!({"at": at, "id": id})).unwrap();
            Params::parse(&format!("cursor={cursor}")).page("documents").map(|_| ())
        };
        let now = "2026-01-01T00:00:00Z";
        assert!(page(now, "INV-1").is_ok());
        for (at, id) in [
            (now, "a\0"),
            (now, ""),
            (now, "a b"),
            (now, &"x".repeat(129)),
            ("+262142-12-31T23:59:59Z", "INV-1"),
            ("-262143-01-01T00:00:00Z", "INV-1"),
        ] {
            assert_eq!(page(at, id).unwrap_err().code(), "invalid-parameter", "{at} {id:?}");
        }
    }
}
