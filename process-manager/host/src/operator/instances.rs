//! The instances of one process manager.

use chrono::{DateTime, Utc};
use process_manager::{instance::Acknowledge, limits::INSTRUCTION_BYTES};
use serde_json::{Value, json};

use super::{Instance, Listed, OperatorError, Timeline, Workflows, timeline};

/// The instances of one process manager. Clones share one connection.
#[derive(Debug, Clone)]
pub struct Instances {
    workflows: Workflows,
    manager: String,
}

/// Conditions that narrow a list of instances; an absent condition matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceFilter {
    /// Only running instances (or only ended ones).
    pub is_running: Option<bool>,
    /// Only instances that are parked or have a stalled command (or only those without either).
    pub has_incident: Option<bool>,
    /// Only instances in this sort of trouble.
    pub trouble: Option<Trouble>,
    /// Only instances whose attention is about this. Use it with [`Trouble::NeedsAttention`]: an instance keeps the
    /// last subject when the attention is over. Instances that older code began show it only from their next trouble
    /// on.
    pub subject: Option<String>,
    /// Only instances that ended with the outcome of this name.
    pub outcome: Option<String>,
    /// Only instances whose process id or workflow id begins with this.
    pub id_prefix: String,
    /// Only instances that ended in this way.
    pub end: Option<End>,
    /// Only instances that ended at or after this time.
    pub closed_since: Option<DateTime<Utc>>,
}

/// The trouble of a running process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// An operator has to decide: a step was refused or cannot be done.
    NeedsAttention,
    /// A command is stalled, and is retried automatically.
    Retrying,
}

/// The way in which an instance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Its process manager stopped it.
    Done,
    /// An operator acknowledged its failure, or it never began.
    GivenUp,
}

impl InstanceFilter {
    /// Returns the query of Temporal's visibility store; `None` if nothing can match, because a text has characters
    /// that could end its quotes. If an instance continued as new, only its latest run matches.
    #[must_use]
    pub fn query(&self, manager: &str) -> Option<String> {
        let mut conditions = vec![format!("WorkflowType = '{manager}'")];
        conditions.extend(match self.is_running {
            Some(true) => vec!["ExecutionStatus = 'Running'".to_owned()],
            Some(false) => {
                vec!["ExecutionStatus != 'ContinuedAsNew'".to_owned(), "ExecutionStatus != 'Running'".to_owned()]
            }
            None => vec!["ExecutionStatus != 'ContinuedAsNew'".to_owned()],
        });
        conditions.extend(self.has_incident.map(|incident| match incident {
            true => "Incident = true".to_owned(),
            false => "(Incident = false OR Incident IS NULL)".to_owned(),
        }));
        // Both are incidents, for which there is an index: few of many open instances are incidents. A run that began
        // before the other attribute existed does not say which; it is better to look at it once too often.
        conditions.extend(self.trouble.map(|trouble| match trouble {
            Trouble::NeedsAttention => {
                "Incident = true AND (NeedsAttention = true OR NeedsAttention IS NULL)".to_owned()
            }
            Trouble::Retrying => "(Incident = true AND NeedsAttention = false)".to_owned(),
        }));
        let can_be_quoted = |c: char| !c.is_control() && !matches!(c, '\'' | '"' | '`' | '\\');
        let texts = [Some(manager), Some(&*self.id_prefix), self.outcome.as_deref(), self.subject.as_deref()];
        if !texts.into_iter().flatten().all(|text| text.chars().all(can_be_quoted)) {
            return None;
        }
        conditions.extend(self.subject.as_ref().map(|subject| format!("AttentionSubject = '{subject}'")));
        conditions.extend(self.outcome.as_ref().map(|name| format!("Outcome = '{name}'")));
        if !self.id_prefix.is_empty() {
            let (text, own) = (&self.id_prefix, format!("WorkflowId STARTS_WITH '{manager}-{}'", self.id_prefix));
            // The id of a workflow also finds its instance.
            let is_whole = text.strip_prefix(manager).is_some_and(|rest| rest.starts_with('-'));
            conditions.push(if is_whole { format!("({own} OR WorkflowId STARTS_WITH '{text}')") } else { own });
        }
        conditions.extend(self.end.map(|end| match end {
            End::Done => "ExecutionStatus = 'Completed'".to_owned(),
            End::GivenUp => "ExecutionStatus = 'Failed'".to_owned(),
        }));
        conditions.extend(self.closed_since.map(|at| format!("CloseTime >= '{}'", at.to_rfc3339())));
        Some(conditions.join(" AND "))
    }
}

