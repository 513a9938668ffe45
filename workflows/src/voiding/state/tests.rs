//! Every transition, legal and illegal, and random walks over all of them.

use messages::code;
use process_manager::instance::Acknowledge;
use proptest::prelude::*;

use super::*;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn opened() -> Opened {
    Opened { process_id: "P".parse().unwrap(), customer_id: "C".parse().unwrap() }
}

fn started() -> Voiding {
    let Opened { process_id, customer_id } = opened();
    let document_id = "D".parse().unwrap();
    Voiding::new(VoidingInput { document_id, customer_id: Some(customer_id), process_id: Some(process_id) }, at(0))
}

fn refused(code: &str) -> Refusal {
    Refusal { code: code.to_owned(), detail: "no".to_owned() }
}

fn customer() -> CustomerId {
    opened().customer_id
}

fn completing() -> Voiding {
    started().marked(Ok(customer()), at(1)).unwrap()
}

fn aborting() -> Voiding {
    started().marked(Err(refused(code::REPORT_PUBLISHED)), at(1)).unwrap()
}

fn answer(voiding: Voiding, answer: Result<(), Refusal>) -> Voiding {
    let Next::Send(command) = voiding.next() else { panic!("nothing is under way: {:?}", voiding.phase()) };
    voiding.answered(&command, answer, at(2)).unwrap()
}

fn acknowledge(voiding: &Voiding) -> Result<Voiding, Ignored> {
    voiding.acknowledge(Acknowledge::default(), at(3))
}

fn states(voiding: &Voiding) -> Vec<&'static str> {
    voiding.view().steps.iter().map(|step| step.state.as_str()).collect()
}

#[test]
fn a_marked_document_is_voided() {
    let voiding = completing();
    assert_eq!(voiding.next(), Next::Send(Command::CompleteDocumentVoiding(opened())));
    let voiding = answer(voiding, Ok(()));
    assert_eq!(voiding.next(), Next::End(Outcome::DocumentVoided));
    assert_eq!(states(&voiding), ["voiding-requested", "marking-document-as-voided-succeeded", "document-voided"]);
}

#[test]
fn without_customer_or_process_billing_is_asked_first() {
    let input = VoidingInput { document_id: "D".parse().unwrap(), customer_id: Some(customer()), process_id: None };
    let voiding = Voiding::new(input, at(0));
    assert_eq!(voiding.next(), Next::Send(Command::VoidDocument));
    assert_eq!(voiding.state(), VoidingState::VoidingRequested);
    let asked = voiding.clone().requested(Ok(opened())).unwrap();
    assert_eq!(asked.next(), Next::Send(Command::MarkDocumentAsVoided(opened())));
    assert_eq!(asked.view().process_id, Some(opened().process_id));
    let refusal = refused(code::DOCUMENT_NOT_FOUND);
    let voiding = voiding.requested(Err(refusal.clone())).unwrap();
    assert_eq!(voiding.next(), Next::End(Outcome::VoidDocumentRefused(refusal)));
}

#[test]
fn the_customer_that_reports_knows_replaces_a_wrong_one() {
    let voiding = started().marked(Ok("right".parse().unwrap()), at(1)).unwrap();
    assert_eq!(voiding.view().customer_id.unwrap().as_str(), "right");
}

#[test]
fn a_refused_marking_waits_for_its_acknowledgement() {
    let waiting = answer(aborting(), Ok(()));
    assert_eq!(waiting.next(), Next::Wait);
    assert_eq!(waiting.view().failure.unwrap().failure_id, "P/1");
    let closing = acknowledge(&answer(aborting(), Ok(()))).unwrap();
    assert_eq!(closing.next(), Next::Send(Command::CloseDocumentVoiding(opened())));
    let ended = answer(closing, Ok(()));
    assert_eq!(ended.next(), Next::End(Outcome::FailureAcknowledged));
    assert_eq!(states(&ended), ["voiding-requested", "marking-document-as-voided-failed", "failure-acknowledged"]);
}

#[test]
fn an_acknowledgement_counts_while_the_abort_is_in_flight() {
    let acknowledged = acknowledge(&aborting()).unwrap();
    assert_eq!(acknowledged.next(), Next::Send(Command::AbortDocumentVoiding(opened())));
    assert_eq!(answer(acknowledged.clone(), Ok(())).next(), Next::Send(Command::CloseDocumentVoiding(opened())));
    assert_eq!(acknowledge(&acknowledged), Err(Ignored::NoFailure), "a second one changes nothing");
}

#[test]
fn an_acknowledgement_of_a_refused_abort_is_kept_and_the_abort_stays_refused() {
    let parked = answer(aborting(), Err(refused("strange")));
    assert_eq!(parked.next(), Next::Wait);
    let acknowledged = acknowledge(&parked).unwrap();
    assert_eq!(acknowledged.next(), Next::Wait);
    let retried = acknowledged.retry(None).unwrap();
    assert_eq!(answer(retried, Ok(())).next(), Next::Send(Command::CloseDocumentVoiding(opened())));
}

