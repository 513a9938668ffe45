//! REST and OpenAPI in front of the voiding process.
