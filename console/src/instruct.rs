//! An operator's instructions to one instance: the forms, and what they do.

use axum::{extract::State, response::Response};
use maud::{Markup, html};

use crate::{
    form::{self, Fields},
    instruction::Instruction,
    paths,
    session::{Notice, Visitor},
    signals::ActionError,
    sources::Sources,
    view::{ProcessView, Target},
};

/// Writes the forms of the instructions that a running instance accepts; nothing if there are none.
pub(crate) fn forms(visitor: &Visitor, view: &ProcessView) -> Markup {
    let instructions = view.instructions();
    html! {
        @if !instructions.is_empty() {
            section class="card instructions" aria-labelledby="instructions" {
                h2 id="instructions" { "Actions" }
                @for instruction in instructions { (one(visitor, view, instruction)) }
                (form::result(visitor, view.target.id()))
            }
        }
    }
}

fn one(visitor: &Visitor, view: &ProcessView, instruction: &Instruction) -> Markup {
    let id = view.target.id();
    let class = if instruction.effect.is_some() { "danger" } else { "primary" };
    let body = html! {
        @if let Some(effect) = instruction.effect { p class="hint effect" { (effect) } }
        @if let Some(field) = &instruction.field {
            label { span { (field.label) }
                input id={ (field.name) "-" (view.key) } name=(field.name) value=(field.usual) autocomplete="off" size="8"
                    maxlength="40" required;
            }
        }
        button type="submit" class=(class) { (instruction.button) span class="unseen" { " " (id) } }
    };
    let fields: Vec<_> = view.target.fields().into_iter().chain([("instruction", instruction.kind)]).collect();
    let form = form::form(visitor, paths::INSTRUCT_INSTANCE, Some("instruction"), &fields, &body);
    html! {
        @if instruction.effect.is_some() {
            details class="action" id={ "instruct-" (instruction.kind) "-" (view.key) } {
                summary class={ "button " (class) } { (instruction.button) " …" span class="unseen" { " " (id) } }
                (form)
            }
        } @else { (form) }
    }
}

/// `POST /console/instance/instruct`: sends an instruction.
pub(crate) async fn instruct(State(sources): State<Sources>, fields: Fields) -> Response {
    let about = fields.about("process_id");
    fields.answer(&match send(&sources, &fields).await {
        Ok(done) => Notice::done(about, format!("{about}: {done}")),
        Err(error) => Notice::refused(about, format!("{about}: {error}")),
    })
}

async fn send(sources: &Sources, fields: &Fields) -> Result<&'static str, ActionError> {
    let Some(Target::Instance(manager, process_id)) = Target::read(fields) else { return Err(ActionError::Incomplete) };
    let instruction = fields.text("instruction").and_then(|kind| manager.instruction(kind));
    let instruction = instruction.ok_or(ActionError::Incomplete)?;
    let text = instruction.field.as_ref().and_then(|field| fields.text(field.name)).unwrap_or_default();
    let data = instruction.data(text).map_err(ActionError::Invalid)?;
    let sent = sources.operator.instances_of(manager.name).instruct(&process_id, instruction.kind, &data).await;
    sources.wake();
    match sent {
        Ok(()) => Ok(instruction.done),
        Err(error) if error.is_gone() => {
            Err(ActionError::Gone("the process has ended; nothing was changed".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}
