//! The process that a form or a link refers to.

use messages::DocumentId;

use crate::{form::Fields, managers::Manager, paths};

/// The process that a form or a link refers to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// The latest voiding of a document.
    Voiding(DocumentId),
    /// An instance of a process manager.
    Instance(&'static Manager, String),
}

impl Target {
    /// Returns the id by which an operator knows it. That of an instance may contain any characters.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Voiding(document_id) => document_id.as_str(),
            Self::Instance(_, process_id) => process_id,
        }
    }

    /// Returns the address of its page.
    pub(crate) fn page(&self) -> String {
        match self {
            Self::Voiding(document_id) => paths::process(document_id),
            Self::Instance(manager, process_id) => manager.page_of(process_id),
        }
    }

    /// Returns the target of a form that retries.
    pub(crate) fn retry(&self) -> &'static str {
        match self {
            Self::Voiding(_) => paths::RETRY,
            Self::Instance(..) => paths::RETRY_INSTANCE,
        }
    }

    /// Returns the target of a form that acknowledges.
    pub(crate) fn acknowledge(&self) -> &'static str {
        match self {
            Self::Voiding(_) => paths::ACKNOWLEDGE,
            Self::Instance(..) => paths::ACKNOWLEDGE_INSTANCE,
        }
    }

    /// Returns the name of the signal that acknowledges.
    pub(crate) fn acknowledge_signal(&self) -> &'static str {
        match self {
            Self::Voiding(_) => "acknowledge_failure",
            Self::Instance(..) => "acknowledge",
        }
    }

    /// Returns the fields that identify it in a form.
    pub(crate) fn fields(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Voiding(document_id) => vec![("document_id", document_id.as_str())],
            Self::Instance(manager, process_id) => vec![("manager", manager.name), ("process_id", process_id)],
        }
    }

    /// Reads the fields of a form.
    pub(crate) fn read(fields: &Fields) -> Option<Self> {
        match fields.text("manager") {
            // Ids of instances may contain anything, including spaces.
            Some(name) => {
                let process_id = fields.exact("process_id").filter(|id| !id.is_empty())?;
                Some(Self::Instance(Manager::named(name)?, process_id.to_owned()))
            }
            None => Some(Self::Voiding(fields.text("document_id")?.parse().ok()?)),
        }
    }
}
