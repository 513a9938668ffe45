//! Binds the address of a program.

use std::{io, net::SocketAddr, time::Duration};

use tokio::net::TcpListener;

use super::{connections::Limits, hosts::AllowedHosts};
use crate::ConfigError;

/// Listening failed; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there.
    #[error(
        "{service} cannot listen on {addr}: the port is taken; stop the other program or set {variable} to another host:port"
    )]
    Taken {
        /// The program.
        service: &'static str,
        /// The address.
        addr: String,
        /// The variable that sets the address.
        variable: String,
    },
    /// The address is invalid.
    #[error("{service} cannot listen on {addr}; set {variable} to a host:port of this machine: {source}")]
    Unusable {
        /// The program.
        service: &'static str,
        /// The address.
        addr: String,
        /// The variable that sets the address.
        variable: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// `ALLOWED_HOSTS` is invalid.
    #[error(transparent)]
    Hosts(#[from] ConfigError),
}

/// An address to listen on, the hosts that it answers for, and the limits of its connections.
#[derive(Debug)]
pub struct Bound {
    pub(super) listener: TcpListener,
    pub(super) hosts: AllowedHosts,
    pub(super) limits: Limits,
}

impl Bound {
    /// Returns where it listens.
    ///
    /// # Errors
    /// Returns an error if the operating system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Sets other limits than the usual ones, for tests.
    #[must_use]
    pub fn limited(mut self, connections: usize, patience: Duration) -> Self {
        self.limits = Limits::new(connections, patience);
        self
    }
}

/// Listens on `addr` (`host:port`; port 0 takes a free one). `variable` names the variable that sets the address.
/// Requests are answered for loopback names, for this address and for the hosts in `ALLOWED_HOSTS`.
///
/// # Errors
/// Returns [`BindError`], in one sentence for the operator.
pub async fn bind(service: &'static str, addr: &str, variable: &str) -> Result<Bound, BindError> {
    let hosts = AllowedHosts::from_env(addr)?;
    let listener = TcpListener::bind(addr).await.map_err(|source| {
        let (addr, variable) = (addr.to_owned(), variable.to_owned());
        match source.kind() {
            io::ErrorKind::AddrInUse => BindError::Taken { service, addr, variable },
            _ => BindError::Unusable { service, addr, variable, source },
        }
    })?;
    Ok(Bound { listener, hosts, limits: Limits::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_says_what_to_do() {
        let first = bind("billing", "127.0.0.1:0", "BILLING_ADDR").await.unwrap();
        let addr = first.local_addr().unwrap().to_string();
        let text = bind("billing", &addr, "BILLING_ADDR").await.unwrap_err().to_string();
        assert!(text.contains(&addr) && text.contains("BILLING_ADDR"), "{text}");
        let text = bind("billing", "nonsense", "BILLING_ADDR").await.unwrap_err().to_string();
        assert!(text.contains("nonsense") && text.contains("BILLING_ADDR"), "{text}");
    }
}
