//! `POST /console/instance/acknowledge`: a person gives an instance up.

use axum::{extract::State, response::Response};
use messages::voiding::{MAX_ACKNOWLEDGED_BY, MAX_NOTE};
use process_manager::instance::Acknowledge;

use super::{Shown, SignalError};
use crate::{
    app::App,
    console::{form::Fields, notice::Notice},
};

pub(in crate::console) async fn acknowledge_instance(State(app): State<App>, fields: Fields) -> Response {
    let notice = match send(&app, &fields).await {
        Ok(shown) => {
            let text = format!("the failure of {} is acknowledged; its process ends now", shown.process_id);
            Notice::done(shown.process_id, text)
        }
        Err(error) => Notice::refused(fields.exact("process_id").unwrap_or_default(), error.to_string()),
    };
    fields.answer(&notice)
}

async fn send(app: &App, fields: &Fields) -> Result<Shown, SignalError> {
    let shown = Shown::read(fields)?;
    let text = |name: &str, most: usize| match fields.text(name) {
        Some(text) if text.chars().count() > most => Err(SignalError::TooLong),
        text => Ok(text.map(str::to_owned)),
    };
    let signal = Acknowledge {
        acknowledged_by: text("acknowledged_by", MAX_ACKNOWLEDGED_BY)?,
        note: text("note", MAX_NOTE)?,
        failure_id: Some(shown.failure_id.clone()),
    };
    shown.signal(app, "acknowledge", &signal).await?;
    Ok(shown)
}
