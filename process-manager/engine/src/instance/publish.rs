//! Publishes that an instance needs an operator or an unavailable service, and the outcome of an instance that has
//! ended.
//!
//! An instance that runs without trouble publishes nothing, because each publication costs history events.

use process_manager::{instance::Published, manager::ProcessManager};
use temporalio_common::search_attributes::{SearchAttributeUpdate, SearchAttributes};
use temporalio_workflow::{ContinueAsNewOptions, MemoValues, WorkflowContext};

use super::{ProcessInstance, begin::Publishes};
use crate::publish::{INCIDENT, MEMO, NEEDS_ATTENTION, OUTCOME, SUBJECT, attention, publish as publish_state};

/// Publishes what has changed since the last time.
pub(super) fn publish<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>) {
    let now = ctx.state_mut(|run| Published::from(run.machine().view()));
    publish_as(ctx, now);
}

/// Publishes that nothing is wrong in this run, because it ends, and hands any trouble over to the next run. That run
/// shows it from its start on, with or without a worker, and no closed run is listed as an incident.
pub(super) fn hand_over<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>) -> ContinueAsNewOptions {
    let next = ctx.state_mut(|run| Published::from(run.machine().view()));
    publish_as(ctx, Published::default());
    if !next.is_incident() {
        return ContinueAsNewOptions::default();
    }
    let mut attributes = ctx.search_attributes();
    attributes.apply(INCIDENT.value_set(true));
    attributes.apply(NEEDS_ATTENTION.value_set(next.needs_operator()));
    if let Some(subject) = next.subject() {
        attributes.apply(SUBJECT.value_set(subject.to_owned()));
    }
    let mut memo = MemoValues::new();
    memo.insert(MEMO, next);
    ContinueAsNewOptions::builder().search_attributes(attributes).memo(memo).build()
}

fn publish_as<M: ProcessManager>(ctx: &WorkflowContext<ProcessInstance<M>>, mut now: Published) {
    let (publishes, changed) = ctx.state_mut(|run| {
        // A run that began with older code has no command for this in its history.
        now.outcome = now.outcome.take().filter(|_| run.publishes.outcome);
        (run.publishes, std::mem::replace(&mut run.published, now.clone()) != now)
    });
    let attributes = attributes(&ctx.search_attributes(), &now, publishes);
    if changed || !attributes.is_empty() {
        publish_state(ctx, attributes, details(&now), now);
    }
}

/// Returns the search attributes that have changed. A run that continues another one inherits what that one published.
fn attributes(known: &SearchAttributes, now: &Published, publishes: Publishes) -> Vec<SearchAttributeUpdate> {
    let is_incident = now.is_incident();
    let has_changed = known.get(&INCIDENT).unwrap_or_default() != is_incident;
    let mut attributes: Vec<_> = has_changed.then(|| INCIDENT.value_set(is_incident)).into_iter().collect();
    if publishes.outcome {
        attributes.extend(attention(known.get(&NEEDS_ATTENTION), now.needs_operator(), is_incident));
        let name = now.outcome.as_ref().map(|outcome| outcome.name.clone());
        attributes
            .extend(name.filter(|name| known.get(&OUTCOME).as_ref() != Some(name)).map(|name| OUTCOME.value_set(name)));
    }
    // It is also set whenever another attribute is. A run that older code began knows it only from its replay and has
    // no command for it alone in its history, so only this brings it to the server.
    let is_news = publishes.subject && known.get(&SUBJECT).as_deref() != now.subject();
    let subject = now.subject().filter(|_| is_news || !attributes.is_empty());
    attributes.extend(subject.map(|subject| SUBJECT.value_set(subject.to_owned())));
    attributes
}

/// Returns the current details of the run, in Markdown.
fn details(published: &Published) -> String {
    if let Some(failure) = &published.failure {
        let what = failure.command.as_ref().unwrap_or(&failure.event);
        return format!(
            "**Parked** since {}: {what} failed ({}): {}\n\nWaits for the signal `retry` or `acknowledge`.",
            failure.at.to_rfc3339(),
            failure.code,
            failure.detail
        );
    }
    if let Some(attention) = &published.attention {
        let (since, code, detail) = (attention.since.to_rfc3339(), &attention.code, &attention.detail);
        return format!("**Needs an operator** since {since} ({code}): {detail}");
    }
    if let Some(outcome) = &published.outcome {
        let reason = outcome.reason.iter().map(|reason| format!(": {reason}")).collect::<String>();
        return format!("**{}**{reason}", outcome.name);
    }
    match &published.stalled {
        Some(stalled) => {
            format!("Incident since {}: {} {}", stalled.since.to_rfc3339(), stalled.command, stalled.detail)
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use process_manager::manager::Attention;

    use super::*;

    const TODAY: Publishes = Publishes { outcome: true, subject: true };
    const BEFORE_SUBJECTS: Publishes = Publishes { outcome: true, subject: false };

    fn about(subject: &str) -> Published {
        let attention = Attention::new("overdue", "late", DateTime::UNIX_EPOCH).about(subject);
        Published { attention: Some(attention), ..Published::default() }
    }

    /// Returns the names of the attributes that are set by a run that knows these.
    fn set(known: &[SearchAttributeUpdate], now: &Published, publishes: Publishes) -> Vec<String> {
        let known = SearchAttributes::new(known.iter().cloned());
        attributes(&known, now, publishes).iter().map(|update| update.name().to_owned()).collect()
    }

    #[test]
    fn what_the_attention_is_about_is_published_with_it_and_when_it_changes() {
        let needed = [INCIDENT.value_set(true), NEEDS_ATTENTION.value_set(true)];
        let known = [&needed[..], &[SUBJECT.value_set("ann".to_owned())]].concat();
        assert_eq!(set(&[], &about("ann"), TODAY), ["Incident", "NeedsAttention", "AttentionSubject"]);
        assert!(set(&known, &about("ann"), TODAY).is_empty());
        assert_eq!(set(&known, &about("ben"), TODAY), ["AttentionSubject"]);
        assert_eq!(set(&needed, &about("ann"), TODAY), ["AttentionSubject"], "it was parked before");
        assert_eq!(set(&known, &Published::default(), TODAY), ["Incident", "NeedsAttention"], "it stays");
    }

    /// Its history has no command for it alone, and what it knows from its replay was never sent.
    #[test]
    fn a_run_that_older_code_has_begun_publishes_it_with_another_attribute_alone() {
        let needed = [INCIDENT.value_set(true), NEEDS_ATTENTION.value_set(true)];
        let over = [INCIDENT.value_set(false), NEEDS_ATTENTION.value_set(false), SUBJECT.value_set("ann".to_owned())];
        assert!(set(&needed, &about("ann"), BEFORE_SUBJECTS).is_empty());
        for known in [&[][..], &over] {
            let expected = ["Incident", "NeedsAttention", "AttentionSubject"];
            assert_eq!(set(known, &about("ann"), BEFORE_SUBJECTS), expected, "{known:?}");
        }
    }
}
