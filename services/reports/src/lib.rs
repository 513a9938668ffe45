//! Adds the documents of a customer up, one report at a time.
