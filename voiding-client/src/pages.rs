//! Pages of a list of voidings, built from Temporal's pages of runs: of the requested length, with one item per
//! process.

use std::collections::{BTreeMap, BTreeSet};

use messages::ProcessId;
use process_manager_host::operator::{Listed, OperatorError};
use serde::{Deserialize, Serialize};

use crate::{Filter, Run, VoidingClient, filter, latest::representative};

/// Number of runs per request if the number does not matter.
const CHUNK: usize = 200;

/// Temporal's own page token, as text with one character per byte, because most bytes are text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(Vec<u8>);

impl From<Vec<u8>> for Token {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<Token> for Vec<u8> {
    fn from(token: Token) -> Self {
        token.0
    }
}

impl TryFrom<String> for Token {
    type Error = std::char::TryFromCharError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.chars().map(u8::try_from).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0.into_iter().map(char::from).collect()
    }
}

/// A page, and the token of the next one.
#[derive(Debug)]
pub struct RunPage {
    /// The page.
    pub runs: Vec<Run>,
    /// The token; `None` on the last page.
    pub next: Option<Token>,
}

/// The reason why a page could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Temporal does not know the token.
    #[error("Temporal does not know this token")]
    Token(#[source] OperatorError),
    /// Temporal is unavailable or rejects the query.
    #[error(transparent)]
    Temporal(#[from] OperatorError),
}

impl VoidingClient {
    /// Lists the page of the query that begins at `from`: `limit` processes, or all that are left.
    ///
    /// # Errors
    /// Returns [`PageError::Token`] if the token is not one of this list, [`PageError::Temporal`] if Temporal is
    /// unavailable or rejects the query.
    pub async fn page(&self, query: &str, limit: usize, from: Option<Token>) -> Result<RunPage, PageError> {
        let given = from.is_some();
        let mut next = from.map(|token| token.0).unwrap_or_default();
        let mut runs = Vec::with_capacity(limit);
        loop {
            let listed = match self.list(query, limit - runs.len(), next).await {
                // Temporal has no specific error for an invalid token. If the query works without the token, the token
                // is invalid.
                Err(error) if given && runs.is_empty() && matches!(error, OperatorError::Refused(_)) => {
                    self.list(query, 1, Vec::new()).await?;
                    return Err(PageError::Token(error));
                }
                listed => listed?,
            };
            next = listed.next;
            runs.extend(self.one_for_each_process(listed.items).await?);
            if next.is_empty() {
                return Ok(RunPage { runs, next: None });
            }
            if runs.len() >= limit {
                let more = self.has_more(query, next.clone()).await?;
                return Ok(RunPage { runs, next: more.then_some(Token(next)) });
            }
        }
    }

    /// Lists a page of running processes. Each has one run.
    ///
    /// # Errors
    /// Returns the same errors as [`VoidingClient::page`].
    pub async fn page_of_running(&self, query: &str, limit: usize, from: Option<Token>) -> Result<RunPage, PageError> {
        let given = from.is_some();
        match self.list(query, limit, from.map(|token| token.0).unwrap_or_default()).await {
            Ok(listed) => {
                let next = self.workflows.where_more_follow(query, listed.next).await?;
                Ok(RunPage { runs: listed.items, next: (!next.is_empty()).then_some(Token(next)) })
            }
            Err(error @ OperatorError::Refused(_)) if given => Err(PageError::Token(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Lists the newest runs that match a filter, at most `size` of them.
    ///
    /// # Errors
    /// Returns [`OperatorError`] if Temporal is unavailable.
    pub async fn newest(&self, filter: &Filter, size: usize) -> Result<Vec<Run>, OperatorError> {
        Ok(self.list(&filter.query(), size, Vec::new()).await?.items)
    }

    pub(crate) async fn list(&self, query: &str, size: usize, from: Vec<u8>) -> Result<Listed<Run>, OperatorError> {
        let page = self.workflows.list(query, size, from).await?;
        let items = page.items.iter().filter_map(|info| Run::read(info, Vec::new())).collect();
        Ok(Listed { items, next: page.next })
    }

    /// Checks whether more items follow. A full page of Temporal carries a token even if it is the last one.
    async fn has_more(&self, query: &str, mut next: Vec<u8>) -> Result<bool, OperatorError> {
        while !next.is_empty() {
            let listed = self.list(query, CHUNK, next).await?;
            if !self.one_for_each_process(listed.items).await?.is_empty() {
                return Ok(true);
            }
            next = listed.next;
        }
        Ok(false)
    }

    /// Leaves out ended runs whose process is represented by another run.
    async fn one_for_each_process(&self, runs: Vec<Run>) -> Result<Vec<Run>, OperatorError> {
        let ended = runs.iter().filter(|run| !run.is_running).filter_map(|run| run.view.process_id.as_ref());
        let Some(query) = filter::of_processes(&ended.collect::<BTreeSet<_>>()) else { return Ok(runs) };
        let mut by_process: BTreeMap<ProcessId, Vec<Run>> = BTreeMap::new();
        let mut next = Vec::new();
        loop {
            let listed = self.list(&query, CHUNK, next).await?;
            for run in listed.items {
                if let Some(process_id) = run.view.process_id.clone() {
                    by_process.entry(process_id).or_default().push(run);
                }
            }
            next = listed.next;
            if next.is_empty() {
                break;
            }
        }
        let of_process: BTreeMap<_, _> =
            by_process.into_iter().filter_map(|(id, runs)| Some((id, representative(runs)?.run_id))).collect();
        let represents = |run: &Run| match run.view.process_id.as_ref().and_then(|id| of_process.get(id)) {
            Some(run_id) => run.is_running || *run_id == run.run_id,
            None => true,
        };
        Ok(runs.into_iter().filter(represents).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_any_bytes_survives_as_text() {
        let token = Token((0..=255).collect());
        let text = serde_json::to_string(&token).unwrap();
        assert_eq!(serde_json::from_str::<Token>(&text).unwrap(), token);
        assert!(serde_json::from_str::<Token>("\"€\"").is_err());
    }
}
