//! `POST /console/acknowledge`: a person acknowledges one failure.

use axum::{extract::State, response::Response};

use super::signal::{Shown, SignalError};
use crate::{
    app::App,
    console::{form::Fields, notice::Notice},
};

pub(in crate::console) async fn acknowledge(State(app): State<App>, fields: Fields) -> Response {
    let notice = match send(&app, &fields).await {
        Ok(shown) => {
            let text = format!("the failure of {} is acknowledged; its process ends now", shown.document_id);
            Notice::done(shown.document_id, text)
        }
        Err(error) => Notice::refused(fields.text("document_id").unwrap_or_default(), error.to_string()),
    };
    fields.answer(&notice)
}

async fn send(app: &App, fields: &Fields) -> Result<Shown, SignalError> {
    let shown = Shown::read(fields)?;
    shown.acknowledge(app, fields).await?;
    Ok(shown)
}
