//! The contracts of a credit change on its page: a bar of their statuses, the batch, and an operator's actions.

mod affected;
mod bar;
mod batch;
mod contracts;
mod steer;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{parts::unavailable, session::Visitor};

pub(crate) use self::{
    affected::{Affected, load},
    steer::{is_about, steer},
};

/// Writes the section.
pub(crate) fn section(visitor: &Visitor, affected: &Affected, now: DateTime<Utc>) -> Markup {
    html! {
        section class="card affected" aria-labelledby="progress" {
            h2 id="progress" { "Progress" }
            @match affected {
                Affected::Known(told) => {
                    (bar::bar(&told.counts))
                    @if let Some(running) = &told.batch {
                        (batch::batch(running, now))
                        (steer::forms(visitor, &told.customer_id, running, told.counts.refused > 0))
                    }
                    (contracts::refused(told))
                    (contracts::missing(told, now))
                }
                Affected::Unavailable(program) => {
                    (unavailable(program, "Where the contracts are is shown as soon as it answers again."))
                }
            }
        }
    }
}
