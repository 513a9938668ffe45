//! The routes of each program, as described by its OpenAPI document, and those that it does not describe.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tests::{Component, Env, calls::Target};

/// Ids of existing things, by the name of the field or of the part of the path.
pub(super) type Known = BTreeMap<&'static str, String>;

/// A method of a path.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) program: Component,
    pub(super) method: String,
    /// The template, such as `/voidings/{document_id}`.
    pub(super) template: String,
    /// The path of an existing thing.
    pub(super) path: String,
    /// All methods of the path.
    pub(super) allowed: Vec<String>,
    /// Query parameters with their schemas.
    pub(super) query: Vec<(String, Value)>,
    /// Headers that have a rule.
    pub(super) headers: Vec<String>,
    pub(super) body: Option<Body>,
    pub(super) is_described: bool,
}

/// A JSON object as the body of a route.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub(super) schema: Value,
    /// A body with nothing wrong, about existing things.
    pub(super) valid: Value,
    pub(super) is_optional: bool,
}

impl Route {
    pub(super) fn name(&self) -> String {
        format!("{} {} {}", self.program.name(), self.method, self.template)
    }

    /// Returns a route that no document describes.
    pub(super) fn undescribed(program: Component, method: &str, path: &str) -> Self {
        let allowed = if method == "GET" { vec!["GET".to_owned(), "HEAD".to_owned()] } else { vec![method.to_owned()] };
        let (method, path) = (method.to_owned(), path.to_owned());
        let (query, headers, body) = (Vec::new(), Vec::new(), None);
        Self { program, method, template: path.clone(), path, allowed, query, headers, body, is_described: false }
    }
}

/// Reads the routes of a program's OpenAPI document.
pub(super) async fn described(env: &Env, program: Component, known: &Known) -> Vec<Route> {
    let document: Value = Target::new(env.url(program)).get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(template, methods)| of_path(&document, program, template, methods, known)).collect()
}

fn of_path(document: &Value, program: Component, template: &str, methods: &Value, known: &Known) -> Vec<Route> {
    let methods = methods.as_object().unwrap();
    let mut allowed: Vec<_> = methods.keys().map(|method| method.to_uppercase()).collect();
    if methods.contains_key("get") {
        allowed.push("HEAD".to_owned());
    }
    let path = known.iter().fold(template.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
    assert!(!path.contains('{'), "nothing is known for {path}");
    let routes = methods.iter().map(|(method, operation)| {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let of = |place: &str| parameters.iter().filter(|it| it["in"] == place).cloned().collect::<Vec<_>>();
        let name = |it: &Value| it["name"].as_str().unwrap().to_owned();
        let ruled = ["idempotency-key", "x-correlation-id", "x-causation-id"];
        Route {
            program,
            method: method.to_uppercase(),
            template: template.to_owned(),
            path: path.clone(),
            allowed: allowed.clone(),
            query: of("query").iter().map(|it| (name(it), resolved(document, &it["schema"]))).collect(),
            headers: of("header").iter().map(name).filter(|name| ruled.contains(&name.as_str())).collect(),
            body: operation.get("requestBody").map(|body| Body::of(document, body, known)),
            is_described: true,
        }
    });
    routes.collect()
}

impl Body {
    fn of(document: &Value, body: &Value, known: &Known) -> Self {
        let schema = resolved(document, &body["content"]["application/json"]["schema"]);
        let valid = valid("", &schema, known);
        assert!(valid.is_object(), "{schema}");
        let is_optional = schema["nullable"] == true;
        Self { schema, valid, is_optional }
    }
}

/// Returns the schema without references. A value that may be null is `nullable`.
fn resolved(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(&reference[1..]);
        return resolved(document, schema.unwrap_or_else(|| panic!("no {reference}")));
    }
    let is_null = |schema: &Value| *schema == "null" || schema["type"] == "null";
    if let Some(choices) = schema["oneOf"].as_array() {
        let mut choice = resolved(document, choices.iter().find(|choice| !is_null(choice)).unwrap());
        choice["nullable"] = json!(choices.iter().any(is_null));
        return choice;
    }
    let mut schema = schema.clone();
    if let Some(types) = schema["type"].as_array().cloned() {
        schema["type"] = types.iter().find(|choice| !is_null(choice)).unwrap().clone();
        schema["nullable"] = json!(types.iter().any(is_null));
    }
    let fields = schema["properties"].as_object().map(|fields| {
        fields.iter().map(|(name, field)| (name.clone(), resolved(document, field))).collect::<Map<_, _>>()
    });
    if let Some(fields) = fields {
        schema["properties"] = Value::Object(fields);
    }
    schema
}

fn valid(name: &str, schema: &Value, known: &Known) -> Value {
    if let Some(id) = known.get(name) {
        return json!(id);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match (schema["type"].as_str(), name) {
        (Some("object"), _) => {
            let fields = schema["properties"].as_object().unwrap();
            fields.iter().map(|(name, field)| (name.clone(), valid(name, field, known))).collect()
        }
        (Some("integer"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some("number"), _) => json!(1),
        (_, "amount") => json!("1.00"),
        (_, "currency") => json!("EUR"),
        (_, "by") => json!("7d"),
        (_, "tolerated") => json!("2.5%"),
        _ => json!("bad-input"),
    }
}
