//! What every HTTP program here shares: problems, health, metrics, configuration, event log.
