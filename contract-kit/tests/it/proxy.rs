//! A proxy in front of a service that spoils requests and answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use url::Url;

pub(crate) const KEY: &str = "idempotency-key";

/// The current address of a service.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upstream(Arc<Mutex<Option<SocketAddr>>>);

impl Upstream {
    pub(crate) fn leads_to(&self, addr: SocketAddr) {
        *self.0.lock().unwrap() = Some(addr);
    }

    fn addr(&self) -> SocketAddr {
        self.0.lock().unwrap().unwrap()
    }
}

/// A request that passes through.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) key: Option<String>,
    /// The text of its body.
    pub(crate) text: String,
    /// How often this key has come to this path.
    pub(crate) times: usize,
    is_post: bool,
    headers: HeaderMap,
}

impl Call {
    /// Returns its body as JSON.
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// Returns whether it is this command.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.is_post && self.path == format!("/commands/{name}")
    }

    /// Returns whether it issues a document.
    pub(crate) fn issues(&self) -> bool {
        self.is_post && self.path == "/documents"
    }

    /// Returns whether it reads the log.
    pub(crate) fn reads_log(&self) -> bool {
        self.path == "/events"
    }
}

/// An answer that passes through.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Returns the events of a batch.
    pub(crate) fn events(&mut self) -> &mut Vec<Value> {
        self.body.as_array_mut().unwrap()
    }
}

/// What a breach has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) answers: BTreeMap<String, Answer>,
    pub(crate) pairs: BTreeSet<(String, String)>,
    pub(crate) highest: i64,
    pub(crate) hidden: Option<i64>,
    pub(crate) is_armed: bool,
    pub(crate) is_done: bool,
    pub(crate) is_restarted: bool,
}

type Before = fn(&mut Call, &mut Seen) -> Option<Answer>;
type After = fn(&Call, &mut Answer, &mut Seen);

/// A breach of the contract: of requests before they reach the service, and of its answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoil {
    pub(crate) before: Before,
    pub(crate) after: After,
}

impl Spoil {
    pub(crate) fn requests(before: Before) -> Self {
        Self { before, after: |_, _, _| () }
    }

    pub(crate) fn answers(after: After) -> Self {
        Self { before: |_, _| None, after }
    }
}

/// A proxy; it lives as long as the test.
#[derive(Clone)]
pub(crate) struct Proxy {
    addr: SocketAddr,
    upstream: Upstream,
    /// How often each key has come to each path.
    times: Arc<Mutex<BTreeMap<(String, String), usize>>>,
    spoils: Arc<Mutex<Vec<(Spoil, Seen)>>>,
    http: reqwest::Client,
}

impl Proxy {
    pub(crate) async fn start(upstream: &Upstream, spoils: Vec<Spoil>) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        // Creating this client installs the TLS provider.
        let _ = test_support::http();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (addr, upstream) = (listener.local_addr().unwrap(), upstream.clone());
        let spoils = spoils.into_iter().map(|spoil| (spoil, Seen::default())).collect();
        let proxy = Self { addr, upstream, times: Arc::default(), spoils: Arc::new(Mutex::new(spoils)), http };
        let app = Router::new().fallback(pass).with_state(proxy.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        proxy
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.addr).parse().unwrap()
    }

    /// Marks the service as restarted from here on.
    pub(crate) fn set_restarted(&self) {
        self.spoils.lock().unwrap().iter_mut().for_each(|(_, seen)| seen.is_restarted = true);
    }

    async fn call(&self, request: Request) -> Call {
        let (parts, body) = request.into_parts();
        let text = String::from_utf8_lossy(&to_bytes(body, usize::MAX).await.unwrap()).into_owned();
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = query.into_owned().collect();
        let key = parts.headers.get(KEY).map(|key| key.to_str().unwrap().to_owned());
        let path = parts.uri.path().to_owned();
        let is_post = parts.method == axum::http::Method::POST;
        let mut call = Call { path, query, key, text, times: 0, is_post, headers: parts.headers };
        if let Some(key) = call.key.clone() {
            let mut times = self.times.lock().unwrap();
            let times = times.entry((key, call.path.clone())).or_default();
            *times += 1;
            call.times = *times;
        }
        call
    }

    /// Forwards a request. Fails while the service is down.
    async fn forward(&self, call: &Call) -> reqwest::Result<Answer> {
        let mut url: Url = format!("http://{}{}", self.upstream.addr(), call.path).parse().unwrap();
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut headers = HeaderMap::new();
        for name in ["x-correlation-id", "x-causation-id", "content-type"].map(HeaderName::from_static) {
            headers.extend(call.headers.get(&name).cloned().map(|value| (name, value)));
        }
        if let Some(key) = &call.key {
            headers.insert(KEY, HeaderValue::from_str(key).unwrap());
        }
        let request = if call.is_post { self.http.post(url).body(call.text.clone()) } else { self.http.get(url) };
        let response = request.headers(headers).send().await?;
        let status = response.status().as_u16();
        let media_type = response.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, media_type: media_type.unwrap_or_default(), body })
    }
}

async fn pass(State(proxy): State<Proxy>, request: Request) -> Response {
    let mut call = proxy.call(request).await;
    let early = proxy.spoils.lock().unwrap().iter_mut().find_map(|(spoil, seen)| (spoil.before)(&mut call, seen));
    let answer = match early {
        Some(answer) => Ok(answer),
        None => proxy.forward(&call).await,
    };
    let Ok(mut answer) = answer else { return StatusCode::BAD_GATEWAY.into_response() };
    for (spoil, seen) in proxy.spoils.lock().unwrap().iter_mut() {
        (spoil.after)(&call, &mut answer, seen);
    }
    let mut response = Body::from(answer.body.to_string()).into_response();
    *response.status_mut() = answer.status.try_into().unwrap();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(&answer.media_type).unwrap());
    response
}
