//! `POST /console/selection`: acknowledges or retries everything that is selected.

use axum::{extract::State, response::Response};
use futures::{StreamExt, stream};
use messages::DocumentId;

use super::signal::{Shown, SignalError};
use crate::{
    app::App,
    console::{form::Fields, notice::Notice},
};

const ABOUT: &str = "selection";
/// Signals in flight at once.
const AT_ONCE: usize = 8;
/// Most reasons that are told.
const REASONS: usize = 3;

pub(in crate::console) async fn act_on_selection(State(app): State<App>, fields: Fields) -> Response {
    let selected: Vec<Shown> = fields.all("selected").filter_map(read).collect();
    if selected.is_empty() {
        return fields.answer(&Notice::refused(ABOUT, "nothing is selected"));
    }
    let retry = fields.text("action") == Some("retry");
    let (app, form) = (&app, &fields);
    let results = stream::iter(selected.into_iter().map(|shown| async move {
        let result = if retry { shown.retry(app).await } else { shown.acknowledge(app, form).await };
        (shown.document_id, result)
    }));
    let results: Vec<_> = results.buffer_unordered(AT_ONCE).collect().await;
    fields.answer(&told(&results, if retry { "sent again" } else { "acknowledged" }))
}

/// `<document id> <failure id>`
fn read(value: &str) -> Option<Shown> {
    let (document_id, failure_id) = value.split_once(' ')?;
    Some(Shown { document_id: document_id.parse().ok()?, failure_id: failure_id.to_owned() })
}

fn told(results: &[(DocumentId, Result<(), SignalError>)], done: &str) -> Notice {
    let all = results.len();
    let failed: Vec<String> = results
        .iter()
        .filter_map(|(document_id, result)| result.as_ref().err().map(|error| format!("{document_id}: {error}")))
        .collect();
    let text = format!("{} of {all} {done}", all - failed.len());
    if failed.is_empty() {
        return Notice::done(ABOUT, text);
    }
    let reasons = failed.iter().take(REASONS).cloned().collect::<Vec<_>>().join("; ");
    Notice::refused(ABOUT, format!("{text}. {reasons}"))
}
