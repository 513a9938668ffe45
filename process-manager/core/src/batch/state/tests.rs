use chrono::DateTime;
use serde_json::json;

use super::*;
use crate::{
    batch::{Items, LimitsChange, Progress, Tolerated},
    manager::Refusal,
};

/// A batch of numbers, with a clock and what its workflow would do.
struct Run {
    state: BatchState,
    now: DateTime<Utc>,
    told: Vec<CloudEvent>,
}

fn failed(id: usize) -> FailedItem {
    let refusal = Refusal { code: "not-now".to_owned(), detail: "the test wants it".to_owned() };
    FailedItem { id: id.to_string(), item: json!(id), refusal }
}

fn answers(accepted: u64, failures: std::ops::Range<usize>) -> Advance {
    let begun = Some(PageAt::default());
    Advance { accepted, failed: failures.map(failed).collect(), begun, ..Advance::default() }
}

fn end(advance: Advance) -> Advance {
    Advance { is_end: true, ..advance }
}

impl Run {
    fn new(limits: Limits) -> Self {
        let start = StartBatch {
            name: "Count".to_owned(),
            id: "1".to_owned(),
            input: json!({}),
            limits,
            owner: Some("Owner-1".to_owned()),
            correlation_id: None,
        };
        let now = DateTime::UNIX_EPOCH;
        Self { state: BatchState::new(start, now), now, told: Vec::new() }
    }

    /// Returns the next step that is not the batch's own housekeeping; each state is handed over to another run.
    fn next(&mut self) -> Step {
        loop {
            self.state = serde_json::from_value(serde_json::to_value(&self.state).unwrap()).unwrap();
            match self.state.next(self.now) {
                Step::Keep { page, items } => self.state.kept(page, items.len()),
                Step::Release(_) => self.state.released(),
                Step::Tell { event, status } => {
                    self.told.push(*event);
                    self.state.told(status, self.now);
                }
                step => return step,
            }
        }
    }

    fn chunk(&mut self) -> Chunk {
        match self.next() {
            Step::Run(chunk) => *chunk,
            other => panic!("{other:?}"),
        }
    }

    fn run(&mut self, advance: Advance) -> Chunk {
        let chunk = self.chunk();
        self.now += chrono::TimeDelta::seconds(1);
        self.state.advanced(advance, self.now);
        chunk
    }

    fn progress(&mut self) -> Progress {
        self.next();
        self.state.progress()
    }

    fn change(&mut self, change: serde_json::Value) {
        let change: LimitsChange = serde_json::from_value(change).unwrap();
        self.state.change(change).unwrap();
    }
}

#[test]
fn a_batch_without_items_ends_at_once_and_tells_so() {
    let mut run = Run::new(Limits::default());
    run.run(end(Advance::default()));
    assert_eq!(run.next(), Step::End);
    let progress = run.progress();
    assert_eq!((progress.status, progress.total, progress.answered()), (Status::Completed, Some(0), 0));
    assert_eq!(run.told.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["BatchEnded"]);
}

#[test]
fn more_failures_than_are_tolerated_pause_it_until_the_limit_is_raised_or_it_is_retried() {
    let mut run = Run::new(Limits::default().tolerated(Tolerated::Items(2)));
    run.run(answers(5, 0..2));
    let chunk = run.run(answers(0, 2..3));
    assert_eq!(chunk.may_fail, 0);
    assert_eq!(run.next(), Step::Wait);
    let progress = run.progress();
    assert!(progress.needs_operator() && progress.pause.unwrap().detail.starts_with("3 items have failed"));
    assert!(run.state.resume().is_err(), "it would pause again at once");
    run.change(json!({"tolerated": 3}));
    let chunk = run.run(answers(1, 3..4));
    assert_eq!(chunk.may_fail, 0);
    assert_eq!(run.next(), Step::Wait);
    run.state.retry().unwrap();
    let chunk = run.chunk();
    let Items::Failed { items, .. } = chunk.items else { panic!("{chunk:?}") };
    assert_eq!(items, (0..4).map(failed).collect::<Vec<_>>());
    assert_eq!((run.progress().status, run.progress().failed, chunk.may_fail), (Status::Retrying, 4, 3));
}

