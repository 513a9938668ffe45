//! Protection against pages of other sites: a program answers only for its own hosts, and accepts no commands from
//! another site's page.
//!
//! A browser sends a page's requests wherever the page wants. A page whose name resolves to 127.0.0.1 (DNS rebinding)
//! could read and command everything here: its `Host` gives it away. A page of another name could still send commands
//! that need no preflight: `Origin` and `Sec-Fetch-Site` give it away.

use std::{net::IpAddr, str::FromStr, sync::Arc};

use axum::{
    extract::Request,
    http::{
        HeaderMap, Method, StatusCode, Uri,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use process_manager_wire::code;
use url::Url;

use crate::{ApiError, ConfigError, env_or, problem};

const VARIABLE: &str = "ALLOWED_HOSTS";
const FETCH_SITE: &str = "sec-fetch-site";

/// The hosts that a program answers for: loopback names, its own address, and the list in `ALLOWED_HOSTS`.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedHosts {
    /// Host of the address that it listens on, in lower case.
    own: String,
    listed: HostList,
}

/// `ALLOWED_HOSTS`: names, each with a port or for any port, `*.name` for all names below, or `*` for every host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct HostList(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Every,
    Below(String),
    Host { name: String, port: Option<u16> },
}

impl FromStr for HostList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rule = || format!("{text:?} is none of name, name:port, *.name and *");
        if text == "*" {
            return Ok(Self::Every);
        }
        if let Some(name) = text.strip_prefix("*.") {
            let host = Host::parse(name).filter(|host| host.port.is_none()).ok_or_else(rule)?;
            return Ok(Self::Below(format!(".{}", host.name)));
        }
        let Host { name, port } = Host::parse(text).ok_or_else(rule)?;
        Ok(Self::Host { name, port })
    }
}

/// The value of a header `Host`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    /// In lower case; an IPv6 address without its brackets.
    name: String,
    port: Option<u16>,
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        let authority: Authority = text.parse().ok().filter(|_| !text.contains(['@', '*']))?;
        let name = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let port = match text.strip_prefix(authority.host())? {
            "" => None,
            rest => Some(rest.strip_prefix(':')?.parse().ok()?),
        };
        (!name.is_empty()).then_some(Self { name, port })
    }

    fn is_loopback(&self) -> bool {
        self.name == "localhost" || self.name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl AllowedHosts {
    /// Makes the hosts of a program that listens on `addr`, with those in `ALLOWED_HOSTS`.
    ///
    /// # Errors
    /// Returns [`ConfigError`] if `ALLOWED_HOSTS` is invalid.
    pub(crate) fn from_env(addr: &str) -> Result<Self, ConfigError> {
        Ok(Self::of(addr, env_or(VARIABLE, HostList::default())?))
    }

    fn of(addr: &str, listed: HostList) -> Self {
        let own = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
        Self { own: own.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase(), listed }
    }

    fn answers_for(&self, host: &Host) -> bool {
        host.is_loopback() || host.name == self.own || self.is_address_of_ours(host) || self.is_listed(host)
    }

    /// Returns whether the host is a numeric address of ours. A numeric address is safe: only a name can be made to
    /// resolve to another machine. A program that listens on all addresses does not know which ones are its own.
    fn is_address_of_ours(&self, host: &Host) -> bool {
        let listens_on_all = self.own.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
        listens_on_all && host.name.parse::<IpAddr>().is_ok()
    }

    fn is_listed(&self, host: &Host) -> bool {
        self.listed.0.iter().any(|entry| match entry {
            Entry::Every => true,
            Entry::Below(suffix) => host.name.ends_with(suffix.as_str()),
            Entry::Host { name, port } => *name == host.name && (port.is_none() || *port == host.port),
        })
    }

    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        // A client that is not a browser may omit it (HTTP/1.0). A request line may name the host as well.
        let mut named: Vec<&str> = uri.authority().map(Authority::as_str).into_iter().collect();
        named.extend(headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default()));
        for text in &named {
            if !Host::parse(text).is_some_and(|host| self.answers_for(&host)) {
                return Err(misdirected(text));
            }
        }
        if !method.is_safe() && is_cross_site(headers, named.first().copied()) {
            let detail = "a page of another site has sent this request; commands are taken from our own pages and from \
                          programs that are no browsers";
            return Err(problem(StatusCode::FORBIDDEN, code::CROSS_SITE_REQUEST, detail));
        }
        Ok(())
    }
}

fn misdirected(host: &str) -> ApiError {
    let shown: String = host.chars().take(100).collect();
    let detail = format!("this program does not answer for the host {shown:?}; if it is yours, add it to {VARIABLE}");
    problem(StatusCode::MISDIRECTED_REQUEST, code::HOST_NOT_ALLOWED, detail)
}

/// Returns whether a browser says that the request comes from a page of another origin.
fn is_cross_site(headers: &HeaderMap, host: Option<&str>) -> bool {
    let mut sites = headers.get_all(FETCH_SITE).iter();
    if sites.any(|site| site != "same-origin" && site != "none") {
        return true;
    }
    let own = host.and_then(Host::parse);
    let of_ours = |origin: &str| {
        let (Ok(url), Some(own)) = (Url::parse(origin), &own) else { return false };
        let Some(origin) = Host::parse(url.authority()) else { return false };
        // Neither names its scheme's default port; the proxy in front may use another scheme than we do.
        let is_default = |port: Option<u16>| matches!(port, None | Some(80 | 443));
        origin.name == own.name && (origin.port == own.port || is_default(origin.port) && is_default(own.port))
    };
    headers.get_all(ORIGIN).iter().any(|origin| !origin.to_str().is_ok_and(of_ours))
}

