//! Tests of the instance.
