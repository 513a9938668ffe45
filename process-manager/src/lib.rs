//! Event feed client, subscription and routing for durable process managers.
