//! Reads answers up to a size: a service that answers without end must not take the memory of its caller.

/// The body of an answer.
pub(crate) enum Body {
    Whole(Vec<u8>),
    /// It is larger than it may be.
    TooLarge,
}

/// Reads the body of an answer, `most` bytes at most.
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
