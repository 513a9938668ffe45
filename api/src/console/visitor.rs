//! Who looks at a page: their token against forged forms, and what their last action led to.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue,
        header::{COOKIE, SET_COOKIE},
        request::Parts,
    },
    response::Response,
};
use rand::{Rng, distr::Alphanumeric};

use super::notice::Notice;

const TOKEN_COOKIE: &str = "console_token";
const NOTICE_COOKIE: &str = "console_notice";
const TOKEN_LENGTH: usize = 32;
/// How long the next page may take to show what an action led to.
const NOTICE_SECONDS: u32 = 30;

/// The browser that asks.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    /// Stands in each form and in the cookie: another site can read neither.
    pub(super) token: String,
    is_new: bool,
    /// What the last action led to; shown once.
    pub(super) notice: Option<Notice>,
    /// The page's address, where an action sent from it leads back to.
    pub(super) path: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let known = token(&parts.headers);
        let notice = cookie(&parts.headers, NOTICE_COOKIE).and_then(Notice::read);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { is_new: known.is_none(), token: known.unwrap_or_else(new_token), notice, path })
    }
}

impl Visitor {
    /// Sets the cookies that belong to the page.
    pub(super) fn remember(&self, mut response: Response) -> Response {
        if self.is_new {
            set(&mut response, format!("{TOKEN_COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", self.token));
        }
        if self.notice.is_some() {
            set(&mut response, format!("{NOTICE_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"));
        }
        response
    }
}

/// Keeps a notice for the next page.
pub(super) fn keep(notice: &Notice, mut response: Response) -> Response {
    let value = notice.write();
    let cookie = format!("{NOTICE_COOKIE}={value}; Path=/; Max-Age={NOTICE_SECONDS}; HttpOnly; SameSite=Strict");
    set(&mut response, cookie);
    response
}

/// The token in the request's cookie.
pub(super) fn token(headers: &HeaderMap) -> Option<String> {
    let is_token = |text: &&str| text.len() == TOKEN_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    cookie(headers, TOKEN_COOKIE).filter(is_token).map(str::to_owned)
}

fn new_token() -> String {
    rand::rng().sample_iter(Alphanumeric).take(TOKEN_LENGTH).map(char::from).collect()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn set(response: &mut Response, cookie: String) {
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
