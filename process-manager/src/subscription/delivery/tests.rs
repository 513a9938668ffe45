//! Delivery against a real feed.
