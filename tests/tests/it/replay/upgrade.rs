//! The upgrade check on recorded histories.

use std::{fs, process::Command, time::Duration};

use process_manager::manager::ProcessManager;
use process_manager_host::upgrade::{Report, UpgradeCheck, UpgradeError, Verdict};
use serde_json::Value;
use tempfile::TempDir;
use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{History, HistoryEvent, history_event::Attributes},
};
use transfers::TransferMoney;

use super::{
    changed::{
        BODY, Changed, KEY, KIND, MIGRATED_WRONGLY, MIGRATION_FAILS, MISSING, MORE, NEW_BODY, NOTHING, PANIC, ROUTE,
        STATE, TIMER, UNREADABLE,
    },
    folder,
};

/// Returns a folder with the recorded history of this name.
fn with(name: &str) -> TempDir {
    let temporary = tempfile::tempdir().unwrap();
    let name = format!("{name}.json");
    fs::copy(folder().join(&name), temporary.path().join(&name)).unwrap();
    temporary
}

fn checked<M: ProcessManager>(folder: &TempDir) -> Report {
    UpgradeCheck::new().manager::<M>().check(folder.path()).unwrap()
}

/// Returns what changed code finds in a history for which the original code has recorded its decisions.
fn compared<const WHAT: u8>(name: &str) -> Report {
    let folder = with(name);
    assert_eq!(UpgradeCheck::new().manager::<TransferMoney>().record(folder.path()).unwrap(), 1);
    checked::<Changed<WHAT>>(&folder)
}

fn found(report: &Report) -> Vec<(Verdict, &str)> {
    report.findings().map(|(_, _, finding)| (finding.verdict, finding.what.as_str())).collect()
}

fn assert_found(report: &Report, code: u8, verdict: Verdict, what: &str) {
    assert_eq!((found(report), report.exit_code()), (vec![(verdict, what)], code), "{report}");
}

/// Uses the program, as an operator runs it: the worker's code checks everything that the worker hosts.
#[test]
fn the_code_of_now_decides_in_all_recorded_histories_as_it_did() {
    let copy = tempfile::tempdir().unwrap();
    for file in fs::read_dir(folder()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let run = |step: &str| {
        let worker =
            Command::new(env!("CARGO_BIN_EXE_it-worker")).args(["upgrade-check", step]).arg(copy.path()).output();
        let worker = worker.unwrap();
        (worker.status.code(), String::from_utf8(worker.stdout).unwrap())
    };
    let told = run("check");
    assert!(told.0 == Some(0) && told.1.contains("alone count. Exit code 0."), "{told:?}");
    assert_eq!(run("record"), (Some(0), "what this code decides in 31 histories is recorded\n".to_owned()));
    let told = run("check");
    assert!(told.0 == Some(0) && told.1.contains("SAME") && !told.1.contains("alone count"), "{told:?}");
    let missing = UpgradeCheck::new().check(copy.path().join("none"));
    assert!(matches!(missing, Err(UpgradeError::File { .. })));
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("other.json"), "{}").unwrap();
    assert_eq!(checked::<TransferMoney>(&other).exit_code(), 2);
}

/// Such a file would make the SDK panic in the background, and never end.
#[test]
fn a_history_that_cannot_be_one_is_told_without_a_replay() {
    let whole: History = serde_json::from_slice(&fs::read(folder().join("transfer-completed.json")).unwrap()).unwrap();
    let begins_a_task = |event: &HistoryEvent| event.event_type() == EventType::WorkflowTaskStarted;
    let first_task = whole.events.iter().position(begins_a_task).unwrap();
    let changed = |change: &dyn Fn(&mut Vec<HistoryEvent>)| {
        let mut history = whole.clone();
        change(&mut history.events);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("run.json"), serde_json::to_vec(&history).unwrap()).unwrap();
        let check = UpgradeCheck::new().manager::<TransferMoney>().within(Duration::from_secs(5));
        let report = check.check(folder.path()).unwrap();
        assert_found(
            &report,
            2,
            Verdict::CannotContinue,
            "its file cannot be used as a history, as `download` writes it",
        );
        report.to_string()
    };
    let nameless = changed(&|events| {
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = &mut events[0].attributes else {
            panic!("it begins with its start");
        };
        started.task_queue = None;
    });
    assert!(nameless.contains("its start names no task queue or no workflow type"), "{nameless}");
    let with_gap = changed(&|events| drop(events.remove(first_task + 1)));
    assert!(with_gap.contains("its events are not numbered from 1"), "{with_gap}");
    let unended = changed(&|events| {
        let signal = EventType::WorkflowExecutionSignaled;
        events[first_task + 1].set_event_type(signal);
    });
    let why = format!("its event {} begins a workflow task, and the next does not end it", first_task + 1);
    assert!(unended.contains(&why), "{unended}");
}

