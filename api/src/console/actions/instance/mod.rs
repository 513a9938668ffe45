//! The two signals that a person sends to an instance, each for the failure that the page has shown and for no other.

pub(in crate::console) mod acknowledge;
pub(in crate::console) mod retry;

use serde::Serialize;

use super::signal::SignalError;
use crate::{
    app::App,
    console::{
        form::Fields,
        managers::{self, Manager},
    },
};

/// A failure of an instance, as a form names it.
#[derive(Debug)]
struct Shown {
    manager: &'static Manager,
    process_id: String,
    failure_id: String,
}

impl Shown {
    fn read(fields: &Fields) -> Result<Self, SignalError> {
        // Ids of instances may be anything, also spaces.
        let text = |name: &str| fields.exact(name).filter(|text| !text.is_empty());
        Ok(Self {
            manager: text("manager").and_then(managers::named).ok_or(SignalError::Incomplete)?,
            process_id: text("process_id").ok_or(SignalError::Incomplete)?.to_owned(),
            failure_id: text("failure_id").ok_or(SignalError::Incomplete)?.to_owned(),
        })
    }

    async fn signal(&self, app: &App, name: &str, payload: &(impl Serialize + Sync)) -> Result<(), SignalError> {
        let (manager, id) = (self.manager.name, self.process_id.as_str());
        let now = app.temporal.inspect_instance(manager, id).await?.ok_or(SignalError::Gone)?;
        if now.instance.failure_id() != Some(self.failure_id.as_str()) {
            return Err(SignalError::Gone);
        }
        let sent = app.temporal.signal_instance(manager, id, name, payload).await?;
        sent.then_some(()).ok_or(SignalError::Gone)
    }
}
