//! Examines one history.

use std::path::{Path, PathBuf};

use process_manager::decisions::Step;
use serde_json::Value;
use temporalio_common::protos::temporal::api::history::v1::History;

use super::{
    Finding, Judge, Known, UpgradeCheck, UpgradeError, Verdict, compare,
    files::{self, Decisions},
    history::Recorded,
    replay::{Replayed, Replayer},
    routing, words,
};

/// The findings about one run.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) file: PathBuf,
    /// The workflow type and the instance's id, if they can be read.
    pub(super) of: Option<(String, String)>,
    pub(super) findings: Vec<Finding>,
    /// Whether the decisions of the deployed code were there; `None` if there are none to compare.
    pub(super) is_compared: Option<bool>,
    /// The state before and after its migration to the version of this code.
    pub(super) migrated: Option<(u32, Value, Value)>,
}

/// Writes what this code decides in a run. A file that is not a process manager's history stays as it is.
pub(super) fn record(check: &UpgradeCheck, replayer: &Replayer<'_>, file: &Path) -> Result<(), UpgradeError> {
    let Ok((history, recorded)) = read(replayer, file)? else { return Ok(()) };
    let Some(judge) = check.known(&recorded.workflow_type).and_then(|known| known.manager) else { return Ok(()) };
    let replayed = replayer.replay(history)?;
    let routes = routing::delivered(&replayed).map(|delivery| (judge.routing)(&delivery.event)).collect();
    let Replayed { steps, failure, .. } = replayed;
    files::keep_decisions(file, &Decisions { version: judge.version, failure, steps, routes })
}

/// Replays a history and compares what can be compared.
pub(super) fn examine(check: &UpgradeCheck, replayer: &Replayer<'_>, file: &Path) -> Result<Examined, UpgradeError> {
    let mut examined =
        Examined { file: file.to_owned(), of: None, findings: Vec::new(), is_compared: None, migrated: None };
    let (history, recorded) = match read(replayer, file)? {
        Ok(read) => read,
        Err(why) => {
            examined
                .findings
                .push(cannot("its file cannot be used as a history, as `download` writes it").with("error", why));
            return Ok(examined);
        }
    };
    let Some(Known { workflow_type, manager }) = check.known(&recorded.workflow_type) else {
        examined.of = Some((recorded.workflow_type.clone(), recorded.workflow_id));
        examined.findings.push(cannot(format!("this code has no workflow {}", recorded.workflow_type)));
        return Ok(examined);
    };
    let id = recorded.workflow_id.clone();
    let replayed = replayer.replay(history)?;
    let Some(judge) = manager else {
        examined.of = Some((workflow_type.to_owned(), id));
        let failed = replayed.failure.map(|why| cannot("its history does not replay").with("error", why));
        examined.findings.extend(failed);
        return Ok(examined);
    };
    let process_id = id.strip_prefix(workflow_type).and_then(|id| id.strip_prefix('-')).unwrap_or(&id).to_owned();
    let decisions = match files::decisions(file) {
        Ok(decisions) => decisions,
        Err(error) => {
            examined.findings.push(cannot("the recorded decisions cannot be read").with("error", error.to_string()));
            None
        }
    };
    examined.is_compared = Some(decisions.is_some());
    let it =
        Run { process_id: &process_id, recorded: &recorded, replayed: &replayed, decisions: decisions.as_ref(), judge };
    examined.findings.extend(it.findings());
    examined.migrated = it.migrated().and_then(Result::ok);
    examined.of = Some((workflow_type.to_owned(), process_id));
    Ok(examined)
}

/// A history and what was read from it, or why it is not one.
type Read = Result<(History, Recorded), String>;

fn read(replayer: &Replayer<'_>, file: &Path) -> Result<Read, UpgradeError> {
    let read = serde_json::from_slice::<History>(&files::read(file)?).map_err(|error| error.to_string());
    Ok(read.and_then(|history| {
        let recorded = Recorded::read(&replayer.decoded(history.clone())?)?;
        Ok((history, recorded))
    }))
}

fn cannot(what: impl Into<String>) -> Finding {
    Finding::new(Verdict::CannotContinue, what)
}

/// A run of a process manager's instance.
struct Run<'a> {
    process_id: &'a str,
    recorded: &'a Recorded,
    replayed: &'a Replayed,
    decisions: Option<&'a Decisions>,
    judge: Judge,
}

