//! The api's answers, and the headers of commands.

mod errors;
mod headers;
mod others;
mod prefer;
mod ready;
mod rules;