#[test]
fn early_acknowledgements_and_retries_change_nothing() {
    for voiding in [started(), completing(), answer(completing(), Ok(()))] {
        assert_eq!(acknowledge(&voiding), Err(Ignored::NoFailure));
        assert_eq!(voiding.retry(None), Err(Ignored::NothingToRetry));
        assert_eq!(voiding.recheck(), Err(Ignored::NotWaiting));
    }
}

#[test]
fn a_refused_completion_is_retried_or_compensated() {
    let waiting = answer(completing(), Err(refused(code::ABORTED)));
    assert_eq!(waiting.next(), Next::Wait);
    assert_eq!(waiting.view().incident.unwrap().code.as_deref(), Some(code::ABORTED));
    let retried = waiting.retry(None).unwrap();
    assert_eq!(retried.next(), Next::Send(Command::CompleteDocumentVoiding(opened())));
    assert_eq!(acknowledge(&retried), Err(Ignored::NoFailure), "the retry is in flight");
    let mut sent = Vec::new();
    let mut voiding = acknowledge(&waiting).unwrap();
    while let Next::Send(command) = voiding.next() {
        sent.push(command.name());
        voiding = answer(voiding, Ok(()));
    }
    assert_eq!(sent, ["AbortDocumentVoiding", "UnmarkDocumentAsVoided", "CloseDocumentVoiding"]);
    assert_eq!(voiding.next(), Next::End(Outcome::FailureAcknowledged));
}

#[test]
fn a_signal_that_means_another_failure_changes_nothing() {
    let once = answer(completing(), Err(refused(code::ABORTED)));
    let first = once.view().incident.unwrap().failure_id;
    let twice = answer(once.retry(Some(first.as_str())).unwrap(), Err(refused(code::ABORTED)));
    assert_eq!(twice.retry(Some(first.as_str())), Err(Ignored::AnotherFailure));
    let signal = Acknowledge { failure_id: Some(first), ..Acknowledge::default() };
    assert_eq!(twice.acknowledge(signal, at(3)), Err(Ignored::AnotherFailure));
    let shown = Acknowledge { failure_id: Some("P/2".to_owned()), ..Acknowledge::default() };
    assert!(twice.acknowledge(shown, at(3)).is_ok());
}

#[test]
fn a_stalled_command_shows_as_an_incident_until_it_succeeds() {
    let stalled = completing().stalled("slow".to_owned(), at(2));
    let incident = stalled.view().incident.unwrap();
    assert_eq!((incident.code, incident.failure_id.as_str()), (None, "P/1"));
    assert_eq!(acknowledge(&stalled), Err(Ignored::NoFailure));
    assert_eq!(stalled.retry(None), Err(Ignored::NothingToRetry));
    assert_eq!(answer(stalled.clone(), Ok(())).view().incident, None);
    let refused = answer(stalled, Err(refused(code::ABORTED))).view().incident.unwrap();
    assert_eq!(refused.failure_id, "P/2", "another incident");
}

#[test]
fn a_closed_process_ends_without_a_person() {
    let closed = || Err(refused(code::PROCESS_CLOSED));
    assert_eq!(answer(aborting(), closed()).next(), Next::End(Outcome::ProcessClosed));
    assert_eq!(answer(acknowledge(&aborting()).unwrap(), closed()).next(), Next::End(Outcome::FailureAcknowledged));
    let fencing = acknowledge(&answer(completing(), Err(refused(code::ABORTED)))).unwrap();
    for (voiding, end) in [(completing(), Outcome::ProcessClosed), (fencing, Outcome::FailureAcknowledged)] {
        let unmarking = answer(voiding, closed());
        assert_eq!(unmarking.next(), Next::Send(Command::UnmarkDocumentAsVoided(opened())));
        assert_eq!(answer(unmarking, Ok(())).next(), Next::End(end));
    }
}

#[test]
fn an_abort_that_comes_after_the_completion_ends_voided() {
    let voided = || Err(refused(code::DOCUMENT_ALREADY_VOIDED));
    let fencing = acknowledge(&answer(completing(), Err(refused("strange")))).unwrap();
    assert_eq!(answer(aborting(), voided()).next(), Next::End(Outcome::DocumentVoided));
    assert_eq!(answer(fencing, voided()).next(), Next::End(Outcome::DocumentVoided));
}

