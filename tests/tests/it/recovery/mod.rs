//! Everything ends in the middle of open processes, and is restarted on its data.

mod everything;
mod stack;
