//! docker-compose.yml agrees with itself and with .env.example. (It is not run here; docs/OPERATIONS.md says how it was
//! checked.)
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the answer")]

use std::{collections::BTreeSet, fs, path::Path};

use yaml_rust2::{Yaml, YamlLoader};

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

fn compose() -> Yaml {
    YamlLoader::load_from_str(&file("docker-compose.yml")).unwrap().remove(0)
}

fn keys(mapping: &Yaml) -> BTreeSet<String> {
    mapping.as_hash().into_iter().flatten().map(|(key, _)| key.as_str().unwrap().to_owned()).collect()
}

fn services(compose: &Yaml) -> Vec<(String, Yaml)> {
    let services = compose["services"].as_hash().unwrap();
    services.iter().map(|(name, service)| (name.as_str().unwrap().to_owned(), service.clone())).collect()
}

/// Returns the names in `${NAME}` and `${NAME:-default}`.
fn interpolated(text: &str) -> BTreeSet<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    text.split("${").skip(1).map(name).collect()
}

/// Returns the names in lines `NAME=value`, whether commented out or not.
fn documented() -> BTreeSet<String> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let example = file(".env.example");
    let names = example.lines().filter_map(|line| line.trim_start_matches('#').split_once('='));
    names.map(|(name, _)| name.to_owned()).filter(|name| is_name(name)).collect()
}

#[test]
fn every_variable_of_the_compose_file_is_in_the_example() {
    let documented = documented();
    let mut named = interpolated(&file("docker-compose.yml"));
    for (_, service) in services(&compose()) {
        // Services with a merged-in build are ours; the variables of the others belong to their images.
        if !service["<<"].is_badvalue() {
            named.extend(keys(&service["environment"]));
        }
    }
    assert!(named.contains("BILLING_DATABASE_URL") && named.contains("POSTGRES_PASSWORD"), "{named:?}");
    let missing: Vec<_> = named.difference(&documented).collect();
    assert!(missing.is_empty(), "not in .env.example: {missing:?}");
}

#[test]
fn dependencies_of_a_service_exist_and_can_reach_their_condition() {
    let compose = compose();
    for (name, service) in services(&compose) {
        for dependency in keys(&service["depends_on"]) {
            let other = &compose["services"][dependency.as_str()];
            assert!(!other.is_badvalue(), "{name} waits for {dependency}, which is no service");
            let condition = service["depends_on"][dependency.as_str()]["condition"].as_str().unwrap();
            let healthcheck = !other["healthcheck"].is_badvalue();
            assert!(condition != "service_healthy" || healthcheck, "{name} waits for the health of {dependency}");
            let restarts_always = other["restart"].as_str() == Some("unless-stopped");
            assert!(condition != "service_completed_successfully" || !restarts_always, "{dependency} never completes");
        }
    }
}

#[test]
fn each_program_answers_for_the_name_that_the_others_call_it_by() {
    let mut found = 0;
    for (name, service) in services(&compose()) {
        let address = format!("{}_ADDR", name.to_uppercase());
        if service["environment"][address.as_str()].is_badvalue() {
            continue;
        }
        let hosts = service["environment"]["ALLOWED_HOSTS"].as_str().unwrap_or_default();
        assert!(hosts.starts_with(&format!("{name},")) && hosts.ends_with("${ALLOWED_HOSTS:-}"), "{name}: {hosts}");
        found += 1;
    }
    assert_eq!(found, 6, "billing, reports, accounts, contracts, worker and api");
}

#[test]
fn ports_are_published_on_loopback_alone() {
    for (name, service) in services(&compose()) {
        for port in service["ports"].as_vec().into_iter().flatten() {
            assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{name}: {port:?}");
        }
    }
}

#[test]
fn every_volume_and_config_that_is_used_is_declared() {
    let compose = compose();
    for (name, service) in services(&compose) {
        for config in service["configs"].as_vec().into_iter().flatten() {
            let source = config["source"].as_str().unwrap();
            assert!(!compose["configs"][source].is_badvalue(), "{name}: {source}");
        }
        for volume in service["volumes"].as_vec().into_iter().flatten() {
            let source = volume.as_str().unwrap().split(':').next().unwrap();
            assert!(keys(&compose["volumes"]).contains(source), "{name}: {source}");
        }
    }
}

#[test]
fn each_service_with_a_database_finds_it_made() {
    let (compose, made) = (compose(), file("docker-compose.yml"));
    let mut found = 0;
    for (name, service) in services(&compose) {
        let variable = format!("{}_DATABASE_URL", name.to_uppercase());
        let Some(url) = service["environment"][variable.as_str()].as_str() else { continue };
        assert!(url.starts_with(&format!("postgres://{name}:")) && url.ends_with(&format!("/{name}")), "{url}");
        assert!(made.contains(&format!("CREATE ROLE {name} LOGIN")), "{name} has no role");
        assert!(made.contains(&format!("CREATE DATABASE {name} OWNER {name};")), "{name} has no database");
        found += 1;
    }
    assert_eq!(found, 4, "billing, reports, accounts and contracts");
}

#[test]
fn each_program_that_is_run_is_in_the_image() {
    let dockerfile = file("Dockerfile");
    for (name, service) in services(&compose()) {
        let Some([program]) = service["command"].as_vec().map(Vec::as_slice) else { continue };
        let Some(program) = program.as_str().filter(|_| !service["<<"].is_badvalue()) else { continue };
        assert!(dockerfile.contains(&format!("--package {program} ")), "{name}: {program} is not built");
        assert!(dockerfile.contains(&format!("target/release/{program}")), "{name}: {program} is not installed");
    }
}
