//! Sizes of a bench, from environment variables.

use std::{env, str::FromStr};

/// Returns the value of a variable.
#[must_use]
pub fn variable(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Returns a number.
///
/// # Panics
/// Panics if the value is not a number.
#[must_use]
pub fn number<T: FromStr>(name: &str, default: &str) -> T {
    parse(name, &variable(name, default))
}

/// Returns numbers separated by commas.
///
/// # Panics
/// Panics if one of them is not a number.
#[must_use]
pub fn numbers(name: &str, default: &str) -> Vec<usize> {
    variable(name, default).split(',').map(|text| parse(name, text)).collect()
}

/// Returns the variables with which the programs of a bench are started, such as
/// `BENCH_VARIABLES=MALLOC_ARENA_MAX=2,RUST_LOG=warn`. They get nothing else from the bench's own environment.
///
/// # Panics
/// Panics if one of them has no value.
#[must_use]
pub fn of_programs() -> Vec<(String, String)> {
    let text = variable("BENCH_VARIABLES", "");
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.map(|text| pair(text).unwrap_or_else(|| panic!("BENCH_VARIABLES: {text:?} has no value"))).collect()
}

/// Returns the parts of a bench that its arguments name, in their order; without arguments all of them.
///
/// # Panics
/// Panics if an argument names no part.
#[must_use]
pub fn chosen<'a>(known: &[&'a str]) -> Vec<&'a str> {
    // Cargo adds `--bench`.
    let chosen: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let unknown = chosen.iter().find(|name| !known.contains(&name.as_str()));
    assert_eq!(unknown, None, "there is {known:?}");
    known.iter().filter(|name| chosen.is_empty() || chosen.iter().any(|chosen| chosen == *name)).copied().collect()
}

fn parse<T: FromStr>(name: &str, text: &str) -> T {
    text.trim().parse().unwrap_or_else(|_| panic!("{name}: {text:?} is no number"))
}
