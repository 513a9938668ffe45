//! Tells transient errors of the database from our own faults.

use axum::http::StatusCode;
use process_manager_wire::code;
use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::{ApiError, RETRY_AFTER, problem};

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

/// Returns the answer of a command whose commit failed. If the database reports that it did not commit, nothing was
/// done. Otherwise nobody knows, and 503 would claim too much.
pub(crate) fn of_commit(error: DbErr) -> ApiError {
    if is_refused_commit(&error) {
        return error.into();
    }
    unconfirmed().caused_by(error)
}

/// Returns the answer of a command whose commit the database has not confirmed.
pub(crate) fn unconfirmed() -> ApiError {
    let detail = "the database did not confirm the commit, so the command may have taken effect; ask again with the \
                  same idempotency key";
    problem(StatusCode::GATEWAY_TIMEOUT, code::OUTCOME_UNKNOWN, detail).retry_after(RETRY_AFTER)
}

/// Returns whether the database itself reports that it did not commit. SQLite is busy, full or out of memory;
/// PostgreSQL aborts the transaction because of a constraint, a conflict or a lack of resources.
fn is_refused_commit(error: &DbErr) -> bool {
    const SQLITE: [u32; 5] = [5, 6, 7, 13, 19];
    const POSTGRES: [&str; 3] = ["23", "40", "53"];
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            let code = error.as_database_error().and_then(|error| error.code());
            code.is_some_and(|code| match code.len() {
                5 => POSTGRES.iter().any(|class| code.starts_with(class)),
                _ => code.parse::<u32>().is_ok_and(|code| SQLITE.contains(&(code & 0xff))),
            })
        }
        _ => false,
    }
}

/// Returns whether the same request may succeed later: the database is down, busy or full, or has aborted a
/// transaction.
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
    /// SQLite: busy, locked, out of memory, read-only, interrupted, input/output error, full, cannot open.
    const SQLITE: [u32; 8] = [5, 6, 7, 8, 9, 10, 13, 14];
    /// PostgreSQL: connection, resources, operator intervention, system, and aborted transactions.
    const POSTGRES: [&str; 7] = ["08", "25006", "40", "53", "55P03", "57", "58"];
    if code.len() == 5 {
        return POSTGRES.iter().any(|class| code.starts_with(class));
    }
    // The lowest byte of an extended result code of SQLite is the plain code.
    code.parse::<u32>().is_ok_and(|code| SQLITE.contains(&(code & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_errors_are_told_from_faults() {
        for transient in ["5", "517", "7", "9", "778", "13", "40001", "40P01", "57P01", "57014", "08006", "53300"] {
            assert!(is_transient_code(transient), "{transient}");
        }
        for fault in ["1", "19", "2067", "23505", "42P01", "22003"] {
            assert!(!is_transient_code(fault), "{fault}");
        }
    }
}