#[test]
fn a_retry_sends_again_what_has_failed_page_by_page_and_counts_it_once() {
    let mut run = Run::new(Limits::default().tolerated(Tolerated::Items(1_000)));
    run.run(answers(10, 0..450));
    assert_eq!(run.progress().kept_pages, [1, 2]);
    assert_eq!((run.state.failed().len(), run.progress().failed), (50, 450));
    run.state.retry().unwrap();
    assert!(run.state.retry().is_ok());
    let mut pages = Vec::new();
    for _ in 0..2 {
        // Some items of the page are answered, then it is interrupted, and then the rest are answered.
        let first =
            Advance { place: Place { answered: ["0".into(), "1".into()].into(), cursor: None }, ..answers(1, 0..1) };
        pages.push(run.run(first).items);
        let Items::Kept { answered, .. } = run.chunk().items else { panic!() };
        assert_eq!(answered.len(), 2);
        run.run(end(answers(198, 0..0)));
    }
    let kept_in = |items: &Items| match items {
        Items::Kept { workflow_id, .. } => workflow_id.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(pages.iter().map(kept_in).collect::<Vec<_>>(), ["Count-1/failed/0/1", "Count-1/failed/0/2"]);
    run.run(end(answers(50, 0..0)));
    let progress = run.progress();
    assert_eq!((progress.accepted, progress.failed, progress.answered()), (10 + 199 + 199 + 50, 2, 460));
    assert_eq!((progress.status, progress.kept_pages), (Status::Running, Vec::new()));
}

#[test]
fn what_is_cancelled_is_undone_up_to_the_last_page_that_was_begun() {
    let mut run = Run::new(Limits::default());
    let begun = Some(PageAt { cursor: Some("9".to_owned()) });
    run.run(Advance {
        begun: begun.clone(),
        place: Place { cursor: Some("5".into()), ..Place::default() },
        ..answers(7, 0..0)
    });
    run.state.cancel(true).unwrap();
    let chunk = run.chunk();
    assert!(chunk.undoes);
    assert_eq!(chunk.items, Items::Source { place: Place::default(), last: begun });
    run.run(end(Advance { accepted: 8, ..Advance::default() }));
    assert_eq!(run.next(), Step::End);
    let progress = run.progress();
    assert_eq!((progress.status, progress.accepted, progress.undone), (Status::Cancelled, 7, 8));
    assert!(progress.is_undone);
    assert!(run.state.cancel(false).is_err() && run.state.pause(run.now).is_err());
}

#[test]
fn a_chunk_that_undoes_and_ends_early_leaves_the_other_pages_to_the_next_one() {
    let mut run = Run::new(Limits::default());
    let begun = Some(PageAt { cursor: Some("9".to_owned()) });
    run.run(Advance { begun: begun.clone(), ..answers(7, 0..0) });
    run.state.cancel(true).unwrap();
    run.run(answers(1, 0..0));
    let Items::Source { last, .. } = run.chunk().items else { panic!("it undoes the source's items") };
    assert_eq!(last, begun);
}

#[test]
fn where_nobody_knows_what_was_begun_all_is_undone() {
    let mut run = Run::new(Limits::default());
    run.chunk();
    run.state.cancel(true).unwrap();
    run.state.lost();
    let chunk = run.chunk();
    assert_eq!((chunk.undoes, chunk.items), (true, Items::Source { place: Place::default(), last: None }));
}

#[test]
fn an_attempt_that_died_before_it_wrote_down_what_it_had_begun_is_undone_all_the_same() {
    let mut run = Run::new(Limits::default());
    run.chunk();
    run.state.cancel(true).unwrap();
    run.state.advanced(Advance { is_repeated: true, ..Advance::default() }, run.now);
    let chunk = run.chunk();
    assert_eq!((chunk.undoes, chunk.items), (true, Items::Source { place: Place::default(), last: None }));
}

#[test]
fn a_batch_that_is_ended_where_it_is_has_undone_nothing_whatever_the_counts_tell() {
    for undoes_before in [false, true] {
        let mut run = Run::new(Limits::default());
        run.chunk();
        run.state.cancel(undoes_before).unwrap();
        run.state.lost();
        run.next();
        let _ = run.state.cancel(false);
        assert_eq!(run.next(), Step::End);
        let progress = run.progress();
        assert_eq!((progress.status, progress.accepted, progress.undone), (Status::Cancelled, 0, 0));
        assert!(!progress.is_undone);
    }
}

#[test]
fn what_was_not_begun_has_nothing_to_undo() {
    let mut run = Run::new(Limits::default());
    run.chunk();
    run.state.cancel(true).unwrap();
    run.state.advanced(Advance::default(), run.now);
    assert_eq!(run.next(), Step::End);
    assert!(run.progress().status == Status::Cancelled && run.progress().is_undone);
}

#[test]
fn an_operators_pause_holds_through_a_retry_and_a_change() {
    let mut run = Run::new(Limits::default().tolerated(Tolerated::Items(9)));
    run.run(answers(5, 0..2));
    run.state.pause(run.now).unwrap();
    assert!(run.state.is_interrupted() && run.state.pause(run.now).is_err());
    run.change(json!({"in_flight": 3}));
    run.state.retry().unwrap();
    assert_eq!(run.next(), Step::Wait);
    assert!(!run.progress().needs_operator());
    run.state.resume().unwrap();
    let chunk = run.chunk();
    assert_eq!((chunk.limits.in_flight, run.state.is_interrupted()), (3, false));
    assert!(matches!(chunk.items, Items::Failed { .. }));
}

#[test]
fn the_rate_and_the_expected_end_follow_from_the_last_chunk() {
    let mut run = Run::new(Limits::default());
    run.run(Advance { total: Some(100), ..answers(20, 0..0) });
    let progress = run.progress();
    assert_eq!(progress.items_per_second, Some(20.0));
    assert_eq!(progress.expected_end, Some(run.now + chrono::TimeDelta::seconds(4)));
    // A minute later in the next chunk, and with a limit.
    let mut seen = run.progress();
    seen.add(&answers(60, 0..0));
    seen.expect_end(run.now + chrono::TimeDelta::seconds(60));
    assert_eq!(seen.expected_end, Some(run.now + chrono::TimeDelta::seconds(61)));
    run.change(json!({"per_second": 5}));
    assert_eq!(run.progress().items_per_second, Some(5.0));
    assert_eq!(run.progress().expected_end, Some(run.now + chrono::TimeDelta::seconds(16)));
    run.state.pause(run.now).unwrap();
    assert_eq!((run.progress().items_per_second, run.progress().expected_end), (None, None));
}

#[test]
fn its_process_manager_hears_of_progress_every_10_s_and_of_a_pause_and_the_end_at_once() {
    let mut run = Run::new(Limits::default());
    (0..25).for_each(|_| drop(run.run(answers(1, 0..0))));
    assert_eq!(run.told.len(), 2);
    run.run(answers(0, 0..1));
    assert_eq!(run.next(), Step::Wait);
    run.state.cancel(false).unwrap();
    assert_eq!(run.next(), Step::End);
    let told: Vec<_> = run.told.iter().map(|event| (event.kind.as_str(), event.sequence)).collect();
    let progressed = |number| ("BatchProgressed", number);
    assert_eq!(told, [progressed(1), progressed(2), progressed(3), ("BatchEnded", 4)]);
    assert_eq!(run.told[2].data["pause"]["by"], "failures");
}

#[test]
fn a_pause_that_comes_while_progress_is_told_is_told_as_well() {
    let mut run = Run::new(Limits::default());
    (0..10).for_each(|_| drop(run.run(answers(1, 0..0))));
    let Step::Tell { status, .. } = run.state.next(run.now) else { panic!("10 s have passed") };
    run.state.pause(run.now).unwrap();
    run.state.told(status, run.now);
    assert_eq!(run.next(), Step::Wait);
    assert_eq!(run.told.last().unwrap().data["status"], "paused");
}

#[test]
fn what_fails_again_and_again_stays_a_page_at_hand() {
    let mut run = Run::new(Limits::default().tolerated(Tolerated::Items(100)));
    run.run(answers(0, 0..400));
    for round in 0..20 {
        run.state.retry().unwrap();
        // Of the first page that is sent again, more than are tolerated fail once more.
        let first = round * 1_000;
        let advance = answers(0, first..first + 101);
        let place = Place { answered: (first..first + 101).map(|id| id.to_string()).collect(), cursor: None };
        run.run(Advance { place, ..advance });
        assert_eq!(run.next(), Step::Wait);
    }
    let bytes = serde_json::to_string(&run.state).unwrap().len();
    assert!(bytes < 300 * 1024, "{bytes} bytes");
}

#[test]
fn a_chunk_that_breaks_when_the_batch_is_cancelled_does_not_pause_it() {
    let mut run = Run::new(Limits::default());
    run.chunk();
    run.state.cancel(true).unwrap();
    run.state.lost();
    run.state.broken("the code of the batch panicked".to_owned(), run.now);
    assert!(run.chunk().undoes);
}

#[test]
fn a_batch_whose_run_was_ended_from_outside_waits_for_an_operator_unless_nothing_is_left_to_do() {
    let mut run = Run::new(Limits::default());
    run.run(answers(7, 0..0));
    run.chunk();
    run.state.ended_from_outside("the run was terminated".to_owned(), run.now);
    let progress = run.progress();
    assert!(progress.needs_operator() && !run.state.is_over());
    assert_eq!((progress.pause.unwrap().by, progress.accepted), (PausedBy::Ended, 7));
    run.state.resume().unwrap();
    // What the lost chunk may have begun is undone too.
    run.state.cancel(true).unwrap();
    assert!(run.chunk().undoes);
    run.run(end(answers(7, 0..0)));
    assert!(!run.state.is_over(), "its process manager has not heard of the end");
    assert_eq!(run.next(), Step::End);
    run.state.ended_from_outside("the run was terminated".to_owned(), run.now);
    assert!(run.state.is_over() && run.progress().pause.is_none());
}
