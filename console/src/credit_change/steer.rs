//! An operator's actions on the batch of a credit change: the forms, and what they do.

use axum::{extract::State, response::Response};
use contracts_client::{ContractsError, NewLimits, Steer};
use maud::{Markup, html};
use messages::CustomerId;
use process_manager::batch::{Tolerated, UnfitLimits};

use super::affected::Running;
use crate::{
    form::{self, Fields},
    paths,
    session::{Notice, Visitor},
    signals::ActionError,
    sources::Sources,
};

/// Writes the forms for a batch at work.
pub(super) fn forms(visitor: &Visitor, customer_id: &CustomerId, running: &Running, has_refused: bool) -> Markup {
    let id = customer_id.as_str();
    let form = |steer: &str, body: &Markup| {
        let fields = [("customer_id", id), ("steer", steer)];
        form::form(visitor, paths::STEER_CREDIT_CHANGE, Some("instruction"), &fields, body)
    };
    let button = |steer: &str, class: &str, word: &str| {
        form(steer, &html! { button type="submit" class=(class) { (word) span class="unseen" { " " (id) } } })
    };
    html! {
        div class="steering" {
            @if running.pause.is_some() { (button("resume", "primary", "Resume")) }
            @else { (button("pause", "", "Pause")) }
            @if has_refused { (button("retry", "", "Retry what was refused")) }
            (form("limits", &limits(running)))
            (form::result(visitor, &about(id)))
        }
    }
}

fn limits(running: &Running) -> Markup {
    let limits = &running.limits;
    let fields = [
        ("in_flight", "In flight", &limits.in_flight, "1 to 300"),
        ("per_second", "A second", &limits.per_second, "0: no limit"),
        ("tolerated", "Refusals tolerated", &limits.tolerated, "a number, or a share such as 2.5%"),
    ];
    html! {
        @for (name, label, value, hint) in fields {
            label { span { (label) span class="unseen" { ", " (hint) } }
                input id={ "limit-" (name) } name=(name) value=(value) title=(hint) autocomplete="off" size="6" maxlength="40";
            }
        }
        button type="submit" { "Set limits" }
    }
}

/// Returns the subject of notices about these buttons, so that a refusal appears beside them.
fn about(id: &str) -> String {
    format!("batch of {id}")
}

/// Returns whether a notice is about the batch of this credit change.
pub(crate) fn is_about(noticed: &str, id: &str) -> bool {
    noticed == about(id)
}

/// `POST /console/credit-change`: pauses, resumes or retries the batch of a credit change, or changes its limits.
pub(crate) async fn steer(State(sources): State<Sources>, fields: Fields) -> Response {
    let id = fields.about("customer_id");
    fields.answer(&match send(&sources, &fields, id).await {
        Ok(done) => Notice::done(about(id), format!("{id}: {done}")),
        Err(why) => Notice::refused(about(id), format!("{id}: {why}")),
    })
}

async fn send(sources: &Sources, fields: &Fields, id: &str) -> Result<&'static str, String> {
    let incomplete = || "the form names no credit change and no action; load the page again".to_owned();
    let customer_id: CustomerId = id.parse().map_err(|_| incomplete())?;
    let (steer, done) = match fields.text("steer") {
        Some("pause") => (Steer::Pause, "nothing new is begun; commands in flight finish"),
        Some("resume") => (Steer::Resume, "it goes on"),
        Some("retry") => (Steer::Retry, "what was refused is sent again"),
        Some("limits") => (Steer::Limits(new_limits(|name| fields.text(name))?), "the limits change"),
        _ => return Err(incomplete()),
    };
    let sent = sources.contracts.steer(&customer_id, steer).await;
    sources.wake();
    sent.map(|_| done).map_err(refused)
}

/// Reads the fields of the limits; an empty one leaves its limit as it is.
fn new_limits<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Result<NewLimits, String> {
    let unfit = |unfit: UnfitLimits| unfit.to_string();
    let in_flight = text("in_flight").map(str::parse).transpose().map_err(|_| unfit(UnfitLimits::InFlight))?;
    let per_second = text("per_second").map(str::parse).transpose().map_err(|_| unfit(UnfitLimits::PerSecond))?;
    let tolerated = text("tolerated").map(tolerated).transpose().map_err(|()| unfit(UnfitLimits::Tolerated))?;
    if (in_flight, per_second, tolerated) == (None, None, None) {
        return Err("no limit is given; nothing was changed".to_owned());
    }
    Ok(NewLimits { in_flight, per_second, tolerated })
}

fn tolerated(text: &str) -> Result<Tolerated, ()> {
    let items = text.parse().map(Tolerated::Items);
    items.or_else(|_| serde_json::from_value(text.into()).map_err(|_| ()))
}

/// Returns the reason why nothing was done.
fn refused(error: ContractsError) -> String {
    match error {
        ContractsError::NotFound => "there was never a credit change of this customer".to_owned(),
        ContractsError::NotRunning(why) => format!("{why}; nothing was changed"),
        ContractsError::NothingToRetry => "nothing is refused any more; nothing was changed".to_owned(),
        ContractsError::Refused(problem) => format!("{} ({})", problem.detail, problem.code),
        ContractsError::Temporal(error) => ActionError::from(error).to_string(),
        ContractsError::Contracts(fault) => {
            tracing::warn!(error = &fault as &dyn std::error::Error, "Contracts did not tell of a credit change");
            "Contracts cannot be reached; nothing was changed, try again later".to_owned()
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: [(&str, &str); 3]) -> Result<NewLimits, String> {
        let given = |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, text)| *text);
        new_limits(|name| given(name).filter(|text| !text.is_empty()))
    }

    #[test]
    fn an_empty_field_leaves_its_limit_as_it_is() {
        let limits = |in_flight, per_second, tolerated| {
            read([("in_flight", in_flight), ("per_second", per_second), ("tolerated", tolerated)])
        };
        let stays = NewLimits::default();
        assert_eq!(limits("3", "", ""), Ok(NewLimits { in_flight: Some(3), ..stays }));
        assert_eq!(limits("", "0.5", ""), Ok(NewLimits { per_second: Some(0.5), ..stays }));
        assert_eq!(limits("", "", "7"), Ok(NewLimits { tolerated: Some(Tolerated::Items(7)), ..stays }));
        assert_eq!(limits("", "", "2.5%"), Ok(NewLimits { tolerated: Some(Tolerated::Percent(2.5)), ..stays }));
        assert_eq!(limits("", "", ""), Err("no limit is given; nothing was changed".to_owned()));
    }

    #[test]
    fn a_field_that_cannot_be_read_says_how_it_should_be() {
        for (name, texts, why) in [
            ("in_flight", ["many", "-1", "2.5", "99999999999"], "in_flight must be 1 to 300"),
            ("per_second", ["fast", "1,5", "5/s", "--"], "per_second must be 0 (no limit) or 0.01 to 1000"),
            (
                "tolerated",
                ["-1", "2.5", "101%", "NaN%"],
                "tolerated must be a number of items, or a share from 0% to 100%",
            ),
        ] {
            for text in texts {
                assert_eq!(read([(name, text), ("", ""), ("", "")]), Err(why.to_owned()), "{text}");
            }
        }
    }
}
