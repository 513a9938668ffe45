//! How commands leave: over HTTP by default, or in any other way.

use std::{collections::BTreeMap, error::Error, time::Duration};

use futures::future::BoxFuture;
use process_manager_wire::{Problem, tagged};
use serde::Serialize;

use process_manager_client::http::{ClientError, CommandClient, CommandError, Envelope, Timeouts};

/// Why a command was not dispatched.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The receiver's business 'no'. It is not retried; `on_error` decides.
    #[error("refused ({}): {}", .0.code, .0.detail)]
    Refused(Problem),
    /// Anything else that goes wrong. It is retried as the command's policy says, and then `on_error` decides.
    #[error("not got through")]
    Fault(#[source] Box<dyn Error + Send + Sync>),
    /// The command cannot be sent at all. It is not retried; `on_error` decides.
    #[error("{0}")]
    Impossible(String),
}

impl From<CommandError> for DispatchError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Refused(problem) => Self::Refused(problem),
            CommandError::Fault(fault) => Self::Fault(fault.into()),
        }
    }
}

/// Sends the commands of a process manager.
///
/// It may be asked to send a command again after a crash, with the same idempotency key; and it may be dropped at any
/// await, as if the program died there.
pub trait Dispatcher<C>: Send + Sync + 'static {
    /// Sends one command. A panic is taken for [`DispatchError::Impossible`].
    fn dispatch<'a>(&'a self, command: &'a C, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DispatchError>>;
}

/// Sends a command as `POST /commands/<type in kebab case>` with its data as the body: `WithdrawMoney` goes to
/// `/commands/withdraw-money`. Idempotency key, correlation and causation id and metadata are headers.
#[derive(Debug, Clone)]
pub struct HttpDispatcher {
    default: CommandClient,
    others: BTreeMap<&'static str, CommandClient>,
}

impl HttpDispatcher {
    /// All commands go to the service at this address.
    ///
    /// # Errors
    /// The address is not an HTTP one, or the TLS set-up fails.
    pub fn new(service: url::Url) -> Result<Self, ClientError> {
        // An attempt's time is the activity's, which the process manager can set.
        let timeouts = Timeouts { total: Duration::from_secs(60), ..Timeouts::default() };
        Ok(Self { default: CommandClient::new(service, timeouts)?, others: BTreeMap::new() })
    }

    /// Commands of these types go to the service at this address instead.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with(mut self, commands: &[&'static str], service: url::Url) -> Result<Self, ClientError> {
        let other = Self::new(service)?.default;
        self.others.extend(commands.iter().map(|name| (*name, other.clone())));
        Ok(self)
    }
}

impl<C: Serialize + Sync> Dispatcher<C> for HttpDispatcher {
    fn dispatch<'a>(&'a self, command: &'a C, envelope: &'a Envelope) -> BoxFuture<'a, Result<(), DispatchError>> {
        Box::pin(async move {
            let Some((name, data)) = tagged(command) else {
                let why = "the command is no enum tagged with `type` and `data`";
                return Err(DispatchError::Impossible(why.to_owned()));
            };
            let client = self.others.get(name.as_str()).unwrap_or(&self.default);
            Ok(client.order(&format!("/commands/{}", kebab(&name)), &data, envelope).await?)
        })
    }
}

/// `WithdrawMoney` becomes `withdraw-money`.
fn kebab(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for (index, character) in name.char_indices() {
        if character.is_uppercase() && index > 0 {
            text.push('-');
        }
        text.extend(character.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_a_route_of_its_own() {
        assert_eq!(kebab("WithdrawMoney"), "withdraw-money");
        assert_eq!(kebab("Close"), "close");
    }
}
