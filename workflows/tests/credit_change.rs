//! CreditChange without a server.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests do")]

use std::{cell::Cell, time::Duration};

use messages::{
    CreditChangeId, CustomerId,
    contracts::{self, ContractCounts, CreditRating, CustomerCreditRatingChanged},
};
use process_manager::{
    batch::{Batch, BatchState, CancelBatch, Progress, StartBatch, Status},
    manager,
    testing::{Outcome, Scenario, given},
};
use serde_json::{Value, json};
use workflows::credit_change::{
    AffectedContracts, Command, CountContracts, CreditChange, Event, ReinstateContracts, RevokeContracts, State,
};

fn id(change: &str) -> CreditChangeId {
    change.parse().unwrap()
}

fn customer() -> CustomerId {
    "C-1".parse().unwrap()
}

fn changed(change: &str) -> Event {
    Event::CustomerCreditRatingChanged(CustomerCreditRatingChanged {
        customer_id: customer(),
        credit_change_id: id(change),
        credit_rating: CreditRating::B,
        previous_credit_rating: CreditRating::A,
    })
}

fn counted(change: &str, pending: u64, confirmed: u64) -> Event {
    counts_are(change, ContractCounts { pending, confirmed, ..ContractCounts::default() })
}

fn counts_are(change: &str, contracts: ContractCounts) -> Event {
    Event::ContractsCounted(contracts::CreditChange {
        credit_change_id: id(change),
        customer_id: customer(),
        credit_rating: CreditRating::B,
        previous_credit_rating: CreditRating::A,
        position: 1,
        changed_at: chrono::DateTime::UNIX_EPOCH,
        contracts,
    })
}

fn batch<B: Batch<Input = AffectedContracts>>(change: &str, position: i64) -> StartBatch {
    let affected = AffectedContracts { customer_id: customer(), credit_change_id: id(change), opened_up_to: position };
    StartBatch::new::<B>(change, &affected).unwrap()
}

fn starts<B: Batch<Input = AffectedContracts>>(change: &str, position: i64) -> Command {
    Command::StartBatch(batch::<B>(change, position))
}

fn cancels<B: Batch>(change: &str, undo: bool) -> Command {
    Command::CancelBatch(CancelBatch { name: B::NAME.to_owned(), id: change.to_owned(), undo })
}

fn counts(change: &str) -> Command {
    Command::CountContracts(CountContracts { credit_change_id: id(change) })
}

fn progress<B: Batch<Input = AffectedContracts>>(change: &str, with: &Value) -> Progress {
    let progress = BatchState::new(batch::<B>(change, 1), chrono::DateTime::UNIX_EPOCH).progress();
    let mut progress = serde_json::to_value(progress).unwrap();
    progress.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    serde_json::from_value(progress).unwrap()
}

fn ended<B: Batch<Input = AffectedContracts>>(change: &str, status: Status) -> Event {
    let is_undone = status == Status::Cancelled;
    Event::BatchEnded(progress::<B>(change, &json!({"status": status, "accepted": 3, "is_undone": is_undone})))
}

/// Each count finds this many pending contracts.
fn change(pending: u64) -> Scenario<CreditChange> {
    given::<CreditChange>([]).answering_questions(move |command| match command {
        Command::CountContracts(asked) => counted(asked.credit_change_id.as_str(), pending, 0),
        other => panic!("{other:?}"),
    })
}

fn is_in(outcome: Outcome<CreditChange>, state: State) -> Outcome<CreditChange> {
    let is = outcome.view().unwrap().state["state"].clone();
    assert_eq!(is, serde_json::to_value(state).unwrap());
    outcome
}

const COUNT: &str = "count";

#[test]
fn the_contracts_are_revoked_by_a_batch_and_then_counted_until_none_is_missing() {
    let outcome = change(0).when(changed("X")).then([starts::<RevokeContracts>("X", 1)]);
    let outcome = is_in(outcome, State::Revoking);
    outcome
        .told(&ended::<RevokeContracts>("X", Status::Completed))
        .then([counts("X")])
        .then_ended_as(&manager::Outcome::success("completed"));
}

