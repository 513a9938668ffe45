//! Pages of lists, newest first.

use chrono::{DateTime, Utc};
use process_manager_wire::Page;
use sea_orm::{DbErr, EntityTrait, ModelTrait, Select, Value};
use serde::{Deserialize, Serialize};

use crate::{ApiError, Database, Params, cursor};

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
    /// 400 if one of them is invalid.
    pub fn page(&self, scope: &'static str) -> Result<PageRequest, ApiError> {
        Ok(PageRequest { scope, limit: self.limit()?, after: self.cursor(scope)? })
    }
}

impl PageRequest {
    /// Reads the page of these rows. The order is that of the column `at`, a time, and among rows of one time that of `id`,
    /// a text; both descend.
    ///
    /// # Errors
    /// The database fails, or a column has another type.
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
        // One more than the page holds tells whether there is a next one.
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
