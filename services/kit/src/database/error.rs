//! Tells transient errors of the database from faults of our own.

use std::time::Duration;

use axum::http::StatusCode;
use process_manager_wire::code;
use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::{ApiError, problem};

const RETRY_AFTER: Duration = Duration::from_secs(1);

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        if !is_transient(&error) {
            return Self::internal(error);
        }
        let detail = "the database does not take requests now; try again";
        problem(StatusCode::SERVICE_UNAVAILABLE, code::DATABASE_UNAVAILABLE, detail)
            .retry_after(RETRY_AFTER)
            .caused_by(error)
    }
}

/// Returns whether the same request may succeed later: the database is down, busy or full, or has aborted a transaction.
pub(super) fn is_transient(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => is_transient_in_sqlx(error),
        _ => false,
    }
}

fn is_transient_in_sqlx(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_transient_code(&code)),
        _ => false,
    }
}

fn is_transient_code(code: &str) -> bool {
    /// SQLite: busy, locked, read-only, input/output error, full, cannot open.
    const SQLITE: [u32; 6] = [5, 6, 8, 10, 13, 14];
    /// PostgreSQL: connection, resources, operator intervention, system, and aborted transactions.
    const POSTGRES: [&str; 7] = ["08", "25006", "40", "53", "55P03", "57", "58"];
    if code.len() == 5 {
        return POSTGRES.iter().any(|class| code.starts_with(class));
    }
    // An extended result code of SQLite has the plain one in its lowest byte.
    code.parse::<u32>().is_ok_and(|code| SQLITE.contains(&(code & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_errors_are_told_from_faults() {
        for transient in ["5", "517", "13", "40001", "40P01", "57P01", "57014", "08006", "53300"] {
            assert!(is_transient_code(transient), "{transient}");
        }
        for fault in ["1", "19", "2067", "23505", "42P01", "22003"] {
            assert!(!is_transient_code(fault), "{fault}");
        }
    }
}