#[test]
fn the_pause_between_counts_follows_from_how_many_are_missing_and_grows_while_nothing_changes() {
    let after = |pending| change(pending).when(changed("X")).told(&ended::<RevokeContracts>("X", Status::Completed));
    let secs = Duration::from_secs;
    after(3).then_timers([(COUNT, secs(10))]);
    after(10_000).then_timers([(COUNT, secs(900))]);
    let outcome = after(600).then_timers([(COUNT, secs(60))]).advance(secs(60)).then([counts("X")]);
    let outcome = outcome.then_timers([(COUNT, secs(120))]).advance(secs(120)).then_timers([(COUNT, secs(240))]);
    outcome.advance(secs(100_000)).then_timers([(COUNT, secs(900 - (100_000 - 240 - 480) % 900))]);
}

#[test]
fn a_contract_that_the_batch_has_left_out_and_that_is_gone_is_no_progress() {
    let left_out = Cell::new(100);
    let change = given::<CreditChange>([]).answering_questions(move |_| {
        left_out.set(left_out.get() - 1);
        let contracts = ContractCounts { pending: 600, untouched: left_out.get(), ..ContractCounts::default() };
        counts_are("X", contracts)
    });
    let secs = Duration::from_secs;
    let outcome = change.when(changed("X")).told(&ended::<RevokeContracts>("X", Status::Completed));
    outcome.then_timers([(COUNT, secs(60))]).advance(secs(60)).then_timers([(COUNT, secs(120))]);
}

#[test]
fn a_newer_change_wins_wherever_the_older_one_is() {
    let goes_over = |outcome: Outcome<CreditChange>| {
        let expected = [
            cancels::<RevokeContracts>("X", false),
            cancels::<ReinstateContracts>("X", false),
            starts::<RevokeContracts>("Y", 2),
        ];
        let outcome = is_in(outcome.when(changed("Y")).then(expected).then_timers([]), State::Revoking);
        assert_eq!(outcome.view().unwrap().state["served"], json!(["X", "Y"]));
        // Late reports of the older batch change nothing.
        let outcome = outcome.told(&ended::<RevokeContracts>("X", Status::Cancelled)).then_no_command();
        is_in(outcome, State::Revoking).told(&ended::<RevokeContracts>("Y", Status::Completed)).then([counts("Y")]);
    };
    goes_over(change(3).when(changed("X")));
    goes_over(change(3).when(changed("X")).told(&ended::<RevokeContracts>("X", Status::Completed)));
    goes_over(change(3).when(changed("X")).instruct(&Event::Cancel));
}

#[test]
fn a_newer_change_keeps_to_the_limits_of_the_batch_that_it_ends() {
    let limits = json!({"in_flight": 1, "per_second": 5.0, "tolerated": 0});
    let limited = Event::BatchProgressed(progress::<RevokeContracts>("X", &json!({"limits": limits})));
    let Event::BatchProgressed(Progress { limits, .. }) = limited.clone() else { unreachable!() };
    let commands = |limits| {
        let start = StartBatch { limits, ..batch::<RevokeContracts>("Y", 2) };
        let ends = [cancels::<RevokeContracts>("X", false), cancels::<ReinstateContracts>("X", false)];
        ends.into_iter().chain([Command::StartBatch(start)]).collect::<Vec<_>>()
    };
    let revoking = || change(3).when(changed("X")).told(&limited);
    let _ = revoking().when(changed("Y")).then(commands(limits));
    // The limits were those of a batch, and that has ended.
    let watching = revoking().told(&ended::<RevokeContracts>("X", Status::Completed));
    let _ = watching.when(changed("Y")).then(commands(RevokeContracts::limits()));
}

#[test]
fn a_change_that_is_cancelled_undoes_its_batch_or_reinstates_what_it_has_revoked() {
    let revoking = || change(3).when(changed("X"));
    let undone = revoking().instruct(&Event::Cancel).then([cancels::<RevokeContracts>("X", true)]);
    let undone = is_in(undone, State::Cancelling).instruct(&Event::Cancel).then_no_command();
    undone
        .told(&ended::<RevokeContracts>("X", Status::Cancelled))
        .then_no_command()
        .then_ended_as(&manager::Outcome::reverted("cancelled"));
    // The batch had ended before it received the cancellation.
    let late = revoking().instruct(&Event::Cancel).told(&ended::<RevokeContracts>("X", Status::Completed));
    let late = late.then([starts::<ReinstateContracts>("X", 1)]);
    late.told(&ended::<ReinstateContracts>("X", Status::Completed))
        .then_ended_as(&manager::Outcome::reverted("cancelled"));
    let waiting = revoking().told(&ended::<RevokeContracts>("X", Status::Completed)).instruct(&Event::Cancel);
    let waiting = waiting.then([starts::<ReinstateContracts>("X", 1)]).then_timers([]);
    waiting
        .told(&ended::<ReinstateContracts>("X", Status::Completed))
        .then_ended_as(&manager::Outcome::reverted("cancelled"));
}

