# Shortcuts; `just` lists them. Each is one command that also works without just.

set positional-arguments

_default:
    @just --list --unsorted

# Runs all checks that must pass before a change goes in
ci:
    .ci/run

# Runs the whole system, with its data in .data
run *arguments:
    cargo run -- "$@"

# Runs all tests
test:
    cargo test --workspace

# Runs the end-to-end tests of one subject, such as `just e2e voiding::races`
e2e subject='':
    cargo test --package tests --test it -- '{{subject}}'

# Runs all tests, the heavy ones with their full load
load:
    IT_LOAD=full cargo test --workspace

# Records the histories again, for example for a new path; `git diff tests/histories` shows the changes
record:
    cargo test --package tests --test it -- replay::record --ignored

# Regenerates the committed OpenAPI document
openapi:
    UPDATE_OPENAPI=1 cargo test --workspace openapi

# Runs a bench, such as `just bench console`
bench name:
    cargo bench --workspace --profile dev --bench '{{name}}'

# Checks licences, bans, sources and advisories of all dependencies (advisories need the network)
deny:
    cargo deny check
