//! Compares the decisions of two versions of some code.

use process_manager::{decisions::Step, instance::Delivery};
use serde_json::Value;

use super::{
    Finding, Judge, Verdict,
    files::Decisions,
    history::Recorded,
    replay::{Replayed, SEND},
    words,
};

/// The first step at which two lists differ; it may be beyond the end of either.
pub(super) struct Difference<'a> {
    /// The step's index among the new steps.
    at: usize,
    old: Option<&'a Step>,
    new: Option<&'a Step>,
}

/// Returns the first difference. A list that was cut short counts as equally long.
pub(super) fn steps<'a>(
    (old, is_old_whole): (&'a [Step], bool),
    replayed: &'a Replayed,
    judge: Judge,
) -> Option<Difference<'a>> {
    let (new, is_new_whole) = (&replayed.steps, replayed.failure.is_none());
    let at = (0..old.len().max(new.len())).find(|at| match (old.get(*at), new.get(*at)) {
        (Some(old), Some(new)) => !old.is_same_as(new) && !is_read_as(old, new, judge),
        (Some(_), None) => is_new_whole,
        (None, _) => is_old_whole,
    })?;
    Some(Difference { at, old: old.get(at), new: new.get(at) })
}

/// Returns whether two states are the same for the new code: it may have a new field, or another form under a new
/// version. It must make no difference whether the old or the new code hands the instance over.
fn is_read_as(old: &Step, new: &Step, judge: Judge) -> bool {
    let (Some(version), Some(state)) = (old.version, old.answer.get("state")) else { return false };
    let as_new = Step { answer: new.answer.clone(), ..old.clone() };
    let next = new.anew.as_ref().unwrap_or(&new.answer).get("state");
    as_new.is_same_as(new) && next.is_some() && (judge.migrated)(version, state).as_ref() == next
}

/// Returns the first command that differs from the one that was sent, as far as the history shows.
pub(super) fn sent<'a>(recorded: &'a Recorded, replayed: &'a Replayed) -> Option<Difference<'a>> {
    let new = replayed.steps.iter().enumerate().filter(|(_, step)| step.function == SEND);
    let mut pairs = recorded.sent.iter().flatten().zip(new);
    let differs = |old: &Step, new: &Step| old.about != new.about || !old.answer.is_null() && old.answer != new.answer;
    let (old, (at, new)) = pairs.find(|(old, (_, new))| differs(old, new))?;
    Some(Difference { at, old: Some(old), new: Some(new) })
}

/// Returns the timers of the history that this code does not set in the same way.
pub(super) fn timers(recorded: &Recorded, replayed: &Replayed) -> Option<Finding> {
    let (name, after) = recorded.timers.iter().find(|timer| !replayed.timers.contains(timer))?;
    let of_name = |timers: &[(String, std::time::Duration)]| -> Vec<String> {
        let of_name = timers.iter().filter(|(it, _)| it == name);
        of_name.map(|(name, after)| format!("timer {name} after {} s", after.as_secs_f64())).collect()
    };
    let now = of_name(&replayed.timers);
    let now = if now.is_empty() { "it is not set".to_owned() } else { now.join(", ") };
    let finding = Finding::new(Verdict::DecidesOtherwise, format!("timer {name} is set otherwise"));
    Some(finding.with("then", format!("timer {name} after {} s", after.as_secs_f64())).with("now", now))
}

impl Difference<'_> {
    /// Describes the difference: given the state, when the event comes, then, now.
    pub(super) fn finding(&self, replayed: &Replayed, judge: Judge) -> Finding {
        let shown = |step: Option<&Step>| step.map_or("nothing".to_owned(), words::answer);
        // Neither `send` nor an end has the state and the event; an earlier step does.
        let before = replayed.steps.iter().take(self.at + 1);
        let given = before.clone().rev().find(|step| !step.given.is_null());
        let event_id = self.new.or(self.old).map(|step| step.event_id.as_str()).filter(|id| !id.is_empty());
        let event_id = event_id.or_else(|| before.rev().map(|step| step.event_id.as_str()).find(|id| !id.is_empty()));
        let finding = Finding::new(Verdict::DecidesOtherwise, words::difference(self.old, self.new));
        let finding = finding.with("given", given.map(|step| words::json(&step.given)).unwrap_or_default());
        let finding = finding.with("when", when(event_id, self.new.or(self.old), replayed));
        let finding = finding.with("then", shown(self.old)).with("now", shown(self.new));
        let finding = finding.with("next", self.migrated(judge).unwrap_or_default());
        let places = |(old, new): (&Step, &Step)| words::places(&old.answer, &new.answer);
        finding.with("differs", self.old.zip(self.new).map(places).unwrap_or_default())
    }

    /// Returns what the migration makes of the two states.
    fn migrated(&self, judge: Judge) -> Option<String> {
        let (old, new) = (self.old?, self.new?.anew.as_ref()?);
        let old = (judge.migrated)(old.version?, old.answer.get("state")?);
        let told = |state: Option<&Value>| state.map_or("what cannot be read".to_owned(), words::json);
        Some(format!("the one is migrated to {}\nthe other to {}", told(old.as_ref()), told(new.get("state"))))
    }
}

/// Returns what would be decided differently from the next run on, each kind once. It compares with what the deployed
/// code would then decide or, if that was not recorded, with what was decided in this run.
pub(super) fn anew(replayed: &Replayed, judge: Judge, deployed: Option<&Decisions>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (at, step) in replayed.steps.iter().enumerate() {
        let old = deployed.map_or(Some(step), |deployed| deployed.steps.get(at));
        let Some(old) = old.filter(|_| !step.function.starts_with("apply")) else { continue };
        if !old.is_same_as(step) {
            // From here on, the steps are not about the same thing.
            break;
        }
        let then = deployed.map_or_else(|| Some(step.answer.clone()), |deployed| next(old, deployed.version));
        let (Some(then), Some(now)) = (then, next(step, judge.version)) else { continue };
        let then = Step { answer: then, ..step.clone() };
        let now = Step { answer: now, ..step.clone() };
        let what = words::difference(Some(&then), Some(&now));
        if then.answer == now.answer || findings.iter().any(|finding| finding.what == what) {
            continue;
        }
        let finding = Finding::new(Verdict::NewVersion, what).with("given", words::json(&step.given));
        let finding = finding.with("when", when(Some(&step.event_id), Some(step), replayed));
        let finding = finding.with("then", words::answer(&then)).with("now", words::answer(&now));
        findings.push(finding.with("differs", words::places(&then.answer, &now.answer)));
    }
    findings
}

/// Returns what code of this version would decide in the next run; `None` if it cannot read the state, or gets no
/// version.
fn next(step: &Step, code: u32) -> Option<Value> {
    if step.version? < code { step.anew.clone() } else { Some(step.answer.clone()) }
}

/// Returns the event or the timer that is being handled.
fn when(event_id: Option<&str>, step: Option<&Step>, replayed: &Replayed) -> String {
    let timer = step.map(|step| step.about.as_str()).filter(|about| about.starts_with("timer "));
    if let Some(timer) = timer {
        return format!("{timer} is due");
    }
    let first = replayed.begin.iter().flat_map(|begin| &begin.events);
    let is_it = |delivery: &&Delivery| Some(delivery.event.id.as_str()) == event_id;
    first.chain(&replayed.deliveries).find(is_it).map(|delivery| words::event(&delivery.event)).unwrap_or_default()
}