#[test]
fn a_recheck_sends_again_what_waits() {
    let waiting = answer(aborting(), Ok(()));
    let rechecked = waiting.recheck().unwrap();
    assert_eq!(rechecked.next(), Next::Send(Command::AbortDocumentVoiding(opened())));
    assert_eq!(answer(rechecked, Ok(())), waiting, "still aborted: waits on");
    let refused = answer(completing(), Err(refused(code::ABORTED)));
    assert_eq!(refused.recheck().unwrap().next(), Next::Send(Command::CompleteDocumentVoiding(opened())));
}

#[test]
fn an_answer_to_a_command_that_is_not_under_way_is_an_error() {
    let commands = [
        Command::VoidDocument,
        Command::MarkDocumentAsVoided(opened()),
        Command::CompleteDocumentVoiding(opened()),
        Command::AbortDocumentVoiding(opened()),
        Command::UnmarkDocumentAsVoided(opened()),
        Command::CloseDocumentVoiding(opened()),
    ];
    let ended = answer(completing(), Ok(()));
    let waiting = answer(aborting(), Ok(()));
    for voiding in [started(), completing(), aborting(), ended, waiting] {
        for command in &commands {
            let under_way = voiding.next() == Next::Send(command.clone());
            let generic = !matches!(command, Command::VoidDocument | Command::MarkDocumentAsVoided(_));
            assert_eq!(voiding.clone().answered(command, Ok(()), at(9)).is_ok(), under_way && generic, "{command:?}");
        }
        let marking = matches!(voiding.phase(), Phase::Marking(_));
        assert_eq!(voiding.clone().marked(Ok(customer()), at(9)).is_ok(), marking);
        assert!(voiding.requested(Ok(opened())).is_err());
    }
}

#[derive(Debug, Clone)]
enum Happening {
    Accepted,
    Refused(&'static str),
    Stalled,
    Acknowledged,
    Retried,
    Rechecked,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let codes = prop::sample::select(vec![
        code::REPORT_PUBLISHED,
        code::PROCESS_CLOSED,
        code::ABORTED,
        code::DOCUMENT_ALREADY_VOIDED,
        "strange",
    ]);
    prop::collection::vec(
        prop_oneof![
            4 => Just(Happening::Accepted),
            3 => codes.prop_map(Happening::Refused),
            1 => Just(Happening::Stalled),
            1 => Just(Happening::Acknowledged),
            1 => Just(Happening::Retried),
            1 => Just(Happening::Rechecked),
        ],
        1..25,
    )
}

fn happen(voiding: Voiding, happening: &Happening) -> Voiding {
    let result = match happening {
        Happening::Accepted => Ok(()),
        Happening::Refused(code) => Err(refused(code)),
        Happening::Stalled => return voiding.stalled(String::new(), at(4)),
        Happening::Acknowledged => return acknowledge(&voiding).unwrap_or(voiding),
        Happening::Retried => return voiding.retry(None).unwrap_or(voiding),
        Happening::Rechecked => return voiding.recheck().unwrap_or(voiding),
    };
    match voiding.next() {
        Next::Send(Command::MarkDocumentAsVoided(_)) => voiding.marked(result.map(|()| customer()), at(5)).unwrap(),
        Next::Send(command) => voiding.answered(&command, result, at(6)).unwrap(),
        Next::Wait | Next::End(_) => voiding,
    }
}

proptest! {
    #[test]
    fn after_any_happenings_the_process_goes_on_waits_for_a_person_or_has_ended(way in happenings()) {
        let mut voiding = started();
        let mut marked_in_reports = false;
        for happening in &way {
            let before = voiding.clone();
            voiding = happen(voiding, happening);
            if let (Next::Send(command), Happening::Accepted) = (before.next(), happening) {
                match command {
                    Command::MarkDocumentAsVoided(_) => marked_in_reports = true,
                    Command::UnmarkDocumentAsVoided(_) => marked_in_reports = false,
                    _ => {}
                }
            }
            let carried = serde_json::to_string(&voiding).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Voiding>(&carried).unwrap(), &voiding, "the next run goes on with it");
            let view = voiding.view();
            prop_assert!(view.steps.len() <= 3);
            match voiding.next() {
                Next::Send(_) => prop_assert!(!view.state.is_final()),
                Next::Wait => prop_assert!(view.failure.is_some() || view.incident.is_some(), "a wait is visible"),
                Next::End(outcome) => {
                    prop_assert_eq!(view.state == VoidingState::DocumentVoided, outcome == Outcome::DocumentVoided);
                    prop_assert_eq!(&happen(voiding.clone(), &Happening::Accepted), &voiding, "an end is final");
                    let acknowledged = view.state == VoidingState::FailureAcknowledged;
                    prop_assert_eq!(acknowledged, outcome == Outcome::FailureAcknowledged);
                    prop_assert!(!acknowledged || view.acknowledgement.is_some());
                    prop_assert!(view.state == VoidingState::DocumentVoided || !marked_in_reports, "V2b");
                }
            }
        }
    }
}
