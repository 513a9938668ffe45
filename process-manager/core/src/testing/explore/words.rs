//! The steps of a trace in words.

use serde::Serialize;

use super::{
    action::LATE,
    model::Model,
    parts::{Action, Heard, Reply},
    state::State,
};
use crate::{instance::command_name, manager::ProcessManager};

pub(super) fn step<M, W>(model: &Model<M, W>, state: &State<M, W>, action: &Action, heard: Option<&Heard>) -> String
where
    M: ProcessManager,
    M::Event: Serialize,
    W: Clone,
{
    match action {
        Action::Happen(sequence) => model.outside[*sequence][state.happened[*sequence]].name.clone(),
        Action::Repeat(index) => format!("{} is recorded a second time", state.log[*index].event.kind),
        Action::Deliver { to, log } => match state.next_delivery(to, log) {
            Some(it) => format!("{} ({} of {}) reaches {to}", it.event.kind, it.event.sequence, it.event.logid),
            None => format!("an event of {log} reaches {to}"),
        },
        Action::Send { from, reply } => {
            let command = state.dispatch(from).map(|it| command_name(&it.outgoing.command)).unwrap_or_default();
            match answer(*reply, heard) {
                _ if *reply == Reply::Lose => format!("{from} sends {command}: carried out, and the answer is lost"),
                _ if *reply == Reply::StayAway => format!("{from} sends {command}: its receiver stays away"),
                Some(answer) => format!("{from} sends {command}: {answer}"),
                None => format!("{from} sends {command}"),
            }
        }
        Action::Arrive(number) => {
            let command = state.on_the_way.get(*number).map(|attempt| command_name(&attempt.command));
            format!("{} arrives that was given up", command.unwrap_or_default())
        }
        Action::Pass => {
            let by = state.next_due().unwrap_or(state.now) - state.now;
            format!("{} s pass, and what is due is done", by.num_seconds())
        }
        Action::PassAsleep => {
            let by = state.next_due().unwrap_or(state.now) - state.now + LATE;
            format!("{} s pass while the workers are away", by.num_seconds())
        }
        Action::Wake(id) => format!("{id} does what is due"),
        Action::End(id) => format!("the run of {id} is terminated"),
        Action::Retry(id) => format!("an operator retries {id}"),
        Action::Acknowledge(id) => format!("an operator acknowledges the failure of {id}"),
        Action::Instruct { to, which } => format!("an operator instructs {to}: {:?}", model.instructions.get(*which)),
        Action::Resume(log) => format!("an operator resumes the subscription of {log}"),
    }
}

fn answer(reply: Reply, heard: Option<&Heard>) -> Option<String> {
    Some(match (reply, heard?) {
        (_, Heard::Refused(refusal)) => format!("refused, {}", refusal.code),
        (Reply::GiveUp { on_the_way: true }, _) => "given up, and still on its way".to_owned(),
        (Reply::GiveUp { on_the_way: false }, _) => "given up, its receiver is unavailable".to_owned(),
        _ => "accepted".to_owned(),
    })
}