/// Refuses requests for other hosts, and commands from another site's page. [`super::serve`] adds the program's hosts
/// to each request; without them only loopback names are answered for.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let hosts = request.extensions().get::<Arc<AllowedHosts>>().cloned().unwrap_or_default();
    match hosts.check(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn hosts(addr: &str, listed: &str) -> AllowedHosts {
        AllowedHosts::of(addr, listed.parse().unwrap())
    }

    fn outcome(hosts: &AllowedHosts, method: Method, uri: &str, headers: &[(&'static str, &str)]) -> u16 {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap()))
            .collect();
        hosts.check(&method, &uri.parse().unwrap(), &headers).map_or_else(|error| error.status().as_u16(), |()| 200)
    }

    fn get(hosts: &AllowedHosts, host: &str) -> u16 {
        outcome(hosts, Method::GET, "/documents", &[("host", host)])
    }

    #[test]
    fn with_nothing_configured_loopback_names_alone_are_answered_for() {
        let closed = hosts("127.0.0.1:8081", "");
        for own in ["127.0.0.1:8081", "127.0.0.1", "localhost:9", "LOCALHOST", "[::1]:8081", "127.8.8.8"] {
            assert_eq!(get(&closed, own), 200, "{own}");
        }
        for foreign in [
            "evil.example",
            "evil.example:8081",
            "10.0.0.1:8081",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost:8081:1",
            "localhost:x",
            "",
            "ä",
        ] {
            assert_eq!(get(&closed, foreign), 421, "{foreign}");
        }
        assert_eq!(outcome(&closed, Method::GET, "/documents", &[]), 200, "no browser leaves it out");
    }

    #[test]
    fn each_place_that_names_a_host_counts() {
        let closed = hosts("127.0.0.1:8081", "");
        let own = ("host", "localhost");
        assert_eq!(outcome(&closed, Method::GET, "http://evil.example/documents", &[own]), 421);
        assert_eq!(outcome(&closed, Method::GET, "http://localhost/documents", &[("host", "evil.example")]), 421);
        let mut two = HeaderMap::new();
        two.append(HOST, HeaderValue::from_static("localhost"));
        two.append(HOST, HeaderValue::from_static("evil.example"));
        assert!(closed.check(&Method::GET, &Uri::from_static("/"), &two).is_err());
    }

    #[test]
    fn its_own_address_and_the_listed_hosts_are_answered_for() {
        let named = hosts("billing.internal:8081", "billing, example.org:8443 ,*.svc.example,");
        for own in ["billing.internal:8081", "billing:8081", "BILLING", "example.org:8443", "a.svc.example:1", "[::1]"]
        {
            assert_eq!(get(&named, own), 200, "{own}");
        }
        for foreign in ["example.org", "svc.example", "xsvc.example", "10.0.0.1", "billing.evil.example"] {
            assert_eq!(get(&named, foreign), 421, "{foreign}");
        }
        // A Kubernetes probe names the address of the pod.
        for all in ["0.0.0.0:8081", "[::]:8081"] {
            assert_eq!((get(&hosts(all, ""), "10.0.0.1:8081"), get(&hosts(all, ""), "evil.example")), (200, 421));
        }
        assert_eq!(get(&hosts("127.0.0.1:8081", "*"), "evil.example"), 200);
    }

    #[test]
    fn an_invalid_host_names_the_variable() {
        for bad in ["http://example.org", "a b", "*example.org", "*.", "example.org:x", "user@example.org"] {
            let error = format!("localhost, {bad}").parse::<HostList>().unwrap_err();
            assert!(error.contains(&format!("{bad:?} is none of")), "{error}");
        }
    }

    #[test]
    fn a_command_of_another_sites_page_is_refused() {
        let hosts = hosts("127.0.0.1:8080", "example.org");
        let local = ("host", "127.0.0.1:8080");
        for (headers, expected) in [
            (&[local][..], 200),
            (&[local, ("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")], 200),
            (&[local, ("sec-fetch-site", "none")], 200),
            (&[("host", "example.org"), ("origin", "https://example.org")], 200),
            (&[("host", "example.org:443"), ("origin", "https://example.org")], 200),
            (&[local, ("origin", "http://127.0.0.1:8233")], 403),
            (&[local, ("origin", "http://localhost:8080")], 403),
            (&[local, ("origin", "http://evil.example")], 403),
            (&[local, ("origin", "http://example.org")], 403),
            (&[local, ("origin", "null")], 403),
            (&[local, ("origin", "ä")], 403),
            (&[local, ("sec-fetch-site", "same-site")], 403),
            (&[local, ("sec-fetch-site", "cross-site")], 403),
            (&[local, ("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8080")], 403),
        ] {
            assert_eq!(outcome(&hosts, Method::POST, "/voidings/a/retry", headers), expected, "{headers:?}");
            assert_eq!(outcome(&hosts, Method::GET, "/voidings/a", headers), 200, "{headers:?}");
        }
    }
}
