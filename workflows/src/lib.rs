//! Deterministic workflow code: state machines, activity definitions, policies.