#[test]
fn a_batch_that_an_operator_ends_where_it_is_leaves_what_it_has_revoked_to_be_watched() {
    // If its worker has died meanwhile, nobody knows what was accepted.
    for accepted in [3, 0] {
        let ended = progress::<RevokeContracts>("X", &json!({"status": "cancelled", "accepted": accepted}));
        let outcome = change(3).when(changed("X")).told(&Event::BatchEnded(ended)).then([counts("X")]);
        is_in(outcome, State::AwaitingConfirmations);
    }
}

#[test]
fn a_batch_that_pauses_itself_needs_an_operator_for_the_change_as_well() {
    let pause = json!({"by": "failures", "detail": "d", "since": "2026-01-01T00:00:00Z"});
    let paused = progress::<RevokeContracts>("X", &json!({"status": "paused", "pause": pause}));
    let outcome = change(3).when(changed("X")).then_attention(None);
    let outcome = outcome.told(&Event::BatchProgressed(paused)).then_attention(Some("batch-paused"));
    let running = Event::BatchProgressed(progress::<RevokeContracts>("X", &json!({})));
    outcome.told(&running).then_attention(None);
}

/// Reinstates what `older` has revoked, when `newest` is cancelled.
fn reinstates(older: &str, newest: &str, position: i64) -> Command {
    let start = batch::<ReinstateContracts>(older, position);
    Command::StartBatch(StartBatch { id: format!("{older}-for-{newest}"), ..start })
}

#[test]
fn a_cancelled_change_reinstates_what_an_older_one_has_revoked_as_well() {
    let revoked = change(3).when(changed("X")).told(&ended::<RevokeContracts>("X", Status::Completed));
    let outcome = revoked.when(changed("Y")).instruct(&Event::Cancel);
    outcome.then([reinstates("X", "Y", 2), cancels::<RevokeContracts>("Y", true)]);
}

#[test]
fn what_an_older_batch_has_in_flight_is_reinstated_once_that_batch_has_ended() {
    let cancelled = change(3).when(changed("X")).when(changed("Y")).instruct(&Event::Cancel);
    let cancelled = cancelled.then([cancels::<RevokeContracts>("Y", true)]);
    let undone = cancelled.told(&ended::<RevokeContracts>("Y", Status::Cancelled)).then_no_command().then_waits();
    let outcome = undone.told(&ended::<RevokeContracts>("X", Status::Cancelled)).then([reinstates("X", "Y", 2)]);
    let last = progress::<ReinstateContracts>("X", &json!({"id": "X-for-Y", "status": "completed"}));
    outcome.told(&Event::BatchEnded(last)).then_ended_as(&manager::Outcome::reverted("cancelled"));
}

#[test]
fn what_a_change_has_revoked_is_reinstated_by_a_batch_of_its_own_each_time_it_is_cancelled() {
    let revoked = change(3).when(changed("X")).told(&ended::<RevokeContracts>("X", Status::Completed));
    let cancelled = revoked.instruct(&Event::Cancel).then([starts::<ReinstateContracts>("X", 1)]);
    // The newer change ends that batch where it is, and is cancelled before it has reached the other contracts.
    let outcome = cancelled.when(changed("Y")).instruct(&Event::Cancel);
    outcome.then([reinstates("X", "Y", 2), cancels::<RevokeContracts>("Y", true)]);
}

#[test]
fn a_count_that_comes_while_the_change_is_cancelled_ends_nothing() {
    let waiting = change(3).when(changed("X")).told(&ended::<RevokeContracts>("X", Status::Completed));
    let cancelling = waiting.instruct(&Event::Cancel).told(&counted("X", 0, 3)).then_no_command().then_timers([]);
    is_in(cancelling, State::Cancelling);
}

#[test]
fn a_batch_that_an_operator_has_ended_before_the_change_was_cancelled_is_undone_all_the_same() {
    let ended = progress::<RevokeContracts>("X", &json!({"status": "cancelled", "accepted": 3}));
    let outcome = change(3).when(changed("X")).instruct(&Event::Cancel).told(&Event::BatchEnded(ended));
    outcome.then([starts::<ReinstateContracts>("X", 1)]);
}
