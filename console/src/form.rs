//! Forms of our pages: how they are written, read and answered.

use axum::{
    extract::{Form, FromRequest, Request},
    http::{HeaderMap, StatusCode, header::ACCEPT},
    response::{IntoResponse, Json, Redirect, Response},
};
use maud::{Markup, html};
use serde_json::json;

use crate::session::{self, Notice, Outcome, Visitor};

/// Maximum length in characters of an id in a notice: none of our ids is longer.
const LONGEST_ABOUT: usize = 300;
/// Maximum length of the text of a notice that is not kept in a cookie.
const LONGEST_TOLD: usize = 4_000;
/// Maximum length of the address to return to.
const LONGEST_BACK: usize = 2_000;

/// The form's token is not the visitor's, or another site sent the form. Nothing was done.
#[derive(Debug)]
pub(crate) struct Forbidden;

impl IntoResponse for Forbidden {
    fn into_response(self) -> Response {
        let notice = Notice::refused("", "this form is out of date; nothing was done. Load the page again and repeat.");
        let page = html! { (notice) p { a href="/" { "Back to processes" } } };
        (StatusCode::FORBIDDEN, page).into_response()
    }
}

/// The fields of a form that carries the visitor's token.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    fields: Vec<(String, String)>,
    by_script: bool,
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let expected = session::token(request.headers());
        let by_script = is_by_script(request.headers());
        let Form(fields) = Form::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let form = Self { fields, by_script };
        match expected {
            Some(token) if form.text("token") == Some(&token) => Ok(form),
            _ => Err(Forbidden.into_response()),
        }
    }
}

fn is_by_script(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|value| value == "application/json")
}

impl Fields {
    /// Returns a field's text without surrounding spaces; `None` if it is missing or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let value = self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// Returns a field's text unchanged.
    pub(crate) fn exact(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the field that names the subject of the form, cut to the maximum length of an id.
    pub(crate) fn about(&self, name: &str) -> &str {
        session::cut(self.exact(name).unwrap_or_default(), LONGEST_ABOUT)
    }

    /// Returns all values of a field, such as those of check boxes.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.fields.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim());
        values.filter(|value| !value.is_empty())
    }

    /// Answers the form: the console's script gets only the notice, others get the page that contained the form.
    pub(crate) fn answer(&self, notice: &Notice) -> Response {
        self.answer_of_several(notice, &[])
    }

    /// Does the same, with the values of the boxes for which nothing was done.
    pub(crate) fn answer_of_several(&self, notice: &Notice, failed: &[String]) -> Response {
        if !self.by_script {
            return notice.keep(Redirect::to(self.back()).into_response());
        }
        let Notice { outcome, text, .. } = notice;
        let text = session::cut(text, LONGEST_TOLD);
        Json(json!({"outcome": outcome, "word": outcome.word(), "text": text, "failed": failed})).into_response()
    }

    /// Returns where to go back to: only a path of ours, because the field comes from outside.
    fn back(&self) -> &str {
        let is_ours = |path: &&str| {
            path.len() <= LONGEST_BACK
                && path.starts_with('/')
                && !path.starts_with("//")
                && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        };
        self.text("back").filter(is_ours).unwrap_or("/")
    }
}

/// Writes a form that is sent to `action`, with the fields that each form needs. The console's script sends it and
/// shows the answer in the page's list of notices, which no refresh removes.
pub(crate) fn form(
    visitor: &Visitor,
    action: &str,
    class: Option<&str>,
    fields: &[(&str, &str)],
    body: &Markup,
) -> Markup {
    html! {
        form class=[class] method="post" action=(action) data-send="" {
            (hidden(visitor))
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            (body)
        }
    }
}

/// Writes the fields that each form needs.
pub(crate) fn hidden(visitor: &Visitor) -> Markup {
    html! {
        input type="hidden" name="token" value=(visitor.token);
        input type="hidden" name="back" value=(visitor.path);
    }
}

/// Writes where a refusal appears without the script: beside the button `about`.
pub(crate) fn result(visitor: &Visitor, about: &str) -> Markup {
    let notice = visitor.notice.as_ref().filter(|notice| notice.outcome == Outcome::Refused && notice.about == about);
    html! { output class="result" role="status" { @if let Some(notice) = notice { (notice) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_leads_to_no_other_site() {
        for (back, expected) in [
            ("/?state=x", "/?state=x"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil", "/"),
            ("", "/"),
            (&format!("/{}", "x".repeat(LONGEST_BACK)), "/"),
        ] {
            let fields = Fields { fields: vec![("back".to_owned(), back.to_owned())], by_script: false };
            assert_eq!(fields.back(), expected);
        }
    }
}