#[test]
fn a_command_with_another_body_key_or_name_is_found() {
    use Verdict::DecidesOtherwise;
    let name = "transfer-completed";
    assert_eq!(found(&compared::<NOTHING>(name)), []);
    let body = compared::<BODY>(name);
    assert_found(&body, 1, DecidesOtherwise, "handle(MoneyWithdrawn): DepositMoney has another body");
    let text = body.to_string();
    for told in [
        "given   {\"amount\"",
        "when    MoneyWithdrawn (position 4) {",
        "then    DepositMoney {",
        "differs commands[0].command.data.account_id: \"acc-",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let key = "handle(MoneyWithdrawn): DepositMoney has another idempotency key";
    assert_found(&compared::<KEY>(name), 1, DecidesOtherwise, key);
    let kind = "handle(MoneyWithdrawn): WithdrawMoney in the place of DepositMoney";
    assert_found(&compared::<KIND>(name), 1, DecidesOtherwise, kind);
    assert_found(&compared::<STATE>(name), 1, DecidesOtherwise, "apply(MoneyWithdrawn): another state");
}

#[test]
fn without_recorded_decisions_the_names_are_compared_and_what_was_sent_again() {
    let named = checked::<Changed<KIND>>(&with("transfer-completed"));
    let what = "send(WithdrawMoney) comes in the place of send(DepositMoney)";
    assert_found(&named, 1, Verdict::DecidesOtherwise, what);
    assert_eq!(found(&checked::<Changed<BODY>>(&with("transfer-completed"))), [], "the history does not tell");
    let body = checked::<Changed<BODY>>(&with("transfer-completed-after-an-incident"));
    assert_found(&body, 1, Verdict::DecidesOtherwise, "send(DepositMoney): DepositMoney has another body");
    let key = checked::<Changed<KEY>>(&with("transfer-completed-after-an-incident"));
    assert_found(&key, 1, Verdict::DecidesOtherwise, "send(DepositMoney): DepositMoney has another idempotency key");
}

#[test]
fn what_does_not_replay_is_told_with_the_step_at_which_it_differs() {
    use Verdict::CannotContinue;
    let name = "transfer-completed";
    let missing = "its history does not replay: handle(MoneyWithdrawn): no command in the place of DepositMoney";
    assert_found(&compared::<MISSING>(name), 2, CannotContinue, missing);
    assert_found(&checked::<Changed<MISSING>>(&with(name)), 2, CannotContinue, "its history does not replay");
    let timer = "its history does not replay: handle(MoneyWithdrawn): other timers";
    assert_found(&compared::<TIMER>(name), 2, CannotContinue, timer);
    let panic = "its history does not replay: on_error(MoneyWithdrawn) comes in the place of handle(MoneyWithdrawn)";
    assert_found(&compared::<PANIC>(name), 2, CannotContinue, panic);
    let decision = "its history does not replay: on_error(MoneyWithdrawn): another decision";
    assert_found(&compared::<NOTHING>("transfer-returned"), 2, CannotContinue, decision);
    let unreadable = compared::<UNREADABLE>(name);
    let [(verdict, what)] = found(&unreadable)[..] else { panic!("{unreadable}") };
    assert_eq!((verdict, unreadable.exit_code()), (CannotContinue, 2));
    assert!(what.starts_with("MoneyWithdrawn cannot be read: invalid type: integer `7`"), "{what}");
    let unknown = checked::<workflows::credit_change::CreditChange>(&with(name));
    assert_found(&unknown, 2, CannotContinue, "this code has no workflow TransferMoney");
}

/// The usual change, and the usual instance: it waits, and nothing follows what the new code would send.
#[test]
fn a_command_more_is_found_in_an_instance_that_waits() {
    let folder = with("transfer-completed");
    let file = folder.path().join("transfer-completed.json");
    let mut history: History = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let last_answer = history.events.iter().rposition(|it| it.event_type() == EventType::MarkerRecorded).unwrap();
    history.events.truncate(last_answer + 1);
    fs::write(&file, serde_json::to_vec(&history).unwrap()).unwrap();
    assert_eq!(UpgradeCheck::new().manager::<TransferMoney>().record(folder.path()).unwrap(), 1);
    assert_eq!(found(&checked::<Changed<NOTHING>>(&folder)), []);
    let report = checked::<Changed<MORE>>(&folder);
    let what = "handle(MoneyWithdrawn): DepositMoney, DepositMoney in the place of DepositMoney";
    assert_found(&report, 1, Verdict::DecidesOtherwise, what);
}

#[test]
fn a_new_version_is_asked_about_all_that_the_run_has_seen() {
    let name = "transfer-completed";
    let new = compared::<NEW_BODY>(name);
    assert_found(&new, 1, Verdict::NewVersion, "handle(MoneyWithdrawn): DepositMoney has another body");
    assert!(new.to_string().contains("MIGRATED, as an example\n  TransferMoney: a state of version 1"), "{new}");
    let accepted = UpgradeCheck::new().manager::<Changed<NEW_BODY>>().accept_new_version();
    let accepted = accepted.check(with(name).path()).unwrap();
    assert_eq!(accepted.exit_code(), 0, "{accepted}");
    assert!(accepted.to_string().contains("under the new version (accepted)"), "{accepted}");
    let why = "its state cannot be read by the code of version 2: ";
    let fails = format!("{why}the state of version 1 cannot be migrated: the transfer has not been requested");
    assert_found(&compared::<MIGRATION_FAILS>(name), 2, Verdict::CannotContinue, &fails);
    let wrong = format!("{why}the state cannot be read: missing field `transfer_id`");
    assert_found(&compared::<MIGRATED_WRONGLY>(name), 2, Verdict::CannotContinue, &wrong);
}

#[test]
fn events_that_would_be_routed_otherwise_are_found() {
    let report = compared::<ROUTE>("transfer-completed");
    let told = [
        (Verdict::RoutedOtherwise, "MoneyDeposited: to no instance"),
        (Verdict::RoutedOtherwise, "MoneyWithdrawn: to other instances"),
    ];
    assert_eq!((&found(&report)[..], report.exit_code()), (&told[..], 1));
}

/// As a confirmation sets it: the first one that is due is in the history.
#[test]
fn a_timer_that_the_history_shows_is_compared_with_its_time() {
    let folder = with("confirmation-reminded-then-confirmed");
    let file = folder.path().join("confirmation-reminded-then-confirmed.json");
    let same = checked::<workflows::contract_confirmation::ContractConfirmation>(&folder);
    assert_eq!(found(&same), []);
    let text = fs::read_to_string(&file).unwrap();
    let _: History = serde_json::from_str(&text).unwrap();
    let mut json: Value = serde_json::from_str(&text).unwrap();
    let timer = json["events"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find_map(|it| it["attributes"].get_mut("TimerStartedEventAttributes"));
    timer.unwrap()["start_to_fire_timeout"] = "7.000000000s".into();
    fs::write(&file, json.to_string()).unwrap();
    let other = checked::<workflows::contract_confirmation::ContractConfirmation>(&folder);
    assert_found(&other, 1, Verdict::DecidesOtherwise, "timer overdue is set otherwise");
    assert!(other.to_string().contains("then    timer overdue after 7 s"), "{other}");
}
