//! One page of processes: from Temporal, and while that is away the open ones from Billing.

use service_kit::cursor;

use super::query::{Query, Show};
use crate::{
    app::App,
    pages::{self, PageError, Token},
    temporal::Run,
    voiding::Voiding,
};

/// Processes of a page.
const PAGE: usize = 50;

/// One process, and what a person can do about it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) voiding: Voiding,
    /// Id of the failure or refused completion that waits for an acknowledgement.
    pub(crate) to_acknowledge: Option<String>,
    /// Id of the refused command that may be sent again.
    pub(crate) to_retry: Option<String>,
}

impl Row {
    pub(crate) fn of_run(app: &App, run: Run) -> Self {
        let (to_acknowledge, to_retry) = (run.to_acknowledge().map(str::to_owned), run.to_retry().map(str::to_owned));
        Self { voiding: app.present(run), to_acknowledge, to_retry }
    }

    /// A process of which only Billing could be asked.
    pub(crate) fn of_billing(voiding: Voiding) -> Self {
        Self { voiding, to_acknowledge: None, to_retry: None }
    }
}

/// Why a page is not the list that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The address names a page that is no more.
    Cursor,
    /// Temporal does not answer; the rows are Billing's.
    Temporal,
    /// Neither answers.
    Everything,
}

/// One page of processes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Listing {
    pub(super) rows: Vec<Row>,
    pub(super) next: Option<String>,
    pub(super) trouble: Option<Trouble>,
}

impl Listing {
    /// Where Temporal has just not answered, it is not asked a second time.
    pub(super) async fn load(app: &App, query: &Query, temporal_is_there: bool) -> Self {
        let Some(visibility) = query.visibility() else { return Self::default() };
        if !temporal_is_there {
            return Self::of_billing(app).await;
        }
        let from = query.cursor.as_deref().map(|text| cursor::decode::<Token>(&visibility, text));
        if from == Some(None) {
            return Self { trouble: Some(Trouble::Cursor), ..Self::default() };
        }
        match runs(app, &visibility, from.flatten(), query.show == Show::Open).await {
            Ok((runs, next)) => Self {
                rows: runs.into_iter().map(|run| Row::of_run(app, run)).collect(),
                next: next.and_then(|token| cursor::encode(&visibility, &token).ok()),
                trouble: None,
            },
            Err(PageError::Token(_)) => Self { trouble: Some(Trouble::Cursor), ..Self::default() },
            Err(PageError::Temporal(_)) => Self::of_billing(app).await,
        }
    }

    /// Whether the document's row is on the page.
    pub(super) fn shows(&self, document_id: &str) -> bool {
        self.rows.iter().any(|row| row.voiding.view.document_id.as_str() == document_id)
    }

    /// Billing knows which processes are open, though not how far they are.
    async fn of_billing(app: &App) -> Self {
        match app.billing.open_processes(PAGE).await {
            Ok(documents) => {
                let voidings = documents.into_iter().filter_map(|document| app.presenter.of_document(document));
                let rows = voidings.map(Row::of_billing).collect();
                Self { rows, next: None, trouble: Some(Trouble::Temporal) }
            }
            Err(_) => Self { trouble: Some(Trouble::Everything), ..Self::default() },
        }
    }
}

/// One visibility query for the open ones, of which a process has one; ended ones may take more.
async fn runs(app: &App, query: &str, from: Option<Token>, open: bool) -> Result<(Vec<Run>, Option<Token>), PageError> {
    if !open {
        let page = pages::page(&app.temporal, query, PAGE, from).await?;
        return Ok((page.runs, page.next));
    }
    let given = from.is_some();
    let from = from.map(Token::into_bytes).unwrap_or_default();
    match app.temporal.list(query.to_owned(), PAGE, from).await {
        Ok(listed) => Ok((listed.runs, (!listed.next.is_empty()).then(|| Token::new(listed.next)))),
        Err(error) if given && error.code().is_some() => Err(PageError::Token(error)),
        Err(error) => Err(error.into()),
    }
}
