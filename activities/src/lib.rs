//! The only outbound I/O: typed calls to Billing and Reports.
