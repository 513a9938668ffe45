//! Style, scripts and icon, compiled in: all requests stay within the console's own origin, and nothing has to be
//! built.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

const SCRIPT: &str = "text/javascript; charset=utf-8";

struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 7] = [
    Asset {
        name: "console.css",
        media_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../assets/console.css"),
    },
    Asset { name: "console.js", media_type: SCRIPT, bytes: include_bytes!("../assets/console.js") },
    Asset { name: "actions.js", media_type: SCRIPT, bytes: include_bytes!("../assets/actions.js") },
    Asset { name: "events.js", media_type: SCRIPT, bytes: include_bytes!("../assets/events.js") },
    Asset { name: "htmx.js", media_type: SCRIPT, bytes: include_bytes!("../assets/htmx-2.0.11.min.js") },
    Asset { name: "idiomorph.js", media_type: SCRIPT, bytes: include_bytes!("../assets/idiomorph-ext-0.8.0.min.js") },
    Asset { name: "icon.svg", media_type: "image/svg+xml", bytes: include_bytes!("../assets/icon.svg") },
];

/// Changes with any of the assets, so that a browser may keep each address for ever.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = ASSETS.iter().fold(Sha256::new(), |digest, asset| digest.chain_update(asset.bytes)).finalize();
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// Returns the address of an asset.
pub(crate) fn href(name: &str) -> String {
    format!("/assets/{name}?v={}", *VERSION)
}

/// `GET /assets/{name}`.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    serve(asset, &headers)
}

/// `GET /favicon.ico`: browsers request it whatever the page says.
pub(crate) async fn icon(headers: HeaderMap) -> Response {
    ASSETS.last().map_or_else(|| StatusCode::NOT_FOUND.into_response(), |icon| serve(icon, &headers))
}

fn serve(asset: &Asset, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", *VERSION);
    let caching = [(CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()), (ETAG, tag.clone())];
    if headers.get(IF_NONE_MATCH).is_some_and(|known| *known == *tag) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(CONTENT_TYPE, asset.media_type)], asset.bytes).into_response()
}