impl Run<'_> {
    fn findings(&self) -> Vec<Finding> {
        let recorded = self.decisions.map(|decisions| decisions.routes.as_slice());
        let routing::Found { unreadable, otherwise } =
            routing::compare(self.replayed, self.process_id, recorded, self.judge.routing);
        let difference = self.difference();
        let mut findings: Vec<Finding> = match (&self.replayed.failure, self.unreadable_state(), unreadable) {
            (failure, Some(state), _) => vec![with_error(state, failure)],
            (failure, None, Some(event)) => vec![with_error(event, failure)],
            (Some(_), None, None) => vec![self.does_not_replay(difference)],
            (None, None, None) => difference.into_iter().collect(),
        };
        findings.extend(compare::anew(self.replayed, self.judge, self.decisions));
        findings.extend(otherwise);
        findings
    }

    fn does_not_replay(&self, difference: Option<Finding>) -> Finding {
        let what = "its history does not replay";
        let finding = match (&self.recorded.encoded, difference) {
            (Some(encoding), _) if self.replayed.begin.is_none() => cannot(format!(
                "its payloads are encoded as {encoding}: give the check the data converter of the worker"
            )),
            (_, Some(difference)) => {
                Finding { details: difference.details, ..cannot(format!("{what}: {}", difference.what)) }
            }
            (_, None) => cannot(what),
        };
        let recorded = self.decisions.and_then(|decisions| decisions.failure.as_ref());
        let finding = finding
            .with("note", recorded.map(|_| "the code that recorded cannot replay it either").unwrap_or_default());
        with_error(finding, &self.replayed.failure)
    }

    /// Returns the first difference from what was recorded or, without a record, from what the history shows.
    fn difference(&self) -> Option<Finding> {
        let finding = match self.decisions {
            Some(Decisions { steps, failure, .. }) => {
                compare::steps((steps, failure.is_none()), self.replayed, self.judge)?
                    .finding(self.replayed, self.judge)
            }
            None => match compare::sent(self.recorded, self.replayed) {
                Some(difference) => difference.finding(self.replayed, self.judge),
                None if self.replayed.failure.is_none() => compare::timers(self.recorded, self.replayed)?,
                None => return None,
            },
        };
        Some(finding)
    }

    /// Returns the state with which the next run would begin, before and after its migration.
    fn migrated(&self) -> Option<Result<(u32, Value, Value), String>> {
        if let Some(step) = self.applied() {
            let migrated = step.anew.as_ref()?;
            return Some(match migrated["error"].as_str() {
                Some(why) => Err(why.to_owned()),
                None => Ok((step.version.unwrap_or_default(), step.answer["state"].clone(), migrated["state"].clone())),
            });
        }
        let begin = self.replayed.begin.as_ref()?;
        let next = (self.judge.next_run)(begin)?;
        let carried = serde_json::to_value(&begin.carried).unwrap_or_default();
        let version = carried["version"].as_u64().and_then(|version| u32::try_from(version).ok()).unwrap_or_default();
        match next {
            Ok(state) if version < self.judge.version => Some(Ok((version, carried["state"].clone(), state))),
            Ok(_) => None,
            Err(why) => Some(Err(why)),
        }
    }

    /// Returns the last step that changed the state.
    fn applied(&self) -> Option<&Step> {
        self.replayed
            .steps
            .iter()
            .rfind(|step| step.function.starts_with("apply") && step.answer.get("state").is_some())
    }

    fn unreadable_state(&self) -> Option<Finding> {
        let why = self.migrated()?.err()?;
        let version = self.judge.version;
        let finding = cannot(format!("its state cannot be read by the code of version {version}: {why}"));
        let given = self.applied().map(|step| step.answer["state"].clone());
        let carried = || serde_json::to_value(&self.replayed.begin.as_ref()?.carried).ok();
        let given = given.or_else(|| carried().map(|carried| carried["state"].clone()));
        Some(finding.with("given", given.map(|state| words::json(&state)).unwrap_or_default()))
    }
}

fn with_error(finding: Finding, error: &Option<String>) -> Finding {
    finding.with("error", error.clone().map(words::cut).unwrap_or_default())
}
