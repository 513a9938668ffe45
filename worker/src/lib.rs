//! Hosts workflows, activities and subscriptions.
