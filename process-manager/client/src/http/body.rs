//! Reads answers up to a size: a service that never stops answering must not exhaust its caller's memory.

/// The body of an answer.
pub(crate) enum Body {
    Whole(Vec<u8>),
    /// It exceeds the limit.
    TooLarge,
}

/// Reads the body of an answer, at most `most` bytes.
pub(crate) async fn read(mut response: reqwest::Response, most: usize) -> Result<Body, reqwest::Error> {
    let told = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    if told > most {
        return Ok(Body::TooLarge);
    }
    let mut body = Vec::with_capacity(told);
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(Body::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Body::Whole(body))
}
