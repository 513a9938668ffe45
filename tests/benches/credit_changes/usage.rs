//! CPU and memory of the worker and of Temporal, as Linux counts them.

use std::{fs, ops::Sub, time::Duration};

use tests::Component;

use crate::system::System;

/// Linux counts CPU time in hundredths of a second for programs that ask.
const TICK: Duration = Duration::from_millis(10);

/// A process at one moment; memory is resident, in MiB.
#[derive(Debug, Clone, Copy)]
struct Moment {
    cpu: Duration,
    memory: u64,
    peak: u64,
}

/// Worker and Temporal at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    worker: Moment,
    temporal: Moment,
}

/// A process between two moments; memory in MiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    pub(crate) memory_before: u64,
    pub(crate) memory: u64,
    pub(crate) peak: u64,
}

/// Worker and Temporal between two moments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Both {
    pub(crate) worker: Used,
    pub(crate) temporal: Used,
}

impl System {
    pub(crate) async fn usage(&self) -> Usage {
        let (worker, temporal) = (self.env.pid(Component::Worker).await, self.env.pid(Component::Temporal).await);
        Usage { worker: Moment::of(worker), temporal: Moment::of(temporal) }
    }
}

impl Moment {
    fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // The name before may have spaces.
        let (_, numbers) = stat.rsplit_once(')').unwrap();
        let ticks: u32 = numbers.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap()).sum();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let mebibytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
        };
        Self { cpu: TICK * ticks, memory: mebibytes("VmRSS:"), peak: mebibytes("VmHWM:") }
    }
}

impl Sub for Moment {
    type Output = Used;

    fn sub(self, before: Self) -> Used {
        let Self { cpu, memory, peak } = self;
        Used { cpu: cpu - before.cpu, memory_before: before.memory, memory, peak }
    }
}

impl Sub for Usage {
    type Output = Both;

    fn sub(self, before: Self) -> Both {
        Both { worker: self.worker - before.worker, temporal: self.temporal - before.temporal }
    }
}
