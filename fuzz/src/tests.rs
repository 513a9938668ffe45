//! Each target takes its corpus, and changed copies of it.

use std::{
    fs, panic,
    path::Path,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Number of panics of this process, including caught ones: libFuzzer ends at each of them.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics from now on.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // A thread of the SDK that goes on while its replayer is dropped; nothing depends on it any more.
            let is_dropped = info.payload_as_str().is_some_and(|why| why.contains("channel not dropped"));
            if !is_dropped || thread::current().name() != Some("workflow-processing") {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            before(info);
        }));
    });
}

/// Number of inputs made for each target.
const MADE: usize = 400;
/// Number of inputs made for the target that replays them, some until a time limit.
const REPLAYED: usize = 60;

/// Numbers that look random, and are the same in every run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % most.max(1)
    }

    /// Returns a file of the corpus with some bytes changed, dropped, doubled or taken from another file.
    fn changed(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        const ODD: &[u8] = b"\"\\'{}[]:,.-+0919eE%&=/~\n\r\t\0\x7f\x80\xc3\xa9\xff nulltrue";
        let mut data = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(4) {
            let (at, end) = (self.below(data.len()), self.below(data.len()));
            let part = at.min(end)..at.max(end);
            match self.below(6) {
                0 => data.truncate(at),
                1 => drop(data.drain(part)),
                2 => {
                    let doubled = data[part].to_vec();
                    data.splice(at..at, doubled).for_each(drop);
                }
                3 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len());
                    data.splice(part, other[from..].iter().take(40).copied()).for_each(drop);
                }
                _ if data.is_empty() => data.push(ODD[self.below(ODD.len())]),
                4 => data[at] = ODD[self.below(ODD.len())],
                _ => data[at] ^= 1 << self.below(8),
            }
        }
        data
    }
}

fn feed(target: &str, take: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(!corpus.is_empty(), "{target} has no corpus");
    count_panics();
    let take = |data: &[u8]| {
        take(data);
        assert_eq!(PANICS.load(Ordering::SeqCst), 0, "something has panicked: {}", data.escape_ascii());
    };
    corpus.iter().for_each(|data| take(data));
    take(b"");
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..if target == "histories" { REPLAYED } else { MADE } {
        let data = numbers.changed(&corpus);
        let shown = Shown(&data);
        take(&data);
        std::mem::forget(shown);
    }
}

/// Shows an input that a target has failed with.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        eprintln!("the input was: {}", self.0.escape_ascii());
    }
}

macro_rules! targets {
    ($($(#[$meta:meta])* $target:ident)*) => {
        $($(#[$meta])* #[test] fn $target() { feed(stringify!($target), crate::$target); })*

        #[test]
        fn each_target_is_a_program_and_a_job() {
            let manifest = include_str!("../Cargo.toml");
            let jobs = include_str!("../../.github/workflows/ci.yml");
            for target in [$(stringify!($target)),*] {
                assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
                assert!(jobs.contains(&format!("target: {target}\n")), "{target}");
            }
        }
    };
}

targets! {
    ids
    messages
    money
    snapshots
    values
    #[cfg(feature = "http")] answers
    #[cfg(feature = "services")] lists
    #[cfg(feature = "services")] requests
    #[cfg(feature = "temporal")] histories
    #[cfg(feature = "temporal")] payloads
    #[cfg(feature = "temporal")] queries
}
