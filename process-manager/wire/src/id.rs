//! Identifiers: 1–128 characters of `[A-Za-z0-9._-]`.

/// The maximum length, in characters.
const MAX_LENGTH: usize = 128;

/// The error for a text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to {MAX_LENGTH} characters of A-Z, a-z, 0-9, '.', '_' and '-', and neither '.' nor '..'")]
pub struct InvalidId;

/// Checks that a text is an identifier.
///
/// `.` and `..` are refused: every URL library rewrites them inside a path, so such a resource could not be reached.
///
/// # Errors
/// [`InvalidId`] if the text is empty, too long, `.`, `..`, or has other characters.
pub fn check_id(text: &str) -> Result<(), InvalidId> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.is_empty() || text.len() > MAX_LENGTH || matches!(text, "." | "..") || !text.chars().all(allowed) {
        return Err(InvalidId);
    }
    Ok(())
}

/// Defines a type for identifiers: a text of 1–128 characters of `[A-Za-z0-9._-]`, checked when it is parsed or
/// deserialized.
///
/// ```
/// process_manager_wire::id! {
///     /// An order of the shop.
///     pub struct OrderId;
/// }
/// assert_eq!("O-1".parse::<OrderId>().unwrap().as_str(), "O-1");
/// assert!("O 1".parse::<OrderId>().is_err());
/// ```
/// The calling crate needs `serde` with its feature `derive`.
#[macro_export]
macro_rules! id {
    ($(#[$meta:meta])* pub struct $name:ident;) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::InvalidId;

            fn try_from(text: String) -> Result<Self, $crate::InvalidId> {
                $crate::check_id(&text)?;
                Ok(Self(text))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::InvalidId;

            fn from_str(text: &str) -> Result<Self, $crate::InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// Names one run of a process manager: the correlation id of its commands and of their events.
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,128}$"))]
    pub struct ProcessId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_rule() {
        for good in ["a", "A.b_c-9", "...", &"x".repeat(128)] {
            assert!(good.parse::<ProcessId>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "<script>", "ä", "a\n", &"x".repeat(129)] {
            assert!(bad.parse::<ProcessId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_invalid_id_does_not_deserialize() {
        let error = serde_json::from_str::<ProcessId>("\"a b\"").unwrap_err();
        assert!(error.to_string().starts_with("an id is 1 to 128 characters"));
    }
}
