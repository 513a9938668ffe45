#![doc = include_str!("../README.md")]

mod causes;
#[cfg(feature = "temporal")]
pub mod connect;
pub mod feed;
#[cfg(feature = "temporal")]
pub mod host;
pub mod http;
pub mod instance;
pub mod manager;
#[cfg(feature = "temporal")]
pub mod operator;
#[cfg(feature = "temporal")]
pub mod search_attributes;
#[cfg(feature = "temporal")]
pub mod start;
#[cfg(feature = "temporal")]
pub mod subscription;
pub mod testing;

pub use causes::with_causes;
