//! Pages of a list of voidings, made of Temporal's pages of runs: exactly as long as asked for, one item a process.

use std::collections::{BTreeMap, BTreeSet};

use messages::ProcessId;
use serde::{Deserialize, Serialize};
use temporalio_client::tonic::Code;

use crate::{
    app::best,
    filter,
    temporal::{Run, Temporal, TemporalError},
};

/// Runs that are asked for at once where their number does not matter.
const CHUNK: usize = 200;

/// Temporal's own token of a page. Bytes, one character each, because most of them are text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Token(Vec<u8>);

impl Token {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
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

/// A page, and where the next one begins.
#[derive(Debug)]
pub(crate) struct RunPage {
    pub(crate) runs: Vec<Run>,
    pub(crate) next: Option<Token>,
}

/// There is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error("Temporal does not know this token")]
    Token(#[source] TemporalError),
    #[error(transparent)]
    Temporal(#[from] TemporalError),
}

/// The page of the query that begins at `from`: `limit` runs, or all that are left.
pub(crate) async fn page(
    temporal: &Temporal,
    query: &str,
    limit: usize,
    from: Option<Token>,
) -> Result<RunPage, PageError> {
    let given = from.is_some();
    let mut next = from.map(|token| token.0).unwrap_or_default();
    let mut runs = Vec::with_capacity(limit);
    loop {
        let listed = match temporal.list(query.to_owned(), limit - runs.len(), next).await {
            // Temporal has no error of its own for a bad token; a good one has just been answered, or the query works
            // without it.
            Err(error) if given && runs.is_empty() && may_be_the_token(&error) => {
                temporal.list(query.to_owned(), 1, Vec::new()).await?;
                return Err(PageError::Token(error));
            }
            listed => listed?,
        };
        next = listed.next;
        runs.extend(one_for_each_process(temporal, listed.runs).await?);
        if next.is_empty() {
            return Ok(RunPage { runs, next: None });
        }
        if runs.len() >= limit {
            let more = has_more(temporal, query, next.clone()).await?;
            return Ok(RunPage { runs, next: more.then_some(Token(next)) });
        }
    }
}

/// A full page of Temporal's carries a token even when it was the last one.
async fn has_more(temporal: &Temporal, query: &str, mut next: Vec<u8>) -> Result<bool, TemporalError> {
    while !next.is_empty() {
        let listed = temporal.list(query.to_owned(), CHUNK, next).await?;
        if !one_for_each_process(temporal, listed.runs).await?.is_empty() {
            return Ok(true);
        }
        next = listed.next;
    }
    Ok(false)
}

/// Leaves out ended runs whose process has a run that stands for it better.
async fn one_for_each_process(temporal: &Temporal, runs: Vec<Run>) -> Result<Vec<Run>, TemporalError> {
    let ended = runs.iter().filter(|run| !run.is_running).filter_map(|run| run.view.process_id.as_ref());
    let Some(query) = filter::of_processes(&ended.collect::<BTreeSet<_>>()) else { return Ok(runs) };
    let mut by_process: BTreeMap<ProcessId, Vec<Run>> = BTreeMap::new();
    let mut next = Vec::new();
    loop {
        let listed = temporal.list(query.clone(), CHUNK, next).await?;
        for run in listed.runs {
            if let Some(process_id) = run.view.process_id.clone() {
                by_process.entry(process_id).or_default().push(run);
            }
        }
        next = listed.next;
        if next.is_empty() {
            break;
        }
    }
    let best: BTreeMap<_, _> = by_process.into_iter().filter_map(|(id, runs)| Some((id, best(runs)?.run_id))).collect();
    let stands = |run: &Run| match run.view.process_id.as_ref().and_then(|id| best.get(id)) {
        Some(run_id) => run.is_running || *run_id == run.run_id,
        None => true,
    };
    Ok(runs.into_iter().filter(stands).collect())
}

fn may_be_the_token(error: &TemporalError) -> bool {
    matches!(error.code(), Some(Code::Unknown | Code::Internal | Code::InvalidArgument))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_any_bytes_survives_its_way_through_a_cursor() {
        let token = Token((0..=255).collect());
        let cursor = service_kit::cursor::encode("list", &token).unwrap();
        assert_eq!(service_kit::cursor::decode("list", &cursor), Some(token));
        assert!(serde_json::from_str::<Token>("\"€\"").is_err());
    }
}
