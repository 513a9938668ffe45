//! CPU and memory of processes, above all of the worker and of Temporal, as counted by Linux.

use std::{fs, ops::Sub, time::Duration};

use crate::{Component, Env};

/// Linux reports CPU time to programs in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// A process at one moment; memory is resident, in MiB.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// CPU time so far.
    pub cpu: Duration,
    /// Memory.
    pub memory: u64,
    /// Peak memory so far.
    pub peak: u64,
}

/// Worker and Temporal at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    worker: Moment,
    temporal: Moment,
}

/// A process between two moments; memory in MiB.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// CPU time.
    pub cpu: Duration,
    /// Memory at the first moment.
    pub memory_before: u64,
    /// Memory at the second.
    pub memory: u64,
    /// Peak memory so far.
    pub peak: u64,
}

/// Worker and Temporal between two moments.
#[derive(Debug, Clone, Copy)]
pub struct Both {
    /// The worker.
    pub worker: Used,
    /// Temporal.
    pub temporal: Used,
}

impl Env {
    /// Returns what the worker and Temporal have used so far.
    ///
    /// # Panics
    /// Panics if one of them does not run.
    pub async fn usage(&self) -> Usage {
        self.usage_of(self.pid(Component::Worker).await).await
    }

    /// Returns what Temporal and a worker that is not a component of the system have used so far.
    ///
    /// # Panics
    /// Panics if one of them does not run.
    pub async fn usage_of(&self, worker: u32) -> Usage {
        let temporal = self.pid(Component::Temporal).await;
        Usage { worker: Moment::of(worker), temporal: Moment::of(temporal) }
    }
}

impl Moment {
    /// Returns the process as it is now.
    ///
    /// # Panics
    /// Panics if it does not run.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process that runs");
        // The name before this may contain spaces.
        let (_, numbers) = stat.rsplit_once(')').expect("a name in brackets");
        let ticks = |text: &str| text.parse::<u32>().expect("a number of ticks");
        let ticks: u32 = numbers.split_whitespace().skip(11).take(2).map(ticks).sum();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process that runs");
        let mebibytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            number.expect("a number of kB") / 1024
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
