//! The bar of a credit change: where its contracts are, as inline SVG and in words.

use maud::{Markup, html};

use super::affected::Counts;

/// Width of the bar in units. A part is at least [`THINNEST`] wide, so that one contract of 10,000 is visible.
const WIDTH: u64 = 1_000;
const THINNEST: u64 = 8;

/// A part of the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    class: &'static str,
    word: &'static str,
    count: u64,
}

/// Writes the bar and its breakdown.
pub(super) fn bar(counts: &Counts) -> Markup {
    let segments = segments(counts);
    let summary = summary(counts);
    html! {
        p class="tally" { (summary) }
        @if counts.total > 0 {
            div class="progress" role="progressbar" aria-label="Contracts that are dealt with" aria-valuemin="0"
                aria-valuemax=(counts.total) aria-valuenow=(done(counts)) aria-valuetext=(summary) {
                svg viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                    @for (segment, x, width) in placed(&segments) {
                        rect class=(segment.class) x=(x) y="0" width=(width) height="10" {}
                    }
                }
            }
        }
        ul class="breakdown" aria-label="Contracts" {
            @for segment in segments {
                li class={ (segment.class) @if segment.count == 0 { " faint" } } {
                    span class="swatch" aria-hidden="true" {} (segment.word) " " b { (segment.count) }
                }
            }
        }
    }
}

/// Returns the number of contracts that need nothing more.
fn done(counts: &Counts) -> u64 {
    (counts.confirmed + counts.terminated + counts.reinstated).min(counts.total)
}

fn summary(counts: &Counts) -> String {
    let Counts { total, missing, overdue, refused, .. } = *counts;
    if total == 0 {
        return "The change affects no contract.".to_owned();
    }
    let contracts = if total == 1 { "contract is" } else { "contracts are" };
    let overdue = if overdue > 0 { format!(" ({overdue} overdue)") } else { String::new() };
    let refused = if refused > 0 { format!(", {refused} refused") } else { String::new() };
    format!("{} of {total} {contracts} dealt with, {missing} missing{overdue}{refused}.", done(counts))
}

/// Returns the parts. They add up to the total: overdue contracts are missing, and refused ones are not revoked.
fn segments(counts: &Counts) -> [Segment; 7] {
    let Counts { total, revoked, refused, missing, overdue, confirmed, terminated, reinstated } = *counts;
    let overdue = overdue.min(missing);
    let not_revoked = total.saturating_sub(revoked);
    let refused = refused.min(not_revoked);
    let segment = |class, word, count| Segment { class, word, count };
    [
        segment("confirmed", "Confirmed", confirmed),
        segment("terminated", "Terminated", terminated),
        segment("reinstated", "Reinstated", reinstated),
        segment("missing", "Pending or signed", missing - overdue),
        segment("overdue", "Overdue", overdue),
        segment("refused", "Refused", refused),
        segment("untouched", "Not revoked yet", not_revoked - refused),
    ]
}

/// Returns the parts that are not empty, each with its start and its width.
fn placed(segments: &[Segment]) -> Vec<(Segment, u64, u64)> {
    let some: Vec<_> = segments.iter().copied().filter(|segment| segment.count > 0).collect();
    let total = some.iter().map(|segment| segment.count).sum::<u64>().max(1);
    let (mut before, mut x) = (0, 0);
    let shared = WIDTH - THINNEST * some.len() as u64;
    let place = |(number, segment): (usize, Segment)| {
        before += segment.count;
        let begins = x;
        x = THINNEST * (number as u64 + 1) + before * shared / total;
        (segment, begins, x - begins)
    };
    some.into_iter().enumerate().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: Counts = Counts {
        total: 10_000,
        revoked: 9_000,
        refused: 7,
        missing: 5_000,
        overdue: 1,
        confirmed: 3_000,
        terminated: 999,
        reinstated: 1,
    };

    fn counts_of(counts: &Counts) -> [u64; 7] {
        segments(counts).map(|segment| segment.count)
    }

    #[test]
    fn the_parts_add_up_to_the_total() {
        assert_eq!(counts_of(&COUNTS), [3_000, 999, 1, 4_999, 1, 7, 993]);
        assert_eq!(counts_of(&COUNTS).iter().sum::<u64>(), 10_000);
        // The numbers come from several programs, and not from one moment.
        for (overdue, refused) in [(0, 0), (6_000, 0), (0, 2_000)] {
            assert_eq!(counts_of(&Counts { overdue, refused, ..COUNTS }).iter().sum::<u64>(), 10_000);
        }
    }

    #[test]
    fn the_bar_is_full_and_one_contract_of_many_can_be_seen() {
        let placed = placed(&segments(&COUNTS));
        assert_eq!(placed.iter().map(|(_, _, width)| width).sum::<u64>(), WIDTH);
        assert!(placed.iter().all(|(_, _, width)| *width >= THINNEST), "{placed:?}");
        assert!(placed.windows(2).all(|pair| pair[0].1 + pair[0].2 == pair[1].1), "{placed:?}");
        let all = [Segment { class: "confirmed", word: "Confirmed", count: 3 }];
        assert_eq!(super::placed(&all), [(all[0], 0, WIDTH)]);
        assert_eq!(super::placed(&[]), []);
    }

    #[test]
    fn the_words_say_how_many_are_dealt_with_missing_overdue_and_refused() {
        for (counts, words) in [
            (COUNTS, "4000 of 10000 contracts are dealt with, 5000 missing (1 overdue), 7 refused."),
            (
                Counts { total: 1, revoked: 1, missing: 1, ..Counts::default() },
                "0 of 1 contract is dealt with, 1 missing.",
            ),
            (Counts::default(), "The change affects no contract."),
        ] {
            assert_eq!(summary(&counts), words);
        }
        let page = bar(&COUNTS).into_string();
        assert!(page.contains(r#"role="progressbar""#) && page.contains(r#"aria-valuenow="4000""#), "{page}");
    }
}
