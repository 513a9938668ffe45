//! `POST /console/instance/retry`: a person has an instance try again what it failed with.

use axum::{extract::State, response::Response};
use process_manager::instance::Acknowledge;

use super::{Shown, SignalError};
use crate::{
    app::App,
    console::{form::Fields, notice::Notice},
};

pub(in crate::console) async fn retry_instance(State(app): State<App>, fields: Fields) -> Response {
    let notice = match send(&app, &fields).await {
        Ok(shown) => {
            let text = format!("{} tries again what it failed with", shown.process_id);
            Notice::done(shown.process_id, text)
        }
        Err(error) => Notice::refused(fields.exact("process_id").unwrap_or_default(), error.to_string()),
    };
    fields.answer(&notice)
}

async fn send(app: &App, fields: &Fields) -> Result<Shown, SignalError> {
    let shown = Shown::read(fields)?;
    let signal = Acknowledge { failure_id: Some(shown.failure_id.clone()), ..Acknowledge::default() };
    shown.signal(app, "retry", &signal).await?;
    Ok(shown)
}
