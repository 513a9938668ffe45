//! The dispatch of commands: over HTTP by default, or in any other way.

use std::{error::Error, future::ready, time::Duration};

use heck::ToKebabCase;
use process_manager_wire::{Problem, tagged};
use serde::Serialize;
use serde_json::Value;

use process_manager_client::http::{ClientError, CommandClient, CommandError, Envelope, Timeouts};

/// The reason why a command was not dispatched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// The receiver's refusal, a business "no". It is not retried; `on_error` decides.
    #[error("refused ({}): {}", .0.code, .0.detail)]
    Refused(Problem),
    /// Anything else that goes wrong. It is retried as the command's policy says, then `on_error` decides.
    #[error("the command was not delivered")]
    Fault(#[source] Box<dyn Error + Send + Sync>),
    /// The command cannot be sent at all. It is not retried; `on_error` decides.
    #[error("{0}")]
    Impossible(String),
}

impl DispatchError {
    /// Returns a refusal with this code, in kebab case, and this explanation.
    #[must_use]
    pub fn refused(code: impl Into<String>, detail: impl Into<String>) -> Self {
        let code = code.into();
        let (kind, title) = (format!("/problems/{code}"), "The command was refused".to_owned());
        Self::Refused(Problem { kind, title, status: 409, detail: detail.into(), code })
    }
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
/// After a crash it may have to send a command again, with the same idempotency key. It may be dropped at any await, as
/// if the program died there.
pub trait Dispatcher<C>: Send + Sync + 'static {
    /// Sends one command. A panic counts as [`DispatchError::Impossible`].
    ///
    /// # Errors
    /// [`DispatchError`] if the receiver refuses, something goes wrong, or the command can never be sent.
    fn dispatch(&self, command: &C, envelope: &Envelope) -> impl Future<Output = Result<(), DispatchError>> + Send;

    /// Asks a question (see [`is_question`](process_manager::manager::ProcessManager::is_question)), and returns the
    /// event that answers it, as `{"type", "data"}`. By default no question is answered.
    ///
    /// # Errors
    /// Same as [`Self::dispatch`].
    fn ask(&self, _question: &C, _envelope: &Envelope) -> impl Future<Output = Result<Value, DispatchError>> + Send {
        ready(Err(DispatchError::Impossible("the dispatcher answers no questions".to_owned())))
    }
}

/// Sends a command as `POST /commands/<type in kebab case>` with its data as the body: `WithdrawMoney` goes to
/// `/commands/withdraw-money`. Idempotency key, correlation and causation id and metadata are headers.
pub struct HttpDispatcher<C> {
    choose: Box<dyn Fn(&C) -> CommandClient + Send + Sync>,
}

impl<C> HttpDispatcher<C> {
    /// Creates a dispatcher that sends all commands to the service at this address.
    ///
    /// # Errors
    /// [`ClientError`] if the address is not an HTTP address, or the TLS set-up fails.
    pub fn new(service: url::Url) -> Result<Self, ClientError> {
        let client = Self::client(service)?;
        Ok(Self::choosing(move |_| client.clone()))
    }

    /// Creates a dispatcher that sends each command with the client that the closure chooses; [`Self::client`] makes
    /// one.
    #[must_use]
    pub fn choosing(choose: impl Fn(&C) -> CommandClient + Send + Sync + 'static) -> Self {
        Self { choose: Box::new(choose) }
    }

    /// Creates a client for a service that takes commands of process managers. An attempt is limited by the activity,
    /// whose limit the process manager can set; the client's own limit is 60 s.
    ///
    /// # Errors
    /// [`ClientError`] if the address is not an HTTP address, or the TLS set-up fails.
    pub fn client(service: url::Url) -> Result<CommandClient, ClientError> {
        CommandClient::new(service, Timeouts { total: Duration::from_secs(60), ..Timeouts::default() })
    }
}

impl<C: Serialize + Sync + 'static> Dispatcher<C> for HttpDispatcher<C> {
    async fn dispatch(&self, command: &C, envelope: &Envelope) -> Result<(), DispatchError> {
        let Some((name, data)) = tagged(command) else {
            let why = "the command is no enum tagged with `type` and `data`";
            return Err(DispatchError::Impossible(why.to_owned()));
        };
        let client = (self.choose)(command);
        Ok(client.send_discarding(&format!("/commands/{}", name.to_kebab_case()), &data, envelope).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_a_route_of_its_own() {
        assert_eq!("WithdrawMoney".to_kebab_case(), "withdraw-money");
        assert_eq!("Close".to_kebab_case(), "close");
    }
}
