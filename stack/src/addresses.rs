//! URLs of the programs, derived from the addresses that they listen on.

use service_kit::ConfigError;
use url::Url;

/// Returns the URL under which this machine reaches a program that listens on `addr`, which `variable` has set.
///
/// # Errors
/// Returns [`ConfigError`] if `addr` is not host:port.
pub(crate) fn url_of(addr: &str, variable: &str) -> Result<Url, ConfigError> {
    let error = |reason: &str| ConfigError { variable: variable.into(), value: addr.into(), reason: reason.into() };
    let (host, port) = addr.rsplit_once(':').ok_or_else(|| error("it must be host:port"))?;
    let host = match host {
        "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        host => host,
    };
    let port: u16 = port.parse().map_err(|_| error("its port must be from 1 to 65535"))?;
    if port == 0 {
        // Other programs could not find it.
        return Err(error("its port must be from 1 to 65535"));
    }
    Url::parse(&format!("http://{host}:{port}")).map_err(|_| error("it must be host:port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_listens_everywhere_is_reached_on_loopback() {
        for (addr, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080/"),
            ("[::]:8080", "http://[::1]:8080/"),
            ("localhost:8080", "http://localhost:8080/"),
        ] {
            assert_eq!(url_of(addr, "API_ADDR").unwrap().as_str(), url);
        }
    }

    #[test]
    fn an_invalid_address_names_its_variable() {
        for addr in ["8080", "localhost", "127.0.0.1:0", "127.0.0.1:99999", "a b:1", ":8080"] {
            let error = url_of(addr, "API_ADDR").unwrap_err();
            assert_eq!(error.variable, "API_ADDR", "{addr}");
        }
    }
}
