//! Location of a service's database.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use crate::{ConfigError, env_opt, env_or};

/// Folder of the SQLite files if `DATA_DIR` is not set.
const DEFAULT_DATA_DIR: &str = ".data";

/// URL of a database (`sqlite://…` or `postgres://…`), and the variable that sets it. Its `Debug` hides passwords.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(super) url: String,
    pub(super) variable: String,
}

impl DatabaseUrl {
    /// Reads the URL in `variable`. The default is the SQLite file `file` in the folder `DATA_DIR` (default `.data`).
    ///
    /// # Errors
    /// Returns an error if a variable is not UTF-8.
    pub fn from_env(variable: &str, file: &str) -> Result<Self, ConfigError> {
        if let Some(url) = env_opt(variable)? {
            return Ok(Self { url, variable: variable.to_owned() });
        }
        let folder: PathBuf = env_or("DATA_DIR", PathBuf::from(DEFAULT_DATA_DIR))?;
        Ok(Self::sqlite_file(&folder.join(file), variable))
    }

    /// Does the same as [`DatabaseUrl::from_env`], with `DATABASE_URL` before the default, for a program that hosts one
    /// service alone.
    ///
    /// # Errors
    /// Returns an error if a variable is not UTF-8.
    pub fn from_env_alone(variable: &str, file: &str) -> Result<Self, ConfigError> {
        match (env_opt::<String>(variable)?, env_opt("DATABASE_URL")?) {
            (None, Some(url)) => Ok(Self { url, variable: "DATABASE_URL".to_owned() }),
            _ => Self::from_env(variable, file),
        }
    }

    /// Returns the SQLite database in a file. Errors name `variable`.
    #[must_use]
    pub fn sqlite_file(path: &Path, variable: &str) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut url = "sqlite://".to_owned();
        for c in path.to_string_lossy().chars() {
            match c {
                '%' => url.push_str("%25"),
                '?' => url.push_str("%3F"),
                '#' => url.push_str("%23"),
                c => url.push(c),
            }
        }
        Self { url, variable: variable.to_owned() }
    }

    /// Returns a database by its URL. Errors name `variable`.
    #[must_use]
    pub fn new(url: impl Into<String>, variable: &str) -> Self {
        Self { url: url.into(), variable: variable.to_owned() }
    }

    /// Returns the file of a SQLite database. An in-memory database has none: each connection would have its own
    /// database.
    pub(super) fn sqlite_path(&self) -> Option<PathBuf> {
        let (path, options) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let in_memory = path.trim_start_matches("sqlite:").trim_start_matches("//") == ":memory:"
            || options.contains("mode=memory");
        let is_file = self.url.starts_with("sqlite:") && !in_memory;
        let options = is_file.then(|| SqliteConnectOptions::from_str(&self.url).ok())?;
        options.map(|options| options.get_filename().to_owned())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        write!(f, "DatabaseUrl({scheme}, from {})", self.variable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_file_name_survives_the_url() {
        for path in ["/data/billing.db", "/data/a b/ä%20?x#y.db", "/data/:memory:/mode=memory?mode=memory"] {
            let url = DatabaseUrl::sqlite_file(Path::new(path), "BILLING_DATABASE_URL");
            assert_eq!(url.sqlite_path().unwrap(), Path::new(path));
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let url = DatabaseUrl::new("postgres://me:secret@db/billing", "DATABASE_URL");
        assert_eq!(format!("{url:?}"), "DatabaseUrl(postgres, from DATABASE_URL)");
    }
}
