//! The page's actions for a terminal.

use maud::{Markup, html};
use serde_json::json;

use crate::{
    console::{managers::Manager, process::copy},
    temporal::{Instance, instance_workflow_id},
};

/// The commands.
pub(super) fn by_hand(manager: &Manager, instance: &Instance, namespace: &str) -> Markup {
    let namespace = match namespace {
        "" | "default" => String::new(),
        other => format!("--namespace {} ", quoted(other)),
    };
    let workflow = quoted(&instance_workflow_id(manager.name, &instance.process_id));
    let signal = |name: &str, input: &serde_json::Value| {
        let input = quoted(&input.to_string());
        format!("temporal workflow signal {namespace}--workflow-id {workflow} --name {name} --input {input}")
    };
    let retry = instance.failure_id().map(|id| ("Retry", signal("retry", &json!({"failure_id": id}))));
    let acknowledge = instance.failure_id().map(|id| {
        let input = json!({"acknowledged_by": "you", "note": "why", "failure_id": id});
        ("Acknowledge", signal("acknowledge", &input))
    });
    let look = format!("temporal workflow query {namespace}--workflow-id {workflow} --type state");
    let lines = [acknowledge, retry, Some(("Look", look))].into_iter().flatten();
    html! {
        section class="card" aria-labelledby="cli" {
            h2 id="cli" { "The same with the Temporal CLI" }
            @for (name, line) in lines {
                p class="cli" { span class="faint" { (name) } code tabindex="0" { (line) } (copy(&line, name)) }
            }
        }
    }
}

/// As one word for a shell: ids may be anything.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_any_id_as_one_word() {
        for (text, word) in
            [("T-a.b_c", "T-a.b_c"), ("a b", "'a b'"), ("a'; rm x", r"'a'\''; rm x'"), ("$(x)", "'$(x)'")]
        {
            assert_eq!(quoted(text), word);
        }
    }
}
