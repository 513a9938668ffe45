//! `GET /voidings`.

mod filters;
mod pages;
