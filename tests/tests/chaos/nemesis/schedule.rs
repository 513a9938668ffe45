//! Which harm is done when.

use std::time::Duration;

use rand::{
    Rng,
    rngs::StdRng,
    seq::{IndexedRandom, index},
};

use crate::plan::{Plan, SERVICES};

/// Weighted: workers and services die more often than Temporal, without which everything stands still.
const PROGRAMS: [(&str, u32); 9] = [
    ("worker-1", 4),
    ("worker-2", 4),
    ("api-1", 3),
    ("api-2", 3),
    ("billing", 3),
    ("reports", 3),
    ("accounts", 3),
    ("contracts", 3),
    ("temporal", 1),
];

/// A harm, and when it begins.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) at: Duration,
    pub(crate) harm: Harm,
}

/// What can be done to the system.
#[derive(Debug, Clone)]
pub(crate) enum Harm {
    /// `kill -9` of all of them at once, and a start after this time.
    Kill { programs: Vec<&'static str>, down: Duration },
    /// SIGTERM, and a start.
    Stop(&'static str),
    /// SIGSTOP for this time: the program lives, and answers nobody.
    Pause(&'static str, Duration),
    /// The link with this number refuses connections.
    CutLink(usize, Duration),
    /// The next requests over the link with this number meet this.
    Spoil { link: usize, count: usize, how: Spoil },
    /// The wire with this number refuses connections.
    CutWire(usize, Duration),
    /// The wire with this number is half open.
    SilentWire(usize, Duration),
    /// The wire with this number is slow.
    SlowWire { wire: usize, each: Duration, time: Duration },
    /// Another program holds the lock that each change needs.
    Lock(&'static str, Duration),
    /// Its disk accepts nothing more.
    FullDisk(&'static str, Duration),
    /// PostgreSQL crashes, and starts after this time.
    CrashPostgres(Duration),
    /// Its clock is wrong by this many seconds from now on.
    MoveClock(&'static str, i64),
    /// The previous release's programs are replaced, in the order of docs/OPERATIONS.md.
    Upgrade,
}

/// The fate of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spoil {
    LoseAnswer,
    Duplicate,
    Delay(Duration),
    /// Half open: it is neither passed on nor answered.
    Hang,
    Fail,
}

impl Harm {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Kill { .. } => "programs killed",
            Self::Stop(_) => "program stopped",
            Self::Pause(..) => "program paused",
            Self::CutLink(..) => "HTTP cut",
            Self::Spoil { how: Spoil::LoseAnswer, .. } => "answers lost after the commit",
            Self::Spoil { how: Spoil::Duplicate, .. } => "requests delivered twice",
            Self::Spoil { how: Spoil::Delay(_), .. } => "requests delayed",
            Self::Spoil { how: Spoil::Hang, .. } => "HTTP half open",
            Self::Spoil { how: Spoil::Fail, .. } => "bare 500",
            Self::CutWire(..) => "TCP cut",
            Self::SilentWire(..) => "TCP half open",
            Self::SlowWire { .. } => "TCP slow",
            Self::Lock(..) => "database locked",
            Self::FullDisk(..) => "disk full",
            Self::CrashPostgres(_) => "PostgreSQL crashed",
            Self::MoveClock(..) => "clock moved",
            Self::Upgrade => "upgrade",
        }
    }
}

/// Plans the whole run for a system with this many links and wires.
pub(crate) fn schedule(plan: &Plan, links: usize, wires: usize) -> Vec<Planned> {
    let mut rng = plan.rng(1);
    let mut planned = Vec::new();
    let mut at = plan.between_faults;
    while at < plan.time {
        planned.push(Planned { at, harm: one(&mut rng, plan, links, wires) });
        at += plan.between_faults.mul_f64(rng.random_range(0.1..1.9));
    }
    if plan.old_programs.is_some() {
        planned.push(Planned { at: plan.time.mul_f64(0.4), harm: Harm::Upgrade });
        planned.sort_by_key(|planned| planned.at);
    }
    planned
}

fn one(rng: &mut StdRng, plan: &Plan, links: usize, wires: usize) -> Harm {
    let program = program(rng);
    let service = *SERVICES.choose(rng).unwrap();
    let (link, wire) = (rng.random_range(0..links), rng.random_range(0..wires));
    match rng.random_range(0..112) {
        0..42 => Harm::Kill { programs: vec![program], down: millis(rng, 0..1_200) },
        42..47 => Harm::Kill { programs: vec!["worker-1", "worker-2"], down: millis(rng, 0..1_500) },
        47..51 => Harm::Kill { programs: vec!["api-1", "api-2"], down: millis(rng, 0..1_500) },
        51..55 => {
            let three = index::sample(rng, PROGRAMS.len(), 3).into_iter().map(|n| PROGRAMS[n].0).collect();
            Harm::Kill { programs: three, down: millis(rng, 0..2_000) }
        }
        55 => Harm::Kill { programs: PROGRAMS.map(|(name, _)| name).to_vec(), down: millis(rng, 0..1_000) },
        56..59 => Harm::Stop(program),
        59..63 => Harm::Pause(program, millis(rng, 500..6_000)),
        63..68 => Harm::CutLink(link, millis(rng, 200..5_000)),
        68..74 => Harm::Spoil { link, count: rng.random_range(1..12), how: Spoil::LoseAnswer },
        74..78 => Harm::Spoil { link, count: rng.random_range(1..12), how: Spoil::Duplicate },
        78..82 => Harm::Spoil { link, count: rng.random_range(1..20), how: Spoil::Delay(millis(rng, 50..3_000)) },
        82..85 => Harm::Spoil { link, count: rng.random_range(1..4), how: Spoil::Hang },
        85..88 => Harm::Spoil { link, count: rng.random_range(1..8), how: Spoil::Fail },
        88..91 => Harm::CutWire(wire, millis(rng, 200..4_000)),
        91..94 => Harm::SilentWire(wire, millis(rng, 500..8_000)),
        94..97 => Harm::SlowWire { wire, each: millis(rng, 5..150), time: millis(rng, 500..6_000) },
        97..102 => Harm::Lock(service, millis(rng, 300..7_000)),
        102..106 => Harm::FullDisk(service, millis(rng, 500..6_000)),
        106..108 if !plan.on_postgres.is_empty() => Harm::CrashPostgres(millis(rng, 0..2_500)),
        _ => Harm::MoveClock(program, rng.random_range(-7_200..7_200)),
    }
}

fn program(rng: &mut StdRng) -> &'static str {
    PROGRAMS.choose_weighted(rng, |(_, weight)| *weight).unwrap().0
}

fn millis(rng: &mut StdRng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(rng.random_range(range))
}
