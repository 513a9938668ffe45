//! Keeps credentials in URLs out of answers, logs and errors.

/// Replaces what is not shown.
const HIDDEN: &str = "***";

/// Returns a text without the credentials of the URLs in it: `http://ada:secret@host/path` becomes
/// `http://***@host/path`. It also takes texts that are not valid URLs, and then tends to hide too much.
///
/// ```
/// # use process_manager_wire::without_credentials;
/// assert_eq!(without_credentials("http://ada:secret@host/path"), "http://***@host/path");
/// assert_eq!(without_credentials("http://host/path"), "http://host/path");
/// ```
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        // A password may contain anything, and often contains what should be encoded.
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '`')).unwrap_or(after.len());
        // A password may also contain what looks like the next URL, which comes after the host.
        let host = after[..end].find('@').unwrap_or(0);
        let next_url = after[host..end].find("://").map_or(end, |at| host + at);
        let (url, tail) = after.split_at(next_url);
        let host = match url.rsplit_once('@') {
            Some((_, host)) => {
                shown.push_str(HIDDEN);
                shown.push('@');
                host
            }
            None => url,
        };
        shown.push_str(host);
        rest = tail;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_credentials() {
        for (text, shown) in [
            ("http://svc:s3cret@127.0.0.1:9/documents?limit=1", "http://***@127.0.0.1:9/documents?limit=1"),
            ("postgres://me:s3/c?r#e@t@db/billing", "postgres://***@db/billing"),
            ("https://s3cret@host", "https://***@host"),
            ("http://ada:s3cret@ho st", "http://***@ho st"),
            ("http://a:s3cret@one, then http://b:s3cret@two/x", "http://***@one, then http://***@two/x"),
            ("http://a:s3cret@one,http://b:s3cret@two", "http://***@one,http://***@two"),
            ("http://me:s3cret://x@db", "http://***@db"),
            ("http://one,http://two", "http://one,http://two"),
            ("http://127.0.0.1:8081/", "http://127.0.0.1:8081/"),
            ("ada@example.org", "ada@example.org"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(text), shown);
            assert!(!without_credentials(text).contains("s3"), "{text}");
        }
    }
}