impl Instances {
    pub(super) fn new(workflows: Workflows, manager: String) -> Self {
        Self { workflows, manager }
    }

    /// Returns the name of the process manager.
    #[must_use]
    pub fn manager(&self) -> &str {
        &self.manager
    }

    /// Returns the id of an instance's workflow.
    #[must_use]
    pub fn workflow_id(&self, process_id: &str) -> String {
        format!("{}-{process_id}", self.manager)
    }

    /// Lists a page of at most `size` instances, running before ended and newest first, from the page's token on (empty
    /// for the first page). The result has a token if more instances follow. The list may lag by up to a second.
    ///
    /// # Errors
    /// Temporal is unavailable, or rejects the token.
    pub async fn list(
        &self,
        filter: &InstanceFilter,
        size: usize,
        from: Vec<u8>,
    ) -> Result<Listed<Instance>, OperatorError> {
        let Some(query) = filter.query(&self.manager) else {
            return Ok(Listed { items: Vec::new(), next: Vec::new() });
        };
        let page = self.workflows.list(&query, size, from).await?;
        let next = self.workflows.where_more_follow(&query, page.next).await?;
        let items = page.items.iter().filter_map(|info| Instance::read(&self.manager, info)).collect();
        Ok(Listed { items, next })
    }

    /// Lists the newest instances, at most `size`.
    ///
    /// # Errors
    /// Temporal is unavailable.
    pub async fn newest(&self, filter: &InstanceFilter, size: usize) -> Result<Vec<Instance>, OperatorError> {
        let Some(query) = filter.query(&self.manager) else { return Ok(Vec::new()) };
        let page = self.workflows.list(&query, size, Vec::new()).await?;
        Ok(page.items.iter().filter_map(|info| Instance::read(&self.manager, info)).collect())
    }

    /// Counts instances.
    ///
    /// # Errors
    /// Temporal is unavailable.
    pub async fn count(&self, filter: &InstanceFilter) -> Result<i64, OperatorError> {
        match filter.query(&self.manager) {
            Some(query) => self.workflows.count(&query).await,
            None => Ok(0),
        }
    }

    /// Reads the latest run of an instance; returns `None` if there never was one. Without a worker the result has no
    /// `view`.
    ///
    /// # Errors
    /// Temporal is unavailable.
    pub async fn read(&self, process_id: &str) -> Result<Option<Instance>, OperatorError> {
        let workflow_id = self.workflow_id(process_id);
        let Some(described) = self.workflows.describe(&workflow_id).await? else { return Ok(None) };
        let Some(mut instance) = Instance::read(&self.manager, &described.info) else { return Ok(None) };
        instance.pending = described.pending;
        if instance.status.is_running()
            && let Some(view) = self.workflows.query(&workflow_id, "state").await?
        {
            instance.refresh_from(view);
        }
        Ok(Some(instance))
    }

    /// Reads what has happened to an instance in its latest runs.
    ///
    /// # Errors
    /// Temporal is unavailable.
    pub async fn timeline(&self, process_id: &str) -> Result<Timeline, OperatorError> {
        let history = self.workflows.history_of_runs(&self.workflow_id(process_id)).await?;
        Ok(timeline::read(&history))
    }

    /// Retries the instance's failed step: the failure with this id, or the current one.
    ///
    /// # Errors
    /// [`OperatorError::NoSuchFailure`] if the instance is not parked, or is parked with another failure;
    /// [`OperatorError::NotFound`], [`OperatorError::NotRunning`] and [`OperatorError::Closing`] if it does not run;
    /// Temporal is unavailable.
    pub async fn retry(&self, process_id: &str, failure_id: Option<&str>) -> Result<(), OperatorError> {
        let failure_id = self.present(process_id, failure_id).await?;
        let signal = Acknowledge { failure_id: Some(failure_id), ..Acknowledge::default() };
        self.workflows.signal(&self.workflow_id(process_id), "retry", &signal).await
    }

