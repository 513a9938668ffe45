//! `POST /console/retry`: a person has a refused command sent again.

use axum::{extract::State, response::Response};

use super::signal::{Shown, SignalError};
use crate::{
    app::App,
    console::{form::Fields, notice::Notice},
};

pub(in crate::console) async fn retry(State(app): State<App>, fields: Fields) -> Response {
    let notice = match send(&app, &fields).await {
        Ok(shown) => {
            let text = format!("the refused command of {} is sent again", shown.document_id);
            Notice::done(shown.document_id, text)
        }
        Err(error) => Notice::refused(fields.text("document_id").unwrap_or_default(), error.to_string()),
    };
    fields.answer(&notice)
}

async fn send(app: &App, fields: &Fields) -> Result<Shown, SignalError> {
    let shown = Shown::read(fields)?;
    shown.retry(app).await?;
    Ok(shown)
}
