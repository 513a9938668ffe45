//! The settings of a run, all of them chosen by its seed.

use std::{path::PathBuf, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

/// The services, each with its own database.
pub(crate) const SERVICES: [&str; 4] = ["billing", "reports", "accounts", "contracts"];

/// Time that clients and nemesis work in an ordinary test run.
const USUAL: Duration = Duration::from_secs(40);

/// The settings of a run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Chooses everything below, the clients' requests and the nemesis's faults.
    pub(crate) seed: u64,
    /// How long clients and nemesis work.
    pub(crate) time: Duration,
    /// Number of concurrent clients.
    pub(crate) clients: usize,
    /// Number of contracts of each customer at the beginning.
    pub(crate) contracts: usize,
    /// Mean pause of a client between two requests.
    pub(crate) pause: Duration,
    /// Mean time between two faults.
    pub(crate) between_faults: Duration,
    /// The services whose database is on PostgreSQL; the others use a SQLite file.
    pub(crate) on_postgres: Vec<&'static str>,
    /// The programs under test, such as those of a release build; by default those of this build.
    pub(crate) programs: Option<PathBuf>,
    /// The previous release's programs: the run begins with them.
    pub(crate) old_programs: Option<PathBuf>,
}

impl Plan {
    /// Reads `CHAOS_SEED`, `CHAOS_MINUTES`, `CHAOS_PROGRAMS` and `CHAOS_OLD_PROGRAMS`.
    pub(crate) fn from_env() -> Self {
        let seed =
            variable("CHAOS_SEED").map_or_else(|| rand::random_range(0..1_000_000), |seed| seed.parse().unwrap());
        let minutes: Option<f64> = variable("CHAOS_MINUTES").map(|minutes| minutes.parse().unwrap());
        let time = minutes.map_or(USUAL, |minutes| Duration::from_secs_f64(minutes * 60.0));
        // The short run is gentle on a machine that is busy with other tests.
        let is_long = minutes.is_some();
        let mut rng = StdRng::seed_from_u64(seed);
        let mut services = SERVICES;
        services.shuffle(&mut rng);
        let on_postgres = services[..rng.random_range(1..SERVICES.len())].to_vec();
        Self {
            seed,
            time,
            clients: if is_long { 24 } else { 4 },
            contracts: if is_long { 100 } else { 8 },
            pause: Duration::from_millis(if is_long { 150 } else { 250 }),
            between_faults: Duration::from_millis(if is_long { 550 } else { 1_500 }),
            on_postgres,
            programs: variable("CHAOS_PROGRAMS").map(PathBuf::from),
            old_programs: variable("CHAOS_OLD_PROGRAMS").map(PathBuf::from),
        }
    }

    /// Returns a random generator for a part of the run, the same for the same seed.
    pub(crate) fn rng(&self, part: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(part))
    }

    pub(crate) fn describe(&self) -> String {
        let old = self.old_programs.as_ref().map_or(String::new(), |old| format!(", begun with {}", old.display()));
        format!("{} clients; on PostgreSQL: {}{old}", self.clients, self.on_postgres.join(", "))
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
