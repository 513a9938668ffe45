//! The OpenAPI document, and Swagger UI to display it. The api serves all assets itself.

use axum::{
    Json, Router,
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY},
    middleware::map_response,
    response::Response,
    routing::get,
};
use service_kit::describe_problems;
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, tag::TagBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{app::App, routes};

const DOCUMENT: &str = "/openapi.json";

/// Returns the routes, and the document that describes them.
pub(crate) fn documented() -> (Router<App>, OpenApi) {
    let info = InfoBuilder::new()
        .title("Voidings, credit changes and confirmations")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Voids documents, changes credit ratings, tracks the confirmation of contracts, and shows the progress of each.",
        ))
        .license(Some(utoipa::openapi::LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()))
        .build();
    let tag = TagBuilder::new().name("voidings").description(Some("Voiding documents")).build();
    let of_contracts = Some("Confirming revoked contracts");
    let confirmations = TagBuilder::new().name("contract-confirmations").description(of_contracts).build();
    let of_customers = Some("Revoking a customer's contracts, and tracking their confirmation");
    let changes = TagBuilder::new().name("credit-changes").description(of_customers).build();
    let document = OpenApiBuilder::new().info(info).tags(Some([tag, changes, confirmations])).build();
    let (routes, mut document) = OpenApiRouter::with_openapi(document).merge(routes::router()).split_for_parts();
    describe_problems(&mut document);
    (routes, document)
}

/// Serves `/openapi.json` and `/docs`.
pub(crate) fn router(document: OpenApi) -> Router {
    // By default Swagger UI would send the document to an online validator.
    let config = Config::new([DOCUMENT]).validator_url("none").try_it_out_enabled(true);
    let console: Router = SwaggerUi::new("/docs").config(config).into();
    let console = console.layer(map_response(confine));
    Router::new().route(DOCUMENT, get(move || async move { Json(document) })).merge(console)
}

/// Confines the page to this origin, whatever a later version of it tries to load.
async fn confine(mut response: Response) -> Response {
    let policy = HeaderValue::from_static(
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    );
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_lists_the_problems_that_every_program_answers() {
        let document = serde_json::to_value(documented().1).unwrap();
        for (path, method, expected) in [
            ("/voidings", "get", &["421", "503"][..]),
            ("/voidings", "post", &["403", "408", "421", "503"]),
            ("/voidings/{document_id}", "get", &["421", "503"]),
            ("/voidings/{document_id}/retry", "post", &["403", "421", "503"]),
            ("/voidings/{document_id}/acknowledgement", "post", &["403", "408", "421", "503"]),
        ] {
            for status in expected {
                let response = &document["paths"][path][method]["responses"][status];
                assert!(response["content"]["application/problem+json"].is_object(), "{method} {path}: {status}");
            }
        }
    }

    #[test]
    fn the_committed_openapi_document_is_the_codes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let document = documented().1.to_pretty_json().unwrap() + "\n";
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == document, "api/openapi.json is stale; run: UPDATE_OPENAPI=1 cargo test -p api openapi");
    }
}
