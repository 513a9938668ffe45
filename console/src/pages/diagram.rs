//! The state diagram as inline SVG: the path taken, and the current state.

use maud::{Markup, html};
use messages::voiding::VoidingState;

use crate::view::{Progress, Status};

use VoidingState::{
    DocumentVoided, FailureAcknowledged, MarkingDocumentAsVoidedFailed, MarkingDocumentAsVoidedSucceeded,
    VoidingRequested,
};

const WIDTH: u32 = 140;
const HEIGHT: u32 = 44;

/// Returns the upper left corner of a state's box.
const fn corner(state: VoidingState) -> (u32, u32) {
    match state {
        VoidingRequested => (10, 12),
        MarkingDocumentAsVoidedSucceeded => (10, 132),
        DocumentVoided => (10, 252),
        MarkingDocumentAsVoidedFailed => (280, 132),
        FailureAcknowledged => (280, 252),
    }
}

/// An edge from one state to another.
struct Edge {
    from: VoidingState,
    to: VoidingState,
    path: &'static str,
    /// Position of its text, and the side of that point where the text stands.
    at: (u32, u32),
    anchor: &'static str,
    words: [&'static str; 2],
}

const EDGES: [Edge; 5] = [
    Edge {
        from: VoidingRequested,
        to: MarkingDocumentAsVoidedSucceeded,
        path: "M80 56 V126",
        at: (90, 88),
        anchor: "start",
        words: ["Reports", "marks it"],
    },
    Edge {
        from: VoidingRequested,
        to: MarkingDocumentAsVoidedFailed,
        path: "M150 34 H330 Q350 34 350 54 V126",
        at: (340, 88),
        anchor: "end",
        words: ["Reports", "refuses"],
    },
    Edge {
        from: MarkingDocumentAsVoidedSucceeded,
        to: DocumentVoided,
        path: "M80 176 V246",
        at: (90, 208),
        anchor: "start",
        words: ["Billing", "completes"],
    },
    Edge {
        from: MarkingDocumentAsVoidedSucceeded,
        to: FailureAcknowledged,
        path: "M150 154 C225 154 205 274 274 274",
        at: (160, 132),
        anchor: "start",
        words: ["Billing refuses,", "acknowledged"],
    },
    Edge {
        from: MarkingDocumentAsVoidedFailed,
        to: FailureAcknowledged,
        path: "M350 176 V246",
        at: (340, 208),
        anchor: "end",
        words: ["an operator", "acknowledges"],
    },
];

/// Draws the progress of a voiding.
pub(super) fn diagram(progress: &Progress) -> Markup {
    let way = progress.passed.iter().map(|state| word(*state)).collect::<Vec<_>>().join(", then ");
    let mut edges: Vec<(&Edge, bool)> = EDGES.iter().map(|edge| (edge, is_taken(progress, edge))).collect();
    // Edges that were taken are drawn over the others.
    edges.sort_by_key(|(_, taken)| *taken);
    html! {
        svg class="diagram" viewBox="0 0 430 308" role="img" aria-labelledby="diagram-title diagram-way" {
            title id="diagram-title" { "States of the process" }
            desc id="diagram-way" { "Way taken: " (way) ". It stands at " (word(progress.at)) "." }
            defs { (arrow("arrow")) (arrow("arrow-taken")) }
            @for (edge, taken) in edges { (drawn(edge, taken)) }
            @for state in VoidingState::ALL { (node(state, progress)) }
        }
    }
}

const fn word(state: VoidingState) -> &'static str {
    Status::of_voiding(state).word
}

fn is_taken(progress: &Progress, edge: &Edge) -> bool {
    progress.passed.windows(2).any(|pair| *pair == [edge.from, edge.to])
}

fn arrow(id: &str) -> Markup {
    html! {
        marker id=(id) viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" orient="auto" {
            path d="M0 0 L10 5 L0 10 z" {}
        }
    }
}

fn drawn(edge: &Edge, taken: bool) -> Markup {
    let (x, y) = edge.at;
    let marker = if taken { "url(#arrow-taken)" } else { "url(#arrow)" };
    html! {
        g class={ "edge" @if taken { " taken" } } {
            path d=(edge.path) marker-end=(marker) {}
            @for (words, dy) in edge.words.into_iter().zip([0, 14]) {
                text x=(x) y=(y + dy) text-anchor=(edge.anchor) { (words) }
            }
        }
    }
}

fn node(state: VoidingState, progress: &Progress) -> Markup {
    let (x, y) = corner(state);
    let here = state == progress.at;
    let taken = here || progress.passed.contains(&state);
    html! {
        g class={ "node " (state.as_str()) @if taken { " taken" } @if here { " here" } } {
            title { (state.as_str()) }
            rect x=(x) y=(y) width=(WIDTH) height=(HEIGHT) rx="9" {}
            @if here && !state.is_final() { circle class="pulse" cx=(x + WIDTH - 13) cy=(y + 13) r="4.5" {} }
            text x=(x + WIDTH / 2) y=(y + 27) text-anchor="middle" { (word(state)) }
        }
    }
}
