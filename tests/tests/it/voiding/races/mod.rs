//! How a wrong protocol would lose an effect or have it twice: the reasons for V1, V2, V2b and V4
//! (docs/ARCHITECTURE.md).

mod gap;
mod late;
mod late_complete;
mod parallel;
mod publish;
mod recheck;
