//! The worker is killed or stopped, an operator ends runs, and everything fails at random.

mod ended_by_operator;
mod killed;
mod rain;
mod random;
mod settled;
mod steps;
mod stopped;
