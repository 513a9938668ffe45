//! One page of a list.

use serde::{Deserialize, Serialize};

/// One page of a list; `next_cursor` is absent (`null`) on the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// Opaque; pass it as `cursor` to get the next page.
    pub next_cursor: Option<String>,
}
