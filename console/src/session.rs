//! The browser's session: its token against forged forms, and the notice about its last action, both in cookies.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use maud::{Markup, Render, html};
use rand::{Rng, distr::Alphanumeric};
use serde::{Deserialize, Serialize};

const TOKEN_COOKIE: &str = "console_token";
const NOTICE_COOKIE: &str = "console_notice";
const TOKEN_LENGTH: usize = 32;
/// Time for which a notice waits for the page that shows it.
const NOTICE_KEPT: std::time::Duration = std::time::Duration::from_secs(30);
/// Maximum length of the text of a notice in characters: it travels in a cookie.
const LONGEST_TEXT: usize = 600;
/// Maximum number of bytes in a cookie for a notice's text and for its subject. A browser keeps no cookie above 4,096.
const TEXT_KEPT: usize = 2_400;
const ABOUT_KEPT: usize = 1_200;

/// The browser that sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// Contained in each form and in the cookie: another site can read neither.
    pub(crate) token: String,
    /// The result of the last action; shown once.
    pub(crate) notice: Option<Notice>,
    /// The page's address, to which an action sent from it returns.
    pub(crate) path: String,
    cookies: CookieJar,
}

/// Whether an action succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Done,
    Refused,
}

impl Outcome {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::Refused => "Not done",
        }
    }
}

/// The result of an action in one sentence, for the page that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) outcome: Outcome,
    /// The button that was pressed, so that a refusal can appear beside it.
    pub(crate) about: String,
    pub(crate) text: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let cookies = CookieJar::from_headers(&parts.headers);
        let notice = cookies.get(NOTICE_COOKIE).and_then(|cookie| Notice::read(cookie.value()));
        let cookies = cookies.remove(ours(NOTICE_COOKIE, String::new()));
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let (token, cookies) = match token(&parts.headers) {
            Some(token) => (token, cookies),
            None => {
                let token = new_token();
                (token.clone(), cookies.add(ours(TOKEN_COOKIE, token)))
            }
        };
        Ok(Self { token, notice, path, cookies })
    }
}

impl Visitor {
    /// Adds the cookies that belong to the page.
    pub(crate) fn remember(&self, response: Response) -> Response {
        (self.cookies.clone(), response).into_response()
    }
}

impl Notice {
    pub(crate) fn done(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Done, about: about.into(), text: text.into() }
    }

    pub(crate) fn refused(about: impl Into<String>, text: impl Into<String>) -> Self {
        Self { outcome: Outcome::Refused, about: about.into(), text: text.into() }
    }

    /// Keeps the notice for the next page.
    pub(crate) fn keep(&self, response: Response) -> Response {
        let text = kept(cut(&self.text, LONGEST_TEXT), TEXT_KEPT).to_owned();
        let about = kept(&self.about, ABOUT_KEPT).to_owned();
        let value = serde_json::to_string(&Self { outcome: self.outcome, about, text }).unwrap_or_default();
        let mut cookie = ours(NOTICE_COOKIE, value);
        cookie.set_max_age(NOTICE_KEPT.try_into().ok());
        (CookieJar::new().add(cookie), response).into_response()
    }

    /// Reads a cookie's value. Anyone may have written it, so it is treated as text and nothing else.
    fn read(value: &str) -> Option<Self> {
        let notice: Self = serde_json::from_str(value).ok()?;
        Some(Self { text: notice.text.chars().take(LONGEST_TEXT).collect(), ..notice })
    }
}

impl Render for Notice {
    fn render(&self) -> Markup {
        let class = match self.outcome {
            Outcome::Done => "notice done",
            Outcome::Refused => "notice refused",
        };
        html! { p class=(class) { strong { (self.outcome.word()) ": " } (self.text) } }
    }
}

/// Returns the first characters of a text.
pub(crate) fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// Returns the start of a text that fits into this many bytes of a cookie, as JSON with percent signs.
fn kept(text: &str, most: usize) -> &str {
    let mut bytes = 0;
    let too_many = text.char_indices().find(|(_, character)| {
        bytes += match character {
            '0'..='9' | 'A'..='Z' | 'a'..='z' => 1,
            '"' | '\\' => 6,
            character if character.is_ascii_control() => 8,
            character => 3 * character.len_utf8(),
        };
        bytes > most
    });
    too_many.map_or(text, |(end, _)| &text[..end])
}

/// Returns the token in the request's cookie.
pub(crate) fn token(headers: &HeaderMap) -> Option<String> {
    let is_token = |text: &&str| text.len() == TOKEN_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    CookieJar::from_headers(headers).get(TOKEN_COOKIE).map(Cookie::value).filter(is_token).map(str::to_owned)
}

fn new_token() -> String {
    rand::rng().sample_iter(Alphanumeric).take(TOKEN_LENGTH).map(char::from).collect()
}

fn ours(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Strict).build()
}

#[cfg(test)]
mod tests {
    use axum::http::{
        Request,
        header::{COOKIE, SET_COOKIE},
    };

    use super::*;

    async fn visitor(cookies: &str) -> Visitor {
        let (mut parts, ()) = Request::builder().header(COOKIE, cookies).body(()).unwrap().into_parts();
        Visitor::from_request_parts(&mut parts, &()).await.unwrap()
    }

    fn set_cookies(response: &Response) -> Vec<&str> {
        response.headers().get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_notice_survives_its_way_through_a_cookie_and_is_shown_once() {
        let notice = Notice::refused("INV-1", "no; \"never\" <b>ä</b>");
        let response = notice.keep(().into_response());
        let [cookie] = set_cookies(&response)[..] else { panic!("{response:?}") };
        assert!(cookie.contains("HttpOnly; SameSite=Strict; Path=/; Max-Age=30"), "{cookie}");
        let visitor = visitor(cookie.split(';').next().unwrap()).await;
        assert_eq!(visitor.notice, Some(notice));
        let response = visitor.remember(().into_response());
        let cookies = set_cookies(&response);
        assert!(cookies.iter().any(|cookie| cookie.starts_with("console_notice=; ")), "{cookies:?}");
    }

    #[test]
    fn a_browser_keeps_the_cookie_of_each_notice() {
        for text in ["x", "é", "😀", "\"", "\\", "\u{1}", " ", "\u{202e}"] {
            let text = text.repeat(100_000);
            let response = Notice::refused(text.as_str(), text.as_str()).keep(().into_response());
            let [cookie] = set_cookies(&response)[..] else { panic!("{response:?}") };
            assert!(cookie.len() <= 4_096, "{} bytes: {cookie:.100}", cookie.len());
        }
    }

    #[tokio::test]
    async fn a_browser_keeps_its_token_and_one_without_gets_one() {
        let known = visitor("console_token=0123456789abcdef0123456789abcdef; console_notice=nonsense").await;
        assert_eq!((known.token.as_str(), known.notice.as_ref()), ("0123456789abcdef0123456789abcdef", None));
        let new = visitor("console_token=short").await;
        let response = new.remember(().into_response());
        let expected = format!("console_token={}; HttpOnly; SameSite=Strict; Path=/", new.token);
        assert_eq!(set_cookies(&response), [expected]);
    }
}