    /// Acknowledges a failure, which ends the instance: the failure that `acknowledge` names, or the current one.
    ///
    /// # Errors
    /// Same as [`Instances::retry`], and [`OperatorError::TooLong`] for a name of more than 200 or a note of more than
    /// 2,000 characters.
    pub async fn acknowledge(&self, process_id: &str, acknowledge: Acknowledge) -> Result<(), OperatorError> {
        if !acknowledge.is_within_limits() {
            return Err(OperatorError::TooLong);
        }
        let failure_id = self.present(process_id, acknowledge.failure_id.as_deref()).await?;
        let signal = Acknowledge { failure_id: Some(failure_id), ..acknowledge };
        self.workflows.signal(&self.workflow_id(process_id), "acknowledge", &signal).await
    }

    /// Sends an instruction: an event that the process manager accepts from operators, as its name and its data. An
    /// instance that cannot use it ignores it, with a line in the worker's log.
    ///
    /// # Errors
    /// [`OperatorError::NotFound`], [`OperatorError::NotRunning`] and [`OperatorError::Closing`] if it does not run;
    /// [`OperatorError::TooLong`] for more than 16 KiB of data; Temporal is unavailable.
    pub async fn instruct(&self, process_id: &str, kind: &str, data: &Value) -> Result<(), OperatorError> {
        if data.to_string().len() > INSTRUCTION_BYTES {
            return Err(OperatorError::TooLong);
        }
        let workflow_id = self.workflow_id(process_id);
        self.workflows.signal(&workflow_id, "instruct", &json!({"type": kind, "data": data})).await
    }

    /// Returns the id of the instance's failure, if it is the one that is meant.
    async fn present(&self, process_id: &str, meant: Option<&str>) -> Result<String, OperatorError> {
        let instance = self.read(process_id).await?;
        let instance = instance.ok_or_else(|| OperatorError::NotFound(self.workflow_id(process_id)))?;
        if !instance.status.is_running() {
            return Err(OperatorError::NotRunning(self.workflow_id(process_id)));
        }
        let present = instance.failure_id().filter(|present| meant.is_none_or(|meant| meant == *present));
        present.map(str::to_owned).ok_or_else(|| OperatorError::NoSuchFailure(process_id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_becomes_a_condition_and_no_text_leaves_its_quotes() {
        let filter = InstanceFilter {
            is_running: Some(true),
            has_incident: Some(true),
            id_prefix: "a/b".to_owned(),
            ..InstanceFilter::default()
        };
        assert_eq!(
            filter.query("Sell").unwrap(),
            "WorkflowType = 'Sell' AND ExecutionStatus = 'Running' AND Incident = true \
             AND WorkflowId STARTS_WITH 'Sell-a/b'"
        );
        let ended = InstanceFilter {
            is_running: Some(false),
            has_incident: Some(false),
            end: Some(End::Done),
            closed_since: Some(DateTime::UNIX_EPOCH),
            ..InstanceFilter::default()
        };
        assert_eq!(
            ended.query("Sell").unwrap(),
            "WorkflowType = 'Sell' AND ExecutionStatus != 'ContinuedAsNew' AND ExecutionStatus != 'Running' \
             AND (Incident = false OR Incident IS NULL) AND ExecutionStatus = 'Completed' \
             AND CloseTime >= '1970-01-01T00:00:00+00:00'"
        );
        let about = InstanceFilter {
            is_running: Some(true),
            trouble: Some(Trouble::NeedsAttention),
            subject: Some("C-1".to_owned()),
            ..InstanceFilter::default()
        };
        assert_eq!(
            about.query("Sell").unwrap(),
            "WorkflowType = 'Sell' AND ExecutionStatus = 'Running' \
             AND Incident = true AND (NeedsAttention = true OR NeedsAttention IS NULL) AND AttentionSubject = 'C-1'"
        );
        for text in ["'", "\"", "a\\", "a\0"] {
            let text = || text.to_owned();
            let of_prefix = InstanceFilter { id_prefix: text(), ..InstanceFilter::default() };
            let of_outcome = InstanceFilter { outcome: Some(text()), ..InstanceFilter::default() };
            let of_subject = InstanceFilter { subject: Some(text()), ..InstanceFilter::default() };
            for filter in [of_prefix, of_outcome, of_subject] {
                assert_eq!(filter.query("Sell"), None, "{filter:?}");
            }
            assert_eq!(InstanceFilter::default().query(&text()), None);
        }
    }
}
